//! The accounts that a device offers to choose from (SPEC 1.11).

use crate::ground::id::AccountId;
use crate::records::account::{Account, Status};
use crate::records::method::MethodKind;

/// An account that a device offers to sign in to. Anybody who holds the device sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct PickerEntry {
    /// The account's id, to sign in with.
    pub account: AccountId,
    /// The name that the owner chose, if any.
    pub display_name: Option<String>,
    /// The contact address, masked: first character and domain.
    pub email: Option<String>,
    /// The kinds of its sign-in methods, each once.
    pub methods: Vec<MethodKind>,
    /// Whether no sign-in method works without a network. If so, offer to add a password (SPEC 4.9).
    pub needs_network: bool,
}

impl PickerEntry {
    pub(crate) fn of(account: &Account) -> Self {
        Self {
            account: account.id,
            display_name: account.display_name.clone(),
            email: account.credentials.contact.as_ref().map(|email| email.masked()),
            methods: account.kinds(),
            needs_network: account.works_offline().is_empty(),
        }
    }
}

/// Returns whether the device offers the account.
pub(crate) fn is_offered(account: &Account) -> bool {
    account.is_remembered && account.status == Status::Active
}
