//! Importing the accounts of another service (SPEC 13.2).

use std::collections::{HashMap, HashSet};

use super::Engine;
use crate::crypto::draw::Draw;
use crate::crypto::entropy::Pooled;
use crate::error::Error;
use crate::ground::email::EmailAddress;
use crate::ground::id::AccountId;
use crate::records::context::Context;
use crate::records::identifier::Identifier;
use crate::records::import::{ImportOutcome, ImportProblem, ImportedAccount};
use crate::records::verdict::{Change, Verdict};
use crate::rules::import::{self, Reading, Rivals};
use crate::store::port::{MAX_ACT, MAX_ROWS, StoreError};
use crate::store::tables;
use crate::store::view::View;

/// Rows and bytes of one act, below a store's limits. Hashes spread identifiers over the file, and an act
/// writes a page once, however many of its identifiers the page holds. So an act is large. A larger one would
/// keep all other acts waiting for too long.
const ROWS: usize = MAX_ROWS - 8;
const BYTES: usize = MAX_ACT / 2;

impl Engine {
    /// Imports accounts from another service in the given order and returns the outcome of each. An account
    /// that was imported before, known by its external id, stays as it is. You can therefore restart an
    /// interrupted import. A `dry_run` writes nothing and returns what the import would return.
    ///
    /// Pass as many accounts in one call as you want to hold in memory. The engine writes them in batches of
    /// thousands. Other acts wait for each batch or return [`Error::Busy`]. No owner is notified.
    ///
    /// ```
    /// # let engine = selfsame::Engine::in_memory(selfsame::Policy::default(), selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// use selfsame::{ImportOutcome, ImportedAccount, Secret};
    ///
    /// let brought = ImportedAccount {
    ///     external_id: "1042".to_owned(),
    ///     created_at: None,
    ///     display_name: Some("Ada".to_owned()),
    ///     email: Some("ada@example.org".to_owned()),
    ///     email_verified: true,
    ///     password_hash: Some(Secret::from("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")),
    ///     identities: Vec::new(),
    ///     totp: None,
    /// };
    /// let outcomes = engine.import_accounts(&[brought], false)?;
    /// assert!(matches!(outcomes[..], [ImportOutcome::Imported { .. }]));
    /// engine.sign_in("ada@example.org", &Secret::from("U*U"), &client)?.signed_in()?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error`] from the store. The accounts before the failure are imported.
    pub fn import_accounts(
        &self,
        accounts: &[ImportedAccount],
        dry_run: bool,
    ) -> Result<Vec<ImportOutcome>, Error> {
        let entropy = &Pooled::new(&*self.inner()?.environment.entropy);
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
            self.forget_specimens()?;
            rest = later;
        }
        Ok(outcomes)
    }
}

/// Returns how many of these accounts one act takes, at least one.
fn one_act(accounts: &[(&ImportedAccount, &Draw)]) -> usize {
    let (mut rows, mut bytes) = (0, 0);
    let fitting = accounts.iter().take_while(|(account, _)| {
        // The account, its event, its password's email as a claim and as an address, its external id, the kind of
        // its hash.
        rows += 7 + account.identities.len();
        bytes += most_bytes(account);
        rows <= ROWS && bytes <= BYTES
    });
    fitting.count().max(1)
}

/// Returns an upper bound for the bytes of the account's rows: one row holds everything that was given, the
/// email is stored twice, and encryption adds to each row.
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
    let names = accounts.iter().map(|(account, _)| {
        let external = Identifier::External(account.external_id.clone());
        (view.claim_hash(&external), external)
    });
    let names: Vec<_> = names.collect();
    view.look_ahead(names.iter().map(|(name, _)| tables::claim(name)).collect())?;
    let candidates = accounts
        .iter()
        .zip(names)
        .map(|((account, draw), name)| Candidate::of(account, draw, name, view, ctx));
    let candidates: Vec<_> = candidates.collect::<Result<_, _>>()?;
    view.look_ahead(candidates.iter().flat_map(Candidate::keys).collect())?;

    let mut given = Given::default();
    let mut outcomes = Vec::with_capacity(accounts.len());
    let mut changes = Vec::new();
    for Candidate { name, draw, brought, found } in candidates {
        let ctx = Context { draw, ..*ctx };
        let found = match given.known.get(&name) {
            Some((account, earlier)) => Found::Known { account: *account, brought: *earlier },
            None => found,
        };
        let (reading, claims, proven) = match found {
            Found::Known { account, brought: earlier } => {
                outcomes.push(ImportOutcome::AlreadyImported { account, differs: earlier != brought });
                continue;
            }
            Found::Unreadable(reason) => {
                outcomes.push(ImportOutcome::Refused { reason });
                continue;
            }
            Found::New(new) => *new,
        };
        let rivals = given.rivals(&claims, proven.as_ref(), view, &ctx)?;
        let (outcome, more) = reading.decide(&rivals, &ctx);
        if let ImportOutcome::Imported { account, .. } = outcome {
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

/// An identifier with its keyed hash.
type Claimed = ([u8; 32], Identifier);

/// A new account, the identifiers that it claims, and its proven email with its keyed hash.
type New = (Reading, Vec<Claimed>, Option<([u8; 32], EmailAddress)>);

/// What an account of an import is.
enum Found {
    /// It was imported before, with the data of this keyed hash.
    Known {
        account: AccountId,
        brought: [u8; 32],
    },
    Unreadable(ImportProblem),
    New(Box<New>),
}

/// An account of an import, before the rows of its identifiers are read.
struct Candidate<'a> {
    /// The keyed hash of the external id.
    name: [u8; 32],
    draw: &'a Draw,
    brought: [u8; 32],
    found: Found,
}

impl<'a> Candidate<'a> {
    fn of(
        account: &ImportedAccount,
        draw: &'a Draw,
        (name, external): Claimed,
        view: &View<'_>,
        ctx: &Context<'_>,
    ) -> Result<Self, StoreError> {
        let brought = import::brought(account, ctx);
        let holder = match view.claimed_by(&name)? {
            Some(_) => view.holder(&external)?,
            None => None,
        };
        let found = match holder.and_then(|holder| Some((holder.id, holder.origin?.brought))) {
            Some((account, brought)) => Found::Known { account, brought },
            None => match Reading::of(account, brought, ctx) {
                Ok(reading) => {
                    let hashed = |identifier| (view.claim_hash(&identifier), identifier);
                    let claims = reading.identifiers().map(hashed).chain([(name, external)]).collect();
                    let proven = reading.proven_email().map(|email| (view.email_hash(email), email.clone()));
                    Found::New(Box::new((reading, claims, proven)))
                }
                Err(reason) => Found::Unreadable(reason),
            },
        };
        Ok(Self { name, draw, brought, found })
    }

    /// The keys of the rows that decide whether the account can be imported.
    fn keys(&self) -> Vec<Vec<u8>> {
        let Found::New(new) = &self.found else { return Vec::new() };
        let (_, claims, proven) = &**new;
        // The row of the external id was read already.
        let claims =
            claims.iter().filter(|(hash, _)| *hash != self.name).map(|(hash, _)| tables::claim(hash));
        claims.chain(proven.iter().map(|(hash, _)| tables::email(hash))).collect()
    }
}

/// The identifiers that accounts of the same act already use. They are not in the rows yet.
#[derive(Default)]
struct Given {
    /// By the keyed hash of the external id.
    known: HashMap<[u8; 32], (AccountId, [u8; 32])>,
    /// The keyed hashes of other identifiers.
    taken: HashSet<[u8; 32]>,
    /// How many accounts have proven the address with this keyed hash.
    sharing: HashMap<[u8; 32], usize>,
}

impl Given {
    fn rivals(
        &self,
        claims: &[Claimed],
        proven: Option<&([u8; 32], EmailAddress)>,
        view: &View<'_>,
        ctx: &Context<'_>,
    ) -> Result<Rivals, StoreError> {
        let mut seen = HashSet::new();
        let mut is_taken = false;
        for (hash, identifier) in claims {
            // An account that lists an identity twice conflicts with itself.
            is_taken |=
                !seen.insert(hash) || self.taken.contains(hash) || !view.is_free(identifier, None, ctx)?;
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
