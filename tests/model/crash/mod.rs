//! After a crash or a failure of the machine, the file contains every acknowledged act completely, and every
//! other act completely or not at all (SPEC 3.4, 5.2, 12.3, 13.1).
//!
//! Acts of every kind, the stories and random acts are recorded on a disk. The test then crashes at many
//! points of the recording: unsynced writes are cut off, torn, lost or reordered, also while the store
//! recovers from such a crash. After each crash the test opens the store without an engine and compares its
//! rows with those of the last acknowledged commit and of the current one. At one point in twenty, a new
//! engine opens the store, repeats the call and continues.
//!
//! `CRASH_POINTS` sets the number of crashes in each mode for each kind of act. `CRASH_SEED` selects other
//! points:
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
    reason = "a test panics on anything unexpected, and prints its figures"
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

/// The default number of crashes in each mode for each kind of act.
const POINTS: usize = 120;
/// The number of worlds with random acts, and the acts in each.
const WORLDS: u64 = 4;
const ACTS: usize = 60;
/// The number of people who act at once, and the acts of each. The machine decides which acts share a commit;
/// the seed does not.
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
fn r12_3_after_a_crash_acknowledged_acts_are_durable_and_others_are_complete_or_absent() {
    let kinds: Vec<_> = kinds().into_iter().map(Rehearsal::of).collect();
    let points = number("CRASH_POINTS", POINTS);
    let figures = side_by_side(&kinds, |act| crash(&act.recording, points, seed(), Some(act)));
    told("acts of each kind", &figures);
    assert_eq!(figures.found(Found::NotMade), 0);
}

#[test]
fn a_crash_in_a_story_loses_no_acknowledged_act() {
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
fn a_crash_in_random_acts_loses_no_acknowledged_act() {
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
fn a_crash_in_a_shared_commit_keeps_all_of_its_acts_or_none() {
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
    assert!(commits < acts, "{acts} acts made {commits} commits, so no commit was shared");
}
