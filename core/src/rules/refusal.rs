//! Why the rules say no.

use std::fmt;

use super::password::PasswordRule;
use crate::ground::email::InvalidEmail;
use crate::ground::time::Timestamp;

/// Why the rules say no. The names are the SPEC's; nothing that a caller gave is in them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The identity is a method of this account already; nothing changed (SPEC 1.6).
    AlreadyYours,
    /// The assertion does not prove what it says; sign in at the provider again (SPEC 2.9).
    AssertionRejected {
        /// What is wrong with it.
        reason: AssertionProblem,
    },
    /// A cap of the store is reached; try again later (SPEC 2.10).
    Busy,
    /// The flow is over, or never was; begin again (SPEC 2.10).
    FlowExpired,
    /// Another account holds the identity (SPEC 1.6).
    IdentityInUse,
    /// The code is wrong, spent, void or over; ask for another (SPEC 12.5).
    InvalidCode,
    /// No account with this email and password: deliberately not more (SPEC 4.2).
    InvalidCredentials,
    /// The text is no email address that the engine takes (SPEC 1.9).
    InvalidEmail {
        /// What is wrong with it.
        reason: InvalidEmail,
    },
    /// The text does not do as a password (SPEC 2.2).
    InvalidPassword {
        /// The rule that it breaks.
        rule: PasswordRule,
    },
    /// The step does not offer that answer; look at the current step (SPEC 2.10).
    NotOffered,
    /// The act wants fresher proof: sign in again (SPEC 6.4).
    ReauthenticationRequired,
    /// The session has ended; sign in again (SPEC 6.2).
    SessionEnded,
    /// Too many failures; wait (SPEC 12.1).
    Throttled {
        /// When a try is taken again; nothing where the factor is locked.
        retry_at: Option<Timestamp>,
    },
    /// Policy names no such product (SPEC 8.1).
    UnknownProduct,
    /// Policy names no such provider, or not for this kind of assertion (SPEC 2.9).
    UnknownProvider,
}

impl Refusal {
    /// The refusal's name, the same in every language and release.
    pub fn code(&self) -> &'static str {
        match self {
            Self::AlreadyYours => "AlreadyYours",
            Self::AssertionRejected { .. } => "AssertionRejected",
            Self::Busy => "Busy",
            Self::FlowExpired => "FlowExpired",
            Self::IdentityInUse => "IdentityInUse",
            Self::InvalidCode => "InvalidCode",
            Self::InvalidCredentials => "InvalidCredentials",
            Self::InvalidEmail { .. } => "InvalidEmail",
            Self::InvalidPassword { .. } => "InvalidPassword",
            Self::NotOffered => "NotOffered",
            Self::ReauthenticationRequired => "ReauthenticationRequired",
            Self::SessionEnded => "SessionEnded",
            Self::Throttled { .. } => "Throttled",
            Self::UnknownProduct => "UnknownProduct",
            Self::UnknownProvider => "UnknownProvider",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyYours => f.write_str("this identity is a method of the account already"),
            Self::AssertionRejected { reason } => {
                write!(f, "the assertion is refused: {reason}; sign in at the provider again")
            }
            Self::Busy => f.write_str("too many flows are open; try again later"),
            Self::FlowExpired => f.write_str("the flow is over; begin again"),
            Self::IdentityInUse => f.write_str("another account holds this identity; sign in with it"),
            Self::InvalidCode => f.write_str("the code is wrong or over; ask for another"),
            Self::InvalidCredentials => f.write_str("no account with this email and password"),
            Self::InvalidEmail { reason } => write!(f, "not an email address: {reason}"),
            Self::InvalidPassword { rule } => write!(f, "not usable as a password: {rule}"),
            Self::NotOffered => f.write_str("the step does not offer this answer; look at the current step"),
            Self::ReauthenticationRequired => f.write_str("this wants fresh proof; sign in again"),
            Self::SessionEnded => f.write_str("the session has ended; sign in again"),
            Self::Throttled { retry_at: Some(_) } => {
                f.write_str("too many failures; wait before the next try")
            }
            Self::Throttled { retry_at: None } => {
                f.write_str("too many failures; sign in another way or reset the password")
            }
            Self::UnknownProduct => f.write_str("policy names no such product"),
            Self::UnknownProvider => f.write_str("policy names no such provider for this kind of assertion"),
        }
    }
}

impl std::error::Error for Refusal {}

/// What is wrong with an assertion (SPEC 2.9).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AssertionProblem {
    /// It was made for another flow.
    OtherFlow,
    /// It comes from another provider than the flow was begun with.
    OtherProvider,
    /// Its subject is empty or longer than 255 bytes.
    Subject,
    /// Its email is no email address.
    Email,
}

impl AssertionProblem {
    /// The problem's name, the same in every language and release.
    pub fn code(self) -> &'static str {
        match self {
            Self::OtherFlow => "OtherFlow",
            Self::OtherProvider => "OtherProvider",
            Self::Subject => "Subject",
            Self::Email => "Email",
        }
    }
}

impl fmt::Display for AssertionProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherFlow => "it was made for another flow",
            Self::OtherProvider => "it comes from another provider",
            Self::Subject => "its subject is empty or too long",
            Self::Email => "its email is no email address",
        })
    }
}
