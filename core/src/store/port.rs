//! The port: transactions over one ordered key space. The engine needs nothing else from a store.
//!
//! Keys and values are bytes; the typed views above give them a meaning. Another store, for example an SQL
//! table of two columns on a server, implements these two traits and must pass
//! [`conformance`](super::conformance).

use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use super::process::ForkedProcess;
use crate::crypto::tally::TallyKey;

/// The most rows that one act may write. Only an import comes near it.
pub const MAX_ROWS: usize = 64 * 1024;
/// The longest key, in bytes.
pub const MAX_KEY: usize = 1024;
/// The longest value, in bytes.
pub const MAX_VALUE: usize = 64 * 1024;
/// The most bytes of keys and values that one act may write.
pub const MAX_ACT: usize = 32 * 1024 * 1024;

/// The row that every commit writes: the number of commits, and a code over all rows. Only the store writes
/// it. It has the first key of the key space, so that a commit touches one end of the space and one account.
pub(crate) const STAMP_KEY: [u8; 17] = [0; 17];

/// Receives the key and the value of a row, and returns whether it wants to see more.
pub type Visit<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>;

/// The rows that an act sees, including accepted writes of other acts in the same commit.
pub trait Read {
    /// Returns the value at `key`.
    ///
    /// # Errors
    /// Returns [`StoreError`] if the store cannot be read.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Passes the first rows with `from <= key < to`, at most `most` of them, to `visit`, in the order of their
    /// keys, until `visit` breaks.
    ///
    /// # Errors
    /// Returns [`StoreError`] if the store cannot be read.
    fn scan(&self, from: &[u8], to: &[u8], most: usize, visit: Visit<'_>) -> Result<(), StoreError>;

    /// Receives which rows the caller is about to read. A store on another machine then fetches all of them at once,
    /// so that reading them one by one costs no further round trip. Other stores do not even call `wants`. The call
    /// changes no answer.
    ///
    /// # Errors
    /// Returns [`StoreError`] if the store cannot be read.
    fn prefetch(&self, wants: &dyn Fn() -> Vec<Want>) -> Result<(), StoreError> {
        _ = wants;
        Ok(())
    }
}

/// Rows that a caller is about to read.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Want {
    /// The row with this key.
    Row(Vec<u8>),
    /// The first rows with `from <= key < to`.
    Rows {
        /// The first key.
        from: Vec<u8>,
        /// The first key after the range.
        to: Vec<u8>,
        /// How many rows at most.
        most: usize,
    },
}

/// One row to write.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// The key.
    pub key: Vec<u8>,
    /// What happens to the row.
    pub write: Write,
}

/// A write to one row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Write {
    /// Sets the value.
    Put(Vec<u8>),
    /// Sets the value of a row that must not exist yet. This makes an identifier unique.
    Claim(Vec<u8>),
    /// Sets or removes a row that must still be as `decide` read it: its present value must begin with
    /// `revision`, 8 bytes big-endian. A missing row has revision 0. The engine writes every row that it has
    /// read in this way, if the row is long enough to have a revision.
    Guarded {
        /// The new value. `None` removes the row.
        value: Option<Vec<u8>>,
        /// The revision that `decide` read.
        revision: u64,
    },
    /// Removes the row, if it exists.
    Delete,
}

/// Decides from what it reads which rows to write. The store may run it again, so whatever must not differ
/// between runs, such as random bytes, comes from outside.
pub type Decide<'a> = &'a mut dyn FnMut(&dyn Read) -> Result<Vec<Row>, StoreError>;

/// Returns the new value of a row. The store calls it for every row except its own, in the order of their keys.
pub type Recast<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> Result<Vec<u8>, StoreError>;

/// A store of rows with atomic, durable and serialisable transactions.
pub trait Store: Send + Sync {
    /// Calls `look` with one consistent state of the store. A store on another machine calls it again if the
    /// connection is lost meanwhile.
    ///
    /// # Errors
    /// Returns [`StoreError`] from the store or from `look`.
    fn read(&self, look: &mut dyn FnMut(&dyn Read) -> Result<(), StoreError>) -> Result<(), StoreError>;

    /// Runs `decide` and makes its rows durable before it returns. Without rows, nothing is written. If `decide`
    /// returns an error, nothing is written and the error is returned unchanged.
    ///
    /// A call of the store inside `decide` or `look` fails with [`StoreError::Reentered`]. A store may run
    /// `decide` again after a conflict, or leave that to its caller.
    ///
    /// A row that another act has removed since `decide` read it must not come back: a store on a database writes
    /// a row that was read with `UPDATE`, and one that was read as absent with `INSERT`.
    ///
    /// # Errors
    /// Returns [`StoreError`]. After any error except [`StoreError::Unknown`], nothing was written.
    fn write(&self, decide: Decide<'_>) -> Result<(), StoreError>;

    /// Works as [`Self::write`], for an act that must work when the disk is full: it may use the reserve.
    ///
    /// # Errors
    /// Returns the same errors as [`Self::write`].
    fn write_from_reserve(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        self.write(decide)
    }

    /// Returns whether there is a reserve for such acts.
    fn has_reserve(&self) -> bool {
        false
    }

    /// Returns a number that grows with every commit, and with nothing else that the engine does.
    ///
    /// # Errors
    /// Returns [`StoreError`] if the store cannot be read.
    fn commit_stamp(&self) -> Result<u64, StoreError>;

    /// Returns the size of the store in its storage in bytes, if that is known.
    ///
    /// # Errors
    /// Returns [`StoreError`] if the size cannot be read.
    fn size(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    /// Returns whether the store is on a network file system, if that is known.
    ///
    /// # Errors
    /// Returns [`StoreError`] if the file system cannot be read.
    fn is_on_network(&self) -> Result<Option<bool>, StoreError> {
        Ok(None)
    }

    /// Reads every row and checks that exactly the rows that were written are there. A store without a code over
    /// its rows checks nothing.
    ///
    /// # Errors
    /// Returns [`StoreError::Damaged`] if they are not.
    fn verify(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Returns whether an older copy of the store would be refused.
    fn is_anchored(&self) -> bool {
        false
    }

    /// Rewrites the store, so that its storage contains only the data of its rows. If `key` is given, it becomes
    /// the key of the code over all rows, and the keyring opens the store again.
    ///
    /// # Errors
    /// Returns [`StoreError`] from the store or from `recast`. After any error except [`StoreError::Unknown`], the
    /// store is unchanged.
    fn rewrite(&self, recast: Recast<'_>, key: Option<Arc<TallyKey>>) -> Result<(), StoreError> {
        _ = (recast, key);
        Err(StoreError::Io(ErrorKind::Unsupported))
    }

    /// Waits for running acts, and releases the file and its lock. The next call opens the file again.
    ///
    /// # Errors
    /// Returns [`StoreError`] if the file could not be closed cleanly.
    fn suspend(&self) -> Result<(), StoreError>;

    /// Waits for running acts, and releases the file and its lock for good: every later call except this one
    /// fails with [`StoreError::Closed`].
    ///
    /// # Errors
    /// Returns [`StoreError`] if the file could not be closed cleanly. The store is closed all the same.
    fn close(&self) -> Result<(), StoreError>;
}

/// Why a call of the store failed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreError {
    /// There is no file at the path.
    NotFound,
    /// There is a file at the path already.
    AlreadyExists,
    /// Another process, or another engine of this one, has the file open.
    AlreadyOpen,
    /// The file is not a store.
    NotAStore,
    /// The file is a damaged store. Restore a backup.
    Damaged,
    /// A newer release wrote the file. Use that release.
    NewerFormat,
    /// The key does not fit the file.
    WrongKey,
    /// The keystore is locked and does not give the key.
    KeyLocked,
    /// The keystore no longer has the key of this file.
    KeyLost,
    /// The keystore has made the key of this file unusable.
    KeyChanged,
    /// The queue is full or the wait was too long. Nothing was written.
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The act exceeds the limits in this module.
    TooLarge,
    /// A claimed row exists already, or a guarded row has another revision.
    Conflict,
    /// The store was called from inside an act.
    Reentered,
    /// The machine's storage refused. Nothing was written.
    Io(ErrorKind),
    /// The machine's storage failed during a commit, and the store cannot find out whether the act is in the
    /// file. The store is broken until it is opened again.
    Unknown,
    /// An earlier failure broke the store. Open it again.
    Broken,
    /// The host has closed the store. Open it again.
    Closed,
    /// The source of randomness failed.
    NoEntropy,
    /// The file is an older copy than the anchor knows.
    RolledBack,
    /// The file has an anchor, but the caller gave none or an empty one.
    AnchorMissing,
    /// The anchor did not answer. Nothing was written.
    AnchorFailed,
    /// The process was forked from the one that opened the store. Nothing was written.
    ForkedProcess,
}

impl From<ForkedProcess> for StoreError {
    fn from(_: ForkedProcess) -> Self {
        Self::ForkedProcess
    }
}

impl StoreError {
    /// Returns whether nothing was written because there is no room.
    pub(crate) fn is_full(&self) -> bool {
        matches!(self, Self::Io(kind) if is_full(*kind))
    }
}

/// Returns whether this error means that there is no room.
pub(super) fn is_full(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}
