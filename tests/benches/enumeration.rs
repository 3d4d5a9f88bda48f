//! Whether time tells a known email from an unknown one (SPEC 2.7, 4.2, 4.7).
//!
//! `cargo bench --bench enumeration` prints medians, and the ratio of known to unknown. In each round
//! everything is measured once, in an order of the round's own. First with a hasher that costs nothing, on
//! a store in memory, where every microsecond shows; then with Argon2id, on a file, as a stranger meets it.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a measurement stops where it cannot go on"
)]

use std::io::{self, Write as _};
use std::sync::Arc;
use std::time::{Duration, Instant};

use selfsame::testing::SeededEntropy;
use selfsame::{Argon2Hasher, Client, Entropy, HashCost, Secret};
use selfsame_world::{World, hours, minutes};

const CHEAP_ROUNDS: usize = 2_000;
const REAL_ROUNDS: usize = 150;
const WARM_UP: usize = 10;
const PASSWORD: &str = "correct horse battery staple";
const WRONG: &str = "a wrong password";
/// So many emails of either kind take turns, so that none gets too many messages a day.
const EMAILS: usize = 200;
/// What locks a password, or what would be one.
const LOCKED: usize = 100;
/// How far the medians of two that must be alike may part, with a hash that costs what it should.
const AIM: f64 = 0.05;

#[derive(Clone, Copy)]
enum Part {
    SignIn(Who, &'static str),
    SignUp(Who),
    Reset(Who),
}

#[derive(Clone, Copy)]
enum Who {
    Known,
    Unknown,
    KnownThrottled,
    UnknownThrottled,
}

const PARTS: [(Part, &str); 9] = [
    (Part::SignIn(Who::Known, WRONG), "sign-in, known, wrong password"),
    (Part::SignIn(Who::Unknown, WRONG), "sign-in, unknown"),
    (Part::SignIn(Who::KnownThrottled, PASSWORD), "throttled, known, right password"),
    (Part::SignIn(Who::UnknownThrottled, PASSWORD), "throttled, unknown"),
    (Part::SignUp(Who::Known), "sign-up, known"),
    (Part::SignUp(Who::Unknown), "sign-up, unknown"),
    (Part::Reset(Who::Known), "reset, known"),
    (Part::Reset(Who::Unknown), "reset, unknown"),
    (Part::SignIn(Who::Known, PASSWORD), "sign-in, known, right password"),
];
/// The first of each two parts that a stranger must not tell from each other.
const PAIRS: [usize; 4] = [0, 2, 4, 6];

fn main() -> io::Result<()> {
    let cheap = World::builder().real_entropy().build();
    measure("a hasher that costs nothing, a store in memory", &cheap, CHEAP_ROUNDS)?;
    let folder = tempfile::tempdir()?;
    let real = World::builder()
        .file(&folder.path().join("accounts"))
        .policy(World::policy().hash_cost(HashCost::default()).build().unwrap())
        .hasher(Arc::new(Argon2Hasher::new(1)))
        .real_entropy()
        .build();
    measure("Argon2id, 19 MiB, 2 passes, a store in a file", &real, REAL_ROUNDS)
}

fn measure(on: &str, world: &World, rounds: usize) -> io::Result<()> {
    prepare(world);
    let order = SeededEntropy::new(1);
    let mut times: [Vec<Duration>; PARTS.len()] = Default::default();
    for round in 0..WARM_UP + rounds {
        // The clock's mark is due once a minute: its row is not written with what is measured.
        world.later(minutes(1));
        drop(world.sign_in("nobody@example.net", WRONG));
        let mut measured = [Duration::ZERO; PARTS.len()];
        for at in shuffled(&order) {
            measured[at] = run(world, PARTS[at].0, round);
        }
        world.mailbox().clear();
        if round >= WARM_UP {
            times.iter_mut().zip(measured).for_each(|(times, time)| times.push(time));
        }
    }
    report(on, rounds, &mut times)
}

/// Everybody who is known, and two whose tries are over.
fn prepare(world: &World) {
    for number in 0..EMAILS {
        world.person(&email(Who::Known, number), PASSWORD);
        world.mailbox().clear();
        world.later(minutes(1));
    }
    world.person(&email(Who::KnownThrottled, 0), PASSWORD);
    for _ in 0..LOCKED {
        for who in [Who::KnownThrottled, Who::UnknownThrottled] {
            drop(world.sign_in(&email(who, 0), WRONG));
        }
        world.later(hours(1));
    }
}

fn email(who: Who, number: usize) -> String {
    let number = number % EMAILS;
    match who {
        Who::Known => format!("known{number:03}@example.org"),
        Who::Unknown => format!("stray{number:03}@example.org"),
        Who::KnownThrottled => "known-and-locked@example.org".to_owned(),
        Who::UnknownThrottled => "stray-and-locked@example.org".to_owned(),
    }
}

fn run(world: &World, part: Part, round: usize) -> Duration {
    let (engine, client) = (world.engine(), Client::on("laptop"));
    match part {
        Part::SignIn(who, password) => {
            // Who signs in with the right password is another than who fails in this round.
            let number = if password == WRONG { round } else { round + EMAILS / 2 };
            let (email, password) = (email(who, number), Secret::from(password));
            timed(|| drop(engine.sign_in(&email, &password, &client)))
        }
        Part::SignUp(who) => {
            let (email, password) = (email(who, round), Secret::from(PASSWORD));
            timed(|| drop(engine.sign_up(&email, &password, &client).unwrap()))
        }
        Part::Reset(who) => {
            let email = email(who, round);
            timed(|| drop(engine.reset_password(&email, &client).unwrap()))
        }
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

fn report(on: &str, rounds: usize, times: &mut [Vec<Duration>; PARTS.len()]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    let build = if cfg!(debug_assertions) { ", without optimisation: the figures mean little" } else { "" };
    writeln!(out, "{rounds} rounds, {on}{build}\n")?;
    writeln!(out, "{:36}{:>14}{:>14}{:>14}", "", "median", "1st decile", "9th decile")?;
    for ((_, name), times) in PARTS.iter().zip(&mut *times) {
        times.sort_unstable();
        let shown = |tenth| format!("{:.1} \u{b5}s", micros(times, tenth));
        writeln!(out, "{name:36}{:>14}{:>14}{:>14}", shown(5), shown(1), shown(9))?;
    }
    writeln!(out, "\nknown / unknown, with the hash of policy within {AIM} of 1:")?;
    for at in PAIRS {
        let (known, unknown) = (micros(&times[at], 5), micros(&times[at + 1], 5));
        let (name, apart) = (PARTS[at].1, known - unknown);
        writeln!(out, "{name:36}{:>14.3}{:>14}", known / unknown, format!("{apart:+.1} \u{b5}s"))?;
    }
    writeln!(out)
}

fn micros(sorted: &[Duration], tenth: usize) -> f64 {
    sorted[sorted.len() * tenth / 10].as_secs_f64() * 1e6
}
