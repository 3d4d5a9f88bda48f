//! What is left in the memory of a process that has put its store away: no password, no code, no token, no TOTP
//! secret and no key.
//!
//! The test reads its own memory, so it must not hold what it looks for: everything secret is kept with its bytes
//! flipped, and made plain where it is used alone. One test is in this binary, so that nothing runs beside it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test stops at what it did not expect, and prints its figures"
)]

#[cfg(target_os = "linux")]
mod suspended;

#[cfg(not(target_os = "linux"))]
#[test]
#[ignore = "wants the memory of a process as Linux shows it in /proc"]
fn after_suspend_no_secret_is_left_in_memory() {
    panic!("it is not shown here");
}
