//! Links a registration to an account that the person has proven to be theirs (SPEC 3).

use crate::flow::turn::Turn;
use crate::flow::{entry, prompt};
use crate::ground::id::AccountId;
use crate::records::assertion::Asserted;
use crate::records::flow::{Arrival, Entry, FLOW_LIFE, Purpose, State};
use crate::records::proof::{Accepted, PasswordProof};
use crate::records::refusal::Refusal;
use crate::records::step::Step;
use crate::records::verdict::Verdict;
use crate::rules::first_factor;

/// Takes the choice of a candidate, which must be one that the prompt offered (SPEC 2.6). If the account no
/// longer qualifies, the prompt returns.
pub(crate) fn choose(
    mut turn: Turn<'_>,
    mut arrival: Arrival,
    offered: &[AccountId],
    place: u8,
) -> Verdict<Step> {
    let placed = prompt::prompt(&arrival, &turn.facts, turn.ctx).placed(offered);
    let chosen = placed.into_iter().find(|(at, _)| *at == place).map(|(_, account)| account.clone());
    match chosen {
        Some(account) => {
            let candidate = account.id;
            turn.facts.account = Some(account);
            arrival.link_until = Some(turn.ctx.now + FLOW_LIFE);
            turn.to(State::ProveOwnership { arrival, candidate, place })
        }
        None if (1..=offered.len()).contains(&usize::from(place)) => turn.ask(arrival),
        None => turn.refuse(Refusal::NotOffered),
    }
}

/// Takes a password as proof. A failure counts on the candidate, for this caller (SPEC 3.4, 12.7).
pub(crate) fn prove_by_password(
    mut turn: Turn<'_>,
    arrival: Arrival,
    proof: Option<PasswordProof>,
) -> Verdict<Step> {
    let Some(candidate) = turn.facts.account.take() else { return turn.ask(arrival) };
    if !candidate.accepted(turn.ctx.policy).contains(&Accepted::Password) {
        return turn.refuse(Refusal::NotOffered);
    }
    match first_factor::try_password(candidate, &mut turn.flow.caller, proof, turn.ctx) {
        Ok((account, proof)) => {
            let entry = Entry::new(&account, proof, Purpose::Link(Box::new(arrival)));
            entry::enter(turn, account, entry)
        }
        Err((refusal, changes)) => Verdict::counted(refusal, changes),
    }
}

/// Takes an identity as proof. It must be an identity of the candidate (SPEC 3.2). Another identity does not count as a
/// failure. Otherwise anyone with an account at a provider could lock the candidate's password (SPEC 3.4).
pub(crate) fn prove_by_identity(mut turn: Turn<'_>, arrival: Arrival, asserted: &Asserted) -> Verdict<Step> {
    let Some(mut candidate) = turn.facts.account.take() else {
        return turn.ask(arrival);
    };
    let provider = asserted.identity.provider.clone();
    if !candidate.accepted(turn.ctx.policy).contains(&Accepted::Federated { provider }) {
        return turn.refuse(Refusal::NotOffered);
    }
    match first_factor::note_assertion(&mut candidate, asserted) {
        Some(proof) => {
            let entry = Entry::new(&candidate, proof, Purpose::Link(Box::new(arrival)));
            entry::enter(turn, candidate, entry)
        }
        None => turn.refuse(Refusal::InvalidCredentials),
    }
}
