//! Points in time and the clocks that they come from.

use std::fmt;
use std::ops::Add;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A minute, a unit of waits and lifetimes.
pub(crate) const MINUTE: Duration = Duration::from_secs(60);
/// A day, a unit of waits and lifetimes.
pub(crate) const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const DAY_MS: u64 = 86_400_000;

/// A point in time: milliseconds since 1970-01-01 00:00:00 UTC.
///
/// ```
/// use std::time::Duration;
/// use selfsame::Timestamp;
///
/// let opened = Timestamp::from_millis(1_767_225_600_000);
/// let used = opened + Duration::from_secs(90);
/// assert_eq!(used.as_millis(), 1_767_225_690_000);
/// assert_eq!(used.since(opened), Duration::from_secs(90));
/// assert_eq!(used.year_month().to_string(), "2026-01");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "json", derive(schemars::JsonSchema), schemars(inline))]
pub struct Timestamp(u64);

impl Timestamp {
    /// Returns the point `ms` milliseconds after 1970-01-01 00:00:00 UTC.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms)
    }

    /// Returns the milliseconds since 1970-01-01 00:00:00 UTC.
    pub const fn as_millis(self) -> u64 {
        self.0
    }

    /// Returns the month of this point, in UTC.
    pub fn year_month(self) -> YearMonth {
        let (year, month, _) = self.date();
        YearMonth { year, month }
    }

    /// Returns the year, the month and the day of the month, in UTC.
    fn date(self) -> (u64, u8, u8) {
        // Howard Hinnant's `civil_from_days`: eras of 400 years that begin on the 1st of March.
        let days = self.0 / DAY_MS + 719_468;
        let day_of_era = days % 146_097;
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        let year = year_of_era + days / 146_097 * 400 + u64::from(month <= 2);
        let day = day_of_year - (153 * march_month + 2) / 5 + 1;
        (year, u8::try_from(month).unwrap_or(0), u8::try_from(day).unwrap_or(0))
    }

    /// Returns the same time of day one calendar month later, in UTC. If that month does not have the day,
    /// uses its last day.
    pub(crate) fn month_later(self) -> Self {
        let (year, month, day) = self.date();
        let (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        let day = day.min(last_day(year, month));
        // The inverse of `date`: `days_from_civil`.
        let march_year = if month <= 2 { year - 1 } else { year };
        let march_month = if month > 2 { u64::from(month) - 3 } else { u64::from(month) + 9 };
        let day_of_year = (153 * march_month + 2) / 5 + u64::from(day) - 1;
        let year_of_era = march_year % 400;
        let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
        let days = march_year / 400 * 146_097 + day_of_era - 719_468;
        Self(days.saturating_mul(DAY_MS).saturating_add(self.0 % DAY_MS))
    }

    /// Returns the number of the day, counted from 1970-01-01 in UTC.
    pub(crate) fn day(self) -> u64 {
        self.0 / DAY_MS
    }

    /// Returns the beginning of the next day, in UTC.
    pub(crate) fn next_day(self) -> Self {
        Self((self.day() + 1).saturating_mul(DAY_MS))
    }

    /// Returns an earlier point. Stops at the beginning of representable time.
    pub(crate) fn earlier(self, by: Duration) -> Self {
        Self(self.0.saturating_sub(u64::try_from(by.as_millis()).unwrap_or(u64::MAX)))
    }

    /// Returns the point in RFC 3339 form, in UTC and to the millisecond.
    pub(crate) fn rfc3339(self) -> String {
        let (year, month, day) = self.date();
        let (second, millis) = (self.0 % DAY_MS / 1_000, self.0 % 1_000);
        let (hour, minute, second) = (second / 3_600, second / 60 % 60, second % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
    }

    /// Returns the time from `earlier` to this point, or zero if this point is not later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(self.0.saturating_sub(earlier.0))
    }
}

fn last_day(year: u64, month: u8) -> u8 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Returns a later point. Stops at the end of representable time.
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

#[cfg(feature = "json")]
impl Serialize for YearMonth {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "json")]
impl<'de> Deserialize<'de> for YearMonth {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let month = text.split_once('-').and_then(|(year, month)| {
            let (year, month) = (year.parse().ok()?, month.parse().ok()?);
            Some(Self { year, month }).filter(|read| (1..=12).contains(&month) && read.to_string() == text)
        });
        month.ok_or_else(|| serde::de::Error::custom("a month reads 2026-01"))
    }
}

#[cfg(feature = "json")]
crate::ground::json::text_schema! {
    YearMonth schemars::json_schema!({ "type": "string", "pattern": "^[0-9]{4,}-(0[1-9]|1[0-2])$" });
}

/// One reading of a clock.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reading {
    /// The wall clock: milliseconds since 1970-01-01 00:00:00 UTC. People and networks can set it.
    pub wall_ms: u64,
    /// The steady clock: milliseconds since the device started, or since some other fixed moment. Nobody can
    /// set it, and it counts while the device sleeps.
    pub elapsed_ms: u64,
    /// A value that changes whenever the steady clock starts anew, for example at each start of the device.
    /// `None` if there is no such value: then a steady clock that shows less than before has started anew.
    pub boot: Option<[u8; 16]>,
}

/// Where the engine takes its time from: the machine's two clocks, or those of a test (SPEC 13.6). The
/// engine keeps the last reading in the store, so that time that passes between two processes counts too
/// (SPEC 12.4).
///
/// ```
/// # let password = selfsame::Secret::from("seven green bicycles");
/// # let client = selfsame::Client::on("laptop");
/// use std::sync::Arc;
/// use selfsame::{Clock, Engine, EmailProof, Environment, Policy, Reading};
///
/// /// A clock for tests, which stands still.
/// struct Still(u64);
///
/// impl Clock for Still {
///     fn read(&self) -> Reading {
///         Reading { wall_ms: self.0, elapsed_ms: self.0, boot: None }
///     }
/// }
///
/// let environment = Environment::system().with_clock(Arc::new(Still(1_767_225_600_000)));
/// let engine = Engine::in_memory(Policy::builder().email_proof(EmailProof::Later).build()?, environment)?;
/// let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
/// assert_eq!(session.auth_time.as_millis(), 1_767_225_600_000);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    fn r10_2_a_month_later_is_the_same_day_or_the_last_of_the_month() {
        for (from, to) in [
            ("2026-01-01T00:00:00.000Z", "2026-02-01T00:00:00.000Z"),
            ("2026-01-31T12:34:56.789Z", "2026-02-28T12:34:56.789Z"),
            ("2028-01-31T12:34:56.789Z", "2028-02-29T12:34:56.789Z"),
            ("2028-02-29T00:00:00.001Z", "2028-03-29T00:00:00.001Z"),
            ("2026-03-31T00:00:00.000Z", "2026-04-30T00:00:00.000Z"),
            ("2026-12-31T23:59:59.999Z", "2027-01-31T23:59:59.999Z"),
            ("2100-01-30T00:00:00.000Z", "2100-02-28T00:00:00.000Z"),
        ] {
            let number = |at: std::ops::Range<usize>| from.get(at).unwrap().parse::<u64>().unwrap();
            let seconds = number(11..13) * 3_600 + number(14..16) * 60 + number(17..19);
            // Walks day by day, so that the function is not tested by its own inverse.
            let (date, _) = from.split_once('T').unwrap();
            let day =
                (0..60_000).map(|day| Timestamp(day * DAY_MS)).find(|day| day.rfc3339().starts_with(date));
            let start = Timestamp(day.unwrap().0 + seconds * 1_000 + number(20..23));
            assert_eq!(start.rfc3339(), from);
            assert_eq!(start.month_later().rfc3339(), to);
        }
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
