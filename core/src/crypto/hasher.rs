//! The password hasher: the engine's own, a server's, or a test's.

use super::cost::{HashCost, HashFailed};
use super::foreign::ForeignHash;

/// Turns a password into 32 bytes.
///
/// The engine comes with [`Argon2Hasher`](crate::Argon2Hasher). A server can provide its own, which must give
/// the same bytes. A test can provide a cheap one, which may give others.
///
/// ```
/// # let password = selfsame::Secret::from("seven green bicycles");
/// # let client = selfsame::Client::on("laptop");
/// use std::sync::Arc;
/// use std::time::Instant;
/// use selfsame::{Argon2Hasher, Engine, Environment, ForeignHash, HashCost, HashFailed, Hasher, Policy};
///
/// /// Says how long each hash takes.
/// struct Measured(Argon2Hasher);
///
/// impl Hasher for Measured {
///     fn derive(
///         &self, cost: HashCost, password: &[u8], salt: &[u8; 16], pepper: &[u8; 32],
///     ) -> Result<[u8; 32], HashFailed> {
///         let begun = Instant::now();
///         let hash = self.0.derive(cost, password, salt, pepper);
///         println!("hashed in {:?}", begun.elapsed());
///         hash
///     }
///
///     fn verify_foreign(&self, hash: &ForeignHash, password: &[u8]) -> Result<bool, HashFailed> {
///         self.0.verify_foreign(hash, password)
///     }
///
///     fn derive_key(
///         &self, cost: HashCost, passphrase: &[u8], salt: &[u8; 16],
///     ) -> Result<[u8; 32], HashFailed> {
///         self.0.derive_key(cost, passphrase, salt)
///     }
/// }
///
/// let hasher = Arc::new(Measured(Argon2Hasher::new(2)));
/// let engine = Engine::in_memory(Policy::default(), Environment::system().with_hasher(hasher.clone()))?;
/// engine.sign_up("ada@example.org", &password, &client)?;
/// assert_eq!(hasher.0.hashes(), 1);
/// # Ok::<(), selfsame::Error>(())
/// ```
pub trait Hasher: Send + Sync {
    /// Returns Argon2id version 1.3 of the password with this salt, and with the pepper as its secret
    /// (RFC 9106 section 3.1, parameter K).
    ///
    /// # Errors
    /// Returns [`HashFailed::Busy`] if there is not enough memory now; [`HashFailed::Unusable`] if this
    /// machine never has enough.
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
    /// Returns the hash of a store's passphrase, which has no pepper, because every other key comes from it. The
    /// engine calls this once when it creates or opens a store, and once when the passphrase changes.
    ///
    /// # Errors
    /// Returns the errors of [`Self::derive`].
    fn derive_key(&self, cost: HashCost, passphrase: &[u8], salt: &[u8; 16]) -> Result<[u8; 32], HashFailed> {
        self.derive(cost, passphrase, salt, &[0; 32])
    }
}
