//! Rows under new keys. `rekey` converts each row according to how the catalogue says that it is sealed.

use super::lower;
use super::port::StoreError;
use super::tables::{self, ACCOUNT, Sealed, Table};
use super::view::{self, TOMBSTONE_FORMAT};
use crate::crypto::data_key::WRAPPED_LEN;
use crate::crypto::keys::Keys;
use crate::crypto::seal::{Place, SealKey};
use crate::ground::entropy::Entropy;
use crate::ground::id::AccountId;
use crate::records::meta::Meta;

/// Converts rows from a store's old keys to its new ones.
pub(crate) struct Recasting<'a> {
    pub(crate) from: &'a Keys,
    pub(crate) to: &'a Keys,
    /// The header that wraps the new keys.
    pub(crate) header: &'a [u8],
    pub(crate) entropy: &'a dyn Entropy,
}

impl Recasting<'_> {
    pub(crate) fn row(&self, key: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let table = Table::of(key).ok_or(StoreError::Damaged)?;
        match table.sealed {
            _ if *table == tables::HEADER => Ok(self.header.to_vec()),
            _ if *table == tables::META => self.meta(key, value),
            _ if *table == ACCOUNT => self.account(key, value),
            Sealed::Store => self.resealed((self.from.rows(), &[]), (self.to.rows(), &[]), key, value),
            // An account keeps its own key; only the key that wraps it changes.
            Sealed::Clear | Sealed::Account | Sealed::SessionAndAccount => Ok(value.to_vec()),
        }
    }

    /// Records that no erasure is pending, because the new file contains no data of purged accounts (SPEC 10.4).
    fn meta(&self, key: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let place = Place { key, part: 0, clear: &[] };
        let meta: Meta = view::opened(self.from.rows(), &place, value)?;
        lower::sealed(self.to.rows(), self.entropy, &place, &Meta { erasure_pending: None, ..meta })
    }

    /// Converts `[revision 8][format 1]`, the wrapped data key if it is an account, and the part sealed over those.
    fn account(&self, key: &[u8], value: &[u8]) -> Result<Vec<u8>, StoreError> {
        let (head, rest) = value.split_at_checked(9).ok_or(StoreError::Damaged)?;
        if head.last() == Some(&TOMBSTONE_FORMAT) {
            let body = self.resealed((self.from.rows(), head), (self.to.rows(), head), key, rest)?;
            return Ok([head, &body].concat());
        }
        let (wrapped, sealed) = rest.split_at_checked(WRAPPED_LEN).ok_or(StoreError::Damaged)?;
        let id = key.first_chunk().map(|id| AccountId::from_bytes(*id)).ok_or(StoreError::Damaged)?;
        let data_key = self.from.unwrap_account(&id, wrapped).map_err(|_| StoreError::Damaged)?;
        let earlier = [head, wrapped].concat();
        let mut now = head.to_vec();
        now.extend_from_slice(&self.to.wrap_account(self.entropy, &id, &data_key)?);
        let body =
            self.resealed((data_key.seal_key(), &earlier), (data_key.seal_key(), &now), key, sealed)?;
        now.extend_from_slice(&body);
        Ok(now)
    }

    /// Seals a part under a new key. Each side is a key and the readable bytes that the seal covers.
    fn resealed(
        &self,
        from: (&SealKey, &[u8]),
        to: (&SealKey, &[u8]),
        key: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, StoreError> {
        let place = |clear| Place { key, part: 0, clear };
        let plain = from.0.open(&place(from.1), sealed).map_err(|_| StoreError::Damaged)?;
        Ok(to.0.seal(self.entropy, &place(to.1), &plain)?)
    }
}
