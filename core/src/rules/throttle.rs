//! How many guesses (SPEC 12.1, 12.2).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::refusal::Refusal;
use crate::ground::time::Timestamp;

/// Failures that cost nothing.
const FREE: u32 = 4;
/// Failures after which the factor is locked (NIST SP 800-63B-4 section 3.2.2).
const LOCKED: u32 = 100;
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);
const SLOWEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

/// A counter of failures. Its times are on the patient clock.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Throttle {
    failures: u32,
    failed_at: Option<Timestamp>,
}

/// What a hundred failures lead to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum AtTheEnd {
    /// The factor is locked until another way in clears it.
    Lock,
    /// There is no other way in: one try a day.
    OneTryADay,
    /// What cannot be guessed is paced and never locked.
    OneTryAnHour,
}

impl Throttle {
    /// Whether a try is taken; a right one is answered no differently from a wrong one. What is left of
    /// the wait is told from now on, whatever jumps the wall clock has made in it.
    pub(crate) fn check(&self, now: Timestamp, patient: Timestamp, end: AtTheEnd) -> Result<(), Refusal> {
        let Some(failed_at) = self.failed_at else { return Ok(()) };
        let wait = match self.failures {
            0..=FREE => return Ok(()),
            LOCKED.. => match end {
                AtTheEnd::Lock => return Err(Refusal::Throttled { retry_at: None }),
                AtTheEnd::OneTryADay => SLOWEST_WAIT,
                AtTheEnd::OneTryAnHour => LONGEST_WAIT,
            },
            failures => LONGEST_WAIT.min(Duration::from_secs(60 << (failures - FREE - 1).min(6))),
        };
        let left = (failed_at + wait).since(patient);
        if left.is_zero() { Ok(()) } else { Err(Refusal::Throttled { retry_at: Some(now + left) }) }
    }

    /// Counts a failure. A clock that was put right may lie before the last one: the later stays, so
    /// that no wait gets shorter.
    pub(crate) fn fail(&mut self, patient: Timestamp) {
        self.failures = self.failures.saturating_add(1);
        self.failed_at = self.failed_at.max(Some(patient));
    }

    /// Puts a failure that a wrong clock dated into the future at the present: its wait begins again and
    /// is as long as ever, but no longer.
    pub(crate) fn settle(&mut self, patient: Timestamp) {
        self.failed_at = self.failed_at.min(Some(patient));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn after(failures: u32) -> Throttle {
        Throttle { failures, failed_at: Some(Timestamp::from_millis(1_000)) }
    }

    fn check(throttle: &Throttle, at: u64, end: AtTheEnd) -> Result<(), Refusal> {
        throttle.check(Timestamp::from_millis(at), Timestamp::from_millis(at), end)
    }

    fn wait_minutes(failures: u32, end: AtTheEnd) -> Option<u64> {
        match check(&after(failures), 1_000, end) {
            Ok(()) => Some(0),
            Err(Refusal::Throttled { retry_at }) => {
                retry_at.map(|at| at.since(Timestamp::from_millis(1_000)).as_secs() / 60)
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn r12_1_failures_one_to_four_wait_nothing_then_one_two_four_to_sixty_minutes() {
        for (failures, minutes) in
            [(1, 0), (4, 0), (5, 1), (6, 2), (7, 4), (8, 8), (9, 16), (10, 32), (11, 60)]
        {
            assert_eq!(wait_minutes(failures, AtTheEnd::Lock), Some(minutes), "{failures}");
        }
        assert_eq!(wait_minutes(99, AtTheEnd::Lock), Some(60));
    }

    #[test]
    fn r12_1_a_hundred_failures_lock_or_leave_one_try_a_day() {
        assert_eq!(wait_minutes(100, AtTheEnd::Lock), None);
        assert_eq!(wait_minutes(100, AtTheEnd::OneTryADay), Some(24 * 60));
        assert_eq!(wait_minutes(u32::MAX, AtTheEnd::OneTryADay), Some(24 * 60));
        assert_eq!(wait_minutes(u32::MAX, AtTheEnd::OneTryAnHour), Some(60));
    }

    #[test]
    fn r12_6_a_try_at_retry_at_is_taken() {
        let throttle = after(5);
        assert!(check(&throttle, 60_999, AtTheEnd::Lock).is_err());
        assert!(check(&throttle, 61_000, AtTheEnd::Lock).is_ok());
    }

    #[test]
    fn r12_4_a_failure_counted_after_the_clock_was_set_back_shortens_no_wait() {
        let mut throttle = after(5);
        throttle.fail(Timestamp::from_millis(0));
        assert_eq!(
            check(&throttle, 0, AtTheEnd::Lock),
            Err(Refusal::Throttled { retry_at: Some(Timestamp::from_millis(121_000)) })
        );
    }
}
