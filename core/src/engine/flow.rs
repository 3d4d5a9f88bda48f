//! Flows: started, answered step by step, and read again (SPEC 2, 3).

use super::account::with_needs;
use super::assertion::Checked;
use super::facts::{facts, facts_ahead, mail_ahead, mail_facts, named_ahead, named_facts, undo_facts};
use super::password::{Stored, is_overtaken};
use super::{Attempt, Engine};
use crate::crypto::digest::same;
use crate::crypto::mail_code::MailCode;
use crate::crypto::password::StoredPassword;
use crate::crypto::token::FlowToken;
use crate::error::Error;
use crate::flow::facts::{Facts, Input};
use crate::flow::{reset, sign_up, state, transition, turn, undo};
use crate::ground::email::EmailAddress;
use crate::ground::secret::Secret;
use crate::ground::short_name::ProviderId;
use crate::records::account::Account;
use crate::records::assertion::Assertion;
use crate::records::context::Context;
use crate::records::flow::{FlowKind, FlowRecord, State};
use crate::records::identifier::Identifier;
use crate::records::mailed_code::CodePurpose;
use crate::records::mfa::TypedFactor;
use crate::records::policy::EmailProof;
use crate::records::refusal::Refusal;
use crate::records::session::Client;
use crate::records::step::{Answer, Flow, Intent, Step};
use crate::records::verdict::Verdict;
use crate::rules::password;
use crate::rules::throttle::{self, Guessed};
use crate::store::port::StoreError;
use crate::store::view::View;

impl Engine {
    /// Signs up with email and password. The first step asks for proof of the address, whether or not an
    /// account has this address (SPEC 2.7). With [`EmailProof::Later`], the account exists at once. The
    /// mailed code is then [proven](crate::AccountHandle::prove_address) in the session that opens.
    ///
    /// ```
    /// # let engine = selfsame::Engine::in_memory(selfsame::Policy::default(), selfsame::Environment::system())?;
    /// use selfsame::{Client, Error, PasswordRule, Refusal, Secret, Step};
    ///
    /// let client = Client::on("Ada's laptop");
    /// let flow = engine.sign_up("ada@example.org", &Secret::from("seven green bicycles"), &client)?;
    /// assert!(matches!(&flow.step, Step::VerifyEmail { to, .. } if to == "a…@example.org"));
    ///
    /// let refused = engine.sign_up("ada@example.org", &Secret::from("short"), &client);
    /// let rule = PasswordRule::TooShort;
    /// assert_eq!(refused, Err(Error::Refused(Refusal::InvalidPassword { rule })));
    /// # Ok::<(), selfsame::Error>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::InvalidEmail`] or [`Refusal::InvalidPassword`]; [`Refusal::InvalidText`] if the device's
    /// label cannot be shown; [`Refusal::Busy`] if the recognition that the client presents has too many sign-ups
    /// open.
    pub fn sign_up(&self, email: &str, password: &Secret, client: &Client) -> Result<Flow, Error> {
        let email = EmailAddress::parse(email).map_err(|reason| Refusal::InvalidEmail { reason })?;
        let normal = password::check_new(password, Some(&email), &self.inner()?.policy)
            .map_err(|rule| Refusal::InvalidPassword { rule })?;
        let client = &self.check_client(client)?;
        let hash = self.hash_new(normal.as_bytes())?;
        self.begin(FlowKind::SignUp, |view, ctx| {
            mail_ahead(view, CodePurpose::AddressProof, &email, client)?;
            let caller = view.caller(client)?;
            let mail = mail_facts(view, CodePurpose::AddressProof, &email, &caller, None, ctx)?;
            let facts = Facts { mail, ..Facts::default() };
            Ok(match ctx.policy.email_proof() {
                EmailProof::BeforeAccount => {
                    sign_up::sign_up(email.clone(), hash.clone(), &caller, facts, ctx)
                }
                EmailProof::Later => sign_up::at_once(email.clone(), hash.clone(), &caller, facts, ctx),
            })
        })
    }

    /// Starts the reset of a forgotten password. Sends a code to this email if an account signs in with it.
    /// The answer is the same if none does (SPEC 4.7). To finish, the person gives the code, the second
    /// factor if MFA is on, and a new password. The engine then opens a session and ends all others.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// # let mail = engine.messages(32)?;
    /// # let code = mail.iter().rev().find_map(|it| it.kind.mailed_code().cloned()).ok_or("no code")?;
    /// # account.prove_address(&code)?;
    /// use selfsame::{Answer, Secret, SignInOutcome};
    ///
    /// let flow = engine.reset_password("ada@example.org", &client)?;
    ///
    /// // The host delivers the message, and the person types its code.
    /// # let mail = engine.messages(32)?;
    /// # let code = mail.iter().rev().find_map(|it| it.kind.mailed_code().cloned()).ok_or("no code")?;
    /// let flow = engine.answer(&flow, Answer::Code(code))?;
    /// assert_eq!(flow.step.code(), "NewPassword");
    ///
    /// let flow = engine.answer(&flow, Answer::NewPassword(Secret::from("nine yellow umbrellas")))?;
    /// assert_eq!(flow.signed_in()?.outcome, SignInOutcome::Reset);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::InvalidEmail`]; [`Refusal::InvalidText`] if the device's label cannot be shown;
    /// [`Refusal::Busy`] if the recognition that the client presents has too
    /// many resets open.
    pub fn reset_password(&self, email: &str, client: &Client) -> Result<Flow, Error> {
        let email = EmailAddress::parse(email).map_err(|reason| Refusal::InvalidEmail { reason })?;
        let client = &self.check_client(client)?;
        let identifier = Identifier::PasswordEmail(email.clone());
        self.begin(FlowKind::Reset, |view, ctx| {
            mail_ahead(view, CodePurpose::Reset, &email, client)?;
            let caller = view.caller(client)?;
            let mail = mail_facts(view, CodePurpose::Reset, &email, &caller, None, ctx)?;
            let holder = view.holder(&identifier)?;
            let facts = Facts { mail, ..Facts::default() };
            Ok(reset::begin(email.clone(), holder.as_ref(), &caller, facts, ctx))
        })
    }

    /// Starts a flow that takes an assertion of this provider.
    ///
    /// ```
    /// use selfsame::{Client, Engine, Environment, Policy, Provider, Step};
    ///
    /// let policy = Policy::builder().providers(vec![Provider::google(vec!["client-id".to_owned()])]).build()?;
    /// let engine = Engine::in_memory(policy, Environment::system())?;
    ///
    /// let flow = engine.begin_federated(&"google".parse()?, &Client::on("laptop"))?;
    /// # assert_eq!(flow.step.code(), "PresentAssertion");
    /// if let Step::PresentAssertion { nonce, .. } = &flow.step {
    ///     println!("Send the person to the provider with the nonce {nonce}.");
    /// }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::UnknownProvider`]; [`Refusal::InvalidText`] if the device's label cannot be shown;
    /// [`Refusal::Busy`] if the recognition that the client presents has
    /// too many flows open.
    pub fn begin_federated(&self, provider: &ProviderId, client: &Client) -> Result<Flow, Error> {
        if self.inner()?.policy.provider(provider).is_none() {
            return Err(Refusal::UnknownProvider.into());
        }
        let client = &self.check_client(client)?;
        self.begin(FlowKind::SignIn, |view, ctx| {
            Ok(sign_up::begin_federated(provider.clone(), &view.caller(client)?, ctx))
        })
    }

    /// Takes the assertion that the flow waits for. Signs in if the identity is known. If it is not, `intent`
    /// decides how the flow continues (SPEC 2.1).
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().providers(vec![selfsame::Provider::x()]);
    /// # let policy = policy.email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// use selfsame::{Assertion, HostStatement, Intent, SignInOutcome, Step};
    ///
    /// let begun = engine.begin_federated(&"x".parse()?, &client)?;
    /// # let Step::PresentAssertion { provider, flow_id, .. } = begun.step.clone() else { panic!("{begun:?}") };
    /// // The host has asked the provider who the person is. `provider` and `flow` come from the step. If the
    /// // provider signs ID tokens, pass `Assertion::IdToken(token)` instead.
    /// let (subject, handle) = ("2244994945".to_owned(), Some("ada".to_owned()));
    /// let statement = HostStatement {
    ///     flow_id, provider, subject, handle, email: None, email_verified: false,
    /// };
    /// let flow = engine.continue_with(&begun, &Assertion::Stated(statement), Intent::SignUp)?;
    /// assert_eq!(flow.signed_in()?.outcome, SignInOutcome::Created);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::AssertionRejected`] with the problem of the assertion; [`Refusal::NeedsKeys`] if
    /// the provider's keys must be [set](Self::set_keys) first; [`Refusal::FlowExpired`] after 10 minutes.
    pub fn continue_with(&self, flow: &Flow, assertion: &Assertion, intent: Intent) -> Result<Flow, Error> {
        self.answered(flow, &Given::Present(assertion, intent))
    }

    /// Answers the step that the flow is at and returns the flow at its next step. If that step was answered
    /// before, changes nothing and returns the flow at its current step (SPEC 2.10).
    ///
    /// ```
    /// # let engine = selfsame::Engine::in_memory(selfsame::Policy::default(), selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// use selfsame::{Answer, Error, Refusal, Secret};
    ///
    /// let flow = engine.sign_up("ada@example.org", &password, &client)?;
    /// let wrong = engine.answer(&flow, Answer::Code(Secret::from("no code")));
    /// assert_eq!(wrong, Err(Error::Refused(Refusal::InvalidCode)));
    ///
    /// // The host delivers the message, and the person types its code.
    /// # let mail = engine.messages(32)?;
    /// # let code = mail.iter().rev().find_map(|it| it.kind.mailed_code().cloned()).ok_or("no code")?;
    /// let session = engine.answer(&flow, Answer::Code(code.clone()))?.signed_in()?;
    ///
    /// // A repeated answer, for example a second tap, opens no second session.
    /// assert_eq!(engine.answer(&flow, Answer::Code(code))?.step.code(), "AlreadySignedIn");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::NotOffered`] if the step does not take this answer, and the refusals of the answer
    /// itself. The flow then stays at its step.
    pub fn answer(&self, flow: &Flow, answer: Answer) -> Result<Flow, Error> {
        self.answered(flow, &Given::Answer(answer))
    }

    /// Returns the flow that the token names, at its current step. Call it after a restart of the program, or
    /// wherever only the token was kept.
    ///
    /// ```
    /// # let engine = selfsame::Engine::in_memory(selfsame::Policy::default(), selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// use selfsame::FlowToken;
    ///
    /// let flow = engine.sign_up("ada@example.org", &password, &client)?;
    /// # let kept = flow.token.as_ref().ok_or("no token")?.reveal().to_owned();
    ///
    /// // After a restart. `kept` is the text that the flow's token reveals.
    /// let token: FlowToken = kept.parse()?;
    /// assert_eq!(engine.resume(&token)?, flow);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::FlowExpired`] if the flow has expired or never existed.
    pub fn resume(&self, token: &FlowToken) -> Result<Flow, Error> {
        self.look(|view, ctx| {
            let Some(stored) = load(view, token, ctx)? else { return Ok(Err(Refusal::FlowExpired)) };
            let facts = facts(view, &stored, None, ctx)?;
            let step = state::step(&stored, &facts, ctx);
            Ok(Ok(Flow { token: Some(token.clone()), number: stored.number, step }))
        })
    }

    fn answered(&self, flow: &Flow, given: &Given<'_>) -> Result<Flow, Error> {
        // A flow without a token was done at once, so its step takes no answer.
        let Flow { token: Some(token), number, .. } = flow else { return Err(Refusal::NotOffered.into()) };
        let number = *number;
        let inner = self.inner()?;
        self.settled(|| {
            let seen = self.look(|view, ctx| {
                let Some(flow) = load(view, token, ctx)? else { return Ok(Err(Refusal::FlowExpired)) };
                let needs = flow.state.needs(None);
                let (account, _) = named_facts(view, &needs, ctx)?;
                let is_throttled = account.as_ref().is_some_and(|account| {
                    throttle::check(account, &flow.caller, Guessed::Password, ctx).is_err()
                });
                let stored = account.as_ref().and_then(Stored::of);
                let password_to_be = match (&account, &needs.undo) {
                    (Some(account), Some(code)) => {
                        undo::password_email(&undo_facts(view, account, code, ctx)?, account, code, ctx)
                    }
                    _ => None,
                };
                Ok(Ok(Seen { flow, account, stored, password_to_be, is_throttled }))
            })?;
            if number < seen.flow.number {
                return self.resume(token).map(Attempt::Done);
            }
            let prepared = self.prepare(given, &seen)?;
            // The assertion of a new person makes the flow a sign-up, which has its own limit.
            let is_arrival = matches!(prepared, Input::Present { .. });
            if is_arrival {
                self.make_room(FlowKind::SignUp)?;
            }
            self.act(|view, ctx| {
                view.ahead(|ahead| {
                    ahead.flow(token.flow());
                    facts_ahead(ahead, &seen.flow, Some(&prepared));
                })?;
                let Some(flow) = load(view, token, ctx)? else {
                    return Ok(Verdict::refused(Refusal::FlowExpired));
                };
                if flow.number != seen.flow.number {
                    return Ok(Verdict::done(Attempt::Overtaken, Vec::new()));
                }
                if number != flow.number {
                    return Ok(Verdict::refused(Refusal::NotOffered));
                }
                let facts = facts(view, &flow, Some(&prepared), ctx)?;
                if let Input::Password(proof) = &prepared
                    && is_overtaken(
                        facts.account.as_ref(),
                        proof.as_ref(),
                        &flow.caller,
                        seen.is_throttled,
                        ctx,
                    )
                {
                    return Ok(Verdict::done(Attempt::Overtaken, Vec::new()));
                }
                // The new password was compared with the compromised ones that the account had then. Another one may
                // have been marked since.
                if let (Input::NewPassword(_), Some(account)) = (&prepared, &facts.account)
                    && account.compromised != seen.compromised()
                {
                    return Ok(Verdict::done(Attempt::Overtaken, Vec::new()));
                }
                let before = flow.number;
                let mut verdict = transition::answer(flow, prepared.clone(), facts, ctx);
                view.ahead(|ahead| ahead.changes(&verdict.changes, ctx))?;
                if let Ok(step) = &mut verdict.answer {
                    with_needs(view, step)?;
                }
                Ok(verdict.map(|step| Attempt::Done(after(token, before, step))))
            })
            .inspect(|_| {
                if is_arrival {
                    inner.estimate.take(FlowKind::SignUp);
                }
            })
        })
    }

    /// Does the work of an answer that is done outside the act: parsing, checking, hashing.
    fn prepare(&self, given: &Given<'_>, seen: &Seen) -> Result<Input, Error> {
        let answer = match given {
            Given::Present(assertion, intent) => {
                let (State::Present { provider } | State::Adding { provider, .. }) = &seen.flow.state else {
                    return Ok(Input::NotOffered);
                };
                let is_adding = matches!(seen.flow.state, State::Adding { .. });
                return Ok(match self.check(assertion, &seen.flow, Some(provider))? {
                    Checked::Asserted(asserted) if is_adding => Input::Identity(asserted),
                    Checked::Asserted(asserted) => Input::Present { asserted, intent: *intent },
                    Checked::UnknownKey(issuer) => Input::UnknownKey(issuer),
                });
            }
            Given::Answer(answer) => answer,
        };
        Ok(match answer {
            Answer::Password(password) => match (&seen.flow.state, &seen.stored) {
                (State::ProveOwnership { .. } | State::Reauthenticate { .. }, Some(stored))
                    if !seen.is_throttled =>
                {
                    Input::Password(self.hash_against(Some(stored), password)?)
                }
                (State::ProveOwnership { .. } | State::Reauthenticate { .. }, _) => Input::Password(None),
                _ => Input::NotOffered,
            },
            Answer::Assertion(assertion) => match &seen.flow.state {
                State::ProveOwnership { .. } | State::Reauthenticate { .. } | State::Adding { .. } => {
                    let begun_with = match &seen.flow.state {
                        State::Adding { provider, .. } => Some(provider),
                        _ => None,
                    };
                    match self.check(assertion, &seen.flow, begun_with)? {
                        Checked::Asserted(asserted) => Input::Identity(asserted),
                        Checked::UnknownKey(issuer) => Input::UnknownKey(issuer),
                    }
                }
                _ => Input::NotOffered,
            },
            Answer::Passkey(text) => self.check_passkey(text, &seen.flow.state)?,
            Answer::Code(code) => match &seen.flow.state {
                // A text without the form of a code does not count as an attempt, for known and unknown
                // addresses alike.
                State::VerifyEmail(_) | State::Reset(_) | State::Enroll { .. } => {
                    Input::Code(MailCode::parse(code.reveal()).ok_or(Refusal::InvalidCode)?)
                }
                _ => Input::NotOffered,
            },
            Answer::Totp(code) => Input::SecondFactor(TypedFactor::totp(code)),
            Answer::RecoveryCode(code) => Input::SecondFactor(TypedFactor::recovery_code(code)),
            Answer::NewPassword(password) => {
                let identifier = match (&seen.flow.state, &seen.account) {
                    (State::NewPassword(entry), Some(account)) => entry.password_email(account),
                    (State::Undo(_), _) => seen.password_to_be.as_ref(),
                    _ => return Ok(Input::NotOffered),
                };
                Input::NewPassword(self.hash_for(password, identifier, seen.compromised())?)
            }
            Answer::CorrectAddress(text) => Input::CorrectAddress(
                EmailAddress::parse(text).map_err(|reason| Refusal::InvalidEmail { reason })?,
            ),
            plain => Input::Plain(plain.clone()),
        })
    }
}

/// The input of the caller.
enum Given<'a> {
    Present(&'a Assertion, Intent),
    Answer(Answer),
}

/// The flow as it was before the hash.
struct Seen {
    flow: FlowRecord,
    account: Option<Account>,
    stored: Option<Stored>,
    /// The identifier of the password that an undo restores.
    password_to_be: Option<EmailAddress>,
    is_throttled: bool,
}

impl Seen {
    /// Returns the account's passwords that others may know.
    fn compromised(&self) -> &[StoredPassword] {
        self.account.as_ref().map_or(&[], |account| &account.compromised)
    }
}

/// Returns the flow that the token names, if it has not expired.
fn load(view: &View<'_>, token: &FlowToken, ctx: &Context<'_>) -> Result<Option<FlowRecord>, StoreError> {
    let flow = view.flow(token.flow())?.filter(|flow| {
        let hash = turn::secret_hash(flow.id, token.secret(), ctx);
        same(&flow.secret_hash, &hash) && ctx.now < flow.expires_at
    });
    let Some(mut flow) = flow else { return Ok(None) };
    view.ahead(|ahead| named_ahead(ahead, &flow))?;
    view.read_recognitions(&mut flow.caller)?;
    Ok(Some(flow))
}

fn after(token: &FlowToken, before: u32, step: Step) -> Flow {
    Flow { token: Some(token.clone()), number: before.saturating_add(1), step }
}
