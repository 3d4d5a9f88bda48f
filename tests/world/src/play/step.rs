//! The answers of a story to a step.

use selfsame::Answer;
use serde::Deserialize;

use super::{Stage, unknown};
use crate::provider::Identity;
use crate::world::World;

/// An answer to a step. The names are those of the engine's answers.
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
    Saved,
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
            Give::Saved => Answer::Saved,
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
