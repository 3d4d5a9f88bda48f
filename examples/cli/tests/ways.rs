//! Sign-in methods and addresses: adding, removing, changing and undoing.

use serde_json::{Value, json};

use crate::desk::{ADA, BRIAN, Desk, PASSWORD, told};

const AT_WORK: &str = r#"{"provider": "work", "subject": "52", "handle": "ada-l"}"#;
const OTHER: &str = "a battery of other horses";

fn id(account: &Value, place: usize) -> String {
    account["methods"][place]["id"].as_str().unwrap().to_owned()
}

/// The undo code of the newest message of this kind.
fn undo_code(desk: &Desk, kind: &str) -> String {
    let messages = desk.messages();
    let mut of_kind = messages.iter().filter(|one| one["kind"] == kind);
    of_kind.next_back().unwrap()["undo"]["code"].as_str().unwrap().to_owned()
}

#[test]
fn a_sign_in_method_is_added_and_removed_but_not_the_last_one() {
    let desk = Desk::new();
    desk.ada_is_there();
    let begun = desk.done(&["methods", "add", "work"], "");
    assert!(begun.contains("sign in at work and come back"), "{begun}");
    let done = desk.done(&["continue"], AT_WORK);
    assert!(done.contains("done") && done.contains("selfsame account"), "{done}");
    assert!(!desk.path("s.flow").exists());
    let table = desk.done(&["methods"], "");
    assert!(table.contains("2 sign-in methods") && table.contains("work @ada-l"), "{table}");
    let account = desk.json(&["account"], "");
    desk.done(&["methods", "add", "work"], "");
    told(
        &desk.run(&["continue"], AT_WORK.as_bytes()),
        1,
        "the account already has this identity or address",
        "twice",
    );
    desk.done(&["answer", "cancel"], "");

    let (x, work) = (id(&account, 0), id(&account, 1));
    let removed = desk.done(&["methods", "remove", &work], "");
    assert!(removed.contains("has an undo code"), "{removed}");
    let rows = desk.rows();
    told(&desk.run(&["methods", "remove", &work], b""), 1, "no sign-in method with this id", "it is gone");
    told(&desk.run(&["methods", "remove", &x], b""), 1, "selfsame methods add", "the last one");
    told(&desk.run(&["methods", "remove", "x"], b""), 2, "invalid value", "no id");
    told(&desk.run(&["methods", "add", "myspace"], b""), 1, "no such provider", "no provider");
    told(&desk.run(&["methods", "adopt-email", &x], b""), 1, "reports no new address", "none was seen");
    told(&desk.run(&["methods", "review", "--yes"], b""), 1, "there is nothing to review", "none waits");
    assert!(desk.rows() == rows);
}

#[test]
fn an_undo_code_removes_an_added_sign_in_method() {
    let desk = Desk::new();
    desk.ada_is_there();
    desk.done(&["methods", "add", "work"], "");
    desk.done(&["continue"], AT_WORK);
    let code = undo_code(&desk, "MethodAdded");
    let rows = desk.rows();
    told(&desk.run(&["undo"], b""), 2, "standard input is empty", "nothing");
    told(&desk.run(&["undo"], &[0xfe; 90_000]), 2, "longer than 64 KiB", "garbage");
    told(&desk.run(&["undo"], b"0000-1111"), 1, "undo code is invalid", "short");
    told(&desk.run(&["undo"], b"0000-1111-2222-3333-4444-5555"), 1, "undo code is invalid", "nobody's");
    assert!(desk.rows() == rows);
    let undone = desk.done(&["undo"], &code.to_lowercase());
    assert!(undone.contains("the change is undone"), "{undone}");
    told(&desk.run(&["account"], b""), 1, "the session has ended", "all sessions end");
    told(&desk.run(&["undo"], code.as_bytes()), 1, "undo code is invalid", "once");
    desk.done(&["begin-federated", "x"], "");
    desk.done(&["continue"], ADA);
    let page = desk.done(&["account"], "");
    assert!(!page.contains("work") && page.contains("on hold until"), "{page}");
    told(&desk.run(&["methods", "add", "work"], b""), 1, "wait, until", "on hold");
}

#[test]
fn a_sign_in_lists_the_changes_made_elsewhere_until_they_are_confirmed() {
    let desk = Desk::new();
    desk.brian_is_there();
    told(&desk.run(&["confirm-changes", "9"], b""), 1, "no change of the last 30 days", "there is none");
    assert!(!desk.done(&["account"], "").contains("NUMBER"));
    desk.done(&["methods", "add", "work"], "");
    desk.done(&["continue"], AT_WORK);
    let page = desk.done(&["account"], "");
    for part in ["a sign-in method was added", "with the code sent to b\u{2026}@example.org, until"] {
        assert!(page.contains(part), "{page}");
    }
    let number = desk.json(&["account"], "")["protected_acts"][0]["number"].to_string();
    let enter = ["sign-in", BRIAN, "--password-stdin"];
    let listed = desk.done(&enter, PASSWORD);
    let confirm = format!("selfsame confirm-changes {number} ");
    for part in ["are they yours?", "a sign-in method was added", &confirm, "selfsame undo "] {
        assert!(listed.contains(part), "{listed}");
    }
    told(&desk.run(&["confirm-changes", "0"], b""), 1, "no change of the last 30 days", "too low");
    told(&desk.run(&["confirm-changes", "x"], b""), 2, "invalid value", "no number");
    assert!(desk.done(&["confirm-changes", &number], "").contains("the changes are confirmed"));
    assert!(!desk.done(&enter, PASSWORD).contains("are they yours?"));
    assert_eq!(desk.json(&["account"], "")["protected_acts"].as_array().unwrap().len(), 1);
}

#[test]
fn who_proves_what_another_account_removed_is_offered_that_account() {
    let desk = Desk::new();
    desk.brian_is_there();
    desk.done(&["methods", "add", "work"], "");
    desk.done(&["continue"], AT_WORK);
    let work = id(&desk.json(&["account"], ""), 1);
    desk.done(&["methods", "remove", &work], "");
    let code = undo_code(&desk, "MethodRemoved");
    desk.done(&["begin-federated", "work"], "");
    let asked = desk.done(&["continue", "--intent", "sign-up"], AT_WORK);
    for part in ["an account had this sign-in method until recently", "selfsame answer link 1", "create-new"]
    {
        assert!(asked.contains(part), "{asked}");
    }
    desk.done(&["answer", "create-new"], "");
    assert!(desk.done(&["undo"], &code).contains("set a new password"));
    let undone = desk.done(&["answer", "new-password", "--password-stdin"], OTHER);
    let part = "not restored, because another account has it now: work";
    assert!(undone.contains("change undone") && undone.contains(part), "{undone}");
}

#[test]
fn a_password_is_added_and_changed_and_the_change_is_undone() {
    let desk = Desk::new();
    desk.ada_is_there();
    let change = ["password", "change", "--password-stdin"];
    let both = format!("{PASSWORD}\n{OTHER}\n");
    told(&desk.run(&change, both.as_bytes()), 1, "selfsame password add", "there is none");
    let add = ["password", "add", "ada@example.org", "--password-stdin"];
    told(&desk.run(&add, b"short"), 1, "at least 15 characters", "short");
    assert!(desk.done(&add, PASSWORD).contains("has an undo code"), "the address is proven");
    told(&desk.run(&add, PASSWORD.as_bytes()), 1, "selfsame password change", "there is one");

    let rows = desk.rows();
    for (given, code, words) in [
        (PASSWORD, 2, "give two lines"),
        ("", 2, "standard input is empty"),
        ("\nx", 2, "the password is empty"),
        ("a\nb\nc", 2, "give two lines"),
        (&format!("{PASSWORD}\nshort"), 1, "at least 15 characters"),
    ] {
        told(&desk.run(&change, given.as_bytes()), code, words, given);
    }
    told(&desk.run(&["password", "change"], both.as_bytes()), 2, "--password-stdin", "no terminal");
    assert!(desk.rows() == rows);
    let wrong = format!("{OTHER}\n{PASSWORD}\n");
    told(&desk.run(&change, wrong.as_bytes()), 1, "the credentials are wrong", "a wrong one");
    desk.done(&change, &both.replace('\n', "\r\n"));
    let code = undo_code(&desk, "PasswordChanged");
    let enter = ["sign-in", "ada@example.org", "--password-stdin"];
    assert_eq!(desk.json(&enter, OTHER)["step"], "SignedIn");
    let undoing = desk.done(&["undo"], &code);
    assert!(undoing.contains("selfsame answer new-password"), "{undoing}");
    let done = desk.json(&["answer", "new-password", "--password-stdin"], "some horses of the third kind");
    assert_eq!(done["outcome"], "Undone");
    told(&desk.run(&enter, OTHER.as_bytes()), 1, "credentials are wrong", "the stranger's");
}

#[test]
fn the_email_changes_when_the_new_address_is_verified() {
    let desk = Desk::new();
    desk.brian_is_there();
    let rows = desk.rows();
    for (args, code, words) in [
        (&["email", "change", "nowhere"][..], 1, "invalid email address"),
        (&["email", "change", BRIAN], 1, "the account already has this identity or address"),
        (&["email", "send-code", "b@example.net"], 1, "not an address of the account"),
        (&["contact", "b@example.net"], 1, "not a verified address"),
        (&["email", "verify"], 2, "standard input is empty"),
    ] {
        told(&desk.run(args, b""), code, words, &format!("{args:?}"));
    }
    told(&desk.run(&["email", "verify"], b"letters"), 1, "the code is wrong", "no code");
    assert!(desk.rows() == rows);
    told(&desk.run(&["email", "verify"], b"12345678"), 1, "selfsame email change", "nothing waits");

    let asked = desk.done(&["email", "change", "brian@example.net"], "");
    assert!(asked.contains("b\u{2026}@example.net") && asked.contains("selfsame email verify"), "{asked}");
    assert_eq!(desk.json(&["account"], "")["contact"], BRIAN, "nothing changes until then");
    desk.done(&["email", "verify"], &desk.code());
    let account = desk.json(&["account"], "");
    assert_eq!(account["contact"], "brian@example.net");
    assert_eq!(account["methods"][0]["email"], "brian@example.net", "the password goes with it");
    assert_eq!(
        desk.json(&["sign-in", "brian@example.net", "--password-stdin"], PASSWORD)["step"],
        "SignedIn"
    );
    assert!(!undo_code(&desk, "EmailChanged").is_empty());
}

#[test]
fn messages_go_to_the_chosen_verified_address() {
    let desk = Desk::new();
    desk.ada_is_there();
    let add = ["password", "add", "ada@example.net", "--password-stdin"];
    assert_eq!(desk.json(&add, PASSWORD)["address_step"], "ProveAddress");
    assert_eq!(desk.json(&["email", "verify"], &desk.code())["address_step"], "Done");
    let page = desk.done(&["account"], "");
    assert!(page.contains("password ada@example.net"), "{page}");
    desk.done(&["contact", "ada@example.net"], "");
    assert_eq!(desk.json(&["account"], "")["contact"], "ada@example.net");
}

#[test]
fn a_new_address_from_a_provider_is_added_by_command() {
    let desk = Desk::new();
    desk.ada_is_there();
    desk.done(&["begin-federated", "x"], "");
    desk.done(&["continue"], &ADA.replace("ada@example.org", "ada@example.net"));
    let table = desk.done(&["methods"], "");
    assert!(table.contains("the provider now reports ada@example.net"), "{table}");
    let x = id(&desk.json(&["account"], ""), 0);
    assert!(desk.done(&["methods", "adopt-email", &x], "").contains("selfsame email send-code"));
    let asked = desk.json(&["email", "send-code", "ada@example.net"], "");
    assert_eq!(asked["address_step"], "ProveAddress");
    desk.done(&["email", "verify"], &desk.code());
    let addresses = desk.json(&["account"], "")["addresses"].as_array().unwrap().clone();
    assert!(addresses.len() == 2 && addresses.iter().all(|one| one["verified_at"].is_u64()), "{addresses:?}");
}

#[test]
fn the_first_verified_address_starts_a_review_of_earlier_methods() {
    let desk = Desk::new();
    let bare = r#"{"provider": "x", "subject": "1815"}"#;
    desk.done(&["begin-federated", "x"], "");
    desk.done(&["continue", "--intent", "sign-up"], bare);
    desk.done(&["begin-federated", "x"], "");
    desk.done(&["continue"], ADA);
    let x = id(&desk.json(&["account"], ""), 0);
    desk.done(&["methods", "adopt-email", &x], "");
    desk.done(&["methods", "add", "work"], "");
    desk.done(&["continue"], AT_WORK);
    desk.done(&["email", "send-code", "ada@example.org"], "");
    let asked = desk.done(&["email", "verify"], &desk.code());
    assert!(asked.contains("selfsame methods review --keep ID") && asked.contains("work @ada-l"), "{asked}");
    let page = desk.done(&["account"], "");
    assert!(page.contains("suspended until you keep it"), "{page}");
    let work = id(&desk.json(&["account"], ""), 1);
    told(&desk.run(&["methods", "review", "--keep", &work], b""), 2, "--yes", "not confirmed");
    desk.done(&["methods", "review", "--keep", &work, "--yes"], "");
    let kept = desk.json(&["methods"], "");
    assert_eq!(
        (kept["methods"].as_array().unwrap().len(), &kept["methods"][1]["suspended"]),
        (2, &json!(false))
    );
}

#[test]
fn a_display_name_is_shown_and_identifies_nobody() {
    let desk = Desk::new();
    desk.brian_is_there();
    let done = desk.done(&["name", "  Brian   of Nazareth "], "");
    assert!(done.contains("display name is now Brian of Nazareth"), "{done}");
    assert!(desk.done(&["account"], "").contains("Brian of Nazareth, brian@example.org"));
    assert!(desk.done(&["picker"], "").contains("Brian of Nazareth"));
    let rows = desk.rows();
    for (args, code, words) in [
        (&["name", ""][..], 1, "name"),
        (&["name", &"b".repeat(65)], 1, "name"),
        (&["name"], 2, "<NAME>"),
        (&["name", "Brian", "--remove"], 2, "cannot be used with"),
        (&["sign-in", "Brian of Nazareth", "--password-stdin"], 1, "invalid email address"),
    ] {
        told(&desk.run(args, PASSWORD.as_bytes()), code, words, &format!("{args:?}"));
    }
    assert!(desk.rows() == rows);
    assert_eq!(desk.json(&["name", "--remove"], "")["display_name"], Value::Null);
}
