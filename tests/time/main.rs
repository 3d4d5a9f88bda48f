//! Clocks that are wrong, and stores that are years old.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

mod clock;
mod months;
mod ten_years;
