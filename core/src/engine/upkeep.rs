//! Maintenance of the whole file: changing its key, and removing what was deleted (SPEC 10.4).

use super::Engine;
use super::unlock::Unlock;
use crate::crypto::keys::{Keys, StoreKey};
use crate::error::Error;
use crate::records::header::Header;
use crate::store::port::{Row, StoreError, Write};
use crate::store::recast::Recasting;
use crate::store::tables;

impl Engine {
    /// Changes how the store is unlocked. It then opens with `unlock`. This is quick because only the header
    /// is written. The old key still opens copies of the file, and also the remains of the old header in the
    /// file, until their page is reused. The keys of the rows stay the same. If somebody may have a copy of the
    /// file and the old key, call [`rekey`](Self::rekey).
    ///
    /// Keep both keys until this call returns. After [`Error::Unknown`], keep both until the store is open
    /// again: either may be the right one.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("accounts.selfsame");
    /// # let key = selfsame::HostKey::generate(&selfsame::SystemEntropy)?;
    /// # let options = selfsame::Engine::options(selfsame::Unlock::HostKey(key));
    /// use selfsame::{Engine, HostKey, SystemEntropy, Unlock};
    ///
    /// # let engine = options.create(&path)?;
    /// let new = Unlock::HostKey(HostKey::generate(&SystemEntropy)?);
    /// engine.change_key(&new)?;
    /// drop(engine);
    ///
    /// // The host now keeps the new key alone.
    /// let engine = Engine::options(new).open(&path)?;
    /// assert_eq!(engine.health()?.accounts, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error`] from the store or from the keystore in `unlock`. The old key then stays in use.
    pub fn change_key(&self, unlock: &Unlock) -> Result<(), Error> {
        let inner = self.inner()?;
        let _changing = inner.keys.changing();
        let (before, store_key) = self.store_key()?;
        let (header, way) = Header::over(&store_key, unlock, &inner.environment)?;
        let header = header.encode()?;
        Ok(inner.keys.change(way, || {
            inner.store.write(&mut |read| {
                // Another process had the file meanwhile and changed the header too.
                if read.get(&tables::header())?.as_deref() != Some(&before) {
                    return Err(StoreError::Conflict);
                }
                Ok(vec![Row { key: tables::header(), write: Write::Put(header.clone()) }])
            })
        })?)
    }

    /// Rewrites the file under new keys and unlocks it with `unlock`. With the new keys, nobody can read
    /// deleted data from the file or from what the old file leaves on the disk. With the old keys and an old
    /// copy, nobody can read the new file, because every account gets a new data key. Call it within 7 days of
    /// a purge ([`Health::erasure_pending`](crate::Health::erasure_pending)) and after a key was stolen, then
    /// destroy the old key. Earlier copies of the file open only with the old key.
    ///
    /// The keys of the look-up hashes and of the password hashes stay the same. People stay signed in.
    ///
    /// The call needs as much free space as the size of the file. Other acts wait meanwhile. If it is
    /// interrupted, the old file or the new one remains, complete. A repeated call starts from the beginning.
    /// Keep both keys until this call returns. After [`Error::Unknown`], keep both until the store is open
    /// again: either may be the right one.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("accounts.selfsame");
    /// # let key = selfsame::HostKey::generate(&selfsame::SystemEntropy)?;
    /// # let options = selfsame::Engine::options(selfsame::Unlock::HostKey(key));
    /// use selfsame::{Engine, HostKey, SystemEntropy, Unlock};
    ///
    /// # let engine = options.create(&path)?;
    /// let new = Unlock::HostKey(HostKey::generate(&SystemEntropy)?);
    /// engine.rekey(&new)?;
    /// assert_eq!(engine.health()?.erasure_pending, None);
    /// drop(engine);
    ///
    /// // The host now keeps the new key alone, and destroys the old one.
    /// let engine = Engine::options(new).open(&path)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error`] from the store or from the keystore in `unlock`. The old file and key then stay in
    /// use.
    pub fn rekey(&self, unlock: &Unlock) -> Result<(), Error> {
        let inner = self.inner()?;
        let _changing = inner.keys.changing();
        let entropy = &*inner.environment.entropy;
        let store_key = self.store_key()?.1.renewed(entropy)?;
        let (header, way) = Header::over(&store_key, unlock, &inner.environment)?;
        let (from, to, header) = (inner.keys()?, Keys::derive(&store_key), header.encode()?);
        let mut recasting = Recasting::new(&from, &to, &header, entropy);
        Ok(inner.keys.change(way, || {
            inner.store.rewrite(&mut |key, value| recasting.row(key, value), Some(to.tally()))
        })?)
    }

    /// Rewrites the file without its free space, so that it is smaller after many deletions. The keys stay
    /// the same. It does not replace [`rekey`](Self::rekey): deleted data may remain readable on the disk.
    ///
    /// The call needs as much free space as the size of the new file. Other acts wait meanwhile.
    ///
    /// ```
    /// # let folder = tempfile::tempdir()?;
    /// # let path = folder.path().join("accounts.selfsame");
    /// # let key = selfsame::HostKey::generate(&selfsame::SystemEntropy)?;
    /// # let options = selfsame::Engine::options(selfsame::Unlock::HostKey(key));
    /// # let engine = options.create(&path)?;
    /// let before = engine.health()?.file_size;
    /// engine.vacuum()?;
    /// assert!(engine.health()?.file_size <= before);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error`] from the store. The store then stays as it was, except after [`Error::Unknown`].
    pub fn vacuum(&self) -> Result<(), Error> {
        Ok(self.inner()?.store.rewrite(&mut |_, value| Ok(value.to_vec()), None)?)
    }

    /// Returns all keys of the store, each byte combined with `mask`, for a test that looks for them in
    /// memory.
    ///
    /// # Errors
    /// Returns [`Error`] from the store.
    #[cfg(feature = "testing")]
    pub fn masked_keys(&self, mask: u8) -> Result<Vec<[u8; 32]>, Error> {
        Ok(self.store_key()?.1.masked(mask))
    }

    /// Returns the current header and the key that it wraps.
    fn store_key(&self) -> Result<(Vec<u8>, StoreKey), Error> {
        let (mut bytes, mut header) = (None, None);
        self.inner()?.store.read(&mut |read| {
            bytes = read.get(&tables::header())?;
            header = Some(Header::read(read)?);
            Ok(())
        })?;
        let (bytes, header) = (bytes.ok_or(Error::Defect)?, header.ok_or(Error::Defect)?);
        Ok((bytes, self.inner()?.keys.store_key(&header)?))
    }
}
