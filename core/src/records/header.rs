//! The header of a store, which says how to unlock the store.

use serde::{Deserialize, Serialize};

use crate::crypto::cost::HashCost;
use crate::ground::codec::Record;

/// The only row that is read before the store is unlocked. It holds nothing personal.
#[derive(Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) lock: Lock,
    /// The store key, sealed with the lock's key. Opening it proves that the lock's key is right.
    pub(crate) wrapped: Vec<u8>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) enum Lock {
    HostKey,
    Passphrase { salt: [u8; 16], cost: HashCost },
}

impl Record for Header {
    const VERSION: u8 = 1;
}
