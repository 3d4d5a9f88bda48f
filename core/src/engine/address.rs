//! The owner changes the addresses of the account and its contact (SPEC 1.4, 7.1, 7.2).

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
    /// Changes the email: the contact address, and the identifier of the password where the old one is that.
    /// A code goes to the new one, and nothing changes before it is [proven](Self::prove_address) in this
    /// session. `old_is_lost` says that the old mailbox is lost: no undo code goes there. That wants a
    /// session that has proven a second factor.
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Refusal::InvalidEmail`], [`Refusal::AlreadyYours`],
    /// [`Refusal::ReauthenticationRequired`], [`Refusal::OnHold`], [`Refusal::LimitReached`];
    /// [`Refusal::NotOffered`] where a lost mailbox cannot be declared.
    pub fn change_email(&self, new: &str, old_is_lost: bool) -> Result<AddressStep, Error> {
        self.request(&parsed(new)?, &Wanted::Contact { old_is_lost })
    }

    /// Sends a code to an address of the account that is not verified yet, to be
    /// [proven](Self::prove_address) in this session.
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Refusal::InvalidEmail`], [`Refusal::AlreadyYours`],
    /// [`Refusal::ReauthenticationRequired`], [`Refusal::OnHold`]; [`Refusal::NotOffered`] where it is no
    /// address of the account.
    pub fn verify_address(&self, email: &str) -> Result<AddressStep, Error> {
        self.request(&parsed(email)?, &Wanted::Proof)
    }

    /// The code that was mailed for what waits in this session: it is done now. Where it was the account's
    /// first proven address, its other ways in lead in no more until they are [reviewed](Self::review).
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Refusal::InvalidCode`] for a wrong code, and where nothing waits here
    /// any more; [`Refusal::IdentifierInUse`] where another account signs in with the address;
    /// [`Refusal::LimitReached`] where as many accounts as may be have it.
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

    /// Makes another of the verified addresses the one for messages. All other sessions end.
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Refusal::InvalidEmail`], [`Refusal::AlreadyYours`],
    /// [`Refusal::ReauthenticationRequired`], [`Refusal::OnHold`]; [`Refusal::NotOffered`] where it is no
    /// verified address of the account.
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
