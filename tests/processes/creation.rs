//! A process that is killed while it makes stores in files.

use std::path::Path;
use std::thread;

use selfsame_world::World;

use crate::{Process, below, goes_on, is_process};

const KILLS: u64 = 12;
const TEST: &str = "creation::a_process_killed_while_it_makes_a_file_leaves_none_or_a_whole_one";

/// With true randomness: a seed would give the temporary file the name of one that was left.
fn make(folder: &Path, number: u64) -> World {
    World::builder().real_entropy().file(&folder.join(number.to_string())).build()
}

#[test]
fn a_process_killed_while_it_makes_a_file_leaves_none_or_a_whole_one() {
    if let Some(folder) = is_process() {
        for number in 0_u64.. {
            make(&folder, number);
        }
    }
    let mut whole = 0;
    for round in 0..KILLS {
        let folder = tempfile::tempdir().unwrap();
        let mut process = Process::run(Process::command(TEST, folder.path()));
        let last = folder.path().join(below(4).to_string());
        while !last.exists() {
            assert!(process.child.try_wait().unwrap().is_none(), "the process that makes stores has ended");
            thread::yield_now();
        }
        (0..below(50)).for_each(|_| thread::yield_now());
        process.kill();
        let made = (0_u64..).take_while(|number| folder.path().join(number.to_string()).exists()).count();
        // The kill met the making of the last; those long before it were finished in peace.
        for number in made.saturating_sub(3)..made {
            let opened = World::builder().open_file(&folder.path().join(number.to_string())).try_build();
            let world =
                opened.unwrap_or_else(|error| panic!("round {round}, file {number} of {made}: {error}"));
            goes_on(&world);
            whole += 1;
        }
        // What was not finished stands in nobody's way.
        goes_on(&make(folder.path(), made as u64));
    }
    println!("{KILLS} processes killed, {whole} files of theirs are whole, none is not");
    assert!(whole >= KILLS, "{whole}");
}
