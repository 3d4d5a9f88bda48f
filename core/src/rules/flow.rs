//! A flow: one interaction that may need several steps and survives a restart (SPEC 2.10).

use std::fmt;

use serde::{Deserialize, Serialize};

use super::account::{Candidate, MethodKind};
use super::mail::{CodePurpose, CodeSlot};
use super::provider::{Assertion, Identity, ProviderId};
use super::session::{Aal, Amr, Client};
use super::undo::Undoing;
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
    /// Prove the second factor too (SPEC 4.3).
    SecondFactor {
        /// What counts as proof.
        accepted: Vec<SecondFactor>,
        /// Whether the flow can go on without it: to renew the proof of the first factor alone, which is
        /// enough to ask for the account's deletion (SPEC 9.7).
        can_skip: bool,
    },
    /// Set a new password (SPEC 4.7, 4.10).
    NewPassword,
    /// Prove again that it is you, in a session that goes on (SPEC 6.4).
    Reauthenticate {
        /// What counts as proof of the first factor.
        accepted: Vec<Accepted>,
        /// Which nonce an ID token has to carry.
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
    /// It is done, and no session was opened by it.
    Done,
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
            Self::SecondFactor { .. } => "SecondFactor",
            Self::NewPassword => "NewPassword",
            Self::Reauthenticate { .. } => "Reauthenticate",
            Self::ConfirmRestore { .. } => "ConfirmRestore",
            Self::SignedIn(_) => "SignedIn",
            Self::Done => "Done",
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
    /// Whether a recovery code stood in for the second factor (SPEC 5.5).
    pub recovered: bool,
    /// How it was proven.
    pub amr: Vec<Amr>,
    /// When, the oldest proof where there are several.
    pub auth_time: Timestamp,
    /// Which kinds of methods let the owner in without a network. Where there are none, offer to add a
    /// password (SPEC 4.9).
    pub works_offline: Vec<MethodKind>,
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
    /// By a code that was mailed, and with a new password.
    Reset,
    /// In the session that they were in, which has another token now.
    Reauthenticated,
    /// By an undo code, and with a new password.
    Undone,
}

impl Arrived {
    /// The name, the same in every language and release.
    pub fn code(self) -> &'static str {
        match self {
            Self::SignedIn => "SignedIn",
            Self::Created => "Created",
            Self::Linked => "Linked",
            Self::Restored => "Restored",
            Self::Reset => "Reset",
            Self::Reauthenticated => "Reauthenticated",
            Self::Undone => "Undone",
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

/// A second factor (SPEC 5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum SecondFactor {
    /// A code of the authenticator app (RFC 6238).
    Totp,
    /// One of the recovery codes, in its place. It opens a recovered session (SPEC 5.5).
    RecoveryCode,
}

impl SecondFactor {
    /// The name, the same in every language and release.
    pub fn code(self) -> &'static str {
        match self {
            Self::Totp => "Totp",
            Self::RecoveryCode => "RecoveryCode",
        }
    }
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
    /// The code that the authenticator app shows.
    Totp(Secret),
    /// A recovery code, however it is grouped.
    RecoveryCode(Secret),
    /// The password from now on.
    NewPassword(Secret),
    /// Restore the account.
    Restore,
    /// Leave the account to be deleted.
    KeepDeleted,
    /// Leave the account to be deleted, and leave out the rest of the time to restore it (SPEC 10.3).
    EraseNow,
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
            Self::Totp(_) => "Totp",
            Self::RecoveryCode(_) => "RecoveryCode",
            Self::NewPassword(_) => "NewPassword",
            Self::Restore => "Restore",
            Self::KeepDeleted => "KeepDeleted",
            Self::EraseNow => "EraseNow",
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
        outcome: Arrived,
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
pub(crate) enum Newcomer {
    Password { email: EmailAddress, hash: StoredPassword },
    Federated { identity: Identity, handle: Option<String>, email: Option<EmailAddress> },
}

/// A newcomer whose address waits for its proof.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Verifying {
    pub(crate) newcomer: Newcomer,
    pub(crate) proving: Proving,
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
    pub(crate) newcomer: Newcomer,
    /// The address that was proven.
    pub(crate) proven: Option<EmailAddress>,
    /// Candidates that were kept deleted (SPEC 3.5).
    pub(crate) left_out: Vec<AccountId>,
}

/// What was proven: a first factor, and maybe a second.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Proof {
    pub(crate) method: MethodId,
    pub(crate) kind: MethodKind,
    /// Which setting of the password it was; nought for an identity.
    pub(crate) version: u32,
    pub(crate) at: Timestamp,
    /// The same password, hashed anew because its hash was weaker than policy (SPEC 4.5).
    pub(crate) rehashed: Option<StoredPassword>,
    pub(crate) second: Option<(SecondFactor, Timestamp)>,
}

impl Proof {
    pub(crate) fn of_identity(method: MethodId, at: Timestamp) -> Self {
        Self { method, kind: MethodKind::Federated, version: 0, at, rehashed: None, second: None }
    }

    pub(crate) fn of_password(method: MethodId, version: u32, at: Timestamp) -> Self {
        Self { method, kind: MethodKind::Password, version, at, rehashed: None, second: None }
    }

    /// The references of RFC 8176. It has none for a recovery code, nor for a federated sign-in.
    pub(crate) fn amr(&self) -> Vec<Amr> {
        let first = match self.kind {
            MethodKind::Password => Some(Amr::Pwd),
            MethodKind::Federated => None,
        };
        let second: &[_] = if self.aal() == Aal::Aal2 { &[Amr::Otp, Amr::Mfa] } else { &[] };
        first.into_iter().chain(second.iter().copied()).collect()
    }

    pub(crate) fn aal(&self) -> Aal {
        match self.second {
            Some((SecondFactor::Totp, _)) => Aal::Aal2,
            Some((SecondFactor::RecoveryCode, _)) | None => Aal::Aal1,
        }
    }

    /// Whether a recovery code stood in for the second factor.
    pub(crate) fn is_recovery(&self) -> bool {
        matches!(self.second, Some((SecondFactor::RecoveryCode, _)))
    }

    /// When the oldest of the proofs was given.
    pub(crate) fn auth_time(&self) -> Timestamp {
        self.second.map_or(self.at, |(_, at)| at.min(self.at))
    }
}
