//! A store's file, and the files beside it.

use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;

use super::medium::{Identity, Medium, Opened};
use super::port::StoreError;
use super::rows::damage_of;

/// The size of the reserve in bytes. Forty deletions on a full disk took 50 KiB.
const RESERVE: usize = 256 << 10;

/// A store in a file.
#[derive(Debug)]
pub struct FileMedium(PathBuf);

impl FileMedium {
    /// Takes the store at `path`. Resolves a symbolic link now, so that a rewrite replaces the file and not the
    /// link, and so that a later change of the working directory has no effect.
    pub fn new(path: &Path) -> Self {
        let found = std::fs::canonicalize(path).or_else(|_| std::path::absolute(path));
        Self(found.unwrap_or_else(|_| path.to_owned()))
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

    fn beside(&self) -> Result<Box<dyn Medium>, StoreError> {
        self.remove_beside()?;
        let beside = self.path_beside()?;
        owner_only().read(true).write(true).create_new(true).open(&beside).map_err(file_error)?;
        Ok(Box::new(Self(beside)))
    }

    fn put_in_place(&self) -> Result<(), StoreError> {
        let beside = self.path_beside()?;
        File::open(&beside).and_then(|file| file.sync_all()).map_err(file_error)?;
        std::fs::rename(&beside, &self.0).map_err(file_error)?;
        sync_directory(&directory_of(&self.0)).map_err(|_| StoreError::Unknown)
    }

    fn set_aside(&self) -> Result<(), StoreError> {
        let path = hidden_beside(&self.0, "reserve")?;
        if path.metadata().is_ok_and(|found| found.len() == RESERVE as u64) {
            return Ok(());
        }
        // Not synced: writing it is enough to take the room, and if a crash loses it, it is made again.
        owner_only()
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)
            .and_then(|mut file| file.write_all(&vec![0; RESERVE]))
            .map_err(|error| {
                // A partial reserve is useless and takes space from others.
                _ = std::fs::remove_file(&path);
                file_error(error)
            })
    }

    fn give_back(&self) -> Result<(), StoreError> {
        remove(&hidden_beside(&self.0, "reserve")?)
    }

    fn tidy(&self) -> Result<(), StoreError> {
        self.remove_beside()?;
        sync_directory(&directory_of(&self.0)).map_err(file_error)
    }
}

impl FileMedium {
    /// Returns a name that is always the same: only the process that has the store open writes there.
    fn path_beside(&self) -> Result<PathBuf, StoreError> {
        hidden_beside(&self.0, "anew")
    }

    fn remove_beside(&self) -> Result<(), StoreError> {
        remove(&self.path_beside()?)
    }
}

fn remove(path: &Path) -> Result<(), StoreError> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_error(error)),
        _ => Ok(()),
    }
}

/// Returns a hidden name in the same directory.
pub(super) fn hidden_beside(path: &Path, suffix: &str) -> Result<PathBuf, StoreError> {
    let mut name = OsString::from(".");
    name.push(path.file_name().ok_or(StoreError::Io(io::ErrorKind::InvalidInput))?);
    name.push(format!(".{suffix}"));
    Ok(directory_of(path).join(name))
}

pub(super) fn directory_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if parent != Path::new("") => parent.to_owned(),
        _ => PathBuf::from("."),
    }
}

#[cfg(unix)]
pub(super) fn owner_only() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(not(unix))]
pub(super) fn owner_only() -> OpenOptions {
    OpenOptions::new()
}

/// Makes a new name durable by syncing its directory. Only Unix can sync a directory.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
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

pub(super) fn file_error(error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::NotFound => StoreError::NotFound,
        io::ErrorKind::IsADirectory => StoreError::NotAStore,
        kind => StoreError::Io(kind),
    }
}
