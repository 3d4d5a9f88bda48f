//! The source of randomness.

use std::fmt;

/// A source of randomness for keys, nonces, tokens, codes and ids (SPEC 13.6).
///
/// The engine uses the operating system's source. You can set another only under the `testing` feature,
/// because a source that repeats itself on one file repeats a nonce.
///
/// ```
/// use selfsame::{Entropy, SystemEntropy};
///
/// let mut salt = [0; 16];
/// SystemEntropy.fill(&mut salt)?;
/// assert_ne!(salt, [0; 16]);
/// # Ok::<(), selfsame::EntropyFailed>(())
/// ```
pub trait Entropy: Send + Sync {
    /// Fills `out` with random bytes.
    ///
    /// # Errors
    /// Returns [`EntropyFailed`] if the source has no bytes to give.
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailed>;

    /// Receives the store's commit stamp when a file opens, so that a seeded source never gives the same
    /// bytes twice for one file. A true source of randomness ignores it.
    fn stir(&self, _commit_stamp: u64) {}
}

/// The source of randomness gave no bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EntropyFailed;

impl fmt::Display for EntropyFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the source of randomness gave no bytes")
    }
}

impl std::error::Error for EntropyFailed {}
