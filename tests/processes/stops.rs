//! A process that is stopped while it has the file open.

use std::thread;

use crate::servant::{ALREADY_OPEN, DONE, Servant, name, open, serve, with_ada};
use crate::{below, is_process};

const STOPS: usize = 20;
/// The longest time of an act before it is stopped, in yields of the thread.
const TURNS: usize = 3_000;

const TEST: &str = "stops::a_stopped_process_keeps_its_file_and_others_do_not_wait";

#[test]
fn a_stopped_process_keeps_its_file_and_others_do_not_wait() {
    if let Some(file) = is_process() {
        return serve(&file);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store");
    let ada = with_ada(&file);
    let asleep = open(&file).unwrap();
    asleep.engine().suspend().unwrap();
    let mut holder = Servant::of(TEST, &file);
    assert_eq!(holder.does("open"), DONE);
    for stop in 1..=STOPS {
        // Stops it somewhere in the act, or just after it.
        holder.order(&format!("rename {} Ada{stop}", ada.reveal()));
        (0..below(TURNS)).for_each(|_| thread::yield_now());
        holder.stop();
        assert_eq!(open(&file).err(), Some(ALREADY_OPEN));
        assert_eq!(name(&asleep, &ada), Err(ALREADY_OPEN), "a suspended store must not wake");
        holder.go_on();
        assert_eq!(holder.answer(), DONE);
    }
    holder.stop();
    holder.kill();
    let last = Some(format!("Ada{STOPS}"));
    assert_eq!(name(&asleep, &ada).unwrap(), last, "a suspended store must wake");
    drop(asleep);
    let world = open(&file).unwrap();
    assert_eq!(name(&world, &ada).unwrap(), last);
    crate::goes_on(&world);
}
