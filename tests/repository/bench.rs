//! The five plots of docs/bench and the figures of its page agree with `results.json`, and other pages quote only
//! figures from it.
//!
//! `UPDATE=1 cargo test -p selfsame-tests --test repository bench` draws and writes them, without measuring again.

#![expect(clippy::unwrap_used, reason = "a test panics on anything unexpected")]

use std::collections::BTreeSet;
use std::fs;

use crate::figures::{Results, Spread, counted, grouped, took};
use crate::plots::{Bar, NO_SYSTEM, Panel, Plot, Unit};
use crate::source::{files, root};

const FOLDER: &str = "docs/bench";
/// The text below this heading is rewritten.
const TABLES: &str = "\n## All figures\n";
const SELFSAME: &str = "Selfsame";
const SIZES: [&str; 3] = ["1,000", "100,000", "1,000,000"];

#[test]
fn the_plots_are_drawn_from_the_results() {
    let results = Results::read();
    let below = format!(
        "Bars: medians. Lines: first to last decile. Each axis is linear and starts at zero. {}.",
        results.machine()
    );
    let plots = plots(&results);
    for plot in &plots {
        same_or_written(&format!("{FOLDER}/{}.svg", plot.name), &plot.svg(&below));
    }
    let drawn: BTreeSet<_> =
        plots.iter().map(|plot| root().join(FOLDER).join(plot.name).with_extension("svg")).collect();
    assert_eq!(BTreeSet::from_iter(files(&root().join(FOLDER), ".svg")), drawn, "there are other plots");
}

#[test]
fn the_page_has_the_figures_of_the_results() {
    let results = Results::read();
    let path = format!("{FOLDER}/README.md");
    let page = fs::read_to_string(root().join(&path)).unwrap();
    for plot in plots(&results) {
        assert!(page.contains(&format!("]({}.svg)", plot.name)), "{path} does not show {}.svg", plot.name);
    }
    for (what, aim, _) in results.aims() {
        assert!(aim.is_empty() || page.contains(&format!("\n| {what} | ")), "{path} has no row for {what:?}");
    }
    same_or_written(&path, &rewritten(&page, &results));
}

/// Figures belong in docs/bench. If another page needs a figure, it must be the same.
#[test]
fn what_other_pages_quote_is_in_the_results() {
    let results = Results::read();
    let million = "1,000,000 accounts";
    let library = |part| format!("{:.1} MB", results.part("library", part).median / 1e6);
    let hashes = results.part("hashing", "sign-ins").median / results.cores();
    let callers = |how| counted(results.part("callers", &format!("32 at once, {how}")).median);
    let opening = results.part("open", &format!("closed, verified, {million}")).median;
    let import = 1e6 / results.part("load", million).median;
    let bytes = counted(results.part("bytes", &format!("the file in use, {million}")).median);
    let quoted = [
        ("README.md", format!("is {} ({} with gzip)", library("stripped"), library("stripped, gzip -9"))),
        ("docs/SCALE.md", format!("one core does {hashes:.0} sign-ins a second")),
        ("docs/SCALE.md", format!("share commits and do {} acts a second", callers("shared commits"))),
        ("docs/SCALE.md", format!("they would do {}", callers("a commit each"))),
        ("docs/SCALE.md", format!("{} B per account", bytes)),
        ("docs/SCALE.md", format!("{} a million", took(opening))),
        ("docs/SCALE.md", format!("{import:.0} s a million and rising")),
    ];
    for (page, quote) in quoted {
        let text = fs::read_to_string(root().join(page)).unwrap();
        let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(&quote), "{page} does not say {quote:?}, as {FOLDER}/results.json does");
    }
}

fn same_or_written(path: &str, should: &str) {
    let file = root().join(path);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&file, should).unwrap();
    } else {
        let is = fs::read_to_string(&file).unwrap_or_default();
        assert!(is == should, "{path} is stale: run this test with UPDATE=1");
    }
}

fn plots(results: &Results) -> [Plot; 5] {
    [sign_in(results), peers(results), size(results), callers(results), languages(results)]
}

fn bar(label: &str, system: &'static str, spread: Spread) -> Bar {
    Bar { label: label.to_owned(), system, spread: Some(spread) }
}

fn sign_in(results: &Results) -> Plot {
    let with = |part| results.part("sign-in", part);
    let without = |part| results.part("limits", part);
    let commit = "commit of one row, 20,000 accounts";
    let panel =
        |heading: &str, bars| Panel { heading: heading.to_owned(), unit: Unit::Time, labels: 290.0, bars };
    let ratio = counted(results.reached("sign-in / (hash + commit of one row)"));
    Plot {
        name: "sign-in",
        title: format!("A sign-in takes {ratio} times as long as one hash and one commit"),
        about: "A sign-in in a file of 20,000 accounts, and its unavoidable parts, each alone, in the same rounds.".to_owned(),
        columns: 1,
        panels: vec![
            panel(
                "With the hash",
                vec![
                    bar("sign-in", SELFSAME, with("sign-in")),
                    bar("Argon2id, 19 MiB, 2 passes", NO_SYSTEM, with("Argon2id, 19 MiB, 2 passes, memory reused")),
                    bar(
                        "the same, wiping its memory",
                        NO_SYSTEM,
                        with("the engine's hasher, memory wiped"),
                    ),
                    bar("durable commit of one row", NO_SYSTEM, with(commit)),
                ],
            ),
            panel(
                "Without the hash",
                vec![
                    bar("sign-in without hash", SELFSAME, without("sign-in without hash, 20,000 accounts")),
                    bar("sign-in without hash and disk", SELFSAME, without("sign-in without hash and disk")),
                    bar("durable commit of one row", NO_SYSTEM, without(commit)),
                    bar("one fdatasync of 4 KiB", NO_SYSTEM, without("fdatasync of 4 KiB")),
                ],
            ),
        ],
    }
}

fn peers(results: &Results) -> Plot {
    let share = |act: &str, peer: &str| {
        format!(
            "{:.0}% as long as in {peer}",
            100.0 * results.reached(&format!("{act}, {SELFSAME} / {peer}"))
        )
    };
    let (bare, hashed) = ("sign-in without hash", "sign-in");
    let panel = |(act, heading): (&str, &str)| {
        let systems = [SELFSAME, "Selfsame on SQLite", "Better Auth", "PocketBase", "Django"];
        let bars = systems.map(|system| {
            let spread = results.find("peers", &format!("{system}: {act}"));
            Bar { label: system.to_owned(), system, spread }
        });
        Panel { heading: heading.to_owned(), unit: Unit::Time, labels: 128.0, bars: bars.into() }
    };
    Plot {
        name: "peers",
        title: format!("A sign-in without hash takes {}", share(bare, "Better Auth")),
        about: format!(
            "{} and {}; with the hash, {} and {}.",
            capital(&share(bare, "PocketBase")),
            share(bare, "Django").replace(" as long as", ""),
            share(hashed, "Better Auth").replace(" as long as", ""),
            share(hashed, "Django").replace(" as long as", "")
        ),
        columns: 2,
        panels: [
            (bare, "Sign-in without hash"),
            ("sign-up without hash", "Sign-up without hash"),
            ("resolve a session", "Resolve a session"),
            (hashed, "Sign-in with Argon2id, 19 MiB, 2 passes"),
        ]
        .map(panel)
        .into(),
    }
}

fn size(results: &Results) -> Plot {
    let growth = |act: &str| counted(results.reached(&format!("{act}, 1,000,000 accounts / 1,000 accounts")));
    let panel = |family: &str, act: &str, heading: &str| {
        let bars =
            SIZES.map(|size| bar(size, SELFSAME, results.part(family, &format!("{act}, {size} accounts"))));
        Panel {
            heading: format!("{heading}, by accounts"),
            unit: Unit::Time,
            labels: 70.0,
            bars: bars.into(),
        }
    };
    let acts = [
        "sign-in without hash",
        "sign-up without hash",
        "resolve a session",
        "the account page",
        "email look-up",
    ];
    let mut panels: Vec<_> = acts.iter().map(|act| panel("size", act, &capital(act))).collect();
    panels.push(panel("open", "closed, verified", "Opening a file, verified"));
    Plot {
        name: "size",
        title: format!(
            "With 1,000 times the accounts, a sign-in without hash takes {} times as long",
            growth(acts[0])
        ),
        about: format!(
            "An email look-up takes {} times as long. redb's cache is 16 MiB in all sizes.",
            growth("email look-up")
        ),
        columns: 2,
        panels,
    }
}

fn callers(results: &Results) -> Plot {
    let panel = |heading: &str, unit, family: &str, ending: &str| {
        let bars = ["1", "2", "8", "32"].iter().flat_map(|callers| {
            [("shared commits", SELFSAME), ("a commit each", NO_SYSTEM)].map(|(how, system)| {
                let part = format!("{callers} at once, {how}{ending}");
                bar(&format!("{callers}, {how}"), system, results.part(family, &part))
            })
        });
        Panel { heading: heading.to_owned(), unit, labels: 134.0, bars: bars.collect() }
    };
    let ratio = counted(results.reached("32 at once, shared commits / a commit each: sign-ins a second"));
    Plot {
        name: "callers",
        title: format!("Sharing commits lets 32 callers do {ratio} times the sign-ins"),
        about: "Sign-ins without hash by 1 to 32 callers at once. The engine shares commits; a commit each is a comparison."
            .to_owned(),
        columns: 2,
        panels: vec![
            panel("All together, by callers at once", Unit::Of("sign-ins a second"), "callers", ""),
            panel("p99 of the waits, by callers at once", Unit::Time, "callers-wait", ": p99"),
        ],
    }
}

fn languages(results: &Results) -> Plot {
    let others = ["Swift", "Kotlin", "Python"];
    let ratio = |act: &str, language: &str| results.reached(&format!("{act}, {language} / Rust"));
    let most = others.iter().map(|language| ratio("sign-in", language)).fold(0.0, f64::max);
    let [swift, kotlin, python] = others.map(|language| counted(ratio("resolve a session", language)));
    let panel = |act: &str| {
        let bars = [("Rust", SELFSAME), ("Swift", "Swift"), ("Kotlin", "Kotlin"), ("Python", "Python")].map(
            |(language, system)| {
                let part = format!("{language}: {act}");
                Bar { label: language.to_owned(), system, spread: results.find("languages", &part) }
            },
        );
        Panel { heading: capital(act), unit: Unit::Time, labels: 52.0, bars: bars.into() }
    };
    let acts = [
        "sign-in",
        "set the display name",
        "resolve a session",
        "the account page",
        "a call that does nothing",
        "a call that ends in an error",
    ];
    Plot {
        name: "languages",
        title: format!("A sign-in takes at most {} times as long from another language", counted(most)),
        about: format!(
            "A short call shows the bridge: resolving a session takes {swift} times as long from Swift, {kotlin} from \
             Kotlin and {python} from Python."
        ),
        columns: 2,
        panels: acts.map(panel).into(),
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Returns the page with the current titles of the plots, figures of the aims, and tables.
fn rewritten(page: &str, results: &Results) -> String {
    let (before, _) = page.split_once(TABLES).unwrap();
    let plots = plots(results);
    let mut written = String::new();
    for line in before.lines() {
        let plot = plots
            .iter()
            .find(|plot| line.starts_with("![") && line.ends_with(&format!("]({}.svg)", plot.name)));
        let cells: Vec<_> = line.split('|').map(str::trim).collect();
        match (plot, cells.as_slice()) {
            (Some(plot), _) => written.push_str(&format!("![{}]({}.svg)", plot.title, plot.name)),
            (_, ["", what, _, _, why, ""]) => {
                let row = results.aims().find(|(name, ..)| name == what);
                let row = row.map(|(what, aim, spread)| {
                    let aim = aim.replace("<= ", "at most ").replace(">= ", "at least ");
                    format!("| {what} | {aim} | {} | {why} |", reached(spread))
                });
                written.push_str(row.as_deref().unwrap_or(line));
            }
            _ => written.push_str(line),
        }
        written.push('\n');
    }
    format!("{written}{TABLES}{}", tables(results))
}

/// Every family as a table, the ratios, and the notes of the programs.
fn tables(results: &Results) -> String {
    let mut written =
        format!("\nA test writes everything below from `results.json`. {}.\n", results.machine());
    for [family, title, unit] in results.families() {
        written.push_str(&format!("\n### {title}\n\n"));
        written.push_str(&match columns_of(family) {
            Some(split) => by_columns(results, family, unit, split),
            None => by_spread(results, family, unit),
        });
    }
    written.push_str("\n### Ratios without an aim\n\n| ratio | reached |\n|---|---|\n");
    for (what, _, spread) in results.aims().filter(|(_, aim, _)| aim.is_empty()) {
        written.push_str(&format!("| {what} | {} |\n", reached(spread)));
    }
    written.push_str("\n### Notes of the run\n\n");
    results.notes().for_each(|note| written.push_str(&format!("- {note}\n")));
    written
}

/// The median of the rounds' ratios, with the first and the last decile if there were several.
fn reached(spread: Spread) -> String {
    let [median, low, high] = [spread.median, spread.low, spread.high].map(counted);
    if low == high { median } else { format!("{median} ({low} to {high})") }
}

type Split = fn(&str) -> (&str, &str);

/// How to split the name of a part into row and column. `None` if the family has one column.
fn columns_of(family: &str) -> Option<Split> {
    match family {
        "peers" | "languages" => {
            Some(|part| part.split_once(": ").map_or((part, ""), |(column, row)| (row, column)))
        }
        "load" => Some(|part| ("import", part)),
        "memory" => Some(|part| ("peak", part)),
        "size" | "cold" | "open" | "bytes" => Some(|part| part.rsplit_once(", ").unwrap_or((part, ""))),
        _ => None,
    }
}

/// A table of medians with a row for each act and a column for each system or size.
fn by_columns(results: &Results, family: &str, unit: &str, split: Split) -> String {
    let (mut rows, mut columns) = (Vec::new(), Vec::new());
    for (part, _) in results.parts(family) {
        let (row, column) = split(part);
        if !rows.contains(&row) {
            rows.push(row);
        }
        if !columns.contains(&column) {
            columns.push(column);
        }
    }
    let mut table =
        format!("| {} | {} |\n|---|{}\n", heading(unit), columns.join(" | "), "---|".repeat(columns.len()));
    for row in rows {
        let cells = columns.iter().map(|column| {
            let found = results.parts(family).find(|(part, _)| split(part) == (row, *column));
            found.map_or_else(String::new, |(_, spread)| shown(spread.median, unit))
        });
        table.push_str(&format!("| {row} | {} |\n", cells.collect::<Vec<_>>().join(" | ")));
    }
    table
}

fn by_spread(results: &Results, family: &str, unit: &str) -> String {
    let mut table =
        format!("| {} | median | p10 | p90 | p99 | rounds |\n|---|---|---|---|---|---|\n", heading(unit));
    for (part, spread) in results.parts(family) {
        let figures =
            [spread.median, spread.low, spread.high, spread.worst].map(|figure| shown(figure, unit));
        table.push_str(&format!("| {part} | {} | {} |\n", figures.join(" | "), grouped(spread.rounds)));
    }
    table
}

/// Times carry their own units.
fn heading(unit: &str) -> &str {
    if unit == "microseconds" { "" } else { unit }
}

fn shown(figure: f64, unit: &str) -> String {
    match unit {
        "microseconds" => took(figure),
        "bytes" => grouped(figure as u64),
        _ => counted(figure),
    }
}
