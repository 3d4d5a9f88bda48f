//! Opening a session (SPEC 6.1).

use crate::records::account::Account;
use crate::records::audit::{Action, Event};
use crate::records::caller::{Caller, Share};
use crate::records::context::Context;
use crate::records::message::Body;
use crate::records::method::MethodKind;
use crate::records::proof::Proof;
use crate::records::session::Session;
use crate::records::step::{SignInOutcome, SignedIn};
use crate::records::verdict::Change;
use crate::rules::{mfa, notices, picker, product, recognition, session};

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
    // A sign-in with a recognition says nothing about strangers' guesses, so the strangers' counter stays. If it
    // were cleared, each sign-in of the owner would give strangers a hundred more guesses. Nobody has guessed at
    // a new password yet, and a sign-in with another first factor unlocks the password (SPEC 12.1).
    let is_stranger = caller.share_of(Some(account.id)) == Share::Strangers;
    let is_by_password = proof.kind == MethodKind::Password;
    let is_new = matches!(outcome, SignInOutcome::Reset | SignInOutcome::Undone);
    if (is_by_password && (is_stranger || is_new)) || (!is_by_password && account.first.is_spent()) {
        account.first.clear();
    }
    if is_news(&account, proof, caller, outcome, ctx) {
        changes.extend(notices::to_verified(&account, &Body::NewSignIn, caller.client.device(), ctx));
    }
    if let Some(method) = account.method_mut(proof.method) {
        method.used(proof.passkey.as_ref(), ctx.now);
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
        ends_at: account.hold_until(ctx).filter(|_| proof.is_mailed || account.lacks_factor(ctx)),
    };
    mfa::owe_codes(&mut account, session.id, ctx);
    let secret = ctx.draw.bytes::<32>("session secret");
    let recognized = caller.presented(account.id).map(|presented| presented.row.acts_known);
    let mut signed_in = SignedIn::of(&session, &account, &secret, outcome, recognized, ctx);
    signed_in.other_access = proof.is_mailed.then(|| account.other_access(proof.method));
    signed_in.recognition = recognition::earned(&account, session.id, proof, caller, changes, ctx);
    let event = Event::done(action, Some(session.id), ctx.now);
    changes.push(Change::account(account, event));
    changes.push(Change::Session { session: Box::new(session), secret });
    signed_in
}

/// Whether the owner gets a message about the sign-in (SPEC 12.8). There is none for a new account, and none if
/// an act or a recovery code already sends one. On a device, the picker counts as a recognition, because each
/// account that it offers has signed in here.
fn is_news(
    account: &Account,
    proof: &Proof,
    caller: &Caller,
    outcome: SignInOutcome,
    ctx: &Context<'_>,
) -> bool {
    let is_told = outcome != SignInOutcome::SignedIn || proof.is_recovery();
    let is_known =
        caller.recognition_of(account.id).is_some() || (ctx.policy.picker() && account.is_remembered);
    ctx.policy.sign_in_notices() && !is_told && !is_known
}
