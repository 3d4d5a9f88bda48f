//! Randomness for one act.

use std::fmt;
use std::sync::LazyLock;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::digest::same;
use super::kdf::Mac;
use crate::ground::entropy::{Entropy, EntropyFailed};
use crate::ground::id::{AccountId, FlowId, MethodId, RequestId, SessionId};
use crate::ground::time::Timestamp;

/// Randomness for one act, drawn once and outside the act. If the store runs a rule again, the rule gets the same
/// ids, codes and secrets. The bytes depend only on the seed and the label.
pub(crate) struct Draw {
    seed: Mac,
}

impl Draw {
    pub(crate) fn new(entropy: &dyn Entropy) -> Result<Self, EntropyFailed> {
        let mut seed = Zeroizing::new([0; 32]);
        entropy.fill(&mut *seed)?;
        Ok(Self { seed: Mac::new(&seed) })
    }

    /// For read-only operations, which use nothing that they draw.
    pub(crate) fn for_nothing() -> &'static Self {
        static NOTHING: LazyLock<Draw> = LazyLock::new(|| Draw { seed: Mac::new(&[0; 32]) });
        &NOTHING
    }

    /// `N` random bytes for this label. The same label always gives the same bytes, another label gives others.
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

    pub(crate) fn request(&self, now: Timestamp) -> RequestId {
        RequestId::v7(now, self.bytes("id/request"))
    }

    /// The code to mail. All 10^8 codes are equally likely, because a number above the largest multiple of 10^8 in
    /// 32 bits is drawn again.
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::crypto::entropy::{SeededEntropy, SystemEntropy};
    use crate::crypto::hex;
    use crate::ground::codec::{Record, decode, encode};

    fn draw(seed: u64) -> Draw {
        Draw::new(&SeededEntropy::new(seed)).unwrap()
    }

    #[test]
    fn r13_6_a_rule_that_runs_again_gets_the_same_bytes() {
        let now = Timestamp::from_millis(1_000);
        let (draw, again, other) = (draw(1), draw(1), draw(2));
        assert_eq!(draw.account(now), draw.account(now));
        assert_eq!(draw.account(now), again.account(now));
        assert_eq!(draw.code(), again.code());
        assert_ne!(draw.account(now), other.account(now));
        assert_ne!(draw.bytes::<32>("secret"), other.bytes::<32>("secret"));
    }

    #[test]
    fn every_label_and_every_kind_of_id_has_bytes_of_its_own() {
        let (now, draw) = (Timestamp::from_millis(1_000), draw(1));
        let seen: HashSet<[u8; 16]> = [
            *draw.account(now).as_bytes(),
            *draw.method(now).as_bytes(),
            *draw.session(now).as_bytes(),
            *draw.flow(now).as_bytes(),
            draw.bytes("a"),
            draw.bytes("b"),
            draw.bytes(""),
        ]
        .into();
        assert_eq!(seen.len(), 7);
        assert_eq!(draw.account(now).made_at(), now);
    }

    /// Another implementation (Python's hmac) gave these bytes: HKDF-Expand of the first 32 bytes of seed 5.
    #[test]
    fn drawn_bytes_are_hkdf_of_the_seed() {
        let expected = "0066d9ff140561aec2e67774ac39cf77a6324d111f6236a65588798491419f59\
                        ec9c77a4011b7e6d14478efaa5e087dd5b452b7e8779ce4ed60dbd1bd5e1177d";
        assert_eq!(draw(5).bytes::<64>("x")[..], hex(expected));
        // The first four bytes of seed 5 are above the largest multiple of 10^8, so the code is drawn again.
        assert!(u32::from_be_bytes(draw(5).bytes("code/0")) >= 4_200_000_000);
        assert_eq!(draw(5).code().as_str(), "91600932");
    }

    #[test]
    fn r12_5_codes_are_eight_digits_and_spread_evenly() {
        let mut counts = [[0_u32; 10]; 8];
        for _ in 0..20_000 {
            let code = Draw::new(&SystemEntropy).unwrap().code();
            assert_eq!(code.as_str().len(), 8);
            for (place, digit) in code.as_str().bytes().enumerate() {
                counts[place][usize::from(digit - b'0')] += 1;
            }
        }
        // 2,000 are expected. A deviation of 8 standard deviations (42 each) does not happen by chance.
        assert!(counts.iter().flatten().all(|count| count.abs_diff(2_000) < 8 * 43), "{counts:?}");
    }

    #[test]
    fn r12_5_a_code_is_stored_as_its_digits_and_read_strictly() {
        #[derive(Serialize, Deserialize, PartialEq, Debug)]
        struct Mail(MailCode);
        impl Record for Mail {
            const VERSION: u8 = 1;
        }
        let mail = Mail(draw(5).code());
        let bytes = encode(&mail).unwrap();
        assert_eq!(bytes.as_slice(), b"\x01\x0891600932");
        assert_eq!(decode::<Mail>(&bytes), Ok(mail));
        for bad in [&b"\x01\x079160093"[..], b"\x01\x08916o0932", b"\x01\x09916009321", b"\x01\x00"] {
            assert!(decode::<Mail>(bad).is_err());
        }
        assert!(decode::<Mail>("\u{1}\u{8}٣٣٣٣".as_bytes()).is_err(), "digits of another script");
    }

    #[test]
    fn neither_a_draw_nor_a_code_shows_itself() {
        assert_eq!(format!("{:?} {:?}", draw(5), draw(5).code()), "Draw(…) MailCode(…)");
    }
}
