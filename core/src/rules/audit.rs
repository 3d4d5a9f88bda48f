//! What happened to an account, in a chain that shows any change to it (SPEC 11).

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::crypto::keys::sha256;
use crate::ground::codec::{self, Malformed, Record};
use crate::ground::id::SessionId;
use crate::ground::time::Timestamp;

/// How long an event is kept; older ones are replaced by the hash of their end.
pub(crate) const KEPT: Duration = Duration::from_secs(400 * 24 * 60 * 60);

/// Who acted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Actor {
    /// Whoever presented the owner's proof, or tried to.
    Owner,
    /// Somebody who helps people.
    Support,
    /// The program that embeds the engine.
    Host,
    /// The engine itself.
    System,
}

/// What was done or tried.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Action {
    /// The account came to be.
    AccountCreated,
    /// The account came from another service.
    AccountImported,
    /// A sign-in method was added by linking.
    MethodLinked,
    /// A sign-in method was added by the owner.
    MethodAdded,
    /// A sign-in method was removed.
    MethodRemoved,
    /// The owner said which of the ways in are theirs.
    MethodsReviewed,
    /// The email that an identity came with later was taken.
    SeenEmailTaken,
    /// The owner chose what to be called.
    DisplayNameChanged,
    /// An address was proven.
    AddressProven,
    /// The contact address was changed.
    EmailChanged,
    /// A code of an address did not fit.
    AddressCodeTried,
    /// A protected act was undone.
    Undone,
    /// A session was opened.
    SignedIn,
    /// A password did not fit.
    PasswordTried,
    /// An identity that is no method of the account was shown as proof for a link.
    ForeignIdentityShown,
    /// A try came before its time.
    Throttled,
    /// A second factor was proven, on the way to something else.
    SecondFactorProven,
    /// A second factor did not fit.
    SecondFactorTried,
    /// A second factor is on its way: the app has its secret.
    MfaEnrolmentBegun,
    /// The app gave its first code, or a wrong one.
    MfaEnrolmentConfirmed,
    /// MFA was turned on.
    MfaTurnedOn,
    /// The second factor was replaced by another.
    MfaReplaced,
    /// MFA was turned off.
    MfaTurnedOff,
    /// Other recovery codes were made.
    RecoveryCodesMade,
    /// The other recovery codes were saved, and count.
    RecoveryCodesSaved,
    /// A password was said to be known to others.
    MethodCompromised,
    /// A session's proof was renewed.
    Reauthenticated,
    /// A renewal of a session's proof did not fit.
    ReauthenticationTried,
    /// Another password was set.
    PasswordChanged,
    /// Another password was set by a mailed code.
    PasswordReset,
    /// The account is no longer offered on this device, and its sessions here were ended.
    ForgottenHere,
    /// A session was ended.
    SessionEnded,
    /// All sessions but one were ended.
    OtherSessionsEnded,
    /// Deletion was asked for.
    DeletionRequested,
    /// The account was restored from deletion.
    Restored,
    /// The account was restored from deletion, and a sign-in method was added by linking.
    RestoredAndLinked,
    /// A product was used for the first time.
    ProductOpened,
    /// What a product costs was set.
    BillingSet,
    /// Deletion was asked for, of an account that was on its way already.
    DeletionAskedAgain,
    /// Notice was given that the account will be erased.
    ErasureAnnounced,
    /// The rest of the time to restore the account was left out.
    Erased,
    /// Everything that is held about the account was given out.
    Exported,
    /// Something was asked for about the data.
    PrivacyRequested,
    /// What was asked for about the data was answered.
    PrivacyRequestClosed,
}

impl Action {
    /// The action's name, the same in every language and release.
    pub fn code(self) -> &'static str {
        match self {
            Self::AccountCreated => "AccountCreated",
            Self::AccountImported => "AccountImported",
            Self::MethodLinked => "MethodLinked",
            Self::MethodAdded => "MethodAdded",
            Self::MethodRemoved => "MethodRemoved",
            Self::MethodsReviewed => "MethodsReviewed",
            Self::SeenEmailTaken => "SeenEmailTaken",
            Self::DisplayNameChanged => "DisplayNameChanged",
            Self::AddressProven => "AddressProven",
            Self::EmailChanged => "EmailChanged",
            Self::AddressCodeTried => "AddressCodeTried",
            Self::Undone => "Undone",
            Self::SignedIn => "SignedIn",
            Self::PasswordTried => "PasswordTried",
            Self::ForeignIdentityShown => "ForeignIdentityShown",
            Self::Throttled => "Throttled",
            Self::SecondFactorProven => "SecondFactorProven",
            Self::SecondFactorTried => "SecondFactorTried",
            Self::MfaEnrolmentBegun => "MfaEnrolmentBegun",
            Self::MfaEnrolmentConfirmed => "MfaEnrolmentConfirmed",
            Self::MfaTurnedOn => "MfaTurnedOn",
            Self::MfaReplaced => "MfaReplaced",
            Self::MfaTurnedOff => "MfaTurnedOff",
            Self::RecoveryCodesMade => "RecoveryCodesMade",
            Self::RecoveryCodesSaved => "RecoveryCodesSaved",
            Self::MethodCompromised => "MethodCompromised",
            Self::Reauthenticated => "Reauthenticated",
            Self::ReauthenticationTried => "ReauthenticationTried",
            Self::PasswordChanged => "PasswordChanged",
            Self::PasswordReset => "PasswordReset",
            Self::ForgottenHere => "ForgottenHere",
            Self::SessionEnded => "SessionEnded",
            Self::OtherSessionsEnded => "OtherSessionsEnded",
            Self::DeletionRequested => "DeletionRequested",
            Self::Restored => "Restored",
            Self::RestoredAndLinked => "RestoredAndLinked",
            Self::ProductOpened => "ProductOpened",
            Self::BillingSet => "BillingSet",
            Self::DeletionAskedAgain => "DeletionAskedAgain",
            Self::ErasureAnnounced => "ErasureAnnounced",
            Self::Erased => "Erased",
            Self::Exported => "Exported",
            Self::PrivacyRequested => "PrivacyRequested",
            Self::PrivacyRequestClosed => "PrivacyRequestClosed",
        }
    }
}

impl fmt::Display for Action {
    /// In words that its owner understands.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::AccountCreated => "the account was made",
            Self::AccountImported => "the account was imported",
            Self::MethodLinked => "a sign-in method was added by linking",
            Self::MethodAdded => "a sign-in method was added",
            Self::MethodRemoved => "a sign-in method was removed",
            Self::MethodsReviewed => "the sign-in methods were reviewed",
            Self::SeenEmailTaken => "the newer email of an identity was taken",
            Self::DisplayNameChanged => "the display name was changed",
            Self::AddressProven => "an address was proven",
            Self::EmailChanged => "the contact address was changed",
            Self::AddressCodeTried => "the code of an address was tried",
            Self::Undone => "a change was undone",
            Self::SignedIn => "signed in",
            Self::PasswordTried => "a password was tried",
            Self::ForeignIdentityShown => "an identity of somebody else was shown",
            Self::Throttled => "a try came too early",
            Self::SecondFactorProven => "the second factor was proven",
            Self::SecondFactorTried => "a second factor was tried",
            Self::MfaEnrolmentBegun => "an authenticator app was given its secret",
            Self::MfaEnrolmentConfirmed => "the first code of an authenticator app was typed",
            Self::MfaTurnedOn => "MFA was turned on",
            Self::MfaReplaced => "the second factor was replaced",
            Self::MfaTurnedOff => "MFA was turned off",
            Self::RecoveryCodesMade => "other recovery codes were made",
            Self::RecoveryCodesSaved => "the other recovery codes were saved",
            Self::MethodCompromised => "a password was said to be known to others",
            Self::Reauthenticated => "the proof of a session was renewed",
            Self::ReauthenticationTried => "a renewal of the proof of a session was tried",
            Self::PasswordChanged => "the password was changed",
            Self::PasswordReset => "the password was reset by a mailed code",
            Self::ForgottenHere => "the device was told to forget the account",
            Self::SessionEnded => "a session was ended",
            Self::OtherSessionsEnded => "all other sessions were ended",
            Self::DeletionRequested => "deletion was asked for",
            Self::Restored => "the account was restored",
            Self::RestoredAndLinked => "the account was restored, and a sign-in method added",
            Self::ProductOpened => "a product was used for the first time",
            Self::BillingSet => "the billing of a product was set",
            Self::DeletionAskedAgain => "deletion was asked for again",
            Self::ErasureAnnounced => "it was announced that the account will be erased",
            Self::Erased => "the account was erased",
            Self::Exported => "everything that is held about the account was given out",
            Self::PrivacyRequested => "something was asked for about the data",
            Self::PrivacyRequestClosed => "what was asked for about the data was answered",
        })
    }
}

/// Whether it was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

/// One thing that happened, or several refusals of one kind in a row.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Event {
    /// When it happened, or first happened.
    pub first: Timestamp,
    /// When it last happened.
    pub last: Timestamp,
    /// How often it happened.
    pub count: u32,
    /// Who acted.
    pub actor: Actor,
    /// In which session, if in one.
    pub session: Option<SessionId>,
    /// What was done or tried.
    pub action: Action,
    /// Whether it was done.
    pub outcome: Outcome,
}

impl Event {
    pub(crate) fn done(action: Action, session: Option<SessionId>, now: Timestamp) -> Self {
        Self { first: now, last: now, count: 1, actor: Actor::Owner, session, action, outcome: Outcome::Done }
    }

    pub(crate) fn refused(action: Action, now: Timestamp) -> Self {
        Self { outcome: Outcome::Refused, ..Self::done(action, None, now) }
    }

    /// The same, done by another than the owner.
    pub(crate) fn by(self, actor: Actor) -> Self {
        Self { actor, ..self }
    }

    /// Whether `next` is one more of the same refusal.
    fn takes_in(&self, next: &Self) -> bool {
        self.outcome == Outcome::Refused
            && next.outcome == Outcome::Refused
            && self.action == next.action
            && self.actor == next.actor
    }
}

impl fmt::Display for Event {
    /// In words that the account's owner understands.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.action)?;
        match self.actor {
            Actor::Owner => {}
            Actor::Support => f.write_str(" by support")?,
            Actor::Host => f.write_str(" by the service")?,
            Actor::System => f.write_str(" by itself")?,
        }
        if self.outcome == Outcome::Refused {
            f.write_str(", and refused")?;
        }
        if self.count > 1 { write!(f, ", {} times", self.count) } else { Ok(()) }
    }
}

impl Record for Event {
    const VERSION: u8 = 1;
}

/// An event in its place in the account's chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Activity {
    /// Its number, counted from the account's first event.
    pub sequence: u64,
    /// What happened.
    pub event: Event,
}

/// The end of an account's chain, kept in the account itself.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Chain {
    /// The number of the oldest event that is kept, the hash before it, and when it last happened.
    pub(crate) oldest: u64,
    pub(crate) before_oldest: [u8; 32],
    pub(crate) oldest_last: Option<Timestamp>,
    /// How many events there ever were.
    pub(crate) length: u64,
    /// The hash before the newest event, and that event: it alone may still take another in.
    before_newest: [u8; 32],
    newest: Option<Event>,
}

/// What an appended event comes to: the row to write.
pub(crate) struct Appended {
    pub(crate) sequence: u64,
    pub(crate) event: Event,
}

impl Chain {
    /// Appends an event, or lets the newest take it in.
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

    /// Whether the oldest event is due to be dropped. The newest never is.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        self.oldest + 1 < self.length && self.oldest_last.is_some_and(|last| last + KEPT <= now)
    }

    /// Drops the oldest event, which `dropped` is; `next` is the one after it.
    pub(crate) fn drop_oldest(&mut self, dropped: &Event, next: &Event) -> Result<(), Malformed> {
        self.before_oldest = link(&self.before_oldest, self.oldest, dropped)?;
        self.oldest += 1;
        self.oldest_last = Some(next.last);
        Ok(())
    }

    /// Whether these are the chain's events: all that are kept, unchanged, in their order (SPEC 11.2).
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
    fn r11_1_refusals_of_one_kind_in_a_row_fold_and_the_head_covers_the_count() {
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
        assert!(!chain.holds(&events), "the count before the fold no longer fits");
        events[0].event.count = 2;
        events[0].event.last = at(2);
        assert!(chain.holds(&events));
    }

    #[test]
    fn r11_2_after_400_days_the_oldest_events_give_way_to_their_hash() {
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
