//! Where randomness comes from.

use std::fmt;

/// A source of randomness for keys, nonces, tokens, codes and ids (SPEC 13.6).
///
/// The engine uses the operating system's; another can be set under the `testing` feature only,
/// because a source that repeats itself on one file repeats a nonce.
pub trait Entropy: Send + Sync {
    /// Fills `out` with random bytes.
    ///
    /// # Errors
    /// [`EntropyFailed`] when the source has none to give.
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailed>;

    /// Takes the store's commit stamp in when a file opens, so that a seeded source never gives one
    /// file the same bytes twice. A true source has no use for it.
    fn stir(&self, _commit_stamp: u64) {}
}

/// The source of randomness gave none.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EntropyFailed;

impl fmt::Display for EntropyFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the source of randomness gave none")
    }
}

impl std::error::Error for EntropyFailed {}
