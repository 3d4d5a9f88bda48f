//! An identity provider that signs ID tokens with any content that a test needs.
#![expect(clippy::expect_used, reason = "a test world panics on anything unexpected")]
#![expect(clippy::disallowed_methods, reason = "a provider is another machine, with randomness of its own")]

use base64ct::{Base64UrlUnpadded, Encoding};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair,
    RSA_PKCS1_SHA256, RsaKeyPair,
};
use selfsame::{Algorithm, Assertion, IdTokenRules, ProviderId, Timestamp};
use serde_json::{Value, json};

pub(crate) const ISSUER: &str = "https://id.tokens.example";
pub(crate) const AUDIENCE: &str = "field-notes";

/// Returns this provider's entry in the policy of the world.
pub(crate) fn token_rules() -> IdTokenRules {
    let algorithms = vec![Algorithm::EdDsa, Algorithm::Es256, Algorithm::Rs256];
    IdTokenRules::new(vec![AUDIENCE.to_owned()], algorithms)
}

/// The provider `oidc` of every world. Its issuer is `https://id.tokens.example`, its audience is
/// `field-notes`, and it is the authority for the domain tokens.example. Its keys are `ed`, `ec` and `rsa`;
/// the last two are the keys of RFC 7515 appendices A.3 and A.2.
pub struct TokenProvider {
    ed: Ed25519KeyPair,
    ec: EcdsaKeyPair,
    rsa: RsaKeyPair,
}

impl TokenProvider {
    /// Returns the provider with its keys.
    pub fn new() -> Self {
        Self::with_seed([0x4f; 32])
    }

    /// Returns the same provider with another `ed` key.
    pub fn with_seed(seed: [u8; 32]) -> Self {
        Self {
            ed: Ed25519KeyPair::from_seed_unchecked(&seed).expect("32 bytes are a seed"),
            ec: ec(&ECDSA_P256_SHA256_FIXED_SIGNING),
            rsa: rsa(),
        }
    }

    /// Returns the provider's short name in policy.
    pub fn id(&self) -> ProviderId {
        "oidc".parse::<ProviderId>().expect("a short name")
    }

    /// Returns the key set that the provider publishes.
    pub fn jwks(&self) -> String {
        let ed = encode(self.ed.public_key().as_ref());
        json!({ "keys": [
            { "kty": "OKP", "crv": "Ed25519", "kid": "ed", "use": "sig", "alg": "EdDSA", "x": ed },
            { "kty": "EC", "crv": "P-256", "kid": "ec", "use": "sig", "x": EC_X, "y": EC_Y },
            { "kty": "RSA", "kid": "rsa", "use": "sig", "alg": "RS256", "n": RSA_N, "e": "AQAB" },
        ]})
        .to_string()
    }

    /// Returns a valid token for `subject` with this nonce. It is issued now and expires in an hour.
    pub fn token(&self, subject: &str, nonce: &str, now: Timestamp) -> Forge<'_> {
        let seconds = now.as_millis() / 1_000;
        Forge {
            provider: self,
            header: json!({ "alg": "EdDSA", "kid": "ed", "typ": "JWT" }),
            claims: json!({
                "iss": ISSUER,
                "aud": AUDIENCE,
                "sub": subject,
                "nonce": nonce,
                "iat": seconds,
                "exp": seconds + 3_600,
            }),
            key: "ed",
        }
    }

    /// Signs header and claims, given as JSON text, with the key of this name.
    pub fn sign(&self, header: &str, claims: &str, key: &str) -> String {
        let message = format!("{}.{}", encode(header.as_bytes()), encode(claims.as_bytes()));
        let signature = self.signature(&message, key);
        format!("{message}.{}", encode(&signature))
    }

    /// Returns the signature of a message by the key of this name.
    pub fn signature(&self, message: &str, key: &str) -> Vec<u8> {
        let random = SystemRandom::new();
        match key {
            "ec" => {
                self.ec.sign(&random, message.as_bytes()).expect("P-256 signs any message").as_ref().to_vec()
            }
            "rsa" => {
                let mut signature = vec![0; self.rsa.public().modulus_len()];
                self.rsa
                    .sign(&RSA_PKCS1_SHA256, &random, message.as_bytes(), &mut signature)
                    .expect("RSA signs any message");
                signature
            }
            _ => self.ed.sign(message.as_bytes()).as_ref().to_vec(),
        }
    }
}

impl Default for TokenProvider {
    fn default() -> Self {
        Self::new()
    }
}

/// An unsigned token. A test can change any part of it.
#[derive(Clone)]
pub struct Forge<'a> {
    provider: &'a TokenProvider,
    header: Value,
    claims: Value,
    key: &'static str,
}

impl Forge<'_> {
    /// Adds or replaces this header parameter.
    pub fn header(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.header, name, Some(value.into()));
        self
    }

    /// Removes this header parameter.
    pub fn header_without(mut self, name: &str) -> Self {
        set(&mut self.header, name, None);
        self
    }

    /// Adds or replaces this claim.
    pub fn claim(mut self, name: &str, value: impl Into<Value>) -> Self {
        set(&mut self.claims, name, Some(value.into()));
        self
    }

    /// Adds or replaces those claims that have a value.
    pub(crate) fn claims<const N: usize>(self, claims: [(&str, &Option<String>); N]) -> Self {
        claims.into_iter().fold(self, |token, (name, value)| match value {
            Some(value) => token.claim(name, value.as_str()),
            None => token,
        })
    }

    /// Removes this claim.
    pub fn without(mut self, name: &str) -> Self {
        set(&mut self.claims, name, None);
        self
    }

    /// Signs with the key of this name and its algorithm.
    pub fn by(self, key: &'static str) -> Self {
        let algorithm = match key {
            "ec" => "ES256",
            "rsa" => "RS256",
            _ => "EdDSA",
        };
        Self { key, ..self.header("alg", algorithm).header("kid", key) }
    }

    /// Returns the signed token.
    pub fn text(&self) -> String {
        self.provider.sign(&self.header.to_string(), &self.claims.to_string(), self.key)
    }

    /// Returns header and claims as JSON text.
    pub fn written(&self) -> (String, String) {
        (self.header.to_string(), self.claims.to_string())
    }

    /// Returns the signed token as an assertion.
    pub fn assertion(&self) -> Assertion {
        Assertion::IdToken(self.text().into())
    }
}

fn set(object: &mut Value, name: &str, value: Option<Value>) {
    let members = object.as_object_mut().expect("header and claims are objects");
    members.remove(name);
    members.extend(value.map(|value| (name.to_owned(), value)));
}

/// Encodes bytes as base64url without padding.
fn encode(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

fn decode(text: &str) -> Vec<u8> {
    Base64UrlUnpadded::decode_vec(text).expect("a number of the key")
}

const EC_X: &str = "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU";
const EC_Y: &str = "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0";
const EC_D: &str = "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI";

pub(crate) fn ec(algorithm: &'static EcdsaSigningAlgorithm) -> EcdsaKeyPair {
    let point = [&[4], decode(EC_X).as_slice(), &decode(EC_Y)].concat();
    let random = SystemRandom::new();
    EcdsaKeyPair::from_private_key_and_public_key(algorithm, &decode(EC_D), &point, &random)
        .expect("the key of RFC 7515 appendix A.3")
}

const RSA_N: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const RSA_D: &str = "Eq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyWPEAeP88vLNO97IjlA7_GQ5sLKMgvfTeXZx9SE-7YwVol2NXOoAJe46sui395IW_GO-pWJ1O0BkTGoVEn2bKVRUCgu-GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzjkn439X0M_V51gfpRLI9JYanrC4D4qAdGcopV_0ZHHzQlBjudU2QvXt4ehNYTCBr6XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl_x_jTj3ccPDVZFD9pIuhLhBOneufuBiB4cS98l2SR_RQyGWSeWjnczT0QU91p1DhOVRuOopznQ";
const RSA_P: &str = "4BzEEOtIpmVdVEZNCqS7baC4crd0pqnRH_5IB3jw3bcxGn6QLvnEtfdUdiYrqBdss1l58BQ3KhooKeQTa9AB0Hw_Py5PJdTJNPY8cQn7ouZ2KKDcmnPGBY5t7yLc1QlQ5xHdwW1VhvKn-nXqhJTBgIPgtldC-KDV5z-y2XDwGUc";
const RSA_Q: &str = "uQPEfgmVtjL0Uyyx88GZFF1fOunH3-7cepKmtH4pxhtCoHqpWmT8YAmZxaewHgHAjLYsp1ZSe7zFYHj7C6ul7TjeLQeZD_YwD66t62wDmpe_HlB-TnBA-njbglfIsRLtXlnDzQkv5dTltRJ11BKBBypeeF6689rjcJIDEz9RWdc";
const RSA_DP: &str = "BwKfV3Akq5_MFZDFZCnW-wzl-CCo83WoZvnLQwCTeDv8uzluRSnm71I3QCLdhrqE2e9YkxvuxdBfpT_PI7Yz-FOKnu1R6HsJeDCjn12Sk3vmAktV2zb34MCdy7cpdTh_YVr7tss2u6vneTwrA86rZtu5Mbr1C1XsmvkxHQAdYo0";
const RSA_DQ: &str = "h_96-mK1R_7glhsum81dZxjTnYynPbZpHziZjeeHcXYsXaaMwkOlODsWa7I9xXDoRwbKgB719rrmI2oKr6N3Do9U0ajaHF-NKJnwgjMd2w9cjz3_-kyNlxAr2v4IKhGNpmM5iIgOS1VZnOZ68m6_pbLBSp3nssTdlqvd0tIiTHU";
const RSA_QI: &str = "IYd7DHOhrWvxkwPQsRM2tOgrjbcrfvtQJipd-DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd_QJQ3ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp_gh6A5603k2-ZQwVK0JKSHuLFkuQ3U";

fn rsa() -> RsaKeyPair {
    use ring::rsa::{KeyPairComponents, PublicKeyComponents};
    RsaKeyPair::from_components(&KeyPairComponents {
        public_key: PublicKeyComponents { n: decode(RSA_N), e: decode("AQAB") },
        d: decode(RSA_D),
        p: decode(RSA_P),
        q: decode(RSA_Q),
        dP: decode(RSA_DP),
        dQ: decode(RSA_DQ),
        qInv: decode(RSA_QI),
    })
    .expect("the key of RFC 7515 appendix A.2")
}
