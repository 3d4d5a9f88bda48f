//! What happened to an account.

use selfsame::{Action, Activity, Actor, Event, Outcome, SessionId, Timestamp};

/// Who acted.
#[uniffi::remote(Enum)]
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
#[uniffi::remote(Enum)]
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

/// Whether it was done.
#[uniffi::remote(Enum)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

/// One thing that happened, or several refusals of one kind in a row.
#[uniffi::remote(Record)]
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

/// An event in its place in the account's chain.
#[uniffi::remote(Record)]
pub struct Activity {
    /// Its number, counted from the account's first event.
    pub sequence: u64,
    /// What happened.
    pub event: Event,
}

/// Returns what was done or tried, in English words for the account's owner.
#[uniffi::export]
pub fn describe_action(action: Action) -> String {
    action.to_string()
}

/// Returns what happened, in English words for the account's owner.
#[uniffi::export]
pub fn describe_event(event: Event) -> String {
    event.to_string()
}
