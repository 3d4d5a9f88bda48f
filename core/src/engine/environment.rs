//! The services that an engine gets from outside: time, randomness and the password hash.

use std::sync::Arc;

use crate::crypto::argon::Argon2Hasher;
use crate::crypto::entropy::SystemEntropy;
use crate::crypto::hasher::Hasher;
use crate::engine::clock::SystemClock;
use crate::ground::entropy::Entropy;
use crate::ground::time::Clock;

/// Time, randomness and the password hash of an engine. If they are fixed, the same calls give the same
/// answers and the same rows (SPEC 13.6).
///
/// ```
/// use std::sync::Arc;
/// use std::time::Duration;
/// use selfsame::{Argon2Hasher, Engine, Environment, Policy, SystemClock};
///
/// // At most two hashes at a time. A caller waits a second for its turn.
/// let hasher = Argon2Hasher::new(2).with_wait(Duration::from_secs(1));
/// let environment = Environment::system().with_hasher(Arc::new(hasher)).with_clock(Arc::new(SystemClock));
/// let engine = Engine::in_memory(Policy::default(), environment)?;
/// # assert_eq!(engine.health()?.clock_rolled_back_by, None);
/// # Ok::<(), selfsame::Error>(())
/// ```
#[derive(Clone)]
pub struct Environment {
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
    pub(crate) hasher: Arc<dyn Hasher>,
}

impl Environment {
    /// Returns the machine's clock and randomness, and Argon2id with one arena per core. Engines that get
    /// clones of one environment share its arenas.
    pub fn system() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            hasher: Arc::new(Argon2Hasher::new(cores)),
        }
    }

    /// Replaces the clock.
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Self { clock, ..self }
    }

    /// Replaces the password hasher.
    pub fn with_hasher(self, hasher: Arc<dyn Hasher>) -> Self {
        Self { hasher, ..self }
    }

    /// Replaces the source of randomness. For tests only: a source that repeats itself breaks the encryption.
    #[cfg(feature = "testing")]
    pub fn with_entropy(self, entropy: Arc<dyn Entropy>) -> Self {
        Self { entropy, ..self }
    }
}
