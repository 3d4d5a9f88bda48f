//! An engine in memory, with all of its surroundings under the test's control.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use selfsame::{Assertion, Flow, Message, ProviderId, PurgeReceipt, Secret, Timestamp};
use selfsame_ffi::{Engine, Policy, SelfsameError, Unlock};
use selfsame_world::{CodeKind, Identity, WorldError};

uniffi::use_remote_type!(selfsame_ffi::Assertion);
uniffi::use_remote_type!(selfsame_ffi::Flow);
uniffi::use_remote_type!(selfsame_ffi::Message);
uniffi::use_remote_type!(selfsame_ffi::PathBuf);
uniffi::use_remote_type!(selfsame_ffi::PurgeReceipt);
uniffi::use_remote_type!(selfsame_ffi::Secret);
uniffi::use_remote_type!(selfsame_ffi::Timestamp);

/// An engine in memory or in a file, with all of its surroundings under the test's control. A password hash costs
/// almost nothing. The same seed and the same calls give the same answers. A process that was forked from the one that
/// created the world cannot use it: create a world there.
#[derive(uniffi::Object)]
pub struct World {
    world: Mutex<selfsame_world::World>,
    process: u32,
}

#[uniffi::export]
impl World {
    /// Creates a world. Without a policy it uses `world_policy`. Without `starts` its clock shows 2026-01-01
    /// 00:00:00 UTC.
    ///
    /// Without a path, the store is in memory. With a path, it is the file there: an existing file is opened,
    /// otherwise a file is created. Only a world with the seed that created the file opens it. The clock starts at
    /// `starts` in that case too. If the file was used later than that, pass a later time.
    ///
    /// Raises `InvalidPolicy`; the errors of `Engine.open_or_create`.
    #[uniffi::constructor(default(policy = None, seed = 1, starts = None, path = None))]
    pub fn new(
        policy: Option<Policy>,
        seed: u64,
        starts: Option<Timestamp>,
        path: Option<PathBuf>,
    ) -> Result<Arc<Self>, SelfsameError> {
        let policy = policy.unwrap_or_else(world_policy).build()?;
        let starts = starts.unwrap_or(selfsame_world::START);
        let world = selfsame_world::World::builder().seed(seed).start(starts).policy(policy);
        let world = match path {
            Some(path) => world.file(&path),
            None => world,
        };
        Ok(Arc::new(Self { world: Mutex::new(world.try_build()?), process: std::process::id() }))
    }

    /// Returns the engine. After `reopen` or `reboot`, call this again for the new engine. If the application under
    /// test has closed its engine, call `reopen` before the next call of the world.
    pub fn engine(&self) -> Arc<Engine> {
        Arc::new(self.inner().unwrap_or_else(stopped).engine().clone().into())
    }

    /// Closes the store and opens it again with a new engine, as a new process does. Without a policy, the new
    /// engine has the policy of the earlier one.
    ///
    /// Raises `InvalidPolicy`; the errors of `Engine.open`.
    #[uniffi::method(default(policy = None))]
    pub fn reopen(&self, policy: Option<Policy>) -> Result<(), SelfsameError> {
        let policy = policy.map(Policy::build).transpose()?;
        Ok(self.inner()?.reopen(policy)?)
    }

    /// Restarts the device, which was off for `off`: the wall clock goes on, the clock that nobody can set starts
    /// anew, and a new engine opens the store. For a new process on the same device, call `reopen`.
    ///
    /// Raises the errors of `Engine.open`.
    pub fn reboot(&self, off: Duration) -> Result<(), SelfsameError> {
        Ok(self.inner()?.reboot(off)?)
    }

    /// Closes the engine of the world, and with it the store. In memory, the store stays until the world is gone, and
    /// `reopen` opens it again.
    ///
    /// Raises the errors of `Engine.close`.
    pub fn close(&self) -> Result<(), SelfsameError> {
        Ok(self.inner()?.engine().close()?)
    }

    /// Returns the way to unlock the store.
    pub fn unlock(&self) -> Unlock {
        Unlock::HostKey(self.inner().unwrap_or_else(stopped).host_key())
    }

    /// Returns the time of the wall clock.
    pub fn now(&self) -> Timestamp {
        self.inner().unwrap_or_else(stopped).now()
    }

    /// Lets `span` of time pass. The application does not run meanwhile: no message is fetched and no account is
    /// purged. A message that nobody has fetched for 30 days is gone. To let a host go on working, call `run_host`.
    pub fn later(&self, span: Duration) {
        self.inner().unwrap_or_else(stopped).later(span);
    }

    /// Lets time pass until the wall clock shows `at`, as `later` does.
    ///
    /// Raises `WorldError.InThePast` if `at` is before the time of the wall clock. The clock then stays as it is.
    pub fn later_until(&self, at: Timestamp) -> Result<(), WorldError> {
        self.inner().unwrap_or_else(stopped).later_until(at)
    }

    /// Lets `span` of time pass while a host works: it fetches the messages into the mailbox at once and every
    /// hour, and calls `purge_due` at once and every 24 hours. Returns the receipts of the accounts that it
    /// purged. The host does nothing else: it changes no keys of the store and sets no keys of providers.
    ///
    /// Raises the errors of the store. The clock then shows the time at which the host failed.
    pub fn run_host(&self, span: Duration) -> Result<Vec<PurgeReceipt>, SelfsameError> {
        Ok(self.inner()?.run_host(span)?)
    }

    /// Sets the wall clock forward by `span`. No time passes.
    pub fn set_wall_forward(&self, span: Duration) {
        self.inner().unwrap_or_else(stopped).hand().set_wall_forward(span);
    }

    /// Sets the wall clock back by `span`. No time passes.
    pub fn set_wall_back(&self, span: Duration) {
        self.inner().unwrap_or_else(stopped).hand().set_wall_back(span);
    }

    /// Returns all messages in the mailbox, oldest first. The engine treats them as delivered.
    pub fn mail(&self) -> Result<Vec<Message>, SelfsameError> {
        Ok(self.inner()?.fetch_mail()?.all())
    }

    /// Takes the newest message to an address out of the mailbox. It is absent if there is none.
    pub fn take_mail(&self, to: &str) -> Result<Option<Message>, SelfsameError> {
        Ok(self.inner()?.fetch_mail()?.take(to))
    }

    /// Returns the newest code that was sent to an address. `kind` selects one kind of code; `since` leaves out
    /// messages that were caused earlier. The code is absent if there is none. The message stays.
    #[uniffi::method(default(kind = None, since = None))]
    pub fn mailed_code(
        &self,
        to: &str,
        kind: Option<CodeKind>,
        since: Option<Timestamp>,
    ) -> Result<Option<Secret>, SelfsameError> {
        Ok(self.inner()?.fetch_mail()?.code_of(to, kind, since))
    }

    /// Returns the newest undo code that was sent to an address. It is absent if there is none. The message
    /// stays.
    pub fn undo_code(&self, to: &str) -> Result<Option<Secret>, SelfsameError> {
        Ok(self.inner()?.fetch_mail()?.undo(to))
    }

    /// Returns the six digits that an authenticator app shows now (RFC 6238) for a secret that was typed in. The
    /// app shows new digits every 30 seconds. The engine takes each code once: let time pass before the next.
    ///
    /// Raises `WorldError.NotBase32` if the secret is not base32.
    pub fn totp(&self, secret: Secret) -> Result<Secret, WorldError> {
        self.inner().unwrap_or_else(stopped).totp(&secret)
    }

    /// Returns the provider's assertion about a person, to pass to the flow. If policy names the provider for
    /// ID tokens, as it does Google and Apple, the call sets the world's key set as the provider's and makes an ID
    /// token with the nonce of the flow's step. Otherwise it makes a host's statement.
    ///
    /// Raises `InvalidShortName` if the provider's name is invalid; `NotOffered` if the flow asks for no assertion;
    /// the errors of the store.
    pub fn assertion(&self, identity: Identity, flow: Flow) -> Result<Assertion, SelfsameError> {
        Ok(self.inner()?.assertion(&named(identity)?, &flow)?)
    }

    /// Returns an ID token about a person with this nonce, issued now and signed with the world's keys, for the
    /// first audience in policy. Its claims are those that Google, Apple or another provider issues: Apple
    /// gives `email_verified` as text and no name, and marks addresses of its relay; Google names the person's
    /// organisation in `hd`.
    ///
    /// Raises `InvalidShortName` if the provider's name is invalid; `UnknownProvider` if policy does not name the
    /// provider for ID tokens.
    pub fn id_token(&self, identity: Identity, nonce: &str) -> Result<Secret, SelfsameError> {
        Ok(self.inner()?.id_token(&named(identity)?, nonce)?)
    }

    /// Returns the key set that every provider of the world signs its ID tokens with (RFC 7517). Give it to an
    /// application that fetches the keys of its providers.
    pub fn jwks(&self) -> String {
        self.inner().unwrap_or_else(stopped).jwks()
    }

    /// Returns how many commits the store has made, including the one that created it.
    pub fn commits(&self) -> Result<u64, SelfsameError> {
        Ok(self.inner()?.commits()?)
    }

    /// Lets the next `count` commits fail with `Storage`. These commits write nothing, and the commits after them
    /// succeed. Replaces the count of an earlier call; 0 ends the failures. Fetching waiting messages makes commits
    /// too.
    pub fn fail_commits(&self, count: u64) {
        self.inner().unwrap_or_else(stopped).fail_commits(count);
    }

    /// Returns how many commits have failed because of `fail_commits`.
    pub fn failed_commits(&self) -> u64 {
        self.inner().unwrap_or_else(stopped).failed_commits()
    }

    /// Returns how many passwords were hashed.
    pub fn hashes(&self) -> u64 {
        self.inner().unwrap_or_else(stopped).hashes()
    }
}

impl World {
    /// Refuses a forked child, as an engine does, before it waits for the lock.
    fn inner(&self) -> Result<MutexGuard<'_, selfsame_world::World>, SelfsameError> {
        if std::process::id() != self.process {
            return Err(SelfsameError::ForkedProcess);
        }
        Ok(self.world.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Ends a call of a forked child that can return no error.
fn stopped<T>(refused: SelfsameError) -> T {
    std::panic::resume_unwind(Box::new(refused.to_string()))
}

/// Returns the person, if the provider has a short name.
fn named(identity: Identity) -> Result<Identity, SelfsameError> {
    match identity.provider.parse::<ProviderId>() {
        Ok(_) => Ok(identity),
        Err(_) => Err(SelfsameError::InvalidShortName),
    }
}

/// Why a world did not do what a test asked. It is a mistake in the test, not an error of the engine.
#[uniffi::remote(Error)]
#[uniffi(flat_error)]
pub enum WorldError {
    /// The secret is not base32, so no authenticator app takes it.
    NotBase32,
    /// The new time is before the time that the clock shows.
    InThePast,
}

/// What a mailed code is for. Each kind is the kind of message with the same name.
#[uniffi::remote(Enum)]
pub enum CodeKind {
    /// Proves an address, for example at sign-up.
    VerifyEmail,
    /// Lets a person who forgot the password set a new one.
    ResetPassword,
    /// Proves the new address of an account.
    ChangeEmail,
    /// Lets a person enrol the second factor that policy requires.
    EnrollSecondFactor,
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
    /// The email that the provider asserts.
    #[uniffi(default)]
    pub email: Option<String>,
    /// Whether the provider says that it has verified the email.
    #[uniffi(default)]
    pub email_verified: bool,
    /// The domain of the organisation whose Google account the person has. Only Google asserts it, in its
    /// claim `hd`.
    #[uniffi(default)]
    pub hosted_domain: Option<String>,
}

/// Returns the policy of a world that was created without one: the defaults, the realm "Field Notes", the products
/// `grok` and `api`, and the providers `x`; `example`, the authority for the domain provider.example; `other`, the
/// authority for no domain; and `oidc`, `google` and `apple`, which sign ID tokens.
#[uniffi::export]
pub fn world_policy() -> Policy {
    Policy {
        realm: Some(selfsame_world::REALM.to_owned()),
        providers: Some(selfsame_world::providers()),
        products: Some(selfsame_world::products()),
        ..Policy::default()
    }
}
