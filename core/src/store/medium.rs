//! What a store lies on: a file, or bytes in memory.

use std::fmt;
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::ops::{Bound, Range};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use redb::backends::FileBackend;
use redb::{BackendError, StorageBackend};

use super::port::StoreError;
use super::rows::damage_of;

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
    device: u64,
    inode: u64,
}

/// A store in a file.
#[derive(Debug)]
pub struct FileMedium(PathBuf);

impl FileMedium {
    /// The store at `path`.
    pub fn new(path: &Path) -> Self {
        Self(path.to_owned())
    }
}

impl Medium for FileMedium {
    fn open(&self) -> Result<Opened, StoreError> {
        let file = OpenOptions::new().read(true).write(true).open(&self.0).map_err(file_error)?;
        Opened::file(file)
    }

    fn size(&self) -> Result<Option<u64>, StoreError> {
        std::fs::metadata(&self.0).map(|found| Some(found.len())).map_err(file_error)
    }

    fn identity(&self) -> Result<Option<Identity>, StoreError> {
        std::fs::metadata(&self.0).map(|found| Identity::of(&found)).map_err(file_error)
    }
}

impl Opened {
    pub(crate) fn file(file: File) -> Result<Self, StoreError> {
        let found = file.metadata().map_err(file_error)?;
        if !found.is_file() {
            return Err(StoreError::NotAStore);
        }
        let backend = FileBackend::new(file).map_err(|error| damage_of(&error))?;
        Ok(Self { backend: Box::new(backend), identity: Identity::of(&found) })
    }
}

impl Identity {
    #[cfg(unix)]
    fn of(found: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Self { device: found.dev(), inode: found.ino() })
    }

    #[cfg(not(unix))]
    fn of(_: &Metadata) -> Option<Self> {
        None
    }
}

fn file_error(error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::NotFound => StoreError::NotFound,
        io::ErrorKind::IsADirectory => StoreError::NotAStore,
        kind => StoreError::Io(kind),
    }
}

/// A store in memory. It lasts as long as the medium does, however often it is opened.
#[derive(Debug, Default)]
pub struct MemoryMedium(Arc<Memory>);

#[derive(Default)]
struct Memory {
    bytes: RwLock<Vec<u8>>,
    open: AtomicBool,
}

impl MemoryMedium {
    /// Empty storage.
    pub fn new() -> Self {
        Self::default()
    }

    /// Storage that holds `bytes`, a file's perhaps.
    #[cfg(any(test, feature = "testing"))]
    pub fn holding(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Memory { bytes: RwLock::new(bytes), open: AtomicBool::new(false) }))
    }

    /// A copy of what the storage holds now, also while a store has it open.
    #[cfg(any(test, feature = "testing"))]
    pub fn bytes(&self) -> Vec<u8> {
        self.0.read_bytes().clone()
    }
}

impl Medium for MemoryMedium {
    fn open(&self) -> Result<Opened, StoreError> {
        if self.0.open.swap(true, Ordering::AcqRel) {
            return Err(StoreError::AlreadyOpen);
        }
        Ok(Opened { backend: Box::new(MemoryBackend(Arc::clone(&self.0))), identity: None })
    }
}

impl Memory {
    fn read_bytes(&self) -> RwLockReadGuard<'_, Vec<u8>> {
        self.bytes.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Memory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Memory({} bytes)", self.read_bytes().len())
    }
}

/// The one opening of the storage at a time; dropped, it can be opened again.
#[derive(Debug)]
struct MemoryBackend(Arc<Memory>);

impl Drop for MemoryBackend {
    fn drop(&mut self) {
        self.0.open.store(false, Ordering::Release);
    }
}

impl StorageBackend for MemoryBackend {
    fn len(&self) -> io::Result<u64> {
        Ok(self.0.read_bytes().len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let bytes = self.0.read_bytes();
        let found = span(offset, out.len()).and_then(|span| bytes.get(span)).ok_or_else(past_the_end)?;
        out.copy_from_slice(found);
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        let len = usize::try_from(len).map_err(|_| past_the_end())?;
        let mut bytes = self.0.bytes.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(more) = len.checked_sub(bytes.len()) {
            // Fresh zeros cost nothing until they are touched; a test makes thousands of stores.
            bytes.extend_from_slice(&vec![0; more]);
        }
        bytes.truncate(len);
        Ok(())
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut bytes = self.0.bytes.write().unwrap_or_else(PoisonError::into_inner);
        let place = span(offset, data.len()).and_then(|span| bytes.get_mut(span)).ok_or_else(past_the_end)?;
        place.copy_from_slice(data);
        Ok(())
    }
}

fn span(offset: u64, len: usize) -> Option<Range<usize>> {
    let start = usize::try_from(offset).ok()?;
    Some(start..start.checked_add(len)?)
}

/// What a file answers to a read past its end.
pub(crate) fn past_the_end() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
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
            self.backend.write(at, &part)?;
        }
        self.backend.sync_data()
    }
}

/// Where redb says whether a file was closed, and how (its docs/design.md).
const STATE_AT: u64 = 9;
const NOT_CLOSED: u8 = 2;
/// How much is read and written at once.
const PART: u64 = 1 << 16;

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
