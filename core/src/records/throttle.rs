//! Counters of failures (SPEC 12.1, 12.2).

use serde::{Deserialize, Serialize};

use crate::ground::codec::Record;
use crate::ground::time::Timestamp;

/// Failures after which the factor is locked (NIST SP 800-63B-4 section 3.2.2).
pub(crate) const LOCKED: u32 = 100;

/// A counter of failures. Its times are on the throttle clock.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Throttle {
    pub(crate) failures: u32,
    pub(crate) failed_at: Option<Timestamp>,
}

/// What a hundred failures lead to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum LockoutPolicy {
    /// The factor is locked until another way in clears it.
    Lock,
    /// There is no other way in: one try a day.
    OneTryADay,
    /// What cannot be guessed is paced and never locked.
    OneTryAnHour,
}

impl Throttle {
    /// Counts a failure. A clock that was put right may lie before the last one: the later stays, so
    /// that no wait gets shorter.
    pub(crate) fn fail(&mut self, throttle_clock: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.failed_at = self.failed_at.max(Some(throttle_clock));
    }

    /// Puts a failure that a wrong clock dated into the future at the present: its wait begins again and
    /// is as long as ever, but no longer.
    pub(crate) fn settle(&mut self, throttle_clock: Timestamp) {
        self.failed_at = self.failed_at.min(Some(throttle_clock));
    }

    /// How many there are.
    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    /// Forgets all failures.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }

    /// Whether the factor has come to its end.
    pub(crate) fn is_spent(&self) -> bool {
        self.failures >= LOCKED
    }
}

/// Guesses at an identifier that nobody holds, in one of a bounded number of slots. The newest
/// identifier takes its slot over, so a slot is forgotten only by guessing at thousands of others.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct UnknownSlot {
    pub(crate) slot: u16,
    pub(crate) identifier: [u8; 32],
    pub(crate) throttle: Throttle,
    /// Tries within a wait. They count for nothing, but a known identifier's are written down as an
    /// event, and the two must cost the same (SPEC 4.2).
    pub(crate) refused: u32,
}

impl Record for UnknownSlot {
    const VERSION: u8 = 1;
}

impl UnknownSlot {
    /// The slot of a keyed hash, with nothing counted yet.
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
