//! What a store lies on, and how redb is lent it.

use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::{BackendError, StorageBackend};

use super::port::{StoreError, is_full};

/// A backend without lock methods of its own keeps nobody out, so a wrapper hands all six down.
macro_rules! delegate_locks {
    ($below:ident) => {
        fn close(&self) -> std::io::Result<()> {
            self.$below.close()
        }

        fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
            self.$below.try_lock_range(start, end)
        }

        fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
            self.$below.try_lock_shared_range(start, end)
        }

        fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
            self.$below.lock_range(start, end)
        }

        fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
            self.$below.lock_shared_range(start, end)
        }

        fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
            self.$below.unlock_range(start, end)
        }

        fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
            self.$below.query_lock_range(start, end)
        }
    };
}
pub(super) use delegate_locks;

/// Opens one and the same storage, each time the store needs it.
pub trait Medium: Send + Sync {
    /// Opens the storage, without changing it.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where there is none, [`StoreError::AlreadyOpen`] where the storage
    /// keeps a second opener out by itself (a file's lock is taken later, by redb through the backend).
    fn open(&self) -> Result<Opened, StoreError>;

    /// How many bytes the storage has, if the medium can tell.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be looked up.
    fn size(&self) -> Result<Option<u64>, StoreError> {
        Ok(None)
    }

    /// What [`Self::open`] would open now, if the medium can tell.
    ///
    /// # Errors
    /// [`StoreError::NotFound`] where nothing is there.
    fn identity(&self) -> Result<Option<Identity>, StoreError> {
        Ok(None)
    }

    /// Empty storage beside it, for the store to be written anew to; what an earlier attempt left is gone.
    ///
    /// # Errors
    /// [`StoreError`] when there can be none.
    fn beside(&self) -> Result<Box<dyn Medium>, StoreError> {
        Err(StoreError::Io(io::ErrorKind::Unsupported))
    }

    /// Puts what was written beside in its place, durably and at once.
    ///
    /// # Errors
    /// [`StoreError::Unknown`] when it is in its place and a power failure could take it back; all others
    /// mean that nothing has changed.
    fn put_in_place(&self) -> Result<(), StoreError> {
        Err(StoreError::Io(io::ErrorKind::Unsupported))
    }

    /// Sets room aside, that nobody else can take. Where it is already, it stays.
    ///
    /// # Errors
    /// [`StoreError`] when there is no room, or nothing can be set aside here.
    fn set_aside(&self) -> Result<(), StoreError> {
        Err(StoreError::Io(io::ErrorKind::Unsupported))
    }

    /// Gives back what was set aside.
    ///
    /// # Errors
    /// [`StoreError`] when it cannot be given back.
    fn give_back(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// Removes what is beside it, and makes sure that a power failure does not bring back what was there
    /// before.
    ///
    /// # Errors
    /// [`StoreError`] when that cannot be done.
    fn tidy(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

/// Storage, opened.
#[derive(Debug)]
pub struct Opened {
    /// Reads, writes and locks it.
    pub backend: Box<dyn StorageBackend>,
    /// What was opened; a file at the same path need not stay the same file.
    pub identity: Option<Identity>,
}

/// Tells one file from another: device and inode.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Identity {
    pub(super) device: u64,
    pub(super) inode: u64,
}

/// An opened medium as redb wants it. redb makes a new database of a file without a byte; here
/// that happens only where one is to be made.
#[derive(Debug)]
pub(crate) struct Lent {
    pub(crate) backend: Box<dyn StorageBackend>,
    pub(crate) may_be_empty: bool,
    /// Whether a file that was not closed is to be written once more.
    pub(crate) renews: AtomicBool,
}

impl Lent {
    /// Opened to look at, or to make a store of.
    pub(crate) fn new(backend: Box<dyn StorageBackend>, may_be_empty: bool) -> Self {
        Self { backend, may_be_empty, renews: AtomicBool::new(false) }
    }

    /// Opened to go on with.
    pub(crate) fn renewed(backend: Box<dyn StorageBackend>) -> Self {
        Self { backend, may_be_empty: false, renews: AtomicBool::new(true) }
    }

    /// Writes back what was read. What is zero and finds no room is a hole, because what has its place needs
    /// none: it was lost by no sync.
    fn write_back(&self, at: u64, part: &[u8]) -> io::Result<()> {
        match self.backend.write(at, part) {
            Err(error) if is_full(error.kind()) && part.len() > SECTOR => {
                let (first, rest) = part.split_at((part.len() / 2).next_multiple_of(SECTOR));
                self.write_back(at, first)?;
                self.write_back(at + first.len() as u64, rest)
            }
            Err(error) if is_full(error.kind()) && part.iter().all(|byte| *byte == 0) => Ok(()),
            answer => answer,
        }
    }

    /// Writes all of a file that was not closed once more. Where a sync has failed, Linux still reads back what
    /// was written before it, though no later sync brings that to the disk; what is built on it then falls with
    /// it when the power does.
    fn renew(&self, len: u64) -> io::Result<()> {
        let mut state = [0];
        self.backend.read(STATE_AT, &mut state)?;
        if u8::from_be_bytes(state) & NOT_CLOSED == 0 {
            return Ok(());
        }
        self.backend.set_len(len)?;
        let mut part = vec![0; PART.min(len) as usize];
        for at in (0..len).step_by(PART as usize) {
            part.truncate((len - at) as usize);
            self.backend.read(at, &mut part)?;
            self.write_back(at, &part)?;
        }
        self.backend.sync_data()
    }
}

/// Where redb says whether a file was closed, and how (its docs/design.md).
const STATE_AT: u64 = 9;
const NOT_CLOSED: u8 = 2;
/// How much is read and written at once.
const PART: u64 = 1 << 16;
/// The least that a file system has or has not.
const SECTOR: usize = 512;

impl StorageBackend for Lent {
    // redb asks under its lock, so nobody empties the file between the question and the answer's use.
    fn len(&self) -> io::Result<u64> {
        match self.backend.len()? {
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
        self.backend.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.backend.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.backend.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.backend.write(offset, data)
    }

    delegate_locks!(backend);
}
