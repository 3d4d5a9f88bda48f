//! What the owner does with the ways in and the addresses (SPEC 1.4 to 1.8, 3.7, 4.8, 7.1).

use super::Attempt;
use super::account::AccountHandle;
use super::sign_in::{Stored, is_overtaken};
use crate::error::Error;
use crate::flow::add;
use crate::ground::email::EmailAddress;
use crate::ground::id::MethodId;
use crate::ground::nickname::nickname;
use crate::ground::secret::Secret;
use crate::ground::short_name::ProviderId;
use crate::records::account::Account;
use crate::records::address::AddressStep;
use crate::records::context::Context;
use crate::records::identifier::Identifier;
use crate::records::pending::Wanted;
use crate::records::refusal::Refusal;
use crate::records::step::Progress;
use crate::records::verdict::Verdict;
use crate::rules::address::AskedFor;
use crate::rules::fresh::{Everything, Level, Unheld};
use crate::rules::method::Collisions;
use crate::rules::review::Kept;
use crate::rules::{address, method, password, picker, review};
use crate::store::port::StoreError;
use crate::store::view::View;

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
            super::flows::swept(view, add::begin_add(fresh, provider.clone(), ctx), ctx)
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

    /// Sets what the owner wants to be called, or nothing: at most 64 characters, kept in the form of RFC 8266
    /// (Nickname). It finds no account, and need not be anybody's own.
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Refusal::InvalidName`].
    pub fn set_display_name(&self, name: Option<&str>) -> Result<(), Error> {
        let name = name.map(nickname).transpose().map_err(|reason| Refusal::InvalidName { reason })?;
        self.act(|_, ctx, owner| Ok(picker::display_name(owner, name.clone(), ctx)))
    }

    /// Sets another password. All other sessions end.
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Refusal::InvalidCredentials`] where `current` is not the password,
    /// which counts as at sign-in, and [`Refusal::Throttled`]; [`Refusal::InvalidPassword`],
    /// [`Refusal::ReauthenticationRequired`]; [`Refusal::NotOffered`] where there is no password.
    pub fn change_password(&self, current: &Secret, new: &Secret) -> Result<(), Error> {
        let engine = self.engine();
        engine.settled(|| {
            let tried = self.look_owner(|_, ctx, owner| {
                let account = &owner.account;
                let offered = owner.prove::<Everything>(ctx).map(|_| account.password());
                let tried = offered.and_then(|password| {
                    let (_, identifier, ..) = password.ok_or(Refusal::NotOffered)?;
                    let throttle = account.first.check(ctx.now, ctx.patient, account.end_of_first());
                    Ok((Stored::of(account), identifier.clone(), throttle.is_err()))
                });
                Ok(tried)
            })?;
            let (stored, identifier, is_throttled) = tried;
            let hash = engine.hash_for(new, Some(&identifier))?;
            let proof = if is_throttled { None } else { engine.hash_against(stored.as_ref(), current)? };
            self.act_fresh::<_, Everything>(|_, ctx, fresh| {
                if is_overtaken(Some(fresh.account()), proof.as_ref(), is_throttled, ctx) {
                    return Ok(Verdict::done(Attempt::Overtaken, Vec::new()));
                }
                Ok(password::password(fresh, proof.clone(), hash.clone(), ctx).map(Attempt::Done))
            })
        })
    }

    /// Says which of the ways in stay that were there before the account's first address was proven; the
    /// others are removed. A password is kept only with a new one: whoever set it may know it.
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Refusal::InvalidPassword`], [`Refusal::ReauthenticationRequired`],
    /// [`Refusal::OnHold`]; [`Refusal::NotOffered`] where nothing waits for it, or what is kept does not, or a
    /// new password is missing or not wanted.
    pub fn review(
        &self,
        keep: &[MethodId],
        keep_second_factor: bool,
        new_password: Option<&Secret>,
    ) -> Result<(), Error> {
        self.check_fresh::<Unheld>()?;
        let new_password = match new_password {
            Some(password) => {
                let identifier = self.look(|_, _, account| Ok(account.any_password_email().cloned()))?;
                Some(self.engine().hash_for(password, identifier.as_ref())?)
            }
            None => None,
        };
        self.act_fresh(|_, ctx, fresh| {
            let kept = Kept {
                methods: keep.to_vec(),
                second_factor: keep_second_factor,
                new_password: new_password.clone(),
            };
            Ok(review::review(fresh, kept, ctx))
        })
    }

    fn request(&self, email: &EmailAddress, wanted: &Wanted) -> Result<AddressStep, Error> {
        self.act_fresh::<_, Unheld>(|view, ctx, fresh| {
            let known = asked_for(view, fresh.account(), email, wanted, ctx)?;
            Ok(address::request(fresh, email, wanted.clone(), known, ctx))
        })
    }

    /// Asks before the work of a hash; the act asks again.
    fn check_fresh<L: Level>(&self) -> Result<(), Error> {
        self.look_owner(|_, ctx, owner| Ok(owner.prove::<L>(ctx).map(|_| ())))
    }
}

fn parsed(email: &str) -> Result<EmailAddress, Refusal> {
    EmailAddress::parse(email).map_err(|reason| Refusal::InvalidEmail { reason })
}

fn asked_for(
    view: &View<'_>,
    account: &Account,
    email: &EmailAddress,
    wanted: &Wanted,
    ctx: &Context<'_>,
) -> Result<AskedFor, StoreError> {
    let pace = view.pace(&address::purpose(wanted).address_hash(email, ctx))?;
    Ok(AskedFor { pending: view.pending(account.id)?, pace })
}

fn collisions(view: &View<'_>, account: &Account, email: &EmailAddress) -> Result<Collisions, StoreError> {
    let holder = view.holder(&Identifier::PasswordEmail(email.clone()))?;
    let sharing = view.sharing(email)?;
    Ok(Collisions {
        is_held: holder.is_some_and(|holder| holder.id != account.id),
        sharing: sharing.iter().filter(|other| other.id != account.id).count(),
    })
}
