//! The bytes of a key.

use zeroize::Zeroizing;

use super::seal::OpenFailed;
use crate::ground::entropy::{Entropy, EntropyFailed};

/// 32 bytes in a box, so that moving the owner leaves no copy behind.
pub(super) type Raw = Box<Zeroizing<[u8; 32]>>;

pub(super) fn random(entropy: &dyn Entropy) -> Result<Raw, EntropyFailed> {
    let mut raw = Box::new(Zeroizing::new([0; 32]));
    entropy.fill(&mut raw[..])?;
    Ok(raw)
}

pub(super) fn raw(bytes: &[u8]) -> Result<Raw, OpenFailed> {
    let mut raw = Box::new(Zeroizing::new([0; 32]));
    if bytes.len() != raw.len() {
        return Err(OpenFailed);
    }
    raw.copy_from_slice(bytes);
    Ok(raw)
}
