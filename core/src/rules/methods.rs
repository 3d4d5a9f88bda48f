//! The owner adds and removes ways in (SPEC 1.4 to 1.8).

use super::account::{Account, AddressSource, Credential, Identifier, Method, MethodKind};
use super::audit::{Action, Event};
use super::change::AddressStep;
use super::flow::{Progress, State, Step};
use super::fresh::{Fresh, Unheld};
use super::mail::Body;
use super::policy::{EmailProof, Policy};
use super::protected::{Protected, ProtectedAct};
use super::provider::{Asserted, ProviderId};
use super::refusal::Refusal;
use super::session::Session;
use super::transition::{self, Facts, Turn};
use super::verdict::{Change, Context, Verdict};
use crate::crypto::password::StoredPassword;
use crate::ground::email::EmailAddress;
use crate::ground::id::MethodId;

/// What others say about an email that is to become an identifier.
pub(crate) struct Collisions {
    /// Whether another account holds it as a password's identifier.
    pub(crate) is_held: bool,
    /// How many other accounts have it verified.
    pub(crate) sharing: usize,
}

impl Account {
    /// The methods that a person can sign in with as things stand (SPEC 1.7).
    fn first_factors(&self, policy: &Policy) -> impl Iterator<Item = &Method> {
        self.usable().filter(|method| match &method.credential {
            Credential::Password { email, .. } => {
                let may_be_unproven = policy.email_proof() == EmailProof::Later;
                !self.first.is_spent() && (may_be_unproven || self.has_verified(email))
            }
            Credential::Federated { identity, .. } => policy
                .provider(&identity.provider)
                .is_some_and(|provider| provider.issues_as(&identity.issuer)),
        })
    }

    /// Takes methods away, and with each the address that no other method carries. Where the contact goes,
    /// the earliest verified address that stays becomes it (SPEC 1.8).
    /// `keeps_proven` leaves the owner what was proven by more than the methods that go.
    pub(crate) fn drop_methods(&mut self, keeps_proven: bool, gone: impl Fn(&Method) -> bool) {
        let (gone, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.ways.methods).into_iter().partition(gone);
        self.ways.methods = kept;
        for method in gone {
            let addresses = std::mem::take(&mut self.ways.addresses);
            for mut address in addresses {
                if address.source == AddressSource::Method(method.id) {
                    address.source = match self.carrier(&address.email) {
                        Some(heir) => AddressSource::Method(heir),
                        None if keeps_proven && address.verified_at.is_some() => AddressSource::Contact,
                        None => continue,
                    };
                }
                self.ways.addresses.push(address);
            }
        }
        self.settle_contact();
    }

    /// The method that carries the address.
    pub(crate) fn carrier(&self, email: &EmailAddress) -> Option<MethodId> {
        let carries = |method: &&Method| method.credential.email() == Some(email);
        self.ways.methods.iter().find(carries).map(|method| method.id)
    }

    /// Puts the earliest verified address in the place of a contact that went.
    fn settle_contact(&mut self) {
        if self.ways.contact.as_ref().is_some_and(|contact| self.has_verified(contact)) {
            return;
        }
        let verified = self.ways.addresses.iter().filter(|address| address.verified_at.is_some());
        let earliest = verified.min_by_key(|address| address.verified_at);
        self.ways.contact = earliest.map(|address| address.email.clone());
    }

    /// Whether another method fits in, and the address that it carries.
    fn has_room(&self, email: Option<&EmailAddress>, policy: &Policy) -> bool {
        let is_new = email.is_some_and(|email| !self.has(email));
        self.ways.methods.len() < policy.methods()
            && self.ways.addresses.len() + usize::from(is_new) <= policy.addresses()
    }
}

/// Ends all sessions of the account but this one, or this one too.
pub(crate) fn end_others(
    account: &mut Account,
    session: &Session,
    this_too: bool,
    changes: &mut Vec<Change>,
) {
    let except = (!this_too).then_some(session.id);
    let ended =
        |change: &Change| matches!(change, Change::SessionsEnded { except: kept, .. } if *kept == except);
    if changes.iter().any(ended) {
        return;
    }
    match except {
        Some(session) => account.only_session(session),
        None => account.no_sessions(),
    }
    changes.push(Change::SessionsEnded { account: account.id, except });
}

/// The owner removes a way in. `waive_undo` frees its identifier at once (SPEC 1.7).
pub(crate) fn remove(
    fresh: &Fresh<'_, Unheld>,
    id: MethodId,
    waive_undo: bool,
    ctx: &Context<'_>,
) -> Verdict<()> {
    let (session, before) = (fresh.session(), fresh.account());
    let Some(method) = before.method(id) else { return Verdict::refused(Refusal::NotOffered) };
    let mut after = before.clone();
    after.drop_methods(false, |method| method.id == id);
    if after.first_factors(ctx.policy).next().is_none() {
        return Verdict::refused(Refusal::LastMethod);
    }
    let mut changes = Vec::new();
    let notice = Body::MethodRemoved { kind: method.kind(), provider: method.provider().cloned() };
    let protected = Protected {
        before,
        act: ProtectedAct::MethodRemoved,
        notice,
        device: session.client.device(),
        can_be_undone: !waive_undo,
    };
    let mut after = protected.write(after, &mut changes, ctx);
    end_others(&mut after, session, session.method == id, &mut changes);
    let event = Event::done(Action::MethodRemoved, Some(session.id), ctx.now);
    changes.push(Change::Account { account: Box::new(after), event });
    Verdict::done((), changes)
}

/// The owner takes the email that an identity's later assertion carried. It is no proof: the address is
/// unverified until its code was typed (SPEC 1.4).
pub(crate) fn take_seen_email(fresh: &Fresh<'_, Unheld>, id: MethodId, ctx: &Context<'_>) -> Verdict<()> {
    let (session, mut account) = (fresh.session(), fresh.account().clone());
    let Some(method) = account.method_mut(id) else { return Verdict::refused(Refusal::NotOffered) };
    let Credential::Federated { email, seen_email, .. } = &mut method.credential else {
        return Verdict::refused(Refusal::NotOffered);
    };
    let Some(seen) = seen_email.take() else { return Verdict::refused(Refusal::NotOffered) };
    let old = email.replace(seen.clone());
    // What was proven stays the owner's; what never was went with the snapshot.
    let heir = old.as_ref().and_then(|old| account.carrier(old));
    account.ways.addresses.retain_mut(|address| {
        if Some(&address.email) != old.as_ref() || address.source != AddressSource::Method(id) {
            return true;
        }
        address.source = heir.map_or(AddressSource::Contact, AddressSource::Method);
        heir.is_some() || address.verified_at.is_some()
    });
    account.take_address(&seen, None, AddressSource::Method(id));
    if account.ways.addresses.len() > ctx.policy.addresses() {
        return Verdict::refused(Refusal::LimitReached);
    }
    let event = Event::done(Action::SeenEmailTaken, Some(session.id), ctx.now);
    Verdict::done((), vec![Change::Account { account: Box::new(account), event }])
}

/// Whether the account may get a password with this email as things stand (SPEC 1.6). What only the proven
/// owner of the mailbox may know is not asked here.
pub(crate) fn may_add_password(
    account: &Account,
    email: &EmailAddress,
    policy: &Policy,
) -> Result<(), Refusal> {
    if account.ways.methods.iter().any(|method| method.kind() == MethodKind::Password) {
        return Err(Refusal::NotOffered);
    }
    if account.has_room(Some(email), policy) { Ok(()) } else { Err(Refusal::LimitReached) }
}

/// Adds a password whose email is proven to be the owner's.
pub(crate) fn add_password(
    session: &Session,
    before: &Account,
    email: &EmailAddress,
    hash: StoredPassword,
    others: &Collisions,
    ctx: &Context<'_>,
) -> Verdict<AddressStep> {
    let room = may_add_password(before, email, ctx.policy);
    if let Err(refusal) = room.and_then(|()| others.check(before, email, true, ctx.policy)) {
        return Verdict::counted(refusal, vec![Change::PendingVoid(before.id)]);
    }
    let mut after = before.clone();
    let id = ctx.draw.method(ctx.now);
    after.take_address(email, Some(ctx.now), AddressSource::Method(id));
    after.ways.methods.push(Method {
        id,
        added_at: ctx.now,
        used_at: None,
        suspended: false,
        compromised_at: None,
        credential: Credential::Password { email: email.clone(), hash, version: 1 },
    });
    added(session, before, after, id, ctx)
}

impl Collisions {
    /// Whether the proven email can be the account's: as an identifier, and as one of so many (SPEC 1.3, 1.6).
    pub(crate) fn check(
        &self,
        account: &Account,
        email: &EmailAddress,
        as_identifier: bool,
        policy: &Policy,
    ) -> Result<(), Refusal> {
        if as_identifier && self.is_held {
            return Err(Refusal::IdentifierInUse);
        }
        if !account.has_verified(email) && self.sharing >= policy.accounts_per_email() {
            return Err(Refusal::LimitReached);
        }
        Ok(())
    }
}

fn added(
    session: &Session,
    before: &Account,
    mut after: Account,
    id: MethodId,
    ctx: &Context<'_>,
) -> Verdict<AddressStep> {
    let mut changes = Vec::new();
    let step = after.review_at_first_proof(before, session, Some(id), &mut changes);
    let after = written(session, before, after, id, &mut changes, ctx);
    let event = Event::done(Action::MethodAdded, Some(session.id), ctx.now);
    changes.push(Change::Account { account: Box::new(after), event });
    Verdict::done(step, changes)
}

/// An addition as the protected act that it is.
fn written(
    session: &Session,
    before: &Account,
    after: Account,
    id: MethodId,
    changes: &mut Vec<Change>,
    ctx: &Context<'_>,
) -> Account {
    let (kind, provider) = match after.method(id) {
        Some(method) => (method.kind(), method.provider().cloned()),
        None => (MethodKind::Password, None),
    };
    let protected = Protected {
        before,
        act: ProtectedAct::MethodAdded,
        notice: Body::MethodAdded { kind, provider },
        device: session.client.device(),
        can_be_undone: true,
    };
    protected.write(after, changes, ctx)
}

/// A flow in the session whose assertion will be added to the account (SPEC 1.6).
pub(crate) fn begin_add(
    fresh: &Fresh<'_, Unheld>,
    provider: ProviderId,
    ctx: &Context<'_>,
) -> Verdict<Progress> {
    let (session, account) = (fresh.session(), fresh.account());
    let state = State::Adding { account: account.id, session: session.id, provider };
    let (flow, token) = transition::begin(state, &session.client, ctx);
    let step = transition::step(&flow, &Facts::default(), ctx);
    let progress = Progress { flow: Some(token), number: flow.number, step };
    Verdict::done(progress, vec![Change::Flow(Box::new(flow))])
}

/// The assertion was brought: its identity becomes a method of the account, if it is nobody's.
pub(crate) fn add_identity(mut turn: Turn<'_>, asserted: Asserted) -> Verdict<Step> {
    let (Some(before), Some(session)) = (turn.facts.account.take(), turn.facts.session.take()) else {
        return turn.refuse(Refusal::SessionEnded);
    };
    let ctx = turn.ctx;
    if let Err(on_hold) = before.check_hold(ctx.now) {
        return turn.refuse(on_hold);
    }
    let Asserted { identity, handle, email, email_proven, .. } = asserted;
    let identifier = Identifier::Identity(identity.clone());
    if before.ways.has(&identifier) {
        return turn.refuse(Refusal::AlreadyYours);
    }
    if turn.facts.holder.as_ref().is_some_and(|holder| holder.id != before.id) {
        return turn.refuse(Refusal::IdentityInUse);
    }
    if !before.has_room(email.as_ref(), ctx.policy) {
        return turn.refuse(Refusal::LimitReached);
    }
    let mut after = before.clone();
    let id = ctx.draw.method(ctx.now);
    if let Some(email) = &email {
        // A first proven address wants a review of what was there before it, which only its code leads to
        // (SPEC 3.7); and no more accounts may share the address than policy allows.
        let others = turn.facts.sharing.iter().filter(|other| other.id != before.id).count();
        let is_proven =
            email_proven && before.verified().next().is_some() && others < ctx.policy.accounts_per_email();
        after.take_address(email, is_proven.then_some(ctx.now), AddressSource::Method(id));
    }
    after.ways.methods.push(Method {
        id,
        added_at: ctx.now,
        used_at: None,
        suspended: false,
        compromised_at: None,
        credential: Credential::Federated { identity, handle, email, seen_email: None },
    });
    let after = written(&session, &before, after, id, &mut turn.changes, ctx);
    let event = Event::done(Action::MethodAdded, Some(session.id), ctx.now);
    turn.changes.push(Change::Account { account: Box::new(after), event });
    turn.to(State::Done)
}
