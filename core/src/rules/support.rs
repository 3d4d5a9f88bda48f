//! The acts of support: it can look at an account and start a deletion, and nothing else (SPEC 5.6, 9.5).

use std::time::Duration;

use crate::records::account::{Account, Status};
use crate::records::audit::{Action, Actor, Event};
use crate::records::context::Context;
use crate::records::deletion::{Deletion, RequestedBy};
use crate::records::refusal::Refusal;
use crate::records::support::{SupportAct, SupportRecord};
use crate::records::verdict::{Change, Verdict};
use crate::rules::deletion;

/// How long after a restore support cannot start another deletion (SPEC 9.5).
const REST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Starts a deletion for support, with the same window as for the owner. If the account is pending deletion
/// already, only records who asked.
pub(crate) fn start_deletion(
    mut account: Account,
    operator: &str,
    ticket: &str,
    ctx: &Context<'_>,
) -> Verdict<Deletion> {
    let record = |act| {
        let (operator, ticket) = (operator.to_owned(), ticket.to_owned());
        Change::Supported(SupportRecord { account: account.id, operator, ticket, at: ctx.now, act })
    };
    let event = |action| Event::done(action, None, ctx.now).by(Actor::Support);
    if let Status::PendingDeletion { purge_at, .. } = account.status {
        let figures = deletion::figures(&account, purge_at, ctx);
        let recorded = record(SupportAct::DeletionAskedAgain);
        let event = event(Action::DeletionAskedAgain);
        return Verdict::done(figures, vec![recorded, Change::account(account, event)]);
    }
    if let Some(at) =
        account.restored_at.map(|restored_at| restored_at + REST).filter(|at| ctx.throttle_clock < *at)
    {
        return Verdict::refused(Refusal::TooEarly { at: ctx.shown(at) });
    }
    let recorded = record(SupportAct::DeletionStarted);
    let by = RequestedBy::Support { operator: operator.to_owned(), ticket: ticket.to_owned() };
    let (figures, mut changes) = deletion::schedule(&mut account, by, "", ctx);
    changes.push(recorded);
    changes.push(Change::account(account, event(Action::DeletionRequested)));
    Verdict::done(figures, changes)
}
