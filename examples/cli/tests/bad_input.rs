//! Bad input: a clear message, the documented exit code, and an unchanged store.

use std::fs;
use std::io::Read;
use std::process::Stdio;

use crate::desk::{ADA, Desk, PASSWORD, ran, told};

/// An id that nobody has.
const SOMEBODY: &str = "019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e";

const UNDO: &str = "0000-1111-2222-3333-4444-5555";

/// Every command that opens the store, with its standard input.
const COMMANDS: &[(&[&str], &str)] = &[
    (&["sign-up", "ada@example.org", "--password-stdin"], PASSWORD),
    (&["sign-in", "ada@example.org", "--password-stdin"], PASSWORD),
    (&["sign-in", "--account", SOMEBODY, "--password-stdin"], PASSWORD),
    (&["reset-password", "ada@example.org"], ""),
    (&["reauthenticate"], ""),
    (&["begin-federated", "x"], ""),
    (&["continue"], ADA),
    (&["set-keys", "oidc"], r#"{"keys": []}"#),
    (&["step"], ""),
    (&["answer", "cancel"], ""),
    (&["account"], ""),
    (&["sessions"], ""),
    (&["sessions", "end-others"], ""),
    (&["sign-out"], ""),
    (&["methods"], ""),
    (&["methods", "add", "work"], ""),
    (&["methods", "remove", SOMEBODY], ""),
    (&["methods", "adopt-email", SOMEBODY], ""),
    (&["methods", "review", "--yes"], ""),
    (&["password", "change", "--password-stdin"], "one horse of a certain age\nanother horse of that age"),
    (&["password", "add", "ada@example.net", "--password-stdin"], PASSWORD),
    (&["email", "change", "ada@example.net"], ""),
    (&["email", "send-code", "ada@example.net"], ""),
    (&["email", "verify"], "12345678"),
    (&["name", "Ada"], ""),
    (&["contact", "ada@example.net"], ""),
    (&["undo"], UNDO),
    (&["export"], ""),
    (&["explain", "delete"], ""),
    (&["privacy", "request", "access"], ""),
    (&["privacy", "list"], ""),
    (&["privacy", "list-open"], ""),
    (&["privacy", "close", SOMEBODY, SOMEBODY, "--receipt", "done"], ""),
    (&["privacy", "announce", SOMEBODY, SOMEBODY, "--yes"], ""),
    (&["privacy", "erase", SOMEBODY, SOMEBODY, "--yes"], ""),
    (&["support", "find", SOMEBODY, "--operator", "carol"], ""),
    (&["support", "activity", SOMEBODY, "--operator", "carol"], ""),
    (&["support", "delete", SOMEBODY, "--operator", "carol", "--ticket", "T-52", "--yes"], ""),
    (&["support", "records", SOMEBODY], ""),
    (&["purge", "--yes"], ""),
    (&["rekey", "new"], ""),
    (&["mfa"], ""),
    (&["mfa", "enroll"], ""),
    (&["mfa", "confirm"], "123456"),
    (&["mfa", "codes"], ""),
    (&["mfa", "confirm-saved"], ""),
    (&["mfa", "new-codes", "--yes"], ""),
    (&["mfa", "off", "--yes"], ""),
    (&["password", "report-compromised", "--yes"], ""),
    (&["products"], ""),
    (&["open-product", "grok"], ""),
    (&["billing", "grok"], ""),
    (&["manage", "x"], ""),
    (&["delete", "--yes"], ""),
    (&["picker"], ""),
    (&["remove-from-picker", SOMEBODY], ""),
    (&["set-billing", SOMEBODY, "grok", "--customer", "c", "--plan", "p"], ""),
    (&["mark-compromised", SOMEBODY, SOMEBODY, "--yes"], ""),
    (&["renumber", "x", "1", "2", "--yes"], ""),
    (&["messages"], ""),
    (&["audit"], ""),
    (&["health"], ""),
];

#[test]
fn a_store_that_cannot_be_opened_is_unchanged() {
    let desk = Desk::new();
    desk.ada_is_there();
    desk.done(&["begin-federated", "x"], "");
    let other = "00".repeat(32);
    fs::write(desk.path("text"), b"this is no store, however long it is\n".repeat(500)).unwrap();
    fs::write(desk.path("short"), "0123\n").unwrap();
    fs::write(desk.path("noise"), [0xff; 64]).unwrap();
    private(&desk, &["short", "noise"]);
    fs::copy(desk.path("k"), desk.path("readable")).unwrap();
    fs::create_dir(desk.path("folder")).unwrap();
    let mut damaged = fs::read(desk.path("s")).unwrap();
    for byte in damaged.iter_mut().skip(4_096) {
        *byte ^= 0x55;
    }
    fs::write(desk.path("damaged"), &damaged).unwrap();
    let before = (fs::read(desk.path("s")).unwrap(), desk.beside());
    assert_eq!(before.1.len(), 11, "the folder's other files are compared too");

    // Store, key file, key in the environment, exit code, part of the message.
    let mut cases = vec![
        ("nowhere", "k", "", 3, "no store at this path"),
        ("text", "k", "", 3, "not a store"),
        ("folder", "k", "", 3, "not a store"),
        ("damaged", "k", "", 4, "damaged"),
        ("s", "nowhere", "", 3, "no key file"),
        ("s", "short", "", 3, "64 hexadecimal digits"),
        ("s", "noise", "", 3, "64 hexadecimal digits"),
        ("s", "folder", "", 3, "folder"),
        ("s", "", other.as_str(), 3, "the key does not match"),
        ("s", "", "0011", 3, "SELFSAME_KEY is not a key"),
        ("s", "", "", 2, "--key-file"),
        ("", "k", "", 2, "--store"),
    ];
    if cfg!(unix) {
        readable(&desk, "readable");
        cases.push(("s", "readable", "", 3, "can be read by other users"));
    }
    for &(args, stdin) in COMMANDS {
        for (store, key_file, key, code, words) in &cases {
            let mut program = desk.bare();
            // The open flow and the session belong to the good store.
            program.args(args).args(["--flow-file", "s.flow", "--session-file", "s.session"]);
            for (option, value) in [("--store", store), ("--key-file", key_file)] {
                if !value.is_empty() {
                    program.args([option, value]);
                }
            }
            if !key.is_empty() {
                program.env("SELFSAME_KEY", key);
            }
            told(&ran(&mut program, stdin.as_bytes()), *code, words, &format!("{args:?} {store} {key_file}"));
        }
    }
    assert!(before == (fs::read(desk.path("s")).unwrap(), desk.beside()), "every file is as it was");
}

#[test]
fn a_store_that_is_open_elsewhere_is_busy() {
    let desk = Desk::new();
    desk.ada_is_there();
    desk.done(&["begin-federated", "x"], "");
    let held = desk.open();
    held.health().unwrap();
    let before = fs::read(desk.path("s")).unwrap();
    for &(args, stdin) in COMMANDS {
        told(&desk.run(args, stdin.as_bytes()), 5, "already open", &format!("{args:?}"));
    }
    assert!(fs::read(desk.path("s")).unwrap() == before);
    drop(held);
    desk.done(&["account"], "");
}

#[test]
fn invalid_input_is_named_and_nothing_is_done() {
    let desk = Desk::new();
    desk.ada_comes();
    let (stored, flow) = (desk.rows(), desk.beside());
    let garbage: Vec<u8> =
        (0..10_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let up = ["sign-up", "ada@example.org", "--password-stdin"];
    let enter = ["sign-in", "ada@example.org", "--password-stdin"];
    let prove = ["answer", "password", "--password-stdin"];
    let assertion = ["answer", "assertion"];
    let keys = ["set-keys", "oidc"];
    for args in [
        &up[..],
        &enter,
        &prove,
        &["answer", "code"],
        &assertion,
        &["continue"],
        &["continue", "-"],
        &keys,
        &["set-keys", "oidc", "-"],
    ] {
        let about = format!("{args:?}");
        told(&desk.run(args, b""), 2, "standard input is empty", &about);
        told(&desk.run(args, &garbage), 2, "longer than 64 KiB", &about);
    }
    for args in [&["answer", "code"][..], &["answer", "assertion"], &["continue"], &keys] {
        told(&desk.run(args, b"\xff\xfe\xfd"), 2, "not UTF-8", &format!("{args:?}"));
    }
    let (neither, no_statement) = ("neither a statement nor an ID token", "not a valid statement");
    let cases: [(&[&str], &str, i32, &str); 27] = [
        (&[], "", 2, "Usage"),
        (&["sing-up"], "", 2, "unrecognized subcommand"),
        (&["sign-up"], "", 2, "<EMAIL>"),
        (&["sign-up", "ada@example.org"], PASSWORD, 2, "--password-stdin"),
        (&["sign-up", "ada@example.org", "--password", "x"], "", 2, "unexpected argument"),
        (&["sign-up", "no address", "--password-stdin"], PASSWORD, 1, "invalid email address"),
        (&up, "short\n", 1, "at least 15 characters"),
        (&["begin-federated", "myspace"], "", 1, "no such provider"),
        (&["begin-federated", "X Y"], "", 1, "no such provider"),
        (&["continue", "nowhere.json"], "", 2, "nowhere.json cannot be read"),
        (&["continue"], "not JSON", 2, neither),
        (&["continue"], "[]", 2, neither),
        (&["continue"], "Bearer e30.e30.AAAA", 2, neither),
        (&["continue"], r#"{"provider": "x"}"#, 2, no_statement),
        (&["continue"], r#"{"provider": "x", "subject": "1", "secret": "hush"}"#, 2, no_statement),
        (&["continue"], r#"{"provider": "X Y", "subject": "1"}"#, 2, "an invalid provider name"),
        (&["continue", "--intent", "both"], ADA, 2, "invalid value"),
        (&["answer"], "", 2, "Usage"),
        (&["answer", "code"], "12 34", 1, "the code is wrong"),
        (&["answer", "code"], "letters", 1, "the code is wrong"),
        (&["answer", "link", "many"], "", 2, "invalid value"),
        (&["answer", "link", "1"], "", 1, "not offered now"),
        (&["answer", "restore"], "", 1, "not offered now"),
        (&["answer", "assertion"], ADA, 1, "not offered now"),
        (&["account"], "", 2, "nobody is signed in"),
        (&["sessions", "end", "not-an-id"], "", 2, "invalid value"),
        (&["messages", "--delivered", "-1"], "", 2, "unexpected argument"),
    ];
    for (args, stdin, code, words) in cases {
        let ran = desk.run(args, stdin.as_bytes());
        if args.is_empty() || args == ["answer"] {
            assert_eq!(ran.code, 2);
            assert!(ran.err.contains(words), "{ran:?}");
            continue;
        }
        told(&ran, code, words, &format!("{args:?} {stdin}"));
        assert!(!ran.err.contains("hush"), "the input is repeated: {}", ran.err);
        assert_eq!(desk.beside(), flow, "{args:?}");
        assert_eq!(desk.rows(), stored, "{args:?}: rows");
    }
    desk.done(&["answer", "code"], &desk.code());
}

#[test]
fn usage_errors_do_not_touch_a_byte_of_the_store() {
    let desk = Desk::new();
    let before = fs::read(desk.path("s")).unwrap();
    for args in [
        &["continue"][..],
        &["answer", "code"],
        &["step"],
        &["account"],
        &["sign-up", "ada@example.org", "--password-stdin"],
        &["sign-in", "ada@example.org"],
        &["sign-in", "ada@example.org", "--password-stdin", "--session-file", "no/such/folder"],
        &["begin-federated", "x", "--flow-file", "."],
        &["no-such-command"],
    ] {
        assert_eq!(desk.run(args, b"").code, 2, "{args:?}");
    }
    assert!(fs::read(desk.path("s")).unwrap() == before);
}

#[test]
fn tokens_of_another_store_open_nothing() {
    let (desk, others) = (Desk::new(), Desk::new());
    desk.ada_is_there();
    others.ada_comes();
    fs::copy(others.path("s.flow"), desk.path("other.flow")).unwrap();
    others.done(&["answer", "code"], &others.code());
    fs::copy(others.path("s.session"), desk.path("other.session")).unwrap();
    fs::write(desk.path("garbage"), [0xfe; 10_000]).unwrap();
    fs::write(desk.path("swapped"), r#"{"flow": "AAAA", "number": 1}"#).unwrap();
    fs::create_dir(desk.path("folder")).unwrap();
    let stored = desk.rows();
    for args in [&["step"][..], &["answer", "confirm"], &["continue"]] {
        for (file, code, words) in [
            ("other.flow", 1, "the flow has expired; begin again"),
            ("garbage", 2, "begin again"),
            ("swapped", 2, "begin again"),
            ("s.session", 2, "begin again"),
            ("folder", 2, "directory"),
            ("nowhere", 2, "no flow is open"),
        ] {
            let args = [args, &["--flow-file", file]].concat();
            told(&desk.run(&args, ADA.as_bytes()), code, words, &format!("{args:?}"));
        }
    }
    for args in [
        &["account"][..],
        &["sessions"],
        &["sign-out"],
        &["delete", "--yes"],
        &["audit"],
        &["mfa"],
        &["methods"],
        &["contact", "a@example.net"],
        &["export"],
        &["privacy", "list"],
    ] {
        for (file, code, words) in [
            ("other.session", 1, "the session has ended; sign in again"),
            ("garbage", 2, "begin again"),
            ("swapped", 2, "begin again"),
            ("nowhere", 2, "nobody is signed in"),
        ] {
            let args = [args, &["--session-file", file]].concat();
            told(&desk.run(&args, b""), code, words, &format!("{args:?}"));
        }
    }
    assert_eq!(desk.rows(), stored);
}

#[test]
fn an_answer_to_another_step_has_no_effect() {
    let desk = Desk::new();
    desk.ada_comes();
    let kept = fs::read_to_string(desk.path("s.flow")).unwrap();
    let number: u32 =
        serde_json::from_str::<serde_json::Value>(&kept).unwrap()["number"].as_u64().unwrap() as u32;
    let at =
        |number: u32, of: u32| kept.replace(&format!("\"number\":{of}"), &format!("\"number\":{number}"));
    let stored = desk.rows();
    fs::write(desk.path("s.flow"), at(number + 7, number)).unwrap();
    told(&desk.run(&["answer", "skip"], b""), 1, "look at the current step", "a step to come");
    // An earlier call did not write its file, so the answer only shows the step.
    fs::write(desk.path("s.flow"), at(number - 1, number)).unwrap();
    assert!(desk.done(&["answer", "cancel"], "").contains("type the code"));
    assert_eq!(desk.rows(), stored);
    assert_eq!(fs::read_to_string(desk.path("s.flow")).unwrap(), kept);
}

#[test]
fn init_overwrites_nothing() {
    let desk = Desk::new();
    let before = (fs::read(desk.path("s")).unwrap(), desk.beside());
    told(&desk.run(&["init"], b""), 3, "the path already exists", "twice");
    told(&desk.run(&["init", "--store", "k"], b""), 3, "the path already exists", "over the key");
    told(&desk.run(&["init", "--store", "no/such/folder/s"], b""), 2, "does not exist", "no folder");
    told(
        &desk.run(&["init", "--store", "t", "--key-file", "s"], b""),
        3,
        "is not a key file",
        "a store as key",
    );
    if cfg!(unix) {
        fs::write(desk.path("open"), "00".repeat(32)).unwrap();
        readable(&desk, "open");
        told(
            &desk.run(&["init", "--store", "t", "--key-file", "open"], b""),
            3,
            "by other users",
            "readable key",
        );
        fs::remove_file(desk.path("open")).unwrap();
    }
    assert!(before == (fs::read(desk.path("s")).unwrap(), desk.beside()));
}

#[test]
fn json_reports_errors_too() {
    let desk = Desk::new();
    let ran = desk.run(&["begin-federated", "myspace", "--json"], b"");
    assert_eq!((ran.code, ran.out.as_str()), (1, "{\"refused\":\"UnknownProvider\"}\n"));
    let ran = desk.run(&["account", "--json"], b"");
    assert_eq!((ran.code, ran.out.as_str()), (2, "{\"failed\":\"Usage\"}\n"));
    let ran = desk.run(&["health", "--json", "--store", "nowhere"], b"");
    assert_eq!((ran.code, ran.out.as_str()), (3, "{\"failed\":\"NotFound\"}\n"));
}

#[test]
fn tokens_are_in_files_of_mode_600_and_shown_only_when_asked_for() {
    let desk = Desk::new();
    let begun = desk.done(&["begin-federated", "x", "--json"], "");
    let flow = token(&desk, "s.flow", "flow");
    assert!(!begun.contains(&flow), "{begun}");
    let shown = desk.done(&["step", "--show-tokens"], "");
    assert!(shown.contains(&flow), "{shown}");
    desk.done(&["continue", "--intent", "sign-up"], r#"{"provider": "x", "subject": "1"}"#);
    let done = desk.done(&["begin-federated", "x", "--show-tokens", "--json"], "");
    assert!(done.contains(&token(&desk, "s.flow", "flow")), "{done}");
    let done = desk.done(&["continue", "--show-tokens"], r#"{"provider": "x", "subject": "1"}"#);
    assert!(done.contains(&token(&desk, "s.session", "session")), "{done}");
    assert!(!desk.path("s.flow").exists(), "the flow is over");
    #[cfg(unix)]
    for name in ["k", "s.session"] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(desk.path(name)).unwrap().permissions().mode() & 0o777, 0o600, "{name}");
    }
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    let desk = Desk::new();
    desk.ada_is_there();
    for args in [
        &["--help"][..],
        &["completions", "bash"],
        &["man"],
        &["export"],
        &["mfa", "enroll"],
        &["play", "faq"],
        &["account"],
        &["sessions", "--json"],
        &["begin-federated", "x"],
    ] {
        let mut program = desk.program();
        let mut child = program.args(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        drop(child.stdout.take());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""), "{args:?}");
    }
    // The action was done although nobody read the output.
    assert!(desk.done(&["step"], "").contains("sign in at X"));
}

fn token(desk: &Desk, file: &str, member: &str) -> String {
    let kept: serde_json::Value = serde_json::from_slice(&fs::read(desk.path(file)).unwrap()).unwrap();
    kept[member].as_str().unwrap().to_owned()
}

#[cfg(unix)]
fn mode(desk: &Desk, name: &str, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(desk.path(name), fs::Permissions::from_mode(mode)).unwrap();
}

fn private(desk: &Desk, names: &[&str]) {
    #[cfg(unix)]
    names.iter().for_each(|name| mode(desk, name, 0o600));
    #[cfg(not(unix))]
    let _ = (desk, names);
}

fn readable(desk: &Desk, name: &str) {
    #[cfg(unix)]
    mode(desk, name, 0o640);
    #[cfg(not(unix))]
    let _ = (desk, name);
}

#[test]
fn r1_13_a_text_that_cannot_be_shown_is_refused() {
    let desk = Desk::new();
    let rows = desk.rows();
    let sign_up = ["sign-up", "ada@example.org", "--password-stdin", "--device"];
    let find = ["support", "find", SOMEBODY, "--operator"];
    let delete = ["support", "delete", SOMEBODY, "--operator", "carol", "--yes", "--ticket"];
    for (args, field) in [(&sign_up[..], "device label"), (&find, "operator"), (&delete, "ticket")] {
        for (text, problem) in
            [("", "it is empty"), ("x\r\nBcc: y", "it has a character that is not allowed")]
        {
            let ran = desk.run(&[args, &[text]].concat(), PASSWORD.as_bytes());
            told(&ran, 1, &format!("invalid {field}: {problem}"), field);
        }
    }
    assert!(desk.rows() == rows);
}
