//! Flows: steps and answers.

use selfsame::{
    Aal, Accepted, AccountId, Adding, Amr, Answer, Assertion, Candidate, CreateBlocked, FlowId, FlowToken,
    Intent, MethodKind, Progress, ProviderId, SecondFactor, Secret, SessionId, SessionToken, SignInOutcome,
    SignedIn, Step, Timestamp,
};

use crate::error::SelfsameError;

/// The flow that a token holds open; a host's statement names it.
///
/// Raises `InvalidToken` for a text that is none.
#[uniffi::export]
pub fn flow_of(token: FlowToken) -> Result<FlowId, SelfsameError> {
    Ok(token.flow())
}

/// What a flow has come to: the step that the person is at.
#[uniffi::remote(Record)]
pub struct Progress {
    /// Names the flow in the next answer. A sign-in that is done at once has none.
    pub flow: Option<FlowToken>,
    /// Which step this is; an answer names it, so that a repeated answer has no second effect.
    pub number: u32,
    /// The step.
    pub step: Step,
}

/// What the caller must do next, or that it is done.
#[uniffi::remote(Enum)]
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
    /// Nobody is known by this identity: say whether an account is to be made.
    ConfirmCreate {
        /// The provider.
        provider: ProviderId,
        /// What the person is called there.
        handle: Option<String>,
    },
    /// Other accounts have the same verified email: a new account, or link to one of them?
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
    /// Sign in to the chosen account with one of its own methods.
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
    /// Prove the second factor too.
    SecondFactor {
        /// What counts as proof.
        accepted: Vec<SecondFactor>,
        /// Whether the flow can go on without it: to renew the proof of the first factor alone, which is
        /// enough to ask for the account's deletion.
        can_skip: bool,
    },
    /// Set a new password.
    NewPassword,
    /// Prove again that it is you, in a session that goes on.
    Reauthenticate {
        /// What counts as proof of the first factor.
        accepted: Vec<Accepted>,
        /// Which nonce an ID token has to carry.
        nonce: String,
    },
    /// The account is to be deleted: restore it, or keep it deleted.
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

/// A session was opened.
#[uniffi::remote(Record)]
pub struct SignedIn {
    /// The account.
    pub account: AccountId,
    /// The session.
    pub session: SessionId,
    /// The session's token: handed out once, and nothing where the answer was given before.
    pub token: Option<SessionToken>,
    /// How strongly it was proven.
    pub aal: Aal,
    /// Whether a recovery code stood in for the second factor.
    pub recovered: bool,
    /// How it was proven.
    pub amr: Vec<Amr>,
    /// When, the oldest proof where there are several.
    pub auth_time: Timestamp,
    /// Which kinds of methods let the owner in without a network. Where there are none, offer to add a
    /// password.
    pub works_offline: Vec<MethodKind>,
    /// What else came of it.
    pub outcome: SignInOutcome,
}

/// How a person arrived at the session.
#[uniffi::remote(Enum)]
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

/// Why no new account may be made.
#[uniffi::remote(Enum)]
pub enum CreateBlocked {
    /// Another account has a password with this email.
    PasswordTaken,
    /// As many accounts as policy allows have this verified email.
    TooManyAccounts,
}

/// What a link adds to the account.
#[uniffi::remote(Enum)]
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
#[uniffi::remote(Enum)]
pub enum Accepted {
    /// The account's password.
    Password,
    /// An assertion of an identity that the account has with this provider.
    Federated(ProviderId),
}

/// A second factor.
#[uniffi::remote(Enum)]
pub enum SecondFactor {
    /// A code of the authenticator app (RFC 6238).
    Totp,
    /// One of the recovery codes, in its place. It opens a recovered session.
    RecoveryCode,
}

/// What the person wants with an identity that may be known or not.
#[uniffi::remote(Enum)]
pub enum Intent {
    /// An account, new if need be.
    SignUp,
    /// Their account; a new one only when they say so.
    SignIn,
}

/// What the person answers to a step.
#[uniffi::remote(Enum)]
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
    /// Leave the account to be deleted, and leave out the rest of the time to restore it.
    EraseNow,
    /// Send another code.
    Resend,
    /// It is another address: begin its proof anew.
    CorrectAddress(String),
    /// Leave the flow.
    Cancel,
}
