//! Leads from a registration to an account (SPEC 2.3 to 2.5).

use crate::flow::turn::Turn;
use crate::flow::{entry, gate, prompt};
use crate::records::account::Account;
use crate::records::assertion::Asserted;
use crate::records::audit::Action;
use crate::records::flow::{Arrival, Entry, Purpose, Registration, State, Verifying};
use crate::records::identifier::Identifier;
use crate::records::refusal::Refusal;
use crate::records::step::{Intent, SignInOutcome, Step};
use crate::records::verdict::Verdict;
use crate::rules::{first_factor, method, protected};

/// Takes an assertion. Signs in if the identity is known (SPEC 2.1).
pub(crate) fn present(mut turn: Turn<'_>, asserted: Asserted, intent: Intent) -> Verdict<Step> {
    if let Some(mut account) = turn.facts.holder.take() {
        let Some(proof) = first_factor::note_assertion(&mut account, &asserted) else {
            let identifier = Identifier::Identity(asserted.identity);
            // A suspended method signs nobody in and says no more than a wrong password (SPEC 4.2).
            let is_suspended = account.credentials.has(&identifier);
            return turn.refuse(match is_suspended {
                true => Refusal::InvalidCredentials,
                false => Refusal::IdentityInUse,
            });
        };
        let entry = Entry::new(&account, proof, Purpose::SignIn);
        return entry::enter(turn, account, entry);
    }
    let Asserted { at, identity, handle, email, email_proven } = asserted;
    let proven = email.clone().filter(|_| email_proven);
    let registration = Registration::Federated { identity, handle, email, at };
    let arrival = Arrival::new(registration, proven);
    match intent {
        Intent::SignUp => confirmed(turn, arrival),
        // The link prompt already asks, so nothing else asks before it (SPEC 2.1).
        Intent::SignIn if is_known(&arrival, &turn) => turn.ask(arrival),
        Intent::SignIn => turn.to(State::ConfirmCreate(arrival)),
    }
}

/// The person wants an account. If there is an address, the flow asks for proof of it first.
pub(crate) fn confirmed(turn: Turn<'_>, arrival: Arrival) -> Verdict<Step> {
    match (&arrival.proven, arrival.registration.email()) {
        (None, Some(email)) => {
            let email = email.clone();
            turn.verify_email(arrival.registration, email)
        }
        _ => link_or_create(turn, arrival),
    }
}

/// The mailed code proved the address.
pub(crate) fn proven(turn: Turn<'_>, verifying: Verifying) -> Verdict<Step> {
    link_or_create(turn, Arrival::new(verifying.registration, Some(verifying.proving.email)))
}

/// Continues with the address unverified. An unverified address leads to no link prompt (SPEC 2.3).
pub(crate) fn skip(turn: Turn<'_>, verifying: Verifying) -> Verdict<Step> {
    link_or_create(turn, Arrival::new(verifying.registration, None))
}

/// Creates a separate account, although others share the address (SPEC 2.5).
pub(crate) fn create_new(turn: Turn<'_>, arrival: Arrival) -> Verdict<Step> {
    let blocked = prompt::prompt(&arrival, &turn.facts, turn.ctx).blocked;
    if blocked.is_none() { create(turn, arrival) } else { turn.refuse(Refusal::NotOffered) }
}

fn link_or_create(turn: Turn<'_>, arrival: Arrival) -> Verdict<Step> {
    if is_known(&arrival, &turn) { turn.ask(arrival) } else { create(turn, arrival) }
}

/// Returns whether another account has the proven email verified or reserves the proven identifier for an undo
/// (SPEC 2.4, 7.6).
fn is_known(arrival: &Arrival, turn: &Turn<'_>) -> bool {
    let shares = arrival.proven.is_some() && !turn.facts.sharing.is_empty();
    shares || turn.facts.reserver.is_some()
}

/// Creates the account, and opens a session on it.
pub(crate) fn create(mut turn: Turn<'_>, arrival: Arrival) -> Verdict<Step> {
    if turn.facts.holder.is_some() {
        return turn.refuse(Refusal::IdentityInUse);
    }
    let account = Account::new(turn.ctx.draw.account(turn.ctx.now), turn.ctx.throttle_clock);
    let (account, proof) = method::add_method(account, arrival, turn.ctx);
    turn.changes.extend(protected::rows(&Account::new(account.id, account.made_at), &account));
    gate::arrive(turn, account, &proof, SignInOutcome::Created, Action::AccountCreated)
}
