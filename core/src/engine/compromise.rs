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
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// use selfsame::MethodKind;
    ///
    /// for method in account.view()?.methods {
    ///     if method.kind == MethodKind::Password {
    ///         account.mark_compromised(method.id)?;
    ///     }
    /// }
    /// assert!(engine.resolve(&session.token).is_err(), "the password opened this session");
    /// assert_eq!(engine.sign_in("ada@example.org", &password, &client)?.step.code(), "NewPassword");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
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
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// use selfsame::{Error, Refusal};
    ///
    /// let method = engine.resolve(&session.token)?.method;
    /// engine.mark_compromised(session.account, method)?;
    /// assert_eq!(engine.resolve(&session.token), Err(Error::Refused(Refusal::SessionEnded)));
    /// assert_eq!(engine.sign_in("ada@example.org", &password, &client)?.step.code(), "NewPassword");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Refusal::UnknownAccount`] if there is no such account; [`Refusal::NotOffered`] if `method`
    /// is not a password of the account.
    pub fn mark_compromised(&self, account: AccountId, method: MethodId) -> Result<(), Error> {
        self.act(|view, ctx| {
            let Some(account) = view.account(account)? else {
                return Ok(Verdict::refused(Refusal::UnknownAccount));
            };
            let mut sessions = view.sessions(account.id)?;
            sessions.extend(view.suspended_sessions(account.id)?);
            Ok(compromise::by_host(account, method, &sessions, ctx))
        })
    }
}
