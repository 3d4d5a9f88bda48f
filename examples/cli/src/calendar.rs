//! Times as text.

use std::time::Duration;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `1 Jan 2026, 00:00`; with seconds if they are not zero.
pub(crate) fn moment(ms: u64) -> String {
    format!("{}, {}", day(ms), clock(ms))
}

/// `1 Jan 2026`, in UTC.
pub(crate) fn day(ms: u64) -> String {
    // Howard Hinnant's `civil_from_days`: eras of 400 years that begin on the 1st of March.
    let days = ms / 86_400_000 + 719_468;
    let day_of_era = days % 146_097;
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let march_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * march_month + 2) / 5 + 1;
    let month = if march_month < 10 { march_month + 2 } else { march_month - 10 };
    let year = year_of_era + days / 146_097 * 400 + u64::from(month < 2);
    let name = usize::try_from(month).ok().and_then(|month| MONTHS.get(month)).copied().unwrap_or("?");
    format!("{day} {name} {year}")
}

/// `01 Jan 2026`, with a fixed width for tables.
pub(crate) fn wide_day(ms: u64) -> String {
    format!("{:0>11}", day(ms))
}

/// `01 Jan 2026, 00:00:00`, with a fixed width for tables.
pub(crate) fn wide_moment(ms: u64) -> String {
    let seconds = ms / 1_000;
    format!("{}, {:02}:{:02}:{:02}", wide_day(ms), seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60)
}

/// Parses a day like `2026-01-31` and returns its start in UTC. Returns `None` for anything but a day since 1970.
pub(crate) fn parse_day(text: &str) -> Option<u64> {
    let mut parts = text.splitn(3, '-').map(|part| {
        let is_number = part.bytes().all(|byte| byte.is_ascii_digit());
        part.parse::<u64>().ok().filter(|_| is_number)
    });
    let (year, month, date) = (parts.next()??, parts.next()??, parts.next()??);
    if !(1970..=9999).contains(&year) || !(1..=12).contains(&month) || !(1..=31).contains(&date) {
        return None;
    }
    // Hinnant's `days_from_civil`, the other way round.
    let march_year = year - u64::from(month <= 2);
    let march_month = (month + 9) % 12;
    let day_of_year = (153 * march_month + 2) / 5 + date - 1;
    let days = march_year * 365 + march_year / 4 - march_year / 100 + march_year / 400 + day_of_year;
    let ms = days.checked_sub(719_468)? * 86_400_000;
    // Rejects days that the month does not have.
    let month = usize::try_from(month - 1).ok().and_then(|month| MONTHS.get(month))?;
    (day(ms) == format!("{date} {month} {year}")).then_some(ms)
}

/// `00:00`; with seconds and milliseconds if they are not zero.
pub(crate) fn clock(ms: u64) -> String {
    let (seconds, rest) = (ms / 1_000 % 60, ms % 1_000);
    let minutes = format!("{:02}:{:02}", ms / 3_600_000 % 24, ms / 60_000 % 60);
    match (seconds, rest) {
        (0, 0) => minutes,
        (seconds, 0) => format!("{minutes}:{seconds:02}"),
        (seconds, rest) => format!("{minutes}:{seconds:02}.{rest:03}"),
    }
}

/// `2 hours 30 minutes`.
pub(crate) fn span(span: Duration) -> String {
    let ms = u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    let parts = [
        (ms / 86_400_000, "day"),
        (ms / 3_600_000 % 24, "hour"),
        (ms / 60_000 % 60, "minute"),
        (ms / 1_000 % 60, "second"),
        (ms % 1_000, "millisecond"),
    ];
    let said: Vec<_> = parts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, unit)| format!("{count} {unit}{}", if count == 1 { "" } else { "s" }))
        .collect();
    if said.is_empty() { "no time".to_owned() } else { said.join(" ") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_a_readable_form() {
        for (ms, read) in [
            (0, "1 Jan 1970, 00:00"),
            (951_782_400_000, "29 Feb 2000, 00:00"),
            (951_868_800_000, "1 Mar 2000, 00:00"),
            (1_767_225_599_999, "31 Dec 2025, 23:59:59.999"),
            (1_767_225_660_000, "1 Jan 2026, 00:01"),
        ] {
            assert_eq!(moment(ms), read, "{ms}");
        }
        assert_eq!(wide_moment(1_767_225_659_999), "01 Jan 2026, 00:00:59");
        assert_eq!(wide_day(1_793_923_200_000), "06 Nov 2026");
        assert_eq!(span(Duration::from_secs(90_000)), "1 day 1 hour");
        assert_eq!(span(Duration::from_millis(59_999)), "59 seconds 999 milliseconds");
        assert_eq!(span(Duration::ZERO), "no time");
    }
    #[test]
    fn a_formatted_day_parses_to_itself() {
        for (text, read) in [
            ("1970-01-01", Some(0)),
            ("2000-02-29", Some(951_782_400_000)),
            ("2026-01-01", Some(1_767_225_600_000)),
            ("9999-12-31", Some(253_402_214_400_000)),
            ("2026-02-29", None),
            ("2026-04-31", None),
            ("1969-12-31", None),
            ("2026-13-01", None),
            ("2026-1", None),
            ("+2026-01-01", None),
            ("10000-01-01", None),
            ("", None),
        ] {
            assert_eq!(parse_day(text), read, "{text}");
        }
    }
}
