//! Passkeys (SPEC 5.8, Web Authentication level 3).

use serde::{Deserialize, Serialize};

use crate::crypto::cose::PublicKey;
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

/// What an authenticator calls the account.
pub(crate) type UserHandle = [u8; 32];

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
