//! Explains what an act of the owner would do. Reads it from the act's own verdict, and writes nothing (SPEC
//! 13.5).

use crate::records::explain::{Effect, Explanation, Planned};
use crate::records::verdict::{Change, Verdict};

/// Describes a verdict instead of carrying it out.
pub(crate) fn explained<T>(planned: &Planned, verdict: Verdict<T>) -> Explanation {
    Explanation {
        rules: planned.rules().to_vec(),
        outcome: verdict.answer.map(drop),
        effects: verdict.changes.iter().filter_map(effect).collect(),
    }
}

/// What a change means to the owner. Returns `None` for the engine's own bookkeeping.
fn effect(change: &Change) -> Option<Effect> {
    match change {
        Change::Account { event, .. } => Some(Effect::Account { action: event.action }),
        Change::Session { .. } => Some(Effect::ThisSession),
        Change::SessionEnded { session, .. } => Some(Effect::SessionEnds { session: *session }),
        Change::SessionsEnded { except: Some(_), .. } => Some(Effect::OtherSessionsEnd),
        Change::SessionsEnded { except: None, .. } => Some(Effect::AllSessionsEnd),
        Change::Claimed { .. }
        | Change::Released { .. }
        | Change::Proven { .. }
        | Change::Unproven { .. }
        | Change::Remembered { .. } => Some(Effect::Identifiers),
        Change::Send(message) => Some(Effect::Message { kind: message.body.kind().code() }),
        _ => None,
    }
}
