//! Importing the accounts of another service, one line of JSON each.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::Path;

use selfsame::{Engine, ImportOutcome, ImportedAccount};
use serde_json::json;

use super::{Reported, Store};
use crate::tell::Report;
use crate::trouble::Trouble;
use crate::words::{self, Tone};

/// The number of accounts in one call of the engine.
const BATCH: usize = 8 * 1024;
/// The number of refusals in the text output. JSON has all of them.
const SHOWN: usize = 20;

impl Store {
    pub(crate) fn import(&self, file: &Path, dry_run: bool) -> Reported {
        let unlock = self.ready(&[])?;
        let cannot =
            |error: io::Error| Trouble::Unusable(format!("{} cannot be read: {error}", file.display()));
        let opened = File::open(file).map_err(cannot)?;
        let length = opened.metadata().map_err(cannot)?.len();
        let engine = self.open(&unlock)?;
        let mut import = Import { engine: &engine, dry_run, batch: Vec::new(), outcome: Outcome::default() };
        let mut progress = ProgressBar::over(length);
        let mut reader = BufReader::new(opened);
        let mut line = String::new();
        while reader.read_line(&mut line).map_err(cannot)? > 0 {
            import.line(&line)?;
            progress.read(line.len(), import.outcome.lines);
            line.clear();
        }
        import.import_batch()?;
        progress.clear();
        Ok(import.outcome.report(dry_run))
    }
}

struct Import<'a> {
    engine: &'a Engine,
    dry_run: bool,
    /// The accounts of the next call, with their line numbers.
    batch: Vec<(usize, ImportedAccount)>,
    outcome: Outcome,
}

#[derive(Default)]
struct Outcome {
    lines: usize,
    imported: usize,
    already: usize,
    differing: Vec<(usize, String)>,
    /// The accounts whose display name was dropped.
    nameless: Vec<(usize, String, String)>,
    /// The accounts whose second factor has a short secret.
    weak: Vec<(usize, String)>,
    refused: Vec<(usize, String, String)>,
}

impl Import<'_> {
    fn line(&mut self, text: &str) -> Result<(), Trouble> {
        self.outcome.lines += 1;
        let number = self.outcome.lines;
        if text.trim().is_empty() {
            return Ok(());
        }
        match serde_json::from_str(text.trim()) {
            Ok(account) => self.batch.push((number, account)),
            Err(why) => self.outcome.refused.push((number, String::new(), why.to_string())),
        }
        if self.batch.len() >= BATCH { self.import_batch() } else { Ok(()) }
    }

    fn import_batch(&mut self) -> Result<(), Trouble> {
        let (numbers, accounts): (Vec<_>, Vec<_>) = std::mem::take(&mut self.batch).into_iter().unzip();
        let outcomes = self.engine.import_accounts(&accounts, self.dry_run)?;
        for ((number, account), outcome) in numbers.into_iter().zip(accounts).zip(outcomes) {
            let of = &mut self.outcome;
            match outcome {
                ImportOutcome::Imported { dropped_name, weak_totp, .. } => {
                    of.imported += 1;
                    if weak_totp {
                        of.weak.push((number, account.external_id.clone()));
                    }
                    if let Some(problem) = dropped_name {
                        of.nameless.push((number, account.external_id, problem.code().to_owned()));
                    }
                }
                ImportOutcome::AlreadyImported { differs, .. } => {
                    of.already += 1;
                    if differs {
                        of.differing.push((number, account.external_id));
                    }
                }
                ImportOutcome::Refused { reason } => {
                    of.refused.push((number, account.external_id, reason.code().to_owned()));
                }
            }
        }
        Ok(())
    }
}

impl Outcome {
    fn report(self, dry_run: bool) -> Report {
        let line = |(number, id): &(usize, String)| json!({ "line": number, "external_id": id });
        let because = |(number, id, why): &(usize, String, String)| json!({ "line": number, "external_id": id, "reason": why });
        let value = json!({
            "imported": self.imported,
            "already": self.already,
            "differing": self.differing.iter().map(line).collect::<Vec<_>>(),
            "dropped_names": self.nameless.iter().map(because).collect::<Vec<_>>(),
            "weak_second_factors": self.weak.iter().map(line).collect::<Vec<_>>(),
            "refused": self.refused.iter().map(because).collect::<Vec<_>>(),
            "dry_run": dry_run,
        });
        let would = if dry_run { "would be imported" } else { "imported" };
        let mut said = format!("{} {would}", words::counted(self.imported, "account"));
        if self.already > 0 {
            said.push_str(&format!(", {} imported before", self.already));
        }
        if !self.differing.is_empty() {
            said.push_str(&format!(", {} of them with different data", self.differing.len()));
        }
        if !self.nameless.is_empty() {
            said.push_str(&format!(", {} dropped", words::counted(self.nameless.len(), "display name")));
        }
        if !self.weak.is_empty() {
            said.push_str(&format!(
                ", {} with a short secret",
                words::counted(self.weak.len(), "second factor")
            ));
        }
        let shown = self.refused.iter().take(SHOWN);
        let rows = shown.map(|(number, id, why)| vec![number.to_string(), id.clone(), why.clone()]).collect();
        let mut more = words::table(&["LINE", "ID", "REFUSED"], rows);
        if self.refused.len() > SHOWN {
            more.push(format!("and {} more; --json lists all", self.refused.len() - SHOWN));
        }
        let report = Report::telling(value, Tone::Done, said, more);
        match self.refused.len() {
            0 => report,
            count => {
                let refused = words::counted(count, "line");
                report.but(Err(Trouble::Failed(format!(
                    "{refused} refused; correct them and import the file again"
                ))))
            }
        }
    }
}

/// A progress bar, on a terminal only.
struct ProgressBar {
    length: u64,
    read: u64,
    percent: Option<u64>,
    is_shown: bool,
}

impl ProgressBar {
    fn over(length: u64) -> Self {
        Self { length, read: 0, percent: None, is_shown: io::stderr().is_terminal() }
    }

    fn read(&mut self, bytes: usize, lines: usize) {
        self.read += bytes as u64;
        let percent = self.read * 100 / self.length.max(1);
        if self.is_shown && self.percent != Some(percent) {
            self.percent = Some(percent);
            let done = usize::try_from(self.read * 30 / self.length.max(1)).unwrap_or(0);
            let bar = format!("{}{}", "#".repeat(done), ".".repeat(30_usize.saturating_sub(done)));
            _ = write!(io::stderr(), "\r[{bar}] {percent} %, {lines} lines");
        }
    }

    fn clear(&self) {
        if self.percent.is_some() {
            _ = write!(io::stderr(), "\r{:60}\r", "");
        }
    }
}
