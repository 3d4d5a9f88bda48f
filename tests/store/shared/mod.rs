//! The rows that acts on two different accounts share (SPEC 12.7). An act that waits for the rows of a stranger's
//! act can be slowed down by strangers, and conflicts with them in a store on several machines.
//!
//! Every kind of act runs on two accounts, over a store that notes what the act reads and writes. The list of acts
//! is complete: `tests/api.txt` names every call, and a call without an act fails the test.

mod acts;
mod noted;

use std::collections::{BTreeMap, BTreeSet};

use acts::{ACTS, EVERYBODYS, Stage};
use noted::{Footprint, table};

/// The tables whose rows acts on two accounts may share, with the reason.
const MAY_BE_SHARED: [(&str, &str); 3] = [
    ("time", "the clock is written in a separate act after a call has answered, at most once a minute"),
    ("specimen", "the kinds of imported hashes are read outside of acts, at most once an hour"),
    ("keys", "key sets of providers are read, and only the host writes them"),
];

fn may_be_shared(key: &[u8]) -> bool {
    MAY_BE_SHARED.iter().any(|(name, _)| *name == table(key))
}

/// Says which rows the act of `one` writes that the act of the other reads or writes.
fn shared(one: &Footprint, other: &Footprint) -> BTreeSet<String> {
    let touched = |key: &&Vec<u8>| other.written.contains(*key) || other.has_read(key);
    let rows = one.written.iter().filter(touched).filter(|key| !may_be_shared(key));
    rows.map(|key| table(key).to_owned()).collect()
}

/// Returns the footprint of each act by the act's name, if the person with this name does it.
fn footprints(name: &'static str) -> BTreeMap<&'static str, Footprint> {
    ACTS.iter()
        .map(|act| {
            let mut stage = Stage::new(act.later);
            stage.both();
            (act.name, stage.footprint(name, act))
        })
        .collect()
}

#[test]
fn r12_7_acts_on_two_accounts_share_no_row() {
    let (adas, graces) = (footprints("ada"), footprints("grace"));
    let mut found = Vec::new();
    for (one, first) in &adas {
        for (other, second) in &graces {
            let rows = &shared(first, second) | &shared(second, first);
            if !rows.is_empty() {
                found.push(format!("{one} and {other}: {rows:?}"));
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn r12_7_no_act_on_an_account_reads_a_range_of_everybody_s() {
    let found: BTreeSet<_> = footprints("ada")
        .iter()
        .flat_map(|(name, footprint)| {
            let wide =
                footprint.ranges.iter().filter(|range| range.is_everybodys() && !may_be_shared(&range.from));
            wide.map(move |range| format!("{name}: {}", table(&range.from)))
        })
        .collect();
    assert!(found.is_empty(), "{found:?}");
}

#[test]
fn r2_10_no_act_touches_what_is_over_of_another_account() {
    let mut found = Vec::new();
    for act in ACTS {
        let mut stage = Stage::new(act.later);
        stage.leave_everything_over("ada");
        let over: BTreeSet<_> = stage.keys().into_iter().filter(|key| !may_be_shared(key)).collect();
        assert!(over.iter().any(|key| table(key) == "flow"), "no row has ended");
        stage.person("grace");
        let footprint = stage.footprint("grace", act);
        let touched = over.iter().filter(|key| footprint.written.contains(*key) || footprint.has_read(key));
        let tables: BTreeSet<_> = touched.map(|key| table(key)).collect();
        if !tables.is_empty() {
            found.push(format!("{}: {tables:?}", act.name));
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn every_row_that_an_act_has_read_is_guarded_when_the_act_writes_it() {
    for (name, footprint) in footprints("ada") {
        let bare: BTreeSet<_> = footprint.unguarded.iter().map(|key| table(key)).collect();
        assert!(bare.is_empty(), "{name}: {bare:?}");
    }
}

#[test]
fn every_call_of_the_api_has_an_act() {
    let list = include_str!("../../api.txt").lines().filter_map(|line| line.split_once(' '));
    let calls = list.filter(|(class, name)| {
        let is_call = ["Engine::", "AccountHandle::", "SupportDesk::"].iter().any(|of| name.starts_with(of));
        ["flow", "host", "owner", "support"].contains(class) && is_call
    });
    let calls: BTreeSet<_> = calls.map(|(_, name)| name).collect();
    let acts = ACTS.iter().filter_map(|act| act.name.split('/').next());
    let listed: BTreeSet<_> = acts.chain(EVERYBODYS.iter().map(|(name, _)| *name)).collect();
    assert_eq!(listed, calls);
}
