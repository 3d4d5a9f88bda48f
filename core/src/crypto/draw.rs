//! Randomness for one act.

use std::fmt;
use std::sync::LazyLock;

use zeroize::Zeroizing;

use super::kdf::Mac;
use super::long_code::LongCode;
use super::mail_code::MailCode;
use crate::ground::entropy::{Entropy, EntropyFailed};
use crate::ground::id::{AccountId, FlowId, MessageId, MethodId, RequestId, SessionId};
use crate::ground::time::Timestamp;

/// Randomness for one act, drawn once and outside the act. If the store runs a rule again, the rule gets the same
/// ids, codes and secrets. The bytes depend only on the seed and the label.
pub(crate) struct Draw {
    seed: Mac,
    /// The act's place among the acts of one process, so that messages of one millisecond keep their order.
    order: u16,
}

impl Draw {
    pub(crate) fn new(entropy: &dyn Entropy) -> Result<Self, EntropyFailed> {
        let mut seed = Zeroizing::new([0; 32]);
        entropy.fill(&mut *seed)?;
        Ok(Self { seed: Mac::new(&seed), order: 0 })
    }

    /// Returns the draw with the act's place among the acts of the process.
    pub(crate) fn in_order(self, order: u16) -> Self {
        Self { order, ..self }
    }

    /// For read-only operations, which use nothing that they draw.
    pub(crate) fn for_nothing() -> &'static Self {
        static NOTHING: LazyLock<Draw> = LazyLock::new(|| Draw { seed: Mac::new(&[0; 32]), order: 0 });
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

    /// The id of a message. The messages of one act have numbers of their own. Ids of one millisecond sort by their
    /// acts and then by these numbers.
    pub(crate) fn message(&self, now: Timestamp, number: u16) -> MessageId {
        let [r0, r1] = self.order.to_be_bytes();
        let [r2, r3] = number.to_be_bytes();
        let [r4, r5, r6, r7, r8, r9] = self.bytes(&format!("id/message/{number}"));
        MessageId::v7(now, [r0, r1, r2, r3, r4, r5, r6, r7, r8, r9])
    }

    /// The code to mail: digits, or a long code.
    pub(crate) fn code(&self, is_long: bool) -> MailCode {
        if is_long { MailCode::Long(LongCode::new(self.bytes("code/long"))) } else { self.digits() }
    }

    /// All 10^8 codes are equally likely, because a number above the largest multiple of 10^8 in 32 bits is drawn
    /// again.
    fn digits(&self) -> MailCode {
        const ALL: u32 = 100_000_000;
        let mut round = 0_u64;
        loop {
            let number = u32::from_be_bytes(self.bytes(&format!("code/{round}")));
            if number < u32::MAX / ALL * ALL {
                return MailCode::Digits(Zeroizing::new(format!("{:08}", number % ALL)));
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::crypto::entropy::{SeededEntropy, SystemEntropy};
    use crate::crypto::hex;

    fn draw(seed: u64) -> Draw {
        Draw::new(&SeededEntropy::new(seed)).unwrap()
    }

    #[test]
    fn r13_6_a_rule_that_runs_again_gets_the_same_bytes() {
        let now = Timestamp::from_millis(1_000);
        let (draw, again, other) = (draw(1), draw(1), draw(2));
        assert_eq!(draw.account(now), draw.account(now));
        assert_eq!(draw.account(now), again.account(now));
        assert_eq!(draw.code(false), again.code(false));
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
        assert_eq!(draw(5).code(false).as_bytes(), b"91600932");
    }

    #[test]
    fn r12_5_codes_are_eight_digits_and_spread_evenly() {
        let mut counts = [[0_u32; 10]; 8];
        for _ in 0..20_000 {
            let code = Draw::new(&SystemEntropy).unwrap().code(false);
            assert_eq!(code.as_bytes().len(), 8);
            for (place, digit) in code.as_bytes().iter().enumerate() {
                counts[place][usize::from(digit - b'0')] += 1;
            }
        }
        // 2,000 are expected. A deviation of 8 standard deviations (42 each) does not happen by chance.
        assert!(counts.iter().flatten().all(|count| count.abs_diff(2_000) < 8 * 43), "{counts:?}");
    }

    #[test]
    fn r13_1_messages_of_one_millisecond_sort_by_their_acts_and_numbers() {
        let now = Timestamp::from_millis(1_000);
        let acts = [1, 0].map(draw).into_iter().zip([7, 300]);
        let acts = acts.map(|(draw, order)| draw.in_order(order));
        let numbers = [0, 1, 2, 255, 256, 16_383];
        let ids: Vec<_> = acts.flat_map(|draw| numbers.map(|number| draw.message(now, number))).collect();
        assert!(ids.is_sorted());
        assert_eq!(ids.iter().collect::<HashSet<_>>().len(), ids.len());
        assert!(ids.iter().all(|id| id.made_at() == now));
    }

    #[test]
    fn a_draw_does_not_show_itself() {
        assert_eq!(format!("{:?}", draw(5)), "Draw(…)");
    }
}
