//! What was measured: as text, as JSON, and as a plot for each family.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::measure::{Samples, Spread};
use crate::plot;

/// All that was measured so far.
pub(crate) struct Report {
    folder: PathBuf,
    /// A tenth of the rounds, to try the harness out: nothing is written.
    pub(crate) quick: bool,
    families: Vec<Value>,
    aims: Vec<Aim>,
    notes: Vec<String>,
}

struct Aim {
    what: String,
    at_most: bool,
    aim: f64,
    reached: Spread,
}

impl Report {
    pub(crate) fn new(quick: bool) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/bench");
        Self { folder, quick, families: Vec::new(), aims: Vec::new(), notes: Vec::new() }
    }

    /// How many rounds there are.
    pub(crate) fn rounds(&self, count: usize) -> usize {
        if self.quick { count.div_ceil(10) } else { count }
    }

    /// A family of figures of one unit, as a table and a plot.
    pub(crate) fn family(&mut self, name: &str, title: &str, unit: &str, samples: &Samples) {
        println!("\n## {title}\n\n{:52}{:>12}{:>12}{:>12}{:>12}", unit, "median", "p10", "p90", "p99");
        let mut rows = Vec::new();
        for (part, spread) in samples.parts() {
            let Spread { median, low, high, worst, count } = spread;
            println!("{part:52}{}{}{}{}", shown(median), shown(low), shown(high), shown(worst));
            rows.push(json!({
                "part": part, "rounds": count, "median": rounded(median), "p10": rounded(low),
                "p90": rounded(high), "p99": rounded(worst),
            }));
        }
        self.families.push(json!({ "family": name, "title": title, "unit": unit, "parts": rows }));
        if !self.quick {
            let file = self.folder.join(format!("{name}.svg"));
            plot::bars(&file, title, unit, &samples.parts().collect::<Vec<_>>());
        }
    }

    /// Something that shall be at most this.
    pub(crate) fn at_most(&mut self, what: &str, aim: f64, reached: Spread) {
        self.aims.push(Aim { what: what.to_owned(), at_most: true, aim, reached });
    }

    /// Something that shall be at least this.
    pub(crate) fn at_least(&mut self, what: &str, aim: f64, reached: Spread) {
        self.aims.push(Aim { what: what.to_owned(), at_most: false, aim, reached });
    }

    /// What a reader of the figures must know.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        println!("note: {note}");
        self.notes.push(note);
    }

    /// The aims, and everything as JSON.
    pub(crate) fn end(self) {
        println!("\n## Aims\n\n{:64}{:>12}{:>12}{:>12}{:>12}", "", "aim", "reached", "p10", "p90");
        let mut aims = Vec::new();
        for Aim { what, at_most, aim, reached } in &self.aims {
            let sign = if *at_most { "<=" } else { ">=" };
            let is_reached = if *at_most { reached.median <= *aim } else { reached.median >= *aim };
            let mark = if is_reached { "" } else { "  not reached" };
            let aim_shown = format!("{sign} {aim}");
            println!(
                "{what:64}{aim_shown:>12}{}{}{}{mark}",
                shown(reached.median),
                shown(reached.low),
                shown(reached.high)
            );
            aims.push(json!({
                "what": what, "aim": aim_shown, "reached": rounded(reached.median),
                "p10": rounded(reached.low), "p90": rounded(reached.high), "is_reached": is_reached,
            }));
        }
        if self.quick {
            return;
        }
        let all = json!({
            "machine": machine(), "families": self.families, "aims": aims, "notes": self.notes,
        });
        fs::write(self.folder.join("results.json"), format!("{all:#}\n")).unwrap();
    }
}

fn shown(figure: f64) -> String {
    let text = match figure.abs() {
        0.0..10.0 => format!("{figure:.3}"),
        10.0..1000.0 => format!("{figure:.1}"),
        _ => format!("{figure:.0}"),
    };
    format!("{text:>12}")
}

fn rounded(figure: f64) -> f64 {
    (figure * 1000.0).round() / 1000.0
}

fn machine() -> Value {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let cpu = cpu.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    json!({
        "processor": cpu.map_or(std::env::consts::ARCH, |(_, name)| name),
        "cores": std::thread::available_parallelism().map_or(1, usize::from),
        "kernel": read("/proc/sys/kernel/osrelease").trim(),
        "optimised": !cfg!(debug_assertions),
    })
}
