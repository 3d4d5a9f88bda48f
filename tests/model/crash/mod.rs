//! The file never lies: whatever a crash or a failing machine leaves, every act that was acknowledged is there
//! whole, and every other one is there whole or not at all (SPEC 3.4, 5.2, 12.3, 13.1).
//!
//! Acts of every kind, the stories and random acts are recorded on a disk. Each point of the recording is a
//! crash: what was not synced is cut off, torn, lost or out of order, also while the store recovers from such a
//! crash. The store is opened on what is left, without an engine, and its rows are compared with those of the
//! last acknowledged commit and of the one under way. At one point of an act in twenty a new engine opens it,
//! makes the same call again, and goes on.
//!
//! `CRASH_POINTS` is the number of crashes of each mode for each kind of act; `CRASH_SEED` chooses others:
//!
//! ```text
//! CRASH_POINTS=100000 cargo test --release -p selfsame-tests --test model -- --nocapture crash
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test stops at what it did not expect, and prints its figures"
)]

mod crashes;
mod disk;
mod image;
mod kinds;
mod proof;
mod recording;
mod sweep;

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use crashes::{Figures, crash, side_by_side};
use disk::Disk;
use kinds::{Rehearsal, kinds};
use recording::{Found, Recording};
use selfsame_world::story::Story;
use selfsame_world::{World, play_watched};

use crate::acts::Dice;
use crate::stage::Stage;

/// Crashes of each mode for each kind of act, unless it is told otherwise.
const POINTS: usize = 120;
/// Worlds of random acts, and acts in each.
const WORLDS: u64 = 4;
const ACTS: usize = 60;
/// People at work at once (which of their acts share a commit is the machine's choice, not the seed's), and acts of each.
const AT_ONCE: usize = 6;
const TURNS: usize = 12;

fn number(name: &str, otherwise: usize) -> usize {
    std::env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a number"))
}

fn seed() -> u64 {
    number("CRASH_SEED", 1) as u64
}

fn told(what: &str, figures: &Figures) {
    println!("{what}, seed {}: {figures}", seed());
    let few: Vec<_> = figures.failures.iter().take(10).cloned().collect();
    assert!(few.is_empty(), "{} points failed, among them\n{}", figures.failures.len(), few.join("\n"));
    assert!(figures.found(Found::Acknowledged) > 0 && figures.found(Found::InFlight) > 0, "{figures}");
}

#[test]
fn r12_3_what_was_answered_is_durable_and_an_act_is_whole_or_not_there_after_a_crash() {
    let kinds: Vec<_> = kinds().into_iter().map(Rehearsal::of).collect();
    let points = number("CRASH_POINTS", POINTS);
    let figures = side_by_side(&kinds, |act| crash(&act.recording, points, seed(), Some(act)));
    told("acts of each kind", &figures);
    assert_eq!(figures.found(Found::NotMade), 0);
}

#[test]
fn a_crash_in_a_story_loses_nothing_that_was_acknowledged() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("stories");
    let mut stories: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    stories.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    stories.sort();
    assert!(stories.len() > 20);
    let points = number("CRASH_POINTS", POINTS).div_ceil(10);
    let figures = side_by_side(&stories, |path| {
        let story = Story::read(&fs::read_to_string(path).unwrap()).unwrap();
        let disk = Disk::new();
        let mut recording = Recording::named(path.file_stem().unwrap().to_str().unwrap());
        let mut world = World::of(&story).medium(Arc::new(disk.clone())).build();
        recording.acknowledge(&disk, world.engine());
        let played =
            play_watched(&story, &mut world, &mut |world| recording.acknowledge(&disk, world.engine()));
        assert_eq!(played.failure, None, "{}", path.display());
        drop(world);
        recording.log = disk.take_log();
        recording.fill();
        crash(&recording, points, seed(), None)
    });
    told("stories", &figures);
}

#[test]
fn a_crash_in_random_acts_loses_nothing_that_was_acknowledged() {
    let seeds: Vec<u64> = (0..WORLDS).map(|world| seed() + world).collect();
    let points = number("CRASH_POINTS", POINTS);
    let figures = side_by_side(&seeds, |seed| {
        let disk = Disk::new();
        let mut recording = Recording::named(format!("random acts {seed}"));
        recording.is_trusted = seed % 2 == 0;
        let policy = World::policy().verify_at_open(!recording.is_trusted).build().unwrap();
        let world = World::builder().seed(*seed).policy(policy).medium(Arc::new(disk.clone())).build();
        recording.acknowledge(&disk, world.engine());
        let (mut stage, mut dice) = (Stage::new(world).unwrap(), Dice(*seed));
        for _ in 0..ACTS {
            let act = dice.act(&stage.hints());
            stage.act(act).unwrap();
            recording.acknowledge(&disk, stage.world.engine());
        }
        drop(stage);
        recording.log = disk.take_log();
        recording.fill();
        crash(&recording, points, *seed, None)
    });
    told("random acts", &figures);
}

#[test]
fn a_crash_in_a_commit_that_acts_share_leaves_all_of_them_or_none() {
    let seeds: Vec<u64> = (0..WORLDS).map(|world| seed() + world).collect();
    let points = number("CRASH_POINTS", POINTS);
    let commits = AtomicU64::new(0);
    let figures = side_by_side(&seeds, |seed| {
        let disk = Disk::new();
        let world = World::builder().seed(*seed).medium(Arc::new(disk.clone())).build();
        let people: Vec<_> = (0..AT_ONCE)
            .map(|at| world.person(&format!("{at}@example.org"), "a password of theirs"))
            .collect();
        let recording = Mutex::new(Recording::named(format!("shared commits {seed}")));
        recording.lock().unwrap().acknowledge(&disk, world.engine());
        let before = world.engine().commits().unwrap();
        thread::scope(|scope| {
            for person in &people {
                let (world, disk, recording) = (&world, &disk, &recording);
                scope.spawn(move || {
                    for turn in 0..TURNS {
                        world.account(person).set_display_name(Some(&format!("Ada {turn}"))).unwrap();
                        recording.lock().unwrap().acknowledge_among_others(disk, world.engine());
                    }
                });
            }
        });
        commits.fetch_add(world.engine().commits().unwrap() - before, Ordering::SeqCst);
        drop(world);
        let mut recording = recording.into_inner().unwrap();
        recording.log = disk.take_log();
        recording.fill();
        crash(&recording, points, *seed, None)
    });
    told("shared commits", &figures);
    let (commits, acts) = (commits.into_inner(), WORLDS * (AT_ONCE * TURNS) as u64);
    assert!(commits < acts, "{acts} acts made {commits} commits: none was shared");
}
