//! The owner adds and removes sign-in methods (SPEC 1.4 to 1.8).

use super::Attempt;
use super::account::AccountHandle;
use super::address::{asked_for, collisions, parsed};
use super::room;
use crate::error::Error;
use crate::flow::add;
use crate::ground::id::MethodId;
use crate::ground::secret::Secret;
use crate::ground::short_name::ProviderId;
use crate::records::address::AddressStep;
use crate::records::flow::FlowKind;
use crate::records::pending::Wanted;
use crate::records::refusal::Refusal;
use crate::records::step::Flow;
use crate::records::verdict::Verdict;
use crate::rules::fresh::Unheld;
use crate::rules::{address, method};

impl AccountHandle {
    /// Starts a flow in this session that adds a federated identity. The identity of the assertion that you
    /// pass to the flow becomes a sign-in method. The flow ends with [`Step::Done`](crate::Step::Done).
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().providers(vec![selfsame::Provider::x()]);
    /// # let policy = policy.email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// # let stated = |flow: &selfsame::Flow, email: Option<&str>| match &flow.step {
    /// #     selfsame::Step::PresentAssertion { provider, flow_id, .. } => {
    /// #         let (email, provider) = (email.map(str::to_owned), provider.clone());
    /// #         let (subject, handle) = ("2244994945".to_owned(), Some("ada".to_owned()));
    /// #         selfsame::Assertion::Stated(selfsame::HostStatement {
    /// #             flow_id: *flow_id, provider, subject, handle, email, email_verified: false,
    /// #         })
    /// #     }
    /// #     other => panic!("{other:?}"),
    /// # };
    /// use selfsame::Intent;
    ///
    /// let flow = account.begin_add(&"x".parse()?)?;
    /// // The host sends the person to the provider, and gets an assertion.
    /// # let assertion = stated(&flow, None);
    /// let flow = engine.continue_with(&flow, &assertion, Intent::SignIn)?;
    /// assert_eq!(flow.step.code(), "Done");
    /// assert_eq!(account.view()?.methods.len(), 2);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::UnknownProvider`],
    /// [`Refusal::ReauthenticationRequired`] or [`Refusal::OnHold`]. The assertion is refused with
    /// [`Refusal::AlreadyYours`], [`Refusal::IdentityInUse`] or [`Refusal::LimitReached`].
    pub fn begin_add(&self, provider: &ProviderId) -> Result<Flow, Error> {
        if self.engine().inner()?.policy.provider(provider).is_none() {
            return Err(Refusal::UnknownProvider.into());
        }
        self.engine().in_room(FlowKind::SignIn, || {
            self.act_fresh(|view, ctx, fresh| {
                room::counted(view, add::begin(fresh, provider.clone(), ctx), ctx)
            })
        })
    }

    /// Adds a password with this email as its identifier. If the email is not a verified address of the
    /// account, sends a code to it first. [Prove](Self::prove_address) the code in this session.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().providers(vec![selfsame::Provider::x()]);
    /// # let policy = policy.email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let stated = |flow: &selfsame::Flow, email: Option<&str>| match &flow.step {
    /// #     selfsame::Step::PresentAssertion { provider, flow_id, .. } => {
    /// #         let (email, provider) = (email.map(str::to_owned), provider.clone());
    /// #         let (subject, handle) = ("2244994945".to_owned(), Some("ada".to_owned()));
    /// #         selfsame::Assertion::Stated(selfsame::HostStatement {
    /// #             flow_id: *flow_id, provider, subject, handle, email, email_verified: false,
    /// #         })
    /// #     }
    /// #     other => panic!("{other:?}"),
    /// # };
    /// use selfsame::AddressStep;
    ///
    /// # let flow = engine.begin_federated(&"x".parse()?, &client)?;
    /// # let session = engine.continue_with(&flow, &stated(&flow, None), selfsame::Intent::SignUp)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// let step = account.add_password("ada@example.org", &password)?;
    /// assert_eq!(step, AddressStep::ProveAddress { to: "a…@example.org".to_owned(), send_at: None });
    ///
    /// // The host delivers the message, and the person types its code.
    /// # let mail = engine.messages(32)?;
    /// # let code = mail.iter().rev().find_map(|it| it.kind.mailed_code().cloned()).ok_or("no code")?;
    /// account.prove_address(&code)?;
    /// let again = engine.sign_in("ada@example.org", &password, &client)?.signed_in()?;
    /// assert_eq!(again.account, session.account);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::InvalidEmail`],
    /// [`Refusal::InvalidPassword`], [`Refusal::ReauthenticationRequired`] or [`Refusal::OnHold`];
    /// [`Refusal::NotOffered`] if the account has a password already; [`Refusal::IdentifierInUse`] if another
    /// account uses the email, but only after the caller has proven the mailbox.
    pub fn add_password(&self, email: &str, password: &Secret) -> Result<AddressStep, Error> {
        let email = parsed(email)?;
        self.engine().settled(|| {
            let compromised = self.look_owner(|_, ctx, owner| {
                Ok(owner.prove::<Unheld>(ctx).map(|fresh| fresh.account().compromised.clone()))
            })?;
            let hash = self.engine().hash_for(password, Some(&email), &compromised)?;
            self.act_fresh::<_, Unheld>(|view, ctx, fresh| {
                let account = fresh.account();
                if account.compromised != compromised {
                    return Ok(Verdict::done(Attempt::Overtaken, Vec::new()));
                }
                let verdict = if account.has_verified(&email) {
                    let others = collisions(view, account, &email)?;
                    method::add_password(fresh.session(), account, &email, hash.clone(), &others, ctx)
                } else {
                    let wanted = Wanted::Password(hash.clone());
                    let known = asked_for(view, fresh, &email, &wanted)?;
                    address::request(fresh, &email, wanted, known, ctx)
                };
                Ok(verdict.map(Attempt::Done))
            })
        })
    }

    /// Removes a sign-in method. Ends all other sessions, and this one too if the method is its proof. The owner can
    /// undo this for 7 days. Until then, a person who proves the identifier elsewhere is offered this account too
    /// (SPEC 7.6).
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().providers(vec![selfsame::Provider::x()]);
    /// # let policy = policy.email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// # let mail = engine.messages(32)?;
    /// # let code = mail.iter().rev().find_map(|it| it.kind.mailed_code().cloned()).ok_or("no code")?;
    /// # account.prove_address(&code)?;
    /// # let stated = |flow: &selfsame::Flow, email: Option<&str>| match &flow.step {
    /// #     selfsame::Step::PresentAssertion { provider, flow_id, .. } => {
    /// #         let (email, provider) = (email.map(str::to_owned), provider.clone());
    /// #         let (subject, handle) = ("2244994945".to_owned(), Some("ada".to_owned()));
    /// #         selfsame::Assertion::Stated(selfsame::HostStatement {
    /// #             flow_id: *flow_id, provider, subject, handle, email, email_verified: false,
    /// #         })
    /// #     }
    /// #     other => panic!("{other:?}"),
    /// # };
    /// use selfsame::{Error, MethodKind, Refusal};
    ///
    /// # let flow = account.begin_add(&"x".parse()?)?;
    /// # engine.continue_with(&flow, &stated(&flow, None), selfsame::Intent::SignIn)?;
    /// for method in account.view()?.methods {
    ///     if method.kind == MethodKind::Federated {
    ///         // For 7 days, the owner can undo it.
    ///         account.remove_method(method.id)?;
    ///     }
    /// }
    /// let last = account.view()?.methods[0].id;
    /// assert_eq!(account.remove_method(last), Err(Error::Refused(Refusal::LastMethod)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::LastMethod`],
    /// [`Refusal::ReauthenticationRequired`] or [`Refusal::OnHold`]; [`Refusal::NotOffered`] if the account
    /// does not have this method.
    pub fn remove_method(&self, method: MethodId) -> Result<(), Error> {
        self.act_fresh(|_, ctx, fresh| Ok(method::remove(fresh, method, ctx)))
    }

    /// Adds the email of a later assertion of this identity to the account, as an unverified address.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().providers(vec![selfsame::Provider::x()]);
    /// # let policy = policy.email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let stated = |flow: &selfsame::Flow, email: Option<&str>| match &flow.step {
    /// #     selfsame::Step::PresentAssertion { provider, flow_id, .. } => {
    /// #         let (email, provider) = (email.map(str::to_owned), provider.clone());
    /// #         let (subject, handle) = ("2244994945".to_owned(), Some("ada".to_owned()));
    /// #         selfsame::Assertion::Stated(selfsame::HostStatement {
    /// #             flow_id: *flow_id, provider, subject, handle, email, email_verified: false,
    /// #         })
    /// #     }
    /// #     other => panic!("{other:?}"),
    /// # };
    /// # let flow = engine.begin_federated(&"x".parse()?, &client)?;
    /// # engine.continue_with(&flow, &stated(&flow, None), selfsame::Intent::SignUp)?;
    /// # let flow = engine.begin_federated(&"x".parse()?, &client)?;
    /// # let flow = engine.continue_with(&flow, &stated(&flow, Some("ada@example.org")), selfsame::Intent::SignIn)?;
    /// # let account = engine.account(&flow.signed_in()?.token)?;
    /// for method in account.view()?.methods {
    ///     if let Some(email) = &method.seen_email {
    ///         println!("Add {email} to the account?");
    ///         account.take_seen_email(method.id)?;
    ///     }
    /// }
    /// let address = &account.view()?.addresses[0];
    /// assert_eq!((address.email.as_str(), address.verified_at), ("ada@example.org", None));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::NotOffered`] if there is no such
    /// email; [`Refusal::ReauthenticationRequired`], [`Refusal::OnHold`] or [`Refusal::LimitReached`].
    pub fn take_seen_email(&self, method: MethodId) -> Result<(), Error> {
        self.act_fresh(|_, ctx, fresh| Ok(method::take_seen_email(fresh, method, ctx)))
    }
}
