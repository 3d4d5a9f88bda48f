//! The program on a terminal: hidden input, questions, and the QR code.

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::process::Stdio;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use crate::desk::{BRIAN, Desk, PASSWORD, shown};

const UP: [&str; 2] = ["sign-up", "ada@example.org"];

/// Runs the program on a terminal and types one line after each prompt. Returns the exit code, the errors, the output,
/// and whether the terminal echoes input again.
fn typed(desk: &Desk, args: &[&str], lines: &[&str], colours: bool) -> (i32, String, String, bool) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap().into_string().unwrap();
    let terminal = OpenOptions::new().read(true).write(true).open(name).unwrap();
    let mut program = desk.program();
    program.env("TERM", "xterm").env_remove("CLICOLOR").env_remove("CLICOLOR_FORCE").env_remove("NO_COLOR");
    if !colours {
        program.env("NO_COLOR", "1");
    }
    program.args(args).stdin(Stdio::from(terminal.try_clone().unwrap()));
    let mut child =
        program.stdout(Stdio::from(terminal.try_clone().unwrap())).stderr(Stdio::piped()).spawn().unwrap();
    drop(program);
    let mut master = std::fs::File::from(master);
    let mut errors = child.stderr.take().unwrap();
    let mut said = Vec::new();
    for line in lines {
        // A prompt ends with a colon and a space.
        while !said.ends_with(b": ") {
            let mut byte = [0];
            assert_eq!(errors.read(&mut byte).unwrap(), 1, "{}", String::from_utf8_lossy(&said));
            said.push(byte[0]);
        }
        said.push(b'|');
        master.write_all(line.as_bytes()).unwrap();
    }
    errors.read_to_end(&mut said).unwrap();
    let code = child.wait().unwrap().code().unwrap();
    let echoes = tcgetattr(&terminal).unwrap().local_modes.contains(LocalModes::ECHO | LocalModes::ICANON);
    // A terminal has no end of output, so a mark ends it.
    writeln!(&terminal, "END").unwrap();
    let mut shown = Vec::new();
    while !shown.ends_with(b"END\r\n") {
        let mut bytes = [0; 1_024];
        let count = master.read(&mut bytes).unwrap();
        shown.extend(&bytes[..count]);
    }
    (code, String::from_utf8(said).unwrap(), String::from_utf8(shown).unwrap(), echoes)
}

#[test]
fn a_typed_password_is_not_shown() {
    let desk = Desk::new();
    let twice = [&*format!("{PASSWORD}\r"), &format!("{PASSWORD}\r")];
    let (code, said, shown, echoes) = typed(&desk, &UP, &twice, true);
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("Password: |\nRepeat the password: |\n"), "{said}");
    assert!(shown.contains("type the code that was sent to a\u{2026}@example.org"), "{shown}");
    assert!(shown.contains("\u{1b}["), "on a terminal there are colours: {shown}");
    assert!(!shown.contains("horse"), "{shown}");
    assert!(echoes, "the terminal is restored");
    assert_eq!(desk.code().len(), 8);
    let (code, _, shown, _) = typed(&desk, &UP, &twice, false);
    assert_eq!((code, shown.contains('\u{1b}')), (0, false), "NO_COLOR: {shown}");
}

#[test]
fn different_passwords_and_ctrl_c_do_nothing_and_restore_the_terminal() {
    let desk = Desk::new();
    let before = std::fs::read(desk.path("s")).unwrap();
    for (lines, why) in [
        (&[&*format!("{PASSWORD}\r"), "another horse of the same age\r"][..], "passwords are different"),
        (&["half a pass\x03"], "cancelled"),
        (&["\r"], "the password is empty"),
    ] {
        let (code, said, shown, echoes) = typed(&desk, &UP, lines, true);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(why) && said.contains("nothing was done"), "{said}");
        assert!(!shown.contains("horse") && !shown.contains("half"), "{shown}");
        assert!(echoes, "the terminal is restored");
    }
    assert_eq!(std::fs::read(desk.path("s")).unwrap(), before);
}

#[test]
fn a_secret_is_drawn_and_its_codes_are_typed_hidden() {
    let desk = Desk::new();
    desk.brian_is_there();
    let (code, _, drawn, _) = typed(&desk, &["mfa", "enroll"], &[], true);
    assert_eq!(code, 0);
    assert!(drawn.contains('\u{2588}') && drawn.contains("\u{1b}[38;5;16;48;5;231m"), "{drawn}");
    let (code, _, drawn, _) = typed(&desk, &["mfa", "enroll", "--json"], &[], true);
    assert!(code == 0 && drawn.starts_with("{\"expires_at\":"), "{drawn}");
    let told = drawn.split("END").next().unwrap();
    let secret = serde_json::from_str::<serde_json::Value>(told).unwrap()["secret"].as_str().unwrap().into();
    let app = shown(&secret, 0);
    let (code, said, seen, echoes) = typed(&desk, &["mfa", "confirm"], &[&format!("{app}\r")], true);
    assert_eq!((code, said.as_str(), echoes), (0, "Code from the app: |\n", true), "{seen}");
    assert!(!seen.contains(&app) && seen.contains("save these recovery codes"), "{seen}");
    desk.done(&["mfa", "confirm-saved"], "");
    desk.done(&["sign-in", BRIAN, "--password-stdin"], PASSWORD);
    let app = shown(&secret, 1);
    let (code, said, seen, _) = typed(&desk, &["answer", "totp"], &[&format!("{app}\r")], true);
    assert!(code == 0 && !seen.contains(&app), "{said} {seen}");
}

#[test]
fn irreversible_actions_need_a_typed_yes() {
    let desk = Desk::new();
    desk.brian_is_there();
    let before = (desk.rows(), desk.beside());
    for line in ["no\r", "y\r", "\r", "\x04"] {
        let (code, said, _, _) = typed(&desk, &["delete"], &[line], true);
        assert!(code == 2 && said.contains("not confirmed; nothing was done"), "{line:?}: {said}");
    }
    assert!(before == (desk.rows(), desk.beside()));
    let (code, said, seen, _) = typed(&desk, &["delete"], &["yes\r"], true);
    assert!(
        said.starts_with("This ends all sessions, and deletes the account for good in 30 days."),
        "{said}"
    );
    assert!(code == 0 && seen.contains("the account can be restored until"), "{said} {seen}");
}
