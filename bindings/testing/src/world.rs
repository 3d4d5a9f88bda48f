//! An engine in memory, with all of its surroundings under the test's control.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use selfsame::{Assertion, Flow, Message, Secret, Timestamp};
use selfsame_ffi::{Engine, Policy, SelfsameError, Unlock};
use selfsame_world::Identity;

uniffi::use_remote_type!(selfsame_ffi::Assertion);
uniffi::use_remote_type!(selfsame_ffi::Flow);
uniffi::use_remote_type!(selfsame_ffi::Message);
uniffi::use_remote_type!(selfsame_ffi::Secret);
uniffi::use_remote_type!(selfsame_ffi::Timestamp);

/// An engine in memory, with all of its surroundings under the test's control. A password hash costs almost
/// nothing. The same seed and the same calls give the same answers.
#[derive(uniffi::Object)]
pub struct World(Mutex<selfsame_world::World>);

#[uniffi::export]
impl World {
    /// Creates a world in memory. Without a policy it uses `world_policy`. Without `starts` its clock shows
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

    /// Returns the engine. After `reopen` it is another one.
    pub fn engine(&self) -> Arc<Engine> {
        Arc::new(self.inner().engine().clone().into())
    }

    /// Closes the store and opens it again with a new engine, as a new process does.
    pub fn reopen(&self) -> Result<(), SelfsameError> {
        Ok(self.inner().reopen()?)
    }

    /// Returns the way to unlock the store.
    pub fn unlock(&self) -> Unlock {
        Unlock::HostKey(self.inner().host_key())
    }

    /// Returns the time of the wall clock.
    pub fn now(&self) -> Timestamp {
        self.inner().now()
    }

    /// Lets `span` of time pass.
    pub fn later(&self, span: Duration) {
        self.inner().later(span);
    }

    /// Sets the wall clock forward by `span`. No time passes.
    pub fn set_wall_forward(&self, span: Duration) {
        self.inner().hand().set_wall_forward(span);
    }

    /// Sets the wall clock back by `span`. No time passes.
    pub fn set_wall_back(&self, span: Duration) {
        self.inner().hand().set_wall_back(span);
    }

    /// Returns all messages in the mailbox, oldest first. The engine treats them as delivered.
    pub fn mail(&self) -> Result<Vec<Message>, SelfsameError> {
        Ok(self.inner().fetch_mail()?.all())
    }

    /// Takes the newest message to an address out of the mailbox. It is absent if there is none.
    pub fn take_mail(&self, to: &str) -> Result<Option<Message>, SelfsameError> {
        Ok(self.inner().fetch_mail()?.take(to))
    }

    /// Returns the newest code that was sent to an address. It is absent if there is none. The message stays.
    pub fn mailed_code(&self, to: &str) -> Result<Option<Secret>, SelfsameError> {
        Ok(self.inner().fetch_mail()?.code(to))
    }

    /// Returns the newest undo code that was sent to an address. It is absent if there is none. The message
    /// stays.
    pub fn undo_code(&self, to: &str) -> Result<Option<Secret>, SelfsameError> {
        Ok(self.inner().fetch_mail()?.undo(to))
    }

    /// Returns how many passwords were hashed.
    pub fn hashes(&self) -> u64 {
        self.inner().hashes()
    }
}

impl World {
    fn inner(&self) -> MutexGuard<'_, selfsame_world::World> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Panics with this text, to test that the text does not cross the language boundary.
#[uniffi::export]
pub fn panic_with(text: String) {
    // No hook is called, because a hook would print the text.
    std::panic::resume_unwind(Box::new(text));
}

/// A person as a provider of this world knows them.
#[uniffi::remote(Record)]
pub struct Identity {
    /// The provider's short name.
    pub provider: String,
    /// The provider's name for the person. It never changes.
    pub subject: String,
    /// The person's name at the provider.
    #[uniffi(default)]
    pub handle: Option<String>,
    /// The email that the provider gives out.
    #[uniffi(default)]
    pub email: Option<String>,
    /// Whether the provider says that it has verified the email.
    #[uniffi(default)]
    pub email_verified: bool,
}

/// Returns the host's statement for a flow, after the person was at the provider.
///
/// Raises `InvalidShortName` if the provider's name is invalid; `NotOffered` if the flow was done at once.
#[uniffi::export]
pub fn assertion(identity: Identity, flow: Flow) -> Result<Assertion, SelfsameError> {
    let token = flow.token.ok_or(SelfsameError::NotOffered)?;
    identity.statement(token.flow()).ok_or(SelfsameError::InvalidShortName)
}

/// Returns the six digits that an authenticator app shows at this time (RFC 6238) for a secret that was typed
/// in. They are absent if the secret is not base32.
#[uniffi::export]
pub fn totp(secret: Secret, at: Timestamp) -> Option<Secret> {
    selfsame_world::totp(&secret, at)
}

/// Returns the policy of a world without its own: the defaults, the realm "Field Notes", the products `grok`
/// and `api`, and the providers `x`; `example`, the authority for the domain provider.example; `other`, the
/// authority for no domain; and `oidc`, which signs ID tokens.
#[uniffi::export]
pub fn world_policy() -> Policy {
    Policy {
        realm: Some(selfsame_world::REALM.to_owned()),
        providers: Some(selfsame_world::providers()),
        products: Some(selfsame_world::products()),
        ..Policy::default()
    }
}
