//! Deletion with a way back (SPEC 9.1, 9.2).

use super::account::{Status, WAY_BACK};
use super::arrival::arrive;
use super::audit::{Action, Event};
use super::flow::{Arrival, Arrived, Proof, State, Step};
use super::fresh::{FirstFactor, Fresh};
use super::linking;
use super::mail::{Body, Outgoing};
use super::refusal::Refusal;
use super::transition::Turn;
use super::verdict::{Change, Context, Verdict};
use crate::ground::id::AccountId;
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
    account.sessions = 0;
    changes.push(Change::SessionsEnded { account: account.id, except: None });
    let event = Event::done(Action::DeletionRequested, Some(session.id), ctx.now);
    changes.push(Change::Account { account: Box::new(account), event });
    Verdict::done(purge_at, changes)
}

/// The person restores the account, and only that opens a session (SPEC 9.2).
pub(crate) fn restore(mut turn: Turn<'_>, proof: &Proof, link: Option<Arrival>) -> Verdict<Step> {
    let Some(mut account) = turn.facts.account.take() else { return turn.refuse(Refusal::FlowExpired) };
    if !account.ways.methods.iter().any(|method| method.id == proof.method) {
        return turn.refuse(Refusal::FlowExpired);
    }
    // Another device may have restored it meanwhile.
    let restores = account.status != Status::Active;
    account.status = Status::Active;
    match link {
        Some(arrival) => linking::complete(turn, arrival, account, proof, restores),
        None if restores => {
            linking::tell(&mut turn, &account, &Body::Restored);
            arrive(turn, account, proof, Arrived::Restored, Action::Restored)
        }
        None => arrive(turn, account, proof, Arrived::SignedIn, Action::SignedIn),
    }
}

/// The person leaves it deleted: back to the prompt without it, or nothing more to do (SPEC 3.5).
pub(crate) fn keep_deleted(turn: Turn<'_>, account: AccountId, link: Option<Arrival>) -> Verdict<Step> {
    match link {
        Some(mut arrival) => {
            arrival.left_out.push(account);
            turn.ask(arrival)
        }
        None => turn.to(State::Ended),
    }
}
