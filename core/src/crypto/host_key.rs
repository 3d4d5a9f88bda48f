//! The key that the host keeps outside the file.

use std::fmt;

use zeroize::Zeroizing;

use super::raw_key::{Raw, random};
use crate::ground::entropy::{Entropy, EntropyFailed};

/// The key that the host keeps outside the file, in a keystore or with the operator.
///
/// Anyone who has the file and this key can read everything. Overwritten when dropped.
///
/// ```
/// use selfsame::{HostKey, SystemEntropy};
///
/// let key = HostKey::generate(&SystemEntropy)?;
/// // Keep these bytes where the platform keeps secrets.
/// let kept = *key.reveal();
///
/// // After a restart:
/// let key = HostKey::from_bytes(kept);
/// assert_eq!(format!("{key:?}"), "HostKey(…)");
/// # Ok::<(), selfsame::EntropyFailed>(())
/// ```
#[derive(Clone)]
pub struct HostKey(Raw);

impl HostKey {
    /// Returns the key with these bytes. All 32 must come from a good source of randomness.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Box::new(Zeroizing::new(bytes)))
    }

    /// Generates a new key.
    ///
    /// # Errors
    /// Returns [`EntropyFailed`] if `entropy` fails.
    pub fn generate(entropy: &dyn Entropy) -> Result<Self, EntropyFailed> {
        random(entropy).map(Self)
    }

    /// Returns the key's bytes, for the host to keep.
    pub fn reveal(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for HostKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HostKey(…)")
    }
}
