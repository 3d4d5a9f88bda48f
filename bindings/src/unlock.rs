//! How a store is unlocked.

use std::fmt;
use std::sync::Arc;

use selfsame::{HostKey, Secret};

/// What opens a store: it never is in the file.
#[derive(uniffi::Enum)]
pub enum Unlock {
    /// A key that the host keeps. The engine keeps a copy in memory as long as it lives.
    HostKey(HostKey),
    /// A passphrase that a person types. It is hashed and forgotten; the hash is kept as a host key is.
    Passphrase(Secret),
    /// A key that the platform's keystore gives. The engine keeps it only while the file is open.
    Keystore(Arc<dyn Keystore>),
}

/// Where the platform keeps the host key: a keychain, a TPM, a secure element. It may refuse to give the key.
///
/// The engine asks it whenever it opens the file, also after `suspend`. It must not call the engine.
#[uniffi::export(with_foreign)]
pub trait Keystore: Send + Sync {
    /// Returns the key of this store.
    ///
    /// Raise `KeystoreProblem` if the keystore cannot give it. The caller of the engine gets an error of the
    /// same name.
    fn load(&self) -> Result<HostKey, KeystoreProblem>;
}

/// Why a keystore gives no key. None of them makes a new store: what is there stays there.
#[derive(Debug, uniffi::Error)]
pub enum KeystoreProblem {
    /// It does not give the key now: the device is locked, the person said no, or it failed.
    Locked,
    /// It has no key of this store any more: another device, or the keystore was reset.
    Lost,
    /// It has made the key unusable because the person's biometrics or screen lock changed.
    Changed,
}

impl fmt::Display for KeystoreProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Locked => "the keystore does not give the key now",
            Self::Lost => "the keystore has no key of the store any more",
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
