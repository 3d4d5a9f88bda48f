//! An attacker has an old copy of the file and its key, and takes today's file too (SPEC 10.4).
//!
//! The attacker is a program of its own: it reads the rows with redb, knows the format, tries every key that it has on
//! every sealed part, and opens them with another implementation of the seal. Of the engine it uses only the catalogue
//! of tables.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ring::hmac;
use selfsame::testing::{MemoryMedium, raw_rows};
use selfsame::{Client, Engine, HostKey, Sealed, TABLES, Table, Unlock};
use selfsame_world::{World, minutes};
use xaes_256_gcm::Xaes256Gcm;
use xaes_256_gcm::aead::{Aead as _, KeyInit as _, Payload};

use super::tampering::{Sample, first};

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;
type Key = [u8; 32];
/// What the host does after the theft, and its name in the table.
type Measure = (&'static str, fn(&Engine));
/// The parts of a file, by what they are and by the key of their row, and the plain part if it opens.
type Found = BTreeMap<(&'static str, Vec<u8>), Option<Vec<u8>>>;

const NEW_KEY: Key = [0x77; 32];
const PASSWORD: &str = "another horse battery staple";
const LATER_PASSWORD: &str = "a password of after the theft";
const SECURITY: &str = include_str!("../../docs/SECURITY.md");

const STORE_KEY: &str = "the store's key";
const DATA_KEYS: &str = "data keys of accounts";
const ACCOUNTS: &str = "accounts: addresses, password hashes, second factors";
const OF_ACCOUNTS: &str = "activity, undo codes and pending changes of accounts";
const OWNERS: &str = "sessions, as their account lists them";
const HOLDERS: &str = "sessions, as their token opens them";
const OF_STORE: &str = "claims, flows, messages, recognitions and counts of guesses";

/// One sealed part of a row: what it is, the bytes that its seal is bound to, and the seal.
struct Part {
    what: &'static str,
    bound_to: Vec<u8>,
    sealed: Vec<u8>,
}

fn part(what: &'static str, key: &[u8], number: u8, clear: &[u8], sealed: &[u8]) -> Part {
    let length = (key.len() as u64).to_be_bytes();
    let bound_to = [&[1], &length[..], key, &[number], clear].concat();
    Part { what, bound_to, sealed: sealed.to_vec() }
}

/// The sealed parts of a row, by the format.
fn parts(key: &[u8], value: &[u8]) -> Vec<Part> {
    let table = Table::of(key).unwrap();
    match (table.name, table.sealed) {
        // `[version][lock][length][wrapped key]`, sealed over the same header without a wrapped key.
        ("header", _) => vec![part(STORE_KEY, b"selfsame/store key", 0, &[1, 0, 0], &value[3..])],
        // `[revision 8][format 1][wrapped data key 72][the account]`
        ("account", _) => vec![
            part(DATA_KEYS, &key[..16], 0, b"selfsame/data key", &value[9..81]),
            part(ACCOUNTS, key, 0, &value[..81], &value[81..]),
        ],
        // `[length 2][the holder's part][the owner's part]`, bound to the key of the live row.
        (_, Sealed::SessionAndAccount) => {
            let key = &[&key[..16], &[0x10], &key[17..]].concat();
            let (holders, owners) =
                value[2..].split_at(usize::from(u16::from_be_bytes(value[..2].try_into().unwrap())));
            vec![part(HOLDERS, key, 1, &[], holders), part(OWNERS, key, 2, &[], owners)]
        }
        (_, Sealed::Store) => vec![part(OF_STORE, key, 0, &[], value)],
        (_, Sealed::Account) => vec![part(OF_ACCOUNTS, key, 0, &[], value)],
        (_, Sealed::Clear) => Vec::new(),
    }
}

fn mac(key: &Key, bytes: &[u8]) -> Key {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key);
    hmac::sign(&key, bytes).as_ref().try_into().unwrap()
}

/// HKDF-Expand of one block.
fn expanded(key: &Key, label: &str) -> Key {
    mac(key, &[label.as_bytes(), &[1]].concat())
}

fn opened(key: &Key, part: &Part) -> Option<Vec<u8>> {
    let (nonce, msg) = part.sealed.split_first_chunk::<24>()?;
    Xaes256Gcm::new(&(*key).into()).decrypt(nonce.into(), Payload { msg, aad: &part.bound_to }).ok()
}

/// What the attacker has, and finds with it.
struct Attacker {
    keys: BTreeSet<Key>,
    /// The half of the store's key that outlives a rekey.
    lasting: Option<Key>,
}

impl Attacker {
    fn with(host_key: &HostKey) -> Self {
        Self { keys: BTreeSet::from([*host_key.reveal()]), lasting: None }
    }

    /// Tries every key on every part, until no further key turns up. Returns the plain part where one fits.
    fn open(&mut self, rows: &Rows) -> Found {
        let parts: Vec<_> = rows
            .iter()
            .flat_map(|(key, value)| parts(key, value).into_iter().map(move |part| (key, part)))
            .collect();
        loop {
            let keys = self.keys.clone();
            let mut found = Found::new();
            for (row, part) in &parts {
                let plain = keys.iter().find_map(|key| opened(key, part));
                if let Some(plain) = &plain {
                    self.learn(part.what, plain);
                }
                found.insert((part.what, (*row).clone()), plain);
            }
            if self.keys == keys {
                return found;
            }
        }
    }

    fn learn(&mut self, what: &str, plain: &[u8]) {
        if what == DATA_KEYS {
            self.keys.insert(plain.try_into().unwrap());
        } else if what == STORE_KEY {
            let halves: [Key; 2] = [plain[..32].try_into().unwrap(), plain[32..].try_into().unwrap()];
            for half in halves {
                let labels = ["rows", "accounts", "tally", "lookup", "code", "pepper"];
                self.keys.extend(labels.map(|label| expanded(&half, &format!("selfsame/{label}"))));
                self.keys.insert(half);
            }
            self.lasting = Some(halves[1]);
        }
    }

    /// Whether an account of the file has this verified address.
    fn finds(&self, email: &str, rows: &Rows) -> bool {
        let length = (email.len() as u64).to_be_bytes();
        let lookup = expanded(&self.lasting.unwrap(), "selfsame/lookup");
        let hash = mac(&lookup, &[&[0x11], &length[..], email.as_bytes()].concat());
        rows.keys().any(|key| Table::of(key).unwrap().name == "email" && key.ends_with(&hash))
    }
}

/// The rows of the file when it is stolen, and today, after the host has taken the measure and people have gone on.
fn files(measure: fn(&Engine)) -> (HostKey, Rows, Rows) {
    let medium = Arc::new(MemoryMedium::new());
    let world = World::builder().medium(medium.clone()).build();
    let ada = world.ada();
    let grace = world.person("grace@example.org", PASSWORD);
    world.turn_on_mfa(&grace.token);
    world.engine().suspend().unwrap();
    let old = raw_rows(medium.bytes()).unwrap();

    world.later(minutes(2));
    measure(world.engine());
    let handle = world.account(&ada);
    handle.change_password(&ada.password.as_str().into(), &LATER_PASSWORD.into()).unwrap();
    handle.set_display_name(Some("Said after the theft")).unwrap();
    world.turn_on_mfa(&ada.token);
    world.person("ida@example.org", PASSWORD);
    world.engine().sign_up("joan@example.org", &PASSWORD.into(), &Client::on("phone")).unwrap();
    world.engine().suspend().unwrap();
    (world.host_key(), old, raw_rows(medium.bytes()).unwrap())
}

fn new_key() -> Unlock {
    Unlock::HostKey(HostKey::from_bytes(NEW_KEY))
}

#[test]
fn r10_4_after_a_rekey_the_old_keys_and_an_old_file_open_nothing_of_todays_file() {
    let mut columns = Vec::new();
    let measures: [Measure; 3] = [
        ("nothing was done", |_| {}),
        ("`change_key`", |engine| engine.change_key(&new_key()).unwrap()),
        ("`rekey`", |engine| engine.rekey(&new_key()).unwrap()),
    ];
    for (measure, take) in measures {
        let (host_key, old, today) = files(take);
        let mut attacker = Attacker::with(&host_key);
        let of_old = attacker.open(&old);
        if columns.is_empty() {
            columns.push(("the old copy", of_old, attacker.finds("ida@example.org", &old)));
        }
        // A key that today's file gives helps with the rest of it.
        columns.push((measure, attacker.open(&today), attacker.finds("ida@example.org", &today)));
        assert!(attacker.finds("ada@example.org", &old));
    }
    let table = rendered(&columns);
    println!("{table}");
    let [old, open, changed, rekeyed] = &columns[..] else { panic!("four columns") };
    for what in [DATA_KEYS, ACCOUNTS, OF_ACCOUNTS, OWNERS, OF_STORE] {
        for (measure, found, _) in [old, open, changed] {
            let (opened, all) = count(found, what);
            assert_eq!(opened, all, "{what}, {measure}: the attack itself fails");
            assert!(all > 1, "{what}, {measure}: nothing to attack");
        }
    }
    assert_eq!([old, open, changed].map(|(_, found, _)| count(found, STORE_KEY)), [(1, 1), (1, 1), (0, 1)]);
    for ((what, row), plain) in &rekeyed.1 {
        assert!(plain.is_none(), "{what} opens after a rekey: {row:02x?}");
    }
    assert!(rekeyed.1.len() > old.1.len());
    assert!(SECURITY.contains(&table), "docs/SECURITY.md has another table than\n{table}");
}

/// A store with a row in every table says the same under the new keys, and the new key opens it all.
#[test]
fn r10_4_a_rekey_seals_every_row_anew_and_changes_none() {
    let Sample { world, rows: before, .. } = first();
    let of_old = Attacker::with(&world.host_key()).open(&before);
    for _ in 0..2 {
        world.engine().rekey(&new_key()).unwrap();
    }
    let after = world.engine().dump().unwrap();
    let of_new = Attacker::with(&HostKey::from_bytes(NEW_KEY)).open(&after);
    let keys = |found: &Found| found.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&of_old), keys(&of_new));
    let mut same = BTreeMap::<_, usize>::new();
    for ((what, row), plain) in &of_new {
        let earlier = &of_old[&(*what, row.clone())];
        assert_eq!(plain.is_some(), *what != HOLDERS, "{what}: {row:02x?}");
        assert_eq!(plain == earlier, ![STORE_KEY, DATA_KEYS].contains(what), "{what}: {row:02x?}");
        *same.entry(*what).or_default() += 1;
    }
    assert_eq!(same.len(), 7, "{same:?}");
    let tables: BTreeSet<_> = after.keys().map(|key| Table::of(key).unwrap().name).collect();
    assert_eq!(tables.len(), TABLES.len());
    // Of all sealed parts, only those remain that only a token opens.
    for (key, value) in &after {
        for (now, then) in parts(key, value).iter().zip(parts(key, &before[key])) {
            assert_eq!(now.sealed == then.sealed, now.what == HOLDERS, "{}: {key:02x?}", now.what);
        }
    }
}

/// How many parts of a kind open, and how many there are.
fn count(found: &Found, what: &str) -> (usize, usize) {
    let of_kind = || found.iter().filter(|((kind, _), _)| *kind == what);
    (of_kind().filter(|(_, plain)| plain.is_some()).count(), of_kind().count())
}

fn rendered(columns: &[(&str, Found, bool)]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let heads = columns.iter().enumerate().map(|(at, (measure, ..))| match at {
        0 => (*measure).to_owned(),
        _ => format!("today's file: {measure}"),
    });
    let mut table = line([String::new()].into_iter().chain(heads).collect());
    table += &format!("|---|{}\n", "---|".repeat(columns.len()));
    for what in [STORE_KEY, DATA_KEYS, ACCOUNTS, OF_ACCOUNTS, OWNERS, HOLDERS, OF_STORE] {
        let cells = columns.iter().map(|(_, found, _)| {
            let (opened, all) = count(found, what);
            format!("{opened} of {all}")
        });
        table += &line([what.to_owned()].into_iter().chain(cells).collect());
    }
    let cells = columns.iter().map(|(.., finds)| if *finds { "yes" } else { "no" }.to_owned());
    table +=
        &line(["whether a guessed address has an account".to_owned()].into_iter().chain(cells).collect());
    table
}
