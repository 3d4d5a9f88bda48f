//! An attacker who has redb but not the key removes, changes, moves and replaces rows of the file. All of it
//! is detected when the file opens, or when an engine that trusts the file verifies it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use selfsame::testing::{MemoryMedium, raw_rows, with_raw_rows};
use selfsame::{Client, EmailProof, Engine, Error, ImportedAccount, OpenProblem, RequestKind, TABLES, Table};
use selfsame_world::{TokenProvider, World, WorldBuilder, days, minutes, refused, signed_in};

const ANOTHER: &str = "another horse battery staple";

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;
type Edit = (Vec<u8>, Option<Vec<u8>>);

/// A file with a row in every table, and an older copy of it.
pub(super) struct Sample {
    pub(super) world: World,
    older: Rows,
    pub(super) rows: Rows,
    /// The file as a killed process leaves it, and the closed file.
    files: [Vec<u8>; 2],
}

fn sample(builder: WorldBuilder) -> Sample {
    let medium = Arc::new(MemoryMedium::new());
    let policy = World::policy().picker(true).build().unwrap();
    let world = builder.medium(medium.clone()).policy(policy).build();
    let engine = world.engine();
    let ada = world.ada();
    let grace = world.person("grace@example.org", ANOTHER);
    let people = ["ida", "joan"].map(|name| world.person(&format!("{name}@example.org"), ANOTHER));
    world.turn_on_mfa(&ada.token);
    engine.import_accounts(&[imported()], false).unwrap();
    world.sign_up("eve@example.org", "one more horse battery staple");
    world.account(&people[0]).request_deletion().unwrap();
    engine.suspend().unwrap();
    let later = World::policy().email_proof(EmailProof::Later).build().unwrap();
    let offline = Engine::options(world.unlock())
        .policy(later)
        .environment(world.environment())
        .open_on(medium.clone())
        .unwrap();
    offline.sign_up("flo@example.org", &ANOTHER.into(), &Client::on("tablet")).unwrap();
    drop(offline);
    let older = raw_rows(medium.bytes()).unwrap();

    world.later(minutes(2));
    let provider = TokenProvider::new();
    engine.set_keys(&provider.id(), &provider.jwks()).unwrap();
    refused(world.sign_in("ada@example.org", "incorrect horse battery"));
    refused(world.sign_in("nobody@example.org", "incorrect horse battery"));
    world.move_to(&world.account(&grace), "hopper@example.org");
    signed_in(world.sign_in("hopper@example.org", ANOTHER).unwrap());
    world.account(&grace).request_privacy(RequestKind::Access).unwrap();
    world.account(&grace).change_email("admiral@example.org").unwrap();
    engine.support("barbara").unwrap().start_deletion(people[1].account, "T-1").unwrap();
    world.later(days(1));
    engine.set_trusted_time(world.now()).unwrap();
    let killed = medium.bytes();
    engine.suspend().unwrap();
    let closed = medium.bytes();
    let rows = raw_rows(closed.clone()).unwrap();
    Sample { world, older, rows, files: [killed, closed] }
}

/// An account whose password another service hashed.
fn imported() -> ImportedAccount {
    ImportedAccount {
        external_id: "1".to_owned(),
        created_at: None,
        display_name: None,
        email: Some("pat@example.org".to_owned()),
        email_verified: true,
        password_hash: Some("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW".into()),
        identities: Vec::new(),
        totp: None,
    }
}

pub(super) fn first() -> Sample {
    sample(World::builder().seed(1))
}

impl Sample {
    fn open(&self, file: Vec<u8>) -> Result<Engine, Error> {
        self.open_verifying(file, true)
    }

    fn open_verifying(&self, file: Vec<u8>, verify: bool) -> Result<Engine, Error> {
        let medium = Arc::new(MemoryMedium::holding(file));
        let policy = World::policy().verify_at_open(verify).build().unwrap();
        Engine::options(self.world.unlock())
            .policy(policy)
            .environment(self.world.environment())
            .open_on(medium)
    }

    fn is_detected(&self, what: &str, edits: &[Edit]) {
        // After a change of the header, the key may no longer unlock the file.
        let is_header =
            |(key, value): &Edit| value.is_some() && Table::of(key).is_some_and(|of| of.name == "header");
        let may_be_locked = edits.iter().any(is_header);
        for file in &self.files {
            let edited = with_raw_rows(file.clone(), edits).unwrap();
            let trusted = self.open_verifying(edited.clone(), false).and_then(|engine| engine.verify_store());
            for answer in [self.open(edited).err(), trusted.err()] {
                let is_locked = may_be_locked && answer == Some(Error::Open(OpenProblem::WrongKey));
                assert!(is_locked || answer == Some(Error::Damaged), "{what}: {answer:?}");
            }
        }
    }
}

fn table(key: &[u8]) -> &'static str {
    Table::of(key).unwrap().name
}

#[test]
fn an_unchanged_copy_opens_and_has_a_row_in_every_table() {
    let sample = first();
    let (key, value) = sample.rows.iter().next_back().unwrap();
    let edits = [(key.clone(), Some(vec![0])), (key.clone(), Some(value.clone()))];
    for file in &sample.files {
        let file = with_raw_rows(file.clone(), &edits).unwrap();
        let trusted = sample.open_verifying(file.clone(), false).unwrap();
        assert_eq!(trusted.verify_store(), Ok(()));
        assert_eq!(trusted.dump().unwrap(), sample.rows);
        assert_eq!(sample.open(file).unwrap().dump().unwrap(), sample.rows);
    }
    let found: BTreeSet<_> = sample.rows.keys().map(|key| table(key)).collect();
    let missing: Vec<_> =
        TABLES.iter().map(|table| table.name).filter(|name| !found.contains(name)).collect();
    assert!(missing.is_empty(), "{missing:?}");
}

#[test]
fn a_removed_changed_or_moved_row_is_detected() {
    let sample = first();
    for (key, value) in &sample.rows {
        let name = table(key);
        sample.is_detected(&format!("{name} away"), &[(key.clone(), None)]);
        let mut changed = value.clone();
        match changed.last_mut() {
            Some(last) => *last ^= 1,
            None => changed.push(0),
        }
        sample.is_detected(&format!("{name} changed"), &[(key.clone(), Some(changed))]);
        let mut elsewhere = key.clone();
        *elsewhere.last_mut().unwrap() ^= 0x80;
        sample.is_detected(&format!("{name} copied"), &[(elsewhere.clone(), Some(value.clone()))]);
        let moved = [(key.clone(), None), (elsewhere, Some(value.clone()))];
        sample.is_detected(&format!("{name} moved"), &moved);
    }
}

#[test]
fn swapped_and_copied_rows_are_detected() {
    let sample = first();
    let rows: Vec<_> = sample.rows.iter().collect();
    let mut swapped = 0;
    for (at, (key, value)) in rows.iter().enumerate() {
        for (other, its) in rows.iter().skip(at + 1).filter(|(other, _)| table(other) == table(key)) {
            if value != its {
                let swap =
                    [((*key).clone(), Some((*its).clone())), ((*other).clone(), Some((*value).clone()))];
                for edits in [&swap[..], &swap[..1], &swap[1..]] {
                    sample.is_detected(&format!("{}, two rows", table(key)), edits);
                }
                swapped += 1;
            }
        }
    }
    assert!(swapped > 20, "{swapped}");
}

/// The seal of the older row is valid, because the engine wrote that row to this place.
#[test]
fn an_older_version_of_a_row_is_detected() {
    let sample = first();
    let mut put_back = BTreeSet::new();
    for key in sample.older.keys().chain(sample.rows.keys()) {
        let (then, now) = (sample.older.get(key), sample.rows.get(key));
        if then != now {
            put_back.insert(table(key));
            sample.is_detected(&format!("an older {}", table(key)), &[(key.clone(), then.cloned())]);
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
    sample.is_detected("all rows but the stamp", &all);
}

/// Takes rows from a store with another host key, and from one with the same.
#[test]
fn a_row_of_another_store_is_detected() {
    let sample = first();
    for other in [World::builder().seed(2), World::builder().seed(1).real_entropy()].map(self::sample) {
        let foreign: Vec<Edit> =
            other.rows.iter().map(|(key, value)| (key.clone(), Some(value.clone()))).collect();
        let mut its = 0;
        for edit in foreign.iter().filter(|(key, value)| sample.rows.get(key) != value.as_ref()) {
            sample.is_detected(&format!("{} of another store", table(&edit.0)), std::slice::from_ref(edit));
            its += 1;
        }
        assert!(its > 40, "{its}");
        let gone =
            sample.rows.keys().filter(|key| !other.rows.contains_key(*key)).map(|key| (key.clone(), None));
        let all: Vec<Edit> = foreign.into_iter().chain(gone).collect();
        for kept in sample.rows.keys().filter(|key| sample.rows.get(*key) != other.rows.get(*key)) {
            let edits: Vec<_> = all.iter().filter(|(key, _)| key != kept).cloned().collect();
            sample.is_detected(&format!("all of another store but {}", table(kept)), &edits);
        }
    }
}
