//! Which foreign password hashes are in the store, so that signing in costs the same with and without one (SPEC
//! 4.2).

use super::lower::{Lowering, delete};
use super::port::StoreError;
use super::range::{Range, after_prefix};
use super::tables::{self, NOBODY, SPECIMEN};
use super::view::View;
use crate::crypto::password::StoredPassword;
use crate::ground::id::AccountId;
use crate::records::account::Account;
use crate::records::method::{Credential, Specimen};

/// How many kinds of foreign hashes a sign-in makes. If an import brings more kinds, the time of a refusal
/// distinguishes the other kinds from unknown emails.
const MOST_KINDS: usize = 16;

impl Account {
    /// Returns the specimen of the account's password, if another service hashed it.
    pub(crate) fn specimen(&self) -> Option<Specimen> {
        self.credentials.methods.iter().find_map(|method| match &method.credential {
            Credential::Password { hash, .. } => hash.specimen().map(Specimen),
            Credential::Federated { .. } | Credential::Passkey(_) => None,
        })
    }
}

impl View<'_> {
    /// Returns a specimen of each kind of foreign hash that is in the store.
    pub(crate) fn specimens(&self) -> Result<Vec<StoredPassword>, StoreError> {
        let all = tables::within(&SPECIMEN, &NOBODY, &[]);
        let (mut from, mut found) = (all.from, Vec::new());
        while found.len() < MOST_KINDS {
            let mut next = None;
            self.rows(&Range { from, to: all.to.clone() }, 1, |key, row| {
                let Specimen(specimen) = self.open_row(key, row)?;
                // The key after those of all accounts that have the same specimen.
                next = Some((after_prefix(key.get(..17 + 32).unwrap_or(key)), specimen));
                Ok(())
            })?;
            let Some((after, specimen)) = next else { break };
            from = after;
            found.push(specimen);
        }
        Ok(found)
    }

    /// Returns the row with the specimen of the account's password.
    pub(super) fn specimen_row(&self, account: AccountId, specimen: &Specimen) -> Vec<u8> {
        let Specimen(password) = specimen;
        let hash = self.keys().lookup(SPECIMEN.kind, &[password.as_bytes()]);
        SPECIMEN.key(&NOBODY, &[&hash, account.as_bytes()])
    }
}

impl Lowering<'_> {
    /// Writes the specimen of the account's password, if its kind of foreign hash changed.
    pub(super) fn specimen(&mut self, account: &Account) -> Result<(), StoreError> {
        let (before, after) = (self.view.specimen_of(account.id), account.specimen());
        if before == after {
            return Ok(());
        }
        if let Some(before) = before {
            self.rows.push(delete(self.view.specimen_row(account.id, &before)));
        }
        match after {
            Some(after) => self.put_sealed(self.view.specimen_row(account.id, &after), &after),
            None => Ok(()),
        }
    }
}
