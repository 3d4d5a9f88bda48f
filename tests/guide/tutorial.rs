page!("rust");

use selfsame::{Clock, SystemClock, Timestamp};
use selfsame_world::totp;

use super::terminal::{Terminal, after, is_program};

const TEST: &str = "tutorial::the_tutorial_s_program_signs_a_person_up_and_in";

const PAGE: &str = include_str!("../../docs/guide/rust.md");
const CODE: &str = "Code sent to a…@example.org";
const APP: &str = "Code from your authenticator app";

#[test]
fn the_tutorial_s_program_signs_a_person_up_and_in() {
    if is_program() {
        return main();
    }
    let folder = tempfile::tempdir().unwrap();
    let begun = || {
        let mut terminal = Terminal::open(TEST, folder.path());
        terminal.asked("Passphrase of the store");
        terminal.types("a passphrase of my own");
        terminal
    };
    // The engine also accepts the code of the next half minute. It accepts no code twice.
    let code_of_the_app = |secret: &str, ahead: u64| {
        let at = Timestamp::from_millis(SystemClock.read().wall_ms + ahead * 30_000);
        totp(&secret.into(), at).unwrap().reveal_text().unwrap().to_owned()
    };

    let mut terminal = begun();
    terminal.begins("too short", "up");
    terminal.begins(super::PASSWORD, "up");
    let shown = terminal.asked(CODE);
    let code = after(&shown, "--- the code is ");
    terminal.types("00000000");
    assert!(terminal.asked(CODE).starts_with("the code is wrong or has expired"));
    terminal.types(code);
    let shown = terminal.asked("Turn on a second factor? (yes/no)");
    terminal.types("yes");
    let (_, transcript) = terminal.transcript().split_at(terminal.transcript().find("Passphrase").unwrap());
    let (_, page) = PAGE.split_once("```text\n$ cargo run -q\n").unwrap();
    let (page, _) = page.split_once("```").unwrap();
    // Both change with each run.
    let page = page.replace(after(page, "--- the code is "), code);
    let page = page.replace(after(&page, "\naccount "), after(&shown, "account "));
    assert_eq!(transcript, page);

    let shown = terminal.asked(APP);
    let secret = after(&shown, "Scan this, or type: ");
    terminal.types(&code_of_the_app(secret, 0));
    let shown = terminal.asked("Have you saved the recovery codes? (yes/no)");
    assert_eq!(shown.matches("recovery code: ").count(), 10);
    terminal.types("yes");
    assert!(terminal.close().contains("The second factor is on."));

    let mut terminal = begun();
    terminal.begins(super::PASSWORD, "in");
    terminal.asked(APP);
    terminal.types(&code_of_the_app(secret, 1));
    let shown = terminal.close();
    assert!(shown.contains("account ") && shown.contains("  second factor: on"), "{shown}");
}
