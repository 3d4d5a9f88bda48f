//! Taking back what was done to an account (SPEC 7.3).

use super::Engine;
use super::facts::{swept, undo_facts};
use crate::error::Error;
use crate::flow::facts::UndoFacts;
use crate::flow::undo;
use crate::ground::secret::Secret;
use crate::records::refusal::Refusal;
use crate::records::session::Client;
use crate::records::step::Progress;
use crate::records::undo::UndoCode;

impl Engine {
    /// Takes back what was done to an account, with the undo code that a message about it had. The account
    /// gets its addresses, methods and second factor back as they were before; what was added since is
    /// dropped, all sessions end, and for a day nothing of it can be changed again. On the way a new
    /// password is set where there was one, and a factor of that time is asked for if MFA was on. Where
    /// there was no password it ends with [`Step::Done`](crate::Step::Done): sign in by a method that is
    /// back.
    ///
    /// # Errors
    /// [`Refusal::UndoExpired`] for every code that undoes nothing, or no longer.
    pub fn undo(&self, code: &Secret, client: &Client) -> Result<Progress, Error> {
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
