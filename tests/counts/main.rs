//! Counts the cost of each act. The figures are the same on every machine and under any load. `docs/SPEED.md` shows
//! them, and `UPDATE=1 cargo test -p selfsame-tests --test counts` writes that page again.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test panics on anything unexpected")]

#[path = "../life.rs"]
mod life;

use std::fmt::Write as _;
use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use allocation_counter::measure;
use life::{Life, Watch};
use selfsame::testing::{
    BTreeStore, Decide, Keyring, Medium, MemoryMedium, Opened, Read, RedbStore, Row, Settings,
    StorageBackend, Store, StoreError, TallyKey, Write,
};
use selfsame::{Answer, Client, Engine, Flow, MessageKind, RecognitionToken};
use selfsame_world::{World, minutes, signed_in};

const PASSWORD: &str = "correct horse battery staple";
const EMAIL: &str = "ada@example.org";
/// The number of other accounts. They give the tree a few levels, as in a store in use.
const NEIGHBOURS: usize = 300;
/// The one part of the page that is timed, by `cargo bench --features bench -- limits`.
const SEAL: &str = "
## What a seal costs

Each row that an act writes is sealed with XAES-256-GCM, which derives a key for each value. This is the one cost here \
that is timed and not counted, in one run of `cargo bench --features bench -- limits`, for a row of 600 bytes:

| | median, µs | p10 | p90 |
|---|---|---|---|
| the same row with AES-256-GCM | 0.183 | 0.167 | 0.205 |
| a seal, with a nonce that costs nothing | 0.394 | 0.361 | 0.434 |
| a seal, with a nonce from the system | 0.646 | 0.593 | 0.697 |
| a seal / the same row with AES-256-GCM | 2.15 | 1.86 | 2.50 |

A commit of one row took 643 µs in the same run.
";

/// The counts so far.
#[derive(Debug, Default)]
struct Counters {
    syncs: AtomicU64,
    writes: AtomicU64,
    bytes: AtomicU64,
    gets: AtomicU64,
    scans: AtomicU64,
}

impl Counters {
    fn add(counter: &AtomicU64, by: usize) {
        counter.fetch_add(by as u64, Ordering::SeqCst);
    }

    fn now(&self) -> [u64; 5] {
        [&self.syncs, &self.writes, &self.bytes, &self.gets, &self.scans]
            .map(|counter| counter.load(Ordering::SeqCst))
    }
}

/// Counts the calls that reach the storage.
struct CountingMedium(MemoryMedium, Arc<Counters>);

impl Medium for CountingMedium {
    fn open(&self) -> Result<Opened, StoreError> {
        let Opened { backend, identity } = self.0.open()?;
        Ok(Opened { backend: Box::new(CountingBackend(backend, self.1.clone())), identity })
    }
}

#[derive(Debug)]
struct CountingBackend(Box<dyn StorageBackend>, Arc<Counters>);

impl StorageBackend for CountingBackend {
    fn len(&self) -> io::Result<u64> {
        self.0.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.0.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.0.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        Counters::add(&self.1.syncs, 1);
        self.0.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        Counters::add(&self.1.writes, 1);
        Counters::add(&self.1.bytes, data.len());
        self.0.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.0.close()
    }
}

/// Counts the engine's requests to the store.
struct CountingStore(Arc<dyn Store>, Arc<Counters>);

struct CountingRead<'a>(&'a dyn Read, &'a Counters);

impl Read for CountingRead<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        Counters::add(&self.1.gets, 1);
        self.0.get(key)
    }

    fn scan(
        &self,
        from: &[u8],
        to: &[u8],
        most: usize,
        visit: &mut dyn FnMut(&[u8], &[u8]) -> ControlFlow<()>,
    ) -> Result<(), StoreError> {
        Counters::add(&self.1.scans, 1);
        self.0.scan(from, to, most, visit)
    }
}

impl Store for CountingStore {
    fn read(&self, look: &mut dyn FnMut(&dyn Read) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.0.read(&mut |read| look(&CountingRead(read, &self.1)))
    }

    fn write(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        self.0.write(&mut |read| decide(&CountingRead(read, &self.1)))
    }

    fn commit_stamp(&self) -> Result<u64, StoreError> {
        self.0.commit_stamp()
    }

    fn suspend(&self) -> Result<(), StoreError> {
        self.0.suspend()
    }

    fn close(&self) -> Result<(), StoreError> {
        self.0.close()
    }
}

/// An engine with counters for every cost, and the page for the results.
struct Bench {
    world: Arc<World>,
    counters: Arc<Counters>,
    engine: Engine,
    page: String,
    /// The allocations have a separate table, because a newer compiler may save some.
    allocations: String,
    /// The recognitions of the other accounts.
    recognitions: Vec<RecognitionToken>,
}

impl Bench {
    fn new() -> Self {
        let counters = Arc::new(Counters::default());
        let medium = CountingMedium(MemoryMedium::new(), counters.clone());
        let redb =
            RedbStore::create(Arc::new(medium), Settings::default(), Vec::new(), None, keyring()).unwrap();
        let store = CountingStore(Arc::new(redb), counters.clone());
        // The world gives only its clock, hasher and randomness.
        let world = Arc::new(World::new());
        let policy = World::policy().build().unwrap();
        let engine = Engine::options(world.unlock())
            .policy(policy)
            .environment(world.environment())
            .create_in(Arc::new(store))
            .unwrap();
        let mut recognitions = Vec::new();
        for neighbour in 0..NEIGHBOURS {
            world.later(minutes(1));
            let asked =
                engine.sign_up(&neighbour_email(neighbour), &PASSWORD.into(), &Client::on("a desk")).unwrap();
            recognitions.extend(signed_in(answer(&engine, &asked, &code(&engine))).recognition);
        }
        world.later(minutes(20));
        Self { world, counters, engine, page: String::new(), allocations: String::new(), recognitions }
    }

    /// Signs every other account in several times and returns the average cost of a sign-in. What one sign-in writes
    /// depends on whether the account's rows share a leaf of the tree, so the table alone says little about the next.
    fn average_sign_in(&self) -> String {
        const ROUNDS: usize = 3;
        let (mut writes, mut bytes) = (0, 0);
        for _ in 0..ROUNDS {
            for (neighbour, recognition) in self.recognitions.iter().enumerate() {
                self.engine.health().unwrap();
                let client = Client::on("a desk").recognized_by([recognition.clone()]);
                let [_, writes_before, bytes_before, ..] = self.counters.now();
                self.engine.sign_in(&neighbour_email(neighbour), &PASSWORD.into(), &client).unwrap();
                let [_, writes_after, bytes_after, ..] = self.counters.now();
                writes += writes_after - writes_before;
                bytes += bytes_after - bytes_before;
            }
            self.world.later(minutes(2));
        }
        let all = (ROUNDS * NEIGHBOURS) as u64;
        let tenths = writes * 10 / all;
        format!("{}.{} writes, {} bytes", tenths / 10, tenths % 10, bytes / all)
    }
}

impl Watch for Bench {
    fn act<T>(&mut self, act: &'static str, run: impl FnOnce() -> T) -> T {
        // The first call of a minute also writes the time. One row of the page shows that.
        if !act.contains("engine time") {
            self.engine.health().unwrap();
        }
        let (before, commits, hashes) =
            (self.counters.now(), self.engine.commits().unwrap(), self.world.hashes());
        let mut answer = None;
        let allocated = measure(|| answer = Some(run()));
        let after = self.counters.now();
        let [syncs, writes, bytes, gets, scans] =
            std::array::from_fn(|at| after.get(at).unwrap() - before.get(at).unwrap());
        let commits = self.engine.commits().unwrap() - commits;
        let hashes = self.world.hashes() - hashes;
        writeln!(
            self.page,
            "| {act} | {hashes} | {commits} | {syncs} | {writes} | {bytes} | {gets} | {scans} |"
        )
        .unwrap();
        let (count, kib) = (allocated.count_total, allocated.bytes_total.div_ceil(1024));
        writeln!(self.allocations, "| {act} | {count} | {kib} |").unwrap();
        answer.unwrap()
    }
}

fn neighbour_email(neighbour: usize) -> String {
    format!("neighbour{neighbour}@example.org")
}

fn code(engine: &Engine) -> Answer {
    let message = engine.messages(10).unwrap().pop().unwrap();
    engine.delivered(message.id).unwrap();
    match message.kind {
        MessageKind::VerifyEmail { code } => Answer::Code(code),
        other => panic!("{other:?}"),
    }
}

fn answer(engine: &Engine, to: &Flow, answer: &Answer) -> Flow {
    engine.answer(to, answer.clone()).unwrap()
}

/// Counts everything. Returns the page and the table of allocations.
fn pages() -> (String, String) {
    let mut bench = Bench::new();
    let average = Bench::new().average_sign_in();
    let (engine, world) = (bench.engine.clone(), bench.world.clone());
    Life { engine: &engine, world: &world, name: "ada".to_owned(), watch: &mut bench }.live();
    let (raw, raw_allocations) = raw_commit();
    let page = format!(
        "# What an act costs\n\nThese figures are counted, not timed, and a test checks each one. The store is redb in memory with \
         a two-phase commit, which is two syncs. \"Writes\" and \"bytes\" are those that reach the storage; \
         \"gets\" and \"scans\" are the engine's requests to the port. \"Hashes\" counts calls of a hasher that \
         costs nothing. The store has {NEIGHBOURS} other accounts.\n\n| act | hashes | commits | syncs | writes | bytes | gets | scans |\n\
         |---|---|---|---|---|---|---|---|\n{}\nThe average of three recognised sign-ins to each of the other accounts: {average}.\n\n\
         A commit of one row of 400 bytes in a store of 600 such rows: {raw}.\n{SEAL}",
        bench.page
    );
    let allocations = format!(
        "\n## Allocations\n\nThese are the allocations of the calling thread, in a build for tests. In an act that writes, most \
         allocations are redb's: a commit of one row makes {}. A test fails if an act makes over a tenth more than listed.\n\n\
         | act | allocations | KiB |\n|---|---|---|\n{}",
        raw_allocations, bench.allocations
    );
    (page, allocations)
}

fn keyring() -> Arc<dyn Keyring> {
    Arc::new(|_: &dyn Read| Ok(Arc::new(TallyKey::new(&[1; 32]))))
}

/// The least cost of a commit of one row, and the number of its allocations.
fn raw_commit() -> (String, u64) {
    let counters = Arc::new(Counters::default());
    let medium = CountingMedium(MemoryMedium::new(), counters.clone());
    let store =
        RedbStore::create(Arc::new(medium), Settings::default(), Vec::new(), None, keyring()).unwrap();
    let put = |key: u32| {
        let row = Row { key: [&[1], &key.to_be_bytes()[..]].concat(), write: Write::Put(vec![7; 400]) };
        store.write(&mut |_| Ok(vec![row.clone()])).unwrap();
    };
    (0..600).for_each(put);
    let before = counters.now();
    let allocations = measure(|| put(300)).count_total;
    let [syncs, writes, bytes, ..] = counters.now();
    let [syncs_before, writes_before, bytes_before, ..] = before;
    let counted = format!(
        "{} syncs, {} writes, {} bytes",
        syncs - syncs_before,
        writes - writes_before,
        bytes - bytes_before
    );
    (counted, allocations)
}

#[test]
fn every_act_costs_what_the_page_says() {
    const STALE: &str = "stale: UPDATE=1 cargo test -p selfsame-tests --test counts";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/SPEED.md");
    let (page, allocations) = pages();
    let mut written = std::fs::read_to_string(path).unwrap_or_default();
    // Another test holds the costs on PostgreSQL, because it needs a server.
    let elsewhere = written.split_off(written.find("\n## On PostgreSQL").unwrap_or(written.len()));
    if std::env::var_os("UPDATE").is_some() {
        written = [page.as_str(), &allocations].concat();
        std::fs::write(path, [&written, &elsewhere].map(String::as_str).concat()).unwrap();
    }
    let (written, held) = written.split_at(written.find("\n## Allocations").unwrap_or(written.len()));
    assert_eq!(written, page, "{STALE}");
    let (held, now) = (by_act(held), by_act(&allocations));
    assert_eq!(held.len(), now.len(), "{STALE}");
    for ((act, most), (other, count)) in held.into_iter().zip(now) {
        assert_eq!(act, other, "{STALE}");
        assert!(count <= most + most / 10, "{act}: {count} allocations, {most} before");
    }
}

/// Parses the table: the acts and the number of allocations of each.
fn by_act(table: &str) -> Vec<(&str, u64)> {
    let rows = table.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" | "));
    rows.filter_map(|(act, rest)| Some((act, rest.split_once(' ')?.0.parse().ok()?))).collect()
}

#[test]
fn the_engine_works_alike_on_every_store() {
    let world = World::new();
    let policy = World::policy().build().unwrap();
    let store = Arc::new(BTreeStore::new());
    let engine = Engine::options(world.unlock())
        .policy(policy)
        .environment(world.environment())
        .create_in(store)
        .unwrap();
    let asked = engine.sign_up(EMAIL, &PASSWORD.into(), &Client::on("a phone")).unwrap();
    let done = answer(&engine, &asked, &code(&engine));
    let account = engine.account(&signed_in(done).token).unwrap();
    assert!(account.verify_audit().unwrap());
    assert_eq!(account.sessions().unwrap().len(), 1);
}
