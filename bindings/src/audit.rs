//! What happened to an account.

use selfsame::{Action, Activity, Actor, Event, Outcome, SessionId, Timestamp};

/// Who acted.
#[uniffi::remote(Enum)]
pub enum Actor {
    /// Whoever presented the owner's proof, or tried to.
    Owner,
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
    /// A sign-in method was added by linking.
    MethodLinked,
    /// A session was opened.
    SignedIn,
    /// A password did not fit.
    PasswordTried,
    /// An identity that is no method of the account was shown as proof for a link.
    ForeignIdentityShown,
    /// A try came before its time.
    Throttled,
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
