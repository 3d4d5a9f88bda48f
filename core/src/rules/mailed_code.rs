//! Mailed codes: making them, checking them, and their rate limit (SPEC 12.5).

use std::time::Duration;

use crate::crypto::digest::same;
use crate::ground::email::EmailAddress;
use crate::ground::secret::Secret;
use crate::ground::time::{DAY, Timestamp};
use crate::ground::typed;
use crate::records::context::Context;
use crate::records::mailed_code::{CodePurpose, CodeSlot, RateLimit, TypedIn, UNFETCHED_LIFE};
use crate::records::message::{Body, Outgoing};
use crate::records::refusal::Refusal;
use zeroize::Zeroizing;

const WRONG_CODES: u8 = 5;

/// The digits of a mailed code that was typed.
pub(crate) struct MailedDigits(Zeroizing<String>);

impl MailedDigits {
    /// Reads a code.
    ///
    /// # Errors
    /// `InvalidCode` if the text does not have the form of a mailed code. Such a text counts nowhere, for known and
    /// unknown addresses alike (SPEC 12.5).
    pub(crate) fn read(typed: &Secret) -> Result<Self, Refusal> {
        typed::digits(typed.reveal(), 8..=8).map(Self).ok_or(Refusal::InvalidCode)
    }
}

impl CodeSlot {
    /// Makes a new code and the message that carries it.
    pub(crate) fn send(
        purpose: CodePurpose,
        typed_in: TypedIn,
        to: &EmailAddress,
        serial: u32,
        device: &str,
        ctx: &Context<'_>,
    ) -> (Self, Outgoing) {
        let code = ctx.draw.code();
        let slot = Self {
            purpose,
            hash: hash(code.as_str().as_bytes(), purpose, typed_in, to, ctx),
            serial,
            sent_at: ctx.now,
            fetched_at: None,
            wrong: 0,
        };
        // The code goes to the compared form of the address and not to its typed form (SPEC 1.9).
        let body = Body::Code { purpose, code, typed_in, serial, to_nobody: false };
        (slot, Outgoing::new(to.canonical(), body, device, ctx.now))
    }

    /// Whether `typed` is the code and the code is still valid. Counts a wrong one.
    pub(crate) fn take(
        &mut self,
        typed: &MailedDigits,
        typed_in: TypedIn,
        to: &EmailAddress,
        ctx: &Context<'_>,
    ) -> bool {
        let right = same(&self.hash, &hash(typed.0.as_bytes(), self.purpose, typed_in, to, ctx));
        if right && self.wrong < WRONG_CODES && ctx.now < self.ends_at() {
            return true;
        }
        self.wrong = self.wrong.saturating_add(1);
        false
    }

    /// When the code expires: its lifetime after the host fetched it, or when the message becomes void.
    pub(crate) fn ends_at(&self) -> Timestamp {
        match self.fetched_at {
            Some(fetched_at) => fetched_at + self.purpose.life(),
            None => self.sent_at + UNFETCHED_LIFE,
        }
    }
}

fn hash(
    code: &[u8],
    purpose: CodePurpose,
    typed_in: TypedIn,
    to: &EmailAddress,
    ctx: &Context<'_>,
) -> [u8; 32] {
    let (place, session) = match &typed_in {
        TypedIn::Flow(flow) => (flow.as_bytes(), None),
        TypedIn::Session(account, session) => (account.as_bytes(), Some(session)),
    };
    let session = session.map_or(&[][..], |session| session.as_bytes());
    ctx.keys.code(&[purpose.label(), place, session, to.canonical().as_bytes(), code])
}

impl RateLimit {
    /// Whether one more message may go now. The times are on the throttle clock.
    pub(crate) fn allows(&self, throttle_clock: Timestamp) -> bool {
        [(1, 60), (5, 60 * 60), (10, 24 * 60 * 60)].into_iter().all(|(most, seconds)| {
            let span = Duration::from_secs(seconds);
            self.sent.iter().filter(|sent| throttle_clock < **sent + span).count() < most
        })
    }

    /// Counts one more message.
    pub(crate) fn count(&mut self, throttle_clock: Timestamp) {
        self.sent.retain(|sent| throttle_clock < *sent + DAY);
        self.sent.push(throttle_clock);
    }

    /// Whether every counted message is too old to matter.
    pub(crate) fn is_over(&self, throttle_clock: Timestamp) -> bool {
        self.sent.iter().all(|sent| throttle_clock >= *sent + DAY)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r12_5_one_message_a_minute_five_an_hour_ten_a_day() {
        let mut rate_limit = RateLimit::default();
        let mut sent = Vec::new();
        for minute in 0..(25 * 60) {
            let now = Timestamp::from_millis(minute * 60_000);
            if rate_limit.allows(now) {
                rate_limit.count(now);
                sent.push(minute);
                assert!(
                    !rate_limit.allows(now + Duration::from_millis(59_999)),
                    "a second message within the minute"
                );
            }
        }
        assert_eq!(sent, [0, 1, 2, 3, 4, 60, 61, 62, 63, 64, 1440, 1441, 1442, 1443, 1444]);
    }
}
