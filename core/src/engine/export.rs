//! The owner's export (SPEC 10.1).

use super::account::AccountHandle;
use crate::crypto::json;
use crate::error::Error;
use crate::ground::id::AccountId;
use crate::records::export::Holdings;
#[cfg(doc)]
use crate::records::refusal::Refusal;
use crate::rules::export;
use crate::store::port::StoreError;
use crate::store::view::View;

/// The data about an account in rows other than its own.
pub(super) fn holdings(view: &View<'_>, account: AccountId) -> Result<Holdings, StoreError> {
    Ok(Holdings {
        sessions: view.sessions(account)?,
        suspended: view.suspended_sessions(account)?,
        recognitions: view.recognitions(account)?.into_iter().map(|(_, recognition)| recognition).collect(),
        activity: view.events(account, 0, usize::MAX)?,
        messages: view.messages_about(account)?,
        undo: view.undos(account)?.into_iter().map(|(_, undo)| undo).collect(),
        requests: view.requests(account)?,
        support: view.support_records(account)?,
    })
}

impl AccountHandle {
    /// Returns everything that the store holds about the account, without secrets, as one JSON document of
    /// the schema [`EXPORT_SCHEMA`](crate::EXPORT_SCHEMA). Notifies every verified address (SPEC 10.1).
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// let document = account.export()?;
    /// assert!(document.contains("ada@example.org"));
    /// assert!(!document.contains("seven green bicycles"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::ReauthenticationRequired`] or
    /// [`Refusal::OnHold`].
    pub fn export(&self) -> Result<String, Error> {
        let document = self.act_fresh(|view, ctx, fresh| {
            Ok(export::export(fresh, &holdings(view, fresh.account().id)?, ctx))
        })?;
        json::written(&document).ok_or(Error::Defect)
    }
}
