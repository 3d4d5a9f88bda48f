//! A password that others may know (SPEC 4.10).

use super::Engine;
use super::account::AccountHandle;
use crate::error::Error;
use crate::ground::id::{AccountId, MethodId};
use crate::records::refusal::Refusal;
use crate::records::verdict::Verdict;
use crate::rules::compromise;

impl AccountHandle {
    /// Says that others may know the password: its sessions end, this one too if it is one, and the next
    /// sign-in with it asks for a new password after the second factor (SPEC 4.10).
    ///
    /// # Errors
    /// As said at [`AccountHandle`]; [`Refusal::NotOffered`] for what is no password of the account.
    pub fn mark_compromised(&self, method: MethodId) -> Result<(), Error> {
        self.act(|view, ctx, owner| {
            let sessions = view.sessions(owner.account.id)?;
            Ok(compromise::by_owner(owner, method, &sessions, ctx))
        })
    }
}

impl Engine {
    /// The host has evidence that others know a password: as [`AccountHandle::mark_compromised`].
    ///
    /// # Errors
    /// [`Refusal::UnknownAccount`]; [`Refusal::NotOffered`] for what is no password of the account.
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
