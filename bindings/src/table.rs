//! The inventory of the rows in a store.

use selfsame::{OnPurge, Sealed};

use crate::number::counted;

/// All kinds of rows.
#[uniffi::export]
pub fn tables() -> Vec<Table> {
    selfsame::TABLES.iter().map(Table::from).collect()
}

/// One kind of row.
#[derive(uniffi::Record)]
pub struct Table {
    /// The table's name, in documents and dumps.
    pub name: String,
    /// The byte after the account in the keys of the rows.
    pub kind: u8,
    /// Whether the rows belong to an account and are stored under it.
    pub of_account: bool,
    /// The length of the key after the kind, in bytes.
    pub rest: u64,
    /// The contents of key and value.
    pub holds: String,
    /// The key that seals the rows.
    pub sealed: Sealed,
    /// What happens to the rows when an account is purged.
    pub on_purge: OnPurge,
    /// Where the rows appear in the export of an account.
    pub in_export: InExport,
}

impl From<&selfsame::Table> for Table {
    fn from(table: &selfsame::Table) -> Self {
        let selfsame::Table { name, kind, of_account, rest, holds, sealed, on_purge, in_export } = *table;
        Self {
            name: name.to_owned(),
            kind,
            of_account,
            rest: counted(rest),
            holds: holds.to_owned(),
            sealed,
            on_purge,
            in_export: in_export.into(),
        }
    }
}

/// The key that seals a row.
#[uniffi::remote(Enum)]
pub enum Sealed {
    /// No key: the row holds nothing personal.
    Clear,
    /// The store's key.
    Store,
    /// The account's own key.
    Account,
    /// Two keys: the one that HKDF derives from the session's secret, and the account's own.
    SessionAndAccount,
}

/// What happens to rows when an account is purged.
#[uniffi::remote(Enum)]
pub enum OnPurge {
    /// The rows stay, because they contain no data of an account.
    Stay,
    /// The rows are removed with the account.
    Go,
    /// The row becomes a tombstone: id and time.
    Tombstone,
    /// The rows expire before the purge can happen.
    Expire,
}

/// Where a row's content appears in the export.
#[derive(uniffi::Enum)]
pub enum InExport {
    /// In this member of the document.
    At {
        /// The member.
        member: String,
    },
    /// Nowhere, for this reason.
    Not {
        /// The reason.
        reason: String,
    },
}

impl From<selfsame::InExport> for InExport {
    fn from(place: selfsame::InExport) -> Self {
        match place {
            selfsame::InExport::At { member } => Self::At { member: member.to_owned() },
            selfsame::InExport::Not { reason } => Self::Not { reason: reason.to_owned() },
        }
    }
}
