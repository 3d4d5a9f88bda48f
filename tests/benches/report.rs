//! The results, as text and as JSON.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use crate::measure::{Samples, Spread, shown};

/// All results so far.
pub(crate) struct Report {
    folder: PathBuf,
    /// Whether all families run, with all rounds.
    is_whole: bool,
    /// Whether to run only a tenth of the rounds.
    pub(crate) quick: bool,
    families: Vec<Value>,
    aims: Vec<Aim>,
    notes: Vec<String>,
}

struct Aim {
    what: String,
    bound: Bound,
    reached: Spread,
}

enum Bound {
    AtMost(f64),
    AtLeast(f64),
    /// A figure without an aim.
    No,
}

impl Report {
    /// Starts a report. Only a run of all families with all rounds gives figures to publish.
    pub(crate) fn new(quick: bool, has_all: bool) -> Self {
        let is_whole = has_all && !quick;
        let folder = if is_whole {
            Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/bench")
        } else {
            Path::new(env!("CARGO_TARGET_TMPDIR")).join("bench")
        };
        fs::create_dir_all(&folder).unwrap();
        Self { folder, is_whole, quick, families: Vec::new(), aims: Vec::new(), notes: Vec::new() }
    }

    /// The number of rounds to run.
    pub(crate) fn rounds(&self, count: usize) -> usize {
        if self.quick { count.div_ceil(10) } else { count }
    }

    /// Adds a family of figures with one unit, as a table.
    pub(crate) fn family(&mut self, name: &str, title: &str, unit: &str, samples: &Samples) {
        println!("\n## {title}\n\n{unit:60}{:>12}{:>12}{:>12}{:>12}", "median", "p10", "p90", "p99");
        let mut rows = Vec::new();
        for (part, spread) in samples.parts() {
            let Spread { median, low, high, worst, count } = spread;
            let [middle, first, last, late] = [median, low, high, worst].map(shown);
            println!("{part:60}{middle:>12}{first:>12}{last:>12}{late:>12}");
            rows.push(json!({
                "part": part, "rounds": count, "median": rounded(median), "p10": rounded(low),
                "p90": rounded(high), "p99": rounded(worst),
            }));
        }
        self.families.push(json!({ "family": name, "title": title, "unit": unit, "parts": rows }));
    }

    /// Adds a figure that must be at most this.
    pub(crate) fn at_most(&mut self, what: &str, aim: f64, reached: Spread) {
        self.aims.push(Aim { what: what.to_owned(), bound: Bound::AtMost(aim), reached });
    }

    /// Adds a figure that must be at least this.
    pub(crate) fn at_least(&mut self, what: &str, aim: f64, reached: Spread) {
        self.aims.push(Aim { what: what.to_owned(), bound: Bound::AtLeast(aim), reached });
    }

    /// Adds a figure without an aim.
    pub(crate) fn figure(&mut self, what: &str, reached: Spread) {
        self.aims.push(Aim { what: what.to_owned(), bound: Bound::No, reached });
    }

    /// Adds a note that a reader of the figures needs.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        println!("note: {note}");
        self.notes.push(note);
    }

    /// Prints the aims, and writes everything as JSON.
    pub(crate) fn end(self) {
        println!("\n## Aims\n\n{:76}{:>12}{:>12}{:>12}{:>12}", "", "aim", "reached", "p10", "p90");
        let mut aims = Vec::new();
        for Aim { what, bound, reached } in &self.aims {
            let (aim, is_reached) = match bound {
                Bound::AtMost(aim) => (format!("<= {aim}"), Some(reached.median <= *aim)),
                Bound::AtLeast(aim) => (format!(">= {aim}"), Some(reached.median >= *aim)),
                Bound::No => (String::new(), None),
            };
            let mark = if is_reached == Some(false) { "  not reached" } else { "" };
            let [middle, first, last] = [reached.median, reached.low, reached.high].map(shown);
            println!("{what:76}{aim:>12}{middle:>12}{first:>12}{last:>12}{mark}");
            aims.push(json!({
                "what": what, "aim": aim, "reached": rounded(reached.median),
                "p10": rounded(reached.low), "p90": rounded(reached.high), "is_reached": is_reached,
            }));
        }
        let all = json!({
            "machine": machine(), "families": self.families, "aims": aims, "notes": self.notes,
        });
        let file = self.folder.join("results.json");
        fs::write(&file, format!("{all:#}\n")).unwrap();
        println!("\n{}", file.display());
        if self.is_whole {
            println!(
                "UPDATE=1 cargo test -p selfsame-tests --test repository bench draws and writes the page from it"
            );
        }
    }
}

/// Rounds a figure for JSON.
fn rounded(figure: f64) -> f64 {
    (figure * 1e6).round() / 1e6
}

fn machine() -> Value {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    let rustc = Command::new("rustc").arg("--version").output().unwrap();
    json!({
        "processor": cpu.map_or(std::env::consts::ARCH, |(_, name)| name),
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "rustc": String::from_utf8(rustc.stdout).unwrap().trim(),
    })
}
