//! The owner adds and removes ways in (SPEC 1.4 to 1.8).

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
use crate::records::step::Progress;
use crate::rules::fresh::Unheld;
use crate::rules::{address, method};

impl AccountHandle {
    /// Begins a flow in this session: the assertion that it is brought becomes one more way in. It ends with
    /// [`Step::Done`](crate::Step::Done).
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Refusal::UnknownProvider`], [`Refusal::ReauthenticationRequired`],
    /// [`Refusal::OnHold`]. The assertion is refused with [`Refusal::AlreadyYours`],
    /// [`Refusal::IdentityInUse`] or [`Refusal::LimitReached`].
    pub fn begin_add(&self, provider: &ProviderId) -> Result<Progress, Error> {
        if self.engine().inner.policy.provider(provider).is_none() {
            return Err(Refusal::UnknownProvider.into());
        }
        self.act_fresh(|view, ctx, fresh| {
            super::facts::swept(view, add::begin(fresh, provider.clone(), ctx), ctx)
        })
    }

    /// Adds a password that goes with this email. Where the email is no verified address of the account, a
    /// code goes to it first, to be [proven](Self::prove_address) in this session.
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Refusal::InvalidEmail`], [`Refusal::InvalidPassword`],
    /// [`Refusal::ReauthenticationRequired`], [`Refusal::OnHold`]; [`Refusal::NotOffered`] where there is a
    /// password already; [`Refusal::IdentifierInUse`] to the proven owner of the mailbox alone.
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

    /// Removes a way in. All other sessions end, and this one when the method was its proof. It can be undone
    /// for 7 days, and its identifier is nobody else's until then; `waive_undo` frees it at once, to be added
    /// to another account.
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Refusal::LastMethod`], [`Refusal::ReauthenticationRequired`],
    /// [`Refusal::OnHold`]; [`Refusal::NotOffered`] where the account has no such method.
    pub fn remove_method(&self, method: MethodId, waive_undo: bool) -> Result<(), Error> {
        self.act_fresh(|_, ctx, fresh| Ok(method::remove(fresh, method, waive_undo, ctx)))
    }

    /// Takes the email that a later assertion of the identity carried, as an address that is not proven yet.
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Refusal::NotOffered`] where there is none,
    /// [`Refusal::ReauthenticationRequired`], [`Refusal::OnHold`], [`Refusal::LimitReached`].
    pub fn take_seen_email(&self, method: MethodId) -> Result<(), Error> {
        self.act_fresh(|_, ctx, fresh| Ok(method::take_seen_email(fresh, method, ctx)))
    }
}
