//! The second factor: turned on, required, replaced, lost, turned off.

use std::fs;
use std::time::Duration;

use selfsame::{Answer, Client, MessageKind, Secret, Step};
use selfsame_world::totp;
use serde_json::Value;

use crate::desk::{BRIAN, Desk, Mfa, PASSWORD, now, shown, told};

const ENTER: [&str; 3] = ["sign-in", BRIAN, "--password-stdin"];
const MINUTE: Duration = Duration::from_secs(60);

/// Brian signed up and signed in this long ago, and his session is kept.
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

/// A six-digit code that is not valid now.
fn wrong(secret: &Secret) -> String {
    let living: Vec<String> = (0..4)
        .map(|step| {
            let at = selfsame::Timestamp::from_millis(now().as_millis() - 60_000 + step * 30_000);
            totp(secret, at).unwrap().reveal_text().unwrap().to_owned()
        })
        .collect();
    ["000000", "000001", "000002", "000003", "000004"]
        .into_iter()
        .find(|code| !living.contains(&(*code).to_owned()))
        .unwrap()
        .to_owned()
}

#[test]
fn mfa_is_turned_on_required_and_turned_off() {
    let desk = Desk::new();
    desk.brian_is_there();
    assert!(desk.done(&["mfa"], "").contains("MFA is off"));
    let shown_once = desk.done(&["mfa", "enroll", "--svg", "qr.svg"], "");
    for part in ["secret: ", "otpauth://totp/Selfsame%20tour", "qr.svg", "selfsame mfa confirm"] {
        assert!(shown_once.contains(part), "{part}: {shown_once}");
    }
    assert!(!shown_once.contains('\u{2588}'), "no picture goes into a pipe: {shown_once}");
    let svg = fs::read_to_string(desk.path("qr.svg")).unwrap();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(desk.path("qr.svg")).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // An existing file is untouched, and no secret is created.
    let before = desk.rows();
    told(&desk.run(&["mfa", "enroll", "--svg", "s"], b""), 2, "already exists", "the store");
    told(&desk.run(&["mfa", "enroll", "--svg", "no/qr.svg"], b""), 2, "cannot be written", "no folder");
    assert!(desk.rows() == before);

    let Mfa { secret, codes, .. } = desk.mfa_is_on();
    assert_eq!(codes.len(), 10);
    let page = desk.done(&["account"], "");
    assert!(page.contains("MFA has been on since") && page.contains("10 recovery codes left"), "{page}");
    let asked = desk.done(&ENTER, PASSWORD);
    assert!(
        asked.contains("selfsame answer totp") && asked.contains("selfsame answer recovery-code"),
        "{asked}"
    );
    let done = desk.json(&["answer", "totp"], &shown(&secret, 1));
    assert_eq!((&done["step"], &done["aal"]), (&"SignedIn".into(), &"Aal2".into()), "{done}");
    let off = desk.done(&["mfa", "off", "--yes"], "");
    assert!(off.contains("MFA is off"), "{off}");
    assert_eq!(desk.json(&["account"], "")["mfa"], Value::Null);
    assert_eq!(desk.json(&ENTER, PASSWORD)["step"], "SignedIn");
}

#[test]
fn unsaved_recovery_codes_are_shown_again_and_new_ones_replace_them() {
    let desk = Desk::new();
    desk.brian_is_there();
    let enrolment = desk.json(&["mfa", "enroll"], "");
    let secret = Secret::from(enrolment["secret"].as_str().unwrap());
    told(&desk.run(&["mfa", "codes"], b""), 1, "no enrolment is open", "before the app's code");
    told(&desk.run(&["mfa", "confirm-saved"], b""), 1, "selfsame mfa confirm", "before the app's code");
    let made = desk.done(&["mfa", "confirm"], &format!(" {} \n", shown(&secret, 0)));
    assert!(
        made.contains("save these recovery codes") && made.contains("selfsame mfa confirm-saved"),
        "{made}"
    );
    assert_eq!(desk.done(&["mfa", "codes"], ""), made, "the same codes again");
    assert_eq!(desk.json(&["account"], "")["mfa"], Value::Null, "not before they are saved");
    let first = desk.json(&["mfa", "codes"], "")["recovery_codes"].clone();
    desk.done(&["mfa", "confirm-saved"], "");
    told(&desk.run(&["mfa", "codes"], b""), 1, "no enrolment is open", "they were saved");

    let others = desk.json(&["mfa", "new-codes", "--yes"], "")["recovery_codes"].clone();
    assert_ne!(others, first);
    desk.done(&["mfa", "confirm-saved"], "");
    desk.done(&ENTER, PASSWORD);
    let old = desk.run(&["answer", "recovery-code"], first[0].as_str().unwrap().as_bytes());
    told(&old, 1, "use another recovery code", "an old code");
    let typed = others[0].as_str().unwrap().to_lowercase().replace('-', " ");
    let done = desk.json(&["answer", "recovery-code"], &typed);
    assert_eq!((&done["recovered"], &done["aal"]), (&true.into(), &"Aal1".into()), "{done}");
    assert_eq!(desk.json(&["mfa"], "")["mfa"]["recovery_codes_left"], 9);
}

#[test]
fn a_lost_phone_is_replaced_and_the_account_is_on_hold() {
    let desk = Desk::new();
    let codes = desk.brian_has_mfa().codes;
    desk.done(&ENTER, PASSWORD);
    let done = desk.done(&["answer", "recovery-code"], &codes[3]);
    assert!(done.contains("with a recovery code") && done.contains("selfsame mfa enroll"), "{done}");
    let page = desk.done(&["account"], "");
    assert!(page.contains("on hold until") && page.contains("9 recovery codes left"), "{page}");
    told(
        &desk.run(&["mfa", "new-codes", "--yes"], b""),
        1,
        "selfsame reauthenticate",
        "a recovery code does not allow new codes",
    );
    desk.mfa_is_on();
    assert_eq!(desk.json(&["mfa"], "")["mfa"]["recovery_codes_left"], 10);
    let told_of = desk.messages();
    let kinds: Vec<_> = told_of.iter().map(|one| one["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"RecoveryCodeUsed") && kinds.contains(&"MfaReplaced"), "{kinds:?}");
}

#[test]
fn fresh_proof_keeps_the_session_and_changes_its_token() {
    let desk = brian_came(MINUTE * 10);
    for args in [&["mfa", "enroll"][..], &["delete", "--yes"]] {
        told(&desk.run(args, b""), 1, "selfsame reauthenticate", &format!("{args:?}"));
        let json = desk.run(&[args, &["--json"]].concat(), b"");
        assert_eq!(json.code, 1);
        assert!(
            json.out
                .starts_with(r#"{"accepted":[{"kind":"Password"}],"refused":"ReauthenticationRequired"}"#),
            "{json:?}"
        );
    }
    let before = desk.json(&["sessions"], "")["sessions"][0]["id"].clone();
    let kept = fs::read(desk.path("s.session")).unwrap();
    assert!(desk.done(&["reauthenticate"], "").contains("selfsame answer password"));
    let wrong = desk.run(&["answer", "password", "--password-stdin"], b"another horse of the same age");
    told(&wrong, 1, "the credentials are wrong", "a wrong password");
    let done = desk.done(&["answer", "password", "--password-stdin"], PASSWORD);
    assert!(done.contains("fresh proof given, still signed in"), "{done}");
    assert_ne!(fs::read(desk.path("s.session")).unwrap(), kept, "another token");
    assert_eq!(desk.json(&["sessions"], "")["sessions"][0]["id"], before, "the same session");
    desk.mfa_is_on();
}

#[test]
fn an_account_can_be_deleted_without_its_second_factor() {
    let desk = Desk::new();
    desk.brian_has_mfa();
    desk.done(&["reauthenticate"], "");
    let asked = desk.done(&["answer", "password", "--password-stdin"], PASSWORD);
    assert!(asked.contains("selfsame answer skip"), "{asked}");
    desk.done(&["answer", "skip"], "");
    desk.done(&["delete", "--yes"], "");
    assert_eq!(desk.json(&ENTER, PASSWORD)["step"], "SecondFactor", "restoring requires both factors");
}

#[test]
fn a_password_reset_takes_a_code_the_second_factor_and_a_new_password() {
    let desk = Desk::new();
    let Mfa { secret, codes, .. } = desk.brian_has_mfa();
    let reset = desk.done(&["reset-password", BRIAN, "--device", "a new laptop"], "");
    let nobody = desk.done(&["reset-password", "nobody@example.org", "--flow-file", "n.flow"], "");
    assert_eq!(
        nobody.replace("n\u{2026}@", "b\u{2026}@"),
        reset,
        "the answer does not show whether the account exists"
    );
    let code = desk.messages().iter().find_map(|message| {
        (message["kind"] == "ResetPassword").then(|| message["code"].as_str().unwrap().to_owned())
    });
    let asked = desk.done(&["answer", "code"], &code.unwrap());
    assert!(asked.contains("selfsame answer totp"), "{asked}");
    assert!(desk.done(&["answer", "totp"], &shown(&secret, 1)).contains("selfsame answer new-password"));
    let set = ["answer", "new-password", "--password-stdin"];
    told(&desk.run(&set, b"short\n"), 1, "at least 15 characters", "a short one");
    let done = desk.done(&set, "a battery of other horses");
    assert!(done.contains("password reset, signed in"), "{done}");
    told(&desk.run(&ENTER, PASSWORD.as_bytes()), 1, "the credentials are wrong", "the old password");
    assert_eq!(desk.json(&ENTER, "a battery of other horses")["step"], "SecondFactor");
    desk.done(&["answer", "recovery-code"], &codes[0]);
}

#[test]
fn a_compromised_password_must_be_replaced() {
    let desk = Desk::new();
    desk.brian_is_there();
    let account = desk.json(&["account"], "");
    let id = |value: &Value| value.as_str().unwrap().to_owned();
    let (brian, password) = (id(&account["id"]), id(&account["methods"][0]["id"]));
    told(&desk.run(&["password", "report-compromised"], b""), 2, "--yes", "not confirmed");
    told(
        &desk.run(&["password", "report-compromised", &brian, "--yes"], b""),
        1,
        "no password with this id",
        "another id",
    );
    let done = desk.done(&["password", "report-compromised", "--yes"], "");
    assert!(done.contains("requires a new one"), "{done}");
    assert!(!desk.path("s.session").exists(), "its sessions have ended");
    assert_eq!(desk.json(&ENTER, PASSWORD)["step"], "NewPassword");
    desk.done(&["answer", "new-password", "--password-stdin"], "a battery of other horses");
    // The host reports the same.
    told(&desk.run(&["mark-compromised", &brian, &password], b""), 2, "--yes", "not confirmed");
    told(
        &desk.run(&["mark-compromised", &password, &password, "--yes"], b""),
        1,
        "no such account",
        "no account",
    );
    desk.done(&["mark-compromised", &brian, &password, "--yes"], "");
    told(&desk.run(&["account"], b""), 1, "the session has ended", "its sessions have ended");
    assert_eq!(desk.json(&ENTER, "a battery of other horses")["step"], "NewPassword");

    let desk = Desk::new();
    desk.ada_is_there();
    told(
        &desk.run(&["password", "report-compromised", "--yes"], b""),
        2,
        "the account has no password",
        "X alone",
    );
}

#[test]
fn only_a_well_formed_code_counts_as_an_attempt() {
    let desk = Desk::new();
    let Mfa { secret, spent, .. } = desk.brian_has_mfa();
    desk.done(&ENTER, PASSWORD);
    let (rows, files) = (desk.rows(), desk.beside());
    let garbage = vec![0xfe; 100_000];
    for args in [&["answer", "totp"][..], &["answer", "recovery-code"], &["mfa", "confirm"]] {
        let about = format!("{args:?}");
        told(&desk.run(args, b""), 2, "standard input is empty", &about);
        told(&desk.run(args, &garbage), 2, "longer than 64 KiB", &about);
        told(&desk.run(args, &garbage[..9]), 2, "not UTF-8", &about);
        for text in ["12345", "1234567", "12345x", "AAAA-BBBB", " "] {
            let refusal = if args[0] == "mfa" { "selfsame mfa enroll" } else { "the code is wrong" };
            told(&desk.run(args, text.as_bytes()), 1, refusal, &format!("{about} {text}"));
        }
    }
    for args in [&["answer", "new-password"][..], &["answer", "code"]] {
        told(&desk.run(args, b"12345678"), if args[1] == "code" { 1 } else { 2 }, "", &format!("{args:?}"));
    }
    assert!(rows == desk.rows() && files == desk.beside());
    told(
        &desk.run(&["answer", "totp"], wrong(&secret).as_bytes()),
        1,
        "type the current code",
        "a wrong code",
    );
    told(&desk.run(&["answer", "totp"], spent.as_bytes()), 1, "each code works once", "spent");
    assert!(rows != desk.rows());
    desk.done(&["answer", "totp"], &shown(&secret, 1));
    told(&desk.run(&["mfa", "confirm"], b"123456"), 1, "selfsame mfa enroll", "no enrolment is open");
}

#[test]
fn irreversible_actions_need_a_confirmation() {
    let desk = Desk::new();
    desk.brian_has_mfa();
    let (rows, files) = (desk.rows(), desk.beside());
    for args in [&["delete"][..], &["mfa", "off"], &["mfa", "new-codes"], &["password", "report-compromised"]]
    {
        let about = format!("{args:?}");
        told(&desk.run(args, b"yes\n"), 2, "To confirm without a terminal, add --yes", &about);
        let json = desk.run(&[args, &["--json"]].concat(), b"yes\n");
        assert_eq!((json.code, json.out.as_str()), (2, "{\"failed\":\"Usage\"}\n"), "{about}");
        assert!(json.err.contains("To confirm with --json, add --yes"), "{about}: {}", json.err);
    }
    assert!(rows == desk.rows() && files == desk.beside());
    desk.done(&["sign-out"], "");
    told(&desk.run(&["delete", "--yes"], b""), 2, "nobody is signed in", "confirmed, but not signed in");
    told(&desk.run(&["delete"], b""), 2, "nobody is signed in", "the session is checked first");
    let engine = desk.open();
    let entered = engine.sign_in(BRIAN, &PASSWORD.into(), &Client::on("laptop")).unwrap();
    assert!(matches!(entered.step, Step::SecondFactor { .. }));
}
