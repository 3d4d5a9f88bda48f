//! Wrong clocks, and stores that are years old.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test panics on anything unexpected")]

mod clock;
mod months;
mod ten_years;
