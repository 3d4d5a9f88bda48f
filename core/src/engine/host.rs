//! What the program that embeds the engine does for it: deliver messages, tell the time, look after it
//! (SPEC 13.1, 12.4).

#[cfg(feature = "testing")]
use std::collections::BTreeMap;
#[cfg(feature = "testing")]
use std::sync::Arc;
use std::time::Duration;

use super::Engine;
use crate::crypto::draw::Draw;
#[cfg(feature = "testing")]
use crate::crypto::tally::TallyKey;
use crate::error::Error;
use crate::ground::codec::Record;
use crate::ground::time::Timestamp;
use crate::records::context::Context;
use crate::records::header::Header;
use crate::records::mailed_code::TypedIn;
use crate::records::message::{Body, Message, Outgoing};
use crate::records::meta::ClockEvent;
use crate::records::verdict::{Change, Verdict};
use crate::store::lower::{Mark, lower};
#[cfg(feature = "testing")]
use crate::store::port::Read;
use crate::store::port::StoreError;
use crate::store::view::View;

/// Messages fetched at once, so that an act stays within a store's limits.
const FETCHED_AT_ONCE: usize = 32;
/// Due purges that are counted.
const COUNTED_AT_MOST: usize = 10_000;

impl Engine {
    /// Fetches up to `most` messages (32 at once), oldest first. Fetching starts the life of the codes in
    /// them (SPEC 12.5), and reminders of deletions that are due join the end of the line; a message comes again until it is [delivered](Self::delivered).
    ///
    /// # Errors
    /// [`Error`] from the store.
    pub fn messages(&self, most: usize) -> Result<Vec<Message>, Error> {
        self.remind()?;
        // What goes to nobody is dropped on the way, and stands in nobody's way: an empty answer means
        // that there is nothing.
        loop {
            let (fetched, is_all) = self.fetch(most.min(FETCHED_AT_ONCE))?;
            if is_all || !fetched.is_empty() {
                return Ok(fetched);
            }
        }
    }

    /// Fetches from the first `most` rows of the outbox; whether these were all.
    fn fetch(&self, most: usize) -> Result<(Vec<Message>, bool), Error> {
        self.act(|view, ctx| {
            let mut changes = Vec::new();
            let mut fetched = Vec::new();
            let messages = view.messages(most)?;
            let is_all = messages.len() < most || most == 0;
            for mut message in messages {
                if message.is_void(ctx.now) {
                    changes.push(Change::Delivered(message.id));
                    continue;
                }
                if message.fetched_at.is_none() {
                    message.fetched_at = Some(ctx.now);
                    // Also where it goes to nobody: their flow ends as everybody's does (SPEC 4.7).
                    changes.extend(started(view, &message, ctx)?);
                    let keeps = Change::Message(message.clone());
                    let drops = Change::Delivered(message.id);
                    changes.push(if message.is_to_nobody() { drops } else { keeps });
                }
                if !message.is_to_nobody() {
                    fetched.push(message.to_message());
                }
            }
            Ok(Verdict::done((fetched, is_all), changes))
        })
    }

    /// The message was delivered: it is dropped. One that is not there is no error, so that a host may
    /// say so twice.
    ///
    /// # Errors
    /// [`Error`] from the store.
    pub fn delivered(&self, message: u64) -> Result<(), Error> {
        self.act(|view, _| {
            let known = view.message(message)?.map(|_| Change::Delivered(message));
            Ok(Verdict::done((), known.into_iter().collect()))
        })
    }

    /// The message could not be delivered: it goes to the end of the line with a new number, so that it
    /// stands in no other's way, and the failure is counted.
    ///
    /// # Errors
    /// [`Error`] from the store.
    pub fn failed(&self, message: u64) -> Result<(), Error> {
        self.act(|view, _| {
            let Some(mut failed) = view.message(message)? else { return Ok(Verdict::done((), Vec::new())) };
            failed.failures = failed.failures.saturating_add(1);
            Ok(Verdict::done((), vec![Change::Delivered(message), Change::Send(failed)]))
        })
    }

    /// The host knows the time, from a network or a person: a high-water mark that a wrong clock left in
    /// the future goes back to it. It is recorded, and shortens no wait (SPEC 12.4).
    ///
    /// # Errors
    /// [`Error`] from the store.
    pub fn set_trusted_time(&self, time: Timestamp) -> Result<(), Error> {
        let inner = &*self.inner;
        let before = inner.time.moment().now;
        let moment = inner.time.trusted(time);
        let draw = Draw::new(&*inner.environment.entropy)?;
        let mark = Mark {
            due: true,
            forced: true,
            clock_event: Some(ClockEvent::Trusted { from: before, to: moment.now }),
        };
        inner.store.write(&mut |read| {
            let keys = inner.keys.get()?;
            let ctx = inner.context(&moment, &draw, &keys);
            let view = View::new(read, &keys, ctx.now);
            // What was seen at a time that has not come was not seen (SPEC 9.4).
            let mut sightings = view.meta()?.sightings;
            sightings.retain(|seen| *seen <= ctx.now);
            let changes = vec![Change::Sightings(sightings)];
            lower(&view, &ctx, &*inner.environment.entropy, changes, mark.clone())
        })?;
        inner.time.trust(&moment);
        Ok(())
    }

    /// How the store is (SPEC 13.4).
    ///
    /// # Errors
    /// [`Error`] from the store.
    pub fn health(&self) -> Result<Health, Error> {
        let rolled_back = self.inner.time.moment().rolled_back;
        let file_size = self.inner.store.size()?;
        self.look(|view, _| {
            let meta = view.meta()?;
            Ok(Ok(Health {
                schema_version: Header::VERSION,
                accounts: meta.accounts,
                file_size,
                erasure_pending: meta.erasure_pending,
                rollback_protected: self.inner.store.is_anchored(),
                has_reserve: self.inner.store.has_reserve(),
                clock_rolled_back_by: rolled_back,
                clock_events: meta.clock_events,
                outbox: view.outbox()?,
                due_purges: view.count_due(COUNTED_AT_MOST)?,
                waiting_flows: meta.sign_ups.saturating_add(meta.resets),
            }))
        })
    }

    /// Reads the whole store, and whether it holds what was written to it, all of that and nothing else. Opening
    /// does this unless policy says otherwise. Acts go on meanwhile, but those of a store with an anchor, which
    /// wait as [`Self::suspend`] does.
    ///
    /// # Errors
    /// [`Error::Damaged`] where it does not: restore a backup.
    pub fn verify_store(&self) -> Result<(), Error> {
        Ok(self.inner.store.verify()?)
    }

    /// How many commits the store has seen, for tests that count.
    ///
    /// # Errors
    /// [`Error`] from the store.
    #[cfg(feature = "testing")]
    pub fn commits(&self) -> Result<u64, Error> {
        Ok(self.inner.store.commit_stamp()?)
    }

    /// The key that the store's rows as a whole are held against, for tests that open it without an engine.
    ///
    /// # Errors
    /// [`Error`] from the store.
    #[cfg(feature = "testing")]
    pub fn tally_key(&self) -> Result<Arc<TallyKey>, Error> {
        Ok(self.inner.keys()?.tally())
    }

    /// Looks at the rows of the store as they are.
    ///
    /// # Errors
    /// [`Error`] from the store or from `look`.
    #[cfg(feature = "testing")]
    pub fn look_at(&self, look: &mut dyn FnMut(&dyn Read) -> Result<(), StoreError>) -> Result<(), Error> {
        Ok(self.inner.store.read(look)?)
    }

    /// Every row of the store as it is, for tests that compare stores byte by byte.
    ///
    /// # Errors
    /// [`Error`] from the store.
    #[cfg(feature = "testing")]
    pub fn dump(&self) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, Error> {
        let mut rows = BTreeMap::new();
        self.look_at(&mut |read| {
            read.scan(&[], &[u8::MAX; 64], &mut |key, value| {
                rows.insert(key.to_vec(), value.to_vec());
                std::ops::ControlFlow::Continue(())
            })
        })?;
        Ok(rows)
    }
}

/// How a store is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Health {
    /// The version of the store's format.
    pub schema_version: u8,
    /// How many accounts there are, those on their way to deletion included.
    pub accounts: u64,
    /// How many bytes the file has; nothing where the store is in memory.
    pub file_size: Option<u64>,
    /// Since when what was purged can still be read from the file by who has its old keys, if it can
    /// (SPEC 10.4).
    pub erasure_pending: Option<Timestamp>,
    /// Whether an older copy of the file would be refused. Only an [anchor](crate::Anchor) can do that.
    pub rollback_protected: bool,
    /// Whether room is set aside beside the file for signing out, ending sessions and deletion to work on a full
    /// disk. Never where the store is in memory.
    pub has_reserve: bool,
    /// How far the wall clock stands behind the latest time that the store has seen, if it was set back.
    pub clock_rolled_back_by: Option<Duration>,
    /// How often the clock was found set back or was put right.
    pub clock_events: u64,
    /// How many messages wait to be delivered.
    pub outbox: usize,
    /// How many accounts are gone whose rows are still there, up to 10,000.
    pub due_purges: usize,
    /// How many flows wait for a mailed code.
    pub waiting_flows: u32,
}

/// Whose living code is in the message: its life begins now. A flow waits as long.
fn started(view: &View<'_>, message: &Outgoing, ctx: &Context<'_>) -> Result<Option<Change>, StoreError> {
    let Body::Code { typed_in, serial, .. } = &message.body else { return Ok(None) };
    match typed_in {
        TypedIn::Flow(flow) => {
            let Some(mut flow) = view.flow(*flow)? else { return Ok(None) };
            let slot = flow.state.proving_mut().and_then(|proving| proving.code.as_mut());
            let Some(slot) = slot.filter(|slot| slot.serial == *serial) else { return Ok(None) };
            slot.fetched_at = Some(ctx.now);
            flow.expires_at = slot.ends_at();
            Ok(Some(Change::Flow(Box::new(flow))))
        }
        TypedIn::Session(account, _) => {
            if view.account(*account)?.is_none() {
                return Ok(None);
            }
            let Some(mut pending) = view.pending(*account)? else { return Ok(None) };
            let slot = pending.proving.code.as_mut().filter(|slot| slot.serial == *serial);
            let Some(slot) = slot else { return Ok(None) };
            slot.fetched_at = Some(ctx.now);
            Ok(Some(Change::Pending { account: *account, pending: Box::new(pending) }))
        }
    }
}
