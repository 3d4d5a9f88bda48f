//! Floor 5: the rows, and the only place that uses redb.
//!
//! [`port`] is what the floors above may use. [`redb`] implements it in a file or in memory.

#![cfg_attr(not(feature = "testing"), allow(unreachable_pub, reason = "public through `testing` only"))]

pub(crate) mod ahead;
pub(crate) mod anchor;
pub(crate) mod lower;
pub(crate) mod port;
pub(crate) mod tables;
pub(crate) mod view;

mod batch;
#[cfg(any(test, feature = "testing"))]
pub(crate) mod broken;
#[cfg(any(test, feature = "testing"))]
mod case;
mod claim;
mod commit_queue;
#[cfg(any(test, feature = "testing"))]
pub(crate) mod conformance;
mod create;
mod deletion;
pub(crate) mod file;
pub(crate) mod flow;
mod handle;
mod imported;
mod in_memory;
mod inside;
pub(crate) mod medium;
#[cfg(any(test, feature = "testing"))]
pub(crate) mod memory;
mod network;
pub(crate) mod open;
mod outbox;
mod place;
#[cfg(feature = "postgres")]
pub(crate) mod postgres;
pub(crate) mod process;
#[cfg(any(test, feature = "testing"))]
mod race;
mod range;
#[cfg(feature = "testing")]
mod raw;
pub(crate) mod recast;
mod recognition;
pub(crate) mod redb;
mod reserve;
mod rewrite;
mod rows;
mod session;
pub(crate) mod settings;
mod stage;
mod stamp;
#[cfg(test)]
mod tests;
mod trial;

/// What tests may reach of the store.
#[cfg(feature = "testing")]
pub(crate) mod testing {
    pub use super::broken::{BrokenStore, Fault};
    pub use super::conformance::{Case, Make, cases, conformance};
    pub use super::file::FileMedium;
    pub use super::in_memory::MemoryMedium;
    pub use super::inside::Entrance;
    pub use super::medium::{Identity, Medium, Opened};
    pub use super::memory::BTreeStore;
    pub use super::open::Keyring;
    pub use super::port::{
        Decide, MAX_ACT, MAX_KEY, MAX_ROWS, MAX_VALUE, Read, Recast, Row, Store, StoreError, Visit, Want,
        Write,
    };
    #[cfg(feature = "postgres")]
    pub use super::postgres::store::PostgresStore;
    pub use super::raw::{raw_rows, with_raw_rows};
    pub use super::redb::RedbStore;
    pub use super::settings::Settings;
    pub use super::stage::{Changes, admit};
    pub use crate::crypto::tally::TallyKey;
    pub use ::redb::{BackendError, StorageBackend};
}
