//! What happened to an account (SPEC 11.1).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ground::codec::Record;
use crate::ground::id::SessionId;
use crate::ground::named::worded;
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

worded! {
    /// What was done or tried.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
    pub enum Action {
        /// The account came to be.
        AccountCreated => "the account was made";
        /// The account came from another service.
        AccountImported => "the account was imported";
        /// A sign-in method was added by linking.
        MethodLinked => "a sign-in method was added by linking";
        /// A sign-in method was added by the owner.
        MethodAdded => "a sign-in method was added";
        /// A sign-in method was removed.
        MethodRemoved => "a sign-in method was removed";
        /// The owner said which of the ways in are theirs.
        MethodsReviewed => "the sign-in methods were reviewed";
        /// The email that an identity came with later was taken.
        SeenEmailTaken => "the newer email of an identity was taken";
        /// The owner chose what to be called.
        DisplayNameChanged => "the display name was changed";
        /// An address was proven.
        AddressProven => "an address was proven";
        /// The contact address was changed.
        EmailChanged => "the contact address was changed";
        /// A code of an address did not fit.
        AddressCodeTried => "the code of an address was tried";
        /// A protected act was undone.
        Undone => "a change was undone";
        /// A session was opened.
        SignedIn => "signed in";
        /// A password did not fit.
        PasswordTried => "a password was tried";
        /// An identity that is no method of the account was shown as proof for a link.
        ForeignIdentityShown => "an identity of somebody else was shown";
        /// A try came before its time.
        Throttled => "a try came too early";
        /// A second factor was proven, on the way to something else.
        SecondFactorProven => "the second factor was proven";
        /// A second factor did not fit.
        SecondFactorTried => "a second factor was tried";
        /// A second factor is on its way: the app has its secret.
        MfaEnrolmentBegun => "an authenticator app was given its secret";
        /// The app gave its first code, or a wrong one.
        MfaEnrolmentConfirmed => "the first code of an authenticator app was typed";
        /// MFA was turned on.
        MfaTurnedOn => "MFA was turned on";
        /// The second factor was replaced by another.
        MfaReplaced => "the second factor was replaced";
        /// MFA was turned off.
        MfaTurnedOff => "MFA was turned off";
        /// Other recovery codes were made.
        RecoveryCodesMade => "other recovery codes were made";
        /// The other recovery codes were saved, and count.
        RecoveryCodesSaved => "the other recovery codes were saved";
        /// A password was said to be known to others.
        MethodCompromised => "a password was said to be known to others";
        /// A session's proof was renewed.
        Reauthenticated => "the proof of a session was renewed";
        /// A renewal of a session's proof did not fit.
        ReauthenticationTried => "a renewal of the proof of a session was tried";
        /// Another password was set.
        PasswordChanged => "the password was changed";
        /// Another password was set by a mailed code.
        PasswordReset => "the password was reset by a mailed code";
        /// The account is no longer offered on this device, and its sessions here were ended.
        ForgottenHere => "the device was told to forget the account";
        /// A session was ended.
        SessionEnded => "a session was ended";
        /// All sessions but one were ended.
        OtherSessionsEnded => "all other sessions were ended";
        /// Deletion was asked for.
        DeletionRequested => "deletion was asked for";
        /// The account was restored from deletion.
        Restored => "the account was restored";
        /// The account was restored from deletion, and a sign-in method was added by linking.
        RestoredAndLinked => "the account was restored, and a sign-in method added";
        /// A product was used for the first time.
        ProductOpened => "a product was used for the first time";
        /// What a product costs was set.
        BillingSet => "the billing of a product was set";
        /// Deletion was asked for, of an account that was on its way already.
        DeletionAskedAgain => "deletion was asked for again";
        /// Notice was given that the account will be erased.
        ErasureAnnounced => "it was announced that the account will be erased";
        /// The rest of the time to restore the account was left out.
        Erased => "the account was erased";
        /// Everything that is held about the account was given out.
        Exported => "everything that is held about the account was given out";
        /// Something was asked for about the data.
        PrivacyRequested => "something was asked for about the data";
        /// What was asked for about the data was answered.
        PrivacyRequestClosed => "what was asked for about the data was answered";
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
