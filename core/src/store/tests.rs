//! The store on redb: the queue, shared commits, and what happens when a commit fails.

mod faults;
mod files;
mod names;
mod shared_commits;

use std::sync::Arc;

use super::conformance::conformance;
use super::memory::BTreeStore;
use super::port::{Read, Row, Store, StoreError, Write};
use super::redb::RedbStore;
use super::settings::Settings;
use crate::crypto::tally::TallyKey;

#[test]
fn redb_in_a_file_conforms() {
    let directory = tempfile::tempdir().unwrap();
    let made = std::sync::atomic::AtomicU64::new(0);
    conformance(&|| {
        let name = made.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let path = directory.path().join(name.to_string());
        Arc::new(
            RedbStore::create_file(
                &path,
                Settings::default(),
                Vec::new(),
                name.to_be_bytes(),
                None,
                Arc::new(accept),
            )
            .unwrap(),
        )
    });
}

#[test]
fn redb_in_memory_conforms() {
    conformance(&|| Arc::new(RedbStore::memory(Vec::new(), Arc::new(accept)).unwrap()));
}

#[test]
fn a_btree_map_conforms() {
    conformance(&|| Arc::new(BTreeStore::new()));
}

fn put(key: &[u8], value: &[u8]) -> Row {
    Row { key: key.to_vec(), write: Write::Put(value.to_vec()) }
}

fn act(store: &dyn Store, rows: Vec<Row>) -> Result<(), StoreError> {
    store.write(&mut |_| Ok(rows.clone()))
}

fn value(store: &dyn Store, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
    let mut value = None;
    store.read(&mut |read| {
        value = read.get(key)?;
        Ok(())
    })?;
    Ok(value)
}

fn count(store: &dyn Store, key: &[u8]) -> u64 {
    value(store, key).unwrap().map_or(0, |value| u64::from_be_bytes(value.try_into().unwrap()))
}

/// Adds one to a row, so that the row shows whether an act ran twice.
fn add_one(store: &dyn Store, key: &[u8], runs: &mut usize) -> Result<(), StoreError> {
    store.write(&mut |read| {
        *runs += 1;
        let before = read.get(key)?.map_or(0, |value| u64::from_be_bytes(value.try_into().unwrap()));
        Ok(vec![put(key, &(before + 1).to_be_bytes())])
    })
}

fn key() -> Arc<TallyKey> {
    Arc::new(TallyKey::new(&[1; 32]))
}

fn accept(_: &dyn Read) -> Result<Arc<TallyKey>, StoreError> {
    Ok(key())
}

fn until(what: impl Fn() -> bool) {
    while !what() {
        std::thread::yield_now();
    }
}
