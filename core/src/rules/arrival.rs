//! From a newcomer to an account (SPEC 2.3 to 2.5).

use super::account::{Account, AddressSource, Credential, Identifier, Method, MethodKind};
use super::audit::Action;
use super::change;
use super::entry;
use super::flow::{
    Arrival, Arrived, Blocked, Entry, Intent, Newcomer, Progress, Proof, Purpose, State, Step, Verifying,
};
use super::mail::Pace;
use super::protected::rows;
use super::provider::Asserted;
use super::refusal::Refusal;
use super::session::Client;
use super::sign_in;
use super::transition::{Facts, Turn};
use super::verdict::{Context, Verdict};
use crate::crypto::password::StoredPassword;
use crate::ground::email::EmailAddress;

/// An assertion was brought: it signs in where its identity is known (SPEC 2.1).
pub(crate) fn present(mut turn: Turn<'_>, asserted: Asserted, intent: Intent) -> Verdict<Step> {
    if let Some(mut account) = turn.facts.holder.take() {
        let Some(proof) = sign_in::note_assertion(&mut account, &asserted, turn.ctx) else {
            return turn.refuse(Refusal::IdentityInUse);
        };
        let entry = Entry::new(&account, proof, Purpose::SignIn);
        return entry::enter(turn, account, entry);
    }
    let Asserted { identity, handle, email, email_proven, .. } = asserted;
    let proven = email.clone().filter(|_| email_proven);
    let newcomer = Newcomer::Federated { identity, handle, email };
    let arrival = Arrival { newcomer, proven, left_out: Vec::new() };
    match intent {
        Intent::SignUp => confirmed(turn, arrival),
        // Where the link prompt asks, it asks alone (SPEC 2.1).
        Intent::SignIn if arrival.proven.is_some() && !turn.facts.sharing.is_empty() => turn.ask(arrival),
        Intent::SignIn => turn.to(State::ConfirmCreate(arrival)),
    }
}

/// The newcomer wants an account: first prove the address, if there is one to prove.
pub(crate) fn confirmed(turn: Turn<'_>, arrival: Arrival) -> Verdict<Step> {
    match (&arrival.proven, arrival.newcomer.email()) {
        (None, Some(email)) => {
            let email = email.clone();
            turn.verify_email(arrival.newcomer, email)
        }
        _ => link_or_create(turn, arrival),
    }
}

/// The address was proven by its code.
pub(crate) fn proven(turn: Turn<'_>, verifying: Verifying) -> Verdict<Step> {
    let arrival =
        Arrival { newcomer: verifying.newcomer, proven: Some(verifying.proving.email), left_out: Vec::new() };
    link_or_create(turn, arrival)
}

/// The address stays unproven: an account with it unverified, and nothing is asked (SPEC 2.3).
pub(crate) fn skip(turn: Turn<'_>, verifying: Verifying) -> Verdict<Step> {
    create(turn, Arrival { newcomer: verifying.newcomer, proven: None, left_out: Vec::new() })
}

/// The person wants an account of their own, though others share the address (SPEC 2.5).
pub(crate) fn create_new(turn: Turn<'_>, arrival: Arrival) -> Verdict<Step> {
    let blocked = prompt(&arrival, &turn.facts, turn.ctx).blocked;
    if blocked.is_none() { create(turn, arrival) } else { turn.refuse(Refusal::NotOffered) }
}

/// What the link prompt has to offer.
pub(crate) struct Prompt<'a> {
    pub(crate) candidates: Vec<&'a Account>,
    pub(crate) blocked: Option<Blocked>,
}

/// What can be chosen as things stand (SPEC 2.4, 2.5).
pub(crate) fn prompt<'a>(arrival: &Arrival, facts: &'a Facts, ctx: &Context<'_>) -> Prompt<'a> {
    let offered = |account: &&Account| !arrival.left_out.contains(&account.id);
    // Two passwords with one email cannot be (SPEC 1.3): only their holder is left to choose.
    if arrival.newcomer.is_password()
        && let Some(holder) = &facts.holder
    {
        return Prompt {
            candidates: Some(holder).into_iter().filter(offered).collect(),
            blocked: Some(Blocked::PasswordTaken),
        };
    }
    let full = facts.sharing.len() >= ctx.policy.accounts_per_email();
    Prompt {
        candidates: facts.sharing.iter().filter(offered).collect(),
        blocked: full.then_some(Blocked::TooManyAccounts),
    }
}

fn link_or_create(turn: Turn<'_>, arrival: Arrival) -> Verdict<Step> {
    // An email that is only held back for an undo has its holder as the one to choose (SPEC 7.3).
    let is_held = arrival.newcomer.is_password() && turn.facts.holder.is_some();
    let shared = arrival.proven.is_some() && (is_held || !turn.facts.sharing.is_empty());
    if shared { turn.ask(arrival) } else { create(turn, arrival) }
}

fn create(mut turn: Turn<'_>, arrival: Arrival) -> Verdict<Step> {
    if turn.facts.holder.is_some() {
        return turn.refuse(Refusal::IdentityInUse);
    }
    let account = Account::new(turn.ctx.draw.account(turn.ctx.now));
    let (account, proof) = add_method(account, arrival, turn.ctx);
    turn.changes.extend(rows(&Account::new(account.id), &account, turn.ctx.now));
    arrive(turn, account, &proof, Arrived::Created, Action::AccountCreated)
}

/// Adds what the newcomer signs up with to an account, its address included.
pub(crate) fn add_method(mut account: Account, arrival: Arrival, ctx: &Context<'_>) -> (Account, Proof) {
    let id = ctx.draw.method(ctx.now);
    let Arrival { newcomer, proven, .. } = arrival;
    let carried = newcomer.email().cloned();
    for email in [proven.as_ref(), carried.as_ref()].into_iter().flatten() {
        let is_proven = proven.as_ref() == Some(email);
        let source =
            if carried.as_ref() == Some(email) { AddressSource::Method(id) } else { AddressSource::Contact };
        account.take_address(email, is_proven.then_some(ctx.now), source);
    }
    let credential = match newcomer {
        Newcomer::Password { email, hash } => Credential::Password { email, hash, version: 1 },
        Newcomer::Federated { identity, handle, email } => {
            Credential::Federated { identity, handle, email, seen_email: None }
        }
    };
    let method =
        Method { id, added_at: ctx.now, used_at: None, suspended: false, compromised_at: None, credential };
    let proof = match method.kind() {
        MethodKind::Password => Proof::of_password(id, 1, ctx.now),
        MethodKind::Federated => Proof::of_identity(id, ctx.now),
    };
    account.ways.methods.push(method);
    (account, proof)
}

/// A sign-up whose email is proven later: the account is there at once, and the address claims nothing
/// (SPEC 2.8).
pub(crate) fn at_once(
    email: EmailAddress,
    hash: StoredPassword,
    client: &Client,
    pace: Pace,
    ctx: &Context<'_>,
) -> Verdict<Progress> {
    let newcomer = Newcomer::Password { email: email.clone(), hash };
    let arrival = Arrival { newcomer, proven: None, left_out: Vec::new() };
    let id = ctx.draw.account(ctx.now);
    let (account, proof) = add_method(Account::new(id), arrival, ctx);
    let mut changes = rows(&Account::new(id), &account, ctx.now);
    let made = account.clone();
    let (outcome, action) = (Arrived::Created, Action::AccountCreated);
    let signed_in = sign_in::open_session(account, &proof, client, outcome, action, &mut changes, ctx);
    changes.extend(change::first_proof(&made, signed_in.session, client.device(), &email, pace, ctx));
    Verdict::done(Progress { flow: None, number: 1, step: Step::SignedIn(signed_in) }, changes)
}

/// The person has arrived: a session on the account ends the flow.
pub(crate) fn arrive(
    mut turn: Turn<'_>,
    account: Account,
    proof: &Proof,
    outcome: Arrived,
    action: Action,
) -> Verdict<Step> {
    let id = account.id;
    let signed_in = sign_in::open_session(
        account,
        proof,
        &turn.flow.client,
        outcome,
        action,
        &mut turn.changes,
        turn.ctx,
    );
    let state = State::SignedIn { account: id, session: signed_in.session, proof: proof.clone(), outcome };
    turn.signed_in = Some(signed_in);
    turn.to(state)
}

impl Newcomer {
    /// The address that comes with it.
    pub(crate) fn email(&self) -> Option<&EmailAddress> {
        match self {
            Self::Password { email, .. } => Some(email),
            Self::Federated { email, .. } => email.as_ref(),
        }
    }

    /// What it will be found by.
    pub(crate) fn identifier(&self) -> Identifier {
        match self {
            Self::Password { email, .. } => Identifier::PasswordEmail(email.clone()),
            Self::Federated { identity, .. } => Identifier::Identity(identity.clone()),
        }
    }
}
