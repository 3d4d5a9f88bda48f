//! What a purge has come to, and what it leaves (SPEC 9.4).

use serde::{Deserialize, Serialize};

use crate::ground::codec::Record;
use crate::ground::id::AccountId;
use crate::ground::time::Timestamp;
use crate::records::provider::Identity;

/// What a call of `purge_due` came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PurgeReport {
    /// One for each account that is gone now.
    pub receipts: Vec<PurgeReceipt>,
    /// Whether there is more to do at once: call again.
    pub more: bool,
    /// When it is worth to call again, where nothing is left for now; nothing where no deletion waits.
    pub next_look: Option<Timestamp>,
}

/// What was removed of an account (SPEC 9.4).
#[derive(Clone, PartialEq, Eq, Debug)]
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
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RemovedRows {
    /// The table's name in [`TABLES`](crate::TABLES).
    pub table: String,
    /// How many of its rows.
    pub rows: u32,
}

/// How far a purge has come: stored, so that one that was cut off goes on with the same receipt.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Purging {
    pub(crate) removed: Vec<RemovedRows>,
}

impl Record for Purging {
    const VERSION: u8 = 1;
}

impl Purging {
    pub(crate) fn count(&mut self, table: &str) {
        match self.removed.binary_search_by(|removed| removed.table.as_str().cmp(table)) {
            Ok(at) => {
                if let Some(removed) = self.removed.get_mut(at) {
                    removed.rows = removed.rows.saturating_add(1);
                }
            }
            Err(at) => self.removed.insert(at, RemovedRows { table: table.to_owned(), rows: 1 }),
        }
    }
}

/// All that stays of an account (SPEC 1.1).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Tombstone {
    pub(crate) account: AccountId,
    pub(crate) at: Timestamp,
}

impl Record for Tombstone {
    const VERSION: u8 = 1;
}

/// A purge that is due.
pub(crate) struct DuePurge {
    pub(crate) purge_at: Timestamp,
    pub(crate) account: AccountId,
    pub(crate) progress: Purging,
}

/// What is left of an account, as far as one act can remove it.
#[derive(Default)]
pub(crate) struct Remains {
    /// Table and key of each row.
    pub(crate) rows: Vec<(&'static str, Vec<u8>)>,
    /// Whether that is all but the account itself.
    pub(crate) is_all: bool,
    /// The identities that nobody else has taken over meanwhile.
    pub(crate) grants: Vec<Identity>,
}

/// What one act of a purge came to.
pub(crate) enum Purged {
    /// The account is gone.
    Gone(PurgeReceipt),
    /// There is more of it.
    Going,
    /// It is not to be purged then.
    Stale,
}
