//! Mailed codes, and the rate limit on messages to an address (SPEC 12.5).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::crypto::keys::Keys;
use crate::ground::codec::Record;
use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, FlowId, MessageId, SessionId};
use crate::ground::time::{DAY, Timestamp};
use crate::records::caller::{OriginHash, Share};

/// How long a message waits to be fetched, and then to be delivered.
pub(crate) const UNFETCHED_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// The only purpose that a mailed code serves (SPEC 12.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum CodePurpose {
    AddressProof,
    EmailChange,
    Reset,
    /// To enrol the second factor that policy requires (SPEC 5.9).
    SecondFactor,
}

impl CodePurpose {
    /// Returns how long a code lives once its message was fetched.
    pub(crate) fn life(self) -> Duration {
        match self {
            Self::AddressProof => DAY,
            Self::EmailChange | Self::Reset | Self::SecondFactor => Duration::from_secs(10 * 60),
        }
    }

    pub(crate) fn label(self) -> &'static [u8] {
        match self {
            Self::AddressProof => b"verify-email",
            Self::EmailChange => b"change-email",
            Self::Reset => b"reset-password",
            Self::SecondFactor => b"second-factor",
        }
    }

    /// Returns the keyed hash of an address for the keys of rows about messages for this purpose.
    pub(crate) fn address_hash(self, email: &EmailAddress, keys: &Keys) -> AddressHash {
        keys.code(&[b"address", self.label(), email.canonical().as_bytes()])
    }

    /// Returns the keyed hash of a mailbox and a share, for the rate limit of messages for this purpose.
    /// Addresses that differ only in a tag are one mailbox (SPEC 12.5).
    pub(crate) fn pace_hash(self, email: &EmailAddress, share: Share, keys: &Keys) -> PaceHash {
        let local = email.local_part();
        let mailbox = local.split('+').next().filter(|mailbox| !mailbox.is_empty()).unwrap_or(local);
        let (kind, of): (&[u8], &[u8]) = match &share {
            Share::Session(session) => (b"session", session.as_bytes()),
            Share::Recognition(recognition) => (b"recognition", recognition),
            Share::Strangers => (b"strangers", &[]),
        };
        keys.code(&[b"pace", self.label(), mailbox.as_bytes(), email.domain().as_bytes(), kind, of])
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

/// The keyed hash of a mailbox, a purpose and who shares the messages.
pub(crate) type PaceHash = [u8; 32];

/// A live code: only its keyed hash, bound to its purpose, to the place where it works, and to the address.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct CodeSlot {
    pub(crate) purpose: CodePurpose,
    pub(crate) hash: [u8; 32],
    /// The message that carries the code.
    pub(crate) message: MessageId,
    /// When the message was or is due.
    pub(crate) sent_at: Timestamp,
    pub(crate) fetched_at: Option<Timestamp>,
    pub(crate) wrong: u8,
}

/// A share of the messages for one purpose to one mailbox, known or not (SPEC 12.5, 12.7). Its times are on the
/// throttle clock.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Pace {
    /// The messages of the last day and those that wait for their time, earliest first.
    pub(crate) sent: Vec<Paced>,
    /// When strangers gave the latest wrong codes.
    pub(crate) wrong: Vec<Timestamp>,
}

impl Record for Pace {
    const VERSION: u8 = 1;
}

/// A message in its pace.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Paced {
    pub(crate) at: Timestamp,
    pub(crate) origin: OriginHash,
    pub(crate) message: MessageId,
}

/// The pace of a caller's messages to an address, as an act found it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Pacing {
    pub(crate) hash: PaceHash,
    /// The caller's origin. Only strangers have one.
    pub(crate) origin: OriginHash,
    pub(crate) is_stranger: bool,
    pub(crate) pace: Pace,
}
