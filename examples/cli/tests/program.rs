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
mod interrupt;
mod man;
mod mfa;
mod page;
mod placeholders;
mod play;
mod terminal;
mod tokens;
mod tour;
mod ways;
