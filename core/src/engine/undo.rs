//! Undoing a change to an account (SPEC 7.3).

use super::Engine;
use super::facts::{swept, undo_facts};
use crate::error::Error;
use crate::flow::facts::UndoFacts;
use crate::flow::undo;
use crate::ground::secret::Secret;
use crate::records::refusal::Refusal;
use crate::records::session::Client;
use crate::records::step::Flow;
use crate::records::undo::UndoCode;

impl Engine {
    /// Undoes a change to an account, with the undo code from the message about it. Restores the addresses,
    /// sign-in methods and second factor as they were before the change, and drops what was added since. Ends
    /// all sessions. For one day, none of these can be changed again.
    ///
    /// If the account had a password, the flow asks for a new one. If MFA was on, the flow asks for a factor
    /// of that time. If the account had no password, the flow ends with [`Step::Done`](crate::Step::Done).
    /// The owner then signs in with a restored method.
    ///
    /// # Errors
    /// Returns [`Refusal::UndoExpired`] if the code is invalid or has expired.
    pub fn undo(&self, code: &Secret, client: &Client) -> Result<Flow, Error> {
        self.check_client(client)?;
        let code = UndoCode::parse(code).ok_or(Refusal::UndoExpired)?;
        self.act(|view, ctx| {
            let hash = code.hash(ctx.keys);
            let account = match view.undone_by(&hash)? {
                Some(account) => view.account(account)?,
                None => None,
            };
            let facts = match &account {
                Some(account) => undo_facts(view, account, &hash)?,
                None => UndoFacts::default(),
            };
            swept(view, undo::begin(hash, account, facts, client, ctx), ctx)
        })
    }
}
