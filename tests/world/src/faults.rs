//! A store whose commits fail when a test says so.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use selfsame::testing::{Decide, Read, Recast, Store, StoreError, TallyKey};

/// How many commits are still to fail, and how many have failed.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    due: AtomicU64,
    failed: AtomicU64,
}

impl Faults {
    /// Lets the next `count` commits fail.
    pub(crate) fn set(&self, count: u64) {
        self.due.store(count, Ordering::Release);
    }

    pub(crate) fn failed(&self) -> u64 {
        self.failed.load(Ordering::Acquire)
    }

    /// Returns an error if this commit is still to fail.
    fn commit(&self) -> Result<(), StoreError> {
        let due = self.due.fetch_update(Ordering::AcqRel, Ordering::Acquire, |due| due.checked_sub(1));
        if due.is_err() {
            return Ok(());
        }
        self.failed.fetch_add(1, Ordering::AcqRel);
        // Any error except a full disk, which the engine handles differently.
        Err(StoreError::Io(ErrorKind::Other))
    }
}

/// A store whose commits fail as [`Faults`] says.
pub(crate) struct FaultyStore {
    pub(crate) below: Arc<dyn Store>,
    pub(crate) faults: Arc<Faults>,
}

impl Store for FaultyStore {
    fn read(&self, look: &mut dyn FnMut(&dyn Read) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.below.read(look)
    }

    // An act without rows makes no commit, so it uses up no failure.
    fn write(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        self.below.write(&mut |read| {
            let rows = decide(read)?;
            if !rows.is_empty() {
                self.faults.commit()?;
            }
            Ok(rows)
        })
    }

    fn write_from_reserve(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        self.below.write_from_reserve(decide)
    }

    fn has_reserve(&self) -> bool {
        self.below.has_reserve()
    }

    fn commit_stamp(&self) -> Result<u64, StoreError> {
        self.below.commit_stamp()
    }

    fn size(&self) -> Result<Option<u64>, StoreError> {
        self.below.size()
    }

    fn is_on_network(&self) -> Result<Option<bool>, StoreError> {
        self.below.is_on_network()
    }

    fn verify(&self) -> Result<(), StoreError> {
        self.below.verify()
    }

    fn is_anchored(&self) -> bool {
        self.below.is_anchored()
    }

    fn rewrite(&self, recast: Recast<'_>, key: Option<Arc<TallyKey>>) -> Result<(), StoreError> {
        self.faults.commit()?;
        self.below.rewrite(recast, key)
    }

    fn suspend(&self) -> Result<(), StoreError> {
        self.below.suspend()
    }

    fn close(&self) -> Result<(), StoreError> {
        self.below.close()
    }
}
