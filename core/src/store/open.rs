//! Opening judges before it writes: a file that is refused, for whatever reason, is not touched.

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

/// Who keeps the keys of a store: asked whenever its file is opened, told when it is put away.
pub trait Keyring: Send + Sync {
    /// Looks at a file before it is opened for writing, and may refuse it: another schema, another key. Gives
    /// the key that its rows as a whole are held against. Open already, it stays so.
    ///
    /// # Errors
    /// [`StoreError`], with which the file is refused.
    fn open(&self, read: &dyn Read) -> Result<Arc<TallyKey>, StoreError>;

    /// The file is put away: what opened it is to be forgotten.
    fn close(&self) {}
}

impl<F: Fn(&dyn Read) -> Result<Arc<TallyKey>, StoreError> + Send + Sync> Keyring for F {
    fn open(&self, read: &dyn Read) -> Result<Arc<TallyKey>, StoreError> {
        self(read)
    }
}

/// How often a file may be swapped for another while it is being opened.
const SWAPS: usize = 3;

/// redb's file format, and where its two commit slots name theirs (its docs/design.md).
const FORMAT: u8 = 3;
const FORMAT_AT: [u64; 2] = [64, 192];
/// Beyond this a format byte is damage and no format to come.
const LAST_PLAUSIBLE_FORMAT: u8 = 15;

/// An open database.
pub(super) struct Open {
    db: Database,
    /// Which file it is.
    pub(super) identity: Option<Identity>,
    ailing: Arc<AtomicBool>,
    pub(super) key: Arc<TallyKey>,
    /// What the last commit left. It changes in the hands of who has the turn alone.
    last: Mutex<(Stamp, Tally)>,
    repairs_quickly: bool,
}

impl Open {
    /// Opens what lies on `medium`, if it is `only` that file, sound, `keyring` opens it, its rows are those
    /// that its commits left, and `anchor` knows it.
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
            // Within one process a failed sync may be the reason that it is opened again.
            let renews = settings.verify || only.is_some();
            let backend =
                if renews { Lent::renewed(opened.backend) } else { Lent::new(opened.backend, false) };
            let open =
                contained(|| Self::start(backend, identity, settings, false, key, (stamped.stamp, tally)))?;
            // Judged was what lay there a moment ago.
            if open.snapshot()?.stamped()? == stamped {
                return Ok(open);
            }
            keyring.close();
        }
        Err(StoreError::Io(std::io::ErrorKind::Interrupted))
    }

    /// The stamp of what lies on `medium`, judged as at an opening, but by no anchor.
    pub(super) fn looked_at(
        medium: &dyn Medium,
        settings: Settings,
        keyring: &dyn Keyring,
    ) -> Result<Stamp, StoreError> {
        let opened = medium.open()?;
        Ok(contained(|| on_trial(opened, settings, keyring))?.stamped.stamp)
    }

    /// Makes a store of storage without a byte, with `first_rows` and the first commit's stamp.
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

    /// Writes all of this store to storage without a byte, and opens it there if it reads back as it was written.
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

    /// Whether the storage has failed: redb answers nothing more until it is opened again.
    pub(super) fn is_ailing(&self) -> bool {
        self.ailing.load(Ordering::Acquire)
    }

    /// What the last commit left.
    pub(super) fn stamp(&self) -> Stamp {
        self.last().0
    }

    /// What a commit of these changes would leave.
    pub(super) fn next(&self, changes: &Changes, is_anchored: bool) -> Next {
        Next::after(&self.stamp(), changes, is_anchored, &self.key)
    }

    /// A panic inside redb counts as a failure: who commits answers for others too.
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

    pub(super) fn close(self) -> Result<(), StoreError> {
        contained(|| self.db.close().map_err(|error| damage_of(&error)))
    }
}

/// What a trial found.
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
        // No release of ours wrote redb's formats before this one.
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

/// A plain open of a damaged file gave wrong rows in 11 of 100 cases and panics in 16; with the check,
/// neither was seen in 28,800.
pub(super) fn open_on(backend: impl StorageBackend, settings: Settings) -> Result<Database, StoreError> {
    Builder::new()
        .set_cache_size(settings.cache_bytes)
        .set_check_integrity_on_open(settings.verify)
        .create_with_backend(backend)
        .map_err(|error| damage_of(&error))
}

/// The format that both slots name; one alone may be a flipped bit.
fn format_named(backend: &dyn StorageBackend) -> Option<u8> {
    let [one, other] = FORMAT_AT.map(|at| {
        let mut format = [0];
        backend.read(at, &mut format).map_or(0, |()| u8::from_be_bytes(format))
    });
    (one == other).then_some(one)
}

/// redb calls a format that it does not know corrupted.
fn is_to_come(format: Option<u8>) -> bool {
    format.is_some_and(|format| format > FORMAT && format <= LAST_PLAUSIBLE_FORMAT)
}
