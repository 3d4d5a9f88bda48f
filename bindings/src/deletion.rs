//! Account deletion.

use selfsame::{
    AccountId, Deletion, Grant, ManagedBy, ProductId, ProviderId, PurgeReceipt, PurgeReport, RemovedRows,
    RequestedBy, StillBilled, Timestamp,
};

use crate::account::AccountHandle;
use crate::engine::Engine;
use crate::error::SelfsameError;
use crate::number::at_most;

#[uniffi::export]
impl AccountHandle {
    /// Requests the deletion of the account. Ends all its sessions and notifies every verified address. Until
    /// the time that is returned, the owner can restore the account by signing in. Fresh proof of the first
    /// factor is enough, so an owner who has lost the second factor can also delete the account.
    ///
    /// Raises `ReauthenticationRequired` if the session's proof is older than `fresh_for` in the policy.
    pub fn request_deletion(&self) -> Result<Deletion, SelfsameError> {
        Ok(self.core().request_deletion()?)
    }
}

#[uniffi::export]
impl Engine {
    /// Purges up to `limit` accounts (at most 256 in one call) that can no longer be restored, in acts of a
    /// bounded size. You can interrupt the call at any point and call again: the next call continues a purge
    /// that was begun, and nothing is done twice.
    ///
    /// The engine checks twice, a day apart: an account is purged by a call that comes at least 24 hours
    /// after a call that found it due. Call `purge_due` once a day, or as often as the report says.
    pub fn purge_due(&self, limit: u32) -> Result<PurgeReport, SelfsameError> {
        Ok(self.core().purge_due(at_most(limit))?)
    }
}

/// Who requested a deletion.
#[uniffi::remote(Enum)]
pub enum RequestedBy {
    /// The owner.
    Owner,
    /// An operator of support.
    Support {
        /// The operator.
        operator: String,
        /// The ticket of the operator's case.
        ticket: String,
    },
}

/// A requested deletion: when the account will be gone, and what the person must end elsewhere.
#[uniffi::remote(Record)]
pub struct Deletion {
    /// When the account will be gone.
    pub purge_at: Timestamp,
    /// The subscriptions that an app store continues to bill until the person ends them there.
    pub still_billed: Vec<StillBilled>,
    /// The person's grants at providers. The host is asked to revoke them at the purge.
    pub grants: Vec<Grant>,
}

/// A subscription that an app store continues to bill.
#[uniffi::remote(Record)]
pub struct StillBilled {
    /// The product.
    pub product: ProductId,
    /// The biller.
    pub managed_by: ManagedBy,
    /// The page where the person can end the subscription.
    pub url: String,
}

/// A person's grant at a provider.
#[uniffi::remote(Record)]
pub struct Grant {
    /// The provider.
    pub provider: ProviderId,
    /// The person's handle at the provider, if known.
    pub handle: Option<String>,
}

/// The result of a call of `purge_due`.
#[uniffi::remote(Record)]
pub struct PurgeReport {
    /// A receipt for each account that this call finished removing.
    pub receipts: Vec<PurgeReceipt>,
    /// Whether there is more to do at once. If so, call again.
    pub more: bool,
    /// When to call again, if nothing is left to do now. Absent if no deletion is pending.
    pub next_call_at: Option<Timestamp>,
}

/// A record of what was removed with an account.
#[uniffi::remote(Record)]
pub struct PurgeReceipt {
    /// The account.
    pub account: AccountId,
    /// When the account became absent.
    pub purge_at: Timestamp,
    /// When the account's last row was removed.
    pub purged_at: Timestamp,
    /// The removed rows by table, in the order of the tables' names.
    pub removed: Vec<RemovedRows>,
}

/// The removed rows of one table.
#[uniffi::remote(Record)]
pub struct RemovedRows {
    /// The table's name in `tables()`.
    pub table: String,
    /// The number of removed rows.
    pub rows: u32,
}
