//! ID tokens and key sets, from a file and from standard input, valid and invalid.

use std::fs;

use selfsame_world::{Forge, TokenProvider};
use serde_json::{Value, json};

use crate::desk::{ADA, Desk, Ran, forge, ran, told};

/// Begins a flow, and returns the nonce for its ID token.
fn begin(desk: &Desk, provider: &str) -> String {
    let begun = desk.json(&["begin-federated", provider], "");
    begun["nonce"].as_str().unwrap().to_owned()
}

/// A desk that knows the keys of its provider of ID tokens.
fn with_keys() -> (Desk, TokenProvider) {
    let (desk, provider) = (Desk::new(), TokenProvider::new());
    desk.done(&["set-keys", "oidc"], &provider.jwks());
    (desk, provider)
}

#[test]
fn a_token_and_a_key_set_come_from_a_file_and_from_standard_input() {
    let (desk, provider) = (Desk::new(), TokenProvider::new());
    let begun = desk.done(&["begin-federated", "oidc"], "");
    assert!(
        begun.contains("an ID token from oidc") && begun.contains("selfsame set-keys oidc FILE"),
        "{begun}"
    );
    let nonce = desk.json(&["step"], "")["nonce"].as_str().unwrap().to_owned();
    assert!(begun.contains(&format!("nonce for the ID token: {nonce}\n")), "{begun}");
    fs::write(desk.path("ada.jwt"), forge(&provider, "815", &nonce).text() + "\n").unwrap();
    let needed = desk.run(&["continue", "ada.jwt", "--intent", "sign-up"], b"");
    told(&needed, 1, "selfsame set-keys oidc FILE, then give the same token again", "before the keys");
    assert!(
        needed.err.contains("the keys of https://id.tokens.example are missing or too old"),
        "{}",
        needed.err
    );

    fs::write(desk.path("keys.json"), provider.jwks()).unwrap();
    let set = desk.done(&["set-keys", "oidc", "keys.json"], "");
    assert_eq!(set, "\u{2713} the keys of oidc are set, and valid for 1 day\n");
    let done = desk.done(&["continue", "ada.jwt", "--intent", "sign-up"], "");
    assert!(done.contains("account created, signed in"), "{done}");
    let account = desk.json(&["account"], "");
    assert_eq!(account["methods"][0]["provider"], "oidc");

    assert_eq!(desk.json(&["set-keys", "oidc", "-"], &provider.jwks()), json!({ "keys_of": "oidc" }));
    for (key, args) in [("ed", &["continue"][..]), ("ec", &["continue", "-"]), ("rsa", &["continue"])] {
        let nonce = begin(&desk, "oidc");
        let token = format!("\n  {}\r\n", forge(&provider, "815", &nonce).by(key).text());
        let done = desk.json(args, &token);
        assert_eq!((&done["account"], &done["outcome"]), (&account["id"], &json!("SignedIn")), "{key}");
    }
}

#[test]
fn an_id_token_proves_the_ownership_of_an_account() {
    let (desk, provider) = with_keys();
    let nonce = begin(&desk, "oidc");
    let token = forge(&provider, "815", &nonce).claim("email", "ada@example.org").claim("name", "Ada");
    desk.done(&["continue", "--intent", "sign-up"], &token.text());
    desk.done(&["answer", "code"], &desk.code());
    let account = desk.json(&["account"], "");

    desk.done(&["begin-federated", "work"], "");
    let at_work =
        r#"{"provider": "work", "subject": "52", "email": "ada@example.org", "email_verified": true}"#;
    desk.done(&["continue"], at_work);
    let asked = desk.done(&["answer", "link", "1"], "");
    let nonce = desk.json(&["step"], "")["nonce"].as_str().unwrap().to_owned();
    assert!(asked.contains(&format!("nonce for the ID token: {nonce}\n")), "{asked}");
    assert!(asked.contains("selfsame answer assertion FILE  an ID token from oidc"), "{asked}");
    fs::write(desk.path("other.jwt"), forge(&provider, "4711", &nonce).text()).unwrap();
    let other = desk.run(&["answer", "assertion", "other.jwt"], b"");
    told(&other, 1, "the credentials are wrong; check them or sign in another way", "another's identity");
    assert!(!other.err.contains("password"), "{}", other.err);
    fs::write(desk.path("ada.jwt"), forge(&provider, "815", &nonce).text()).unwrap();
    let done = desk.json(&["answer", "assertion", "ada.jwt"], "");
    assert_eq!((&done["account"], &done["outcome"]), (&account["id"], &json!("Linked")));
}

#[test]
fn a_client_id_enables_google_and_apple() {
    let provider = TokenProvider::new();
    for (name, issuer, variable) in [
        ("google", "https://accounts.google.com", "SELFSAME_GOOGLE"),
        ("apple", "https://appleid.apple.com", "SELFSAME_APPLE"),
    ] {
        let desk = Desk::new();
        told(&desk.run(&["begin-federated", name], b""), 1, &format!("--{name}"), "not enabled");
        let option = [&*format!("--{name}"), "notes.example"];
        let run = |args: &[&str], stdin: &str, by_option: bool| {
            let mut program = desk.program();
            match by_option {
                true => program.args(args).args(option),
                false => program.args(args).env(variable, "notes.example"),
            };
            ran(&mut program, stdin.as_bytes())
        };
        for by_option in [true, false] {
            let json = |args: &[&str], stdin: &str| -> Value {
                let ran = run(&[args, &["--json"]].concat(), stdin, by_option);
                assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{args:?}: {ran:?}");
                serde_json::from_str(&ran.out).unwrap()
            };
            let begun = json(&["begin-federated", name], "");
            let nonce = begun["nonce"].as_str().unwrap();
            let token = forge(&provider, "815", nonce).by("rsa").claim("iss", issuer);
            let mine = token.clone().claim("aud", "notes.example").text();
            if by_option {
                let needed = run(&["continue"], &mine, by_option);
                told(&needed, 1, &format!("selfsame set-keys {name} FILE"), name);
            }
            json(&["set-keys", name], &provider.jwks());
            let another = run(&["continue"], &token.text(), by_option);
            told(&another, 1, "it was issued for another application", name);
            let outcome = if by_option { "Created" } else { "SignedIn" };
            assert_eq!(json(&["continue", "--intent", "sign-up"], &mine)["outcome"], outcome);
        }
    }
}

#[test]
fn a_rejected_token_gets_a_reason_and_advice() {
    let (desk, provider) = with_keys();
    let nonce = begin(&desk, "oidc");
    let token = || forge(&provider, "815", &nonce);
    let (rows, files) = (desk.rows(), desk.beside());
    let again = "sign in at the provider again";
    let cases: [(&str, Forge<'_>, &str, &str); 6] = [
        ("Nonce", token().claim("nonce", "other"), "the nonce of this step", "selfsame step shows the nonce"),
        ("Audience", token().claim("aud", "other"), "issued for another application", "set the client id"),
        ("Issuer", token().claim("iss", "https://id.example"), "another issuer", "selfsame step names"),
        ("Expired", token().claim("exp", 1), "it has expired", again),
        ("Kind", token().header("typ", "at+jwt"), "for another purpose", again),
        ("TooLong", token().claim("x", "x".repeat(9_000)), "longer than 8 KiB", again),
    ];
    for (reason, token, why, what) in cases {
        let text = token.text();
        for (by, ran) in both(&desk, &["continue"], &text) {
            told(&ran, 1, "assertion rejected: ", reason);
            assert!(ran.err.contains(why) && ran.err.contains(what), "{by}: {}", ran.err);
            assert!(text.split('.').all(|part| !ran.err.contains(part)), "no part of it is repeated");
        }
        let ran = desk.run(&["continue", "--json"], text.as_bytes());
        let shown: Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(shown, json!({ "refused": "AssertionRejected", "reason": reason }));
    }
    let unsigned = desk.run(&["continue"], b"e30.e30.AAAA");
    told(&unsigned, 1, "signature algorithm is not allowed", "no algorithm");
    told(&desk.run(&["continue"], b"1.2"), 1, "it is not a signed token", "two parts");
    assert!(rows == desk.rows() && files == desk.beside(), "none of them changed anything");
    // An unknown key is asked for once.
    let unknown = token().header("kid", "new").text();
    told(&desk.run(&["continue"], unknown.as_bytes()), 1, "selfsame set-keys oidc FILE", "once");
    told(
        &desk.run(&["continue"], unknown.as_bytes()),
        1,
        "selfsame set-keys PROVIDER FILE",
        "the second time",
    );
    assert_eq!(desk.json(&["continue", "--intent", "sign-up"], &token().text())["outcome"], "Created");
}

#[test]
fn each_provider_takes_its_own_kind_of_assertion() {
    let (desk, provider) = with_keys();
    let advice = "x and work take a statement; --google, --apple and --oidc enable";
    let nonce = begin(&desk, "oidc");
    let token = forge(&provider, "815", &nonce).text();
    let stated = r#"{"provider": "oidc", "subject": "815"}"#;
    told(&desk.run(&["continue"], stated.as_bytes()), 1, advice, "a statement of oidc");
    told(&desk.run(&["continue"], ADA.as_bytes()), 1, "it comes from another provider", "a statement of x");
    begin(&desk, "x");
    told(&desk.run(&["continue"], token.as_bytes()), 1, advice, "a token to x");
    for name in ["x", "work", "google", "nobody", "X Y"] {
        told(&desk.run(&["set-keys", name], provider.jwks().as_bytes()), 1, advice, name);
    }
    for (oidc, words) in [
        ("field-notes", "--oidc takes the issuer and the client id"),
        ("http://id.tokens.example,field-notes", "--oidc takes the issuer and the client id"),
        ("https://x.com,field-notes", "own issuer"),
    ] {
        told(&desk.run(&["health", "--oidc", oidc], b""), 2, words, oidc);
    }
}

#[test]
fn an_invalid_token_or_key_set_is_named_and_nothing_is_done() {
    let (desk, provider) = with_keys();
    let nonce = begin(&desk, "oidc");
    let garbage: Vec<u8> =
        (0..10_000_000_u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    fs::write(desk.path("garbage"), &garbage).unwrap();
    fs::write(desk.path("noise"), &garbage[..10_000]).unwrap();
    fs::write(desk.path("long"), "e30.".repeat(16_385)).unwrap();
    fs::write(desk.path("empty"), "").unwrap();
    fs::write(desk.path("blank"), " \n").unwrap();
    fs::create_dir(desk.path("folder")).unwrap();
    let (rows, files) = (desk.rows(), desk.beside());
    let (tokens, keys) = (["continue"], ["set-keys", "oidc"]);
    for (file, words) in [
        ("garbage", "garbage is longer than 64 KiB"),
        ("long", "long is longer than 64 KiB"),
        ("noise", "not UTF-8"),
        ("empty", "empty is empty"),
        ("folder", "folder cannot be read"),
        ("nowhere", "nowhere cannot be read"),
    ] {
        for args in [&tokens[..], &["answer", "assertion"], &keys] {
            told(&desk.run(&[args, &[file]].concat(), b""), 2, words, &format!("{args:?} {file}"));
        }
    }
    told(&desk.run(&["continue", "blank"], b""), 2, "neither a statement nor an ID token", "blank");
    let private = provider.jwks().replacen("\"kid\"", "\"d\":\"hush\",\"kid\"", 1);
    let twice = provider.jwks().replacen("\"ec\"", "\"ed\"", 1);
    let many = json!({ "keys": vec![json!({}); 33] }).to_string();
    for (set, words) in [
        ("not JSON", "not a JSON Web Key Set"),
        (" ", "not a JSON Web Key Set"),
        ("[]", "not a JSON Web Key Set"),
        (ADA, "not a JSON Web Key Set"),
        (r#"{"keys": [{"kty": "new"}]}"#, "no usable key"),
        (&private, "a private key"),
        (&twice, "two of its keys have the same name"),
        (&many, "it is too large"),
    ] {
        for (by, ran) in both(&desk, &keys, set) {
            told(&ran, 1, words, &format!("{by} {set}"));
            assert!(ran.err.contains("jwks_uri") && !ran.err.contains("hush"), "{}", ran.err);
        }
    }
    assert!(rows == desk.rows() && files == desk.beside(), "the earlier keys are still there");
    let token = forge(&provider, "815", &nonce).text();
    assert_eq!(desk.json(&["continue", "--intent", "sign-up"], &token)["outcome"], "Created");
}

/// The call with this on standard input, and with it in a file.
fn both(desk: &Desk, args: &[&str], given: &str) -> [(&'static str, Ran); 2] {
    let path = desk.path("given");
    fs::write(&path, given).unwrap();
    let by_file = desk.run(&[args, &["given"]].concat(), b"");
    fs::remove_file(path).unwrap();
    [("standard input", desk.run(args, given.as_bytes())), ("a file", by_file)]
}
