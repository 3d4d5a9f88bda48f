//! Forced races. If the store lets several threads decide at once, they meet inside `decide`. If it does not,
//! each goes on alone.

#![allow(clippy::panic, reason = "a case reports by panicking")]

use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use super::port::{Decide, Store, StoreError};

/// Where threads meet inside `decide`, each once. If the store runs one act after another, they cannot all be
/// inside at once: the first thread stops waiting after [`PATIENCE`], and the others do not wait.
pub(super) struct Meeting {
    of: usize,
    missed: Mutex<bool>,
    came: AtomicUsize,
    bell: Condvar,
}

/// Long enough for the other threads to arrive on a busy machine.
const PATIENCE: Duration = Duration::from_millis(100);

impl Meeting {
    pub(super) fn meet(&self) {
        let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        let all_here = self.came.fetch_add(1, Ordering::AcqRel) + 1 >= self.of;
        while !all_here && !*missed && self.came.load(Ordering::Acquire) < self.of {
            let (relocked, wait) =
                self.bell.wait_timeout(missed, PATIENCE).unwrap_or_else(PoisonError::into_inner);
            missed = relocked;
            *missed |= wait.timed_out();
        }
        self.bell.notify_all();
    }
}

/// Runs `run` on this many threads at once, and returns which of them succeeded.
pub(super) fn race(threads: u8, run: &(dyn Fn(u8, &Meeting) -> Result<(), StoreError> + Sync)) -> Vec<u8> {
    let meeting = Meeting {
        of: usize::from(threads),
        missed: Mutex::new(false),
        came: AtomicUsize::new(0),
        bell: Condvar::new(),
    };
    thread::scope(|scope| {
        let runners: Vec<_> = (0..threads)
            .map(|at| {
                (
                    at,
                    scope.spawn({
                        let meeting = &meeting;
                        move || run(at, meeting)
                    }),
                )
            })
            .collect();
        runners.into_iter().filter_map(|(at, runner)| joined(runner).is_ok().then_some(at)).collect()
    })
}

pub(super) fn joined<T>(thread: thread::ScopedJoinHandle<'_, T>) -> T {
    thread.join().unwrap_or_else(|panic| resume_unwind(panic))
}

/// Runs an act until it does not conflict. A store may leave that to its caller.
pub(super) fn retried(store: &dyn Store, decide: Decide<'_>) -> Result<(), StoreError> {
    for _ in 0..1_000 {
        match store.write(decide) {
            Err(StoreError::Conflict) => thread::yield_now(),
            answer => return answer,
        }
    }
    panic!("the act conflicts every time");
}
