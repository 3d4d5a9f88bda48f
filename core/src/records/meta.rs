//! What the store keeps about itself.

use serde::{Deserialize, Serialize};

use crate::ground::codec::Record;
use crate::ground::time::Timestamp;
use crate::records::mailed_code::CodePurpose;

/// What the store knows about itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Meta {
    /// The high-water mark of time (SPEC 12.4).
    pub(crate) mark: Timestamp,
    /// How many messages were dropped because their delivery failed for days (SPEC 13.1).
    pub(crate) undelivered: u64,
    /// How many sign-ups wait for the proof of an address, how many password resets wait for their code, and
    /// how many flows wait for a provider's assertion (SPEC 2.10).
    pub(crate) sign_ups: u32,
    pub(crate) resets: u32,
    pub(crate) at_providers: u32,
    /// The number of accounts, including those pending deletion.
    pub(crate) accounts: u64,
    /// Since when the bytes of a purged account wait to be overwritten, if any do (SPEC 10.4).
    pub(crate) erasure_pending: Option<Timestamp>,
    /// The number of events of the clock.
    pub(crate) clock_events: u64,
    /// When purges were seen to be due, at most once a day (SPEC 9.4).
    pub(crate) sightings: Vec<Timestamp>,
}

impl Record for Meta {
    const VERSION: u8 = 1;
}

impl Meta {
    /// Returns the number of flows that wait for a code for this purpose. Each purpose has its own limit, so
    /// that nobody's sign-up blocks an owner (SPEC 2.10).
    pub(crate) fn waiting_for(&mut self, purpose: CodePurpose) -> &mut u32 {
        match purpose {
            CodePurpose::AddressProof | CodePurpose::EmailChange => &mut self.sign_ups,
            CodePurpose::Reset => &mut self.resets,
        }
    }
}

/// An event of the store's clock (SPEC 12.4).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum ClockEvent {
    /// The wall clock was this many milliseconds behind the high-water mark.
    RolledBack { at: Timestamp, by_ms: u64 },
    /// The host set the time.
    Trusted { from: Timestamp, to: Timestamp },
}

impl Record for ClockEvent {
    const VERSION: u8 = 1;
}
