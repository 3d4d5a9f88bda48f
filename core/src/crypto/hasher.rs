//! The password hasher: the engine's own, a server's, or a test's.

use super::cost::{HashCost, HashFailed};
use super::foreign::ForeignHash;

/// Turns a password into 32 bytes.
///
/// The engine comes with [`Argon2Hasher`](crate::Argon2Hasher). A server can provide its own, which must give
/// the same bytes. A test can provide a cheap one, which may give others.
pub trait Hasher: Send + Sync {
    /// Returns Argon2id version 1.3 of the password with this salt, and with the pepper as its secret
    /// (RFC 9106 section 3.1, parameter K).
    ///
    /// # Errors
    /// Returns [`HashFailed::Busy`] if there is no room now; [`HashFailed::Unusable`] if there never is.
    fn derive(
        &self,
        cost: HashCost,
        password: &[u8],
        salt: &[u8; 16],
        pepper: &[u8; 32],
    ) -> Result<[u8; 32], HashFailed>;

    /// Returns `true` if the password, as typed, belongs to an imported hash.
    ///
    /// # Errors
    /// Returns the errors of [`Self::derive`].
    fn verify_foreign(&self, hash: &ForeignHash, password: &[u8]) -> Result<bool, HashFailed> {
        hash.verify(password)
    }
}
