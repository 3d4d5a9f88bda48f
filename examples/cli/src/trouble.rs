//! Why the program did not do it, and the code that it ends with.

use std::io;

use selfsame::{AssertionProblem, Error, OpenProblem, Refusal};
use selfsame_world::render;
use serde_json::{Value, json};

use crate::{calendar, policy};

/// Why the program did not do it.
pub(crate) enum Trouble {
    /// The engine says no.
    Engine(Error),
    /// The engine says no, and where it was asked says what to do.
    Advised(Error, &'static str),
    /// The engine says no, in other words than its own.
    Said(Error, String),
    /// The story went otherwise than told.
    Failed(String),
    /// It cannot be done as it was asked for.
    Unusable(String),
    /// There is no key that can be used.
    NoKey(String),
    /// The act is done, and a file that comes of it cannot be written or removed.
    State(String),
    /// Nobody reads on, or nothing can be written.
    Output(io::Error),
}

/// What the program ends with, for every `--help`.
pub(crate) const CODES: &str = "\
Exit codes:
  0  done, or the next step is shown
  1  refused by the rules; the sentence says what to do
  2  usage: the call cannot be made like this
  3  the store cannot be opened: no file, no store, a newer format, or the key
  4  the file is damaged, or the machine's storage or memory failed
  5  busy: the store is open elsewhere; try again";

impl Trouble {
    /// One of [`CODES`].
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

    /// One sentence, for the terminal.
    pub(crate) fn sentence(&self) -> String {
        match self {
            Self::Engine(error) => with_advice(error),
            Self::Advised(error, advice) => format!("{error}: {advice}"),
            Self::Said(_, why)
            | Self::Failed(why)
            | Self::Unusable(why)
            | Self::NoKey(why)
            | Self::State(why) => why.clone(),
            Self::Output(error) => format!("the answer cannot be written: {error}"),
        }
    }

    /// The same for a program that reads.
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

/// The engine's sentence, and what to type where that is known.
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
        Error::Refused(Refusal::LastMethod) => {
            "selfsame methods add PROVIDER, or selfsame password add EMAIL"
        }
        Error::Refused(Refusal::UnknownRequest) => "selfsame privacy open lists them",
        Error::Refused(Refusal::SessionEnded) => "selfsame sign-in EMAIL",
        Error::Refused(Refusal::UnknownProduct) => "there are grok and api",
        Error::Refused(Refusal::NeedsKeys { issuer }) => {
            let provider = policy::name_of(issuer);
            return format!("{error}: selfsame set-keys {provider} FILE, then bring the same token again");
        }
        Error::Refused(Refusal::InvalidKeys { .. }) => "the provider's own set is at its jwks_uri",
        Error::Refused(Refusal::UnknownProvider) => {
            "x and work take a statement; --google, --apple and --oidc let in those that take an ID token"
        }
        Error::Refused(Refusal::AssertionRejected { reason }) => match reason {
            AssertionProblem::Nonce => "selfsame step shows the nonce",
            AssertionProblem::Issuer | AssertionProblem::OtherProvider => "selfsame step names the provider",
            AssertionProblem::Audience => "--google, --apple and --oidc name the client id that it is for",
            AssertionProblem::UnknownKey => "or give its newest keys, selfsame set-keys PROVIDER FILE",
            _ => return error.to_string(),
        },
        Error::Open(OpenProblem::NotFound) => "selfsame init",
        _ => return error.to_string(),
    };
    format!("{error}: {advice}")
}

/// What to do where this refusal comes of this act; every other speaks for itself.
pub(crate) fn advising(
    is_it: impl Fn(&Refusal) -> bool,
    advice: &'static str,
) -> impl FnOnce(Error) -> Trouble {
    move |error| match &error {
        Error::Refused(refusal) if is_it(refusal) => Trouble::Advised(error, advice),
        _ => Trouble::Engine(error),
    }
}

/// What this refusal means where the act is no step of a flow; every other speaks for itself.
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
