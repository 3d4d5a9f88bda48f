//! Every kind of row on one screen: its key, how it is sealed, what a purge does to it, and where the owner's
//! export shows it.
//!
//! A key is `[account 16][kind 1][rest]`, big-endian and of fixed width for each kind. So all rows of an
//! account are neighbours, and an act on one account dirties one leaf. Rows that belong to no account come
//! first, because they have sixteen zero bytes in its place.

use std::time::Duration;

use super::range::{Range, after_prefix};
use crate::ground::id::{AccountId, MessageId, RequestId, SessionId};
use crate::ground::time::Timestamp;

pub(super) const NOBODY: [u8; 16] = [0; 16];

/// One kind of row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Table {
    /// The table's name, in documents and dumps.
    pub name: &'static str,
    /// The byte after the account in the keys of the rows.
    pub kind: u8,
    /// Whether the rows belong to an account and are stored under it.
    pub of_account: bool,
    /// The length of the key after the kind, in bytes.
    pub rest: usize,
    /// The contents of key and value.
    pub holds: &'static str,
    /// The key that seals the rows.
    pub sealed: Sealed,
    /// What happens to the rows when an account is purged.
    pub on_purge: OnPurge,
    /// Where the rows appear in the export of an account.
    pub in_export: InExport,
}

/// The key that seals a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OnPurge {
    /// The rows stay, because they contain no data of an account.
    Stay,
    /// The rows are removed with the account.
    Go,
    /// The row becomes a tombstone: id and time.
    Tombstone,
    /// The rows expire by themselves before a purge can happen.
    Expire,
}

/// Where a row's content appears in the export.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum InExport {
    /// In this member of the document.
    At {
        /// The member.
        member: &'static str,
    },
    /// Nowhere, for this reason.
    Not {
        /// The reason.
        reason: &'static str,
    },
}

const fn at(member: &'static str) -> InExport {
    InExport::At { member }
}

const fn not(reason: &'static str) -> InExport {
    InExport::Not { reason }
}

macro_rules! tables {
    ($($constant:ident = $name:literal, $kind:literal, $of_account:literal, $rest:literal, $holds:literal, $sealed:expr, $on_purge:expr, $in_export:expr;)*) => {
        $(pub(crate) const $constant: Table = Table {
            name: $name, kind: $kind, of_account: $of_account, rest: $rest, holds: $holds,
            sealed: $sealed, on_purge: $on_purge, in_export: $in_export,
        };)*
        /// All kinds of rows.
        pub const TABLES: &[Table] = &[$($constant),*];
    };
}

tables! {
    STAMP = "stamp", 0x00, false, 0, "number and name of the last commit, code over all rows", Sealed::Clear, OnPurge::Stay, not("of no account");
    HEADER = "header", 0x01, false, 0, "format, how the store key is wrapped, the wrapped key", Sealed::Clear, OnPurge::Stay, not("of no account");
    META = "meta", 0x02, false, 0, "since when an erasure waits, messages that were dropped", Sealed::Store, OnPurge::Stay, not("of no account");
    TIME = "time", 0x03, false, 0, "high-water mark of time, slow clock, last reading, when purges were seen to be due", Sealed::Store, OnPurge::Stay, not("of no account");
    CLAIM = "claim", 0x10, false, 32, "keyed hash of an identifier -> its account", Sealed::Store, OnPurge::Go, not("shown as methods");
    UNPROVEN = "unproven", 0x14, false, 48, "keyed hash of a password's unproven email, account -> nothing", Sealed::Store, OnPurge::Go, not("shown as addresses");
    SPECIMEN = "specimen", 0x15, false, 48, "keyed hash of a kind of foreign password hash, account -> a hash of that kind", Sealed::Store, OnPurge::Go, not("shown as methods");
    UNDO_CODE = "undo-code", 0x13, false, 32, "keyed hash of an undo code -> its account", Sealed::Store, OnPurge::Go, not("a code is a secret");
    EMAIL = "email", 0x11, false, 32, "keyed hash of a verified email -> the accounts with it", Sealed::Store, OnPurge::Go, not("shown as addresses");
    HERE = "here", 0x12, false, 16, "account that the device offers -> nothing", Sealed::Store, OnPurge::Go, not("shown in the account");
    PURGE = "purge", 0x50, false, 24, "when an account is purged, account -> progress of its purge", Sealed::Store, OnPurge::Go, not("shown as the account's status");
    REMINDER = "reminder", 0x51, false, 25, "when the owner is reminded of a deletion, account, number -> which deletion", Sealed::Store, OnPurge::Go, not("shown as the account's status");
    SUPPORT = "support", 0x52, false, 24, "account, number -> what support has done", Sealed::Store, OnPurge::Stay, at("support");
    REQUEST = "request", 0x53, false, 32, "account, request about its data -> the request", Sealed::Store, OnPurge::Stay, at("requests");
    OPEN_REQUEST = "open-request", 0x54, false, 40, "when a request is due, account, request -> nothing", Sealed::Clear, OnPurge::Stay, not("shown as requests");
    FLOW = "flow", 0x20, false, 16, "flow -> its state", Sealed::Store, OnPurge::Expire, not("ends within 30 days");
    FLOW_DUE = "flow-due", 0x21, false, 24, "when a flow ends, flow -> nothing", Sealed::Clear, OnPurge::Expire, not("of no account");
    WAITING = "waiting", 0x22, false, 64, "keyed hash of an address, whose flow, flow that waits for its proof -> nothing", Sealed::Clear, OnPurge::Expire, not("of no account");
    OPEN_FLOW = "open-flow", 0x23, false, 34, "kind of flow, whose flow, flow -> nothing", Sealed::Clear, OnPurge::Expire, not("of no account");
    OUTBOX = "outbox", 0x30, false, 16, "message -> what it says, to whom", Sealed::Store, OnPurge::Go, at("messages");
    OUTBOX_DUE = "outbox-due", 0x32, false, 24, "when a message can be fetched, message -> nothing", Sealed::Clear, OnPurge::Go, not("shown as messages");
    PACE = "pace", 0x31, false, 32, "keyed hash of a mailbox and who asks -> when codes went there", Sealed::Store, OnPurge::Expire, not("over within 30 days");
    UNKNOWN = "unknown", 0x40, false, 2, "slot -> guesses at an identifier that nobody holds", Sealed::Store, OnPurge::Stay, not("of no account");
    CLOCK = "clock", 0x41, false, 8, "number -> what happened to the clock", Sealed::Store, OnPurge::Stay, not("of no account");
    KEY_SET = "keys", 0x42, false, 32, "keyed hash of an issuer -> its key set as last given", Sealed::Store, OnPurge::Stay, not("of no account");
    ACCOUNT = "account", 0x00, true, 0, "revision, wrapped data key -> the account", Sealed::Account, OnPurge::Tombstone, at("account");
    SESSION = "session", 0x10, true, 16, "session -> what its holder resolves, what its owner lists", Sealed::SessionAndAccount, OnPurge::Go, at("sessions");
    SUSPENDED = "suspended", 0x11, true, 16, "suspended session -> what its holder resolves, what its owner lists", Sealed::SessionAndAccount, OnPurge::Go, at("sessions");
    RECOGNITION = "recognition", 0x01, true, 32, "keyed hash of a recognition -> its sessions, its failures, when it was used", Sealed::Store, OnPurge::Go, at("recognitions");
    PENDING = "pending", 0x12, true, 0, "the change that waits for the proof of an address", Sealed::Account, OnPurge::Go, not("ends with its session");
    ABOUT = "about", 0x14, true, 16, "message about the account -> nothing", Sealed::Clear, OnPurge::Go, not("shown as messages");
    AUDIT = "audit", 0x20, true, 8, "number -> event", Sealed::Account, OnPurge::Go, at("activity");
    UNDO = "undo", 0x30, true, 32, "keyed hash of an undo code -> the sign-in methods that it restores", Sealed::Account, OnPurge::Go, at("undo");
}

impl Table {
    pub(super) fn key(&self, account: &[u8; 16], rest: &[&[u8]]) -> Vec<u8> {
        let mut key = Vec::with_capacity(17 + self.rest);
        key.extend_from_slice(account);
        key.push(self.kind);
        for part in rest {
            key.extend_from_slice(part);
        }
        debug_assert_eq!(key.len(), 17 + self.rest, "all keys of {} have the same width", self.name);
        key
    }

    /// The table that a key belongs to.
    ///
    /// ```
    /// use selfsame::Table;
    ///
    /// // The key of the row of the account with this id.
    /// let key = [&[7; 16][..], &[0x00]].concat();
    /// assert_eq!(Table::of(&key).map(|table| table.name), Some("account"));
    /// ```
    pub fn of(key: &[u8]) -> Option<&'static Self> {
        let (account, rest) = key.split_at_checked(16)?;
        let (kind, rest) = rest.split_first()?;
        let of_account = *account != NOBODY;
        TABLES
            .iter()
            .find(|table| table.kind == *kind && table.of_account == of_account && table.rest == rest.len())
    }
}

pub(crate) fn header() -> Vec<u8> {
    HEADER.key(&NOBODY, &[])
}

pub(crate) fn meta() -> Vec<u8> {
    META.key(&NOBODY, &[])
}

pub(crate) fn time() -> Vec<u8> {
    TIME.key(&NOBODY, &[])
}

pub(crate) fn claim(hash: &[u8; 32]) -> Vec<u8> {
    CLAIM.key(&NOBODY, &[hash])
}

pub(crate) fn unproven(hash: &[u8; 32], account: &AccountId) -> Vec<u8> {
    UNPROVEN.key(&NOBODY, &[hash, account.as_bytes()])
}

pub(crate) fn all_unproven(hash: &[u8; 32]) -> Range {
    within(&UNPROVEN, &NOBODY, hash)
}

pub(crate) fn undo_code(hash: &[u8; 32]) -> Vec<u8> {
    UNDO_CODE.key(&NOBODY, &[hash])
}

pub(crate) fn email(hash: &[u8; 32]) -> Vec<u8> {
    EMAIL.key(&NOBODY, &[hash])
}

pub(crate) fn here(account: &AccountId) -> Vec<u8> {
    HERE.key(&NOBODY, &[account.as_bytes()])
}

pub(crate) fn all_here() -> Range {
    within(&HERE, &NOBODY, &[])
}

pub(crate) fn message(id: &MessageId) -> Vec<u8> {
    OUTBOX.key(&NOBODY, &[id.as_bytes()])
}

pub(crate) fn message_due(at: Timestamp, id: &MessageId) -> Vec<u8> {
    OUTBOX_DUE.key(&NOBODY, &[&at.as_millis().to_be_bytes(), id.as_bytes()])
}

pub(crate) fn messages() -> Range {
    within(&OUTBOX_DUE, &NOBODY, &[])
}

/// The messages that can be fetched at `now`.
pub(crate) fn messages_due(now: Timestamp) -> Range {
    let past = OUTBOX_DUE.key(&NOBODY, &[&now.as_millis().saturating_add(1).to_be_bytes(), &[0; 16]]);
    Range { to: past, ..messages() }
}

/// The row that leads from an account to a message about it.
pub(crate) fn about(account: &AccountId, id: &MessageId) -> Vec<u8> {
    ABOUT.key(account.as_bytes(), &[id.as_bytes()])
}

pub(crate) fn pace(hash: &[u8; 32]) -> Vec<u8> {
    PACE.key(&NOBODY, &[hash])
}

/// All paces from this one on.
pub(crate) fn paces_from(hash: &[u8; 32]) -> Range {
    Range { from: pace(hash), to: within(&PACE, &NOBODY, &[]).to }
}

pub(crate) fn unknown(slot: u16) -> Vec<u8> {
    UNKNOWN.key(&NOBODY, &[&slot.to_be_bytes()])
}

pub(crate) fn clock(number: u64) -> Vec<u8> {
    CLOCK.key(&NOBODY, &[&number.to_be_bytes()])
}

pub(crate) fn key_set(hash: &[u8; 32]) -> Vec<u8> {
    KEY_SET.key(&NOBODY, &[hash])
}

pub(crate) fn purge(at: Timestamp, account: &AccountId) -> Vec<u8> {
    PURGE.key(&NOBODY, &[&at.as_millis().to_be_bytes(), account.as_bytes()])
}

/// The purges that are due when the slow clock shows `now`.
pub(crate) fn purges_until(now: Timestamp) -> Range {
    let first = PURGE.key(&NOBODY, &[&[0; 24]]);
    Range { from: first, to: purges_after(now).from }
}

/// The purges that are not due when the slow clock shows `now`.
pub(crate) fn purges_after(now: Timestamp) -> Range {
    let first = PURGE.key(&NOBODY, &[&now.as_millis().saturating_add(1).to_be_bytes(), &[0; 16]]);
    Range { from: first, to: within(&PURGE, &NOBODY, &[]).to }
}

pub(crate) fn reminder(at: Timestamp, account: &AccountId, number: u8) -> Vec<u8> {
    REMINDER.key(&NOBODY, &[&at.as_millis().to_be_bytes(), account.as_bytes(), &[number]])
}

/// The reminders that are due when the slow clock shows `now`.
pub(crate) fn reminders_until(now: Timestamp) -> Range {
    let first = REMINDER.key(&NOBODY, &[&[0; 25]]);
    let past = REMINDER.key(&NOBODY, &[&now.as_millis().saturating_add(1).to_be_bytes(), &[0; 17]]);
    Range { from: first, to: past }
}

pub(crate) fn support_record(account: &AccountId, number: u64) -> Vec<u8> {
    SUPPORT.key(&NOBODY, &[account.as_bytes(), &number.to_be_bytes()])
}

pub(crate) fn support_records(account: &AccountId) -> Range {
    within(&SUPPORT, &NOBODY, account.as_bytes())
}

pub(crate) fn request(account: &AccountId, id: &RequestId) -> Vec<u8> {
    REQUEST.key(&NOBODY, &[account.as_bytes(), id.as_bytes()])
}

pub(crate) fn requests(account: &AccountId) -> Range {
    within(&REQUEST, &NOBODY, account.as_bytes())
}

pub(crate) fn open_request(due: Timestamp, account: &AccountId, id: &RequestId) -> Vec<u8> {
    OPEN_REQUEST.key(&NOBODY, &[&due.as_millis().to_be_bytes(), account.as_bytes(), id.as_bytes()])
}

pub(crate) fn open_requests() -> Range {
    within(&OPEN_REQUEST, &NOBODY, &[])
}

/// All rows of all accounts after `last`, or of all accounts.
pub(crate) fn accounts_after(last: Option<&AccountId>) -> Range {
    let after = after_prefix(last.map_or(&NOBODY, |last| last.as_bytes()));
    Range { from: after, to: vec![u8::MAX; 64] }
}

/// The rows of an account in one table.
pub(crate) fn all_of(table: &Table, account: &AccountId) -> Range {
    within(table, account.as_bytes(), &[])
}

pub(crate) fn account(id: &AccountId) -> Vec<u8> {
    ACCOUNT.key(id.as_bytes(), &[])
}

pub(crate) fn session(account: &AccountId, id: &SessionId) -> Vec<u8> {
    SESSION.key(account.as_bytes(), &[id.as_bytes()])
}

pub(crate) fn suspended(account: &AccountId, id: &SessionId) -> Vec<u8> {
    SUSPENDED.key(account.as_bytes(), &[id.as_bytes()])
}

pub(crate) fn sessions(account: &AccountId) -> Range {
    within(&SESSION, account.as_bytes(), &[])
}

/// The sessions that were opened at `last` or before.
pub(crate) fn sessions_by(account: &AccountId, last: Timestamp) -> Range {
    let after = SessionId::v7(last + Duration::from_millis(1), [0; 10]);
    Range { to: session(account, &after), ..sessions(account) }
}

pub(crate) fn recognition(account: &AccountId, hash: &[u8; 32]) -> Vec<u8> {
    RECOGNITION.key(account.as_bytes(), &[hash])
}

pub(crate) fn pending(account: &AccountId) -> Vec<u8> {
    PENDING.key(account.as_bytes(), &[])
}

pub(crate) fn undo(account: &AccountId, hash: &[u8; 32]) -> Vec<u8> {
    UNDO.key(account.as_bytes(), &[hash])
}

pub(crate) fn undos(account: &AccountId) -> Range {
    within(&UNDO, account.as_bytes(), &[])
}

pub(crate) fn event(account: &AccountId, sequence: u64) -> Vec<u8> {
    AUDIT.key(account.as_bytes(), &[&sequence.to_be_bytes()])
}

pub(crate) fn events(account: &AccountId) -> Range {
    within(&AUDIT, account.as_bytes(), &[])
}

/// All keys of a table that begin with `prefix` after the kind.
pub(super) fn within(table: &Table, account: &[u8; 16], prefix: &[u8]) -> Range {
    let mut from = account.to_vec();
    from.push(table.kind);
    from.extend_from_slice(prefix);
    Range::beginning_with(from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_unique_and_every_key_finds_its_table() {
        for (at, table) in TABLES.iter().enumerate() {
            for other in &TABLES[at + 1..] {
                assert_ne!((table.kind, table.of_account), (other.kind, other.of_account));
                assert_ne!(table.name, other.name);
            }
            let account = if table.of_account { [7; 16] } else { NOBODY };
            let key = table.key(&account, &[&vec![9; table.rest]]);
            assert_eq!(Table::of(&key), Some(table));
        }
        assert_eq!(Table::of(&[0; 16]), None);
        assert_eq!(Table::of(&[0; 40]), None);
    }

    #[test]
    fn keys_have_these_bytes() {
        let (account, session) = (AccountId::from_bytes([0xaa; 16]), SessionId::from_bytes([0xbb; 16]));
        let (message_id, m) = (MessageId::from_bytes([0xab; 16]), "ab".repeat(16));
        let (request_id, e) = (RequestId::from_bytes([0xee; 16]), "ee".repeat(16));
        let hex = |key: Vec<u8>| key.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let nobody = "00".repeat(16);
        let (a, b, h) = ("aa".repeat(16), "bb".repeat(16), "dd".repeat(32));
        let hash = [0xdd; 32];
        for (key, bytes) in [
            (header(), format!("{nobody}01")),
            (meta(), format!("{nobody}02")),
            (time(), format!("{nobody}03")),
            (claim(&hash), format!("{nobody}10{h}")),
            (email(&hash), format!("{nobody}11{h}")),
            (here(&account), format!("{nobody}12{a}")),
            (unproven(&hash, &account), format!("{nobody}14{h}{a}")),
            (undo_code(&hash), format!("{nobody}13{h}")),
            (message(&message_id), format!("{nobody}30{m}")),
            (
                message_due(Timestamp::from_millis(0x0103), &message_id),
                format!("{nobody}320000000000000103{m}"),
            ),
            (about(&account, &message_id), format!("{a}14{m}")),
            (pace(&hash), format!("{nobody}31{h}")),
            (unknown(0x0405), format!("{nobody}400405")),
            (clock(6), format!("{nobody}410000000000000006")),
            (key_set(&hash), format!("{nobody}42{h}")),
            (super::account(&account), format!("{a}00")),
            (super::session(&account, &session), format!("{a}10{b}")),
            (purge(Timestamp::from_millis(8), &account), format!("{nobody}500000000000000008{a}")),
            (reminder(Timestamp::from_millis(9), &account, 2), format!("{nobody}510000000000000009{a}02")),
            (support_record(&account, 10), format!("{nobody}52{a}000000000000000a")),
            (request(&account, &request_id), format!("{nobody}53{a}{e}")),
            (
                open_request(Timestamp::from_millis(11), &account, &request_id),
                format!("{nobody}54000000000000000b{a}{e}"),
            ),
            (suspended(&account, &session), format!("{a}11{b}")),
            (event(&account, 7), format!("{a}200000000000000007")),
            (pending(&account), format!("{a}12")),
            (recognition(&account, &hash), format!("{a}01{h}")),
            (undo(&account, &hash), format!("{a}30{h}")),
        ] {
            assert_eq!(hex(key), bytes);
        }
    }

    #[test]
    fn a_range_holds_exactly_the_keys_with_its_prefix() {
        let hash = [0xff; 32];
        let range = all_unproven(&hash);
        assert!(range.from <= unproven(&hash, &AccountId::from_bytes([0; 16])));
        assert!(unproven(&hash, &AccountId::from_bytes([0xff; 16])) < range.to);
        assert!(range.to <= FLOW.key(&NOBODY, &[&[0; 16]]));
        let accounts = accounts_after(None);
        assert!(FLOW.key(&NOBODY, &[&[0xff; 16]]) < accounts.from);
        assert!(accounts.from <= account(&AccountId::from_bytes([1; 16])));
        let last = AccountId::from_bytes([0xff; 16]);
        assert!(event(&last, u64::MAX) < accounts.to);
        assert!(accounts_after(Some(&last)).from >= accounts.to);
    }
}
