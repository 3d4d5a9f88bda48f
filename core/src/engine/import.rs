//! Importing the accounts of another service (SPEC 13.2).

use super::Engine;
use crate::crypto::draw::Draw;
use crate::error::Error;
use crate::rules::account::Identifier;
use crate::rules::import::{self, Given, ImportOutcome, ImportedAccount, Reading, Rivals};
use crate::rules::verdict::{Change, Context, Verdict};
use crate::store::port::StoreError;
use crate::store::view::View;

/// Rows of one act at most: a store takes 256.
const ROWS: usize = 200;

impl Engine {
    /// Imports accounts of another service, in the order given, and says what came of each. Those that were
    /// imported before, by their external id, stay as they are, so that an import that was interrupted can be begun
    /// again. A `dry_run` writes nothing, and answers as if it had.
    ///
    /// Bring as many at a time as the host likes to hold in memory. Nobody is told.
    ///
    /// # Errors
    /// [`Error`] from the store: the accounts before the failure are there.
    pub fn import_accounts(
        &self,
        accounts: &[ImportedAccount],
        dry_run: bool,
    ) -> Result<Vec<ImportOutcome>, Error> {
        let entropy = &*self.inner.environment.entropy;
        let draws = accounts.iter().map(|_| Draw::new(entropy)).collect::<Result<Vec<_>, _>>()?;
        let brought: Vec<_> = accounts.iter().zip(&draws).collect();
        if dry_run {
            return self.look(|view, ctx| Ok(Ok(imported(&brought, view, ctx)?.0)));
        }
        let mut outcomes = Vec::with_capacity(accounts.len());
        let mut rest = brought.as_slice();
        while !rest.is_empty() {
            let (now, later) = rest.split_at(one_act(rest));
            outcomes.extend(self.act(|view, ctx| {
                let (outcomes, changes) = imported(now, view, ctx)?;
                Ok(Verdict::done(outcomes, changes))
            })?);
            rest = later;
        }
        Ok(outcomes)
    }
}

/// How many of these an act takes, one at least.
fn one_act(accounts: &[(&ImportedAccount, &Draw)]) -> usize {
    let mut rows = 0;
    let fitting = accounts.iter().take_while(|(account, _)| {
        // The account, its event, its password's email as a claim and as an address, its external id.
        rows += 6 + account.identities.len();
        rows <= ROWS
    });
    fitting.count().max(1)
}

fn imported(
    accounts: &[(&ImportedAccount, &Draw)],
    view: &View<'_>,
    ctx: &Context<'_>,
) -> Result<(Vec<ImportOutcome>, Vec<Change>), StoreError> {
    let mut given = Given::default();
    let mut outcomes = Vec::with_capacity(accounts.len());
    let mut changes = Vec::new();
    for (account, draw) in accounts {
        let ctx = Context { draw, ..*ctx };
        let external = Identifier::External(account.external_id.clone());
        let name = view.claim_hash(&external);
        let brought = import::brought(account, &ctx);
        let known = match given.known.get(&name) {
            Some(known) => Some(*known),
            None => view.holder(&external)?.and_then(|holder| Some((holder.id, holder.origin?.brought))),
        };
        if let Some((account, earlier)) = known {
            outcomes.push(ImportOutcome::AlreadyImported { account, differs: earlier != brought });
            continue;
        }
        let reading = match Reading::of(account, brought, &ctx) {
            Ok(reading) => reading,
            Err(reason) => {
                outcomes.push(ImportOutcome::Refused { reason });
                continue;
            }
        };
        let identifiers: Vec<_> =
            reading.identifiers().map(|identifier| view.claim_hash(&identifier)).collect();
        let address = reading.proven_email().map(|email| view.email_hash(email));
        let rivals = rivals(&reading, &given, view)?;
        let (outcome, more) = reading.decide(&rivals, &ctx);
        if let ImportOutcome::Imported { account } = outcome {
            given.known.insert(name, (account, brought));
            given.taken.extend(identifiers);
            if let Some(address) = address {
                *given.sharing.entry(address).or_default() += 1;
            }
        }
        outcomes.push(outcome);
        changes.extend(more);
    }
    Ok((outcomes, changes))
}

fn rivals(reading: &Reading, given: &Given, view: &View<'_>) -> Result<Rivals, StoreError> {
    let mut seen = std::collections::HashSet::new();
    let mut is_taken = false;
    for identifier in reading.identifiers() {
        let hash = view.claim_hash(&identifier);
        // An identity that it has twice is its own rival.
        is_taken |= !seen.insert(hash) || given.taken.contains(&hash) || view.holder(&identifier)?.is_some();
    }
    let sharing = match reading.proven_email() {
        Some(email) => {
            let now = given.sharing.get(&view.email_hash(email)).copied().unwrap_or_default();
            now + view.sharing(email)?.len()
        }
        None => 0,
    };
    Ok(Rivals { is_taken, sharing })
}
