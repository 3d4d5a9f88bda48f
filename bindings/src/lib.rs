//! The API of the engine for Swift, Kotlin and Python: mirrors of its records and enums, and objects of
//! one-line methods. Nothing is decided here.
//!
//! A mirror repeats the definition in the core field by field, and does not compile where the two differ.

mod account;
mod anchor;
mod audit;
mod client;
mod deletion;
mod engine;
mod error;
mod explain;
mod flow;
mod host;
mod id;
mod import;
mod mail;
mod methods;
mod mfa;
mod number;
mod passkey;
mod policy;
mod privacy;
mod problem;
mod product;
mod provider;
mod secret;
mod session;
mod support;
mod table;
mod unlock;

pub use account::{AccountHandle, AccountView, AddressView, works_offline};
pub use anchor::{Anchor, AnchorFailed, adopt_file};
pub use audit::{describe_action, describe_event};
pub use client::ClientInfo;
pub use engine::Engine;
pub use error::SelfsameError;
pub use explain::{Effect, Explanation};
pub use flow::flow_of;
pub use host::Health;
pub use mail::{mailed_code, message_name};
pub use mfa::{QrCode, TotpEnrolment};
pub use policy::{Policy, policy_aal1, policy_aal2};
pub use privacy::export_schema;
pub use provider::{provider_apple, provider_google, provider_x};
pub use secret::generate_host_key;
pub use session::amr_value;
pub use support::SupportDesk;
pub use table::{InExport, Table, tables};
pub use unlock::{Keystore, KeystoreProblem, Unlock};

uniffi::setup_scaffolding!();

/// Returns the id of the build: the version and a hash of everything that crosses. A package compares it with
/// the id that its module was generated from, because a call into another build has no defined outcome.
#[uniffi::export]
pub fn build_id() -> String {
    env!("SELFSAME_BUILD_ID").to_owned()
}
