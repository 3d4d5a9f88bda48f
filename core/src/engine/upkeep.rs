//! What is done to the file as a whole: another key, and nothing left of what is gone (SPEC 10.4).

use super::Engine;
use super::unlock::Unlock;
use crate::crypto::keys::{Keys, StoreKey};
use crate::error::Error;
use crate::records::header::Header;
use crate::store::port::{Row, StoreError, Write};
use crate::store::recast::Recasting;
use crate::store::tables;

impl Engine {
    /// From now on the store opens with `unlock`. Nothing else is written, so this is quick; the old key still
    /// opens copies and, until its page is used again, what is left in the file of the earlier header. To be
    /// rid of the old key for good, [`rekey`](Self::rekey).
    ///
    /// Keep both keys until this has answered, and after [`Error::Unknown`] until the store is open again:
    /// either may be the one.
    ///
    /// # Errors
    /// [`Error`] from the store, or with what `unlock`'s keystore says; the key is the old one then.
    pub fn change_key(&self, unlock: &Unlock) -> Result<(), Error> {
        let inner = &*self.inner;
        let _changing = inner.keys.changing();
        let (before, store_key) = self.store_key()?;
        let (header, way) = Header::over(&store_key, unlock, inner.policy.hash_cost(), &inner.environment)?;
        let header = header.encode()?;
        Ok(inner.keys.change(way, || {
            inner.store.write(&mut |read| {
                // Another process had the file meanwhile, and changed it too.
                if read.get(&tables::header())?.as_deref() != Some(&before) {
                    return Err(StoreError::Conflict);
                }
                Ok(vec![Row { key: tables::header(), write: Write::Put(header.clone()) }])
            })
        })?)
    }

    /// Writes the file anew under new keys, behind `unlock`: with the keys that are left, nothing of what was
    /// deleted can be read from it, nor from what the old file leaves on the disk. It is due within 7 days of a
    /// purge ([`Health::erasure_pending`](crate::Health::erasure_pending)), and it is for the host to destroy
    /// the old key then. Copies of the file that were made before are opened by the old key alone.
    ///
    /// It needs as much room again as the file has, and acts wait meanwhile. Interrupted at any point it
    /// leaves the old file or the new one, whole; done again it begins anew. Keep both keys until this has
    /// answered, and after [`Error::Unknown`] until the store is open again: either may be the one.
    ///
    /// # Errors
    /// [`Error`] from the store, or with what `unlock`'s keystore says; file and key are the old ones then.
    pub fn rekey(&self, unlock: &Unlock) -> Result<(), Error> {
        let inner = &*self.inner;
        let _changing = inner.keys.changing();
        let entropy = &*inner.environment.entropy;
        let store_key = self.store_key()?.1.renewed(entropy)?;
        let (header, way) = Header::over(&store_key, unlock, inner.policy.hash_cost(), &inner.environment)?;
        let (from, to, header) = (inner.keys()?, Keys::derive(&store_key), header.encode()?);
        let recasting = Recasting { from: &from, to: &to, header: &header, entropy };
        Ok(inner.keys.change(way, || {
            inner.store.rewrite(&mut |key, value| recasting.row(key, value), Some(to.tally()))
        })?)
    }

    /// Writes the file anew without what is free in it: after much was deleted it is smaller. The keys stay
    /// what they are, so this erases nothing that [`rekey`](Self::rekey) would not.
    ///
    /// It needs as much room again as the file will have, and acts wait meanwhile.
    ///
    /// # Errors
    /// [`Error`] from the store, which is as it was then, but after [`Error::Unknown`].
    pub fn vacuum(&self) -> Result<(), Error> {
        Ok(self.inner.store.rewrite(&mut |_, value| Ok(value.to_vec()), None)?)
    }

    /// All keys of the store, each byte combined with `mask`, for a test that looks for them in memory.
    ///
    /// # Errors
    /// [`Error`] from the store.
    #[cfg(feature = "testing")]
    pub fn masked_keys(&self, mask: u8) -> Result<Vec<[u8; 32]>, Error> {
        Ok(self.store_key()?.1.masked(mask))
    }

    /// The header as it stands, and the key behind it.
    fn store_key(&self) -> Result<(Vec<u8>, StoreKey), Error> {
        let (mut bytes, mut header) = (None, None);
        self.inner.store.read(&mut |read| {
            bytes = read.get(&tables::header())?;
            header = Some(Header::read(read)?);
            Ok(())
        })?;
        let (bytes, header) = (bytes.ok_or(Error::Defect)?, header.ok_or(Error::Defect)?);
        Ok((bytes, self.inner.keys.store_key(&header)?))
    }
}
