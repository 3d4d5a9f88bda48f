//! The cost of one password hash, and why a hash is not made.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// The cost of one password hash (Argon2id, RFC 9106 section 3.1).
///
/// ```
/// use selfsame::{HashCost, Policy};
///
/// // 64 MiB, three passes, one lane.
/// let policy = Policy::builder().hash_cost(HashCost::new(65_536, 3, 1)).build()?;
/// assert_eq!(policy.hash_cost().memory_kib, 65_536);
///
/// let too_weak = Policy::builder().hash_cost(HashCost::new(4_096, 1, 1)).build();
/// assert!(too_weak.is_err());
/// # Ok::<(), selfsame::PolicyError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct HashCost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
    /// Lanes. An attacker may compute them in parallel. This engine computes them in turn.
    pub lanes: u32,
}

impl HashCost {
    /// Returns the cost with these parameters.
    pub const fn new(memory_kib: u32, passes: u32, lanes: u32) -> Self {
        Self { memory_kib, passes, lanes }
    }

    /// Returns whether the cost is at least one that the OWASP Password Storage Cheat Sheet rates as equal. The
    /// sheet gives the least memory for each number of passes.
    pub(crate) fn is_strong_enough(self) -> bool {
        let least_memory = match self.passes {
            0 => return false,
            1 => 47_104,
            2 => 19_456,
            3 => 12_288,
            4 => 9_216,
            5.. => 7_168,
        };
        self.memory_kib >= least_memory && self.within_caps()
    }

    /// Returns `true` if the engine makes a hash of this cost. The upper limits are for stored strings: an
    /// imported one must not hang a phone (SPEC 13.2). The lower limits are Argon2's own.
    pub(crate) fn within_caps(self) -> bool {
        (1..=8).contains(&self.lanes)
            && (1..=10).contains(&self.passes)
            && (8 * self.lanes..=256 * 1024).contains(&self.memory_kib)
    }
}

/// Returns 19 MiB, two passes, one lane: the minimum of the OWASP Password Storage Cheat Sheet.
impl Default for HashCost {
    fn default() -> Self {
        Self::new(19_456, 2, 1)
    }
}

/// Why a password was not hashed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HashFailed {
    /// The maximum number of hashes is already running.
    Busy {
        /// How long to wait before the next try.
        retry_after: Duration,
    },
    /// The hash cannot be made on this machine: its cost needs too much memory, or the stored hash is of
    /// another kind.
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
