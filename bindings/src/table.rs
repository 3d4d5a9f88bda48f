//! What a store holds: the inventory of its rows.

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
    /// Its name, in documents and dumps.
    pub name: String,
    /// The byte after the account in its keys.
    pub kind: u8,
    /// Whether its rows belong to an account and lie under it.
    pub of_account: bool,
    /// The length of what follows the kind, in bytes.
    pub rest: u64,
    /// What its key and value are.
    pub holds: String,
    /// The key that seals it.
    pub sealed: Sealed,
    /// What becomes of its rows when an account is purged.
    pub on_purge: OnPurge,
    /// Where its content stands in the export of an account.
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
    /// None: the row holds nothing of a person.
    Clear,
    /// The store's.
    Store,
    /// The account's own.
    Account,
    /// Twice: under HKDF of the session's secret, and under the account's own.
    SessionAndAccount,
}

/// What becomes of rows when an account is purged.
#[uniffi::remote(Enum)]
pub enum OnPurge {
    /// They hold nothing of an account.
    Stay,
    /// They go with the account.
    Go,
    /// The row becomes a tombstone: id and time.
    Tombstone,
    /// They expire by themselves before the purge can come.
    Expire,
}

/// Where a row's content stands in the export.
#[derive(uniffi::Enum)]
pub enum InExport {
    /// Under this member of the document.
    At(String),
    /// Nowhere, for this reason.
    Not(String),
}

impl From<selfsame::InExport> for InExport {
    fn from(place: selfsame::InExport) -> Self {
        match place {
            selfsame::InExport::At(member) => Self::At(member.to_owned()),
            selfsame::InExport::Not(reason) => Self::Not(reason.to_owned()),
        }
    }
}
