//! The owner's export (SPEC 10.1).

use crate::records::audit::{Action, Event};
use crate::records::context::Context;
use crate::records::export::{Document, Holdings};
use crate::records::message::Body;
use crate::records::verdict::{Change, Verdict};
use crate::rules::fresh::{Fresh, Unheld};
use crate::rules::notices;

/// Exports everything to the owner, and notifies every verified address (SPEC 1.12).
pub(crate) fn export(fresh: &Fresh<'_, Unheld>, holdings: &Holdings, ctx: &Context<'_>) -> Verdict<Document> {
    let (session, account) = (fresh.session(), fresh.account().clone());
    let document = Document::of(&account, holdings, ctx);
    let mut changes = notices::to_verified(&account, &Body::Exported, session.client.device(), ctx);
    let event = Event::done(Action::Exported, Some(session.id), ctx.now);
    changes.push(Change::account(account, event));
    Verdict::done(document, changes)
}
