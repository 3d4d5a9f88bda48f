//! Passkeys in flows: as a way in, as proof of a session or of a candidate, and as one more method (SPEC 5.8).

use crate::crypto::cose::PublicKey;
use crate::crypto::webauthn::{Assertion, Registration};
use crate::flow::challenge::is_challenge;
use crate::flow::facts::Facts;
use crate::flow::turn::Turn;
use crate::flow::{add, entry, turn};
use crate::ground::id::SessionId;
use crate::records::account::Account;
use crate::records::audit::{Action, Event};
use crate::records::caller::Caller;
use crate::records::context::Context;
use crate::records::flow::{Arrival, Entry, Purpose, State};
use crate::records::identifier::Identifier;
use crate::records::method::{Credential, Method};
use crate::records::passkey::{PasskeyProblem, PasskeyUse, UserHandle};
use crate::records::proof::Proof;
use crate::records::refusal::Refusal;
use crate::records::step::{Flow, Step};
use crate::records::verdict::{Change, Verdict};
use crate::rules::fresh::{Fresh, Unheld};
use crate::rules::passkey as rule;
use crate::rules::recovery::Held;

/// Starts a sign-in with a passkey. The request lists the passkeys of the account that the caller is recognised by, or
/// none (SPEC 5.8, 12.7).
pub(crate) fn begin(listed: Option<Account>, caller: &Caller, ctx: &Context<'_>) -> Verdict<Flow> {
    let state = State::Passkey { listed: listed.as_ref().map(|account| account.id) };
    turn::waits(state, caller, &Facts { account: listed, ..Facts::default() }, ctx)
}

/// Starts a flow in the session that adds a passkey to its account.
pub(crate) fn begin_add(fresh: &Fresh<'_, Unheld>, ctx: &Context<'_>) -> Verdict<Flow> {
    let (session, account) = (fresh.session(), fresh.account());
    // Authenticators keep one passkey of a relying party for each user handle, so an account has one handle.
    let known = account.credentials.methods.iter().find_map(|method| match &method.credential {
        Credential::Passkey(passkey) => Some(passkey.user_handle),
        _ => None,
    });
    let user_handle = known.unwrap_or_else(|| ctx.draw.bytes("user handle"));
    let state = State::AddingPasskey { account: account.id, session: session.id, user_handle };
    let facts = Facts { account: Some(account.clone()), ..Facts::default() };
    turn::waits(state, &Caller::of_session(session), &facts, ctx)
}

/// Signs in with the passkey, if an account has it.
pub(crate) fn sign_in(
    mut turn: Turn<'_>,
    answer: &Assertion,
    signed_by: Option<&PublicKey>,
) -> Verdict<Step> {
    let listed = turn.facts.account.take();
    let Some(account) = turn.facts.holder.take() else { return turn.refuse(Refusal::InvalidCredentials) };
    let wants_user = listed.is_none_or(|listed| listed.id != account.id);
    match proof(&account, answer, signed_by, wants_user, &turn) {
        Ok(proof) => {
            let entry = Entry::new(&account, proof, Purpose::SignIn);
            entry::enter(turn, account, entry)
        }
        Err(problem) => refuse(turn, account, problem),
    }
}

/// Takes a passkey as the new proof of a session. A wrong one is not counted (SPEC 12.1).
pub(crate) fn reauthenticate(
    mut turn: Turn<'_>,
    session: SessionId,
    answer: &Assertion,
    signed_by: Option<&PublicKey>,
) -> Verdict<Step> {
    let Some(account) = turn.facts.account.take() else { return turn.refuse(Refusal::SessionEnded) };
    match proof(&account, answer, signed_by, false, &turn) {
        Ok(proof) => {
            let entry = Entry::new(&account, proof, Purpose::Reauthenticate { session, first_only: false });
            entry::enter(turn, account, entry)
        }
        Err(problem) => refuse(turn, account, problem),
    }
}

/// Takes a passkey of the candidate as proof. Another one does not count as a failure (SPEC 3.4).
pub(crate) fn prove_ownership(
    mut turn: Turn<'_>,
    arrival: Arrival,
    answer: &Assertion,
    signed_by: Option<&PublicKey>,
) -> Verdict<Step> {
    let Some(account) = turn.facts.account.take() else { return turn.ask(arrival) };
    match proof(&account, answer, signed_by, false, &turn) {
        Ok(proof) => {
            let entry = Entry::new(&account, proof, Purpose::Link(Box::new(arrival)));
            entry::enter(turn, account, entry)
        }
        Err(problem) => refuse(turn, account, problem),
    }
}

/// Adds the new passkey to the account of the session, if no account has it.
pub(crate) fn add(mut turn: Turn<'_>, answer: Registration, user_handle: UserHandle) -> Verdict<Step> {
    let (Some(before), Some(session)) = (turn.facts.account.take(), turn.facts.session.take()) else {
        return turn.refuse(Refusal::SessionEnded);
    };
    let ctx = turn.ctx;
    let Some(rp) = ctx.policy.relying_party() else { return turn.refuse(Refusal::NotOffered) };
    if let Err(on_hold) = before.check_hold(Held::Credentials, ctx) {
        return turn.refuse(on_hold);
    }
    let is_challenge = |given: &[u8]| is_challenge(given, &turn.flow, ctx);
    let passkey = match rule::registered(answer, rp, is_challenge, user_handle) {
        Ok(passkey) => passkey,
        Err(reason) => return turn.refuse(Refusal::PasskeyRejected { reason }),
    };
    if before.credentials.has(&Identifier::Passkey(passkey.credential_id.clone())) {
        return turn.refuse(Refusal::AlreadyYours);
    }
    if turn.facts.holder.as_ref().is_some_and(|holder| holder.id != before.id) {
        return turn.refuse(Refusal::IdentifierInUse);
    }
    if !before.has_room(None, ctx.policy) {
        return turn.refuse(Refusal::LimitReached);
    }
    let mut after = before.clone();
    let id = ctx.draw.method(ctx.now);
    after.credentials.methods.push(Method::new(id, Credential::Passkey(Box::new(passkey)), ctx.now));
    add::added(turn, &session, &before, after, id)
}

/// Returns what the answer proves. `None` is the problem of an answer of no passkey of the account.
fn proof(
    account: &Account,
    answer: &Assertion,
    signed_by: Option<&PublicKey>,
    wants_user: bool,
    turn: &Turn<'_>,
) -> Result<Proof, Option<PasskeyProblem>> {
    let ctx = turn.ctx;
    let own = account.passkeys(ctx.policy).find(|(_, own)| own.credential_id == answer.credential_id);
    let (Some((id, own)), Some(rp)) = (own, ctx.policy.relying_party()) else { return Err(None) };
    let is_challenge = |given: &[u8]| is_challenge(given, &turn.flow, ctx);
    rule::asserted(answer, signed_by, own, rp, is_challenge, wants_user)?;
    let said = PasskeyUse {
        counter: answer.data.counter,
        backed_up: answer.data.backed_up,
        is_both: own.user_verified && answer.data.user_verified,
    };
    Ok(Proof::of_passkey(id, said, ctx.now))
}

/// Refuses an answer. Only the owner's activity tells why (SPEC 5.8).
fn refuse(mut turn: Turn<'_>, account: Account, problem: Option<PasskeyProblem>) -> Verdict<Step> {
    let Some(problem) = problem else { return turn.refuse(Refusal::InvalidCredentials) };
    let (action, refusal) = match problem {
        PasskeyProblem::BackupEligibility => {
            (Action::PasskeyEligibilityChanged, Refusal::PasskeyRejected { reason: problem })
        }
        PasskeyProblem::Counter => (Action::PasskeyCounterWentBack, Refusal::InvalidCredentials),
        _ => (Action::PasskeyTried, Refusal::InvalidCredentials),
    };
    turn.changes.push(Change::account(account, Event::refused(action, turn.ctx.now)));
    turn.refuse(refusal)
}
