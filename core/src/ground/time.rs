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

    /// The month that this point lies in, in UTC.
    pub fn year_month(self) -> YearMonth {
        // Howard Hinnant's `civil_from_days`: eras of 400 years that begin on the 1st of March.
        let days = self.0 / 86_400_000 + 719_468;
        let day_of_era = days % 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        let year = year_of_era + days / 146_097 * 400 + u64::from(month <= 2);
        YearMonth { year, month: u8::try_from(month).unwrap_or(0) }
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

/// A month of the Gregorian calendar, in UTC. Prints as `2026-01`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct YearMonth {
    /// The year.
    pub year: u64,
    /// The month, 1 to 12.
    pub month: u8,
}

impl fmt::Display for YearMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
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

    #[test]
    fn months_follow_the_calendar() {
        for (ms, month) in [
            (0, "1970-01"),
            (951_782_399_999, "2000-02"),
            (951_782_400_000, "2000-02"),
            (951_868_800_000, "2000-03"),
            (1_767_225_599_999, "2025-12"),
            (1_767_225_600_000, "2026-01"),
            (4_107_542_400_000, "2100-03"),
        ] {
            assert_eq!(Timestamp(ms).year_month().to_string(), month, "{ms}");
        }
    }
}
