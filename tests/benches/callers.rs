//! Many callers at once, with shared commits and with a commit each.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use selfsame::Engine;
use selfsame::testing::{Decide, Keyring, Read, RedbStore, Settings, Store, StoreError, TallyKey};
use selfsame_world::World;

use crate::measure::{Dice, Samples, Spread, timed};
use crate::report::Report;
use crate::stores::{self, Free, timed_sign_in};

const ACCOUNTS: usize = 20_000;
const CALLERS: [usize; 4] = [1, 2, 8, 32];

/// One act at a time, so that no two share a commit.
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
}

pub(crate) fn callers(report: &mut Report, folder: &Path) {
    let store = |name: &str| {
        let keyring: Arc<dyn Keyring> = Arc::new(|_: &dyn Read| Ok(Arc::new(TallyKey::new(&[1; 32]))));
        let settings = Settings { patience: Duration::from_secs(60), ..Settings::default() };
        RedbStore::create_file(&folder.join(name), settings, Vec::new(), [0; 8], None, keyring).unwrap()
    };
    let shared = engine_on(Arc::new(store("shared")));
    let alone = engine_on(Arc::new(OneByOne { store: store("alone"), turn: Mutex::new(()) }));
    let (mut rates, mut waits) = (Samples::default(), Samples::default());
    let (mut gains, mut tails) = (Vec::new(), Vec::new());
    let each = report.rounds(400).max(20);
    for _ in 0..5 {
        for callers in CALLERS {
            let [(rate, wait), (rate_alone, wait_alone)] =
                [&shared, &alone].map(|engine| together(engine, callers, each));
            rates.add(&format!("shared commits, {callers} callers"), rate);
            rates.add(&format!("a commit each, {callers} callers"), rate_alone);
            waits.add(&format!("shared commits, {callers} callers: p99"), wait.worst);
            waits.add(&format!("a commit each, {callers} callers: p99"), wait_alone.worst);
            waits.add(&format!("shared commits, {callers} callers: median"), wait.median);
            waits.add(&format!("a commit each, {callers} callers: median"), wait_alone.median);
            if callers == 32 {
                gains.push(rate / rate_alone);
                tails.push(wait.worst / wait_alone.worst);
            }
        }
    }
    report.family("callers", "Sign-ins without hash by many at once", "a second", &rates);
    report.family("callers-wait", "How long one of them waits", "microseconds", &waits);
    report.at_least("32 callers, shared commits / a commit each: sign-ins a second", 4.0, Spread::of(gains));
    report.at_most("32 callers, shared commits / a commit each: p99", 0.3, Spread::of(tails));
}

fn engine_on(store: Arc<dyn Store>) -> Engine {
    let world = stores::world(Arc::new(Free)).build();
    let policy = World::policy().build().unwrap();
    let engine = Engine::create_in(store, &world.unlock(), policy, world.environment()).unwrap();
    stores::fill(&engine, 0..ACCOUNTS, stores::HASH);
    engine
}

/// Sign-ins a second of so many callers, and how long each took.
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
