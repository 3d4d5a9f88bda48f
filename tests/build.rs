//! Finds out which tests cannot run on this machine, so that the runner counts them as ignored.

use std::io::{self, Write};
use std::path::PathBuf;

#[path = "processes/small_disk.rs"]
mod small_disk;

fn main() -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "cargo::rerun-if-changed=build.rs")?;
    writeln!(out, "cargo::rerun-if-changed=processes/small_disk.rs")?;
    writeln!(out, "cargo::rustc-check-cfg=cfg(no_small_disk)")?;
    let folder = std::env::var_os("OUT_DIR").map(PathBuf::from);
    if !folder.is_some_and(|folder| small_disk::can_be_mounted(&folder)) {
        writeln!(out, "cargo::rustc-cfg=no_small_disk")?;
    }
    Ok(())
}
