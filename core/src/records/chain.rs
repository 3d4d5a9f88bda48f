//! The hash chain of an account's events, which shows any change to them (SPEC 11.2).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::crypto::digest::sha256;
use crate::ground::codec;
use crate::ground::codec::Malformed;
#[cfg(feature = "json")]
use crate::ground::json;
use crate::ground::time::Timestamp;
use crate::records::audit::Event;

/// How long an event is kept. The hash of the chain replaces older events.
pub(crate) const KEPT: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// An event with its place in the account's chain.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct Activity {
    /// The event's number, counted from the account's first event.
    pub sequence: u64,
    /// The event.
    #[cfg_attr(
        feature = "json",
        serde(flatten, serialize_with = "json::said"),
        schemars(with = "json::Said<Event>")
    )]
    pub event: Event,
}

/// The end of an account's chain, which the account itself holds.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Chain {
    /// The number of the oldest event that is kept, the hash before it, and when it last happened.
    pub(crate) oldest: u64,
    pub(crate) before_oldest: [u8; 32],
    pub(crate) oldest_last: Option<Timestamp>,
    /// The number of events ever appended.
    pub(crate) length: u64,
    /// The hash before the newest event, and that event. Only the newest event can still absorb another.
    before_newest: [u8; 32],
    newest: Option<Event>,
}

/// The row to write for an appended event.
pub(crate) struct Appended {
    pub(crate) sequence: u64,
    pub(crate) event: Event,
}

impl Chain {
    /// Appends an event, or counts it in the newest one.
    pub(crate) fn append(&mut self, event: Event) -> Result<Appended, Malformed> {
        if let Some(newest) = &mut self.newest
            && newest.takes_in(&event)
        {
            newest.count = newest.count.saturating_add(event.count);
            newest.last = event.last;
            return Ok(Appended { sequence: self.length.saturating_sub(1), event: newest.clone() });
        }
        if let Some(newest) = &self.newest {
            self.before_newest = link(&self.before_newest, self.length.saturating_sub(1), newest)?;
        } else {
            self.oldest_last = Some(event.last);
        }
        let sequence = self.length;
        self.length += 1;
        self.newest = Some(event.clone());
        Ok(Appended { sequence, event })
    }

    /// Returns whether the oldest event must be dropped. The newest event is never dropped.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.oldest + 1 < self.length && self.oldest_last.is_some_and(|last| last + KEPT <= now)
    }

    /// Drops the oldest event. `dropped` is this event, and `next` is the one after it.
    pub(crate) fn drop_oldest(&mut self, dropped: &Event, next: &Event) -> Result<(), Malformed> {
        self.before_oldest = link(&self.before_oldest, self.oldest, dropped)?;
        self.oldest += 1;
        self.oldest_last = Some(next.last);
        Ok(())
    }

    /// Returns whether these are the events of the chain: all that are kept, unchanged and in order
    /// (SPEC 11.2).
    pub(crate) fn holds(&self, events: &[Activity]) -> bool {
        let Some((newest, earlier)) = events.split_last() else { return self.newest.is_none() };
        let mut hash = self.before_oldest;
        let mut sequence = self.oldest;
        for kept in earlier {
            if kept.sequence != sequence {
                return false;
            }
            match link(&hash, sequence, &kept.event) {
                Ok(next) => hash = next,
                Err(Malformed) => return false,
            }
            sequence += 1;
        }
        newest.sequence == sequence
            && sequence + 1 == self.length
            && hash == self.before_newest
            && self.newest.as_ref() == Some(&newest.event)
    }
}

fn link(before: &[u8; 32], sequence: u64, event: &Event) -> Result<[u8; 32], Malformed> {
    Ok(sha256(&[before, &sequence.to_be_bytes(), &codec::encode(event)?]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::records::audit::Action;

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_millis(ms)
    }

    fn chain_of(events: &[Event]) -> (Chain, Vec<Activity>) {
        let mut chain = Chain::default();
        let mut rows = std::collections::BTreeMap::new();
        for event in events {
            let appended = chain.append(event.clone()).unwrap();
            rows.insert(appended.sequence, appended.event);
        }
        (chain, rows.into_iter().map(|(sequence, event)| Activity { sequence, event }).collect())
    }

    fn five() -> (Chain, Vec<Activity>) {
        chain_of(&[
            Event::done(Action::AccountCreated, None, at(1)),
            Event::done(Action::SignedIn, None, at(2)),
            Event::refused(Action::PasswordTried, at(3)),
            Event::done(Action::SignedIn, None, at(4)),
            Event::done(Action::SessionEnded, None, at(5)),
        ])
    }

    #[test]
    fn r11_2_a_removed_reordered_or_changed_event_breaks_the_chain() {
        let (chain, events) = five();
        assert!(chain.holds(&events));
        for at in 0..events.len() {
            let mut removed = events.clone();
            removed.remove(at);
            assert!(!chain.holds(&removed), "{at} removed");
            let mut changed = events.clone();
            changed[at].event.count = 2;
            assert!(!chain.holds(&changed), "{at} changed");
            let mut swapped = events.clone();
            swapped.swap(at, (at + 1) % events.len());
            assert!(!chain.holds(&swapped), "{at} swapped");
            let mut renumbered = events.clone();
            renumbered[at].sequence += 1;
            assert!(!chain.holds(&renumbered), "{at} renumbered");
        }
        assert!(!chain.holds(&[]));
    }

    #[test]
    fn r11_1_equal_refusals_in_a_row_fold_and_the_chain_covers_their_count() {
        let wrong = |ms| Event::refused(Action::PasswordTried, at(ms));
        let (chain, events) = chain_of(&[
            wrong(1),
            wrong(2),
            wrong(3),
            Event::refused(Action::Throttled, at(4)),
            wrong(5),
            Event::done(Action::SignedIn, None, at(6)),
            Event::done(Action::SignedIn, None, at(7)),
        ]);
        let counts: Vec<_> = events.iter().map(|kept| kept.event.count).collect();
        assert_eq!(counts, [3, 1, 1, 1, 1]);
        assert_eq!((events[0].event.first, events[0].event.last), (at(1), at(3)));
        assert!(chain.holds(&events));

        let (mut chain, mut events) = chain_of(&[wrong(1)]);
        chain.append(wrong(2)).unwrap();
        assert!(!chain.holds(&events), "the chain accepts the count before the fold");
        events[0].event.count = 2;
        events[0].event.last = at(2);
        assert!(chain.holds(&events));
    }

    #[test]
    fn r11_2_after_400_days_a_hash_replaces_the_oldest_events() {
        let (mut chain, mut events) = five();
        let due = at(1) + KEPT;
        assert!(!chain.is_due(at(0) + KEPT));
        while chain.is_due(due + Duration::from_millis(1)) {
            chain.drop_oldest(&events[0].event, &events[1].event).unwrap();
            events.remove(0);
        }
        assert_eq!(events.len(), 3);
        assert!(chain.holds(&events));
        events.remove(0);
        assert!(!chain.holds(&events));
    }
}
