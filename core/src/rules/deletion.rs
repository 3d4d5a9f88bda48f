//! Deletion, which the owner can take back for a while (SPEC 9.1, 9.2, 9.6, 10.3).

use std::time::Duration;

use crate::ground::time::{DAY, Timestamp};
use crate::records::account::{Account, Status};
use crate::records::audit::{Action, Actor, Event};
use crate::records::context::Context;
use crate::records::deletion::{Deletion, Due, Grant, RequestedBy, StillBilled};
use crate::records::message::{Body, Message};
use crate::records::method::Credential;
use crate::records::refusal::Refusal;
use crate::records::verdict::{Change, Verdict};
use crate::rules::fresh::{FirstFactor, Fresh};
use crate::rules::recovery::Held;
use crate::rules::{message, notices};

/// How long after the request a deleted account can be restored (SPEC 9.1).
pub(crate) const RESTORE_WINDOW: Duration = Duration::from_secs(30 * 24 * 60 * 60);
/// How long before the purge the owner is reminded (SPEC 9.1).
const REMINDED_BEFORE: [Duration; 2] = [Duration::from_secs(7 * 24 * 60 * 60), DAY];

/// How long after the request, or after the host's notice, an account can be erased at once (SPEC 10.3).
pub(crate) const ERASABLE_AFTER: Duration = Duration::from_secs(72 * 60 * 60);

/// When the owner is reminded of a purge, and the number of each reminder.
pub(crate) fn reminders(purge_at: Timestamp) -> impl Iterator<Item = (u8, Timestamp)> {
    (1..).zip(REMINDED_BEFORE).map(move |(number, before)| (number, purge_at.earlier(before)))
}

/// Starts a deletion for the owner. All sessions end and every verified address is notified.
pub(crate) fn request(fresh: &Fresh<'_, FirstFactor>, ctx: &Context<'_>) -> Verdict<Deletion> {
    let (session, mut account) = (fresh.session(), fresh.account().clone());
    if let Status::PendingDeletion { purge_at, .. } = account.status {
        return Verdict::done(figures(&account, purge_at, ctx), Vec::new());
    }
    let (deletion, mut changes) = schedule(&mut account, RequestedBy::Owner, session.client.device(), ctx);
    let event = Event::done(Action::DeletionRequested, Some(session.id), ctx.now);
    changes.push(Change::account(account, event));
    Verdict::done(deletion, changes)
}

/// Schedules the deletion. The caller writes the account with its event.
pub(crate) fn schedule(
    account: &mut Account,
    requested_by: RequestedBy,
    device: &str,
    ctx: &Context<'_>,
) -> (Deletion, Vec<Change>) {
    let purge_at = ctx.throttle_clock + RESTORE_WINDOW;
    let told = Body::DeletionRequested { purge_at: ctx.shown(purge_at) };
    let mut changes = notices::of_deletion(account, &told, device, ctx);
    if matches!(requested_by, RequestedBy::Support { .. }) {
        // The owner did not ask, so the sessions on the owner's devices are suspended and not ended (SPEC 9.5).
        changes.push(Change::SessionsSuspended { account: account.id });
    } else {
        account.no_sessions();
        changes.push(Change::SessionsEnded { account: account.id, except: None });
    }
    account.announced_at = None;
    account.by_first_factor = false;
    account.status = Status::PendingDeletion { requested_at: ctx.now, purge_at, requested_by };
    let reminders = reminders(purge_at).collect();
    changes.push(Change::DeletionScheduled { account: account.id, purge_at, reminders });
    (figures(account, purge_at, ctx), changes)
}

/// What a deletion does not end by itself, such as a subscription.
pub(crate) fn figures(account: &Account, purge_at: Timestamp, ctx: &Context<'_>) -> Deletion {
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
        .credentials
        .methods
        .iter()
        .filter_map(|method| match &method.credential {
            Credential::Federated { identity, handle, .. } => {
                Some(Grant { provider: identity.provider.clone(), handle: handle.clone() })
            }
            Credential::Password { .. } | Credential::Passkey(_) => None,
        })
        .collect();
    Deletion { purge_at: ctx.shown(purge_at), still_billed, grants }
}

/// Checks whether the account can be erased before the window ends: 72 hours must have passed since the owner
/// could hear of it, and there must be no hold and no undo against a stranger's act (SPEC 10.3). `known_since`
/// is on the slow clock.
pub(crate) fn check_erasable(
    account: &Account,
    known_since: Timestamp,
    ctx: &Context<'_>,
) -> Result<(), Refusal> {
    let at = known_since + ERASABLE_AFTER;
    if ctx.throttle_clock < at {
        return Err(Refusal::TooEarly { at: ctx.shown(at) });
    }
    account.check_hold(Held::Data, ctx)?;
    match account.has_live_undo(ctx.throttle_clock) {
        Some(at) => Err(Refusal::TooEarly { at: ctx.shown(at) }),
        None => Ok(()),
    }
}

/// Everything that others find a restored account by, written anew. If another account has taken an identifier
/// meanwhile, the act is refused (SPEC 1.3, 9.3).
pub(crate) fn found_again(account: &Account) -> Vec<Change> {
    let id = account.id;
    let claims = account.identifiers().map(|identifier| Change::Claimed { identifier, account: id });
    let proven = account.verified().map(|email| Change::Proven { email: email.clone(), account: id });
    claims.chain(proven).collect()
}

/// Makes the account absent from now on. The purges that are due remove its rows (SPEC 9.3, 9.4).
pub(crate) fn erased(mut account: Account, by: Actor, device: &str, ctx: &Context<'_>) -> Vec<Change> {
    let mut changes = notices::of_deletion(&account, &Body::Erased, device, ctx);
    if let Status::PendingDeletion { purge_at, .. } = &mut account.status {
        changes.push(Change::DeletionUnscheduled { account: account.id, purge_at: *purge_at });
        *purge_at = ctx.throttle_clock;
    }
    let (id, purge_at) = (account.id, ctx.throttle_clock);
    changes.push(Change::DeletionScheduled { account: id, purge_at, reminders: Vec::new() });
    let event = Event::done(Action::Erased, None, ctx.now).by(by);
    changes.push(Change::account(account, event));
    changes
}

/// Turns due reminders into messages, and leases the first `most` of them to the host. Of reminders that are due
/// together, the last goes out. Drops a reminder if its deletion was cancelled or carried out.
pub(crate) fn remind(
    due: Vec<(Due, Option<Account>)>,
    most: usize,
    changes: &mut Vec<Change>,
    ctx: &Context<'_>,
) -> Vec<Message> {
    let mut messages = Vec::new();
    for (due, account) in due {
        let pending = account.filter(|account| {
            matches!(account.status, Status::PendingDeletion { purge_at, .. } if purge_at == due.purge_at)
        });
        let is_last = !reminders(due.purge_at).any(|(number, at)| number > due.number && at <= ctx.now);
        if let Some(account) = pending.filter(|_| is_last) {
            let body = Body::DeletionReminder { purge_at: ctx.shown(due.purge_at) };
            let told = account.verified_or_standing(ctx.throttle_clock);
            messages.extend(told.map(|email| notices::to(email, &account, &body, "", ctx)));
        }
        changes.push(Change::Reminded(due));
    }
    let mut fetched = Vec::new();
    for (number, message) in (0..).zip(messages) {
        let mut message = message.numbered(number, ctx);
        if fetched.len() < most {
            let kind = message.body.kind();
            fetched.push(message::lease(&mut message, kind, changes, ctx));
        } else {
            changes.push(Change::Message(message));
        }
    }
    fetched
}
