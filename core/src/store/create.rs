//! Making a store's file so that a crash leaves either no file or a complete one.
//!
//! redb's own creation is not crash-safe: a crash before its first header leaves a file that does not open.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::anchor::{self, Anchor};
use super::file::{directory_of, file_error, hidden_beside, owner_only, sync_directory};
use super::medium::Opened;
use super::open::{Keyring, Open};
use super::port::{Row, StoreError};
use super::settings::Settings;
use crate::crypto::tally::TallyKey;

/// Makes a store with `first_rows` at `path`, where nothing may exist yet. `name_suffix` is random, so that a
/// file that a crash left behind does not block the next attempt.
///
/// The anchor learns of the store before the file gets its name, because a store that its anchor does not
/// know can never be opened.
pub(super) fn create(
    path: &Path,
    settings: Settings,
    first_rows: Vec<Row>,
    name_suffix: [u8; 8],
    keyring: &dyn Keyring,
    anchor: Option<&dyn Anchor>,
) -> Result<Arc<TallyKey>, StoreError> {
    if path.symlink_metadata().is_ok() {
        return Err(StoreError::AlreadyExists);
    }
    let temporary = Temporary::beside(path, name_suffix)?;
    let made = Open::made(Opened::file(temporary.file()?)?, settings, first_rows, keyring, anchor.is_some())?;
    let (stamp, key) = (made.stamp(), made.key.clone());
    made.close()?;
    temporary.file()?.sync_all().map_err(file_error)?;
    let link = |from: &Path, to: &Path| std::fs::hard_link(from, to);
    let Some(anchor) = anchor else {
        temporary.put_at(path, link)?;
        return Ok(key);
    };
    let before = anchor.load()?;
    anchor::finalise(anchor, &stamp)?;
    temporary.put_at(path, link).inspect_err(|_| {
        // An earlier store may be at the path. If this call fails too, opening that store reports it.
        _ = before.map(|before| anchor.store(&before));
    })?;
    Ok(key)
}

/// A temporary file in the directory of `path`. It is removed when dropped.
struct Temporary {
    path: PathBuf,
    directory: PathBuf,
}

impl Temporary {
    fn beside(path: &Path, suffix: [u8; 8]) -> Result<Self, StoreError> {
        let directory = directory_of(path);
        let path = hidden_beside(path, &format!("{:016x}.new", u64::from_be_bytes(suffix)))?;
        owner_only().read(true).write(true).create_new(true).open(&path).map_err(file_error)?;
        Ok(Self { path, directory })
    }

    fn file(&self) -> Result<File, StoreError> {
        OpenOptions::new().read(true).write(true).open(&self.path).map_err(file_error)
    }

    /// Uses a hard link, which never replaces an existing file as a rename does. On a file system without hard
    /// links, checks for a file and then renames.
    fn put_at(
        self,
        path: &Path,
        link: impl FnOnce(&Path, &Path) -> io::Result<()>,
    ) -> Result<(), StoreError> {
        match link(&self.path, path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(StoreError::AlreadyExists);
            }
            Err(_) if path.symlink_metadata().is_ok() => return Err(StoreError::AlreadyExists),
            Err(_) => std::fs::rename(&self.path, path).map_err(file_error)?,
        }
        let directory = self.directory.clone();
        drop(self);
        sync_directory(&directory).map_err(|error| {
            // The caller has not been told of the store yet. If it cannot be removed, the next attempt finds it.
            _ = std::fs::remove_file(path);
            file_error(error)
        })
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // After a rename the file is gone already. If it cannot be removed, it does no harm.
        _ = std::fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// Fails as on Android and FAT.
    fn no_links(_: &Path, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::PermissionDenied.into())
    }

    #[test]
    fn without_hard_links_a_new_file_still_never_replaces_another() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("new");
        let temporary = || {
            let temporary = Temporary::beside(&path, [1; 8]).unwrap();
            fs::write(&temporary.path, b"new").unwrap();
            temporary
        };
        temporary().put_at(&path, no_links).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        fs::write(&path, b"there").unwrap();
        assert_eq!(temporary().put_at(&path, no_links), Err(StoreError::AlreadyExists));
        let hard = |from: &Path, to: &Path| fs::hard_link(from, to);
        assert_eq!(temporary().put_at(&path, hard), Err(StoreError::AlreadyExists));
        assert_eq!(fs::read(&path).unwrap(), b"there");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "a temporary file was left behind");
    }
}
