//! The results of a purge (SPEC 9.4).

use serde::{Deserialize, Serialize};

use crate::ground::codec::Record;
use crate::ground::email::EmailAddress;
use crate::ground::id::AccountId;
use crate::ground::time::Timestamp;
use crate::records::provider::Identity;

/// The result of a call of `purge_due`.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct PurgeReport {
    /// A receipt for each account that this call finished removing.
    pub receipts: Vec<PurgeReceipt>,
    /// Whether there is more to do at once. If so, call again.
    pub more: bool,
    /// When to call again, if nothing is left to do now. Absent if no deletion is pending.
    pub next_call_at: Option<Timestamp>,
}

/// A record of what was removed with an account (SPEC 9.4).
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct PurgeReceipt {
    /// The account.
    pub account: AccountId,
    /// When the account became absent.
    pub purge_at: Timestamp,
    /// When the account's last row was removed.
    pub purged_at: Timestamp,
    /// The removed rows by table, in the order of the tables' names.
    #[cfg_attr(feature = "json", serde(with = "ByTable"))]
    pub removed: Vec<RemovedRows>,
}

/// In JSON, removed rows are an object with a member for each table.
#[cfg(feature = "json")]
#[derive(Deserialize, schemars::JsonSchema)]
#[schemars(inline)]
struct ByTable(std::collections::BTreeMap<String, u32>);

#[cfg(feature = "json")]
impl ByTable {
    fn serialize<S: serde::Serializer>(removed: &[RemovedRows], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(removed.iter().map(|removed| (&removed.table, removed.rows)))
    }

    fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<RemovedRows>, D::Error> {
        let Self(removed) = <Self as Deserialize>::deserialize(deserializer)?;
        Ok(removed.into_iter().map(|(table, rows)| RemovedRows { table, rows }).collect())
    }
}

/// The removed rows of one table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
pub struct RemovedRows {
    /// The table's name in [`TABLES`](crate::TABLES).
    pub table: String,
    /// The number of removed rows.
    pub rows: u32,
}

/// The progress of a purge. It is stored, so that an interrupted purge goes on with the same receipt.
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

/// All that remains of an account (SPEC 1.1).
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

/// The rest of an account that one act can remove.
#[derive(Default)]
pub(crate) struct Remains {
    /// The table and key of each row.
    pub(crate) rows: Vec<(&'static str, Vec<u8>)>,
    /// The verified emails that others still find the account by.
    pub(crate) proven: Vec<EmailAddress>,
    /// Whether these are all rows except the account itself.
    pub(crate) is_all: bool,
    /// The identities that nobody else has taken over meanwhile.
    pub(crate) grants: Vec<Identity>,
}

/// The result of one act of a purge.
pub(crate) enum Purged {
    /// The account is gone.
    Gone(PurgeReceipt),
    /// Some of the account is left.
    Going,
    /// The account is not to be purged at that time.
    Stale,
}
