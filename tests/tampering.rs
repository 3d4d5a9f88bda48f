//! Somebody with redb and without the key takes rows of the file away, changes them, moves them, and puts older
//! ones and those of another store in: all of it is found when the file is opened.
#![allow(clippy::unwrap_used, reason = "a test stops at what it did not expect")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use selfsame::testing::{MemoryMedium, raw_rows, with_raw_rows};
use selfsame::{Client, Engine, Error, OpenProblem, TABLES, Table};
use selfsame_world::{World, days, minutes, refused, signed_in};

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;
type Edit = (Vec<u8>, Option<Vec<u8>>);

/// A file that was closed, and an older copy of it.
struct Sample {
    world: World,
    older: Rows,
    file: Vec<u8>,
    rows: Rows,
}

fn sample(seed: u64) -> Sample {
    let medium = Arc::new(MemoryMedium::new());
    let world = World::builder().seed(seed).medium(medium.clone()).build();
    let ada = world.ada();
    world.person("grace@example.org", "another horse battery staple");
    world.turn_on_mfa(&ada.token);
    world.sign_up("eve@example.org", "one more horse battery staple");
    world.engine().suspend().unwrap();
    let older = raw_rows(medium.bytes()).unwrap();
    world.later(minutes(2));
    refused(world.sign_in("ada@example.org", "incorrect horse battery"));
    refused(world.sign_in("nobody@example.org", "incorrect horse battery"));
    let grace = signed_in(world.sign_in("grace@example.org", "another horse battery staple").unwrap());
    let account = world.engine().account(&grace.token.unwrap()).unwrap();
    account.change_email("hopper@example.org", false).unwrap();
    world.later(days(1));
    world
        .engine()
        .sign_in("grace@example.org", &"another horse battery staple".into(), &Client::on("b"))
        .unwrap();
    world.engine().suspend().unwrap();
    let file = medium.bytes();
    let rows = raw_rows(file.clone()).unwrap();
    Sample { world, older, file, rows }
}

impl Sample {
    fn open(&self, file: Vec<u8>) -> Result<Engine, Error> {
        let medium = Arc::new(MemoryMedium::holding(file));
        let policy = World::policy().build().unwrap();
        Engine::open_on(medium, &self.world.unlock(), None, policy, self.world.environment())
    }

    fn is_found(&self, what: &str, edits: &[Edit]) {
        let file = with_raw_rows(self.file.clone(), edits).unwrap();
        let answer = self.open(file).err();
        // A header that was changed is opened by no key.
        let is_locked = what == "header changed" && answer == Some(Error::Open(OpenProblem::WrongKey));
        assert!(is_locked || answer == Some(Error::Damaged), "{what}: {answer:?}");
    }
}

fn table(key: &[u8]) -> &'static str {
    Table::of(key).unwrap().name
}

#[test]
fn a_file_that_was_rewritten_as_it_is_opens() {
    let sample = sample(1);
    let (key, value) = sample.rows.iter().next_back().unwrap();
    let edits = [(key.clone(), Some(vec![0])), (key.clone(), Some(value.clone()))];
    let file = with_raw_rows(sample.file.clone(), &edits).unwrap();
    assert_eq!(sample.open(file).unwrap().dump().unwrap(), sample.rows);
}

#[test]
fn a_row_that_was_taken_away_changed_or_moved_is_found() {
    let sample = sample(1);
    let mut tables = BTreeSet::new();
    for (key, value) in &sample.rows {
        let name = table(key);
        tables.insert(name);
        sample.is_found(&format!("{name} away"), &[(key.clone(), None)]);
        let mut changed = value.clone();
        match changed.last_mut() {
            Some(last) => *last ^= 1,
            None => changed.push(0),
        }
        sample.is_found(&format!("{name} changed"), &[(key.clone(), Some(changed))]);
        let mut elsewhere = key.clone();
        *elsewhere.last_mut().unwrap() ^= 0x80;
        sample.is_found(&format!("{name} copied"), &[(elsewhere.clone(), Some(value.clone()))]);
        let moved = [(key.clone(), None), (elsewhere, Some(value.clone()))];
        sample.is_found(&format!("{name} moved"), &moved);
    }
    assert!(tables.len() > 12, "{tables:?} of {}", TABLES.len());
}

#[test]
fn rows_that_changed_places_are_found() {
    let sample = sample(1);
    let rows: Vec<_> = sample.rows.iter().collect();
    let mut swapped = 0;
    for (at, (key, value)) in rows.iter().enumerate() {
        for (other, its) in rows.iter().skip(at + 1).filter(|(other, _)| table(other) == table(key)) {
            if value != its {
                let swap =
                    [((*key).clone(), Some((*its).clone())), ((*other).clone(), Some((*value).clone()))];
                sample.is_found(&format!("two rows of {}", table(key)), &swap);
                swapped += 1;
            }
        }
    }
    assert!(swapped > 20, "{swapped}");
}

/// The seal of an older row opens: it was written to this very place.
#[test]
fn an_older_row_that_was_put_back_is_found() {
    let sample = sample(1);
    let mut put_back = BTreeSet::new();
    for key in sample.older.keys().chain(sample.rows.keys()) {
        let (then, now) = (sample.older.get(key), sample.rows.get(key));
        if then != now {
            put_back.insert(table(key));
            sample.is_found(&format!("an older {}", table(key)), &[(key.clone(), then.cloned())]);
        }
    }
    assert!(put_back.contains("account") && put_back.contains("stamp"), "{put_back:?}");
    let all: Vec<Edit> = sample
        .older
        .keys()
        .chain(sample.rows.keys())
        .filter(|key| table(key) != "stamp")
        .map(|key| (key.clone(), sample.older.get(key).cloned()))
        .collect();
    sample.is_found("all rows but the stamp", &all);
}

#[test]
fn a_row_of_another_store_is_found() {
    let (sample, other) = (sample(1), sample(2));
    let mut foreign = 0;
    for (key, value) in &other.rows {
        if sample.rows.get(key) != Some(value) {
            foreign += 1;
            let edits = [(key.clone(), Some(value.clone()))];
            let file = with_raw_rows(sample.file.clone(), &edits).unwrap();
            let answer = sample.open(file).err();
            // The header of another store is opened by another key.
            let wrong_key = table(key) == "header" && answer == Some(Error::Open(OpenProblem::WrongKey));
            assert!(wrong_key || answer == Some(Error::Damaged), "{}: {answer:?}", table(key));
        }
    }
    assert!(foreign > 20, "{foreign}");
}
