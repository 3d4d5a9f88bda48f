//! Account deletion (SPEC 9.1).

use serde::{Deserialize, Serialize};

use crate::ground::codec::Record;
use crate::ground::id::AccountId;
use crate::ground::named::two_forms;
use crate::ground::short_name::{ProductId, ProviderId};
use crate::ground::time::Timestamp;
use crate::records::product::ManagedBy;

two_forms! {
    json(tag = "requested_by")
    /// Who requested a deletion.
    #[derive(Clone, PartialEq, Eq, Debug)]
    pub enum RequestedBy {
        /// The owner.
        Owner,
        /// An operator of support (SPEC 9.5).
        Support {
            /// The operator.
            operator: String,
            /// The ticket of the operator's case.
            ticket: String,
        },
    }
}

impl RequestedBy {
    /// Returns the variant's name, which is the same in every language and release.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Owner => "Owner",
            Self::Support { .. } => "Support",
        }
    }
}

/// A requested deletion: when the account will be gone, and what the person must end elsewhere (SPEC 9.1).
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct Deletion {
    /// When the account will be gone.
    pub purge_at: Timestamp,
    /// The subscriptions that an app store continues to bill until the person ends them there.
    pub still_billed: Vec<StillBilled>,
    /// The person's grants at providers. The host is asked to revoke them at the purge.
    pub grants: Vec<Grant>,
}

/// A subscription that an app store continues to bill.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct StillBilled {
    /// The product.
    pub product: ProductId,
    /// The biller.
    pub managed_by: ManagedBy,
    /// The page where the person can end the subscription.
    pub url: String,
}

/// A person's grant at a provider.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct Grant {
    /// The provider.
    pub provider: ProviderId,
    /// The person's handle at the provider, if known.
    pub handle: Option<String>,
}

/// A reminder as it is stored: the deletion that it belongs to. Its key names the account.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Reminder {
    pub(crate) purge_at: Timestamp,
}

impl Record for Reminder {
    const VERSION: u8 = 1;
}

/// A reminder that is due.
#[derive(Clone, Copy)]
pub(crate) struct Due {
    pub(crate) at: Timestamp,
    pub(crate) account: AccountId,
    pub(crate) number: u8,
    pub(crate) purge_at: Timestamp,
}
