//! A flow: one interaction that may need several steps and survives a restart (SPEC 2.10).

use serde::{Deserialize, Serialize};

use crate::crypto::password::StoredPassword;
use crate::ground::codec::Record;
use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, FlowId, SessionId};
use crate::ground::short_name::ProviderId;
use crate::ground::time::Timestamp;
use crate::records::account::Account;
use crate::records::identifier::Identifier;
use crate::records::mailed_code::{CodePurpose, CodeSlot};
use crate::records::proof::Proof;
use crate::records::provider::Identity;
use crate::records::session::Client;
use crate::records::step::SignInOutcome;
use crate::records::undo::Undoing;

/// A flow as it is stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Flow {
    pub(crate) id: FlowId,
    pub(crate) secret_hash: [u8; 32],
    /// The number of the step that it is at.
    pub(crate) number: u32,
    pub(crate) client: Client,
    pub(crate) expires_at: Timestamp,
    /// Whether an unknown key's name had the flow ask for the provider's keys anew, as it does once.
    pub(crate) asked_for_keys: bool,
    pub(crate) state: State,
}

impl Record for Flow {
    const VERSION: u8 = 1;
}

/// Where a flow is; each state holds what is known by then.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    Present {
        provider: ProviderId,
    },
    VerifyEmail(Verifying),
    ConfirmCreate(Arrival),
    LinkOrCreate {
        arrival: Arrival,
        offered: Vec<AccountId>,
    },
    ProveOwnership {
        arrival: Arrival,
        candidate: AccountId,
        place: u8,
    },
    Reset(Resetting),
    Reauthenticate {
        account: AccountId,
        session: SessionId,
    },
    /// An identity is to be added to the account of a session.
    Adding {
        account: AccountId,
        session: SessionId,
        provider: ProviderId,
    },
    Undo(Undoing),
    SecondFactor(Entry),
    NewPassword(Entry),
    ConfirmRestore(Entry),
    SignedIn {
        account: AccountId,
        session: SessionId,
        proof: Proof,
        outcome: SignInOutcome,
    },
    Done,
    Ended,
}

impl State {
    /// Whether it waits for a provider's word on who somebody is. A flow in a session, which its owner alone can
    /// begin, is not meant.
    pub(crate) fn is_at_provider(&self) -> bool {
        matches!(self, Self::Present { .. })
    }

    /// The address whose code the flow waits for.
    pub(crate) fn proving(&self) -> Option<&Proving> {
        match self {
            Self::VerifyEmail(Verifying { proving, .. }) | Self::Reset(Resetting { proving, .. }) => {
                Some(proving)
            }
            _ => None,
        }
    }

    pub(crate) fn proving_mut(&mut self) -> Option<&mut Proving> {
        match self {
            Self::VerifyEmail(Verifying { proving, .. }) | Self::Reset(Resetting { proving, .. }) => {
                Some(proving)
            }
            _ => None,
        }
    }
}

/// Somebody who has proven a first factor, on the way into an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) account: AccountId,
    pub(crate) proof: Proof,
    pub(crate) purpose: Purpose,
    /// A password that the person set on the way; it counts once they are in.
    pub(crate) new_password: Option<StoredPassword>,
}

impl Entry {
    pub(crate) fn new(account: &Account, proof: Proof, purpose: Purpose) -> Self {
        Self { account: account.id, proof, purpose, new_password: None }
    }
}

/// What the person comes in for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Purpose {
    /// A session.
    SignIn,
    /// To add to the account what they signed up with.
    Link(Arrival),
    /// To set a new password, because they forgot it.
    Reset,
    /// To renew the proof of a session that they are in.
    Reauthenticate {
        session: SessionId,
        /// The second factor is lost: the proof of the first is renewed alone (SPEC 9.7).
        first_only: bool,
    },
}

/// Somebody who forgot a password, or says so.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Resetting {
    /// Whose password the email is the identifier of. Where it is nobody's, it names no account, and all
    /// goes as if it did, to the size of the rows; but no code is right (SPEC 4.7).
    pub(crate) account: AccountId,
    pub(crate) is_nobody: bool,
    pub(crate) proving: Proving,
}

/// Somebody who is new here: what they sign up with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Registration {
    Password { email: EmailAddress, hash: StoredPassword },
    Federated { identity: Identity, handle: Option<String>, email: Option<EmailAddress> },
}

impl Registration {
    /// The address that comes with it.
    pub(crate) fn email(&self) -> Option<&EmailAddress> {
        match self {
            Self::Password { email, .. } => Some(email),
            Self::Federated { email, .. } => email.as_ref(),
        }
    }

    /// What it will be found by.
    pub(crate) fn identifier(&self) -> Identifier {
        match self {
            Self::Password { email, .. } => Identifier::PasswordEmail(email.clone()),
            Self::Federated { identity, .. } => Identifier::Identity(identity.clone()),
        }
    }

    pub(crate) fn is_password(&self) -> bool {
        matches!(self, Self::Password { .. })
    }

    pub(crate) fn with_address(self, corrected: &EmailAddress) -> Self {
        match self {
            Self::Password { hash, .. } => Self::Password { email: corrected.clone(), hash },
            federated @ Self::Federated { .. } => federated,
        }
    }
}

/// A newcomer whose address waits for its proof.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Verifying {
    pub(crate) registration: Registration,
    pub(crate) proving: Proving,
}

impl Verifying {
    /// An assertion's address may stay unproven; a password's is its identifier and may not (SPEC 2.3).
    pub(crate) fn can_skip(&self) -> bool {
        !self.registration.is_password()
    }
}

/// An address that a code goes to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proving {
    pub(crate) purpose: CodePurpose,
    pub(crate) email: EmailAddress,
    /// The living code, if one could be sent.
    pub(crate) code: Option<CodeSlot>,
    /// How many codes were sent.
    pub(crate) serial: u32,
}

impl Proving {
    pub(crate) fn new(purpose: CodePurpose, email: EmailAddress) -> Self {
        Self { purpose, email, code: None, serial: 0 }
    }
}

/// A newcomer on the way to an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Arrival {
    pub(crate) registration: Registration,
    /// The address that was proven.
    pub(crate) proven: Option<EmailAddress>,
    /// Candidates that were kept deleted (SPEC 3.5).
    pub(crate) left_out: Vec<AccountId>,
}
