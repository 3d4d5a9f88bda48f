//! A process that is killed while it creates stores.

use std::path::Path;
use std::thread;

use selfsame_world::World;

use crate::{Process, below, goes_on, is_process};

const KILLS: u64 = 12;
const TEST: &str = "creation::a_process_killed_while_creating_a_store_leaves_no_file_or_a_complete_one";

/// Uses true randomness, because a seed would give the temporary file the name of a leftover.
fn make(folder: &Path, number: u64) -> World {
    World::builder().real_entropy().file(&folder.join(number.to_string())).build()
}

#[test]
fn a_process_killed_while_creating_a_store_leaves_no_file_or_a_complete_one() {
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
            assert!(process.child.try_wait().unwrap().is_none(), "the process that creates stores has ended");
            thread::yield_now();
        }
        (0..below(50)).for_each(|_| thread::yield_now());
        process.kill();
        let made = (0_u64..).take_while(|number| folder.path().join(number.to_string()).exists()).count();
        // The kill hit the creation of the last file. The files before it are complete.
        for number in made.saturating_sub(3)..made {
            let opened = World::builder().open_file(&folder.path().join(number.to_string())).try_build();
            let world =
                opened.unwrap_or_else(|error| panic!("round {round}, file {number} of {made}: {error}"));
            goes_on(&world);
            whole += 1;
        }
        // A leftover does not block another creation.
        goes_on(&make(folder.path(), made as u64));
    }
    println!("{KILLS} processes killed, all {whole} files checked are complete");
    assert!(whole >= KILLS, "{whole}");
}
