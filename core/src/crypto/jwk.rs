//! Key sets of identity providers (RFC 7517): the public keys that check signatures.

use base64ct::{Base64UrlUnpadded, Encoding};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
};
use serde::{Deserialize, Serialize};

use super::algorithm::Algorithm;
use super::json::{self, Json, Object};

const LONGEST_SET: usize = 64 * 1024;
const MOST_KEYS: usize = 32;
/// Members that no public key has (RFC 7518 section 6, RFC 8037 section 2, and `priv` of the AKP kind). `k` is the
/// member of a shared secret.
const PRIVATE: [&str; 9] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"];

/// Why a text is not a key set.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BadSet {
    TooLarge,
    Malformed,
    PrivateKey,
    SameName,
    NoKey,
}

/// A provider's public keys.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeySet {
    keys: Vec<Key>,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Key {
    kid: Option<String>,
    material: Material,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
enum Material {
    Rsa {
        n: Vec<u8>,
        e: Vec<u8>,
    },
    /// The uncompressed point (SEC 1 section 2.3.3): 4, x, y.
    P256(Vec<u8>),
    Ed25519(Vec<u8>),
}

/// Why no key of the set verifies a signature.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Unverified {
    /// The set has no such key.
    UnknownKey,
    /// The key is for another algorithm.
    Algorithm,
    Signature,
}

impl KeySet {
    /// Reads a JWK set and leaves unusable keys out, following RFC 7517 section 5: "Implementations
    /// SHOULD ignore JWKs within a JWK Set that use "kty" (key type) values that are not understood by
    /// them, that are missing required members, or for which values are out of the supported ranges."
    pub(crate) fn parse(text: &str) -> Result<Self, BadSet> {
        if text.len() > LONGEST_SET {
            return Err(BadSet::TooLarge);
        }
        let set = json::object(text.as_bytes()).ok_or(BadSet::Malformed)?;
        let Some(Json::List(listed)) = set.get("keys") else { return Err(BadSet::Malformed) };
        if listed.len() > MOST_KEYS {
            return Err(BadSet::TooLarge);
        }
        let mut keys: Vec<Key> = Vec::new();
        for key in listed {
            let Json::Object(members) = key else { return Err(BadSet::Malformed) };
            // Anybody who reads a private key can sign for everybody, so the host must learn of it.
            if PRIVATE.iter().any(|name| members.contains_key(*name)) {
                return Err(BadSet::PrivateKey);
            }
            let Some(key) = Key::read(members) else { continue };
            if key.kid.is_some() && keys.iter().any(|other| other.kid == key.kid) {
                return Err(BadSet::SameName);
            }
            keys.push(key);
        }
        if keys.is_empty() { Err(BadSet::NoKey) } else { Ok(Self { keys }) }
    }

    /// Checks that the key of this name made the signature. Without a name, the set must have only one key for the
    /// algorithm.
    pub(crate) fn verify(
        &self,
        algorithm: Algorithm,
        kid: Option<&str>,
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), Unverified> {
        let key = match kid {
            Some(kid) => self.keys.iter().find(|key| key.kid.as_deref() == Some(kid)),
            None => {
                let mut fitting = self.keys.iter().filter(|key| key.material.algorithm() == algorithm);
                fitting.next().filter(|_| fitting.next().is_none())
            }
        };
        let material = &key.ok_or(Unverified::UnknownKey)?.material;
        // RFC 8725 section 3.1: "Each key MUST be used with exactly one algorithm, and this MUST be
        // checked when the cryptographic operation is performed."
        if material.algorithm() != algorithm {
            return Err(Unverified::Algorithm);
        }
        if material.made(message, signature) { Ok(()) } else { Err(Unverified::Signature) }
    }
}

impl Key {
    fn read(members: &Object) -> Option<Self> {
        let text = |name| members.get(name).and_then(Json::text);
        let material = match (text("kty")?, text("crv")) {
            ("RSA", _) => Material::rsa(bytes(text("n")?)?, bytes(text("e")?)?)?,
            ("EC", Some("P-256")) => Material::p256(&bytes(text("x")?)?, &bytes(text("y")?)?)?,
            ("OKP", Some("Ed25519")) => {
                Material::Ed25519(Some(bytes(text("x")?)?).filter(|x| x.len() == 32)?)
            }
            _ => return None,
        };
        let is = |name: &str, wanted: &str| match members.get(name) {
            None => true,
            Some(value) => value.text() == Some(wanted),
        };
        let verifies = match members.get("key_ops") {
            None => true,
            Some(Json::List(uses)) => uses.iter().any(|one| one.text() == Some("verify")),
            Some(_) => false,
        };
        if !is("use", "sig") || !verifies || !is("alg", material.algorithm().code()) {
            return None;
        }
        let kid = match members.get("kid") {
            None => None,
            Some(kid) => Some(kid.text()?.to_owned()),
        };
        Some(Self { kid, material })
    }
}

impl Material {
    fn rsa(n: Vec<u8>, e: Vec<u8>) -> Option<Self> {
        is_rsa_key(&n, &e).then_some(Self::Rsa { n, e })
    }

    fn p256(x: &[u8], y: &[u8]) -> Option<Self> {
        let fits = x.len() == 32 && y.len() == 32;
        fits.then(|| Self::P256([&[4], x, y].concat()))
    }

    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Rsa { .. } => Algorithm::Rs256,
            Self::P256(_) => Algorithm::Es256,
            Self::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    fn made(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Rsa { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
            Self::P256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point).verify(message, signature)
            }
            Self::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
        }
        .is_ok()
    }
}

/// Whether an RSA key has 2,048 to 8,192 bits, which is what ring verifies. RFC 7518 section 3.3: "A key of size 2048
/// bits or larger MUST be used with these algorithms."
pub(super) fn is_rsa_key(n: &[u8], e: &[u8]) -> bool {
    let bits = n.first().map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
    n.first() != Some(&0) && (2_048..=8_192).contains(&bits) && (1..=5).contains(&e.len())
}

/// Decodes base64url without padding, in its only spelling.
pub(crate) fn bytes(text: &str) -> Option<Vec<u8>> {
    Base64UrlUnpadded::decode_vec(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The payload of RFC 7515 appendices A.2 and A.3, signed with RSA and on P-256.
    const PAYLOAD: &str =
        "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    const RSA: &str = r#"{"kty":"RSA","kid":"rsa","e":"AQAB","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"}"#;
    const RSA_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
    const P256: &str = r#"{"kty":"EC","crv":"P-256","kid":"ec","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#;
    const P256_SIGNATURE: &str =
        "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    /// The key of RFC 8037 appendices A.2 and A.4. The payload is "Example of Ed25519 signing".
    const ED: &str =
        r#"{"kty":"OKP","crv":"Ed25519","kid":"ed","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;
    const ED_SIGNED: &str = "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc";
    const ED_SIGNATURE: &str =
        "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg";

    fn set(keys: &[&str]) -> Result<KeySet, BadSet> {
        KeySet::parse(&format!("{{\"keys\":[{}]}}", keys.join(",")))
    }

    #[test]
    fn signatures_of_the_standards_verify_and_any_flipped_bit_breaks_them() {
        let set = set(&[RSA, P256, ED]).unwrap();
        for (algorithm, kid, message, signature) in [
            (Algorithm::Rs256, "rsa", format!("eyJhbGciOiJSUzI1NiJ9.{PAYLOAD}"), RSA_SIGNATURE),
            (Algorithm::Es256, "ec", format!("eyJhbGciOiJFUzI1NiJ9.{PAYLOAD}"), P256_SIGNATURE),
            (Algorithm::EdDsa, "ed", ED_SIGNED.to_owned(), ED_SIGNATURE),
        ] {
            let signature = bytes(signature).unwrap();
            let verify = |kid, message: &str, signature: &[u8]| {
                set.verify(algorithm, kid, message.as_bytes(), signature)
            };
            assert_eq!(verify(Some(kid), &message, &signature), Ok(()), "{kid}");
            assert_eq!(verify(None, &message, &signature), Ok(()), "the only one for its algorithm");
            assert_eq!(verify(Some("other"), &message, &signature), Err(Unverified::UnknownKey));
            assert_eq!(verify(Some(kid), &format!("{message}A"), &signature), Err(Unverified::Signature));
            for at in 0..signature.len() {
                let mut wrong = signature.clone();
                wrong[at] ^= 1 << (at % 8);
                assert_eq!(verify(Some(kid), &message, &wrong), Err(Unverified::Signature), "{kid} {at}");
            }
            for other in [Algorithm::Rs256, Algorithm::Es256, Algorithm::EdDsa] {
                if other != algorithm {
                    let outcome = set.verify(other, Some(kid), message.as_bytes(), &signature);
                    assert_eq!(outcome, Err(Unverified::Algorithm), "{kid} as {}", other.code());
                }
            }
        }
    }

    #[test]
    fn a_token_may_omit_the_key_s_name_but_a_given_name_must_match() {
        let nameless = ED.replace("\"kid\":\"ed\",", "");
        let set = set(&[&nameless, P256]).unwrap();
        let signature = bytes(ED_SIGNATURE).unwrap();
        let verify = |kid| set.verify(Algorithm::EdDsa, kid, ED_SIGNED.as_bytes(), &signature);
        assert_eq!(verify(None), Ok(()));
        assert_eq!(verify(Some("ed")), Err(Unverified::UnknownKey));
        assert_eq!(verify(Some("")), Err(Unverified::UnknownKey));
    }

    #[test]
    fn a_set_keeps_its_usable_keys_or_is_refused() {
        assert!(set(&[ED, r#"{"kty":"new"}"#, "{}"]).is_ok());
        assert_eq!(set(&[ED, ED]).err(), Some(BadSet::SameName));
        assert_eq!(set(&[r#"{"kty":"new","priv":"AA"}"#, ED]).err(), Some(BadSet::PrivateKey));
        assert_eq!(set(&[&ED.replace("\"crv\"", "\"use\":\"enc\",\"crv\"")]).err(), Some(BadSet::NoKey));
        assert_eq!(set(&["null"]).err(), Some(BadSet::Malformed));
        assert_eq!(KeySet::parse(&" ".repeat(LONGEST_SET + 1)).err(), Some(BadSet::TooLarge));
    }
}
