//! Codes that are mailed, and how many messages an address was sent (SPEC 12.5).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::crypto::keys::Keys;
use crate::ground::codec::Record;
use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, FlowId, SessionId};
use crate::ground::time::{DAY, Timestamp};

/// How long a message waits to be fetched, and then to be delivered.
pub(crate) const UNFETCHED_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// What a mailed code is for; it serves nothing else (SPEC 12.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum CodePurpose {
    AddressProof,
    EmailChange,
    Reset,
}

impl CodePurpose {
    /// How long a code lives once its message was fetched.
    pub(crate) fn life(self) -> Duration {
        match self {
            Self::AddressProof => DAY,
            Self::EmailChange | Self::Reset => Duration::from_secs(10 * 60),
        }
    }

    pub(crate) fn label(self) -> &'static [u8] {
        match self {
            Self::AddressProof => b"verify-email",
            Self::EmailChange => b"change-email",
            Self::Reset => b"reset-password",
        }
    }

    /// The keyed hash that stands for an address in the rows about mail of this purpose.
    pub(crate) fn address_hash(self, email: &EmailAddress, keys: &Keys) -> AddressHash {
        keys.code(&[b"address", self.label(), email.canonical().as_bytes()])
    }
}

/// Where a mailed code is typed, and nowhere else (SPEC 12.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum TypedIn {
    /// In the flow that asked for it.
    Flow(FlowId),
    /// In the session that asked for it.
    Session(AccountId, SessionId),
}

/// The keyed hash of an address that may be nobody's.
pub(crate) type AddressHash = [u8; 32];

/// A living code: only its keyed hash, bound to its purpose, where it is typed, and the address.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct CodeSlot {
    pub(crate) purpose: CodePurpose,
    pub(crate) hash: [u8; 32],
    /// Which of the codes asked for there it is; a newer one voids it.
    pub(crate) serial: u32,
    pub(crate) sent_at: Timestamp,
    pub(crate) fetched_at: Option<Timestamp>,
    pub(crate) wrong: u8,
}

/// When messages of one purpose went to one address, known or not: 1 a minute, 5 an hour, 10 a day.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RateLimit {
    pub(crate) sent: Vec<Timestamp>,
}

impl Record for RateLimit {
    const VERSION: u8 = 1;
}
