//! Mailed codes, and the rate limit on messages to an address (SPEC 12.5).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::crypto::keys::Keys;
use crate::ground::codec::Record;
use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, FlowId, SessionId};
use crate::ground::time::{DAY, Timestamp};

/// How long a message waits to be fetched, and then to be delivered.
pub(crate) const UNFETCHED_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The only purpose that a mailed code serves (SPEC 12.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum CodePurpose {
    AddressProof,
    EmailChange,
    Reset,
}

impl CodePurpose {
    /// Returns how long a code lives once its message was fetched.
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

    /// Returns the keyed hash that stands for an address in the rows about mail for this purpose.
    pub(crate) fn address_hash(self, email: &EmailAddress, keys: &Keys) -> AddressHash {
        keys.code(&[b"address", self.label(), email.canonical().as_bytes()])
    }
}

/// The only place where a mailed code works (SPEC 12.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum TypedIn {
    /// The flow that asked for the code.
    Flow(FlowId),
    /// The session that asked for the code.
    Session(AccountId, SessionId),
}

/// The keyed hash of an address that may belong to nobody.
pub(crate) type AddressHash = [u8; 32];

/// A live code: only its keyed hash, bound to its purpose, to the place where it works, and to the address.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct CodeSlot {
    pub(crate) purpose: CodePurpose,
    pub(crate) hash: [u8; 32],
    /// The code's number among those requested in that place. A newer one voids it.
    pub(crate) serial: u32,
    pub(crate) sent_at: Timestamp,
    pub(crate) fetched_at: Option<Timestamp>,
    pub(crate) wrong: u8,
}

/// When messages for one purpose went to one address, known or not: 1 a minute, 5 an hour, 10 a day.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RateLimit {
    pub(crate) sent: Vec<Timestamp>,
}

impl Record for RateLimit {
    const VERSION: u8 = 1;
}
