//! The port: one ordered key space in a transaction, all that the engine asks of a store.
//!
//! Keys and values are bytes; what they mean is the business of the typed views above. An engine of
//! another make (a server's SQL table of two columns, say) implements these two traits and passes
//! [`conformance`](super::conformance).

use std::io::ErrorKind;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use crate::crypto::tally::TallyKey;

/// Most rows that one act may write. Only an import comes near it.
pub const MAX_ROWS: usize = 64 * 1024;
/// Longest key, in bytes.
pub const MAX_KEY: usize = 1024;
/// Longest value, in bytes.
pub const MAX_VALUE: usize = 64 * 1024;
/// Most bytes of keys and values that one act may write.
pub const MAX_ACT: usize = 32 * 1024 * 1024;

/// The row that every commit writes: how many there were, and what proves that the rows are those that they
/// left. The store writes it, no act may.
/// The first key of the key space, so that a commit touches one end of it and one account.
pub(crate) const STAMP_KEY: [u8; 17] = [0; 17];

/// Is shown a row, its key first, and says whether it wants to see more.
pub type Visit<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>;

/// What an act sees: the rows as they are, its neighbours' accepted writes included.
pub trait Read {
    /// The value at `key`.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError>;

    /// Shows the rows with `from <= key < to` in the order of their bytes, until `visit` breaks.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    fn scan(&self, from: &[u8], to: &[u8], visit: Visit<'_>) -> Result<(), StoreError>;
}

/// One row to be written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Row {
    /// Where.
    pub key: Vec<u8>,
    /// What.
    pub write: Write,
}

/// What happens to a row.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Write {
    /// The row holds this value from now on.
    Put(Vec<u8>),
    /// The row holds this value from now on, and must not have been there: this is what makes an
    /// identifier unique.
    Claim(Vec<u8>),
    /// The row holds this value from now on, and what it replaces must begin with `revision`, 8 bytes
    /// big-endian: this is what makes snapshot isolation enough.
    Guarded {
        /// The new value.
        value: Vec<u8>,
        /// The revision that `decide` read.
        revision: u64,
    },
    /// The row is there no longer; it need not have been.
    Delete,
}

/// Decides, over what it reads, which rows to write. It may be run again, so everything that differs
/// from run to run comes in from outside.
pub type Decide<'a> = &'a mut dyn FnMut(&dyn Read) -> Result<Vec<Row>, StoreError>;

/// Gives a row's value as it is to stand from now on; shown every row but the store's own.
pub type Recast<'a> = &'a mut dyn FnMut(&[u8], &[u8]) -> Result<Vec<u8>, StoreError>;

/// A store of rows: transactions that are atomic, durable and as if one after the other.
pub trait Store: Send + Sync {
    /// Looks at one state of the store.
    ///
    /// # Errors
    /// [`StoreError`] from the store or from `look`.
    fn read(&self, look: &mut dyn FnMut(&dyn Read) -> Result<(), StoreError>) -> Result<(), StoreError>;

    /// Runs `decide` and makes what it answers durable before it returns. No rows means that nothing
    /// is written. An error from `decide` leaves nothing and is returned as it is.
    ///
    /// Calling the store inside `decide` or `look` is [`StoreError::Reentered`].
    ///
    /// # Errors
    /// [`StoreError`]; all but [`StoreError::Unknown`] mean that nothing was written.
    fn write(&self, decide: Decide<'_>) -> Result<(), StoreError>;

    /// As [`Self::write`], for an act that must work where the disk is full: it may use room that is set aside
    /// for it.
    ///
    /// # Errors
    /// As [`Self::write`].
    fn write_from_reserve(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        self.write(decide)
    }

    /// Whether room is set aside for such acts.
    fn has_reserve(&self) -> bool {
        false
    }

    /// How many commits the store has seen since it was made.
    ///
    /// # Errors
    /// [`StoreError`] when the store cannot be read.
    fn commit_stamp(&self) -> Result<u64, StoreError>;

    /// How many bytes the store takes up where it lies, if that can be told.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be looked up.
    fn size(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    /// Reads every row, and whether they are those that were written, all of them and no other. A store that
    /// holds no code over them says nothing.
    ///
    /// # Errors
    /// [`StoreError::Damaged`] where they are not.
    fn verify(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Whether an older copy of the store would be refused.
    fn is_anchored(&self) -> bool {
        false
    }

    /// Writes the store anew, so that nothing of what is no longer in its rows is left where it lies. With
    /// `key` the keyring opens it from now on, and its rows as a whole are held against that.
    ///
    /// # Errors
    /// [`StoreError`], from `recast` too; all but [`StoreError::Unknown`] mean that it stands as it stood.
    fn rewrite(&self, recast: Recast<'_>, key: Option<Arc<TallyKey>>) -> Result<(), StoreError> {
        _ = (recast, key);
        Err(StoreError::Io(ErrorKind::Unsupported))
    }

    /// Releases the file and its lock; the next call opens it again. Waits for acts under way.
    ///
    /// # Errors
    /// [`StoreError`] when the file could not be closed cleanly.
    fn suspend(&self) -> Result<(), StoreError>;
}

/// Why the store did not do it, in words for the caller.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StoreError {
    /// There is no file at the path.
    NotFound,
    /// There is a file at the path already.
    AlreadyExists,
    /// Another process, or another engine of this one, has the file open.
    AlreadyOpen,
    /// The file is something else than a store.
    NotAStore,
    /// The file is a store, and damaged; restore a backup.
    Damaged,
    /// A newer release wrote the file; use that one.
    NewerFormat,
    /// The key does not fit the file.
    WrongKey,
    /// The keystore does not give the key now.
    KeyLocked,
    /// The keystore has no key of this file any more.
    KeyLost,
    /// The keystore has made the key of this file unusable.
    KeyChanged,
    /// The line is full or the wait too long; nothing was done.
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The act wants more than the limits of this page.
    TooLarge,
    /// A row that was claimed is there, or a guarded one has another revision, and running the act
    /// again did not help.
    Conflict,
    /// The store was called from inside an act.
    Reentered,
    /// The machine's storage refused; nothing was written.
    Io(ErrorKind),
    /// The machine's storage failed while committing, and it cannot be found out whether the act is in
    /// the file. The store is broken until it is opened again.
    Unknown,
    /// An earlier failure broke the store; open it again.
    Broken,
    /// The source of randomness gave none.
    NoEntropy,
    /// The file is an older copy than the anchor knows.
    RolledBack,
    /// The file has an anchor, and none was given or the one given is empty.
    AnchorMissing,
    /// The anchor did not answer; nothing was written.
    AnchorFailed,
}

impl StoreError {
    /// Whether nothing was written because there is no room.
    pub(crate) fn is_full(&self) -> bool {
        matches!(self, Self::Io(kind) if is_full(*kind))
    }
}

/// Whether the machine says that there is no room.
pub(super) fn is_full(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
}
