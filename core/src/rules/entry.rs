//! From a proven first factor into the account: what is still missing is asked for in one order on every
//! path, and nothing else leads in (SPEC 4.3, 9.2).

use super::account::{Account, Credential, Status};
use super::arrival::arrive;
use super::audit::{Action, Event};
use super::deletion;
use super::flow::{Accepted, Arrived, Entry, Proof, Purpose, SignedIn, State, Step};
use super::linking;
use super::mail::Body;
use super::mfa::{self, TypedFactor};
use super::provider::Asserted;
use super::refusal::{AssertionProblem, Refusal};
use super::session;
use super::sign_in::{self, PasswordProof};
use super::transition::Turn;
use super::verdict::{Change, Verdict};
use crate::crypto::password::StoredPassword;
use crate::crypto::token::SessionToken;
use crate::ground::id::SessionId;

/// Failures of a session's reauthentication that end it (SPEC 6.4).
const REAUTHENTICATIONS: u8 = 5;

impl Entry {
    pub(crate) fn new(account: &Account, proof: Proof, purpose: Purpose) -> Self {
        Self { account: account.id, proof, purpose, new_password: None }
    }

    /// The state that asks for what is missing, if anything is.
    pub(crate) fn missing(&self, account: &Account) -> Option<fn(Self) -> State> {
        let first_is_enough = matches!(self.purpose, Purpose::Reauthenticate { first_only: true, .. });
        if account.ways.mfa.is_some() && self.proof.second.is_none() && !first_is_enough {
            return Some(State::SecondFactor);
        }
        let is_compromised =
            account.method(self.proof.method).is_some_and(|method| method.compromised_at.is_some());
        if self.new_password.is_none() && (self.purpose == Purpose::Reset || is_compromised) {
            return Some(State::NewPassword);
        }
        match account.status {
            Status::PendingDeletion { .. } => Some(State::ConfirmRestore),
            Status::Active => None,
        }
    }
}

impl Account {
    /// Whether what was proven is still a way into the account, unchanged.
    pub(crate) fn holds(&self, proof: &Proof) -> bool {
        self.usable().any(|method| {
            method.id == proof.method
                && match &method.credential {
                    Credential::Password { version, .. } => *version == proof.version,
                    Credential::Federated { .. } => true,
                }
        })
    }

    /// Replaces the password: proofs of the one before are stale from here on.
    pub(crate) fn set_password(&mut self, new: StoredPassword) {
        for method in &mut self.ways.methods {
            if let Credential::Password { hash, version, .. } = &mut method.credential {
                *hash = new;
                *version = version.saturating_add(1);
                method.compromised_at = None;
                return;
            }
        }
    }

    /// Counts a failed reauthentication of a session; whether it was one too many.
    fn failed_to_reauthenticate(&mut self, session: SessionId) -> bool {
        let failures = match self.reauthentications.iter_mut().find(|(of, _)| *of == session) {
            Some((_, failures)) => {
                *failures = failures.saturating_add(1);
                *failures
            }
            None => {
                self.reauthentications.push((session, 1));
                1
            }
        };
        failures >= REAUTHENTICATIONS
    }
}

/// Goes on with somebody who has proven a first factor, or more.
pub(crate) fn enter(turn: Turn<'_>, account: Account, entry: Entry) -> Verdict<Step> {
    go_on(turn, account, entry, None)
}

/// The person restores the account by this answer, and has proven all that it wants (SPEC 9.2).
pub(crate) fn restored(turn: Turn<'_>, account: Account, entry: Entry, was: Status) -> Verdict<Step> {
    go_on(turn, account, entry, Some(was))
}

fn go_on(mut turn: Turn<'_>, account: Account, entry: Entry, restores: Option<Status>) -> Verdict<Step> {
    match entry.missing(&account) {
        Some(asking) => {
            turn.facts.account = Some(account);
            turn.to(asking(entry))
        }
        None => complete(turn, account, entry, restores),
    }
}

/// A second factor was given (SPEC 4.3).
pub(crate) fn second_factor(mut turn: Turn<'_>, mut entry: Entry, given: &TypedFactor) -> Verdict<Step> {
    let Some(mut account) = turn.facts.account.take().filter(|account| account.holds(&entry.proof)) else {
        return turn.refuse(Refusal::FlowExpired);
    };
    if !mfa::accepted(&entry.purpose).contains(&given.factor()) {
        return turn.refuse(Refusal::NotOffered);
    }
    let (now, patient) = (turn.ctx.now, turn.ctx.patient);
    let session = match entry.purpose {
        Purpose::Reauthenticate { session, .. } => Some(session),
        _ => None,
    };
    // A session's own budget locks nobody else out; a factor at its end stays so (SPEC 6.4, 12.1).
    if (session.is_none() || account.second.is_spent())
        && let Err(throttled) = account.second.check(now, patient, given.at_the_end())
    {
        account.second.settle(patient);
        return counted(turn, account, Event::refused(Action::Throttled, now), throttled);
    }
    let Some(mfa) = &mut account.ways.mfa else {
        // It was turned off meanwhile: nothing is missing any more.
        return enter(turn, account, entry);
    };
    if !mfa.take(account.id, given, turn.ctx) {
        return match session {
            Some(session) => failed_in_session(turn, account, session, Refusal::InvalidCode),
            None => {
                account.second.fail(patient);
                counted(turn, account, Event::refused(Action::SecondFactorTried, now), Refusal::InvalidCode)
            }
        };
    }
    account.second.clear();
    entry.proof.second = Some((given.factor(), now));
    if let TypedFactor::RecoveryCode(_) = given {
        let left =
            u8::try_from(account.ways.mfa.as_ref().map_or(0, |mfa| mfa.codes.len())).unwrap_or(u8::MAX);
        linking::tell(&mut turn, &account, &Body::RecoveryCodeUsed { left });
    }
    if entry.missing(&account).is_some() {
        // What is taken is spent by the act that took it, whatever comes after (SPEC 5.2, 5.3).
        let event = Event::done(Action::SecondFactorProven, None, now);
        turn.changes.push(Change::Account { account: Box::new(account.clone()), event });
    }
    enter(turn, account, entry)
}

/// The second factor is lost: the proof of the first alone is renewed (SPEC 9.7).
pub(crate) fn without_second(mut turn: Turn<'_>, mut entry: Entry) -> Verdict<Step> {
    let Some(account) = turn.facts.account.take().filter(|account| account.holds(&entry.proof)) else {
        return turn.refuse(Refusal::FlowExpired);
    };
    let Purpose::Reauthenticate { first_only, .. } = &mut entry.purpose else {
        return turn.refuse(Refusal::NotOffered);
    };
    *first_only = true;
    enter(turn, account, entry)
}

/// A new password was set on the way in.
pub(crate) fn new_password(mut turn: Turn<'_>, mut entry: Entry, new: StoredPassword) -> Verdict<Step> {
    let Some(account) = turn.facts.account.take().filter(|account| account.holds(&entry.proof)) else {
        return turn.refuse(Refusal::FlowExpired);
    };
    entry.new_password = Some(new);
    enter(turn, account, entry)
}

/// A password was given to renew a session's proof.
pub(crate) fn reauthenticate_by_password(
    mut turn: Turn<'_>,
    session: SessionId,
    proof: Option<PasswordProof>,
) -> Verdict<Step> {
    let Some(account) = turn.facts.account.take() else { return turn.refuse(Refusal::SessionEnded) };
    if !account.accepted().contains(&Accepted::Password) {
        return turn.refuse(Refusal::NotOffered);
    }
    match proof.filter(|proof| proof.matches) {
        Some(proof) => {
            let proof = proof.proven(turn.ctx.now);
            let entry = Entry::new(&account, proof, Purpose::Reauthenticate { session, first_only: false });
            enter(turn, account, entry)
        }
        None => failed_in_session(turn, account, session, Refusal::InvalidCredentials),
    }
}

/// An identity was shown to renew a session's proof.
pub(crate) fn reauthenticate_by_identity(
    mut turn: Turn<'_>,
    session: SessionId,
    asserted: &Asserted,
) -> Verdict<Step> {
    // An assertion made just now by who signed in there long ago is no fresh proof (SPEC 6.4).
    if asserted.auth_time.is_some_and(|at| !session::is_fresh(at, turn.ctx.now, turn.ctx.policy)) {
        return turn.refuse(Refusal::AssertionRejected { reason: AssertionProblem::AuthTime });
    }
    let Some(mut account) = turn.facts.account.take() else { return turn.refuse(Refusal::SessionEnded) };
    match sign_in::note_assertion(&mut account, asserted, turn.ctx) {
        Some(proof) => {
            let entry = Entry::new(&account, proof, Purpose::Reauthenticate { session, first_only: false });
            enter(turn, account, entry)
        }
        None => failed_in_session(turn, account, session, Refusal::InvalidCredentials),
    }
}

fn counted(mut turn: Turn<'_>, account: Account, event: Event, refusal: Refusal) -> Verdict<Step> {
    turn.changes.push(Change::Account { account: Box::new(account), event });
    turn.refuse(refusal)
}

/// A reauthentication failed: it counts on the session alone, and the fifth ends it (SPEC 6.4).
fn failed_in_session(
    mut turn: Turn<'_>,
    mut account: Account,
    session: SessionId,
    refusal: Refusal,
) -> Verdict<Step> {
    if account.failed_to_reauthenticate(session) {
        account.session_ends(session);
        turn.changes.push(Change::SessionEnded { account: account.id, session });
        turn.changes.push(Change::FlowEnded(turn.flow.id));
    }
    let event =
        Event { session: Some(session), ..Event::refused(Action::ReauthenticationTried, turn.ctx.now) };
    counted(turn, account, event, refusal)
}

/// Nothing is missing: do what the person came for.
fn complete(mut turn: Turn<'_>, mut account: Account, entry: Entry, was: Option<Status>) -> Verdict<Step> {
    let Entry { proof, purpose, new_password, .. } = entry;
    let sets_password = new_password.is_some();
    if let Some(new) = new_password {
        account.set_password(new);
    } else if let Some(rehashed) = proof.rehashed.clone() {
        account.set_password(rehashed);
    }
    let restores = was.is_some();
    if let Some(was) = was.as_ref().filter(|_| !matches!(purpose, Purpose::Link(_))) {
        let ends_sessions = proof.is_recovery() || purpose == Purpose::Reset;
        deletion::brought_back(&mut turn, &mut account, was, ends_sessions);
    }
    match purpose {
        Purpose::Link(arrival) => linking::complete(turn, arrival, account, &proof, was),
        Purpose::Reauthenticate { session, first_only } => {
            renew(turn, account, &proof, session, first_only, restores)
        }
        Purpose::Reset => {
            linking::tell(&mut turn, &account, &Body::PasswordReset);
            account.recover(proof.is_recovery(), None, &mut turn.changes, turn.ctx);
            arrive(turn, account, &proof, Arrived::Reset, Action::PasswordReset)
        }
        Purpose::SignIn => {
            if sets_password {
                linking::tell(&mut turn, &account, &Body::PasswordChanged);
            }
            let (outcome, action) = match (restores, sets_password) {
                (true, _) => (Arrived::Restored, Action::Restored),
                (false, true) => (Arrived::SignedIn, Action::PasswordChanged),
                (false, false) => (Arrived::SignedIn, Action::SignedIn),
            };
            arrive(turn, account, &proof, outcome, action)
        }
    }
}

/// The session goes on with fresh proof and another token: the one before opens nothing any more.
fn renew(
    mut turn: Turn<'_>,
    mut account: Account,
    proof: &Proof,
    id: SessionId,
    first_only: bool,
    restores: bool,
) -> Verdict<Step> {
    let ctx = turn.ctx;
    let Some(mut session) = turn.facts.session.take() else { return turn.refuse(Refusal::SessionEnded) };
    session.first_at = proof.at;
    session.used_at = ctx.now;
    if !first_only {
        session.method = proof.method;
        session.kind = proof.kind;
        session.amr = proof.amr();
        session.aal = proof.aal();
        session.recovered = proof.is_recovery();
        session.auth_time = proof.auth_time();
    }
    if proof.is_recovery() {
        account.recover(false, Some(id), &mut turn.changes, ctx);
    }
    account.reauthentications.retain(|(of, _)| *of != id);
    if let Some(method) = account.method_mut(proof.method) {
        method.used_at = Some(ctx.now);
    }
    let secret = ctx.draw.bytes::<32>("session secret");
    turn.signed_in = Some(SignedIn {
        account: account.id,
        session: id,
        token: Some(SessionToken::new(account.id, id, &secret)),
        aal: session.aal,
        recovered: session.recovered,
        amr: session.amr.clone(),
        auth_time: session.auth_time,
        works_offline: account.works_offline(),
        outcome: Arrived::Reauthenticated,
    });
    let state = State::SignedIn {
        account: account.id,
        session: id,
        proof: proof.clone(),
        outcome: Arrived::Reauthenticated,
    };
    let action = if restores { Action::Restored } else { Action::Reauthenticated };
    let event = Event::done(action, Some(id), ctx.now);
    turn.changes.push(Change::Account { account: Box::new(account), event });
    turn.changes.push(Change::Session { session: Box::new(session), secret });
    turn.to(state)
}
