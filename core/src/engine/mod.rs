//! Floor 4: the shell. Load facts, ask one rule, apply, answer.

pub(crate) mod account;
mod address;
mod assertion;
pub(crate) mod clock;
mod compromise;
mod deletion;
pub(crate) mod environment;
mod explain;
mod export;
mod facts;
mod flow;
#[cfg(test)]
mod golden;
pub(crate) mod host;
mod import;
mod keyring;
mod method;
mod mfa;
mod password;
mod picker;
mod privacy;
mod product;
mod review;
mod session;
mod sign_in;
pub(crate) mod support;
mod time;
mod undo;
pub(crate) mod unlock;
mod upkeep;

use std::path::Path;
use std::sync::Arc;

use self::environment::Environment;
use self::keyring::StoreKeys;
use self::time::{Moment, Timekeeper};
use self::unlock::{Unlock, Way};
use crate::crypto::draw::Draw;
use crate::crypto::host_key::HostKey;
use crate::crypto::keys::{Keys, StoreKey};
use crate::error::Error;
use crate::ground::time::Timestamp;
use crate::records::context::Context;
use crate::records::header::Header;
use crate::records::policy::Policy;
use crate::records::refusal::Refusal;
use crate::records::verdict::{Change, Verdict};
use crate::store::anchor::Anchor;
use crate::store::file::FileMedium;
use crate::store::lower::{self, lower};
use crate::store::medium::Medium;
use crate::store::port::{Read, Row, Store, StoreError};
use crate::store::redb::RedbStore;
use crate::store::settings::Settings;
use crate::store::view::View;

/// How often an act that another act overtook starts again before it gives up.
const ATTEMPTS: usize = 4;

/// An identity engine on one store. Clones share one engine. You can use it from any thread.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    keys: Arc<StoreKeys>,
    policy: Policy,
    environment: Environment,
    time: Timekeeper,
}

impl Engine {
    /// Creates a store in a new file and opens it. A crash leaves either no file or a complete one.
    ///
    /// With an anchor, an older copy of the file is refused from the beginning. The engine replaces what the
    /// anchor held before.
    ///
    /// # Errors
    /// Returns [`Error::Open`] with `AlreadyExists` if anything exists at `path`, which stays as it is;
    /// [`Error::Storage`] if the machine's storage fails.
    pub fn create(
        path: impl AsRef<Path>,
        unlock: &Unlock,
        anchor: Option<Arc<dyn Anchor>>,
        policy: Policy,
        environment: Environment,
    ) -> Result<Self, Error> {
        let (keys, rows) = Self::first_rows(unlock, &policy, &environment)?;
        let mut suffix = [0; 8];
        environment.entropy.fill(&mut suffix)?;
        let settings = settings(&policy);
        let store = RedbStore::create_file(path.as_ref(), settings, rows, suffix, anchor, keys.clone())?;
        Self::on(Arc::new(store), keys, policy, environment)
    }

    /// Opens the store in a file. Checks the file before writing to it: a file that is refused stays
    /// unchanged, byte for byte.
    ///
    /// A store that was once opened with an anchor opens only with that anchor.
    ///
    /// # Errors
    /// Returns [`Error::Open`] if the path, key, format or anchor does not fit; [`Error::Damaged`] if the
    /// file does not hold exactly what was written to it; [`Error::Anchor`] if the anchor did not answer.
    pub fn open(
        path: impl AsRef<Path>,
        unlock: &Unlock,
        anchor: Option<Arc<dyn Anchor>>,
        policy: Policy,
        environment: Environment,
    ) -> Result<Self, Error> {
        let medium = Arc::new(FileMedium::new(path.as_ref()));
        Self::opened(medium, unlock, anchor, policy, environment)
    }

    /// Accepts the file as the latest one, whatever the anchor holds. Use it if the host has lost the
    /// anchor's value, or if the user restored an older copy on purpose. The engine forgets the guesses,
    /// codes and sessions that the file does not contain. A person must decide this. Do not call it
    /// automatically on [`OpenProblem::RolledBack`](crate::OpenProblem::RolledBack).
    ///
    /// # Errors
    /// Returns the errors of [`Self::open`]. The file stays unchanged.
    pub fn adopt(
        path: impl AsRef<Path>,
        unlock: &Unlock,
        anchor: &dyn Anchor,
        environment: &Environment,
    ) -> Result<(), Error> {
        let keys = StoreKeys::new(Way::Unlock(unlock.clone()), None, environment.hasher.clone());
        Ok(RedbStore::adopt_file(path.as_ref(), Settings::default(), anchor, &keys)?)
    }

    /// Creates an engine whose store is in memory. The store ends with the engine.
    ///
    /// # Errors
    /// Returns [`Error::Machine`] if the machine has no randomness.
    pub fn in_memory(policy: Policy, environment: Environment) -> Result<Self, Error> {
        let unlock = Unlock::HostKey(HostKey::generate(&*environment.entropy)?);
        let (keys, rows) = Self::first_rows(&unlock, &policy, &environment)?;
        let store = RedbStore::memory(rows, keys.clone())?;
        Self::on(Arc::new(store), keys, policy, environment)
    }

    /// Creates a store on a medium that the test provides.
    ///
    /// # Errors
    /// Returns the errors of [`Self::create`].
    #[cfg(feature = "testing")]
    pub fn create_on(
        medium: Arc<dyn Medium>,
        unlock: &Unlock,
        anchor: Option<Arc<dyn Anchor>>,
        policy: Policy,
        environment: Environment,
    ) -> Result<Self, Error> {
        let (keys, rows) = Self::first_rows(unlock, &policy, &environment)?;
        let store = RedbStore::create(medium, settings(&policy), rows, anchor, keys.clone())?;
        Self::on(Arc::new(store), keys, policy, environment)
    }

    /// Opens the store on a medium that the test provides.
    ///
    /// # Errors
    /// Returns the errors of [`Self::open`].
    #[cfg(feature = "testing")]
    pub fn open_on(
        medium: Arc<dyn Medium>,
        unlock: &Unlock,
        anchor: Option<Arc<dyn Anchor>>,
        policy: Policy,
        environment: Environment,
    ) -> Result<Self, Error> {
        Self::opened(medium, unlock, anchor, policy, environment)
    }

    /// Creates a store in an empty one that the test provides.
    ///
    /// # Errors
    /// Returns the errors of [`Self::create`].
    #[cfg(feature = "testing")]
    pub fn create_in(
        store: Arc<dyn Store>,
        unlock: &Unlock,
        policy: Policy,
        environment: Environment,
    ) -> Result<Self, Error> {
        let (keys, rows) = Self::first_rows(unlock, &policy, &environment)?;
        store.write(&mut |_| Ok(rows.clone()))?;
        Self::on(store, keys, policy, environment)
    }

    /// Releases the file and its lock and forgets the keys. Call it when an app goes to the background. The
    /// next call opens the file again, with what [`Unlock`] keeps.
    ///
    /// # Errors
    /// Returns [`Error::Storage`] if the file could not be closed cleanly.
    pub fn suspend(&self) -> Result<(), Error> {
        Ok(self.inner.store.suspend()?)
    }

    fn opened(
        medium: Arc<dyn Medium>,
        unlock: &Unlock,
        anchor: Option<Arc<dyn Anchor>>,
        policy: Policy,
        environment: Environment,
    ) -> Result<Self, Error> {
        let hasher = environment.hasher.clone();
        let keys = Arc::new(StoreKeys::new(Way::Unlock(unlock.clone()), None, hasher));
        let store = RedbStore::open(medium, settings(&policy), anchor, keys.clone())?;
        Self::on(Arc::new(store), keys, policy, environment)
    }

    fn first_rows(
        unlock: &Unlock,
        policy: &Policy,
        environment: &Environment,
    ) -> Result<(Arc<StoreKeys>, Vec<Row>), Error> {
        let entropy = &*environment.entropy;
        let store_key = StoreKey::make(entropy)?;
        let (header, way) = Header::over(&store_key, unlock, policy.hash_cost(), environment)?;
        let keys = Keys::derive(&store_key);
        let now = Timestamp::from_millis(environment.clock.read().wall_ms);
        let rows = lower::first_rows(header.encode()?, keys.rows(), entropy, now)?;
        Ok((Arc::new(StoreKeys::new(way, Some(keys), environment.hasher.clone())), rows))
    }

    fn on(
        store: Arc<dyn Store>,
        keys: Arc<StoreKeys>,
        policy: Policy,
        environment: Environment,
    ) -> Result<Self, Error> {
        environment.entropy.stir(store.commit_stamp()?);
        let mut mark = None;
        store.read(&mut |read| {
            mark = Some(View::new(read, &*keys.get()?, Timestamp::from_millis(0)).meta()?.mark);
            Ok(())
        })?;
        let time = Timekeeper::new(environment.clock.clone(), mark.ok_or(Error::Defect)?);
        Ok(Self { inner: Arc::new(Inner { store, keys, policy, environment, time }) })
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
        self.inner.write(&mut |view, ctx| {
            let verdict = decide(view, ctx)?;
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
        self.inner.read(&mut |view, ctx| {
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

fn settings(policy: &Policy) -> Settings {
    Settings { verify: policy.verify_at_open(), ..Settings::default() }
}

/// Work on the current rows.
type Looking<'a, T> = &'a mut dyn FnMut(&View<'_>, &Context<'_>) -> Result<T, StoreError>;

/// The shared part of every act, compiled once and not for every type of answer.
impl Inner {
    fn write(&self, decide: Looking<'_, Vec<Change>>) -> Result<(), Error> {
        let draw = Draw::new(&*self.environment.entropy)?;
        let moment = self.time.moment();
        let mut wrote = false;
        let mut run = |read: &dyn Read, is_full: Option<&StoreError>| {
            let keys = self.keys.get()?;
            let ctx = self.context(&moment, &draw, &keys);
            let view = View::new(read, &keys, ctx.now);
            let changes = decide(&view, &ctx)?;
            if let Some(full) = is_full.filter(|_| !changes.is_empty() && !changes.iter().any(Change::ends)) {
                return Err(full.clone());
            }
            let rows = lower(&view, &ctx, &*self.environment.entropy, changes, moment.mark())?;
            wrote = !rows.is_empty();
            Ok(rows)
        };
        match self.store.write(&mut |read| run(read, None)) {
            Err(full) if full.is_full() => {
                self.store.write_from_reserve(&mut |read| run(read, Some(&full)))?;
            }
            ended => ended?,
        }
        if wrote {
            self.time.written(&moment);
        }
        Ok(())
    }

    fn read(&self, look: Looking<'_, ()>) -> Result<(), Error> {
        let draw = Draw::for_nothing();
        let moment = self.time.moment();
        Ok(self.store.read(&mut |read| {
            let keys = self.keys.get()?;
            let ctx = self.context(&moment, draw, &keys);
            look(&View::new(read, &keys, ctx.now), &ctx)
        })?)
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
            now: moment.now,
            wall: moment.wall,
            throttle_clock: moment.throttle_clock,
            policy: &self.policy,
            draw,
            keys,
        }
    }
}

/// The result of an attempt.
enum Attempt<T> {
    Done(T),
    /// The account has changed since the hash was made.
    Overtaken,
}
