//! How a store is unlocked, and the header that records it.

use std::sync::Arc;

use super::environment::Environment;
use crate::crypto::cost::{HashCost, HashFailed};
use crate::crypto::hasher::Hasher;
use crate::crypto::host_key::HostKey;
use crate::crypto::keys::StoreKey;
use crate::error::{Error, OpenProblem};
use crate::ground::codec::{self, Record};
use crate::ground::secret::Secret;
use crate::ground::text::{first_unassigned, nfc};
use crate::records::header::{Header, Lock};
use crate::store::port::{Read, StoreError};
use crate::store::tables;

/// The cost of hashing a passphrase: the second recommended option of RFC 9106 section 4, in one lane. A passphrase is
/// all that protects a stolen file, and it is hashed only when a store is opened.
const PASSPHRASE_COST: HashCost = HashCost::new(65_536, 3, 1);

/// The key or passphrase that unlocks a store. It is never in the file.
#[derive(Clone)]
pub enum Unlock {
    /// A key that the host keeps. The engine keeps a copy in memory as long as the engine exists.
    HostKey(HostKey),
    /// A passphrase that a person types, in any spelling of its letters. The engine hashes it with 64 MiB and
    /// three passes, forgets it, and keeps the hash like a host key. A new one that is empty, or that has a
    /// character that Unicode has not assigned, is [`OpenProblem::InvalidPassphrase`](crate::OpenProblem::InvalidPassphrase).
    Passphrase(Secret),
    /// A key from the platform's keystore. The engine keeps it only while the file is open.
    Keystore(Arc<dyn Keystore>),
}

/// Where the platform keeps the host key: a keychain, a TPM, a secure element. It may refuse to give the key.
///
/// The engine asks the keystore whenever it opens the file, even after
/// [`Engine::suspend`](crate::Engine::suspend). The keystore must not call the engine.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("accounts.selfsame");
/// use std::sync::Arc;
/// use std::sync::atomic::{AtomicBool, Ordering};
/// use selfsame::{Engine, Error, HostKey, Keystore, KeystoreProblem, OpenProblem, Unlock};
///
/// struct Device { is_locked: AtomicBool, key: [u8; 32] }
///
/// impl Keystore for Device {
///     fn load(&self) -> Result<HostKey, KeystoreProblem> {
///         if self.is_locked.load(Ordering::Relaxed) {
///             return Err(KeystoreProblem::Locked);
///         }
///         Ok(HostKey::from_bytes(self.key))
///     }
/// }
///
/// # let key = *HostKey::generate(&selfsame::SystemEntropy)?.reveal();
/// let device = Arc::new(Device { is_locked: AtomicBool::new(false), key });
/// let engine = Engine::options(Unlock::Keystore(device.clone())).create(&path)?;
///
/// engine.suspend()?;
/// device.is_locked.store(true, Ordering::Relaxed);
/// assert_eq!(engine.health(), Err(Error::Open(OpenProblem::KeyLocked)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Keystore: Send + Sync {
    /// Returns the key of this store.
    ///
    /// # Errors
    /// Returns [`KeystoreProblem`]. The caller of the engine gets an [`OpenProblem`](crate::OpenProblem) of
    /// the same name.
    fn load(&self) -> Result<HostKey, KeystoreProblem>;
}

/// Why a keystore does not give the key. None of these creates a new store: the existing one stays.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeystoreProblem {
    /// The keystore does not give the key now: the device is locked, or the person declined.
    Locked,
    /// The keystore no longer has the key of this store: another device, or the keystore was reset.
    Lost,
    /// The keystore made the key unusable because the person's biometrics or screen lock changed.
    Changed,
}

impl From<KeystoreProblem> for StoreError {
    fn from(problem: KeystoreProblem) -> Self {
        match problem {
            KeystoreProblem::Locked => Self::KeyLocked,
            KeystoreProblem::Lost => Self::KeyLost,
            KeystoreProblem::Changed => Self::KeyChanged,
        }
    }
}

impl Header {
    /// Returns a header that wraps the store key, and how to unlock it.
    pub(super) fn over(
        store_key: &StoreKey,
        unlock: &Unlock,
        environment: &Environment,
    ) -> Result<(Self, Way), Error> {
        let entropy = &*environment.entropy;
        let lock = match unlock {
            Unlock::HostKey(_) | Unlock::Keystore(_) => Lock::HostKey,
            Unlock::Passphrase(passphrase) => {
                // The normal form of an unassigned character may change when it is assigned. Then the passphrase
                // would not open the store.
                let has_unassigned = |text| first_unassigned(text).is_some();
                if passphrase.reveal().is_empty() || passphrase.reveal_text().is_some_and(has_unassigned) {
                    return Err(Error::Open(OpenProblem::InvalidPassphrase));
                }
                let mut salt = [0; 16];
                entropy.fill(&mut salt)?;
                Lock::Passphrase { salt, cost: PASSPHRASE_COST }
            }
        };
        let mut header = Self { lock, wrapped: Vec::new() };
        let kek = header.kek(unlock, &*environment.hasher)?;
        header.wrapped = store_key.wrap(kek.reveal(), entropy, &header.clear()?)?;
        Ok((header, Way::Unlock(unlock.clone()).kept(kek)))
    }

    pub(crate) fn encode(&self) -> Result<Vec<u8>, StoreError> {
        Ok(codec::encode(self).map_err(|_| StoreError::TooLarge)?.to_vec())
    }

    pub(crate) fn read(read: &dyn Read) -> Result<Self, StoreError> {
        let bytes = read.get(&tables::header())?.ok_or(StoreError::Damaged)?;
        if bytes.first().is_some_and(|version| *version > Self::VERSION) {
            return Err(StoreError::NewerFormat);
        }
        codec::decode(&bytes).map_err(|_| StoreError::Damaged)
    }

    pub(super) fn open(&self, kek: &HostKey) -> Result<StoreKey, StoreError> {
        StoreKey::unwrap(kek.reveal(), &self.wrapped, &self.clear()?).map_err(|_| StoreError::WrongKey)
    }

    /// Returns the key that wraps the store key.
    pub(super) fn kek(&self, unlock: &Unlock, hasher: &dyn Hasher) -> Result<HostKey, StoreError> {
        match (&self.lock, unlock) {
            (Lock::HostKey, Unlock::HostKey(key)) => Ok(key.clone()),
            (Lock::HostKey, Unlock::Keystore(keystore)) => Ok(keystore.load()?),
            (Lock::Passphrase { salt, cost }, Unlock::Passphrase(passphrase)) => {
                if !cost.within_caps() {
                    return Err(StoreError::Damaged);
                }
                // Keyboards differ in how they compose a letter, and people do not see the difference.
                let normal = passphrase.reveal_text().map(nfc);
                let typed = normal.as_ref().map_or(passphrase.reveal(), |normal| normal.as_bytes());
                let kek = hasher.derive_key(*cost, typed, salt);
                kek.map(HostKey::from_bytes).map_err(|failed| match failed {
                    HashFailed::Busy { retry_after } => StoreError::Busy { retry_after },
                    HashFailed::Unusable => StoreError::Io(std::io::ErrorKind::OutOfMemory),
                })
            }
            _ => Err(StoreError::WrongKey),
        }
    }

    /// Returns the plain-text part of the header, which is authenticated with the wrapped key.
    fn clear(&self) -> Result<Vec<u8>, StoreError> {
        let clear = Self { lock: self.lock, wrapped: Vec::new() };
        clear.encode()
    }
}

/// How a suspended store is opened again.
#[derive(Clone)]
pub(super) enum Way {
    /// With what the host gave.
    Unlock(Unlock),
    /// With the key derived from it. For a passphrase the engine keeps the hash, which saves half a second.
    Kek(HostKey),
}

impl Way {
    pub(super) fn kek(&self, header: &Header, hasher: &dyn Hasher) -> Result<HostKey, StoreError> {
        match self {
            Self::Unlock(unlock) => header.kek(unlock, hasher),
            Self::Kek(kek) => Ok(kek.clone()),
        }
    }

    /// Returns what to keep after unlocking. A keystore is asked again each time, so its key is not kept.
    pub(super) fn kept(self, kek: HostKey) -> Self {
        match self {
            Self::Unlock(Unlock::Keystore(_)) => self,
            Self::Unlock(Unlock::HostKey(_) | Unlock::Passphrase(_)) | Self::Kek(_) => Self::Kek(kek),
        }
    }
}

#[cfg(test)]
impl Header {
    /// One of each kind, for the golden bytes.
    pub(crate) fn samples() -> [(&'static str, Self); 2] {
        use crate::crypto::seal::OVERHEAD;
        let sample = |lock| Self { lock, wrapped: vec![1; 64 + OVERHEAD] };
        let passphrase = Lock::Passphrase { salt: [3; 16], cost: PASSPHRASE_COST };
        [("host-key", sample(Lock::HostKey)), ("passphrase", sample(passphrase))]
    }
}
