//! Whether the time of an answer reveals if an email is known (SPEC 2.7, 4.2, 4.7). The first measurement has a store
//! in memory and a hasher that costs nothing, so that every microsecond shows. The second has a file and Argon2id,
//! as in practice.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

use selfsame::{Argon2Hasher, Client, HashCost, Secret};
use selfsame_world::{World, hours, minutes};

use crate::measure::{Part, rounds_after, timed};
use crate::report::Report;
use crate::stores::{self, PASSWORD};

const WRONG: &str = "a wrong password";
/// The number of emails of each kind. They take turns, so that none gets too many messages a day.
const EMAILS: usize = 200;
/// The failures that lock a password, existing or not.
const LOCKED: usize = 100;
/// Acts, with the names of the two cases that a stranger must not be able to tell apart.
const PAIRS: [[&str; 3]; 4] = [
    ["sign-in", "known, wrong password", "unknown"],
    ["throttled sign-in", "known, right password", "unknown, throttled"],
    ["sign-up", "known", "unknown"],
    ["reset", "known", "unknown"],
];

pub(crate) fn enumeration(report: &mut Report, folder: &Path) {
    let cheap = World::builder().real_entropy().build();
    measure(report, "enumeration-bare", "without hash, in memory", &cheap, 1_000);
    let policy = World::policy().hash_cost(HashCost::default()).build().unwrap();
    let hasher = Arc::new(Argon2Hasher::new(1));
    let real = stores::world(hasher).file(&folder.join("enumeration")).policy(policy).build();
    measure(report, "enumeration", "with Argon2id, in a file", &real, 100);
}

fn measure(report: &mut Report, family: &str, on: &str, world: &World, count: usize) {
    prepare(world);
    let round = Cell::new(0);
    let mut parts = Vec::new();
    for [act, one, other] in PAIRS {
        for who in [one, other] {
            let round = &round;
            parts.push(Part::new(format!("{act}, {who}"), move || run(world, act, who == one, round.get())));
        }
    }
    let before = |now| {
        round.set(now);
        world.mailbox().clear();
        // The clock's mark is due once a minute. Writing it here keeps its row out of the measurement.
        world.later(minutes(1));
        drop(world.sign_in("nobody@example.net", WRONG));
    };
    let samples = rounds_after(report.rounds(count), before, parts);
    report.family(family, &format!("Known and unknown emails, {on}"), "microseconds", &samples);
    if family == "enumeration" {
        for [act, one, other] in PAIRS {
            let ratio = samples.ratio(&format!("{act}, {one}"), &[&format!("{act}, {other}")]);
            report.at_most(&format!("{act}: known / unknown"), 1.05, ratio);
        }
    }
}

/// Makes the known accounts, and locks a known and an unknown email.
fn prepare(world: &World) {
    for number in 0..EMAILS {
        world.person(&email("known", number), PASSWORD);
        world.mailbox().clear();
        world.later(minutes(1));
    }
    world.person("known-and-locked@example.org", PASSWORD);
    for _ in 0..LOCKED {
        for who in ["known", "stray"] {
            drop(world.sign_in(&format!("{who}-and-locked@example.org"), WRONG));
        }
        world.later(hours(1));
    }
}

fn email(who: &str, number: usize) -> String {
    format!("{who}{:03}@example.org", number % EMAILS)
}

fn run(world: &World, act: &str, is_known: bool, round: usize) -> f64 {
    let (engine, client, password) = (world.engine(), Client::on("laptop"), Secret::from(PASSWORD));
    let who = if is_known { "known" } else { "stray" };
    let (email, locked) = (email(who, round), format!("{who}-and-locked@example.org"));
    match act {
        "sign-in" => timed(|| drop(engine.sign_in(&email, &Secret::from(WRONG), &client))).0,
        "throttled sign-in" => timed(|| drop(engine.sign_in(&locked, &password, &client))).0,
        "sign-up" => timed(|| engine.sign_up(&email, &password, &client).unwrap()).0,
        _ => timed(|| engine.reset_password(&email, &client).unwrap()).0,
    }
}
