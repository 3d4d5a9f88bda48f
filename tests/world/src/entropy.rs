//! Randomness from a seed that a store in memory and one in a file draw alike.

use std::sync::atomic::{AtomicU64, Ordering};

use selfsame::testing::SeededEntropy;
use selfsame::{Entropy, EntropyFailed};

/// The first opening stirs in the store's commit stamp, as ever: two worlds that open one file one after
/// the other draw different bytes. Each further opening by the same world stirs in its number instead,
/// which a store in memory can do as well as one in a file, so both go on alike.
pub(crate) struct Draws {
    source: SeededEntropy,
    openings: AtomicU64,
}

impl Draws {
    pub(crate) fn new(seed: u64) -> Self {
        Self { source: SeededEntropy::new(seed), openings: AtomicU64::new(0) }
    }
}

impl Entropy for Draws {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailed> {
        self.source.fill(out)
    }

    fn stir(&self, commit_stamp: u64) {
        let before = self.openings.fetch_add(1, Ordering::AcqRel);
        self.source.stir(if before == 0 { commit_stamp } else { before });
    }
}
