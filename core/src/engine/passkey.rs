//! Signing in with a passkey, and adding one (SPEC 5.8).

use super::account::AccountHandle;
use super::{Engine, room};
use crate::crypto::webauthn::{Assertion, Registration};
use crate::error::Error;
use crate::flow::facts::Input;
use crate::flow::passkey;
use crate::ground::email::EmailAddress;
use crate::records::flow::{FlowKind, State};
use crate::records::identifier::Identifier;
use crate::records::method::Credential;
use crate::records::refusal::Refusal;
use crate::records::session::Client;
use crate::records::step::Flow;

impl Engine {
    /// Starts a sign-in with a passkey. The step has the options for the browser or the platform, whose answer goes to
    /// [`Engine::answer`] as [`Answer::Passkey`](crate::Answer::Passkey).
    ///
    /// Without an email, the person picks one of the passkeys that the device knows. With an email, the request lists
    /// the passkeys of the account that has the email verified, but only if the client presents a
    /// [recognition](crate::RecognitionToken) of that account: nobody else may learn what an account has.
    ///
    /// ```
    /// use selfsame::{Client, Engine, Environment, Policy, RelyingParty, Step};
    ///
    /// let policy = Policy::builder().relying_party(RelyingParty {
    ///     id: "example.org".to_owned(),
    ///     origins: vec!["https://example.org".to_owned()],
    ///     top_origins: Vec::new(),
    /// });
    /// let engine = Engine::in_memory(policy.build()?, Environment::system())?;
    ///
    /// let flow = engine.sign_in_with_passkey(None, &Client::on("laptop"))?;
    /// # assert_eq!(flow.step.code(), "PresentPasskey");
    /// if let Step::PresentPasskey { options } = &flow.step {
    ///     // In a browser: navigator.credentials.get({ publicKey:
    ///     //     PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options)) })
    ///     println!("{options}");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::NotOffered`] if the policy has no relying party; [`Refusal::InvalidEmail`];
    /// [`Refusal::InvalidText`] if the device's label cannot be shown; [`Refusal::Busy`] if the recognition that the
    /// client presents has too many flows open. The answer is refused with [`Refusal::InvalidCredentials`], or with
    /// [`Refusal::PasskeyRejected`] if the passkey's backup eligibility has changed.
    pub fn sign_in_with_passkey(&self, email: Option<&str>, client: &Client) -> Result<Flow, Error> {
        self.inner()?.policy.relying_party().ok_or(Refusal::NotOffered)?;
        let email = email.map(EmailAddress::parse).transpose();
        let email = email.map_err(|reason| Refusal::InvalidEmail { reason })?;
        let client = &self.check_client(client)?;
        self.begin(FlowKind::SignIn, |view, ctx| {
            let caller = view.caller(client)?;
            let sharing = email.as_ref().map(|email| view.sharing(email)).transpose()?;
            let mut known = sharing.unwrap_or_default().into_iter();
            let listed = known.find(|account| {
                caller.recognition_of(account.id).is_some() && account.passkeys(ctx.policy).next().is_some()
            });
            Ok(passkey::begin(listed, &caller, ctx))
        })
    }

    /// Reads the answer to a passkey's options, and checks the signature outside the act, as for an ID token.
    pub(super) fn check_passkey(&self, text: &str, state: &State) -> Result<Input, Error> {
        match state {
            State::AddingPasskey { .. } => {
                let answer = Registration::parse(text)
                    .map_err(|problem| Refusal::PasskeyRejected { reason: problem.into() })?;
                Ok(Input::NewPasskey(Box::new(answer)))
            }
            State::Passkey { .. } | State::ProveOwnership { .. } | State::Reauthenticate { .. } => {
                let answer = Assertion::parse(text).map_err(|_| Refusal::InvalidCredentials)?;
                let identifier = Identifier::Passkey(answer.credential_id.clone());
                let holder = self.look(|view, _| Ok(Ok(view.holder(&identifier)?)))?;
                let key = holder.and_then(|account| {
                    account.credentials.methods.into_iter().find_map(|method| match method.credential {
                        Credential::Passkey(own) if own.credential_id == answer.credential_id => {
                            Some(own.key)
                        }
                        _ => None,
                    })
                });
                let signed_by = key.filter(|key| answer.signed_by(key));
                Ok(Input::Passkey(Box::new(answer), signed_by))
            }
            _ => Ok(Input::NotOffered),
        }
    }
}

impl AccountHandle {
    /// Starts a flow in this session that adds a passkey. The step has the options for the browser or the platform,
    /// whose answer goes to [`Engine::answer`] as [`Answer::Passkey`](crate::Answer::Passkey). The flow ends with
    /// [`Step::Done`](crate::Step::Done).
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later);
    /// # let policy = policy.relying_party(selfsame::RelyingParty {
    /// #     id: "example.org".to_owned(),
    /// #     origins: vec!["https://example.org".to_owned()],
    /// #     top_origins: Vec::new(),
    /// # }).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// use selfsame::Step;
    ///
    /// let flow = account.begin_add_passkey()?;
    /// # assert_eq!(flow.step.code(), "CreatePasskey");
    /// if let Step::CreatePasskey { options } = &flow.step {
    ///     // In a browser: navigator.credentials.create({ publicKey:
    ///     //     PublicKeyCredential.parseCreationOptionsFromJSON(JSON.parse(options)) })
    ///     println!("{options}");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::NotOffered`] if the policy has no relying
    /// party; [`Refusal::ReauthenticationRequired`] or [`Refusal::OnHold`]. The answer is refused with
    /// [`Refusal::PasskeyRejected`], [`Refusal::AlreadyYours`], [`Refusal::IdentifierInUse`] or
    /// [`Refusal::LimitReached`].
    pub fn begin_add_passkey(&self) -> Result<Flow, Error> {
        self.engine().inner()?.policy.relying_party().ok_or(Refusal::NotOffered)?;
        self.engine().in_room(FlowKind::SignIn, || {
            self.act_fresh(|view, ctx, fresh| room::counted(view, passkey::begin_add(fresh, ctx), ctx))
        })
    }
}
