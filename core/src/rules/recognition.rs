//! Recognitions: what shows that somebody has signed in before (SPEC 12.7).

use std::time::Duration;

use crate::crypto::token::RecognitionToken;
use crate::ground::id::SessionId;
use crate::ground::time::Timestamp;
use crate::records::account::Account;
use crate::records::caller::{self, Caller, Recognition};
use crate::records::context::Context;
use crate::records::verdict::Change;

/// How long a recognition lives after it was last presented.
const LIFE: Duration = Duration::from_secs(365 * 24 * 60 * 60);

impl Recognition {
    /// Whether the recognition still counts.
    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        now < self.used_at + LIFE
    }
}

/// Gives a completed sign-in its recognition. A caller who presented one keeps it, and a session on hold earns
/// none.
pub(crate) fn earned(
    account: &Account,
    session: SessionId,
    caller: &Caller,
    changes: &mut Vec<Change>,
    ctx: &Context<'_>,
) -> Option<RecognitionToken> {
    if caller.recognition_of(account.id).is_some() || account.check_hold(ctx.now).is_err() {
        return None;
    }
    let secret = ctx.draw.bytes::<16>("recognition");
    let hash = caller::hash(account.id, &secret, ctx.keys);
    let recognition = Recognition { session, used_at: ctx.now };
    changes.push(Change::Recognized { account: account.id, hash, recognition });
    Some(RecognitionToken::new(account.id, &secret))
}
