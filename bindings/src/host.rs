//! What the program that embeds the engine does for it.

use std::time::Duration;

use selfsame::{Message, ProviderId, Timestamp};

use crate::engine::Engine;
use crate::error::SelfsameError;
use crate::number::{at_most, counted};

#[uniffi::export]
impl Engine {
    /// Fetches up to `most` messages (32 at once), oldest first. Fetching starts the life of the codes in
    /// them, and reminders of deletions that are due join the end of the line; a message comes again until
    /// it is delivered.
    pub fn messages(&self, most: u32) -> Result<Vec<Message>, SelfsameError> {
        Ok(self.core().messages(at_most(most))?)
    }

    /// The message was delivered: it is dropped. One that is not there is no error, so that a host may say
    /// so twice.
    pub fn delivered(&self, message: u64) -> Result<(), SelfsameError> {
        Ok(self.core().delivered(message)?)
    }

    /// The message could not be delivered: it goes to the end of the line with a new number, so that it
    /// stands in no other's way, and the failure is counted.
    pub fn failed(&self, message: u64) -> Result<(), SelfsameError> {
        Ok(self.core().failed(message)?)
    }

    /// The provider has these keys from now on: a JSON Web Key Set (RFC 7517) that the host has fetched
    /// where the provider publishes it, over a connection that it trusts. It replaces the one before.
    ///
    /// Raises `UnknownProvider` where policy names no such provider, or not for ID tokens; `InvalidKeys` for
    /// what is no key set, with the one before still in force.
    pub fn set_keys(&self, provider: ProviderId, jwks: String) -> Result<(), SelfsameError> {
        Ok(self.core().set_keys(&provider, &jwks)?)
    }

    /// The host knows the time, from a network or a person: a high-water mark that a wrong clock left in
    /// the future goes back to it. It is recorded, and shortens no wait.
    pub fn set_trusted_time(&self, time: Timestamp) -> Result<(), SelfsameError> {
        Ok(self.core().set_trusted_time(time)?)
    }

    /// How the store is.
    pub fn health(&self) -> Result<Health, SelfsameError> {
        Ok(self.core().health()?.into())
    }

    /// Reads the whole store, and whether it holds what was written to it, all of that and nothing else. Opening
    /// does this unless policy says otherwise. Acts go on meanwhile, but those of a store with an anchor, which
    /// wait as `suspend` does.
    ///
    /// Raises `Damaged` where it does not: restore a backup.
    pub fn verify_store(&self) -> Result<(), SelfsameError> {
        Ok(self.core().verify_store()?)
    }
}

/// How a store is.
#[derive(uniffi::Record)]
pub struct Health {
    /// The version of the store's format.
    pub schema_version: u8,
    /// How many accounts there are, those on their way to deletion included.
    pub accounts: u64,
    /// How many bytes the file has; nothing where the store is in memory.
    pub file_size: Option<u64>,
    /// Since when what was purged can still be read from the file by who has its old keys, if it can.
    pub erasure_pending: Option<Timestamp>,
    /// Whether an older copy of the file would be refused. Only an anchor can do that.
    pub rollback_protected: bool,
    /// Whether room is set aside beside the file for signing out, ending sessions and deletion to work on a full
    /// disk. Never where the store is in memory.
    pub has_reserve: bool,
    /// How far the wall clock stands behind the latest time that the store has seen, if it was set back.
    pub clock_rolled_back_by: Option<Duration>,
    /// How often the clock was found set back or was put right.
    pub clock_events: u64,
    /// How many messages wait to be delivered.
    pub outbox: u64,
    /// How many accounts are gone whose rows are still there, up to 10,000.
    pub due_purges: u64,
    /// How many flows wait for a mailed code.
    pub waiting_flows: u32,
}

impl From<selfsame::Health> for Health {
    fn from(health: selfsame::Health) -> Self {
        let selfsame::Health {
            schema_version,
            accounts,
            file_size,
            erasure_pending,
            rollback_protected,
            has_reserve,
            clock_rolled_back_by,
            clock_events,
            outbox,
            due_purges,
            waiting_flows,
        } = health;
        Self {
            schema_version,
            accounts,
            file_size,
            erasure_pending,
            rollback_protected,
            has_reserve,
            clock_rolled_back_by,
            clock_events,
            outbox: counted(outbox),
            due_purges: counted(due_purges),
            waiting_flows,
        }
    }
}
