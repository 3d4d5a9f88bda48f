//! The default store: redb, in a file or in memory.
//!
//! Acts share commits, and the store needs no thread of its own. Each caller holds the ticket in turn, decides
//! on its own thread over one snapshot, and adds its rows to a staged map. A caller that nobody waits behind,
//! or the 64th, commits the map for all. It keeps the ticket during the commit, so that the next callers
//! queue up and share the next commit.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
#[cfg(any(test, feature = "testing"))]
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::anchor::{self, Anchor};
use super::batch::{Batch, Staged};
use super::commit_queue::{CommitQueue, Ended, NotDone};
use super::create;
use super::file::FileMedium;
use super::handle::Handle;
use super::in_memory::MemoryMedium;
use super::inside::Entrance;
use super::medium::Medium;
use super::open::{Keyring, Open};
use super::port::{Decide, Read, Recast, Row, Store, StoreError, is_full};
use super::process::Process;
use super::reserve::Reserve;
use super::settings::Settings;
use super::stage::Changes;
use crate::crypto::tally::TallyKey;

/// How often an act runs if its commits fail.
const RUNS: usize = 3;

/// A store on redb.
pub struct RedbStore {
    handle: Handle,
    entrance: Entrance,
    queue: CommitQueue,
    /// Only the holder of the ticket uses it.
    batch: Mutex<Batch>,
    reserve: Reserve,
    process: Process,
}

impl RedbStore {
    /// Opens the store on `medium`. A refused store stays unchanged.
    ///
    /// # Errors
    /// Returns [`StoreError`] from the medium, about its contents, from `keyring` or from the anchor.
    pub fn open(
        medium: Arc<dyn Medium>,
        settings: Settings,
        anchor: Option<Arc<dyn Anchor>>,
        keyring: Arc<dyn Keyring>,
    ) -> Result<Self, StoreError> {
        let open = Open::judged(&*medium, settings, None, anchor.as_deref(), &*keyring)?;
        medium.tidy()?;
        Self::with(medium, settings, anchor, keyring, open)
    }

    /// Opens the store in the file at `path`.
    ///
    /// # Errors
    /// Returns the same errors as [`Self::open`], and [`StoreError::NotFound`] if there is no file.
    #[cfg(any(test, feature = "testing"))]
    pub fn open_file(
        path: &Path,
        settings: Settings,
        anchor: Option<Arc<dyn Anchor>>,
        keyring: Arc<dyn Keyring>,
    ) -> Result<Self, StoreError> {
        Self::open(Arc::new(FileMedium::new(path)), settings, anchor, keyring)
    }

    /// Accepts the file at `path` as the latest state, whatever the anchor held.
    ///
    /// # Errors
    /// Returns the same errors as [`Self::open_file`].
    pub fn adopt_file(
        path: &Path,
        settings: Settings,
        anchor: &dyn Anchor,
        keyring: &dyn Keyring,
    ) -> Result<(), StoreError> {
        let stamp = Open::looked_at(&FileMedium::new(path), settings, keyring)?;
        Ok(anchor::finalise(anchor, &stamp)?)
    }

    /// Makes a store with `first_rows` in a new file at `path`, and opens it. A crash leaves either no file at
    /// `path` or a complete one. The temporary file's name ends in `name_suffix`, which is random.
    ///
    /// # Errors
    /// Returns [`StoreError::AlreadyExists`] if anything is at `path`, and leaves it unchanged. Returns
    /// [`StoreError::NotFound`] if the directory does not exist.
    pub fn create_file(
        path: &Path,
        settings: Settings,
        first_rows: Vec<Row>,
        name_suffix: [u8; 8],
        anchor: Option<Arc<dyn Anchor>>,
        keyring: Arc<dyn Keyring>,
    ) -> Result<Self, StoreError> {
        let medium = Arc::new(FileMedium::new(path));
        let key = create::create(path, settings, first_rows, name_suffix, &*keyring, anchor.as_deref())?;
        let known = move |_: &dyn Read| Ok(key.clone());
        let open = Open::judged(&*medium, settings, None, anchor.as_deref(), &known)?;
        Self::with(medium, settings, anchor, keyring, open)
    }

    /// Makes a store with `first_rows` on empty storage. Unlike [`Self::create_file`], this does not survive a
    /// crash. It is for storage that does not survive one either.
    ///
    /// # Errors
    /// Returns [`StoreError::AlreadyExists`] if the storage is not empty.
    pub fn create(
        medium: Arc<dyn Medium>,
        settings: Settings,
        first_rows: Vec<Row>,
        anchor: Option<Arc<dyn Anchor>>,
        keyring: Arc<dyn Keyring>,
    ) -> Result<Self, StoreError> {
        let open = Open::made(medium.open()?, settings, first_rows, &*keyring, anchor.is_some())?;
        if let Some(anchor) = &anchor {
            anchor::finalise(&**anchor, &open.stamp())?;
        }
        Self::with(medium, settings, anchor, keyring, open)
    }

    /// Makes a store with `first_rows` in memory.
    ///
    /// # Errors
    /// Returns [`StoreError::TooLarge`] or [`StoreError::Conflict`] if no act could write `first_rows`.
    pub fn memory(first_rows: Vec<Row>, keyring: Arc<dyn Keyring>) -> Result<Self, StoreError> {
        let settings = Settings { cache_bytes: 1 << 20, ..Settings::default() };
        Self::create(Arc::new(MemoryMedium::new()), settings, first_rows, None, keyring)
    }

    fn with(
        medium: Arc<dyn Medium>,
        settings: Settings,
        anchor: Option<Arc<dyn Anchor>>,
        keyring: Arc<dyn Keyring>,
        open: Open,
    ) -> Result<Self, StoreError> {
        let is_new_to_anchor = anchor.is_some() && !open.stamp().is_anchored;
        let store = Self {
            reserve: Reserve::of(&*medium),
            handle: Handle::new(medium, settings, anchor, keyring, open),
            entrance: Entrance::new(),
            queue: CommitQueue::default(),
            batch: Mutex::default(),
            process: Process::current(),
        };
        if is_new_to_anchor {
            // Now the file itself says that it has an anchor, so it cannot be opened without one.
            match store.handle.commit(&Changes::new()) {
                Ended::Done => {}
                Ended::NotDone(why) => return Err(why.into()),
                Ended::Broken => return Err(StoreError::Broken),
                Ended::Unknown => return Err(StoreError::Unknown),
            }
        }
        Ok(store)
    }

    /// Opens a store again after a failure broke it or its file was replaced. The file may be a different one, so
    /// it is opened as if for the first time.
    ///
    /// # Errors
    /// Returns the same errors as [`Self::open`]. The store then stays broken.
    #[cfg(any(test, feature = "testing"))]
    pub fn reopen(&self) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        let _ticket = self.queue.take(None)?;
        self.settle();
        self.handle.reopen()
    }

    /// Leaves a thread inside, as a fork does.
    #[cfg(test)]
    pub(super) fn enter_for_good(&mut self) {
        std::mem::forget(self.entrance.enter());
    }

    /// Returns how many acts wait for the ticket.
    #[cfg(any(test, feature = "testing"))]
    pub fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    /// Returns how many commits this handle has made.
    #[cfg(any(test, feature = "testing"))]
    pub fn commits(&self) -> u64 {
        self.handle.commits.load(Ordering::Acquire)
    }
}

impl Drop for RedbStore {
    /// Lets redb go in a forked child, where its backend refuses to write or to unlock. If a thread of the parent was
    /// inside at the fork, nobody releases the locks that it held, so redb stays as it is until the child ends.
    fn drop(&mut self) {
        if self.process.check().is_err() && self.entrance.is_in_use() {
            self.handle.abandon();
            std::mem::forget(self.batch.get_mut().unwrap_or_else(PoisonError::into_inner).base.take());
        }
    }
}

impl Store for RedbStore {
    fn read(&self, look: &mut dyn FnMut(&dyn Read) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        if self.handle.is_ailing() {
            let _ticket = self.queue.take(Some(self.handle.settings.patience))?;
            self.settle();
            self.handle.heal();
        }
        self.handle.with_open(|open| look(&open.snapshot()?))
    }

    fn write(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        self.reserve.admit(&*self.handle.medium)?;
        self.runs(decide)
    }

    fn write_from_reserve(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        match self.runs(decide) {
            Err(error) if error.is_full() && self.reserve.give_back(&*self.handle.medium) => {
                self.runs(decide)
            }
            answer => answer,
        }
    }

    fn has_reserve(&self) -> bool {
        self.reserve.is_kept()
    }

    fn commit_stamp(&self) -> Result<u64, StoreError> {
        let _inside = self.entrance.enter()?;
        self.handle.with_open(|open| Ok(open.stamp().number))
    }

    fn is_anchored(&self) -> bool {
        self.handle.anchor.is_some()
    }

    fn size(&self) -> Result<Option<u64>, StoreError> {
        self.handle.medium.size()
    }

    fn is_on_network(&self) -> Result<Option<bool>, StoreError> {
        self.handle.medium.is_on_network()
    }

    fn verify(&self) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        self.handle.with_open(Open::verify)
    }

    fn rewrite(&self, recast: Recast<'_>, key: Option<Arc<TallyKey>>) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        let _ticket = self.queue.take(None)?;
        self.settle();
        self.handle.rewrite(recast, key)
    }

    fn suspend(&self) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        let _ticket = self.queue.take(None)?;
        self.settle();
        self.handle.suspend()
    }

    fn close(&self) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        let _ticket = self.queue.take(None)?;
        self.settle();
        self.handle.close()
    }
}

/// How one run of an act ended.
enum Run {
    Over,
    /// Its commit failed and left nothing: the act may run again.
    NotDone(NotDone),
}

impl RedbStore {
    fn runs(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        let mut failure = NotDone::Storage(ErrorKind::Other);
        for _ in 0..RUNS {
            match self.run(decide)? {
                Run::Over => return Ok(()),
                Run::NotDone(why) => failure = why,
            }
        }
        Err(failure.into())
    }

    fn run(&self, decide: Decide<'_>) -> Result<Run, StoreError> {
        let ticket = self.queue.take(Some(self.handle.settings.patience))?;
        let mut batch = self.batch();
        if batch.base.is_none() {
            // Nothing is staged yet, so a failure here concerns only this act.
            self.handle.heal();
            batch.base = Some(self.handle.with_open(Open::snapshot)?);
        }
        let answer = batch.run(decide);
        // An act that read staged rows depends on their commit, even if it writes none.
        let outcome = (!batch.staged.is_empty()).then(|| Arc::clone(&batch.outcome));
        let full = batch.is_full();
        drop(batch);
        if let Some(_last) = if full { Some(ticket) } else { ticket.hand_on() } {
            self.settle();
        }
        let answer = answer.unwrap_or_else(|panic| resume_unwind(panic));
        match outcome.map_or(Ended::Done, |outcome| outcome.wait()) {
            Ended::Done => answer.map(|_| Run::Over),
            // Running the act again makes no room. An act without rows runs again, over rows that do not include
            // those of the others.
            Ended::NotDone(NotDone::Storage(kind)) if is_full(kind) && answer == Ok(Staged::Rows) => {
                Err(StoreError::Io(kind))
            }
            Ended::NotDone(why) => Ok(Run::NotDone(why)),
            Ended::Unknown if answer == Ok(Staged::Rows) => Err(StoreError::Unknown),
            Ended::Unknown | Ended::Broken => Err(StoreError::Broken),
        }
    }

    /// Commits the staged rows and tells every act that depends on them. Only the holder of the ticket calls it.
    fn settle(&self) {
        let Batch { base, staged, outcome, .. } = std::mem::take(&mut *self.batch());
        // The snapshot would keep its pages from being reused and the file from being closed.
        drop(base);
        if !staged.is_empty() {
            // The other acts must be told even after a panic, because nobody else would tell them.
            let committed = catch_unwind(AssertUnwindSafe(|| self.handle.commit(&staged)));
            outcome.tell(committed.unwrap_or_else(|_| {
                self.handle.fail();
                Ended::Unknown
            }));
        }
    }

    fn batch(&self) -> MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
