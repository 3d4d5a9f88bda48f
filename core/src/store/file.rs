//! A store in a file.

use std::fs::{File, Metadata};
use std::path::Path;

use redb::backends::FileBackend;

use super::medium::{Identity, Medium, Opened};
use super::place::{Place, file_error};
use super::port::StoreError;
use super::rows::damage_of;

/// The size of the reserve in bytes. Forty deletions on a full disk took 50 KiB.
const RESERVE_SIZE: usize = 256 << 10;

/// The names beside the store. They are always the same: only the process that has the store open uses them.
const RESERVE: &str = "reserve";
const ANEW: &str = "anew";

/// A store in a file.
#[derive(Debug)]
pub struct FileMedium(Place);

impl FileMedium {
    /// Takes the store at `path`. Resolves a symbolic link now, so that a rewrite replaces the file and not the
    /// link, and so that a later change of the working directory has no effect.
    pub fn new(path: &Path) -> Self {
        Self(Place::new(path))
    }
}

impl Medium for FileMedium {
    fn open(&self) -> Result<Opened, StoreError> {
        Opened::file(self.0.open()?)
    }

    fn size(&self) -> Result<Option<u64>, StoreError> {
        self.0.size().map(Some)
    }

    fn is_on_network(&self) -> Result<Option<bool>, StoreError> {
        self.0.is_on_network()
    }

    fn identity(&self) -> Result<Option<Identity>, StoreError> {
        self.0.identity()
    }

    fn beside(&self) -> Result<Box<dyn Medium>, StoreError> {
        self.0.remove(ANEW)?;
        self.0.make(ANEW)?;
        Ok(Box::new(Anew(self.0.clone())))
    }

    fn put_in_place(&self) -> Result<(), StoreError> {
        self.0.replace(ANEW)
    }

    fn set_aside(&self) -> Result<(), StoreError> {
        self.0.set_aside(RESERVE, RESERVE_SIZE)
    }

    fn give_back(&self) -> Result<(), StoreError> {
        self.0.remove(RESERVE)
    }

    fn tidy(&self) -> Result<(), StoreError> {
        self.0.remove(ANEW)?;
        self.0.sync_names()
    }
}

/// The file that a rewrite makes beside the store.
struct Anew(Place);

impl Medium for Anew {
    fn open(&self) -> Result<Opened, StoreError> {
        Opened::file(self.0.reopen(ANEW)?)
    }
}

impl Opened {
    pub(super) fn file(file: File) -> Result<Self, StoreError> {
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
    pub(super) fn of(found: &Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Self { device: found.dev(), inode: found.ino() })
    }

    #[cfg(not(unix))]
    pub(super) fn of(_: &Metadata) -> Option<Self> {
        None
    }
}
