//! What opens a store, as the file says it.

use serde::{Deserialize, Serialize};

use crate::crypto::cost::HashCost;
use crate::ground::codec::Record;

/// The one row that is read before the store is unlocked. It holds nothing of a person.
#[derive(Serialize, Deserialize)]
pub(crate) struct Header {
    pub(crate) lock: Lock,
    /// The store key under the lock's key; opening it proves that the key fits.
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
