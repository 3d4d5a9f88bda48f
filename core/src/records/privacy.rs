//! What people ask for about their data (SPEC 10.2).

use serde::{Deserialize, Serialize};

use crate::ground::codec::Record;
use crate::ground::id::{AccountId, RequestId};
use crate::ground::named::coded;
use crate::ground::time::Timestamp;

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

impl PrivacyRequest {
    pub(crate) fn is_open(&self) -> bool {
        self.status == RequestStatus::Open
    }
}

coded! {
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
