//! What hashes passwords: the engine's own, a server's, or a test's.

use super::cost::{HashCost, HashFailed};
use super::foreign::ForeignHash;

/// What turns a password into 32 bytes.
///
/// The engine brings [`Argon2Hasher`](crate::Argon2Hasher); a server can bring its own, which must give the same bytes,
/// and a test a cheap one, which need not.
pub trait Hasher: Send + Sync {
    /// Argon2id version 1.3 of the password with this salt, and the pepper as its secret (RFC 9106
    /// section 3.1, parameter K).
    ///
    /// # Errors
    /// [`HashFailed::Busy`] when there is no room now, [`HashFailed::Unusable`] when there never is.
    fn derive(
        &self,
        cost: HashCost,
        password: &[u8],
        salt: &[u8; 16],
        pepper: &[u8; 32],
    ) -> Result<[u8; 32], HashFailed>;

    /// Whether the password, in the bytes that were typed, is the one of a hash that was imported.
    ///
    /// # Errors
    /// As [`Self::derive`].
    fn verify_foreign(&self, hash: &ForeignHash, password: &[u8]) -> Result<bool, HashFailed> {
        hash.verify(password)
    }
}
