//! A step as a transcript has it, and what a story answers to it.

use selfsame::{Answer, Step};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Stage, unknown};
use crate::provider::Identity;
use crate::render::{aal, accepted, adding, amr, candidate, time};
use crate::world::World;

/// A step: its code as `step`, and its members.
pub fn step(step: &Step) -> Value {
    match step {
        Step::PresentAssertion { provider, flow, nonce, expires_at } => json!({
            "step": step.code(),
            "provider": provider.as_str(),
            "flow": flow.to_string(),
            "nonce": nonce,
            "expires_at": time(*expires_at),
        }),
        Step::VerifyEmail { to, can_skip } => {
            json!({ "step": step.code(), "to": to, "can_skip": can_skip })
        }
        Step::ConfirmCreate { provider, handle } => {
            json!({ "step": step.code(), "provider": provider.as_str(), "handle": handle })
        }
        Step::LinkOrCreate { email, candidates, can_create, blocked } => json!({
            "step": step.code(),
            "email": email,
            "candidates": candidates.iter().map(candidate).collect::<Vec<_>>(),
            "can_create": can_create,
            "blocked": blocked.map(|blocked| blocked.code()),
        }),
        Step::ProveOwnership { candidate: chosen, adding: added, accepted: proofs, nonce } => json!({
            "step": step.code(),
            "candidate": candidate(chosen),
            "adding": added.as_ref().map(adding),
            "accepted": proofs.iter().map(accepted).collect::<Vec<_>>(),
            "nonce": nonce,
        }),
        Step::SecondFactor { accepted, can_skip } => json!({
            "step": step.code(),
            "accepted": accepted.iter().map(|factor| factor.code()).collect::<Vec<_>>(),
            "can_skip": can_skip,
        }),
        Step::NewPassword => json!({ "step": step.code() }),
        Step::Reauthenticate { accepted: proofs, nonce } => json!({
            "step": step.code(),
            "accepted": proofs.iter().map(accepted).collect::<Vec<_>>(),
            "nonce": nonce,
        }),
        Step::ConfirmRestore { requested_at, purge_at } => json!({
            "step": step.code(),
            "requested_at": time(*requested_at),
            "purge_at": time(*purge_at),
        }),
        Step::SignedIn { session } => json!({
            "step": step.code(),
            "account": session.account.to_string(),
            "session": session.session.to_string(),
            "aal": aal(session.aal),
            "recovered": session.recovered,
            "amr": amr(&session.amr),
            "auth_time": time(session.auth_time),
            "works_offline": session.works_offline.iter().map(|kind| kind.code()).collect::<Vec<_>>(),
            "outcome": session.outcome.code(),
        }),
        Step::AlreadySignedIn { account, session, aal: level, outcome } => json!({
            "step": step.code(),
            "account": account.to_string(),
            "session": session.to_string(),
            "aal": aal(*level),
            "outcome": outcome.code(),
        }),
        Step::Done | Step::Ended => json!({ "step": step.code() }),
    }
}

/// What is answered to a step. Names are those of the engine's answers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "each answer is described in tests/stories/README.md")]
pub enum Give {
    Code(String),
    TypedCode(String),
    Skip,
    Confirm,
    CreateNew,
    LinkTo(u8),
    Password(String),
    Assertion(Identity),
    Totp(String),
    TypedTotp(String),
    RecoveryCode { of: String, number: usize },
    TypedRecoveryCode(String),
    NewPassword(String),
    Restore,
    KeepDeleted,
    EraseNow,
    Resend,
    CorrectAddress(String),
    Cancel,
}

impl Stage {
    pub(super) fn answer(&mut self, flow: &str, give: &Give, world: &World) -> Result<Answer, String> {
        Ok(match give {
            Give::Code(name) => {
                Answer::Code(self.codes.get(name).ok_or_else(|| unknown("code", name))?.clone())
            }
            Give::TypedCode(typed) => Answer::Code(typed.as_str().into()),
            Give::Skip => Answer::Skip,
            Give::Confirm => Answer::Confirm,
            Give::CreateNew => Answer::CreateNew,
            Give::LinkTo(place) => Answer::LinkTo(*place),
            Give::Password(password) => Answer::Password(self.secret(password)),
            Give::Assertion(identity) => Answer::Assertion(self.assertion(flow, identity)?),
            Give::Totp(app) => Answer::Totp(self.totp(app, world)?),
            Give::TypedTotp(typed) => Answer::Totp(typed.as_str().into()),
            Give::RecoveryCode { of, number } => {
                let codes = self.recovery_codes.get(of).ok_or_else(|| unknown("set of codes", of))?;
                let code = number.checked_sub(1).and_then(|at| codes.get(at));
                Answer::RecoveryCode(code.ok_or_else(|| format!("{of:?} has no code {number}"))?.clone())
            }
            Give::TypedRecoveryCode(typed) => Answer::RecoveryCode(typed.as_str().into()),
            Give::NewPassword(password) => Answer::NewPassword(self.secret(password)),
            Give::Restore => Answer::Restore,
            Give::KeepDeleted => Answer::KeepDeleted,
            Give::EraseNow => Answer::EraseNow,
            Give::Resend => Answer::Resend,
            Give::CorrectAddress(address) => Answer::CorrectAddress(address.clone()),
            Give::Cancel => Answer::Cancel,
        })
    }
}
