//! Errors, and the exit code for each.

use std::io;

use selfsame::{AssertionProblem, Error, OpenProblem, Refusal};
use selfsame_world::render;
use serde_json::{Value, json};

use crate::{calendar, policy};

/// An error.
pub(crate) enum Trouble {
    /// The engine refused or failed.
    Engine(Error),
    /// The engine refused or failed, with advice for this command.
    Advised(Error, &'static str),
    /// The engine refused, with a text that replaces the engine's.
    Said(Error, String),
    /// An answer differs from the story, or lines of an import were refused.
    Failed(String),
    /// The call cannot work with this input.
    Unusable(String),
    /// There is no usable key.
    NoKey(String),
    /// The action is done, but a file of it cannot be written or removed.
    State(String),
    /// The output is closed or cannot be written.
    Output(io::Error),
}

/// The exit codes, for every `--help`.
pub(crate) const CODES: &str = "\
Exit codes:
  0  done, or the next step is shown
  1  refused by the engine; the message says what to do
  2  usage: the call cannot work with this input
  3  the store cannot be opened: missing file, not a store, newer format, or wrong key
  4  the file is damaged, or storage or memory failed
  5  busy: another process has the store open; try again";

impl Trouble {
    /// Returns one of [`CODES`].
    pub(crate) fn exit_code(&self) -> u8 {
        match self {
            Self::Engine(error) | Self::Advised(error, _) | Self::Said(error, _) => Self::code_of(error),
            Self::Failed(_) => 1,
            Self::Unusable(_) => 2,
            Self::NoKey(_) => 3,
            Self::State(_) | Self::Output(_) => 4,
        }
    }

    fn code_of(error: &Error) -> u8 {
        match error {
            Error::Refused(_) => 1,
            Error::Busy { .. } | Error::Open(OpenProblem::AlreadyOpen) => 5,
            Error::Open(_) => 3,
            _ => 4,
        }
    }

    /// Returns the message for people.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Engine(error) => with_advice(error),
            Self::Advised(error, advice) => format!("{error}: {advice}"),
            Self::Said(_, why)
            | Self::Failed(why)
            | Self::Unusable(why)
            | Self::NoKey(why)
            | Self::State(why) => why.clone(),
            Self::Output(error) => format!("cannot write the answer: {error}"),
        }
    }

    /// Returns the JSON for programs.
    pub(crate) fn value(&self) -> Value {
        let name = match self {
            Self::Engine(error) | Self::Advised(error, _) | Self::Said(error, _) => {
                return render::shown(error);
            }
            Self::Failed(_) => "Failed",
            Self::Unusable(_) => "Usage",
            Self::NoKey(_) => "NoKey",
            Self::State(_) => "State",
            Self::Output(_) => "Output",
        };
        json!({ "failed": name })
    }
}

/// The engine's text, with the command to type next if there is one.
fn with_advice(error: &Error) -> String {
    let advice = match error {
        Error::Refused(Refusal::Throttled { retry_at: Some(at) }) => {
            return format!("{error}, at {} UTC", calendar::moment(at.as_millis()));
        }
        Error::Refused(Refusal::InvalidCode) => "selfsame answer resend",
        Error::Refused(Refusal::NotOffered) => "selfsame step",
        Error::Refused(Refusal::FlowExpired) => {
            "selfsame sign-up EMAIL, or selfsame begin-federated PROVIDER"
        }
        Error::Refused(Refusal::OnHold { until }) => {
            return format!("{error}, until {} UTC", calendar::moment(until.as_millis()));
        }
        Error::Refused(Refusal::TooEarly { at }) => {
            return format!("{error} until {} UTC", calendar::moment(at.as_millis()));
        }
        Error::Refused(Refusal::ReauthenticationRequired { .. }) => "selfsame reauthenticate",
        Error::Refused(Refusal::LastFactor) => "selfsame mfa enroll",
        Error::Refused(Refusal::LastMethod) => {
            "selfsame methods add PROVIDER, or selfsame password add EMAIL"
        }
        Error::Refused(Refusal::UnknownRequest) => "selfsame privacy list-open",
        Error::Refused(Refusal::SessionEnded) => "selfsame sign-in EMAIL",
        Error::Refused(Refusal::UnknownProduct) => "the products are grok and api",
        Error::Refused(Refusal::NeedsKeys { issuer }) => {
            let provider = policy::name_of(issuer);
            return format!("{error}: selfsame set-keys {provider} FILE, then give the same token again");
        }
        Error::Refused(Refusal::InvalidKeys { .. }) => "use the set at the provider's jwks_uri",
        Error::Refused(Refusal::UnknownProvider) => {
            "x and work take a statement; --google, --apple and --oidc enable providers of ID tokens"
        }
        Error::Refused(Refusal::AssertionRejected { reason }) => match reason {
            AssertionProblem::Nonce => "selfsame step shows the nonce",
            AssertionProblem::Issuer | AssertionProblem::OtherProvider => "selfsame step names the provider",
            AssertionProblem::Audience => "--google, --apple and --oidc set the client id",
            AssertionProblem::UnknownKey => "or set its newest keys: selfsame set-keys PROVIDER FILE",
            _ => return error.to_string(),
        },
        Error::Open(OpenProblem::NotFound) => "selfsame init",
        _ => return error.to_string(),
    };
    format!("{error}: {advice}")
}

/// Adds advice to one refusal. Other errors keep their text.
pub(crate) fn advising(
    is_it: impl Fn(&Refusal) -> bool,
    advice: &'static str,
) -> impl FnOnce(Error) -> Trouble {
    move |error| match &error {
        Error::Refused(refusal) if is_it(refusal) => Trouble::Advised(error, advice),
        _ => Trouble::Engine(error),
    }
}

/// Replaces the text of one refusal. Other errors keep their text.
pub(crate) fn otherwise(refused: &'static Refusal, means: &'static str) -> impl FnOnce(Error) -> Trouble {
    move |error| match &error {
        Error::Refused(refusal) if refusal == refused => Trouble::Said(error, means.into()),
        _ => Trouble::Engine(error),
    }
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Engine(error)
    }
}

impl From<Refusal> for Trouble {
    fn from(refusal: Refusal) -> Self {
        Self::Engine(refusal.into())
    }
}

impl From<io::Error> for Trouble {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}
