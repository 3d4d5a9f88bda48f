//! The owner's data: the export, and what was asked for about it.

use selfsame::{AccountId, Deletion, PrivacyRequest, RequestId, RequestKind, RequestStatus, Timestamp};

use crate::account::AccountHandle;
use crate::engine::Engine;
use crate::error::SelfsameError;
use crate::number::at_most;

#[uniffi::export]
impl AccountHandle {
    /// Everything that the store holds about the account, but secrets, as one JSON document of the schema
    /// that `export_schema()` gives. Every verified address is told.
    ///
    /// Raises `ReauthenticationRequired`; `OnHold`.
    pub fn export(&self) -> Result<String, SelfsameError> {
        Ok(self.core().export()?)
    }

    /// Asks for access to the data, for its erasure, or for a copy to take along. It is due in a calendar
    /// month; while one of the kind is open, asking again gets that one.
    pub fn request_privacy(&self, kind: RequestKind) -> Result<PrivacyRequest, SelfsameError> {
        Ok(self.core().request_privacy(kind)?)
    }

    /// What was asked for, earliest first, with when it is due and what came of it.
    pub fn privacy_requests(&self) -> Result<Vec<PrivacyRequest>, SelfsameError> {
        Ok(self.core().privacy_requests()?)
    }
}

#[uniffi::export]
impl Engine {
    /// Up to `most` requests that are open (1,000 at once), by when they are due. Those of accounts that are
    /// gone stay until they are closed.
    pub fn open_requests(&self, most: u32) -> Result<Vec<PrivacyRequest>, SelfsameError> {
        Ok(self.core().open_requests(at_most(most))?)
    }

    /// The request was answered; the receipt says how, in 255 characters at most and with nothing personal in
    /// it: it outlives the account.
    ///
    /// Raises `UnknownRequest` where the account has no such request open.
    pub fn close_request(
        &self,
        account: AccountId,
        request: RequestId,
        receipt: String,
    ) -> Result<PrivacyRequest, SelfsameError> {
        Ok(self.core().close_request(account, request, &receipt)?)
    }

    /// Gives notice that the account will be erased for the owner's request: every verified address is told,
    /// and the account is on its way like any that is to be deleted. Its owner can restore it.
    ///
    /// Raises `UnknownRequest` where the account has no such erasure request open.
    pub fn announce_erasure(
        &self,
        account: AccountId,
        request: RequestId,
    ) -> Result<Deletion, SelfsameError> {
        Ok(self.core().announce_erasure(account, request)?)
    }

    /// Erases the account for the owner's request, 72 hours or more after the notice: it is absent at once,
    /// and its rows go with the purges that are due.
    ///
    /// Raises `UnknownRequest`; `NotOffered` where no notice was given, or the owner has restored the account
    /// since; `TooEarly`; `OnHold`.
    pub fn erase(&self, account: AccountId, request: RequestId) -> Result<(), SelfsameError> {
        Ok(self.core().erase(account, request)?)
    }
}

/// The JSON Schema (draft 2020-12) of what an account's `export` gives.
#[uniffi::export]
pub fn export_schema() -> String {
    selfsame::EXPORT_SCHEMA.to_owned()
}

/// A request of an owner's about their data. It outlives the account's purge and holds nothing personal.
#[uniffi::remote(Record)]
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

/// What can be asked for.
#[uniffi::remote(Enum)]
pub enum RequestKind {
    /// To see the data.
    Access,
    /// To have it erased.
    Erasure,
    /// To take it along.
    Portability,
}

/// Whether a request was answered.
#[uniffi::remote(Enum)]
pub enum RequestStatus {
    /// It was not.
    Open,
    /// It was.
    Closed {
        /// When.
        at: Timestamp,
    },
}
