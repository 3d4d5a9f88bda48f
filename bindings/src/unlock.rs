//! How a store is unlocked.

use std::fmt;
use std::sync::Arc;

use selfsame::{HostKey, Secret};

/// The key or passphrase that unlocks a store. It is never in the file.
#[derive(uniffi::Enum)]
pub enum Unlock {
    /// A key that the host keeps. The engine keeps a copy in memory as long as the engine exists.
    HostKey(HostKey),
    /// A passphrase that a person types. The engine hashes and forgets it, and keeps the hash like a host key.
    Passphrase(Secret),
    /// A key from the platform's keystore. The engine keeps it only while the file is open.
    Keystore(Arc<dyn Keystore>),
}

/// Where the platform keeps the host key: a keychain, a TPM, a secure element. It may refuse to give the key.
///
/// The engine asks the keystore whenever it opens the file, even after `suspend`. The keystore must not call the
/// engine.
#[uniffi::export(with_foreign)]
pub trait Keystore: Send + Sync {
    /// Returns the key of this store.
    ///
    /// Raise `KeystoreProblem` if the keystore cannot give it. The caller of the engine gets an error of the
    /// same name.
    fn load(&self) -> Result<HostKey, KeystoreProblem>;
}

/// Why a keystore does not give the key. None of these creates a new store: the existing one stays.
#[derive(Debug, uniffi::Error)]
pub enum KeystoreProblem {
    /// The keystore does not give the key now: the device is locked, the person declined, or the call failed.
    Locked,
    /// The keystore no longer has the key of this store: another device, or the keystore was reset.
    Lost,
    /// The keystore made the key unusable because the person's biometrics or screen lock changed.
    Changed,
}

impl fmt::Display for KeystoreProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Locked => "the keystore does not give the key now",
            Self::Lost => "the keystore no longer has the key of the store",
            Self::Changed => "the keystore has made the key unusable",
        })
    }
}

impl std::error::Error for KeystoreProblem {}

#[uniffi::export]
impl KeystoreProblem {
    /// Returns what happened, in English, for a log.
    pub fn explanation(&self) -> String {
        self.to_string()
    }
}

/// Treats any other error of a keystore as `Locked`: it says nothing about the key, so the caller can ask
/// again.
impl From<uniffi::UnexpectedUniFFICallbackError> for KeystoreProblem {
    fn from(_: uniffi::UnexpectedUniFFICallbackError) -> Self {
        Self::Locked
    }
}

/// Calls the host's keystore for the core.
struct Kept(Arc<dyn Keystore>);

impl selfsame::Keystore for Kept {
    fn load(&self) -> Result<HostKey, selfsame::KeystoreProblem> {
        self.0.load().map_err(|problem| match problem {
            KeystoreProblem::Locked => selfsame::KeystoreProblem::Locked,
            KeystoreProblem::Lost => selfsame::KeystoreProblem::Lost,
            KeystoreProblem::Changed => selfsame::KeystoreProblem::Changed,
        })
    }
}

impl From<Unlock> for selfsame::Unlock {
    fn from(unlock: Unlock) -> Self {
        match unlock {
            Unlock::HostKey(key) => Self::HostKey(key),
            Unlock::Passphrase(passphrase) => Self::Passphrase(passphrase),
            Unlock::Keystore(keystore) => Self::Keystore(Arc::new(Kept(keystore))),
        }
    }
}
