//! The engine's only error type. Its variants say what the caller does next.

use std::fmt;
use std::time::Duration;

use crate::crypto::cost::HashFailed;
use crate::ground::entropy::EntropyFailed;
#[cfg(feature = "json")]
use crate::ground::json::Millis;
use crate::ground::named::worded;
use crate::records::refusal::Refusal;
use crate::store::port::StoreError;
use crate::store::process::ForkedProcess;

/// Why the engine did not do what was asked. No variant contains input from the caller.
///
/// ```
/// # let engine = selfsame::Engine::in_memory(selfsame::Policy::default(), selfsame::Environment::system())?;
/// # let password = selfsame::Secret::from("seven green bicycles");
/// # let client = selfsame::Client::on("laptop");
/// use selfsame::Error;
///
/// match engine.sign_in("ada@example.org", &password, &client) {
///     Ok(flow) => println!("next step: {}", flow.step.code()),
///     Err(Error::Refused(refusal)) => println!("{refusal}"),
///     Err(Error::Busy { retry_after }) => println!("Try again in {retry_after:?}."),
///     Err(other) => println!("Something is wrong with the store: {}", other.code()),
/// }
/// # let wrong = engine.sign_in("ada@example.org", &password, &client).map_err(|error| error.code());
/// # assert_eq!(wrong.map(|_| ()), Err("InvalidCredentials"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Error {
    /// The rules refused the call. Do what the refusal says.
    Refused(Refusal),
    /// The store is busy. Nothing was done. Try again.
    Busy {
        /// How long to wait before the next try.
        retry_after: Duration,
    },
    /// The file cannot be opened. Check the path and the key. The file was not changed.
    Open(OpenProblem),
    /// The file is damaged. Restore a backup.
    Damaged,
    /// The machine's storage failed. Nothing was done.
    Storage {
        /// The kind of error that the machine reported.
        kind: std::io::ErrorKind,
    },
    /// The machine's storage failed, and the engine cannot find out whether the act was done. Open the store
    /// again and check.
    Unknown,
    /// An earlier failure broke the store. Open it again.
    Broken,
    /// The host has closed the engine ([`Engine::close`](crate::Engine::close)). Use an engine that is open.
    Closed,
    /// The host's anchor did not answer. Nothing was done. Try again.
    Anchor,
    /// This process was forked from the one that opened the store. Nothing was done. Open the store in this process,
    /// after the fork.
    ForkedProcess,
    /// The machine cannot do this: it has no randomness, or too little memory for a password hash.
    Machine,
    /// A defect of this engine: an act that is larger than a store's limits, or a call from inside another
    /// call.
    Defect,
}

impl Error {
    /// The names of the errors that are neither a [`Refusal`] nor an [`OpenProblem`].
    pub const CODES: &'static [&'static str] = &[
        "Busy",
        "Damaged",
        "Storage",
        "Unknown",
        "Broken",
        "Closed",
        "Anchor",
        "ForkedProcess",
        "Machine",
        "Defect",
    ];

    /// Returns the error's name, the same in every language and release. For a refusal, returns the refusal's
    /// name.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::Busy { .. } => "Busy",
            Self::Open(problem) => problem.code(),
            Self::Damaged => "Damaged",
            Self::Storage { .. } => "Storage",
            Self::Unknown => "Unknown",
            Self::Broken => "Broken",
            Self::Closed => "Closed",
            Self::Anchor => "Anchor",
            Self::ForkedProcess => "ForkedProcess",
            Self::Machine => "Machine",
            Self::Defect => "Defect",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Busy { .. } => f.write_str("too many calls at once; try again"),
            Self::Open(problem) => problem.fmt(f),
            Self::Damaged => f.write_str("the file is damaged; restore a backup"),
            Self::Storage { kind } => write!(f, "storage failed, nothing was done: {kind}"),
            Self::Unknown => f.write_str(
                "storage failed while writing; open the store again to find out whether the act was done",
            ),
            Self::Broken => f.write_str("an earlier failure broke the store; open it again"),
            Self::Closed => f.write_str("the engine was closed; use an engine that is open"),
            Self::Anchor => f.write_str("the anchor did not answer and nothing was done; try again"),
            Self::ForkedProcess => f.write_str(
                "this process was forked from the one that opened the store; open the store in this process, after the fork",
            ),
            Self::Machine => f.write_str("the machine has no randomness or not enough memory for a hash"),
            Self::Defect => f.write_str("internal error in the engine; please report it"),
        }
    }
}

impl std::error::Error for Error {}

/// The form of an error in JSON: a refusal, or what failed.
#[cfg(feature = "json")]
#[derive(serde::Serialize, schemars::JsonSchema)]
#[serde(untagged)]
enum Form {
    Refused(Refusal),
    Failed {
        /// The error's code.
        failed: &'static str,
        /// How long to wait before the next try, in milliseconds.
        #[serde(skip_serializing_if = "Option::is_none")]
        retry_after: Option<u64>,
        /// The kind of error that the machine reported, in words.
        #[serde(skip_serializing_if = "Option::is_none")]
        kind: Option<String>,
    },
}

#[cfg(feature = "json")]
impl serde::Serialize for Error {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let failed = self.code();
        let form = match self {
            Self::Refused(refusal) => Form::Refused(refusal.clone()),
            Self::Busy { retry_after } => {
                Form::Failed { failed, retry_after: Some(Millis::of(*retry_after)), kind: None }
            }
            Self::Storage { kind } => {
                Form::Failed { failed, retry_after: None, kind: Some(kind.to_string()) }
            }
            _ => Form::Failed { failed, retry_after: None, kind: None },
        };
        form.serialize(serializer)
    }
}

#[cfg(feature = "json")]
impl schemars::JsonSchema for Error {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Error".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        Form::json_schema(generator)
    }
}

worded! {
    /// Why a file cannot be opened or created.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
    pub enum OpenProblem {
        /// There is no file. Create one.
        NotFound => "there is no store at this path; create one";
        /// There is a file already. Open it.
        AlreadyExists => "the path already exists; open it or choose another path";
        /// Another process or engine has the file open.
        AlreadyOpen => "the store is already open; close it there first";
        /// The file is not a store.
        NotAStore => "the file is not a store";
        /// A newer release wrote the file.
        NewerFormat => "a newer release wrote the store; use that release";
        /// The key or passphrase does not fit the file.
        WrongKey => "the key does not match the store; open it with its own key or passphrase";
        /// The passphrase of a new key is empty, or has a character that Unicode has not assigned. Choose
        /// another.
        InvalidPassphrase =>
            "the passphrase is empty or has a character that Unicode does not assign; choose another";
        /// The keystore does not give its key now. Unlock the device or ask the person again, then call
        /// again.
        KeyLocked => "the keystore is locked; unlock it and try again";
        /// The keystore does not have the key of this store. Open the store with a copy of the key, or let
        /// the person start again in another place. The file stays.
        KeyLost => "the keystore has lost the key; open the store with a copy of the key";
        /// The keystore made the key unusable because biometrics or screen lock changed. Do the same as for
        /// [`Self::KeyLost`].
        KeyChanged => "the keystore has invalidated the key; open the store with a copy of the key";
        /// The file is older than the anchor's value. Restore the latest copy, or let the person decide
        /// ([`EngineOptions::adopt`](crate::EngineOptions::adopt)).
        RolledBack => "the file is an older copy; restore the latest one";
        /// The file has an anchor. Either no anchor was given, or the given one is empty.
        AnchorMissing => "the store has an anchor; open it with that anchor";
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound => Self::Open(OpenProblem::NotFound),
            StoreError::AlreadyExists => Self::Open(OpenProblem::AlreadyExists),
            StoreError::AlreadyOpen => Self::Open(OpenProblem::AlreadyOpen),
            StoreError::NotAStore => Self::Open(OpenProblem::NotAStore),
            StoreError::NewerFormat => Self::Open(OpenProblem::NewerFormat),
            StoreError::WrongKey => Self::Open(OpenProblem::WrongKey),
            StoreError::KeyLocked => Self::Open(OpenProblem::KeyLocked),
            StoreError::KeyLost => Self::Open(OpenProblem::KeyLost),
            StoreError::KeyChanged => Self::Open(OpenProblem::KeyChanged),
            StoreError::RolledBack => Self::Open(OpenProblem::RolledBack),
            StoreError::AnchorMissing => Self::Open(OpenProblem::AnchorMissing),
            StoreError::AnchorFailed => Self::Anchor,
            StoreError::ForkedProcess => Self::ForkedProcess,
            StoreError::Damaged => Self::Damaged,
            StoreError::Busy { retry_after } => Self::Busy { retry_after },
            // Other acts overtook this one every time.
            StoreError::Conflict => Self::Busy { retry_after: Duration::from_millis(100) },
            StoreError::Io(kind) => Self::Storage { kind },
            StoreError::Unknown => Self::Unknown,
            StoreError::Broken => Self::Broken,
            StoreError::Closed => Self::Closed,
            StoreError::NoEntropy => Self::Machine,
            StoreError::TooLarge | StoreError::Reentered => Self::Defect,
        }
    }
}

impl From<HashFailed> for Error {
    fn from(failed: HashFailed) -> Self {
        match failed {
            HashFailed::Busy { retry_after } => Self::Busy { retry_after },
            HashFailed::Unusable => Self::Machine,
        }
    }
}

impl From<ForkedProcess> for Error {
    fn from(_: ForkedProcess) -> Self {
        Self::ForkedProcess
    }
}

impl From<EntropyFailed> for Error {
    fn from(_: EntropyFailed) -> Self {
        Self::Machine
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_names_has_every_error_once() {
        let errors = [
            Error::Busy { retry_after: Duration::ZERO },
            Error::Damaged,
            Error::Storage { kind: std::io::ErrorKind::Other },
            Error::Unknown,
            Error::Broken,
            Error::Closed,
            Error::Anchor,
            Error::ForkedProcess,
            Error::Machine,
            Error::Defect,
        ];
        // A new variant does not compile here until it is in both lists.
        for error in &errors {
            match error {
                Error::Refused(_) | Error::Open(_) => {}
                Error::Busy { .. }
                | Error::Damaged
                | Error::Storage { .. }
                | Error::Unknown
                | Error::Broken
                | Error::Closed
                | Error::Anchor
                | Error::ForkedProcess
                | Error::Machine
                | Error::Defect => {}
            }
        }
        assert_eq!(errors.map(|error| error.code()), *Error::CODES);
    }
}
