//! Choosing an account on a device (SPEC 1.11).

use super::Engine;
use super::account::AccountHandle;
use crate::error::Error;
use crate::ground::id::AccountId;
use crate::ground::nickname::nickname;
use crate::ground::secret::Secret;
use crate::records::picker::PickerEntry;
use crate::records::refusal::Refusal;
use crate::records::session::Client;
use crate::records::step::Flow;
use crate::records::verdict::Verdict;
use crate::rules::picker;

impl AccountHandle {
    /// Sets or removes the owner's display name: at most 64 characters, stored in the form of RFC 8266
    /// (Nickname). Display names are not unique, and no account can be found by one.
    ///
    /// # Errors
    /// Returns the errors of every [`AccountHandle`] call; also [`Refusal::InvalidName`].
    pub fn set_display_name(&self, name: Option<&str>) -> Result<(), Error> {
        let name = name.map(nickname).transpose().map_err(|reason| Refusal::InvalidName { reason })?;
        self.act(|_, ctx, owner| Ok(picker::display_name(owner, name.clone(), ctx)))
    }
}

impl Engine {
    /// Returns the active accounts that signed up or signed in in this store and whose owner wants to be
    /// remembered here, oldest first. Empty if policy turns the picker off.
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

    /// Removes an account from the picker and ends its sessions in this store. Deletes nothing of the
    /// account. Has no effect if the account is not in the picker.
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
    /// # Errors
    /// Returns the errors of [`Self::sign_in`].
    pub fn sign_in_to(&self, account: AccountId, password: &Secret, client: &Client) -> Result<Flow, Error> {
        self.sign_in_as(&super::sign_in::Who::Picked(account), password, client)
    }
}
