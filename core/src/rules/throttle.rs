//! Limits on guesses (SPEC 12.1 to 12.3, 12.7). Every guess at a factor of an account is judged here.

use std::time::Duration;

use crate::ground::time::Timestamp;
use crate::records::account::Account;
use crate::records::audit::{Action, Event};
use crate::records::caller::{Caller, Presented, Share};
use crate::records::context::Context;
use crate::records::method::Credential;
use crate::records::mfa::SecondFactor;
use crate::records::refusal::Refusal;
use crate::records::throttle::{LOCKED, LockoutPolicy, Throttle};
use crate::records::verdict::Change;

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

/// The secret that is guessed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Guessed {
    Password,
    Second(SecondFactor),
}

impl Guessed {
    /// Returns the counter of this factor among the two of a share.
    fn of<T>(self, first: T, second: T) -> T {
        match self {
            Self::Password => first,
            Self::Second(_) => second,
        }
    }

    /// Returns what a hundred failures of strangers lead to.
    fn lockout(self, account: &Account) -> LockoutPolicy {
        match self {
            Self::Password => account.first_lockout(),
            Self::Second(SecondFactor::Totp) => LockoutPolicy::Lock,
            Self::Second(SecondFactor::RecoveryCode) => LockoutPolicy::OneTryAnHour,
        }
    }

    fn refusal(self) -> Refusal {
        self.of(Refusal::InvalidCredentials, Refusal::InvalidCode)
    }
}

/// Checks whether the caller's guess would be judged now, right or wrong. Each share has counters of its own, so
/// the wait of one never delays another (SPEC 12.7). A session has no waits: its fifth failure ends it (SPEC 6.4).
pub(crate) fn check(
    account: &Account,
    caller: &Caller,
    guessed: Guessed,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let counter = match (caller.share_of(Some(account.id)), caller.presented(account.id)) {
        (Share::Session(_), _) => return Ok(()),
        (Share::Recognition(_), Some(presented)) => guessed.of(&presented.row.first, &presented.row.second),
        _ => match account.acts.iter().find(|acted| caller.undoes == Some(acted.revision)) {
            Some(undone) => &undone.guesses,
            None => guessed.of(&account.first, &account.second),
        },
    };
    counter.check(ctx.now, ctx.throttle_clock, guessed.lockout(account))
}

/// Judges a guess at a factor of the account. `prove` returns what a right guess proves. If the guess is wrong,
/// returns the refusal and the changes that count it on the caller's share (SPEC 12.3).
pub(crate) fn judge<T>(
    mut account: Account,
    caller: &mut Caller,
    guessed: Guessed,
    ctx: &Context<'_>,
    prove: impl FnOnce(&mut Account) -> Option<T>,
) -> Result<(Account, T), (Refusal, Vec<Change>)> {
    let (share, id) = (caller.share_of(Some(account.id)), account.id);
    if let Err(throttled) = check(&account, caller, guessed, ctx) {
        counter(&mut account, caller, guessed).settle(ctx.throttle_clock);
        let event = Event::refused(Action::Throttled, ctx.now);
        return Err((throttled, counted(account, caller, event)));
    }
    if let Some(proven) = prove(&mut account) {
        if let Guessed::Second(factor) = guessed {
            // A recovery code also unlocks the app's codes, whoever locked them.
            if factor == SecondFactor::RecoveryCode {
                account.second.clear();
            }
            if !matches!(share, Share::Session(_)) {
                counter(&mut account, caller, guessed).clear();
            }
        }
        return Ok((account, proven));
    }
    let Share::Session(session) = share else {
        counter(&mut account, caller, guessed).fail(ctx.throttle_clock);
        let event = Event::refused(guessed.of(Action::PasswordTried, Action::SecondFactorTried), ctx.now);
        return Err((guessed.refusal(), counted(account, caller, event)));
    };
    let mut changes = Vec::new();
    if account.failed_to_reauthenticate(session) {
        account.session_ends(session);
        // The recognition of an owner who mistypes stays valid here (SPEC 12.7).
        changes.push(Change::SessionEnded { account: id, session, forgets: false });
    }
    let event = Event { session: Some(session), ..Event::refused(Action::ReauthenticationTried, ctx.now) };
    changes.push(Change::account(account, event));
    Err((guessed.refusal(), changes))
}

/// Returns the counter that a guess outside of a session is counted on.
fn counter<'a>(account: &'a mut Account, caller: &'a mut Caller, guessed: Guessed) -> &'a mut Throttle {
    let undoes = caller.undoes;
    if let Some(presented) = caller.presented_mut(account.id) {
        return guessed.of(&mut presented.row.first, &mut presented.row.second);
    }
    match account.acts.iter_mut().find(|acted| undoes == Some(acted.revision)) {
        Some(undone) => &mut undone.guesses,
        None => guessed.of(&mut account.first, &mut account.second),
    }
}

fn counted(account: Account, caller: &Caller, event: Event) -> Vec<Change> {
    let on_recognition = caller.presented(account.id).map(Presented::counted);
    on_recognition.into_iter().chain([Change::account(account, event)]).collect()
}

impl Account {
    /// What happens after a hundred failures of the first factor: a lock if the owner has another way to sign in,
    /// otherwise one attempt a day (SPEC 12.1).
    fn first_lockout(&self) -> LockoutPolicy {
        let another_way =
            self.usable().any(|method| !matches!(method.credential, Credential::Password { .. }));
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

    /// The figures of docs/SECURITY.md.
    #[test]
    fn r12_1_strangers_get_33_guesses_on_the_first_day_24_on_a_later_one_and_100_in_all() {
        let (mut throttle, mut days) = (Throttle::default(), [0; 10]);
        for minute in 0..24 * 60 * 10 {
            let at = Timestamp::from_millis(minute * 60_000);
            while throttle.check(at, at, LockoutPolicy::Lock).is_ok() {
                throttle.fail(at);
                if let Some(day) = days.get_mut((minute / (24 * 60)) as usize) {
                    *day += 1;
                }
            }
        }
        assert_eq!(days, [33, 24, 24, 19, 0, 0, 0, 0, 0, 0]);
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
