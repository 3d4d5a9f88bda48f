//! The queue of acts. One act holds the ticket; the others wait in the order they came. The ticket is handed on
//! and never raced for. Acts that follow one another closely share a commit and learn its outcome here.

use std::collections::VecDeque;
use std::io::ErrorKind;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::port::StoreError;

/// The most callers that wait for the ticket.
pub(crate) const MAX_WAITING: usize = 256;

const RETRY_AFTER: Duration = Duration::from_millis(100);

/// Who holds the ticket and who waits for it.
#[derive(Default)]
pub(crate) struct CommitQueue(Mutex<Queue>);

#[derive(Default)]
struct Queue {
    taken: bool,
    waiting: VecDeque<Arc<Place>>,
}

#[derive(Default)]
struct Place {
    called: AtomicBool,
    bell: Condvar,
}

impl CommitQueue {
    /// Waits for the ticket, at most as long as `patience`. The act before counts on a caller that waits, so the
    /// queue's lock lets a caller either give up or be called, never both.
    pub(crate) fn take(&self, patience: Option<Duration>) -> Result<Ticket<'_>, StoreError> {
        let mut queue = self.queue();
        if patience.is_some() && queue.waiting.len() >= MAX_WAITING {
            return Err(StoreError::Busy { retry_after: RETRY_AFTER });
        }
        if !std::mem::replace(&mut queue.taken, true) {
            return Ok(Ticket(self));
        }
        let place = Arc::new(Place::default());
        queue.waiting.push_back(Arc::clone(&place));
        while !place.called.load(Ordering::Relaxed) {
            let (relocked, wait) = place
                .bell
                .wait_timeout(queue, patience.unwrap_or(Duration::MAX))
                .unwrap_or_else(PoisonError::into_inner);
            queue = relocked;
            if wait.timed_out() && !place.called.load(Ordering::Relaxed) {
                queue.waiting.retain(|other| !Arc::ptr_eq(other, &place));
                return Err(StoreError::Busy { retry_after: RETRY_AFTER });
            }
        }
        Ok(Ticket(self))
    }

    /// How many callers wait for the ticket.
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn waiting(&self) -> usize {
        self.queue().waiting.len()
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to decide and to commit. When it is dropped, the next caller gets it.
pub(crate) struct Ticket<'a>(&'a CommitQueue);

impl<'a> Ticket<'a> {
    /// Hands the ticket to the next caller. If nobody waits, returns it: its holder is the last and commits for all.
    pub(crate) fn hand_on(self) -> Option<Self> {
        let mut queue = self.0.queue();
        if queue.waiting.is_empty() {
            drop(queue);
            return Some(self);
        }
        call_next(&mut queue);
        drop(queue);
        std::mem::forget(self);
        None
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        call_next(&mut self.0.queue());
    }
}

fn call_next(queue: &mut Queue) {
    match queue.waiting.pop_front() {
        Some(place) => {
            place.called.store(true, Ordering::Relaxed);
            place.bell.notify_one();
        }
        None => queue.taken = false,
    }
}

/// How a commit ended, for all acts in it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Ended {
    /// The commit is in the file.
    Done,
    /// The commit is not in the file, and may be tried again.
    NotDone(NotDone),
    /// The commit is not in the file, and the store takes no more.
    Broken,
    /// Nobody can tell whether the commit is in the file.
    Unknown,
}

/// What failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum NotDone {
    Storage(ErrorKind),
    Anchor,
}

impl From<NotDone> for StoreError {
    fn from(failed: NotDone) -> Self {
        match failed {
            NotDone::Storage(kind) => Self::Io(kind),
            NotDone::Anchor => Self::AnchorFailed,
        }
    }
}

/// Where the acts of one commit wait for its outcome.
#[derive(Default)]
pub(crate) struct Outcome {
    ended: Mutex<Option<Ended>>,
    bell: Condvar,
}

impl Outcome {
    pub(crate) fn tell(&self, ended: Ended) {
        *self.ended.lock().unwrap_or_else(PoisonError::into_inner) = Some(ended);
        self.bell.notify_all();
    }

    pub(crate) fn wait(&self) -> Ended {
        let mut ended = self.ended.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            match *ended {
                Some(ended) => return ended,
                None => ended = self.bell.wait(ended).unwrap_or_else(PoisonError::into_inner),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::thread;

    use super::*;

    const LONG: Option<Duration> = Some(Duration::from_secs(60));

    fn until(what: impl Fn() -> bool) {
        while !what() {
            thread::yield_now();
        }
    }

    #[test]
    fn callers_get_the_ticket_in_the_order_of_arrival() {
        let queue = CommitQueue::default();
        let (done, order) = mpsc::channel();
        thread::scope(|scope| {
            let first = queue.take(LONG).unwrap();
            for name in 0..8 {
                let (queue, done) = (&queue, done.clone());
                scope.spawn(move || {
                    let _ticket = queue.take(LONG).unwrap();
                    done.send(name).unwrap();
                });
                until(|| queue.waiting() == name + 1);
            }
            assert!(first.hand_on().is_none(), "no caller waits");
        });
        drop(done);
        assert_eq!(order.iter().collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5, 6, 7]);
        assert!(queue.take(LONG).unwrap().hand_on().is_some(), "a caller still waits");
    }

    #[test]
    fn a_caller_that_waits_too_long_leaves_the_queue() {
        let queue = CommitQueue::default();
        let ticket = queue.take(LONG).unwrap();
        thread::scope(|scope| {
            let late = scope.spawn(|| queue.take(Some(Duration::from_millis(1))).err());
            assert_eq!(late.join().unwrap(), Some(StoreError::Busy { retry_after: RETRY_AFTER }));
        });
        assert_eq!(queue.waiting(), 0);
        assert!(ticket.hand_on().is_some());
    }

    #[test]
    fn a_full_queue_refuses_another_caller() {
        let queue = CommitQueue::default();
        thread::scope(|scope| {
            let ticket = queue.take(LONG).unwrap();
            for _ in 0..MAX_WAITING {
                scope.spawn(|| drop(queue.take(LONG).unwrap()));
            }
            until(|| queue.waiting() == MAX_WAITING);
            assert_eq!(queue.take(LONG).err(), Some(StoreError::Busy { retry_after: RETRY_AFTER }));
            drop(ticket);
        });
        assert_eq!(queue.waiting(), 0);
    }
}
