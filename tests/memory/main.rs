//! After a process has suspended its store, its memory contains no password, no code, no token, no TOTP secret and no
//! key.
//!
//! The test reads its own memory, so it must not contain what it looks for. It keeps every secret with flipped bytes
//! and restores them only where it uses the secret. The binary has only one test, so that nothing runs beside it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test panics on anything unexpected and prints its figures"
)]

#[cfg(target_os = "linux")]
mod suspended;

#[cfg(not(target_os = "linux"))]
#[test]
#[ignore = "needs Linux, where /proc shows a process's memory"]
fn after_suspend_no_secret_is_left_in_memory() {
    panic!("this system has no /proc");
}
