//! Floor 4: the shell. Load facts, ask one rule, apply, answer.

pub(crate) mod account;
mod assertion;
pub(crate) mod clock;
mod deletion;
pub(crate) mod environment;
mod explain;
mod flows;
#[cfg(test)]
mod golden;
pub(crate) mod host;
mod methods;
mod mfa;
mod picker;
mod privacy;
mod products;
mod sign_in;
pub(crate) mod support;
mod time;
mod undo;
pub(crate) mod unlock;

use std::path::Path;
use std::sync::Arc;

use self::environment::Environment;
use self::time::{Moment, Timekeeper};
use self::unlock::{Anchor, Header, Unlock};
use crate::crypto::draw::Draw;
use crate::crypto::keys::{HostKey, Keys};
use crate::error::Error;
use crate::ground::time::Timestamp;
use crate::rules::policy::Policy;
use crate::rules::refusal::Refusal;
use crate::rules::verdict::{Context, Verdict};
use crate::store::lower::{self, lower};
use crate::store::medium::{FileMedium, Medium};
use crate::store::port::{Store, StoreError};
use crate::store::redb::{RedbStore, Settings};
use crate::store::view::View;

/// How often an act that was overtaken by another begins again before it gives up.
const ATTEMPTS: usize = 4;

/// An identity engine on one store. Clones are the same engine; it can be used from any thread.
#[derive(Clone)]
pub struct Engine {
    inner: Arc<Inner>,
}

struct Inner {
    store: Arc<dyn Store>,
    keys: Keys,
    policy: Policy,
    environment: Environment,
    time: Timekeeper,
}

impl Engine {
    /// Makes a new store in a file, and opens it. A crash leaves no file or a whole one.
    ///
    /// # Errors
    /// [`Error::Open`] with `AlreadyExists` where anything is at `path`, which then stays as it is;
    /// [`Error::Storage`] where the machine refuses.
    pub fn create(
        path: impl AsRef<Path>,
        unlock: &Unlock,
        policy: Policy,
        environment: Environment,
    ) -> Result<Self, Error> {
        let (keys, rows) = Self::first_rows(unlock, &policy, &environment)?;
        let mut suffix = [0; 8];
        environment.entropy.fill(&mut suffix)?;
        let store = RedbStore::create_file(path.as_ref(), Settings::default(), rows, suffix)?;
        Self::on(Arc::new(store), keys, policy, environment)
    }

    /// Opens the store in a file. The file is judged before anything is written to it: one that is
    /// refused stays byte for byte as it was.
    ///
    /// # Errors
    /// [`Error::Open`] says what does not fit: path, key or format; [`Error::Damaged`] that the file
    /// does not hold what was written to it.
    pub fn open(
        path: impl AsRef<Path>,
        unlock: &Unlock,
        anchor: Option<Anchor>,
        policy: Policy,
        environment: Environment,
    ) -> Result<Self, Error> {
        if let Some(anchor) = anchor {
            match anchor {}
        }
        let medium = Arc::new(FileMedium::new(path.as_ref()));
        let (keys, store) = Self::judged(medium, unlock, &environment)?;
        Self::on(Arc::new(store), keys, policy, environment)
    }

    /// An engine whose store is in memory and goes with it.
    ///
    /// # Errors
    /// [`Error::Machine`] where the machine has no randomness.
    pub fn in_memory(policy: Policy, environment: Environment) -> Result<Self, Error> {
        let unlock = Unlock::HostKey(HostKey::generate(&*environment.entropy)?);
        let (keys, rows) = Self::first_rows(&unlock, &policy, &environment)?;
        Self::on(Arc::new(RedbStore::memory(rows)?), keys, policy, environment)
    }

    /// Makes a new store on a medium of the test's own.
    ///
    /// # Errors
    /// As [`Self::create`].
    #[cfg(feature = "testing")]
    pub fn create_on(
        medium: Arc<dyn Medium>,
        unlock: &Unlock,
        policy: Policy,
        environment: Environment,
    ) -> Result<Self, Error> {
        let (keys, rows) = Self::first_rows(unlock, &policy, &environment)?;
        let store = RedbStore::create(medium, Settings::default(), rows)?;
        Self::on(Arc::new(store), keys, policy, environment)
    }

    /// Opens the store on a medium of the test's own.
    ///
    /// # Errors
    /// As [`Self::open`].
    #[cfg(feature = "testing")]
    pub fn open_on(
        medium: Arc<dyn Medium>,
        unlock: &Unlock,
        policy: Policy,
        environment: Environment,
    ) -> Result<Self, Error> {
        let (keys, store) = Self::judged(medium, unlock, &environment)?;
        Self::on(Arc::new(store), keys, policy, environment)
    }

    /// Makes a new store in one of the test's own, which is empty.
    ///
    /// # Errors
    /// As [`Self::create`].
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

    /// Releases the file and its lock, as an app does that goes to the background. The next call opens
    /// it again.
    ///
    /// # Errors
    /// [`Error::Storage`] where the file could not be closed cleanly.
    pub fn suspend(&self) -> Result<(), Error> {
        Ok(self.inner.store.suspend()?)
    }

    /// Opens the store, if the key fits and what it opens is there.
    fn judged(
        medium: Arc<dyn Medium>,
        unlock: &Unlock,
        environment: &Environment,
    ) -> Result<(Keys, RedbStore), Error> {
        let mut keys = None;
        let store = RedbStore::open(medium, Settings::default(), &mut |read| {
            let opened = Header::read(read)?.unlock(unlock, &*environment.hasher)?;
            View::new(read, &opened, Timestamp::from_millis(0)).meta()?;
            keys = Some(opened);
            Ok(())
        })?;
        Ok((keys.ok_or(Error::Defect)?, store))
    }

    fn first_rows(
        unlock: &Unlock,
        policy: &Policy,
        environment: &Environment,
    ) -> Result<(Keys, Vec<crate::store::port::Row>), Error> {
        let (header, keys) = Header::make(unlock, policy.hash_cost(), environment)?;
        let now = Timestamp::from_millis(environment.clock.read().wall_ms);
        let rows = lower::first_rows(header.encode()?, keys.rows(), &*environment.entropy, now)?;
        Ok((keys, rows))
    }

    fn on(
        store: Arc<dyn Store>,
        keys: Keys,
        policy: Policy,
        environment: Environment,
    ) -> Result<Self, Error> {
        environment.entropy.stir(store.commit_stamp()?);
        let mut mark = None;
        store.read(&mut |read| {
            mark = Some(View::new(read, &keys, Timestamp::from_millis(0)).meta()?.mark);
            Ok(())
        })?;
        let time = Timekeeper::new(environment.clock.clone(), mark.ok_or(Error::Defect)?);
        Ok(Self { inner: Arc::new(Inner { store, keys, policy, environment, time }) })
    }

    /// Decides one thing on the rows as they are, and writes what the rule wants written before it
    /// answers. `decide` may run more than once.
    fn act<T>(
        &self,
        mut decide: impl FnMut(&View<'_>, &Context<'_>) -> Result<Verdict<T>, StoreError>,
    ) -> Result<T, Error> {
        let inner = &*self.inner;
        let draw = Draw::new(&*inner.environment.entropy)?;
        let moment = inner.time.moment();
        let ctx = inner.context(&moment, &draw);
        let mut answer = None;
        inner.store.write(&mut |read| {
            let view = View::new(read, &inner.keys, ctx.now);
            let verdict = decide(&view, &ctx)?;
            let rows = lower(&view, &ctx, &*inner.environment.entropy, verdict.changes, moment.mark())?;
            answer = Some((verdict.answer, !rows.is_empty()));
            Ok(rows)
        })?;
        let (answer, wrote) = answer.ok_or(Error::Defect)?;
        if wrote {
            inner.time.written(&moment);
        }
        Ok(answer?)
    }

    /// Looks at the rows as they are.
    fn look<T>(
        &self,
        mut look: impl FnMut(&View<'_>, &Context<'_>) -> Result<Result<T, Refusal>, StoreError>,
    ) -> Result<T, Error> {
        let inner = &*self.inner;
        let draw = Draw::new(&*inner.environment.entropy)?;
        let moment = inner.time.moment();
        let ctx = inner.context(&moment, &draw);
        let mut answer = None;
        inner.store.read(&mut |read| {
            answer = Some(look(&View::new(read, &inner.keys, ctx.now), &ctx)?);
            Ok(())
        })?;
        Ok(answer.ok_or(Error::Defect)??)
    }

    /// Runs what hashes outside an act and decides inside it until no other act came between.
    fn settled<T>(&self, mut attempt: impl FnMut() -> Result<Attempt<T>, Error>) -> Result<T, Error> {
        for _ in 0..ATTEMPTS {
            if let Attempt::Done(answer) = attempt()? {
                return Ok(answer);
            }
        }
        Err(Error::Busy { retry_after: std::time::Duration::from_millis(100) })
    }
}

impl Inner {
    fn context<'a>(&'a self, moment: &Moment, draw: &'a Draw) -> Context<'a> {
        Context {
            now: moment.now,
            wall: moment.wall,
            patient: moment.patient,
            policy: &self.policy,
            draw,
            keys: &self.keys,
        }
    }
}

/// What an attempt came to.
enum Attempt<T> {
    Done(T),
    /// What was hashed is no longer what the account has.
    Overtaken,
}
