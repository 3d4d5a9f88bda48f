//! A disk in memory that records writes and fails on demand.

use std::io;
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use selfsame::testing::{BackendError, Medium, MemoryMedium, Opened, StorageBackend, StoreError};

/// A change of the disk, or a sync that makes changes durable.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Op {
    Write {
        at: u64,
        data: Vec<u8>,
    },
    SetLen(u64),
    Sync,
    /// A failed sync. What was written since the last sync can be read as long as the machine runs, but no
    /// later sync makes it durable.
    Lost,
    /// The file that was written and synced beside the old one replaces it, at once and durably.
    Replaced(Vec<u8>),
}

/// How much of a failed call takes effect.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Effect {
    Nothing,
    /// The first half of a write takes effect. Any other call has no effect.
    Half,
    All,
    /// A sync fails as on Linux: see [`Op::Lost`]. Any other call has no effect.
    Lost,
    /// The call has no effect and reports success.
    Silence,
}

/// Which calls fail, and how.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Fault {
    /// The number of the first failing call, counted from 1. Reads, writes, changes of length and syncs
    /// count.
    pub(crate) call: usize,
    /// The error number of the operating system: `ENOSPC`, `EIO`.
    pub(crate) errno: i32,
    pub(crate) effect: Effect,
    /// Whether every later call fails too and the disk no longer opens.
    pub(crate) for_good: bool,
}

pub(crate) const ENOSPC: i32 = 28;
pub(crate) const EIO: i32 = 5;

/// The disk. Clones share one disk.
#[derive(Clone, Default)]
pub(crate) struct Disk(Arc<Inner>);

#[derive(Default)]
struct Inner {
    below: MemoryMedium,
    log: Mutex<Vec<Op>>,
    plan: Mutex<Plan>,
    /// How often the file was replaced.
    replaced: AtomicUsize,
    is_replaced: AtomicBool,
}

#[derive(Default)]
struct Plan {
    fault: Option<Fault>,
    calls: usize,
}

impl Disk {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Returns a disk with these bytes and an empty recording.
    pub(crate) fn holding(bytes: Vec<u8>) -> Self {
        Self(Arc::new(Inner { below: MemoryMedium::holding(bytes), ..Inner::default() }))
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.below.bytes()
    }

    /// Returns the number of recorded operations.
    pub(crate) fn recorded(&self) -> usize {
        lock(&self.0.log).len()
    }

    pub(crate) fn take_log(&self) -> Vec<Op> {
        std::mem::take(&mut lock(&self.0.log))
    }

    /// Starts counting calls, and lets them fail as `fault` says. With `None`, no call fails.
    pub(crate) fn set(&self, fault: Option<Fault>) {
        *lock(&self.0.plan) = Plan { fault, calls: 0 };
    }

    /// Returns whether a call has failed since the fault was set.
    pub(crate) fn struck(&self) -> bool {
        let plan = lock(&self.0.plan);
        plan.fault.is_some_and(|fault| plan.calls >= fault.call)
    }
}

impl Medium for Disk {
    fn open(&self) -> Result<Opened, StoreError> {
        let plan = lock(&self.0.plan);
        if let Some(fault) = plan.fault.filter(|fault| fault.for_good && plan.calls >= fault.call) {
            return Err(StoreError::Io(io::Error::from_raw_os_error(fault.errno).kind()));
        }
        drop(plan);
        if self.0.is_replaced.swap(false, Ordering::SeqCst) {
            lock(&self.0.log).push(Op::Replaced(self.bytes()));
        }
        let Opened { backend, identity } = self.0.below.open()?;
        let (disk, opened_at) = (Arc::clone(&self.0), self.0.replaced.load(Ordering::SeqCst));
        Ok(Opened { backend: Box::new(Recorded { below: backend, disk, opened_at }), identity })
    }

    fn beside(&self) -> Result<Box<dyn Medium>, StoreError> {
        self.0.below.beside()
    }

    fn put_in_place(&self) -> Result<(), StoreError> {
        self.0.below.put_in_place()?;
        self.0.replaced.fetch_add(1, Ordering::SeqCst);
        // The replacement is recorded at the next opening, because closing the file still writes to it
        // without changing what is read.
        self.0.is_replaced.store(true, Ordering::SeqCst);
        Ok(())
    }
}

/// One opening of the disk.
struct Recorded {
    below: Box<dyn StorageBackend>,
    disk: Arc<Inner>,
    opened_at: usize,
}

impl std::fmt::Debug for Recorded {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Recorded")
    }
}

impl Recorded {
    /// Counts a call. Returns its error and effect if it must fail.
    fn failing(&self) -> Option<(Effect, io::Error)> {
        let mut plan = lock(&self.disk.plan);
        plan.calls += 1;
        let calls = plan.calls;
        let fault =
            plan.fault.filter(|fault| calls == fault.call || (fault.for_good && calls > fault.call))?;
        Some((fault.effect, io::Error::from_raw_os_error(fault.errno)))
    }

    fn change(&self, op: Op) -> io::Result<()> {
        let failing = self.failing();
        let happens = match (&failing, op) {
            (None | Some((Effect::All, _)), op) => Some(op),
            (Some((Effect::Half, _)), Op::Write { at, mut data }) => {
                data.truncate(data.len() / 2);
                Some(Op::Write { at, data })
            }
            (Some((Effect::Lost, _)), Op::Sync) => Some(Op::Lost),
            _ => None,
        };
        if let Some(op) = happens {
            // Holds the lock across both, so that the recording has the order of the disk.
            let mut log = lock(&self.disk.log);
            match &op {
                Op::Write { at, data } => self.below.write(*at, data)?,
                Op::SetLen(len) => self.below.set_len(*len)?,
                Op::Sync => self.below.sync_data()?,
                Op::Lost | Op::Replaced(_) => {}
            }
            // An opener of the replaced file still writes to it. Nobody reads these writes, so they are
            // not recorded.
            if self.opened_at == self.disk.replaced.load(Ordering::SeqCst) {
                log.push(op);
            }
        }
        match failing {
            None | Some((Effect::Silence, _)) => Ok(()),
            Some((_, error)) => Err(error),
        }
    }
}

impl StorageBackend for Recorded {
    fn len(&self) -> io::Result<u64> {
        self.below.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match self.failing() {
            None => self.below.read(offset, out),
            Some((_, error)) => Err(error),
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(Op::SetLen(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.change(Op::Sync)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.change(Op::Write { at: offset, data: data.to_vec() })
    }

    // A backend that does not define lock methods does not lock.
    fn close(&self) -> io::Result<()> {
        self.below.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.below.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.below.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.below.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.below.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.below.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.below.query_lock_range(start, end)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
