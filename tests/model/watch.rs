//! Observations of a store, and the invariants between two observations. Every check is a function of
//! plain values, so that a test can pass it a broken world.

use std::collections::{BTreeMap, BTreeSet};

use selfsame::{AccountId, AccountView, Action, Engine, Membership, MethodKind, Outcome, ProductId};

/// The check that failed.
pub(crate) type Broken = String;

/// The rows of one account.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Rows {
    pub(crate) revision: u64,
    pub(crate) record: Vec<u8>,
    pub(crate) sessions: BTreeSet<Vec<u8>>,
    /// The number and the bytes of the newest event.
    pub(crate) newest_event: Option<(u64, Vec<u8>)>,
    pub(crate) events: usize,
    /// Pending proofs of addresses, suspended sessions, and undos.
    pub(crate) others: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// All accounts, as one observation finds them.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Seen {
    pub(crate) commits: u64,
    pub(crate) accounts: BTreeMap<AccountId, Rows>,
}

/// What an act may change.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reach {
    /// One commit and one account.
    Act,
    /// A fetch: it starts the lives of codes and changes no account.
    Mail,
    /// A purge: accounts disappear, in several acts if necessary.
    Purge,
}

impl Seen {
    pub(crate) fn of(engine: &Engine) -> Result<Self, Broken> {
        let failed = |error: selfsame::Error| format!("the store cannot be read: {error}");
        let mut accounts: BTreeMap<AccountId, Rows> = BTreeMap::new();
        for (key, value) in engine.dump().map_err(failed)? {
            let Some((id, rest)) = key.split_first_chunk::<16>() else { continue };
            let (Some((kind, rest)), false) = (rest.split_first(), id.iter().all(|byte| *byte == 0)) else {
                continue;
            };
            let rows = accounts.entry(AccountId::from_bytes(*id)).or_default();
            match kind {
                0x00 => {
                    rows.revision = number(&value);
                    rows.record = value;
                }
                0x10 => _ = rows.sessions.insert(rest.to_vec()),
                0x20 => {
                    rows.events += 1;
                    rows.newest_event = Some((number(rest), value));
                }
                _ => _ = rows.others.insert(key, value),
            }
        }
        Ok(Self { commits: engine.commits().map_err(failed)?, accounts })
    }
}

fn number(bytes: &[u8]) -> u64 {
    bytes.first_chunk::<8>().map_or(0, |first| u64::from_be_bytes(*first))
}

/// Checks that an act is one commit, and that a changed account has one more revision and one more event, or
/// a folded one.
pub(crate) fn grows_by_one(before: &Seen, after: &Seen, reach: Reach) -> Result<(), Broken> {
    if reach == Reach::Purge {
        return Ok(());
    }
    let nobody = Rows::default();
    let mut changed = 0;
    for id in before.accounts.keys().chain(after.accounts.keys()).collect::<BTreeSet<_>>() {
        let (was, is) =
            (before.accounts.get(id).unwrap_or(&nobody), after.accounts.get(id).unwrap_or(&nobody));
        changed += usize::from(was != is && reach == Reach::Act);
        if was.record == is.record {
            if was.newest_event != is.newest_event || was.events != is.events {
                return Err(format!("{id}: an event without a change of its account"));
            }
            continue;
        }
        if reach == Reach::Mail {
            return Err(format!("{id}: fetching mail changed the account"));
        }
        if is.revision != was.revision + 1 {
            return Err(format!("{id}: revision {} after {}", is.revision, was.revision));
        }
        let (number_was, number_is) = (
            was.newest_event.as_ref().map(|newest| newest.0),
            is.newest_event.as_ref().map(|newest| newest.0),
        );
        let grew =
            number_is == Some(number_was.map_or(0, |number| number + 1)) && is.events == was.events + 1;
        let folded =
            number_is == number_was && is.events == was.events && is.newest_event != was.newest_event;
        if !grew && !folded {
            return Err(format!("{id}: event {number_is:?} after {number_was:?}"));
        }
    }
    let commits = after.commits - before.commits;
    if changed > 1 {
        return Err(format!("one act changed {changed} accounts"));
    }
    if reach == Reach::Act && (commits > 1 || (changed == 1 && commits != 1)) {
        return Err(format!("{commits} commits in one act"));
    }
    Ok(())
}

/// The kind of the rows of recognitions.
const RECOGNITION: u8 = 0x01;

/// Checks that the act of a stranger leaves only failed attempts.
pub(crate) fn only_attempts(
    was: &Rows,
    is: &Rows,
    newest: Option<(Action, Outcome)>,
    bare_session: bool,
) -> Result<(), Broken> {
    if was == is {
        return Ok(());
    }
    let attempt = match newest {
        Some((_, Outcome::Refused)) => true,
        Some((action, Outcome::Done)) => bare_session && is_open_to_a_bare_session(action),
        None => false,
    };
    if was.record != is.record && !attempt {
        return Err(format!("a stranger's act left the event {newest:?}"));
    }
    if !is.sessions.is_subset(&was.sessions) || (!bare_session && is.sessions != was.sessions) {
        return Err("a stranger's act changed the sessions".to_owned());
    }
    let touched = |rows: &Rows| -> BTreeMap<_, _> {
        rows.others
            .iter()
            .filter(|(key, _)| ![0x12, RECOGNITION].contains(key.get(16).unwrap_or(&0)))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    };
    // A recognition ends with its session, which a bare session can end.
    let recognitions = |rows: &Rows| -> BTreeSet<(Vec<u8>, Vec<u8>)> {
        let all = rows.others.iter().filter(|(key, _)| key.get(16) == Some(&RECOGNITION));
        all.map(|(key, value)| (key.clone(), value.clone())).collect()
    };
    let (had, has) = (recognitions(was), recognitions(is));
    if !has.is_subset(&had) || (!bare_session && has != had) {
        return Err("a stranger's act changed the recognitions".to_owned());
    }
    if touched(was) != touched(is) {
        return Err("a stranger's act changed undos or pending acts".to_owned());
    }
    Ok(())
}

/// Returns whether a session without fresh proof can do this (SPEC 6.4).
fn is_open_to_a_bare_session(action: Action) -> bool {
    matches!(
        action,
        Action::DisplayNameChanged
            | Action::SessionEnded
            | Action::OtherSessionsEnded
            | Action::ProductOpened
    )
}

/// Checks that each identifier belongs to one account (SPEC 1.3).
pub(crate) fn one_identifier_one_account(views: &[AccountView]) -> Result<(), Broken> {
    let mut holders: BTreeMap<String, AccountId> = BTreeMap::new();
    for view in views {
        for method in &view.methods {
            let identifier = match (&method.provider, &method.handle) {
                (Some(provider), handle) => format!("{provider} {handle:?}"),
                (None, _) => format!("password {:?}", method.email),
            };
            let is_claim = method.provider.is_some()
                || view
                    .addresses
                    .iter()
                    .any(|a| Some(&a.email) == method.email.as_ref() && a.verified_at.is_some());
            if is_claim && holders.insert(identifier.clone(), view.id).is_some_and(|other| other != view.id) {
                return Err(format!("{identifier} belongs to two accounts"));
            }
        }
    }
    Ok(())
}

/// Checks that the account has a usable first factor (SPEC 1.7).
pub(crate) fn has_usable_method(view: &AccountView) -> Result<(), Broken> {
    let usable = view.methods.iter().any(|method| {
        let proven =
            view.addresses.iter().any(|a| Some(&a.email) == method.email.as_ref() && a.verified_at.is_some());
        !method.suspended && (method.kind == MethodKind::Federated || proven)
    });
    if usable { Ok(()) } else { Err(format!("no usable method in {}", view.id)) }
}

/// Checks that an account has exactly its own name and memberships (SPEC 1.5).
pub(crate) fn contents_stay(
    id: AccountId,
    name: (&Option<String>, &Option<String>),
    memberships: (&[Membership], &[Membership]),
) -> Result<(), Broken> {
    if name.0 != name.1 || memberships.0 != memberships.1 {
        return Err(format!("{id} holds {:?}, not {:?}", (name.1, memberships.1), (name.0, memberships.0)));
    }
    Ok(())
}

/// Checks that a change of one product changes no other (SPEC 8.3).
pub(crate) fn only_one_product(
    was: &[Membership],
    is: &[Membership],
    product: &ProductId,
) -> Result<(), Broken> {
    let others = |all: &[Membership]| -> Vec<_> {
        all.iter().filter(|membership| membership.product != *product).cloned().collect()
    };
    if others(was) == others(is) { Ok(()) } else { Err(format!("{product} changed another product")) }
}

/// Checks that the holder of a session is the owner.
pub(crate) fn only_the_owner(owner: usize, holder: usize) -> Result<(), Broken> {
    if owner == holder { Ok(()) } else { Err(format!("person {holder} has a session of person {owner}")) }
}

/// Checks that a purged account is only a tombstone and cannot be used (SPEC 1.1, 9.4).
pub(crate) fn is_purged(rows: Option<&Rows>, answers: usize) -> Result<(), Broken> {
    let rows = rows.ok_or("a purged account has no tombstone")?;
    let bare = Rows { revision: rows.revision, record: rows.record.clone(), ..Rows::default() };
    if *rows != bare || rows.record.len() > 90 {
        return Err("a purged account left more than a tombstone".to_owned());
    }
    if answers > 0 { Err(format!("a purged account answered {answers} times")) } else { Ok(()) }
}

/// Checks that a used code is not accepted again.
pub(crate) fn accepted_once(was_spent: bool, was_taken: bool) -> Result<(), Broken> {
    if was_spent && was_taken { Err("a used code was accepted again".to_owned()) } else { Ok(()) }
}
