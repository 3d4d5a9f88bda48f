//! Completes a flow in which every proof was given (SPEC 3.4, 4.7, 6.4, 9.2).

use crate::flow::gate;
use crate::flow::turn::Turn;
use crate::ground::id::SessionId;
use crate::records::account::{Account, Status};
use crate::records::audit::{Action, Event};
use crate::records::deletion::RequestedBy;
use crate::records::flow::{Arrival, Entry, Purpose, Registration, State};
use crate::records::message::Body;
use crate::records::method::MethodKind;
use crate::records::proof::{NewPassword, Proof};
use crate::records::protected::ProtectedAct;
use crate::records::refusal::Refusal;
use crate::records::step::{SignInOutcome, SignedIn, Step};
use crate::records::verdict::{Change, Verdict};
use crate::rules::protected::Protected;
use crate::rules::recovery::Held;
use crate::rules::{deletion, method, privacy};

/// Completes the purpose of the flow. If the account is pending deletion, the person has already chosen to restore it.
pub(crate) fn complete(mut turn: Turn<'_>, mut account: Account, entry: Entry) -> Verdict<Step> {
    let Entry { proof, mut purpose, new_password, factor, left_out, .. } = entry;
    turn.left_out = left_out;
    // A hold may have begun since the enrolment.
    turn.factor = factor.filter(|_| account.must_enroll(turn.ctx));
    // Another device may have restored the account meanwhile.
    let was = match std::mem::replace(&mut account.status, Status::Active) {
        Status::Active => None,
        pending @ Status::PendingDeletion { .. } => Some(pending),
    };
    let before = account.clone();
    let sets_password = new_password.is_some();
    if let Some(NewPassword { hash, .. }) = new_password {
        if let Purpose::Link(arrival) = &mut purpose {
            arrival.registration.set_password(hash);
        } else {
            account.set_password(hash);
        }
    } else if let Some(rehashed) = proof.rehashed.clone() {
        account.set_password(rehashed);
    }
    let restores = was.is_some();
    if let Some(was) = was.as_ref().filter(|_| !matches!(purpose, Purpose::Link(_))) {
        let ends_sessions = proof.is_recovery() || sets_password || turn.factor.is_some();
        brought_back(&mut turn, &mut account, was, ends_sessions);
    }
    match purpose {
        Purpose::Link(arrival) => link(turn, *arrival, account, &proof, was),
        Purpose::Reauthenticate { session, first_only } => {
            renew(turn, account, &proof, session, first_only, restores)
        }
        Purpose::Reset => {
            turn.tell(&account, &Body::PasswordReset);
            account.recover(proof.is_recovery(), None, &mut turn.changes, turn.ctx);
            gate::arrive(turn, account, &proof, SignInOutcome::Reset, Action::PasswordReset)
        }
        Purpose::Created => {
            let (outcome, action) = (SignInOutcome::Created, Action::SignedIn);
            gate::arrive(turn, account, &proof, outcome, action)
        }
        Purpose::SignIn => {
            if sets_password {
                // The replacement of a password that others may know is a protected act (SPEC 1.12, 6.5).
                let (act, notice) = (ProtectedAct::PasswordChanged, Body::PasswordChanged);
                let protected = Protected::in_flow(&before, &turn.flow.caller.client, act, notice);
                account = protected.write_always(account, &mut turn.changes, turn.ctx);
                account.no_sessions();
                turn.changes.push(Change::SessionsEnded { account: account.id, except: None });
            }
            let (outcome, action) = match (restores, sets_password) {
                (true, _) => (SignInOutcome::Restored, Action::Restored),
                (false, true) => (SignInOutcome::SignedIn, Action::PasswordChanged),
                (false, false) => (SignInOutcome::SignedIn, Action::SignedIn),
            };
            gate::arrive(turn, account, &proof, outcome, action)
        }
    }
}

/// Renews the proof of the session and gives it a new token. The old token is no longer valid.
fn renew(
    mut turn: Turn<'_>,
    mut account: Account,
    proof: &Proof,
    id: SessionId,
    first_only: bool,
    restores: bool,
) -> Verdict<Step> {
    let ctx = turn.ctx;
    let Some(mut session) = turn.facts.session.take() else { return turn.refuse(Refusal::SessionEnded) };
    session.first_at = proof.at;
    session.used_at = ctx.now;
    if !first_only {
        session.method = proof.method;
        session.kind = proof.kind;
        session.amr = proof.amr();
        session.aal = proof.aal();
        session.recovered = proof.is_recovery();
        session.auth_time = proof.auth_time();
    }
    if proof.is_recovery() {
        account.recover(false, Some(id), &mut turn.changes, ctx);
    }
    account.reauthentications.retain(|(of, _)| *of != id);
    if let Some(method) = account.method_mut(proof.method) {
        method.used(proof.passkey.as_ref(), ctx.now);
    }
    let secret = ctx.draw.bytes::<32>("session secret");
    let outcome = SignInOutcome::Reauthenticated;
    turn.signed_in = Some(SignedIn::of(&session, &account, &secret, outcome, turn.facts.acts_known, ctx));
    let state = State::SignedIn {
        account: account.id,
        session: id,
        proof: proof.clone(),
        outcome: SignInOutcome::Reauthenticated,
    };
    let action = if restores { Action::Restored } else { Action::Reauthenticated };
    let event = Event::done(action, Some(id), ctx.now);
    turn.changes.push(Change::account(account, event));
    turn.changes.push(Change::Session { session: Box::new(session), secret });
    turn.to(state)
}

/// Adds the method and opens the session, if the candidate still qualifies (SPEC 3.4). `was` is the status
/// before a restoration by the same answer.
fn link(
    mut turn: Turn<'_>,
    arrival: Arrival,
    mut account: Account,
    proof: &Proof,
    was: Option<Status>,
) -> Verdict<Step> {
    let drops_password = arrival.registration.is_password() && account.password().is_some();
    match &turn.facts.holder {
        Some(holder)
            if holder.id == account.id
                && account.credentials.has(&arrival.registration.identifier())
                && !drops_password =>
        {
            return turn.refuse(Refusal::AlreadyYours);
        }
        Some(holder) if holder.id != account.id => return turn.refuse(Refusal::IdentityInUse),
        _ => {}
    }
    let held = account.check_hold(Held::Credentials, turn.ctx).and_then(|()| account.may_act(turn.ctx));
    if let (Err(refusal), false) = (held, drops_password) {
        return turn.refuse(refusal);
    }
    // An identifier that the account reserves for an undo leads to the account, although the account does not have it
    // now (SPEC 7.6).
    let of_account = |known: &Option<Account>| known.as_ref().is_some_and(|known| known.id == account.id);
    let holds_it = of_account(&turn.facts.holder) || of_account(&turn.facts.reserver);
    let still_shares = holds_it || arrival.proven.as_ref().is_some_and(|email| account.has_verified(email));
    let new_addresses = arrival.registration.email().into_iter().filter(|email| !account.has(email)).count();
    let has_password = account.credentials.methods.iter().any(|method| method.kind() == MethodKind::Password);
    let has_room = account.credentials.methods.len() < turn.ctx.policy.max_methods()
        && !(arrival.registration.is_password() && has_password)
        && account.credentials.addresses.len() + new_addresses <= turn.ctx.policy.max_addresses();
    if !still_shares || !(has_room || drops_password) {
        return turn.ask(arrival);
    }
    let restores = was.is_some();
    if let Some(was) = &was {
        let ends_sessions = proof.is_recovery() || turn.factor.is_some();
        brought_back(&mut turn, &mut account, was, ends_sessions);
    }
    if drops_password {
        // The account has a password. Proving it signs in, and the new password is dropped (SPEC 2.5).
        let (outcome, action) = if restores {
            (SignInOutcome::Restored, Action::Restored)
        } else {
            (SignInOutcome::SignedIn, Action::SignedIn)
        };
        return gate::arrive(turn, account, proof, outcome, action);
    }
    let kind = if arrival.registration.is_password() { MethodKind::Password } else { MethodKind::Federated };
    let provider = match &arrival.registration {
        Registration::Federated { identity, .. } => Some(identity.provider.clone()),
        Registration::Password { .. } => None,
    };
    let (after, _) = method::add_method(account.clone(), arrival, turn.ctx);
    let (act, notice) = (ProtectedAct::MethodAdded, Body::MethodAdded { kind, provider });
    let protected = Protected::in_flow(&account, &turn.flow.caller.client, act, notice);
    let account = match protected.write(after, &mut turn.changes, turn.ctx) {
        Ok(account) => account,
        Err(refusal) => return turn.refuse(refusal),
    };
    let action = if restores { Action::RestoredAndLinked } else { Action::MethodLinked };
    gate::arrive(turn, account, proof, SignInOutcome::Linked, action)
}

/// Completes a restoration: notifies the owner, cancels the purge, withdraws a request for erasure, claims the
/// identifiers again and resumes suspended sessions. If the restoration came from a recovery, the sessions end instead
/// (SPEC 5.5, 9.5).
pub(crate) fn brought_back(turn: &mut Turn<'_>, account: &mut Account, was: &Status, ends_sessions: bool) {
    let Status::PendingDeletion { purge_at, requested_by, .. } = was else { return };
    turn.tell(account, &Body::Restored);
    turn.changes.push(Change::DeletionUnscheduled { account: account.id, purge_at: *purge_at });
    turn.changes.extend(deletion::found_again(account));
    if matches!(requested_by, RequestedBy::Support { .. }) && !ends_sessions {
        turn.changes.push(Change::SessionsResumed { account: account.id });
    }
    turn.changes.extend(privacy::withdrawn(std::mem::take(&mut turn.facts.requests), turn.ctx));
    account.restored_at = Some(turn.ctx.throttle_clock);
}
