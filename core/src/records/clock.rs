//! The clock that the store keeps (SPEC 12.4, 9.4).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::ground::codec::Record;
use crate::ground::time::Timestamp;

/// The row of the store's clock. No act on an account writes it, so accounts share no row for it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct StoredClock {
    pub(crate) time: Timeline,
    /// When purges were seen to be due, at most once a day (SPEC 9.4).
    pub(crate) sightings: Vec<Sighting>,
    /// The number of events of the clock.
    pub(crate) events: u64,
}

impl Record for StoredClock {
    const VERSION: u8 = 1;
}

/// Three counts of time, and the clock reading at which they were last updated.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Timeline {
    /// Engine time, which is also the high-water mark: it never goes back, except to a trusted time.
    pub(crate) mark: Timestamp,
    /// The slow clock: it moves on by the smaller of the progress of engine time and that of steady time.
    pub(crate) slow: Timestamp,
    /// How much steady time has passed since the store was made, in milliseconds.
    pub(crate) steady_ms: u64,
    /// The last reading of the steady clock, and what it counted from.
    pub(crate) elapsed_ms: u64,
    pub(crate) boot: Option<[u8; 16]>,
    /// The correction of the wall clock to a trusted time, in milliseconds.
    pub(crate) correction_ms: i64,
    /// The counts when the time was last trusted, or when the store was made.
    pub(crate) anchor: TimeAnchor,
    pub(crate) trusted: TrustedTime,
}

/// The three counts at a time that was right.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct TimeAnchor {
    pub(crate) mark: Timestamp,
    pub(crate) slow: Timestamp,
    pub(crate) steady_ms: u64,
}

/// The last time that the host set, and how many times it has set. Zero before the first.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct TrustedTime {
    pub(crate) number: u32,
    pub(crate) time: Timestamp,
}

/// When purges were seen to be due (SPEC 9.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Sighting {
    /// The time of the wall clock.
    pub(crate) wall: Timestamp,
    /// On the slow clock: every purge until then was seen.
    pub(crate) slow: Timestamp,
    /// In steady time.
    pub(crate) steady_ms: u64,
}

impl Timeline {
    pub(crate) fn steady(&self) -> Duration {
        Duration::from_millis(self.steady_ms)
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
