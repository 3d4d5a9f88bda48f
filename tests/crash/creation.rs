//! A process that is killed while it makes stores in files.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use selfsame_world::World;

use crate::acts::Dice;
use crate::kinds::goes_on;

const KILLS: u64 = 12;
/// Tells this test that it is the process to be killed, and where it makes its stores.
const MAKES_AT: &str = "CRASH_MAKES_AT";

/// A child that does not outlive the test.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// With true randomness: a seed would give the temporary file the name of one that was left.
fn make(folder: &Path, number: u64) -> World {
    World::builder().real_entropy().file(&folder.join(number.to_string())).build()
}

#[test]
fn a_process_killed_while_it_makes_a_file_leaves_none_or_a_whole_one() {
    if let Some(folder) = std::env::var_os(MAKES_AT) {
        for number in 0_u64.. {
            make(Path::new(&folder), number);
        }
    }
    let (mut dice, mut whole) = (Dice(crate::seed()), 0);
    for round in 0..KILLS {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(std::env::current_exe().unwrap());
        child
            .args(["--exact", "creation::a_process_killed_while_it_makes_a_file_leaves_none_or_a_whole_one"]);
        child.env(MAKES_AT, folder.path()).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = Killed(child.spawn().unwrap());
        let last = folder.path().join(dice.below(4).to_string());
        while !last.exists() {
            assert!(child.0.try_wait().unwrap().is_none(), "the process that makes stores has ended");
            thread::yield_now();
        }
        (0..dice.below(50)).for_each(|_| thread::yield_now());
        drop(child);
        let made = (0_u64..).take_while(|number| folder.path().join(number.to_string()).exists()).count();
        // The kill met the making of the last; those long before it were finished in peace.
        for number in made.saturating_sub(3)..made {
            let opened = World::builder().open_file(&folder.path().join(number.to_string())).try_build();
            let world =
                opened.unwrap_or_else(|error| panic!("round {round}, file {number} of {made}: {error}"));
            goes_on(world.engine()).unwrap();
            whole += 1;
        }
        // What was not finished stands in nobody's way.
        goes_on(make(folder.path(), made as u64).engine()).unwrap();
    }
    println!("{KILLS} processes killed, {whole} files of theirs are whole, none is not");
    assert!(whole >= KILLS, "{whole}");
}
