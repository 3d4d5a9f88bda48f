//! The data key of one account.

use super::raw_key::{Raw, random};
use super::seal::{OVERHEAD, SealKey};
use crate::ground::entropy::{Entropy, EntropyFailed};

/// The length of a wrapped data key: nonce, 32 bytes of key, tag.
pub(crate) const WRAPPED_LEN: usize = 32 + OVERHEAD;

/// One account's data key. If it is destroyed, nobody can read the account's data.
pub(crate) struct DataKey {
    pub(super) raw: Raw,
    seal: SealKey,
}

impl DataKey {
    pub(crate) fn make(entropy: &dyn Entropy) -> Result<Self, EntropyFailed> {
        random(entropy).map(Self::from_raw)
    }

    pub(super) fn from_raw(raw: Raw) -> Self {
        let seal = SealKey::new(&raw);
        Self { raw, seal }
    }

    pub(crate) fn seal_key(&self) -> &SealKey {
        &self.seal
    }
}
