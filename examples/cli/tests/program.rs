//! The program as it is run: the page of a tour, bad input, a terminal.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test stops at what it did not expect"
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
#[ignore = "wants the signals and the terminals of Unix"]
fn interrupted_and_typed_to() {
    panic!("there are none here");
}
