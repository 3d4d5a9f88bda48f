//! Password hashes: Argon2id (RFC 9106) with a pepper, in PHC string form.

use std::fmt;
use std::time::Duration;

use phc::{Ident, Output, ParamsString, PasswordHash, Salt};
use serde::{Deserialize, Serialize};

pub use super::argon::Argon2Hasher;
use super::keys::same;

/// What one password hash costs (Argon2id, RFC 9106 section 3.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HashCost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
    /// Lanes, which an attacker may compute side by side and this engine computes in turn.
    pub lanes: u32,
}

impl HashCost {
    /// The cost with these parameters.
    pub const fn new(memory_kib: u32, passes: u32, lanes: u32) -> Self {
        Self { memory_kib, passes, lanes }
    }

    /// Whether a hash of this cost is made at all. The caps are for stored strings: one that came
    /// with an import must not hang a phone (SPEC 13.2). The floors are Argon2's own.
    pub(crate) fn within_caps(self) -> bool {
        (1..=8).contains(&self.lanes)
            && (1..=10).contains(&self.passes)
            && (8 * self.lanes..=256 * 1024).contains(&self.memory_kib)
    }
}

/// 19 MiB, two passes, one lane: the OWASP Password Storage Cheat Sheet's first choice that a
/// phone can carry.
impl Default for HashCost {
    fn default() -> Self {
        Self::new(19_456, 2, 1)
    }
}

/// What turns a password into 32 bytes.
///
/// The engine brings [`Argon2Hasher`]; a server can bring its own, which must give the same bytes,
/// and a test a cheap one, which must not.
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
}

/// Why a password was not hashed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HashFailed {
    /// As many hashes as there may be are being made.
    Busy {
        /// How long to wait before the next try.
        retry_after: Duration,
    },
    /// Not with this cost, on this machine: too much memory, or a stored hash of another kind.
    Unusable,
}

impl fmt::Display for HashFailed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Busy { .. } => "too many passwords are being hashed",
            Self::Unusable => "a password hash of this cost or kind cannot be made",
        })
    }
}

impl std::error::Error for HashFailed {}

/// A password's hash as it is stored: `$argon2id$v=19$m=…,t=…,p=…$salt$tag`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredPassword(String);

/// A text is no password hash that this engine verifies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct InvalidHash;

/// What the string says.
struct Parts {
    cost: HashCost,
    salt: [u8; 16],
    tag: [u8; 32],
}

/// Hashes a new password.
pub(crate) fn hash(
    hasher: &dyn Hasher,
    cost: HashCost,
    password: &[u8],
    salt: [u8; 16],
    pepper: &[u8; 32],
) -> Result<StoredPassword, HashFailed> {
    // Beyond the caps the string could never be verified.
    if !cost.within_caps() {
        return Err(HashFailed::Unusable);
    }
    let tag = hasher.derive(cost, password, &salt, pepper)?;
    let string = write(&Parts { cost, salt, tag }).map_err(|_| HashFailed::Unusable)?;
    Ok(StoredPassword(string))
}

impl StoredPassword {
    /// Takes a string that this engine can verify: Argon2id version 1.3 in its one spelling, with a
    /// salt of 16 bytes, a tag of 32, and a cost within the caps.
    pub(crate) fn parse(text: &str) -> Result<Self, InvalidHash> {
        read(text).map(|_| Self(text.to_owned()))
    }

    /// Whether this is the password that was hashed. Nothing is hashed for a string that
    /// [`StoredPassword::parse`] would not take.
    pub(crate) fn verify(
        &self,
        hasher: &dyn Hasher,
        password: &[u8],
        pepper: &[u8; 32],
    ) -> Result<bool, HashFailed> {
        let parts = read(&self.0).map_err(|_| HashFailed::Unusable)?;
        let tag = hasher.derive(parts.cost, password, &parts.salt, pepper)?;
        Ok(same(&tag, &parts.tag))
    }

    /// Whether the next successful sign-in replaces it (SPEC 4.5): weaker than `cost` in memory or
    /// passes, or of another kind.
    pub(crate) fn needs_rehash(&self, cost: HashCost) -> bool {
        match read(&self.0) {
            Ok(Parts { cost: made, .. }) => made.memory_kib < cost.memory_kib || made.passes < cost.passes,
            Err(InvalidHash) => true,
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for StoredPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoredPassword(…)")
    }
}

fn read(text: &str) -> Result<Parts, InvalidHash> {
    let phc = PasswordHash::new(text).map_err(|_| InvalidHash)?;
    let number = |name| phc.params.get_decimal(name).ok_or(InvalidHash);
    let cost = HashCost::new(number("m")?, number("t")?, number("p")?);
    let bytes = |bytes: Option<&[u8]>| bytes.map(<[u8]>::to_vec).ok_or(InvalidHash);
    let parts = Parts {
        cost,
        salt: bytes(phc.salt.as_deref())?.try_into().map_err(|_| InvalidHash)?,
        tag: bytes(phc.hash.as_ref().map(Output::as_bytes))?.try_into().map_err(|_| InvalidHash)?,
    };
    // Written again it must be the same text: that rules out another algorithm or version, further
    // parameters, and every other spelling of these.
    if cost.within_caps() && write(&parts).map_err(|_| InvalidHash)? == text {
        Ok(parts)
    } else {
        Err(InvalidHash)
    }
}

fn write(parts: &Parts) -> Result<String, phc::Error> {
    let mut params = ParamsString::new();
    params.add_decimal("m", parts.cost.memory_kib)?;
    params.add_decimal("t", parts.cost.passes)?;
    params.add_decimal("p", parts.cost.lanes)?;
    let phc = PasswordHash {
        algorithm: Ident::new("argon2id")?,
        version: Some(argon2::Version::V0x13.into()),
        params,
        salt: Some(Salt::new(&parts.salt)?),
        hash: Some(Output::new(&parts.tag)?),
    };
    Ok(phc.to_string())
}
