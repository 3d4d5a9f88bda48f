//! The calls of support staff.

use std::sync::Arc;

use selfsame::{
    AccountId, Activity, Deletion, MethodKind, ProductId, ProviderId, Status, SupportAct, SupportRecord,
    SupportView, Timestamp,
};

use crate::engine::Engine;
use crate::error::SelfsameError;

/// The calls of an operator. None of them changes a sign-in method, an address or a second factor, and none
/// opens an account.
#[derive(uniffi::Object)]
pub struct SupportDesk(selfsame::SupportDesk);

#[uniffi::export]
impl Engine {
    /// Returns the support desk of an operator. The host must authenticate the operator first.
    ///
    /// Raises `InvalidText` if the operator's name is empty, longer than 64 characters or has a character that
    /// cannot be shown.
    pub fn support(&self, operator: String) -> Result<Arc<SupportDesk>, SelfsameError> {
        Ok(Arc::new(SupportDesk(self.core().support(&operator)?)))
    }

    /// Returns the actions of support on an account, earliest first. Also works for a deleted account.
    pub fn support_records(&self, account: AccountId) -> Result<Vec<SupportRecord>, SelfsameError> {
        Ok(self.core().support_records(account)?)
    }
}

#[uniffi::export]
impl SupportDesk {
    /// Returns the accounts with this id or exact email. First comes the account whose password uses the
    /// email, then those that have verified it, earliest first.
    ///
    /// Raises `InvalidEmail` if the text is neither an id nor an email.
    pub fn find(&self, named: String) -> Result<Vec<SupportView>, SelfsameError> {
        Ok(self.0.find(&named)?)
    }

    /// Returns the events of an account, oldest first, without network details.
    ///
    /// Raises `UnknownAccount` if there is no such account.
    pub fn activity(&self, account: AccountId) -> Result<Vec<Activity>, SelfsameError> {
        Ok(self.0.activity(account)?)
    }

    /// Starts a deletion, with the same 30 days to restore as a deletion by the owner. The sessions wait
    /// instead of ending: each continues when its owner gives fresh proof and restores the account. If a
    /// deletion is pending, returns the pending one, changes nothing and records this request.
    ///
    /// Raises `UnknownAccount`; `TooEarly` within 30 days of a restore; `InvalidText` if the ticket is empty,
    /// longer than 200 characters or has a character that cannot be shown.
    pub fn start_deletion(&self, account: AccountId, ticket: String) -> Result<Deletion, SelfsameError> {
        Ok(self.0.start_deletion(account, &ticket)?)
    }
}

/// An account as support sees it. The view is enough to recognise the account, and contains nothing that
/// could be used elsewhere.
#[uniffi::remote(Record)]
pub struct SupportView {
    /// The account's id.
    pub id: AccountId,
    /// Whether the account can be used.
    pub status: Status,
    /// When the account was created.
    pub created: Timestamp,
    /// The address for notices, masked.
    pub contact: Option<String>,
    /// The kinds of its sign-in methods, in the order in which they were added.
    pub methods: Vec<MethodKind>,
    /// The providers of its federated identities, in the order in which they were added.
    pub providers: Vec<ProviderId>,
    /// The products that the account is used with.
    pub products: Vec<ProductId>,
}

/// An act of support on an account. It outlives the purge of the account and holds nothing personal.
#[uniffi::remote(Record)]
pub struct SupportRecord {
    /// The account.
    pub account: AccountId,
    /// The operator.
    pub operator: String,
    /// The ticket of the operator's case.
    pub ticket: String,
    /// When the operator acted.
    pub at: Timestamp,
    /// The act.
    pub act: SupportAct,
}

/// An act of support.
#[uniffi::remote(Enum)]
pub enum SupportAct {
    /// The operator started a deletion.
    DeletionStarted,
    /// The operator requested the deletion of an account that was already pending deletion.
    DeletionAskedAgain,
}
