//! The choices of an owner who signs in to an account that is pending deletion (SPEC 9.2, 9.3, 10.3).

use crate::flow::entry;
use crate::flow::turn::Turn;
use crate::records::account::Status;
use crate::records::audit::Actor;
use crate::records::flow::{Entry, Purpose, State};
use crate::records::refusal::Refusal;
use crate::records::step::Step;
use crate::records::verdict::Verdict;
use crate::rules::deletion::{self, RESTORE_WINDOW};

/// Restores the account. Nothing else opens a session on it (SPEC 9.2).
pub(crate) fn restore(mut turn: Turn<'_>, entry: Entry) -> Verdict<Step> {
    let Some(account) = turn.facts.account.take() else { return turn.refuse(Refusal::FlowExpired) };
    entry::enter(turn, account, Entry { restores: true, ..entry })
}

/// Leaves the account pending deletion. A link returns to the prompt without it; a sign-in ends (SPEC 3.5).
pub(crate) fn keep_deleted(turn: Turn<'_>, entry: Entry) -> Verdict<Step> {
    match entry.purpose {
        Purpose::Link(mut arrival) => {
            arrival.left_out.push(entry.account);
            turn.ask(*arrival)
        }
        _ => turn.to(State::Ended),
    }
}

/// Erases the account without waiting for the end of the restore window (SPEC 10.3). Every factor was proven
/// before the flow came to `ConfirmRestore`, but a recovery code does not count as one.
pub(crate) fn erase_now(mut turn: Turn<'_>, entry: Entry) -> Verdict<Step> {
    let Some(account) = turn.facts.account.take() else { return turn.refuse(Refusal::FlowExpired) };
    if entry.missing_proof(&account).is_some() {
        return entry::enter(turn, account, entry);
    }
    let Status::PendingDeletion { purge_at, .. } = account.status else {
        return turn.refuse(Refusal::NotOffered);
    };
    if entry.proof.aal() < account.highest_aal() {
        return turn.refuse(Refusal::NotOffered);
    }
    if let Err(refusal) = deletion::check_erasable(&account, purge_at.earlier(RESTORE_WINDOW), turn.ctx) {
        return turn.refuse(refusal);
    }
    let device = turn.flow.caller.client.device().to_owned();
    turn.changes.extend(deletion::erased(account, Actor::Owner, &device, turn.ctx));
    keep_deleted(turn, entry)
}
