//! What opens a store, and the header that says so.

use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::environment::Environment;
use crate::crypto::keys::{HostKey, Keys, StoreKey};
use crate::crypto::password::{HashCost, HashFailed, Hasher};
use crate::error::Error;
use crate::ground::codec::{self, Record};
use crate::ground::secret::Secret;
use crate::store::port::{Read, StoreError};
use crate::store::tables;

/// What opens a store: it never is in the file.
pub enum Unlock {
    /// A key that the host keeps, in the platform's keystore for instance.
    HostKey(HostKey),
    /// A passphrase that a person types.
    Passphrase(Secret),
}

/// The one row that is read before the store is unlocked. It holds nothing of a person.
#[derive(Serialize, Deserialize)]
pub(crate) struct Header {
    lock: Lock,
    /// The store key under the lock's key; opening it proves that the key fits.
    wrapped: Vec<u8>,
    /// The name of this store in an anchor.
    store: [u8; 16],
}

#[derive(Clone, Copy, Serialize, Deserialize)]
enum Lock {
    HostKey,
    Passphrase { salt: [u8; 16], cost: HashCost },
}

impl Record for Header {
    const VERSION: u8 = 1;
}

impl Header {
    /// A new store's header, and the keys that it locks away.
    pub(crate) fn make(
        unlock: &Unlock,
        cost: HashCost,
        environment: &Environment,
    ) -> Result<(Self, Keys), Error> {
        let entropy = &*environment.entropy;
        let (mut store, mut salt) = ([0; 16], [0; 16]);
        entropy.fill(&mut store)?;
        entropy.fill(&mut salt)?;
        let lock = match unlock {
            Unlock::HostKey(_) => Lock::HostKey,
            Unlock::Passphrase(_) => Lock::Passphrase { salt, cost },
        };
        let mut header = Self { lock, wrapped: Vec::new(), store };
        let key = header.key(unlock, &*environment.hasher)?.ok_or(Error::Defect)?;
        let store_key = StoreKey::make(entropy)?;
        header.wrapped = store_key.wrap(&key, entropy, &header.clear()?)?;
        Ok((header, Keys::derive(&store_key)))
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

    pub(crate) fn unlock(&self, unlock: &Unlock, hasher: &dyn Hasher) -> Result<Keys, StoreError> {
        let key = self.key(unlock, hasher)?.ok_or(StoreError::WrongKey)?;
        let store_key =
            StoreKey::unwrap(&key, &self.wrapped, &self.clear()?).map_err(|_| StoreError::WrongKey)?;
        Ok(Keys::derive(&store_key))
    }

    /// The key that the store key is wrapped with; nothing where the lock is of the other kind.
    fn key(&self, unlock: &Unlock, hasher: &dyn Hasher) -> Result<Option<Zeroizing<[u8; 32]>>, StoreError> {
        match (&self.lock, unlock) {
            (Lock::HostKey, Unlock::HostKey(key)) => Ok(Some(Zeroizing::new(*key.reveal()))),
            (Lock::Passphrase { salt, cost }, Unlock::Passphrase(passphrase)) => {
                if !cost.within_caps() {
                    return Err(StoreError::Damaged);
                }
                // A passphrase has no pepper: every other key comes from it.
                let key =
                    hasher.derive(*cost, passphrase.reveal(), salt, &[0; 32]).map_err(
                        |failed| match failed {
                            HashFailed::Busy { retry_after } => StoreError::Busy { retry_after },
                            HashFailed::Unusable => StoreError::Io(std::io::ErrorKind::OutOfMemory),
                        },
                    )?;
                Ok(Some(Zeroizing::new(key)))
            }
            _ => Ok(None),
        }
    }

    /// What stands readable beside the wrapped key and is authenticated with it.
    fn clear(&self) -> Result<Vec<u8>, StoreError> {
        let clear = Self { lock: self.lock, wrapped: Vec::new(), store: self.store };
        clear.encode()
    }
}

#[cfg(test)]
impl Header {
    /// One of each kind, for the golden bytes.
    pub(crate) fn samples() -> [(&'static str, Self); 2] {
        let sample = |lock| Self { lock, wrapped: vec![1; 60], store: [2; 16] };
        let passphrase = Lock::Passphrase { salt: [3; 16], cost: HashCost::default() };
        [("host-key", sample(Lock::HostKey)), ("passphrase", sample(passphrase))]
    }
}
