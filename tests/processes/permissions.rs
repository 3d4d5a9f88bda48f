//! Folders and files that a process may read but not write.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use rustix::process::geteuid;
use selfsame::Error;

use crate::servant::{DONE, Servant, open, serve, told, with_ada};
use crate::{Process, is_process};

/// A user who is not root, because permission bits do not bind root.
const NOBODY: u32 = 65_534;

const TEST: &str = "permissions::a_read_only_file_is_refused_but_a_read_only_folder_is_enough";

/// The message if permission bits bind no process here.
const NO_HOLD: &str = "permission bits bind nobody here: run the tests as an ordinary user, or as a root who may \
    become another user, with TMPDIR on a file system that keeps permissions; or add `-- --skip permissions`";

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// Starts a process that permission bits bind.
fn bound(folder: &Path, file: &Path) -> Servant {
    if !geteuid().is_root() {
        return Servant::of(TEST, file);
    }
    // The user `nobody` may have no access to the build folder.
    let binary = folder.join("processes");
    fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    allow(&binary, 0o755);
    chown(file, Some(NOBODY), Some(NOBODY)).expect(NO_HOLD);
    let mut command = Process::command_by(Command::new(&binary), TEST, file);
    command.uid(NOBODY).gid(NOBODY);
    Servant::try_run(command).expect(NO_HOLD)
}

/// A process that may write to another user's file may not make it its own by rewriting it.
fn may_not_take_the_file_of_another_user(servant: &mut Servant, file: &Path) {
    let found = || fs::metadata(file).map(|found| (found.uid(), found.gid(), found.mode())).unwrap();
    let folder = file.parent().unwrap();
    allow(folder, 0o777);
    let own = found();
    assert_eq!(servant.does("vacuum"), DONE);
    assert_eq!(found(), own);
    // Only root can give a file away.
    if geteuid().is_root() {
        allow(file, 0o666);
        chown(file, Some(0), Some(0)).unwrap();
        let (before, inode) = (found(), fs::metadata(file).unwrap().ino());
        let denied = told(&Error::Storage { kind: std::io::ErrorKind::PermissionDenied });
        assert_eq!(servant.does("vacuum"), denied);
        assert_eq!((found(), fs::metadata(file).unwrap().ino()), (before, inode), "the file was replaced");
        assert_eq!(fs::read_dir(folder).unwrap().count(), 2, "the new file was left behind");
        chown(file, Some(own.0), Some(own.1)).unwrap();
        allow(file, 0o600);
        assert_eq!(servant.does("vacuum"), DONE);
        assert_eq!(found(), own);
    }
}

#[test]
fn a_read_only_file_is_refused_but_a_read_only_folder_is_enough() {
    if let Some(file) = is_process() {
        return serve(&file);
    }
    let folder = tempfile::tempdir().unwrap();
    allow(folder.path(), 0o755);
    let at = folder.path().join("at");
    fs::create_dir(&at).unwrap();
    let file = at.join("store");
    let ada = with_ada(&file);
    let (look, rename) = (format!("look {}", ada.reveal()), format!("rename {}", ada.reveal()));
    let denied = told(&Error::Storage { kind: std::io::ErrorKind::PermissionDenied });

    allow(&at, 0o555);
    let mut servant = bound(folder.path(), &file);
    assert_eq!(servant.does("touch"), denied, "{NO_HOLD}");
    assert_eq!(servant.does("make"), denied, "a new store");
    assert_eq!(servant.does("open"), DONE, "a read-only folder is enough to open a store");
    assert_eq!(servant.does(&format!("{rename} Ada1")), DONE);
    assert_eq!(servant.does("suspend"), DONE);
    assert_eq!(servant.does(&look), "Ada1");
    assert_eq!(servant.does("suspend"), DONE);
    assert_eq!(fs::read_dir(&at).unwrap().count(), 2, "only the store and its reserve are there");

    allow(&file, 0o444);
    let before = fs::read(&file).unwrap();
    assert_eq!(servant.does("open"), denied);
    assert_eq!(servant.does(&look), denied, "a suspended store must not wake");
    assert_eq!(servant.does(&format!("{rename} Ada2")), denied);
    assert!(fs::read(&file).unwrap() == before, "a refused file was changed");
    allow(&file, 0o600);
    assert_eq!(
        servant.does(&format!("{rename} Ada3")),
        DONE,
        "a suspended store wakes once it may be written again"
    );
    assert_eq!(servant.does("suspend"), DONE);

    allow(&at, 0o000);
    assert_eq!(servant.does(&look), denied, "a folder that may not be read");
    allow(&at, 0o755);
    assert_eq!(servant.does(&look), "Ada3");
    may_not_take_the_file_of_another_user(&mut servant, &file);
    drop(servant);
    crate::goes_on(&open(&file).unwrap());
}
