//! A password that others may know (SPEC 4.10).

use super::Engine;
use super::account::AccountHandle;
use crate::error::Error;
use crate::ground::id::{AccountId, MethodId};
use crate::records::refusal::Refusal;
use crate::records::verdict::Verdict;
use crate::rules::compromise;

impl AccountHandle {
    /// Marks a password as known to others. Ends the sessions that it opened, this one included if the
    /// password opened it. The next sign-in with the password asks for a new one after the second factor
    /// (SPEC 4.10).
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::NotOffered`] if `method` is not a
    /// password of the account.
    pub fn mark_compromised(&self, method: MethodId) -> Result<(), Error> {
        self.act(|view, ctx, owner| {
            let sessions = view.sessions(owner.account.id)?;
            Ok(compromise::by_owner(owner, method, &sessions, ctx))
        })
    }
}

impl Engine {
    /// Marks a password as known to others because the host has evidence, as
    /// [`AccountHandle::mark_compromised`] does for the owner.
    ///
    /// # Errors
    /// Returns [`Refusal::UnknownAccount`] if there is no such account; [`Refusal::NotOffered`] if `method`
    /// is not a password of the account.
    pub fn mark_compromised(&self, account: AccountId, method: MethodId) -> Result<(), Error> {
        self.act(|view, ctx| {
            let Some(account) = view.account(account)? else {
                return Ok(Verdict::refused(Refusal::UnknownAccount));
            };
            let sessions = view.sessions(account.id)?;
            Ok(compromise::by_host(account, method, &sessions, ctx))
        })
    }
}
