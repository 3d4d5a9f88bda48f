//! What a step has to know of the store, said in one place: the shell loads it and nothing else.

use super::facts::Input;
use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, SessionId};
use crate::records::assertion::Asserted;
use crate::records::flow::{Arrival, Entry, Newcomer, Proving, Purpose, Resetting, State, Verifying};
use crate::records::identifier::Identifier;
use crate::records::mailed_code::CodePurpose;
use crate::records::undo::UndoHash;

/// The facts that a state, and the answer to it, want.
#[derive(Default)]
pub(crate) struct Needs<'a> {
    /// The account that the state names.
    pub(crate) account: Option<AccountId>,
    /// The session of that account which the flow lives and dies with.
    pub(crate) session: Option<SessionId>,
    /// Who holds this identifier.
    pub(crate) holder: Option<Identifier>,
    /// Who has this address verified.
    pub(crate) sharing: Option<&'a EmailAddress>,
    /// What is known of messages of this purpose to this address.
    pub(crate) mail: Option<(CodePurpose, &'a EmailAddress)>,
    /// The undo of this code, and its neighbours.
    pub(crate) undo: Option<UndoHash>,
}

impl State {
    /// The facts that the state and the answer to it want. No arm takes in several states by a wildcard, so
    /// that a new state does not compile before it says what it wants.
    pub(crate) fn needs<'a>(&'a self, input: Option<&'a Input>) -> Needs<'a> {
        match self {
            Self::Present { .. } => match input {
                Some(Input::Present { asserted, .. }) => {
                    let mail = asserted.email.as_ref().map(|email| (CodePurpose::AddressProof, email));
                    Needs { mail, ..Needs::of_identity(asserted) }
                }
                _ => Needs::default(),
            },
            Self::VerifyEmail(Verifying { newcomer, proving }) => Needs {
                mail: Some(proving.goes_to(input)),
                sharing: Some(&proving.email),
                ..Needs::of_newcomer(newcomer)
            },
            Self::ConfirmCreate(arrival) => {
                let mail = arrival.newcomer.email().map(|email| (CodePurpose::AddressProof, email));
                Needs { mail, ..Needs::of_arrival(arrival) }
            }
            Self::LinkOrCreate { arrival, .. } => Needs::of_arrival(arrival),
            Self::ProveOwnership { arrival, candidate, .. } => {
                Needs { account: Some(*candidate), ..Needs::of_arrival(arrival) }
            }
            Self::Reset(Resetting { account, proving, .. }) => {
                let holder = match input {
                    Some(Input::CorrectAddress(email)) => Some(Identifier::PasswordEmail(email.clone())),
                    _ => None,
                };
                Needs {
                    account: Some(*account),
                    holder,
                    mail: Some(proving.goes_to(input)),
                    ..Needs::default()
                }
            }
            Self::Reauthenticate { account, session } => {
                Needs { account: Some(*account), session: Some(*session), ..Needs::default() }
            }
            Self::Adding { account, session, .. } => {
                let identity = match input {
                    Some(Input::Identity(asserted)) => Needs::of_identity(asserted),
                    _ => Needs::default(),
                };
                Needs { account: Some(*account), session: Some(*session), ..identity }
            }
            Self::Undo(undoing) => {
                Needs { account: Some(undoing.account), undo: Some(undoing.code), ..Needs::default() }
            }
            Self::SecondFactor(entry) | Self::NewPassword(entry) | Self::ConfirmRestore(entry) => {
                Needs::of_entry(entry)
            }
            Self::SignedIn { account, .. } => Needs { account: Some(*account), ..Needs::default() },
            Self::Done | Self::Ended => Needs::default(),
        }
    }
}

impl<'a> Needs<'a> {
    fn of_identity(asserted: &'a Asserted) -> Self {
        let holder = Some(Identifier::Identity(asserted.identity.clone()));
        Self { holder, sharing: asserted.email.as_ref().filter(|_| asserted.email_proven), ..Self::default() }
    }

    fn of_newcomer(newcomer: &Newcomer) -> Self {
        Self { holder: Some(newcomer.identifier()), ..Self::default() }
    }

    fn of_arrival(arrival: &'a Arrival) -> Self {
        Self { sharing: arrival.proven.as_ref(), ..Self::of_newcomer(&arrival.newcomer) }
    }

    fn of_entry(entry: &'a Entry) -> Self {
        let purpose = match &entry.purpose {
            Purpose::Link(arrival) => Self::of_arrival(arrival),
            Purpose::Reauthenticate { session, .. } => Self { session: Some(*session), ..Self::default() },
            Purpose::SignIn | Purpose::Reset => Self::default(),
        };
        Self { account: Some(entry.account), ..purpose }
    }
}

impl Proving {
    /// Where a code of the flow goes after this answer.
    fn goes_to<'a>(&'a self, input: Option<&'a Input>) -> (CodePurpose, &'a EmailAddress) {
        match input {
            Some(Input::CorrectAddress(corrected)) => (self.purpose, corrected),
            _ => (self.purpose, &self.email),
        }
    }
}
