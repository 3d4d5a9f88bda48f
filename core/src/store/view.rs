//! The rows that an act reads, as typed records.

use std::cell::{Ref, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;

use super::port::{Read, StoreError};
use super::range::Range;
use super::tables;
use crate::crypto::data_key::{DataKey, WRAPPED_LEN};
use crate::crypto::keys::Keys;
use crate::crypto::seal::{Place, SealKey};
use crate::ground::codec::{self, Record};
use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, FlowId};
use crate::ground::time::Timestamp;
use crate::records::account::Account;
use crate::records::audit::Event;
use crate::records::caller::{self, Caller, Recognition};
use crate::records::chain::Activity;
use crate::records::claim::{Claim, Marker};
use crate::records::flow::FlowRecord;
use crate::records::identifier::Identifier;
use crate::records::mailed_code::AddressHash;
use crate::records::meta::Meta;
use crate::records::pending::Pending;
use crate::records::provider::GivenKeys;
use crate::records::purge::Tombstone;
use crate::records::session::Client;
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
    data_keys: RefCell<HashMap<AccountId, Held>>,
    flows: RefCell<BTreeMap<FlowId, Timestamp>>,
    taken_over: RefCell<BTreeSet<[u8; 32]>>,
    claims: RefCell<HashMap<[u8; 32], Option<AccountId>>>,
}

/// An account's data key, and the same key as it is wrapped in the account's row.
pub(crate) struct Held {
    pub(crate) key: DataKey,
    pub(crate) wrapped: Vec<u8>,
}

impl<'a> View<'a> {
    pub(crate) fn new(read: &'a dyn Read, keys: &'a Keys, now: Timestamp) -> Self {
        Self {
            read,
            keys,
            now,
            data_keys: RefCell::default(),
            flows: RefCell::default(),
            taken_over: RefCell::default(),
            claims: RefCell::default(),
        }
    }

    /// The account, unless it is absent (SPEC 9.3).
    pub(crate) fn account(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        Ok(self.stored(id)?.filter(|account| !account.is_absent(self.now)))
    }

    /// The account, even if it is absent, as long as its row exists.
    pub(crate) fn stored(&self, id: AccountId) -> Result<Option<Account>, StoreError> {
        let key = tables::account(&id);
        let Some(row) = self.read.get(&key)? else { return Ok(None) };
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
        if account.revision != u64::from_be_bytes(*revision) || account.id != id {
            return Err(StoreError::Damaged);
        }
        Ok(Some(account))
    }

    /// The account that holds the identifier.
    pub(crate) fn holder(&self, identifier: &Identifier) -> Result<Option<Account>, StoreError> {
        let hash = self.claim_hash(identifier);
        let Some(id) = self.claimed_by(&hash)? else { return Ok(None) };
        // The claim's row outlives an expired reservation, which no longer holds the identifier.
        let holder = self.account(id)?.filter(|account| account.claims(identifier, self.now));
        if holder.is_none() {
            self.taken_over.borrow_mut().insert(hash);
        }
        Ok(holder)
    }

    /// The account that the claim of this hash names, even if it is absent.
    pub(crate) fn claimed_by(&self, hash: &[u8; 32]) -> Result<Option<AccountId>, StoreError> {
        if let Some(known) = self.claims.borrow().get(hash) {
            return Ok(*known);
        }
        let claim: Option<Claim> = self.row(&tables::claim(hash))?;
        let account = claim.map(|Claim(account)| account);
        self.claims.borrow_mut().insert(*hash, account);
        Ok(account)
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
        let Some(sealed) = self.read.get(&key)? else { return Ok(None) };
        opened(held.key.seal_key(), &Place { key: &key, part: 0, clear: &[] }, &sealed).map(Some)
    }

    /// The accounts with this verified email, earliest first.
    pub(crate) fn sharing(&self, email: &EmailAddress) -> Result<Vec<Account>, StoreError> {
        let mut ids = Vec::new();
        self.rows(&tables::emails(&self.email_hash(email)), usize::MAX, |key, sealed| {
            self.open_row::<Marker>(key, sealed)?;
            ids.push(AccountId::from_bytes(last_chunk(key)?));
            Ok(())
        })?;
        let mut accounts = Vec::with_capacity(ids.len());
        for id in ids {
            accounts.extend(self.account(id)?.filter(|account| account.has_verified(email)));
        }
        Ok(accounts)
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

    /// The caller that a client is: which of the recognitions that it presents live (SPEC 12.7).
    pub(crate) fn caller(&self, client: &Client) -> Result<Caller, StoreError> {
        let mut caller = Caller::stranger(client, self.keys);
        for token in client.recognitions() {
            let (account, hash) = (token.account(), caller::recognition_hash(token, self.keys));
            let recognition: Option<Recognition> = self.row(&tables::recognition(&account, &hash))?;
            if recognition.is_some_and(|recognition| recognition.is_live(self.now)) {
                caller.recognitions.push((account, hash));
            }
        }
        Ok(caller)
    }

    /// The flow, even if it has ended.
    pub(crate) fn flow(&self, id: FlowId) -> Result<Option<FlowRecord>, StoreError> {
        let flow: Option<FlowRecord> = self.row(&tables::flow(&id))?;
        if let Some(flow) = &flow {
            self.flows.borrow_mut().insert(id, flow.expires_at);
        }
        Ok(flow)
    }

    /// Up to `most` flows that have ended.
    pub(crate) fn flows_due(&self, most: usize) -> Result<Vec<FlowRecord>, StoreError> {
        let mut ids = Vec::new();
        self.rows(&tables::flows_due(self.now), most, |key, _| {
            ids.push(FlowId::from_bytes(last_chunk(key)?));
            Ok(())
        })?;
        let mut flows = Vec::with_capacity(ids.len());
        for id in ids {
            flows.push(self.flow(id)?.ok_or(StoreError::Damaged)?);
        }
        Ok(flows)
    }

    /// The flows that wait for the proof of this address, oldest first.
    pub(crate) fn waiting(&self, address: &AddressHash) -> Result<Vec<FlowId>, StoreError> {
        let mut ids = Vec::new();
        self.rows(&tables::waiting_for(address), usize::MAX, |key, _| {
            ids.push(FlowId::from_bytes(last_chunk(key)?));
            Ok(())
        })?;
        Ok(ids)
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

    pub(crate) fn meta(&self) -> Result<Meta, StoreError> {
        self.row(&tables::meta())?.ok_or(StoreError::Damaged)
    }

    /// Engine time.
    pub(super) fn now(&self) -> Timestamp {
        self.now
    }

    pub(super) fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.read.get(key)
    }

    pub(super) fn holds(&self, key: &[u8]) -> Result<bool, StoreError> {
        Ok(self.read.get(key)?.is_some())
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

    /// When a flow ends, as this act read it.
    pub(crate) fn flow_end(&self, id: FlowId) -> Option<Timestamp> {
        self.flows.borrow().get(&id).copied()
    }

    /// Whether this act has seen that the claim belongs to an absent account (SPEC 9.3).
    pub(crate) fn is_taken_over(&self, hash: &[u8; 32]) -> bool {
        self.taken_over.borrow().contains(hash)
    }

    pub(crate) fn claim_hash(&self, identifier: &Identifier) -> [u8; 32] {
        match identifier {
            Identifier::PasswordEmail(email) => {
                self.keys.lookup(tables::CLAIM.kind, &[b"password", email.canonical().as_bytes()])
            }
            Identifier::Identity(identity) => self.keys.lookup(
                tables::CLAIM.kind,
                &[b"identity", identity.issuer.as_bytes(), identity.subject.as_bytes()],
            ),
            Identifier::Customer(customer) => {
                self.keys.lookup(tables::CLAIM.kind, &[b"customer", customer.as_str().as_bytes()])
            }
            Identifier::External(id) => self.keys.lookup(tables::CLAIM.kind, &[b"external", id.as_bytes()]),
        }
    }

    pub(crate) fn email_hash(&self, email: &EmailAddress) -> [u8; 32] {
        self.keys.lookup(tables::EMAIL.kind, &[email.canonical().as_bytes()])
    }

    pub(crate) fn issuer_hash(&self, issuer: &str) -> [u8; 32] {
        self.keys.lookup(tables::KEY_SET.kind, &[issuer.as_bytes()])
    }

    pub(super) fn row<R: Record>(&self, key: &[u8]) -> Result<Option<R>, StoreError> {
        self.read.get(key)?.map(|sealed| self.open_row(key, &sealed)).transpose()
    }

    pub(super) fn open_row<R: Record>(&self, key: &[u8], sealed: &[u8]) -> Result<R, StoreError> {
        opened(self.keys.rows(), &Place { key, part: 0, clear: &[] }, sealed)
    }

    pub(super) fn rows(
        &self,
        range: &Range,
        most: usize,
        mut take: impl FnMut(&[u8], &[u8]) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut left = most;
        let mut outcome = Ok(());
        self.read.scan(&range.from, &range.to, &mut |key, value| {
            if left == 0 {
                return ControlFlow::Break(());
            }
            left -= 1;
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
