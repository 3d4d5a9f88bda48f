//! The single table in redb: snapshots for reading, commits, and the translation of redb's errors.

use std::io::ErrorKind;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::{
    CommitError, CursorError, Database, DatabaseError, ReadOnlyTable, ReadableDatabase, ReadableTable,
    StorageError, TableDefinition, TableError, TransactionError,
};

use super::port::{Read, Recast, STAMP_KEY, StoreError, Visit};
use super::stage::Changes;
use super::stamp::{Stamp, Stamped};
use crate::crypto::tally::{Tally, TallyKey};

/// Keys and values are plain bytes for redb. Typed tables would write the paths of our types into the file, and
/// redb's decoding cannot refuse a value.
pub(super) const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");

/// The rows at one moment. It holds no lock, so writers do not wait for it.
pub(crate) struct Snapshot {
    table: ReadOnlyTable<&'static [u8], &'static [u8]>,
    ailing: Arc<AtomicBool>,
}

impl Snapshot {
    /// Takes a snapshot. It sets `ailing` if the storage fails, because redb then answers nothing until reopened.
    pub(crate) fn of(db: &Database, ailing: &Arc<AtomicBool>) -> Result<Self, StoreError> {
        let failed = |error: Failure| error.noted(ailing);
        let transaction = db.begin_read().map_err(|error| failed(error.into()))?;
        let table = transaction.open_table(ROWS).map_err(|error| failed(error.into()))?;
        Ok(Self { table, ailing: Arc::clone(ailing) })
    }

    /// Returns the stamp's row, which every store has from its first commit on.
    pub(crate) fn stamped(&self) -> Result<Stamped, StoreError> {
        Stamped::decode(&self.get(&STAMP_KEY)?.ok_or(StoreError::Damaged)?).ok_or(StoreError::Damaged)
    }

    /// Returns the tally of all rows except the stamp's, which contains the tally.
    pub(crate) fn tally(&self, key: &TallyKey) -> Result<Tally, StoreError> {
        let mut tally = Tally::default();
        for row in self.table.iter().map_err(|error| self.failed(error))? {
            let (row, value) = row.map_err(|error| self.failed(error))?;
            if row.value() != STAMP_KEY {
                tally.add(key.row(row.value(), value.value()));
            }
        }
        Ok(tally)
    }

    /// Checks that these are the rows that the stamp was made for, and that each is found by its key.
    pub(crate) fn verify(&self, key: &TallyKey) -> Result<(), StoreError> {
        self.stamped()?.fits(&self.tally(key)?, key)?;
        for row in self.table.iter().map_err(|error| self.failed(error))? {
            let (row, value) = row.map_err(|error| self.failed(error))?;
            let found = self.table.get(row.value()).map_err(|error| self.failed(error))?;
            if found.is_none_or(|found| found.value() != value.value()) {
                return Err(StoreError::Damaged);
            }
        }
        Ok(())
    }

    fn failed(&self, error: StorageError) -> StoreError {
        Failure::from(error).noted(&self.ailing)
    }
}

impl Read for Snapshot {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        contained(|| {
            let row = self.table.get(key).map_err(|error| self.failed(error))?;
            Ok(row.map(|value| value.value().to_vec()))
        })
    }

    fn scan(&self, from: &[u8], to: &[u8], most: usize, visit: Visit<'_>) -> Result<(), StoreError> {
        if from >= to {
            return Ok(());
        }
        let mut rows = contained(|| self.table.range(from..to).map_err(|error| self.failed(error)))?;
        for _ in 0..most {
            let Some(row) = contained(|| Ok(rows.next()))? else { break };
            let (key, value) = row.map_err(|error| self.failed(error))?;
            let (key, value) = contained(|| Ok((key.value(), value.value())))?;
            if visit(key, value).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// Makes the changes and the stamp durable, and returns the new tally of the rows. redb writes fastest in the
/// order of keys. The commit has two phases, because after a crash a one-phase commit cannot tell a torn
/// write from a flipped bit.
pub(crate) fn commit(
    db: &Database,
    changes: &Changes,
    next: &Next,
    tally: Tally,
    key: &TallyKey,
    repairs_quickly: bool,
) -> Result<Tally, ErrorKind> {
    try_commit(db, changes, next, tally, key, repairs_quickly).map_err(|failure| failure.kind)
}

/// The results of a commit: its stamp, and the amount that each change adds to the tally, in the order of the
/// changes.
pub(crate) struct Next {
    pub(crate) stamp: Stamp,
    rows: Vec<Tally>,
}

impl Next {
    pub(crate) fn after(now: &Stamp, changes: &Changes, is_anchored: bool, key: &TallyKey) -> Self {
        let rows: Vec<_> =
            changes.iter().map(|(row, to)| key.row(row, to.as_deref().unwrap_or_default())).collect();
        let named = changes.values().map(Option::is_some).zip(rows.iter().copied());
        Self { stamp: now.next(named, is_anchored, key), rows }
    }
}

fn try_commit(
    db: &Database,
    changes: &Changes,
    next: &Next,
    mut tally: Tally,
    tally_key: &TallyKey,
    repairs_quickly: bool,
) -> Result<Tally, Failure> {
    let mut transaction = db.begin_write()?;
    transaction.set_two_phase_commit(true);
    transaction.set_quick_repair(repairs_quickly);
    {
        let mut table = transaction.open_table(ROWS)?;
        for ((key, value), row) in changes.iter().zip(&next.rows) {
            let replaced = match value {
                Some(value) => {
                    tally.add(*row);
                    table.insert(key.as_slice(), value.as_slice())?
                }
                None => table.remove(key.as_slice())?,
            };
            if let Some(replaced) = replaced {
                tally.subtract(tally_key.row(key, replaced.value()));
            }
        }
        table.insert(STAMP_KEY.as_slice(), next.stamp.encode(&tally, tally_key).as_slice())?;
    }
    transaction.commit()?;
    Ok(tally)
}

/// Writes all rows of `from`, as `recast` returns them, and the stamp to an empty database in the order of keys.
/// Returns the tally of the rows.
pub(crate) fn write_anew(
    db: &Database,
    from: &Snapshot,
    recast: Recast<'_>,
    stamp: &Stamp,
    key: &TallyKey,
) -> Result<Tally, StoreError> {
    let failed = |failure: Failure| not_written(failure.means);
    let mut tally = Tally::default();
    let mut transaction = db.begin_write().map_err(|error| failed(error.into()))?;
    transaction.set_two_phase_commit(true);
    {
        let mut table = transaction.open_table(ROWS).map_err(|error| failed(error.into()))?;
        let mut end =
            table.upper_bound_mut(Bound::<&[u8]>::Unbounded).map_err(|error| failed(error.into()))?;
        for row in from.table.iter().map_err(|error| from.failed(error))? {
            let (row, value) = row.map_err(|error| from.failed(error))?;
            if row.value() != STAMP_KEY {
                let value = recast(row.value(), value.value())?;
                tally.add(key.row(row.value(), &value));
                end.insert_before(row.value(), value.as_slice()).map_err(|error| failed(error.into()))?;
            }
        }
        drop(end);
        let stamp = stamp.encode(&tally, key);
        table.insert(STAMP_KEY.as_slice(), stamp.as_slice()).map_err(|error| failed(error.into()))?;
    }
    transaction.commit().map_err(|error| failed(error.into()))?;
    Ok(tally)
}

/// Turns a panic of redb into [`StoreError::Damaged`], because a crafted file can make redb panic.
pub(super) fn contained<T>(touch: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
    catch_unwind(AssertUnwindSafe(touch)).unwrap_or(Err(StoreError::Damaged))
}

/// Maps the errors of a new file that does not read back as written, because the store itself is undamaged.
pub(super) fn not_written(error: StoreError) -> StoreError {
    match error {
        StoreError::Damaged | StoreError::NotAStore => StoreError::Io(ErrorKind::InvalidData),
        error => error,
    }
}

/// An error of redb: as a [`StoreError`], and as a kind of I/O error for a commit.
pub(super) struct Failure {
    pub(super) means: StoreError,
    kind: ErrorKind,
    storage: bool,
}

impl Failure {
    fn noted(self, ailing: &AtomicBool) -> StoreError {
        if self.storage {
            ailing.store(true, Ordering::Release);
        }
        self.means
    }
}

impl From<StorageError> for Failure {
    fn from(error: StorageError) -> Self {
        match error {
            StorageError::Io(error) => {
                Self { means: StoreError::Io(error.kind()), kind: error.kind(), storage: true }
            }
            StorageError::Corrupted(_) => {
                Self { means: StoreError::Damaged, kind: ErrorKind::InvalidData, storage: false }
            }
            _ => Self { means: StoreError::Io(ErrorKind::Other), kind: ErrorKind::Other, storage: true },
        }
    }
}

impl From<TransactionError> for Failure {
    fn from(error: TransactionError) -> Self {
        match error {
            TransactionError::Storage(error) => error.into(),
            _ => Self { means: StoreError::Io(ErrorKind::Other), kind: ErrorKind::Other, storage: false },
        }
    }
}

impl From<TableError> for Failure {
    fn from(error: TableError) -> Self {
        let means = match error {
            TableError::Storage(error) => return error.into(),
            // A missing table is damage and never a new store: a damaged file once read as an empty one.
            TableError::TableDoesNotExist(_) => StoreError::Damaged,
            _ => StoreError::NotAStore,
        };
        Self { means, kind: ErrorKind::InvalidData, storage: false }
    }
}

impl From<CursorError> for Failure {
    fn from(error: CursorError) -> Self {
        match error {
            CursorError::Storage(error) => error.into(),
            _ => Self { means: StoreError::Damaged, kind: ErrorKind::InvalidData, storage: false },
        }
    }
}

impl From<CommitError> for Failure {
    fn from(error: CommitError) -> Self {
        match error {
            CommitError::Storage(error) => error.into(),
            _ => Self { means: StoreError::Io(ErrorKind::Other), kind: ErrorKind::Other, storage: false },
        }
    }
}

/// Returns the reason why a file does not open.
pub(crate) fn damage_of(error: &DatabaseError) -> StoreError {
    match error {
        DatabaseError::DatabaseAlreadyOpen | DatabaseError::LockProtocolMismatch => StoreError::AlreadyOpen,
        DatabaseError::UpgradeRequired(_) => StoreError::Damaged,
        DatabaseError::Storage(StorageError::Io(error)) => match error.kind() {
            // redb reports a missing magic number so.
            ErrorKind::InvalidData => StoreError::NotAStore,
            ErrorKind::UnexpectedEof | ErrorKind::InvalidInput => StoreError::Damaged,
            kind => StoreError::Io(kind),
        },
        DatabaseError::Storage(StorageError::Corrupted(_)) => StoreError::Damaged,
        _ => StoreError::Io(ErrorKind::Other),
    }
}
