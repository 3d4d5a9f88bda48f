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
    pub(crate) next_message: u64,
    /// How many sign-ups wait for the proof of an address, how many forgotten passwords for their code, and
    /// how many flows for a provider's word (SPEC 2.10).
    pub(crate) sign_ups: u32,
    pub(crate) resets: u32,
    pub(crate) at_providers: u32,
    /// How many accounts there are, those on their way to deletion included.
    pub(crate) accounts: u64,
    /// Since when a purged account's bytes wait to be overwritten (SPEC 10.4), if any do.
    pub(crate) erasure_pending: Option<Timestamp>,
    /// How much happened to the clock.
    pub(crate) clock_events: u64,
    /// When purges were seen to be due, one a day at most (SPEC 9.4).
    pub(crate) sightings: Vec<Timestamp>,
}

impl Record for Meta {
    const VERSION: u8 = 1;
}

impl Meta {
    /// How many flows wait for a code of this purpose: each has a cap of its own, so that nobody's sign-up
    /// stands in an owner's way (SPEC 2.10).
    pub(crate) fn waiting_for(&mut self, purpose: CodePurpose) -> &mut u32 {
        match purpose {
            CodePurpose::AddressProof | CodePurpose::EmailChange => &mut self.sign_ups,
            CodePurpose::Reset => &mut self.resets,
        }
    }
}

/// Something that happened to the store's clock (SPEC 12.4).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum ClockEvent {
    /// The wall clock stood this many milliseconds before the high-water mark.
    RolledBack { at: Timestamp, by_ms: u64 },
    /// The host set the time.
    Trusted { from: Timestamp, to: Timestamp },
}

impl Record for ClockEvent {
    const VERSION: u8 = 1;
}
