//! Account deletion.

use selfsame::{
    AccountId, Deletion, Grant, ManagedBy, ProductId, ProviderId, PurgeReceipt, PurgeReport, RemovedRows,
    RequestId, RequestedBy, StillBilled, Timestamp,
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
    /// Purges up to `limit` accounts (at most 256 in one call) whose time to be restored is over, in acts of
    /// a bounded size. You can interrupt the call at any point and call again: the next call continues a
    /// purge that was begun, and nothing is done twice.
    ///
    /// The engine checks twice, a day apart: an account is purged by a call that comes at least 24 hours
    /// after a call that found it due. Call `purge_due` once a day, or as often as the report says.
    pub fn purge_due(&self, limit: u32) -> Result<PurgeReport, SelfsameError> {
        Ok(self.core().purge_due(at_most(limit))?)
    }
}

/// Who asked for a deletion.
#[uniffi::remote(Enum)]
pub enum RequestedBy {
    /// The owner.
    Owner,
    /// Somebody who helps people.
    Support {
        /// Who.
        operator: String,
        /// For which case.
        ticket: String,
    },
    /// The host, for an erasure request of the owner's.
    Host {
        /// Which one.
        request: RequestId,
    },
}

/// A deletion that was asked for: when it comes, and what it does not end by itself.
#[uniffi::remote(Record)]
pub struct Deletion {
    /// From when on the account is gone.
    pub purge_at: Timestamp,
    /// What goes on costing money at a store, until the person ends it there.
    pub still_billed: Vec<StillBilled>,
    /// What the person has granted at providers; the host is asked to revoke it at the purge.
    pub grants: Vec<Grant>,
}

/// A subscription that a store goes on billing.
#[uniffi::remote(Record)]
pub struct StillBilled {
    /// For which product.
    pub product: ProductId,
    /// Who bills.
    pub managed_by: ManagedBy,
    /// Where it is ended.
    pub url: String,
}

/// What a person has granted at a provider.
#[uniffi::remote(Record)]
pub struct Grant {
    /// The provider.
    pub provider: ProviderId,
    /// What the person is called there.
    pub handle: Option<String>,
}

/// What a call of `purge_due` came to.
#[uniffi::remote(Record)]
pub struct PurgeReport {
    /// One for each account that is gone now.
    pub receipts: Vec<PurgeReceipt>,
    /// Whether there is more to do at once: call again.
    pub more: bool,
    /// When it is worth to call again, where nothing is left for now; nothing where no deletion waits.
    pub next_look: Option<Timestamp>,
}

/// What was removed of an account.
#[uniffi::remote(Record)]
pub struct PurgeReceipt {
    /// The account.
    pub account: AccountId,
    /// From when on it was absent.
    pub purge_at: Timestamp,
    /// When the last of its rows went.
    pub purged_at: Timestamp,
    /// How many rows of which tables, in the order of their names.
    pub removed: Vec<RemovedRows>,
}

/// Rows of one table.
#[uniffi::remote(Record)]
pub struct RemovedRows {
    /// The table's name in `tables()`.
    pub table: String,
    /// How many of its rows.
    pub rows: u32,
}
