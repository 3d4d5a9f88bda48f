//! The storage below a store, and how redb gets it.

use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::{BackendError, StorageBackend};

use super::port::{StoreError, is_full};
use super::process::{ForkedProcess, InProcess};

/// Passes redb's lock methods to the backend below. A wrapper without them would keep nobody out.
macro_rules! delegate_locks {
    ($this:ident, $below:expr) => {
        fn close(&$this) -> std::io::Result<()> {
            $below.close()
        }

        fn try_lock_range(&$this, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
            $below.try_lock_range(start, end)
        }

        fn try_lock_shared_range(&$this, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
            $below.try_lock_shared_range(start, end)
        }

        fn lock_range(&$this, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
            $below.lock_range(start, end)
        }

        fn lock_shared_range(&$this, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
            $below.lock_shared_range(start, end)
        }

        fn unlock_range(&$this, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
            $below.unlock_range(start, end)
        }

        fn query_lock_range(&$this, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
            $below.query_lock_range(start, end)
        }
    };
}
pub(super) use delegate_locks;

/// One piece of storage, which the store opens as often as it needs.
pub trait Medium: Send + Sync {
    /// Opens the storage without changing it.
    ///
    /// # Errors
    /// Returns [`StoreError::NotFound`] if there is none. Returns [`StoreError::AlreadyOpen`] if the storage itself
    /// keeps a second opener out. redb takes a file's lock later, through the backend.
    fn open(&self) -> Result<Opened, StoreError>;

    /// Returns the size of the storage in bytes, if the medium can tell.
    ///
    /// # Errors
    /// Returns [`StoreError`] if the size cannot be read.
    fn size(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    /// Returns whether the storage is on a network file system, if the medium can tell.
    ///
    /// # Errors
    /// Returns [`StoreError`] if the file system cannot be read.
    fn is_on_network(&self) -> Result<Option<bool>, StoreError> {
        Ok(None)
    }

    /// Returns what [`Self::open`] would open now, if the medium can tell.
    ///
    /// # Errors
    /// Returns [`StoreError::NotFound`] if there is no storage.
    fn identity(&self) -> Result<Option<Identity>, StoreError> {
        Ok(None)
    }

    /// Makes empty storage beside it for a rewrite of the store. Removes what an earlier attempt left.
    ///
    /// # Errors
    /// Returns [`StoreError`] if it cannot be made.
    fn beside(&self) -> Result<Box<dyn Medium>, StoreError> {
        Err(StoreError::Io(io::ErrorKind::Unsupported))
    }

    /// Replaces the storage with the one beside it, durably and in one step.
    ///
    /// # Errors
    /// Returns [`StoreError::Unknown`] if it was replaced but a power failure could undo that. After any other
    /// error nothing has changed.
    fn put_in_place(&self) -> Result<(), StoreError> {
        Err(StoreError::Io(io::ErrorKind::Unsupported))
    }

    /// Sets room aside that nobody else can take. If it is set aside already, it stays.
    ///
    /// # Errors
    /// Returns [`StoreError`] if there is no room, or if the medium cannot set room aside.
    fn set_aside(&self) -> Result<(), StoreError> {
        Err(StoreError::Io(io::ErrorKind::Unsupported))
    }

    /// Gives the reserved room back.
    ///
    /// # Errors
    /// Returns [`StoreError`] if it cannot be given back.
    fn give_back(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Removes the storage beside it, and makes a replacement durable, so that a power failure cannot bring the old
    /// storage back.
    ///
    /// # Errors
    /// Returns [`StoreError`] if either fails.
    fn tidy(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Open storage.
#[derive(Debug)]
pub struct Opened {
    /// Reads, writes and locks it.
    pub backend: Box<dyn StorageBackend>,
    /// What was opened. The path may later lead to another file.
    pub identity: Option<Identity>,
}

/// Identifies a file by device and inode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Identity {
    pub(super) device: u64,
    pub(super) inode: u64,
}

/// A backend for redb. redb turns an empty file into a new database; this type allows that only if a new
/// store is wanted.
///
/// redb writes when it is dropped, and releases its locks. A forked child has the same open file, so it must do
/// neither: the parent goes on writing.
#[derive(Debug)]
pub(crate) struct Lent {
    backend: InProcess<Box<dyn StorageBackend>>,
    may_be_empty: bool,
    /// Whether to write a file again that was not closed.
    renews: AtomicBool,
}

impl Lent {
    /// Lends a backend that is only read, or that gets a new store.
    pub(crate) fn new(backend: Box<dyn StorageBackend>, may_be_empty: bool) -> Self {
        Self { backend: InProcess::new(backend), may_be_empty, renews: AtomicBool::new(false) }
    }

    /// Lends a backend that the store continues to write to.
    pub(crate) fn renewed(backend: Box<dyn StorageBackend>) -> Self {
        Self { backend: InProcess::new(backend), may_be_empty: false, renews: AtomicBool::new(true) }
    }

    /// Writes back what was read. Zeros for which the disk has no room are a hole in the file, because a written
    /// block has its room already. No sync can have lost a hole, so skipping it is safe.
    fn write_back(&self, at: u64, part: &[u8]) -> io::Result<()> {
        match self.backend.get()?.write(at, part) {
            Err(error) if is_full(error.kind()) && part.len() > SECTOR => {
                let (first, rest) = part.split_at((part.len() / 2).next_multiple_of(SECTOR));
                self.write_back(at, first)?;
                self.write_back(at + first.len() as u64, rest)
            }
            Err(error) if is_full(error.kind()) && part.iter().all(|byte| *byte == 0) => Ok(()),
            answer => answer,
        }
    }

    /// Writes the whole file again if it was not closed. After a failed sync, Linux still returns the unsynced
    /// data from its cache, but no later sync writes it to the disk. A power failure would then lose it,
    /// together with everything built on it.
    fn renew(&self, len: u64) -> io::Result<()> {
        let mut state = [0];
        self.backend.get()?.read(STATE_AT, &mut state)?;
        if u8::from_be_bytes(state) & NOT_CLOSED == 0 {
            return Ok(());
        }
        self.backend.get()?.set_len(len)?;
        let mut part = vec![0; PART.min(len) as usize];
        for at in (0..len).step_by(PART as usize) {
            part.truncate((len - at) as usize);
            self.backend.get()?.read(at, &mut part)?;
            self.write_back(at, &part)?;
        }
        self.backend.get()?.sync_data()
    }
}

/// The offset of redb's state byte, and its bit for a file that was not closed (redb's docs/design.md).
const STATE_AT: u64 = 9;
const NOT_CLOSED: u8 = 2;
/// The bytes that are read and written at once.
const PART: u64 = 1 << 16;
/// The smallest part of a file that can be a hole.
const SECTOR: usize = 512;

impl From<ForkedProcess> for BackendError {
    fn from(forked: ForkedProcess) -> Self {
        Self::Io(forked.into())
    }
}

impl StorageBackend for Lent {
    // redb asks under its lock, so nobody can empty the file before redb uses the answer.
    fn len(&self) -> io::Result<u64> {
        match self.backend.get()?.len()? {
            0 if !self.may_be_empty => Err(io::ErrorKind::InvalidData.into()),
            len => {
                if self.renews.swap(false, Ordering::AcqRel) {
                    self.renew(len)?;
                }
                Ok(len)
            }
        }
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.backend.get()?.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.backend.get()?.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.backend.get()?.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.backend.get()?.write(offset, data)
    }

    delegate_locks!(self, self.backend.get()?);
}

#[cfg(test)]
mod tests {
    use redb::backends::FileBackend;

    use super::*;
    use crate::store::process::in_child;

    #[test]
    fn redb_in_a_forked_process_reaches_no_file_and_no_lock() {
        let file = tempfile::tempfile().unwrap();
        file.set_len(5).unwrap();
        let lent = Lent::new(Box::new(FileBackend::new(file.try_clone().unwrap()).unwrap()), false);
        let (all, end) = (Bound::Unbounded, Bound::Unbounded);
        assert!(lent.try_lock_range(all, end).unwrap());
        in_child(|| {
            assert!(lent.write(0, b"bytes").is_err());
            assert!(lent.set_len(0).is_err());
            assert!(lent.sync_data().is_err());
            assert!(lent.len().is_err());
            assert!(lent.read(0, &mut [0]).is_err());
            assert!(lent.close().is_err());
            assert!(lent.unlock_range(all, end).is_err());
            assert!(lent.try_lock_range(all, end).is_err());
            assert!(lent.try_lock_shared_range(all, end).is_err());
            assert!(lent.lock_range(all, end).is_err());
            assert!(lent.lock_shared_range(all, end).is_err());
            assert!(lent.query_lock_range(all, end).is_err());
        });
        assert!(lent.write(0, b"b").is_ok());
        assert_eq!(file.metadata().unwrap().len(), 5);
    }
}
