//! Limits on guesses (SPEC 12.1, 12.2).

use std::time::Duration;

use crate::ground::time::Timestamp;
use crate::records::account::Account;
use crate::records::method::Credential;
use crate::records::refusal::Refusal;
use crate::records::throttle::{LOCKED, LockoutPolicy, Throttle};

/// The number of failures without a wait.
const FREE: u32 = 4;
const LONGEST_WAIT: Duration = Duration::from_secs(60 * 60);
const SLOWEST_WAIT: Duration = Duration::from_secs(24 * 60 * 60);

impl Throttle {
    /// Checks whether an attempt is accepted now, right or wrong. The remaining wait counts from now, even if the
    /// wall clock jumped during the wait.
    pub(crate) fn check(
        &self,
        now: Timestamp,
        throttle_clock: Timestamp,
        end: LockoutPolicy,
    ) -> Result<(), Refusal> {
        let Some(failed_at) = self.failed_at else { return Ok(()) };
        let wait = match self.failures {
            0..=FREE => return Ok(()),
            LOCKED.. => match end {
                LockoutPolicy::Lock => return Err(Refusal::Throttled { retry_at: None }),
                LockoutPolicy::OneTryADay => SLOWEST_WAIT,
                LockoutPolicy::OneTryAnHour => LONGEST_WAIT,
            },
            failures => LONGEST_WAIT.min(Duration::from_secs(60 << (failures - FREE - 1).min(6))),
        };
        let left = (failed_at + wait).since(throttle_clock);
        if left.is_zero() { Ok(()) } else { Err(Refusal::Throttled { retry_at: Some(now + left) }) }
    }
}

impl Account {
    /// What happens after a hundred failures of the first factor: a lock if the owner has another way to sign in,
    /// otherwise one attempt a day (SPEC 12.1).
    pub(crate) fn first_lockout(&self) -> LockoutPolicy {
        let another_way =
            self.usable().any(|method| matches!(method.credential, Credential::Federated { .. }));
        if another_way || self.verified().next().is_some() {
            LockoutPolicy::Lock
        } else {
            LockoutPolicy::OneTryADay
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(failures: u32) -> Throttle {
        Throttle { failures, failed_at: Some(Timestamp::from_millis(1_000)) }
    }

    fn check(throttle: &Throttle, at: u64, end: LockoutPolicy) -> Result<(), Refusal> {
        throttle.check(Timestamp::from_millis(at), Timestamp::from_millis(at), end)
    }

    fn wait_minutes(failures: u32, end: LockoutPolicy) -> Option<u64> {
        match check(&after(failures), 1_000, end) {
            Ok(()) => Some(0),
            Err(Refusal::Throttled { retry_at }) => {
                retry_at.map(|at| at.since(Timestamp::from_millis(1_000)).as_secs() / 60)
            }
            Err(other) => panic!("{other:?}"),
        }
    }

    #[test]
    fn r12_1_four_failures_cost_no_wait_then_one_two_four_to_sixty_minutes() {
        for (failures, minutes) in
            [(1, 0), (4, 0), (5, 1), (6, 2), (7, 4), (8, 8), (9, 16), (10, 32), (11, 60)]
        {
            assert_eq!(wait_minutes(failures, LockoutPolicy::Lock), Some(minutes), "{failures}");
        }
        assert_eq!(wait_minutes(99, LockoutPolicy::Lock), Some(60));
    }

    #[test]
    fn r12_1_a_hundred_failures_lock_or_leave_one_try_a_day() {
        assert_eq!(wait_minutes(100, LockoutPolicy::Lock), None);
        assert_eq!(wait_minutes(100, LockoutPolicy::OneTryADay), Some(24 * 60));
        assert_eq!(wait_minutes(u32::MAX, LockoutPolicy::OneTryADay), Some(24 * 60));
        assert_eq!(wait_minutes(u32::MAX, LockoutPolicy::OneTryAnHour), Some(60));
    }

    #[test]
    fn r12_6_an_attempt_at_retry_at_is_accepted() {
        let throttle = after(5);
        assert!(check(&throttle, 60_999, LockoutPolicy::Lock).is_err());
        assert!(check(&throttle, 61_000, LockoutPolicy::Lock).is_ok());
    }

    #[test]
    fn r12_4_a_failure_after_the_clock_was_set_back_does_not_shorten_the_wait() {
        let mut throttle = after(5);
        throttle.fail(Timestamp::from_millis(0));
        assert_eq!(
            check(&throttle, 0, LockoutPolicy::Lock),
            Err(Refusal::Throttled { retry_at: Some(Timestamp::from_millis(121_000)) })
        );
    }
}
