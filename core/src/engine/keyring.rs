//! The keys of one engine. They are in memory only while its store is open.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use super::unlock::Way;
use crate::crypto::hasher::Hasher;
use crate::crypto::keys::{Keys, StoreKey};
use crate::crypto::tally::TallyKey;
use crate::ground::time::Timestamp;
use crate::records::header::Header;
use crate::store::open::Keyring;
use crate::store::port::{Read, StoreError};
use crate::store::view::View;

/// The keys that read the store's rows, and how to get them again.
pub(super) struct StoreKeys {
    hasher: Arc<dyn Hasher>,
    /// How the store is unlocked. Two entries while this is being changed.
    credentials: Mutex<Vec<Way>>,
    keys: RwLock<Option<Arc<Keys>>>,
    changing: Mutex<()>,
}

impl StoreKeys {
    pub(super) fn new(way: Way, keys: Option<Keys>, hasher: Arc<dyn Hasher>) -> Self {
        let keys = RwLock::new(keys.map(Arc::new));
        Self { hasher, credentials: Mutex::new(vec![way]), keys, changing: Mutex::default() }
    }

    /// Returns the keys. Callers are inside an open store.
    pub(super) fn get(&self) -> Result<Arc<Keys>, StoreError> {
        self.keys.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or(StoreError::Broken)
    }

    /// Lets one caller at a time change how the store is unlocked.
    pub(super) fn changing(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the key that this header wraps.
    pub(super) fn store_key(&self, header: &Header) -> Result<StoreKey, StoreError> {
        let credentials = self.credentials().clone();
        self.way_into(header, credentials).map(|(_, store_key)| store_key)
    }

    /// Keeps both ways to unlock the store until the result of `change` is known.
    pub(super) fn change(
        &self,
        new: Way,
        change: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let before = self.credentials().clone();
        self.credentials().push(new.clone());
        let answer = change();
        match &answer {
            Ok(()) => *self.credentials() = vec![new],
            Err(StoreError::Unknown | StoreError::Broken) => {}
            Err(_) => *self.credentials() = before,
        }
        answer
    }

    /// Forgets the keys and how to get them, because the engine was closed.
    pub(super) fn forget(&self) {
        self.close();
        self.credentials().clear();
    }

    fn credentials(&self) -> MutexGuard<'_, Vec<Way>> {
        self.credentials.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn way_into(&self, header: &Header, credentials: Vec<Way>) -> Result<(Way, StoreKey), StoreError> {
        let mut why = StoreError::WrongKey;
        for way in credentials {
            let opened = way.kek(header, &*self.hasher).and_then(|kek| Ok((header.open(&kek)?, kek)));
            match opened {
                Ok((store_key, kek)) => return Ok((way.kept(kek), store_key)),
                Err(StoreError::WrongKey) => {}
                Err(error) => why = error,
            }
        }
        Err(why)
    }
}

impl Keyring for StoreKeys {
    fn open(&self, read: &dyn Read) -> Result<Arc<TallyKey>, StoreError> {
        if let Ok(keys) = self.get() {
            return Ok(keys.tally());
        }
        let header = Header::read(read)?;
        let credentials = self.credentials().clone();
        let (way, store_key) = self.way_into(&header, credentials)?;
        let keys = Arc::new(Keys::derive(&store_key));
        let never = Timestamp::from_millis(0);
        View::new(read, &keys, never, never).meta()?;
        *self.credentials() = vec![way];
        let tally = keys.tally();
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Some(keys);
        Ok(tally)
    }

    fn close(&self) {
        *self.keys.write().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
