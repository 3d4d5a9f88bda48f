//! Requests of people about their data, and when they are due (SPEC 10.2, 10.3).

use crate::ground::time::Timestamp;
use crate::records::account::{Account, Status};
use crate::records::audit::{Action, Actor, Event};
use crate::records::context::Context;
use crate::records::deletion::{Deletion, RequestedBy};
use crate::records::message::Body;
use crate::records::privacy::{PrivacyRequest, RequestKind, RequestStatus};
use crate::records::refusal::Refusal;
use crate::records::verdict::{Change, Verdict};
use crate::rules::deletion::ERASABLE_AFTER;
use crate::rules::fresh::{Everything, Fresh, ToErase, Unheld};
use crate::rules::{deletion, notices};

const LONGEST_RECEIPT: usize = 255;

/// Opens a request for access or portability. If a request of this kind is already open, returns that one. The host
/// answers the request with the data, so a hold stops it like an export (SPEC 5.5).
pub(crate) fn request(
    fresh: &Fresh<'_, Unheld>,
    kind: RequestKind,
    earlier: Vec<PrivacyRequest>,
    ctx: &Context<'_>,
) -> Verdict<PrivacyRequest> {
    if let Some(open) = open_one(earlier, kind) {
        return Verdict::done(open, Vec::new());
    }
    let (session, account) = (fresh.session(), fresh.account().clone());
    let request = opened(&account, kind, ctx);
    let event = Event::done(Action::PrivacyRequested, Some(session.id), ctx.now);
    Verdict::done(request.clone(), vec![Change::Request(request), Change::account(account, event)])
}

/// Opens a request for erasure, which starts the deletion of the account (SPEC 9.1, 10.2). As for a deletion, the first
/// factor is enough if the second is lost (SPEC 9.7). The account is then not erased before the restore window ends.
pub(crate) fn request_erasure(
    fresh: &Fresh<'_, ToErase>,
    earlier: Vec<PrivacyRequest>,
    ctx: &Context<'_>,
) -> Verdict<PrivacyRequest> {
    if let Some(open) = open_one(earlier, RequestKind::Erasure) {
        return Verdict::done(open, Vec::new());
    }
    let (session, mut account) = (fresh.session(), fresh.account().clone());
    let request = opened(&account, RequestKind::Erasure, ctx);
    let (deletion, mut changes) =
        deletion::schedule(&mut account, RequestedBy::Owner, session.client.device(), ctx);
    account.by_first_factor = fresh.owner().prove::<Everything>(ctx).is_err();
    let event = Event::done(Action::PrivacyRequested, Some(session.id), ctx.now);
    changes.push(Change::Request(request.clone()));
    changes.push(Change::account(account, event));
    Verdict::done(PrivacyRequest { deletion: Some(deletion), ..request }, changes)
}

fn open_one(requests: Vec<PrivacyRequest>, kind: RequestKind) -> Option<PrivacyRequest> {
    requests.into_iter().find(|request| request.kind == kind && request.is_open())
}

fn opened(account: &Account, kind: RequestKind, ctx: &Context<'_>) -> PrivacyRequest {
    PrivacyRequest {
        id: ctx.draw.request(ctx.now),
        account: account.id,
        kind,
        made_at: ctx.now,
        due_at: ctx.now.month_later(),
        told_at: None,
        status: RequestStatus::Open,
        receipt: None,
        deletion: None,
    }
}

/// Withdraws the request for erasure of an account that its owner restores (SPEC 10.2).
pub(crate) fn withdrawn(requests: Vec<PrivacyRequest>, ctx: &Context<'_>) -> Option<Change> {
    let request = open_one(requests, RequestKind::Erasure)?;
    Some(Change::Request(PrivacyRequest { status: RequestStatus::Withdrawn { at: ctx.now }, ..request }))
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

/// Records the host's notice that it will erase the account. The request has already started the deletion.
pub(crate) fn announce_erasure(
    mut request: PrivacyRequest,
    mut account: Account,
    ctx: &Context<'_>,
) -> Verdict<Deletion> {
    let purge_at = match erasable(&request, &account, ctx) {
        Ok(purge_at) => purge_at,
        Err(refusal) => return Verdict::refused(refusal),
    };
    let figures = deletion::figures(&account, purge_at, ctx);
    if account.announced_at.is_some() {
        return Verdict::done(figures, Vec::new());
    }
    let erased_from = ctx.now + ERASABLE_AFTER;
    let mut changes = notices::of_deletion(&account, &Body::ErasureAnnounced { from: erased_from }, "", ctx);
    request.told_at = Some(ctx.now);
    account.announced_at = Some(ctx.throttle_clock);
    let event = Event::done(Action::ErasureAnnounced, None, ctx.now).by(Actor::Host);
    changes.push(Change::Request(request));
    changes.push(Change::account(account, event));
    Verdict::done(figures, changes)
}

/// Erases the account for this request, at least 72 hours after the host's notice (SPEC 10.3).
pub(crate) fn erase(request: &PrivacyRequest, account: Account, ctx: &Context<'_>) -> Verdict<()> {
    if let Err(refusal) = erasable(request, &account, ctx) {
        return Verdict::refused(refusal);
    }
    let Some(announced_at) = account.announced_at else { return Verdict::refused(Refusal::NotOffered) };
    match deletion::check_erasable(&account, announced_at, ctx) {
        Ok(()) => Verdict::done((), deletion::erased(account, Actor::Host, "", ctx)),
        Err(refusal) => Verdict::refused(refusal),
    }
}

/// Returns when the account is due to be purged, if this request lets the host erase the account earlier. A request
/// with the first factor alone does not allow that (SPEC 10.2).
fn erasable(request: &PrivacyRequest, account: &Account, ctx: &Context<'_>) -> Result<Timestamp, Refusal> {
    let Status::PendingDeletion { purge_at, .. } = account.status else {
        return Err(Refusal::UnknownRequest);
    };
    if !request.is_open() || request.kind != RequestKind::Erasure {
        return Err(Refusal::UnknownRequest);
    }
    if account.by_first_factor {
        return Err(Refusal::TooEarly { at: ctx.shown(purge_at) });
    }
    Ok(purge_at)
}
