//! Wrong clocks, and stores that are years old.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test panics on anything unexpected")]

mod adversary;
mod clock;
mod months;
mod restarts;
mod ten_years;
