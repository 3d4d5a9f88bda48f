//! The only error type, with a variant for each thing that the caller can do next.

use std::fmt;
use std::time::Duration;

use selfsame::{
    Accepted, AssertionProblem, Error, KeysProblem, OpenProblem, PasskeyProblem, PasswordRule, Refusal,
    TextField, TextProblem, Timestamp,
};

use crate::problem::EmailProblem;

/// The table of all errors. A row after `from` mirrors an enum of the core by name and takes its text from
/// there. A row after `and` differs from the core or is not in the core, and has its text here.
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
        /// Why the engine did not do what was asked. No variant contains input from the caller.
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

        impl SelfsameError {
            fn refuses(&self) -> bool {
                match self {
                    Self::Busy { retry_after: None } => true,
                    $(
                        $(Self::$variant { .. } => is_refusal!($of),)*
                        $($(Self::$here { .. } => false,)*)?
                    )*
                }
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
                    // A test holds that every error of the core has a row here.
                    _ => Self::Defect,
                }
            }
        }

        #[cfg(test)]
        const ROWS: &[&str] = &[$(
            $(stringify!($variant),)*
            $($(stringify!($here),)*)?
        )*];
    };
}

/// Names an error of the core by its path there.
macro_rules! in_core {
    (Refusal $($variant:tt)*) => { Error::Refused(Refusal::$($variant)*) };
    (OpenProblem $($variant:tt)*) => { Error::Open(OpenProblem::$($variant)*) };
    (Error $($variant:tt)*) => { Error::$($variant)* };
}

macro_rules! is_refusal {
    (Refusal) => {
        true
    };
    ($of:ident) => {
        false
    };
}

fn busy(retry_after: Option<Duration>) -> Error {
    retry_after.map_or(Error::Refused(Refusal::Busy), |retry_after| Error::Busy { retry_after })
}

errors! {
    from Refusal {
        /// The account already has this identity or address. Nothing changed.
        AlreadyYours,
        /// The assertion does not prove what it says. Sign in at the provider again.
        AssertionRejected {
            /// What is wrong with the assertion.
            reason: AssertionProblem,
        },
    }
    and {
        /// The store is busy, or one of its limits is reached. Nothing was done. Try again.
        Busy {
            /// How long to wait before the next try: a duration, like `Retry-After` in HTTP. Absent if unknown.
            retry_after: Option<Duration>,
        } => busy(*retry_after),
    }
    from Refusal {
        /// The flow has ended or never existed. Start again.
        FlowExpired,
        /// Another account, or another product of this account, has the identifier.
        IdentifierInUse,
        /// Another account has the identity.
        IdentityInUse,
        /// The code is wrong, used, void or expired. Ask for another.
        InvalidCode,
        /// The credentials are wrong. The error deliberately does not tell whether an account exists.
        InvalidCredentials,
        /// The text is not an email address that the engine accepts.
        InvalidEmail {
            /// What is wrong with the address.
            reason: EmailProblem,
        },
        /// The text is not usable as a password.
        InvalidPassword {
            /// The rule that the password breaks.
            rule: PasswordRule,
        },
        /// The text is not a key set that can verify signatures. Nothing changed.
        InvalidKeys {
            /// What is wrong with the key set.
            reason: KeysProblem,
        },
        /// The text cannot be shown to somebody.
        InvalidText {
            /// Which text.
            field: TextField,
            /// What is wrong with the text.
            reason: TextProblem,
        },
        /// The policy requires a second factor, so it can be replaced but not turned off.
        LastFactor,
        /// This is the last sign-in method that works. Add another one first.
        LastMethod,
        /// The account or the address has reached a limit of the policy.
        LimitReached,
        /// The provider's keys are missing or too old, or the signing key is not among them. Set the
        /// provider's key set again and present the same token again.
        NeedsKeys {
            /// The provider's issuer, as in the policy.
            issuer: String,
        },
        /// The step or the account does not allow this now. Look at the step or the account.
        NotOffered,
        /// The account was recovered a short time ago, so the act must wait.
        OnHold {
            /// When the hold ends.
            until: Timestamp,
        },
        /// The passkey's answer is not accepted. A sign-in tells only one reason: the backup eligibility has changed. Then
        /// the owner signs in in another way, and adds the passkey anew.
        PasskeyRejected {
            /// What is wrong with the answer.
            reason: PasskeyProblem,
        },
        /// The act needs a fresher proof. Reauthenticate.
        ReauthenticationRequired {
            /// The accepted proofs of the first factor.
            accepted: Vec<Accepted>,
        },
        /// The session has ended. Sign in again.
        SessionEnded,
        /// There were too many failures of this caller, or of all strangers if the caller presents no
        /// recognition. Wait.
        Throttled {
            /// When the next attempt is accepted: a point in time. Absent if the factor is locked.
            retry_at: Option<Timestamp>,
        },
        /// It is too early for this. Ask again later.
        TooEarly {
            /// When to ask again.
            at: Timestamp,
        },
        /// The undo code is invalid or has expired.
        UndoExpired,
        /// There is no such account. Only the host and support get this error.
        UnknownAccount,
        /// The policy has no such product.
        UnknownProduct,
        /// The account has no such open request. Only the host gets this error.
        UnknownRequest,
        /// The policy has no such provider for this kind of assertion.
        UnknownProvider,
    }
    from OpenProblem {
        /// There is no file. Create one.
        NotFound,
        /// There is a file already. Open it.
        AlreadyExists,
        /// Another process or engine has the file open.
        AlreadyOpen,
        /// The file is not a store.
        NotAStore,
        /// A newer release wrote the file.
        NewerFormat,
        /// The key or passphrase does not fit the file.
        WrongKey,
        /// The passphrase of a new key is empty, or has a character that Unicode has not assigned. Choose
        /// another.
        InvalidPassphrase,
        /// The keystore does not give its key now. Unlock the device or ask the person again, then call
        /// again.
        KeyLocked,
        /// The keystore does not have the key of this store. Open the store with a copy of the key. The file
        /// stays.
        KeyLost,
        /// The keystore made the key unusable because biometrics or screen lock changed. Do the same as for
        /// `KeyLost`.
        KeyChanged,
        /// The file is older than the anchor's value. Restore the latest copy, or let the person decide
        /// (`adopt_file`).
        RolledBack,
        /// The file has an anchor. Either no anchor was given, or the given one is empty.
        AnchorMissing,
    }
    from Error {
        /// The file is damaged. Restore a backup.
        Damaged,
    }
    and {
        /// The machine's storage failed. Nothing was done.
        Storage {
            /// The kind of error that the machine reported.
            kind: String,
        } => format_args!("storage refused, nothing was done: {kind}"),
    }
    from Error {
        /// Storage failed, and the engine cannot find out whether the act was done. Open the store again.
        Unknown,
        /// An earlier failure broke the store. Open it again.
        Broken,
        /// The engine was closed, and with it all objects that it has given out. Use an engine that is open.
        Closed,
        /// The anchor did not answer. Nothing was done. Try again.
        Anchor,
        /// This process was forked from the one that opened the store. Nothing was done. Open the store in this
        /// process, after the fork.
        ForkedProcess,
        /// The machine cannot do this: it has no randomness, or too little memory for a password hash.
        Machine,
        /// A defect of the engine. Please report it.
        Defect,
    }
    and {
        /// The text has half of a surrogate pair, so it is not Unicode. The package refuses it by itself.
        InvalidUnicode => "a text has half of a surrogate pair, so it is not Unicode; ask for the text again",
        /// The text is not an id. An id is the text of a UUID.
        InvalidId => selfsame::InvalidId,
        /// The text is not a token from an engine.
        InvalidToken => selfsame::InvalidToken,
        /// The text is not a short name: 1 to 32 of `a-z`, `0-9` and `-`.
        InvalidShortName => "a short name is 1 to 32 of a-z, 0-9 and -",
        /// The text is not a customer reference: 1 to 255 bytes.
        InvalidCustomerRef => "a customer reference has 1 to 255 bytes",
        /// The host key does not have 32 bytes.
        InvalidHostKey => "a host key has 32 bytes",
        /// A setting of the policy is out of bounds.
        InvalidPolicy {
            /// The setting.
            setting: String,
        } => format_args!("policy: {setting} is out of bounds"),
    }
}

#[uniffi::export]
impl SelfsameError {
    /// Returns the error's name, which is the same in every language and release.
    pub fn code(&self) -> String {
        self.name().to_owned()
    }

    /// Returns whether the engine refused what was asked: the person or the caller can then do what the error
    /// says. Any other error is for the program: try again, open the store again, or stop.
    pub fn is_refusal(&self) -> bool {
        self.refuses()
    }

    /// Returns what happened and what to do, in English, for a log.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_error_of_the_core_crosses() {
        for code in [Error::CODES, Refusal::CODES, OpenProblem::CODES].concat() {
            assert!(ROWS.contains(&code), "{code} has no row, so callers would get Defect");
        }
    }

    #[test]
    fn a_refusal_of_the_core_is_one_here() {
        let refusals = [Refusal::Busy, Refusal::InvalidCredentials, Refusal::Throttled { retry_at: None }];
        for refusal in refusals {
            assert!(SelfsameError::from(refusal).is_refusal());
        }
        let busy = Error::Busy { retry_after: Duration::from_secs(1) };
        for fault in [busy, Error::Damaged, Error::Open(OpenProblem::WrongKey), Error::Unknown] {
            assert!(!SelfsameError::from(fault).is_refusal());
        }
        assert!(!SelfsameError::InvalidToken.is_refusal());
    }
}
