//! What one password hash costs, and why none is made.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

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

/// 19 MiB, two passes, one lane: the least that the OWASP Password Storage Cheat Sheet recommends.
impl Default for HashCost {
    fn default() -> Self {
        Self::new(19_456, 2, 1)
    }
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
