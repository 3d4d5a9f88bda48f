//! Folders and files that a process may read and not write.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use rustix::process::geteuid;
use selfsame::Error;

use crate::servant::{DONE, Servant, open, serve, told, with_ada};
use crate::{Process, is_process};

/// Somebody who is not root, on whom permission bits have no hold.
const NOBODY: u32 = 65_534;

const TEST: &str = "permissions::what_may_not_be_written_is_refused_in_words_and_a_folder_need_not_be";

/// Where neither can be had, the test is left out by name, which the runner counts.
const NO_HOLD: &str = "permission bits have no hold here: run the tests as an ordinary user, or as a root who may \
    become another user, with TMPDIR on a file system that keeps permissions; or add `-- --skip permissions`";

fn allow(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

/// A process on whom permission bits have a hold.
fn bound(folder: &Path, file: &Path) -> Servant {
    if !geteuid().is_root() {
        return Servant::of(TEST, file);
    }
    // Nobody may not get at the folders of whoever builds.
    let binary = folder.join("processes");
    fs::copy(std::env::current_exe().unwrap(), &binary).unwrap();
    allow(&binary, 0o755);
    chown(file, Some(NOBODY), Some(NOBODY)).expect(NO_HOLD);
    let mut command = Process::command_by(Command::new(&binary), TEST, file);
    command.uid(NOBODY).gid(NOBODY);
    Servant::try_run(command).expect(NO_HOLD)
}

#[test]
fn what_may_not_be_written_is_refused_in_words_and_a_folder_need_not_be() {
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
    assert_eq!(servant.does("open"), DONE, "a folder is not written to");
    assert_eq!(servant.does(&format!("{rename} Ada1")), DONE);
    assert_eq!(servant.does("suspend"), DONE);
    assert_eq!(servant.does(&look), "Ada1");
    assert_eq!(servant.does("suspend"), DONE);
    assert_eq!(fs::read_dir(&at).unwrap().count(), 2, "the store and its reserve, and nothing more");

    allow(&file, 0o444);
    let before = fs::read(&file).unwrap();
    assert_eq!(servant.does("open"), denied);
    assert_eq!(servant.does(&look), denied, "one that is asleep does not wake");
    assert_eq!(servant.does(&format!("{rename} Ada2")), denied);
    assert!(fs::read(&file).unwrap() == before, "a refused file was touched");
    allow(&file, 0o600);
    assert_eq!(servant.does(&format!("{rename} Ada3")), DONE, "and wakes when it may be written again");
    assert_eq!(servant.does("suspend"), DONE);

    allow(&at, 0o000);
    assert_eq!(servant.does(&look), denied, "a folder that may not be looked into");
    allow(&at, 0o755);
    assert_eq!(servant.does(&look), "Ada3");
    drop(servant);
    crate::goes_on(&open(&file).unwrap());
}
