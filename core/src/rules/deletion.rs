//! Deletion with a way back (SPEC 9.1, 9.2).

use super::account::{Status, WAY_BACK};
use super::audit::{Action, Event};
use super::entry;
use super::flow::{Entry, Purpose, State, Step};
use super::fresh::{FirstFactor, Fresh};
use super::mail::{Body, Outgoing};
use super::refusal::Refusal;
use super::transition::Turn;
use super::verdict::{Change, Context, Verdict};
use crate::ground::time::Timestamp;

/// The owner asks for deletion: a fresh session, all sessions end, every verified address is told.
/// The answer is when the account will be gone.
pub(crate) fn request(fresh: &Fresh<'_, FirstFactor>, ctx: &Context<'_>) -> Verdict<Timestamp> {
    let (session, mut account) = (fresh.session(), fresh.account().clone());
    let purge_at = ctx.now + WAY_BACK;
    let mut changes: Vec<_> = account
        .verified()
        .map(|email| {
            let body = Body::DeletionRequested { purge_at };
            Change::Send(Outgoing::new(email.as_typed(), body, session.client.device(), ctx.now))
        })
        .collect();
    account.status = Status::PendingDeletion { requested_at: ctx.now, purge_at };
    account.no_sessions();
    changes.push(Change::SessionsEnded { account: account.id, except: None });
    let event = Event::done(Action::DeletionRequested, Some(session.id), ctx.now);
    changes.push(Change::Account { account: Box::new(account), event });
    Verdict::done(purge_at, changes)
}

/// The person restores the account, and only that opens a session (SPEC 9.2).
pub(crate) fn restore(mut turn: Turn<'_>, entry: Entry) -> Verdict<Step> {
    let Some(mut account) = turn.facts.account.take().filter(|account| account.holds(&entry.proof)) else {
        return turn.refuse(Refusal::FlowExpired);
    };
    // Another device may have restored it meanwhile.
    let restores = account.status != Status::Active;
    account.status = Status::Active;
    if restores { entry::restored(turn, account, entry) } else { entry::enter(turn, account, entry) }
}

/// The person leaves it deleted: back to the prompt without it, or nothing more to do (SPEC 3.5).
pub(crate) fn keep_deleted(turn: Turn<'_>, entry: Entry) -> Verdict<Step> {
    match entry.purpose {
        Purpose::Link(mut arrival) => {
            arrival.left_out.push(entry.account);
            turn.ask(arrival)
        }
        _ => turn.to(State::Ended),
    }
}
