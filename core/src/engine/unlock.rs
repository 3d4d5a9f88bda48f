//! What opens a store, and the header that says so.

use std::sync::Arc;

use super::environment::Environment;
use crate::crypto::cost::{HashCost, HashFailed};
use crate::crypto::hasher::Hasher;
use crate::crypto::host_key::HostKey;
use crate::crypto::keys::StoreKey;
use crate::error::Error;
use crate::ground::codec::{self, Record};
use crate::ground::secret::Secret;
use crate::records::header::{Header, Lock};
use crate::store::port::{Read, StoreError};
use crate::store::tables;

/// What opens a store: it never is in the file.
#[derive(Clone)]
pub enum Unlock {
    /// A key that the host keeps. The engine keeps a copy in memory as long as it lives.
    HostKey(HostKey),
    /// A passphrase that a person types. It is hashed and forgotten; the hash is kept as a host key is.
    Passphrase(Secret),
    /// A key that the platform's keystore gives. The engine keeps it only while the file is open.
    Keystore(Arc<dyn Keystore>),
}

/// Where the platform keeps the host key: a keychain, a TPM, a secure element. It may refuse to give it.
///
/// It is asked whenever the file is opened, after [`Engine::suspend`](crate::Engine::suspend) too, and must
/// not call the engine.
pub trait Keystore: Send + Sync {
    /// The key of this store.
    ///
    /// # Errors
    /// [`KeystoreProblem`], which the caller of the engine gets as an [`OpenProblem`](crate::OpenProblem) of
    /// the same name.
    fn load(&self) -> Result<HostKey, KeystoreProblem>;
}

/// Why a keystore gives no key. None of them makes a new store: what is there stays there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeystoreProblem {
    /// It does not give the key now: the device is locked, or the person said no.
    Locked,
    /// It has no key of this store any more: another device, or the keystore was reset.
    Lost,
    /// It has made the key unusable because the person's biometrics or screen lock changed.
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
    /// A header that locks the store key away, and the way in.
    pub(super) fn over(
        store_key: &StoreKey,
        unlock: &Unlock,
        cost: HashCost,
        environment: &Environment,
    ) -> Result<(Self, Way), Error> {
        let entropy = &*environment.entropy;
        let lock = match unlock {
            Unlock::HostKey(_) | Unlock::Keystore(_) => Lock::HostKey,
            Unlock::Passphrase(_) => {
                let mut salt = [0; 16];
                entropy.fill(&mut salt)?;
                Lock::Passphrase { salt, cost }
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

    /// The key that the store key is wrapped with.
    pub(super) fn kek(&self, unlock: &Unlock, hasher: &dyn Hasher) -> Result<HostKey, StoreError> {
        match (&self.lock, unlock) {
            (Lock::HostKey, Unlock::HostKey(key)) => Ok(key.clone()),
            (Lock::HostKey, Unlock::Keystore(keystore)) => Ok(keystore.load()?),
            (Lock::Passphrase { salt, cost }, Unlock::Passphrase(passphrase)) => {
                if !cost.within_caps() {
                    return Err(StoreError::Damaged);
                }
                // A passphrase has no pepper: every other key comes from it.
                let kek = hasher.derive(*cost, passphrase.reveal(), salt, &[0; 32]);
                kek.map(HostKey::from_bytes).map_err(|failed| match failed {
                    HashFailed::Busy { retry_after } => StoreError::Busy { retry_after },
                    HashFailed::Unusable => StoreError::Io(std::io::ErrorKind::OutOfMemory),
                })
            }
            _ => Err(StoreError::WrongKey),
        }
    }

    /// What stands readable beside the wrapped key and is authenticated with it.
    fn clear(&self) -> Result<Vec<u8>, StoreError> {
        let clear = Self { lock: self.lock, wrapped: Vec::new() };
        clear.encode()
    }
}

/// How the store is opened again after it was put away.
#[derive(Clone)]
pub(super) enum Way {
    /// As the host said.
    Unlock(Unlock),
    /// With the key that this came to. A passphrase is not kept: its hash is, which costs half a second.
    Kek(HostKey),
}

impl Way {
    pub(super) fn kek(&self, header: &Header, hasher: &dyn Hasher) -> Result<HostKey, StoreError> {
        match self {
            Self::Unlock(unlock) => header.kek(unlock, hasher),
            Self::Kek(kek) => Ok(kek.clone()),
        }
    }

    /// What is kept of a way that led in. A keystore is asked each time: that is what it is for.
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
        let sample = |lock| Self { lock, wrapped: vec![1; 92] };
        let passphrase = Lock::Passphrase { salt: [3; 16], cost: HashCost::default() };
        [("host-key", sample(Lock::HostKey)), ("passphrase", sample(passphrase))]
    }
}
