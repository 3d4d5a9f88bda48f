//! Man pages of the program, of one command and of all commands.

use std::fs;

use crate::desk::{Desk, told};

#[test]
fn every_command_has_a_page_with_the_text_of_its_help() {
    let desk = Desk::new();
    let whole = desk.done(&["man"], "");
    assert!(whole.starts_with(".ie") && whole.contains(".TH selfsame 1"), "{whole}");
    for part in ["mfa", "Exit codes", "SELFSAME_STORE"] {
        assert!(whole.contains(part), "{part}: {whole}");
    }
    let enroll = desk.done(&["man", "mfa", "enroll"], "");
    assert!(enroll.contains("selfsame\\-mfa\\-enroll") && enroll.contains("\\-\\-svg"), "{enroll}");
    assert!(enroll.contains("Requires fresh proof") && enroll.contains("Reads the store"), "{enroll}");

    fs::create_dir(desk.path("man1")).unwrap();
    assert_eq!(desk.done(&["man", "--to", "man1"], ""), "");
    let pages = fs::read_dir(desk.path("man1")).unwrap().count();
    assert!(pages > 50, "{pages}");
    assert_eq!(fs::read_to_string(desk.path("man1").join("selfsame-mfa-enroll.1")).unwrap(), enroll);
    assert_eq!(fs::read_to_string(desk.path("man1").join("selfsame.1")).unwrap(), whole);
}

#[test]
fn an_unknown_command_and_a_missing_directory_are_named() {
    let desk = Desk::new();
    told(&desk.run(&["man", "mfa", "of"], b""), 2, "there is no command \"mfa of\"", "no command");
    told(&desk.run(&["man", "--to", "nowhere"], b""), 2, "selfsame.1 cannot be written", "no directory");
    told(&desk.run(&["man", "mfa", "--to", "."], b""), 2, "cannot be used with", "both");
}
