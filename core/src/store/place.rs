//! The place of a store: its file, and the names beside it. Nothing else in the store opens, makes, renames or removes
//! a file.
//!
//! Others may be able to write to the folder, so a name beside the store may lead anywhere. A file beside the store is
//! therefore made as a new one, and opened only if it is a file with one name and no link. The store's own path may be
//! a link, and its file may have a second name: creation gives it one for a moment.

use std::ffi::OsString;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::medium::Identity;
use super::network;
use super::port::StoreError;
use super::process::Process;

/// Where a store is. Only the process that made it can use it.
#[derive(Clone, Debug)]
pub(super) struct Place {
    path: PathBuf,
    process: Process,
}

impl Place {
    /// Takes the store at `path`. Resolves a symbolic link now, so that a rewrite replaces the file and not the
    /// link, and so that a later change of the working directory has no effect.
    pub(super) fn new(path: &Path) -> Self {
        let found = std::fs::canonicalize(path).or_else(|_| std::path::absolute(path));
        Self { path: found.unwrap_or_else(|_| path.to_owned()), process: Process::current() }
    }

    /// Returns whether anything is at the path, even a link that leads nowhere.
    pub(super) fn is_taken(&self) -> Result<bool, StoreError> {
        self.process.check()?;
        Ok(self.path.symlink_metadata().is_ok())
    }

    /// Opens the store's file.
    pub(super) fn open(&self) -> Result<File, StoreError> {
        self.process.check()?;
        OpenOptions::new().read(true).write(true).open(&self.path).map_err(file_error)
    }

    pub(super) fn size(&self) -> Result<u64, StoreError> {
        Ok(self.found()?.len())
    }

    pub(super) fn identity(&self) -> Result<Option<Identity>, StoreError> {
        Ok(Identity::of(&self.found()?))
    }

    pub(super) fn is_on_network(&self) -> Result<Option<bool>, StoreError> {
        self.process.check()?;
        network::has(&self.path).map_err(file_error)
    }

    /// Makes a file beside the store that only its owner can read. Nothing may have the name.
    pub(super) fn make(&self, suffix: &str) -> Result<File, StoreError> {
        let path = self.beside(suffix)?;
        owner_only().read(true).write(true).create_new(true).open(path).map_err(file_error)
    }

    /// Opens a file beside the store.
    pub(super) fn reopen(&self, suffix: &str) -> Result<File, StoreError> {
        let path = self.beside(suffix)?;
        let file = no_link(OpenOptions::new().read(true).write(true), &path).map_err(file_error)?;
        let found = file.metadata().map_err(file_error)?;
        if is_plain(&found) { Ok(file) } else { Err(StoreError::Io(io::ErrorKind::AlreadyExists)) }
    }

    /// Sets `size` bytes of room aside under a name beside the store. Replaces whatever else has the name.
    pub(super) fn set_aside(&self, suffix: &str, size: usize) -> Result<(), StoreError> {
        let path = self.beside(suffix)?;
        if path.symlink_metadata().is_ok_and(|found| is_plain(&found) && found.len() == size as u64) {
            return Ok(());
        }
        self.remove(suffix)?;
        // Not synced: writing it is enough to take the room, and if a crash loses it, it is made again.
        self.make(suffix)?.write_all(&vec![0; size]).map_err(|error| {
            // A partial reserve is useless and takes space from others.
            _ = self.remove(suffix);
            file_error(error)
        })
    }

    /// Removes a name beside the store. A link goes, and what it leads to stays.
    pub(super) fn remove(&self, suffix: &str) -> Result<(), StoreError> {
        match std::fs::remove_file(self.beside(suffix)?) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(file_error(error)),
            _ => Ok(()),
        }
    }

    /// Gives a file beside the store the store's name, which nothing may have. Uses a hard link, which never replaces
    /// an existing file as a rename does. On a file system without hard links, checks for a file and then renames.
    pub(super) fn name(&self, suffix: &str) -> Result<(), StoreError> {
        self.name_by(suffix, |from, to| std::fs::hard_link(from, to))
    }

    fn name_by(
        &self,
        suffix: &str,
        link: impl FnOnce(&Path, &Path) -> io::Result<()>,
    ) -> Result<(), StoreError> {
        let beside = self.beside(suffix)?;
        match link(&beside, &self.path) {
            // If it cannot be removed, it does no harm: the store may have two names.
            Ok(()) => _ = self.remove(suffix),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(StoreError::AlreadyExists);
            }
            Err(_) if self.is_taken()? => return Err(StoreError::AlreadyExists),
            Err(_) => std::fs::rename(&beside, &self.path).map_err(file_error)?,
        }
        self.sync_names().inspect_err(|_| {
            // The caller has not been told of the store yet. If it cannot be removed, the next attempt finds it.
            _ = std::fs::remove_file(&self.path);
        })
    }

    /// Replaces the store's file by a file beside it, which gets the owner and the mode of the store's file.
    pub(super) fn replace(&self, suffix: &str) -> Result<(), StoreError> {
        let beside = self.beside(suffix)?;
        let file = self.reopen(suffix)?;
        like(&file, &self.found()?).and_then(|()| file.sync_all()).map_err(file_error)?;
        std::fs::rename(&beside, &self.path).map_err(file_error)?;
        self.sync_names().map_err(|_| StoreError::Unknown)
    }

    /// Makes new names durable by syncing the folder. Only Unix can sync a folder.
    pub(super) fn sync_names(&self) -> Result<(), StoreError> {
        self.process.check()?;
        if cfg!(unix) {
            File::open(self.folder()).and_then(|folder| folder.sync_all()).map_err(file_error)?;
        }
        Ok(())
    }

    fn found(&self) -> Result<Metadata, StoreError> {
        self.process.check()?;
        std::fs::metadata(&self.path).map_err(file_error)
    }

    /// Returns a hidden name in the same folder.
    fn beside(&self, suffix: &str) -> Result<PathBuf, StoreError> {
        self.process.check()?;
        let mut name = OsString::from(".");
        name.push(self.path.file_name().ok_or(StoreError::Io(io::ErrorKind::InvalidInput))?);
        name.push(format!(".{suffix}"));
        Ok(self.folder().join(name))
    }

    fn folder(&self) -> &Path {
        match self.path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        }
    }
}

/// Returns whether this is a file that no other name leads to.
fn is_plain(found: &Metadata) -> bool {
    #[cfg(unix)]
    let names = std::os::unix::fs::MetadataExt::nlink(found);
    #[cfg(not(unix))]
    let names = 1;
    found.is_file() && names == 1
}

#[cfg(unix)]
fn owner_only() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.mode(0o600);
    options
}

#[cfg(not(unix))]
fn owner_only() -> OpenOptions {
    OpenOptions::new()
}

#[cfg(unix)]
fn no_link(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    use rustix::fs::OFlags;
    // A pipe would otherwise wait for its other end.
    options.custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed()).open(path)
}

#[cfg(not(unix))]
fn no_link(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    if path.symlink_metadata()?.is_file() {
        options.open(path)
    } else {
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

/// Gives the file the owner and the mode of the file that it replaces. The program that opens the store next may run
/// as another user.
#[cfg(unix)]
fn like(file: &File, replaced: &Metadata) -> io::Result<()> {
    use std::os::unix::fs::MetadataExt;
    let made = file.metadata()?;
    if (made.uid(), made.gid()) != (replaced.uid(), replaced.gid()) {
        std::os::unix::fs::fchown(file, Some(replaced.uid()), Some(replaced.gid()))?;
    }
    file.set_permissions(replaced.permissions())
}

#[cfg(not(unix))]
fn like(_: &File, _: &Metadata) -> io::Result<()> {
    Ok(())
}

pub(super) fn file_error(error: io::Error) -> StoreError {
    match error.kind() {
        io::ErrorKind::NotFound => StoreError::NotFound,
        io::ErrorKind::IsADirectory => StoreError::NotAStore,
        kind => StoreError::Io(kind),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::store::process::in_child;

    /// Fails as on Android and FAT.
    fn no_links(_: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    fn hard(from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    #[test]
    fn without_hard_links_a_new_file_still_never_replaces_another() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new");
        let place = Place::new(&path);
        place.make("made").unwrap().write_all(b"new").unwrap();
        place.name_by("made", no_links).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        fs::write(&path, b"there").unwrap();
        for link in [no_links, hard] {
            drop(place.make("made").unwrap());
            assert_eq!(place.name_by("made", link), Err(StoreError::AlreadyExists));
            place.remove("made").unwrap();
        }
        assert_eq!(fs::read(&path).unwrap(), b"there");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "a temporary file was left behind");
    }

    #[test]
    fn a_forked_process_reaches_no_name() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new");
        let place = Place::new(&path);
        drop(place.make("made").unwrap());
        fs::write(&path, b"there").unwrap();
        let refused = StoreError::ForkedProcess;
        in_child(|| {
            assert_eq!(place.open().err(), Some(refused.clone()));
            assert_eq!(place.size().err(), Some(refused.clone()));
            assert_eq!(place.identity().err(), Some(refused.clone()));
            assert_eq!(place.is_taken().err(), Some(refused.clone()));
            assert_eq!(place.is_on_network().err(), Some(refused.clone()));
            assert_eq!(place.make("other").err(), Some(refused.clone()));
            assert_eq!(place.reopen("made").err(), Some(refused.clone()));
            assert_eq!(place.set_aside("made", 9), Err(refused.clone()));
            assert_eq!(place.remove("made"), Err(refused.clone()));
            assert_eq!(place.name("made"), Err(refused.clone()));
            assert_eq!(place.replace("made"), Err(refused.clone()));
            assert_eq!(place.sync_names(), Err(refused));
        });
        assert_eq!(fs::read(&path).unwrap(), b"there");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 2);
    }
}
