//! The owner changes the addresses of the account and its contact address (SPEC 1.4, 7.1, 7.2).

use super::account::AccountHandle;
use crate::error::Error;
use crate::ground::email::EmailAddress;
use crate::ground::secret::Secret;
use crate::records::account::Account;
use crate::records::address::AddressStep;
use crate::records::context::Context;
use crate::records::identifier::Identifier;
use crate::records::pending::Wanted;
use crate::records::refusal::Refusal;
use crate::rules::address;
use crate::rules::address::AskedFor;
use crate::rules::fresh::Unheld;
use crate::rules::method::Collisions;
use crate::store::port::StoreError;
use crate::store::view::View;

impl AccountHandle {
    /// Changes the email: the contact address, and also the identifier of the password if that is the old
    /// contact address. Sends a code to the new address. Nothing changes until the code is
    /// [proven](Self::prove_address) in this session.
    ///
    /// Set `old_is_lost` if the owner has lost the old mailbox. The engine then sends no undo code to it.
    /// This requires a session that has proven a second factor.
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::InvalidEmail`],
    /// [`Refusal::AlreadyYours`], [`Refusal::ReauthenticationRequired`], [`Refusal::OnHold`] or
    /// [`Refusal::LimitReached`]; [`Refusal::NotOffered`] if the account cannot declare the mailbox lost.
    pub fn change_email(&self, new: &str, old_is_lost: bool) -> Result<AddressStep, Error> {
        self.request(&parsed(new)?, &Wanted::Contact { old_is_lost })
    }

    /// Sends a code to an unverified address of the account. [Prove](Self::prove_address) the code in this
    /// session.
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
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::InvalidCode`] if the code is wrong
    /// or nothing waits in this session; [`Refusal::IdentifierInUse`] if another account signs in with the
    /// address; [`Refusal::LimitReached`] if policy allows no further account with the address.
    pub fn prove_address(&self, code: &Secret) -> Result<AddressStep, Error> {
        self.act(|view, ctx, owner| {
            let pending = view.pending(owner.account.id)?;
            let others = match address::waits_for(owner, pending.as_ref()) {
                Some(email) => collisions(view, &owner.account, email)?,
                None => Collisions { is_held: false, sharing: 0 },
            };
            Ok(address::prove(owner, code, pending, &others, ctx))
        })
    }

    /// Makes another verified address the contact address. Ends all other sessions.
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::InvalidEmail`],
    /// [`Refusal::AlreadyYours`], [`Refusal::ReauthenticationRequired`] or [`Refusal::OnHold`];
    /// [`Refusal::NotOffered`] if it is not a verified address of the account.
    pub fn set_contact(&self, email: &str) -> Result<(), Error> {
        let email = parsed(email)?;
        self.act_fresh(|_, ctx, fresh| Ok(address::set_contact(fresh, &email, ctx)))
    }

    fn request(&self, email: &EmailAddress, wanted: &Wanted) -> Result<AddressStep, Error> {
        self.act_fresh::<_, Unheld>(|view, ctx, fresh| {
            let known = asked_for(view, fresh.account(), email, wanted, ctx)?;
            Ok(address::request(fresh, email, wanted.clone(), known, ctx))
        })
    }
}

pub(super) fn parsed(email: &str) -> Result<EmailAddress, Refusal> {
    EmailAddress::parse(email).map_err(|reason| Refusal::InvalidEmail { reason })
}

pub(super) fn asked_for(
    view: &View<'_>,
    account: &Account,
    email: &EmailAddress,
    wanted: &Wanted,
    ctx: &Context<'_>,
) -> Result<AskedFor, StoreError> {
    let rate_limit = view.rate_limit(&address::purpose(wanted).address_hash(email, ctx.keys))?;
    Ok(AskedFor { pending: view.pending(account.id)?, rate_limit })
}

pub(super) fn collisions(
    view: &View<'_>,
    account: &Account,
    email: &EmailAddress,
) -> Result<Collisions, StoreError> {
    let holder = view.holder(&Identifier::PasswordEmail(email.clone()))?;
    let sharing = view.sharing(email)?;
    Ok(Collisions {
        is_held: holder.is_some_and(|holder| holder.id != account.id),
        sharing: sharing.iter().filter(|other| other.id != account.id).count(),
    })
}
