//! A device with passkeys: what a browser and an authenticator answer to the options of the engine.
#![expect(clippy::expect_used, reason = "a test world panics on anything unexpected")]
#![expect(
    clippy::disallowed_methods,
    reason = "an authenticator is another machine, with randomness of its own"
)]

use base64ct::{Base64UrlUnpadded, Encoding};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair};
use selfsame::{Answer, RelyingParty};
use serde_json::{Value, json};

use crate::tokens;

/// The relying party of every world.
pub(crate) fn relying_party() -> RelyingParty {
    RelyingParty {
        id: "notes.example".to_owned(),
        origins: vec![
            "https://notes.example".to_owned(),
            "android:apk-key-hash:Ce2p2U3dnI7dGCMoEZUZYxuZpkIsM1iBO4RNEIvFtSQ".to_owned(),
        ],
        top_origins: Vec::new(),
    }
}

/// A device that has one passkey, with the app or the browser that it runs.
pub struct Device {
    /// The credential id of the passkey.
    pub id: Vec<u8>,
    /// Who asks for the passkey.
    pub origin: String,
    /// The relying party that the authenticator puts into its answer.
    pub rp_id: String,
    /// The signature counter. It counts up if it is not zero.
    pub counter: u32,
    /// Whether somebody confirms the request.
    pub user_present: bool,
    /// Whether the device checks who its user is.
    pub user_verified: bool,
    /// Whether the passkey may be copied to other devices.
    pub backup_eligible: bool,
    /// Whether it is copied.
    pub backed_up: bool,
    /// The user handle of the account, from the registration.
    pub user: Option<Vec<u8>>,
    key: Key,
}

enum Key {
    Ed(Ed25519KeyPair),
    Ec(EcdsaKeyPair),
}

impl Device {
    /// Returns a device whose passkey stays on it. Its key is EdDSA, from the seed.
    pub fn new(seed: u8) -> Self {
        let key = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).expect("32 bytes are a seed");
        Self::with(seed, Key::Ed(key))
    }

    /// Returns a device whose key is ES256: the key of RFC 7515 appendix A.3.
    pub fn es256(seed: u8) -> Self {
        Self::with(seed, Key::Ec(tokens::ec(&ECDSA_P256_SHA256_ASN1_SIGNING)))
    }

    fn with(seed: u8, key: Key) -> Self {
        Self {
            id: vec![seed; 16],
            origin: "https://notes.example".to_owned(),
            rp_id: "notes.example".to_owned(),
            counter: 0,
            user_present: true,
            user_verified: true,
            backup_eligible: false,
            backed_up: false,
            user: None,
            key,
        }
    }

    /// Returns the device with a passkey that is copied to other devices.
    pub fn synced(self) -> Self {
        Self { backup_eligible: true, backed_up: true, ..self }
    }

    /// Makes the passkey: the answer to `PublicKeyCredentialCreationOptionsJSON`.
    pub fn create(&mut self, options: &str) -> Answer {
        let options = read(options);
        self.user = Some(decode(member(&options, "/user/id")));
        let length = u16::try_from(self.id.len()).expect("a length").to_be_bytes();
        let attested = [&[0; 16][..], &length, &self.id, &self.cose()].concat();
        let data = self.data(1 << 6, &attested);
        // {"fmt": "none", "attStmt": {}, "authData": data}
        let length = match u8::try_from(data.len()) {
            Ok(short) => vec![0x58, short],
            Err(_) => {
                [&[0x59], u16::try_from(data.len()).expect("a length").to_be_bytes().as_slice()].concat()
            }
        };
        let object = [b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData".as_slice(), &length, &data];
        let client = self.client("webauthn.create", &options);
        self.answer(json!({
            "clientDataJSON": encode(client.as_bytes()),
            "attestationObject": encode(&object.concat()),
            "transports": ["internal", "hybrid"],
        }))
    }

    /// Signs in: the answer to `PublicKeyCredentialRequestOptionsJSON`.
    pub fn get(&mut self, options: &str) -> Answer {
        let client = self.client("webauthn.get", &read(options));
        let data = self.data(0, &[]);
        let signed = [data.as_slice(), digest(&SHA256, client.as_bytes()).as_ref()].concat();
        let signature = match &self.key {
            Key::Ed(key) => key.sign(&signed).as_ref().to_vec(),
            Key::Ec(key) => key.sign(&SystemRandom::new(), &signed).expect("the key signs").as_ref().to_vec(),
        };
        self.answer(json!({
            "clientDataJSON": encode(client.as_bytes()),
            "authenticatorData": encode(&data),
            "signature": encode(&signature),
            "userHandle": self.user.as_deref().map(encode),
        }))
    }

    fn client(&self, kind: &str, options: &Value) -> String {
        let (challenge, origin) = (member(options, "/challenge"), &self.origin);
        format!(r#"{{"type":"{kind}","challenge":{challenge},"origin":"{origin}","crossOrigin":false}}"#)
    }

    fn data(&mut self, more: u8, tail: &[u8]) -> Vec<u8> {
        self.counter += u32::from(self.counter > 0);
        let flags = more
            | u8::from(self.user_present)
            | u8::from(self.user_verified) << 2
            | u8::from(self.backup_eligible) << 3
            | u8::from(self.backed_up) << 4;
        let hash = digest(&SHA256, self.rp_id.as_bytes());
        [hash.as_ref(), &[flags], &self.counter.to_be_bytes(), tail].concat()
    }

    /// The public key as COSE has it (RFC 9052).
    fn cose(&self) -> Vec<u8> {
        match &self.key {
            Key::Ed(key) => [b"\xa4\x01\x01\x03\x27\x20\x06\x21\x58\x20", key.public_key().as_ref()].concat(),
            Key::Ec(key) => {
                let point = key.public_key().as_ref();
                let (x, y) = point.split_at(33);
                let head = b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20".as_slice();
                [head, x.get(1..).expect("a point"), b"\x22\x58\x20", y].concat()
            }
        }
    }

    fn answer(&self, response: Value) -> Answer {
        let id = encode(&self.id);
        let answer = json!({ "id": id, "rawId": id, "type": "public-key", "response": response,
            "clientExtensionResults": {}, "authenticatorAttachment": "platform" });
        Answer::Passkey(answer.to_string())
    }
}

fn read(options: &str) -> Value {
    serde_json::from_str(options).expect("the engine writes JSON")
}

fn member<'a>(options: &'a Value, at: &str) -> &'a Value {
    options.pointer(at).expect("the options have it")
}

fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn decode(text: &Value) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text.as_str().expect("a text")).expect("base64url")
}
