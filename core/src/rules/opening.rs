//! Opening a session (SPEC 6.1).

use crate::records::account::Account;
use crate::records::audit::{Action, Event};
use crate::records::caller::Caller;
use crate::records::context::Context;
use crate::records::method::MethodKind;
use crate::records::proof::Proof;
use crate::records::session::Session;
use crate::records::step::{SignInOutcome, SignedIn};
use crate::records::verdict::Change;
use crate::rules::{mfa, picker, product, recognition, session};

/// Opens a session on the account, and writes the account with this event.
pub(crate) fn open_session(
    mut account: Account,
    proof: &Proof,
    caller: &Caller,
    outcome: SignInOutcome,
    action: Action,
    changes: &mut Vec<Change>,
    ctx: &Context<'_>,
) -> SignedIn {
    // A completed sign-in clears the counter of a factor that it used. A sign-in with another first factor also
    // clears the counter of a locked password (SPEC 12.1).
    if proof.kind == MethodKind::Password || account.first.is_spent() {
        account.first.clear();
    }
    if let Some(method) = account.method_mut(proof.method) {
        method.used_at = Some(ctx.now);
    }
    if proof.is_recovery() {
        account.recover(false, None, changes, ctx);
    }
    if let Some(product) = caller.client.product() {
        product::used(&mut account, product, ctx.now);
    }
    picker::remember(&mut account, caller.client.is_remembered(), changes, ctx);
    if session::are_crowded(account.sessions, ctx.policy) {
        changes.push(Change::SessionsCrowded { account: account.id, sessions: account.sessions });
    }
    account.sessions = account.sessions.saturating_add(1);
    let session = Session {
        id: ctx.draw.session(ctx.now),
        account: account.id,
        client: caller.client.clone(),
        method: proof.method,
        kind: proof.kind,
        amr: proof.amr(),
        aal: proof.aal(),
        recovered: proof.is_recovery(),
        auth_time: proof.auth_time(),
        first_at: proof.at,
        created_at: ctx.now,
        used_at: ctx.now,
    };
    mfa::owe_codes(&mut account, session.id, ctx);
    let secret = ctx.draw.bytes::<32>("session secret");
    let mut signed_in = SignedIn::of(&session, &account, &secret, outcome);
    signed_in.recognition = recognition::earned(&account, session.id, caller, changes, ctx);
    let event = Event::done(action, Some(session.id), ctx.now);
    changes.push(Change::account(account, event));
    changes.push(Change::Session { session: Box::new(session), secret });
    signed_in
}
