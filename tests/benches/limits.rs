//! What a sign-in costs beside what nobody can save: one hash and one durable commit.

use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use argon2::{Algorithm, Argon2, Block, Params, Version};
use ring::{aead, hmac};
use rustix::fs::{FileExt as _, fdatasync};
use selfsame::testing::BTreeStore;
use selfsame::{Argon2Hasher, Client, Engine, HashCost, Secret, SessionToken};
use selfsame_world::World;

use crate::measure::{Dice, Part, Samples, Spread, each, rounds, timed};
use crate::report::Report;
use crate::stores::{self, Free, PASSWORD, Raw, email, filled, sign_in, timed_sign_in};

/// Accounts whose passwords are hashed as they are in earnest.
const HASHED: usize = 50;
const SMALL: usize = 20_000;
const LARGE: usize = 200_000;
/// Calls of which the mean is taken, where one is too short for the clock.
const MANY: usize = 200;

pub(crate) fn limits(report: &mut Report, folder: &Path) {
    let (small, large) = (Filled::of(folder, "small", SMALL), Filled::of(folder, "large", LARGE));
    let argon2 = hashing_world(folder);
    let in_memory = plain_engine();
    let dice = Dice::new(2);
    let file = OpenOptions::new().create(true).truncate(true).write(true).open(folder.join("sync")).unwrap();
    file.write_all_at(&[1; 4096], 0).unwrap();
    file.sync_all().unwrap();
    let mac = hmac::Key::new(hmac::HMAC_SHA256, &[1; 32]);
    let seal = aead::LessSafeKey::new(aead::UnboundKey::new(&aead::AES_256_GCM, &[1; 32]).unwrap());
    let mut blocks = vec![Block::default(); 19_456];

    let samples = rounds(
        report.rounds(120),
        vec![
            Part::new("Argon2id, 19 MiB, 2 passes, memory reused", || raw_hash(&mut blocks)),
            Part::new("fdatasync of 4 KiB", || {
                timed(|| {
                    file.write_all_at(&[2; 4096], 0).unwrap();
                    fdatasync(&file).unwrap();
                })
                .0
            }),
            Part::new("commit of one row, 20,000 accounts", || small.raw.commit(&dice)),
            Part::new("commit of one row, 200,000 accounts", || large.raw.commit(&dice)),
            Part::new("get of one row, 20,000 accounts", || small.raw.get(&dice)),
            Part::new("HMAC-SHA-256 of 600 bytes", || each(MANY, || _ = hmac::sign(&mac, &[7; 600]))),
            Part::new("AES-256-GCM of 600 bytes", || {
                each(MANY, || {
                    let nonce = aead::Nonce::assume_unique_for_key([0; 12]);
                    let mut bytes = [7; 600];
                    _ = seal.seal_in_place_separate_tag(nonce, aead::Aad::empty(), &mut bytes).unwrap();
                })
            }),
            Part::new("sign-in", || timed_sign_in(argon2.engine(), dice.below(HASHED))),
            Part::new("sign-in without hash, 20,000 accounts", || {
                timed_sign_in(small.world.engine(), dice.below(SMALL))
            }),
            Part::new("sign-in without hash, 200,000 accounts", || {
                timed_sign_in(large.world.engine(), dice.below(LARGE))
            }),
            Part::new("sign-in without hash and disk", || timed_sign_in(&in_memory, dice.below(HASHED))),
            Part::new("resolve a session, 20,000 accounts", || {
                let token = &small.tokens[dice.below(small.tokens.len())];
                timed(|| small.world.engine().resolve(token).unwrap()).0
            }),
            Part::new("a world made and dropped", || timed(|| drop(World::new())).0),
        ],
    );
    report.family("limits", "A sign-in, and what nobody can save of it", "microseconds", &samples);
    report.at_most(
        "sign-in / (hash + commit of one row)",
        1.03,
        samples.ratio(
            "sign-in",
            &["Argon2id, 19 MiB, 2 passes, memory reused", "commit of one row, 20,000 accounts"],
        ),
    );
    for accounts in ["20,000", "200,000"] {
        report.at_most(
            &format!("sign-in without hash / commit of one row, {accounts} accounts"),
            1.3,
            samples.ratio(
                &format!("sign-in without hash, {accounts} accounts"),
                &[&format!("commit of one row, {accounts} accounts")],
            ),
        );
    }
    report.at_most(
        "resolve a session / get of one row",
        1.5,
        samples.ratio("resolve a session, 20,000 accounts", &["get of one row, 20,000 accounts"]),
    );
    let own = Spread::of(samples.of("sign-in without hash and disk").to_vec());
    report.at_most("the engine's own work of a sign-in, microseconds", 40.0, own);
    let world = Spread::of(samples.of("a world made and dropped").to_vec());
    report.at_most("a world made and dropped, microseconds", 300.0, world);
    side_by_side(report, &argon2);
}

/// A store in a file, some sessions of it, and the same file as redb has it.
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

/// Fifty people whose passwords are hashed with Argon2id, among 20,000.
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

/// An engine on the plainest of stores, so that only its own work is left.
fn plain_engine() -> Engine {
    let world = stores::world(Arc::new(Free)).build();
    let policy = World::policy().build().unwrap();
    let store = Arc::new(BTreeStore::new());
    let engine = Engine::create_in(store, &world.unlock(), policy, world.environment()).unwrap();
    stores::fill(&engine, 0..HASHED, stores::HASH);
    engine
}

fn raw_hash(blocks: &mut [Block]) -> f64 {
    let params = Params::new(19_456, 2, 1, Some(32)).unwrap();
    let argon2 = Argon2::new_with_secret(&[9; 32], Algorithm::Argon2id, Version::V0x13, params).unwrap();
    let mut tag = [0; 32];
    timed(|| argon2.hash_password_into_with_memory(PASSWORD.as_bytes(), &[7; 16], &mut tag, blocks).unwrap())
        .0
}

/// As many callers as there are cores: sign-ins against hashing alone, in turns.
fn side_by_side(report: &mut Report, world: &World) {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let mut samples = Samples::default();
    let span = Duration::from_millis(if report.quick { 200 } else { 1_500 });
    for _ in 0..report.rounds(9).max(2) {
        let hashing = throughput(cores, span, |_| {
            let mut blocks = vec![Block::default(); 19_456];
            move || _ = raw_hash(&mut blocks)
        });
        let signing_in = throughput(cores, span, |at| {
            let (engine, dice) = (world.engine().clone(), Dice::new(at as u64));
            move || {
                let email = email(dice.below(HASHED));
                engine.sign_in(&email, &Secret::from(PASSWORD), &Client::on("laptop")).unwrap();
            }
        });
        samples.add("hashes", hashing);
        samples.add("sign-ins", signing_in);
    }
    report.family("hashing", "As many callers as there are cores", "a second", &samples);
    report.at_least("sign-ins / hashes, callers as cores", 0.97, samples.ratio("sign-ins", &["hashes"]));
}

/// How often a second so many threads do it together.
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
