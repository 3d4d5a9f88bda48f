//! The one gate where a flow opens a session. If policy requires a second factor that the account does not have,
//! the person enrols one first (SPEC 5.9).

use crate::flow::turn::Turn;
use crate::records::account::Account;
use crate::records::adding::Adding;
use crate::records::audit::{Action, Event};
use crate::records::flow::{Enrolling, Entry, Proving, Purpose, State};
use crate::records::mailed_code::CodePurpose;
use crate::records::message::Body;
use crate::records::mfa::{NewFactor, SecondFactor};
use crate::records::proof::Proof;
use crate::records::protected::ProtectedAct;
use crate::records::step::{SignInOutcome, SignedIn, Step};
use crate::records::verdict::{Change, Verdict};
use crate::rules::protected::Protected;
use crate::rules::{address, mfa, opening};

/// Opens a session on the account, which ends the flow.
pub(crate) fn arrive(
    mut turn: Turn<'_>,
    mut account: Account,
    proof: &Proof,
    outcome: SignInOutcome,
    action: Action,
) -> Verdict<Step> {
    let mut proof = proof.clone();
    let mut action = action;
    if account.must_enroll(turn.ctx) {
        let Some(factor) = turn.factor.take() else {
            return first_enroll(turn, account, proof, outcome, action);
        };
        let at = factor.at;
        account = turn_on(&mut turn, account, factor);
        proof = proof.and(SecondFactor::Totp, at, account.generations);
        if action == Action::SignedIn {
            action = Action::MfaTurnedOn;
        }
    }
    let id = account.id;
    let unproven = account.credentials.unproven_password().cloned();
    let made = unproven.filter(|_| outcome == SignInOutcome::Created).map(|email| (account.clone(), email));
    let caller = &turn.flow.caller;
    let signed_in =
        opening::open_session(account, &proof, caller, outcome, action, &mut turn.changes, turn.ctx);
    if let Some((made, email)) = made {
        let (session, device) = (signed_in.session, caller.client.device());
        let pacing = std::mem::take(&mut turn.facts.entrance.pacing);
        turn.changes.extend(address::first_proof(&made, session, device, &email, pacing, turn.ctx));
    }
    let state = State::SignedIn { account: id, session: signed_in.session, proof, outcome };
    let left_out = turn.left_out.iter().filter_map(Adding::of).collect();
    turn.signed_in = Some(SignedIn { left_out, ..signed_in });
    turn.to(state)
}

/// Writes what the flow did to the account, and starts the enrolment. The session opens when the enrolment is complete.
fn first_enroll(
    mut turn: Turn<'_>,
    account: Account,
    proof: Proof,
    outcome: SignInOutcome,
    action: Action,
) -> Verdict<Step> {
    let is_new = outcome == SignInOutcome::Created;
    let purpose = if is_new { Purpose::Created } else { Purpose::SignIn };
    turn.changes.push(Change::account(account.clone(), Event::done(action, None, turn.ctx.now)));
    let entry = Entry::new(&account, proof, purpose);
    enroll(turn, account, entry)
}

/// Starts the enrolment. An account that is older than the flow proves its contact first. Otherwise a thief who knows
/// the password could enrol a factor and lock the owner out.
pub(crate) fn enroll(mut turn: Turn<'_>, account: Account, entry: Entry) -> Verdict<Step> {
    // If the link would be refused, the person must not enrol a factor for nothing.
    if let (Purpose::Link(_), Err(refusal)) = (&entry.purpose, account.may_act(turn.ctx)) {
        return turn.refuse(refusal);
    }
    let contact = account.credentials.contact.clone().filter(|_| entry.purpose != Purpose::Created);
    turn.facts.account = Some(account);
    match contact {
        Some(contact) => {
            turn.facts.mail = std::mem::take(&mut turn.facts.entrance);
            turn.prove(Proving::new(CodePurpose::SecondFactor, contact), false, |proving| State::Enroll {
                entry,
                enrolling: Enrolling::Contact(proving),
            })
        }
        None => show_secret(turn, entry),
    }
}

/// Shows the secret for an authenticator app.
pub(crate) fn show_secret(turn: Turn<'_>, entry: Entry) -> Verdict<Step> {
    let secret = mfa::new_secret(turn.ctx);
    turn.to(State::Enroll { entry, enrolling: Enrolling::App { secret, wrong: 0 } })
}

/// Turns MFA on as a protected act, which ends all other sessions (SPEC 1.12, 6.5).
fn turn_on(turn: &mut Turn<'_>, before: Account, factor: NewFactor) -> Account {
    let ctx = turn.ctx;
    let mut account = before.clone();
    account.set_second_factor(Some(factor.in_use(&before, ctx)));
    account.second.clear();
    account.no_sessions();
    turn.changes.push(Change::SessionsEnded { account: account.id, except: None });
    let (act, notice) = (ProtectedAct::MfaTurnedOn, Body::MfaTurnedOn);
    let protected = Protected::in_flow(&before, &turn.flow.caller.client, act, notice);
    protected.write_always(account, &mut turn.changes, ctx)
}
