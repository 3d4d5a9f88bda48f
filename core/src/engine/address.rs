//! The owner changes the addresses of the account and its contact address (SPEC 1.4, 7.1, 7.2).

use super::account::AccountHandle;
use crate::crypto::mail_code::MailCode;
use crate::error::Error;
use crate::ground::email::EmailAddress;
use crate::ground::secret::Secret;
use crate::records::account::Account;
use crate::records::address::AddressStep;
use crate::records::caller::{OriginHash, Share};
use crate::records::identifier::Identifier;
use crate::records::pending::Wanted;
use crate::records::refusal::Refusal;
use crate::records::verdict::Verdict;
use crate::rules::address;
use crate::rules::address::AskedFor;
use crate::rules::fresh::{Fresh, Unheld};
use crate::rules::method::Collisions;
use crate::store::port::StoreError;
use crate::store::view::View;

impl AccountHandle {
    /// Changes the email: the contact address, and also the identifier of the password if that is the old
    /// contact address. Sends a code to the new address. Nothing changes until the code is
    /// [proven](Self::prove_address) in this session.
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
    /// use selfsame::AddressStep;
    ///
    /// let step = account.change_email("ada@example.com")?;
    /// assert_eq!(step, AddressStep::ProveAddress { to: "a…@example.com".to_owned(), send_at: None });
    ///
    /// // The host delivers the message, and the person types its code.
    /// # let mail = engine.messages(32)?;
    /// # let code = mail.iter().rev().find_map(|it| it.kind.mailed_code().cloned()).ok_or("no code")?;
    /// assert_eq!(account.prove_address(&code)?, AddressStep::Done { was_reserved: false });
    /// assert_eq!(account.view()?.contact.as_deref(), Some("ada@example.com"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::InvalidEmail`],
    /// [`Refusal::AlreadyYours`], [`Refusal::ReauthenticationRequired`], [`Refusal::OnHold`] or
    /// [`Refusal::LimitReached`].
    pub fn change_email(&self, new: &str) -> Result<AddressStep, Error> {
        self.request(&parsed(new)?, &Wanted::Contact)
    }

    /// Sends a code to an unverified address of the account. [Prove](Self::prove_address) the code in this
    /// session.
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
    /// # engine.continue_with(&flow, &stated(&flow, None), selfsame::Intent::SignUp)?;
    /// # let flow = engine.begin_federated(&"x".parse()?, &client)?;
    /// # let flow = engine.continue_with(&flow, &stated(&flow, Some("ada@example.org")), selfsame::Intent::SignIn)?;
    /// # let account = engine.account(&flow.signed_in()?.token)?;
    /// # account.take_seen_email(account.view()?.methods.remove(0).id)?;
    /// for address in account.view()?.addresses {
    ///     if address.verified_at.is_none() {
    ///         account.verify_address(&address.email)?;
    ///     }
    /// }
    ///
    /// // The host delivers the message, and the person types its code.
    /// # let mail = engine.messages(32)?;
    /// # let code = mail.iter().rev().find_map(|it| it.kind.mailed_code().cloned()).ok_or("no code")?;
    /// assert_eq!(account.prove_address(&code)?, AddressStep::Done { was_reserved: false });
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::InvalidEmail`],
    /// [`Refusal::AlreadyYours`], [`Refusal::ReauthenticationRequired`] or [`Refusal::OnHold`];
    /// [`Refusal::NotOffered`] if the account does not have this address.
    pub fn verify_address(&self, email: &str) -> Result<AddressStep, Error> {
        self.request(&parsed(email)?, &Wanted::Proof)
    }

    /// Takes the mailed code and completes the change that waits for it in this session. If this is the first
    /// address that the account proves, its other sign-in methods are disabled until the owner has
    /// [reviewed](Self::review) them.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// use selfsame::{AddressStep, Error, Refusal, Secret};
    ///
    /// let wrong = account.prove_address(&Secret::from("no code"));
    /// assert_eq!(wrong, Err(Error::Refused(Refusal::InvalidCode)));
    ///
    /// // The sign-up has sent a code. The host delivers the message, and the person types the code.
    /// # let mail = engine.messages(32)?;
    /// # let code = mail.iter().rev().find_map(|it| it.kind.mailed_code().cloned()).ok_or("no code")?;
    /// assert_eq!(account.prove_address(&code)?, AddressStep::Done { was_reserved: false });
    /// assert_eq!(account.view()?.contact.as_deref(), Some("ada@example.org"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::InvalidCode`] if the code is wrong
    /// or nothing waits in this session; [`Refusal::IdentifierInUse`] if another account signs in with the
    /// address; [`Refusal::LimitReached`] if policy allows no further account with the address.
    pub fn prove_address(&self, code: &Secret) -> Result<AddressStep, Error> {
        let code = MailCode::parse(code.reveal());
        self.act(|view, ctx, owner| {
            // A text without the form of a code does not count as an attempt (SPEC 12.5).
            let Some(code) = &code else { return Ok(Verdict::refused(Refusal::InvalidCode)) };
            let pending = view.pending(owner.account.id)?;
            let others = match address::waits_for(owner, pending.as_ref()) {
                Some(email) => collisions(view, &owner.account, email)?,
                None => Collisions::default(),
            };
            Ok(address::prove(owner, code, pending, &others, ctx))
        })
    }

    /// Makes another verified address the contact address. Ends all other sessions.
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
    /// # let flow = engine.continue_with(&flow, &stated(&flow, Some("ada@example.org")), selfsame::Intent::SignUp)?;
    /// # let mail = engine.messages(32)?;
    /// # let code = mail.iter().rev().find_map(|it| it.kind.mailed_code().cloned()).ok_or("no code")?;
    /// # let flow = engine.answer(&flow, selfsame::Answer::Code(code))?;
    /// # let account = engine.account(&flow.signed_in()?.token)?;
    /// # account.change_email("ada@example.com")?;
    /// # let mail = engine.messages(32)?;
    /// # let code = mail.iter().rev().find_map(|it| it.kind.mailed_code().cloned()).ok_or("no code")?;
    /// # account.prove_address(&code)?;
    /// for address in account.view()?.addresses {
    ///     println!("{}, verified: {}", address.email, address.verified_at.is_some());
    /// }
    /// account.set_contact("ada@example.org")?;
    /// assert_eq!(account.view()?.contact.as_deref(), Some("ada@example.org"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::InvalidEmail`],
    /// [`Refusal::AlreadyYours`], [`Refusal::ReauthenticationRequired`] or [`Refusal::OnHold`];
    /// [`Refusal::NotOffered`] if `email` is not a verified address of the account.
    pub fn set_contact(&self, email: &str) -> Result<(), Error> {
        let email = parsed(email)?;
        self.act_fresh(|_, ctx, fresh| Ok(address::set_contact(fresh, &email, ctx)))
    }

    fn request(&self, email: &EmailAddress, wanted: &Wanted) -> Result<AddressStep, Error> {
        self.act_fresh::<_, Unheld>(|view, ctx, fresh| {
            let known = asked_for(view, fresh, email, wanted)?;
            Ok(address::request(fresh, email, wanted.clone(), known, ctx))
        })
    }
}

pub(super) fn parsed(email: &str) -> Result<EmailAddress, Refusal> {
    EmailAddress::parse(email).map_err(|reason| Refusal::InvalidEmail { reason })
}

pub(super) fn asked_for(
    view: &View<'_>,
    fresh: &Fresh<'_, Unheld>,
    email: &EmailAddress,
    wanted: &Wanted,
) -> Result<AskedFor, StoreError> {
    let share = Share::Session(fresh.session().id);
    view.ahead(|ahead| {
        ahead.pace(wanted.purpose(), email, share);
        ahead.pending(fresh.account().id);
    })?;
    let pacing = view.pacing_of(wanted.purpose(), email, share, OriginHash::default())?;
    Ok(AskedFor { pending: view.pending(fresh.account().id)?, pacing })
}

pub(super) fn collisions(
    view: &View<'_>,
    account: &Account,
    email: &EmailAddress,
) -> Result<Collisions, StoreError> {
    let identifier = Identifier::PasswordEmail(email.clone());
    view.ahead(|ahead| {
        ahead.claim(&identifier);
        ahead.proven(email);
    })?;
    view.ahead(|ahead| {
        ahead.holder(&identifier);
        ahead.sharing(email);
    })?;
    let (holder, reserver) = (view.holder(&identifier)?, view.reserver(&identifier)?);
    let sharing = view.sharing(email)?;
    Ok(Collisions {
        is_held: holder.is_some_and(|holder| holder.id != account.id),
        is_reserved: reserver.is_some_and(|reserver| reserver.id != account.id),
        sharing: sharing.iter().filter(|other| other.id != account.id).count(),
    })
}
