//! Measures the cost of everything in one run: `cargo bench --features bench`.
//!
//! `cargo bench --features bench -- limits` measures one family, `--quick` a tenth of the rounds to try it out. A
//! whole run writes `docs/bench/results.json`, which `tests/repository/bench.rs` draws; any other writes the same to
//! `target/tmp/bench/`.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement panics if it cannot go on, and prints its figures"
)]

mod acts;
mod bulk;
mod callers;
mod enumeration;
mod hashes;
mod library;
#[path = "../life.rs"]
mod life;
mod limits;
mod measure;
mod report;
mod size;
mod speakers;
mod stores;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::ExitCode;

use report::Report;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|given| given != "--bench").collect();
    if let [first, path, accounts] = arguments.as_slice()
        && first == size::SERVES
    {
        size::serves(Path::new(path), accounts.parse().unwrap());
        return ExitCode::SUCCESS;
    }
    let (options, wanted): (Vec<_>, Vec<_>) = arguments.iter().partition(|given| given.starts_with("--"));
    let quick = options.iter().any(|option| *option == "--quick");
    // Uses the disk of the build, because a temporary folder may be in memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let folder = folder.path();
    type Family = fn(&mut Report, &Path);
    let families: [(&str, Family); 10] = [
        ("limits", limits::limits),
        ("acts", acts::acts),
        ("callers", callers::callers),
        ("bulk", bulk::bulk),
        ("size", size::size),
        ("hashes", hashes::hashes),
        ("enumeration", enumeration::enumeration),
        ("peers", speakers::peers),
        ("languages", |report, _| speakers::languages(report)),
        ("library", library::library),
    ];
    for name in &wanted {
        assert!(families.iter().any(|(family, _)| family == name), "there is no family {name}");
    }
    let mut report = Report::new(quick, wanted.is_empty());
    let mut is_whole = true;
    for (name, family) in families {
        if wanted.is_empty() || wanted.iter().any(|wanted| *wanted == name) {
            // A failing family must not lose the figures of earlier ones.
            let ran = catch_unwind(AssertUnwindSafe(|| family(&mut report, folder)));
            if ran.is_err() {
                report.note(format!("{name} broke off"));
                is_whole = false;
            }
        }
    }
    report.end();
    if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
