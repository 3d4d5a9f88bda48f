//! The W3C's vectors.

use super::{USER, asserted, assertion, registered, registration, rp};
use crate::crypto::cose::PublicKey;
use crate::crypto::digest::plain_sha256;
use crate::crypto::hex;
use crate::crypto::json::{self, Json, Object};
use crate::crypto::webauthn::Assertion;
use crate::records::passkey::{Passkey, PasskeyProblem, RelyingParty};

/// A ceremony of the W3C.
struct Vector {
    name: String,
    registration: Object,
    authentication: Object,
}

fn bytes(object: &Object, name: &str) -> Vec<u8> {
    hex(object[name].text().unwrap())
}

fn vectors() -> Vec<Vector> {
    let mut file = json::object(include_bytes!("../vectors.json")).unwrap();
    let Some(Json::List(listed)) = file.remove("vectors") else { panic!("no list") };
    let read = |vector| {
        let Json::Object(mut vector) = vector else { panic!("no vector") };
        let mut part = |name| match vector.remove(name) {
            Some(Json::Object(part)) => part,
            _ => panic!("no {name}"),
        };
        let (registration, authentication) = (part("registration"), part("authentication"));
        Vector { name: vector["name"].text().unwrap().to_owned(), registration, authentication }
    };
    listed.into_iter().map(read).collect()
}

impl Vector {
    /// The policy that the ceremony needs.
    fn rp(&self) -> RelyingParty {
        RelyingParty { top_origins: vec!["https://example.com".to_owned()], ..rp() }
    }

    fn registered(&self, object: &[u8]) -> Result<Passkey, PasskeyProblem> {
        let answer =
            registration(&bytes(&self.registration, "credential_id"), &self.client("registration"), object);
        registered(&answer, &self.rp(), &bytes(&self.registration, "challenge"), USER)
    }

    fn client(&self, ceremony: &str) -> Vec<u8> {
        let part = if ceremony == "registration" { &self.registration } else { &self.authentication };
        bytes(part, "clientDataJSON")
    }

    fn object(&self) -> Vec<u8> {
        bytes(&self.registration, "attestationObject")
    }

    fn asserted(
        &self,
        passkey: &Passkey,
        client: &[u8],
        data: &[u8],
        signature: &[u8],
    ) -> Result<(), PasskeyProblem> {
        let answer = assertion(&passkey.credential_id, client, data, signature, None);
        let challenge = bytes(&self.authentication, "challenge");
        asserted(&Assertion::parse(&answer)?, passkey, &self.rp(), &challenge, false)
    }

    /// The three parts of the assertion: client data, authenticator data, signature.
    fn parts(&self) -> [Vec<u8>; 3] {
        ["clientDataJSON", "authenticatorData", "signature"].map(|name| bytes(&self.authentication, name))
    }
}

/// The vectors that the engine accepts, each with its passkey.
fn accepted() -> Vec<(Vector, Passkey)> {
    let all = vectors().into_iter().filter_map(|vector| {
        let passkey = vector.registered(&vector.object()).ok()?;
        Some((vector, passkey))
    });
    all.collect()
}

#[test]
fn r5_8_the_vectors_of_the_w3c_pass() {
    let mut passed = Vec::new();
    for vector in vectors() {
        let name = &vector.name;
        match vector.registered(&vector.object()) {
            Ok(passkey) => {
                let [client, data, signature] = vector.parts();
                assert_eq!(vector.asserted(&passkey, &client, &data, &signature), Ok(()), "{name}");
                passed.push(match passkey.key {
                    PublicKey::Es256(_) => "ES256",
                    PublicKey::Es384(_) => "ES384",
                    PublicKey::EdDsa(_) => "EdDSA",
                    PublicKey::Rs256 { .. } => "RS256",
                });
            }
            Err(PasskeyProblem::Algorithm) => {
                assert!(name.contains("ES512") || name.contains("Ed448"), "{name}");
            }
            // No policy can allow a frame whose site the browser does not name.
            Err(problem) => {
                assert_eq!(problem, PasskeyProblem::CrossOrigin, "{name}");
                assert!(name.contains(r#""crossOrigin": true"#), "{name}");
                let (client, answer) = (vector.client("registration"), vector.parts());
                let client = String::from_utf8(client).unwrap().replace("true", "false");
                let id = bytes(&vector.registration, "credential_id");
                let answer_text = registration(&id, client.as_bytes(), &vector.object());
                let challenge = bytes(&vector.registration, "challenge");
                let passkey = registered(&answer_text, &rp(), &challenge, USER).unwrap();
                let [client, data, signature] = answer;
                let text = assertion(&id, &client, &data, &signature, None);
                assert!(Assertion::parse(&text).unwrap().signed_by(&passkey.key), "{name}");
                let outcome = vector.asserted(&passkey, &client, &data, &signature);
                assert_eq!(outcome, Err(PasskeyProblem::CrossOrigin), "{name}");
            }
        }
    }
    let count = |algorithm| passed.iter().filter(|one| **one == algorithm).count();
    assert_eq!(["ES256", "ES384", "EdDSA", "RS256"].map(count), [9, 1, 1, 1]);
}

#[test]
fn r5_8_every_flipped_bit_of_an_assertion_is_refused() {
    for (vector, passkey) in accepted() {
        let parts = vector.parts();
        for part in 0..parts.len() {
            for bit in 0..parts[part].len() * 8 {
                let mut parts = parts.clone();
                parts[part][bit / 8] ^= 1 << (bit % 8);
                let [client, data, signature] = parts;
                let outcome = vector.asserted(&passkey, &client, &data, &signature);
                assert!(outcome.is_err(), "{}: part {part}, bit {bit}", vector.name);
            }
        }
    }
}

/// Nothing signs a registration without attestation. So a flipped bit is refused, or makes another passkey, which does
/// not make the assertion; or it lies in what says nothing that the engine keeps: the device's model, reserved flags,
/// the name and the values of an attestation statement.
#[test]
fn r5_8_every_flipped_bit_of_a_registration_is_refused_or_makes_another_passkey() {
    for (vector, passkey) in accepted() {
        let object = vector.object();
        let data = object.windows(32).position(|part| part == plain_sha256(b"example.org")).unwrap();
        let id = data + 37 + 16 + 2;
        let (mut refused, mut other, mut ignored) = (0, 0, 0);
        for bit in 0..object.len() * 8 {
            let mut flipped = object.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let at = bit / 8;
            match vector.registered(&flipped) {
                Err(_) => refused += 1,
                Ok(made) if made != passkey => {
                    let [client, data, signature] = vector.parts();
                    let says_the_same = made.key == passkey.key && at < id;
                    let outcome = vector.asserted(&made, &client, &data, &signature);
                    assert!(says_the_same || outcome.is_err(), "{}: bit {bit}", vector.name);
                    other += 1;
                }
                Ok(_) => {
                    let is_model = (data + 37..id - 2).contains(&at);
                    let is_reserved = at == data + 32 && [1, 5].contains(&(bit % 8));
                    let is_statement = at < data;
                    assert!(is_model || is_reserved || is_statement, "{}: bit {bit}", vector.name);
                    ignored += 1;
                }
            }
        }
        assert!(refused > 0 && other > 0 && ignored > 0, "{}", vector.name);
    }
}
