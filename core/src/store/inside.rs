//! Which stores the current thread is inside of. A call from within an act would wait for itself.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::port::StoreError;

static NEXT: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static INSIDE: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// The entrance of one store. A thread may be inside of several stores, but only once inside of each.
#[derive(Debug)]
pub struct Entrance {
    store: u64,
    threads: AtomicUsize,
}

impl Entrance {
    /// Makes the entrance of a new store.
    pub fn new() -> Self {
        Self { store: NEXT.fetch_add(1, Ordering::Relaxed), threads: AtomicUsize::new(0) }
    }

    /// Marks the thread as inside until the returned value is dropped.
    ///
    /// # Errors
    /// Returns [`StoreError::Reentered`] if the thread is inside already.
    pub fn enter(&self) -> Result<Inside<'_>, StoreError> {
        INSIDE.with_borrow_mut(|stores| {
            if stores.contains(&self.store) {
                return Err(StoreError::Reentered);
            }
            stores.push(self.store);
            self.threads.fetch_add(1, Ordering::AcqRel);
            Ok(Inside(self))
        })
    }

    /// Returns whether a thread is inside.
    pub(super) fn is_in_use(&self) -> bool {
        self.threads.load(Ordering::Acquire) > 0
    }
}

impl Default for Entrance {
    fn default() -> Self {
        Self::new()
    }
}

/// Shows that the thread is inside of a store.
pub struct Inside<'a>(&'a Entrance);

impl Drop for Inside<'_> {
    fn drop(&mut self) {
        INSIDE.with_borrow_mut(|stores| stores.retain(|store| *store != self.0.store));
        self.0.threads.fetch_sub(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_can_be_inside_two_stores_but_not_twice_inside_one() {
        let (one, other) = (Entrance::new(), Entrance::new());
        let inside = one.enter().unwrap();
        assert_eq!(one.enter().err(), Some(StoreError::Reentered));
        assert!(other.enter().is_ok());
        assert!(one.is_in_use() && !other.is_in_use());
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(one.enter().is_ok(), "another thread may enter"));
        });
        drop(inside);
        assert!(!one.is_in_use());
        assert!(one.enter().is_ok());
    }
}
