//! Floor 6: the calls. Each call loads facts, asks one rule, writes and answers.

pub(crate) mod account;
mod address;
mod assertion;
pub(crate) mod clock;
mod compromise;
mod deletion;
pub(crate) mod environment;
mod estimate;
mod explain;
mod export;
mod facts;
mod flow;
#[cfg(test)]
mod golden;
pub(crate) mod host;
mod import;
mod keyring;
mod message;
mod method;
mod mfa;
pub(crate) mod options;
mod passkey;
mod password;
mod picker;
mod privacy;
mod product;
mod renumber;
mod review;
mod room;
mod session;
mod sign_in;
pub(crate) mod support;
mod time;
mod undo;
pub(crate) mod unlock;
mod upkeep;

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, Mutex};

use self::environment::Environment;
use self::estimate::Estimate;
use self::keyring::StoreKeys;
use self::time::{Moment, Timekeeper};
use self::unlock::Unlock;
use crate::crypto::draw::Draw;
use crate::crypto::host_key::HostKey;
use crate::crypto::keys::Keys;
use crate::crypto::password::StoredPassword;
use crate::error::Error;
use crate::ground::time::Timestamp;
use crate::records::clock::{ClockEvent, StoredClock};
use crate::records::context::Context;
use crate::records::policy::Policy;
use crate::records::refusal::Refusal;
use crate::records::verdict::{Change, Verdict};
use crate::store::lower::{clock_rows, lower};
use crate::store::port::{Read, Store, StoreError};
use crate::store::process::{ForkedProcess, InProcess};
use crate::store::view::View;

/// How often an act that another act overtook starts again before it gives up.
const ATTEMPTS: usize = 4;
/// How often an act is decided again after a conflict with another act. Only stores that do not repeat acts
/// themselves need this.
const OVERTAKEN_ATTEMPTS: usize = 32;

/// An identity engine on one store. Clones share one engine. You can use it from any thread.
///
/// ```
/// use selfsame::{Answer, Client, Engine, Environment, Policy, Secret};
///
/// let engine = Engine::in_memory(Policy::default(), Environment::system())?;
/// let password = Secret::from("seven green bicycles");
/// let flow = engine.sign_up("ada@example.org", &password, &Client::on("Ada's laptop"))?;
///
/// // The host delivers the message, and the person types its code.
/// # let mail = engine.messages(32)?;
/// # let code = mail.iter().rev().find_map(|it| it.kind.mailed_code().cloned()).ok_or("no code")?;
/// let session = engine.answer(&flow, Answer::Code(code))?.signed_in()?;
/// let account = engine.account(&session.token)?;
/// assert_eq!(account.view()?.contact.as_deref(), Some("ada@example.org"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Engine {
    inner: Arc<InProcess<Inner>>,
}

struct Inner {
    store: Arc<dyn Store>,
    keys: Arc<StoreKeys>,
    policy: Policy,
    environment: Environment,
    time: Timekeeper,
    /// The kinds of foreign password hashes in the store, and when they were read.
    specimens: Mutex<Option<(Timestamp, Vec<StoredPassword>)>>,
    estimate: Estimate,
    acts: AtomicU16,
}

impl Engine {
    /// Creates an engine whose store is in memory. The store ends with the engine.
    ///
    /// ```
    /// use selfsame::{Engine, Environment, Policy};
    ///
    /// let engine = Engine::in_memory(Policy::default(), Environment::system())?;
    /// assert_eq!(engine.health()?.file_size, None);
    /// # Ok::<(), selfsame::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error::Machine`] if the machine has no randomness.
    pub fn in_memory(policy: Policy, environment: Environment) -> Result<Self, Error> {
        let unlock = Unlock::HostKey(HostKey::generate(&*environment.entropy)?);
        Self::options(unlock).policy(policy).environment(environment).create_in_memory()
    }

    /// Releases the file and its lock and forgets the keys. Call it when an app goes to the background. The
    /// next call opens the file again, with the key that [`Unlock`] keeps or fetches.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("accounts.selfsame");
    /// # let key = selfsame::HostKey::generate(&selfsame::SystemEntropy)?;
    /// # let options = selfsame::Engine::options(selfsame::Unlock::HostKey(key));
    /// let engine = options.create(&path)?;
    /// engine.suspend()?;
    ///
    /// // Another process can open the file now. The next call opens it again here.
    /// drop(options.open(&path)?);
    /// assert_eq!(engine.health()?.accounts, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error::Storage`] if the file could not be closed cleanly.
    pub fn suspend(&self) -> Result<(), Error> {
        Ok(self.inner()?.release(|store| store.suspend())?)
    }

    /// Releases the file and its lock and forgets the keys, like [`Self::suspend`], but for good. Every later call
    /// on this engine, its clones, its accounts and its support desks returns [`Error::Closed`]. Closing again has
    /// no effect.
    ///
    /// A dropped engine stays open as long as a clone, an [`AccountHandle`](crate::AccountHandle) or a
    /// [`SupportDesk`](crate::SupportDesk) of it remains.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("accounts.selfsame");
    /// # let key = selfsame::HostKey::generate(&selfsame::SystemEntropy)?;
    /// # let options = selfsame::Engine::options(selfsame::Unlock::HostKey(key));
    /// use selfsame::Error;
    ///
    /// let engine = options.create(&path)?;
    /// let desk = engine.support("grace")?;
    /// engine.close()?;
    ///
    /// let again = options.open(&path)?;
    /// assert_eq!(desk.find("ada@example.org"), Err(Error::Closed));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error::Storage`] if the file could not be closed cleanly. The engine is closed all the same.
    pub fn close(&self) -> Result<(), Error> {
        let inner = self.inner()?;
        let closed = inner.release(|store| store.close());
        inner.keys.forget();
        Ok(closed?)
    }

    fn on(
        store: Arc<dyn Store>,
        keys: Arc<StoreKeys>,
        policy: Policy,
        environment: Environment,
    ) -> Result<Self, Error> {
        environment.entropy.stir(store.commit_stamp()?);
        let stored = stored_clock(&*store, &keys)?;
        let time = Timekeeper::new(environment.clock.clone(), &stored);
        let (specimens, estimate, acts) = (Mutex::default(), Estimate::default(), AtomicU16::new(0));
        let inner = Inner { store, keys, policy, environment, time, specimens, estimate, acts };
        Ok(Self { inner: Arc::new(InProcess::new(inner)) })
    }

    /// Returns the parts of the engine, or refuses a forked process before it waits for a lock.
    fn inner(&self) -> Result<&Inner, ForkedProcess> {
        self.inner.get()
    }

    /// Decides one act on the current rows, and writes the changes of the rule before it answers. `decide`
    /// may run more than once.
    ///
    /// On a full disk, an act that ends sessions or an account still works.
    fn act<T>(
        &self,
        mut decide: impl FnMut(&View<'_>, &Context<'_>) -> Result<Verdict<T>, StoreError>,
    ) -> Result<T, Error> {
        let mut answer = None;
        self.inner()?.write(&mut |view, ctx| {
            let verdict = decide(view, ctx)?;
            view.ahead(|ahead| ahead.changes(&verdict.changes, ctx))?;
            let verdict = match view.not_free(&verdict.changes, ctx)? {
                Some(refusal) => Verdict::refused(refusal),
                None => verdict,
            };
            answer = Some(verdict.answer);
            Ok(verdict.changes)
        })?;
        Ok(answer.ok_or(Error::Defect)??)
    }

    /// Reads the current rows.
    fn look<T>(
        &self,
        mut look: impl FnMut(&View<'_>, &Context<'_>) -> Result<Result<T, Refusal>, StoreError>,
    ) -> Result<T, Error> {
        let mut answer = None;
        self.inner()?.read(&mut |view, ctx| {
            answer = Some(look(view, ctx)?);
            Ok(())
        })?;
        Ok(answer.ok_or(Error::Defect)??)
    }

    /// Hashes outside an act and decides inside it. Repeats both until no other act came between them.
    fn settled<T>(&self, mut attempt: impl FnMut() -> Result<Attempt<T>, Error>) -> Result<T, Error> {
        for _ in 0..ATTEMPTS {
            if let Attempt::Done(answer) = attempt()? {
                return Ok(answer);
            }
        }
        Err(Error::Busy { retry_after: std::time::Duration::from_millis(100) })
    }
}

/// A change of the store's clock, and what it records.
type ChangingClock<'a> =
    &'a mut dyn FnMut(&View<'_>, &mut StoredClock) -> Result<Option<ClockEvent>, StoreError>;

/// Work on the current rows.
type Looking<'a, T> = &'a mut dyn FnMut(&View<'_>, &Context<'_>) -> Result<T, StoreError>;

/// The shared part of every act, compiled once and not for every type of answer.
impl Inner {
    fn write(&self, decide: Looking<'_, Vec<Change>>) -> Result<(), Error> {
        let order = self.acts.fetch_add(1, Ordering::Relaxed);
        let draw = Draw::new(&*self.environment.entropy)?.in_order(order);
        let moment = self.moment()?;
        let mut run = |read: &dyn Read, is_full: Option<&StoreError>| {
            let keys = self.keys.get()?;
            let ctx = self.context(&moment, &draw, &keys);
            let view = View::of_act(read, &keys, ctx.now, ctx.throttle_clock);
            let changes = decide(&view, &ctx)?;
            if let Some(full) = is_full.filter(|_| !changes.is_empty() && !changes.iter().any(Change::ends)) {
                return Err(full.clone());
            }
            lower(&view, &ctx, &*self.environment.entropy, changes)
        };
        until_not_overtaken(|| match self.store.write(&mut |read| run(read, None)) {
            Err(full) if full.is_full() => self.store.write_from_reserve(&mut |read| run(read, Some(&full))),
            ended => ended,
        })?;
        self.keep_time_if_due(&moment);
        Ok(())
    }

    fn read(&self, look: Looking<'_, ()>) -> Result<(), Error> {
        let draw = Draw::for_nothing();
        let moment = self.moment()?;
        self.store.read(&mut |read| {
            let keys = self.keys.get()?;
            let ctx = self.context(&moment, draw, &keys);
            look(&View::new(read, &keys, ctx.now, ctx.throttle_clock), &ctx)
        })?;
        self.keep_time_if_due(&moment);
        Ok(())
    }

    /// Reads the clock. Another process may have moved the store's clock on while the file was released.
    fn moment(&self) -> Result<Moment, StoreError> {
        if self.time.is_released() {
            self.time.written(&stored_clock(&*self.store, &self.keys)?.time);
        }
        Ok(self.time.moment())
    }

    /// Writes the clock's row once the high-water mark has moved by a minute. The call has its answer already, so
    /// a failure changes nothing: a later call tries again (SPEC 12.4).
    fn keep_time_if_due(&self, moment: &Moment) {
        if moment.is_due {
            self.keep_time(moment);
        }
    }

    fn keep_time(&self, moment: &Moment) {
        _ = self.write_clock(moment, false, &mut |_, clock| {
            clock.time = moment.on(&clock.time);
            Ok(moment.event())
        });
    }

    /// Changes the row of the store's clock in a separate act, and continues from it. With `ends`, it works on
    /// a full disk too.
    fn write_clock(&self, moment: &Moment, ends: bool, change: ChangingClock<'_>) -> Result<(), StoreError> {
        self.time.trying(moment);
        let mut written = None;
        let mut run = |read: &dyn Read| {
            let keys = self.keys.get()?;
            let view = View::of_act(read, &keys, moment.now(), moment.timeline.slow);
            let mut clock = view.clock()?;
            let event = change(&view, &mut clock)?;
            written = Some(clock.time);
            clock_rows(&view, &*self.environment.entropy, clock, event.as_ref())
        };
        until_not_overtaken(|| match self.store.write(&mut run) {
            Err(full) if ends && full.is_full() => self.store.write_from_reserve(&mut run),
            ended => ended,
        })?;
        if let Some(time) = written {
            self.time.written(&time);
        }
        Ok(())
    }

    /// Writes the clock and lets the store release its file.
    fn release(&self, release: impl FnOnce(&dyn Store) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let moment = self.time.moment();
        // Writing the clock would open a file that is released already.
        if !self.time.is_released() && !self.time.is_stored(&moment) {
            self.keep_time(&moment);
        }
        let released = release(&*self.store);
        self.time.release();
        released
    }

    /// Returns the keys for work outside of an act. Opens a suspended store.
    fn keys(&self) -> Result<Arc<Keys>, Error> {
        let mut keys = None;
        self.store.read(&mut |_| {
            keys = Some(self.keys.get()?);
            Ok(())
        })?;
        keys.ok_or(Error::Defect)
    }

    fn context<'a>(&'a self, moment: &Moment, draw: &'a Draw, keys: &'a Keys) -> Context<'a> {
        Context {
            now: moment.now(),
            wall: moment.wall,
            throttle_clock: moment.timeline.slow,
            steady: moment.timeline.steady(),
            trusted: moment.timeline.trusted,
            policy: &self.policy,
            draw,
            keys,
        }
    }
}

/// Repeats a write that another act overtook.
fn until_not_overtaken(mut write: impl FnMut() -> Result<(), StoreError>) -> Result<(), StoreError> {
    for _ in 1..OVERTAKEN_ATTEMPTS {
        match write() {
            Err(StoreError::Conflict) => {}
            ended => return ended,
        }
    }
    write()
}

fn stored_clock(store: &dyn Store, keys: &StoreKeys) -> Result<StoredClock, StoreError> {
    let mut stored = None;
    let never = Timestamp::from_millis(0);
    store.read(&mut |read| {
        stored = Some(View::new(read, &*keys.get()?, never, never).clock()?);
        Ok(())
    })?;
    stored.ok_or(StoreError::Damaged)
}

/// The result of an attempt.
enum Attempt<T> {
    Done(T),
    /// The account has changed since the hash was made.
    Overtaken,
}
