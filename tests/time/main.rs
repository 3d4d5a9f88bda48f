//! Clocks that are wrong, and stores that are years old.

mod clock;
mod months;
mod ten_years;
