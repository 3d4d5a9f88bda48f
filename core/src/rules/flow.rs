//! A flow: one interaction that may need several steps and survives a restart (SPEC 2.10).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::account::{Candidate, MethodKind};
use super::mail::CodeSlot;
use super::provider::{Assertion, Identity, ProviderId};
use super::session::{Aal, Amr, Client};
use crate::crypto::password::StoredPassword;
use crate::crypto::token::{FlowToken, SessionToken};
use crate::ground::codec::Record;
use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, FlowId, MethodId, SessionId};
use crate::ground::secret::Secret;
use crate::ground::time::Timestamp;

/// What a flow has come to: the step that the person is at.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Names the flow in the next answer. A sign-in that is done at once has none.
    pub flow: Option<FlowToken>,
    /// Which step this is; an answer names it, so that a repeated answer has no second effect.
    pub number: u32,
    /// The step.
    pub step: Step,
}

/// What the caller must do next, or that it is done.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Sign in at the provider and bring its assertion, made for this flow.
    PresentAssertion {
        /// The provider.
        provider: ProviderId,
        /// Which flow a host's statement has to name.
        flow: FlowId,
        /// Which nonce an ID token has to carry: give it to the provider.
        nonce: String,
        /// When it is too late.
        expires_at: Timestamp,
    },
    /// Prove the address by the code that was sent to it.
    VerifyEmail {
        /// The address, masked.
        to: String,
        /// Whether it can be left for later: the account is then made with the address unverified.
        can_skip: bool,
    },
    /// Nobody is known by this identity: say whether an account is to be made (SPEC 2.1).
    ConfirmCreate {
        /// The provider.
        provider: ProviderId,
        /// What the person is called there.
        handle: Option<String>,
    },
    /// Other accounts have the same verified email: a new account, or link to one of them (SPEC 2.4)?
    LinkOrCreate {
        /// The proven email.
        email: String,
        /// The accounts to choose from, earliest first.
        candidates: Vec<Candidate>,
        /// Whether a new account may be made.
        can_create: bool,
        /// Why it may not.
        blocked: Option<Blocked>,
    },
    /// Sign in to the chosen account with one of its own methods (SPEC 3.3).
    ProveOwnership {
        /// The account.
        candidate: Candidate,
        /// What will be added to it; nothing where the new password is dropped.
        adding: Option<Adding>,
        /// What counts as proof.
        accepted: Vec<Accepted>,
        /// Which nonce an ID token has to carry here, another than the one the flow began with.
        nonce: String,
    },
    /// The account is to be deleted: restore it, or keep it deleted (SPEC 9.2).
    ConfirmRestore {
        /// When deletion was asked for.
        requested_at: Timestamp,
        /// Until when it can be restored.
        purge_at: Timestamp,
    },
    /// It is done.
    SignedIn(SignedIn),
    /// The flow is over without a session.
    Ended,
}

impl Step {
    /// The step's name, the same in every language and release.
    pub fn code(&self) -> &'static str {
        match self {
            Self::PresentAssertion { .. } => "PresentAssertion",
            Self::VerifyEmail { .. } => "VerifyEmail",
            Self::ConfirmCreate { .. } => "ConfirmCreate",
            Self::LinkOrCreate { .. } => "LinkOrCreate",
            Self::ProveOwnership { .. } => "ProveOwnership",
            Self::ConfirmRestore { .. } => "ConfirmRestore",
            Self::SignedIn(_) => "SignedIn",
            Self::Ended => "Ended",
        }
    }
}

/// A session was opened.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SignedIn {
    /// The account.
    pub account: AccountId,
    /// The session.
    pub session: SessionId,
    /// The session's token: handed out once, and nothing where the answer was given before.
    pub token: Option<SessionToken>,
    /// How strongly it was proven.
    pub aal: Aal,
    /// How it was proven.
    pub amr: Vec<Amr>,
    /// When.
    pub auth_time: Timestamp,
    /// What else came of it.
    pub outcome: Arrived,
}

/// How a person arrived at the session.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Arrived {
    /// By signing in to an account of theirs.
    SignedIn,
    /// In a new account.
    Created,
    /// In an account that the new method was added to.
    Linked,
    /// In an account that is no longer to be deleted.
    Restored,
}

impl Arrived {
    /// The name, the same in every language and release.
    pub fn code(self) -> &'static str {
        match self {
            Self::SignedIn => "SignedIn",
            Self::Created => "Created",
            Self::Linked => "Linked",
            Self::Restored => "Restored",
        }
    }
}

/// Why no new account may be made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Blocked {
    /// Another account has a password with this email (SPEC 1.3).
    PasswordTaken,
    /// As many accounts as policy allows have this verified email (SPEC 1.6).
    TooManyAccounts,
}

impl Blocked {
    /// The name, the same in every language and release.
    pub fn code(self) -> &'static str {
        match self {
            Self::PasswordTaken => "PasswordTaken",
            Self::TooManyAccounts => "TooManyAccounts",
        }
    }
}

/// What a link adds to the account.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Adding {
    /// A password with this email.
    Password {
        /// The email.
        email: String,
    },
    /// A federated identity.
    Federated {
        /// The provider.
        provider: ProviderId,
        /// What the person is called there.
        handle: Option<String>,
    },
}

/// A proof that a step takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Accepted {
    /// The account's password.
    Password,
    /// An assertion of an identity that the account has with this provider.
    Federated(ProviderId),
}

/// What the person wants with an identity that may be known or not (SPEC 2.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Intent {
    /// An account, new if need be.
    SignUp,
    /// Their account; a new one only when they say so.
    SignIn,
}

/// What the person answers to a step.
#[derive(Clone)]
pub enum Answer {
    /// The code from the message.
    Code(Secret),
    /// Leave the address unproven.
    Skip,
    /// Make an account.
    Confirm,
    /// A new account, separate from the others.
    CreateNew,
    /// Link to the candidate at this place of the prompt.
    LinkTo(u8),
    /// The password of the account to be proven.
    Password(Secret),
    /// An identity of the account to be proven.
    Assertion(Assertion),
    /// Restore the account.
    Restore,
    /// Leave the account to be deleted.
    KeepDeleted,
    /// Send another code.
    Resend,
    /// It is another address: begin its proof anew.
    CorrectAddress(String),
    /// Leave the flow.
    Cancel,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Code(_) => "Code",
            Self::Skip => "Skip",
            Self::Confirm => "Confirm",
            Self::CreateNew => "CreateNew",
            Self::LinkTo(_) => "LinkTo",
            Self::Password(_) => "Password",
            Self::Assertion(_) => "Assertion",
            Self::Restore => "Restore",
            Self::KeepDeleted => "KeepDeleted",
            Self::Resend => "Resend",
            Self::CorrectAddress(_) => "CorrectAddress",
            Self::Cancel => "Cancel",
        })
    }
}

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
    Present { provider: ProviderId },
    VerifyEmail(Verifying),
    ConfirmCreate(Arrival),
    LinkOrCreate { arrival: Arrival, offered: Vec<AccountId> },
    ProveOwnership { arrival: Arrival, candidate: AccountId, place: u8 },
    ConfirmRestore { account: AccountId, proof: Proof, link: Option<Arrival> },
    SignedIn { account: AccountId, session: SessionId, proof: Proof, outcome: Arrived },
    Ended,
}

/// Somebody who is new here: what they sign up with.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Newcomer {
    Password { email: EmailAddress, hash: StoredPassword },
    Federated { identity: Identity, handle: Option<String>, email: Option<EmailAddress> },
}

/// A newcomer whose address waits for its proof.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Verifying {
    pub(crate) newcomer: Newcomer,
    pub(crate) email: EmailAddress,
    /// The living code, if one could be sent.
    pub(crate) code: Option<CodeSlot>,
    /// How many codes were sent.
    pub(crate) serial: u32,
}

/// A newcomer on the way to an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Arrival {
    pub(crate) newcomer: Newcomer,
    /// The address that was proven.
    pub(crate) proven: Option<EmailAddress>,
    /// Candidates that were kept deleted (SPEC 3.5).
    pub(crate) left_out: Vec<AccountId>,
}

/// A first factor that was proven.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proof {
    pub(crate) method: MethodId,
    pub(crate) kind: MethodKind,
    pub(crate) at: Timestamp,
}

impl Proof {
    pub(crate) fn amr(&self) -> Vec<Amr> {
        match self.kind {
            MethodKind::Password => vec![Amr::Pwd],
            MethodKind::Federated => Vec::new(),
        }
    }
}
