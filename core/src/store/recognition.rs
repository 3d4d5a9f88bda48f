//! The rows of recognitions: read for a caller, and removed when they end (SPEC 12.7).

use super::lower::{Lowering, delete};
use super::port::StoreError;
use super::tables;
use super::view::{View, last_chunk};
use crate::ground::id::{AccountId, SessionId};
use crate::records::caller::{Caller, Recognition, RecognitionHash};
use crate::records::session::Client;
use crate::rules::recognition;

impl View<'_> {
    /// Turns a client into a caller. Reads one row for each recognition that the client presents.
    pub(crate) fn caller(&self, client: &Client) -> Result<Caller, StoreError> {
        let mut caller = Caller::presenting(client, self.keys());
        self.read_recognitions(&mut caller)?;
        Ok(caller)
    }

    /// Reads the caller's recognitions again, and drops those that have ended.
    pub(crate) fn read_recognitions(&self, caller: &mut Caller) -> Result<(), StoreError> {
        for mut presented in std::mem::take(&mut caller.recognitions) {
            let row: Option<Recognition> =
                self.row(&tables::recognition(&presented.account, &presented.hash))?;
            if let Some(row) = row.filter(|row| row.is_live(self.now())) {
                presented.row = row;
                caller.recognitions.push(presented);
            }
        }
        Ok(())
    }

    /// All recognitions of an account.
    pub(crate) fn recognitions(
        &self,
        account: AccountId,
    ) -> Result<Vec<(RecognitionHash, Recognition)>, StoreError> {
        let mut all = Vec::new();
        self.rows(&tables::all_of(&tables::RECOGNITION, &account), usize::MAX, |key, sealed| {
            all.push((last_chunk(key)?, self.open_row(key, sealed)?));
            Ok(())
        })?;
        Ok(all)
    }
}

impl Lowering<'_> {
    pub(super) fn recognitions_crowded(&mut self, account: AccountId) -> Result<(), StoreError> {
        let over = recognition::crowded_out(self.view.recognitions(account)?, self.view.now());
        self.rows.extend(over.map(|hash| delete(tables::recognition(&account, &hash))));
        Ok(())
    }

    /// Removes the recognitions whose sessions fulfil `are_such`.
    pub(super) fn forgotten(
        &mut self,
        account: AccountId,
        are_such: impl Fn(&[SessionId]) -> bool,
    ) -> Result<(), StoreError> {
        let mut over = self.view.recognitions(account)?;
        over.retain(|(_, recognition)| are_such(&recognition.sessions));
        self.rows.extend(over.iter().map(|(hash, _)| delete(tables::recognition(&account, hash))));
        Ok(())
    }
}
