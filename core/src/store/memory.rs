//! The simplest store, as a reference for the others.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::inside::Entrance;
use super::port::{Decide, Read, Store, StoreError};
use super::stage::{Changes, admit};

/// A store in a `BTreeMap`: one lock, one act at a time, nothing durable.
#[derive(Debug)]
pub struct BTreeStore {
    entrance: Entrance,
    rows: Mutex<Rows>,
}

#[derive(Debug, Default)]
struct Rows {
    there: Changes,
    stamp: u64,
    closed: bool,
}

impl BTreeStore {
    /// Makes a store without rows.
    pub fn new() -> Self {
        Self { entrance: Entrance::new(), rows: Mutex::default() }
    }

    fn rows(&self) -> Result<MutexGuard<'_, Rows>, StoreError> {
        let rows = self.rows.lock().unwrap_or_else(PoisonError::into_inner);
        if rows.closed { Err(StoreError::Closed) } else { Ok(rows) }
    }
}

impl Default for BTreeStore {
    fn default() -> Self {
        Self::new()
    }
}

impl Store for BTreeStore {
    fn read(&self, look: &mut dyn FnMut(&dyn Read) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        look(&self.rows()?.there)
    }

    fn write(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        let mut rows = self.rows()?;
        let changes = admit(decide(&rows.there)?, &rows.there)?;
        if !changes.is_empty() {
            rows.stamp += 1;
            for (key, value) in changes {
                match value {
                    Some(_) => rows.there.insert(key, value),
                    None => rows.there.remove(&key),
                };
            }
        }
        Ok(())
    }

    fn commit_stamp(&self) -> Result<u64, StoreError> {
        let _inside = self.entrance.enter()?;
        Ok(self.rows()?.stamp)
    }

    fn suspend(&self) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        self.rows().map(|_| ())
    }

    fn close(&self) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        if let Ok(mut rows) = self.rows() {
            *rows = Rows { closed: true, ..Rows::default() };
        }
        Ok(())
    }
}
