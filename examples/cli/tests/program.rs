//! Tests that run the program.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test panics on an unexpected value"
)]

mod answers;
mod bad_input;
mod data;
mod desk;
mod import;
#[cfg(unix)]
mod interrupt;
mod man;
mod mfa;
mod page;
mod placeholders;
mod play;
#[cfg(unix)]
mod terminal;
mod tokens;
mod tour;
mod ways;

#[cfg(not(unix))]
#[test]
#[ignore = "needs the signals and the terminals of Unix"]
fn interruptions_and_terminals() {
    panic!("this system has none");
}
