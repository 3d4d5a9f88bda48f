//! Signing in with a first factor (SPEC 4), and the session that comes of it (SPEC 6.1).

use super::account::{Account, Credential, MethodKind};
use super::audit::{Action, Event};
use super::flow::{Arrived, Entry, Progress, Proof, Purpose, SignedIn, Step};
use super::mfa;
use super::picker;
use super::product;
use super::provider::Asserted;
use super::refusal::Refusal;
use super::session::{self, Client, Session};
use super::throttle::{AtTheEnd, UnknownSlot};
use super::transition::{self, Facts};
use super::verdict::{Change, Context, Verdict};
use crate::crypto::password::StoredPassword;
use crate::crypto::token::SessionToken;
use crate::ground::id::{AccountId, MethodId};
use crate::ground::time::Timestamp;

/// What hashing a password outside the act came to. The act compares it with the account it sees, so no
/// transaction waits for a hash (SPEC 4.6).
#[derive(Clone)]
pub(crate) struct PasswordProof {
    pub(crate) account: AccountId,
    pub(crate) credential: MethodId,
    pub(crate) version: u32,
    pub(crate) matches: bool,
    /// The password hashed anew, where the stored hash was weaker than policy (SPEC 4.5).
    pub(crate) rehashed: Option<StoredPassword>,
}

impl PasswordProof {
    /// The first factor that was proven with it.
    pub(crate) fn proven(self, at: Timestamp) -> Proof {
        Proof { rehashed: self.rehashed, ..Proof::of_password(self.credential, self.version, at) }
    }

    /// Whether the account's password is still the one that was hashed.
    pub(crate) fn is_current(&self, account: &Account) -> bool {
        account.id == self.account
            && account
                .password()
                .is_some_and(|(method, .., version)| method.id == self.credential && version == self.version)
    }
}

/// A password was tried for an account: what becomes of its counter, and the proof if it was right.
/// `Err` holds the refusal and the account with the failure counted (SPEC 12.1, 12.3).
pub(crate) fn try_password(
    mut account: Account,
    proof: Option<PasswordProof>,
    ctx: &Context<'_>,
) -> Result<(Account, Proof), (Refusal, Vec<Change>)> {
    if let Err(throttled) = account.first.check(ctx.now, ctx.patient, account.end_of_first()) {
        account.first.settle(ctx.patient);
        let event = Event::refused(Action::Throttled, ctx.now);
        return Err((throttled, vec![Change::Account { account: Box::new(account), event }]));
    }
    let Some(proof) = proof.filter(|proof| proof.matches) else {
        account.first.fail(ctx.patient);
        let event = Event::refused(Action::PasswordTried, ctx.now);
        return Err((
            Refusal::InvalidCredentials,
            vec![Change::Account { account: Box::new(account), event }],
        ));
    };
    Ok((account, proof.proven(ctx.now)))
}

/// A sign-in with email and password. The holder is whose password method has the email; where there is
/// none, what was counted against the email. Both cost and answer the same (SPEC 4.2).
pub(crate) fn password(
    holder: Result<Account, UnknownSlot>,
    proof: Option<PasswordProof>,
    client: &Client,
    ctx: &Context<'_>,
) -> Verdict<Progress> {
    let account = match holder {
        Ok(account) => account,
        Err(unknown) => return nobodys(unknown, ctx),
    };
    let (mut account, proof) = match try_password(account, proof, ctx) {
        Ok(proven) => proven,
        Err((refusal, changes)) => return Verdict::counted(refusal, changes),
    };
    let entry = Entry::new(&account, proof, Purpose::SignIn);
    if let Some(asking) = entry.missing(&account) {
        let (flow, token) = transition::begin(asking(entry), client, ctx);
        let facts = Facts { account: Some(account), ..Facts::default() };
        let step = transition::step(&flow, &facts, ctx);
        let progress = Progress { flow: Some(token), number: flow.number, step };
        return Verdict::done(progress, vec![Change::Flow(Box::new(flow))]);
    }
    if let Some(rehashed) = entry.proof.rehashed.clone() {
        account.set_password(rehashed);
    }
    let mut changes = Vec::new();
    let signed_in =
        open_session(account, &entry.proof, client, Arrived::SignedIn, Action::SignedIn, &mut changes, ctx);
    Verdict::done(Progress { flow: None, number: 1, step: Step::SignedIn(signed_in) }, changes)
}

/// A guess at an email that nobody has as a password's identifier.
fn nobodys(mut unknown: UnknownSlot, ctx: &Context<'_>) -> Verdict<Progress> {
    let refusal = match unknown.throttle.check(ctx.now, ctx.patient, AtTheEnd::Lock) {
        Err(throttled) => {
            unknown.throttle.settle(ctx.patient);
            unknown.refused = unknown.refused.saturating_add(1);
            throttled
        }
        Ok(()) => {
            unknown.throttle.fail(ctx.patient);
            Refusal::InvalidCredentials
        }
    };
    Verdict::counted(refusal, vec![Change::Unknown(unknown)])
}

/// Notes what an assertion of a known identity says beside the identity: an email that differs from the
/// snapshot is shown and changes nothing (SPEC 1.4).
pub(crate) fn note_assertion(account: &mut Account, asserted: &Asserted, ctx: &Context<'_>) -> Option<Proof> {
    let id = account.federated(&asserted.identity)?.id;
    let method = account.method_mut(id)?;
    if let Credential::Federated { email, seen_email, handle, .. } = &mut method.credential {
        if asserted.handle.is_some() {
            handle.clone_from(&asserted.handle);
        }
        if asserted.email.is_some() {
            *seen_email = asserted.email.clone().filter(|seen| Some(seen) != email.as_ref());
        }
    }
    Some(Proof::of_identity(id, ctx.now))
}

/// Opens a session on the account, which is written with this one event.
pub(crate) fn open_session(
    mut account: Account,
    proof: &Proof,
    client: &Client,
    outcome: Arrived,
    action: Action,
    changes: &mut Vec<Change>,
    ctx: &Context<'_>,
) -> SignedIn {
    // A counter is cleared by a completed sign-in that used its factor; a locked password also by one
    // through another first factor (SPEC 12.1).
    if proof.kind == MethodKind::Password || account.first.is_spent() {
        account.first.clear();
    }
    if let Some(method) = account.method_mut(proof.method) {
        method.used_at = Some(ctx.now);
    }
    if proof.is_recovery() {
        account.recover(false, None, changes, ctx);
    }
    if let Some(product) = client.product() {
        product::used(&mut account, product, ctx.now);
    }
    picker::remember(&mut account, client.is_remembered(), changes, ctx);
    if session::are_crowded(account.sessions, ctx.policy) {
        changes.push(Change::SessionsCrowded { account: account.id, sessions: account.sessions });
    }
    account.sessions = account.sessions.saturating_add(1);
    let session = Session {
        id: ctx.draw.session(ctx.now),
        account: account.id,
        client: client.clone(),
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
    let signed_in = SignedIn {
        account: account.id,
        session: session.id,
        token: Some(SessionToken::new(account.id, session.id, &secret)),
        aal: session.aal,
        recovered: session.recovered,
        amr: session.amr.clone(),
        auth_time: session.auth_time,
        works_offline: account.works_offline(),
        outcome,
    };
    let event = Event::done(action, Some(session.id), ctx.now);
    changes.push(Change::Account { account: Box::new(account), event });
    changes.push(Change::Session { session: Box::new(session), secret });
    signed_in
}
