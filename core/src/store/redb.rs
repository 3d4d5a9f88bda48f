//! The default engine: redb, in a file or in memory.
//!
//! Acts share commits without a thread of the store's own. Each caller decides on its own thread,
//! in turn, into a staged map over one snapshot; whoever finds nobody behind it, or is the 64th,
//! commits the map for all and keeps the turn meanwhile, so that the next map fills behind it.

use std::any::Any;
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard};
use std::time::Duration;

use super::create;
use super::inside::Entrance;
use super::line::{Ended, Line, Outcome};
use super::medium::{FileMedium, Identity, Medium, MemoryMedium};
use super::open::{Judge, Open};
use super::port::{Decide, Read, Row, Store, StoreError};
use super::rows::Snapshot;
use super::stage::{Changes, Over, admit};

/// Most acts that share a commit.
const MAX_ACTS: usize = 64;

/// How often an act is run when its commits fail.
const RUNS: usize = 3;

/// How a store is to be run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// How much of the file redb keeps in memory.
    pub cache_bytes: usize,
    /// How long an act waits for its turn.
    pub patience: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self { cache_bytes: 16 << 20, patience: Duration::from_secs(5) }
    }
}

/// A store on redb.
pub struct RedbStore {
    medium: Arc<dyn Medium>,
    settings: Settings,
    entrance: Entrance,
    line: Line,
    /// Belongs to who has the turn.
    batch: Mutex<Batch>,
    /// Changes only in the hands of who has the turn, but that any caller may wake a suspended store.
    state: RwLock<State>,
    stamp: AtomicU64,
    commits: AtomicU64,
}

enum State {
    Open(Open),
    /// The file is released; the next call opens it again, if it is the same.
    Suspended(Option<Identity>),
    /// Only [`RedbStore::reopen`] helps.
    Broken,
}

/// The acts since the last commit.
#[derive(Default)]
struct Batch {
    base: Option<Snapshot>,
    staged: Changes,
    acts: usize,
    outcome: Arc<Outcome>,
}

impl RedbStore {
    /// Opens the store that lies on `medium`. What is refused is not touched.
    ///
    /// # Errors
    /// [`StoreError`]: from the medium, about what is there, or from `judge`.
    pub fn open(medium: Arc<dyn Medium>, settings: Settings, judge: Judge<'_>) -> Result<Self, StoreError> {
        let open = Open::judged(&*medium, settings.cache_bytes, None, judge)?;
        Self::with(medium, settings, open)
    }

    /// Opens the store in the file at `path`.
    ///
    /// # Errors
    /// As [`Self::open`]; [`StoreError::NotFound`] where no file is.
    pub fn open_file(path: &Path, settings: Settings, judge: Judge<'_>) -> Result<Self, StoreError> {
        Self::open(Arc::new(FileMedium::new(path)), settings, judge)
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
    ) -> Result<Self, StoreError> {
        create::create(path, settings.cache_bytes, first_rows, name_suffix)?;
        Self::open_file(path, settings, &mut |_| Ok(()))
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
    ) -> Result<Self, StoreError> {
        let open = Open::made(medium.open()?, settings.cache_bytes, first_rows)?;
        Self::with(medium, settings, open)
    }

    /// Makes a store with `first_rows` in memory.
    ///
    /// # Errors
    /// [`StoreError::TooLarge`] or [`StoreError::Conflict`] where `first_rows` are no act.
    pub fn memory(first_rows: Vec<Row>) -> Result<Self, StoreError> {
        let settings = Settings { cache_bytes: 1 << 20, ..Settings::default() };
        Self::create(Arc::new(MemoryMedium::new()), settings, first_rows)
    }

    fn with(medium: Arc<dyn Medium>, settings: Settings, open: Open) -> Result<Self, StoreError> {
        let stamp = open.snapshot()?.stamp()?;
        Ok(Self {
            medium,
            settings,
            entrance: Entrance::new(),
            line: Line::default(),
            batch: Mutex::default(),
            state: RwLock::new(State::Open(open)),
            stamp: AtomicU64::new(stamp),
            commits: AtomicU64::new(0),
        })
    }

    /// Opens a store again that a failure broke, or whose file was exchanged; the file may be another
    /// one than before, so it is judged as at the first opening.
    ///
    /// # Errors
    /// As [`Self::open`]; the store stays broken then.
    #[cfg(any(test, feature = "testing"))]
    pub fn reopen(&self, judge: Judge<'_>) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        let _turn = self.line.take(None)?;
        self.settle();
        let mut state = self.state_mut();
        *state = State::Broken;
        self.start(&mut state, None, judge)
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
        let mut failure = ErrorKind::Other;
        for _ in 0..RUNS {
            match self.run(decide)? {
                Run::Over => return Ok(()),
                Run::NotDone(kind) => failure = kind,
            }
        }
        Err(StoreError::Io(failure))
    }

    fn commit_stamp(&self) -> Result<u64, StoreError> {
        let _inside = self.entrance.enter()?;
        self.with_open(|_| Ok(self.stamp.load(Ordering::Acquire)))
    }

    fn size(&self) -> Result<Option<u64>, StoreError> {
        self.medium.size()
    }

    fn suspend(&self) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        let _turn = self.line.take(None)?;
        self.settle();
        let mut state = self.state_mut();
        match std::mem::replace(&mut *state, State::Broken) {
            State::Open(open) => {
                *state = State::Suspended(open.identity);
                open.close()
            }
            released => {
                *state = released;
                Ok(())
            }
        }
    }
}

/// How one run of an act ended.
enum Run {
    Over,
    /// Its commit failed and left nothing: the act may run again.
    NotDone(ErrorKind),
}

impl RedbStore {
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
        let full = batch.acts >= MAX_ACTS;
        drop(batch);
        if let Some(_last) = if full { Some(turn) } else { turn.hand_on() } {
            self.settle();
        }
        let answer = answer.unwrap_or_else(|panic| resume_unwind(panic));
        match outcome.map_or(Ended::Done, |outcome| outcome.wait()) {
            Ended::Done => answer.map(|_| Run::Over),
            Ended::NotDone(kind) => Ok(Run::NotDone(kind)),
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
            let committed = catch_unwind(AssertUnwindSafe(|| self.commit(&staged)));
            outcome.tell(committed.unwrap_or_else(|_| {
                *self.state_mut() = State::Broken;
                Ended::Unknown
            }));
        }
    }

    fn commit(&self, staged: &Changes) -> Ended {
        let before = self.stamp.load(Ordering::Acquire);
        let committed = self.with_open(|open| {
            if open.identity.is_some() && self.medium.identity()? != open.identity {
                return Err(StoreError::Broken);
            }
            Ok(open.commit(staged, before + 1))
        });
        match committed {
            Ok(Ok(())) => {
                self.stamp.store(before + 1, Ordering::Release);
                self.commits.fetch_add(1, Ordering::AcqRel);
                Ended::Done
            }
            Ok(Err(kind)) => self.find_out(before, kind),
            // The path leads elsewhere: a commit would go to a file that nobody finds again.
            Err(_) => {
                *self.state_mut() = State::Broken;
                Ended::Broken
            }
        }
    }

    /// Opens the store again after a failed commit and looks whether the commit is there.
    fn find_out(&self, before: u64, kind: ErrorKind) -> Ended {
        let mut state = self.state_mut();
        let State::Open(open) = std::mem::replace(&mut *state, State::Broken) else {
            return Ended::Broken;
        };
        let identity = open.identity;
        // It failed already; what closing it says adds nothing.
        _ = open.close();
        if self.start(&mut state, identity, &mut |_| Ok(())).is_err() {
            return Ended::Unknown;
        }
        match self.stamp.load(Ordering::Acquire) {
            now if now == before => Ended::NotDone(kind),
            now if now == before + 1 => {
                self.commits.fetch_add(1, Ordering::AcqRel);
                Ended::Done
            }
            _ => {
                *state = State::Broken;
                Ended::Unknown
            }
        }
    }

    /// Opens the database again where a read failed: redb refuses everything after that. Only for who
    /// has the turn.
    fn heal(&self) -> Result<(), StoreError> {
        if !self.is_ailing() {
            return Ok(());
        }
        let mut state = self.state_mut();
        if let State::Open(open) = std::mem::replace(&mut *state, State::Broken) {
            *state = State::Suspended(open.identity);
            // The failure has been reported by the read that met it.
            _ = open.close();
        }
        Ok(())
    }

    fn is_ailing(&self) -> bool {
        match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
            State::Open(open) => open.is_ailing(),
            State::Suspended(_) | State::Broken => false,
        }
    }

    /// Calls `with` with the open database, which stays open meanwhile; wakes a suspended store.
    fn with_open<T>(&self, with: impl FnOnce(&Open) -> Result<T, StoreError>) -> Result<T, StoreError> {
        loop {
            match &*self.state.read().unwrap_or_else(PoisonError::into_inner) {
                State::Open(open) => return with(open),
                State::Broken => return Err(StoreError::Broken),
                State::Suspended(_) => {}
            }
            let mut state = self.state_mut();
            if let State::Suspended(identity) = *state {
                self.start(&mut state, identity, &mut |_| Ok(()))?;
            }
        }
    }

    fn start(&self, state: &mut State, only: Option<Identity>, judge: Judge<'_>) -> Result<(), StoreError> {
        let open =
            Open::judged(&*self.medium, self.settings.cache_bytes, only, judge).inspect_err(|error| {
                if *error == StoreError::Broken {
                    *state = State::Broken;
                }
            })?;
        self.stamp.store(open.snapshot()?.stamp()?, Ordering::Release);
        *state = State::Open(open);
        Ok(())
    }

    fn batch(&self) -> MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn state_mut(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an act has put into its batch.
#[derive(PartialEq, Eq)]
enum Staged {
    Rows,
    Nothing,
}

impl Batch {
    /// Runs `decide` over the snapshot and what is staged, and stages its rows; a panic stages nothing.
    fn run(&mut self, decide: Decide<'_>) -> Result<Result<Staged, StoreError>, Box<dyn Any + Send>> {
        self.acts += 1;
        let Some(base) = &self.base else {
            return Ok(Err(StoreError::Broken));
        };
        let there = Over { changes: &self.staged, there: base };
        let decided = catch_unwind(AssertUnwindSafe(|| admit(decide(&there)?, &there)))?;
        Ok(decided.map(|mut changes| {
            if changes.is_empty() {
                return Staged::Nothing;
            }
            self.staged.append(&mut changes);
            Staged::Rows
        }))
    }
}
