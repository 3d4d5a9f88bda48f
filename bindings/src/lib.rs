//! The face of the engine for Swift, Kotlin and Python: mirrors of its records and enums, and two objects
//! of one-line methods. Nothing is decided here.
//!
//! A mirror repeats the definition in the core field by field, and does not compile where the two differ.

mod account;
mod audit;
mod client;
mod engine;
mod error;
mod flow;
mod host;
mod id;
mod mail;
mod policy;
mod provider;
mod secret;
mod session;
mod unlock;

pub use account::AccountHandle;
pub use client::ClientInfo;
pub use engine::Engine;
pub use error::SelfsameError;
pub use flow::flow_of;
pub use host::Health;
pub use policy::Policy;
pub use provider::{provider_apple, provider_google, provider_x};
pub use secret::generate_host_key;

uniffi::setup_scaffolding!();

/// Which build the library is: the version and a hash of all that crosses. A package compares it with the
/// one that its module was generated from, because a call into another build has no defined outcome.
#[uniffi::export]
pub fn build_id() -> String {
    env!("SELFSAME_BUILD_ID").to_owned()
}
