//! Requests of people about their data, and when they are due (SPEC 10.2, 10.3).

use crate::records::account::{Account, Owner, Status};
use crate::records::audit::{Action, Actor, Event};
use crate::records::context::Context;
use crate::records::deletion::{Deletion, RequestedBy};
use crate::records::message::Body;
use crate::records::privacy::{PrivacyRequest, RequestKind, RequestStatus};
use crate::records::refusal::Refusal;
use crate::records::verdict::{Change, Verdict};
use crate::rules::deletion::ERASABLE_AFTER;
use crate::rules::{deletion, notices};

const LONGEST_RECEIPT: usize = 255;

/// Opens a request for the owner. If one of this kind is open already, returns that one.
pub(crate) fn request(
    owner: &Owner,
    kind: RequestKind,
    earlier: Vec<PrivacyRequest>,
    ctx: &Context<'_>,
) -> Verdict<PrivacyRequest> {
    let open = earlier.into_iter().find(|other| other.kind == kind && other.is_open());
    if let Some(open) = open {
        return Verdict::done(open, Vec::new());
    }
    let request = PrivacyRequest {
        id: ctx.draw.request(ctx.now),
        account: owner.account.id,
        kind,
        made_at: ctx.now,
        due_at: ctx.now.month_later(),
        told_at: None,
        status: RequestStatus::Open,
        receipt: None,
    };
    let event = Event::done(Action::PrivacyRequested, Some(owner.session.id), ctx.now);
    let account = Change::account(owner.account.clone(), event);
    Verdict::done(request.clone(), vec![Change::Request(request), account])
}

/// Closes a request that the host has answered. The account may be gone by then.
pub(crate) fn close(
    mut request: PrivacyRequest,
    account: Option<Account>,
    receipt: &str,
    ctx: &Context<'_>,
) -> Verdict<PrivacyRequest> {
    if !request.is_open() {
        return Verdict::refused(Refusal::UnknownRequest);
    }
    request.status = RequestStatus::Closed { at: ctx.now };
    request.receipt = Some(receipt.chars().take(LONGEST_RECEIPT).collect());
    let mut changes = vec![Change::Request(request.clone())];
    changes.extend(account.map(|account| {
        let event = Event::done(Action::PrivacyRequestClosed, None, ctx.now).by(Actor::Host);
        Change::account(account, event)
    }));
    Verdict::done(request, changes)
}

/// Records the host's notice that it will erase the account for this request. From then on the account is
/// pending deletion, and its owner can restore it.
pub(crate) fn announce_erasure(
    mut request: PrivacyRequest,
    account: Account,
    ctx: &Context<'_>,
) -> Verdict<Deletion> {
    if !request.is_open() || request.kind != RequestKind::Erasure {
        return Verdict::refused(Refusal::UnknownRequest);
    }
    let mut account = account;
    let (figures, mut changes) = match account.status {
        Status::PendingDeletion { purge_at, .. } if request.told_for(&account) => {
            return Verdict::done(deletion::figures(&account, purge_at, ctx), Vec::new());
        }
        Status::PendingDeletion { purge_at, .. } => (deletion::figures(&account, purge_at, ctx), Vec::new()),
        Status::Active => {
            deletion::schedule(&mut account, RequestedBy::Host { request: request.id }, "", ctx)
        }
    };
    let erased_from = ctx.now + ERASABLE_AFTER;
    changes.extend(notices::to_verified(&account, &Body::ErasureAnnounced { from: erased_from }, "", ctx));
    request.told_at = Some(ctx.now);
    account.announced_at = Some(ctx.throttle_clock);
    let event = Event::done(Action::ErasureAnnounced, None, ctx.now).by(Actor::Host);
    changes.push(Change::Request(request));
    changes.push(Change::account(account, event));
    Verdict::done(figures, changes)
}

/// Erases the account for this request, at least 72 hours after the host's notice (SPEC 10.3).
pub(crate) fn erase(request: &PrivacyRequest, account: Account, ctx: &Context<'_>) -> Verdict<()> {
    if !request.is_open() || request.kind != RequestKind::Erasure {
        return Verdict::refused(Refusal::UnknownRequest);
    }
    let Some(announced_at) = account.announced_at.filter(|_| request.told_for(&account)) else {
        return Verdict::refused(Refusal::NotOffered);
    };
    match deletion::check_erasable(&account, announced_at, ctx) {
        Ok(()) => Verdict::done((), deletion::erased(account, Actor::Host, "", ctx)),
        Err(refusal) => Verdict::refused(refusal),
    }
}

impl PrivacyRequest {
    /// Whether the host gave notice of the present deletion, and not of an earlier one that the owner took back.
    fn told_for(&self, account: &Account) -> bool {
        let is_pending = matches!(account.status, Status::PendingDeletion { .. });
        is_pending && self.told_at.is_some() && account.announced_at.is_some()
    }
}
