//! Passkeys (SPEC 5.8, Web Authentication level 3).

use serde::{Deserialize, Serialize};

use crate::crypto::cose::{ALGORITHMS, PublicKey};
use crate::crypto::json;
use crate::crypto::webauthn::{CHALLENGE_LIFE, encoded};
use crate::ground::named::worded;

/// The service as passkeys know it. Browsers and platforms check that it belongs to the page or the app that asks.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RelyingParty {
    /// The domain that the passkeys are for. An Android app and an iOS app prove with a file on this domain that they
    /// belong to it.
    pub id: String,
    /// The origins that may ask for a passkey: `https://` and the host of a page, or `android:apk-key-hash:` and the
    /// hash of an Android app's certificate. Compared byte by byte.
    pub origins: Vec<String>,
    /// The origins of other sites that may show one of the pages in a frame. Usually empty.
    pub top_origins: Vec<String>,
}

impl RelyingParty {
    pub(crate) fn is_usable(&self) -> bool {
        let are_named = |names: &[String]| names.iter().all(|name| (1..=255).contains(&name.len()));
        (1..=255).contains(&self.id.len())
            && (1..=MOST_ORIGINS).contains(&self.origins.len())
            && self.top_origins.len() <= MOST_ORIGINS
            && are_named(&self.origins)
            && are_named(&self.top_origins)
    }
}

const MOST_ORIGINS: usize = 16;

/// A passkey of an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Passkey {
    /// The relying party that it was made for.
    pub(crate) rp_id: String,
    pub(crate) credential_id: Vec<u8>,
    pub(crate) key: PublicKey,
    /// Random, and the same for all passkeys of an account.
    pub(crate) user_handle: UserHandle,
    pub(crate) counter: u32,
    /// Whether the passkey may be copied to other devices. Never changes.
    pub(crate) backup_eligible: bool,
    pub(crate) backed_up: bool,
    /// Whether the device checked who its user is when the passkey was made.
    pub(crate) user_verified: bool,
    /// How the passkey can be reached, as the browser said it.
    pub(crate) transports: Vec<String>,
}

/// What a passkey said in an answer that was accepted.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PasskeyUse {
    pub(crate) counter: u32,
    pub(crate) backed_up: bool,
    /// Whether the device checked who its user is, now and when the passkey was made. The passkey then counts as both
    /// factors (SPEC 5.7).
    pub(crate) is_both: bool,
}

/// What an authenticator calls the account.
pub(crate) type UserHandle = [u8; 32];

impl Passkey {
    /// Returns one for the golden bytes.
    #[cfg(test)]
    pub(crate) fn sample() -> Self {
        Self {
            rp_id: "notes.example".to_owned(),
            credential_id: vec![5; 16],
            key: PublicKey::EdDsa([6; 32]),
            user_handle: [9; 32],
            counter: 300,
            backup_eligible: true,
            backed_up: false,
            user_verified: true,
            transports: vec!["internal".to_owned()],
        }
    }

    /// Describes the passkey for a request.
    fn descriptor(&self) -> Descriptor<'_> {
        let id = encoded(&self.credential_id);
        Descriptor { kind: KIND, id, transports: &self.transports }
    }
}

/// Writes the options of a new passkey: a `PublicKeyCredentialCreationOptionsJSON`.
pub(crate) fn creation_options<'a>(
    rp: &RelyingParty,
    realm: &str,
    user: (UserHandle, &str),
    challenge: &[u8],
    known: impl Iterator<Item = &'a Passkey>,
) -> String {
    let (handle, name) = user;
    let algorithms = ALGORITHMS.iter().map(|alg| Parameter { kind: KIND, alg: *alg });
    written(&CreationOptions {
        rp: Party { id: &rp.id, name: realm },
        user: User { id: encoded(&handle), name, display_name: name },
        challenge: encoded(challenge),
        pub_key_cred_params: algorithms.collect(),
        timeout: timeout(),
        exclude_credentials: known.map(Passkey::descriptor).collect(),
        authenticator_selection: Selection {
            resident_key: "required",
            require_resident_key: true,
            user_verification: PREFERRED,
        },
        attestation: "none",
    })
}

/// Writes the options of a sign-in: a `PublicKeyCredentialRequestOptionsJSON`. Without `allowed`, the person picks one
/// of the passkeys that the device knows.
pub(crate) fn request_options<'a>(
    rp: &RelyingParty,
    challenge: &[u8],
    allowed: impl Iterator<Item = &'a Passkey>,
) -> String {
    written(&RequestOptions {
        challenge: encoded(challenge),
        timeout: timeout(),
        rp_id: &rp.id,
        allow_credentials: allowed.map(Passkey::descriptor).collect(),
        user_verification: PREFERRED,
    })
}

const KIND: &str = "public-key";
const PREFERRED: &str = "preferred";

fn timeout() -> u64 {
    u64::try_from(CHALLENGE_LIFE.as_millis()).unwrap_or(u64::MAX)
}

/// Nothing in the options can fail to be written.
fn written(options: &impl Serialize) -> String {
    json::written(options).unwrap_or_default()
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CreationOptions<'a> {
    rp: Party<'a>,
    user: User<'a>,
    challenge: String,
    pub_key_cred_params: Vec<Parameter>,
    timeout: u64,
    exclude_credentials: Vec<Descriptor<'a>>,
    authenticator_selection: Selection,
    attestation: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RequestOptions<'a> {
    challenge: String,
    timeout: u64,
    rp_id: &'a str,
    allow_credentials: Vec<Descriptor<'a>>,
    user_verification: &'static str,
}

#[derive(Serialize)]
struct Party<'a> {
    id: &'a str,
    name: &'a str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct User<'a> {
    id: String,
    name: &'a str,
    display_name: &'a str,
}

#[derive(Serialize)]
struct Parameter {
    #[serde(rename = "type")]
    kind: &'static str,
    alg: i64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Selection {
    resident_key: &'static str,
    require_resident_key: bool,
    user_verification: &'static str,
}

#[derive(Serialize)]
struct Descriptor<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    id: String,
    transports: &'a [String],
}

worded! {
    /// Why an answer of a passkey is refused (SPEC 5.8).
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
    #[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
    pub enum PasskeyProblem {
        /// The passkey's algorithm is not supported.
        Algorithm => "its algorithm is not supported";
        /// Whether the passkey may be copied to other devices differs from when it was registered.
        BackupEligibility => "it says something else than at its registration about being copied to other devices";
        /// It says that it is copied to other devices, and that it cannot be.
        BackupState => "it says that it is copied to other devices and cannot be";
        /// It does not answer the challenge of this step.
        Challenge => "it does not answer the challenge of this step";
        /// Its signature counter is not above the last one, so there may be a copy of the device.
        Counter => "its signature counter went back";
        /// Another site showed the page in a frame.
        CrossOrigin => "another site showed the page in a frame";
        /// It answers a request of another kind.
        Kind => "it answers a request of another kind";
        /// It is not an answer in the form of the standard.
        Malformed => "it is not an answer in the form of the standard";
        /// It comes from a page or an app that policy does not list.
        Origin => "it comes from a page or an app that policy does not list";
        /// It is for another relying party.
        RelyingParty => "it is for another relying party";
        /// Its signature is wrong.
        Signature => "its signature is wrong";
        /// It names the user of another account.
        UserHandle => "it names another user";
        /// Nobody confirmed it at the device.
        UserPresence => "nobody confirmed it at the device";
    }
}
