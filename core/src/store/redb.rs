//! The default engine: redb, in a file or in memory.
//!
//! Acts share commits without a thread of the store's own. Each caller decides on its own thread,
//! in turn, into a staged map over one snapshot; whoever finds nobody behind it, or is the 64th,
//! commits the map for all and keeps the turn meanwhile, so that the next map fills behind it.

use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};

use super::anchor::{self, Anchor};
use super::batch::{Batch, MANY_ROWS, MAX_ACTS, Staged};
use super::create;
use super::file::FileMedium;
use super::in_memory::MemoryMedium;
use super::inside::Entrance;
use super::line::{Ended, Line, NotDone};
use super::medium::{Identity, Medium};
use super::open::{Keyring, Open};
use super::port::{Decide, Read, Recast, Row, Store, StoreError, is_full};
use super::reserve::Reserve;
use super::settings::Settings;
use super::stage::Changes;
use super::stamp::Stamp;
use crate::crypto::tally::TallyKey;

/// How often an act is run when its commits fail.
const RUNS: usize = 3;

/// A store on redb.
pub struct RedbStore {
    pub(super) medium: Arc<dyn Medium>,
    pub(super) anchor: Option<Arc<dyn Anchor>>,
    pub(super) keyring: Arc<dyn Keyring>,
    pub(super) settings: Settings,
    pub(super) entrance: Entrance,
    pub(super) line: Line,
    /// Belongs to who has the turn.
    batch: Mutex<Batch>,
    /// Changes only in the hands of who has the turn, but that any caller may wake a suspended store.
    state: RwLock<State>,
    pub(super) commits: AtomicU64,
    reserve: Reserve,
}

pub(super) enum State {
    Open(Open),
    /// The file is released; the next call opens it again, if it is the same. The key is there where the
    /// keyring was not told.
    Released(Option<Identity>, Option<Arc<TallyKey>>),
    /// Only [`RedbStore::reopen`] helps.
    Broken,
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
            medium,
            anchor,
            keyring,
            settings,
            entrance: Entrance::new(),
            line: Line::default(),
            batch: Mutex::default(),
            state: RwLock::new(State::Open(open)),
            commits: AtomicU64::new(0),
        };
        if is_new_to_anchor {
            // From now on the file says itself that it has an anchor, so that none cannot be given for it.
            match store.commit(&Changes::new()) {
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
        let _turn = self.line.take(None)?;
        self.settle();
        let mut state = self.state_mut();
        *state = State::Broken;
        self.keyring.close();
        self.start(&mut state, None, &*self.keyring)
    }

    /// How many acts wait for their turn.
    #[cfg(any(test, feature = "testing"))]
    pub fn waiting(&self) -> usize {
        self.line.waiting()
    }

    /// How many commits this handle has made.
    #[cfg(any(test, feature = "testing"))]
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Acquire)
    }
}

impl Store for RedbStore {
    fn read(&self, look: &mut dyn FnMut(&dyn Read) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        if self.is_ailing() {
            let _turn = self.line.take(Some(self.settings.patience))?;
            self.settle();
            self.heal()?;
        }
        self.with_open(|open| look(&open.snapshot()?))
    }

    fn write(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        self.reserve.admit(&*self.medium)?;
        self.runs(decide)
    }

    fn write_from_reserve(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        match self.runs(decide) {
            Err(error) if error.is_full() && self.reserve.give_back(&*self.medium) => self.runs(decide),
            answer => answer,
        }
    }

    fn has_reserve(&self) -> bool {
        self.reserve.is_kept()
    }

    fn commit_stamp(&self) -> Result<u64, StoreError> {
        let _inside = self.entrance.enter()?;
        self.with_open(|open| Ok(open.stamp().number))
    }

    fn is_anchored(&self) -> bool {
        self.anchor.is_some()
    }

    fn size(&self) -> Result<Option<u64>, StoreError> {
        self.medium.size()
    }

    fn verify(&self) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        self.with_open(Open::verify)
    }

    fn rewrite(&self, recast: Recast<'_>, key: Option<Arc<TallyKey>>) -> Result<(), StoreError> {
        self.write_anew(recast, key)
    }

    fn suspend(&self) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        let _turn = self.line.take(None)?;
        self.settle();
        let mut state = self.state_mut();
        let closed = match std::mem::replace(&mut *state, State::Broken) {
            State::Open(open) => {
                *state = State::Released(open.identity, None);
                open.close()
            }
            State::Released(identity, _) => {
                *state = State::Released(identity, None);
                Ok(())
            }
            State::Broken => Ok(()),
        };
        self.keyring.close();
        closed
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
        let turn = self.line.take(Some(self.settings.patience))?;
        let mut batch = self.batch();
        if batch.base.is_none() {
            // Nothing is staged yet, so nobody else hears of it when this fails.
            self.heal()?;
            batch.base = Some(self.with_open(Open::snapshot)?);
        }
        let answer = batch.run(decide);
        // Whatever was decided over a neighbour's staged rows stands or falls with them.
        let outcome = (!batch.staged.is_empty()).then(|| Arc::clone(&batch.outcome));
        let full = batch.acts >= MAX_ACTS || batch.staged.len() >= MANY_ROWS;
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
    pub(super) fn settle(&self) {
        let Batch { base, staged, outcome, .. } = std::mem::take(&mut *self.batch());
        // The snapshot would keep its pages from being used again, and the file from being closed.
        drop(base);
        if !staged.is_empty() {
            // Whatever happens, those who wait are told: nobody else would ever tell them.
            let committed = catch_unwind(AssertUnwindSafe(|| self.commit(&staged)));
            outcome.tell(committed.unwrap_or_else(|_| {
                *self.state_mut() = State::Broken;
                Ended::Unknown
            }));
        }
    }

    fn commit(&self, staged: &Changes) -> Ended {
        let attempted = match &self.anchor {
            None => self.with_open(|open| self.attempt(open, staged, None)),
            // Nobody reads what is committed before it is final: it could still be taken back.
            Some(anchor) => match &*self.state_mut() {
                State::Open(open) => self.attempt(open, staged, Some(&**anchor)),
                State::Released(..) | State::Broken => Err(StoreError::Broken),
            },
        };
        match attempted {
            Ok(Attempt::Done) => {
                self.commits.fetch_add(1, Ordering::AcqRel);
                Ended::Done
            }
            Ok(Attempt::Unanchored) => Ended::NotDone(NotDone::Anchor),
            Ok(Attempt::Failed { before, next, kind }) => self.find_out(&before, &next, kind),
            Ok(Attempt::NotFinal) => {
                // The next opening finalises it; until then nobody is told of it.
                self.release(&mut self.state_mut());
                Ended::Unknown
            }
            // The path leads elsewhere: a commit would go to a file that nobody finds again.
            Err(_) => {
                *self.state_mut() = State::Broken;
                Ended::Broken
            }
        }
    }

    fn attempt(
        &self,
        open: &Open,
        staged: &Changes,
        anchor: Option<&dyn Anchor>,
    ) -> Result<Attempt, StoreError> {
        if open.identity.is_some() && self.medium.identity()? != open.identity {
            return Err(StoreError::Broken);
        }
        let (before, next) = (open.stamp(), open.next(staged, anchor.is_some()));
        if anchor.is_some_and(|anchor| anchor::reserve(anchor, &before, &next.stamp).is_err()) {
            return Ok(Attempt::Unanchored);
        }
        if let Err(kind) = open.commit(staged, &next) {
            return Ok(Attempt::Failed { before, next: next.stamp, kind });
        }
        let is_final = anchor.is_none_or(|anchor| anchor::finalise(anchor, &next.stamp).is_ok());
        Ok(if is_final { Attempt::Done } else { Attempt::NotFinal })
    }

    /// Opens the store again after a failed commit and looks whether the commit is there.
    fn find_out(&self, before: &Stamp, next: &Stamp, kind: ErrorKind) -> Ended {
        let mut state = self.state_mut();
        let State::Open(open) = std::mem::replace(&mut *state, State::Broken) else {
            return Ended::Broken;
        };
        let (identity, key) = (open.identity, open.key.clone());
        // It failed already; what closing it says adds nothing.
        _ = open.close();
        if self.start(&mut state, identity, &move |_: &dyn Read| Ok(key.clone())).is_err() {
            return Ended::Unknown;
        }
        let found = match &*state {
            State::Open(open) => Some(open.stamp()),
            State::Released(..) | State::Broken => None,
        };
        if found.as_ref() == Some(before) {
            Ended::NotDone(NotDone::Storage(kind))
        } else if found.as_ref() == Some(next) {
            self.commits.fetch_add(1, Ordering::AcqRel);
            Ended::Done
        } else {
            *state = State::Broken;
            Ended::Unknown
        }
    }

    /// Closes the file, to be opened again by the next call. What closing says adds nothing: a failure has
    /// been told already.
    fn release(&self, state: &mut State) {
        if let State::Open(open) = std::mem::replace(state, State::Broken) {
            *state = State::Released(open.identity, Some(open.key.clone()));
            _ = open.close();
        }
    }

    /// Opens the database again where a read failed: redb refuses everything after that. Only for who
    /// has the turn.
    pub(super) fn heal(&self) -> Result<(), StoreError> {
        if !self.is_ailing() {
            return Ok(());
        }
        self.release(&mut self.state_mut());
        Ok(())
    }

    fn is_ailing(&self) -> bool {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open(open) => open.is_ailing(),
            State::Released(..) | State::Broken => false,
        }
    }

    /// Calls `with` with the open database, which stays open meanwhile; wakes a suspended store.
    pub(super) fn with_open<T>(
        &self,
        with: impl FnOnce(&Open) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        loop {
            match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
                State::Open(open) => return with(open),
                State::Broken => return Err(StoreError::Broken),
                State::Released(..) => {}
            }
            let mut state = self.state_mut();
            match &*state {
                State::Released(identity, Some(key)) => {
                    let (identity, key) = (*identity, key.clone());
                    self.start(&mut state, identity, &move |_: &dyn Read| Ok(key.clone()))?;
                }
                State::Released(identity, None) => {
                    let identity = *identity;
                    self.start(&mut state, identity, &*self.keyring).inspect_err(|_| self.keyring.close())?;
                }
                State::Open(_) | State::Broken => {}
            }
        }
    }

    fn start(
        &self,
        state: &mut State,
        only: Option<Identity>,
        keyring: &dyn Keyring,
    ) -> Result<(), StoreError> {
        let open = Open::judged(&*self.medium, self.settings, only, self.anchor.as_deref(), keyring)
            .inspect_err(|error| {
                if *error == StoreError::Broken {
                    *state = State::Broken;
                }
            })?;
        *state = State::Open(open);
        Ok(())
    }

    fn batch(&self) -> MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How a commit went.
enum Attempt {
    Done,
    /// The anchor did not answer; nothing was written.
    Unanchored,
    /// redb failed, at whatever point.
    Failed {
        before: Stamp,
        next: Stamp,
        kind: ErrorKind,
    },
    /// It is in the file, and the anchor did not answer.
    NotFinal,
}
