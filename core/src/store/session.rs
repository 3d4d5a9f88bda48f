//! The rows of sessions: live ones, and those that are suspended until their account is restored.

use super::lower::{Lowering, delete, put, sealed};
use super::port::StoreError;
use super::range::Range;
use super::tables;
use super::view::{View, last_chunk, opened};
use crate::crypto::keys::session_key;
use crate::crypto::seal::Place;
use crate::ground::codec;
use crate::ground::id::{AccountId, SessionId};
use crate::ground::time::Timestamp;
use crate::records::session::Session;

/// The two sealed parts of a session's row: `[length of the holder's 2][holder's][owner's]`.
const HOLDERS_PART: u8 = 1;
const OWNERS_PART: u8 = 2;

impl View<'_> {
    /// Opens the session with its holder's secret. Returns `None` if it has ended or the secret is wrong.
    pub(crate) fn session(
        &self,
        account: AccountId,
        id: SessionId,
        secret: &[u8; 32],
    ) -> Result<Option<Session>, StoreError> {
        let key = tables::session(&account, &id);
        let Some(row) = self.get(&key)? else { return Ok(None) };
        let (holders, _) = session_parts(&row)?;
        let place = Place { key: &key, part: HOLDERS_PART, clear: &[] };
        match session_key(secret, &id).open(&place, holders) {
            Ok(plain) => Ok(Some(codec::decode(&plain).map_err(|_| StoreError::Damaged)?)),
            Err(_) => Ok(None),
        }
    }

    /// All sessions of an account that this act has read, oldest first.
    pub(crate) fn sessions(&self, account: AccountId) -> Result<Vec<Session>, StoreError> {
        self.sessions_in(&tables::sessions(&account))
    }

    /// Those of them that were opened at `last` or before.
    pub(crate) fn sessions_by(
        &self,
        account: AccountId,
        last: Timestamp,
    ) -> Result<Vec<Session>, StoreError> {
        self.sessions_in(&tables::sessions_by(&account, last))
    }

    fn sessions_in(&self, range: &Range) -> Result<Vec<Session>, StoreError> {
        let mut sessions = Vec::new();
        self.rows(range, usize::MAX, |key, row| {
            sessions.push(self.owners_part(key, row)?);
            Ok(())
        })?;
        Ok(sessions)
    }

    /// One session of an account that this act has read.
    pub(crate) fn owners_session(
        &self,
        account: AccountId,
        id: SessionId,
    ) -> Result<Option<Session>, StoreError> {
        let key = tables::session(&account, &id);
        let row = self.get(&key)?;
        row.map(|row| self.owners_part(&key, &row)).transpose()
    }

    /// The ids of up to `most` sessions of an account, oldest first.
    pub(crate) fn session_ids(&self, account: AccountId, most: usize) -> Result<Vec<SessionId>, StoreError> {
        let mut ids = Vec::new();
        self.rows(&tables::sessions(&account), most, |key, _| {
            ids.push(SessionId::from_bytes(last_chunk(key)?));
            Ok(())
        })?;
        Ok(ids)
    }

    /// Opens a suspended session with its holder's secret (SPEC 9.5).
    pub(crate) fn suspended_session(
        &self,
        account: AccountId,
        id: SessionId,
        secret: &[u8; 32],
    ) -> Result<Option<Session>, StoreError> {
        let Some(row) = self.get(&tables::suspended(&account, &id))? else { return Ok(None) };
        // It stays sealed to the key of its live row.
        let key = tables::session(&account, &id);
        let place = Place { key: &key, part: HOLDERS_PART, clear: &[] };
        match session_key(secret, &id).open(&place, session_parts(&row)?.0) {
            Ok(plain) => Ok(Some(codec::decode(&plain).map_err(|_| StoreError::Damaged)?)),
            Err(_) => Ok(None),
        }
    }

    /// The suspended sessions of an account, oldest first, as its owner lists them.
    pub(crate) fn suspended_sessions(&self, account: AccountId) -> Result<Vec<Session>, StoreError> {
        let mut sessions = Vec::new();
        for (id, row) in self.suspended_rows(account)? {
            sessions.push(self.owners_part(&tables::session(&account, &id), &row)?);
        }
        Ok(sessions)
    }

    /// One suspended session of an account, as its owner lists it.
    pub(crate) fn owners_suspended(
        &self,
        account: AccountId,
        id: SessionId,
    ) -> Result<Option<Session>, StoreError> {
        let row = self.get(&tables::suspended(&account, &id))?;
        row.map(|row| self.owners_part(&tables::session(&account, &id), &row)).transpose()
    }

    /// Opens the part of a session's row that the owner lists.
    pub(super) fn owners_part(&self, key: &[u8], row: &[u8]) -> Result<Session, StoreError> {
        let account = key.first_chunk().copied().map(AccountId::from_bytes).ok_or(StoreError::Damaged)?;
        let place = Place { key, part: OWNERS_PART, clear: &[] };
        opened(self.held(account)?.key.seal_key(), &place, session_parts(row)?.1)
    }

    /// The rows of an account's suspended sessions, oldest first.
    pub(crate) fn suspended_rows(&self, account: AccountId) -> Result<Vec<(SessionId, Vec<u8>)>, StoreError> {
        self.session_rows_in(&tables::all_of(&tables::SUSPENDED, &account))
    }

    fn session_rows_in(&self, range: &Range) -> Result<Vec<(SessionId, Vec<u8>)>, StoreError> {
        let mut rows = Vec::new();
        self.rows(range, usize::MAX, |key, row| {
            rows.push((SessionId::from_bytes(last_chunk(key)?), row.to_vec()));
            Ok(())
        })?;
        Ok(rows)
    }
}

impl Lowering<'_> {
    pub(super) fn session(&mut self, session: &Session, secret: &[u8; 32]) -> Result<(), StoreError> {
        let key = tables::session(&session.account, &session.id);
        let held = self.view.held(session.account)?;
        let holders_place = Place { key: &key, part: HOLDERS_PART, clear: &[] };
        let holders = sealed(&session_key(secret, &session.id), self.entropy, &holders_place, session)?;
        let owners_place = Place { key: &key, part: OWNERS_PART, clear: &[] };
        let owners = sealed(held.key.seal_key(), self.entropy, &owners_place, session)?;
        self.rows.push(put(key, joined(&holders, &owners)?));
        Ok(())
    }

    /// Moves the rows unchanged, because their seals stay bound to the key of the live row.
    pub(super) fn suspended(&mut self, account: AccountId) -> Result<(), StoreError> {
        for (id, row) in self.view.session_rows_in(&tables::sessions(&account))? {
            self.rows.push(delete(tables::session(&account, &id)));
            self.rows.push(put(tables::suspended(&account, &id), row));
        }
        Ok(())
    }

    pub(super) fn resumed(&mut self, account: AccountId) -> Result<(), StoreError> {
        for (id, row) in self.view.suspended_rows(account)? {
            self.rows.push(delete(tables::suspended(&account, &id)));
            self.rows.push(put(tables::session(&account, &id), row));
        }
        Ok(())
    }

    /// Ends the suspended sessions too. If a session resumes, its live row has been written already.
    pub(super) fn suspended_ended(&mut self, account: AccountId) -> Result<(), StoreError> {
        let waiting = self.view.suspended_rows(account)?;
        self.rows.extend(waiting.into_iter().map(|(id, _)| delete(tables::suspended(&account, &id))));
        Ok(())
    }
}

/// Returns the row with its owner's part as `reseal` returns it. The holder's part stays, because only the secret in
/// the holder's token opens it. `key` may be that of the suspended row: the seals stay bound to the live one.
pub(super) fn with_owners_part(
    account: &AccountId,
    key: &[u8],
    row: &[u8],
    reseal: impl FnOnce(&Place<'_>, &[u8]) -> Result<Vec<u8>, StoreError>,
) -> Result<Vec<u8>, StoreError> {
    let key = tables::session(account, &SessionId::from_bytes(last_chunk(key)?));
    let (holders, owners) = session_parts(row)?;
    joined(holders, &reseal(&Place { key: &key, part: OWNERS_PART, clear: &[] }, owners)?)
}

fn joined(holders: &[u8], owners: &[u8]) -> Result<Vec<u8>, StoreError> {
    let length = u16::try_from(holders.len()).map_err(|_| StoreError::TooLarge)?;
    Ok([&length.to_be_bytes(), holders, owners].concat())
}

fn session_parts(row: &[u8]) -> Result<(&[u8], &[u8]), StoreError> {
    let (length, rest) = row.split_first_chunk::<2>().ok_or(StoreError::Damaged)?;
    rest.split_at_checked(usize::from(u16::from_be_bytes(*length))).ok_or(StoreError::Damaged)
}
