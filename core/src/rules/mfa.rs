//! The second factor: TOTP, and the recovery codes that can replace it (SPEC 5).

use std::cmp::Ordering;
use std::time::Duration;

use crate::crypto::digest::same;
use crate::crypto::long_code::{self, LongCode};
use crate::crypto::totp::TotpSecret;
use crate::ground::id::{AccountId, SessionId};
use crate::ground::secret::Secret;
use crate::ground::time::Timestamp;
use crate::records::account::{Account, Owner};
use crate::records::audit::{Action, Event};
use crate::records::context::Context;
use crate::records::flow::Purpose;
use crate::records::message::Body;
use crate::records::mfa::{
    ENROLMENT_LIFE, Enrolment, Mfa, NewFactor, RecoveryCodes, SecondFactor, Stage, TakenSteps, TotpEnrolment,
    TypedFactor,
};
use crate::records::protected::ProtectedAct;
use crate::records::refusal::Refusal;
use crate::records::session::{Aal, Amr, Session};
use crate::records::verdict::{Change, Verdict};
use crate::rules::fresh::{Everything, Fresh, ToEnroll, ToTurnOff};
use crate::rules::protected::Protected;

impl Mfa {
    /// Whether the text has the form of a code of this factor. A slip of the finger is no guess and counts nowhere
    /// (SPEC 12.5).
    pub(crate) fn reads(&self, given: &TypedFactor) -> bool {
        match given {
            TypedFactor::Totp(code) => self.secret.reads(code),
            TypedFactor::RecoveryCode(_) => true,
            TypedFactor::NoCode(_) => false,
        }
    }

    /// Whether the second factor is right. A right code is used up.
    pub(crate) fn take(&mut self, account: AccountId, given: &TypedFactor, ctx: &Context<'_>) -> bool {
        match given {
            TypedFactor::Totp(code) => {
                let before = ctx.trusted.time.earlier(Duration::from_millis(1));
                let floor = self.taken.floor(ctx.trusted.number, self.secret.step_at(before));
                let step = self.secret.step_of(code, ctx.wall, Some(floor));
                let Some(step) = step.filter(|step| !self.taken.has(*step)) else { return false };
                self.taken.take(step, ctx.trusted.number);
                true
            }
            TypedFactor::RecoveryCode(code) => {
                let hash = hash(account, code, ctx);
                let before = self.codes.len();
                self.codes.retain(|left| !same(left, &hash));
                self.codes.len() < before
            }
            TypedFactor::NoCode(_) => false,
        }
    }
}

/// The most spans of accepted steps that a factor keeps.
const SPANS: usize = 8;

impl TakenSteps {
    /// The last step that is not accepted. If the host has set the time since, to a time before the last accepted
    /// step, it is the last step before that time (SPEC 12.4).
    fn floor(&self, trusted: u32, before: u64) -> u64 {
        if self.trusted < trusted { self.last.min(before) } else { self.last }
    }

    /// Whether the step's code was accepted before, when the clock was ahead.
    fn has(&self, step: u64) -> bool {
        self.spans.iter().any(|(first, last)| (*first..=*last).contains(&step))
    }

    fn take(&mut self, step: u64, trusted: u32) {
        self.last = step;
        self.trusted = trusted;
        self.take_span((step, step));
    }

    /// Adds a span. If there are too many, joins the two that are nearest to each other: the years that a wrong
    /// clock is ahead stay free.
    fn take_span(&mut self, span: (u64, u64)) {
        self.spans.push(span);
        self.spans.sort_unstable();
        let gap = |spans: &[(u64, u64)], at: usize| match (spans.get(at), spans.get(at + 1)) {
            (Some((_, last)), Some((next, _))) => next.saturating_sub(*last),
            _ => u64::MAX,
        };
        while let Some(nearest) =
            (0..self.spans.len().saturating_sub(1)).min_by_key(|at| gap(&self.spans, *at))
        {
            if self.spans.len() <= SPANS && gap(&self.spans, nearest) > 1 {
                break;
            }
            let (_, last) = self.spans.remove(nearest + 1);
            if let Some(joined) = self.spans.get_mut(nearest) {
                joined.1 = joined.1.max(last);
            }
        }
    }

    /// Adds what the same factor accepted at another time.
    pub(crate) fn join(&mut self, other: &Self) {
        let (last, trusted) = match self.trusted.cmp(&other.trusted) {
            Ordering::Less => (other.last, other.trusted),
            Ordering::Equal => (self.last.max(other.last), self.trusted),
            Ordering::Greater => (self.last, self.trusted),
        };
        (self.last, self.trusted) = (last, trusted);
        for span in &other.spans {
            self.take_span(*span);
        }
    }
}

/// The second factors that a flow accepts. A link needs the account's highest level, which a recovery code does
/// not give (SPEC 3.3, 5.5).
pub(crate) fn accepted(purpose: &Purpose) -> Vec<SecondFactor> {
    match purpose {
        Purpose::Link(_) => vec![SecondFactor::Totp],
        _ => vec![SecondFactor::Totp, SecondFactor::RecoveryCode],
    }
}

/// The keyed hash of a recovery code. With 120 bits it needs no slow hash (SPEC 5.3).
pub(crate) fn hash(account: AccountId, code: &LongCode, ctx: &Context<'_>) -> [u8; 32] {
    ctx.keys.code(&[b"recovery", account.as_bytes(), code.as_bytes()])
}

/// The number of wrong codes that void an enrolment (SPEC 5.1).
pub(crate) const WRONG_CODES: u8 = 5;

/// Starts an enrolment in the session and replaces an earlier one there (SPEC 5.1). If MFA is on, the new factor
/// will replace the present one (SPEC 5.5).
pub(crate) fn enroll(fresh: &Fresh<'_, ToEnroll>, ctx: &Context<'_>) -> Verdict<TotpEnrolment> {
    let secret = new_secret(ctx);
    let account = fresh.account();
    let (typed, uri) = for_app(account, &secret, ctx);
    let shown = TotpEnrolment::new(typed, uri, ctx.now + ENROLMENT_LIFE);
    let changes = begun(account, fresh.session(), Stage::Confirm(secret), Action::MfaEnrolmentBegun, ctx);
    Verdict::done(shown, changes)
}

/// Draws the secret of a new authenticator app.
pub(crate) fn new_secret(ctx: &Context<'_>) -> TotpSecret {
    TotpSecret::new(ctx.draw.bytes("totp secret"))
}

/// Returns the secret for an authenticator app in two forms: as text to type, and as a URI.
pub(crate) fn for_app(account: &Account, secret: &TotpSecret, ctx: &Context<'_>) -> (Secret, Secret) {
    let label = match &account.credentials.contact {
        Some(email) => email.as_typed().to_owned(),
        None => account.id.to_string(),
    };
    (secret.base32(), secret.uri(ctx.policy.realm(), &label))
}

/// Takes an app's first code. Returns `None` if the code is wrong.
pub(crate) fn first_code(secret: &TotpSecret, code: &str, ctx: &Context<'_>) -> Option<NewFactor> {
    let step = secret.step_of(code, ctx.wall, None)?;
    let seed = ctx.draw.bytes("recovery codes");
    Some(NewFactor { secret: secret.clone(), step, seed, at: ctx.now })
}

/// Takes the app's first code (SPEC 5.1). Then only the recovery codes remain to be saved.
pub(crate) fn confirm(owner: &Owner, code: &Secret, ctx: &Context<'_>) -> Verdict<RecoveryCodes> {
    let mut account = owner.account.clone();
    let Some(enrolment) = account.enrolment(&owner.session, ctx.now) else {
        return Verdict::refused(Refusal::FlowExpired);
    };
    let Stage::Confirm(secret) = &enrolment.stage else { return Verdict::refused(Refusal::NotOffered) };
    if let Err(on_hold) = owner.account.check_hold(owner.account.setting_mfa(), ctx) {
        return Verdict::refused(on_hold);
    }
    let code = match TypedFactor::totp(code) {
        TypedFactor::Totp(code) if secret.reads(&code) => code,
        _ => return Verdict::refused(Refusal::InvalidCode),
    };
    let session = Some(owner.session.id);
    let Some(factor) = first_code(secret, &code, ctx) else {
        enrolment.wrong = enrolment.wrong.saturating_add(1);
        account.enrolments.retain(|enrolment| enrolment.wrong < WRONG_CODES);
        let event = Event { session, ..Event::refused(Action::MfaEnrolmentConfirmed, ctx.now) };
        let changes = vec![Change::account(account, event)];
        return Verdict::counted(Refusal::InvalidCode, changes);
    };
    let codes = shown(&factor.seed, ctx.now + ENROLMENT_LIFE);
    enrolment.stage = Stage::Save(factor);
    let event = Event::done(Action::MfaEnrolmentConfirmed, session, ctx.now);
    Verdict::account(codes, account, event)
}

/// Makes new recovery codes. The old ones work until the new ones are saved (SPEC 5.4).
pub(crate) fn regenerate(fresh: &Fresh<'_, Everything>, ctx: &Context<'_>) -> Verdict<RecoveryCodes> {
    if fresh.account().credentials.mfa.is_none() {
        return Verdict::refused(Refusal::NotOffered);
    }
    let seed = ctx.draw.bytes("recovery codes");
    let stage = Stage::Codes { seed, at: ctx.now };
    let changes = begun(fresh.account(), fresh.session(), stage, Action::RecoveryCodesMade, ctx);
    Verdict::done(shown(&seed, ctx.now + ENROLMENT_LIFE), changes)
}

/// Makes recovery codes for an imported account that came without any. They are saved in this session
/// (SPEC 13.2).
pub(crate) fn owe_codes(account: &mut Account, session: SessionId, ctx: &Context<'_>) {
    if account.credentials.mfa.as_ref().is_some_and(|mfa| mfa.owes_codes) {
        let stage = Stage::Codes { seed: ctx.draw.bytes("recovery codes"), at: ctx.now };
        account.enrolments.push(Enrolment { session, begun_at: ctx.now, wrong: 0, stage });
    }
}

/// Shows again the recovery codes that are not saved yet (SPEC 5.3).
pub(crate) fn unsaved_codes(owner: &Owner, ctx: &Context<'_>) -> Result<RecoveryCodes, Refusal> {
    let enrolments = owner.account.enrolments.iter();
    enrolments
        .filter(|enrolment| enrolment.session == owner.session.id)
        .find_map(Enrolment::seed)
        .filter(|(_, at)| ctx.now < *at + ENROLMENT_LIFE)
        .map(|(seed, at)| shown(seed, at + ENROLMENT_LIFE))
        .ok_or(Refusal::FlowExpired)
}

/// Completes the enrolment after the owner saved the recovery codes: the factor is on, or replaced, or has these codes
/// (SPEC 5.3 to 5.5). `secret` is the session's secret, because the session is written again. `sessions` are the
/// account's sessions. Those that a code of the old set opened end (SPEC 5.10).
pub(crate) fn saved(
    owner: &Owner,
    secret: &[u8; 32],
    sessions: &[Session],
    ctx: &Context<'_>,
) -> Verdict<()> {
    let (mut account, mut session) = (owner.account.clone(), owner.session.clone());
    let Some(enrolment) = account.enrolment(&session, ctx.now).cloned() else {
        return Verdict::refused(Refusal::FlowExpired);
    };
    let factor = match enrolment.stage {
        Stage::Save(factor) => factor,
        Stage::Confirm(_) => return Verdict::refused(Refusal::NotOffered),
        Stage::Codes { seed, .. } => {
            let codes = hashes(account.id, &seed, ctx);
            let codes_made = account.revision;
            let Some(mfa) = &mut account.credentials.mfa else {
                return Verdict::refused(Refusal::NotOffered);
            };
            mfa.codes = codes;
            mfa.codes_made = codes_made;
            let are_first = std::mem::take(&mut mfa.owes_codes);
            account.generations.codes_changed();
            account.enrolments.retain(|enrolment| enrolment.session != session.id);
            let mut changes = Vec::new();
            for other in sessions.iter().filter(|other| other.recovered && other.id != session.id) {
                account.session_ends(other.id);
                changes.push(Change::SessionEnded { account: account.id, session: other.id, forgets: true });
            }
            // The first codes of an imported factor replace no earlier codes.
            if !are_first {
                let (act, notice) = (ProtectedAct::RecoveryCodesReplaced, Body::RecoveryCodesReplaced);
                let protected = Protected::in_session(&owner.account, &session, act, notice);
                account = match protected.write(account, &mut changes, ctx) {
                    Ok(account) => account,
                    Err(refusal) => return Verdict::refused(refusal),
                };
            }
            let event = Event::done(Action::RecoveryCodesSaved, Some(session.id), ctx.now);
            changes.push(Change::account(account, event));
            return Verdict::done((), changes);
        }
    };
    if let Err(on_hold) = account.check_hold(account.setting_mfa(), ctx) {
        return Verdict::refused(on_hold);
    }
    let replaced = account.credentials.mfa.is_some();
    session.aal = Aal::Aal2;
    session.recovered = false;
    session.auth_time = session.auth_time.min(factor.at);
    account.set_second_factor(Some(factor.in_use(&account, ctx)));
    session.amr.retain(|amr| *amr == Amr::Pwd);
    session.amr.extend([Amr::Otp, Amr::Mfa]);
    let what = if replaced {
        (Body::MfaReplaced, ProtectedAct::MfaReplaced, Action::MfaReplaced)
    } else {
        (Body::MfaTurnedOn, ProtectedAct::MfaTurnedOn, Action::MfaTurnedOn)
    };
    changed(owner, account, session, secret, what, ctx)
}

impl NewFactor {
    /// Returns the factor as the account stores it, with its recovery codes as hashes only.
    pub(crate) fn in_use(self, account: &Account, ctx: &Context<'_>) -> Mfa {
        let Self { secret, step, seed, .. } = self;
        let mut taken = TakenSteps::default();
        // The clock may have been corrected since the app's first code.
        taken.take(step.min(secret.step_at(ctx.wall) + 1), ctx.trusted.number);
        taken.take_span((step, step));
        Mfa {
            secret,
            taken,
            since: ctx.now,
            slow_since: ctx.throttle_clock,
            codes: hashes(account.id, &seed, ctx),
            codes_made: account.revision,
            owes_codes: false,
        }
    }
}

fn hashes(account: AccountId, seed: &[u8; 32], ctx: &Context<'_>) -> Vec<[u8; 32]> {
    long_code::codes(seed).iter().map(|code| hash(account, code, ctx)).collect()
}

/// Turns the second factor off (SPEC 5.5).
pub(crate) fn turn_off(fresh: &Fresh<'_, ToTurnOff>, secret: &[u8; 32], ctx: &Context<'_>) -> Verdict<()> {
    let (mut account, mut session) = (fresh.account().clone(), fresh.session().clone());
    if account.credentials.mfa.is_none() {
        return Verdict::refused(Refusal::NotOffered);
    }
    account.set_second_factor(None);
    session.aal = Aal::Aal1;
    session.recovered = false;
    session.amr.retain(|amr| *amr == Amr::Pwd);
    let what = (Body::MfaTurnedOff, ProtectedAct::MfaTurnedOff, Action::MfaTurnedOff);
    changed(fresh.owner(), account, session, secret, what, ctx)
}

/// Writes a change of the second factor. All other sessions and everything in progress end, and every address is
/// notified (SPEC 1.12, 6.5, 7.1).
fn changed(
    before: &Owner,
    mut account: Account,
    session: Session,
    secret: &[u8; 32],
    (notice, act, action): (Body, ProtectedAct, Action),
    ctx: &Context<'_>,
) -> Verdict<()> {
    account.second.clear();
    account.only_session(session.id);
    account.enrolments.clear();
    let mut changes = Vec::new();
    let protected = Protected::in_session(&before.account, &session, act, notice);
    let account = match protected.write(account, &mut changes, ctx) {
        Ok(account) => account,
        Err(refusal) => return Verdict::refused(refusal),
    };
    changes.push(Change::SessionsEnded { account: account.id, except: Some(session.id) });
    let event = Event::done(action, Some(session.id), ctx.now);
    changes.push(Change::account(account, event));
    changes.push(Change::Session { session: Box::new(session), secret: *secret });
    Verdict::done((), changes)
}

fn begun(
    account: &Account,
    session: &Session,
    stage: Stage,
    action: Action,
    ctx: &Context<'_>,
) -> Vec<Change> {
    let mut account = account.clone();
    account.enrolments.retain(|earlier| earlier.session != session.id && earlier.lives(ctx.now));
    account.enrolments.push(Enrolment { session: session.id, begun_at: ctx.now, wrong: 0, stage });
    let event = Event::done(action, Some(session.id), ctx.now);
    vec![Change::account(account, event)]
}

/// Returns the recovery codes of a seed, with the time until which they can be shown (SPEC 5.3).
pub(crate) fn shown(seed: &[u8; 32], until: Timestamp) -> RecoveryCodes {
    let codes = long_code::codes(seed).iter().map(LongCode::print).collect();
    RecoveryCodes { codes, shown_until: until }
}

impl Account {
    /// Sets, replaces or removes the second factor. All earlier proofs by a second factor become invalid (SPEC 5.10).
    pub(crate) fn set_second_factor(&mut self, factor: Option<Mfa>) {
        self.credentials.mfa = factor;
        self.generations.factor_changed();
    }

    /// The enrolment of a session that has not expired.
    fn enrolment(&mut self, session: &Session, now: Timestamp) -> Option<&mut Enrolment> {
        self.enrolments.iter_mut().find(|enrolment| enrolment.session == session.id && enrolment.lives(now))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(steps: &[u64]) -> TakenSteps {
        let mut taken = TakenSteps::default();
        steps.iter().for_each(|step| taken.take(*step, 0));
        taken
    }

    #[test]
    fn r12_4_a_floor_goes_back_to_a_trusted_time_and_the_steps_beyond_stay_taken() {
        let mut mfa = taken(&[100, 5_000]);
        assert_eq!(mfa.floor(0, 0), 5_000);
        assert_eq!(mfa.floor(1, 100), 100, "the host has set the time since");
        assert_eq!(mfa.floor(1, 9_000), 5_000, "forward changes nothing");
        assert!(mfa.has(100) && mfa.has(5_000) && !mfa.has(101));
        mfa.take(101, 1);
        assert_eq!(mfa.floor(1, 100), 101);
        assert!(mfa.has(5_000));
    }

    #[test]
    fn r12_4_few_spans_keep_all_taken_steps_and_leave_the_gap_of_a_wrong_clock_free() {
        let future = 1_000_000;
        let steps: Vec<_> = (0..100).map(|at| at * 7).chain((0..100).map(|at| future + at * 13)).collect();
        let mfa = taken(&steps);
        assert!(mfa.spans.len() <= SPANS, "{:?}", mfa.spans);
        assert!(steps.iter().all(|step| mfa.has(*step)));
        assert!((700..future).all(|step| !mfa.has(step)));
    }

    #[test]
    fn r12_4_an_undo_joins_the_steps_of_both_times() {
        let (mut before, mut after) = (taken(&[10, 9_000]), taken(&[10]));
        after.take(11, 1);
        before.join(&after);
        assert_eq!((before.last, before.trusted), (11, 1));
        assert!(before.has(9_000) && before.has(11));
        let mut same = taken(&[20]);
        same.join(&taken(&[30]));
        assert_eq!(same.last, 30);
    }
}
