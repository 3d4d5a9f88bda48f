//! Personal data: exports, explanations, privacy requests, support, purges.

use std::fs;
use std::time::Duration;

use selfsame::{Answer, Client, MessageKind, RequestKind, SessionToken};
use serde_json::Value;

use crate::desk::{BRIAN, Desk, PASSWORD, told};

const SOMEBODY: &str = "019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const ENTER: [&str; 3] = ["sign-in", BRIAN, "--password-stdin"];

/// Brian signed up this long ago.
fn brian_came(ago: Duration) -> Desk {
    let desk = Desk::of(ago);
    let engine = desk.ago(ago);
    let begun = engine.sign_up(BRIAN, &PASSWORD.into(), &Client::on("laptop")).unwrap();
    let message = engine.messages(1).unwrap().remove(0);
    let MessageKind::VerifyEmail { code } = message.kind else { panic!("{message:?}") };
    desk.keep(&engine.answer(&begun, Answer::Code(code)).unwrap());
    engine.delivered(message.id).unwrap();
    desk
}

fn session(desk: &Desk) -> SessionToken {
    let kept: Value = serde_json::from_slice(&fs::read(desk.path("s.session")).unwrap()).unwrap();
    kept["session"].as_str().unwrap().parse::<SessionToken>().unwrap()
}

#[test]
fn an_export_is_one_document_that_only_its_owner_can_read() {
    let desk = Desk::new();
    desk.brian_is_there();
    let document: Value = serde_json::from_str(&desk.done(&["export"], "")).unwrap();
    assert!(document.to_string().contains(BRIAN));
    assert!(desk.done(&["export", "brian.json"], "").contains("is in brian.json"));
    let written: Value = serde_json::from_slice(&fs::read(desk.path("brian.json")).unwrap()).unwrap();
    assert_eq!(written.as_object().unwrap().len(), document.as_object().unwrap().len());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(desk.path("brian.json")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let rows = desk.rows();
    told(&desk.run(&["export", "s"], b""), 2, "already exists", "over the store");
    told(&desk.run(&["export", "no/such/folder"], b""), 2, "cannot be written", "no folder");
    assert!(desk.rows() == rows);
}

#[test]
fn an_action_is_explained_and_not_done() {
    let desk = Desk::new();
    desk.brian_is_there();
    let rows = desk.rows();
    let told_of = desk.done(&["explain", "delete"], "");
    assert!(told_of.contains("the action would succeed") && told_of.contains("rules: 6.4"), "{told_of}");
    let refused = desk.done(&["explain", "mfa-off"], "");
    assert!(refused.contains("the action would be refused: NotOffered"), "{refused}");
    desk.done(&["explain", "open-product", "grok"], "");
    told(&desk.run(&["explain", "open-product", "No Product"], b""), 2, "grok and api", "no product");
    told(&desk.run(&["explain", "sign-up"], b""), 2, "unrecognized subcommand", "no such act");
    assert!(desk.rows() == rows);
}

#[test]
fn a_privacy_request_is_made_once_and_closed_by_the_host() {
    let desk = Desk::new();
    desk.brian_is_there();
    let asked = desk.json(&["privacy", "request", "access"], "")["requests"][0].clone();
    assert_eq!(desk.json(&["privacy", "request", "access"], "")["requests"][0], asked, "the same one");
    let (account, request) = (asked["account"].as_str().unwrap(), asked["id"].as_str().unwrap());
    let open = desk.done(&["privacy", "list-open"], "");
    assert!(open.contains("1 request") && open.contains(request), "{open}");
    let close = ["privacy", "close", account, request, "--receipt", "exported on paper"];
    for (args, code, words) in [
        (&["privacy", "request", "money"][..], 2, "invalid value"),
        (&["privacy", "close", account, account, "--receipt", "x"], 1, "selfsame privacy list-open"),
        (&["privacy", "close", account, request], 2, "--receipt"),
        (&["privacy", "announce", account, request], 2, "--yes"),
        (&["privacy", "announce", account, request, "--yes"], 1, "selfsame privacy list-open"),
        (&["privacy", "erase", account, request], 2, "--yes"),
        (&["privacy", "erase", SOMEBODY, request, "--yes"], 1, "selfsame privacy list-open"),
    ] {
        told(&desk.run(args, b""), code, words, &format!("{args:?}"));
    }
    desk.done(&close, "");
    told(&desk.run(&close, b""), 1, "selfsame privacy list-open", "twice");
    let list = desk.done(&["privacy", "list"], "");
    assert!(list.contains("Closed") && list.contains("exported on paper"), "{list}");
}

#[test]
fn an_erasure_is_announced_and_done_72_hours_later() {
    let desk = brian_came(DAY * 4);
    let engine = desk.ago(DAY * 4);
    let account = engine.account(&session(&desk)).unwrap();
    let request = account.request_privacy(RequestKind::Erasure).unwrap();
    drop((account, engine));
    let (account, id) = (request.account.to_string(), request.id.to_string());
    let erase = ["privacy", "erase", &account, &id, "--yes"];
    told(&desk.run(&erase, b""), 1, "selfsame privacy announce", "it is not announced");
    let desk = brian_came(DAY * 4);
    let engine = desk.ago(DAY * 4);
    let account = engine.account(&session(&desk)).unwrap();
    let request = account.request_privacy(RequestKind::Erasure).unwrap();
    engine.announce_erasure(request.account, request.id).unwrap();
    drop((account, engine));
    let (account, id) = (request.account.to_string(), request.id.to_string());
    let done = desk.done(&["privacy", "erase", &account, &id, "--yes"], "");
    assert!(done.contains("the account is erased"), "{done}");
    told(&desk.run(&ENTER, PASSWORD.as_bytes()), 1, "credentials are wrong", "it is erased");
    assert!(desk.done(&["health"], "").contains("1 account to purge"));
}

#[test]
fn after_a_purge_the_store_gets_a_new_key() {
    let desk = brian_came(DAY * 40);
    let engine = desk.ago(DAY * 40);
    engine.account(&session(&desk)).unwrap().request_deletion().unwrap();
    drop(engine);
    desk.ago(DAY * 2).purge_due(10).unwrap();
    // The device runs for another day, and the store notes it.
    desk.ago(DAY / 2).health().unwrap();
    desk.done(&["purge", "--yes"], "");
    assert!(desk.done(&["health"], "").contains("selfsame rekey"), "it is due");
    for again in 0..2 {
        let done = desk.done(&["rekey", "new"], "");
        assert!(done.contains("destroy the old key"), "{again}: {done}");
        told(&desk.run(&["health"], b""), 3, "does not match", "the old key");
        let health = desk.done(&["health", "--key-file", "new"], "");
        assert!(!health.contains("rekey"), "{again}: {health}");
    }
}

#[test]
fn an_owner_erases_72_hours_after_they_asked_for_the_deletion() {
    let desk = brian_came(DAY * 3);
    let engine = desk.ago(DAY * 3);
    engine.account(&session(&desk)).unwrap().request_deletion().unwrap();
    drop(engine);
    let offer = desk.done(&ENTER, PASSWORD);
    assert!(offer.contains("selfsame answer erase-now"), "{offer}");
    let rows = desk.rows();
    told(&desk.run(&["answer", "erase-now"], b""), 2, "--yes", "not confirmed");
    assert!(desk.rows() == rows);
    let over = desk.done(&["answer", "erase-now", "--yes"], "");
    assert!(over.contains("the flow is over"), "{over}");
    told(&desk.run(&["answer", "restore"], b""), 2, "no flow is open", "the offer is over");
    told(&desk.run(&ENTER, PASSWORD.as_bytes()), 1, "credentials are wrong", "it is erased");
    let messages = desk.messages();
    assert_eq!(messages.last().unwrap()["kind"], "Erased", "{messages:?}");
    assert!(desk.done(&["health"], "").contains("1 account to purge"));
}

#[test]
fn an_erasure_right_after_its_announcement_is_too_early() {
    let desk = Desk::new();
    desk.brian_is_there();
    let asked = desk.json(&["privacy", "request", "erasure"], "")["requests"][0].clone();
    let (account, request) = (asked["account"].as_str().unwrap(), asked["id"].as_str().unwrap());
    let told_of = desk.done(&["privacy", "announce", account, request, "--yes"], "");
    assert!(told_of.contains("the account can be restored until"), "{told_of}");
    told(&desk.run(&["privacy", "erase", account, request, "--yes"], b""), 1, "too early", "72 hours");
    let early = desk.done(&ENTER, PASSWORD);
    assert!(early.contains("selfsame answer erase-now"), "{early}");
    told(&desk.run(&["answer", "erase-now"], b""), 2, "--yes", "not confirmed");
    told(&desk.run(&["answer", "erase-now", "--yes"], b""), 1, "too early", "72 hours");
    assert_eq!(desk.json(&["answer", "restore"], "")["outcome"], "Restored");
}

#[test]
fn support_finds_an_account_and_starts_its_deletion() {
    let desk = Desk::new();
    desk.brian_is_there();
    let carol = ["--operator", "carol"];
    let found = desk.json(&[&["support", "find", BRIAN][..], &carol].concat(), "");
    let account = found["found"][0]["id"].as_str().unwrap().to_owned();
    assert_eq!(found["found"][0]["contact"], "b\u{2026}@example.org", "masked");
    let none = desk.done(&[&["support", "find", SOMEBODY][..], &carol].concat(), "");
    assert!(none.contains("0 accounts"), "{none}");
    let activity = desk.done(&[&["support", "activity", &account][..], &carol].concat(), "");
    assert!(activity.contains("the account was created"), "{activity}");
    let delete = ["support", "delete", &account, "--ticket", "T-52", "--operator", "carol"];
    let rows = desk.rows();
    for (args, code, words) in [
        (&["support", "find", BRIAN][..], 2, "--operator"),
        (&["support", "find", "nobody", "--operator", "carol"], 1, "invalid email address"),
        (&["support", "activity", SOMEBODY, "--operator", "carol"], 1, "no such account"),
        (&delete, 2, "--yes"),
        (&["support", "delete", SOMEBODY, "--ticket", "T", "--operator", "c", "--yes"], 1, "no such account"),
    ] {
        told(&desk.run(args, b""), code, words, &format!("{args:?}"));
    }
    assert!(desk.rows() == rows);
    let done = desk.done(&[&delete[..], &["--yes"]].concat(), "");
    assert!(done.contains("the account can be restored until"), "{done}");
    let records = desk.done(&["support", "records", &account], "");
    assert!(records.contains("carol") && records.contains("T-52"), "{records}");
    assert_eq!(desk.json(&ENTER, PASSWORD)["step"], "ConfirmRestore");
    desk.done(&["answer", "restore"], "");
    told(&desk.run(&[&delete[..], &["--yes"]].concat(), b""), 1, "too early", "it was restored just now");
}

#[test]
fn a_due_account_is_purged_by_the_second_call() {
    let desk = brian_came(DAY * 40);
    let engine = desk.ago(DAY * 40);
    engine.account(&session(&desk)).unwrap().request_deletion().unwrap();
    drop(engine);
    told(&desk.run(&["purge"], b""), 2, "--yes", "not confirmed");
    told(&desk.run(&["purge", "--yes", "--limit", "few"], b""), 2, "invalid value", "no number");
    desk.ago(DAY * 2).purge_due(10).unwrap();
    // The device runs for another day, and the store notes it.
    desk.ago(DAY / 2).health().unwrap();
    let purged = desk.done(&["purge", "--yes"], "");
    assert!(purged.contains("1 account removed") && purged.contains("ROWS"), "{purged}");
    assert!(desk.done(&["purge", "--yes"], "").contains("0 accounts removed"));
    told(&desk.run(&ENTER, PASSWORD.as_bytes()), 1, "credentials are wrong", "it is gone");
}
