#![doc = include_str!("transition.md")]

use crate::flow::facts::{Facts, Input};
use crate::flow::turn::Turn;
use crate::flow::{
    add, arrival, enroll, entry, linking, passkey, reauthenticate, reset, restore, sign_up, undo,
};
use crate::records::context::Context;
use crate::records::flow::{Enrolling, FlowRecord, State, Verifying};
use crate::records::refusal::Refusal;
use crate::records::step::{Answer, Step};
use crate::records::verdict::Verdict;

/// Takes the answer to a step.
pub(crate) fn answer(flow: FlowRecord, input: Input, facts: Facts, ctx: &Context<'_>) -> Verdict<Step> {
    let state = flow.state.clone();
    let turn = Turn::new(flow, facts, ctx);
    // Only this place checks the proofs again, at every answer (SPEC 4.6, 5.10). Leaving a flow needs no proof.
    if let Some(entry) = state.entry()
        && !turn.facts.account.as_ref().is_some_and(|account| account.holds(&entry.proof))
        && !matches!(input, Input::Plain(Answer::Cancel | Answer::KeepDeleted))
    {
        return turn.refuse(Refusal::FlowExpired);
    }
    match (state, input) {
        // ── from a final state ──
        (State::SignedIn { .. } | State::Done { .. } | State::Ended, _) => turn.refuse(Refusal::FlowExpired),

        // ── from any state ──
        (_, Input::Plain(Answer::Cancel)) => turn.to(State::Ended),

        // ── from PresentAssertion ──
        (State::Present { .. }, Input::Present { asserted, intent }) => {
            arrival::present(turn, *asserted, intent)
        }

        // ── from every state that takes an assertion ──
        (
            State::Present { .. }
            | State::Adding { .. }
            | State::ProveOwnership { .. }
            | State::Reauthenticate { .. },
            Input::UnknownKey(issuer),
        ) => turn.ask_for_keys(issuer),

        // ── from PresentPasskey, and in a session from CreatePasskey ──
        (State::Passkey { .. }, Input::Passkey(answer, signed_by)) => {
            passkey::sign_in(turn, &answer, signed_by.as_ref())
        }
        (State::AddingPasskey { user_handle, .. }, Input::NewPasskey(answer)) => {
            passkey::add(turn, *answer, user_handle)
        }

        // ── from VerifyEmail ──
        (State::VerifyEmail(verifying), Input::Code(code)) => sign_up::verify(turn, verifying, &code),
        (State::VerifyEmail(verifying), Input::Plain(Answer::Skip)) if verifying.can_skip() => {
            arrival::skip(turn, verifying)
        }
        (State::VerifyEmail(Verifying { registration, proving }), Input::Plain(Answer::Resend)) => {
            turn.send_code(proving, false, |proving| State::VerifyEmail(Verifying { registration, proving }))
        }
        (State::VerifyEmail(verifying), Input::CorrectAddress(email)) => {
            turn.verify_email(verifying.registration.with_address(&email), email)
        }

        // ── from ConfirmCreate ──
        (State::ConfirmCreate(arrival), Input::Plain(Answer::Confirm)) => arrival::confirmed(turn, arrival),

        // ── from LinkOrCreate ──
        (State::LinkOrCreate { arrival, .. }, Input::Plain(Answer::CreateNew)) => {
            arrival::create_new(turn, arrival)
        }
        (State::LinkOrCreate { arrival, offered }, Input::Plain(Answer::LinkTo(place))) => {
            linking::choose(turn, arrival, &offered, place)
        }

        // ── from ProveOwnership ──
        (State::ProveOwnership { arrival, .. }, Input::Password(proof)) => {
            linking::prove_by_password(turn, arrival, proof)
        }
        (State::ProveOwnership { arrival, .. }, Input::Identity(asserted)) => {
            linking::prove_by_identity(turn, arrival, &asserted)
        }

        (State::ProveOwnership { arrival, .. }, Input::Passkey(answer, signed_by)) => {
            passkey::prove_ownership(turn, arrival, &answer, signed_by.as_ref())
        }

        // ── from the mailed code of a reset ──
        (State::Reset(resetting), Input::Code(code)) => reset::code(turn, resetting, &code),
        (State::Reset(resetting), Input::Plain(Answer::Resend)) => reset::resend(turn, resetting),
        (State::Reset(_), Input::CorrectAddress(email)) => reset::correct(turn, email),

        // ── from Reauthenticate ──
        (State::Reauthenticate { session, .. }, Input::Password(proof)) => {
            reauthenticate::by_password(turn, session, proof)
        }
        (State::Reauthenticate { session, .. }, Input::Identity(asserted)) => {
            reauthenticate::by_identity(turn, session, &asserted)
        }

        (State::Reauthenticate { session, .. }, Input::Passkey(answer, signed_by)) => {
            passkey::reauthenticate(turn, session, &answer, signed_by.as_ref())
        }

        // ── from SecondFactor ──
        (State::SecondFactor(entry), Input::SecondFactor(given)) => entry::second_factor(turn, entry, &given),
        (State::SecondFactor(entry), Input::Plain(Answer::Skip)) => entry::without_second(turn, entry),

        // ── from the enrolment of a required second factor ──
        (State::Enroll { entry, enrolling: Enrolling::Contact(proving) }, Input::Code(code)) => {
            enroll::contact_code(turn, entry, proving, &code)
        }
        (State::Enroll { entry, enrolling: Enrolling::Contact(proving) }, Input::Plain(Answer::Resend)) => {
            enroll::resend(turn, entry, proving)
        }
        (
            State::Enroll { entry, enrolling: Enrolling::App { secret, wrong } },
            Input::SecondFactor(typed),
        ) => enroll::first_code(turn, entry, secret, wrong, &typed),
        (State::Enroll { entry, enrolling: Enrolling::Codes(factor) }, Input::Plain(Answer::Saved)) => {
            enroll::saved(turn, entry, factor)
        }

        // ── from NewPassword ──
        (State::NewPassword(entry), Input::NewPassword(new)) => entry::new_password(turn, entry, new),

        // ── from PresentAssertion in a session ──
        (State::Adding { .. }, Input::Identity(asserted)) => add::identity(turn, *asserted),

        // ── from an undo ──
        (State::Undo(undoing), Input::NewPassword(new)) => undo::new_password(turn, undoing, new),
        (State::Undo(undoing), Input::SecondFactor(typed)) => undo::second_factor(turn, undoing, &typed),

        // ── from ConfirmRestore ──
        (State::ConfirmRestore(entry), Input::Plain(Answer::Restore)) => restore::restore(turn, entry),
        (State::ConfirmRestore(entry), Input::Plain(Answer::KeepDeleted)) => {
            restore::keep_deleted(turn, entry)
        }
        (State::ConfirmRestore(entry), Input::Plain(Answer::EraseNow)) => restore::erase_now(turn, entry),

        (_, _) => turn.refuse(Refusal::NotOffered),
    }
}
