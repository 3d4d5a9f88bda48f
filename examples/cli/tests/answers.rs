//! Answers that choose: a second account, keeping a deletion, another code.

use std::fs;
use std::sync::Arc;

use selfsame::{Client, Engine, Environment, Timestamp};
use selfsame_world::Hand;
use serde_json::json;

use crate::desk::{Desk, PASSWORD, now, told};

const AT_WORK: &str =
    r#"{"provider": "work", "subject": "52", "email": "Ada@Example.org", "email_verified": true}"#;

#[test]
fn create_new_makes_a_second_account() {
    let desk = Desk::new();
    desk.ada_is_there();
    let first = desk.json(&["account"], "");
    desk.done(&["begin-federated", "work"], "");
    let prompt = desk.done(&["continue", "--intent", "sign-up"], AT_WORK);
    assert!(
        prompt.contains("which account do you want to use?") && prompt.contains("selfsame answer create-new"),
        "{prompt}"
    );
    let done = desk.done(&["answer", "create-new"], "");
    assert!(done.contains("account created, signed in"), "{done}");
    let second = desk.json(&["account"], "");
    assert_ne!(second["id"], first["id"]);
    assert_eq!(second["contact"], "Ada@Example.org");
    assert_eq!(second["methods"].as_array().unwrap().len(), 1);
    // Each sign-in method opens its own account.
    for (provider, statement, account) in
        [("x", r#"{"provider": "x", "subject": "1815"}"#, &first), ("work", AT_WORK, &second)]
    {
        desk.done(&["begin-federated", provider], "");
        let done = desk.json(&["continue"], statement);
        assert_eq!(done["account"], account["id"], "{provider}");
    }
}

#[test]
fn keeping_the_deletion_opens_no_session_and_the_account_can_still_be_restored() {
    let desk = Desk::new();
    desk.done(&["sign-up", "brian@example.org", "--password-stdin"], PASSWORD);
    desk.done(&["answer", "code"], &desk.code());
    desk.done(&["delete", "--yes"], "");
    let enter = ["sign-in", "brian@example.org", "--password-stdin"];
    let offer = desk.done(&enter, PASSWORD);
    assert!(offer.contains("restore it?") && offer.contains("selfsame answer decline-restore"), "{offer}");
    let over = desk.done(&["answer", "decline-restore"], "");
    assert!(over.contains("the flow is over"), "{over}");
    assert!(!desk.path("s.flow").exists() && !desk.path("s.session").exists());
    told(&desk.run(&["account"], b""), 2, "nobody is signed in", "the deletion was kept");
    told(&desk.run(&["answer", "restore"], b""), 2, "no flow is open", "the offer is over");
    assert_eq!(desk.json(&enter, PASSWORD)["step"], "ConfirmRestore");
    assert_eq!(desk.json(&["answer", "restore"], "")["outcome"], "Restored");
    assert_eq!(desk.json(&["account"], "")["status"], json!({ "is": "Active" }));
}

#[test]
fn a_new_code_voids_the_old_one_and_is_sent_once_a_minute() {
    let desk = Desk::new();
    // The sign-up is two minutes old, because a code is sent once a minute.
    fs::remove_file(desk.path("s")).unwrap();
    let ago = Timestamp::from_millis(now().as_millis() - 120_000);
    let environment = Environment::system().with_clock(Arc::new(Hand::at(ago)));
    let engine = Engine::options(desk.unlock()).environment(environment).create(desk.path("s")).unwrap();
    let begun = engine.sign_up("ada@example.org", &PASSWORD.into(), &Client::on("laptop")).unwrap();
    drop(engine);
    let kept = json!({ "flow": begun.token.unwrap().reveal(), "number": begun.number });
    fs::write(desk.path("s.flow"), kept.to_string()).unwrap();
    let first = desk.code();

    let asked = desk.json(&["answer", "resend"], "");
    assert_eq!(asked["step"], "VerifyEmail");
    let codes = desk.codes();
    assert_eq!((codes.len(), &codes[0]), (2, &first), "the host has both to deliver");
    // Too soon for a third code: the answer looks the same, and the second code stays valid.
    assert_eq!(desk.json(&["answer", "resend"], "")["step"], "VerifyEmail");
    assert_eq!(desk.codes(), codes);
    told(&desk.run(&["answer", "code"], first.as_bytes()), 1, "selfsame answer resend", "the first");
    assert_eq!(desk.json(&["answer", "code"], &codes[1])["outcome"], "Created");
    assert_eq!(desk.json(&["account"], "")["contact"], "ada@example.org");
}
