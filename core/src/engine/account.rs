//! The account page, and the checks that every call of the owner goes through.

use super::Engine;
use crate::crypto::token::SessionToken;
use crate::error::Error;
use crate::records::account::{Account, Owner};
use crate::records::account_view::AccountView;
use crate::records::chain::Activity;
use crate::records::context::Context;
use crate::records::refusal::Refusal;
use crate::records::session::Session;
use crate::records::step::Step;
use crate::records::verdict::Verdict;
use crate::rules::fresh::{Fresh, Level};
use crate::store::port::StoreError;
use crate::store::view::View;

/// Gives the owner access to an account, through one of the owner's sessions.
///
/// Every call first checks the session. It returns [`Refusal::SessionEnded`] if the session has ended, and
/// [`Refusal::ReauthenticationRequired`] if the session waits because support started a deletion (SPEC 9.5).
///
/// ```
/// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
/// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
/// # let password = selfsame::Secret::from("seven green bicycles");
/// # let client = selfsame::Client::on("laptop");
/// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
/// use selfsame::{Error, Refusal};
///
/// let account = engine.account(&session.token)?;
/// match account.view() {
///     Ok(view) => println!("{} addresses", view.addresses.len()),
///     Err(Error::Refused(Refusal::SessionEnded)) => println!("Sign in again."),
///     Err(Error::Refused(Refusal::ReauthenticationRequired { .. })) => println!("Reauthenticate."),
///     Err(other) => println!("{other}"),
/// }
/// # assert!(account.view().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct AccountHandle {
    engine: Engine,
    token: SessionToken,
}

impl AccountHandle {
    pub(super) fn new(engine: Engine, token: SessionToken) -> Self {
        Self { engine, token }
    }

    /// Returns the account page.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// let view = account.view()?;
    /// assert_eq!(view.id, session.account);
    /// assert_eq!(view.contact, None, "no address is verified yet");
    /// assert!(view.mfa.is_none());
    /// assert_eq!(view.methods.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call.
    pub fn view(&self) -> Result<AccountView, Error> {
        self.look(|view, ctx, account| {
            let mut shown = account.view(ctx);
            for (address, shown) in account.credentials.addresses.iter().zip(&mut shown.addresses) {
                if address.verified_at.is_some() {
                    shown.others = view.sharing(&address.email)?.len().saturating_sub(1);
                }
            }
            shown.needs_address = needs_address(view, account)?;
            Ok(shown)
        })
    }

    /// Returns the events of the account, oldest first (SPEC 11.3).
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// use selfsame::Action;
    ///
    /// let activity = account.activity()?;
    /// for entry in &activity {
    ///     println!("{}. {}", entry.sequence, entry.event.action);
    /// }
    /// assert_eq!(activity[0].event.action, Action::AccountCreated);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call.
    pub fn activity(&self) -> Result<Vec<Activity>, Error> {
        self.look(|view, _, account| view.events(account.id, 0, usize::MAX))
    }

    /// Returns `true` if no event of the account was removed, reordered or changed since it was written
    /// (SPEC 11.2).
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// assert!(account.verify_audit()?, "an event was removed or changed");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Error::Damaged`] if an event cannot be
    /// decrypted.
    pub fn verify_audit(&self) -> Result<bool, Error> {
        self.look(|view, _, account| Ok(account.chain.holds(&view.events(account.id, 0, usize::MAX)?)))
    }

    pub(super) fn look<T>(
        &self,
        mut look: impl FnMut(&View<'_>, &Context<'_>, &Account) -> Result<T, StoreError>,
    ) -> Result<T, Error> {
        self.engine.look(|view, ctx| match owned(view, &self.token, ctx)? {
            Some(owner) => Ok(Ok(look(view, ctx, &owner.account)?)),
            None => Ok(Err(not_open(view, &self.token, ctx)?)),
        })
    }

    /// Reads facts that only some states of the account have, and may refuse.
    pub(super) fn look_owner<T>(
        &self,
        mut look: impl FnMut(&View<'_>, &Context<'_>, &Owner) -> Result<Result<T, Refusal>, StoreError>,
    ) -> Result<T, Error> {
        self.engine.look(|view, ctx| match owned(view, &self.token, ctx)? {
            Some(owner) => look(view, ctx, &owner),
            None => Ok(Err(not_open(view, &self.token, ctx)?)),
        })
    }

    pub(super) fn engine(&self) -> &Engine {
        &self.engine
    }

    pub(super) fn token(&self) -> &SessionToken {
        &self.token
    }

    pub(super) fn act<T>(
        &self,
        mut decide: impl FnMut(&View<'_>, &Context<'_>, &Owner) -> Result<Verdict<T>, StoreError>,
    ) -> Result<T, Error> {
        self.engine.act(|view, ctx| match owned(view, &self.token, ctx)? {
            Some(owner) => decide(view, ctx, &owner),
            None => Ok(Verdict::refused(not_open(view, &self.token, ctx)?)),
        })
    }

    /// Runs an act that requires fresh proof of the level `L`.
    pub(super) fn act_fresh<T, L: Level>(
        &self,
        mut decide: impl FnMut(&View<'_>, &Context<'_>, &Fresh<'_, L>) -> Result<Verdict<T>, StoreError>,
    ) -> Result<T, Error> {
        self.act(|view, ctx, owner| match owner.prove(ctx) {
            Ok(fresh) => decide(view, ctx, &fresh),
            Err(refusal) => Ok(Verdict::refused(refusal)),
        })
    }

    /// Checks for fresh proof before a password is hashed. The act checks again.
    pub(super) fn check_fresh<L: Level>(&self) -> Result<(), Error> {
        self.look_owner(|_, ctx, owner| Ok(owner.prove::<L>(ctx).map(|_| ())))
    }
}

/// Returns whether somebody else has proven the address of the account's password since the account was made. Does
/// not report an earlier proof, because a person who signs up with the address must not learn of it (SPEC 2.7, 2.8).
pub(super) fn needs_address(view: &View<'_>, account: &Account) -> Result<bool, StoreError> {
    let Some((_, email, ..)) = account.password().filter(|(_, email, ..)| !account.has_verified(email))
    else {
        return Ok(false);
    };
    let since = Some(account.id.made_at());
    let is_later = |other: &Account| {
        let addresses = &other.credentials.addresses;
        addresses.iter().any(|address| address.email == *email && address.verified_at > since)
    };
    Ok(view.sharing(email)?.iter().any(is_later))
}

/// Says in a step that opens a session whether the account needs another address.
pub(super) fn with_needs(view: &View<'_>, step: &mut Step) -> Result<(), StoreError> {
    if let Step::SignedIn { session } = step
        && let Some(account) = view.account(session.account)?
    {
        session.needs_address = needs_address(view, &account)?;
    }
    Ok(())
}

/// Returns the session that the token opens, if it has not ended.
pub(super) fn live(
    view: &View<'_>,
    token: &SessionToken,
    ctx: &Context<'_>,
) -> Result<Option<Session>, StoreError> {
    let session = view.session(token.account(), token.session(), token.secret())?;
    Ok(session.filter(|session| session.is_live(ctx.now, ctx.policy)))
}

/// Returns the suspended session of the token, if it has not ended.
pub(super) fn waiting(
    view: &View<'_>,
    token: &SessionToken,
    ctx: &Context<'_>,
) -> Result<Option<Session>, StoreError> {
    let session = view.suspended_session(token.account(), token.session(), token.secret())?;
    Ok(session.filter(|session| session.is_live(ctx.now, ctx.policy)))
}

/// Returns the reason why the token opens no session.
pub(super) fn not_open(
    view: &View<'_>,
    token: &SessionToken,
    ctx: &Context<'_>,
) -> Result<Refusal, StoreError> {
    let account = match waiting(view, token, ctx)? {
        Some(session) => view.account(session.account)?,
        None => None,
    };
    Ok(account.map_or(Refusal::SessionEnded, |account| Refusal::ReauthenticationRequired {
        accepted: account.accepted(ctx.policy),
    }))
}

/// Returns the session that the token opens, and its account.
pub(super) fn owned(
    view: &View<'_>,
    token: &SessionToken,
    ctx: &Context<'_>,
) -> Result<Option<Owner>, StoreError> {
    view.ahead(|ahead| {
        ahead.session(token.account(), token.session());
        ahead.account(token.account());
        ahead.pending(token.account());
    })?;
    let Some(session) = live(view, token, ctx)? else { return Ok(None) };
    Ok(view.account(session.account)?.map(|account| Owner { session, account }))
}
