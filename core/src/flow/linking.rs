//! Links a registration to an account that the person has proven to be theirs (SPEC 3).

use crate::flow::turn::Turn;
use crate::flow::{entry, prompt};
use crate::ground::id::AccountId;
use crate::records::assertion::Asserted;
use crate::records::audit::{Action, Event};
use crate::records::flow::{Arrival, Entry, Purpose, State};
use crate::records::proof::{Accepted, PasswordProof};
use crate::records::refusal::Refusal;
use crate::records::step::Step;
use crate::records::verdict::{Change, Verdict};
use crate::rules::first_factor;

/// Takes the choice of a candidate, which must be one that the prompt offered (SPEC 2.6). If the account no
/// longer qualifies, the prompt returns.
pub(crate) fn choose(
    mut turn: Turn<'_>,
    arrival: Arrival,
    offered: &[AccountId],
    place: u8,
) -> Verdict<Step> {
    let Some(candidate) = usize::from(place).checked_sub(1).and_then(|at| offered.get(at)).copied() else {
        return turn.refuse(Refusal::NotOffered);
    };
    let still = prompt::prompt(&arrival, &turn.facts, turn.ctx)
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

/// Takes a password as proof. A failure counts on the candidate's own counter (SPEC 3.4).
pub(crate) fn prove_by_password(
    mut turn: Turn<'_>,
    arrival: Arrival,
    proof: Option<PasswordProof>,
) -> Verdict<Step> {
    let Some(candidate) = turn.facts.account.take() else { return turn.ask(arrival) };
    if !candidate.accepted().contains(&Accepted::Password) {
        return turn.refuse(Refusal::NotOffered);
    }
    match first_factor::try_password(candidate, proof, turn.ctx) {
        Ok((account, proof)) => {
            let entry = Entry::new(&account, proof, Purpose::Link(arrival));
            entry::enter(turn, account, entry)
        }
        Err((refusal, changes)) => Verdict::counted(refusal, changes),
    }
}

/// Takes an identity as proof. It must be one of the candidate's (SPEC 3.2); any other counts like a wrong
/// password (SPEC 3.4).
pub(crate) fn prove_by_identity(mut turn: Turn<'_>, arrival: Arrival, asserted: &Asserted) -> Verdict<Step> {
    let Some(mut candidate) = turn.facts.account.take() else {
        return turn.ask(arrival);
    };
    match first_factor::note_assertion(&mut candidate, asserted, turn.ctx) {
        Some(proof) => {
            let entry = Entry::new(&candidate, proof, Purpose::Link(arrival));
            entry::enter(turn, candidate, entry)
        }
        None => {
            candidate.first.fail(turn.ctx.throttle_clock);
            let event = Event::refused(Action::ForeignIdentityShown, turn.ctx.now);
            let changes = vec![Change::account(candidate, event)];
            Verdict::counted(Refusal::InvalidCredentials, changes)
        }
    }
}
