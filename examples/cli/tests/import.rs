//! The command `import`.

use std::fs;

use serde_json::Value;

use crate::desk::{Desk, told};

/// The hash of the password "U*U", from crypt_blowfish.
const BCRYPT: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

fn ada(id: &str) -> String {
    format!(
        r#"{{"external_id":"{id}","email":"{id}@example.org","email_verified":true,"password_hash":"{BCRYPT}"}}"#
    )
}

#[test]
fn accounts_are_imported_once_and_sign_in_with_their_passwords() {
    let desk = Desk::new();
    let file = desk.path("accounts.jsonl");
    fs::write(&file, format!("{}\n\n{}\n", ada("ada"), ada("grace"))).unwrap();
    let rows = desk.rows();
    let dry = desk.done(&["import", "accounts.jsonl", "--dry-run"], "");
    assert!(dry.contains("2 accounts would be imported"), "{dry}");
    assert!(desk.rows() == rows);
    assert!(desk.done(&["import", "accounts.jsonl"], "").contains("2 accounts imported"));
    fs::write(&file, format!("{}\n{}\n", ada("ada"), ada("grace").replace("true", "false"))).unwrap();
    let again = desk.done(&["import", "accounts.jsonl"], "");
    assert!(
        again.contains("0 accounts imported, 2 imported before, 1 of them with different data"),
        "{again}"
    );
    desk.done(&["sign-in", "ada@example.org", "--password-stdin"], "U*U");
}

#[test]
fn r1_13_a_dropped_display_name_is_reported() {
    let desk = Desk::new();
    let named = ada("ada").replace("\"email\"", "\"display_name\":\"a\\u202eb\",\"email\"");
    fs::write(desk.path("accounts.jsonl"), named).unwrap();
    let dry = desk.done(&["import", "accounts.jsonl", "--dry-run", "--json"], "");
    let value: Value = serde_json::from_str(&dry).unwrap();
    assert_eq!(value["dropped_names"][0]["line"], 1);
    assert_eq!(value["dropped_names"][0]["reason"], "Character");
    let said = desk.done(&["import", "accounts.jsonl"], "");
    assert!(said.contains("1 account imported, 1 display name dropped"), "{said}");
}

#[test]
fn r13_2_hashes_of_other_services_short_secrets_and_a_new_subject() {
    let desk = Desk::new();
    let row = |id: &str, more: &str| {
        format!(r#"{{"external_id":"{id}","email":"{id}@example.org","email_verified":true,{more}}}"#)
    };
    let lines = [
        row("django", r#""password_hash":"pbkdf2_sha1$10000$wz5B6WkasRoF$atJmJ1o+XfJxKq1+Nu1f1i57Z5I=""#),
        row("wordpress", r#""password_hash":"$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0""#),
        row("nothing", r#""display_name":"Nobody""#),
        row("weak", r#""identities":[{"provider":"x","subject":"1"}],"totp":{"secret":"GEZDGNBVGY3TQOJQ"}"#),
    ];
    fs::write(desk.path("accounts.jsonl"), lines.join("\n")).unwrap();
    let dry = desk.done(&["import", "accounts.jsonl", "--dry-run", "--json"], "");
    let value: Value = serde_json::from_str(&dry).unwrap();
    assert_eq!(value["weak_second_factors"][0]["external_id"], "weak");
    let said = desk.done(&["import", "accounts.jsonl"], "");
    assert!(said.contains("4 accounts imported, 1 second factor with a short secret"), "{said}");
    desk.done(&["sign-in", "django@example.org", "--password-stdin"], "not a password");
    desk.done(&["sign-in", "wordpress@example.org", "--password-stdin"], "test12345");

    told(&desk.run(&["renumber", "x", "1", "2"], b""), 2, "--yes", "not confirmed");
    let said = desk.done(&["renumber", "x", "1", "2", "--yes"], "");
    assert!(said.contains("has the new subject"), "{said}");
    assert!(desk.done(&["messages"], "").contains("sign in as before"));
    told(&desk.run(&["renumber", "x", "1", "2", "--yes"], b""), 1, "no such account", "moved already");
}

#[test]
fn a_refused_line_is_reported_by_number_and_the_others_are_imported() {
    let desk = Desk::new();
    let totp = r#"{"external_id":"t","email":"t@example.org","totp":{"secret":"A"},"identities":[{"provider":"x","subject":"1"}]}"#;
    let lines = [ada("ada").as_str(), "{", r#"{"external_id":"b","hash":"x"}"#, totp].join("\n");
    fs::write(desk.path("accounts.jsonl"), lines).unwrap();
    let ran = desk.run(&["import", "accounts.jsonl"], b"");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("3 lines refused; correct them"), "{ran:?}");
    let out = ran.out;
    for part in ["1 account imported", "InvalidTotp", "unknown field `hash`"] {
        assert!(out.contains(part), "{part}: {out}");
    }
    let ran = desk.run(&["import", "accounts.jsonl", "--json"], b"");
    let value: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(value["already"], 1);
    assert_eq!(value["refused"][2]["line"], 4);
    assert_eq!(value["refused"][2]["external_id"], "t");
    told(&desk.run(&["import", "nothing.jsonl"], b""), 2, "cannot be read", "no file");
}
