//! The steps of a flow, and the person's answers to them (SPEC 2.10).

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::crypto::token::{FlowToken, RecognitionToken, SessionToken};
use crate::ground::id::{AccountId, FlowId, SessionId};
#[cfg(feature = "json")]
use crate::ground::member;
use crate::ground::named::coded;
use crate::ground::secret::Secret;
use crate::ground::short_name::ProviderId;
use crate::ground::time::Timestamp;
use crate::records::access::OtherAccess;
use crate::records::account::Account;
use crate::records::adding::Adding;
use crate::records::assertion::Assertion;
use crate::records::candidate::{Candidate, CreateBlocked};
use crate::records::context::Context;
use crate::records::method::MethodKind;
use crate::records::mfa::{RecoveryCodes, SecondFactor};
use crate::records::proof::Accepted;
use crate::records::protected::ProtectedActView;
use crate::records::session::{Aal, Amr, Session};

/// One interaction of several steps, at the step that it has reached. Pass it to
/// [`Engine::answer`](crate::Engine::answer) with the person's answer.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(remote = "Self")
)]
pub struct Flow {
    /// The token that names the flow in the store. Keep it if the flow must survive a restart of the program,
    /// and pass it to [`Engine::resume`](crate::Engine::resume). `None` if a sign-in was done at once.
    pub token: Option<FlowToken>,
    /// The number of the step. Because an answer names it, a repeated answer has no second effect.
    pub number: u32,
    /// What the caller must do next.
    #[cfg_attr(feature = "json", serde(flatten))]
    pub step: Step,
}

impl Flow {
    /// Returns the session, if the flow has just opened or renewed one.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// use selfsame::NotSignedIn;
    ///
    /// let session = engine.sign_in("ada@example.org", &password, &client)?.signed_in()?;
    /// println!("signed in to {}", session.account);
    ///
    /// let flow = engine.reset_password("ada@example.org", &client)?;
    /// assert_eq!(flow.signed_in(), Err(NotSignedIn { step: "VerifyEmail" }));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`NotSignedIn`], which names the step that the flow is at.
    pub fn signed_in(self) -> Result<SignedIn, NotSignedIn> {
        match self.step {
            Step::SignedIn { session } => Ok(session),
            other => Err(NotSignedIn { step: other.code() }),
        }
    }
}

/// A flow has not opened a session: it is at another step.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NotSignedIn {
    /// The name of the step that the flow is at.
    pub step: &'static str,
}

impl fmt::Display for NotSignedIn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not signed in yet; the flow is at the step {}", self.step)
    }
}

impl std::error::Error for NotSignedIn {}

coded! {
    /// What the caller must do next, or the end of the flow.
    #[derive(Clone, PartialEq, Eq, Debug)]
    #[cfg_attr(
        feature = "json",
        derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
        serde(tag = "step")
    )]
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
        /// Sign in with a passkey: pass the options to the browser or the platform, and its answer to
        /// [`Answer::Passkey`] within 5 minutes. [`Engine::resume`](crate::Engine::resume) returns newer options.
        PresentPasskey {
            /// The options, as JSON (`PublicKeyCredentialRequestOptionsJSON` of WebAuthn level 3).
            options: String,
        },
        /// Make a passkey: pass the options to the browser or the platform, and its answer to [`Answer::Passkey`] within
        /// 5 minutes. [`Engine::resume`](crate::Engine::resume) returns newer options.
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
            /// When the message with the code goes, if too many went to the address before. `None` if it is on
            /// its way (SPEC 12.5).
            send_at: Option<Timestamp>,
        },
        /// No account has this identity. Say whether to create one (SPEC 2.1).
        ConfirmCreate {
            /// The provider.
            provider: ProviderId,
            /// The person's handle at the provider, if known.
            handle: Option<String>,
        },
        /// Other accounts have the same verified email. Create a new account, or link to one of them
        /// (SPEC 2.4).
        LinkOrCreate {
            /// The proven email. `None` if the only candidate is the account that had the identity and may take it
            /// back with an undo code (SPEC 7.6).
            email: Option<String>,
            /// The candidate accounts, earliest first.
            candidates: Vec<Candidate>,
            /// Whether the person may create a new account.
            can_create: bool,
            /// The reason why not, if the person may not.
            blocked: Option<CreateBlocked>,
        },
        /// Sign in to the chosen account with one of its own sign-in methods (SPEC 3.3).
        ProveOwnership {
            /// The chosen account.
            candidate: Candidate,
            /// The sign-in method that the link adds. `None` if the link drops the new password.
            adding: Option<Adding>,
            /// The accepted proofs.
            accepted: Vec<Accepted>,
            /// The nonce that an ID token must carry here. It differs from the one that the flow started
            /// with.
            nonce: String,
            /// The options for a passkey, as in [`Step::PresentPasskey`]. `None` if none is accepted.
            passkey: Option<String>,
        },
        /// Prove the second factor too (SPEC 4.3).
        SecondFactor {
            /// The accepted second factors.
            accepted: Vec<SecondFactor>,
            /// Whether the step of an undo asks for an earlier second factor: the one from before the change, which the
            /// undo restores. If there was none, one that was replaced less than 72 hours ago (SPEC 7.5).
            is_former: bool,
            /// Whether the flow can go on without the second factor. Only the proof of the first factor is
            /// then renewed, which is enough to request the account's deletion (SPEC 9.7).
            can_skip: bool,
        },
        /// Enrol the second factor that policy requires: give its secret to an authenticator app and answer with
        /// the app's first code (SPEC 5.9). [`QrCode::of`](crate::QrCode::of) draws the URI.
        EnrollSecondFactor {
            /// The secret for typing into the app, in base32 (RFC 4648).
            secret: Secret,
            /// The secret as an `otpauth://` URI, for the app to scan.
            uri: Secret,
            /// When the flow expires.
            expires_at: Timestamp,
        },
        /// Save the recovery codes of the new second factor, and say so ([`Answer::Saved`]). The second factor is off
        /// until you do (SPEC 5.3).
        SaveRecoveryCodes {
            /// The codes.
            #[cfg_attr(feature = "json", serde(flatten))]
            codes: RecoveryCodes,
        },
        /// Set a new password (SPEC 4.7, 4.10).
        NewPassword,
        /// Prove again who you are. The session goes on (SPEC 6.4).
        Reauthenticate {
            /// The accepted proofs of the first factor.
            accepted: Vec<Accepted>,
            /// The nonce that an ID token must carry.
            nonce: String,
            /// The options for a passkey, as in [`Step::PresentPasskey`]. `None` if none is accepted.
            passkey: Option<String>,
        },
        /// The account is pending deletion. Restore it, or leave it to be deleted (SPEC 9.2).
        ConfirmRestore {
            /// When the deletion was requested.
            requested_at: Timestamp,
            /// When the time to restore the account ends.
            purge_at: Timestamp,
        },
        /// The flow is done and has opened or renewed a session.
        SignedIn {
            /// The session, with its token.
            #[cfg_attr(feature = "json", serde(flatten))]
            session: SignedIn,
        },
        /// The flow was done before. It handed out its session token then, and never does so again. If the
        /// token is lost, sign in again.
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
            /// Whether another account had the added identity and could take it back with an undo code. This account
            /// has it now, and an undo of the other account leaves it out (SPEC 7.6).
            was_reserved: bool,
            /// The sign-in methods that an undo did not restore, because other accounts have them now (SPEC 7.6).
            left_out: Vec<Adding>,
        },
        /// The flow has ended without a session.
        Ended,
    }
}

/// The session at the end of a flow.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct SignedIn {
    /// The account.
    pub account: AccountId,
    /// The session.
    pub session: SessionId,
    /// The session token. It is handed out once: keep it where the platform keeps secrets.
    #[cfg_attr(feature = "json", serde(rename = "session_token"))]
    pub token: SessionToken,
    /// The authentication assurance level of the session.
    pub aal: Aal,
    /// Whether a recovery code stood in for the second factor (SPEC 5.5).
    pub recovered: bool,
    /// The authentication methods that proved the session.
    pub amr: Vec<Amr>,
    /// When the proof was given. If there are several proofs, the time of the oldest.
    pub auth_time: Timestamp,
    /// The kinds of sign-in methods that let the owner in without a network. If there are none, offer to add
    /// a password (SPEC 4.9).
    pub works_offline: Vec<MethodKind>,
    /// Whether the account needs another address: somebody else has proven the address of its password. Ask
    /// for one ([`change_email`](crate::AccountHandle::change_email)).
    pub needs_address: bool,
    /// The recognition that the sign-in has earned, unless the caller presented one (SPEC 12.7). It shows later
    /// that the person has signed in here. Keep it beside the token, even after the session has ended.
    #[cfg_attr(feature = "json", serde(default, skip_serializing_if = "Option::is_none"))]
    pub recognition: Option<RecognitionToken>,
    /// What else the flow did.
    pub outcome: SignInOutcome,
    /// The protected acts of the last 30 days that were done elsewhere and are not confirmed here. Show them to the
    /// owner, and then call [`confirm_protected_acts`](crate::AccountHandle::confirm_protected_acts) (SPEC 1.12).
    pub unconfirmed: Vec<ProtectedActView>,
    /// The sign-in methods that an undo did not restore, because other accounts have them now (SPEC 7.6).
    pub left_out: Vec<Adding>,
    /// After a password reset or an undo: what else gives access to the account. Show it to the owner, who can
    /// remove what is not theirs after the hold (SPEC 4.7).
    #[cfg_attr(feature = "json", serde(default, skip_serializing_if = "Option::is_none"))]
    pub other_access: Option<OtherAccess>,
}

impl SignedIn {
    /// Describes a session of an account, with the token for this secret. `recognized` says which protected acts the
    /// caller's recognition knows.
    pub(crate) fn of(
        session: &Session,
        account: &Account,
        secret: &[u8; 32],
        outcome: SignInOutcome,
        recognized: Option<u64>,
        ctx: &Context<'_>,
    ) -> Self {
        Self {
            account: account.id,
            session: session.id,
            token: SessionToken::new(account.id, session.id, secret),
            aal: session.aal,
            recovered: session.recovered,
            amr: session.amr.clone(),
            auth_time: session.auth_time,
            works_offline: account.works_offline(),
            needs_address: false,
            recognition: None,
            outcome,
            unconfirmed: account
                .recent_acts(ctx)
                .filter(|acted| acted.is_news(account.revision, session.id, recognized))
                .map(|acted| acted.view(account.credentials.mfa.as_ref(), ctx))
                .collect(),
            left_out: Vec::new(),
            other_access: None,
        }
    }
}

coded! {
    /// How the person arrived at the session.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
    #[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
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
}

/// What the person wants with an identity that may or may not be known (SPEC 2.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
pub enum Intent {
    /// To sign up. If no account has the identity, the flow creates one.
    SignUp,
    /// To sign in. If no account has the identity, the flow first asks whether to create one.
    SignIn,
}

/// The person's answer to a step.
#[derive(Clone)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(tag = "answer", remote = "Self")
)]
pub enum Answer {
    /// The code from the message.
    Code(#[cfg_attr(feature = "json", serde(with = "member::Code"))] Secret),
    /// Skip the proof of the address or of the second factor, if the step allows it.
    Skip,
    /// Create an account.
    Confirm,
    /// Create a new account, separate from the others.
    CreateNew,
    /// Link to the candidate account at this place in the prompt.
    LinkTo(#[cfg_attr(feature = "json", serde(with = "member::Place"))] u8),
    /// The account's password, as proof.
    Password(#[cfg_attr(feature = "json", serde(with = "member::Password"))] Secret),
    /// The assertion of an identity.
    Assertion(Assertion),
    /// The answer of the browser or the platform to a passkey's options, as JSON (`RegistrationResponseJSON` or
    /// `AuthenticationResponseJSON` of WebAuthn level 3).
    Passkey(#[cfg_attr(feature = "json", serde(with = "member::Answered"))] String),
    /// The code that the authenticator app shows.
    Totp(#[cfg_attr(feature = "json", serde(with = "member::Code"))] Secret),
    /// A recovery code, in any grouping.
    RecoveryCode(#[cfg_attr(feature = "json", serde(with = "member::Code"))] Secret),
    /// The recovery codes are saved.
    Saved,
    /// The new password.
    NewPassword(#[cfg_attr(feature = "json", serde(with = "member::Password"))] Secret),
    /// Restore the account.
    Restore,
    /// Leave the account to be deleted.
    KeepDeleted,
    /// Leave the account to be deleted, and skip the rest of the time to restore it (SPEC 10.3).
    EraseNow,
    /// Send another code.
    Resend,
    /// Send the code to this address instead, and start the proof again.
    CorrectAddress(#[cfg_attr(feature = "json", serde(with = "member::Email"))] String),
    /// Cancel the flow.
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
            Self::Passkey(_) => "Passkey",
            Self::Totp(_) => "Totp",
            Self::RecoveryCode(_) => "RecoveryCode",
            Self::Saved => "Saved",
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

#[cfg(feature = "json")]
crate::ground::json::objects!(Answer Flow);
