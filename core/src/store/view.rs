//! The rows that an act reads, as typed records.

use std::cell::{Ref, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ops::ControlFlow;

use super::port::{Read, StoreError, Want};
use super::range::Range;
use super::stage::revision_of;
use super::tables::{self, Table};
use crate::crypto::data_key::{DataKey, WRAPPED_LEN};
use crate::crypto::keys::Keys;
use crate::crypto::seal::{Place, SealKey};
use crate::ground::codec::{self, Record};
use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, FlowId};
use crate::ground::time::Timestamp;
use crate::records::account::Account;
use crate::records::audit::Event;
use crate::records::chain::Activity;
use crate::records::claim::{Claim, Marker, ProvenBy};
use crate::records::clock::StoredClock;
use crate::records::meta::Meta;
use crate::records::method::Specimen;
use crate::records::pending::Pending;
use crate::records::provider::GivenKeys;
use crate::records::purge::Tombstone;
use crate::records::throttle::UnknownSlot;
use crate::records::undo::{Undo, UndoHash};

/// The format of an account's row: `[revision 8][format 1][wrapped data key][sealed account]`.
pub(crate) const ACCOUNT_FORMAT: u8 = 1;
/// The format of a tombstone: `[revision 8][format 1][sealed under the store's key]`.
pub(crate) const TOMBSTONE_FORMAT: u8 = 0xff;
pub(crate) const ACCOUNT_HEAD: usize = 8 + 1 + WRAPPED_LEN;

/// The rows that one act sees. It remembers what the act read, because writing needs that again.
pub(crate) struct View<'a> {
    read: &'a dyn Read,
    keys: &'a Keys,
    now: Timestamp,
    slow: Timestamp,
    data_keys: RefCell<HashMap<AccountId, Held>>,
    flows: RefCell<BTreeMap<FlowId, Vec<Vec<u8>>>>,
    pub(super) taken_over: RefCell<BTreeSet<[u8; 32]>>,
    pub(super) claims: RefCell<HashMap<[u8; 32], Option<AccountId>>>,
    specimens: RefCell<HashMap<AccountId, Option<Specimen>>>,
    /// The keys of rows that are not there, as [`Self::look_ahead`] found.
    absent: RefCell<HashSet<Vec<u8>>>,
    /// The revisions of the rows that an act has read. `None` if the view is only for looking.
    seen: Option<RefCell<HashMap<Vec<u8>, u64>>>,
}

/// An account's data key, and the same key as it is wrapped in the account's row.
pub(crate) struct Held {
    pub(crate) key: DataKey,
    pub(crate) wrapped: Vec<u8>,
}

impl<'a> View<'a> {
    /// Makes a view for looking only. `now` is engine time and `slow` the slow clock (SPEC 12.4).
    pub(crate) fn new(read: &'a dyn Read, keys: &'a Keys, now: Timestamp, slow: Timestamp) -> Self {
        Self {
            seen: None,
            read,
            keys,
            now,
            slow,
            data_keys: RefCell::default(),
            flows: RefCell::default(),
            taken_over: RefCell::default(),
            claims: RefCell::default(),
            specimens: RefCell::default(),
            absent: RefCell::default(),
        }
    }

    /// Makes a view for an act, which guards every row that it read and then writes.
    pub(crate) fn of_act(read: &'a dyn Read, keys: &'a Keys, now: Timestamp, slow: Timestamp) -> Self {
        Self { seen: Some(RefCell::default()), ..Self::new(read, keys, now, slow) }
    }

    /// Takes the revision of a row as this act read it. A sealed row begins with a random nonce, so its first
    /// bytes differ each time it is written. `None` if the act did not read the row, or if the row is empty.
    pub(super) fn take_revision(&self, key: &[u8]) -> Option<u64> {
        self.seen.as_ref()?.borrow_mut().remove(key)
    }

    fn see(&self, key: &[u8], value: Option<&[u8]>) {
        if let (Some(seen), Some(revision)) = (&self.seen, revision_of(value)) {
            seen.borrow_mut().insert(key.to_vec(), revision);
        }
    }

    /// The account, unless it is absent (SPEC 9.3).
    pub(crate) fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        Ok(self.stored(id)?.filter(|account| !account.is_absent(self.slow)))
    }

    /// The account, even if it is absent, as long as its row exists.
    pub(crate) fn stored(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let key = tables::account(&id);
        let Some(row) = self.get(&key)? else { return Ok(None) };
        if row.get(8) == Some(&TOMBSTONE_FORMAT) {
            let (head, sealed) = row.split_at_checked(9).ok_or(StoreError::Damaged)?;
            let place = Place { key: &key, part: 0, clear: head };
            let Tombstone { account, .. } = opened(self.keys.rows(), &place, sealed)?;
            return if account == id { Ok(None) } else { Err(StoreError::Damaged) };
        }
        let (head, sealed) = row.split_at_checked(ACCOUNT_HEAD).ok_or(StoreError::Damaged)?;
        let (revision, rest) = head.split_first_chunk::<8>().ok_or(StoreError::Damaged)?;
        let (format, wrapped) = rest.split_first().ok_or(StoreError::Damaged)?;
        if *format != ACCOUNT_FORMAT {
            return Err(StoreError::NewerFormat);
        }
        let held = Held {
            key: self.keys.unwrap_account(&id, wrapped).map_err(|_| StoreError::Damaged)?,
            wrapped: wrapped.to_vec(),
        };
        let place = Place { key: &key, part: 0, clear: head };
        let account: Account = opened(held.key.seal_key(), &place, sealed)?;
        self.data_keys.borrow_mut().insert(id, held);
        self.specimens.borrow_mut().insert(id, account.specimen());
        if account.revision != u64::from_be_bytes(*revision) || account.id != id {
            return Err(StoreError::Damaged);
        }
        Ok(Some(account))
    }

    /// The undos of an account that this act has read, including expired ones.
    pub(crate) fn undos(&self, account: AccountId) -> Result<Vec<(UndoHash, Undo)>, StoreError> {
        let held = self.held(account)?;
        let mut undos = Vec::new();
        self.rows(&tables::undos(&account), usize::MAX, |key, sealed| {
            let place = Place { key, part: 0, clear: &[] };
            undos.push((last_chunk(key)?, opened(held.key.seal_key(), &place, sealed)?));
            Ok(())
        })?;
        Ok(undos)
    }

    /// The account whose act the code undoes.
    pub(crate) fn undone_by(&self, code: &UndoHash) -> Result<Option<AccountId>, StoreError> {
        Ok(self.row(&tables::undo_code(code))?.map(|Claim(id)| id))
    }

    /// The pending change of an account that this act has read.
    pub(crate) fn pending(&self, account: AccountId) -> Result<Option<Pending>, StoreError> {
        let held = self.held(account)?;
        let key = tables::pending(&account);
        let Some(sealed) = self.get(&key)? else { return Ok(None) };
        opened(held.key.seal_key(), &Place { key: &key, part: 0, clear: &[] }, &sealed).map(Some)
    }

    /// The accounts with this verified email, earliest first.
    pub(crate) fn sharing(&self, email: &EmailAddress) -> Result<Vec<Account>, StoreError> {
        let mut accounts = Vec::new();
        for id in self.proven(email)? {
            accounts.extend(self.account(id)?.filter(|account| account.has_verified(email)));
        }
        Ok(accounts)
    }

    /// The ids of these accounts. Some may be absent.
    pub(crate) fn proven(&self, email: &EmailAddress) -> Result<Vec<AccountId>, StoreError> {
        let proven: Option<ProvenBy> = self.row(&tables::email(&self.email_hash(email)))?;
        Ok(proven.map(|ProvenBy(accounts)| accounts).unwrap_or_default())
    }

    /// The accounts that the device offers, oldest first. Some may no longer exist.
    pub(crate) fn remembered(&self) -> Result<Vec<AccountId>, StoreError> {
        let mut ids = Vec::new();
        self.rows(&tables::all_here(), usize::MAX, |key, sealed| {
            self.open_row::<Marker>(key, sealed)?;
            ids.push(AccountId::from_bytes(last_chunk(key)?));
            Ok(())
        })?;
        Ok(ids)
    }

    /// The account whose password has this unproven email, if it is the only one (SPEC 2.8).
    pub(crate) fn only_unproven(&self, email: &EmailAddress) -> Result<Option<Account>, StoreError> {
        let mut ids = Vec::new();
        self.rows(&tables::all_unproven(&self.email_hash(email)), usize::MAX, |key, sealed| {
            self.open_row::<Marker>(key, sealed)?;
            ids.push(AccountId::from_bytes(last_chunk(key)?));
            Ok(())
        })?;
        let mut found = Vec::new();
        for id in ids {
            found.extend(self.account(id)?);
        }
        Ok(if found.len() == 1 { found.pop() } else { None })
    }

    /// The failures counted against an identifier that nobody holds.
    pub(crate) fn unknown(&self, identifier: [u8; 32]) -> Result<UnknownSlot, StoreError> {
        let empty = UnknownSlot::new(identifier);
        let stored: Option<UnknownSlot> = self.row(&tables::unknown(empty.slot))?;
        Ok(stored.filter(|slot| slot.identifier == identifier).unwrap_or(empty))
    }

    /// The events of an account that this act has read: those from `first` on, up to `most`.
    pub(crate) fn events(
        &self,
        account: AccountId,
        first: u64,
        most: usize,
    ) -> Result<Vec<Activity>, StoreError> {
        let held = self.held(account)?;
        let mut events = Vec::new();
        let range = Range { from: tables::event(&account, first), to: tables::events(&account).to };
        self.rows(&range, most, |key, sealed| {
            let event: Event = opened(held.key.seal_key(), &Place { key, part: 0, clear: &[] }, sealed)?;
            events.push(Activity { sequence: u64::from_be_bytes(last_chunk(key)?), event });
            Ok(())
        })?;
        Ok(events)
    }

    /// The key set of an issuer, as the host last gave it.
    pub(crate) fn key_set(&self, issuer: &str) -> Result<Option<GivenKeys>, StoreError> {
        self.row(&tables::key_set(&self.issuer_hash(issuer)))
    }

    /// How many accounts there are. Costs one scan for each.
    pub(crate) fn count_accounts(&self) -> Result<u64, StoreError> {
        let (mut count, mut last) = (0, None);
        loop {
            let mut first = None;
            self.rows(&tables::accounts_after(last.as_ref()), 1, |key, row| {
                first = Some(AccountId::from_bytes(key.first_chunk().copied().ok_or(StoreError::Damaged)?));
                let is_account = Table::of(key) == Some(&tables::ACCOUNT);
                count += u64::from(is_account && row.get(8) != Some(&TOMBSTONE_FORMAT));
                Ok(())
            })?;
            if first.is_none() {
                return Ok(count);
            }
            last = first;
        }
    }

    pub(crate) fn meta(&self) -> Result<Meta, StoreError> {
        self.row(&tables::meta())?.ok_or(StoreError::Damaged)
    }

    /// The clock that the store keeps.
    pub(crate) fn clock(&self) -> Result<StoredClock, StoreError> {
        self.row(&tables::time())?.ok_or(StoreError::Damaged)
    }

    /// The slow clock.
    pub(super) fn slow(&self) -> Timestamp {
        self.slow
    }

    /// Engine time.
    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    /// Reads many rows in the order of their keys, of which most are not there. Neighbours share a page of the file, so
    /// that this reads each page once. Reading them one by one in another order reads a page for nearly every row. A store
    /// on another machine reads all of them at once.
    pub(crate) fn look_ahead(&self, mut keys: Vec<Vec<u8>>) -> Result<(), StoreError> {
        keys.sort_unstable();
        keys.dedup();
        self.prefetch(&|| keys.iter().cloned().map(Want::Row).collect())?;
        for key in keys {
            if self.read.get(&key)?.is_none() {
                self.absent.borrow_mut().insert(key);
            }
        }
        Ok(())
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let value = if self.absent.borrow().contains(key) { None } else { self.read.get(key)? };
        self.see(key, value.as_deref());
        Ok(value)
    }

    pub(super) fn prefetch(&self, wants: &dyn Fn() -> Vec<Want>) -> Result<(), StoreError> {
        self.read.prefetch(wants)
    }

    pub(super) fn holds(&self, key: &[u8]) -> Result<bool, StoreError> {
        Ok(self.get(key)?.is_some())
    }

    pub(crate) fn keys(&self) -> &Keys {
        self.keys
    }

    /// The data key of an account that this act has read or made.
    pub(crate) fn held(&self, account: AccountId) -> Result<Ref<'_, Held>, StoreError> {
        Ref::filter_map(self.data_keys.borrow(), |held| held.get(&account)).map_err(|_| StoreError::Damaged)
    }

    /// The data key of an account that this act makes.
    pub(crate) fn hold(&self, account: AccountId, held: Held) {
        self.data_keys.borrow_mut().insert(account, held);
    }

    /// The specimen of an account's password, as this act read it.
    pub(super) fn specimen_of(&self, account: AccountId) -> Option<Specimen> {
        self.specimens.borrow().get(&account).cloned().flatten()
    }

    /// The keys of the rows that find a flow, as this act read or wrote it.
    pub(super) fn noted_flow(&self, id: FlowId) -> Vec<Vec<u8>> {
        self.flows.borrow().get(&id).cloned().unwrap_or_default()
    }

    pub(super) fn note_flow(&self, id: FlowId, found_by: Vec<Vec<u8>>) {
        self.flows.borrow_mut().insert(id, found_by);
    }

    pub(crate) fn email_hash(&self, email: &EmailAddress) -> [u8; 32] {
        self.keys.lookup(tables::EMAIL.kind, &[email.canonical().as_bytes()])
    }

    pub(crate) fn issuer_hash(&self, issuer: &str) -> [u8; 32] {
        self.keys.lookup(tables::KEY_SET.kind, &[issuer.as_bytes()])
    }

    pub(super) fn row<R: Record>(&self, key: &[u8]) -> Result<Option<R>, StoreError> {
        self.get(key)?.map(|sealed| self.open_row(key, &sealed)).transpose()
    }

    pub(super) fn open_row<R: Record>(&self, key: &[u8], sealed: &[u8]) -> Result<R, StoreError> {
        opened(self.keys.rows(), &Place { key, part: 0, clear: &[] }, sealed)
    }

    /// The ids at the end of up to `most` keys.
    pub(super) fn ids<T>(
        &self,
        range: &Range,
        most: usize,
        id: impl Fn([u8; 16]) -> T,
    ) -> Result<Vec<T>, StoreError> {
        let mut ids = Vec::new();
        self.rows(range, most, |key, _| {
            ids.push(id(last_chunk(key)?));
            Ok(())
        })?;
        Ok(ids)
    }

    pub(super) fn rows(
        &self,
        range: &Range,
        most: usize,
        mut take: impl FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        self.read.scan(&range.from, &range.to, most, &mut |key, value| {
            self.see(key, Some(value));
            outcome = take(key, value);
            if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        outcome
    }
}

pub(super) fn opened<R: Record>(key: &SealKey, place: &Place<'_>, sealed: &[u8]) -> Result<R, StoreError> {
    let plain = key.open(place, sealed).map_err(|_| StoreError::Damaged)?;
    codec::decode(&plain).map_err(|_| StoreError::Damaged)
}

pub(super) fn last_chunk<const N: usize>(key: &[u8]) -> Result<[u8; N], StoreError> {
    key.last_chunk().copied().ok_or(StoreError::Damaged)
}
