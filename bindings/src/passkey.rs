//! Passkeys: whom they are for, and why an answer is refused.

use selfsame::{PasskeyProblem, RelyingParty};

/// The service as passkeys know it. Browsers and platforms check that it belongs to the page or the app that asks.
#[uniffi::remote(Record)]
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

/// Why an answer of a passkey is refused.
#[uniffi::remote(Enum)]
pub enum PasskeyProblem {
    /// The passkey's algorithm is not supported.
    Algorithm,
    /// Whether the passkey may be copied to other devices differs from when it was registered.
    BackupEligibility,
    /// It says that it is copied to other devices, and that it cannot be.
    BackupState,
    /// It does not answer the challenge of this step.
    Challenge,
    /// Its signature counter is not above the last one, so there may be a copy of the device.
    Counter,
    /// Another site showed the page in a frame.
    CrossOrigin,
    /// It answers a request of another kind.
    Kind,
    /// It is not an answer in the form of the standard.
    Malformed,
    /// It comes from a page or an app that policy does not list.
    Origin,
    /// It is for another relying party.
    RelyingParty,
    /// Its signature is wrong.
    Signature,
    /// It names the user of another account.
    UserHandle,
    /// Nobody confirmed it at the device.
    UserPresence,
}
