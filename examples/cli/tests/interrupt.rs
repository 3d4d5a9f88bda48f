//! Ctrl-C during an action: the store opens, the action is done or not done, and the next call works.

use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use selfsame::{Answer, Client, Clock, Engine, Environment, Reading, SystemClock};
use selfsame_world::Hand;
use serde_json::Value;

use crate::desk::{BRIAN, Desk, PASSWORD, now};

/// How often an action is interrupted: at its first change of the file, at its second, and so on.
const TIMES: usize = 8;
/// The observable changes of the file during a call: some at opening, before a password is hashed, the others while
/// the action is written.
const MOMENTS: usize = 8;
const ENTER: [&str; 3] = ["sign-in", BRIAN, "--password-stdin"];

/// Starts the call with an open standard input.
fn begun(desk: &Desk, args: &[&str]) -> Child {
    let mut program = desk.program();
    program.args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    program.spawn().unwrap()
}

/// Interrupts the call at this change of the store's file. Returns false if the call ended before that.
fn interrupted(desk: &Desk, args: &[&str], stdin: &str, moment: usize) -> bool {
    let mut seen = fs::read(desk.path("s")).unwrap();
    let mut child = begun(desk, args);
    child.stdin.take().unwrap().write_all(stdin.as_bytes()).unwrap();
    let mut changes = 0;
    while changes < moment {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        let now = fs::read(desk.path("s")).unwrap();
        if now != seen {
            changes += 1;
            seen = now;
        }
    }
    ends_by_it(child)
}

fn ends_by_it(child: Child) -> bool {
    // An ended process keeps its id until it is waited for.
    kill_process(Pid::from_child(&child), Signal::INT).unwrap();
    child.wait_with_output().unwrap().status.signal() == Some(Signal::INT.as_raw())
}

/// Interrupts the call at every moment, each time from the current state of the folder. Then calls `look` with whether
/// a row was changed.
fn interrupt(desk: &Desk, args: &[&str], stdin: &str, look: impl Fn(bool)) {
    let (store, rows, files) = (fs::read(desk.path("s")).unwrap(), desk.rows(), desk.beside());
    let mut count = 0;
    for round in 0..TIMES * 20 {
        for name in desk.beside().into_keys().filter(|name| !files.contains_key(name)) {
            fs::remove_file(desk.path(&name)).unwrap();
        }
        fs::write(desk.path("s"), &store).unwrap();
        files.iter().for_each(|(name, bytes)| fs::write(desk.path(name), bytes).unwrap());
        count += usize::from(interrupted(desk, args, stdin, 1 + round % MOMENTS));
        look(desk.rows() != rows);
        if count == TIMES {
            return;
        }
    }
    panic!("{args:?} was interrupted {count} times");
}

fn count(desk: &Desk, figure: &str) -> u64 {
    desk.json(&["health"], "")[figure].as_u64().unwrap()
}

/// The machine's clock with a wall clock that is ahead.
struct Ahead(Duration);

impl Clock for Ahead {
    fn read(&self) -> Reading {
        let right = SystemClock.read();
        Reading { wall_ms: right.wall_ms + self.0.as_millis() as u64, ..right }
    }
}

/// Opens the store with a clock that is ahead by this much.
fn ahead(desk: &Desk, by: Duration) -> Engine {
    let environment = Environment::system().with_clock(Arc::new(Ahead(by)));
    Engine::options(desk.unlock()).environment(environment).open(desk.path("s")).unwrap()
}

/// Resends the code with a clock one minute ahead. The store keeps its latest time, so later calls use it too.
fn resend_in_a_minute(desk: &Desk) {
    let kept: Value = serde_json::from_slice(&fs::read(desk.path("s.flow")).unwrap()).unwrap();
    // On a device that has just started, so that the minute counts for the rate limit too.
    let minute = Arc::new(Hand::at(now() + Duration::from_secs(60)));
    let environment = Environment::system().with_clock(minute);
    let engine = Engine::options(desk.unlock()).environment(environment).open(desk.path("s")).unwrap();
    let flow = engine.resume(&kept["flow"].as_str().unwrap().parse().unwrap()).unwrap();
    engine.answer(&flow, Answer::Resend).unwrap();
    drop(engine);
    // The program stores the number of the new step.
    desk.done(&["step"], "");
}

/// Checks that Ada has one account with an intact history, and that her password opens it.
fn ada_is_whole(desk: &Desk) {
    desk.done(&["sign-in", "ada@example.org", "--password-stdin"], PASSWORD);
    assert_eq!(desk.json(&["account"], "")["methods"].as_array().unwrap().len(), 1);
    let audit = desk.json(&["audit"], "");
    assert_eq!(audit["holds"], true);
    let created = |event: &&Value| event["action"] == "AccountCreated";
    assert_eq!(audit["events"].as_array().unwrap().iter().filter(created).count(), 1);
}

#[test]
fn a_call_that_waits_for_input_has_changed_nothing() {
    let desk = Desk::new();
    desk.ada_comes();
    let before = (fs::read(desk.path("s")).unwrap(), desk.beside());
    for args in [
        &["sign-up", "brian@example.org", "--password-stdin"][..],
        &["answer", "code"],
        &["continue"],
        &["set-keys", "oidc"],
        &["undo"],
    ] {
        let child = begun(&desk, args);
        assert!(ends_by_it(child), "{args:?}");
        assert!(before.0 == fs::read(desk.path("s")).unwrap(), "{args:?}");
        for (name, bytes) in &before.1 {
            assert!(fs::read(desk.path(name)).unwrap() == *bytes, "{args:?} {name}");
        }
    }
    desk.done(&["answer", "code"], &desk.code());
}

#[test]
fn an_interrupted_sign_up_is_done_or_not_and_can_be_repeated() {
    let desk = Desk::new();
    let sign_up = ["sign-up", "ada@example.org", "--password-stdin"];
    interrupt(&desk, &sign_up, PASSWORD, |changed| {
        let both = if changed { 1 } else { 0 };
        assert_eq!(count(&desk, "waiting_flows"), both);
        assert_eq!(count(&desk, "outbox"), both, "the flow and its message are written together");
        desk.done(&sign_up, PASSWORD);
        if changed {
            assert_eq!(desk.codes().len(), 1, "an address gets one message a minute");
            resend_in_a_minute(&desk);
        }
        let done = desk.json(&["answer", "code"], &desk.code());
        assert_eq!(done["outcome"], "Created", "{done}");
        ada_is_whole(&desk);
    });
}

#[test]
fn an_interrupted_answer_is_given_or_not_and_can_be_repeated() {
    let desk = Desk::new();
    desk.done(&["sign-up", "ada@example.org", "--password-stdin"], PASSWORD);
    let code = desk.code();
    interrupt(&desk, &["answer", "code"], &code, |changed| {
        // If the files were written too, the flow has ended and the session is kept.
        if desk.path("s.flow").exists() {
            let outcome = desk.json(&["answer", "code"], &code);
            let step = if changed { "AlreadySignedIn" } else { "SignedIn" };
            assert_eq!(outcome["step"], step);
        } else {
            assert!(changed && desk.path("s.session").exists());
        }
        ada_is_whole(&desk);
    });
}

/// Brian has a session whose proof stays fresh, because the store has a later time than the clock.
fn brian_is_fresh() -> Desk {
    let desk = Desk::new();
    desk.brian_is_there();
    let in_an_hour = ahead(&desk, Duration::from_secs(60 * 60));
    desk.keep(&in_an_hour.sign_in(BRIAN, &PASSWORD.into(), &Client::on("laptop")).unwrap());
    desk
}

fn events(desk: &Desk, action: &str) -> usize {
    let audit = desk.json(&["audit"], "");
    assert_eq!(audit["holds"], true);
    audit["events"].as_array().unwrap().iter().filter(|event| event["action"] == action).count()
}

fn mailed(desk: &Desk, kind: &str) -> usize {
    desk.messages().iter().filter(|message| message["kind"] == kind).count()
}

#[test]
fn an_interrupted_deletion_is_requested_or_not_and_can_be_repeated() {
    let desk = brian_is_fresh();
    let delete = ["delete", "--yes"];
    interrupt(&desk, &delete, "", |changed| {
        assert_eq!(mailed(&desk, "DeletionRequested"), usize::from(changed), "the request and its message");
        if changed {
            // The session has ended, whether or not the program removed its file.
            assert_ne!(desk.run(&["account"], b"").code, 0);
        } else {
            desk.done(&delete, "");
        }
        assert_eq!(desk.json(&ENTER, PASSWORD)["step"], "ConfirmRestore");
        assert_eq!(desk.json(&["answer", "restore"], "")["outcome"], "Restored");
        assert_eq!(events(&desk, "DeletionRequested"), 1);
    });
}

#[test]
fn an_interrupted_export_leaves_a_whole_document_or_none_and_can_be_repeated() {
    let desk = brian_is_fresh();
    let export = ["export", "brian.json"];
    let whole = |desk: &Desk| {
        let document = fs::read(desk.path("brian.json")).unwrap();
        assert!(serde_json::from_slice::<Value>(&document).unwrap().to_string().contains(BRIAN));
        fs::remove_file(desk.path("brian.json")).unwrap();
    };
    interrupt(&desk, &export, "", |changed| {
        let told_of = usize::from(changed);
        assert_eq!((events(&desk, "Exported"), mailed(&desk, "Exported")), (told_of, told_of));
        if desk.path("brian.json").exists() {
            assert!(changed, "an export without its event in the history");
            whole(&desk);
        }
        desk.done(&export, "");
        whole(&desk);
    });
}
