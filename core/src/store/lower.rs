//! Turns the changes that a rule wants into rows. Everything that can fail happens here, before any write.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::port::{Row, StoreError, Write};
use super::tables;
use super::view::{ACCOUNT_FORMAT, Held, View};
use crate::crypto::data_key::DataKey;
use crate::crypto::entropy::Pooled;
use crate::crypto::seal::{Place, SealKey};
use crate::ground::codec::{self, Record};
use crate::ground::email::EmailAddress;
use crate::ground::entropy::{Entropy, EntropyFailed};
use crate::ground::id::{AccountId, SessionId};
use crate::records::account::Account;
use crate::records::audit::Event;
use crate::records::claim::{Claim, Marker, ProvenBy};
use crate::records::clock::{ClockEvent, StoredClock, Timeline};
use crate::records::context::Context;
use crate::records::meta::Meta;
use crate::records::undo::{Undo, UndoHash};
use crate::records::verdict::Change;
use crate::rules::session;

/// The most events that one act drops, so that no act pays for years of events.
const DROPPED_AT_ONCE: usize = 8;
/// The most expired undos that a new undo removes.
const CLEARED_AT_ONCE: usize = 8;

/// An act with more changes than this draws randomness in large pieces.
const MANY_CHANGES: usize = 128;

/// Turns changes into rows.
pub(crate) fn lower(
    view: &View<'_>,
    ctx: &Context<'_>,
    entropy: &dyn Entropy,
    changes: Vec<Change>,
) -> Result<Vec<Row>, StoreError> {
    let pooled = Pooled::new(entropy);
    let mut lowering = Lowering {
        view,
        ctx,
        // An act that seals many rows draws the randomness for many of them at once.
        entropy: if changes.len() > MANY_CHANGES { &pooled } else { entropy },
        rows: Vec::new(),
        meta: None,
        proven: BTreeMap::new(),
        ended: Vec::new(),
        sent: 0,
    };
    for change in changes {
        lowering.change(change)?;
    }
    if let Some(meta) = lowering.meta.take() {
        lowering.put_sealed(tables::meta(), &meta)?;
    }
    for (key, accounts) in std::mem::take(&mut lowering.proven) {
        match accounts.is_empty() {
            true => lowering.rows.push(delete(key)),
            false => lowering.put_sealed(key, &ProvenBy(accounts))?,
        }
    }
    for row in &mut lowering.rows {
        guard(row, view);
    }
    Ok(lowering.rows)
}

/// Makes the rows of the store's clock, and of what happened to it.
pub(crate) fn clock_rows(
    view: &View<'_>,
    entropy: &dyn Entropy,
    mut clock: StoredClock,
    event: Option<&ClockEvent>,
) -> Result<Vec<Row>, StoreError> {
    let rows_key = view.keys().rows();
    let mut rows = Vec::new();
    if let Some(event) = event {
        rows.push(sealed_row(rows_key, entropy, tables::clock(clock.events), event)?);
        clock.events += 1;
    }
    rows.push(sealed_row(rows_key, entropy, tables::time(), &clock)?);
    rows.iter_mut().for_each(|row| guard(row, view));
    Ok(rows)
}

/// Makes the act depend on the row being as the act read it, so that two acts that decide on one row conflict
/// even in a store whose plain writes do not.
fn guard(row: &mut Row, view: &View<'_>) {
    if let Write::Put(_) | Write::Delete = row.write
        && let Some(revision) = view.take_revision(&row.key)
    {
        let value = match std::mem::replace(&mut row.write, Write::Delete) {
            Write::Put(value) => Some(value),
            _ => None,
        };
        row.write = Write::Guarded { value, revision };
    }
}

/// Makes the first rows of a store.
pub(crate) fn first_rows(
    header: Vec<u8>,
    rows_key: &SealKey,
    entropy: &dyn Entropy,
    time: Timeline,
) -> Result<Vec<Row>, StoreError> {
    let meta = Meta { undelivered: 0, erasure_pending: None };
    let clock = StoredClock { time, sightings: Vec::new(), events: 0 };
    Ok(vec![
        put(tables::header(), header),
        sealed_row(rows_key, entropy, tables::meta(), &meta)?,
        sealed_row(rows_key, entropy, tables::time(), &clock)?,
    ])
}

pub(super) struct Lowering<'a> {
    pub(super) view: &'a View<'a>,
    pub(super) ctx: &'a Context<'a>,
    pub(super) entropy: &'a dyn Entropy,
    pub(super) rows: Vec<Row>,
    meta: Option<Meta>,
    /// The accounts with each verified email of this act, by the key of the email's row.
    proven: BTreeMap<Vec<u8>, Vec<AccountId>>,
    /// Sessions that the account of this act no longer counts.
    ended: Vec<SessionId>,
    /// How many notices the act sends.
    pub(super) sent: u16,
}

impl Lowering<'_> {
    fn change(&mut self, change: Change) -> Result<(), StoreError> {
        match change {
            Change::Account { account, event } => self.account(*account, event),
            Change::Claimed { identifier, account } => {
                let hash = self.view.claim_hash(&identifier);
                let key = tables::claim(&hash);
                let value = self.seal(&key, &Claim(account))?;
                let is_ours = self.view.claimed_by(&hash)? == Some(account);
                let write = if is_ours || self.view.is_taken_over(&hash) {
                    Write::Put(value)
                } else {
                    Write::Claim(value)
                };
                self.rows.push(Row { key, write });
                Ok(())
            }
            Change::Buried { tombstone, revision } => self.buried(&tombstone, revision),
            Change::DeletionScheduled { account, purge_at, reminders } => {
                self.scheduled(account, purge_at, reminders)
            }
            Change::DeletionUnscheduled { account, purge_at } => {
                self.unscheduled(account, purge_at);
                Ok(())
            }
            Change::Purging { account, purge_at, progress } => {
                self.put_sealed(tables::purge(purge_at, &account), &progress)
            }
            Change::Reminded(due) => {
                self.rows.push(delete(tables::reminder(due.at, &due.account, due.number)));
                Ok(())
            }
            Change::Request(request) => self.request(&request),
            Change::RowsPurged(keys) => {
                self.rows.extend(keys.into_iter().map(delete));
                Ok(())
            }
            Change::SessionsResumed { account } => self.resumed(account),
            Change::SessionsSuspended { account } => {
                self.pending_ends(account, |_| true)?;
                self.suspended(account)
            }
            Change::Supported(record) => self.supported(&record),
            Change::Flow(flow) => self.flow(&flow),
            Change::FlowEnded(id) | Change::FlowOver(id) => self.flow_ended(id),
            Change::SessionsCrowded { account, sessions } => self.crowded(account, sessions),
            Change::Paced { hash, pace } => self.put_sealed(tables::pace(&hash), &pace),
            Change::PaceOver(key) => {
                self.rows.push(delete(key));
                Ok(())
            }
            Change::Pending { account, pending } => {
                self.put_sealed_by(account, tables::pending(&account), &*pending)
            }
            Change::PendingVoid(account) => {
                if self.view.pending(account)?.is_some() {
                    self.rows.push(delete(tables::pending(&account)));
                }
                Ok(())
            }
            Change::Unproven { email, account } => {
                self.proven_by(&email)?.retain(|other| *other != account);
                Ok(())
            }
            Change::Undoable { account, hash, undo } => self.undoable(account, &hash, &undo),
            Change::UndoVoid { account, hash } => {
                self.undo_over(account, &hash);
                Ok(())
            }
            Change::Proven { email, account } => {
                let accounts = self.proven_by(&email)?;
                accounts.push(account);
                accounts.sort_unstable();
                accounts.dedup();
                Ok(())
            }
            Change::Released { identifier, account } => {
                let hash = self.view.claim_hash(&identifier);
                // After a reservation expires, another account may have taken the claim over.
                if self.view.claimed_by(&hash)? == Some(account) {
                    self.rows.push(delete(tables::claim(&hash)));
                }
                Ok(())
            }
            Change::FoundUnproven { email, account, is_found: true } => {
                self.put_sealed(tables::unproven(&self.view.email_hash(&email), &account), &Marker)
            }
            Change::FoundUnproven { email, account, is_found: false } => {
                self.rows.push(delete(tables::unproven(&self.view.email_hash(&email), &account)));
                Ok(())
            }
            Change::Remembered { account, is_remembered: true } => {
                self.put_sealed(tables::here(&account), &Marker)
            }
            Change::Remembered { account, is_remembered: false } => {
                self.rows.push(delete(tables::here(&account)));
                Ok(())
            }
            Change::Keys { issuer, given } => {
                self.put_sealed(tables::key_set(&self.view.issuer_hash(&issuer)), &*given)
            }
            Change::Dropped(id) => self.dropped(id),
            Change::GivenUp(id) => self.given_up(id),
            Change::Message(message) => self.message(&message),
            Change::Postponed(id, turn_at) => self.postponed(id, turn_at),
            Change::Send(message) => self.send(message),
            Change::Recognized { account, hash, recognition } => {
                self.put_sealed(tables::recognition(&account, &hash), &recognition)
            }
            Change::RecognitionsCrowded { account } => self.recognitions_crowded(account),
            Change::Unrecognized { account, hash } => {
                self.rows.push(delete(tables::recognition(&account, &hash)));
                Ok(())
            }
            Change::Session { session, secret } => self.session(&session, &secret),
            Change::SessionEnded { account, session, forgets } => {
                if forgets {
                    self.forgotten(account, |sessions| sessions.contains(&session))?;
                }
                self.pending_ends(account, |of| of == session)?;
                self.rows.push(delete(tables::session(&account, &session)));
                let waiting = tables::suspended(&account, &session);
                if self.view.holds(&waiting)? {
                    self.rows.push(delete(waiting));
                }
                Ok(())
            }
            Change::SessionsEnded { account, except } => {
                self.forgotten(account, |sessions| !sessions.iter().any(|id| Some(*id) == except))?;
                self.pending_ends(account, |of| Some(of) != except)?;
                let ended =
                    self.view.session_ids(account, usize::MAX)?.into_iter().filter(|id| Some(*id) != except);
                self.rows.extend(ended.map(|id| delete(tables::session(&account, &id))));
                self.suspended_ended(account)
            }
            Change::Unknown(slot) => self.put_sealed(tables::unknown(slot.slot), &slot),
        }
    }

    fn account(&mut self, mut account: Account, event: Event) -> Result<(), StoreError> {
        let id = account.id;
        let revision = account.revision;
        if revision == 0 {
            self.new_data_key(id)?;
        }
        self.specimen(&account)?;
        self.drop_old_events(&mut account)?;
        std::mem::take(&mut self.ended).into_iter().for_each(|session| account.session_ends(session));
        let appended = account.chain.append(event).map_err(|_| StoreError::TooLarge)?;
        account.revision += 1;
        let held = self.view.held(id)?;
        let key = tables::event(&id, appended.sequence);
        let place = Place { key: &key, part: 0, clear: &[] };
        let event = sealed(held.key.seal_key(), self.entropy, &place, &appended.event)?;
        self.rows.push(put(key, event));

        let key = tables::account(&id);
        let mut value = account.revision.to_be_bytes().to_vec();
        value.push(ACCOUNT_FORMAT);
        value.extend_from_slice(&held.wrapped);
        let place = Place { key: &key, part: 0, clear: &value };
        let body = sealed(held.key.seal_key(), self.entropy, &place, &account)?;
        value.extend_from_slice(&body);
        self.rows.push(Row { key, write: Write::Guarded { value: Some(value), revision } });
        Ok(())
    }

    /// Returns the accounts that have the email verified, to change them.
    fn proven_by(&mut self, email: &EmailAddress) -> Result<&mut Vec<AccountId>, StoreError> {
        match self.proven.entry(tables::email(&self.view.email_hash(email))) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => {
                let accounts = self.view.proven(email)?;
                Ok(new.insert(accounts))
            }
        }
    }

    fn crowded(&mut self, account: AccountId, sessions: u16) -> Result<(), StoreError> {
        let old = self.view.sessions_by(account, session::old_at(self.ctx.now, self.ctx.policy))?;
        let (mut ended, more) = session::crowded_out(sessions, &old, self.ctx);
        if more > 0 {
            let mut oldest = self.view.session_ids(account, ended.len() + more)?;
            if oldest.is_empty() {
                // This act resumes the suspended sessions, except the oldest.
                oldest = self.view.suspended_rows(account)?.into_iter().map(|(id, _)| id).collect();
            }
            oldest.retain(|session| !ended.contains(session));
            ended.extend(oldest.into_iter().take(more));
        }
        if !ended.is_empty() {
            self.pending_ends(account, |of| ended.contains(&of))?;
        }
        self.rows.extend(ended.iter().map(|session| delete(tables::session(&account, session))));
        self.ended = ended;
        Ok(())
    }

    /// Removes the pending change of a session that has ended (SPEC 7.1).
    fn pending_ends(
        &mut self,
        account: AccountId,
        is_over: impl Fn(SessionId) -> bool,
    ) -> Result<(), StoreError> {
        if self.view.pending(account)?.is_some_and(|pending| is_over(pending.session)) {
            self.rows.push(delete(tables::pending(&account)));
        }
        Ok(())
    }

    /// Writes a new undo and removes a few that have expired.
    fn undoable(&mut self, account: AccountId, hash: &UndoHash, undo: &Undo) -> Result<(), StoreError> {
        let mut over = self.view.undos(account)?;
        let lives = |undo: &Undo| self.ctx.throttle_clock < undo.expires_at;
        // The records of later acts tell which codes were used after a live record, so they are kept while that record
        // is live.
        let oldest = over.iter().filter(|(_, undo)| lives(undo)).map(|(_, undo)| undo.revision).min();
        over.retain(|(_, undo)| !lives(undo) && oldest.is_none_or(|oldest| undo.revision < oldest));
        over.iter().take(CLEARED_AT_ONCE).for_each(|(hash, _)| self.undo_over(account, hash));
        self.put_sealed(tables::undo_code(hash), &Claim(account))?;
        self.put_sealed_by(account, tables::undo(&account, hash), undo)
    }

    fn undo_over(&mut self, account: AccountId, hash: &UndoHash) {
        self.rows.push(delete(tables::undo(&account, hash)));
        self.rows.push(delete(tables::undo_code(hash)));
    }

    fn new_data_key(&self, id: AccountId) -> Result<(), StoreError> {
        let key = DataKey::make(self.entropy)?;
        let wrapped = self.view.keys().wrap_account(self.entropy, &id, &key)?;
        self.view.hold(id, Held { key, wrapped });
        Ok(())
    }

    fn drop_old_events(&mut self, account: &mut Account) -> Result<(), StoreError> {
        if !account.chain.is_due(self.ctx.now) {
            return Ok(());
        }
        let events = self.view.events(account.id, account.chain.oldest, DROPPED_AT_ONCE + 1)?;
        for pair in events.windows(2) {
            let [dropped, next] = pair else { break };
            if !account.chain.is_due(self.ctx.now) {
                break;
            }
            account.chain.drop_oldest(&dropped.event, &next.event).map_err(|_| StoreError::Damaged)?;
            self.rows.push(delete(tables::event(&account.id, dropped.sequence)));
        }
        Ok(())
    }

    pub(super) fn meta(&mut self) -> Result<&mut Meta, StoreError> {
        let meta = match self.meta.take() {
            Some(meta) => meta,
            None => self.view.meta()?,
        };
        Ok(self.meta.insert(meta))
    }

    pub(super) fn put_sealed<R: Record>(&mut self, key: Vec<u8>, record: &R) -> Result<(), StoreError> {
        let value = self.seal(&key, record)?;
        self.rows.push(put(key, value));
        Ok(())
    }

    fn put_sealed_by<R: Record>(
        &mut self,
        account: AccountId,
        key: Vec<u8>,
        record: &R,
    ) -> Result<(), StoreError> {
        let held = self.view.held(account)?;
        let place = Place { key: &key, part: 0, clear: &[] };
        let value = sealed(held.key.seal_key(), self.entropy, &place, record)?;
        self.rows.push(put(key, value));
        Ok(())
    }

    fn seal<R: Record>(&self, key: &[u8], record: &R) -> Result<Vec<u8>, StoreError> {
        sealed(self.view.keys().rows(), self.entropy, &Place { key, part: 0, clear: &[] }, record)
    }
}

pub(super) fn sealed<R: Record>(
    key: &SealKey,
    entropy: &dyn Entropy,
    place: &Place<'_>,
    record: &R,
) -> Result<Vec<u8>, StoreError> {
    let plain = codec::encode(record).map_err(|_| StoreError::TooLarge)?;
    Ok(key.seal(entropy, place, &plain)?)
}

fn sealed_row<R: Record>(
    key: &SealKey,
    entropy: &dyn Entropy,
    row: Vec<u8>,
    record: &R,
) -> Result<Row, StoreError> {
    let value = sealed(key, entropy, &Place { key: &row, part: 0, clear: &[] }, record)?;
    Ok(put(row, value))
}

pub(super) fn put(key: Vec<u8>, value: Vec<u8>) -> Row {
    Row { key, write: Write::Put(value) }
}

pub(super) fn delete(key: Vec<u8>) -> Row {
    Row { key, write: Write::Delete }
}

impl From<EntropyFailed> for StoreError {
    fn from(_: EntropyFailed) -> Self {
        Self::NoEntropy
    }
}
