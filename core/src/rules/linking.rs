//! Linking a newcomer to an account that is proven to be theirs (SPEC 3).

use super::account::{Account, MethodKind, Status};
use super::arrival::{add_method, arrive, prompt};
use super::audit::{Action, Event};
use super::deletion;
use super::entry;
use super::flow::{Accepted, Arrival, Arrived, Entry, Newcomer, Proof, Purpose, State, Step};
use super::mail::{Body, Outgoing};
use super::protected::{Protected, ProtectedAct};
use super::provider::Asserted;
use super::refusal::Refusal;
use super::sign_in::{self, PasswordProof};
use super::transition::Turn;
use super::verdict::{Change, Verdict};
use crate::ground::id::AccountId;

/// The person chose a candidate: it must be one that the prompt offered (SPEC 2.6). If it is none any
/// more, the prompt returns.
pub(crate) fn choose(
    mut turn: Turn<'_>,
    arrival: Arrival,
    offered: &[AccountId],
    place: u8,
) -> Verdict<Step> {
    let Some(candidate) = usize::from(place).checked_sub(1).and_then(|at| offered.get(at)).copied() else {
        return turn.refuse(Refusal::NotOffered);
    };
    let still = prompt(&arrival, &turn.facts, turn.ctx)
        .candidates
        .into_iter()
        .find(|account| account.id == candidate)
        .cloned();
    match still {
        Some(account) => {
            turn.facts.account = Some(account);
            turn.to(State::ProveOwnership { arrival, candidate, place })
        }
        None => turn.ask(arrival),
    }
}

/// A password was given as proof. It counts on the candidate's own counter (SPEC 3.4).
pub(crate) fn prove_by_password(
    mut turn: Turn<'_>,
    arrival: Arrival,
    proof: Option<PasswordProof>,
) -> Verdict<Step> {
    let Some(candidate) = turn.facts.account.take() else { return turn.ask(arrival) };
    if !candidate.accepted().contains(&Accepted::Password) {
        return turn.refuse(Refusal::NotOffered);
    }
    match sign_in::try_password(candidate, proof, turn.ctx) {
        Ok((account, proof)) => {
            let entry = Entry::new(&account, proof, Purpose::Link(arrival));
            entry::enter(turn, account, entry)
        }
        Err((refusal, changes)) => Verdict::counted(refusal, changes),
    }
}

/// An identity was shown as proof: it must be one of the candidate's (SPEC 3.2). Another counts like a
/// wrong password (SPEC 3.4).
pub(crate) fn prove_by_identity(mut turn: Turn<'_>, arrival: Arrival, asserted: &Asserted) -> Verdict<Step> {
    let Some(mut candidate) = turn.facts.account.take() else {
        return turn.ask(arrival);
    };
    match sign_in::note_assertion(&mut candidate, asserted, turn.ctx) {
        Some(proof) => {
            let entry = Entry::new(&candidate, proof, Purpose::Link(arrival));
            entry::enter(turn, candidate, entry)
        }
        None => {
            candidate.first.fail(turn.ctx.patient);
            let event = Event::refused(Action::ForeignIdentityShown, turn.ctx.now);
            let changes = vec![Change::Account { account: Box::new(candidate), event }];
            Verdict::counted(Refusal::InvalidCredentials, changes)
        }
    }
}

/// The proof is complete: add the method and open the session, if what was offered still holds
/// (SPEC 3.4). `was` is the status that the account comes back from deletion by the same act.
pub(crate) fn complete(
    mut turn: Turn<'_>,
    arrival: Arrival,
    mut account: Account,
    proof: &Proof,
    was: Option<Status>,
) -> Verdict<Step> {
    let drops_password = arrival.newcomer.is_password() && account.password().is_some();
    match &turn.facts.holder {
        Some(holder)
            if holder.id == account.id
                && account.ways.has(&arrival.newcomer.identifier())
                && !drops_password =>
        {
            return turn.refuse(Refusal::AlreadyYours);
        }
        Some(holder) if holder.id != account.id => return turn.refuse(Refusal::IdentityInUse),
        _ => {}
    }
    if let Err(on_hold) = account.check_hold(turn.ctx.now) {
        return turn.refuse(on_hold);
    }
    // An email that the account holds back for an undo is its own, though it is no address of it now.
    let holds_it = turn.facts.holder.as_ref().is_some_and(|holder| holder.id == account.id);
    let still_shares = holds_it || arrival.proven.as_ref().is_some_and(|email| account.has_verified(email));
    let new_addresses = arrival.newcomer.email().into_iter().filter(|email| !account.has(email)).count();
    let has_password = account.ways.methods.iter().any(|method| method.kind() == MethodKind::Password);
    let has_room = account.ways.methods.len() < turn.ctx.policy.methods()
        && !(arrival.newcomer.is_password() && has_password)
        && account.ways.addresses.len() + new_addresses <= turn.ctx.policy.addresses();
    if !still_shares || !(has_room || drops_password) {
        return turn.ask(arrival);
    }
    let restores = was.is_some();
    if let Some(was) = &was {
        deletion::brought_back(&mut turn, &mut account, was, proof.is_recovery());
    }
    if drops_password {
        // It has a password already: proving it signs in, and the new one is dropped (SPEC 2.5).
        let (outcome, action) = if restores {
            (Arrived::Restored, Action::Restored)
        } else {
            (Arrived::SignedIn, Action::SignedIn)
        };
        return arrive(turn, account, proof, outcome, action);
    }
    let kind = if arrival.newcomer.is_password() { MethodKind::Password } else { MethodKind::Federated };
    let provider = match &arrival.newcomer {
        Newcomer::Federated { identity, .. } => Some(identity.provider.clone()),
        Newcomer::Password { .. } => None,
    };
    let (after, _) = add_method(account.clone(), arrival, turn.ctx);
    let protected = Protected {
        before: &account,
        act: ProtectedAct::MethodAdded,
        notice: Body::MethodAdded { kind, provider },
        device: turn.flow.client.device(),
        can_be_undone: true,
    };
    let account = protected.write(after, &mut turn.changes, turn.ctx);
    let action = if restores { Action::RestoredAndLinked } else { Action::MethodLinked };
    arrive(turn, account, proof, Arrived::Linked, action)
}

/// Tells every verified address of the account.
pub(crate) fn tell(turn: &mut Turn<'_>, account: &Account, body: &Body) {
    let (device, now) = (turn.flow.client.device().to_owned(), turn.ctx.now);
    turn.changes.extend(account.verified().map(|email| {
        Change::Send(Outgoing::new(email.as_typed(), body.clone(), &device, now).about(account.id))
    }));
}
