//! What somebody who helps people sees and has done (SPEC 9.5).

use serde::{Deserialize, Serialize};

use crate::ground::codec::Record;
use crate::ground::id::AccountId;
use crate::ground::named::coded;
use crate::ground::short_name::{ProductId, ProviderId};
use crate::ground::time::Timestamp;
use crate::records::account::{Account, Status};
use crate::records::method::MethodKind;

/// An account as support sees it: enough to be sure which one it is, and nothing to use elsewhere.
#[derive(Clone, PartialEq, Eq, Debug)]
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

impl Account {
    pub(crate) fn support_view(&self) -> SupportView {
        let mut providers: Vec<_> =
            self.credentials.methods.iter().filter_map(|method| method.provider().cloned()).collect();
        providers.dedup();
        SupportView {
            id: self.id,
            status: self.status.clone(),
            created: self.id.made_at(),
            contact: self.credentials.contact.as_ref().map(|email| email.masked()),
            methods: self.credentials.methods.iter().map(|method| method.kind()).collect(),
            providers,
            products: self.memberships.iter().map(|membership| membership.product.clone()).collect(),
        }
    }
}

/// What support has done to an account. It outlives the account's purge and holds nothing personal
/// (SPEC 9.4).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
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

impl Record for SupportRecord {
    const VERSION: u8 = 1;
}

coded! {
    /// What support can do.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
    pub enum SupportAct {
        /// A deletion was started.
        DeletionStarted,
        /// A deletion was asked for, of an account that was on its way already.
        DeletionAskedAgain,
    }
}
