//! How long sessions live, and how they end (SPEC 6.2, 6.3).

use std::time::Duration;

use crate::ground::id::SessionId;
use crate::ground::time::Timestamp;
use crate::records::account::{Account, Owner};
use crate::records::audit::{Action, Event};
use crate::records::context::Context;
use crate::records::policy::Policy;
use crate::records::refusal::Refusal;
use crate::records::session::Session;
use crate::records::verdict::{Change, Verdict};

/// If an account has this many sessions, opening another first looks for sessions that have ended.
const FEW: u16 = 8;

impl Session {
    /// Whether the session is still live (SPEC 4.7, 6.2). Uses between two writes are not recorded, so idle time counts
    /// from when the next write would have been due.
    pub(crate) fn is_live(&self, now: Timestamp, policy: &Policy) -> bool {
        now < self.created_at + policy.session_absolute()
            && now < self.used_at + write_interval(policy) + policy.session_idle()
            && self.ends_at.is_none_or(|end| now < end)
    }

    /// Whether a use at `now` must be recorded.
    pub(crate) fn is_touch_due(&self, now: Timestamp, policy: &Policy) -> bool {
        now >= self.used_at + write_interval(policy)
    }
}

/// Ends one of the account's live sessions for its owner, or all but the owner's (SPEC 6.3). `sessions` are those
/// to choose from.
pub(crate) fn end(
    owner: &Owner,
    ended: Option<SessionId>,
    sessions: &[Session],
    ctx: &Context<'_>,
) -> Verdict<()> {
    let (session, mut account) = (&owner.session, owner.account.clone());
    let lives = |id| sessions.iter().any(|other| other.id == id && other.is_live(ctx.now, ctx.policy));
    let (change, action) = match ended {
        Some(ended) if lives(ended) => {
            account.session_ends(ended);
            // After signing out, a person is expected to return to the device, unless it is not their own (SPEC 12.7).
            let forgets = ended != session.id || !session.client.is_remembered();
            let change = Change::SessionEnded { account: account.id, session: ended, forgets };
            (change, Action::SessionEnded)
        }
        Some(_) => return Verdict::refused(Refusal::SessionEnded),
        None => {
            account.only_session(session.id);
            let change = Change::SessionsEnded { account: account.id, except: Some(session.id) };
            (change, Action::OtherSessionsEnded)
        }
    };
    let event = Event::done(action, Some(session.id), ctx.now);
    Verdict::done((), vec![change, Change::account(account, event)])
}

/// Whether an account with this many sessions must look for ended ones before it opens another.
pub(crate) fn are_crowded(sessions: u16, policy: &Policy) -> bool {
    sessions >= policy.max_sessions().min(FEW)
}

/// Returns the opening time of the youngest session that can have expired by now. Every later session is live, or has
/// ended with a hold. A session that has ended with a hold is the account's oldest, because a hold begins without other
/// sessions.
pub(crate) fn old_at(now: Timestamp, policy: &Policy) -> Timestamp {
    now.earlier(policy.session_idle().min(policy.session_absolute()))
}

/// Which old sessions of an account are over, and how many others must end if the account opens one more than its
/// `sessions` (SPEC 1.6).
pub(crate) fn crowded_out(sessions: u16, old: &[Session], ctx: &Context<'_>) -> (Vec<SessionId>, usize) {
    let over = old.iter().filter(|session| !session.is_live(ctx.now, ctx.policy));
    let over: Vec<_> = over.map(|session| session.id).collect();
    let left = usize::from(sessions).saturating_sub(over.len()) + 1;
    (over, left.saturating_sub(usize::from(ctx.policy.max_sessions())))
}

/// The time between two writes of a session's use: at most an hour, and a twelfth of the idle limit at most.
fn write_interval(policy: &Policy) -> Duration {
    Duration::from_secs(60 * 60).min(policy.session_idle() / 12)
}

/// Ends all sessions of the account except this one, or all of them if `this_too`.
pub(crate) fn end_others(
    account: &mut Account,
    session: &Session,
    this_too: bool,
    changes: &mut Vec<Change>,
) {
    let except = (!this_too).then_some(session.id);
    let ended =
        |change: &Change| matches!(change, Change::SessionsEnded { except: kept, .. } if *kept == except);
    if changes.iter().any(ended) {
        return;
    }
    match except {
        Some(session) => account.only_session(session),
        None => account.no_sessions(),
    }
    changes.push(Change::SessionsEnded { account: account.id, except });
}
