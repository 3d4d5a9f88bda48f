//! Choosing an account on a device (SPEC 1.11).

use super::Engine;
use super::account::AccountHandle;
use crate::error::Error;
use crate::ground::id::AccountId;
use crate::ground::label::TextField;
use crate::ground::secret::Secret;
use crate::records::picker::PickerEntry;
use crate::records::session::Client;
use crate::records::step::Flow;
use crate::records::verdict::Verdict;
use crate::rules::picker;

impl AccountHandle {
    /// Sets or removes the owner's display name: at most 64 characters, stored in the form of RFC 8266
    /// (Nickname). Display names are not unique, and no account can be found by one.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// use selfsame::{Error, Refusal, TextField, TextProblem};
    ///
    /// account.set_display_name(Some("Ada  Lovelace"))?;
    /// assert_eq!(account.view()?.display_name.as_deref(), Some("Ada Lovelace"));
    ///
    /// let (field, reason) = (TextField::DisplayName, TextProblem::Empty);
    /// let refused = account.set_display_name(Some(" "));
    /// assert_eq!(refused, Err(Error::Refused(Refusal::InvalidText { field, reason })));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`InvalidText`](crate::Refusal::InvalidText).
    pub fn set_display_name(&self, name: Option<&str>) -> Result<(), Error> {
        let name = name.map(|name| TextField::DisplayName.kept(name)).transpose()?;
        self.act(|_, ctx, owner| Ok(picker::display_name(owner, name.clone(), ctx)))
    }
}

impl Engine {
    /// Returns the active accounts that signed up or signed in through this store and whose owner wants to be
    /// remembered here, oldest first. Empty if policy turns the picker off.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// # account.set_display_name(Some("Ada"))?;
    /// for entry in engine.picker()? {
    ///     println!("{} {}", entry.display_name.unwrap_or_default(), entry.email.unwrap_or_default());
    /// }
    /// assert_eq!(engine.picker()?.len(), 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error`] from the store.
    pub fn picker(&self) -> Result<Vec<PickerEntry>, Error> {
        self.look(|view, _| {
            let mut entries = Vec::new();
            for account in view.remembered()? {
                let account = view.account(account)?.filter(crate::records::picker::is_offered);
                entries.extend(account.as_ref().map(PickerEntry::of));
            }
            Ok(Ok(entries))
        })
    }

    /// Removes an account from the picker and ends its sessions in this store. The account itself stays as it
    /// is. Has no effect if the account is not in the picker.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let account = engine.account(&session.token)?;
    /// engine.remove_from_picker(session.account)?;
    /// assert!(engine.picker()?.is_empty());
    ///
    /// // The account is still there. Its owner signs in with the email.
    /// let flow = engine.sign_in("ada@example.org", &password, &client)?;
    /// assert_eq!(flow.signed_in()?.account, session.account);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error`] from the store.
    pub fn remove_from_picker(&self, account: AccountId) -> Result<(), Error> {
        self.act(|view, ctx| {
            Ok(match view.account(account)? {
                Some(account) => picker::forget(account, ctx),
                None => Verdict::done((), Vec::new()),
            })
        })
    }

    /// Signs in with the password of an account from the [picker](Self::picker).
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// // The person chooses an entry of the picker and types the password.
    /// let chosen = engine.picker()?[0].account;
    /// let session = engine.sign_in_to(chosen, &password, &client)?.signed_in()?;
    /// assert_eq!(session.account, chosen);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns the errors of [`Self::sign_in`].
    pub fn sign_in_to(&self, account: AccountId, password: &Secret, client: &Client) -> Result<Flow, Error> {
        self.sign_in_as(&super::sign_in::Who::Picked(account), password, client)
    }
}
