//! Deletion with a way back (SPEC 9.1, 9.2, 9.6, 10.3).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account::{Account, Credential, Status, WAY_BACK};
use super::audit::{Action, Actor, Event};
use super::entry;
use super::flow::{Entry, Purpose, State, Step};
use super::fresh::{FirstFactor, Fresh};
use super::mail::{Body, Outgoing};
use super::product::ManagedBy;
use super::provider::{ProductId, ProviderId};
use super::refusal::Refusal;
use super::transition::Turn;
use super::verdict::{Change, Context, Verdict};
use crate::ground::codec::Record;
use crate::ground::id::{AccountId, RequestId};
use crate::ground::time::Timestamp;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long before the purge the owner is reminded (SPEC 9.1).
const REMINDED_BEFORE: [Duration; 2] = [Duration::from_secs(7 * 24 * 60 * 60), DAY];
/// How long after the request, or after the host's notice, the rest of the window can be left out (SPEC 10.3).
pub(crate) const ERASABLE_AFTER: Duration = Duration::from_secs(72 * 60 * 60);

/// Who asked for a deletion.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum RequestedBy {
    /// The owner.
    Owner,
    /// Somebody who helps people (SPEC 9.5).
    Support {
        /// Who.
        operator: String,
        /// For which case.
        ticket: String,
    },
    /// The host, for an erasure request of the owner's (SPEC 10.3).
    Host {
        /// Which one.
        request: RequestId,
    },
}

impl RequestedBy {
    /// The name, the same in every language and release.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Support { .. } => "Support",
            Self::Host { .. } => "Host",
        }
    }
}

/// A deletion that was asked for: when it comes, and what it does not end by itself (SPEC 9.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deletion {
    /// From when on the account is gone.
    pub purge_at: Timestamp,
    /// What goes on costing money at a store, until the person ends it there.
    pub still_billed: Vec<StillBilled>,
    /// What the person has granted at providers; the host is asked to revoke it at the purge.
    pub grants: Vec<Grant>,
}

/// A subscription that a store goes on billing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StillBilled {
    /// For which product.
    pub product: ProductId,
    /// Who bills.
    pub managed_by: ManagedBy,
    /// Where it is ended.
    pub url: String,
}

/// What a person has granted at a provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// The provider.
    pub provider: ProviderId,
    /// What the person is called there.
    pub handle: Option<String>,
}

/// A reminder, as it is stored: which deletion it is of. Who is meant stands in its key.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Reminder {
    pub(crate) purge_at: Timestamp,
}

impl Record for Reminder {
    const VERSION: u8 = 1;
}

/// A reminder that is due.
#[derive(Clone, Copy)]
pub(crate) struct Due {
    pub(crate) at: Timestamp,
    pub(crate) account: AccountId,
    pub(crate) number: u8,
    pub(crate) purge_at: Timestamp,
}

/// When the owner is reminded of a purge, and by which number.
pub(crate) fn reminders(purge_at: Timestamp) -> impl Iterator<Item = (u8, Timestamp)> {
    (1..).zip(REMINDED_BEFORE).map(move |(number, before)| (number, purge_at.earlier(before)))
}

/// The owner asks for deletion: a fresh session, all sessions end, every verified address is told.
pub(crate) fn request(fresh: &Fresh<'_, FirstFactor>, ctx: &Context<'_>) -> Verdict<Deletion> {
    let (session, mut account) = (fresh.session(), fresh.account().clone());
    if let Status::PendingDeletion { purge_at, .. } = account.status {
        return Verdict::done(figures(&account, purge_at), Vec::new());
    }
    let (deletion, mut changes) = schedule(&mut account, RequestedBy::Owner, session.client.device(), ctx);
    let event = Event::done(Action::DeletionRequested, Some(session.id), ctx.now);
    changes.push(Change::Account { account: Box::new(account), event });
    Verdict::done(deletion, changes)
}

/// Sets the account on its way. The event is for the caller to write, with the account.
pub(crate) fn schedule(
    account: &mut Account,
    requested_by: RequestedBy,
    device: &str,
    ctx: &Context<'_>,
) -> (Deletion, Vec<Change>) {
    let purge_at = ctx.now + WAY_BACK;
    let mut changes = told(account, &Body::DeletionRequested { purge_at }, device, ctx);
    if matches!(requested_by, RequestedBy::Support { .. }) {
        // Somebody else asked, so the owner's devices are not thrown out; they wait (SPEC 9.5).
        changes.push(Change::SessionsSuspended { account: account.id });
    } else {
        account.no_sessions();
        changes.push(Change::SessionsEnded { account: account.id, except: None });
    }
    account.status = Status::PendingDeletion { requested_at: ctx.now, purge_at, requested_by };
    let reminders = reminders(purge_at).collect();
    changes.push(Change::DeletionScheduled { account: account.id, purge_at, reminders });
    (figures(account, purge_at), changes)
}

/// What a deletion does not end by itself.
pub(crate) fn figures(account: &Account, purge_at: Timestamp) -> Deletion {
    let still_billed = account
        .memberships
        .iter()
        .filter_map(|membership| {
            let billing = membership.billing.as_ref().filter(|billing| billing.status.goes_on())?;
            Some(StillBilled {
                product: membership.product.clone(),
                managed_by: billing.managed_by,
                url: billing.managed_by.store_url()?.to_owned(),
            })
        })
        .collect();
    let grants = account
        .ways
        .methods
        .iter()
        .filter_map(|method| match &method.credential {
            Credential::Federated { identity, handle, .. } => {
                Some(Grant { provider: identity.provider.clone(), handle: handle.clone() })
            }
            Credential::Password { .. } => None,
        })
        .collect();
    Deletion { purge_at, still_billed, grants }
}

/// The person restores the account, and only that opens a session (SPEC 9.2).
pub(crate) fn restore(mut turn: Turn<'_>, entry: Entry) -> Verdict<Step> {
    let Some(mut account) = turn.facts.account.take().filter(|account| account.holds(&entry.proof)) else {
        return turn.refuse(Refusal::FlowExpired);
    };
    // Another device may have restored it meanwhile.
    match std::mem::replace(&mut account.status, Status::Active) {
        Status::Active => entry::enter(turn, account, entry),
        pending @ Status::PendingDeletion { .. } => entry::restored(turn, account, entry, pending),
    }
}

/// What goes with an account that comes back: it is told, nothing is due any more, and sessions that
/// waited go on, unless the way back was a recovery, which ends them (SPEC 5.5, 9.5).
pub(crate) fn brought_back(turn: &mut Turn<'_>, account: &mut Account, was: &Status, ends_sessions: bool) {
    let Status::PendingDeletion { purge_at, requested_by, .. } = was else { return };
    turn.changes.extend(told(account, &Body::Restored, turn.flow.client.device(), turn.ctx));
    turn.changes.push(Change::DeletionUnscheduled { account: account.id, purge_at: *purge_at });
    if matches!(requested_by, RequestedBy::Support { .. }) && !ends_sessions {
        turn.changes.push(Change::SessionsResumed { account: account.id });
    }
    account.restored_at = Some(turn.ctx.now);
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

/// The person wants the rest of the window left out (SPEC 10.3). The flow has come to `ConfirmRestore`, so
/// every factor of the account was proven in it; a recovery code is none.
pub(crate) fn erase_now(mut turn: Turn<'_>, entry: Entry) -> Verdict<Step> {
    let Some(account) = turn.facts.account.take().filter(|account| account.holds(&entry.proof)) else {
        return turn.refuse(Refusal::FlowExpired);
    };
    let Status::PendingDeletion { requested_at, .. } = account.status else {
        return turn.refuse(Refusal::NotOffered);
    };
    if entry.proof.aal() < account.highest_aal() {
        return turn.refuse(Refusal::NotOffered);
    }
    if let Err(refusal) = check_erasable(&account, requested_at, turn.ctx) {
        return turn.refuse(refusal);
    }
    let device = turn.flow.client.device().to_owned();
    turn.changes.extend(erased(account, Actor::Owner, &device, turn.ctx));
    keep_deleted(turn, entry)
}

/// Whether the rest of the window can be left out: 72 hours after the owner could hear of it, and nothing
/// waits by which a stranger's act could be taken back (SPEC 10.3).
pub(crate) fn check_erasable(
    account: &Account,
    known_since: Timestamp,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let at = known_since + ERASABLE_AFTER;
    if ctx.now < at {
        return Err(Refusal::TooEarly { at });
    }
    account.check_hold(ctx.now)?;
    match account.has_live_undo(ctx.now) {
        Some(at) => Err(Refusal::TooEarly { at }),
        None => Ok(()),
    }
}

/// The account is absent from now on; its rows go with the purges that are due (SPEC 9.3, 9.4).
pub(crate) fn erased(mut account: Account, by: Actor, device: &str, ctx: &Context<'_>) -> Vec<Change> {
    let mut changes = told(&account, &Body::Erased, device, ctx);
    if let Status::PendingDeletion { purge_at, .. } = &mut account.status {
        changes.push(Change::DeletionUnscheduled { account: account.id, purge_at: *purge_at });
        *purge_at = ctx.now;
    }
    let (id, purge_at) = (account.id, ctx.now);
    changes.push(Change::DeletionScheduled { account: id, purge_at, reminders: Vec::new() });
    let event = Event::done(Action::Erased, None, ctx.now).by(by);
    changes.push(Change::Account { account: Box::new(account), event });
    changes
}

/// Reminders that are due become messages. One of a deletion that is off, or has come, is dropped.
pub(crate) fn remind(due: Vec<(Due, Option<Account>)>, ctx: &Context<'_>) -> Verdict<()> {
    let mut changes = Vec::new();
    for (due, account) in due {
        let pending = account.filter(|account| {
            matches!(account.status, Status::PendingDeletion { purge_at, .. } if purge_at == due.purge_at)
        });
        if let Some(account) = pending {
            let body = Body::DeletionReminder { purge_at: due.purge_at };
            changes.extend(told(&account, &body, "", ctx));
        }
        changes.push(Change::Reminded(due));
    }
    Verdict::done((), changes)
}

/// A message to every verified address of the account.
pub(crate) fn told(account: &Account, body: &Body, device: &str, ctx: &Context<'_>) -> Vec<Change> {
    account
        .verified()
        .map(|email| {
            let message = Outgoing::new(email.as_typed(), body.clone(), device, ctx.now);
            Change::Send(message.about(account.id))
        })
        .collect()
}

impl Account {
    /// Until when an act can be undone (SPEC 7.3), if one can: meanwhile nothing is erased.
    pub(crate) fn has_live_undo(&self, now: Timestamp) -> Option<Timestamp> {
        self.undo_until.filter(|until| now < *until)
    }
}
