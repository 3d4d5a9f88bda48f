//! The file: how it is unlocked, which data it reveals, and how changed or restored files are refused.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test panics on anything unexpected"
)]

mod anchor_model;
mod attacker;
mod erasure;
mod fixture;
mod isolation;
mod large;
mod rollback;
mod secrets;
mod shared;
mod store_strangers;
mod strangers;
mod tampering;
mod ten_kinds;
mod unlock;
