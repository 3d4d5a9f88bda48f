//! Importing the accounts of another service (SPEC 13.2).

use std::collections::{HashMap, HashSet};

use super::Engine;
use crate::crypto::draw::Draw;
use crate::error::Error;
use crate::ground::email::EmailAddress;
use crate::ground::id::AccountId;
use crate::records::context::Context;
use crate::records::identifier::Identifier;
use crate::records::import::{ImportOutcome, ImportedAccount};
use crate::records::verdict::{Change, Verdict};
use crate::rules::import::{self, Reading, Rivals};
use crate::store::port::{MAX_ACT, MAX_ROWS, StoreError};
use crate::store::view::View;

/// Rows and bytes of one act, below what a store takes: many, because identifiers lie anywhere by their hash, and a
/// page that several of an act fall on is written once; and not more, because all others wait meanwhile.
const ROWS: usize = MAX_ROWS - 8;
const BYTES: usize = MAX_ACT / 2;

impl Engine {
    /// Imports accounts of another service, in the order given, and says what came of each. Those that were
    /// imported before, by their external id, stay as they are, so that an import that was interrupted can be begun
    /// again. A `dry_run` writes nothing, and answers as if it had.
    ///
    /// Bring as many at a time as the host likes to hold in memory. They are written by thousands, and other acts wait
    /// for each of these or are answered [`Error::Busy`]. No owner is told.
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
    let (mut rows, mut bytes) = (0, 0);
    let fitting = accounts.iter().take_while(|(account, _)| {
        // The account, its event, its password's email as a claim and as an address, its external id.
        rows += 6 + account.identities.len();
        bytes += most_bytes(account);
        rows <= ROWS && bytes <= BYTES
    });
    fitting.count().max(1)
}

/// More than its rows take up: what was given stands in one of them, an email twice, beside what seals it.
fn most_bytes(account: &ImportedAccount) -> usize {
    let length = |text: &Option<String>| text.as_ref().map_or(0, String::len);
    let identities = account.identities.iter();
    let identities: usize = identities.map(|it| 512 + it.subject.len() + length(&it.handle)).sum();
    let hash = account.password_hash.as_ref().map_or(0, |hash| hash.reveal().len());
    1024 + account.external_id.len()
        + length(&account.display_name)
        + 2 * length(&account.email)
        + hash
        + identities
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
        let claims: Vec<_> =
            reading.identifiers().map(|identifier| (view.claim_hash(&identifier), identifier)).collect();
        let proven = reading.proven_email().map(|email| (view.email_hash(email), email.clone()));
        let rivals = given.rivals(&claims, proven.as_ref(), view)?;
        let (outcome, more) = reading.decide(&rivals, &ctx);
        if let ImportOutcome::Imported { account } = outcome {
            given.known.insert(name, (account, brought));
            given.taken.extend(claims.into_iter().map(|(hash, _)| hash));
            if let Some((address, _)) = proven {
                *given.sharing.entry(address).or_default() += 1;
            }
        }
        outcomes.push(outcome);
        changes.extend(more);
    }
    Ok((outcomes, changes))
}

/// What accounts of the same act have been given, which no row says yet.
#[derive(Default)]
struct Given {
    /// By the keyed hash of an external id.
    known: HashMap<[u8; 32], (AccountId, [u8; 32])>,
    /// The keyed hashes of other identifiers.
    taken: HashSet<[u8; 32]>,
    /// How many have proven the address of this keyed hash.
    sharing: HashMap<[u8; 32], usize>,
}

impl Given {
    fn rivals(
        &self,
        claims: &[([u8; 32], Identifier)],
        proven: Option<&([u8; 32], EmailAddress)>,
        view: &View<'_>,
    ) -> Result<Rivals, StoreError> {
        let mut seen = HashSet::new();
        let mut is_taken = false;
        for (hash, identifier) in claims {
            // An identity that it has twice is its own rival.
            is_taken |= !seen.insert(hash) || self.taken.contains(hash) || view.holder(identifier)?.is_some();
        }
        let sharing = match proven {
            Some((address, email)) => {
                self.sharing.get(address).copied().unwrap_or_default() + view.sharing(email)?.len()
            }
            None => 0,
        };
        Ok(Rivals { is_taken, sharing })
    }
}
