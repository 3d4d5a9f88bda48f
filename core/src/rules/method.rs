//! Sign-in methods that the owner adds and removes (SPEC 1.4 to 1.8).

use crate::crypto::password::StoredPassword;
use crate::ground::email::EmailAddress;
use crate::ground::id::MethodId;
use crate::records::account::Account;
use crate::records::address::{AddressSource, AddressStep};
use crate::records::audit::{Action, Event};
use crate::records::context::Context;
use crate::records::flow::{Arrival, Registration};
use crate::records::message::Body;
use crate::records::method::{Credential, Method, MethodKind};
use crate::records::policy::{EmailProof, Policy};
use crate::records::proof::Proof;
use crate::records::protected::ProtectedAct;
use crate::records::refusal::Refusal;
use crate::records::session::Session;
use crate::records::verdict::{Change, Verdict};
use crate::rules::fresh::{Fresh, Unheld};
use crate::rules::protected::Protected;
use crate::rules::session;

/// How other accounts use an email that is to become an identifier.
#[derive(Default)]
pub(crate) struct Collisions {
    /// Whether another account has a password with this email.
    pub(crate) is_held: bool,
    /// Whether another account had a password with this email and may take the email back with an undo code (SPEC 7.6).
    pub(crate) is_reserved: bool,
    /// How many other accounts have it verified.
    pub(crate) sharing: usize,
}

impl Account {
    /// The methods that a person can sign in with now (SPEC 1.7).
    fn first_factors(&self, policy: &Policy) -> impl Iterator<Item = &Method> {
        self.usable().filter(|method| match &method.credential {
            Credential::Password { email, .. } => {
                let may_be_unproven = policy.email_proof() == EmailProof::Later;
                !self.first.is_spent() && (may_be_unproven || self.has_verified(email))
            }
            Credential::Federated { identity, .. } => policy
                .provider(&identity.provider)
                .is_some_and(|provider| provider.issues_as(&identity.issuer)),
            Credential::Passkey(passkey) => policy.relying_party().is_some_and(|rp| rp.id == passkey.rp_id),
        })
    }

    /// Returns whether a person can sign in to the account (SPEC 1.7).
    pub(crate) fn has_first_factor(&self, policy: &Policy) -> bool {
        self.first_factors(policy).next().is_some()
    }

    /// Whether the account has room for another method and for the address that it carries.
    pub(crate) fn has_room(&self, email: Option<&EmailAddress>, policy: &Policy) -> bool {
        let is_new = email.is_some_and(|email| !self.has(email));
        self.credentials.methods.len() < policy.max_methods()
            && self.credentials.addresses.len() + usize::from(is_new) <= policy.max_addresses()
    }
}

/// Removes a sign-in method (SPEC 1.7).
pub(crate) fn remove(fresh: &Fresh<'_, Unheld>, id: MethodId, ctx: &Context<'_>) -> Verdict<()> {
    let (session, before) = (fresh.session(), fresh.account());
    let Some(method) = before.method(id) else { return Verdict::refused(Refusal::NotOffered) };
    let mut after = before.clone();
    after.drop_methods(false, |method| method.id == id);
    if !after.has_first_factor(ctx.policy) {
        return Verdict::refused(Refusal::LastMethod);
    }
    let mut changes = Vec::new();
    let notice = Body::MethodRemoved { kind: method.kind(), provider: method.provider().cloned() };
    let protected = Protected::in_session(before, session, ProtectedAct::MethodRemoved, notice);
    let mut after = match protected.write(after, &mut changes, ctx) {
        Ok(after) => after,
        Err(refusal) => return Verdict::refused(refusal),
    };
    session::end_others(&mut after, session, session.method == id, &mut changes);
    let event = Event::done(Action::MethodRemoved, Some(session.id), ctx.now);
    changes.push(Change::account(after, event));
    Verdict::done((), changes)
}

/// Takes over the email that a later assertion of an identity carried. This proves nothing: the address is
/// unverified until its code is typed (SPEC 1.4).
pub(crate) fn take_seen_email(fresh: &Fresh<'_, Unheld>, id: MethodId, ctx: &Context<'_>) -> Verdict<()> {
    let (session, mut account) = (fresh.session(), fresh.account().clone());
    let Some(method) = account.method_mut(id) else { return Verdict::refused(Refusal::NotOffered) };
    let Credential::Federated { email, seen_email, .. } = &mut method.credential else {
        return Verdict::refused(Refusal::NotOffered);
    };
    let Some(seen) = seen_email.take() else { return Verdict::refused(Refusal::NotOffered) };
    let old = email.replace(seen.clone());
    // A proven address stays with the owner. An unproven one goes with the old snapshot.
    let heir = old.as_ref().and_then(|old| account.carrier(old));
    account.credentials.addresses.retain_mut(|address| {
        if Some(&address.email) != old.as_ref() || address.source != (AddressSource::Method { method: id }) {
            return true;
        }
        address.source = heir.map_or(AddressSource::Contact, |method| AddressSource::Method { method });
        heir.is_some() || address.verified_at.is_some()
    });
    account.take_address(&seen, None, AddressSource::Method { method: id });
    if account.credentials.addresses.len() > ctx.policy.max_addresses() {
        return Verdict::refused(Refusal::LimitReached);
    }
    let event = Event::done(Action::SeenEmailTaken, Some(session.id), ctx.now);
    Verdict::account((), account, event)
}

/// Checks whether the account may get a password with this email (SPEC 1.6). Leaves out the checks whose result
/// only the proven owner of the mailbox may learn.
pub(crate) fn may_add_password(
    account: &Account,
    email: &EmailAddress,
    policy: &Policy,
) -> Result<(), Refusal> {
    if account.credentials.methods.iter().any(|method| method.kind() == MethodKind::Password) {
        return Err(Refusal::NotOffered);
    }
    if account.has_room(Some(email), policy) { Ok(()) } else { Err(Refusal::LimitReached) }
}

/// Adds a password whose email the owner has proven.
pub(crate) fn add_password(
    session: &Session,
    before: &Account,
    email: &EmailAddress,
    hash: StoredPassword,
    others: &Collisions,
    ctx: &Context<'_>,
) -> Verdict<AddressStep> {
    let room = may_add_password(before, email, ctx.policy);
    let was_reserved = match room.and_then(|()| others.check(before, email, true, ctx.policy)) {
        Ok(was_reserved) => was_reserved,
        Err(refusal) => return Verdict::refused(refusal),
    };
    let mut after = before.clone();
    let id = ctx.draw.method(ctx.now);
    after.take_address(email, Some(ctx.now), AddressSource::Method { method: id });
    after.credentials.methods.push(Method::new(
        id,
        Credential::Password { email: email.clone(), hash, version: 1 },
        ctx.now,
    ));
    let mut changes = Vec::new();
    let step = after.review_at_first_proof(before, session, Some(id), was_reserved, &mut changes);
    let after = match written(session, before, after, id, &mut changes, ctx) {
        Ok(after) => after,
        Err(refusal) => return Verdict::refused(refusal),
    };
    let event = Event::done(Action::MethodAdded, Some(session.id), ctx.now);
    changes.push(Change::account(after, event));
    Verdict::done(step, changes)
}

impl Collisions {
    /// Checks whether the account can have the proven email: as an identifier, and by the number of accounts that share
    /// it (SPEC 1.3, 1.6). Returns whether another account reserves the identifier.
    pub(crate) fn check(
        &self,
        account: &Account,
        email: &EmailAddress,
        as_identifier: bool,
        policy: &Policy,
    ) -> Result<bool, Refusal> {
        if as_identifier && self.is_held {
            return Err(Refusal::IdentifierInUse);
        }
        if !account.has_verified(email) && self.sharing >= policy.max_accounts_per_email() {
            return Err(Refusal::LimitReached);
        }
        Ok(as_identifier && self.is_reserved)
    }
}

/// Writes an addition as a protected act.
pub(crate) fn written(
    session: &Session,
    before: &Account,
    after: Account,
    id: MethodId,
    changes: &mut Vec<Change>,
    ctx: &Context<'_>,
) -> Result<Account, Refusal> {
    let (kind, provider) = match after.method(id) {
        Some(method) => (method.kind(), method.provider().cloned()),
        None => (MethodKind::Password, None),
    };
    let notice = Body::MethodAdded { kind, provider };
    Protected::in_session(before, session, ProtectedAct::MethodAdded, notice).write(after, changes, ctx)
}

/// Adds a registration and its address to an account.
pub(crate) fn add_method(mut account: Account, arrival: Arrival, ctx: &Context<'_>) -> (Account, Proof) {
    let id = ctx.draw.method(ctx.now);
    let Arrival { registration, proven, .. } = arrival;
    let carried = registration.email().cloned();
    for email in [proven.as_ref(), carried.as_ref()].into_iter().flatten() {
        let is_proven = proven.as_ref() == Some(email);
        let source = if carried.as_ref() == Some(email) {
            AddressSource::Method { method: id }
        } else {
            AddressSource::Contact
        };
        account.take_address(email, is_proven.then_some(ctx.now), source);
    }
    let proof = match &registration {
        Registration::Password { .. } => Proof::of_password(id, 1, ctx.now),
        Registration::Federated { at, .. } => Proof::of_identity(id, *at),
    };
    let credential = match registration {
        Registration::Password { email, hash } => Credential::Password { email, hash, version: 1 },
        Registration::Federated { identity, handle, email, .. } => {
            Credential::Federated { identity, handle, email, seen_email: None }
        }
    };
    let method = Method::new(id, credential, ctx.now);
    account.credentials.methods.push(method);
    (account, proof)
}
