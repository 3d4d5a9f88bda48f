//! Names the build by the version and a hash of everything that crosses, as the sources of this crate define it.
#![allow(clippy::print_stdout, reason = "cargo reads what a build script prints")]

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    let mut hash = 0xcbf2_9ce4_8422_2325;
    // The library for tests is separate and has the same build id.
    for folder in ["src", "testing/src"] {
        println!("cargo::rerun-if-changed={folder}");
        for file in sources(Path::new(folder))? {
            let source = fs::read_to_string(&file)?.replace('\r', "");
            hash = fnv1a(hash, source.as_bytes());
        }
    }
    let id = format!("{}-{hash:016x}", env::var("CARGO_PKG_VERSION")?);
    println!("cargo::rustc-env=SELFSAME_BUILD_ID={id}");
    let what = "The id of the native library's build that this package belongs to.";
    let out = env::var("OUT_DIR")?;
    for (file, source) in [
        ("_build_id.py", format!("\"\"\"{what}\"\"\"\n\nBUILD_ID = \"{id}\"\n")),
        (
            "BuildId.kt",
            format!("package selfsame\n\n/** {what} */\ninternal const val BUILD_ID: String = \"{id}\"\n"),
        ),
        ("BuildId.swift", format!("/// {what}\nlet buildIdOfSources = \"{id}\"\n")),
    ] {
        fs::write(Path::new(&out).join(file), source)?;
    }
    Ok(())
}

/// The files of a folder, in one order on every machine.
fn sources(folder: &Path) -> Result<Vec<PathBuf>, Box<dyn Error>> {
    let mut files =
        fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<Vec<_>, _>>()?;
    files.sort();
    Ok(files)
}

/// The 64-bit FNV-1a hash. It distinguishes builds and does not protect against attackers.
fn fnv1a(hash: u64, bytes: &[u8]) -> u64 {
    bytes.iter().fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}
