//! The world that an engine lives in, for a test.
#![expect(clippy::expect_used, reason = "a test world stops the test")]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use selfsame::testing::{Medium, MemoryMedium, SeededEntropy};
use selfsame::{
    Anchor, Engine, EngineOptions, Entropy, Environment, Error, Hasher, HostKey, Policy, Product,
    SystemEntropy, Timestamp, Unlock,
};

use crate::clock::Hand;
use crate::hasher::CountingHasher;
use crate::mailbox::Mailbox;
use crate::provider::providers;

/// When a world begins unless it is told otherwise: 2026-01-01 00:00:00 UTC.
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

/// An engine, and everything around it that a test turns, reads and counts. The same seed and the same
/// calls give the same answers and the same rows.
pub struct World {
    engine: Engine,
    hand: Arc<Hand>,
    hasher: Arc<CountingHasher>,
    mailbox: Mailbox,
    options: EngineOptions,
    environment: Environment,
    seed: u64,
    place: Place,
}

impl World {
    /// A world in memory, with the policy of [`World::policy`] and seed 1.
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// A world to be told what is different in it.
    pub fn builder() -> WorldBuilder {
        WorldBuilder {
            seed: 1,
            start: START,
            policy: None,
            place: None,
            anchor: None,
            opens: false,
            hasher: None,
            real_entropy: false,
        }
    }

    /// The policy of a world that is given none: the defaults, the realm [`REALM`], the [`providers`] and the
    /// [`products`].
    pub fn policy() -> selfsame::PolicyBuilder {
        Policy::builder().realm(REALM).providers(providers()).products(products())
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The clock.
    pub fn hand(&self) -> &Hand {
        &self.hand
    }

    /// Time passes.
    pub fn later(&self, span: Duration) {
        self.hand.later(span);
    }

    /// What the wall clock shows.
    pub fn now(&self) -> Timestamp {
        self.hand.wall()
    }

    /// How many passwords were hashed. Always nought in a world with a hasher of the test's own.
    pub fn hashes(&self) -> u64 {
        self.hasher.hashes()
    }

    /// The mailbox, with everything in it that the engine wants delivered by now.
    pub fn mailbox(&self) -> &Mailbox {
        self.mailbox.fetch(&self.engine).expect("messages can be fetched");
        &self.mailbox
    }

    /// Fetches the messages, for who wants to hear of a failure.
    ///
    /// # Errors
    /// [`Error`] from the store.
    pub fn fetch_mail(&self) -> Result<&Mailbox, Error> {
        self.mailbox.fetch(&self.engine)?;
        Ok(&self.mailbox)
    }

    /// What opens the store: the key that its seed stands for.
    pub fn unlock(&self) -> Unlock {
        Unlock::HostKey(self.host_key())
    }

    /// The key that its seed stands for.
    pub fn host_key(&self) -> HostKey {
        host_key(self.seed)
    }

    /// What the engine takes from this world, to open another engine with.
    pub fn environment(&self) -> Environment {
        self.environment.clone()
    }

    /// Returns the options that the world's engine was opened with, to open another engine with.
    pub fn options(&self) -> EngineOptions {
        self.options.clone()
    }

    /// Lets go of the store and opens it again with a new engine, as a new process does. Clones of the
    /// engine before are cut off.
    ///
    /// # Errors
    /// [`Error`] from opening.
    pub fn reopen(&mut self) -> Result<(), Error> {
        self.engine.suspend()?;
        self.engine = match &self.place {
            Place::File(path) => self.options.open(path)?,
            Place::Medium(medium) => self.options.open_on(medium.clone())?,
        };
        Ok(())
    }
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

/// Says what is different in a world.
pub struct WorldBuilder {
    seed: u64,
    start: Timestamp,
    policy: Option<Policy>,
    place: Option<Place>,
    anchor: Option<Arc<dyn Anchor>>,
    opens: bool,
    hasher: Option<Arc<dyn Hasher>>,
    real_entropy: bool,
}

enum Place {
    Medium(Arc<dyn Medium>),
    File(PathBuf),
}

impl WorldBuilder {
    /// The seed of all randomness, the store's key included. Default 1.
    pub fn seed(self, seed: u64) -> Self {
        Self { seed, ..self }
    }

    /// What the clock shows at first. Default [`START`].
    pub fn start(self, start: Timestamp) -> Self {
        Self { start, ..self }
    }

    /// The policy. Default [`World::policy`].
    pub fn policy(self, policy: Policy) -> Self {
        Self { policy: Some(policy), ..self }
    }

    /// A real file, where nothing is yet.
    pub fn file(self, path: &Path) -> Self {
        Self { place: Some(Place::File(path.to_owned())), opens: false, ..self }
    }

    /// A real file that a world with this seed has made.
    pub fn open_file(self, path: &Path) -> Self {
        Self { place: Some(Place::File(path.to_owned())), opens: true, ..self }
    }

    /// A medium of the test's own, where nothing is yet.
    pub fn medium(self, medium: Arc<dyn Medium>) -> Self {
        Self { place: Some(Place::Medium(medium)), ..self }
    }

    /// What knows the latest state of the store.
    pub fn anchor(self, anchor: Arc<dyn Anchor>) -> Self {
        Self { anchor: Some(anchor), ..self }
    }

    /// A password hasher of the test's own.
    pub fn hasher(self, hasher: Arc<dyn Hasher>) -> Self {
        Self { hasher: Some(hasher), ..self }
    }

    /// The machine's randomness instead of the seed's, for measuring.
    pub fn real_entropy(self) -> Self {
        Self { real_entropy: true, ..self }
    }

    /// The world.
    pub fn build(self) -> World {
        self.try_build().expect("a world can be made")
    }

    /// The world, for who wants to hear of a failure.
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
        let options = Engine::options(key).policy(policy).environment(environment.clone());
        let options = match self.anchor {
            Some(anchor) => options.anchor(anchor),
            None => options,
        };
        let engine = match &place {
            Place::Medium(medium) => options.create_on(medium.clone())?,
            Place::File(path) if self.opens => options.open(path)?,
            Place::File(path) => options.create(path)?,
        };
        Ok(World {
            engine,
            hand,
            hasher: counting,
            mailbox: Mailbox::default(),
            options,
            environment,
            seed: self.seed,
            place,
        })
    }
}

/// A key of a seed's own. It is no secret: whoever has the seed has it.
fn host_key(seed: u64) -> HostKey {
    let mut key = [0x5e; 32];
    for (byte, from) in key.iter_mut().zip(seed.to_be_bytes()) {
        *byte ^= from;
    }
    HostKey::from_bytes(key)
}
