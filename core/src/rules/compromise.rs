//! A password that others may know (SPEC 4.10).

use crate::ground::id::MethodId;
use crate::records::account::{Account, Owner};
use crate::records::audit::{Action, Actor, Event};
use crate::records::context::Context;
use crate::records::message::Body;
use crate::records::method::Credential;
use crate::records::refusal::Refusal;
use crate::records::session::Session;
use crate::records::verdict::{Change, Verdict};
use crate::rules::notices;

/// How many compromised passwords an account remembers. Each costs one hash when a new password is set.
const REMEMBERED: usize = 4;

/// Marks the password for its owner. This needs no fresh proof, because it weakens nothing.
pub(crate) fn by_owner(
    owner: &Owner,
    method: MethodId,
    sessions: &[Session],
    ctx: &Context<'_>,
) -> Verdict<()> {
    let event = Event::done(Action::MethodCompromised, Some(owner.session.id), ctx.now);
    marked(owner.account.clone(), method, sessions, event, ctx)
}

/// Marks the password for the host, which has evidence of a breach.
pub(crate) fn by_host(
    account: Account,
    method: MethodId,
    sessions: &[Session],
    ctx: &Context<'_>,
) -> Verdict<()> {
    let event = Event { actor: Actor::Host, ..Event::done(Action::MethodCompromised, None, ctx.now) };
    marked(account, method, sessions, event, ctx)
}

fn marked(
    mut account: Account,
    id: MethodId,
    sessions: &[Session],
    event: Event,
    ctx: &Context<'_>,
) -> Verdict<()> {
    let Some(method) = account.method_mut(id) else { return Verdict::refused(Refusal::NotOffered) };
    let Credential::Password { hash, version, .. } = &mut method.credential else {
        return Verdict::refused(Refusal::NotOffered);
    };
    if method.compromised_at.is_none() {
        method.compromised_at = Some(ctx.now);
        // A person who has already given the password in a flow must give it again. The flow then asks for a new
        // password.
        *version = version.saturating_add(1);
        let hash = hash.clone();
        account.compromised.push(hash);
        account.marked = account.marked.saturating_add(1);
        let surplus = account.compromised.len().saturating_sub(REMEMBERED);
        account.compromised.drain(..surplus);
    }
    let mut changes = notices::to_verified(&account, &Body::PasswordCompromised, "", ctx);
    for session in sessions.iter().filter(|session| session.method == id) {
        account.session_ends(session.id);
        changes.push(Change::SessionEnded { account: account.id, session: session.id, forgets: true });
    }
    changes.push(Change::account(account, event));
    Verdict::done((), changes)
}
