//! What the cases of the conformance suite are made of.

#![allow(clippy::panic, reason = "a case reports by panicking")]

use super::port::{Read, Row, Store, StoreError, Write};

/// Returns the account's root row with its next revision. Every act reads this row and guards it.
pub(super) fn rooted(read: &dyn Read) -> Result<Row, StoreError> {
    let revision = read.get(b"root")?.map_or(0, |value| number(&value));
    Ok(guarded(b"root", revision, &(revision + 1).to_be_bytes()))
}

pub(super) fn put(key: &[u8], value: &[u8]) -> Row {
    Row { key: key.to_vec(), write: Write::Put(value.to_vec()) }
}

pub(super) fn claim(key: &[u8], value: &[u8]) -> Row {
    Row { key: key.to_vec(), write: Write::Claim(value.to_vec()) }
}

pub(super) fn guarded(key: &[u8], revision: u64, value: &[u8]) -> Row {
    Row { key: key.to_vec(), write: Write::Guarded { value: Some(value.to_vec()), revision } }
}

pub(super) fn removed(key: &[u8], revision: u64) -> Row {
    Row { key: key.to_vec(), write: Write::Guarded { value: None, revision } }
}

pub(super) fn act(store: &dyn Store, rows: Vec<Row>) -> Result<(), StoreError> {
    store.write(&mut |_| Ok(rows.clone()))
}

pub(super) fn value(store: &dyn Store, key: &[u8]) -> Option<Vec<u8>> {
    let mut value = None;
    done(store.read(&mut |read| {
        value = read.get(key)?;
        Ok(())
    }));
    value
}

pub(super) fn number(value: &[u8]) -> u64 {
    value.first_chunk().map_or(0, |head| u64::from_be_bytes(*head))
}

pub(super) fn done<T>(answer: Result<T, StoreError>) -> T {
    answer.unwrap_or_else(|error| panic!("the store answered {error:?}"))
}
