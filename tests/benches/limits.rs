//! The cost of a sign-in compared with its unavoidable parts: one hash and one durable commit.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use ring::{aead, hmac};
use selfsame::testing::{BTreeStore, Row, Store as _, Write, sealing};
use selfsame::{
    Argon2Hasher, Engine, Entropy, EntropyFailed, HashCost, Hasher as _, SessionToken, SystemEntropy,
};
use selfsame_world::World;

use crate::measure::{Dice, Part, Samples, Spread, each, rounds, timed};
use crate::report::Report;
use crate::stores::{self, Free, PASSWORD, Raw, email, filled, sign_in, timed_sign_in};

/// The number of accounts whose passwords have real hashes.
const HASHED: usize = 50;
const SMALL: usize = 20_000;
const LARGE: usize = 200_000;
/// The number of calls for a mean, if one call is too short for the clock.
const MANY: usize = 50;

/// Everything but the system's randomness: the key of the message, the copy, and what is authenticated with it.
const SEAL: &str = "a seal of 600 bytes";
const PLAIN_SEAL: &str = "the same row with AES-256-GCM";

/// Randomness that costs nothing.
struct Same;

impl Entropy for Same {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailed> {
        out.fill(1);
        Ok(())
    }
}

pub(crate) fn limits(report: &mut Report, folder: &Path) {
    let (small, large) = (Filled::of(folder, "small", SMALL), Filled::of(folder, "large", LARGE));
    let argon2 = hashing_world(folder);
    let in_memory = plain_engine();
    let port = stores::redb_store(&folder.join("port"));
    port.write(&mut |_| Ok((0..SMALL).map(row).collect())).unwrap();
    let dice = Dice::new(2);
    let file = OpenOptions::new().create(true).truncate(true).write(true).open(folder.join("sync")).unwrap();
    file.write_all_at(&[1; 4096], 0).unwrap();
    file.sync_all().unwrap();
    let mac = hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
    let seal = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_256_GCM, &[1; 32]).unwrap());
    let (quick_seal, full_seal) = (sealing(&[1; 32], &Same), sealing(&[1; 32], &SystemEntropy));
    let mut blocks = vec![Block::default(); 19_456];
    let hasher = Argon2Hasher::new(1);

    let hash = "Argon2id, 19 MiB, 2 passes, memory reused";
    let commit = |accounts: &str| format!("commit of one row, {accounts} accounts");
    let samples = rounds(
        report.rounds(120),
        vec![
            Part::new(hash, || raw_hash(&mut blocks)),
            Part::new("the engine's hasher, memory wiped", || {
                timed(|| hasher.derive(HashCost::default(), PASSWORD.as_bytes(), &[7; 16], &[9; 32]).unwrap())
                    .0
            }),
            Part::new(commit("20,000"), || small.raw.commit(&dice)),
            Part::new("sign-in", || timed_sign_in(argon2.engine(), dice.below(HASHED))),
        ],
    );
    report.family("sign-in", "A sign-in and its unavoidable parts", "microseconds", &samples);
    let ratio = samples.ratio("sign-in", &[hash, &commit("20,000")]);
    report.at_most("sign-in / (hash + commit of one row)", 1.03, ratio);
    let wiped = samples.ratio("sign-in", &["the engine's hasher, memory wiped", &commit("20,000")]);
    report.figure("sign-in / (hash with the memory wiped + commit of one row)", wiped);

    let samples = rounds(
        report.rounds(300),
        vec![
            Part::new("fdatasync of 4 KiB", || {
                timed(|| {
                    file.write_all_at(&[2; 4096], 0).unwrap();
                    file.sync_data().unwrap();
                })
                .0
            }),
            Part::new(commit("20,000"), || small.raw.commit(&dice)),
            Part::new(commit("200,000"), || large.raw.commit(&dice)),
            Part::new("commit of one row through the store's port, 20,000 rows", || {
                let row = row(dice.below(SMALL));
                timed(|| port.write(&mut |_| Ok(vec![row.clone()])).unwrap()).0
            }),
            Part::new("get of one row, 20,000 accounts", || {
                (0..MANY).map(|_| small.raw.get(&dice)).sum::<f64>() / MANY as f64
            }),
            Part::new("HMAC-SHA-256 of 600 bytes", || each(MANY, || _ = hmac::sign(&mac, &[7; 600]))),
            Part::new("AES-256-GCM of 600 bytes", || {
                each(MANY, || {
                    let nonce = aead::Nonce::assume_unique_for_key([0; 12]);
                    let mut bytes = [7; 600];
                    _ = seal.seal_in_place_separate_tag(nonce, aead::Aad::empty(), &mut bytes).unwrap();
                })
            }),
            Part::new(SEAL, || each(MANY, || _ = quick_seal(&[7; 600]).unwrap())),
            Part::new(PLAIN_SEAL, || each(MANY, || _ = plain_seal(&seal, &[7; 600]))),
            Part::new("a seal of 600 bytes with a nonce from the system", || {
                each(MANY, || _ = full_seal(&[7; 600]).unwrap())
            }),
            Part::new("sign-in without hash, 20,000 accounts", || {
                timed_sign_in(small.world.engine(), dice.below(SMALL))
            }),
            Part::new("sign-in without hash, 200,000 accounts", || {
                timed_sign_in(large.world.engine(), dice.below(LARGE))
            }),
            Part::new("sign-in without hash and disk", || {
                (0..MANY).map(|_| timed_sign_in(&in_memory, dice.below(HASHED))).sum::<f64>() / MANY as f64
            }),
            Part::new("resolve a session, 20,000 accounts", || {
                let token = |_| &small.tokens[dice.below(small.tokens.len())];
                let resolve = |token| timed(|| small.world.engine().resolve(token).unwrap()).0;
                (0..MANY).map(token).map(resolve).sum::<f64>() / MANY as f64
            }),
            Part::new("create and drop a test world", || each(MANY, || drop(World::new()))),
        ],
    );
    report.family("limits", "What the engine adds to the disk's time", "microseconds", &samples);
    report.figure("a seal of 600 bytes / the same row with AES-256-GCM", samples.ratio(SEAL, &[PLAIN_SEAL]));
    for accounts in ["20,000", "200,000"] {
        let sign_in = format!("sign-in without hash, {accounts} accounts");
        let ratio = samples.ratio(&sign_in, &[&commit(accounts)]);
        report.at_most(&format!("{sign_in} / commit of one row"), 1.3, ratio);
    }
    report.at_most(
        "resolve a session / get of one row",
        1.5,
        samples.ratio("resolve a session, 20,000 accounts", &["get of one row, 20,000 accounts"]),
    );
    for (what, part, aim) in [
        ("the engine's own work of a sign-in, microseconds", "sign-in without hash and disk", 40.0),
        ("create and drop a test world, microseconds", "create and drop a test world", 300.0),
    ] {
        report.at_most(what, aim, Spread::of(samples.of(part).to_vec()));
    }
    side_by_side(report, &argon2);
}

/// A store in a file, some of its sessions, and the same file opened with plain redb.
struct Filled {
    world: World,
    tokens: Vec<SessionToken>,
    raw: Raw,
}

impl Filled {
    fn of(folder: &Path, name: &str, accounts: usize) -> Self {
        let path = folder.join(name);
        let world = filled(&path, accounts);
        let dice = Dice::new(3);
        let tokens = (0..500).map(|_| sign_in(world.engine(), dice.below(accounts))).collect();
        world.engine().suspend().unwrap();
        let raw = Raw::copy_of(&path);
        Self { world, tokens, raw }
    }
}

/// A world with 20,000 accounts, of which fifty have passwords hashed with Argon2id.
fn hashing_world(folder: &Path) -> World {
    let policy = World::policy().hash_cost(HashCost::default()).build().unwrap();
    let hasher = Arc::new(Argon2Hasher::new(thread::available_parallelism().map_or(1, usize::from)));
    let world = stores::world(hasher).policy(policy).file(&folder.join("hashing")).build();
    for number in 0..HASHED {
        world.person(&email(number), PASSWORD);
        world.mailbox().clear();
    }
    stores::fill(world.engine(), HASHED..SMALL, stores::HASH);
    world
}

/// An engine on the simplest store, so that only its own work is measured.
fn plain_engine() -> Engine {
    let world = stores::world(Arc::new(Free)).build();
    let policy = World::policy().build().unwrap();
    let store = Arc::new(BTreeStore::new());
    let engine = Engine::options(world.unlock())
        .policy(policy)
        .environment(world.environment())
        .create_in(store)
        .unwrap();
    stores::fill(&engine, 0..HASHED, stores::HASH);
    engine
}

/// Seals like a store, but with AES-256-GCM under one key.
fn plain_seal(key: &aead::LessSafeKey, plain: &[u8]) -> Vec<u8> {
    let nonce = [1; aead::NONCE_LEN];
    let mut aad = Vec::with_capacity(43);
    aad.extend_from_slice(&[7; 43]);
    let mut sealed = Vec::with_capacity(plain.len() + nonce.len() + 16);
    sealed.extend_from_slice(&nonce);
    sealed.extend_from_slice(plain);
    let body = &mut sealed[nonce.len()..];
    let nonce = aead::Nonce::assume_unique_for_key(nonce);
    let tag = key.seal_in_place_separate_tag(nonce, aead::Aad::from(aad), body).unwrap();
    sealed.extend_from_slice(tag.as_ref());
    sealed
}

fn row(number: usize) -> Row {
    Row { key: [&[1], &(number as u32).to_be_bytes()[..]].concat(), write: Write::Put(vec![7; 400]) }
}

fn raw_hash(blocks: &mut [Block]) -> f64 {
    let params = Params::new(19_456, 2, 1, Some(32)).unwrap();
    let argon2 = Argon2::new_with_secret(&[9; 32], Algorithm::Argon2id, Version::V0x13, params).unwrap();
    let mut tag = [0; 32];
    timed(|| argon2.hash_password_into_with_memory(PASSWORD.as_bytes(), &[7; 16], &mut tag, blocks).unwrap())
        .0
}

/// Compares sign-ins with hashing alone, in turns, with one caller per core.
fn side_by_side(report: &mut Report, world: &World) {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut samples = Samples::default();
    let span = Duration::from_millis(if report.quick { 200 } else { 1_500 });
    let (dice, mut turns) = (Dice::new(11), ["hashes", "sign-ins"]);
    for _ in 0..report.rounds(9).max(2) {
        dice.shuffle(&mut turns);
        for turn in turns {
            let rate = throughput(cores, span, |at| {
                let (engine, dice) = (world.engine().clone(), Dice::new(at as u64));
                let mut blocks = vec![Block::default(); 19_456];
                move || match turn {
                    "hashes" => _ = raw_hash(&mut blocks),
                    _ => _ = timed_sign_in(&engine, dice.below(HASHED)),
                }
            });
            samples.add(turn, rate);
        }
    }
    report.family("hashing", "One caller per core", "a second", &samples);
    report.at_least("sign-ins / hashes, one caller per core", 0.97, samples.ratio("sign-ins", &["hashes"]));
}

/// How often per second this many threads together do the work.
fn throughput<W: FnMut()>(threads: usize, span: Duration, worker: impl Fn(usize) -> W + Sync) -> f64 {
    let (done, over) = (AtomicU64::new(0), AtomicBool::new(false));
    let (took, ()) = timed(|| {
        thread::scope(|scope| {
            for at in 0..threads {
                let (worker, done, over) = (&worker, &done, &over);
                scope.spawn(move || {
                    let mut work = worker(at);
                    while !over.load(Ordering::Relaxed) {
                        work();
                        done.fetch_add(1, Ordering::Relaxed);
                    }
                });
            }
            thread::sleep(span);
            over.store(true, Ordering::Relaxed);
        });
    });
    done.into_inner() as f64 / took * 1e6
}
