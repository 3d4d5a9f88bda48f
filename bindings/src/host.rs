//! What the program that embeds the engine does for the engine.

use std::time::Duration;

use selfsame::{Message, MessageId, ProviderId, Timestamp};

use crate::engine::Engine;
use crate::error::SelfsameError;
use crate::number::{at_most, counted};

#[uniffi::export]
impl Engine {
    /// Fetches up to `most` messages that are due, in the order in which they are due, at most 32 in one call.
    /// Adds the deletion reminders that are due. The life of a code starts when its message is fetched.
    ///
    /// Leases each message for 60 seconds, so that several workers can share the outbox. A message comes again
    /// until it is reported as delivered. If nothing is due, the call only reads.
    pub fn messages(&self, most: u32) -> Result<Vec<Message>, SelfsameError> {
        Ok(self.core().messages(at_most(most))?)
    }

    /// Reports a message as delivered and drops it, even if its lease has ended. Has no effect if the message
    /// does not exist, so you can report it twice.
    pub fn delivered(&self, message: MessageId) -> Result<(), SelfsameError> {
        Ok(self.core().delivered(message)?)
    }

    /// Reports that a message could not be delivered. The message keeps its id and comes again after 1, 2, 4 and
    /// up to 60 minutes. Returns that time, or nothing if the engine drops the message, which it does 3 days after
    /// the first failure.
    ///
    /// After the first failure, the life of a code starts again when its message is fetched again.
    pub fn failed(&self, message: MessageId) -> Result<Option<Timestamp>, SelfsameError> {
        Ok(self.core().failed(message)?)
    }

    /// Removes rows that have no effect any more: flows that have ended, old rate limits of addresses and old
    /// reminders of deletions. Returns `true` if more flows have ended than the 256 that one call removes.
    /// `messages` and `purge_due` do this too. Call it once a day if your program calls neither. Nothing else
    /// depends on this call.
    pub fn sweep(&self) -> Result<bool, SelfsameError> {
        Ok(self.core().sweep()?)
    }

    /// Sets the keys of a provider, in place of its earlier ones. `jwks` is a JSON Web Key Set (RFC 7517).
    /// The host fetches it from where the provider publishes it, over a connection that the host trusts.
    ///
    /// Raises `UnknownProvider` if policy names no such provider of ID tokens; `InvalidKeys` if `jwks` is
    /// not a valid key set. The earlier keys then stay in force.
    pub fn set_keys(&self, provider: ProviderId, jwks: String) -> Result<(), SelfsameError> {
        Ok(self.core().set_keys(&provider, &jwks)?)
    }

    /// Sets the time that the host knows from a network or a person. If a wrong clock left the high-water
    /// mark in the future, the mark goes back to this time. The engine records the change, which shortens no
    /// wait.
    pub fn set_trusted_time(&self, time: Timestamp) -> Result<(), SelfsameError> {
        Ok(self.core().set_trusted_time(time)?)
    }

    /// Returns the state of the store. Counts accounts, messages and waiting flows each time: about 0.2 seconds
    /// for 100,000 accounts.
    pub fn health(&self) -> Result<Health, SelfsameError> {
        Ok(self.core().health()?.into())
    }

    /// Verifies the integrity of the whole store: it holds all that was written to it, and nothing else.
    /// Opening a store does this too, unless policy turns it off. Other acts continue meanwhile, except in a
    /// store with an anchor: there they wait. `suspend` always waits.
    ///
    /// Raises `Damaged` if the store is damaged. Restore a backup.
    pub fn verify_store(&self) -> Result<(), SelfsameError> {
        Ok(self.core().verify_store()?)
    }
}

/// The state of a store.
#[derive(uniffi::Record)]
pub struct Health {
    /// The version of the store's format.
    pub schema_version: u8,
    /// How many accounts there are, including those pending deletion.
    pub accounts: u64,
    /// The size of the file in bytes. Absent if the store is in memory.
    pub file_size: Option<u64>,
    /// Whether the file is on a network file system such as NFS, SMB or 9p, or on FUSE, which may be one. If it is,
    /// move it to a disk of this machine: the server or the program behind the file system decides whether locks keep
    /// other machines out and whether a synced commit survives a power failure. Absent if the store is in memory, or
    /// if the system does not say (only Linux, Android, macOS and iOS do).
    pub on_network: Option<bool>,
    /// Since when the file may contain purged data that the current keys can read. Absent if it contains
    /// none.
    pub erasure_pending: Option<Timestamp>,
    /// Whether an older copy of the file would be refused. This requires an anchor.
    pub rollback_protected: bool,
    /// Whether space is reserved beside the file, so that signing out, ending sessions and deletion work on a
    /// full disk. Never if the store is in memory.
    pub has_reserve: bool,
    /// How far the wall clock is behind the latest time that the store has seen. Absent if it was not set
    /// back.
    pub clock_rolled_back_by: Option<Duration>,
    /// How often the clock was set back or corrected.
    pub clock_events: u64,
    /// How many messages wait for delivery.
    pub outbox: u64,
    /// How many messages were dropped because their delivery failed for 3 days.
    pub undelivered: u64,
    /// How many deleted accounts still have rows, up to 10,000.
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
            on_network,
            erasure_pending,
            rollback_protected,
            has_reserve,
            clock_rolled_back_by,
            clock_events,
            outbox,
            undelivered,
            due_purges,
            waiting_flows,
        } = health;
        Self {
            schema_version,
            accounts,
            file_size,
            on_network,
            erasure_pending,
            rollback_protected,
            has_reserve,
            clock_rolled_back_by,
            clock_events,
            outbox: counted(outbox),
            undelivered,
            due_purges: counted(due_purges),
            waiting_flows,
        }
    }
}
