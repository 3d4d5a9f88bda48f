//! Opening a store. The file is checked before anything is written, so a refused file stays unchanged.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{Builder, Database, StorageBackend};

use super::anchor::{self, Anchor};
use super::medium::{Identity, Lent, Medium, Opened};
use super::port::{Read, Recast, Row, StoreError};
use super::rows::{Next, Snapshot, commit, contained, damage_of, not_written, write_anew};
use super::settings::Settings;
use super::stage::{Changes, admit};
use super::stamp::{Stamp, Stamped};
use super::trial::Trial;
use crate::crypto::tally::{Tally, TallyKey};

/// Keeps the keys of a store. The store asks it whenever it opens the file, and tells it when it closes the file.
pub trait Keyring: Send + Sync {
    /// Looks at a file before it is opened for writing, and may refuse it, for example for its schema or its key.
    /// Returns the key of the code over all rows. If it is open already, it stays open.
    ///
    /// # Errors
    /// Returns the [`StoreError`] with which the file is refused.
    fn open(&self, read: &dyn Read) -> Result<Arc<TallyKey>, StoreError>;

    /// Forgets the keys, because the file was closed.
    fn close(&self) {}
}

impl<F: Fn(&dyn Read) -> Result<Arc<TallyKey>, StoreError> + Send + Sync> Keyring for F {
    fn open(&self, read: &dyn Read) -> Result<Arc<TallyKey>, StoreError> {
        self(read)
    }
}

/// How often opening starts again because the file was replaced meanwhile.
const SWAPS: usize = 3;

/// redb's file format, and where its two commit slots name theirs (redb's docs/design.md).
const FORMAT: u8 = 3;
const FORMAT_AT: [u64; 2] = [64, 192];
/// A larger format byte is damage and not a future format.
const LAST_PLAUSIBLE_FORMAT: u8 = 15;

/// An open database.
pub(super) struct Open {
    db: Database,
    /// Which file it is.
    pub(super) identity: Option<Identity>,
    ailing: Arc<AtomicBool>,
    pub(super) key: Arc<TallyKey>,
    /// The state after the last commit. Only the holder of the ticket changes it.
    last: Mutex<(Stamp, Tally)>,
    repairs_quickly: bool,
}

impl Open {
    /// Opens the store on `medium` if it is undamaged, `keyring` opens it, its rows are those that its commits
    /// left, and `anchor` knows it. If `only` is given, the file must be that one.
    pub(super) fn judged(
        medium: &dyn Medium,
        settings: Settings,
        only: Option<Identity>,
        anchor: Option<&dyn Anchor>,
        keyring: &dyn Keyring,
    ) -> Result<Self, StoreError> {
        for _ in 0..SWAPS {
            let opened = medium.open()?;
            let identity = opened.identity;
            if only.is_some() && identity != only {
                return Err(StoreError::Broken);
            }
            let found = contained(|| on_trial(opened, settings, keyring))?;
            anchor::admit(anchor, &found.stamped.stamp)?;
            let opened = medium.open()?;
            if opened.identity != identity {
                keyring.close();
                continue;
            }
            let Found { stamped, tally, key } = found;
            // A store may be opened again within one process because a sync failed.
            let renews = settings.verify || only.is_some();
            let backend =
                if renews { Lent::renewed(opened.backend) } else { Lent::new(opened.backend, false) };
            let open =
                contained(|| Self::start(backend, identity, settings, false, key, (stamped.stamp, tally)))?;
            // The trial judged the file as it was a moment ago.
            if open.snapshot()?.stamped()? == stamped {
                return Ok(open);
            }
            keyring.close();
        }
        Err(StoreError::Io(std::io::ErrorKind::Interrupted))
    }

    /// Returns the stamp of the store on `medium`. Checks it as at an opening, but without an anchor.
    pub(super) fn looked_at(
        medium: &dyn Medium,
        settings: Settings,
        keyring: &dyn Keyring,
    ) -> Result<Stamp, StoreError> {
        let opened = medium.open()?;
        Ok(contained(|| on_trial(opened, settings, keyring))?.stamped.stamp)
    }

    /// Makes a store on empty storage, with `first_rows` and the first commit's stamp.
    pub(super) fn made(
        opened: Opened,
        settings: Settings,
        first_rows: Vec<Row>,
        keyring: &dyn Keyring,
        is_anchored: bool,
    ) -> Result<Self, StoreError> {
        let changes = admit(first_rows, &Changes::new())?;
        let key = keyring.open(&changes)?;
        if opened.backend.len().map_err(|error| StoreError::Io(error.kind()))? > 0 {
            return Err(StoreError::AlreadyExists);
        }
        let backend = Lent::new(opened.backend, true);
        let nothing = (Stamp::NONE, Tally::default());
        let open = Self::start(backend, opened.identity, settings, false, key, nothing)?;
        let first = open.next(&changes, is_anchored);
        open.commit(&changes, &first).map_err(StoreError::Io)?;
        Ok(open)
    }

    /// Writes this whole store to empty storage, and opens it there if it reads back as written.
    pub(super) fn written_anew(
        &self,
        beside: &dyn Medium,
        settings: Settings,
        recast: Recast<'_>,
        key: &Arc<TallyKey>,
        is_anchored: bool,
    ) -> Result<Self, StoreError> {
        let Next { stamp, .. } = Next::after(&self.stamp(), &Changes::new(), is_anchored, key);
        let start = |may_be_empty| {
            let Opened { backend, identity } = beside.open()?;
            let last = (stamp, Tally::default());
            let lent = Lent::new(backend, may_be_empty);
            Self::start(lent, identity, settings, !may_be_empty, Arc::clone(key), last)
        };
        let made = start(true).map_err(not_written)?;
        write_anew(&made.db, &self.snapshot()?, recast, &stamp, key)?;
        made.close().map_err(not_written)?;
        let read_back = || {
            let found = start(false)?;
            let snapshot = found.snapshot()?;
            let stamped = snapshot.stamped()?;
            stamped.fits(&snapshot.tally(key)?, key)?;
            if stamped.stamp == stamp { Ok(found) } else { Err(StoreError::Damaged) }
        };
        contained(read_back).map_err(not_written)
    }

    fn start(
        backend: Lent,
        identity: Option<Identity>,
        settings: Settings,
        verify: bool,
        key: Arc<TallyKey>,
        last: (Stamp, Tally),
    ) -> Result<Self, StoreError> {
        let db = open_on(backend, Settings { verify, ..settings })?;
        Ok(Self {
            db,
            identity,
            ailing: Arc::default(),
            key,
            last: Mutex::new(last),
            repairs_quickly: !settings.verify,
        })
    }

    pub(super) fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Snapshot::of(&self.db, &self.ailing)
    }

    /// Returns whether the storage has failed. redb then answers nothing until it is opened again.
    pub(super) fn is_ailing(&self) -> bool {
        self.ailing.load(Ordering::Acquire)
    }

    /// Returns the stamp of the last commit.
    pub(super) fn stamp(&self) -> Stamp {
        self.last().0
    }

    /// Returns what a commit of these changes would leave.
    pub(super) fn next(&self, changes: &Changes, is_anchored: bool) -> Next {
        Next::after(&self.stamp(), changes, is_anchored, &self.key)
    }

    /// Commits these changes. A panic inside redb counts as a failure, because the caller commits for others too.
    pub(super) fn commit(&self, changes: &Changes, next: &Next) -> Result<(), std::io::ErrorKind> {
        let tally = self.last().1;
        let commit = || commit(&self.db, changes, next, tally, &self.key, self.repairs_quickly);
        let tally = catch_unwind(AssertUnwindSafe(commit)).unwrap_or(Err(std::io::ErrorKind::Other))?;
        *self.last() = (next.stamp, tally);
        Ok(())
    }

    pub(super) fn verify(&self) -> Result<(), StoreError> {
        contained(|| self.snapshot()?.verify(&self.key))
    }

    fn last(&self) -> MutexGuard<'_, (Stamp, Tally)> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the database without closing it.
    pub(super) fn abandon(self) {
        std::mem::forget(self.db);
    }

    pub(super) fn close(self) -> Result<(), StoreError> {
        contained(|| self.db.close().map_err(|error| damage_of(&error)))
    }
}

/// The findings of the check of a file.
struct Found {
    stamped: Stamped,
    tally: Tally,
    key: Arc<TallyKey>,
}

fn on_trial(opened: Opened, settings: Settings, keyring: &dyn Keyring) -> Result<Found, StoreError> {
    let format = format_named(&*opened.backend);
    let trial = Trial::over(Lent::new(opened.backend, false));
    let db = open_on(trial, settings).map_err(|error| match error {
        StoreError::Damaged if is_to_come(format) => StoreError::NewerFormat,
        // No release of Selfsame wrote an older format of redb.
        StoreError::Damaged if format.is_some_and(|format| (1..FORMAT).contains(&format)) => {
            StoreError::NotAStore
        }
        error => error,
    })?;
    let snapshot = Snapshot::of(&db, &Arc::default())?;
    let key = keyring.open(&snapshot)?;
    let stamped = snapshot.stamped()?;
    let tally = stamped.tally(&key)?;
    if settings.verify {
        stamped.fits(&snapshot.tally(&key)?, &key)?;
    }
    Ok(Found { stamped, tally, key })
}

/// Opens the database with redb's check. A plain open of a damaged file gave wrong rows in 11 of 100 cases and
/// panics in 16. With the check, neither was seen in 28,800 cases.
pub(super) fn open_on(backend: impl StorageBackend, settings: Settings) -> Result<Database, StoreError> {
    Builder::new()
        .set_cache_size(settings.cache_bytes)
        .set_check_integrity_on_open(settings.verify)
        .create_with_backend(backend)
        .map_err(|error| damage_of(&error))
}

/// Returns the format that both slots name. A format that only one slot names may be a flipped bit.
fn format_named(backend: &dyn StorageBackend) -> Option<u8> {
    let [one, other] = FORMAT_AT.map(|at| {
        let mut format = [0];
        backend.read(at, &mut format).map_or(0, |()| u8::from_be_bytes(format))
    });
    (one == other).then_some(one)
}

/// Returns whether the format is a future one. redb calls every format that it does not know corrupted.
fn is_to_come(format: Option<u8>) -> bool {
    format.is_some_and(|format| format > FORMAT && format <= LAST_PLAUSIBLE_FORMAT)
}
