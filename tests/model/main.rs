//! Random acts by two people, an attacker and support on up to four accounts, compared with a plain model.
//! The model says which acts must succeed, which must be refused, and what no act may change.
//!
//! A failure prints its seed and is reduced to the fewest acts that cause it. `MODEL_SEED` adds a seed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test panics on anything unexpected"
)]

mod acts;
mod adversary;
mod answers;
mod around;
mod arrivals;
mod crash;
mod flows;
mod hints;
mod model;
mod owner;
mod proof;
#[path = "../search"]
mod search {
    pub(crate) mod acts;
    pub(crate) mod adversaries;
    pub(crate) mod promises;
    pub(crate) mod scene;
    mod walk;
}
mod shrink;
mod stage;
mod thieves;
mod told;
mod undos;
mod watch;

use std::collections::BTreeMap;
use std::thread;

use acts::{Act, Dice};
use selfsame_world::World;
use stage::Stage;

/// The acts of one world.
const IN_ONE_WORLD: usize = 250;
const ACTS: usize = 100_000;
const AT_ONCE: u64 = 2;
/// The number of kinds of failures that are printed.
const KINDS: usize = 14;

/// The result of a run.
struct Run {
    acts: Vec<Act>,
    calls: usize,
    refusals: usize,
    reached: BTreeMap<&'static str, usize>,
    broken: Option<String>,
}

fn run(seed: u64) -> Run {
    let mut dice = Dice(seed);
    let mut stage = Stage::new(World::builder().seed(seed).build()).unwrap();
    let mut acts = Vec::new();
    let mut broken = None;
    while acts.len() < IN_ONE_WORLD && broken.is_none() {
        let act = dice.act(&stage.hints());
        acts.push(act);
        broken = stage.act(act).err();
    }
    if broken.is_none() {
        broken = stage.look_around().err();
    }
    Run { acts, calls: stage.calls, refusals: stage.refusals, reached: stage.reached, broken }
}

/// Runs a list of acts in a new world and returns what broke.
fn replay(seed: u64, acts: &[Act]) -> (Stage, Option<String>) {
    let mut stage = Stage::new(World::builder().seed(seed).build()).unwrap();
    let broken = acts.iter().find_map(|act| stage.act(*act).err());
    let broken = broken.or_else(|| stage.look_around().err());
    (stage, broken)
}

#[test]
fn a_hundred_thousand_acts_follow_the_model() {
    let worlds = ACTS as u64 / IN_ONE_WORLD as u64;
    let own = std::env::var("MODEL_SEED").ok().and_then(|seed| seed.parse().ok());
    let first = own.unwrap_or(1_u64);
    println!("seeds {first} to {}", first + worlds - 1);
    let (mut calls, mut refusals, mut failed) = (0, 0, Vec::new());
    let mut reached: BTreeMap<&str, usize> = BTreeMap::new();
    thread::scope(|scope| {
        let part = |of: u64| (0..worlds).filter(move |world| world % AT_ONCE == of);
        let threads: Vec<_> = (0..AT_ONCE)
            .map(|of| {
                scope.spawn(move || {
                    part(of).map(|world| (first + world, run(first + world))).collect::<Vec<_>>()
                })
            })
            .collect();
        for (seed, run) in threads.into_iter().flat_map(|thread| thread.join().unwrap()) {
            (calls, refusals) = (calls + run.calls, refusals + run.refusals);
            for (what, often) in run.reached {
                *reached.entry(what).or_default() += often;
            }
            failed.extend(run.broken.map(|broken| (seed, run.acts, broken)));
        }
    });
    println!("{calls} calls, {refusals} of them refused; {reached:?}");
    if let Some(told) = told(&failed) {
        panic!("{} worlds broke\n{told}", failed.len());
    }
    assert!(calls > ACTS / 3, "the acts did too little: {calls}");
}

/// Describes the failures, one of each kind, with the fewest acts that cause it, and writes each as a story.
fn told(failed: &[(u64, Vec<Act>, String)]) -> Option<String> {
    let mut kinds = BTreeMap::new();
    for (seed, acts, broken) in failed {
        let kind: String = broken.chars().filter(|letter| !letter.is_ascii_digit()).take(38).collect();
        kinds.entry(kind).or_insert((seed, acts, broken));
    }
    let told = kinds.values().take(KINDS).map(|(seed, acts, broken)| {
        let few = shrink::shrink(acts, |acts| replay(**seed, acts).1.is_some());
        let list: Vec<_> = few.iter().map(|act| format!("    {act:?},")).collect();
        let (mut stage, again) = replay(**seed, &few);
        let story = stage.write_story(**seed, again.as_deref()).unwrap();
        format!(
            "seed {seed}: {broken}\n  as few acts as do: {again:?}\n{}\n  as a story: {}",
            list.join("\n"),
            story.display()
        )
    });
    (!failed.is_empty()).then(|| told.collect::<Vec<_>>().join("\n\n"))
}
