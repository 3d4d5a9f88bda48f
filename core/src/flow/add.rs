//! Adds an identity to the account of a session (SPEC 1.6).

use crate::flow::facts::Facts;
use crate::flow::turn;
use crate::flow::turn::Turn;
use crate::ground::id::MethodId;
use crate::ground::short_name::ProviderId;
use crate::records::account::Account;
use crate::records::address::AddressSource;
use crate::records::assertion::Asserted;
use crate::records::audit::{Action, Event};
use crate::records::caller::Caller;
use crate::records::context::Context;
use crate::records::flow::State;
use crate::records::identifier::Identifier;
use crate::records::method::{Credential, Method};
use crate::records::refusal::Refusal;
use crate::records::session::Session;
use crate::records::step::{Flow, Step};
use crate::records::verdict::{Change, Verdict};
use crate::rules::fresh::{Fresh, Unheld};
use crate::rules::method;
use crate::rules::recovery::Held;

/// Starts a flow in the session. The identity of its assertion is added to the account (SPEC 1.6).
pub(crate) fn begin(fresh: &Fresh<'_, Unheld>, provider: ProviderId, ctx: &Context<'_>) -> Verdict<Flow> {
    let (session, account) = (fresh.session(), fresh.account());
    let state = State::Adding { account: account.id, session: session.id, provider };
    turn::waits(state, &Caller::of_session(session), &Facts::default(), ctx)
}

/// Adds the asserted identity to the account as a sign-in method, if no account has it.
pub(crate) fn identity(mut turn: Turn<'_>, asserted: Asserted) -> Verdict<Step> {
    let (Some(before), Some(session)) = (turn.facts.account.take(), turn.facts.session.take()) else {
        return turn.refuse(Refusal::SessionEnded);
    };
    let ctx = turn.ctx;
    if let Err(on_hold) = before.check_hold(Held::Credentials, ctx) {
        return turn.refuse(on_hold);
    }
    let Asserted { identity, handle, email, email_proven, .. } = asserted;
    let identifier = Identifier::Identity(identity.clone());
    if before.credentials.has(&identifier) {
        return turn.refuse(Refusal::AlreadyYours);
    }
    if turn.facts.holder.as_ref().is_some_and(|holder| holder.id != before.id) {
        return turn.refuse(Refusal::IdentityInUse);
    }
    if !before.has_room(email.as_ref(), ctx.policy) {
        return turn.refuse(Refusal::LimitReached);
    }
    let mut after = before.clone();
    let id = ctx.draw.method(ctx.now);
    if let Some(email) = &email {
        // A first proven address requires a review of the existing methods, which only its mailed code starts
        // (SPEC 3.7). Also, policy limits how many accounts share an address.
        let others = turn.facts.sharing.iter().filter(|other| other.id != before.id).count();
        let is_proven = email_proven
            && before.verified().next().is_some()
            && others < ctx.policy.max_accounts_per_email();
        after.take_address(email, is_proven.then_some(ctx.now), AddressSource::Method { method: id });
    }
    after.credentials.methods.push(Method::new(
        id,
        Credential::Federated { identity, handle, email, seen_email: None },
        ctx.now,
    ));
    added(turn, &session, &before, after, id)
}

/// Writes the account with its new method, and says whether another account had reserved the identifier.
pub(super) fn added(
    mut turn: Turn<'_>,
    session: &Session,
    before: &Account,
    after: Account,
    id: MethodId,
) -> Verdict<Step> {
    let after = match method::written(session, before, after, id, &mut turn.changes, turn.ctx) {
        Ok(after) => after,
        Err(refusal) => return turn.refuse(refusal),
    };
    let event = Event::done(Action::MethodAdded, Some(session.id), turn.ctx.now);
    turn.changes.push(Change::account(after, event));
    let was_reserved = turn.facts.reserver.as_ref().is_some_and(|reserver| reserver.id != before.id);
    turn.to(State::Done { was_reserved, left_out: Vec::new() })
}
