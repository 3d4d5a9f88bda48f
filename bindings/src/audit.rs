//! The events of an account.

use selfsame::{Action, Activity, Actor, Event, Outcome, SessionId, Timestamp};

/// Who acted.
#[uniffi::remote(Enum)]
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

/// The act that was done or tried.
#[uniffi::remote(Enum)]
pub enum Action {
    /// The account was created.
    AccountCreated,
    /// The account was imported from another service.
    AccountImported,
    /// A sign-in method was added by linking.
    MethodLinked,
    /// The owner added a sign-in method.
    MethodAdded,
    /// A sign-in method was removed.
    MethodRemoved,
    /// The owner confirmed which sign-in methods are theirs.
    MethodsReviewed,
    /// The owner took over the newer email of an identity.
    SeenEmailTaken,
    /// The owner changed the display name.
    DisplayNameChanged,
    /// An address was proven.
    AddressProven,
    /// The contact address was changed.
    EmailChanged,
    /// A wrong code for an address was typed.
    AddressCodeTried,
    /// A protected act was undone.
    Undone,
    /// A session was opened.
    SignedIn,
    /// A wrong password was typed.
    PasswordTried,
    /// A passkey's answer was refused.
    PasskeyTried,
    /// The signature counter of a passkey went back. There may be a copy of its device.
    PasskeyCounterWentBack,
    /// A passkey said something else than at its registration about being copied to other devices.
    PasskeyEligibilityChanged,
    /// An attempt came too early.
    Throttled,
    /// A second factor was proven as a step towards another act.
    SecondFactorProven,
    /// A wrong second factor was typed.
    SecondFactorTried,
    /// The enrolment of a second factor started: the app has its secret.
    MfaEnrolmentBegun,
    /// The app's first code was typed, right or wrong.
    MfaEnrolmentConfirmed,
    /// MFA was turned on.
    MfaTurnedOn,
    /// The second factor was replaced by another.
    MfaReplaced,
    /// MFA was turned off.
    MfaTurnedOff,
    /// New recovery codes were made.
    RecoveryCodesMade,
    /// The new recovery codes were saved and are valid now.
    RecoveryCodesSaved,
    /// The owner confirmed that they know of the changes to the account.
    ProtectedActsConfirmed,
    /// A password was reported as known to others.
    MethodCompromised,
    /// The proof of a session was renewed.
    Reauthenticated,
    /// A wrong proof was given in a reauthentication.
    ReauthenticationTried,
    /// The password was changed.
    PasswordChanged,
    /// The password was reset with a mailed code.
    PasswordReset,
    /// The device forgot the account and ended the account's sessions there.
    ForgottenHere,
    /// A session was ended.
    SessionEnded,
    /// All sessions but one were ended.
    OtherSessionsEnded,
    /// The deletion of the account was requested.
    DeletionRequested,
    /// The account was restored from deletion.
    Restored,
    /// The account was restored from deletion, and a sign-in method was added by linking.
    RestoredAndLinked,
    /// A product was used for the first time.
    ProductOpened,
    /// The billing profile of a product was set.
    BillingSet,
    /// The deletion was requested again while the account was pending deletion.
    DeletionAskedAgain,
    /// The erasure of the account was announced.
    ErasureAnnounced,
    /// The rest of the time to restore the account was skipped.
    Erased,
    /// The account's data was exported.
    Exported,
    /// A privacy request was made.
    PrivacyRequested,
    /// A privacy request was answered.
    PrivacyRequestClosed,
    /// The host entered the subject that a provider gave an identity anew.
    IdentityRenumbered,
}

/// Whether the act was done.
#[uniffi::remote(Enum)]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

/// One event, or several refusals of one kind in a row.
#[uniffi::remote(Record)]
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
    pub outcome: Outcome,
}

/// An event with its place in the account's chain.
#[uniffi::remote(Record)]
pub struct Activity {
    /// The event's number, counted from the account's first event.
    pub sequence: u64,
    /// The event.
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
