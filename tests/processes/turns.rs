//! Two processes that use one file in turn.

use crate::is_process;
use crate::servant::{ALREADY_OPEN, DONE, Servant, name, open, serve, told, with_ada};

const TURNS: usize = 20;

const TEST: &str = "turns::two_processes_suspend_and_wake_in_turn_and_see_each_others_acts";

#[test]
fn two_processes_suspend_and_wake_in_turn_and_see_each_others_acts() {
    if let Some(file) = is_process() {
        return serve(&file);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store");
    let ada = with_ada(&file);
    let (look, rename) = (format!("look {}", ada.reveal()), format!("rename {}", ada.reveal()));
    let mut both = [Servant::of(TEST, &file), Servant::of(TEST, &file)];
    for each in &mut both {
        assert_eq!((each.does("open"), each.does("suspend")), (DONE.to_owned(), DONE.to_owned()));
    }
    let mut last = String::new();
    for turn in 1..=TURNS {
        let [one, other] = &mut both;
        assert_eq!(one.does(&look), last, "one process does not see the other's act");
        last = format!("Ada{turn}");
        assert_eq!(one.does(&format!("{rename} {last}")), DONE);
        // A process that wakes while the other has the file is refused, and loses nothing.
        assert_eq!(other.does(&look), told(&ALREADY_OPEN));
        assert_eq!(other.does(&format!("{rename} Eve")), told(&ALREADY_OPEN));
        assert_eq!(one.does("suspend"), DONE);
        both.swap(0, 1);
    }
    let world = open(&file).unwrap();
    assert_eq!(name(&world, &ada).unwrap(), Some(last));
    crate::goes_on(&world);
}
