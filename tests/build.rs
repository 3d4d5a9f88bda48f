//! Finds out which tests cannot run on this machine, so that the runner counts them as ignored. Takes the Rust code from
//! the pages of the guide, so that the program `guide` compiles it.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

#[path = "guide/pages.rs"]
mod pages;
#[path = "processes/small_disk.rs"]
mod small_disk;

fn main() -> io::Result<()> {
    let mut out = io::stdout();
    writeln!(out, "cargo::rerun-if-changed=build.rs")?;
    writeln!(out, "cargo::rerun-if-changed=processes/small_disk.rs")?;
    writeln!(out, "cargo::rustc-check-cfg=cfg(no_small_disk)")?;
    let folder = std::env::var_os("OUT_DIR").map(PathBuf::from).ok_or_else(|| io::Error::other("OUT_DIR"))?;
    if !small_disk::can_be_mounted(&folder) {
        writeln!(out, "cargo::rustc-cfg=no_small_disk")?;
    }
    writeln!(out, "cargo::rerun-if-changed=guide/pages.rs")?;
    writeln!(out, "cargo::rerun-if-changed=../docs/guide")?;
    for page in pages::pages(Path::new("../docs/guide"))? {
        std::fs::write(folder.join(page.name).with_extension("rs"), page.code)?;
    }
    Ok(())
}
