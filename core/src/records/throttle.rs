//! Counters of failures (SPEC 12.1, 12.2).

use serde::{Deserialize, Serialize};

use crate::ground::codec::Record;
use crate::ground::time::Timestamp;

/// The number of failures that lock a factor (NIST SP 800-63B-4 section 3.2.2).
pub(crate) const LOCKED: u32 = 100;

/// A counter of failures. Its times are on the throttle clock.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Throttle {
    pub(crate) failures: u32,
    pub(crate) failed_at: Option<Timestamp>,
}

/// What happens after a hundred failures.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LockoutPolicy {
    /// The factor is locked until another way to sign in clears it.
    Lock,
    /// There is no other way to sign in, so one attempt a day is accepted.
    OneTryADay,
    /// The factor cannot be guessed, so it is never locked. One attempt an hour is accepted.
    OneTryAnHour,
}

impl Throttle {
    /// Counts a failure. If the clock was corrected to a time before the last failure, the later time stays,
    /// so that no wait gets shorter.
    pub(crate) fn fail(&mut self, throttle_clock: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.failed_at = self.failed_at.max(Some(throttle_clock));
    }

    /// Moves a failure that a wrong clock dated into the future to the present. Its wait starts again and has
    /// the usual length.
    pub(crate) fn settle(&mut self, throttle_clock: Timestamp) {
        self.failed_at = self.failed_at.min(Some(throttle_clock));
    }

    /// Returns the number of failures.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Forgets all failures.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Returns whether the factor has reached the limit of failures.
    pub(crate) fn is_spent(&self) -> bool {
        self.failures >= LOCKED
    }
}

/// Guesses at an identifier that nobody has, in one of a limited number of slots. The newest identifier takes
/// over its slot. To make the engine forget a slot, an attacker must guess at thousands of others.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct UnknownSlot {
    pub(crate) slot: u16,
    pub(crate) identifier: [u8; 32],
    pub(crate) throttle: Throttle,
    /// Attempts during a wait. They do not count as failures. The engine records them because it records such
    /// attempts at a known identifier as an event, and both must cost the same (SPEC 4.2).
    pub(crate) refused: u32,
}

impl Record for UnknownSlot {
    const VERSION: u8 = 1;
}

impl UnknownSlot {
    /// Returns the slot of a keyed hash, with nothing counted yet.
    pub(crate) fn new(identifier: [u8; 32]) -> Self {
        let [first, second, ..] = identifier;
        Self {
            slot: u16::from_be_bytes([first, second]),
            identifier,
            throttle: Throttle::default(),
            refused: 0,
        }
    }
}
