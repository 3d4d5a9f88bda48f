//! Which stores the present thread is inside of: a call from within an act would wait for itself.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use super::port::StoreError;

static NEXT: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static INSIDE: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// The entrance of one store. A thread may be inside of several stores, and of each but once.
#[derive(Debug)]
pub struct Entrance(u64);

impl Entrance {
    /// The entrance of a new store.
    pub fn new() -> Self {
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Marks the thread as inside until the answer is dropped.
    ///
    /// # Errors
    /// [`StoreError::Reentered`] where it is inside already.
    pub fn enter(&self) -> Result<Inside, StoreError> {
        INSIDE.with_borrow_mut(|stores| {
            if stores.contains(&self.0) {
                return Err(StoreError::Reentered);
            }
            stores.push(self.0);
            Ok(Inside(self.0))
        })
    }
}

impl Default for Entrance {
    fn default() -> Self {
        Self::new()
    }
}

/// The thread is inside of a store.
pub struct Inside(u64);

impl Drop for Inside {
    fn drop(&mut self) {
        INSIDE.with_borrow_mut(|stores| stores.retain(|store| *store != self.0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_is_inside_of_a_store_once_and_of_two_stores_at_a_time() {
        let (one, other) = (Entrance::new(), Entrance::new());
        let inside = one.enter().unwrap();
        assert_eq!(one.enter().err(), Some(StoreError::Reentered));
        assert!(other.enter().is_ok());
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(one.enter().is_ok(), "another thread is not inside"));
        });
        drop(inside);
        assert!(one.enter().is_ok());
    }
}
