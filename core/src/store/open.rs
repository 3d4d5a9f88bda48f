//! Opening judges before it writes: a file that is refused, for whatever reason, is not touched.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::{Builder, Database, StorageBackend};

use super::medium::{Identity, Lent, Medium, Opened};
use super::port::{Read, Row, StoreError};
use super::rows::{Snapshot, commit, damage_of};
use super::stage::{Changes, admit};
use super::trial::Trial;

/// Looks at a file before it is opened for writing, and may refuse it: another schema, another key.
pub type Judge<'a> = &'a mut dyn FnMut(&dyn Read) -> Result<(), StoreError>;

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
}

impl Open {
    /// Opens what lies on `medium`, if it is `only` that file, sound, and `judge` takes it.
    pub(super) fn judged(
        medium: &dyn Medium,
        cache_bytes: usize,
        only: Option<Identity>,
        judge: Judge<'_>,
    ) -> Result<Self, StoreError> {
        for _ in 0..SWAPS {
            let opened = medium.open()?;
            let identity = opened.identity;
            if only.is_some() && identity != only {
                return Err(StoreError::Broken);
            }
            contained(|| on_trial(opened, cache_bytes, judge))?;
            let opened = medium.open()?;
            if opened.identity == identity {
                return contained(|| Self::start(opened, cache_bytes, false));
            }
        }
        Err(StoreError::Io(std::io::ErrorKind::Interrupted))
    }

    /// Makes a store of storage without a byte, with `first_rows` and the first commit's stamp.
    pub(super) fn made(opened: Opened, cache_bytes: usize, first_rows: Vec<Row>) -> Result<Self, StoreError> {
        let changes = admit(first_rows, &Changes::new())?;
        if opened.backend.len().map_err(|error| StoreError::Io(error.kind()))? > 0 {
            return Err(StoreError::AlreadyExists);
        }
        let open = Self::start(opened, cache_bytes, true)?;
        open.commit(&changes, 1).map_err(StoreError::Io)?;
        Ok(open)
    }

    fn start(opened: Opened, cache_bytes: usize, may_be_empty: bool) -> Result<Self, StoreError> {
        let backend =
            if may_be_empty { Lent::new(opened.backend, true) } else { Lent::renewed(opened.backend) };
        let db = open_on(backend, cache_bytes, !may_be_empty)?;
        Ok(Self { db, identity: opened.identity, ailing: Arc::default() })
    }

    pub(super) fn snapshot(&self) -> Result<Snapshot, StoreError> {
        Snapshot::of(&self.db, &self.ailing)
    }

    /// Whether the storage has failed: redb answers nothing more until it is opened again.
    pub(super) fn is_ailing(&self) -> bool {
        self.ailing.load(Ordering::Acquire)
    }

    /// A panic inside redb counts as a failure: who commits answers for others too.
    pub(super) fn commit(&self, changes: &Changes, stamp: u64) -> Result<(), std::io::ErrorKind> {
        catch_unwind(AssertUnwindSafe(|| commit(&self.db, changes, stamp)))
            .unwrap_or(Err(std::io::ErrorKind::Other))
    }

    pub(super) fn close(self) -> Result<(), StoreError> {
        contained(|| self.db.close().map_err(|error| damage_of(&error)))
    }
}

fn on_trial(opened: Opened, cache_bytes: usize, judge: Judge<'_>) -> Result<(), StoreError> {
    let to_come = names_a_format_to_come(&*opened.backend);
    let trial = Trial::over(Lent::new(opened.backend, false));
    let db = open_on(trial, cache_bytes, true).map_err(|error| match error {
        StoreError::Damaged if to_come => StoreError::NewerFormat,
        error => error,
    })?;
    let snapshot = Snapshot::of(&db, &Arc::default())?;
    snapshot.stamp()?;
    judge(&snapshot)
}

/// A plain open of a damaged file gave wrong rows in 11 of 100 cases and panics in 16; with the check,
/// neither was seen in 28,800. Only what is being made needs none.
fn open_on(backend: impl StorageBackend, cache_bytes: usize, check: bool) -> Result<Database, StoreError> {
    Builder::new()
        .set_cache_size(cache_bytes)
        .set_check_integrity_on_open(check)
        .create_with_backend(backend)
        .map_err(|error| damage_of(&error))
}

/// redb calls a format that it does not know corrupted.
fn names_a_format_to_come(backend: &dyn StorageBackend) -> bool {
    let [one, other] = FORMAT_AT.map(|at| {
        let mut format = [0];
        backend.read(at, &mut format).map_or(0, |()| u8::from_be_bytes(format))
    });
    one == other && one > FORMAT && one <= LAST_PLAUSIBLE_FORMAT
}

/// redb may panic over a file that somebody shaped; the caller is told that it is damaged.
fn contained<T>(open: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(open)).unwrap_or(Err(StoreError::Damaged))
}
