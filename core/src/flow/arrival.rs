//! From a registration to an account (SPEC 2.3 to 2.5).

use crate::flow::turn::Turn;
use crate::flow::{entry, prompt, turn};
use crate::records::account::Account;
use crate::records::assertion::Asserted;
use crate::records::audit::Action;
use crate::records::flow::{Arrival, Entry, Purpose, Registration, State, Verifying};
use crate::records::refusal::Refusal;
use crate::records::step::{Intent, SignInOutcome, Step};
use crate::records::verdict::Verdict;
use crate::rules::{first_factor, method, protected};

/// An assertion was brought: it signs in where its identity is known (SPEC 2.1).
pub(crate) fn present(mut turn: Turn<'_>, asserted: Asserted, intent: Intent) -> Verdict<Step> {
    if let Some(mut account) = turn.facts.holder.take() {
        let Some(proof) = first_factor::note_assertion(&mut account, &asserted, turn.ctx) else {
            return turn.refuse(Refusal::IdentityInUse);
        };
        let entry = Entry::new(&account, proof, Purpose::SignIn);
        return entry::enter(turn, account, entry);
    }
    let Asserted { identity, handle, email, email_proven, .. } = asserted;
    let proven = email.clone().filter(|_| email_proven);
    let registration = Registration::Federated { identity, handle, email };
    let arrival = Arrival { registration, proven, left_out: Vec::new() };
    match intent {
        Intent::SignUp => confirmed(turn, arrival),
        // Where the link prompt asks, it asks alone (SPEC 2.1).
        Intent::SignIn if arrival.proven.is_some() && !turn.facts.sharing.is_empty() => turn.ask(arrival),
        Intent::SignIn => turn.to(State::ConfirmCreate(arrival)),
    }
}

/// The person wants an account: asks for proof of the address first, if there is one.
pub(crate) fn confirmed(turn: Turn<'_>, arrival: Arrival) -> Verdict<Step> {
    match (&arrival.proven, arrival.registration.email()) {
        (None, Some(email)) => {
            let email = email.clone();
            turn.verify_email(arrival.registration, email)
        }
        _ => link_or_create(turn, arrival),
    }
}

/// The address was proven by its code.
pub(crate) fn proven(turn: Turn<'_>, verifying: Verifying) -> Verdict<Step> {
    let arrival = Arrival {
        registration: verifying.registration,
        proven: Some(verifying.proving.email),
        left_out: Vec::new(),
    };
    link_or_create(turn, arrival)
}

/// The address stays unproven: an account with it unverified, and nothing is asked (SPEC 2.3).
pub(crate) fn skip(turn: Turn<'_>, verifying: Verifying) -> Verdict<Step> {
    create(turn, Arrival { registration: verifying.registration, proven: None, left_out: Vec::new() })
}

/// The person wants an account of their own, though others share the address (SPEC 2.5).
pub(crate) fn create_new(turn: Turn<'_>, arrival: Arrival) -> Verdict<Step> {
    let blocked = prompt::prompt(&arrival, &turn.facts, turn.ctx).blocked;
    if blocked.is_none() { create(turn, arrival) } else { turn.refuse(Refusal::NotOffered) }
}

fn link_or_create(turn: Turn<'_>, arrival: Arrival) -> Verdict<Step> {
    // An email that is only held back for an undo has its holder as the one to choose (SPEC 7.3).
    let is_held = arrival.registration.is_password() && turn.facts.holder.is_some();
    let shared = arrival.proven.is_some() && (is_held || !turn.facts.sharing.is_empty());
    if shared { turn.ask(arrival) } else { create(turn, arrival) }
}

fn create(mut turn: Turn<'_>, arrival: Arrival) -> Verdict<Step> {
    if turn.facts.holder.is_some() {
        return turn.refuse(Refusal::IdentityInUse);
    }
    let account = Account::new(turn.ctx.draw.account(turn.ctx.now));
    let (account, proof) = method::add_method(account, arrival, turn.ctx);
    turn.changes.extend(protected::rows(&Account::new(account.id), &account, turn.ctx.now));
    turn::arrive(turn, account, &proof, SignInOutcome::Created, Action::AccountCreated)
}
