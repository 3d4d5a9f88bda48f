//! The owner's data: the export, and requests about it.

use selfsame::{AccountId, Deletion, PrivacyRequest, RequestId, RequestKind, RequestStatus, Timestamp};

use crate::account::AccountHandle;
use crate::engine::Engine;
use crate::error::SelfsameError;
use crate::number::at_most;

#[uniffi::export]
impl AccountHandle {
    /// Returns everything that the store holds about the account, without secrets, as one JSON document of
    /// the schema that `export_schema()` returns. Notifies every verified address.
    ///
    /// Raises `ReauthenticationRequired` or `OnHold`.
    pub fn export(&self) -> Result<String, SelfsameError> {
        Ok(self.core().export()?)
    }

    /// Files a request for access to the data, for its erasure, or for a portable copy. The request is due
    /// within a calendar month. If a request of this kind is open, returns that one.
    ///
    /// A request for erasure starts the deletion of the account, as `request_deletion` does: all its sessions end, and
    /// every verified address is notified. The answer contains the deletion. If the owner restores the account, the
    /// request is withdrawn.
    ///
    /// Raises `ReauthenticationRequired` or `OnHold`. For an erasure, fresh proof of the first factor is enough.
    pub fn request_privacy(&self, kind: RequestKind) -> Result<PrivacyRequest, SelfsameError> {
        Ok(self.core().request_privacy(kind)?)
    }

    /// Returns the account's requests, earliest first, each with its due date and its outcome.
    pub fn privacy_requests(&self) -> Result<Vec<PrivacyRequest>, SelfsameError> {
        Ok(self.core().privacy_requests()?)
    }
}

#[uniffi::export]
impl Engine {
    /// Returns up to `most` open requests (at most 1,000 in one call), ordered by due time. The requests of
    /// deleted accounts stay until you close them.
    pub fn open_requests(&self, most: u32) -> Result<Vec<PrivacyRequest>, SelfsameError> {
        Ok(self.core().open_requests(at_most(most))?)
    }

    /// Closes a request that was answered. The receipt says how, in at most 255 characters. It must contain
    /// nothing personal because it outlives the account.
    ///
    /// Raises `UnknownRequest` if the account has no such open request.
    pub fn close_request(
        &self,
        account: AccountId,
        request: RequestId,
        receipt: String,
    ) -> Result<PrivacyRequest, SelfsameError> {
        Ok(self.core().close_request(account, request, &receipt)?)
    }

    /// Announces that the account will be erased at the owner's request. Notifies every verified address. The owner
    /// can still restore the account, which withdraws the request.
    ///
    /// Raises `UnknownRequest` if the account has no such open erasure request; `TooEarly` if the request was made with
    /// the first factor alone.
    pub fn announce_erasure(
        &self,
        account: AccountId,
        request: RequestId,
    ) -> Result<Deletion, SelfsameError> {
        Ok(self.core().announce_erasure(account, request)?)
    }

    /// Erases the account at the owner's request, at least 72 hours after the announcement. The account is
    /// absent at once. Later purges remove its rows.
    ///
    /// Raises `UnknownRequest` also if the owner has restored the account; `NotOffered` if the erasure was not
    /// announced; `TooEarly` or `OnHold`.
    pub fn erase(&self, account: AccountId, request: RequestId) -> Result<(), SelfsameError> {
        Ok(self.core().erase(account, request)?)
    }
}

/// Returns the JSON Schema (draft 2020-12) of an account's `export`.
#[uniffi::export]
pub fn export_schema() -> String {
    selfsame::EXPORT_SCHEMA.to_owned()
}

/// An owner's request about their data. It outlives the purge of the account and holds nothing personal.
#[uniffi::remote(Record)]
pub struct PrivacyRequest {
    /// The request's id.
    pub id: RequestId,
    /// The owner's account.
    pub account: AccountId,
    /// The kind of the request.
    pub kind: RequestKind,
    /// When the owner made the request.
    pub made_at: Timestamp,
    /// When the answer is due: one calendar month later.
    pub due_at: Timestamp,
    /// When the owner was told that the account will be erased for the request.
    pub told_at: Option<Timestamp>,
    /// Whether the request was answered.
    pub status: RequestStatus,
    /// The host's description of what it did. Put nothing personal in it.
    pub receipt: Option<String>,
    /// The deletion that a request for erasure starts. Only the answer of the call that makes the request contains it.
    pub deletion: Option<Deletion>,
}

/// The kinds of privacy requests.
#[uniffi::remote(Enum)]
pub enum RequestKind {
    /// The owner wants to see the data.
    Access,
    /// The owner wants the data erased.
    Erasure,
    /// The owner wants to take the data to another service.
    Portability,
}

/// Whether a request was answered.
#[uniffi::remote(Enum)]
pub enum RequestStatus {
    /// The request was not answered.
    Open,
    /// The request was answered.
    Closed {
        /// When it was answered.
        at: Timestamp,
    },
    /// The owner restored the account, which withdrew the request for erasure.
    Withdrawn {
        /// When the account was restored.
        at: Timestamp,
    },
}
