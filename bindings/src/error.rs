//! The one error, with a variant for each thing that the caller can do next.

use std::fmt;
use std::time::Duration;

use selfsame::{
    Accepted, AssertionProblem, Error, KeysProblem, OpenProblem, PasswordRule, Refusal, Timestamp,
};

/// In Rust it is `InvalidEmail`; that name is the error's own here.
pub(crate) type EmailProblem = selfsame::InvalidEmail;

/// Why a text is no email address that this engine takes.
#[uniffi::remote(Enum)]
pub enum EmailProblem {
    /// There is nothing but blanks.
    Empty,
    /// The local part has more than 64 octets or the whole more than 254 (RFC 5321).
    TooLong,
    /// It does not read `local@domain` (RFC 5322 dot-atom, RFC 6531).
    Syntax,
    /// The local part is in quotation marks, which the engine does not take.
    QuotedLocalPart,
    /// The domain is an address in brackets, which the engine does not take.
    DomainLiteral,
    /// The domain is no name of two labels or more (UTS 46, STD3, RFC 1035 lengths).
    Domain,
}

/// In Rust it is `InvalidName`; that name is the error's own here.
pub(crate) type NameProblem = selfsame::InvalidName;

/// Why a text is no display name.
#[uniffi::remote(Enum)]
pub enum NameProblem {
    /// There is nothing but blanks.
    Empty,
    /// It has more than 64 characters.
    TooLong,
    /// It has a character that names do not have: a control, an invisible one, or one that Unicode has not
    /// assigned.
    Character,
}

/// The rule that a password breaks.
#[uniffi::remote(Enum)]
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

/// What is wrong with an assertion.
#[uniffi::remote(Enum)]
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

/// What is wrong with a key set.
#[uniffi::remote(Enum)]
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

/// The table of all errors. What stands after `from` mirrors an enum of the core by name, and has its words there;
/// what stands after `and` is not the same there, or not there at all, and has its words here.
macro_rules! errors {
    ($(
        from $of:ident { $(
            $(#[doc = $doc:literal])*
            $variant:ident $({ $($(#[doc = $of_field:literal])* $field:ident: $type:ty,)* })?,
        )* }
        $(and { $(
            $(#[doc = $doc_here:literal])*
            $here:ident $({ $($(#[doc = $of_field_here:literal])* $field_here:ident: $type_here:ty,)* })? => $words:expr,
        )* })?
    )*) => {
        /// Why the engine did not do it. Nothing that a caller gave is in it.
        #[derive(Clone, PartialEq, Eq, Debug, uniffi::Error)]
        pub enum SelfsameError { $(
            $($(#[doc = $doc])* $variant $({ $($(#[doc = $of_field])* $field: $type),* })?,)*
            $($($(#[doc = $doc_here])* $here $({ $($(#[doc = $of_field_here])* $field_here: $type_here),* })?,)*)?
        )* }

        impl SelfsameError {
            fn name(&self) -> &'static str {
                match self { $(
                    $(Self::$variant { .. } => stringify!($variant),)*
                    $($(Self::$here { .. } => stringify!($here),)*)?
                )* }
            }
        }

        impl fmt::Display for SelfsameError {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self { $(
                    $(Self::$variant $({ $($field),* })? => {
                        in_core!($of $variant $({ $($field: $field.clone()),* })?).fmt(f)
                    })*
                    $($(Self::$here $({ $($field_here),* })? => $words.fmt(f),)*)?
                )* }
            }
        }

        impl From<Error> for SelfsameError {
            fn from(error: Error) -> Self {
                match error {
                    Error::Refused(Refusal::Busy) => Self::Busy { retry_after: None },
                    Error::Busy { retry_after } => Self::Busy { retry_after: Some(retry_after) },
                    Error::Storage { kind } => Self::Storage { kind: kind.to_string() },
                    $($(in_core!($of $variant $({ $($field),* })?) => Self::$variant $({ $($field),* })?,)*)*
                }
            }
        }
    };
}

/// An error of the core, in its place there.
macro_rules! in_core {
    (Refusal $($variant:tt)*) => { Error::Refused(Refusal::$($variant)*) };
    (OpenProblem $($variant:tt)*) => { Error::Open(OpenProblem::$($variant)*) };
    (Error $($variant:tt)*) => { Error::$($variant)* };
}

fn busy(retry_after: Option<Duration>) -> Error {
    retry_after.map_or(Error::Refused(Refusal::Busy), |retry_after| Error::Busy { retry_after })
}

errors! {
    from Refusal {
        /// The account has it already; nothing changed.
        AlreadyYours,
        /// The assertion does not prove what it says; sign in at the provider again.
        AssertionRejected {
            /// What is wrong with it.
            reason: AssertionProblem,
        },
    }
    and {
        /// Too much at once, or a cap of the store is reached; nothing was done. Try again.
        Busy {
            /// When; nothing where that cannot be told.
            retry_after: Option<Duration>,
        } => busy(*retry_after),
    }
    from Refusal {
        /// The flow is over, or never was; begin again.
        FlowExpired,
        /// Another account, or another product of this one, has the identifier.
        IdentifierInUse,
        /// Another account holds the identity.
        IdentityInUse,
        /// The code is wrong, spent, void or over; ask for another.
        InvalidCode,
        /// The credentials do not fit; whether there is an account is deliberately not told.
        InvalidCredentials,
        /// The text is no email address that the engine takes.
        InvalidEmail {
            /// What is wrong with it.
            reason: EmailProblem,
        },
        /// The text does not do as a display name.
        InvalidName {
            /// What is wrong with it.
            reason: NameProblem,
        },
        /// The text does not do as a password.
        InvalidPassword {
            /// The rule that it breaks.
            rule: PasswordRule,
        },
        /// The text is no key set that signatures can be checked with; nothing changed.
        InvalidKeys {
            /// What is wrong with it.
            reason: KeysProblem,
        },
        /// The account could not be signed in to without it: add another way in first.
        LastMethod,
        /// The account, or the address, has as much of it as policy allows.
        LimitReached,
        /// The provider's keys are not here, too old, or lack the one that signed: give its key set anew and
        /// bring the same token again.
        NeedsKeys {
            /// The provider's issuer, as policy has it.
            issuer: String,
        },
        /// The step, or the account, does not offer that now; look at it.
        NotOffered,
        /// The act has to wait until a recovery is some time ago.
        OnHold {
            /// Until when.
            until: Timestamp,
        },
        /// The act wants fresher proof: reauthenticate.
        ReauthenticationRequired {
            /// What the first factor can be proven with.
            accepted: Vec<Accepted>,
        },
        /// The session has ended; sign in again.
        SessionEnded,
        /// Too many failures; wait.
        Throttled {
            /// When a try is taken again; nothing where the factor is locked.
            retry_at: Option<Timestamp>,
        },
        /// What is asked for can be asked for later.
        TooEarly {
            /// When.
            at: Timestamp,
        },
        /// The code undoes nothing, or no longer.
        UndoExpired,
        /// There is no such account here: said to the host and to support alone.
        UnknownAccount,
        /// Policy names no such product.
        UnknownProduct,
        /// The account has no such request open: said to the host alone.
        UnknownRequest,
        /// Policy names no such provider, or not for this kind of assertion.
        UnknownProvider,
    }
    from OpenProblem {
        /// No file is there; create one.
        NotFound,
        /// A file is there already; open it.
        AlreadyExists,
        /// Another process or engine has it open.
        AlreadyOpen,
        /// It is no store.
        NotAStore,
        /// A newer release wrote it.
        NewerFormat,
        /// The key or passphrase does not fit it.
        WrongKey,
        /// The keystore does not give its key now: unlock the device, or ask the person again, and call again.
        KeyLocked,
        /// The keystore has no key of this store: open it with a copy of the key. The file stays.
        KeyLost,
        /// The keystore has made the key unusable because biometrics or screen lock changed: as `KeyLost`.
        KeyChanged,
        /// It is an older copy than its anchor knows: put the latest one back, or let the person decide
        /// (`adopt_file`).
        RolledBack,
        /// It has an anchor, and none was given, or what was given holds nothing.
        AnchorMissing,
    }
    from Error {
        /// The file is damaged: restore a backup.
        Damaged,
    }
    and {
        /// The machine's storage refused; nothing was done.
        Storage {
            /// What the machine said.
            kind: String,
        } => format_args!("storage refused, nothing was done: {kind}"),
    }
    from Error {
        /// The machine's storage failed, and whether the act was done cannot be found out. Open the store again
        /// and look.
        Unknown,
        /// An earlier failure broke the store: open it again.
        Broken,
        /// The anchor did not answer; nothing was done. Try again.
        Anchor,
        /// The machine cannot do it: no randomness, or no memory for a hash of policy's cost.
        Machine,
        /// A defect of the engine; please report it.
        Defect,
    }
    and {
        /// The text is no id; an id is the text of a UUID.
        InvalidId => selfsame::InvalidId,
        /// The text is no token that an engine gave.
        InvalidToken => selfsame::InvalidToken,
        /// The text is no short name: 1 to 32 of `a-z`, `0-9` and `-`.
        InvalidShortName => "a short name is 1 to 32 of a-z, 0-9 and -",
        /// The text is no customer reference: 1 to 255 bytes.
        InvalidCustomerRef => "a customer reference has 1 to 255 bytes",
        /// A host key has 32 bytes.
        InvalidHostKey => "a host key has 32 bytes",
        /// A figure of the policy is out of its bounds.
        InvalidPolicy {
            /// The figure.
            figure: String,
        } => format_args!("policy: {figure} is out of its bounds"),
    }
}

#[uniffi::export]
impl SelfsameError {
    /// The error's name, the same in every language and release.
    pub fn code(&self) -> String {
        self.name().to_owned()
    }

    /// What happened and what to do, in English, for a log.
    pub fn explanation(&self) -> String {
        self.to_string()
    }
}

impl std::error::Error for SelfsameError {}

impl From<Refusal> for SelfsameError {
    fn from(refusal: Refusal) -> Self {
        Error::from(refusal).into()
    }
}
