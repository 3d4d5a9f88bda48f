//! Many callers at once, with shared commits and with one commit for each caller.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use selfsame::Engine;
use selfsame::testing::{Decide, Read, RedbStore, Store, StoreError};
use selfsame_world::World;

use crate::measure::{Dice, Samples, Spread, timed};
use crate::report::Report;
use crate::stores::{self, Free, timed_sign_in};

const ACCOUNTS: usize = 20_000;
const CALLERS: [usize; 4] = [1, 2, 8, 32];
const ROUNDS: usize = 7;
/// The number of sign-ins of all callers together in one round.
const SIGN_INS: usize = 1_600;

/// Runs one act at a time, so that no two share a commit.
struct OneByOne {
    store: RedbStore,
    turn: Mutex<()>,
}

impl Store for OneByOne {
    fn read(&self, look: &mut dyn FnMut(&dyn Read) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.store.read(look)
    }

    fn write(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.store.write(decide)
    }

    fn commit_stamp(&self) -> Result<u64, StoreError> {
        self.store.commit_stamp()
    }

    fn suspend(&self) -> Result<(), StoreError> {
        self.store.suspend()
    }

    fn close(&self) -> Result<(), StoreError> {
        self.store.close()
    }
}

pub(crate) fn callers(report: &mut Report, folder: &Path) {
    let store = |name| stores::redb_store(&folder.join(name));
    let shared = engine_on(Arc::new(store("shared")));
    let alone = engine_on(Arc::new(OneByOne { store: store("alone"), turn: Mutex::new(()) }));
    let (mut rates, mut waits) = (Samples::default(), Samples::default());
    let dice = Dice::new(10);
    let mut turns: Vec<_> = CALLERS
        .into_iter()
        .flat_map(|callers| [("shared commits", &shared, callers), ("a commit each", &alone, callers)])
        .collect();
    for _ in 0..ROUNDS {
        dice.shuffle(&mut turns);
        for (how, engine, callers) in &turns {
            let (rate, wait) = together(engine, *callers, report.rounds(SIGN_INS / callers));
            rates.add(&part(how, *callers), rate);
            waits.add(&format!("{}: median", part(how, *callers)), wait.median);
            waits.add(&format!("{}: p99", part(how, *callers)), wait.worst);
        }
    }
    let (rates, waits) = (rates.sorted(), waits.sorted());
    report.family("callers", "Concurrent sign-ins without hash", "a second", &rates);
    report.family("callers-wait", "How long a concurrent sign-in waits", "microseconds", &waits);
    let most = CALLERS[CALLERS.len() - 1];
    let [together, apart] = ["shared commits", "a commit each"].map(|how| part(how, most));
    report.at_least(
        &format!("{most} at once, shared commits / a commit each: sign-ins a second"),
        4.0,
        rates.ratio(&together, &[&apart]),
    );
    report.at_most(
        &format!("{most} at once, shared commits / a commit each: p99"),
        0.3,
        waits.ratio(&format!("{together}: p99"), &[&format!("{apart}: p99")]),
    );
}

fn part(how: &str, callers: usize) -> String {
    format!("{callers} at once, {how}")
}

fn engine_on(store: Arc<dyn Store>) -> Engine {
    let world = stores::world(Arc::new(Free)).build();
    let policy = World::policy().build().unwrap();
    let engine = Engine::options(world.unlock())
        .policy(policy)
        .environment(world.environment())
        .create_in(store)
        .unwrap();
    stores::fill(&engine, 0..ACCOUNTS, stores::HASH);
    engine
}

/// The sign-ins per second of this many callers, and how long each took.
fn together(engine: &Engine, callers: usize, each: usize) -> (f64, Spread) {
    let (took, times) = timed(|| {
        thread::scope(|scope| {
            let threads: Vec<_> = (0..callers)
                .map(|caller| {
                    scope.spawn(move || {
                        let dice = Dice::new(caller as u64);
                        (0..each)
                            .map(|_| timed_sign_in(engine, caller + dice.below(ACCOUNTS / 32) * 32))
                            .collect::<Vec<_>>()
                    })
                })
                .collect();
            threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
        })
    });
    (times.len() as f64 / took * 1e6, Spread::of(times))
}
