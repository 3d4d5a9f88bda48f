//! Those who help people.

use std::sync::Arc;

use selfsame::{
    AccountId, Activity, Deletion, MethodKind, ProductId, ProviderId, Status, SupportAct, SupportRecord,
    SupportView, Timestamp,
};

use crate::engine::Engine;
use crate::error::SelfsameError;

/// Where an operator works. There is nothing here that changes a method, an address or a factor, and nothing
/// that opens an account.
#[derive(uniffi::Object)]
pub struct SupportDesk(selfsame::SupportDesk);

#[uniffi::export]
impl Engine {
    /// The desk of an operator, whom the host has made sure of; the first 64 characters of the name count.
    pub fn support(&self, operator: String) -> Arc<SupportDesk> {
        Arc::new(SupportDesk(self.core().support(&operator)))
    }

    /// What support has done to an account, earliest first, also to one that is gone.
    pub fn support_records(&self, account: AccountId) -> Result<Vec<SupportRecord>, SelfsameError> {
        Ok(self.core().support_records(account)?)
    }
}

#[uniffi::export]
impl SupportDesk {
    /// The accounts that an id or an exact email names: whose password it goes with, then who has it verified,
    /// earliest first.
    ///
    /// Raises `InvalidEmail` for a text that is neither.
    pub fn find(&self, named: String) -> Result<Vec<SupportView>, SelfsameError> {
        Ok(self.0.find(&named)?)
    }

    /// What happened to an account, oldest first, without network details.
    ///
    /// Raises `UnknownAccount`.
    pub fn activity(&self, account: AccountId) -> Result<Vec<Activity>, SelfsameError> {
        Ok(self.0.activity(account)?)
    }

    /// Starts a deletion, under the window that an owner's has. The sessions wait instead of ending: each goes
    /// on when its owner gives fresh proof and restores the account. Where the account is on its way already,
    /// the figures are those of the first request, and this one is recorded.
    ///
    /// Raises `UnknownAccount`; `TooEarly` within 30 days of a restore.
    pub fn start_deletion(&self, account: AccountId, ticket: String) -> Result<Deletion, SelfsameError> {
        Ok(self.0.start_deletion(account, &ticket)?)
    }
}

/// An account as support sees it: enough to be sure which one it is, and nothing to use elsewhere.
#[uniffi::remote(Record)]
pub struct SupportView {
    /// Its name.
    pub id: AccountId,
    /// Whether it can be used.
    pub status: Status,
    /// When it came to be.
    pub created: Timestamp,
    /// The address for messages, masked.
    pub contact: Option<String>,
    /// The kinds of its sign-in methods, in the order they came.
    pub methods: Vec<MethodKind>,
    /// The providers of its federated identities, in the order they came.
    pub providers: Vec<ProviderId>,
    /// The products that it is used with.
    pub products: Vec<ProductId>,
}

/// What support has done to an account. It outlives the account's purge and holds nothing personal.
#[uniffi::remote(Record)]
pub struct SupportRecord {
    /// The account.
    pub account: AccountId,
    /// Who.
    pub operator: String,
    /// For which case.
    pub ticket: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub act: SupportAct,
}

/// What support can do.
#[uniffi::remote(Enum)]
pub enum SupportAct {
    /// A deletion was started.
    DeletionStarted,
    /// A deletion was asked for, of an account that was on its way already.
    DeletionAskedAgain,
}
