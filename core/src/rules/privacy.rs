//! What people ask for about their data, and until when it is due (SPEC 10.2, 10.3).

use serde::{Deserialize, Serialize};

use super::account::{Account, Status};
use super::audit::{Action, Actor, Event};
use super::deletion::{self, Deletion, ERASABLE_AFTER, RequestedBy};
use super::fresh::Owner;
use super::mail::Body;
use super::refusal::Refusal;
use super::verdict::{Change, Context, Verdict};
use crate::ground::codec::Record;
use crate::ground::id::{AccountId, RequestId};
use crate::ground::time::Timestamp;

const LONGEST_RECEIPT: usize = 255;

/// A request of an owner's about their data. It outlives the account's purge and holds nothing personal
/// (SPEC 9.4).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PrivacyRequest {
    /// Its name.
    pub id: RequestId,
    /// Whose it is.
    pub account: AccountId,
    /// What is asked for.
    pub kind: RequestKind,
    /// When it was made.
    pub made_at: Timestamp,
    /// Until when it is to be answered: a calendar month later.
    pub due_at: Timestamp,
    /// When the owner was told that the account will be erased for it.
    pub told_at: Option<Timestamp>,
    /// Whether it was answered.
    pub status: RequestStatus,
    /// What the host says that it did; nothing personal belongs in it.
    pub receipt: Option<String>,
}

impl Record for PrivacyRequest {
    const VERSION: u8 = 1;
}

/// What can be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum RequestKind {
    /// To see the data.
    Access,
    /// To have it erased.
    Erasure,
    /// To take it along.
    Portability,
}

impl RequestKind {
    /// The kind's name, the same in every language and release.
    pub fn code(self) -> &'static str {
        match self {
            Self::Access => "Access",
            Self::Erasure => "Erasure",
            Self::Portability => "Portability",
        }
    }
}

/// Whether a request was answered.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum RequestStatus {
    /// It was not.
    Open,
    /// It was.
    Closed {
        /// When.
        at: Timestamp,
    },
}

/// The owner asks. One of a kind is open at a time: asking again gets the one there is.
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
    let account = Change::Account { account: Box::new(owner.account.clone()), event };
    Verdict::done(request.clone(), vec![Change::Request(request), account])
}

/// The host has answered it. The account may be gone by then.
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
        Change::Account { account: Box::new(account), event }
    }));
    Verdict::done(request, changes)
}

/// The host gives notice that it will erase the account for this request: from then on the account is on
/// its way like any other that is to be deleted, and its owner can restore it.
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
            return Verdict::done(deletion::figures(&account, purge_at), Vec::new());
        }
        Status::PendingDeletion { purge_at, .. } => (deletion::figures(&account, purge_at), Vec::new()),
        Status::Active => {
            deletion::schedule(&mut account, RequestedBy::Host { request: request.id }, "", ctx)
        }
    };
    let erased_from = ctx.now + ERASABLE_AFTER;
    changes.extend(deletion::told(&account, &Body::ErasureAnnounced { from: erased_from }, "", ctx));
    request.told_at = Some(ctx.now);
    let event = Event::done(Action::ErasureAnnounced, None, ctx.now).by(Actor::Host);
    changes.push(Change::Request(request));
    changes.push(Change::Account { account: Box::new(account), event });
    Verdict::done(figures, changes)
}

/// The host erases the account for this request, 72 hours or more after its notice (SPEC 10.3).
pub(crate) fn erase(request: &PrivacyRequest, account: Account, ctx: &Context<'_>) -> Verdict<()> {
    if !request.is_open() || request.kind != RequestKind::Erasure {
        return Verdict::refused(Refusal::UnknownRequest);
    }
    let Some(told_at) = request.told_at.filter(|_| request.told_for(&account)) else {
        return Verdict::refused(Refusal::NotOffered);
    };
    match deletion::check_erasable(&account, told_at, ctx) {
        Ok(()) => Verdict::done((), deletion::erased(account, Actor::Host, "", ctx)),
        Err(refusal) => Verdict::refused(refusal),
    }
}

impl PrivacyRequest {
    pub(crate) fn is_open(&self) -> bool {
        self.status == RequestStatus::Open
    }

    /// Whether the notice was given of the deletion that the account is in: not before an earlier one, that
    /// the owner took back.
    fn told_for(&self, account: &Account) -> bool {
        match account.status {
            Status::PendingDeletion { requested_at, .. } => {
                self.told_at.is_some_and(|told_at| requested_at <= told_at)
            }
            Status::Active => false,
        }
    }
}
