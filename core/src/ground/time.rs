//! Points in time and where they come from.

use std::fmt;
use std::ops::Add;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A point in time: milliseconds since 1970-01-01 00:00:00 UTC.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The point `ms` milliseconds after 1970-01-01 00:00:00 UTC.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since 1970-01-01 00:00:00 UTC.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// How far this point lies behind `earlier`; nothing where it does not.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

/// Later by a span; stops at the end of representable time.
impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(span.as_millis()).unwrap_or(u64::MAX)))
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}ms", self.0)
    }
}

/// What a clock shows at one moment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// The wall clock: milliseconds since 1970-01-01 00:00:00 UTC. People and networks can set it.
    pub wall_ms: u64,
    /// Milliseconds since some fixed moment, never set and counting while the device sleeps.
    pub elapsed_ms: u64,
}

/// Where the engine takes its time from: the machine's two clocks, or a test's hand (SPEC 13.6).
pub trait Clock: Send + Sync {
    /// Reads both clocks at once.
    fn read(&self) -> Reading;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adding_stops_at_the_end_of_time() {
        assert_eq!(Timestamp(5) + Duration::from_millis(7), Timestamp(12));
        assert_eq!(Timestamp(u64::MAX) + Duration::from_secs(1), Timestamp(u64::MAX));
        assert_eq!(Timestamp(5).since(Timestamp(9)), Duration::ZERO);
    }
}
