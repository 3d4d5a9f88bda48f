//! The events of an account (SPEC 11.1).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ground::codec::Record;
use crate::ground::id::SessionId;
use crate::ground::named::{two_forms, worded};
use crate::ground::time::Timestamp;

/// Who acted.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
pub enum Actor {
    /// Anybody who presented the owner's proof, or tried to.
    Owner,
    /// An operator of support.
    Support,
    /// The program that embeds the engine.
    Host,
    /// The engine itself.
    System,
}

worded! {
    /// The act that was done or tried.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
    #[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
    pub enum Action {
        /// The account was created.
        AccountCreated => "the account was created";
        /// The account was imported from another service.
        AccountImported => "the account was imported";
        /// A sign-in method was added by linking.
        MethodLinked => "a sign-in method was added by linking";
        /// The owner added a sign-in method.
        MethodAdded => "a sign-in method was added";
        /// A sign-in method was removed.
        MethodRemoved => "a sign-in method was removed";
        /// The owner confirmed which sign-in methods are theirs.
        MethodsReviewed => "the sign-in methods were reviewed";
        /// The owner took over the newer email of an identity.
        SeenEmailTaken => "the newer email of an identity was taken over";
        /// The owner changed the display name.
        DisplayNameChanged => "the display name was changed";
        /// An address was proven.
        AddressProven => "an address was proven";
        /// The contact address was changed.
        EmailChanged => "the contact address was changed";
        /// A wrong code for an address was typed.
        AddressCodeTried => "a code for an address was tried";
        /// A protected act was undone.
        Undone => "a change was undone";
        /// A session was opened.
        SignedIn => "signed in";
        /// A wrong password was typed.
        PasswordTried => "a password was tried";
        /// A passkey's answer was refused.
        PasskeyTried => "a passkey was tried";
        /// The signature counter of a passkey went back. There may be a copy of its device.
        PasskeyCounterWentBack => "a passkey whose signature counter went back was tried";
        /// A passkey said something else than at its registration about being copied to other devices.
        PasskeyEligibilityChanged => "a passkey that has changed was tried";
        /// An attempt came too early.
        Throttled => "an attempt came too early";
        /// A second factor was proven as a step towards another act.
        SecondFactorProven => "the second factor was proven";
        /// A wrong second factor was typed.
        SecondFactorTried => "a second factor was tried";
        /// The enrolment of a second factor started: the app has its secret.
        MfaEnrolmentBegun => "an authenticator app was given its secret";
        /// The app's first code was typed, right or wrong.
        MfaEnrolmentConfirmed => "the first code of an authenticator app was typed";
        /// MFA was turned on.
        MfaTurnedOn => "MFA was turned on";
        /// The second factor was replaced by another.
        MfaReplaced => "the second factor was replaced";
        /// MFA was turned off.
        MfaTurnedOff => "MFA was turned off";
        /// New recovery codes were made.
        RecoveryCodesMade => "new recovery codes were made";
        /// The new recovery codes were saved and are valid now.
        RecoveryCodesSaved => "the new recovery codes were saved";
        /// The owner confirmed that they know of the changes to the account.
        ProtectedActsConfirmed => "the changes of the account were confirmed";
        /// A password was reported as known to others.
        MethodCompromised => "a password was reported as known to others";
        /// The proof of a session was renewed.
        Reauthenticated => "the proof of a session was renewed";
        /// A wrong proof was given in a reauthentication.
        ReauthenticationTried => "a reauthentication was tried";
        /// The password was changed.
        PasswordChanged => "the password was changed";
        /// The password was reset with a mailed code.
        PasswordReset => "the password was reset with a mailed code";
        /// The device forgot the account and ended the account's sessions there.
        ForgottenHere => "the account was removed from a device";
        /// A session was ended.
        SessionEnded => "a session was ended";
        /// All sessions but one were ended.
        OtherSessionsEnded => "all other sessions were ended";
        /// The deletion of the account was requested.
        DeletionRequested => "deletion was requested";
        /// The account was restored from deletion.
        Restored => "the account was restored";
        /// The account was restored from deletion, and a sign-in method was added by linking.
        RestoredAndLinked => "the account was restored, and a sign-in method was added";
        /// A product was used for the first time.
        ProductOpened => "a product was used for the first time";
        /// The billing profile of a product was set.
        BillingSet => "the billing of a product was set";
        /// The deletion was requested again while the account was pending deletion.
        DeletionAskedAgain => "deletion was requested again";
        /// The erasure of the account was announced.
        ErasureAnnounced => "the erasure of the account was announced";
        /// The rest of the time to restore the account was skipped.
        Erased => "the account was erased";
        /// The account's data was exported.
        Exported => "the data of the account was exported";
        /// A privacy request was made.
        PrivacyRequested => "a privacy request was made";
        /// A privacy request was answered.
        PrivacyRequestClosed => "a privacy request was answered";
        /// The host entered the subject that a provider gave an identity anew.
        IdentityRenumbered => "an identity got the new subject that its provider gave it";
    }
}

/// Whether the act was done.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

two_forms! {
    json()
    /// One event, or several refusals of one kind in a row.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub struct Event {
        /// When the event happened, or first happened.
        pub first: Timestamp,
        /// When the event last happened.
        pub last: Timestamp,
        /// How often the event happened.
        pub count: u32,
        /// Who acted.
        pub actor: Actor,
        /// The session in which the event happened, if any.
        pub session: Option<SessionId>,
        /// The act that was done or tried.
        pub action: Action,
        /// Whether the act was done.
        #[json(rename = "done", with = "Done")]
        pub outcome: Outcome,
    }
}

/// In JSON, whether an act was done is a boolean.
#[cfg(feature = "json")]
#[derive(Deserialize, schemars::JsonSchema)]
#[schemars(inline)]
struct Done(bool);

#[cfg(feature = "json")]
impl Done {
    fn serialize<S: serde::Serializer>(outcome: &Outcome, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*outcome == Outcome::Done)
    }

    fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Outcome, D::Error> {
        let Self(done) = <Self as Deserialize>::deserialize(deserializer)?;
        Ok(if done { Outcome::Done } else { Outcome::Refused })
    }
}

impl Event {
    pub(crate) fn done(action: Action, session: Option<SessionId>, now: Timestamp) -> Self {
        Self { first: now, last: now, count: 1, actor: Actor::Owner, session, action, outcome: Outcome::Done }
    }

    pub(crate) fn refused(action: Action, now: Timestamp) -> Self {
        Self { outcome: Outcome::Refused, ..Self::done(action, None, now) }
    }

    /// Returns the event with another actor than the owner.
    pub(crate) fn by(self, actor: Actor) -> Self {
        Self { actor, ..self }
    }

    /// Returns whether `next` repeats the same refusal.
    pub(crate) fn takes_in(&self, next: &Self) -> bool {
        self.outcome == Outcome::Refused
            && next.outcome == Outcome::Refused
            && self.action == next.action
            && self.actor == next.actor
    }
}

impl fmt::Display for Event {
    /// Writes the event in words that the account's owner understands.
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
