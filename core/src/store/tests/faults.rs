//! Storage that fails at each call in turn. An act is done, runs again, or has an unknown outcome. It is never
//! half done or done twice.

use std::collections::BTreeSet;
use std::io;
use std::ops::Bound;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicUsize, Ordering};
use std::thread;

use redb::{BackendError, StorageBackend};

use super::*;
use crate::store::in_memory::MemoryMedium;
use crate::store::medium::{Medium, Opened};

/// The error of a failing call.
const FAILS: io::ErrorKind = io::ErrorKind::TimedOut;

/// How a call fails.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Failing {
    /// The call fails without doing anything.
    Before,
    /// The call does its work and then reports a failure.
    After,
}

/// Fails the n-th call that changes or syncs, or that reads if `reads_count`.
#[derive(Debug)]
struct Faults {
    left: AtomicI64,
    failing: Mutex<Failing>,
    /// Every later call fails too, and the storage does not open.
    for_good: AtomicBool,
    reads_count: AtomicBool,
}

impl Faults {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            left: AtomicI64::new(i64::MAX),
            failing: Mutex::new(Failing::Before),
            for_good: AtomicBool::new(false),
            reads_count: AtomicBool::new(false),
        })
    }

    fn set(&self, calls: i64, failing: Failing, for_good: bool) {
        *self.failing.lock().unwrap() = failing;
        self.for_good.store(for_good, Ordering::SeqCst);
        self.left.store(calls, Ordering::SeqCst);
    }

    fn clear(&self) {
        self.set(i64::MAX, Failing::Before, false);
    }

    fn struck(&self) -> bool {
        self.left.load(Ordering::SeqCst) <= 0
    }

    fn call(&self, call: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let left = self.left.fetch_sub(1, Ordering::SeqCst);
        if left > 1 || (left < 1 && !self.for_good.load(Ordering::SeqCst)) {
            return call();
        }
        if *self.failing.lock().unwrap() == Failing::After {
            call()?;
        }
        Err(FAILS.into())
    }
}

struct FaultyMedium {
    memory: MemoryMedium,
    faults: Arc<Faults>,
}

impl Medium for FaultyMedium {
    fn open(&self) -> Result<Opened, StoreError> {
        if self.faults.struck() && self.faults.for_good.load(Ordering::SeqCst) {
            return Err(StoreError::Io(FAILS));
        }
        let Opened { backend, identity } = self.memory.open()?;
        Ok(Opened {
            backend: Box::new(Faulty { below: backend, faults: Arc::clone(&self.faults) }),
            identity,
        })
    }
}

#[derive(Debug)]
struct Faulty {
    below: Box<dyn StorageBackend>,
    faults: Arc<Faults>,
}

impl StorageBackend for Faulty {
    fn len(&self) -> io::Result<u64> {
        self.below.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if self.faults.reads_count.load(Ordering::SeqCst) {
            self.faults.call(|| self.below.read(offset, out))
        } else {
            self.below.read(offset, out)
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.faults.call(|| self.below.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.faults.call(|| self.below.sync_data())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.faults.call(|| self.below.write(offset, data))
    }

    crate::store::medium::delegate_locks!(self, self.below);
}

fn faulty() -> (Arc<Faults>, RedbStore) {
    let faults = Faults::new();
    let medium = FaultyMedium { memory: MemoryMedium::new(), faults: Arc::clone(&faults) };
    let store =
        RedbStore::create(Arc::new(medium), Settings::default(), Vec::new(), None, Arc::new(accept)).unwrap();
    (faults, store)
}

#[test]
fn one_failing_call_neither_loses_nor_repeats_an_act() {
    let (faults, store) = faulty();
    let mut credentials = BTreeSet::new();
    let mut expected = 0;
    for failing in [Failing::Before, Failing::After] {
        for call in 1.. {
            let mut runs = 0;
            faults.set(call, failing, false);
            let answer = add_one(&store, b"count", &mut runs);
            let struck = faults.struck();
            faults.clear();
            expected += 1;
            assert_eq!(answer, Ok(()), "{failing:?}, call {call}");
            assert_eq!(count(&store, b"count"), expected, "{failing:?}, call {call}, {runs} runs");
            assert_eq!(store.commit_stamp(), Ok(expected + 1), "{failing:?}, call {call}");
            if !struck {
                assert!(call > 3, "a durable commit makes more than {call} calls");
                break;
            }
            credentials.insert(runs);
        }
    }
    assert_eq!(credentials, BTreeSet::from([1, 2]), "the act was found done, or ran again");
}

#[test]
fn after_storage_fails_for_good_the_outcome_is_unknown_until_it_is_reopened() {
    let mut ends = BTreeSet::new();
    for failing in [Failing::Before, Failing::After] {
        for call in 1.. {
            let (faults, store) = faulty();
            let mut runs = 0;
            add_one(&store, b"count", &mut runs).unwrap();
            faults.set(call, failing, true);
            let answer = add_one(&store, b"count", &mut runs);
            if !faults.struck() {
                assert_eq!(answer, Ok(()));
                break;
            }
            assert_eq!(answer, Err(StoreError::Unknown), "{failing:?}, call {call}");
            assert_eq!(runs, 2, "an act with an unknown outcome ran again");
            assert_eq!(add_one(&store, b"count", &mut runs), Err(StoreError::Broken));
            assert_eq!(value(&store, b"count"), Err(StoreError::Broken));
            assert_eq!(store.commit_stamp(), Err(StoreError::Broken));
            assert_eq!(store.reopen(), Err(StoreError::Io(FAILS)));
            assert_eq!(value(&store, b"count"), Err(StoreError::Broken));
            faults.clear();
            store.reopen().unwrap();
            let counted = count(&store, b"count");
            assert!([1, 2].contains(&counted), "{failing:?}, call {call}: {counted}");
            assert_eq!(store.commit_stamp(), Ok(counted + 1), "the stamp and the row disagree");
            add_one(&store, b"count", &mut runs).unwrap();
            assert_eq!(count(&store, b"count"), counted + 1);
            ends.insert(counted);
        }
    }
    assert_eq!(ends, BTreeSet::from([1, 2]), "across the calls, both outcomes occur");
}

/// The storage refuses every write, but opens and reads.
#[test]
fn an_act_that_never_commits_is_abandoned_and_leaves_no_row() {
    let medium = StuckMedium { memory: MemoryMedium::new(), stuck: Arc::new(AtomicBool::new(false)) };
    let stuck = Arc::clone(&medium.stuck);
    let store =
        RedbStore::create(Arc::new(medium), Settings::default(), Vec::new(), None, Arc::new(accept)).unwrap();
    let mut runs = 0;
    let answer = store.write(&mut |_| {
        runs += 1;
        stuck.store(true, Ordering::SeqCst);
        Ok(vec![put(b"row", b"1")])
    });
    assert_eq!((answer, runs), (Err(StoreError::Io(FAILS)), 3));
    assert_eq!(value(&store, b"row"), Ok(None));
    stuck.store(false, Ordering::SeqCst);
    act(&store, vec![put(b"row", b"1")]).unwrap();
}

/// Refuses writes while it is stuck. Opening it frees it.
struct StuckMedium {
    memory: MemoryMedium,
    stuck: Arc<AtomicBool>,
}

impl Medium for StuckMedium {
    fn open(&self) -> Result<Opened, StoreError> {
        self.stuck.store(false, Ordering::SeqCst);
        let Opened { backend, identity } = self.memory.open()?;
        Ok(Opened { backend: Box::new(Stuck { below: backend, stuck: Arc::clone(&self.stuck) }), identity })
    }
}

/// A disk that is full until the reserve is given back.
struct FullMedium {
    memory: MemoryMedium,
    full: Arc<AtomicBool>,
}

impl Medium for FullMedium {
    fn open(&self) -> Result<Opened, StoreError> {
        let Opened { backend, identity } = self.memory.open()?;
        Ok(Opened { backend: Box::new(Full { below: backend, full: Arc::clone(&self.full) }), identity })
    }

    fn set_aside(&self) -> Result<(), StoreError> {
        if self.full.load(Ordering::SeqCst) { Err(FULL) } else { Ok(()) }
    }

    fn give_back(&self) -> Result<(), StoreError> {
        self.full.store(false, Ordering::SeqCst);
        Ok(())
    }
}

/// A file that grows by a hole, so that only a write into the hole finds the disk full.
#[derive(Debug)]
struct Full {
    below: Box<dyn StorageBackend>,
    full: Arc<AtomicBool>,
}

impl StorageBackend for Full {
    fn len(&self) -> io::Result<u64> {
        self.below.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.below.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.below.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.below.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut before = vec![0; data.len()];
        self.below.read(offset, &mut before)?;
        let has_hole = before.chunks(512).any(|sector| sector.iter().all(|byte| *byte == 0));
        if has_hole && self.full.load(Ordering::SeqCst) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.below.write(offset, data)
    }
}

const FULL: StoreError = StoreError::Io(io::ErrorKind::StorageFull);

#[test]
fn on_a_full_disk_only_acts_that_cannot_wait_use_the_reserve() {
    let medium = FullMedium { memory: MemoryMedium::new(), full: Arc::new(AtomicBool::new(false)) };
    let full = Arc::clone(&medium.full);
    let store =
        RedbStore::create(Arc::new(medium), Settings::default(), Vec::new(), None, Arc::new(accept)).unwrap();
    assert!(store.has_reserve());
    let (mut runs, mut done) = (0, 0_u8);
    let mut add = |key: u8| {
        store.write(&mut |_| {
            runs += 1;
            Ok(vec![put(&[key], &[key; 20_000])])
        })
    };
    while add(done) == Ok(()) {
        done += 1;
        full.store(done >= 9, Ordering::SeqCst);
    }
    assert_eq!(add(done), Err(FULL));
    assert!(store.has_reserve(), "an act that can wait used the reserve");
    assert_eq!(value(&store, &[done]), Ok(None));
    assert!(value(&store, &[0]).unwrap().is_some(), "reading stopped working");
    let leave = || store.write_from_reserve(&mut |_| Ok(vec![put(&[0xff], &[0xff; 60_000])]));
    assert_eq!(leave(), Ok(()));
    assert!(!store.has_reserve());
    full.store(true, Ordering::SeqCst);
    assert_eq!(add(done), Err(FULL));
    full.store(false, Ordering::SeqCst);
    add(done).unwrap();
    assert!(store.has_reserve());
    assert_eq!(runs, usize::from(done) + 3, "an act ran again although there was no room");
}

#[derive(Debug)]
struct Stuck {
    below: Box<dyn StorageBackend>,
    stuck: Arc<AtomicBool>,
}

impl Stuck {
    fn unless_stuck(&self, call: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        if self.stuck.load(Ordering::SeqCst) { Err(FAILS.into()) } else { call() }
    }
}

impl StorageBackend for Stuck {
    fn len(&self) -> io::Result<u64> {
        self.below.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.below.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.unless_stuck(|| self.below.set_len(len))
    }

    fn sync_data(&self) -> io::Result<()> {
        self.unless_stuck(|| self.below.sync_data())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.unless_stuck(|| self.below.write(offset, data))
    }
}

/// A refusal that depends on another act's staged row is decided again if that row is not committed.
#[test]
fn a_refusal_is_decided_again_if_the_rows_it_read_were_not_committed() {
    let (faults, store) = faulty();
    let (writer_runs, refuser_runs) = (AtomicUsize::new(0), AtomicUsize::new(0));
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            store.write(&mut |_| {
                // On the second run the storage works, and the act decides differently.
                if writer_runs.fetch_add(1, Ordering::SeqCst) > 0 {
                    return Err(StoreError::WrongKey);
                }
                until(|| store.waiting() == 1);
                faults.set(1, Failing::Before, false);
                Ok(vec![put(b"name", b"taken")])
            })
        });
        until(|| writer_runs.load(Ordering::SeqCst) == 1);
        let refuser = scope.spawn(|| {
            store.write(&mut |read| {
                let first = refuser_runs.fetch_add(1, Ordering::SeqCst) == 0;
                assert_eq!(
                    read.get(b"name")?.is_some(),
                    first,
                    "the act ran over a row that was not committed"
                );
                if first { Err(StoreError::AlreadyExists) } else { Ok(vec![put(b"name", b"mine")]) }
            })
        });
        assert_eq!(writer.join().unwrap(), Err(StoreError::WrongKey));
        assert_eq!(refuser.join().unwrap(), Ok(()));
    });
    assert_eq!((writer_runs.into_inner(), refuser_runs.into_inner()), (2, 2));
    assert_eq!(value(&store, b"name").unwrap().as_deref(), Some(b"mine".as_slice()));
}

/// redb answers nothing after a failed read, so the store opens the database again.
#[test]
fn a_failed_read_is_reported_once() {
    let faults = Faults::new();
    let medium = FaultyMedium { memory: MemoryMedium::new(), faults: Arc::clone(&faults) };
    let settings = Settings { cache_bytes: 0, ..Settings::default() };
    let store = RedbStore::create(Arc::new(medium), settings, Vec::new(), None, Arc::new(accept)).unwrap();
    act(&store, vec![put(b"row", b"1")]).unwrap();
    faults.reads_count.store(true, Ordering::SeqCst);
    let fail_next = || faults.set(1, Failing::Before, false);
    for _ in 0..3 {
        // The store is open and redb's cache is empty.
        assert_eq!(value(&store, b"row").unwrap().as_deref(), Some(b"1".as_slice()));
        fail_next();
        assert_eq!(value(&store, b"row"), Err(StoreError::Io(FAILS)));
        assert_eq!(
            value(&store, b"row").unwrap().as_deref(),
            Some(b"1".as_slice()),
            "the second read failed"
        );
        fail_next();
        let mut runs = 0;
        let answer = add_one(&store, b"count", &mut runs);
        assert_eq!(answer, Err(StoreError::Io(FAILS)));
        add_one(&store, b"count", &mut runs).unwrap();
    }
    assert_eq!(count(&store, b"count"), 3);
}

#[test]
fn a_failed_read_while_a_suspended_store_wakes_leaves_it_suspended() {
    let (faults, store) = faulty();
    act(&store, vec![put(b"row", b"1")]).unwrap();
    faults.reads_count.store(true, Ordering::SeqCst);
    let mut told = 0;
    for call in 1.. {
        store.suspend().unwrap();
        faults.set(call, Failing::Before, false);
        let answer = value(&store, b"row");
        let struck = faults.struck();
        faults.clear();
        match answer {
            Ok(found) => assert_eq!(found.as_deref(), Some(b"1".as_slice()), "call {call}"),
            Err(error) => {
                assert_eq!(error, StoreError::Io(FAILS), "call {call}");
                told += 1;
            }
        }
        assert_eq!(value(&store, b"row").unwrap().as_deref(), Some(b"1".as_slice()), "call {call}");
        if !struck {
            assert!(told > 3, "{told} of {call} failed calls were reported");
            break;
        }
    }
}
