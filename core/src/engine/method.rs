//! The owner adds and removes sign-in methods (SPEC 1.4 to 1.8).

use super::account::AccountHandle;
use super::address::{asked_for, collisions, parsed};
use crate::error::Error;
use crate::flow::add;
use crate::ground::id::MethodId;
use crate::ground::secret::Secret;
use crate::ground::short_name::ProviderId;
use crate::records::address::AddressStep;
use crate::records::pending::Wanted;
use crate::records::refusal::Refusal;
use crate::records::step::Flow;
use crate::rules::fresh::Unheld;
use crate::rules::{address, method};

impl AccountHandle {
    /// Starts a flow in this session that adds a federated identity. The identity of the assertion that you
    /// pass to the flow becomes a sign-in method. The flow ends with [`Step::Done`](crate::Step::Done).
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::UnknownProvider`],
    /// [`Refusal::ReauthenticationRequired`] or [`Refusal::OnHold`]. The assertion is refused with
    /// [`Refusal::AlreadyYours`], [`Refusal::IdentityInUse`] or [`Refusal::LimitReached`].
    pub fn begin_add(&self, provider: &ProviderId) -> Result<Flow, Error> {
        if self.engine().inner.policy.provider(provider).is_none() {
            return Err(Refusal::UnknownProvider.into());
        }
        self.act_fresh(|view, ctx, fresh| {
            super::facts::swept(view, add::begin(fresh, provider.clone(), ctx), ctx)
        })
    }

    /// Adds a password with this email as its identifier. If the email is not a verified address of the
    /// account, sends a code to it first. [Prove](Self::prove_address) the code in this session.
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::InvalidEmail`],
    /// [`Refusal::InvalidPassword`], [`Refusal::ReauthenticationRequired`] or [`Refusal::OnHold`];
    /// [`Refusal::NotOffered`] if the account has a password already; [`Refusal::IdentifierInUse`] if another
    /// account uses the email, but only after the caller has proven the mailbox.
    pub fn add_password(&self, email: &str, password: &Secret) -> Result<AddressStep, Error> {
        let email = parsed(email)?;
        self.check_fresh::<Unheld>()?;
        let hash = self.engine().hash_for(password, Some(&email))?;
        self.act_fresh::<_, Unheld>(|view, ctx, fresh| {
            let account = fresh.account();
            if account.has_verified(&email) {
                let others = collisions(view, account, &email)?;
                let session = fresh.session();
                return Ok(method::add_password(session, account, &email, hash.clone(), &others, ctx));
            }
            let wanted = Wanted::Password(hash.clone());
            let known = asked_for(view, account, &email, &wanted, ctx)?;
            Ok(address::request(fresh, &email, wanted, known, ctx))
        })
    }

    /// Removes a sign-in method. Ends all other sessions, and this one too if the method is its proof. The
    /// owner can undo this for 7 days, and no other account can use the identifier until then. Set
    /// `waive_undo` to free the identifier at once, for use in another account.
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::LastMethod`],
    /// [`Refusal::ReauthenticationRequired`] or [`Refusal::OnHold`]; [`Refusal::NotOffered`] if the account
    /// does not have this method.
    pub fn remove_method(&self, method: MethodId, waive_undo: bool) -> Result<(), Error> {
        self.act_fresh(|_, ctx, fresh| Ok(method::remove(fresh, method, waive_undo, ctx)))
    }

    /// Adds the email of a later assertion of this identity to the account, as an unverified address.
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::NotOffered`] if there is no such
    /// email; [`Refusal::ReauthenticationRequired`], [`Refusal::OnHold`] or [`Refusal::LimitReached`].
    pub fn take_seen_email(&self, method: MethodId) -> Result<(), Error> {
        self.act_fresh(|_, ctx, fresh| Ok(method::take_seen_email(fresh, method, ctx)))
    }
}
