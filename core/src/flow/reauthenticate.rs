//! Renews the proof of a session (SPEC 6.4).

use crate::flow::facts::Facts;
use crate::flow::turn::Turn;
use crate::flow::{entry, turn};
use crate::ground::id::SessionId;
use crate::records::account::{Account, Owner};
use crate::records::assertion::Asserted;
use crate::records::caller::Caller;
use crate::records::context::Context;
use crate::records::flow::{Entry, Purpose, State};
use crate::records::proof::{Accepted, PasswordProof, Proof};
use crate::records::refusal::{AssertionProblem, Refusal};
use crate::records::step::{Flow, Step};
use crate::records::verdict::{Change, Verdict};
use crate::rules::throttle::{self, Guessed};
use crate::rules::{first_factor, fresh};

/// Starts a flow that renews the proof of a session (SPEC 6.4).
pub(crate) fn begin(owner: &Owner, ctx: &Context<'_>) -> Verdict<Flow> {
    let Owner { session, account } = owner;
    let state = State::Reauthenticate { account: account.id, session: session.id };
    let facts = Facts { account: Some(account.clone()), ..Facts::default() };
    turn::waits(state, &Caller::of_session(session), &facts, ctx)
}

/// Takes a password as the new proof of a session.
pub(crate) fn by_password(
    mut turn: Turn<'_>,
    session: SessionId,
    proof: Option<PasswordProof>,
) -> Verdict<Step> {
    let Some(account) = turn.facts.account.take() else { return turn.refuse(Refusal::SessionEnded) };
    if !account.accepted(turn.ctx.policy).contains(&Accepted::Password) {
        return turn.refuse(Refusal::NotOffered);
    }
    let tried = first_factor::try_password(account, &mut turn.flow.caller, proof, turn.ctx);
    proven(turn, session, tried)
}

/// Takes an identity as the new proof of a session.
pub(crate) fn by_identity(mut turn: Turn<'_>, session: SessionId, asserted: &Asserted) -> Verdict<Step> {
    // A new assertion is not fresh proof if the person signed in to the provider long ago (SPEC 6.4).
    if !fresh::is_fresh(asserted.at, turn.ctx.now, turn.ctx.policy) {
        return turn.refuse(Refusal::AssertionRejected { reason: AssertionProblem::AuthTime });
    }
    let Some(account) = turn.facts.account.take() else { return turn.refuse(Refusal::SessionEnded) };
    let provider = asserted.identity.provider.clone();
    if !account.accepted(turn.ctx.policy).contains(&Accepted::Federated { provider }) {
        return turn.refuse(Refusal::NotOffered);
    }
    let note = |account: &mut Account| first_factor::note_assertion(account, asserted);
    let tried = throttle::judge(account, &mut turn.flow.caller, Guessed::Password, turn.ctx, note);
    proven(turn, session, tried)
}

fn proven(
    turn: Turn<'_>,
    session: SessionId,
    tried: Result<(Account, Proof), (Refusal, Vec<Change>)>,
) -> Verdict<Step> {
    match tried {
        Ok((account, proof)) => {
            let entry = Entry::new(&account, proof, Purpose::Reauthenticate { session, first_only: false });
            entry::enter(turn, account, entry)
        }
        Err(wrong) => entry::failed(turn, wrong),
    }
}
