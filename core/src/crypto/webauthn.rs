//! What a passkey answers (Web Authentication level 3): the JSON of a registration and of an assertion, read strictly.
//! `rules/passkey.rs` decides what an answer is worth.

use std::time::Duration;

use base64ct::{Base64UrlUnpadded, Encoding};

use super::authenticator_data::{Attested, AuthenticatorData, NotAnAnswer, attested_data, is_id};
use super::cose::PublicKey;
use super::digest::{plain_sha256, same};
use super::json::{self, Json, Object};
use super::jwk;
use super::keys::Keys;
use crate::ground::id::FlowId;
use crate::ground::time::Timestamp;

/// The longest answer, in bytes of JSON. The longest of the W3C's vectors has 5 KB.
const LONGEST: usize = 32 * 1024;
/// The standard has six.
const MOST_TRANSPORTS: usize = 8;
/// How long an answer may take (SPEC 5.8).
pub(crate) const CHALLENGE_LIFE: Duration = Duration::from_secs(5 * 60);
/// A new passkey's answer to a request to register it. Nothing of it is signed: attestation is not asked for, and a
/// statement that comes nevertheless is ignored.
#[derive(Clone)]
pub(crate) struct Registration {
    pub(crate) client: ClientData,
    pub(crate) data: AuthenticatorData,
    pub(crate) attested: Attested,
    /// How the passkey can be reached, as the browser says it, for a later request.
    pub(crate) transports: Vec<String>,
}

/// A passkey's answer to a request to sign in. Do not trust its contents before [`Self::signed_by`] has accepted it.
#[derive(Clone)]
pub(crate) struct Assertion {
    pub(crate) credential_id: Vec<u8>,
    pub(crate) client: ClientData,
    pub(crate) data: AuthenticatorData,
    pub(crate) user_handle: Option<Vec<u8>>,
    /// Authenticator data, then the hash of the client data.
    signed: Vec<u8>,
    signature: Vec<u8>,
}

/// What the browser or the app's platform says about the request that it passed on (section 5.8.1).
#[derive(Clone)]
pub(crate) struct ClientData {
    pub(crate) kind: String,
    /// Decoded.
    pub(crate) challenge: Vec<u8>,
    pub(crate) origin: String,
    pub(crate) cross_origin: bool,
    pub(crate) top_origin: Option<String>,
}

/// The challenge that this step of this flow shows at this time: the time, and 256 bits that nobody knows before. So
/// nothing need be stored, and the challenge ends with its step.
pub(crate) fn challenge(keys: &Keys, flow: FlowId, number: u32, at: Timestamp) -> Vec<u8> {
    let at = at.as_millis().to_be_bytes();
    let code = keys.code(&[b"passkey", flow.as_bytes(), &number.to_be_bytes(), &at]);
    [&at[..], &code].concat()
}

/// Whether the step has shown this challenge, and not too long ago.
pub(crate) fn is_challenge(given: &[u8], keys: &Keys, flow: FlowId, number: u32, now: Timestamp) -> bool {
    let Some((at, _)) = given.split_first_chunk() else { return false };
    let at = Timestamp::from_millis(u64::from_be_bytes(*at));
    at <= now && now < at + CHALLENGE_LIFE && same(given, &challenge(keys, flow, number, at))
}

/// Encodes bytes as the JSON of the standard has them.
pub(crate) fn encoded(bytes: &[u8]) -> String {
    Base64UrlUnpadded::encode_string(bytes)
}

impl Registration {
    /// Reads a `RegistrationResponseJSON` (section 5.1.8).
    pub(crate) fn parse(text: &str) -> Result<Self, NotAnAnswer> {
        let (id, response) = answer(text).ok_or(NotAnAnswer::Malformed)?;
        let read = |name| member(&response, name).ok_or(NotAnAnswer::Malformed);
        let client = ClientData::parse(&read("clientDataJSON")?).ok_or(NotAnAnswer::Malformed)?;
        let statement = read("attestationObject")?;
        let data = attested_data(&statement).ok_or(NotAnAnswer::Malformed)?;
        let (data, attested) = AuthenticatorData::parse(data)?;
        let attested = attested.filter(|attested| attested.credential_id == id);
        let transports = match response.get("transports") {
            None => Vec::new(),
            Some(Json::List(listed)) => {
                let known = listed.iter().filter_map(Json::text).filter(|name| is_transport(name));
                known.take(MOST_TRANSPORTS).map(str::to_owned).collect()
            }
            Some(_) => return Err(NotAnAnswer::Malformed),
        };
        Ok(Self { client, data, attested: attested.ok_or(NotAnAnswer::Malformed)?, transports })
    }
}

impl Assertion {
    /// Reads an `AuthenticationResponseJSON` (section 5.1.8).
    pub(crate) fn parse(text: &str) -> Result<Self, NotAnAnswer> {
        let (credential_id, response) = answer(text).ok_or(NotAnAnswer::Malformed)?;
        let read = |name| member(&response, name).ok_or(NotAnAnswer::Malformed);
        let (client_data, data) = (read("clientDataJSON")?, read("authenticatorData")?);
        let user_handle = match response.get("userHandle") {
            None | Some(Json::Null) => None,
            Some(_) => Some(read("userHandle")?),
        };
        Ok(Self {
            credential_id,
            client: ClientData::parse(&client_data).ok_or(NotAnAnswer::Malformed)?,
            data: AuthenticatorData::parse(&data)?.0,
            user_handle,
            signed: [data.as_slice(), &plain_sha256(&client_data)].concat(),
            signature: read("signature")?,
        })
    }

    /// Whether the passkey with this key made the answer.
    pub(crate) fn signed_by(&self, key: &PublicKey) -> bool {
        key.verifies(&self.signed, &self.signature)
    }
}

impl ClientData {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let members = json::object(bytes)?;
        let text = |name| members.get(name).and_then(Json::text).map(str::to_owned);
        Some(Self {
            kind: text("type")?,
            challenge: member(&members, "challenge")?,
            origin: text("origin")?,
            cross_origin: match members.get("crossOrigin") {
                None => false,
                Some(Json::Bool(cross)) => *cross,
                Some(_) => return None,
            },
            top_origin: match members.get("topOrigin") {
                None => None,
                Some(_) => Some(text("topOrigin")?),
            },
        })
    }
}

/// Returns the credential id and the response of an answer.
fn answer(text: &str) -> Option<(Vec<u8>, Object)> {
    if text.len() > LONGEST {
        return None;
    }
    let mut answer = json::object(text.as_bytes())?;
    let id = member(&answer, "rawId").filter(|id| is_id(id))?;
    let is_one = answer.get("type").and_then(Json::text) == Some("public-key");
    match answer.remove("response") {
        Some(Json::Object(response)) if is_one && member(&answer, "id").as_ref() == Some(&id) => {
            Some((id, response))
        }
        _ => None,
    }
}

/// Whether this can be the name of a transport (section 5.8.4). Later levels may have more of them.
fn is_transport(name: &str) -> bool {
    (1..=32).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

/// Returns the decoded bytes of a member.
fn member(object: &Object, name: &str) -> Option<Vec<u8>> {
    object.get(name).and_then(Json::text).and_then(jwk::bytes)
}
