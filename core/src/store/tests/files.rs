//! Files: created safely, opened by one process at a time, suspended, replaced.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;

use super::*;
use crate::store::in_memory::MemoryMedium;
use crate::store::medium::Medium;
use crate::store::process::in_child;

pub(super) fn made(directory: &Path, name: &str) -> (PathBuf, RedbStore) {
    let path = directory.join(name);
    let first = vec![put(b"header", name.as_bytes())];
    let store =
        RedbStore::create_file(&path, Settings::default(), first, [7; 8], None, Arc::new(accept)).unwrap();
    (path, store)
}

pub(super) fn open(path: &Path) -> Result<RedbStore, StoreError> {
    RedbStore::open_file(path, Settings::default(), None, Arc::new(accept))
}

pub(super) fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_new_store_has_its_first_rows_and_a_reserve() {
    let directory = tempfile::tempdir().unwrap();
    let (path, store) = made(directory.path(), "new");
    assert_eq!(value(&store, b"header").unwrap().as_deref(), Some(b"new".as_slice()));
    assert_eq!(store.commit_stamp(), Ok(1));
    assert_eq!(names(directory.path()), [".new.reserve", "new"]);
    drop(store);
    assert_eq!(value(&open(&path).unwrap(), b"header").unwrap().as_deref(), Some(b"new".as_slice()));
}

#[test]
#[cfg_attr(not(unix), ignore = "needs files with an owner's mode")]
fn only_its_owner_can_read_a_new_store() {
    let directory = tempfile::tempdir().unwrap();
    let (path, _store) = made(directory.path(), "new");
    assert_eq!(mode(&path), 0o600);
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[cfg(not(unix))]
fn mode(_: &Path) -> u32 {
    panic!("files have no mode on this system")
}

#[test]
fn creating_a_store_never_replaces_a_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("there");
    for bytes in [b"".as_slice(), b"somebody's letter"] {
        fs::write(&path, bytes).unwrap();
        let answer =
            RedbStore::create_file(&path, Settings::default(), Vec::new(), [7; 8], None, Arc::new(accept))
                .err();
        assert_eq!(answer, Some(StoreError::AlreadyExists));
        assert_eq!(fs::read(&path).unwrap(), bytes);
        assert_eq!(names(directory.path()), ["there"]);
    }
    let nowhere = directory.path().join("no such directory").join("new");
    let answer =
        RedbStore::create_file(&nowhere, Settings::default(), Vec::new(), [7; 8], None, Arc::new(accept))
            .err();
    assert_eq!(answer, Some(StoreError::NotFound));
}

#[test]
fn the_leftover_of_a_crashed_creation_does_no_harm() {
    let directory = tempfile::tempdir().unwrap();
    let left = ".new.0101010101010101.new";
    fs::write(directory.path().join(left), b"half a store").unwrap();
    let (_, store) = made(directory.path(), "new");
    assert_eq!(value(&store, b"header").unwrap().as_deref(), Some(b"new".as_slice()));
    assert_eq!(names(directory.path()), [left, ".new.reserve", "new"]);
    assert_eq!(fs::read(directory.path().join(left)).unwrap(), b"half a store");
}

#[test]
fn first_rows_beyond_the_limits_leave_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("new");
    let rows = vec![put(&[1; 2_000], b"")];
    let answer =
        RedbStore::create_file(&path, Settings::default(), rows, [7; 8], None, Arc::new(accept)).err();
    assert_eq!(answer, Some(StoreError::TooLarge));
    assert_eq!(names(directory.path()), [""; 0]);
}

#[test]
fn a_second_opener_is_kept_out_until_the_first_suspends() {
    let directory = tempfile::tempdir().unwrap();
    let (path, first) = made(directory.path(), "new");
    assert_eq!(open(&path).err(), Some(StoreError::AlreadyOpen));
    first.suspend().unwrap();
    let second = open(&path).unwrap();
    act(&second, vec![put(b"row", b"of the second")]).unwrap();
    assert_eq!(value(&first, b"row"), Err(StoreError::AlreadyOpen));
    drop(second);
    assert_eq!(value(&first, b"row").unwrap().as_deref(), Some(b"of the second".as_slice()));
    assert_eq!(first.commit_stamp(), Ok(2), "the stamp is not the one in the file");

    let medium = Arc::new(MemoryMedium::new());
    let first =
        RedbStore::create(medium.clone(), Settings::default(), Vec::new(), None, Arc::new(accept)).unwrap();
    let second = || RedbStore::open(medium.clone(), Settings::default(), None, Arc::new(accept));
    assert_eq!(second().err(), Some(StoreError::AlreadyOpen));
    drop(first);
    assert!(second().is_ok());
}

/// A call that has begun before the store is closed must not open the file after it.
#[test]
fn a_closed_store_leaves_its_file_alone_also_in_calls_that_have_begun() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..20 {
        let (path, store) = made(directory.path(), &format!("store {round}"));
        thread::scope(|scope| {
            for place in 0..3_u8 {
                let store = &store;
                scope.spawn(move || {
                    loop {
                        let ended = match place {
                            0 => value(store, b"row").map(|_| ()),
                            1 => act(store, vec![put(b"row", b"1")]),
                            _ => store.suspend(),
                        };
                        match ended {
                            Ok(()) => {}
                            Err(ended) => return assert_eq!(ended, StoreError::Closed),
                        }
                    }
                });
            }
            (0..round * 50).for_each(|_| thread::yield_now());
            store.close().unwrap();
            let again = open(&path).unwrap();
            act(&again, vec![put(b"row", b"of the second")]).unwrap();
        });
        assert_eq!(store.rewrite(&mut |_, value| Ok(value.to_vec()), None), Err(StoreError::Closed));
        assert_eq!(store.verify(), Err(StoreError::Closed));
    }
}

#[test]
fn storage_in_memory_outlives_its_store() {
    let medium = Arc::new(MemoryMedium::new());
    let store =
        RedbStore::create(medium.clone(), Settings::default(), Vec::new(), None, Arc::new(accept)).unwrap();
    act(&store, vec![put(b"row", b"1")]).unwrap();
    drop(store);
    assert_eq!(
        RedbStore::create(medium.clone(), Settings::default(), Vec::new(), None, Arc::new(accept)).err(),
        Some(StoreError::AlreadyExists)
    );
    let store = RedbStore::open(medium, Settings::default(), None, Arc::new(accept)).unwrap();
    assert_eq!(value(&store, b"row").unwrap().as_deref(), Some(b"1".as_slice()));
}

/// redb writes when it is dropped.
#[test]
fn a_store_dropped_in_a_forked_process_writes_nothing() {
    for is_suspended in [false, true] {
        let directory = tempfile::tempdir().unwrap();
        let (path, store) = made(directory.path(), "new");
        act(&store, vec![put(b"row", b"1")]).unwrap();
        if is_suspended {
            store.suspend().unwrap();
        }
        let before = fs::read(&path).unwrap();
        in_child(|| drop(store));
        assert!(fs::read(&path).unwrap() == before, "the file was written to");
        assert_eq!(names(directory.path()), [".new.reserve", "new"]);
        // The child's copy of the file is closed, so it keeps nobody out if the parent has ended.
        assert_eq!(value(&open(&path).unwrap(), b"row").unwrap().as_deref(), Some(b"1".as_slice()));
    }
}

/// A thread that was inside at the fork holds locks of redb, and does not exist in the child.
#[test]
fn a_store_in_use_at_the_fork_is_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let (path, mut store) = made(directory.path(), "new");
    let before = fs::read(&path).unwrap();
    store.enter_for_good();
    in_child(|| drop(store));
    assert!(fs::read(&path).unwrap() == before, "the file was written to");
    assert_eq!(open(&path).err(), Some(StoreError::AlreadyOpen), "redb was closed");
}

/// The store would report commits to an unlinked file as done, and nobody would find them.
#[test]
#[cfg_attr(not(unix), ignore = "needs inodes, and to replace an open file")]
fn a_store_whose_file_was_replaced_refuses_every_act() {
    for exchange in [true, false] {
        let directory = tempfile::tempdir().unwrap();
        let (other_path, other) = made(directory.path(), "other");
        drop(other);
        let (path, store) = made(directory.path(), "new");
        act(&store, vec![put(b"row", b"1")]).unwrap();
        if exchange {
            fs::rename(&other_path, &path).unwrap();
        } else {
            fs::remove_file(&path).unwrap();
        }
        let before = exchange.then(|| fs::read(&path).unwrap());
        assert_eq!(act(&store, vec![put(b"row", b"2")]), Err(StoreError::Broken));
        assert_eq!(act(&store, vec![put(b"row", b"3")]), Err(StoreError::Broken));
        assert_eq!(value(&store, b"row"), Err(StoreError::Broken));
        assert_eq!(before, fs::read(&path).ok(), "the other file was changed");

        let reopened = store.reopen();
        if exchange {
            assert_eq!(reopened, Ok(()));
            assert_eq!(value(&store, b"header").unwrap().as_deref(), Some(b"other".as_slice()));
            act(&store, vec![put(b"row", b"4")]).unwrap();
        } else {
            assert_eq!(reopened, Err(StoreError::NotFound));
            assert_eq!(value(&store, b"row"), Err(StoreError::Broken));
        }
    }
}

#[test]
#[cfg_attr(not(unix), ignore = "needs inodes, and to replace an open file")]
fn a_suspended_store_never_wakes_on_another_file() {
    let directory = tempfile::tempdir().unwrap();
    let (other_path, other) = made(directory.path(), "other");
    let (path, store) = made(directory.path(), "new");
    drop(other);
    store.suspend().unwrap();
    let keep = fs::File::open(&path).unwrap();
    fs::rename(&other_path, &path).unwrap();
    let before = fs::read(&path).unwrap();
    assert_eq!(value(&store, b"header"), Err(StoreError::Broken));
    assert_eq!(fs::read(&path).unwrap(), before, "an unchecked file was changed");
    drop(keep);
    store.reopen().unwrap();
    assert_eq!(value(&store, b"header").unwrap().as_deref(), Some(b"other".as_slice()));
}

#[test]
fn a_keyring_sees_the_rows_and_can_refuse_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let (path, store) = made(directory.path(), "new");
    drop(store);
    let before = fs::read(&path).unwrap();
    for refusal in [StoreError::WrongKey, StoreError::NewerFormat] {
        let refuses = refusal.clone();
        let keyring = move |read: &dyn Read| {
            assert_eq!(read.get(b"header")?.as_deref(), Some(b"new".as_slice()));
            Err(refuses.clone())
        };
        let answer = RedbStore::open_file(&path, Settings::default(), None, Arc::new(keyring));
        assert_eq!(answer.err(), Some(refusal));
        assert!(fs::read(&path).unwrap() == before, "a refused file was changed");
    }
}

#[test]
fn an_empty_medium_is_not_a_store() {
    let medium = MemoryMedium::new();
    assert_eq!(medium.identity(), Ok(None));
    let answer = RedbStore::open(Arc::new(medium), Settings::default(), None, Arc::new(accept));
    assert_eq!(answer.err(), Some(StoreError::NotAStore));
}
