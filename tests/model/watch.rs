//! What can be seen of a store from outside, and what must hold between two looks at it. Every rule here is
//! a function of plain values, so that a broken world can be made up for it.

use std::collections::{BTreeMap, BTreeSet};

use selfsame::{AccountId, AccountView, Action, Engine, Membership, MethodKind, Outcome, ProductId};

/// What did not hold.
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
    /// What waits for an address, sessions that wait, undos.
    pub(crate) others: BTreeMap<Vec<u8>, Vec<u8>>,
}

/// All accounts, as one look at the store finds them.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(crate) struct Seen {
    pub(crate) commits: u64,
    pub(crate) accounts: BTreeMap<AccountId, Rows>,
}

/// What may be different after an act.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Reach {
    /// One commit, one account.
    Act,
    /// Fetched mail begins the lives of codes, and changes no account.
    Mail,
    /// Accounts go, in as many acts as it takes.
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

/// One commit an act; an account that changed has one revision more and one event more, or one that folded.
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

/// What somebody who is not the owner may leave behind: an attempt that failed, and nothing else.
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
        return Err(format!("a stranger's act is in the account as {newest:?}"));
    }
    if !is.sessions.is_subset(&was.sessions) || (!bare_session && is.sessions != was.sessions) {
        return Err("a stranger's act changed the sessions".to_owned());
    }
    let touched = |rows: &Rows| -> BTreeMap<_, _> {
        rows.others
            .iter()
            .filter(|(key, _)| key.get(16) != Some(&0x12))
            .map(|(k, v)| (k.clone(), v.clone()))
            .collect()
    };
    if touched(was) != touched(is) {
        return Err("a stranger's act changed what can be undone or what waits".to_owned());
    }
    Ok(())
}

/// What a session does without fresh proof (SPEC 6.4).
fn is_open_to_a_bare_session(action: Action) -> bool {
    matches!(
        action,
        Action::DisplayNameChanged
            | Action::SessionEnded
            | Action::OtherSessionsEnded
            | Action::ProductOpened
    )
}

/// One identifier belongs to one account (SPEC 1.3).
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

/// A usable first factor stays (SPEC 1.7).
pub(crate) fn a_way_in_stays(view: &AccountView) -> Result<(), Broken> {
    let usable = view.methods.iter().any(|method| {
        let proven =
            view.addresses.iter().any(|a| Some(&a.email) == method.email.as_ref() && a.verified_at.is_some());
        !method.suspended && (method.kind == MethodKind::Federated || proven)
    });
    if usable { Ok(()) } else { Err(format!("nothing leads into {}", view.id)) }
}

/// An account holds what was put into it, and nothing of another's (SPEC 1.5).
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

/// One product's change leaves every other as it was (SPEC 8.3).
pub(crate) fn one_product_alone(
    was: &[Membership],
    is: &[Membership],
    product: &ProductId,
) -> Result<(), Broken> {
    let others = |all: &[Membership]| -> Vec<_> {
        all.iter().filter(|membership| membership.product != *product).cloned().collect()
    };
    if others(was) == others(is) { Ok(()) } else { Err(format!("{product} changed another product")) }
}

/// Whoever has a session is the owner.
pub(crate) fn the_owner_alone(owner: usize, holder: usize) -> Result<(), Broken> {
    if owner == holder { Ok(()) } else { Err(format!("person {holder} has a session of person {owner}")) }
}

/// A purged account is a tombstone and answers nothing (SPEC 1.1, 9.4).
pub(crate) fn is_silent(rows: Option<&Rows>, answers: usize) -> Result<(), Broken> {
    let rows = rows.ok_or("a purged account has no tombstone")?;
    let bare = Rows { revision: rows.revision, record: rows.record.clone(), ..Rows::default() };
    if *rows != bare || rows.record.len() > 90 {
        return Err("a purged account has left more than a tombstone".to_owned());
    }
    if answers > 0 { Err(format!("a purged account answered {answers} times")) } else { Ok(()) }
}

/// What was spent opens nothing again.
pub(crate) fn nothing_twice(was_spent: bool, was_taken: bool) -> Result<(), Broken> {
    if was_spent && was_taken { Err("something spent was taken again".to_owned()) } else { Ok(()) }
}
