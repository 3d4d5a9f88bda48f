//! Signed tokens (JWS, RFC 7515) in the compact form, which is the form of ID tokens.

use base64ct::{Base64UrlUnpadded, Encoding};

use super::algorithm::Algorithm;
use super::json::{self, Json, Object};
use super::jwk::{KeySet, Unverified, bytes};
use super::keys::Keys;
use crate::ground::id::FlowId;

const LONGEST: usize = 8 * 1024;
/// Header parameters with which a token would decide how to trust or read it (RFC 8725 section 3.10), or that
/// change what its parts mean (RFC 7515 section 4.1.11, RFC 7797, RFC 7516).
const REFUSED: [&str; 8] = ["crit", "jku", "jwk", "x5u", "x5c", "b64", "zip", "enc"];

/// A received token. Do not trust its contents before [`Self::verify`] has accepted it.
pub(crate) struct Jws<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) claims: Object,
    kid: Option<String>,
    signed: &'a str,
    signature: Vec<u8>,
}

/// Why a text is not a token that the engine checks further.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotAToken {
    TooLong,
    Malformed,
    /// Its algorithm is `none`, unknown, or one with which the reader could have signed.
    Algorithm,
    /// Its header has a refused parameter.
    Header,
    /// It is a token of another kind.
    Kind,
}

impl<'a> Jws<'a> {
    pub(crate) fn parse(token: &'a str) -> Result<Self, NotAToken> {
        if token.len() > LONGEST {
            return Err(NotAToken::TooLong);
        }
        let (signed, signature) = token.rsplit_once('.').ok_or(NotAToken::Malformed)?;
        // Another dot in the second half fails as base64url.
        let (header, claims) = signed.split_once('.').ok_or(NotAToken::Malformed)?;
        let read = |part: &str| bytes(part).filter(|bytes| !bytes.is_empty()).ok_or(NotAToken::Malformed);
        let header = json::object(&read(header)?).ok_or(NotAToken::Malformed)?;
        let claims = json::object(&read(claims)?).ok_or(NotAToken::Malformed)?;
        let signature = read(signature)?;
        let algorithm = header.get("alg").and_then(Json::text).and_then(Algorithm::named);
        let algorithm = algorithm.ok_or(NotAToken::Algorithm)?;
        if REFUSED.iter().any(|name| header.contains_key(*name)) {
            return Err(NotAToken::Header);
        }
        if header.get("typ").is_some_and(|kind| !kind.text().is_some_and(is_jwt)) {
            return Err(NotAToken::Kind);
        }
        let kid = match header.get("kid") {
            None => None,
            Some(kid) => Some(kid.text().ok_or(NotAToken::Header)?.to_owned()),
        };
        Ok(Self { algorithm, claims, kid, signed, signature })
    }

    /// The issuer that the token claims.
    pub(crate) fn issuer(&self) -> Option<&str> {
        self.claims.get("iss").and_then(Json::text)
    }

    /// Whether a key of the set signed it.
    pub(crate) fn verify(&self, keys: &KeySet) -> Result<(), Unverified> {
        keys.verify(self.algorithm, self.kid.as_deref(), self.signed.as_bytes(), &self.signature)
    }
}

/// Whether this `typ` is that of an ID token. Other tokens have a type of their own (RFC 8725 section 3.11), for
/// example `at+jwt` for access tokens (RFC 9068). Media types are case-insensitive, and `application/` may be
/// left out (RFC 7515 section 4.1.9).
fn is_jwt(kind: &str) -> bool {
    let kind = kind.to_ascii_lowercase();
    kind.strip_prefix("application/").unwrap_or(&kind) == "jwt"
}

/// The nonce that binds a token to this step of this flow: 256 bits that nobody knows before the step shows them
/// (OpenID Connect Core 1.0 section 15.5.2).
pub(crate) fn nonce(keys: &Keys, flow: FlowId, number: u32) -> String {
    Base64UrlUnpadded::encode_string(&keys.code(&[b"nonce", flow.as_bytes(), &number.to_be_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::entropy::SeededEntropy;
    use crate::crypto::keys::StoreKey;

    fn token(header: &str, claims: &str) -> String {
        [header, claims, "signature"].map(|part| Base64UrlUnpadded::encode_string(part.as_bytes())).join(".")
    }

    #[test]
    fn a_token_is_read_and_each_wrong_header_has_its_own_error() {
        let good = token(r#"{"alg":"ES256","kid":"1"}"#, r#"{"iss":"me"}"#);
        let jws = Jws::parse(&good).ok().unwrap();
        assert_eq!(
            (jws.algorithm, jws.kid.as_deref(), jws.issuer()),
            (Algorithm::Es256, Some("1"), Some("me"))
        );
        assert_eq!(
            (jws.signed, jws.signature.as_slice()),
            (good.rsplit_once('.').unwrap().0, &b"signature"[..])
        );
        for (header, problem) in [
            ("[]", NotAToken::Malformed),
            ("{}", NotAToken::Algorithm),
            (r#"{"alg":"none"}"#, NotAToken::Algorithm),
            (r#"{"alg":"HS256"}"#, NotAToken::Algorithm),
            (r#"{"alg":"ES256","crit":["exp"]}"#, NotAToken::Header),
            (r#"{"alg":"ES256","jwk":null}"#, NotAToken::Header),
            (r#"{"alg":"ES256","typ":"at+jwt"}"#, NotAToken::Kind),
            (r#"{"alg":"ES256","typ":"application/application/jwt"}"#, NotAToken::Kind),
            (r#"{"alg":"ES256","kid":7}"#, NotAToken::Header),
        ] {
            assert_eq!(Jws::parse(&token(header, "{}")).err(), Some(problem), "{header}");
        }
    }

    #[test]
    fn a_token_has_at_most_8_kib() {
        let padded = |length| format!("{{\"x\":\"{}\"}}", "x".repeat(length));
        let longest = |length: usize| token(r#"{"alg":"ES256"}"#, &padded(length));
        let mut at = 5_000;
        while longest(at + 1).len() <= LONGEST {
            at += 1;
        }
        assert!(longest(at).len() > LONGEST - 2 && Jws::parse(&longest(at)).is_ok());
        assert_eq!(Jws::parse(&longest(at + 1)).err(), Some(NotAToken::TooLong));
        assert_eq!(Jws::parse(&"A".repeat(LONGEST)).err(), Some(NotAToken::Malformed));
    }

    #[test]
    fn r2_9_a_nonce_belongs_to_one_store_one_flow_and_one_step() {
        let keys = |seed| Keys::derive(&StoreKey::make(&SeededEntropy::new(seed)).unwrap());
        let flow = |byte| FlowId::from_bytes([byte; 16]);
        let first = nonce(&keys(1), flow(1), 1);
        assert_eq!(bytes(&first).unwrap().len(), 32);
        assert_eq!(nonce(&keys(1), flow(1), 1), first);
        for other in [nonce(&keys(2), flow(1), 1), nonce(&keys(1), flow(2), 1), nonce(&keys(1), flow(1), 2)] {
            assert_ne!(other, first);
        }
    }
}
