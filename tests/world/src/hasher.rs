//! A password hash that costs nothing and counts its calls.

use std::sync::atomic::{AtomicU64, Ordering};

use ring::hmac;
use selfsame::{ForeignHash, HashCost, HashFailed, Hasher};

/// HMAC-SHA-256 with the pepper over the cost, the salt and the password. It is as good as Argon2id in tests,
/// where nobody attacks it.
#[derive(Debug, Default)]
pub struct CountingHasher {
    own: AtomicU64,
    foreign: AtomicU64,
}

impl CountingHasher {
    /// Returns how many hashes were made.
    pub fn hashes(&self) -> u64 {
        self.own.load(Ordering::Acquire)
    }

    /// Returns how many hashes of other services were made.
    pub fn foreign_hashes(&self) -> u64 {
        self.foreign.load(Ordering::Acquire)
    }
}

impl Hasher for CountingHasher {
    fn derive(
        &self,
        cost: HashCost,
        password: &[u8],
        salt: &[u8; 16],
        pepper: &[u8; 32],
    ) -> Result<[u8; 32], HashFailed> {
        self.own.fetch_add(1, Ordering::AcqRel);
        let mut hash = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, pepper));
        for figure in [cost.memory_kib, cost.passes, cost.lanes] {
            hash.update(&figure.to_be_bytes());
        }
        hash.update(salt);
        hash.update(password);
        hash.sign().as_ref().try_into().map_err(|_| HashFailed::Unusable)
    }

    fn verify_foreign(&self, hash: &ForeignHash, password: &[u8]) -> Result<bool, HashFailed> {
        self.foreign.fetch_add(1, Ordering::AcqRel);
        hash.verify(password)
    }
}
