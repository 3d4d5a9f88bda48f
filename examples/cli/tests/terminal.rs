//! A password is typed on a terminal that does not show it.
#![cfg(unix)]

use std::fs::OpenOptions;
use std::io::{Read, Write};
use std::process::Stdio;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use crate::desk::{Desk, PASSWORD};

/// Signs up on a terminal, typing one line after each prompt: exit code, errors, what the terminal showed,
/// and whether it shows what is typed again.
fn typed(desk: &Desk, lines: &[&str], colours: bool) -> (i32, String, String, bool) {
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
    program.args(["sign-up", "ada@example.org"]).stdin(Stdio::from(terminal.try_clone().unwrap()));
    let mut child =
        program.stdout(Stdio::from(terminal.try_clone().unwrap())).stderr(Stdio::piped()).spawn().unwrap();
    drop(program);
    let mut master = std::fs::File::from(master);
    let mut errors = child.stderr.take().unwrap();
    let mut said = Vec::new();
    for line in lines {
        // A prompt ends with a colon and a blank.
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
    // The reader of a terminal meets no end: a mark is one.
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
fn a_password_that_is_typed_is_not_shown() {
    let desk = Desk::new();
    let twice = [&*format!("{PASSWORD}\r"), &format!("{PASSWORD}\r")];
    let (code, said, shown, echoes) = typed(&desk, &twice, true);
    assert_eq!(code, 0, "{said}");
    assert!(said.starts_with("Password: |\nThe same again: |\n"), "{said}");
    assert!(shown.contains("type the code that was sent to a\u{2026}@example.org"), "{shown}");
    assert!(shown.contains("\u{1b}["), "on a terminal there are colours: {shown}");
    assert!(!shown.contains("horse"), "{shown}");
    assert!(echoes, "the terminal is as it was");
    assert_eq!(desk.code().len(), 8);
    let (code, _, shown, _) = typed(&desk, &twice, false);
    assert_eq!((code, shown.contains('\u{1b}')), (0, false), "NO_COLOR: {shown}");
}

#[test]
fn two_passwords_and_ctrl_c_do_nothing_and_leave_the_terminal_as_it_was() {
    let desk = Desk::new();
    let before = std::fs::read(desk.path("s")).unwrap();
    for (lines, why) in [
        (&[&*format!("{PASSWORD}\r"), "another horse of the same age\r"][..], "two passwords"),
        (&["half a pass\x03"], "given up"),
        (&["\r"], "no password was given"),
    ] {
        let (code, said, shown, echoes) = typed(&desk, lines, true);
        assert_eq!(code, 2, "{said}");
        assert!(said.contains(why) && said.contains("nothing was done"), "{said}");
        assert!(!shown.contains("horse") && !shown.contains("half"), "{shown}");
        assert!(echoes, "the terminal is as it was");
    }
    assert_eq!(std::fs::read(desk.path("s")).unwrap(), before);
}
