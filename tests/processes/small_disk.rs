//! A disk of 4 MiB in memory, mounted in its own namespace. It needs no root and leaves nothing behind. `build.rs`
//! finds out whether this machine allows that.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// Runs the program in a namespace in which only the program sees a mount.
pub(crate) fn in_a_name_space(program: impl AsRef<OsStr>) -> Command {
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--mount", "--"]).arg(program);
    unshare
}

/// Whether this `mount` command mounts such a disk at the folder.
pub(crate) fn is_mounted(mut mount: Command, at: &Path) -> bool {
    mount.args(["-t", "tmpfs", "-o", "size=4m", "tmpfs"]).arg(at);
    mount.output().is_ok_and(|mounted| mounted.status.success())
}

pub(crate) fn can_be_mounted(at: &Path) -> bool {
    is_mounted(in_a_name_space("mount"), at)
}
