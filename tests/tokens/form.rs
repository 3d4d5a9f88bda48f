//! The form of a token and its signature, as tables of attacks.

use base64ct::{Base64UrlUnpadded, Encoding};
use selfsame_world::{Forge, START, TokenProvider, signed_in};
use serde_json::{Value, json};

use super::{begin, encode, present, refuse_all, world};

#[test]
fn r2_9_a_text_that_is_not_a_token_is_refused() {
    refuse_all(
        |provider, nonce| {
            let token = provider.token("815", nonce, START);
            let text = token.text();
            let parts: Vec<&str> = text.split('.').collect();
            let [header, claims, signature] = parts[..] else { panic!("three parts") };
            // 64 bytes leave two bits of the last digit unused. This is the same signature with one of those
            // bits set.
            let last = signature.chars().last().unwrap();
            let other_last = match last {
                'A' => 'B',
                'Q' => 'R',
                'g' => 'h',
                'w' => 'x',
                other => panic!("{other}"),
            };
            let not_canonical = format!("{}{other_last}", &text[..text.len() - 1]);
            let fill = |length: usize| "x".repeat(length);
            let long = (5_000..9_000)
                .map(|length| token.clone().claim("fill", fill(length)).text())
                .find(|text| text.len() > 8 * 1024)
                .unwrap();
            assert!(long.len() <= 8 * 1024 + 2);
            vec![
                ("nothing", String::new(), "Malformed"),
                ("no part", "token".to_owned(), "Malformed"),
                ("one part", header.to_owned(), "Malformed"),
                ("two parts", format!("{header}.{claims}"), "Malformed"),
                ("four parts", format!("{text}.AAAA"), "Malformed"),
                ("five parts, as in an encrypted token", format!("{text}.AAAA.AAAA"), "Malformed"),
                ("an empty header", format!(".{claims}.{signature}"), "Malformed"),
                ("empty claims", format!("{header}..{signature}"), "Malformed"),
                ("an empty signature", format!("{header}.{claims}."), "Malformed"),
                ("a last dot", format!("{text}."), "Malformed"),
                ("a first dot", format!(".{text}"), "Malformed"),
                ("a blank before", format!(" {text}"), "Malformed"),
                ("a line's end", format!("{text}\n"), "Malformed"),
                ("padding", format!("{header}.{claims}.{signature}=="), "Malformed"),
                ("padding of the header", format!("{header}=.{claims}.{signature}"), "Malformed"),
                ("another base64", format!("{header}.{claims}.{}+/", &signature[2..]), "Malformed"),
                ("another spelling of the same bytes", not_canonical, "Malformed"),
                ("not ASCII", format!("{header}.{claims}.é{signature}"), "Malformed"),
                (
                    "a header that is not an object",
                    format!("{}.{claims}.{signature}", encode("[]")),
                    "Malformed",
                ),
                (
                    "claims that are not an object",
                    provider.sign(&token.written().0, "[1]", "ed"),
                    "Malformed",
                ),
                ("claims that are not JSON", provider.sign(&token.written().0, "Ada", "ed"), "Malformed"),
                (
                    "something after the claims",
                    {
                        let (header, claims) = token.written();
                        provider.sign(&header, &format!("{claims}{{}}"), "ed")
                    },
                    "Malformed",
                ),
                (
                    "the JSON form",
                    json!({"payload": claims, "protected": header, "signature": signature}).to_string(),
                    "Malformed",
                ),
                ("over 8 KiB", long, "TooLong"),
                ("a megabyte", "A".repeat(1 << 20), "TooLong"),
            ]
        },
        25,
    );
}

#[test]
fn r2_9_duplicate_members_are_refused() {
    refuse_all(
        |provider, nonce| {
            let (header, claims) = provider.token("815", nonce, START).written();
            let with = |text: &str, more: &str| format!("{}{more}}}", &text[..text.len() - 1]);
            vec![
                ("alg twice", provider.sign(&with(&header, r#","alg":"EdDSA""#), &claims, "ed"), "Malformed"),
                ("kid twice", provider.sign(&with(&header, r#","kid":"ec""#), &claims, "ed"), "Malformed"),
                (
                    "alg spelt with an escape",
                    provider.sign(&with(&header, r#","\u0061lg":"none""#), &claims, "ed"),
                    "Malformed",
                ),
                ("sub twice", provider.sign(&header, &with(&claims, r#","sub":"1""#), "ed"), "Malformed"),
                (
                    "sub twice, alike",
                    provider.sign(&header, &with(&claims, r#","sub":"815""#), "ed"),
                    "Malformed",
                ),
                ("nonce twice", provider.sign(&header, &with(&claims, r#","nonce":"1""#), "ed"), "Malformed"),
                (
                    "twice inside another claim",
                    provider.sign(&header, &with(&claims, r#","x":{"y":1,"y":1}"#), "ed"),
                    "Malformed",
                ),
                (
                    "twice inside a list",
                    provider.sign(&header, &with(&claims, r#","x":[{"y":1,"y":1}]"#), "ed"),
                    "Malformed",
                ),
            ]
        },
        8,
    );
}

#[test]
fn r2_9_a_token_cannot_choose_its_own_algorithm_or_key() {
    refuse_all(
        |provider, nonce| {
            let token = || provider.token("815", nonce, START);
            let (header, claims) = token().written();
            let unsigned = |algorithm: &str, signature: &str| {
                let header = json!({ "alg": algorithm }).to_string();
                format!("{}.{}.{signature}", encode(header), encode(&claims))
            };
            let jwks: Value = serde_json::from_str(&provider.jwks()).unwrap();
            let hmac = |key: &[u8]| {
                let message = format!("{}.{}", encode(header.replace("EdDSA", "HS256")), encode(&claims));
                let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key);
                format!("{message}.{}", encode(ring::hmac::sign(&key, message.as_bytes())))
            };
            let ed = Base64UrlUnpadded::decode_vec(jwks["keys"][0]["x"].as_str().unwrap()).unwrap();
            let rsa = Base64UrlUnpadded::decode_vec(jwks["keys"][2]["n"].as_str().unwrap()).unwrap();
            let stranger = TokenProvider::with_seed([1; 32]);
            let own: Value = serde_json::from_str(&stranger.jwks()).unwrap();
            let own = own["keys"][0].clone();
            let mine = |forge: Forge<'_>| {
                let (header, claims) = forge.written();
                stranger.sign(&header, &claims, "ed")
            };
            vec![
                ("none, unsigned", unsigned("none", ""), "Malformed"),
                ("none", unsigned("none", "AAAA"), "Algorithm"),
                ("None", unsigned("None", "AAAA"), "Algorithm"),
                ("nOnE", unsigned("nOnE", "AAAA"), "Algorithm"),
                ("no algorithm", token().header_without("alg").text(), "Algorithm"),
                ("an empty algorithm", token().header("alg", "").text(), "Algorithm"),
                (
                    "an algorithm that is not text",
                    token().header("alg", json!(["EdDSA"])).text(),
                    "Algorithm",
                ),
                ("the algorithm in small letters", token().header("alg", "eddsa").text(), "Algorithm"),
                ("HS256 with the public Ed25519 key", hmac(&ed), "Algorithm"),
                ("HS256 with the public RSA key", hmac(&rsa), "Algorithm"),
                ("HS256 with the key set as published", hmac(provider.jwks().as_bytes()), "Algorithm"),
                ("HS256 with no key", hmac(&[]), "Algorithm"),
                ("RS512", token().by("rsa").header("alg", "RS512").text(), "Algorithm"),
                ("PS256", token().by("rsa").header("alg", "PS256").text(), "Algorithm"),
                ("ES256 said, the Ed25519 key named", token().header("alg", "ES256").text(), "Algorithm"),
                ("RS256 said, the Ed25519 key named", token().header("alg", "RS256").text(), "Algorithm"),
                (
                    "EdDSA said, the RSA key named",
                    token().by("rsa").header("alg", "EdDSA").text(),
                    "Algorithm",
                ),
                ("a key of its own", mine(token().header("jwk", own.clone())), "Header"),
                (
                    "the provider's key in the header",
                    token().header("jwk", jwks["keys"][0].clone()).text(),
                    "Header",
                ),
                ("a URL of its own keys", mine(token().header("jku", "https://evil.example/keys")), "Header"),
                (
                    "a URL of a certificate",
                    mine(token().header("x5u", "https://evil.example/cert")),
                    "Header",
                ),
                ("a certificate", mine(token().header("x5c", json!(["MIIB"]))), "Header"),
                (
                    "a critical member",
                    token().header("crit", json!(["exp"])).header("exp", 1).text(),
                    "Header",
                ),
                ("an empty list of critical members", token().header("crit", json!([])).text(), "Header"),
                ("claims not encoded", token().header("b64", false).text(), "Header"),
                ("claims compressed", token().header("zip", "DEF").text(), "Header"),
                ("encrypted", token().header("enc", "A256GCM").text(), "Header"),
                ("a key name that is not text", token().header("kid", 1).text(), "Header"),
                ("a key name that is null", token().header("kid", Value::Null).text(), "Header"),
                ("an access token", token().header("typ", "at+jwt").text(), "Kind"),
                ("an access token, in full", token().header("typ", "application/at+jwt").text(), "Kind"),
                ("a logout token", token().header("typ", "logout+jwt").text(), "Kind"),
                ("an empty kind", token().header("typ", "").text(), "Kind"),
                ("a kind that is not text", token().header("typ", Value::Null).text(), "Kind"),
            ]
        },
        34,
    );
}

#[test]
fn r2_9_any_other_signature_is_refused() {
    refuse_all(
        |provider, nonce| {
            let token = || provider.token("815", nonce, START);
            let signed_as = |key: &'static str, change: &dyn Fn(Vec<u8>) -> Vec<u8>| {
                let (header, claims) = token().by(key).written();
                let message = format!("{}.{}", encode(header), encode(claims));
                let signature = change(provider.signature(&message, key));
                format!("{message}.{}", encode(signature))
            };
            let stranger = TokenProvider::with_seed([1; 32]);
            let (header, claims) = token().written();
            let other = provider.token("4711", nonce, START).text();
            let signature = other.rsplit_once('.').unwrap().1;
            let right = token().text();
            let (message, _) = right.rsplit_once('.').unwrap();
            let cut = |mut bytes: Vec<u8>| {
                bytes.pop();
                bytes
            };
            let longer = |mut bytes: Vec<u8>| {
                bytes.push(0);
                bytes
            };
            let flipped = |mut bytes: Vec<u8>| {
                bytes[10] ^= 1;
                bytes
            };
            let zeros = |bytes: Vec<u8>| vec![0; bytes.len()];
            let half = |from: usize| {
                move |mut bytes: Vec<u8>| {
                    bytes[from..from + 32].fill(0);
                    bytes
                }
            };
            vec![
                ("another's key under the same name", stranger.sign(&header, &claims, "ed"), "Signature"),
                ("of other claims", format!("{message}.{signature}"), "Signature"),
                (
                    "other claims under it",
                    {
                        let claims = other.split('.').nth(1).unwrap();
                        let (head, tail) =
                            (right.split('.').next().unwrap(), right.split('.').nth(2).unwrap());
                        format!("{head}.{claims}.{tail}")
                    },
                    "Signature",
                ),
                (
                    "another header under it",
                    {
                        let header = encode(r#"{"alg":"EdDSA","kid":"ed"}"#);
                        let (_, rest) = right.split_once('.').unwrap();
                        format!("{header}.{rest}")
                    },
                    "Signature",
                ),
                ("EdDSA, cut", signed_as("ed", &cut), "Signature"),
                ("EdDSA, longer", signed_as("ed", &longer), "Signature"),
                ("EdDSA, a bit flipped", signed_as("ed", &flipped), "Signature"),
                ("EdDSA, zeros", signed_as("ed", &zeros), "Signature"),
                ("EdDSA, S zero", signed_as("ed", &half(32)), "Signature"),
                ("EdDSA, R zero", signed_as("ed", &half(0)), "Signature"),
                ("ES256, zeros", signed_as("ec", &zeros), "Signature"),
                ("ES256, r zero", signed_as("ec", &half(0)), "Signature"),
                ("ES256, s zero", signed_as("ec", &half(32)), "Signature"),
                ("ES256 as DER", signed_as("ec", &der), "Signature"),
                ("ES256, cut", signed_as("ec", &cut), "Signature"),
                ("ES256, longer", signed_as("ec", &longer), "Signature"),
                ("ES256, a bit flipped", signed_as("ec", &flipped), "Signature"),
                ("RS256, zeros", signed_as("rsa", &zeros), "Signature"),
                ("RS256, cut", signed_as("rsa", &cut), "Signature"),
                ("RS256, longer", signed_as("rsa", &longer), "Signature"),
                ("RS256, a bit flipped", signed_as("rsa", &flipped), "Signature"),
                (
                    "RS256, a zero before",
                    signed_as("rsa", &|bytes| [&[0], bytes.as_slice()].concat()),
                    "Signature",
                ),
                (
                    "ES256 made by the Ed25519 key",
                    {
                        let (header, claims) = token().by("ec").written();
                        provider.sign(&header, &claims, "ed")
                    },
                    "Signature",
                ),
            ]
        },
        23,
    );
}

/// Encodes an ECDSA signature of fixed length as DER, which is what most libraries produce (SEC 1 appendix
/// C.8).
fn der(fixed: Vec<u8>) -> Vec<u8> {
    let integer = |bytes: &[u8]| {
        let start = bytes.iter().position(|byte| *byte != 0).unwrap();
        let mut bytes = bytes[start..].to_vec();
        if bytes[0] >= 0x80 {
            bytes.insert(0, 0);
        }
        [&[2, bytes.len() as u8], bytes.as_slice()].concat()
    };
    let body = [integer(&fixed[..32]), integer(&fixed[32..])].concat();
    [&[0x30, body.len() as u8], body.as_slice()].concat()
}

#[test]
fn r2_9_a_change_of_any_character_is_refused() {
    let (world, provider) = world();
    let (flow, nonce) = begin(&world);
    let right = provider.token("815", &nonce, world.now()).text();
    for at in 0..right.len() {
        let other = if right.as_bytes()[at] == b'A' { "Q" } else { "A" };
        let mut wrong = right.clone();
        wrong.replace_range(at..=at, other);
        // The first change of the key's name asks for keys. The tables above check the other errors.
        assert!(present(&world, &flow, &wrong).is_err(), "at {at}");
        assert!(present(&world, &flow, &right[..at]).is_err(), "cut at {at}");
    }
    signed_in(present(&world, &flow, &right).unwrap());
}
