//! The rows of accounts that are being deleted: what is due, what remains, and what is kept.

use super::lower::{Lowering, delete, put, sealed};
use super::port::{Row, StoreError, Write};
use super::range::Range;
use super::tables::{self, OnPurge, TABLES};
use super::view::{TOMBSTONE_FORMAT, View};
use crate::crypto::seal::Place;
use crate::ground::codec;
use crate::ground::id::{AccountId, RequestId};
use crate::ground::time::Timestamp;
use crate::records::account::Account;
use crate::records::deletion::{Due, Reminder};
use crate::records::identifier::Identifier;
use crate::records::message::Outgoing;
use crate::records::method::Credential;
use crate::records::privacy::PrivacyRequest;
use crate::records::purge::{DuePurge, Purging, Remains, Tombstone};
use crate::records::support::SupportRecord;
use crate::rules::deletion;

impl View<'_> {
    /// Returns up to `most` reminders that are due, earliest first.
    pub(crate) fn reminders_due(&self, most: usize) -> Result<Vec<Due>, StoreError> {
        let mut due = Vec::new();
        self.rows(&tables::reminders_until(self.slow()), most, |key, row| {
            let Reminder { purge_at } = self.open_row(key, row)?;
            let (at, account, rest) = time_and_account(key)?;
            let number = rest.first().copied().ok_or(StoreError::Damaged)?;
            due.push(Due { at, account, number, purge_at });
            Ok(())
        })?;
        Ok(due)
    }

    /// Returns the earliest purge that is due.
    pub(crate) fn first_due(&self) -> Result<Option<DuePurge>, StoreError> {
        self.first_purge(&tables::purges_until(self.slow()))
    }

    /// Returns when the next purge that is not due yet will be.
    pub(crate) fn first_coming(&self) -> Result<Option<Timestamp>, StoreError> {
        Ok(self.first_purge(&tables::purges_after(self.slow()))?.map(|coming| coming.purge_at))
    }

    /// Returns whether a purge is due that became due after `seen`. If `seen` is `None`, any purge counts.
    pub(crate) fn is_due_since(&self, seen: Option<Timestamp>) -> Result<bool, StoreError> {
        let until = tables::purges_until(self.slow());
        let from = seen.map_or(until.from, |seen| tables::purges_after(seen).from);
        Ok(self.first_purge(&Range { from, to: until.to })?.is_some())
    }

    fn first_purge(&self, range: &Range) -> Result<Option<DuePurge>, StoreError> {
        let mut first = None;
        self.rows(range, 1, |key, row| {
            let progress: Purging = self.open_row(key, row)?;
            let (purge_at, account, _) = time_and_account(key)?;
            first = Some(DuePurge { purge_at, account, progress });
            Ok(())
        })?;
        Ok(first)
    }

    /// Counts the purges that are due, up to `most`.
    pub(crate) fn count_due(&self, most: usize) -> Result<usize, StoreError> {
        let mut count = 0;
        self.rows(&tables::purges_until(self.slow()), most, |_, _| {
            count += 1;
            Ok(())
        })?;
        Ok(count)
    }

    /// Returns what remains of an account besides its own row, up to `most` rows. A claim that another account
    /// took over belongs to that account (SPEC 9.3).
    pub(crate) fn remains(&self, account: &Account, most: usize) -> Result<Remains, StoreError> {
        let id = account.id;
        let mut remains = Remains::default();
        let reserved = account.reserved.iter().map(|held| held.identifier.clone());
        for identifier in account.identifiers().chain(reserved) {
            let hash = self.claim_hash(&identifier);
            if self.claimed_by(&hash)? == Some(id) {
                remains.rows.push((tables::CLAIM.name, tables::claim(&hash)));
            }
        }
        for email in account.verified() {
            if self.proven(email)?.contains(&id) {
                remains.proven.push(email.clone());
            }
        }
        for (code, _) in self.undos(id)? {
            let key = tables::undo_code(&code);
            if self.holds(&key)? {
                remains.rows.push((tables::UNDO_CODE.name, key));
            }
        }
        if let Some(email) = account.credentials.unproven_password() {
            let key = tables::unproven(&self.email_hash(email), &id);
            if self.holds(&key)? {
                remains.rows.push((tables::UNPROVEN.name, key));
            }
        }
        if let Some(specimen) = account.specimen() {
            let key = self.specimen_row(id, &specimen);
            if self.holds(&key)? {
                remains.rows.push((tables::SPECIMEN.name, key));
            }
        }
        let here = tables::here(&id);
        if self.holds(&here)? {
            remains.rows.push((tables::HERE.name, here));
        }
        for message in self.message_ids(&tables::all_of(&tables::ABOUT, &id), most + 1)? {
            // The row that leads to the message goes last, so that a purge that stops here finds the message again.
            if let Some(Outgoing { due_at, .. }) = self.message(message)? {
                remains.rows.push((tables::OUTBOX_DUE.name, tables::message_due(due_at, &message)));
                remains.rows.push((tables::OUTBOX.name, tables::message(&message)));
            }
            remains.rows.push((tables::ABOUT.name, tables::about(&id, &message)));
        }
        // Takes every table that the catalogue marks for the purge, so that a new table needs no line here.
        let own = TABLES.iter().filter(|table| table.of_account && table.on_purge == OnPurge::Go);
        for table in own.filter(|table| **table != tables::ABOUT) {
            let left = (most + 1).saturating_sub(remains.rows.len());
            self.rows(&tables::all_of(table, &id), left, |key, _| {
                remains.rows.push((table.name, key.to_vec()));
                Ok(())
            })?;
        }
        remains.is_all = remains.rows.len() <= most;
        remains.rows.truncate(most);
        for method in &account.credentials.methods {
            if let Credential::Federated { identity, .. } = &method.credential {
                let hash = self.claim_hash(&Identifier::Identity(identity.clone()));
                if self.claimed_by(&hash)?.is_none_or(|holder| holder == id) {
                    remains.grants.push(identity.clone());
                }
            }
        }
        Ok(remains)
    }

    /// Returns the messages about an account.
    pub(crate) fn messages_about(&self, account: AccountId) -> Result<Vec<Outgoing>, StoreError> {
        let mut messages = Vec::new();
        for id in self.message_ids(&tables::all_of(&tables::ABOUT, &account), usize::MAX)? {
            messages.extend(self.message(id)?);
        }
        Ok(messages)
    }

    /// Returns what support did to an account, earliest first.
    pub(crate) fn support_records(&self, account: AccountId) -> Result<Vec<SupportRecord>, StoreError> {
        self.records(&tables::support_records(&account))
    }

    /// Returns what an account's owner asked for, earliest first.
    pub(crate) fn requests(&self, account: AccountId) -> Result<Vec<PrivacyRequest>, StoreError> {
        self.records(&tables::requests(&account))
    }

    pub(crate) fn request(
        &self,
        account: AccountId,
        id: RequestId,
    ) -> Result<Option<PrivacyRequest>, StoreError> {
        self.row(&tables::request(&account, &id))
    }

    /// Returns up to `most` open requests, in the order in which they are due.
    pub(crate) fn open_requests(&self, most: usize) -> Result<Vec<PrivacyRequest>, StoreError> {
        let mut named = Vec::new();
        self.rows(&tables::open_requests(), most, |key, _| {
            let (_, account, id) = time_and_account(key)?;
            let id = id.first_chunk().copied().map(RequestId::from_bytes).ok_or(StoreError::Damaged)?;
            named.push((account, id));
            Ok(())
        })?;
        let mut open = Vec::with_capacity(named.len());
        for (account, id) in named {
            open.push(self.request(account, id)?.ok_or(StoreError::Damaged)?);
        }
        Ok(open)
    }

    fn records<R: codec::Record>(&self, range: &Range) -> Result<Vec<R>, StoreError> {
        let mut records = Vec::new();
        self.rows(range, usize::MAX, |key, row| {
            records.push(self.open_row(key, row)?);
            Ok(())
        })?;
        Ok(records)
    }
}

/// Splits a key outside the accounts into the time and the account after its kind, and the rest.
fn time_and_account(key: &[u8]) -> Result<(Timestamp, AccountId, &[u8]), StoreError> {
    let rest = key.get(17..).ok_or(StoreError::Damaged)?;
    let (at, rest) = rest.split_first_chunk::<8>().ok_or(StoreError::Damaged)?;
    let (account, rest) = rest.split_first_chunk::<16>().ok_or(StoreError::Damaged)?;
    Ok((Timestamp::from_millis(u64::from_be_bytes(*at)), AccountId::from_bytes(*account), rest))
}

impl Lowering<'_> {
    pub(super) fn scheduled(
        &mut self,
        account: AccountId,
        purge_at: Timestamp,
        reminders: Vec<(u8, Timestamp)>,
    ) -> Result<(), StoreError> {
        self.put_sealed(tables::purge(purge_at, &account), &Purging::default())?;
        for (number, at) in reminders {
            self.put_sealed(tables::reminder(at, &account, number), &Reminder { purge_at })?;
        }
        Ok(())
    }

    pub(super) fn unscheduled(&mut self, account: AccountId, purge_at: Timestamp) {
        self.rows.push(delete(tables::purge(purge_at, &account)));
        let reminders = deletion::reminders(purge_at);
        self.rows.extend(reminders.map(|(number, at)| delete(tables::reminder(at, &account, number))));
    }

    /// Removes the account's data key with its row, so that nobody can open what the key sealed (SPEC 9.4).
    pub(super) fn buried(&mut self, tombstone: &Tombstone, revision: u64) -> Result<(), StoreError> {
        if self.view.meta()?.erasure_pending.is_none() {
            self.meta()?.erasure_pending = Some(tombstone.at);
        }
        let key = tables::account(&tombstone.account);
        let mut value = revision.saturating_add(1).to_be_bytes().to_vec();
        value.push(TOMBSTONE_FORMAT);
        let place = Place { key: &key, part: 0, clear: &value };
        let body = sealed(self.view.keys().rows(), self.entropy, &place, tombstone)?;
        value.extend_from_slice(&body);
        self.rows.push(Row { key, write: Write::Guarded { value: Some(value), revision } });
        Ok(())
    }

    pub(super) fn supported(&mut self, record: &SupportRecord) -> Result<(), StoreError> {
        let number = self.view.support_records(record.account)?.len() as u64;
        self.put_sealed(tables::support_record(&record.account, number), record)
    }

    pub(super) fn request(&mut self, request: &PrivacyRequest) -> Result<(), StoreError> {
        let open = tables::open_request(request.due_at, &request.account, &request.id);
        if request.is_open() {
            self.rows.push(put(open, Vec::new()));
        } else {
            self.rows.push(delete(open));
        }
        self.put_sealed(tables::request(&request.account, &request.id), request)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r9_4_a_purge_covers_every_table_that_keeps_rows_outside_the_account() {
        let elsewhere: Vec<_> = TABLES
            .iter()
            .filter(|table| !table.of_account && table.on_purge == OnPurge::Go)
            .map(|table| table.name)
            .collect();
        // A new table here needs a line in `remains` or in `unscheduled`.
        assert_eq!(
            elsewhere,
            [
                "claim",
                "unproven",
                "specimen",
                "undo-code",
                "email",
                "here",
                "purge",
                "reminder",
                "outbox",
                "outbox-due"
            ]
        );
    }
}
