//! Follows accounts from sign-up to purge: what owners, support staff and strangers can do by the rules of
//! docs/RULES.md. Each test has its own world.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test panics on anything unexpected"
)]

mod access;
mod account;
mod acts;
mod compromised;
mod deletion;
mod email_change;
mod enumeration;
mod explain;
mod flows;
mod hold;
mod import;
mod later;
mod linking;
mod methods;
mod mfa;
mod outbox;
mod passkeys;
mod picker;
mod privacy;
mod products;
mod proofs;
mod races;
mod recognition;
mod recovery;
mod required;
mod required_along;
mod reserved;
mod sessions;
mod sign_in;
mod sign_up;
mod standing;
mod stories;
mod support;
mod text;
mod undo;
mod undo_factors;
