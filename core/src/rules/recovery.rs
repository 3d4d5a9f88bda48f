//! An account that comes back to its owner by other proof than the full is on hold for a while (SPEC 5.5).

use crate::ground::id::SessionId;
use crate::ground::time::Timestamp;
use crate::records::account::{Account, Hold};
use crate::records::context::Context;
use crate::records::refusal::Refusal;
use crate::records::verdict::Change;

impl Account {
    /// The account comes back to its owner by other proof than the full: all sessions that lived before
    /// end, and what could take it from them again has to wait (SPEC 5.5).
    pub(crate) fn recover(
        &mut self,
        keeps_mfa: bool,
        except: Option<SessionId>,
        changes: &mut Vec<Change>,
        ctx: &Context<'_>,
    ) {
        self.no_sessions();
        self.sessions = u16::from(except.is_some());
        changes.push(Change::SessionsEnded { account: self.id, except });
        let hold = Hold { until: ctx.now + ctx.policy.hold(), keeps_mfa };
        // A hold that is there already gets neither shorter nor laxer.
        self.hold = Some(match self.hold.filter(|hold| ctx.now < hold.until) {
            Some(earlier) => {
                Hold { until: hold.until.max(earlier.until), keeps_mfa: keeps_mfa || earlier.keeps_mfa }
            }
            None => hold,
        });
    }

    /// Refuses what has to wait after a recovery (SPEC 5.5).
    pub(crate) fn check_hold(&self, now: Timestamp) -> Result<(), Refusal> {
        match self.hold {
            Some(hold) if now < hold.until => Err(Refusal::OnHold { until: hold.until }),
            _ => Ok(()),
        }
    }
}
