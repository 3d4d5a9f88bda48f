//! What support sees and has done (SPEC 9.5).

use serde::{Deserialize, Serialize};

use crate::ground::codec::Record;
use crate::ground::id::AccountId;
use crate::ground::named::coded;
use crate::ground::short_name::{ProductId, ProviderId};
use crate::ground::time::Timestamp;
use crate::records::account::{Account, Status};
use crate::records::context::Context;
use crate::records::method::MethodKind;

/// An account as support sees it. The view is enough to recognise the account, and contains nothing that
/// could be used elsewhere.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
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

impl Account {
    pub(crate) fn support_view(&self, ctx: &Context<'_>) -> SupportView {
        let mut providers: Vec<_> =
            self.credentials.methods.iter().filter_map(|method| method.provider().cloned()).collect();
        providers.dedup();
        SupportView {
            id: self.id,
            status: self.status.shown(ctx),
            created: self.id.made_at(),
            contact: self.credentials.contact.as_ref().map(|email| email.masked()),
            methods: self.credentials.methods.iter().map(|method| method.kind()).collect(),
            providers,
            products: self.memberships.iter().map(|membership| membership.product.clone()).collect(),
        }
    }
}

/// An act of support on an account. It outlives the purge of the account and holds nothing personal
/// (SPEC 9.4).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
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

impl Record for SupportRecord {
    const VERSION: u8 = 1;
}

coded! {
    /// An act of support.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
    #[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
    pub enum SupportAct {
        /// The operator started a deletion.
        DeletionStarted,
        /// The operator requested the deletion of an account that was already pending deletion.
        DeletionAskedAgain,
    }
}
