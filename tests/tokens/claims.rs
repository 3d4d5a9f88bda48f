//! The claims of a token, and when its email counts as proven (SPEC 2.3).

use std::time::Duration;

use selfsame::{AssertionKind, Error, Flow, ProviderId, Step, Timestamp};
use selfsame_world::{START, TokenProvider, World, minutes, signed_in};
use serde_json::{Value, json};

use super::{MS, NOW, begin_at, encode, present, problem, refuse_all, sign_up, world};

#[test]
fn r2_9_every_claim_is_checked() {
    refuse_all(
        |provider, nonce| {
            let claim =
                |name: &str, value: Value| provider.token("815", nonce, START).claim(name, value).text();
            let without = |name: &str| provider.token("815", nonce, START).without(name).text();
            let (header, claims) = provider.token("815", nonce, START).written();
            let number = |name: &str, text: &str| {
                let as_number = claims.replace(
                    &format!("\"{name}\":{}", if name == "exp" { NOW + 3_600 } else { NOW }),
                    &format!("\"{name}\":{text}"),
                );
                assert_ne!(as_number, claims);
                provider.sign(&header, &as_number, "ed")
            };
            vec![
                ("no issuer", without("iss"), "Issuer"),
                ("another issuer", claim("iss", json!("https://id.example")), "Issuer"),
                ("the issuer with a slash", claim("iss", json!("https://id.tokens.example/")), "Issuer"),
                ("the issuer without its scheme", claim("iss", json!("id.tokens.example")), "Issuer"),
                ("the issuer in capitals", claim("iss", json!("https://ID.tokens.example")), "Issuer"),
                ("a list of issuers", claim("iss", json!(["https://id.tokens.example"])), "Issuer"),
                ("another provider of policy", claim("iss", json!("https://id.provider.example")), "Issuer"),
                ("no audience", without("aud"), "Audience"),
                ("another audience", claim("aud", json!("other")), "Audience"),
                ("an audience that begins like ours", claim("aud", json!("field-notes-2")), "Audience"),
                ("our audience in capitals", claim("aud", json!("Field-Notes")), "Audience"),
                ("no audience in the list", claim("aud", json!([])), "Audience"),
                ("others in the list", claim("aud", json!(["a", "b"])), "Audience"),
                ("several audiences and no azp", claim("aud", json!(["field-notes", "other"])), "Audience"),
                (
                    "our audience twice and no azp",
                    claim("aud", json!(["field-notes", "field-notes"])),
                    "Audience",
                ),
                ("an audience that is no text", claim("aud", json!(["field-notes", 1])), "Audience"),
                ("an audience that is an object", claim("aud", json!({"field-notes": true})), "Audience"),
                ("another azp", claim("azp", json!("other")), "Audience"),
                ("azp null", claim("azp", Value::Null), "Audience"),
                (
                    "several audiences and another azp",
                    provider
                        .token("815", nonce, START)
                        .claim("aud", json!(["field-notes", "other"]))
                        .claim("azp", "other")
                        .text(),
                    "Audience",
                ),
                ("no nonce", without("nonce"), "Nonce"),
                ("an empty nonce", claim("nonce", json!("")), "Nonce"),
                ("another nonce", claim("nonce", json!(encode([7; 32]))), "Nonce"),
                ("the nonce cut", claim("nonce", json!(&nonce[..42])), "Nonce"),
                ("the nonce longer", claim("nonce", json!(format!("{nonce}A"))), "Nonce"),
                ("the nonce in a list", claim("nonce", json!([nonce])), "Nonce"),
                ("expired now", claim("exp", json!(NOW)), "Expired"),
                ("expired for a second", claim("exp", json!(NOW - 1)), "Expired"),
                ("expired since 1970", claim("exp", json!(0)), "Expired"),
                ("no end", without("exp"), "Expired"),
                ("exp as text", claim("exp", json!((NOW + 60).to_string())), "Expired"),
                ("exp null", claim("exp", Value::Null), "Expired"),
                ("exp with a fraction", number("exp", "1767225601.0"), "Expired"),
                ("exp with an exponent", number("exp", "1e12"), "Expired"),
                ("exp before 1970", number("exp", "-1"), "Expired"),
                ("exp beyond 64 bits", number("exp", "18446744073709551616"), "Expired"),
                ("issued 10 minutes and a second ago", claim("iat", json!(NOW - 601)), "IssuedAt"),
                ("issued in 1970", claim("iat", json!(0)), "IssuedAt"),
                ("issued 61 seconds ahead", claim("iat", json!(NOW + 61)), "IssuedAt"),
                ("issued at the end of time", claim("iat", json!(u64::MAX)), "IssuedAt"),
                ("not issued", without("iat"), "IssuedAt"),
                ("iat with a fraction", number("iat", "1767225600.5"), "IssuedAt"),
                ("iat as text", claim("iat", json!(NOW.to_string())), "IssuedAt"),
                ("nbf 61 seconds ahead", claim("nbf", json!(NOW + 61)), "NotYet"),
                ("nbf as text", claim("nbf", json!("0")), "NotYet"),
                ("nbf null", claim("nbf", Value::Null), "NotYet"),
                ("nbf negative", claim("nbf", json!(-1)), "NotYet"),
                ("no subject", without("sub"), "Subject"),
                ("an empty subject", claim("sub", json!("")), "Subject"),
                ("a subject of 256 bytes", claim("sub", json!("s".repeat(256))), "Subject"),
                ("a subject of 128 letters and 256 bytes", claim("sub", json!("é".repeat(128))), "Subject"),
                ("a subject that is a number", claim("sub", json!(815)), "Subject"),
                ("a subject that is null", claim("sub", Value::Null), "Subject"),
                ("auth_time 61 seconds ahead", claim("auth_time", json!(NOW + 61)), "AuthTime"),
                ("auth_time as text", claim("auth_time", json!(NOW.to_string())), "AuthTime"),
            ]
        },
        55,
    );
}

#[test]
fn r2_9_the_times_of_a_token_are_checked_to_the_millisecond() {
    let (world, provider) = world();
    for (wait, change, reason) in [
        (Duration::from_secs(5) - MS, ("exp", NOW + 5), None),
        (MS, ("exp", NOW + 5), Some("Expired")),
        (minutes(10) - Duration::from_secs(5), ("iat", NOW), None),
        (MS, ("iat", NOW), Some("IssuedAt")),
    ] {
        world.later(wait);
        let done = sign_up(&world, &provider, |token| token.claim(change.0, change.1));
        match reason {
            None => assert!(done.is_ok(), "{change:?}: {done:?}"),
            Some(reason) => assert_eq!(problem(done), reason),
        }
    }
}

/// Signs up with this email and returns whether the address counts as proven.
fn is_proven(world: &World, done: Result<Flow, Error>) -> bool {
    match done.unwrap().step {
        Step::SignedIn { session: done } => {
            let view = world.engine().account(&done.token).unwrap().view().unwrap();
            assert!(view.addresses[0].verified_at.is_some());
            true
        }
        Step::VerifyEmail { can_skip, .. } => {
            assert!(can_skip);
            false
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn r2_3_a_token_proves_an_email_if_its_provider_is_the_authority_and_says_it_is_verified() {
    let verified = [
        json!(true),
        json!("true"),
        json!(false),
        json!("false"),
        Value::Null,
        json!(1),
        json!("True"),
        json!([true]),
    ];
    for may_be_text in [false, true] {
        let mut providers = selfsame_world::providers();
        let AssertionKind::IdToken { rules } = &mut providers[3].assertion_kind else {
            panic!("{providers:?}")
        };
        rules.verified_may_be_text = may_be_text;
        let world = World::builder().policy(World::policy().providers(providers).build().unwrap()).build();
        let provider = TokenProvider::new();
        world.engine().set_keys(&provider.id(), &provider.jwks()).unwrap();
        let sign_up = |n: usize, domain: &str, verified: &Value| {
            sign_up(&world, &provider, |it| {
                let it = it.claim("sub", format!("{n}{domain}")).claim("email", format!("p{n}@{domain}"));
                it.claim("email_verified", verified.clone()).claim("hd", "hosted.example")
            })
        };
        for (n, verified) in verified.iter().enumerate() {
            let counts = *verified == json!(true) || may_be_text && *verified == json!("true");
            let proven = is_proven(&world, sign_up(n, "tokens.example", verified));
            assert_eq!(proven, counts, "{verified} with text {may_be_text}");
            assert!(!is_proven(&world, sign_up(n, "elsewhere.example", verified)));
            assert!(!is_proven(&world, sign_up(n, "hosted.example", verified)), "hd counts only for Google");
        }
    }
    let (world, provider) = world();
    let absent = sign_up(&world, &provider, |it| it.claim("email", "ada@tokens.example"));
    assert!(!is_proven(&world, absent), "a missing claim is not true");
}

/// Returns a world with our own keys for Google and Apple.
fn presets() -> (World, TokenProvider) {
    let (world, provider) = (World::new(), TokenProvider::new());
    for id in ["google", "apple"] {
        world.engine().set_keys(&id.parse::<ProviderId>().unwrap(), &provider.jwks()).unwrap();
    }
    (world, provider)
}

#[test]
fn r2_3_google_and_apple_are_authorities_for_their_own_domains() {
    let (world, keys) = presets();
    const GOOGLE: &str = "https://accounts.google.com";
    const APPLE: &str = "https://appleid.apple.com";
    for (n, (provider, issuer, email, hosted, verified, proven)) in [
        ("google", GOOGLE, "ada@gmail.com", None, json!(true), true),
        ("google", GOOGLE, "bob@gmail.com", None, json!("true"), false),
        ("google", GOOGLE, "ada@googlemail.com", None, json!(true), false),
        ("google", GOOGLE, "ada@corp.example", None, json!(true), false),
        ("google", GOOGLE, "bob@corp.example", Some("corp.example"), json!(true), true),
        ("google", GOOGLE, "dan@corp.example", Some("Corp.Example"), json!(true), true),
        ("google", GOOGLE, "eve@corp.example", Some("corp.example"), json!(false), false),
        ("google", GOOGLE, "eve@mail.corp.example", Some("corp.example"), json!(true), false),
        ("google", GOOGLE, "eve@other.example", Some("corp.example"), json!(true), false),
        ("google", GOOGLE, "eve@icloud.com", Some(""), json!(true), false),
        ("apple", APPLE, "a1@privaterelay.appleid.com", None, json!("true"), true),
        ("apple", APPLE, "a2@icloud.com", None, json!(true), true),
        ("apple", APPLE, "a3@me.com", None, json!("true"), true),
        ("apple", APPLE, "a4@mac.com", None, json!("true"), true),
        ("apple", APPLE, "a5@icloud.com", None, json!("false"), false),
        ("apple", APPLE, "a6@corp.example", Some("corp.example"), json!(true), false),
        ("apple", APPLE, "a7@gmail.com", None, json!(true), false),
    ]
    .into_iter()
    .enumerate()
    {
        let (flow, nonce) = begin_at(&world, provider);
        let mut token = keys.token(&n.to_string(), &nonce, world.now()).by("rsa").claim("iss", issuer);
        token = token.claim("email", email).claim("email_verified", verified);
        if let Some(hosted) = hosted {
            token = token.claim("hd", hosted);
        }
        assert_eq!(is_proven(&world, present(&world, &flow, &token.text())), proven, "{email}");
    }
}

#[test]
fn r1_2_both_spellings_of_google_are_one_issuer_of_one_identity() {
    let (world, keys) = presets();
    let mut accounts = Vec::new();
    for issuer in ["https://accounts.google.com", "accounts.google.com"] {
        let (flow, nonce) = begin_at(&world, "google");
        let token = keys.token("815", &nonce, world.now()).by("rsa").claim("iss", issuer);
        assert_eq!(problem(present(&world, &flow, &token.clone().by("ed").text())), "Algorithm");
        accounts.push(signed_in(present(&world, &flow, &token.text()).unwrap()).account);
    }
    assert_eq!(accounts[0], accounts[1]);
    let (flow, nonce) = begin_at(&world, "google");
    for issuer in ["http://accounts.google.com", "https://accounts.google.com/", "ACCOUNTS.google.com"] {
        let token = keys.token("815", &nonce, world.now()).by("rsa").claim("iss", issuer);
        assert_eq!(problem(present(&world, &flow, &token.text())), "Issuer", "{issuer}");
    }
}

#[test]
fn a_token_s_handle_is_only_shown_and_the_token_itself_never() {
    let (world, provider) = world();
    for (n, (claims, handle)) in [
        (json!({}), None),
        (json!({"name": "Ada"}), Some("Ada".to_owned())),
        (json!({"name": "Ada", "preferred_username": "ada"}), Some("ada".to_owned())),
        (json!({"name": "Ada", "preferred_username": ""}), Some("Ada".to_owned())),
        (json!({"name": 1}), None),
        (json!({"name": "é".repeat(70)}), Some("é".repeat(64))),
    ]
    .into_iter()
    .enumerate()
    {
        let done = sign_up(&world, &provider, |mut it| {
            for (name, value) in claims.as_object().unwrap() {
                it = it.claim(name, value.clone());
            }
            it.claim("sub", n.to_string())
        });
        let token = signed_in(done.unwrap()).token;
        let view = world.engine().account(&token).unwrap().view().unwrap();
        assert_eq!(view.methods[0].handle, handle, "{claims}");
    }
    let assertion = provider.token("815", "nonce", Timestamp::from_millis(0)).assertion();
    assert_eq!(format!("{assertion:?}"), "IdToken(Secret(…))");
}
