//! Key sets: which are accepted, for how long, and which key may have signed.

use base64ct::{Base64UrlUnpadded, Encoding};
use selfsame::{Algorithm, AssertionKind, IdTokenRules, Provider, ProviderId, Refusal};
use selfsame_world::{TokenProvider, World, days, hours, refused, signed_in};
use serde_json::{Value, json};

use super::{MS, begin, begin_at, encode, present, problem, sign_up, world};

#[test]
fn r2_9_keys_are_needed_before_a_token_and_again_after_a_day() {
    let (world, provider) = (World::new(), TokenProvider::new());
    let needed = Refusal::NeedsKeys { issuer: "https://id.tokens.example".to_owned() };
    let (flow, nonce) = begin(&world);
    let token = provider.token("815", &nonce, world.now()).text();
    for _ in 0..3 {
        assert_eq!(refused(present(&world, &flow, &token)), needed, "no keys are set yet");
    }
    world.engine().set_keys(&provider.id(), &provider.jwks()).unwrap();
    signed_in(present(&world, &flow, &token).unwrap());
    world.later(hours(24) - MS);
    signed_in(sign_up(&world, &provider, |token| token).unwrap());
    world.later(MS);
    assert_eq!(refused(sign_up(&world, &provider, |token| token)), needed, "the keys are a day old");
    world.engine().set_keys(&provider.id(), &provider.jwks()).unwrap();
    signed_in(sign_up(&world, &provider, |token| token).unwrap());
}

#[test]
fn r2_9_policy_sets_how_long_keys_are_used_from_an_hour_to_a_week() {
    for (span, fits) in [(hours(1) - MS, false), (hours(1), true), (days(7), true), (days(7) + MS, false)] {
        assert_eq!(World::policy().max_key_set_age(span).build().is_ok(), fits, "{span:?}");
    }
    let world = World::builder().policy(World::policy().max_key_set_age(hours(1)).build().unwrap()).build();
    let provider = TokenProvider::new();
    world.engine().set_keys(&provider.id(), &provider.jwks()).unwrap();
    world.later(hours(1));
    assert_eq!(problem(sign_up(&world, &provider, |token| token)), "NeedsKeys");
}

#[test]
fn r2_9_keys_set_at_a_future_time_are_not_used() {
    let (world, provider) = (World::new(), TokenProvider::new());
    world.hand().set_wall_forward(days(400));
    world.engine().set_keys(&provider.id(), &provider.jwks()).unwrap();
    world.hand().set_wall_back(days(400));
    world.engine().set_trusted_time(world.now()).unwrap();
    assert_eq!(problem(sign_up(&world, &provider, |token| token)), "NeedsKeys");
}

#[test]
fn r2_9_an_unknown_key_asks_for_the_key_set_once_per_flow() {
    let (world, provider) = world();
    let rotated = TokenProvider::with_seed([2; 32]);
    let set = rotated.jwks().replace("\"ed\"", "\"ed-2\"");
    let (flow, nonce) = begin(&world);
    let forged = rotated.token("815", &nonce, world.now()).header("kid", "ed-2").text();
    assert_eq!(problem(present(&world, &flow, &forged)), "NeedsKeys");
    assert_eq!(problem(present(&world, &flow, &forged)), "UnknownKey");
    let commits = world.engine().commits().unwrap();
    let another = rotated.token("815", &nonce, world.now()).header("kid", "ed-3").text();
    assert_eq!(
        problem(present(&world, &flow, &another)),
        "UnknownKey",
        "the flow asks only once, for any key name"
    );
    assert_eq!(world.engine().commits().unwrap(), commits);
    // With the new set, the same token is accepted, and a token of the old key is not.
    world.engine().set_keys(&provider.id(), &set).unwrap();
    let old = provider.token("815", &nonce, world.now()).text();
    assert_eq!(problem(present(&world, &flow, &old)), "UnknownKey");
    signed_in(present(&world, &flow, &forged).unwrap());
}

#[test]
fn r2_9_a_flow_remembers_across_restarts_that_it_asked_for_keys() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::builder().file(&folder.path().join("store")).build();
    let provider = TokenProvider::new();
    world.engine().set_keys(&provider.id(), &provider.jwks()).unwrap();
    let (flow, nonce) = begin(&world);
    let unknown = provider.token("815", &nonce, world.now()).header("kid", "new").text();
    assert_eq!(problem(present(&world, &flow, &unknown)), "NeedsKeys");
    world.reopen(None).unwrap();
    assert_eq!(problem(present(&world, &flow, &unknown)), "UnknownKey");
    signed_in(present(&world, &flow, &provider.token("815", &nonce, world.now()).text()).unwrap());
}

#[test]
fn r2_9_a_token_without_a_key_name_needs_a_set_of_one_key() {
    let (world, provider) = (World::new(), TokenProvider::new());
    let mut set: Value = serde_json::from_str(&provider.jwks()).unwrap();
    let other: Value = serde_json::from_str(&TokenProvider::with_seed([3; 32]).jwks()).unwrap();
    let mut second = other["keys"][0].clone();
    second["kid"] = json!("ed-2");
    set["keys"].as_array_mut().unwrap().push(second);
    world.engine().set_keys(&provider.id(), &set.to_string()).unwrap();
    let (flow, nonce) = begin(&world);
    let nameless = provider.token("815", &nonce, world.now()).header_without("kid").text();
    assert_eq!(problem(present(&world, &flow, &nameless)), "NeedsKeys");
    assert_eq!(problem(present(&world, &flow, &nameless)), "UnknownKey");
}

#[test]
fn r2_9_a_key_of_another_provider_proves_nothing() {
    let mallory = TokenProvider::with_seed([9; 32]);
    let rules = IdTokenRules::new(vec!["field-notes".to_owned()], vec![Algorithm::EdDsa]);
    let second = Provider {
        id: "mallory".parse::<ProviderId>().unwrap(),
        issuer: "https://mallory.example".to_owned(),
        authority_for: Vec::new(),
        assertion_kind: AssertionKind::IdToken { rules },
        manage_url: None,
    };
    let mut providers = selfsame_world::providers();
    providers.push(second);
    let world = World::builder().policy(World::policy().providers(providers).build().unwrap()).build();
    let provider = TokenProvider::new();
    let id = "mallory".parse::<ProviderId>().unwrap();
    world.engine().set_keys(&provider.id(), &provider.jwks()).unwrap();
    world.engine().set_keys(&id, &mallory.jwks().replace("\"ed\"", "\"m\"")).unwrap();
    let (flow, nonce) = begin(&world);
    let forge = || mallory.token("815", &nonce, world.now());
    // In a flow of provider `oidc`: with mallory's issuer, and with oidc's issuer and either key name.
    let own = forge().claim("iss", "https://mallory.example").header("kid", "m").text();
    assert_eq!(problem(present(&world, &flow, &own)), "Issuer");
    assert_eq!(problem(present(&world, &flow, &forge().text())), "Signature");
    assert_eq!(problem(present(&world, &flow, &forge().header("kid", "m").text())), "NeedsKeys");
    assert_eq!(problem(present(&world, &flow, &forge().header("kid", "m").text())), "UnknownKey");
    // Policy names this algorithm only for `oidc`.
    let (flow, nonce) = begin_at(&world, "mallory");
    let token = mallory.token("815", &nonce, world.now()).claim("iss", "https://mallory.example");
    assert_eq!(problem(present(&world, &flow, &token.clone().by("ec").text())), "Algorithm");
    assert_eq!(problem(present(&world, &flow, &token.clone().by("rsa").text())), "Algorithm");
    signed_in(present(&world, &flow, &token.header("kid", "m").text()).unwrap());
}

#[test]
fn r2_9_an_invalid_key_set_is_refused_and_the_previous_one_stays() {
    let (world, provider) = world();
    let set: Value = serde_json::from_str(&provider.jwks()).unwrap();
    let (ed, ec, rsa) = (&set["keys"][0], &set["keys"][1], &set["keys"][2]);
    let with = |key: &Value, name: &str, value: Value| {
        let mut key = key.clone();
        key[name] = value;
        key
    };
    let of = |keys: Vec<Value>| json!({ "keys": keys }).to_string();
    let short = encode([0xff; 128]);
    let modulus = Base64UrlUnpadded::decode_vec(rsa["n"].as_str().unwrap()).unwrap();
    let many = (0..33).map(|n| with(ed, "kid", json!(n.to_string()))).collect();
    for (name, text, reason) in [
        ("nothing", String::new(), "Malformed"),
        ("a page", "<html>".to_owned(), "Malformed"),
        ("no keys", "{}".to_owned(), "Malformed"),
        ("a key alone", ed.to_string(), "Malformed"),
        ("keys that are not a list", json!({"keys": {}}).to_string(), "Malformed"),
        ("a key that is not an object", of(vec![json!("ed")]), "Malformed"),
        ("a member twice", provider.jwks().replacen("\"kid\"", "\"kty\":\"EC\",\"kid\"", 1), "Malformed"),
        ("an empty list", of(vec![]), "NoKey"),
        ("two keys with one name", of(vec![ed.clone(), with(ec, "kid", json!("ed"))]), "SameName"),
        ("a private Ed25519 key", of(vec![ed.clone(), with(ed, "d", json!("AAAA"))]), "PrivateKey"),
        ("a private RSA key", of(vec![with(rsa, "p", json!("AAAA"))]), "PrivateKey"),
        ("a shared secret", of(vec![ed.clone(), json!({"kty": "oct", "k": "AAAA"})]), "PrivateKey"),
        ("33 keys", of(many), "TooLarge"),
        ("over 64 KiB", json!({"keys": [ed], "x": "x".repeat(65_536)}).to_string(), "TooLarge"),
        ("RSA of 1,024 bits", of(vec![with(rsa, "n", json!(short))]), "NoKey"),
        (
            "RSA of 2,047 bits",
            of(vec![with(rsa, "n", json!(encode([&[0x7f][..], &[0xff; 255]].concat())))]),
            "NoKey",
        ),
        (
            "RSA of 1,024 bits with zeros before",
            of(vec![with(rsa, "n", json!(encode([[0; 128], [0xff; 128]].concat())))]),
            "NoKey",
        ),
        (
            "RSA with a zero before",
            of(vec![with(rsa, "n", json!(encode([&[0], modulus.as_slice()].concat())))]),
            "NoKey",
        ),
        ("RSA without its exponent", of(vec![with(rsa, "e", Value::Null)]), "NoKey"),
        ("RSA for another algorithm", of(vec![with(rsa, "alg", json!("RS512"))]), "NoKey"),
        ("a key for encryption", of(vec![with(ed, "use", json!("enc"))]), "NoKey"),
        ("a key to sign with", of(vec![with(ed, "key_ops", json!(["sign"]))]), "NoKey"),
        ("another curve", of(vec![with(ec, "crv", json!("P-384"))]), "NoKey"),
        ("X25519", of(vec![with(ed, "crv", json!("X25519"))]), "NoKey"),
        ("half a point", of(vec![with(ec, "y", json!("AAAA"))]), "NoKey"),
        ("a short Ed25519 key", of(vec![with(ed, "x", json!("AAAA"))]), "NoKey"),
        ("a key padded", of(vec![with(ed, "x", json!(format!("{}=", ed["x"].as_str().unwrap())))]), "NoKey"),
        ("a name that is not text", of(vec![with(ed, "kid", json!(1))]), "NoKey"),
        ("an unknown kind", of(vec![with(ed, "kty", json!("AKP"))]), "NoKey"),
    ] {
        match refused(world.engine().set_keys(&provider.id(), &text)) {
            Refusal::InvalidKeys { reason: why } => assert_eq!(why.code(), reason, "{name}"),
            refusal => panic!("{name}: {refusal:?}"),
        }
    }
    signed_in(sign_up(&world, &provider, |token| token).unwrap());
    for id in ["x", "nobody"] {
        let id = id.parse::<ProviderId>().unwrap();
        assert_eq!(refused(world.engine().set_keys(&id, &provider.jwks())), Refusal::UnknownProvider);
    }
    // Unusable keys do not prevent the use of the others.
    let mixed = of(vec![json!({"kty": "future", "kid": "ed"}), with(rsa, "n", json!(short)), ed.clone()]);
    world.engine().set_keys(&provider.id(), &mixed).unwrap();
    signed_in(sign_up(&world, &provider, |token| token).unwrap());
    assert_eq!(problem(sign_up(&world, &provider, |token| token.by("rsa"))), "NeedsKeys");
}
