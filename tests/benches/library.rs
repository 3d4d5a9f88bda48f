//! Measures the size of the native library in the packages of other languages.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::measure::{Samples, Spread};
use crate::report::Report;

pub(crate) fn library(report: &mut Report, folder: &Path) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // Builds and strips the library like bindings/native.
    run(Command::new("cargo").current_dir(root).args(["rustc", "--locked", "--release", "--lib"]).args([
        "--package",
        "selfsame-ffi",
        "--crate-type",
        "cdylib",
    ]));
    let name = format!("{}selfsame_ffi{}", std::env::consts::DLL_PREFIX, std::env::consts::DLL_SUFFIX);
    let stripped = folder.join(&name);
    fs::copy(Path::new(env!("CARGO_TARGET_TMPDIR")).join("../release").join(name), &stripped).unwrap();
    run(Command::new("strip").arg("-x").arg(&stripped));
    let bytes = fs::metadata(&stripped).unwrap().len() as f64;
    let packed = run(Command::new("gzip").args(["-9", "--stdout"]).arg(&stripped)).len() as f64;
    let mut samples = Samples::default();
    samples.add("stripped", bytes);
    samples.add("stripped, gzip -9", packed);
    report.family("library", "The native library of the packages", "bytes", &samples);
    let size = Spread::of(vec![bytes / f64::from(1 << 20)]);
    report.at_most("the library with bindings, stripped, MiB", 2.5, size);
}

fn run(command: &mut Command) -> Vec<u8> {
    let done = command.output().unwrap();
    assert!(done.status.success(), "{command:?}: {}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}
