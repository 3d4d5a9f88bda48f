//! Flows: steps and answers.

use selfsame::{
    Aal, Accepted, AccountId, Adding, Amr, Answer, Assertion, Candidate, CreateBlocked, Flow, FlowId,
    FlowToken, Intent, MethodKind, MethodView, MfaView, OtherAccess, ProtectedActView, ProviderId,
    RecognitionToken, RecoveryCodes, SecondFactor, Secret, SessionId, SessionToken, SignInOutcome, SignedIn,
    Step, Timestamp,
};

use crate::error::SelfsameError;

/// Returns the id of the flow that the token holds open. A host's statement names it.
///
/// Raises `InvalidToken` if the text is not a token.
#[uniffi::export]
pub fn flow_of(token: FlowToken) -> Result<FlowId, SelfsameError> {
    Ok(token.flow())
}

/// One interaction of several steps, at the step that it has reached. Pass it to `answer` with the person's
/// answer.
#[uniffi::remote(Record)]
pub struct Flow {
    /// The token that names the flow in the store. Keep it if the flow must survive a restart of the program,
    /// and pass it to `resume`. Absent if a sign-in was done at once.
    pub token: Option<FlowToken>,
    /// The number of the step. Because an answer names it, a repeated answer has no second effect.
    pub number: u32,
    /// What the caller must do next.
    pub step: Step,
}

/// What the caller must do next, or the end of the flow.
#[uniffi::remote(Enum)]
pub enum Step {
    /// Sign in at the provider and present its assertion, made for this flow.
    PresentAssertion {
        /// The provider.
        provider: ProviderId,
        /// The flow that a host's statement must name.
        flow_id: FlowId,
        /// The nonce that an ID token must carry. Give it to the provider.
        nonce: String,
        /// When the flow expires.
        expires_at: Timestamp,
    },
    /// Sign in with a passkey: pass the options to the browser or the platform, and its answer to `Answer.Passkey` within
    /// 5 minutes. `resume` returns newer options.
    PresentPasskey {
        /// The options, as JSON (`PublicKeyCredentialRequestOptionsJSON` of WebAuthn level 3).
        options: String,
    },
    /// Make a passkey: pass the options to the browser or the platform, and its answer to `Answer.Passkey` within 5
    /// minutes. `resume` returns newer options.
    CreatePasskey {
        /// The options, as JSON (`PublicKeyCredentialCreationOptionsJSON` of WebAuthn level 3).
        options: String,
    },
    /// Prove the address with the code that goes to it.
    VerifyEmail {
        /// The address, masked.
        to: String,
        /// Whether the proof can be skipped. The account is then created with the address unverified.
        can_skip: bool,
        /// When the message with the code goes, if too many went to the address before. Absent if it is on its
        /// way.
        send_at: Option<Timestamp>,
    },
    /// No account has this identity. Say whether to create one.
    ConfirmCreate {
        /// The provider.
        provider: ProviderId,
        /// The person's handle at the provider, if known.
        handle: Option<String>,
    },
    /// Other accounts have the same verified email. Create a new account, or link to one of them.
    LinkOrCreate {
        /// The proven email. Absent if the only candidate is the account that had the identity and may take it back
        /// with an undo code.
        email: Option<String>,
        /// The candidate accounts, earliest first.
        candidates: Vec<Candidate>,
        /// Whether the person may create a new account.
        can_create: bool,
        /// The reason why not, if the person may not.
        blocked: Option<CreateBlocked>,
    },
    /// Sign in to the chosen account with one of its own sign-in methods.
    ProveOwnership {
        /// The chosen account.
        candidate: Candidate,
        /// The sign-in method that the link adds. Absent if the new password is dropped.
        adding: Option<Adding>,
        /// The accepted proofs.
        accepted: Vec<Accepted>,
        /// The nonce that an ID token must carry here. It differs from the one that the flow started with.
        nonce: String,
        /// The options for a passkey, as in `PresentPasskey`. Absent if none is accepted.
        passkey: Option<String>,
    },
    /// Prove the second factor too.
    SecondFactor {
        /// The accepted second factors.
        accepted: Vec<SecondFactor>,
        /// Whether the step of an undo asks for an earlier second factor: the one from before the change, which the
        /// undo restores. If there was none, one that was replaced less than 72 hours ago.
        is_former: bool,
        /// Whether the flow can go on without the second factor. Only the proof of the first factor is then
        /// renewed, which is enough to request the account's deletion.
        can_skip: bool,
    },
    /// Enrol the second factor that policy requires: give its secret to an authenticator app and answer with the
    /// app's first code. `QrCode.of` draws the URI.
    EnrollSecondFactor {
        /// The secret for typing into the app, in base32 (RFC 4648).
        secret: Secret,
        /// The secret as an `otpauth://` URI, for the app to scan.
        uri: Secret,
        /// When the flow expires.
        expires_at: Timestamp,
    },
    /// Save the recovery codes of the new second factor, and say so (`Saved`). The second factor is off until you do.
    SaveRecoveryCodes {
        /// The codes.
        codes: RecoveryCodes,
    },
    /// Set a new password.
    NewPassword,
    /// Prove again who you are. The session goes on.
    Reauthenticate {
        /// The accepted proofs of the first factor.
        accepted: Vec<Accepted>,
        /// The nonce that an ID token must carry.
        nonce: String,
        /// The options for a passkey, as in `PresentPasskey`. Absent if none is accepted.
        passkey: Option<String>,
    },
    /// The account is pending deletion. Restore it, or leave it to be deleted.
    ConfirmRestore {
        /// When the deletion was requested.
        requested_at: Timestamp,
        /// When the time to restore the account ends.
        purge_at: Timestamp,
    },
    /// The flow is done and has opened or renewed a session.
    SignedIn {
        /// The session, with its token.
        session: SignedIn,
    },
    /// The flow was done before. It handed out its session token then, and never does so again. If the token
    /// is lost, sign in again.
    AlreadySignedIn {
        /// The account.
        account: AccountId,
        /// The session.
        session: SessionId,
        /// The authentication assurance level that the flow reached.
        aal: Aal,
        /// What else the flow did.
        outcome: SignInOutcome,
    },
    /// The flow is done and has opened no session.
    Done {
        /// Whether another account had the added identity and could take it back with an undo code. This account has it
        /// now, and an undo of the other account leaves it out.
        was_reserved: bool,
        /// The sign-in methods that an undo did not restore, because other accounts have them now.
        left_out: Vec<Adding>,
    },
    /// The flow has ended without a session.
    Ended,
}

/// The session at the end of a flow.
#[uniffi::remote(Record)]
pub struct SignedIn {
    /// The account.
    pub account: AccountId,
    /// The session.
    pub session: SessionId,
    /// The session token. It is handed out once: keep it where the platform keeps secrets.
    pub token: SessionToken,
    /// The authentication assurance level of the session.
    pub aal: Aal,
    /// Whether a recovery code stood in for the second factor.
    pub recovered: bool,
    /// The authentication methods that proved the session.
    pub amr: Vec<Amr>,
    /// When the proof was given. If there are several proofs, the time of the oldest.
    pub auth_time: Timestamp,
    /// The kinds of sign-in methods that let the owner in without a network. If there are none, offer to add
    /// a password.
    pub works_offline: Vec<MethodKind>,
    /// Whether the account needs another address: somebody else has proven the address of its password. Ask
    /// for one (`change_email`).
    pub needs_address: bool,
    /// The recognition that the sign-in has earned, unless the caller presented one. It shows later that the
    /// person has signed in here. Keep it beside the token, even after the session has ended.
    pub recognition: Option<RecognitionToken>,
    /// What else the flow did.
    pub outcome: SignInOutcome,
    /// The protected acts of the last 30 days that were done elsewhere and are not confirmed here. Show them to the
    /// owner, and then call `confirm_protected_acts` of the account.
    pub unconfirmed: Vec<ProtectedActView>,
    /// The sign-in methods that an undo did not restore, because other accounts have them now.
    pub left_out: Vec<Adding>,
    /// After a password reset or an undo: what else gives access to the account. Show it to the owner, who removes what
    /// is not theirs after the hold.
    pub other_access: Option<OtherAccess>,
}

/// What gives access to an account besides the sign-in method that the owner has just used. A session or a recognition
/// from before is not in it, because none is valid any longer.
#[uniffi::remote(Record)]
pub struct OtherAccess {
    /// The other sign-in methods, in the order in which they were added. Methods that are disabled until the owner
    /// confirms them are left out.
    pub methods: Vec<MethodView>,
    /// The second factor and its recovery codes, if MFA is on.
    pub mfa: Option<MfaView>,
}

/// How the person arrived at the session.
#[uniffi::remote(Enum)]
pub enum SignInOutcome {
    /// The person signed in to their account.
    SignedIn,
    /// The flow created the account.
    Created,
    /// The flow added the new sign-in method to the account.
    Linked,
    /// The flow restored the account from deletion.
    Restored,
    /// The person set a new password with a mailed code.
    Reset,
    /// The person renewed the proof of their session. The session has a new token.
    Reauthenticated,
    /// The person undid a change with an undo code and set a new password.
    Undone,
}

/// Why the person may not create a new account.
#[uniffi::remote(Enum)]
pub enum CreateBlocked {
    /// Another account has a password with this email.
    PasswordTaken,
    /// The policy's limit of accounts with this verified email is reached.
    TooManyAccounts,
}

/// A sign-in method that a link adds to the account, or that an undo leaves out.
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
        /// The person's handle at the provider, if known.
        handle: Option<String>,
    },
    /// A passkey.
    Passkey,
}

/// A proof that a step accepts.
#[uniffi::remote(Enum)]
pub enum Accepted {
    /// The account's password.
    Password,
    /// An assertion of an identity that the account has at this provider.
    Federated {
        /// The provider.
        provider: ProviderId,
    },
    /// An answer of one of the account's passkeys.
    Passkey,
}

/// A second factor.
#[uniffi::remote(Enum)]
pub enum SecondFactor {
    /// A code of the authenticator app (RFC 6238).
    Totp,
    /// A recovery code in place of the app's code. It opens a recovered session.
    RecoveryCode,
}

/// What the person wants with an identity that may or may not be known.
#[uniffi::remote(Enum)]
pub enum Intent {
    /// To sign up. If no account has the identity, the flow creates one.
    SignUp,
    /// To sign in. If no account has the identity, the flow first asks whether to create one.
    SignIn,
}

/// The person's answer to a step.
#[uniffi::remote(Enum)]
pub enum Answer {
    /// The code from the message.
    Code(Secret),
    /// Skip the proof of the address or of the second factor, if the step allows it.
    Skip,
    /// Create an account.
    Confirm,
    /// Create a new account, separate from the others.
    CreateNew,
    /// Link to the candidate account at this place in the prompt.
    LinkTo(u8),
    /// The account's password, as proof.
    Password(Secret),
    /// The assertion of an identity.
    Assertion(Assertion),
    /// The answer of the browser or the platform to a passkey's options, as JSON (`RegistrationResponseJSON` or
    /// `AuthenticationResponseJSON` of WebAuthn level 3).
    Passkey(String),
    /// The code that the authenticator app shows.
    Totp(Secret),
    /// A recovery code, in any grouping.
    RecoveryCode(Secret),
    /// The recovery codes are saved.
    Saved,
    /// The new password.
    NewPassword(Secret),
    /// Restore the account.
    Restore,
    /// Leave the account to be deleted.
    KeepDeleted,
    /// Leave the account to be deleted, and skip the rest of the time to restore it.
    EraseNow,
    /// Send another code.
    Resend,
    /// Send the code to this address instead, and start the proof again.
    CorrectAddress(String),
    /// Cancel the flow.
    Cancel,
}
