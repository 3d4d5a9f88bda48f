//! Mailed codes: making them, checking them, and the pace of their messages (SPEC 12.5, 12.7).

use std::time::Duration;

use crate::crypto::digest::same;
use crate::crypto::mail_code::MailCode;
use crate::ground::email::EmailAddress;
use crate::ground::id::MessageId;
use crate::ground::time::{DAY, Timestamp};
use crate::records::caller::OriginHash;
use crate::records::context::Context;
use crate::records::flow::{FLOW_LIFE, Proving};
use crate::records::mailed_code::{CodePurpose, CodeSlot, Pace, Paced, Pacing, TypedIn, UNFETCHED_LIFE};
use crate::records::message::{Body, Outgoing};
use crate::records::verdict::Change;

const WRONG_CODES: u8 = 5;

/// How many messages a caller gets within each span.
const LIMITS: [(usize, Duration); 3] =
    [(1, Duration::from_secs(60)), (5, Duration::from_secs(60 * 60)), (10, DAY)];
/// How many messages all strangers together get in a day.
const ALL_A_DAY: usize = 60;
/// How many wrong codes at an address make its codes long, and how long each counts.
const GUESSES: usize = 20;
const GUESS_COUNTS: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Where a code works, and whom its message is for.
pub(crate) struct Asking<'a> {
    pub(crate) typed_in: TypedIn,
    pub(crate) device: &'a str,
    pub(crate) to_nobody: bool,
}

impl Proving {
    /// Makes a new code and sends its message when the pace allows. Until the host fetches a message that waits,
    /// the code before it stays valid. Returns when the message goes, if it waits.
    pub(crate) fn send(
        &mut self,
        asking: &Asking<'_>,
        mut pacing: Pacing,
        changes: &mut Vec<Change>,
        ctx: &Context<'_>,
    ) -> Option<Timestamp> {
        if let Some(replaced) = self.queued.take() {
            pacing.pace.sent.retain(|paced| paced.message != replaced.message);
            changes.push(Change::Dropped(replaced.message));
        }
        let code = ctx.draw.code(pacing.is_guessed(ctx.throttle_clock));
        let hash = hash(&code, self.purpose, asking.typed_in, &self.email, ctx);
        // The code goes to the compared form of the address and not to its typed form (SPEC 1.9).
        let Asking { typed_in, to_nobody, .. } = *asking;
        let body = Body::Code { purpose: self.purpose, code, typed_in, to_nobody };
        let mut message = Outgoing::new(self.email.canonical(), body, asking.device, ctx);
        if let TypedIn::Session(account, _) = typed_in {
            message = message.about(account);
        }
        let queue = pacing.pace.take(message.id, pacing.origin, ctx.throttle_clock);
        for (id, at) in queue {
            match at {
                Some(at) if id == message.id => message = message.in_turn(at, ctx),
                Some(at) => changes.push(Change::Postponed(id, at)),
                None => changes.push(Change::Dropped(id)),
            }
        }
        let sent_at = message.due_at;
        let slot = CodeSlot {
            purpose: self.purpose,
            hash,
            message: message.id,
            sent_at,
            fetched_at: None,
            wrong: 0,
        };
        changes.push(Change::Paced { hash: pacing.hash, pace: pacing.pace });
        changes.push(Change::Send(message));
        let waits = ctx.now < sent_at;
        *(if waits { &mut self.queued } else { &mut self.code }) = Some(slot);
        waits.then_some(sent_at)
    }

    /// Takes the code that was typed. Counts a wrong one.
    pub(crate) fn takes(&mut self, typed: &MailCode, typed_in: TypedIn, ctx: &Context<'_>) -> bool {
        self.code.as_mut().is_some_and(|slot| slot.take(typed, typed_in, &self.email, ctx))
    }

    /// Starts the life of the code in this message, when the host fetches it. Returns whether the code can still
    /// be typed. A delivery that fails for the first time lets the life start again (SPEC 12.5).
    pub(crate) fn fetched(&mut self, message: MessageId, now: Timestamp) -> bool {
        // If the host fetches so late that a newer message is due too, only the newer one has a valid code.
        if self.queued.as_ref().is_some_and(|slot| slot.sent_at <= now && slot.message != message) {
            return false;
        }
        if let Some(queued) = self.queued.take_if(|slot| slot.message == message) {
            self.code = Some(queued);
        }
        let slot = self.code.as_mut().filter(|slot| slot.message == message && slot.is_live(now));
        slot.is_some_and(|slot| {
            slot.fetched_at.get_or_insert(now);
            true
        })
    }

    /// Lets the life of the code in this message start when the message is fetched again. Returns whether the
    /// code is in use.
    pub(crate) fn delivery_failed(&mut self, message: MessageId) -> bool {
        let slot = self.code.as_mut().filter(|slot| slot.message == message);
        slot.is_some_and(|slot| {
            slot.fetched_at = None;
            true
        })
    }

    /// When the flow that waits for the code ends. It outlives the code, so that another can be sent (SPEC 4.7).
    pub(crate) fn flow_ends_at(&self, now: Timestamp) -> Timestamp {
        let slots = self.code.iter().chain(&self.queued);
        slots.map(|slot| slot.ends_at().max(slot.sent_at + FLOW_LIFE)).max().unwrap_or(now + FLOW_LIFE)
    }
}

impl CodeSlot {
    /// Whether `typed` is the code and the code is still valid. Counts a wrong one.
    fn take(&mut self, typed: &MailCode, typed_in: TypedIn, to: &EmailAddress, ctx: &Context<'_>) -> bool {
        let right = same(&self.hash, &hash(typed, self.purpose, typed_in, to, ctx));
        if right && self.is_live(ctx.now) {
            return true;
        }
        self.wrong = self.wrong.saturating_add(1);
        false
    }

    fn is_live(&self, now: Timestamp) -> bool {
        self.wrong < WRONG_CODES && now < self.ends_at()
    }

    /// When the code expires: its lifetime after the host fetched it, or when the message becomes void.
    fn ends_at(&self) -> Timestamp {
        match self.fetched_at {
            Some(fetched_at) => fetched_at + self.purpose.life(),
            None => self.sent_at + UNFETCHED_LIFE,
        }
    }
}

fn hash(
    code: &MailCode,
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
    ctx.keys.code(&[purpose.label(), place, session, to.canonical().as_bytes(), code.as_bytes()])
}

impl Pacing {
    /// Counts a wrong code of a stranger. Returns the row to write.
    pub(crate) fn guessed(mut self, now: Timestamp) -> Option<Change> {
        self.is_stranger.then(|| {
            let wrong = &mut self.pace.wrong;
            wrong.retain(|at| now < *at + GUESS_COUNTS);
            wrong.push(now);
            wrong.drain(..wrong.len().saturating_sub(GUESSES));
            Change::Paced { hash: self.hash, pace: self.pace }
        })
    }

    /// Whether somebody guesses the codes that go to strangers.
    fn is_guessed(&self, now: Timestamp) -> bool {
        self.is_stranger && self.pace.wrong.iter().filter(|at| now < **at + GUESS_COUNTS).count() >= GUESSES
    }
}

impl Pace {
    /// Gives a new message the first time that its origin has, and each waiting message of the origin the time
    /// after it. Returns their times, or `None` for a message that is dropped because no time is left.
    fn take(
        &mut self,
        message: MessageId,
        origin: OriginHash,
        now: Timestamp,
    ) -> Vec<(MessageId, Option<Timestamp>)> {
        self.sent.retain(|paced| now < paced.at + DAY);
        let (waiting, mut sent): (Vec<_>, Vec<_>) =
            self.sent.drain(..).partition(|paced| paced.origin == origin && now < paced.at);
        let mut dropped = None;
        if waiting.is_empty() && sent.len() >= ALL_A_DAY {
            // All strangers together have no time left. The newest request takes the last place.
            dropped = sent.pop_if(|last| now < last.at);
        }
        // No turn is more than a day ahead, unless a trusted time has moved the slow clock back since (SPEC 12.4).
        let mut times: Vec<_> = waiting.iter().map(|paced| paced.at).filter(|at| *at <= now + DAY).collect();
        let next = next(&sent, &times, origin, now);
        times.extend(Some(next).filter(|next| *next <= now + DAY));
        let queue = [message].into_iter().chain(waiting.into_iter().map(|paced| paced.message));
        let mut times = times.into_iter();
        let placed: Vec<_> = queue.map(|message| (message, times.next())).collect();
        sent.extend(
            placed.iter().filter_map(|(message, at)| Some(Paced { at: (*at)?, origin, message: *message })),
        );
        sent.sort_by_key(|paced| paced.at);
        self.sent = sent;
        placed.into_iter().chain(dropped.map(|last| (last.message, None))).collect()
    }

    /// Whether the row no longer has an effect.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.sent.iter().all(|paced| now >= paced.at + DAY)
            && self.wrong.iter().all(|at| now >= *at + GUESS_COUNTS)
    }
}

/// The earliest time, after the taken ones, at which the origin may send another message.
fn next(sent: &[Paced], waiting: &[Timestamp], origin: OriginHash, now: Timestamp) -> Timestamp {
    let own = sent.iter().filter(|paced| paced.origin == origin).map(|paced| paced.at);
    let own: Vec<_> = own.chain(waiting.iter().copied()).collect();
    let mut all: Vec<_> = sent.iter().map(|paced| paced.at).chain(waiting.iter().copied()).collect();
    all.sort_unstable();
    let frees =
        |times: &[Timestamp], most: usize, span| Some(*times.get(times.len().checked_sub(most)?)? + span);
    let own_limits = LIMITS.into_iter().filter_map(|(most, span)| frees(&own, most, span));
    own_limits.chain(frees(&all, ALL_A_DAY, DAY)).fold(now, Timestamp::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: OriginHash = [1; 16];
    const THERE: OriginHash = [2; 16];

    fn at(minute: u64) -> Timestamp {
        Timestamp::from_millis(minute * 60_000)
    }

    fn id(number: u64) -> MessageId {
        MessageId::from_bytes(u128::from(number).to_be_bytes())
    }

    /// The minutes at which messages become due.
    fn minutes(pace: &Pace) -> Vec<u64> {
        pace.sent.iter().map(|paced| paced.at.as_millis() / 60_000).collect()
    }

    /// Returns whether a message would go at once.
    fn goes(pace: &Pace, origin: OriginHash, now: Timestamp) -> bool {
        pace.clone().take(id(u64::MAX), origin, now).first() == Some(&(id(u64::MAX), Some(now)))
    }

    #[test]
    fn r12_5_one_message_a_minute_five_an_hour_ten_a_day() {
        let (mut pace, mut sent) = (Pace::default(), Vec::new());
        for minute in 0..(25 * 60) {
            let now = at(minute);
            if goes(&pace, HERE, now) {
                pace.take(id(minute), HERE, now);
                sent.push(minute);
                assert!(
                    !goes(&pace, HERE, now + Duration::from_millis(59_999)),
                    "a second within the minute"
                );
            }
        }
        assert_eq!(sent, [0, 1, 2, 3, 4, 60, 61, 62, 63, 64, 1440, 1441, 1442, 1443, 1444]);
    }

    #[test]
    fn r12_5_what_the_pace_forbids_now_waits_and_the_newest_request_goes_first() {
        let mut pace = Pace::default();
        assert_eq!(pace.take(id(1), HERE, at(0)), [(id(1), Some(at(0)))]);
        assert_eq!(pace.take(id(2), HERE, at(0)), [(id(2), Some(at(1)))]);
        assert_eq!(pace.take(id(3), HERE, at(0)), [(id(3), Some(at(1))), (id(2), Some(at(2)))]);
        let half_past = at(0) + Duration::from_secs(90);
        let all = [(id(4), Some(at(2))), (id(2), Some(at(3)))];
        assert_eq!(pace.take(id(4), HERE, half_past), all, "the third has gone");
        assert_eq!(minutes(&pace), [0, 1, 2, 3]);
    }

    #[test]
    fn r12_5_a_caller_has_ten_waiting_messages_at_most_and_the_oldest_is_dropped() {
        let mut pace = Pace::default();
        let mut dropped = Vec::new();
        for number in 0..1_000 {
            let queue = pace.take(id(number), HERE, at(0));
            assert!(queue.iter().all(|(_, time)| time.is_none_or(|time| time <= at(24 * 60))));
            dropped.extend(queue.into_iter().filter(|(_, time)| time.is_none()).map(|(message, _)| message));
        }
        // The first went at once. Of the others, the newest ten wait.
        assert_eq!(dropped, (1..990).map(id).collect::<Vec<_>>());
        assert_eq!(minutes(&pace), [0, 1, 2, 3, 4, 60, 61, 62, 63, 64, 1440]);
    }

    #[test]
    fn r12_7_an_origin_delays_no_other_and_all_strangers_get_sixty_a_day() {
        let mut pace = Pace::default();
        (0..100).for_each(|number| drop(pace.take(id(number), HERE, at(0))));
        assert!(goes(&pace, THERE, at(0)), "another origin waits for nobody");
        for origin in 10..20 {
            for minute in [0, 1, 2, 3, 4, 60, 61, 62, 63, 64] {
                pace.take(id(minute), [origin; 16], at(minute));
            }
        }
        let in_a_day = pace.sent.iter().filter(|paced| paced.at < at(24 * 60)).count();
        assert_eq!(in_a_day, ALL_A_DAY);
        assert!(pace.sent.len() <= 2 * ALL_A_DAY, "bounded: {}", pace.sent.len());
        assert!(!goes(&pace, THERE, at(65)));
        assert!(goes(&pace, THERE, at(24 * 60 + 5)), "the next day");
    }

    #[test]
    fn r12_7_a_late_stranger_takes_the_last_place_when_all_are_taken() {
        let mut pace = Pace::default();
        for number in 0..200 {
            pace.take(id(number), [u8::try_from(10 + number % 25).unwrap(); 16], at(0));
        }
        let (len, now) = (pace.sent.len(), at(1));
        let queue = pace.take(id(999), THERE, now);
        let [(newest, Some(time)), (_, None)] = queue.as_slice() else { panic!("{queue:?}") };
        assert_eq!((*newest, pace.sent.len()), (id(999), len));
        assert!(*time <= now + DAY);
    }

    #[test]
    fn r12_7_from_the_twentieth_wrong_code_in_30_days_the_codes_of_strangers_are_long() {
        let guess = |pacing: Pacing, now| match pacing.clone().guessed(now) {
            Some(Change::Paced { pace, .. }) => Pacing { pace, ..pacing },
            _ => pacing,
        };
        let mut pacing = Pacing { is_stranger: true, ..Pacing::default() };
        for hour in 0..19 {
            pacing = guess(pacing, at(hour * 60));
            assert!(!pacing.is_guessed(at(hour * 60)));
        }
        pacing = guess(pacing, at(19 * 60));
        assert!(pacing.is_guessed(at(19 * 60)));
        let month = 30 * 24 * 60;
        assert!(pacing.is_guessed(at(month - 1)));
        assert!(!pacing.is_guessed(at(month)), "the first no longer counts");
        for _ in 0..100 {
            pacing = guess(pacing, at(month));
        }
        assert_eq!(pacing.pace.wrong.len(), GUESSES, "bounded");
        let known = Pacing { is_stranger: false, ..pacing.clone() };
        assert!(!known.is_guessed(at(month)), "a session's and a recognition's codes stay short");
        assert!(known.guessed(at(month)).is_none());
        assert!(!pacing.pace.is_over(at(2 * month - 1)));
        assert!(pacing.pace.is_over(at(2 * month)));
    }
}
