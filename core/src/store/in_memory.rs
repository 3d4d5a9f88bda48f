//! Storage in memory.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::{fmt, io};

use redb::StorageBackend;

use super::medium::{Medium, Opened};
use super::port::StoreError;

/// Storage in memory. A store can be opened on it any number of times while the medium lives.
#[derive(Debug, Default)]
pub struct MemoryMedium {
    here: RwLock<Arc<Memory>>,
    beside: RwLock<Arc<Memory>>,
}

#[derive(Default)]
struct Memory {
    bytes: RwLock<Vec<u8>>,
    open: AtomicBool,
}

impl MemoryMedium {
    /// Makes empty storage.
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes storage that holds `bytes`, for example those of a file.
    #[cfg(any(test, feature = "testing"))]
    pub fn holding(bytes: Vec<u8>) -> Self {
        Self::on(Arc::new(Memory { bytes: RwLock::new(bytes), open: AtomicBool::new(false) }))
    }

    /// Returns a copy of the present contents, even while a store has the storage open.
    #[cfg(any(test, feature = "testing"))]
    pub fn bytes(&self) -> Vec<u8> {
        self.here().read_bytes().clone()
    }

    fn on(memory: Arc<Memory>) -> Self {
        Self { here: RwLock::new(memory), beside: RwLock::default() }
    }

    fn here(&self) -> Arc<Memory> {
        Arc::clone(&self.here.read().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Medium for MemoryMedium {
    fn open(&self) -> Result<Opened, StoreError> {
        let here = self.here();
        if here.open.swap(true, Ordering::AcqRel) {
            return Err(StoreError::AlreadyOpen);
        }
        Ok(Opened { backend: Box::new(MemoryBackend(here)), identity: None })
    }

    fn beside(&self) -> Result<Box<dyn Medium>, StoreError> {
        let beside = Arc::<Memory>::default();
        *self.beside.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&beside);
        Ok(Box::new(Self::on(beside)))
    }

    fn put_in_place(&self) -> Result<(), StoreError> {
        let beside = std::mem::take(&mut *self.beside.write().unwrap_or_else(PoisonError::into_inner));
        *self.here.write().unwrap_or_else(PoisonError::into_inner) = beside;
        Ok(())
    }

    fn tidy(&self) -> Result<(), StoreError> {
        _ = std::mem::take(&mut *self.beside.write().unwrap_or_else(PoisonError::into_inner));
        Ok(())
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

/// The open storage, of which there is one at a time. After it is dropped, the storage can be opened again.
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
            // Fresh zeros cost nothing until they are touched, and a test makes thousands of stores.
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

/// Returns the error that a file gives for a read past its end.
pub(crate) fn past_the_end() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}
