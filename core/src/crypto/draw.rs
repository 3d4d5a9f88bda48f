//! Randomness for one act.

use std::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::kdf::Mac;
use super::keys::same;
use crate::ground::entropy::{Entropy, EntropyFailed};
use crate::ground::id::{AccountId, FlowId, MethodId, SessionId};
use crate::ground::time::Timestamp;

/// Randomness for one act, drawn once and outside of it: a rule that the store runs again gets the
/// same ids, codes and secrets again. What it gives depends on its seed and the label alone.
pub struct Draw {
    seed: Mac,
}

impl Draw {
    pub(crate) fn new(entropy: &dyn Entropy) -> Result<Self, EntropyFailed> {
        let mut seed = Zeroizing::new([0; 32]);
        entropy.fill(&mut *seed)?;
        Ok(Self { seed: Mac::new(&seed) })
    }

    /// `N` random bytes for this label; another label gives others, the same one the same.
    pub(crate) fn bytes<const N: usize>(&self, label: &str) -> [u8; N] {
        *self.seed.expand(label)
    }

    pub(crate) fn account(&self, now: Timestamp) -> AccountId {
        AccountId::v7(now, self.bytes("id/account"))
    }

    pub(crate) fn method(&self, now: Timestamp) -> MethodId {
        MethodId::v7(now, self.bytes("id/method"))
    }

    pub(crate) fn session(&self, now: Timestamp) -> SessionId {
        SessionId::v7(now, self.bytes("id/session"))
    }

    pub(crate) fn flow(&self, now: Timestamp) -> FlowId {
        FlowId::v7(now, self.bytes("id/flow"))
    }

    /// The code to mail: all 10^8 are equally likely, because numbers above the last full hundred
    /// million of 32 bits are drawn again.
    pub(crate) fn code(&self) -> MailCode {
        const ALL: u32 = 100_000_000;
        let mut round = 0_u64;
        loop {
            let number = u32::from_be_bytes(self.bytes(&format!("code/{round}")));
            if number < u32::MAX / ALL * ALL {
                return MailCode(Zeroizing::new(format!("{:08}", number % ALL)));
            }
            round += 1;
        }
    }
}

impl fmt::Debug for Draw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Draw(…)")
    }
}

/// A code that is mailed: 8 decimal digits (SPEC 12.5). Overwritten when dropped.
#[derive(Clone)]
pub(crate) struct MailCode(Zeroizing<String>);

impl MailCode {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl PartialEq for MailCode {
    fn eq(&self, other: &Self) -> bool {
        same(self.0.as_bytes(), other.0.as_bytes())
    }
}

impl Eq for MailCode {}

impl fmt::Debug for MailCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MailCode(…)")
    }
}

impl Serialize for MailCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for MailCode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let digits = Zeroizing::new(String::deserialize(deserializer)?);
        if digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit()) {
            Ok(Self(digits))
        } else {
            Err(D::Error::custom("a mailed code has 8 digits"))
        }
    }
}
