//! Leads from a proven first factor into the account. Every path asks for the missing proofs in one order,
//! and there is no other way into the account (SPEC 4.3, 9.2).

use crate::crypto::password::StoredPassword;
use crate::flow::turn::Turn;
use crate::flow::{complete, gate};
use crate::records::account::{Account, Status};
use crate::records::audit::{Action, Event};
use crate::records::caller::Presented;
use crate::records::context::Context;
use crate::records::flow::{Entry, Purpose, State};
use crate::records::message::Body;
use crate::records::mfa::TypedFactor;
use crate::records::refusal::Refusal;
use crate::records::step::Step;
use crate::records::verdict::{Change, Verdict};
use crate::rules::mfa;
use crate::rules::throttle::{self, Guessed};

/// What a flow asks for next.
pub(crate) enum Missing {
    SecondFactor,
    NewPassword,
    Restore,
    /// The person must enrol a second factor first (SPEC 5.9).
    Factor,
}

impl Entry {
    /// Returns what is missing before the person is signed in, if anything.
    pub(crate) fn missing(&self, account: &Account, ctx: &Context<'_>) -> Option<Missing> {
        if let Some(missing) = self.missing_proof(account) {
            return Some(missing);
        }
        if account.status != Status::Active && !self.restores {
            return Some(Missing::Restore);
        }
        // A reset starts a hold, and nobody can enrol during a hold. A reauthentication opens no session.
        let opens = match self.purpose {
            Purpose::Reset => ctx.policy.hold().is_zero(),
            Purpose::Reauthenticate { .. } => false,
            Purpose::SignIn | Purpose::Created | Purpose::Link(_) => true,
        };
        (opens && self.factor.is_none() && account.must_enroll(ctx)).then_some(Missing::Factor)
    }

    /// Returns the next missing proof or password, if any. A proof that was given before MFA was turned on lacks the
    /// second factor (SPEC 4.3).
    pub(crate) fn missing_proof(&self, account: &Account) -> Option<Missing> {
        let first_is_enough = matches!(self.purpose, Purpose::Reauthenticate { first_only: true, .. });
        let is_proven = self.proof.second.is_some() || self.proof.is_both();
        if account.credentials.mfa.is_some() && !is_proven && !first_is_enough {
            return Some(Missing::SecondFactor);
        }
        let is_compromised =
            account.method(self.proof.method).is_some_and(|method| method.compromised_at.is_some());
        let wants_password = match &self.purpose {
            Purpose::Reset => true,
            // Nobody has compared the password of a sign-up with the marked ones of the account that it is linked to.
            Purpose::Link(arrival) => {
                account.marked > 0 && arrival.registration.is_password() && account.password().is_none()
            }
            _ => is_compromised,
        };
        let has_password = self.new_password.as_ref().is_some_and(|new| account.takes(new));
        (wants_password && !has_password).then_some(Missing::NewPassword)
    }
}

/// Continues after a proven first factor.
pub(crate) fn enter(mut turn: Turn<'_>, account: Account, entry: Entry) -> Verdict<Step> {
    let ask = match entry.missing(&account, turn.ctx) {
        None => return complete::complete(turn, account, entry),
        Some(Missing::Factor) => return gate::enroll(turn, account, entry),
        Some(Missing::SecondFactor) => State::SecondFactor,
        Some(Missing::NewPassword) => State::NewPassword,
        Some(Missing::Restore) => State::ConfirmRestore,
    };
    turn.facts.account = Some(account);
    turn.to(ask(entry))
}

/// Takes a second factor (SPEC 4.3).
pub(crate) fn second_factor(mut turn: Turn<'_>, mut entry: Entry, given: &TypedFactor) -> Verdict<Step> {
    let Some(account) = turn.facts.account.take() else { return turn.refuse(Refusal::FlowExpired) };
    if !mfa::accepted(&entry.purpose).contains(&given.factor()) {
        return turn.refuse(Refusal::NotOffered);
    }
    if account.credentials.mfa.as_ref().is_some_and(|mfa| !mfa.reads(given)) {
        return turn.refuse(Refusal::InvalidCode);
    }
    if account.credentials.mfa.is_none() {
        // MFA was turned off meanwhile, so no second factor is missing.
        return enter(turn, account, entry);
    }
    let account = match take_second(&mut turn, account, given) {
        Ok(account) => account,
        Err(wrong) => return failed(turn, wrong),
    };
    entry.proof = entry.proof.and(given.factor(), turn.ctx.now, account.generations);
    if entry.missing(&account, turn.ctx).is_some() {
        store_second(&mut turn, &account);
    }
    enter(turn, account, entry)
}

/// Judges a code of the account's current second factor, and uses it up.
pub(crate) fn take_second(
    turn: &mut Turn<'_>,
    account: Account,
    given: &TypedFactor,
) -> Result<Account, (Refusal, Vec<Change>)> {
    let (ctx, guessed) = (turn.ctx, Guessed::Second(given.factor()));
    let take = |account: &mut Account| {
        let id = account.id;
        account.credentials.mfa.as_mut().is_some_and(|mfa| mfa.take(id, given, ctx)).then_some(())
    };
    let (account, ()) = throttle::judge(account, &mut turn.flow.caller, guessed, ctx, take)?;
    spent(turn, &account, given);
    Ok(account)
}

/// Stores that a code is used up, because the flow may never complete (SPEC 5.2, 5.3).
pub(crate) fn store_second(turn: &mut Turn<'_>, account: &Account) {
    turn.changes.extend(turn.flow.caller.presented(account.id).map(Presented::counted));
    let event = Event::done(Action::SecondFactorProven, None, turn.ctx.now);
    turn.changes.push(Change::account(account.clone(), event));
}

/// Tells the owner if a recovery code was used up (SPEC 1.12).
pub(crate) fn spent(turn: &mut Turn<'_>, account: &Account, given: &TypedFactor) {
    if let TypedFactor::RecoveryCode(_) = given {
        let left = account.credentials.mfa.as_ref().map_or(0, |mfa| mfa.codes.len());
        turn.tell(account, &Body::RecoveryCodeUsed { left: u8::try_from(left).unwrap_or(u8::MAX) });
    }
}

/// Renews the proof of the first factor alone, because the second is lost (SPEC 9.7).
pub(crate) fn without_second(mut turn: Turn<'_>, mut entry: Entry) -> Verdict<Step> {
    let Some(account) = turn.facts.account.take() else { return turn.refuse(Refusal::FlowExpired) };
    let Purpose::Reauthenticate { first_only, .. } = &mut entry.purpose else {
        return turn.refuse(Refusal::NotOffered);
    };
    *first_only = true;
    enter(turn, account, entry)
}

/// Takes the new password that the flow asked for.
pub(crate) fn new_password(mut turn: Turn<'_>, mut entry: Entry, new: StoredPassword) -> Verdict<Step> {
    let Some(account) = turn.facts.account.take() else { return turn.refuse(Refusal::FlowExpired) };
    entry.new_password = Some(account.compared(new));
    enter(turn, account, entry)
}

/// Refuses a wrong guess, which is counted. If it ended its session, the flow ends too (SPEC 6.4).
pub(crate) fn failed(mut turn: Turn<'_>, (refusal, changes): (Refusal, Vec<Change>)) -> Verdict<Step> {
    if changes.iter().any(|change| matches!(change, Change::SessionEnded { .. })) {
        turn.changes.push(Change::FlowEnded(turn.flow.id));
    }
    turn.changes.extend(changes);
    turn.refuse(refusal)
}
