//! Rows under new keys. `rekey` converts each row according to how the catalogue says that it is sealed.

use super::lower;
use super::port::StoreError;
use super::session;
use super::tables::{self, ACCOUNT, Sealed, Table};
use super::view::{self, TOMBSTONE_FORMAT};
use crate::crypto::data_key::{DataKey, WRAPPED_LEN};
use crate::crypto::keys::Keys;
use crate::crypto::seal::{Place, SealKey};
use crate::ground::entropy::Entropy;
use crate::ground::id::AccountId;
use crate::records::meta::Meta;

/// Converts rows, in the order of their keys, from a store's old keys to its new ones. An account's own row comes
/// first of its rows, and gives it a new data key for the others. So only one account's keys are in memory at a time.
pub(crate) struct Recasting<'a> {
    from: &'a Keys,
    to: &'a Keys,
    /// The header that wraps the new keys.
    header: &'a [u8],
    entropy: &'a dyn Entropy,
    account: Option<Renewed>,
}

/// The old and the new data key of the account whose rows are being converted.
struct Renewed {
    id: AccountId,
    from: DataKey,
    to: DataKey,
}

impl<'a> Recasting<'a> {
    pub(crate) fn new(from: &'a Keys, to: &'a Keys, header: &'a [u8], entropy: &'a dyn Entropy) -> Self {
        Self { from, to, header, entropy, account: None }
    }

    pub(crate) fn row(&mut self, key: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let table = Table::of(key).ok_or(StoreError::Damaged)?;
        let place = Place { key, part: 0, clear: &[] };
        match table.sealed {
            _ if *table == tables::HEADER => Ok(self.header.to_vec()),
            _ if *table == tables::META => self.meta(key, value),
            _ if *table == ACCOUNT => self.account(key, value),
            Sealed::Clear => Ok(value.to_vec()),
            Sealed::Store => self.resealed((self.from.rows(), &place), (self.to.rows(), &place), value),
            Sealed::Account => {
                let Renewed { from, to, .. } = self.renewed(key)?;
                self.resealed((from.seal_key(), &place), (to.seal_key(), &place), value)
            }
            Sealed::SessionAndAccount => {
                let Renewed { id, from, to } = self.renewed(key)?;
                session::with_owners_part(id, key, value, |place, sealed| {
                    self.resealed((from.seal_key(), place), (to.seal_key(), place), sealed)
                })
            }
        }
    }

    fn renewed(&self, key: &[u8]) -> Result<&Renewed, StoreError> {
        let keys = self.account.as_ref().filter(|keys| key.starts_with(keys.id.as_bytes()));
        keys.ok_or(StoreError::Damaged)
    }

    /// Records that no erasure is pending, because the new file contains no data of purged accounts (SPEC 10.4).
    fn meta(&self, key: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let place = Place { key, part: 0, clear: &[] };
        let meta: Meta = view::opened(self.from.rows(), &place, value)?;
        lower::sealed(self.to.rows(), self.entropy, &place, &Meta { erasure_pending: None, ..meta })
    }

    /// Converts `[revision 8][format 1]`, the wrapped data key if it is an account, and the part sealed over those.
    fn account(&mut self, key: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
        self.account = None;
        let (head, rest) = value.split_at_checked(9).ok_or(StoreError::Damaged)?;
        let place = |clear| Place { key, part: 0, clear };
        if head.last() == Some(&TOMBSTONE_FORMAT) {
            let place = place(head);
            let body = self.resealed((self.from.rows(), &place), (self.to.rows(), &place), rest)?;
            return Ok([head, &body].concat());
        }
        let (wrapped, sealed) = rest.split_at_checked(WRAPPED_LEN).ok_or(StoreError::Damaged)?;
        let id = key.first_chunk().map(|id| AccountId::from_bytes(*id)).ok_or(StoreError::Damaged)?;
        let from = self.from.unwrap_account(&id, wrapped).map_err(|_| StoreError::Damaged)?;
        let to = DataKey::make(self.entropy)?;
        let earlier = [head, wrapped].concat();
        let mut now = head.to_vec();
        now.extend_from_slice(&self.to.wrap_account(self.entropy, &id, &to)?);
        let body =
            self.resealed((from.seal_key(), &place(&earlier)), (to.seal_key(), &place(&now)), sealed)?;
        now.extend_from_slice(&body);
        self.account = Some(Renewed { id, from, to });
        Ok(now)
    }

    /// Seals a part under a new key. Each side is a key and the place that the seal is bound to.
    fn resealed(
        &self,
        from: (&SealKey, &Place<'_>),
        to: (&SealKey, &Place<'_>),
        sealed: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let plain = from.0.open(from.1, sealed).map_err(|_| StoreError::Damaged)?;
        Ok(to.0.seal(self.entropy, to.1, &plain)?)
    }
}
