//! The file: what opens it, what it shows and keeps, and what becomes of one that was changed or put back.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod anchor_model;
mod erasure;
mod fixture;
mod large;
mod rollback;
mod secrets;
mod store_strangers;
mod strangers;
mod tampering;
mod unlock;
