//! The hold after an owner recovers an account without its full proof (SPEC 5.5).

use crate::ground::id::SessionId;
use crate::records::account::{Account, Hold};
use crate::records::context::Context;
use crate::records::policy::MfaPolicy;
use crate::records::refusal::Refusal;
use crate::records::verdict::Change;

/// The acts that a hold can stop (SPEC 5.5).
#[derive(Clone, Copy)]
pub(crate) enum Held {
    /// Email, methods and links.
    Credentials,
    /// Export and erasure.
    Data,
    TurnMfaOn,
    /// Every act that needs fresh proof, on an account that lacks the second factor that policy requires (SPEC 5.9).
    LacksFactor,
    ReplaceMfa,
    TurnMfaOff,
    /// Earning a recognition (SPEC 12.7).
    Recognition,
}

impl Account {
    /// Recovers the account for an owner who did not give the full proof. All earlier sessions end, and acts that
    /// could take the account away again must wait (SPEC 5.5).
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
        let hold = Hold { until: ctx.throttle_clock + ctx.policy.hold(), keeps_mfa };
        // An existing hold gets neither shorter nor weaker.
        self.hold = Some(match self.hold.filter(|hold| ctx.throttle_clock < hold.until) {
            Some(earlier) => {
                Hold { until: hold.until.max(earlier.until), keeps_mfa: keeps_mfa || earlier.keeps_mfa }
            }
            None => hold,
        });
    }

    /// Whether the person must enrol a second factor before a session opens. On hold nothing is enrolled. Otherwise a
    /// thief who has only the mailbox could enrol a factor and lock the owner out (SPEC 5.9).
    pub(crate) fn must_enroll(&self, ctx: &Context<'_>) -> bool {
        self.lacks_factor(ctx) && self.check_hold(Held::TurnMfaOn, ctx).is_ok()
    }

    /// Whether policy requires a second factor that the account does not have.
    pub(crate) fn lacks_factor(&self, ctx: &Context<'_>) -> bool {
        ctx.policy.mfa() == MfaPolicy::Required && self.credentials.mfa.is_none()
    }

    /// Refuses an act that needs the account's highest level, if the account is on hold without the second factor that
    /// policy requires. More proof would not help (SPEC 5.9).
    pub(crate) fn check_factor(&self, ctx: &Context<'_>) -> Result<(), Refusal> {
        if self.lacks_factor(ctx) { self.check_hold(Held::LacksFactor, ctx) } else { Ok(()) }
    }

    /// Refuses an act that must wait after a recovery. This is the whole list (SPEC 5.5).
    pub(crate) fn check_hold(&self, act: Held, ctx: &Context<'_>) -> Result<(), Refusal> {
        let Some(hold) = self.hold.filter(|hold| ctx.throttle_clock < hold.until) else { return Ok(()) };
        let waits = match act {
            Held::Credentials | Held::Data | Held::TurnMfaOn | Held::LacksFactor | Held::Recognition => true,
            Held::ReplaceMfa => false,
            Held::TurnMfaOff => hold.keeps_mfa,
        };
        if waits { Err(Refusal::OnHold { until: ctx.shown(hold.until) }) } else { Ok(()) }
    }

    /// Returns the act that setting a second factor is now: turning MFA on, or replacing the factor.
    pub(crate) fn setting_mfa(&self) -> Held {
        if self.credentials.mfa.is_some() { Held::ReplaceMfa } else { Held::TurnMfaOn }
    }
}
