//! The world that an engine lives in, for a test.
#![expect(clippy::expect_used, reason = "a test world stops the test")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use selfsame::testing::{Medium, MemoryMedium, SeededEntropy, Store};
use selfsame::{
    Anchor, Engine, EngineOptions, Entropy, Environment, Error, Hasher, HostKey, Policy, Product, Secret,
    SystemEntropy, Timestamp, Unlock,
};

use crate::authenticator::totp;
use crate::clock::Hand;
use crate::error::WorldError;
use crate::faults::{Faults, FaultyStore};
use crate::hasher::CountingHasher;
use crate::mailbox::{CodeKind, Mailbox};
use crate::passkey::relying_party;
use crate::provider::providers;

/// The time at which a world begins by default: 2026-01-01 00:00:00 UTC.
pub const START: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// The name of a world's service.
pub const REALM: &str = "Field Notes";

/// The products of a world: `grok` and `api`.
pub fn products() -> Vec<Product> {
    [("grok", "Grok", "https://grok.com/?_s=billing"), ("api", "xAI API", "https://console.x.ai")]
        .into_iter()
        .map(|(id, display_name, manage_billing_url)| Product {
            id: id.parse().expect("a short name"),
            display_name: display_name.to_owned(),
            manage_account_url: "https://accounts.x.ai".to_owned(),
            manage_billing_url: manage_billing_url.to_owned(),
        })
        .collect()
}

/// An engine, and everything around it that a test controls, reads and counts. The same seed and the same
/// calls give the same answers and the same rows.
pub struct World {
    engine: Engine,
    hand: Arc<Hand>,
    hasher: Arc<CountingHasher>,
    faults: Arc<Faults>,
    mailbox: Mailbox,
    policy: Policy,
    options: EngineOptions,
    environment: Environment,
    seed: u64,
    place: Place,
}

impl World {
    /// Returns a world in memory, with the policy of [`World::policy`] and seed 1.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Returns a builder for a world that differs from the default.
    pub fn builder() -> WorldBuilder {
        WorldBuilder {
            seed: 1,
            start: START,
            policy: None,
            place: None,
            anchor: None,
            must_exist: false,
            hasher: None,
            real_entropy: false,
            around: None,
        }
    }

    /// Returns the policy of a world by default: the engine's defaults, the realm [`REALM`], the [`providers`],
    /// the [`products`], and the relying party `notes.example` with its page and an Android app.
    pub fn policy() -> selfsame::PolicyBuilder {
        Policy::builder()
            .realm(REALM)
            .providers(providers())
            .products(products())
            .relying_party(relying_party())
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The clock.
    pub fn hand(&self) -> &Hand {
        &self.hand
    }

    /// Lets `span` of time pass as if the application did not run: no message is fetched and no account is purged.
    /// A message that nobody has fetched for 30 days is gone. To let a host go on working, call
    /// [`run_host`](Self::run_host).
    pub fn later(&self, span: Duration) {
        self.hand.later(span);
    }

    /// Lets time pass until the wall clock shows `at`, as [`later`](Self::later) does.
    ///
    /// # Errors
    /// [`WorldError::InThePast`] if `at` is before the time of the wall clock. The clock then stays as it is.
    pub fn later_until(&self, at: Timestamp) -> Result<(), WorldError> {
        if at < self.now() {
            return Err(WorldError::InThePast);
        }
        self.later(at.since(self.now()));
        Ok(())
    }

    /// What the wall clock shows.
    pub fn now(&self) -> Timestamp {
        self.hand.wall()
    }

    /// Returns how many passwords were hashed. Always 0 in a world with a hasher of the test's own.
    pub fn hashes(&self) -> u64 {
        self.hasher.hashes()
    }

    /// Returns how many commits the store has made, including the one that created it.
    ///
    /// # Errors
    /// [`Error`] from the store.
    pub fn commits(&self) -> Result<u64, Error> {
        self.engine.commits()
    }

    /// Lets the next `count` commits fail with [`Error::Storage`]. These commits write nothing, and the commits
    /// after them succeed. Replaces the count of an earlier call; 0 ends the failures. Fetching waiting messages
    /// makes commits too.
    pub fn fail_commits(&self, count: u64) {
        self.faults.set(count);
    }

    /// How many commits have failed because of [`fail_commits`](Self::fail_commits).
    pub fn failed_commits(&self) -> u64 {
        self.faults.failed()
    }

    /// Returns the six digits that an authenticator app shows now for a secret that was typed into it. The app
    /// shows new digits every 30 seconds. The engine takes each code once: let time pass before the next.
    ///
    /// # Errors
    /// [`WorldError::NotBase32`] if the secret is not base32.
    pub fn totp(&self, secret: &Secret) -> Result<Secret, WorldError> {
        totp(secret, self.now())
    }

    /// Returns the newest code that was sent to an address. `kind` selects one kind of code; `since` leaves out
    /// messages that were caused earlier. The message stays.
    pub fn mailed_code(
        &self,
        to: &str,
        kind: impl Into<Option<CodeKind>>,
        since: impl Into<Option<Timestamp>>,
    ) -> Option<Secret> {
        self.mailbox().code_of(to, kind.into(), since.into())
    }

    /// Returns the mailbox, after it has fetched all waiting messages.
    pub fn mailbox(&self) -> &Mailbox {
        self.mailbox.fetch(&self.engine).expect("messages can be fetched");
        &self.mailbox
    }

    /// Returns the mailbox like [`mailbox`](Self::mailbox), but returns an error instead of panicking.
    ///
    /// # Errors
    /// [`Error`] from the store.
    pub fn fetch_mail(&self) -> Result<&Mailbox, Error> {
        self.mailbox.fetch(&self.engine)?;
        Ok(&self.mailbox)
    }

    /// Returns what unlocks the store: the key that is derived from the world's seed.
    pub fn unlock(&self) -> Unlock {
        Unlock::HostKey(self.host_key())
    }

    /// Returns the key that is derived from the world's seed.
    pub fn host_key(&self) -> HostKey {
        host_key(self.seed)
    }

    /// Returns the world's clock, randomness and hasher, to open another engine with.
    pub fn environment(&self) -> Environment {
        self.environment.clone()
    }

    /// Returns the options that the world's engine was opened with, to open another engine with.
    pub fn options(&self) -> EngineOptions {
        self.options.clone()
    }

    /// Lets the engine write the time that has passed, which the next call would do after its answer. Call it
    /// before counting the commits of a call.
    pub fn catch_up(&self) {
        self.engine.health().expect("the store can be read");
    }

    /// The policy of the engine.
    pub(crate) fn policy_in_force(&self) -> &Policy {
        &self.policy
    }

    /// Restarts the device, which was off for `off`: the wall clock goes on, the steady clock starts anew, and a
    /// new engine opens the store. For a new process on the same device, call [`reopen`](Self::reopen).
    ///
    /// # Errors
    /// [`Error`] from opening.
    pub fn reboot(&mut self, off: Duration) -> Result<(), Error> {
        self.engine.close()?;
        self.hand.reboot(off);
        self.reopen(None)
    }

    /// Releases the store and opens it again with a new engine, as a new process does. The new engine has this
    /// policy, or the earlier one if `policy` is `None`. Clones of the earlier engine return [`Error::Closed`].
    ///
    /// # Errors
    /// [`Error`] from opening.
    pub fn reopen(&mut self, policy: impl Into<Option<Policy>>) -> Result<(), Error> {
        self.engine.close()?;
        if let Some(policy) = policy.into() {
            self.options = self.options.clone().policy(policy.clone());
            self.policy = policy;
        }
        self.engine = match &self.place {
            Place::File(path) => self.options.open(path)?,
            Place::Medium(medium) => self.options.open_on(medium.clone())?,
            #[cfg(feature = "postgres")]
            Place::Database(database) => self.options.connect(database)?,
        };
        Ok(())
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// Builds a world that differs from the default.
pub struct WorldBuilder {
    seed: u64,
    start: Timestamp,
    policy: Option<Policy>,
    place: Option<Place>,
    anchor: Option<Arc<dyn Anchor>>,
    must_exist: bool,
    hasher: Option<Arc<dyn Hasher>>,
    real_entropy: bool,
    around: Option<Around>,
}

/// Wraps the engine's store in a store of the test's own.
type Around = Box<dyn Fn(Arc<dyn Store>) -> Arc<dyn Store> + Send + Sync>;

enum Place {
    Medium(Arc<dyn Medium>),
    File(PathBuf),
    #[cfg(feature = "postgres")]
    Database(Box<selfsame::Database>),
}

impl WorldBuilder {
    /// Sets the seed of all randomness, including the store's key. Default 1.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// Sets what the clock shows at first. Default [`START`].
    pub fn start(self, start: Timestamp) -> Self {
        Self { start, ..self }
    }

    /// Sets the policy. Default [`World::policy`].
    pub fn policy(self, policy: Policy) -> Self {
        Self { policy: Some(policy), ..self }
    }

    /// Keeps the store in a real file. Opens the file if it exists: a world with this seed must have created it.
    /// Otherwise creates the file. The clock starts where the builder says, even if the file was used later than
    /// that.
    pub fn file(self, path: &Path) -> Self {
        Self { place: Some(Place::File(path.to_owned())), must_exist: false, ..self }
    }

    /// Opens a real file that a world with this seed has created. Fails if there is no file.
    pub fn open_file(self, path: &Path) -> Self {
        Self { must_exist: true, ..self.file(path) }
    }

    /// Keeps the store on an empty medium of the test's own.
    pub fn medium(self, medium: Arc<dyn Medium>) -> Self {
        Self { place: Some(Place::Medium(medium)), ..self }
    }

    /// Keeps the store in a PostgreSQL database. Opens the store if there is one: a world with this seed must have
    /// created it. Otherwise creates it.
    #[cfg(feature = "postgres")]
    pub fn database(self, database: selfsame::Database) -> Self {
        Self { place: Some(Place::Database(Box::new(database))), ..self }
    }

    /// Sets the anchor of the store.
    pub fn anchor(self, anchor: Arc<dyn Anchor>) -> Self {
        Self { anchor: Some(anchor), ..self }
    }

    /// Sets a password hasher of the test's own.
    pub fn hasher(self, hasher: Arc<dyn Hasher>) -> Self {
        Self { hasher: Some(hasher), ..self }
    }

    /// Uses the machine's randomness instead of the seed's, for measuring.
    pub fn real_entropy(self) -> Self {
        Self { real_entropy: true, ..self }
    }

    /// Wraps the engine's store in a store of the test's own, for example one that notes what acts read.
    pub fn around(self, around: impl Fn(Arc<dyn Store>) -> Arc<dyn Store> + Send + Sync + 'static) -> Self {
        Self { around: Some(Box::new(around)), ..self }
    }

    /// Builds the world.
    pub fn build(self) -> World {
        self.try_build().expect("a world can be made")
    }

    /// Builds the world like [`build`](Self::build), but returns an error instead of panicking.
    ///
    /// # Errors
    /// [`Error`] from making or opening the store.
    pub fn try_build(self) -> Result<World, Error> {
        let hand = Arc::new(Hand::at(self.start));
        let counting = Arc::new(CountingHasher::default());
        let entropy: Arc<dyn Entropy> =
            if self.real_entropy { Arc::new(SystemEntropy) } else { Arc::new(SeededEntropy::new(self.seed)) };
        let environment = Environment::system()
            .with_clock(hand.clone())
            .with_hasher(self.hasher.unwrap_or_else(|| counting.clone()))
            .with_entropy(entropy);
        let policy = self
            .policy
            .unwrap_or_else(|| World::policy().build().expect("the world's policy is within its bounds"));
        let place = self.place.unwrap_or_else(|| Place::Medium(Arc::new(MemoryMedium::new())));
        let key = Unlock::HostKey(host_key(self.seed));
        let options = Engine::options(key).policy(policy.clone()).environment(environment.clone());
        let options = match self.anchor {
            Some(anchor) => options.anchor(anchor),
            None => options,
        };
        let faults = Arc::new(Faults::default());
        let of_the_store = faults.clone();
        let around = self.around;
        let options = options.around(move |below| {
            let faulty = Arc::new(FaultyStore { below, faults: of_the_store.clone() });
            around.as_ref().map_or_else(|| faulty.clone() as Arc<dyn Store>, |around| around(faulty.clone()))
        });
        let engine = match &place {
            Place::Medium(medium) => options.create_on(medium.clone())?,
            Place::File(path) if self.must_exist => options.open(path)?,
            Place::File(path) => options.open_or_create(path)?,
            #[cfg(feature = "postgres")]
            Place::Database(database) => options.connect(database)?,
        };
        Ok(World {
            engine,
            hand,
            hasher: counting,
            faults,
            mailbox: Mailbox::default(),
            policy,
            options,
            environment,
            seed: self.seed,
            place,
        })
    }
}

/// Returns the key of a seed. The key is not secret: anyone who has the seed has it.
fn host_key(seed: u64) -> HostKey {
    let mut key = [0x5e; 32];
    for (byte, from) in key.iter_mut().zip(seed.to_be_bytes()) {
        *byte ^= from;
    }
    HostKey::from_bytes(key)
}
