//! The privacy requests of owners (SPEC 10.2).

use serde::{Deserialize, Serialize};

use crate::ground::codec::Record;
use crate::ground::id::{AccountId, RequestId};
use crate::ground::named::{coded, two_forms};
use crate::ground::time::Timestamp;
use crate::records::deletion::Deletion;

two_forms! {
    json()
    /// An owner's request about their data. It outlives the purge of the account and holds nothing personal
    /// (SPEC 9.4).
    #[derive(Clone, PartialEq, Eq, Debug)]
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
        #[json(flatten)]
        pub status: RequestStatus,
        /// The host's description of what it did. Put nothing personal in it.
        pub receipt: Option<String>,
        /// The deletion that a request for erasure starts. Only the answer of the call that makes the request contains
        /// it.
        #[stored(skip)]
        #[json(default, skip_serializing_if = "Option::is_none")]
        pub deletion: Option<Deletion>,
    }
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
    /// The kinds of privacy requests.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
    #[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
    pub enum RequestKind {
        /// The owner wants to see the data.
        Access,
        /// The owner wants the data erased.
        Erasure,
        /// The owner wants to take the data to another service.
        Portability,
    }
}

two_forms! {
    json(tag = "is")
    /// Whether a request was answered.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum RequestStatus {
        /// The request was not answered.
        Open,
        /// The request was answered.
        Closed {
            /// When it was answered.
            #[json(rename = "closed_at")]
            at: Timestamp,
        },
        /// The owner restored the account, which withdrew the request for erasure.
        Withdrawn {
            /// When the account was restored.
            #[json(rename = "withdrawn_at")]
            at: Timestamp,
        },
    }
}
