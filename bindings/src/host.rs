//! What the program that embeds the engine does for it.

use std::time::Duration;

use selfsame::{Message, ProviderId, Timestamp};

use crate::engine::Engine;
use crate::error::SelfsameError;

#[uniffi::export]
impl Engine {
    /// Fetches up to `most` messages (32 at once), oldest first. Fetching starts the life of the codes in
    /// them; a message comes again until it is delivered.
    pub fn messages(&self, most: u32) -> Result<Vec<Message>, SelfsameError> {
        Ok(self.core().messages(usize::try_from(most).unwrap_or(usize::MAX))?)
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
}

/// How a store is.
#[derive(uniffi::Record)]
pub struct Health {
    /// How far the wall clock stands behind the latest time that the store has seen, if it was set back.
    pub clock_rolled_back_by: Option<Duration>,
    /// How often the clock was found set back or was put right.
    pub clock_events: u64,
    /// How many messages wait to be delivered.
    pub outbox: u64,
    /// How many flows wait for the proof of an address.
    pub waiting_flows: u32,
}

impl From<selfsame::Health> for Health {
    fn from(health: selfsame::Health) -> Self {
        let selfsame::Health { clock_rolled_back_by, clock_events, outbox, waiting_flows } = health;
        let outbox = u64::try_from(outbox).unwrap_or(u64::MAX);
        Self { clock_rolled_back_by, clock_events, outbox, waiting_flows }
    }
}
