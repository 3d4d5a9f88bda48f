//! The public keys of passkeys (RFC 9052 section 7, WebAuthn level 3 section 5.8.5), and their signatures.

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256,
    RsaPublicKeyComponents, UnparsedPublicKey, VerificationAlgorithm,
};
use serde::{Deserialize, Serialize};

use super::cbor::Value;
use super::jwk;

/// The labels of a key's members (RFC 9052 section 7.1, RFC 9053 section 7, RFC 8230 section 4).
const KIND: i64 = 1;
const ALGORITHM: i64 = 3;
/// The curve, or the modulus of an RSA key.
const FIRST: i64 = -1;
/// The x-coordinate, or the exponent of an RSA key.
const SECOND: i64 = -2;
const Y: i64 = -3;

/// The algorithms that a passkey may have, the preferred first, as COSE numbers them.
pub(crate) const ALGORITHMS: [i64; 4] = [EDDSA, ES256, ES384, RS256];
const ES256: i64 = -7;
const EDDSA: i64 = -8;
const ES384: i64 = -35;
const RS256: i64 = -257;

/// The longest modulus, in bytes, so that the passkeys of an account fit into its row.
const LONGEST_MODULUS: usize = 512;

/// The public key of a passkey. It works with one algorithm only.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum PublicKey {
    /// The uncompressed point (SEC 1 section 2.3.3): 4, x, y.
    Es256(Vec<u8>),
    Es384(Vec<u8>),
    /// Ed25519.
    EdDsa([u8; 32]),
    /// PKCS #1 v1.5 with SHA-256, a modulus of 2,048 to 4,096 bits.
    Rs256 {
        n: Vec<u8>,
        e: Vec<u8>,
    },
}

/// Why the engine does not take a key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum BadKey {
    Malformed,
    /// Its algorithm is none of [`ALGORITHMS`].
    Algorithm,
}

impl PublicKey {
    /// Reads a key that has the members that its algorithm needs and no other (WebAuthn level 3 section 6.5.1: "it
    /// MUST contain the "alg" parameter and MUST NOT contain any other OPTIONAL parameters").
    pub(crate) fn read(key: &Value<'_>) -> Result<Self, BadKey> {
        let whole = |label| key.get(&Value::Whole(label)).and_then(Value::whole);
        let bytes = |label| key.get(&Value::Whole(label)).and_then(Value::bytes);
        let (Some(kind), Some(algorithm), Some(members)) = (whole(KIND), whole(ALGORITHM), key.members())
        else {
            return Err(BadKey::Malformed);
        };
        let point = |curve, length| {
            let (x, y) = (bytes(SECOND)?, bytes(Y)?);
            let fits = whole(FIRST) == Some(curve) && x.len() == length && y.len() == length;
            (fits && members == 5).then(|| [&[4], x, y].concat())
        };
        let read = match (algorithm, kind) {
            (ES256, 2) => point(1, 32).map(Self::Es256),
            (ES384, 2) => point(2, 48).map(Self::Es384),
            (EDDSA, 1) if whole(FIRST) == Some(6) && members == 4 => {
                bytes(SECOND).and_then(|x| x.try_into().ok()).map(Self::EdDsa)
            }
            (RS256, 3) if members == 4 => match (bytes(FIRST), bytes(SECOND)) {
                (Some(n), Some(e)) if jwk::is_rsa_key(n, e) && n.len() <= LONGEST_MODULUS => {
                    Some(Self::Rs256 { n: n.into(), e: e.into() })
                }
                _ => None,
            },
            (ES256 | ES384 | EDDSA | RS256, _) => None,
            _ => return Err(BadKey::Algorithm),
        };
        read.ok_or(BadKey::Malformed)
    }

    /// Whether this key's private half signed the message. An ECDSA signature is in ASN.1 (WebAuthn level 3 section
    /// 6.5.5).
    pub(crate) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        let by = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(algorithm, key).verify(message, signature)
        };
        match self {
            Self::Es256(point) => by(&ECDSA_P256_SHA256_ASN1, point),
            Self::Es384(point) => by(&ECDSA_P384_SHA384_ASN1, point),
            Self::EdDsa(key) => by(&ED25519, key),
            Self::Rs256 { n, e } => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
            }
        }
        .is_ok()
    }
}

/// Returns an Ed25519 key, and what signs with its private half.
#[cfg(test)]
pub(crate) fn signer(seed: [u8; 32]) -> (PublicKey, impl Fn(&[u8]) -> Vec<u8>) {
    use ring::signature::{Ed25519KeyPair, KeyPair};
    let pair = Ed25519KeyPair::from_seed_unchecked(&seed).unwrap();
    let key = PublicKey::EdDsa(pair.public_key().as_ref().try_into().unwrap());
    (key, move |message| pair.sign(message).as_ref().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(members: &[(i64, Value<'static>)]) -> Result<PublicKey, BadKey> {
        let members = members.iter().map(|(label, value)| (Value::Whole(*label), value.clone()));
        PublicKey::read(&Value::Map(members.collect()))
    }

    const fn whole(number: i64) -> Value<'static> {
        Value::Whole(number)
    }

    #[test]
    fn r5_8_a_key_has_the_members_of_its_algorithm_and_no_other() {
        const LONG: [u8; 513] = [0xff; 513];
        let bytes = |length| Value::Bytes(&LONG[..length]);
        let e = Value::Bytes(&[1, 0, 1]);
        for (algorithm, right, wrong) in [
            (
                "ES256",
                vec![(1, whole(2)), (3, whole(-7)), (-1, whole(1)), (-2, bytes(32)), (-3, bytes(32))],
                vec![(1, whole(1)), (-1, whole(2)), (-2, bytes(31)), (-3, Value::Simple), (3, whole(-35))],
            ),
            (
                "ES384",
                vec![(1, whole(2)), (3, whole(-35)), (-1, whole(2)), (-2, bytes(48)), (-3, bytes(48))],
                vec![(1, whole(3)), (-1, whole(1)), (-2, bytes(32)), (-3, bytes(49)), (3, whole(-7))],
            ),
            (
                "EdDSA",
                vec![(1, whole(1)), (3, whole(-8)), (-1, whole(6)), (-2, bytes(32))],
                vec![(1, whole(2)), (-1, whole(7)), (-2, bytes(33)), (3, whole(-7))],
            ),
            (
                "RS256",
                vec![(1, whole(3)), (3, whole(-257)), (-1, bytes(256)), (-2, e.clone())],
                vec![
                    (1, whole(2)),
                    (-1, bytes(255)),
                    (-1, bytes(513)),
                    (-2, Value::Bytes(&[])),
                    (3, whole(-8)),
                ],
            ),
        ] {
            assert!(key(&right).is_ok(), "{algorithm}");
            let with = |label: i64, value: &Value<'static>| {
                let others = right.iter().filter(|(other, _)| *other != label).cloned();
                key(&others.chain([(label, value.clone())]).collect::<Vec<_>>())
            };
            for (label, value) in &wrong {
                assert_eq!(
                    with(*label, value),
                    Err(BadKey::Malformed),
                    "{algorithm} with {label}: {value:?}"
                );
            }
            assert_eq!(with(-4, &bytes(32)), Err(BadKey::Malformed), "{algorithm} with its private half");
            for (left_out, _) in &right {
                let others: Vec<_> = right.iter().filter(|(label, _)| label != left_out).cloned().collect();
                assert_eq!(key(&others), Err(BadKey::Malformed), "{algorithm} without {left_out}");
            }
            for other in [-36, -47, -65_535, 5] {
                assert_eq!(with(3, &whole(other)), Err(BadKey::Algorithm), "{algorithm} as {other}");
            }
        }
        assert_eq!(PublicKey::read(&Value::List(Vec::new())), Err(BadKey::Malformed));
    }
}
