//! Values that must stay hidden. They cross as text or bytes and are wrapped at once.

use selfsame::{FlowToken, HostKey, RecognitionToken, Secret, SessionToken, SystemEntropy};

use crate::error::SelfsameError;

uniffi::custom_type!(
    /// Text that must stay hidden: a password, a passphrase, a code or an ID token.
    Secret, String, {
        remote,
        lower: |secret| secret.reveal_text().unwrap_or_default().to_owned(),
        try_lift: |text| Ok(Secret::from(text)),
    }
);

uniffi::custom_type!(
    /// Holds one flow open between its steps. Anyone who has it can answer the next step.
    FlowToken, String, {
        remote,
        lower: |token| token.reveal().to_owned(),
        try_lift: |text| Ok(text.parse::<FlowToken>().map_err(|_| SelfsameError::InvalidToken)?),
    }
);

uniffi::custom_type!(
    /// Holds one session. Anyone who has it is signed in.
    SessionToken, String, {
        remote,
        lower: |token| token.reveal().to_owned(),
        try_lift: |text| Ok(text.parse::<SessionToken>().map_err(|_| SelfsameError::InvalidToken)?),
    }
);

uniffi::custom_type!(
    /// Shows that its holder has signed in to an account before. It proves nothing else and opens nothing.
    ///
    /// Keep it on the person's device, even after the session has ended, and present it with each later call.
    /// Strangers' wrong guesses then do not delay its holder.
    RecognitionToken, String, {
        remote,
        lower: |token| token.reveal().to_owned(),
        try_lift: |text| Ok(text.parse::<RecognitionToken>().map_err(|_| SelfsameError::InvalidToken)?),
    }
);

uniffi::custom_type!(
    /// The key that the host keeps outside the file: 32 bytes. Anyone who has the file and this key can read
    /// everything.
    HostKey, Vec<u8>, {
        remote,
        lower: |key| key.reveal().to_vec(),
        try_lift: |bytes| {
            let bytes = bytes.try_into().map_err(|_| SelfsameError::InvalidHostKey)?;
            Ok(HostKey::from_bytes(bytes))
        },
    }
);

/// Returns a new host key, for the platform's keystore.
///
/// Raises `Machine` if the machine has no randomness.
#[uniffi::export]
pub fn generate_host_key() -> Result<HostKey, SelfsameError> {
    Ok(HostKey::generate(&SystemEntropy).map_err(selfsame::Error::from)?)
}
