//! An account from its sign-up to its purge: what its owner, support and a stranger can do, by the rules of
//! docs/RULES.md, on a world of its own for each test.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test stops at what it did not expect"
)]

mod account;
mod deletion;
mod email_change;
mod enumeration;
mod explain;
mod import;
mod later;
mod linking;
mod methods;
mod mfa;
mod outbox;
mod picker;
mod privacy;
mod products;
mod races;
mod recovery;
mod sessions;
mod sign_in;
mod sign_up;
mod stories;
mod support;
mod undo;
