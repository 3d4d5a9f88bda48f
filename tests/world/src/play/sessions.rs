//! The acts of a story about sessions, and about the account page.

use selfsame::Engine;
use serde_json::{Value, json};

use super::{Stage, done, shown, unknown};
use crate::story::Act;

impl Stage {
    pub(super) fn sessions(&self, act: &Act, engine: &Engine) -> Result<Value, String> {
        Ok(match act {
            Act::Resolve { session } => shown(engine.resolve(self.token(session)?)),
            Act::Touch { session } => shown(engine.touch(self.token(session)?)),
            Act::Account { session } => {
                let account = engine.account(self.token(session)?);
                shown(account.and_then(|account| account.view()))
            }
            Act::Sessions { session } => {
                let account = engine.account(self.token(session)?);
                let listed = account.and_then(|account| account.sessions());
                shown(listed.map(|sessions| json!({ "sessions": sessions })))
            }
            Act::EndSession { session, ends } => {
                let (ended, _) = self.sessions.get(ends).ok_or_else(|| unknown("session", ends))?;
                let account = engine.account(self.token(session)?);
                shown(account.and_then(|account| account.end_session(*ended)).map(done))
            }
            Act::EndOtherSessions { session } => {
                let account = engine.account(self.token(session)?);
                shown(account.and_then(|account| account.end_other_sessions()).map(done))
            }
            Act::SignOut { session } => {
                let account = engine.account(self.token(session)?);
                shown(account.and_then(|account| account.sign_out()).map(done))
            }
            Act::Activity { session } => {
                let account = engine.account(self.token(session)?);
                let events = account.and_then(|account| account.activity());
                shown(events.map(|events| json!({ "events": events })))
            }
            Act::VerifyAudit { session } => {
                let account = engine.account(self.token(session)?);
                let holds = account.and_then(|account| account.verify_audit());
                shown(holds.map(|holds| json!({ "holds": holds })))
            }
            other => return Err(format!("{} is not an act about sessions", other.name())),
        })
    }
}
