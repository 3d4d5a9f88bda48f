//! What a flow asks next, and what the person answers (SPEC 2.10).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::crypto::token::{FlowToken, SessionToken};
use crate::ground::id::{AccountId, FlowId, SessionId};
use crate::ground::named::coded;
use crate::ground::secret::Secret;
use crate::ground::short_name::ProviderId;
use crate::ground::time::{Timestamp, YearMonth};
use crate::records::account::Account;
use crate::records::assertion::Assertion;
use crate::records::method::MethodKind;
use crate::records::mfa::SecondFactor;
use crate::records::proof::Accepted;
use crate::records::session::{Aal, Amr, Session};

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

coded! {
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
            blocked: Option<CreateBlocked>,
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
    pub outcome: SignInOutcome,
}

impl SignedIn {
    /// The session of an account, and the token that was made for it.
    pub(crate) fn of(
        session: &Session,
        account: &Account,
        secret: &[u8; 32],
        outcome: SignInOutcome,
    ) -> Self {
        Self {
            account: account.id,
            session: session.id,
            token: Some(SessionToken::new(account.id, session.id, secret)),
            aal: session.aal,
            recovered: session.recovered,
            amr: session.amr.clone(),
            auth_time: session.auth_time,
            works_offline: account.works_offline(),
            outcome,
        }
    }
}

coded! {
    /// How a person arrived at the session.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
    pub enum SignInOutcome {
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
}

coded! {
    /// Why no new account may be made.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum CreateBlocked {
        /// Another account has a password with this email (SPEC 1.3).
        PasswordTaken,
        /// As many accounts as policy allows have this verified email (SPEC 1.6).
        TooManyAccounts,
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

/// An account as the link prompt shows it: nothing that the caller has not proven (SPEC 2.4).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// Its place in the prompt, counted from 1: what an answer names it by. The account's own name says
    /// when it was made, which nobody has proven to be theirs to know.
    pub place: u8,
    /// The kinds of its methods, each once.
    pub methods: Vec<MethodKind>,
    /// The providers of its federated identities, each once.
    pub providers: Vec<ProviderId>,
    /// The month it came to be in.
    pub created: YearMonth,
    /// Whether choosing it drops the new password, because the account has one already (SPEC 2.5).
    pub drops_new_password: bool,
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
