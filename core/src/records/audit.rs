//! What happened to an account (SPEC 11.1).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ground::codec::Record;
use crate::ground::id::SessionId;
use crate::ground::time::Timestamp;

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
    pub(crate) fn takes_in(&self, next: &Self) -> bool {
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
