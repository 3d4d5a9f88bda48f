//! Accounts of another service, a line of JSON each.

use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::path::Path;

use selfsame::{
    Engine, ImportOutcome, ImportedAccount, ImportedIdentity, ImportedTotp, Secret, Timestamp, TotpAlgorithm,
    TotpParameters,
};
use serde::Deserialize;
use serde_json::json;

use super::{Reported, Store};
use crate::tell::Report;
use crate::trouble::Trouble;
use crate::words::{self, Tone};

/// Accounts that are brought at a time.
const AT_A_TIME: usize = 8 * 1024;
/// Refusals that people are shown; programs get all.
const SHOWN: usize = 20;

impl Store {
    pub(crate) fn import(&self, file: &Path, dry_run: bool) -> Reported {
        let unlock = self.ready(&[])?;
        let cannot =
            |error: io::Error| Trouble::Unusable(format!("{} cannot be read: {error}", file.display()));
        let opened = File::open(file).map_err(cannot)?;
        let length = opened.metadata().map_err(cannot)?.len();
        let engine = self.open(&unlock)?;
        let mut import =
            Import { engine: &engine, dry_run, brought: Vec::new(), came_of_it: CameOfIt::default() };
        let mut progress = Flow::over(length);
        let mut reader = BufReader::new(opened);
        let mut line = String::new();
        while reader.read_line(&mut line).map_err(cannot)? > 0 {
            import.line(&line)?;
            progress.read(line.len(), import.came_of_it.lines);
            line.clear();
        }
        import.bring()?;
        progress.over_now();
        Ok(import.came_of_it.report(dry_run))
    }
}

struct Import<'a> {
    engine: &'a Engine,
    dry_run: bool,
    /// Accounts that wait for others to be brought with, and their lines.
    brought: Vec<(usize, ImportedAccount)>,
    came_of_it: CameOfIt,
}

#[derive(Default)]
struct CameOfIt {
    lines: usize,
    imported: usize,
    already: usize,
    differing: Vec<(usize, String)>,
    refused: Vec<(usize, String, String)>,
}

impl Import<'_> {
    fn line(&mut self, text: &str) -> Result<(), Trouble> {
        self.came_of_it.lines += 1;
        let number = self.came_of_it.lines;
        if text.trim().is_empty() {
            return Ok(());
        }
        match serde_json::from_str::<Row>(text.trim())
            .map_err(|error| error.to_string())
            .and_then(Row::account)
        {
            Ok(account) => self.brought.push((number, account)),
            Err(why) => self.came_of_it.refused.push((number, String::new(), why)),
        }
        if self.brought.len() >= AT_A_TIME { self.bring() } else { Ok(()) }
    }

    fn bring(&mut self) -> Result<(), Trouble> {
        let (numbers, accounts): (Vec<_>, Vec<_>) = std::mem::take(&mut self.brought).into_iter().unzip();
        let outcomes = self.engine.import_accounts(&accounts, self.dry_run)?;
        for ((number, account), outcome) in numbers.into_iter().zip(accounts).zip(outcomes) {
            let of = &mut self.came_of_it;
            match outcome {
                ImportOutcome::Imported { .. } => of.imported += 1,
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

impl CameOfIt {
    fn report(self, dry_run: bool) -> Report {
        let line = |(number, id): &(usize, String)| json!({ "line": number, "external_id": id });
        let value = json!({
            "imported": self.imported,
            "already": self.already,
            "differing": self.differing.iter().map(line).collect::<Vec<_>>(),
            "refused": self.refused.iter().map(|(number, id, why)| {
                json!({ "line": number, "external_id": id, "reason": why })
            }).collect::<Vec<_>>(),
            "dry_run": dry_run,
        });
        let would = if dry_run { "would be imported" } else { "imported" };
        let mut said = format!("{} {would}", words::counted(self.imported, "account"));
        if self.already > 0 {
            said.push_str(&format!(", {} imported before", self.already));
        }
        if !self.differing.is_empty() {
            said.push_str(&format!(", {} of them otherwise than now", self.differing.len()));
        }
        let shown = self.refused.iter().take(SHOWN);
        let rows = shown.map(|(number, id, why)| vec![number.to_string(), id.clone(), why.clone()]).collect();
        let mut more = words::table(&["LINE", "ID", "REFUSED"], rows);
        if self.refused.len() > SHOWN {
            more.push(format!("and {} more: --json tells all", self.refused.len() - SHOWN));
        }
        let report = Report::telling(value, Tone::Done, said, more);
        match self.refused.len() {
            0 => report,
            count => {
                let refused = words::counted(count, "line");
                report.but(Err(Trouble::Failed(format!(
                    "{refused} refused; mend them and import the file again"
                ))))
            }
        }
    }
}

/// An account as a line has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    external_id: String,
    created_at: Option<u64>,
    display_name: Option<String>,
    email: Option<String>,
    #[serde(default)]
    email_verified: bool,
    password_hash: Option<String>,
    #[serde(default)]
    identities: Vec<RowIdentity>,
    totp: Option<RowTotp>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowIdentity {
    provider: String,
    subject: String,
    handle: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RowTotp {
    secret: String,
    #[serde(default)]
    algorithm: RowAlgorithm,
    digits: Option<u8>,
    period: Option<u8>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum RowAlgorithm {
    #[default]
    Sha1,
    Sha256,
    Sha512,
}

impl Row {
    fn account(self) -> Result<ImportedAccount, String> {
        let identity = |given: RowIdentity| {
            let provider = given
                .provider
                .parse()
                .map_err(|_| format!("{:?} is no provider's short name", given.provider))?;
            Ok(ImportedIdentity { provider, subject: given.subject, handle: given.handle })
        };
        Ok(ImportedAccount {
            external_id: self.external_id,
            created_at: self.created_at.map(Timestamp::from_millis),
            display_name: self.display_name,
            email: self.email,
            email_verified: self.email_verified,
            password_hash: self.password_hash.map(Secret::from),
            identities: self.identities.into_iter().map(identity).collect::<Result<_, String>>()?,
            totp: self.totp.map(RowTotp::factor),
        })
    }
}

impl RowTotp {
    fn factor(self) -> ImportedTotp {
        let default = TotpParameters::default();
        let parameters = TotpParameters {
            algorithm: match self.algorithm {
                RowAlgorithm::Sha1 => TotpAlgorithm::Sha1,
                RowAlgorithm::Sha256 => TotpAlgorithm::Sha256,
                RowAlgorithm::Sha512 => TotpAlgorithm::Sha512,
            },
            digits: self.digits.unwrap_or(default.digits),
            period: self.period.unwrap_or(default.period),
        };
        ImportedTotp { secret: self.secret.into(), parameters }
    }
}

/// How far the file is read, on a terminal alone.
struct Flow {
    length: u64,
    read: u64,
    percent: Option<u64>,
    is_shown: bool,
}

impl Flow {
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

    fn over_now(&self) {
        if self.percent.is_some() {
            _ = write!(io::stderr(), "\r{:60}\r", "");
        }
    }
}
