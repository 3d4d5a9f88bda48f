//! Why the rules say no.

use std::fmt;

use crate::ground::email::InvalidEmail;
use crate::ground::nickname::InvalidName;
use crate::ground::time::Timestamp;
use crate::records::proof::Accepted;

/// Why the rules say no. The names are the SPEC's; nothing that a caller gave is in them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Refusal {
    /// The account has it already; nothing changed (SPEC 1.6).
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
    /// Another account, or another product of this one, has the identifier (SPEC 1.3, 8.3).
    IdentifierInUse,
    /// Another account holds the identity (SPEC 1.6).
    IdentityInUse,
    /// The code is wrong, spent, void or over; ask for another (SPEC 12.5).
    InvalidCode,
    /// The credentials do not fit; whether there is an account is deliberately not told (SPEC 4.2).
    InvalidCredentials,
    /// The text is no email address that the engine takes (SPEC 1.9).
    InvalidEmail {
        /// What is wrong with it.
        reason: InvalidEmail,
    },
    /// The text does not do as a display name (SPEC 1.11).
    InvalidName {
        /// What is wrong with it.
        reason: InvalidName,
    },
    /// The text does not do as a password (SPEC 2.2).
    InvalidPassword {
        /// The rule that it breaks.
        rule: PasswordRule,
    },
    /// The text is no key set that signatures can be checked with; nothing changed (SPEC 2.9).
    InvalidKeys {
        /// What is wrong with it.
        reason: KeysProblem,
    },
    /// The account could not be signed in to without it: add another way in first (SPEC 1.7).
    LastMethod,
    /// The account, or the address, has as much of it as policy allows (SPEC 1.6).
    LimitReached,
    /// The provider's keys are not here, too old, or lack the one that signed: give its key set anew and
    /// bring the same token again (SPEC 2.9).
    NeedsKeys {
        /// The provider's issuer, as policy has it.
        issuer: String,
    },
    /// The step, or the account, does not offer that now; look at it (SPEC 2.10).
    NotOffered,
    /// The act has to wait until a recovery is some time ago (SPEC 5.5).
    OnHold {
        /// Until when.
        until: Timestamp,
    },
    /// The act wants fresher proof: reauthenticate (SPEC 6.4).
    ReauthenticationRequired {
        /// What the first factor can be proven with.
        accepted: Vec<Accepted>,
    },
    /// The session has ended; sign in again (SPEC 6.2).
    SessionEnded,
    /// Too many failures; wait (SPEC 12.1).
    Throttled {
        /// When a try is taken again; nothing where the factor is locked.
        retry_at: Option<Timestamp>,
    },
    /// What is asked for can be asked for later (SPEC 12.6).
    TooEarly {
        /// When.
        at: Timestamp,
    },
    /// The code undoes nothing, or no longer (SPEC 7.3).
    UndoExpired,
    /// There is no such account here: said to the host and to support alone.
    UnknownAccount,
    /// Policy names no such product (SPEC 8.1).
    UnknownProduct,
    /// The account has no such request open: said to the host alone (SPEC 10.2).
    UnknownRequest,
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
            Self::IdentifierInUse => "IdentifierInUse",
            Self::IdentityInUse => "IdentityInUse",
            Self::InvalidCode => "InvalidCode",
            Self::InvalidCredentials => "InvalidCredentials",
            Self::InvalidEmail { .. } => "InvalidEmail",
            Self::InvalidName { .. } => "InvalidName",
            Self::InvalidPassword { .. } => "InvalidPassword",
            Self::InvalidKeys { .. } => "InvalidKeys",
            Self::LastMethod => "LastMethod",
            Self::LimitReached => "LimitReached",
            Self::NeedsKeys { .. } => "NeedsKeys",
            Self::NotOffered => "NotOffered",
            Self::OnHold { .. } => "OnHold",
            Self::ReauthenticationRequired { .. } => "ReauthenticationRequired",
            Self::SessionEnded => "SessionEnded",
            Self::Throttled { .. } => "Throttled",
            Self::TooEarly { .. } => "TooEarly",
            Self::UndoExpired => "UndoExpired",
            Self::UnknownAccount => "UnknownAccount",
            Self::UnknownProduct => "UnknownProduct",
            Self::UnknownProvider => "UnknownProvider",
            Self::UnknownRequest => "UnknownRequest",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyYours => f.write_str("the account has it already"),
            Self::AssertionRejected { reason } => {
                write!(f, "the assertion is refused: {reason}; sign in at the provider again")
            }
            Self::Busy => f.write_str("too many flows are open; try again later"),
            Self::FlowExpired => f.write_str("the flow is over; begin again"),
            Self::IdentifierInUse => f.write_str("this identifier belongs to another; use its own"),
            Self::IdentityInUse => f.write_str("another account holds this identity; sign in with it"),
            Self::InvalidCode => f.write_str("the code is wrong or over; ask for another"),
            Self::InvalidCredentials => {
                f.write_str("these credentials do not fit; check them or sign in another way")
            }
            Self::InvalidEmail { reason } => write!(f, "not an email address: {reason}"),
            Self::InvalidName { reason } => write!(f, "this is no name: {reason}"),
            Self::InvalidPassword { rule } => write!(f, "not usable as a password: {rule}"),
            Self::InvalidKeys { reason } => write!(f, "not usable as a key set: {reason}"),
            Self::LastMethod => f.write_str("it is the last way in; add another first"),
            Self::LimitReached => f.write_str("there are as many as there may be"),
            Self::NeedsKeys { issuer } => write!(f, "the keys of {issuer} are needed anew; set them"),
            Self::NotOffered => f.write_str("this is not offered now; look at the step or at the account"),
            Self::OnHold { .. } => f.write_str("the account was just recovered; this has to wait"),
            Self::ReauthenticationRequired { .. } => f.write_str("this wants fresh proof; reauthenticate"),
            Self::SessionEnded => f.write_str("the session has ended; sign in again"),
            Self::Throttled { retry_at: Some(_) } => {
                f.write_str("too many failures; wait before the next try")
            }
            Self::Throttled { retry_at: None } => {
                f.write_str("too many failures; sign in another way or reset the password")
            }
            Self::TooEarly { .. } => f.write_str("it is too early for this; wait"),
            Self::UndoExpired => f.write_str("this code undoes nothing, or no longer"),
            Self::UnknownAccount => f.write_str("there is no such account"),
            Self::UnknownRequest => f.write_str("the account has no such request open"),
            Self::UnknownProduct => f.write_str("policy names no such product"),
            Self::UnknownProvider => f.write_str("policy names no such provider for this kind of assertion"),
        }
    }
}

impl std::error::Error for Refusal {}

/// What is wrong with an assertion (SPEC 2.9).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AssertionProblem {
    /// It is signed in a way that policy does not name for the provider, or its key is not for.
    Algorithm,
    /// It is for another application, or for several and not issued to this one.
    Audience,
    /// Its email is no email address.
    Email,
    /// It is over, or does not say until when it holds.
    Expired,
    /// Its header has a parameter that is not taken.
    Header,
    /// The person signed in at the provider too long ago for fresh proof, or it says that in no number.
    AuthTime,
    /// It was issued more than 10 minutes ago, more than 60 seconds ahead, or does not say when.
    IssuedAt,
    /// It comes from another issuer.
    Issuer,
    /// It is a token for another purpose.
    Kind,
    /// It is no signed token in the compact form.
    Malformed,
    /// It does not have the nonce of the step.
    Nonce,
    /// It does not hold yet.
    NotYet,
    /// It was made for another flow.
    OtherFlow,
    /// It comes from another provider than the flow was begun with.
    OtherProvider,
    /// Its signature is wrong.
    Signature,
    /// Its subject is empty or longer than 255 bytes.
    Subject,
    /// It is longer than 8 KiB.
    TooLong,
    /// No key of the provider's set signed it, nor of the one that was asked for.
    UnknownKey,
}

impl AssertionProblem {
    /// The problem's name, the same in every language and release.
    pub fn code(self) -> &'static str {
        match self {
            Self::Algorithm => "Algorithm",
            Self::Audience => "Audience",
            Self::Email => "Email",
            Self::Expired => "Expired",
            Self::Header => "Header",
            Self::AuthTime => "AuthTime",
            Self::IssuedAt => "IssuedAt",
            Self::Issuer => "Issuer",
            Self::Kind => "Kind",
            Self::Malformed => "Malformed",
            Self::Nonce => "Nonce",
            Self::NotYet => "NotYet",
            Self::OtherFlow => "OtherFlow",
            Self::OtherProvider => "OtherProvider",
            Self::Signature => "Signature",
            Self::Subject => "Subject",
            Self::TooLong => "TooLong",
            Self::UnknownKey => "UnknownKey",
        }
    }
}

impl fmt::Display for AssertionProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Algorithm => "it is signed in a way that is not taken",
            Self::Audience => "it is for another application",
            Self::Email => "its email is no email address",
            Self::Expired => "it is over",
            Self::Header => "its header has what is not taken",
            Self::AuthTime => "the person did not sign in there just now",
            Self::IssuedAt => "it was not issued just now",
            Self::Issuer => "it comes from another issuer",
            Self::Kind => "it is a token for another purpose",
            Self::Malformed => "it is no signed token",
            Self::Nonce => "it does not have the nonce of the step",
            Self::NotYet => "it does not hold yet",
            Self::OtherFlow => "it was made for another flow",
            Self::OtherProvider => "it comes from another provider",
            Self::Signature => "its signature is wrong",
            Self::Subject => "its subject is empty or too long",
            Self::TooLong => "it is longer than 8 KiB",
            Self::UnknownKey => "the provider has no such key",
        })
    }
}

/// What is wrong with a key set (SPEC 2.9).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum KeysProblem {
    /// It is no JSON object with a list `keys`, or a member stands twice in it.
    Malformed,
    /// It has no key that is used here: RSA of 2,048 bits or more, P-256 or Ed25519, for signatures.
    NoKey,
    /// It has a private or symmetric key: whoever reads it can sign.
    PrivateKey,
    /// Two of its keys have the same name.
    SameName,
    /// It is longer than 64 KiB or has more than 32 keys.
    TooLarge,
}

impl KeysProblem {
    /// The problem's name, the same in every language and release.
    pub fn code(self) -> &'static str {
        match self {
            Self::Malformed => "Malformed",
            Self::NoKey => "NoKey",
            Self::PrivateKey => "PrivateKey",
            Self::SameName => "SameName",
            Self::TooLarge => "TooLarge",
        }
    }
}

impl fmt::Display for KeysProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Malformed => "it is no JSON Web Key Set",
            Self::NoKey => "it has no key that can be used",
            Self::PrivateKey => "it has a private key in it",
            Self::SameName => "two of its keys have the same name",
            Self::TooLarge => "it is too large",
        })
    }
}

/// The rule that a password breaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PasswordRule {
    /// It is not UTF-8.
    NotText,
    /// It has fewer than 15 code points.
    TooShort,
    /// It has more than 1,024 bytes.
    TooLong,
    /// It has a code point that Unicode has not assigned.
    Unassigned,
    /// It is the email, its local part or the service's name.
    Guessable,
    /// It is on the list of passwords that are commonly used.
    Common,
}

impl PasswordRule {
    /// The rule's name, the same in every language and release.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotText => "NotText",
            Self::TooShort => "TooShort",
            Self::TooLong => "TooLong",
            Self::Unassigned => "Unassigned",
            Self::Guessable => "Guessable",
            Self::Common => "Common",
        }
    }
}

impl fmt::Display for PasswordRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotText => "it must be text",
            Self::TooShort => "it must have at least 15 characters",
            Self::TooLong => "it must have at most 1,024 bytes",
            Self::Unassigned => "it has a character that Unicode does not assign",
            Self::Guessable => "it must not be the email address or the name of the service",
            Self::Common => "it is on a list of passwords that are commonly used",
        })
    }
}
