//! Times as people read them.

use std::time::Duration;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `1 Jan 2026, 00:00`; seconds where there are any.
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

/// `00:00`; seconds, and their thousandths, where there are any.
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
    fn times_read_as_people_write_them() {
        for (ms, read) in [
            (0, "1 Jan 1970, 00:00"),
            (951_782_400_000, "29 Feb 2000, 00:00"),
            (951_868_800_000, "1 Mar 2000, 00:00"),
            (1_767_225_599_999, "31 Dec 2025, 23:59:59.999"),
            (1_767_225_660_000, "1 Jan 2026, 00:01"),
        ] {
            assert_eq!(moment(ms), read, "{ms}");
        }
        assert_eq!(span(Duration::from_secs(90_000)), "1 day 1 hour");
        assert_eq!(span(Duration::from_millis(59_999)), "59 seconds 999 milliseconds");
        assert_eq!(span(Duration::ZERO), "no time");
    }
}
