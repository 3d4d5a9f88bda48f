//! Recognitions, which show that somebody has signed in before (SPEC 12.7).

use std::time::Duration;

use crate::crypto::token::RecognitionToken;
use crate::ground::id::SessionId;
use crate::ground::time::{DAY, Timestamp};
use crate::records::account::{Account, Owner};
use crate::records::audit::{Action, Event};
use crate::records::caller::{self, Caller, Presented, Recognition, RecognitionHash};
use crate::records::context::Context;
use crate::records::method::MethodKind;
use crate::records::proof::Proof;
use crate::records::refusal::Refusal;
use crate::records::verdict::{Change, Verdict};
use crate::rules::recovery::Held;

/// How long a recognition lives after it was last presented.
const LIFE: Duration = DAY.saturating_mul(365);
/// How many recognitions an account has at most.
const MOST: usize = 16;
/// How many of the sessions that it opened a recognition remembers.
const SESSIONS: usize = 8;
/// The number of failures in a row that end a recognition. Its holder is then a stranger.
const FAILURES: u32 = 10;

impl Recognition {
    /// Whether the recognition still counts.
    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        now < self.used_at + LIFE
    }
}

impl Presented {
    /// Returns the change that writes the failures counted on the recognition.
    pub(crate) fn counted(&self) -> Change {
        let Self { account, hash, row } = self;
        if row.first.failures().max(row.second.failures()) >= FAILURES {
            Change::Unrecognized { account: *account, hash: *hash }
        } else {
            Change::Recognized { account: *account, hash: *hash, recognition: row.clone() }
        }
    }
}

/// Gives a completed sign-in its recognition: the one that the caller presented goes on, and a caller who
/// presented none gets one. A session on hold earns none.
pub(crate) fn earned(
    account: &Account,
    session: SessionId,
    proof: &Proof,
    caller: &Caller,
    changes: &mut Vec<Change>,
    ctx: &Context<'_>,
) -> Option<RecognitionToken> {
    if account.check_hold(Held::Recognition, ctx).is_err() {
        return None;
    }
    // If this act ends all sessions, the caller's recognition ends with them.
    let ends_all = changes.iter().any(|change| matches!(change, Change::SessionsEnded { except: None, .. }));
    if let Some(presented) = caller.presented(account.id).filter(|_| !ends_all) {
        let mut presented = presented.clone();
        let row = &mut presented.row;
        if proof.kind == MethodKind::Password {
            row.first.clear();
        }
        row.used_at = ctx.now;
        row.sessions.push(session);
        row.sessions.drain(..row.sessions.len().saturating_sub(SESSIONS));
        changes.push(presented.counted());
        return None;
    }
    let secret = ctx.draw.bytes::<16>("recognition");
    let hash = caller::hash(account.id, &secret, ctx.keys);
    let recognition = Recognition {
        sessions: vec![session],
        used_at: ctx.now,
        acts_known: first_news(account),
        ..Recognition::default()
    };
    changes.push(Change::RecognitionsCrowded { account: account.id });
    changes.push(Change::Recognized { account: account.id, hash, recognition });
    Some(RecognitionToken::new(account.id, &secret))
}

/// Returns the revision of the first protected act that a new recognition does not know. It knows the acts that were
/// confirmed elsewhere.
fn first_news(account: &Account) -> u64 {
    let first = account.acts.iter().find(|acted| !acted.confirmed);
    first.map_or(account.revision, |acted| acted.revision)
}

/// Records that the owner knows of the protected acts up to this number. `recognitions` are the account's recognitions.
/// The recognition that opened the session stores the number, so that no other caller can hide an act from it
/// (SPEC 1.12).
pub(crate) fn confirm_acts(
    owner: &Owner,
    up_to: u64,
    recognitions: Vec<(RecognitionHash, Recognition)>,
    ctx: &Context<'_>,
) -> Verdict<()> {
    let (session, mut account) = (owner.session.id, owner.account.clone());
    let mut known = None;
    // A session does not list its own acts, so it cannot confirm them.
    let others = account.acts.iter_mut().filter(|acted| acted.session != Some(session));
    for acted in others.filter(|acted| acted.revision <= up_to) {
        acted.confirmed = true;
        known = Some(acted.revision.saturating_add(1));
    }
    let Some(known) = known else { return Verdict::refused(Refusal::NotOffered) };
    let mut changes = Vec::new();
    if let Some((hash, mut recognition)) = of_session(recognitions, session) {
        recognition.acts_known = recognition.acts_known.max(known);
        changes.push(Change::Recognized { account: account.id, hash, recognition });
    }
    let event = Event::done(Action::ProtectedActsConfirmed, Some(session), ctx.now);
    changes.push(Change::account(account, event));
    Verdict::done((), changes)
}

/// Returns the recognition that opened the session.
pub(crate) fn of_session(
    recognitions: Vec<(RecognitionHash, Recognition)>,
    session: SessionId,
) -> Option<(RecognitionHash, Recognition)> {
    recognitions.into_iter().find(|(_, recognition)| recognition.sessions.contains(&session))
}

/// Which of an account's recognitions end when it gets one more: those that are no longer valid, and the ones
/// unused longest.
pub(crate) fn crowded_out(
    mut all: Vec<(RecognitionHash, Recognition)>,
    now: Timestamp,
) -> impl Iterator<Item = RecognitionHash> {
    all.sort_by_key(|(_, recognition)| recognition.used_at);
    let live = all.iter().filter(|(_, recognition)| recognition.is_live(now)).count();
    let over = all.len() - live + (live + 1).saturating_sub(MOST);
    all.into_iter().take(over).map(|(hash, _)| hash)
}
