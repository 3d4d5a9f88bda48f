//! The acts of a story about the second factor and its recovery codes.

use selfsame::Engine;
use serde_json::Value;

use super::{Stage, done, shown};
use crate::story::Act;
use crate::world::World;

impl Stage {
    pub(super) fn factors(&mut self, act: &Act, engine: &Engine, world: &World) -> Result<Value, String> {
        Ok(match act {
            Act::EnrollTotp { session, app } => {
                let begun = engine.account(self.token(session)?).and_then(|account| account.enroll_totp());
                if let Ok(begun) = &begun {
                    self.secrets.extend([begun.secret.clone(), begun.uri.clone()]);
                    self.apps.insert(app.clone(), begun.secret.clone());
                }
                shown(begun)
            }
            Act::ConfirmTotp { session, app, codes } => {
                let is_named = self.apps.contains_key(app);
                let code = if is_named { self.totp(app, world)? } else { app.as_str().into() };
                let account = engine.account(self.token(session)?);
                let confirmed = account.and_then(|account| account.confirm_totp(&code));
                self.codes_given(codes, confirmed)
            }
            Act::UnsavedRecoveryCodes { session } => {
                let account = engine.account(self.token(session)?);
                let codes = account.and_then(|account| account.unsaved_recovery_codes());
                shown(codes)
            }
            Act::RecoveryCodesSaved { session } => {
                let account = engine.account(self.token(session)?);
                shown(account.and_then(|account| account.recovery_codes_saved()).map(done))
            }
            Act::RegenerateRecoveryCodes { session, codes } => {
                let account = engine.account(self.token(session)?);
                let made = account.and_then(|account| account.regenerate_recovery_codes());
                self.codes_given(codes, made)
            }
            Act::TurnOffMfa { session } => {
                let account = engine.account(self.token(session)?);
                shown(account.and_then(|account| account.turn_off_mfa()).map(done))
            }
            other => return Err(format!("{} is not an act about the second factor", other.name())),
        })
    }
}
