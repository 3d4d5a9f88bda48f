//! Stores with many accounts, and the same file opened with plain redb.

use std::fs;
use std::ops::{Bound, ControlFlow};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use redb::{Builder, Database, ReadableDatabase, ReadableTable, TableDefinition};
use selfsame::testing::{Keyring, Read, RedbStore, Settings, TallyKey};
use selfsame::{
    Answer, Client, Engine, ForeignHash, HashCost, HashFailed, Hasher, ImportOutcome, ImportedAccount,
    Secret, SessionToken, Timestamp,
};
use selfsame_world::{START, World, WorldBuilder, minutes, signed_in};

use crate::measure::{Dice, each, timed};

pub(crate) const PASSWORD: &str = "correct horse battery staple";
const ROWS: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("rows");
/// The number of accounts in one import.
const AT_A_TIME: usize = 8 * 1024;
/// The cache that the engine gives redb, in bytes.
const CACHE: usize = 16 << 20;

/// A hash that costs nothing, so that all other costs show.
pub(crate) struct Free;

impl Hasher for Free {
    fn derive(
        &self,
        _: HashCost,
        password: &[u8],
        _: &[u8; 16],
        _: &[u8; 32],
    ) -> Result<[u8; 32], HashFailed> {
        Ok([password.iter().fold(0, |sum, byte| sum ^ byte); 32])
    }

    fn verify_foreign(&self, _: &ForeignHash, _: &[u8]) -> Result<bool, HashFailed> {
        Ok(true)
    }
}

/// A world for measuring, with real randomness and the test's clock.
pub(crate) fn world(hasher: Arc<dyn Hasher>) -> WorldBuilder {
    World::builder().real_entropy().hasher(hasher)
}

pub(crate) fn email(number: usize) -> String {
    format!("user{number}@example.org")
}

/// The account with this number, as another service would export it.
pub(crate) fn account(number: usize, hash: &str) -> ImportedAccount {
    ImportedAccount {
        external_id: format!("user-{number}"),
        // Spreads the accounts over the years before.
        created_at: Some(Timestamp::from_millis(
            START.as_millis() - 100_000_000_000 + number as u64 * 50_000,
        )),
        display_name: Some(format!("User {number}")),
        email: Some(email(number)),
        email_verified: true,
        password_hash: Some(hash.into()),
        identities: Vec::new(),
        totp: None,
    }
}

/// A hash of the right form.
pub(crate) const HASH: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$yrdGtGIZk/3JHsUHh5gLQUqQppLwvGjf4Z+cJbPLqew";

/// Fills a store. Returns the time in microseconds.
pub(crate) fn fill(engine: &Engine, numbers: std::ops::Range<usize>, hash: &str) -> f64 {
    let mut time = 0.0;
    for from in numbers.clone().step_by(AT_A_TIME) {
        let accounts: Vec<_> =
            (from..(from + AT_A_TIME).min(numbers.end)).map(|number| account(number, hash)).collect();
        let (took, outcomes) = timed(|| engine.import_accounts(&accounts, false).unwrap());
        assert!(outcomes.iter().all(|outcome| matches!(outcome, ImportOutcome::Imported { .. })));
        time += took;
    }
    time
}

/// A store of this many accounts in a new file.
pub(crate) fn filled(path: &Path, accounts: usize) -> World {
    let world = world(Arc::new(Free)).file(path).build();
    fill(world.engine(), 0..accounts, HASH);
    world
}

pub(crate) fn sign_in(engine: &Engine, number: usize) -> SessionToken {
    let progress = engine.sign_in(&email(number), &Secret::from(PASSWORD), &Client::on("laptop")).unwrap();
    signed_in(progress).token
}

/// Times a sign-in.
pub(crate) fn timed_sign_in(engine: &Engine, number: usize) -> f64 {
    let (email, password, client) = (email(number), Secret::from(PASSWORD), Client::on("laptop"));
    timed(|| engine.sign_in(&email, &password, &client).unwrap()).0
}

/// Times the two calls of a sign-up. No other account may have this `number`.
pub(crate) fn timed_sign_up(world: &World, number: usize) -> f64 {
    let (engine, client, password) = (world.engine(), Client::on("laptop"), Secret::from(PASSWORD));
    let email = format!("new{number}@example.org");
    let (first, begun) = timed(|| engine.sign_up(&email, &password, &client).unwrap());
    let code = Answer::Code(world.mailbox().code(&email).unwrap());
    let (second, _) = timed(|| world.answer(&begun, code.clone()).unwrap());
    world.mailbox().clear();
    world.later(minutes(1));
    first + second
}

/// A new store in a file, without an engine.
pub(crate) fn redb_store(path: &Path) -> RedbStore {
    let keyring: Arc<dyn Keyring> = Arc::new(|_: &dyn Read| Ok(Arc::new(TallyKey::new(&[1; 32]))));
    let settings = Settings { patience: Duration::from_secs(60), ..Settings::default() };
    RedbStore::create_file(path, settings, Vec::new(), [0; 8], None, keyring).unwrap()
}

/// The file of a store, opened with plain redb, to measure the costs that no engine can avoid.
pub(crate) struct Raw {
    pub(crate) db: Database,
    pub(crate) keys: Vec<Vec<u8>>,
}

impl Raw {
    /// Copies the file of a closed store.
    pub(crate) fn copy_of(store: &Path) -> Self {
        let path: PathBuf = store.with_extension("raw");
        fs::copy(store, &path).unwrap();
        let db = Builder::new().set_cache_size(CACHE).create(&path).unwrap();
        let mut keys = Vec::new();
        let table = db.begin_read().unwrap().open_table(ROWS).unwrap();
        for row in table.iter().unwrap() {
            let (key, value) = row.unwrap();
            // Takes accounts' rows of about four hundred bytes.
            if is_account(key.value()) && (300..600).contains(&value.value().len()) {
                keys.push(key.value().to_vec());
            }
        }
        drop(table);
        Self { db, keys }
    }

    fn key(&self, dice: &Dice) -> &[u8] {
        &self.keys[dice.below(self.keys.len())]
    }

    /// Times a commit of one row of 400 bytes, in two phases like the engine's.
    pub(crate) fn commit(&self, dice: &Dice) -> f64 {
        let key = self.key(dice);
        timed(|| {
            let mut transaction = self.db.begin_write().unwrap();
            transaction.set_two_phase_commit(true);
            transaction.open_table(ROWS).unwrap().insert(key, [7; 400].as_slice()).unwrap();
            transaction.commit().unwrap();
        })
        .0
    }

    /// Times reading one row, with its transaction and table.
    pub(crate) fn get(&self, dice: &Dice) -> f64 {
        let key = self.key(dice);
        timed(|| {
            let table = self.db.begin_read().unwrap().open_table(ROWS).unwrap();
            let row = table.get(key).unwrap().unwrap();
            assert!(row.value().len() > 100);
        })
        .0
    }
}

fn is_account(key: &[u8]) -> bool {
    key.len() == 17 && key[16] == 0 && key[..16] != [0; 16]
}

fn is_claim(key: &[u8]) -> bool {
    key.len() == 49 && key[..16] == [0; 16] && key[16] == 0x10
}

/// All rows of a store, in order.
pub(crate) fn rows(world: &World) -> Vec<(Vec<u8>, Vec<u8>)> {
    world.engine().dump().unwrap().into_iter().collect()
}

/// Loads these sorted rows into a new redb file as fast as redb can: with a cursor, in one transaction.
pub(crate) fn load_raw(path: &Path, rows: &[(Vec<u8>, Vec<u8>)]) -> f64 {
    timed(|| {
        let db = Builder::new().set_cache_size(CACHE).create(path).unwrap();
        let mut transaction = db.begin_write().unwrap();
        transaction.set_two_phase_commit(true);
        {
            let mut table = transaction.open_table(ROWS).unwrap();
            let mut cursor = table.upper_bound_mut(Bound::<&[u8]>::Unbounded).unwrap();
            for (key, value) in rows {
                cursor.insert_before(key.as_slice(), value.as_slice()).unwrap();
            }
        }
        transaction.commit().unwrap();
    })
    .0
}

/// A summary of a store: the bytes of its rows, and some keys of claims and accounts from all over it.
pub(crate) struct Survey {
    pub(crate) payload: u64,
    pub(crate) keys: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Survey {
    pub(crate) fn of(engine: &Engine, accounts: usize) -> Self {
        let step = (accounts / 2_000).max(1);
        let (mut payload, mut claims, mut roots) = (0, Vec::new(), Vec::new());
        let mut seen = [0; 2];
        let mut keep = |kind: usize, key: &[u8], kept: &mut Vec<Vec<u8>>| {
            seen[kind] += 1;
            if seen[kind] % step == 0 {
                kept.push(key.to_vec());
            }
        };
        engine
            .look_at(&mut |read| {
                read.scan(&[], &[u8::MAX; 64], usize::MAX, &mut |key, value| {
                    payload += (key.len() + value.len()) as u64;
                    match key {
                        key if is_claim(key) => keep(0, key, &mut claims),
                        key if is_account(key) => keep(1, key, &mut roots),
                        _ => {}
                    }
                    ControlFlow::Continue(())
                })
            })
            .unwrap();
        Dice::new(9).shuffle(&mut roots);
        Self { payload, keys: claims.into_iter().zip(roots).collect() }
    }
}

/// The mean time of twenty look-ups of an email: its claim and the account, without a hash or a write.
pub(crate) fn timed_look_up(engine: &Engine, survey: &Survey, dice: &Dice) -> f64 {
    each(20, || {
        let (claim, account) = &survey.keys[dice.below(survey.keys.len())];
        engine
            .look_at(&mut |read| {
                assert!(read.get(claim)?.is_some() && read.get(account)?.is_some());
                Ok(())
            })
            .unwrap();
    })
}
