//! The default engine: redb, in a file or in memory.
//!
//! Acts share commits without a thread of the store's own. Each caller decides on its own thread,
//! in turn, into a staged map over one snapshot; whoever finds nobody behind it, or is the 64th,
//! commits the map for all and keeps the turn meanwhile, so that the next map fills behind it.

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
use super::reserve::Reserve;
use super::settings::Settings;
use super::stage::Changes;
use crate::crypto::tally::TallyKey;

/// How often an act is run when its commits fail.
const RUNS: usize = 3;

/// A store on redb.
pub struct RedbStore {
    handle: Handle,
    entrance: Entrance,
    queue: CommitQueue,
    /// Belongs to who has the turn.
    batch: Mutex<Batch>,
    reserve: Reserve,
}

impl RedbStore {
    /// Opens the store that lies on `medium`. What is refused is not touched.
    ///
    /// # Errors
    /// [`StoreError`]: from the medium, about what is there, from `keyring`, or of the anchor.
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
    /// As [`Self::open`]; [`StoreError::NotFound`] where no file is.
    #[cfg(any(test, feature = "testing"))]
    pub fn open_file(
        path: &Path,
        settings: Settings,
        anchor: Option<Arc<dyn Anchor>>,
        keyring: Arc<dyn Keyring>,
    ) -> Result<Self, StoreError> {
        Self::open(Arc::new(FileMedium::new(path)), settings, anchor, keyring)
    }

    /// Takes the file at `path` for the latest there is, whatever the anchor held.
    ///
    /// # Errors
    /// As [`Self::open_file`].
    pub fn adopt_file(
        path: &Path,
        settings: Settings,
        anchor: &dyn Anchor,
        keyring: &dyn Keyring,
    ) -> Result<(), StoreError> {
        let stamp = Open::looked_at(&FileMedium::new(path), settings, keyring)?;
        Ok(anchor::finalise(anchor, &stamp)?)
    }

    /// Makes a store with `first_rows` in a new file at `path`, and opens it. A crash leaves no file
    /// at `path` or a whole one. `name_suffix` names the file until then; it is drawn at random.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] where anything is at `path`, which then stays as it is;
    /// [`StoreError::NotFound`] where its directory is not.
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

    /// Makes a store with `first_rows` on storage that holds no byte yet. Other than
    /// [`Self::create_file`], this does not survive a crash: it is for storage that does not either.
    ///
    /// # Errors
    /// [`StoreError::AlreadyExists`] where the storage holds something.
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
    /// [`StoreError::TooLarge`] or [`StoreError::Conflict`] where `first_rows` are no act.
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
        };
        if is_new_to_anchor {
            // From now on the file says itself that it has an anchor, so that none cannot be given for it.
            match store.handle.commit(&Changes::new()) {
                Ended::Done => {}
                Ended::NotDone(why) => return Err(why.into()),
                Ended::Broken => return Err(StoreError::Broken),
                Ended::Unknown => return Err(StoreError::Unknown),
            }
        }
        Ok(store)
    }

    /// Opens a store again that a failure broke, or whose file was exchanged; the file may be another
    /// one than before, so it is opened as the first time.
    ///
    /// # Errors
    /// As [`Self::open`]; the store stays broken then.
    #[cfg(any(test, feature = "testing"))]
    pub fn reopen(&self) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        let _ticket = self.queue.take(None)?;
        self.settle();
        self.handle.reopen()
    }

    /// How many acts wait for their turn.
    #[cfg(any(test, feature = "testing"))]
    pub fn waiting(&self) -> usize {
        self.queue.waiting()
    }

    /// How many commits this handle has made.
    #[cfg(any(test, feature = "testing"))]
    pub fn commits(&self) -> u64 {
        self.handle.commits.load(Ordering::Acquire)
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
        let turn = self.queue.take(Some(self.handle.settings.patience))?;
        let mut batch = self.batch();
        if batch.base.is_none() {
            // Nothing is staged yet, so nobody else hears of it when this fails.
            self.handle.heal();
            batch.base = Some(self.handle.with_open(Open::snapshot)?);
        }
        let answer = batch.run(decide);
        // Whatever was decided over a neighbour's staged rows stands or falls with them.
        let outcome = (!batch.staged.is_empty()).then(|| Arc::clone(&batch.outcome));
        let full = batch.is_full();
        drop(batch);
        if let Some(_last) = if full { Some(turn) } else { turn.hand_on() } {
            self.settle();
        }
        let answer = answer.unwrap_or_else(|panic| resume_unwind(panic));
        match outcome.map_or(Ended::Done, |outcome| outcome.wait()) {
            Ended::Done => answer.map(|_| Run::Over),
            // Room does not come by trying again; who only looked decides over what is there without the other.
            Ended::NotDone(NotDone::Storage(kind)) if is_full(kind) && answer == Ok(Staged::Rows) => {
                Err(StoreError::Io(kind))
            }
            Ended::NotDone(why) => Ok(Run::NotDone(why)),
            Ended::Unknown if answer == Ok(Staged::Rows) => Err(StoreError::Unknown),
            Ended::Unknown | Ended::Broken => Err(StoreError::Broken),
        }
    }

    /// Commits what is staged and tells all whom it concerns. Only for who has the turn.
    fn settle(&self) {
        let Batch { base, staged, outcome, .. } = std::mem::take(&mut *self.batch());
        // The snapshot would keep its pages from being used again, and the file from being closed.
        drop(base);
        if !staged.is_empty() {
            // Whatever happens, those who wait are told: nobody else would ever tell them.
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
