//! A flow: one interaction that may need several steps and survives a restart (SPEC 2.10).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::crypto::password::StoredPassword;
use crate::crypto::totp::TotpSecret;
use crate::ground::codec::Record;
use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, FlowId, SessionId};
use crate::ground::short_name::ProviderId;
use crate::ground::time::Timestamp;
use crate::records::account::Account;
use crate::records::caller::{Caller, ShareKey};
use crate::records::identifier::Identifier;
use crate::records::mailed_code::{CodePurpose, CodeSlot};
use crate::records::mfa::NewFactor;
use crate::records::passkey::UserHandle;
use crate::records::proof::{NewPassword, Proof};
use crate::records::provider::Identity;
use crate::records::step::SignInOutcome;
use crate::records::undo::Undoing;

/// How long a flow lives from its last step on (SPEC 2.10).
pub(crate) const FLOW_LIFE: Duration = Duration::from_secs(15 * 60);

/// A flow as it is stored.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FlowRecord {
    pub(crate) id: FlowId,
    pub(crate) secret_hash: [u8; 32],
    /// The number of the current step.
    pub(crate) number: u32,
    pub(crate) caller: Caller,
    pub(crate) expires_at: Timestamp,
    /// Whether the flow has asked for the provider's keys because of an unknown key. It asks only once.
    pub(crate) asked_for_keys: bool,
    pub(crate) state: State,
}

impl Record for FlowRecord {
    const VERSION: u8 = 1;
}

/// The state of a flow, with everything known by then.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    Present {
        provider: ProviderId,
    },
    /// The flow waits for a passkey's answer.
    Passkey {
        /// The account whose passkeys the request lists, because its caller is recognised.
        listed: Option<AccountId>,
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
    /// The flow adds an identity to the account of a session.
    Adding {
        account: AccountId,
        session: SessionId,
        provider: ProviderId,
    },
    /// The flow adds a passkey to the account of a session.
    AddingPasskey {
        account: AccountId,
        session: SessionId,
        user_handle: UserHandle,
    },
    Undo(Undoing),
    SecondFactor(Entry),
    NewPassword(Entry),
    ConfirmRestore(Entry),
    /// The person enrols the second factor that policy requires (SPEC 5.9).
    Enroll {
        entry: Entry,
        enrolling: Enrolling,
    },
    SignedIn {
        account: AccountId,
        session: SessionId,
        proof: Proof,
        outcome: SignInOutcome,
    },
    Done {
        /// Whether another account reserved the identity that the flow added (SPEC 7.6).
        was_reserved: bool,
        /// The identifiers that an undo left out, because other accounts have them now (SPEC 7.6).
        left_out: Vec<Identifier>,
    },
    Ended,
}

/// What a flow is for. Open flows of each kind have their own limit, so that nobody's sign-up blocks an
/// owner (SPEC 2.10).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum FlowKind {
    /// Signing in, also to a provider, and every flow in a session.
    SignIn,
    /// A new person who is not signed in yet.
    SignUp,
    Reset,
    Undo,
}

impl FlowKind {
    /// The number of kinds.
    pub(crate) const ALL: usize = 4;
}

/// The open flows of one kind that belong to one caller or, for strangers, to one origin.
pub(crate) struct OpenFlows {
    /// Whether they belong to a session or a recognition.
    pub(crate) is_known: bool,
    /// Oldest first.
    pub(crate) flows: Vec<FlowId>,
}

impl State {
    /// Returns what the flow is for. `None` if it has ended.
    pub(crate) fn kind(&self) -> Option<FlowKind> {
        match self {
            Self::Present { .. }
            | Self::Passkey { .. }
            | Self::Reauthenticate { .. }
            | Self::Adding { .. }
            | Self::AddingPasskey { .. } => Some(FlowKind::SignIn),
            Self::VerifyEmail(_)
            | Self::ConfirmCreate(_)
            | Self::LinkOrCreate { .. }
            | Self::ProveOwnership { .. } => Some(FlowKind::SignUp),
            Self::Reset(_) => Some(FlowKind::Reset),
            Self::Undo(_) => Some(FlowKind::Undo),
            Self::SecondFactor(entry)
            | Self::NewPassword(entry)
            | Self::ConfirmRestore(entry)
            | Self::Enroll { entry, .. } => Some(match entry.purpose {
                Purpose::SignIn | Purpose::Reauthenticate { .. } => FlowKind::SignIn,
                Purpose::Link(_) | Purpose::Created => FlowKind::SignUp,
                Purpose::Reset => FlowKind::Reset,
            }),
            Self::SignedIn { .. } | Self::Done { .. } | Self::Ended => None,
        }
    }

    /// Returns the sign-in whose first factor is proven.
    pub(crate) fn entry(&self) -> Option<&Entry> {
        match self {
            Self::SecondFactor(entry)
            | Self::NewPassword(entry)
            | Self::ConfirmRestore(entry)
            | Self::Enroll { entry, .. } => Some(entry),
            _ => None,
        }
    }

    /// Returns the address whose code the flow waits for.
    pub(crate) fn proving(&self) -> Option<&Proving> {
        match self {
            Self::VerifyEmail(Verifying { proving, .. })
            | Self::Reset(Resetting { proving, .. })
            | Self::Enroll { enrolling: Enrolling::Contact(proving), .. } => Some(proving),
            _ => None,
        }
    }

    pub(crate) fn proving_mut(&mut self) -> Option<&mut Proving> {
        match self {
            Self::VerifyEmail(Verifying { proving, .. })
            | Self::Reset(Resetting { proving, .. })
            | Self::Enroll { enrolling: Enrolling::Contact(proving), .. } => Some(proving),
            _ => None,
        }
    }
}

/// A person who has proven a first factor and is signing in to an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) account: AccountId,
    pub(crate) proof: Proof,
    pub(crate) purpose: Purpose,
    /// A password that the person set on the way. It takes effect once they are signed in.
    pub(crate) new_password: Option<NewPassword>,
    /// Whether the person has chosen to restore the account.
    pub(crate) restores: bool,
    /// The second factor that the person enrolled in this flow. It is turned on when the session opens (SPEC 5.9).
    pub(crate) factor: Option<NewFactor>,
    /// The identifiers that the undo of this flow left out, because other accounts have them now (SPEC 7.6).
    pub(crate) left_out: Vec<Identifier>,
}

impl Entry {
    pub(crate) fn new(account: &Account, proof: Proof, purpose: Purpose) -> Self {
        Self {
            account: account.id,
            proof,
            purpose,
            new_password: None,
            restores: false,
            factor: None,
            left_out: Vec::new(),
        }
    }

    /// Returns the email of the password that a new one replaces or becomes.
    pub(crate) fn password_email<'a>(&'a self, account: &'a Account) -> Option<&'a EmailAddress> {
        match &self.purpose {
            Purpose::Link(arrival) => arrival.registration.email(),
            _ => account.password().map(|(_, email, ..)| email),
        }
    }

    /// Returns when the link that the person signs in for expires.
    pub(crate) fn link_until(&self) -> Option<Timestamp> {
        match &self.purpose {
            Purpose::Link(arrival) => arrival.link_until,
            _ => None,
        }
    }
}

/// The state of an enrolment of the second factor that policy requires (SPEC 5.9).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Enrolling {
    /// A code goes to the account's contact.
    Contact(Proving),
    /// The app has the secret. The flow waits for the app's first code.
    App { secret: TotpSecret, wrong: u8 },
    /// The flow waits until the person has saved the recovery codes.
    Codes(NewFactor),
}

/// Why the person signs in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Purpose {
    /// The person wants a session.
    SignIn,
    /// The person wants a session on the account that this flow has made.
    Created,
    /// The person wants to add what they signed up with to the account.
    Link(Box<Arrival>),
    /// The person forgot the password and wants to set a new one.
    Reset,
    /// The person wants to renew the proof of their session.
    Reauthenticate {
        session: SessionId,
        /// Whether only the proof of the first factor is renewed, because the second is lost (SPEC 9.7).
        first_only: bool,
    },
}

/// A person who says that they forgot a password.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Resetting {
    /// The account whose password has this email as its identifier. If there is none, this id names no
    /// account. Everything then goes the same way, down to the size of the rows, but no code is right
    /// (SPEC 4.7).
    pub(crate) account: AccountId,
    pub(crate) is_nobody: bool,
    pub(crate) proving: Proving,
}

/// The password or identity that a new person signs up with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Registration {
    Password {
        email: EmailAddress,
        hash: StoredPassword,
    },
    Federated {
        identity: Identity,
        handle: Option<String>,
        email: Option<EmailAddress>,
        /// How old the proof of the identity is (SPEC 6.4).
        at: Timestamp,
    },
}

impl Registration {
    /// Returns the address that comes with it.
    pub(crate) fn email(&self) -> Option<&EmailAddress> {
        match self {
            Self::Password { email, .. } => Some(email),
            Self::Federated { email, .. } => email.as_ref(),
        }
    }

    /// Returns the identifier that it will have.
    pub(crate) fn identifier(&self) -> Identifier {
        match self {
            Self::Password { email, .. } => Identifier::PasswordEmail(email.clone()),
            Self::Federated { identity, .. } => Identifier::Identity(identity.clone()),
        }
    }

    /// Replaces the password, if it is one.
    pub(crate) fn set_password(&mut self, new: StoredPassword) {
        if let Self::Password { hash, .. } = self {
            *hash = new;
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

/// A new person who must prove an address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Verifying {
    pub(crate) registration: Registration,
    pub(crate) proving: Proving,
}

impl Verifying {
    /// Returns whether the address may stay unproven. The address of an assertion may. The address of a
    /// password may not, because it is the password's identifier (SPEC 2.3).
    pub(crate) fn can_skip(&self) -> bool {
        !self.registration.is_password()
    }
}

/// An address that a code goes to.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proving {
    pub(crate) purpose: CodePurpose,
    pub(crate) email: EmailAddress,
    /// The code that can be typed.
    pub(crate) code: Option<CodeSlot>,
    /// The code whose message waits for the time that the pace allows. It replaces the other once the host has
    /// fetched its message.
    pub(crate) queued: Option<CodeSlot>,
    /// The share of flows at the address in which this flow counts (SPEC 12.7).
    pub(crate) share: ShareKey,
}

impl Proving {
    pub(crate) fn new(purpose: CodePurpose, email: EmailAddress) -> Self {
        Self { purpose, email, code: None, queued: None, share: ShareKey::default() }
    }
}

/// A new person on the way to an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Arrival {
    pub(crate) registration: Registration,
    /// The address that was proven.
    pub(crate) proven: Option<EmailAddress>,
    /// Candidate accounts that the person left to be deleted (SPEC 3.5).
    pub(crate) left_out: Vec<AccountId>,
    /// When the link to the chosen candidate expires. No later step renews it (SPEC 3.2).
    pub(crate) link_until: Option<Timestamp>,
}

impl Arrival {
    pub(crate) fn new(registration: Registration, proven: Option<EmailAddress>) -> Self {
        Self { registration, proven, left_out: Vec::new(), link_until: None }
    }
}
