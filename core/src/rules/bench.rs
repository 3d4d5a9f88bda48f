//! The facts that every rule gets, for tests.

use std::time::Duration;

use crate::crypto::draw::Draw;
use crate::crypto::entropy::SeededEntropy;
use crate::crypto::keys::{Keys, StoreKey};
use crate::ground::time::Timestamp;
use crate::records::clock::TrustedTime;
use crate::records::context::Context;
use crate::records::policy::Policy;

pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_767_225_600_000);

/// Holds what a [`Context`] borrows.
pub(crate) struct Bench {
    pub(crate) entropy: SeededEntropy,
    keys: Keys,
    policy: Policy,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let entropy = SeededEntropy::new(1);
        let keys = Keys::derive(&StoreKey::make(&entropy).unwrap());
        Self { entropy, keys, policy: Policy::default() }
    }

    pub(crate) fn context<'a>(&'a self, draw: &'a Draw) -> Context<'a> {
        Context {
            now: NOW,
            wall: NOW,
            throttle_clock: NOW,
            steady: Duration::ZERO,
            trusted: TrustedTime { number: 0, time: Timestamp::from_millis(0) },
            policy: &self.policy,
            draw,
            keys: &self.keys,
        }
    }
}
