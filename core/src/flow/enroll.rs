//! The answers of a person who enrols the second factor that policy requires (SPEC 5.9).

use crate::crypto::mail_code::MailCode;
use crate::crypto::totp::TotpSecret;
use crate::flow::turn::Turn;
use crate::flow::{entry, gate};
use crate::records::account::Account;
use crate::records::audit::{Action, Event};
use crate::records::flow::{Enrolling, Entry, Proving, State};
use crate::records::mfa::{NewFactor, SecondFactor, TypedFactor};
use crate::records::refusal::Refusal;
use crate::records::step::Step;
use crate::records::verdict::{Change, Verdict};
use crate::rules::mfa;

/// Takes the code that went to the account's contact.
pub(crate) fn contact_code(
    mut turn: Turn<'_>,
    entry: Entry,
    mut proving: Proving,
    code: &MailCode,
) -> Verdict<Step> {
    if !turn.takes(&mut proving, code) {
        turn.flow.state = State::Enroll { entry, enrolling: Enrolling::Contact(proving) };
        turn.changes.push(Change::Flow(Box::new(turn.flow.clone())));
        return turn.refuse(Refusal::InvalidCode);
    }
    continued(turn, entry, |mut turn, account, entry| {
        if account.credentials.contact.as_ref() != Some(&proving.email) {
            return gate::enroll(turn, account, entry);
        }
        turn.facts.account = Some(account);
        gate::show_secret(turn, entry)
    })
}

/// Sends another code to the contact.
pub(crate) fn resend(turn: Turn<'_>, entry: Entry, proving: Proving) -> Verdict<Step> {
    turn.send_code(proving, false, |proving| State::Enroll { entry, enrolling: Enrolling::Contact(proving) })
}

/// Takes the app's first code. The fifth wrong one ends the flow (SPEC 5.1).
pub(crate) fn first_code(
    turn: Turn<'_>,
    entry: Entry,
    secret: TotpSecret,
    wrong: u8,
    typed: &TypedFactor,
) -> Verdict<Step> {
    let code = match typed {
        typed if typed.factor() != SecondFactor::Totp => return turn.refuse(Refusal::NotOffered),
        TypedFactor::Totp(code) if secret.reads(code) => code,
        _ => return turn.refuse(Refusal::InvalidCode),
    };
    continued(turn, entry, |mut turn, account, entry| {
        if let Some(factor) = mfa::first_code(&secret, code, turn.ctx) {
            return turn.to(State::Enroll { entry, enrolling: Enrolling::Codes(factor) });
        }
        let wrong = wrong.saturating_add(1);
        if wrong < mfa::WRONG_CODES {
            turn.flow.state = State::Enroll { entry, enrolling: Enrolling::App { secret, wrong } };
        } else {
            turn.flow.state = State::Ended;
            turn.flow.number = turn.flow.number.saturating_add(1);
        }
        turn.changes.push(Change::Flow(Box::new(turn.flow.clone())));
        let event = Event::refused(Action::MfaEnrolmentConfirmed, turn.ctx.now);
        turn.changes.push(Change::account(account, event));
        turn.refuse(Refusal::InvalidCode)
    })
}

/// Handles the answer that the recovery codes are saved: turns the factor on and opens the session in one act.
pub(crate) fn saved(turn: Turn<'_>, entry: Entry, factor: NewFactor) -> Verdict<Step> {
    continued(turn, entry, |turn, account, entry| {
        entry::enter(turn, account, Entry { factor: Some(factor), ..entry })
    })
}

/// Continues the enrolment if the account still needs a second factor. If another flow has enrolled one, or a hold has
/// begun, asks for the proof that is missing now.
fn continued<'a>(
    mut turn: Turn<'a>,
    entry: Entry,
    enrolls: impl FnOnce(Turn<'a>, Account, Entry) -> Verdict<Step>,
) -> Verdict<Step> {
    let Some(account) = turn.facts.account.take() else { return turn.refuse(Refusal::FlowExpired) };
    if account.must_enroll(turn.ctx) {
        enrolls(turn, account, entry)
    } else {
        entry::enter(turn, account, entry)
    }
}
