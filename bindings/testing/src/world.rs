//! An engine in memory, and everything around it that a test turns, reads and counts.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use selfsame::{Assertion, FlowToken, Message, Secret, Timestamp};
use selfsame_ffi::{Engine, Policy, SelfsameError, Unlock};
use selfsame_world::Identity;

uniffi::use_remote_type!(selfsame_ffi::Assertion);
uniffi::use_remote_type!(selfsame_ffi::FlowToken);
uniffi::use_remote_type!(selfsame_ffi::Message);
uniffi::use_remote_type!(selfsame_ffi::Secret);
uniffi::use_remote_type!(selfsame_ffi::Timestamp);

/// An engine in memory, and everything around it that a test turns, reads and counts. A password hash costs
/// next to nothing in it. The same seed and the same calls give the same answers.
#[derive(uniffi::Object)]
pub struct World(Mutex<selfsame_world::World>);

#[uniffi::export]
impl World {
    /// A world in memory. Without a policy it has the one of `world_policy`; without `starts` its clock shows
    /// 2026-01-01 00:00:00 UTC.
    ///
    /// Raises `InvalidPolicy`.
    #[uniffi::constructor(default(policy = None, seed = 1, starts = None))]
    pub fn new(
        policy: Option<Policy>,
        seed: u64,
        starts: Option<Timestamp>,
    ) -> Result<Arc<Self>, SelfsameError> {
        let policy = policy.unwrap_or_else(world_policy).build()?;
        let starts = starts.unwrap_or(selfsame_world::START);
        let world = selfsame_world::World::builder().seed(seed).start(starts).policy(policy).try_build()?;
        Ok(Arc::new(Self(Mutex::new(world))))
    }

    /// The engine. After `reopen` it is another one.
    pub fn engine(&self) -> Arc<Engine> {
        Arc::new(self.inner().engine().clone().into())
    }

    /// Lets go of the store and opens it again with a new engine, as a new process does.
    pub fn reopen(&self) -> Result<(), SelfsameError> {
        Ok(self.inner().reopen()?)
    }

    /// What opens the store.
    pub fn unlock(&self) -> Unlock {
        Unlock::HostKey(self.inner().host_key())
    }

    /// What the wall clock shows.
    pub fn now(&self) -> Timestamp {
        self.inner().now()
    }

    /// Time passes.
    pub fn later(&self, span: Duration) {
        self.inner().later(span);
    }

    /// Somebody sets the wall clock forward; no time passes.
    pub fn set_wall_forward(&self, span: Duration) {
        self.inner().hand().set_wall_forward(span);
    }

    /// Somebody sets the wall clock back; no time passes.
    pub fn set_wall_back(&self, span: Duration) {
        self.inner().hand().set_wall_back(span);
    }

    /// All messages in the mailbox, oldest first. The engine takes them for delivered.
    pub fn mail(&self) -> Result<Vec<Message>, SelfsameError> {
        Ok(self.inner().fetch_mail()?.all())
    }

    /// Takes the newest message to an address out of the mailbox.
    pub fn take_mail(&self, to: &str) -> Result<Option<Message>, SelfsameError> {
        Ok(self.inner().fetch_mail()?.take(to))
    }

    /// The newest code that was sent to an address. The message stays.
    pub fn mailed_code(&self, to: &str) -> Result<Option<Secret>, SelfsameError> {
        Ok(self.inner().fetch_mail()?.code(to))
    }

    /// The newest undo code that was sent to an address. The message stays.
    pub fn undo_code(&self, to: &str) -> Result<Option<Secret>, SelfsameError> {
        Ok(self.inner().fetch_mail()?.undo(to))
    }

    /// How many passwords were hashed.
    pub fn hashes(&self) -> u64 {
        self.inner().hashes()
    }
}

impl World {
    fn inner(&self) -> MutexGuard<'_, selfsame_world::World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Panics with this text, to try that nothing of it crosses.
#[uniffi::export]
pub fn panic_with(text: String) {
    // Told to no hook, which would print it.
    std::panic::resume_unwind(Box::new(text));
}

/// A person as a provider of this world knows them.
#[uniffi::remote(Record)]
pub struct Identity {
    /// The provider's short name.
    pub provider: String,
    /// The provider's name for the person, which never changes.
    pub subject: String,
    /// What the person is called there.
    #[uniffi(default)]
    pub handle: Option<String>,
    /// The email that the provider gives out.
    #[uniffi(default)]
    pub email: Option<String>,
    /// Whether the provider says that it has verified the email.
    #[uniffi(default)]
    pub email_verified: bool,
}

/// What the host states for a flow, after the person was at the provider.
///
/// Raises `InvalidShortName` where the provider's name is none.
#[uniffi::export]
pub fn assertion(identity: Identity, flow: FlowToken) -> Result<Assertion, SelfsameError> {
    identity.assertion(&flow).ok_or(SelfsameError::InvalidShortName)
}

/// The six digits that an authenticator app shows at a time (RFC 6238) for the secret that it took by hand.
/// Nothing where that is no base32.
#[uniffi::export]
pub fn totp(secret: Secret, at: Timestamp) -> Option<Secret> {
    selfsame_world::totp(&secret, at)
}

/// The policy of a world that is given none: the defaults, the realm "Field Notes", the products `grok` and
/// `api`, and the providers `x`, `example`, the authority for the domain provider.example, `other`, the
/// authority for none, and `oidc`, which signs ID tokens.
#[uniffi::export]
pub fn world_policy() -> Policy {
    Policy {
        realm: Some(selfsame_world::REALM.to_owned()),
        providers: Some(selfsame_world::providers()),
        products: Some(selfsame_world::products()),
        ..Policy::default()
    }
}
