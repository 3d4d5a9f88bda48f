//! What a hash of another service costs, and the limits (SPEC 13.2).

use super::foreign::{ForeignHash, Pbkdf2, Scheme, ScryptCost, ShaVariant};

/// The most memory of one hash: 256 MiB, as for the engine's own, and what scrypt needs beside a table of that size.
const MOST_MEMORY: u64 = 257 << 20;
/// The longest time of one hash on a server, in nanoseconds: a second.
const MOST_TIME: u64 = 1_000_000_000;
/// The length of a password that every hash within the limits can be verified with: bcrypt reads no more.
const PASSWORD: usize = 72;

impl ForeignHash {
    /// Returns whether the hash is within the limits, so that it does not hang a phone.
    pub(super) fn is_within_caps(&self) -> bool {
        self.memory() <= MOST_MEMORY && self.is_affordable(PASSWORD)
    }

    /// Returns whether hashing a password of this length takes a bearable time. Where the length counts at all, a
    /// longer password than [`PASSWORD`] may take no longer than one of this length could.
    pub(super) fn is_affordable(&self, password: usize) -> bool {
        self.nanoseconds(password) <= MOST_TIME
    }

    /// Panics unless the specimen of this hash is a hash of the same cost.
    #[cfg(any(test, feature = "testing"))]
    #[expect(clippy::panic, reason = "a fuzzer and tests look for the panic")]
    pub(crate) fn check_specimen(&self) {
        let made = self.specimen();
        let Ok(specimen) = Self::parse(&made) else { panic!("{made} is no hash") };
        assert_eq!(specimen.nanoseconds(PASSWORD), self.nanoseconds(PASSWORD), "{made}");
        assert_eq!(specimen.memory(), self.memory(), "{made}");
        assert_eq!(specimen.specimen(), made);
    }

    /// Returns the memory of one hash, in bytes.
    pub(super) fn memory(&self) -> u64 {
        match &self.scheme {
            Scheme::Argon2 { cost, .. } => u64::from(cost.memory_kib) << 10,
            Scheme::Scrypt { cost, .. } | Scheme::Firebase { cost, .. } => cost.memory(),
            Scheme::Pbkdf2 { .. }
            | Scheme::Bcrypt { .. }
            | Scheme::Phpass { .. }
            | Scheme::ShaCrypt { .. } => 0,
        }
    }

    /// Returns an estimate of the time of one hash. Everything that makes it longer counts, and each factor was
    /// measured (`cargo bench --features bench -- hashes`).
    pub(super) fn nanoseconds(&self, password: usize) -> u64 {
        let password = password as u64;
        match &self.scheme {
            Scheme::Argon2 { cost, .. } => {
                (u64::from(cost.memory_kib) * u64::from(cost.passes)).saturating_mul(750)
            }
            Scheme::Scrypt { cost, .. } | Scheme::Firebase { cost, .. } => cost.nanoseconds(),
            Scheme::Pbkdf2 { variant, iterations, tag, .. } => {
                let each = match variant {
                    Pbkdf2::Sha1 => 310,
                    Pbkdf2::Sha256 => 160,
                    Pbkdf2::Sha512 => 410,
                };
                u64::from(iterations.get()).saturating_mul(variant.blocks(tag.len()) as u64 * each)
            }
            Scheme::Bcrypt { cost, .. } => {
                55_000_u64.saturating_mul(1_u64.checked_shl(*cost).unwrap_or(u64::MAX))
            }
            // 16 bytes and the password, with 9 bytes of padding, in blocks of 64.
            Scheme::Phpass { log_rounds, .. } => {
                (1_u64 << log_rounds).saturating_mul((password + 25).div_ceil(64) * 100)
            }
            // At most the last hash, the salt and the password twice, in blocks.
            Scheme::ShaCrypt { variant, rounds, .. } => {
                let (bytes, block, each) = match variant {
                    ShaVariant::Sha256 => (32 + 16 + 9, 64, 40),
                    ShaVariant::Sha512 => (64 + 16 + 17, 128, 190),
                };
                u64::from(*rounds).saturating_mul((2 * password + bytes).div_ceil(block) * each)
            }
        }
    }
}

impl ScryptCost {
    /// Returns the bytes of the table, of the blocks that wait for their turn, and of the one in work (RFC 7914
    /// section 6).
    fn memory(self) -> u64 {
        let blocks = self.n().saturating_add(u64::from(self.p)).saturating_add(1);
        (128 * u64::from(self.r)).saturating_mul(blocks)
    }

    /// Filling and reading the table takes N steps for each of the p blocks. Making the blocks and hashing them at the
    /// end takes as long as 6 steps.
    fn nanoseconds(self) -> u64 {
        let blocks = u64::from(self.r).saturating_mul(u64::from(self.p));
        blocks.saturating_mul(self.n().saturating_add(6)).saturating_mul(280)
    }

    fn n(self) -> u64 {
        1_u64.checked_shl(u32::from(self.log_n)).unwrap_or(u64::MAX)
    }
}
