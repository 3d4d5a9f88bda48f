//! What signing in costs beside the hash and the commit that nobody can save.
//!
//! `cargo bench --bench sign_in` prints medians, and the ratio of a sign-in to a hash and a commit that
//! were measured beside it. In each round everything is measured once, in an order of the round's own,
//! so that a machine that slows down slows all down alike.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measurement stops where it cannot go on"
)]

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use selfsame::testing::{Read, RedbStore, Row, SeededEntropy, Settings, Store as _, TallyKey, Write};
use selfsame::{Answer, Argon2Hasher, Client, Entropy, HashCost, Hasher as _, Secret, SessionToken};
use selfsame_world::{World, minutes, signed_in};

const ROUNDS: usize = 60;
const WARM_UP: usize = 5;
const PASSWORD: &str = "correct horse battery staple";
/// What sign-in shall cost at most, in hashes and commits that were measured beside it.
const AIM: f64 = 1.05;

/// What is measured.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    World,
    Hash,
    Commit,
    SignUp,
    SignIn,
    Resolve,
}

const PARTS: [(Part, &str); 6] = [
    (Part::World, "a world made and dropped"),
    (Part::Hash, "Argon2id, 19 MiB, 2 passes"),
    (Part::Commit, "a durable commit of one row"),
    (Part::SignUp, "sign-up: two calls, one hash"),
    (Part::SignIn, "sign-in"),
    (Part::Resolve, "resolve a session"),
];

fn main() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let mut bench = Bench::on(folder.path());
    let order = SeededEntropy::new(1);
    let mut times: [Vec<Duration>; PARTS.len()] = Default::default();
    let mut ratios = Vec::new();
    for round in 0..WARM_UP + ROUNDS {
        let mut measured = [Duration::ZERO; PARTS.len()];
        for at in shuffled(&order) {
            measured[at] = bench.measure(PARTS[at].0, round);
        }
        if round < WARM_UP {
            continue;
        }
        for (times, time) in times.iter_mut().zip(measured) {
            times.push(time);
        }
        let time = |part| measured[PARTS.iter().position(|(it, _)| *it == part).unwrap()].as_secs_f64();
        ratios.push(time(Part::SignIn) / (time(Part::Hash) + time(Part::Commit)));
    }
    report(&mut times, &mut ratios)
}

struct Bench {
    world: World,
    store: RedbStore,
    hasher: Arc<Argon2Hasher>,
    token: SessionToken,
}

impl Bench {
    fn on(folder: &Path) -> Self {
        let hasher = Arc::new(Argon2Hasher::new(1));
        let world = World::builder()
            .file(&folder.join("accounts"))
            .policy(World::policy().hash_cost(HashCost::default()).build().unwrap())
            .hasher(hasher.clone())
            .real_entropy()
            .build();
        let token = world.ada().token;
        let rows = folder.join("rows");
        let keyring = |_: &dyn Read| Ok(Arc::new(TallyKey::new(&[1; 32])));
        let store =
            RedbStore::create_file(&rows, Settings::default(), Vec::new(), [0; 8], None, Arc::new(keyring))
                .unwrap();
        Self { world, store, hasher, token }
    }

    fn measure(&mut self, part: Part, round: usize) -> Duration {
        match part {
            Part::World => timed(|| drop(World::new())),
            Part::Hash => timed(|| {
                self.hasher.derive(HashCost::default(), PASSWORD.as_bytes(), &[7; 16], &[9; 32]).unwrap();
            }),
            Part::Commit => timed(|| {
                let row = Row { key: vec![1; 17], write: Write::Put(vec![2; 400]) };
                self.store.write(&mut |_| Ok(vec![row.clone()])).unwrap();
            }),
            Part::SignUp => self.sign_up(round),
            Part::SignIn => {
                let (client, password) = (Client::on("laptop"), Secret::from(PASSWORD));
                let engine = self.world.engine().clone();
                let mut progress = None;
                let time = timed(|| progress = Some(engine.sign_in("ada@example.org", &password, &client)));
                self.token = signed_in(progress.unwrap().unwrap()).token.unwrap();
                time
            }
            Part::Resolve => {
                let engine = self.world.engine().clone();
                // One is too short for the clock.
                timed(|| (0..1_000).for_each(|_| drop(engine.resolve(&self.token).unwrap()))) / 1_000
            }
        }
    }

    /// The two calls of the person who signs up; fetching the message is the host's affair.
    fn sign_up(&self, round: usize) -> Duration {
        let (engine, client) = (self.world.engine(), Client::on("laptop"));
        let (email, password) = (format!("ada{round}@example.org"), Secret::from(PASSWORD));
        let mut begun = None;
        let first = timed(|| begun = Some(engine.sign_up(&email, &password, &client).unwrap()));
        let begun = begun.unwrap();
        let code = Answer::Code(self.world.mailbox().code(&email).unwrap());
        let second = timed(|| drop(self.world.answer(&begun, &code).unwrap()));
        self.world.mailbox().clear();
        self.world.later(minutes(1));
        first + second
    }
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the machine's clock")]
fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

/// The parts in an order of chance (Fisher and Yates).
fn shuffled(entropy: &SeededEntropy) -> [usize; PARTS.len()] {
    let mut order: [usize; PARTS.len()] = std::array::from_fn(|at| at);
    let mut bytes = [0; PARTS.len()];
    entropy.fill(&mut bytes).unwrap();
    for at in (1..order.len()).rev() {
        order.swap(at, usize::from(bytes[at]) % (at + 1));
    }
    order
}

fn report(times: &mut [Vec<Duration>; PARTS.len()], ratios: &mut [f64]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let build = if cfg!(debug_assertions) { ", without optimisation: the figures mean little" } else { "" };
    writeln!(out, "{ROUNDS} rounds on {}{build}\n", machine())?;
    writeln!(out, "{:32}{:>12}{:>12}{:>12}", "", "median", "1st decile", "9th decile")?;
    for ((_, name), times) in PARTS.iter().zip(times) {
        times.sort_unstable();
        let shown = |tenth: usize| format!("{:.1} \u{b5}s", decile(times, tenth).as_secs_f64() * 1e6);
        writeln!(out, "{name:32}{:>12}{:>12}{:>12}", shown(5), shown(1), shown(9))?;
    }
    ratios.sort_unstable_by(f64::total_cmp);
    let shown = |tenth: usize| format!("{:.3}", decile(ratios, tenth));
    let name = "sign-in / (hash + commit)";
    writeln!(out, "{name:32}{:>12}{:>12}{:>12}  aim {AIM}", shown(5), shown(1), shown(9))
}

fn decile<T: Copy>(sorted: &[T], tenth: usize) -> T {
    sorted[sorted.len() * tenth / 10]
}

/// The processor's name where the machine tells it.
fn machine() -> String {
    let known = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = known.lines().find_map(|line| line.strip_prefix("model name")?.split_once(": "));
    name.map_or_else(|| std::env::consts::ARCH.to_owned(), |(_, name)| name.to_owned())
}
