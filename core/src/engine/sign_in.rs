//! Signing in with a password (SPEC 4.1).

use super::account::with_needs;
use super::facts::entrance;
use super::password::{Stored, is_overtaken};
use super::{Attempt, Engine, room};
use crate::error::Error;
use crate::flow::facts::Facts;
use crate::flow::sign_in;
use crate::ground::email::EmailAddress;
use crate::ground::id::AccountId;
use crate::ground::label::TextField;
use crate::ground::secret::Secret;
use crate::records::account::Account;
use crate::records::flow::FlowKind;
use crate::records::identifier::Identifier;
use crate::records::policy::{EmailProof, Policy};
use crate::records::refusal::Refusal;
use crate::records::session::Client;
use crate::records::step::Flow;
use crate::records::throttle::LockoutPolicy;
use crate::records::verdict::Verdict;
use crate::rules::throttle::{self, Guessed};
use crate::store::ahead::Ahead;
use crate::store::port::StoreError;
use crate::store::view::View;

impl Engine {
    /// Signs in with email and password.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// use selfsame::{Error, Refusal, Secret, Step};
    ///
    /// let flow = engine.sign_in("ada@example.org", &password, &client)?;
    /// assert!(matches!(flow.step, Step::SignedIn { .. }));
    ///
    /// let wrong = Secret::from("not the password");
    /// match engine.sign_in("ada@example.org", &wrong, &client) {
    ///     Ok(flow) => println!("next step: {}", flow.step.code()),
    ///     Err(Error::Refused(Refusal::InvalidCredentials)) => println!("The email or the password is wrong."),
    ///     Err(Error::Refused(Refusal::Throttled { retry_at })) => println!("Wait until {retry_at:?}."),
    ///     Err(other) => println!("{other}"),
    /// }
    /// # let refused = engine.sign_in("ada@example.org", &wrong, &client);
    /// # assert_eq!(refused, Err(Error::Refused(Refusal::InvalidCredentials)));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::InvalidCredentials`] for an unknown email and for a wrong password alike;
    /// [`Refusal::Throttled`] after too many failures; [`Refusal::InvalidEmail`] if `email` is not an email
    /// address; [`Refusal::InvalidText`] if the device's label cannot be shown.
    pub fn sign_in(&self, email: &str, password: &Secret, client: &Client) -> Result<Flow, Error> {
        let email = EmailAddress::parse(email).map_err(|reason| Refusal::InvalidEmail { reason })?;
        self.sign_in_as(&Who::Known(Identifier::PasswordEmail(email)), password, client)
    }

    pub(super) fn sign_in_as(&self, who: &Who, password: &Secret, client: &Client) -> Result<Flow, Error> {
        let client = &self.check_client(client)?;
        self.in_room(FlowKind::SignIn, || self.try_password(who, password, client))
    }

    fn try_password(&self, who: &Who, password: &Secret, client: &Client) -> Result<Flow, Error> {
        self.settled(|| {
            let tried = self.look(|view, ctx| {
                // Read for an unknown email too, so that both cost the same.
                view.ahead(|ahead| {
                    ahead.client(client);
                    who.ahead(ahead, view);
                })?;
                let caller = view.caller(client)?;
                let holder = who.account(view, ctx.policy)?;
                let throttle = match &holder {
                    Some(account) => throttle::check(account, &caller, Guessed::Password, ctx),
                    None => view.unknown(who.unknown_hash(view))?.throttle.check(
                        ctx.now,
                        ctx.throttle_clock,
                        LockoutPolicy::Lock,
                    ),
                };
                Ok(Ok(Tried {
                    stored: holder.as_ref().and_then(Stored::of),
                    is_throttled: throttle.is_err(),
                }))
            })?;
            // During a wait, right and wrong passwords get the same answer, so nothing is hashed (SPEC 12.1).
            let proof = match tried.is_throttled {
                true => None,
                false => self.hash_against(tried.stored.as_ref(), password)?,
            };
            let answer = self.act(|view, ctx| {
                view.ahead(|ahead| {
                    ahead.client(client);
                    match &tried.stored {
                        Some(stored) => ahead.account(stored.account),
                        None => ahead.unknown(who.unknown_hash(view)),
                    }
                })?;
                let account = match &tried.stored {
                    Some(stored) => view.account(stored.account)?,
                    None => None,
                };
                let mut caller = view.caller(client)?;
                if is_overtaken(account.as_ref(), proof.as_ref(), &caller, tried.is_throttled, ctx) {
                    return Ok(Verdict::done(Attempt::Overtaken, Vec::new()));
                }
                let holder = match account {
                    Some(account) => Ok(account),
                    None => Err(view.unknown(who.unknown_hash(view))?),
                };
                let facts = match &holder {
                    Ok(account) => {
                        Facts { entrance: entrance(view, account, &caller, None, ctx)?, ..Facts::default() }
                    }
                    Err(_) => Facts::default(),
                };
                let mut verdict = sign_in::password(holder, proof.clone(), &mut caller, facts, ctx);
                view.ahead(|ahead| ahead.changes(&verdict.changes, ctx))?;
                if let Ok(flow) = &mut verdict.answer {
                    with_needs(view, &mut flow.step)?;
                }
                room::counted(view, verdict.map(Attempt::Done), ctx)
            });
            if let Err(Error::Refused(Refusal::InvalidCredentials)) = answer {
                self.hash_as_imported(tried.stored.as_ref(), password)?;
            }
            answer
        })
    }

    /// Returns the client as the engine keeps it.
    pub(super) fn check_client(&self, client: &Client) -> Result<Client, Error> {
        match client.product() {
            Some(product) if !self.inner()?.policy.has_product(product) => {
                Err(Refusal::UnknownProduct.into())
            }
            _ => Ok(client.clone().labelled(TextField::Device.kept(client.device())?)),
        }
    }
}

/// The account that the person wants to sign in to.
pub(super) enum Who {
    /// The owner of an email.
    Known(Identifier),
    /// The owner of an account from the picker.
    Picked(AccountId),
}

impl Who {
    fn account(&self, view: &View<'_>, policy: &Policy) -> Result<Option<Account>, StoreError> {
        match self {
            // An email does not sign in if it is only held for an undo or belongs to a suspended password.
            Self::Known(identifier) => {
                let holder = view.holder(identifier)?.filter(|account| account.is_found_by(identifier));
                match (holder, identifier) {
                    // Only if nobody has proven it and policy allows that (SPEC 2.8).
                    (None, Identifier::PasswordEmail(email)) if policy.email_proof() == EmailProof::Later => {
                        view.only_unproven(email)
                    }
                    (holder, _) => Ok(holder),
                }
            }
            Self::Picked(account) => view.account(*account),
        }
    }

    /// Names the rows that tell who this is.
    fn ahead(&self, ahead: &mut Ahead<'_>, view: &View<'_>) {
        match self {
            Self::Known(identifier) => {
                ahead.claim(identifier);
                if let Identifier::PasswordEmail(email) = identifier {
                    ahead.unproven(email);
                }
            }
            Self::Picked(account) => ahead.account(*account),
        }
        ahead.unknown(self.unknown_hash(view));
    }

    /// Returns the hash that failures are counted under if no account matches.
    fn unknown_hash(&self, view: &View<'_>) -> [u8; 32] {
        match self {
            Self::Known(identifier) => view.claim_hash(identifier),
            Self::Picked(account) => view.keys().code(&[b"picked", account.as_bytes()]),
        }
    }
}

struct Tried {
    stored: Option<Stored>,
    is_throttled: bool,
}
