//! Which stores the current thread is inside of. A call from within an act would wait for itself.

use std::cell::RefCell;
use std::sync::atomic::{AtomicU64, Ordering};

use super::port::StoreError;

static NEXT: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static INSIDE: RefCell<Vec<u64>> = const { RefCell::new(Vec::new()) };
}

/// The entrance of one store. A thread may be inside of several stores, but only once inside of each.
#[derive(Debug)]
pub struct Entrance(u64);

impl Entrance {
    /// Makes the entrance of a new store.
    pub fn new() -> Self {
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Marks the thread as inside until the returned value is dropped.
    ///
    /// # Errors
    /// Returns [`StoreError::Reentered`] if the thread is inside already.
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

/// Shows that the thread is inside of a store.
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
    fn a_thread_can_be_inside_two_stores_but_not_twice_inside_one() {
        let (one, other) = (Entrance::new(), Entrance::new());
        let inside = one.enter().unwrap();
        assert_eq!(one.enter().err(), Some(StoreError::Reentered));
        assert!(other.enter().is_ok());
        std::thread::scope(|scope| {
            scope.spawn(|| assert!(one.enter().is_ok(), "another thread may enter"));
        });
        drop(inside);
        assert!(one.enter().is_ok());
    }
}
