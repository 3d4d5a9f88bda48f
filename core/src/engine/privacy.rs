//! What people ask for about their data (SPEC 10).

use super::Engine;
use super::account::AccountHandle;
use crate::error::Error;
use crate::ground::id::{AccountId, RequestId};
use crate::records::deletion::Deletion;
use crate::records::privacy::{PrivacyRequest, RequestKind};
use crate::records::refusal::Refusal;
use crate::records::verdict::Verdict;
use crate::rules::privacy;

/// Open requests that one call lists.
const LISTED_AT_ONCE: usize = 1_000;

impl AccountHandle {
    /// Asks for access to the data, for its erasure, or for a copy to take along. It is due in a calendar
    /// month; while one of the kind is open, asking again gets that one (SPEC 10.2).
    ///
    /// # Errors
    /// As said at [`AccountHandle`].
    pub fn request_privacy(&self, kind: RequestKind) -> Result<PrivacyRequest, Error> {
        self.act(|view, ctx, owner| {
            let earlier = view.requests(owner.account.id)?;
            Ok(privacy::request(owner, kind, earlier, ctx))
        })
    }

    /// What was asked for, earliest first, with when it is due and what came of it.
    ///
    /// # Errors
    /// As said at [`AccountHandle`].
    pub fn privacy_requests(&self) -> Result<Vec<PrivacyRequest>, Error> {
        self.look(|view, _, account| view.requests(account.id))
    }
}

impl Engine {
    /// Up to `most` requests that are open (1,000 at once), by when they are due. Those of accounts that are
    /// gone stay until they are closed.
    ///
    /// # Errors
    /// [`Error`] from the store.
    pub fn open_requests(&self, most: usize) -> Result<Vec<PrivacyRequest>, Error> {
        self.look(|view, _| Ok(Ok(view.open_requests(most.min(LISTED_AT_ONCE))?)))
    }

    /// The request was answered; the receipt says how, in 255 characters at most and with nothing personal
    /// in it: it outlives the account.
    ///
    /// # Errors
    /// [`Refusal::UnknownRequest`] where the account has no such request open.
    pub fn close_request(
        &self,
        account: AccountId,
        request: RequestId,
        receipt: &str,
    ) -> Result<PrivacyRequest, Error> {
        self.act(|view, ctx| match view.request(account, request)? {
            Some(request) => Ok(privacy::close(request, view.account(account)?, receipt, ctx)),
            None => Ok(Verdict::refused(Refusal::UnknownRequest)),
        })
    }

    /// Gives notice that the account will be erased for the owner's request: every verified address is told,
    /// and the account is on its way like any that is to be deleted. Its owner can restore it (SPEC 10.3).
    ///
    /// # Errors
    /// [`Refusal::UnknownRequest`] where the account has no such erasure request open.
    pub fn announce_erasure(&self, account: AccountId, request: RequestId) -> Result<Deletion, Error> {
        self.act(|view, ctx| match (view.request(account, request)?, view.account(account)?) {
            (Some(request), Some(account)) => Ok(privacy::announce_erasure(request, account, ctx)),
            _ => Ok(Verdict::refused(Refusal::UnknownRequest)),
        })
    }

    /// Erases the account for the owner's request, 72 hours or more after the notice: it is absent at once,
    /// and its rows go with the purges that are due (SPEC 10.3).
    ///
    /// # Errors
    /// [`Refusal::UnknownRequest`]; [`Refusal::NotOffered`] where no notice was given, or the owner has
    /// restored the account since; [`Refusal::TooEarly`]; [`Refusal::OnHold`].
    pub fn erase(&self, account: AccountId, request: RequestId) -> Result<(), Error> {
        self.act(|view, ctx| match (view.request(account, request)?, view.account(account)?) {
            (Some(request), Some(account)) => Ok(privacy::erase(&request, account, ctx)),
            _ => Ok(Verdict::refused(Refusal::UnknownRequest)),
        })
    }
}
