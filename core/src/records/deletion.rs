//! A deletion that was asked for (SPEC 9.1).

use serde::{Deserialize, Serialize};

use crate::ground::codec::Record;
use crate::ground::id::{AccountId, RequestId};
use crate::ground::named::coded;
use crate::ground::short_name::{ProductId, ProviderId};
use crate::ground::time::Timestamp;
use crate::records::product::ManagedBy;

coded! {
    /// Who asked for a deletion.
    #[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
    pub enum RequestedBy {
        /// The owner.
        Owner,
        /// Somebody who helps people (SPEC 9.5).
        Support {
            /// Who.
            operator: String,
            /// For which case.
            ticket: String,
        },
        /// The host, for an erasure request of the owner's (SPEC 10.3).
        Host {
            /// Which one.
            request: RequestId,
        },
    }
}

/// A deletion that was asked for: when it comes, and what it does not end by itself (SPEC 9.1).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Deletion {
    /// From when on the account is gone.
    pub purge_at: Timestamp,
    /// What goes on costing money at a store, until the person ends it there.
    pub still_billed: Vec<StillBilled>,
    /// What the person has granted at providers; the host is asked to revoke it at the purge.
    pub grants: Vec<Grant>,
}

/// A subscription that a store goes on billing.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StillBilled {
    /// For which product.
    pub product: ProductId,
    /// Who bills.
    pub managed_by: ManagedBy,
    /// Where it is ended.
    pub url: String,
}

/// What a person has granted at a provider.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Grant {
    /// The provider.
    pub provider: ProviderId,
    /// What the person is called there.
    pub handle: Option<String>,
}

/// A reminder, as it is stored: which deletion it is of. Who is meant stands in its key.
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
