//! The key that the host keeps outside of the file.

use std::fmt;

use zeroize::Zeroizing;

use super::raw_key::{Raw, random};
use crate::ground::entropy::{Entropy, EntropyFailed};

/// The key that the host keeps outside the file, in a keystore or with the operator.
///
/// Whoever has the file and this key reads everything. Overwritten when dropped.
#[derive(Clone)]
pub struct HostKey(Raw);

impl HostKey {
    /// The key with these bytes; all 32 must come from a good source of randomness.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Box::new(Zeroizing::new(bytes)))
    }

    /// A new key.
    ///
    /// # Errors
    /// [`EntropyFailed`] when `entropy` has nothing to give.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyFailed> {
        random(entropy).map(Self)
    }

    /// The key's bytes, for the host to keep.
    pub fn reveal(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostKey(…)")
    }
}
