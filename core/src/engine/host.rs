//! What the program that embeds the engine does for the engine: set the time, check its health (SPEC 12.4, 13.4).

#[cfg(feature = "testing")]
use std::collections::BTreeMap;
#[cfg(feature = "testing")]
use std::sync::Arc;
use std::time::Duration;

use super::Engine;
#[cfg(feature = "testing")]
use crate::crypto::tally::TallyKey;
use crate::error::Error;
use crate::ground::codec::Record;
#[cfg(feature = "json")]
use crate::ground::json;
use crate::ground::time::Timestamp;
use crate::records::clock::ClockEvent;
use crate::records::header::Header;
use crate::rules::time::TOLERANCE;
#[cfg(feature = "testing")]
use crate::store::port::{Read, StoreError};

/// How many due purges are counted at most.
const COUNTED_AT_MOST: usize = 10_000;

impl Engine {
    /// Sets the time that the host knows from a network or a person. If a wrong clock left the high-water
    /// mark in the future, the mark goes back to this time. The engine records the change, which shortens no
    /// wait (SPEC 12.4).
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// use selfsame::Timestamp;
    ///
    /// # let answer = selfsame::Clock::read(&selfsame::SystemClock).wall_ms;
    /// // `answer` comes from a time server, in milliseconds since 1970.
    /// engine.set_trusted_time(Timestamp::from_millis(answer))?;
    /// assert_eq!(engine.health()?.clock_events, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error`] from the store.
    pub fn set_trusted_time(&self, time: Timestamp) -> Result<(), Error> {
        let inner = self.inner()?;
        let moment = inner.moment()?;
        Ok(inner.write_clock(&moment, false, &mut |_, clock| {
            clock.time = moment.trusting(time, &clock.time);
            // A sighting at a time in the future does not count (SPEC 9.4).
            clock.sightings.retain(|seen| seen.wall <= time + TOLERANCE);
            Ok(Some(ClockEvent::Trusted { from: moment.now(), to: time }))
        })?)
    }

    /// Returns the state of the store (SPEC 13.4). Counts accounts, messages and waiting flows each time: about
    /// 0.2 seconds for 100,000 accounts.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// let health = engine.health()?;
    /// if health.erasure_pending.is_some() {
    ///     println!("Call `rekey` within 7 days.");
    /// }
    /// assert_eq!((health.accounts, health.outbox), (1, 1));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error`] from the store.
    pub fn health(&self) -> Result<Health, Error> {
        let inner = self.inner()?;
        let rolled_back = inner.moment()?.rolled_back;
        let (file_size, on_network) = (inner.store.size()?, inner.store.is_on_network()?);
        self.look(|view, _| {
            let (meta, clock) = (view.meta()?, view.clock()?);
            Ok(Ok(Health {
                schema_version: Header::VERSION,
                accounts: view.count_accounts()?,
                file_size,
                on_network,
                erasure_pending: meta.erasure_pending,
                rollback_protected: inner.store.is_anchored(),
                has_reserve: inner.store.has_reserve(),
                clock_rolled_back_by: rolled_back,
                clock_events: clock.events,
                outbox: view.outbox()?,
                undelivered: meta.undelivered,
                due_purges: view.count_due(COUNTED_AT_MOST)?,
                waiting_flows: u32::try_from(view.count_waiting()?).unwrap_or(u32::MAX),
            }))
        })
    }

    /// Verifies the integrity of the whole store: it holds all that was written to it, and nothing else.
    /// Opening a store does this too, unless policy turns it off. Other acts continue meanwhile, except in a
    /// store with an anchor: there they wait. [`Self::suspend`] always waits.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("accounts.selfsame");
    /// # let key = selfsame::HostKey::generate(&selfsame::SystemEntropy)?;
    /// # let options = selfsame::Engine::options(selfsame::Unlock::HostKey(key));
    /// # let engine = options.create(&path)?;
    /// // Once a week, for example, if the policy does not verify the file when it opens.
    /// engine.verify_store()?;
    /// # assert_eq!(engine.health()?.clock_events, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error::Damaged`] if the store is damaged. Restore a backup.
    pub fn verify_store(&self) -> Result<(), Error> {
        Ok(self.inner()?.store.verify()?)
    }

    /// Returns how many commits the store has seen, for tests that count them.
    ///
    /// # Errors
    /// Returns [`Error`] from the store.
    #[cfg(feature = "testing")]
    pub fn commits(&self) -> Result<u64, Error> {
        Ok(self.inner()?.store.commit_stamp()?)
    }

    /// Returns the key of the integrity check over all rows, for tests that open the store without an engine.
    ///
    /// # Errors
    /// Returns [`Error`] from the store.
    #[cfg(feature = "testing")]
    pub fn tally_key(&self) -> Result<Arc<TallyKey>, Error> {
        Ok(self.inner()?.keys()?.tally())
    }

    /// Reads the rows of the store as they are.
    ///
    /// # Errors
    /// Returns [`Error`] from the store or from `look`.
    #[cfg(feature = "testing")]
    pub fn look_at(&self, look: &mut dyn FnMut(&dyn Read) -> Result<(), StoreError>) -> Result<(), Error> {
        Ok(self.inner()?.store.read(look)?)
    }

    /// Returns every row of the store as it is, for tests that compare stores byte by byte.
    ///
    /// # Errors
    /// Returns [`Error`] from the store.
    #[cfg(feature = "testing")]
    pub fn dump(&self) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, Error> {
        let mut rows = BTreeMap::new();
        self.look_at(&mut |read| {
            read.scan(&[], &[u8::MAX; 64], usize::MAX, &mut |key, value| {
                rows.insert(key.to_vec(), value.to_vec());
                std::ops::ControlFlow::Continue(())
            })
        })?;
        Ok(rows)
    }
}

/// The state of a store.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct Health {
    /// The version of the store's format.
    pub schema_version: u8,
    /// How many accounts there are, including those pending deletion.
    pub accounts: u64,
    /// The size of the file in bytes. `None` if the store is in memory.
    pub file_size: Option<u64>,
    /// Whether the file is on a network file system such as NFS, SMB or 9p, or on FUSE, which may be one. If it is,
    /// move it to a disk of this machine: the server or the program behind the file system decides whether locks keep
    /// other machines out and whether a synced commit survives a power failure. `None` if the store is in memory, or
    /// if the system does not say (only Linux, Android, macOS and iOS do).
    pub on_network: Option<bool>,
    /// Since when the file may contain purged data that the current keys can read. `None` if it contains none
    /// (SPEC 10.4).
    pub erasure_pending: Option<Timestamp>,
    /// Whether an older copy of the file would be refused. This requires an [anchor](crate::Anchor).
    pub rollback_protected: bool,
    /// Whether space is reserved beside the file, so that signing out, ending sessions and deletion work on a
    /// full disk. Always `false` if the store is in memory.
    pub has_reserve: bool,
    /// How far the wall clock is behind the latest time that the store has seen. `None` if it was not set
    /// back. In JSON, in milliseconds.
    #[cfg_attr(feature = "json", serde(default, with = "json::Millis"))]
    pub clock_rolled_back_by: Option<Duration>,
    /// How often the clock was set back or corrected.
    pub clock_events: u64,
    /// How many messages wait for delivery.
    pub outbox: usize,
    /// How many messages were dropped because their delivery failed for 3 days (SPEC 13.1).
    pub undelivered: u64,
    /// How many deleted accounts still have rows, up to 10,000.
    pub due_purges: usize,
    /// How many flows wait for a mailed code.
    pub waiting_flows: u32,
}
