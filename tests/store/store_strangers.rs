//! Files that were never a store, files that must not be repaired before the keyring accepts them, and a file
//! whose one unchecked bit is flipped. `tests/damage` covers all other damage.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use selfsame::testing::{Keyring, Read, RedbStore, Row, Settings, Store, StoreError, TallyKey, Write};
use tempfile::TempDir;

const PAGE: usize = 4096;

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// One bit that nothing checks decides which of redb's two commit slots counts. If it is flipped in a killed
/// store, the result equals a crash just before the end of the last commit. Only an anchor outside the file
/// can tell the two apart.
const SLOT_BIT_AT: usize = 9;

/// The file of a store, and its true rows.
struct Sample {
    name: &'static str,
    bytes: Vec<u8>,
    rows: Rows,
    rows_before_last_commit: Rows,
}

#[test]
fn a_file_that_was_never_a_store_has_its_own_error() {
    let directory = tempfile::tempdir().unwrap();
    let sample = &samples(&directory)[0];
    let mut garbage_head = sample.bytes.clone();
    garbage_head[..512].fill(0xa5);
    let mut sqlite = b"SQLite format 3\0".to_vec();
    sqlite.resize(PAGE * 4, 0);
    let shorter_than_magic = b"redb".to_vec();
    for bytes in [garbage_head, sqlite, vec![0; PAGE * 8], vec![0xff; 100], shorter_than_magic] {
        assert_eq!(refusal(directory.path(), &bytes), StoreError::NotAStore);
    }
    let magic_alone = sample.bytes[..9].to_vec();
    assert_eq!(refusal(directory.path(), &magic_alone), StoreError::Damaged);
    let mut of_a_newer_redb = sample.bytes.clone();
    for slot in [64, 192] {
        of_a_newer_redb[slot] = 4;
    }
    assert_eq!(refusal(directory.path(), &of_a_newer_redb), StoreError::NewerFormat);
    let answer = RedbStore::open_file(directory.path(), Settings::default(), None, keyring()).err();
    assert_eq!(answer, Some(StoreError::NotAStore), "a directory");
    let nowhere = directory.path().join("nowhere");
    let answer = RedbStore::open_file(&nowhere, Settings::default(), None, keyring()).err();
    assert_eq!(answer, Some(StoreError::NotFound));
    assert!(!nowhere.exists(), "opening created a file");
}

/// The keyring refuses a file that was killed while open. Otherwise redb would repair the file at once.
#[test]
fn a_killed_store_that_the_keyring_refuses_is_not_repaired() {
    let directory = tempfile::tempdir().unwrap();
    let killed = samples(&directory).pop().unwrap();
    assert_eq!(killed.name, "killed");
    let path = directory.path().join("judged");
    fs::write(&path, &killed.bytes).unwrap();
    let answer = RedbStore::open_file(
        &path,
        Settings::default(),
        None,
        Arc::new(|_: &dyn Read| Err(StoreError::WrongKey)),
    )
    .err();
    assert_eq!(answer, Some(StoreError::WrongKey));
    assert!(fs::read(&path).unwrap() == killed.bytes, "a refused file was repaired");
    let accepted = RedbStore::open_file(&path, Settings::default(), None, keyring()).unwrap();
    assert_eq!(rows_of(&accepted), killed.rows);
    drop(accepted);
    assert!(fs::read(&path).unwrap() != killed.bytes, "the sample needed no repair");
}

#[test]
fn the_slot_bit_reverts_at_most_one_commit() {
    let directory = tempfile::tempdir().unwrap();
    for mut sample in samples(&directory) {
        sample.bytes[SLOT_BIT_AT] ^= 1;
        match opened(directory.path(), &sample.bytes) {
            Ok(rows) => {
                assert!(rows == sample.rows || rows == sample.rows_before_last_commit, "{}", sample.name);
            }
            // Closing overwrites what the older slot leads to.
            Err(error) => assert_eq!((sample.name, error), ("closed", StoreError::Damaged)),
        }
    }
}

fn keyring() -> Arc<dyn Keyring> {
    Arc::new(|_: &dyn Read| Ok(Arc::new(TallyKey::new(&[1; 32]))))
}

fn refusal(directory: &Path, bytes: &[u8]) -> StoreError {
    opened(directory, bytes).expect_err("a stranger's file opened")
}

/// Opens a file with these bytes. Returns its rows, or checks that a refused file is unchanged.
fn opened(directory: &Path, bytes: &[u8]) -> Result<Rows, StoreError> {
    let path = directory.join("stranger");
    fs::write(&path, bytes).unwrap();
    let store = RedbStore::open_file(&path, Settings::default(), None, keyring());
    if store.is_err() {
        assert!(fs::read(&path).unwrap() == bytes, "a refused file was changed");
    }
    store.map(|store| rows_of(&store))
}

fn rows_of(store: &RedbStore) -> Rows {
    let mut rows = Rows::new();
    store
        .read(&mut |read| {
            read.scan(b"row", b"rox", usize::MAX, &mut |key, value| {
                rows.insert(key.to_vec(), value.to_vec());
                ControlFlow::Continue(())
            })
        })
        .unwrap();
    rows
}

/// Returns a closed store, and a copy of an open one as a killed process leaves it.
fn samples(directory: &TempDir) -> Vec<Sample> {
    let path = directory.path().join("sample");
    _ = fs::remove_file(&path);
    let store =
        RedbStore::create_file(&path, Settings::default(), Vec::new(), [1; 8], None, keyring()).unwrap();
    let (mut rows, mut before) = (Rows::new(), Rows::new());
    for round in 0..12_u8 {
        let act: Vec<Row> = (0..16_u8)
            .map(|at| Row {
                key: [b"row".as_slice(), &[round * 5 + at]].concat(),
                write: Write::Put(vec![round; 300]),
            })
            .collect();
        store.write(&mut |_| Ok(act.clone())).unwrap();
        before.clone_from(&rows);
        rows.extend(act.into_iter().map(|row| (row.key, vec![round; 300])));
    }
    let killed = fs::read(&path).unwrap();
    drop(store);
    let closed = fs::read(&path).unwrap();
    let sample =
        |name, bytes| Sample { name, bytes, rows: rows.clone(), rows_before_last_commit: before.clone() };
    vec![sample("closed", closed), sample("killed", killed)]
}
