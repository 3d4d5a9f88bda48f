//! Reads and writes rows past all checks, as an attacker can who has redb but no key.

use std::collections::BTreeMap;
use std::sync::Arc;

use redb::{Database, ReadableDatabase, ReadableTable};

use super::in_memory::MemoryMedium;
use super::medium::{Lent, Medium};
use super::open::open_on;
use super::port::StoreError;
use super::rows::{Failure, ROWS};
use super::settings::Settings;

/// Returns the rows of the store whose file has these bytes, including the stamp.
///
/// # Errors
/// Returns [`StoreError`] if redb does not open it.
pub fn raw_rows(file: Vec<u8>) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, StoreError> {
    let (_, db) = opened(file)?;
    read(&db).map_err(|failure| failure.means)
}

/// Returns the bytes of the file after these rows were set or removed. redb accepts them as before.
///
/// # Errors
/// Returns [`StoreError`] if redb does not open it.
pub fn with_raw_rows(file: Vec<u8>, edits: &[(Vec<u8>, Option<Vec<u8>>)]) -> Result<Vec<u8>, StoreError> {
    let (medium, db) = opened(file)?;
    write(&db, edits).map_err(|failure| failure.means)?;
    drop(db);
    Ok(medium.bytes())
}

fn opened(file: Vec<u8>) -> Result<(Arc<MemoryMedium>, Database), StoreError> {
    let medium = Arc::new(MemoryMedium::holding(file));
    let settings = Settings { cache_bytes: 1 << 20, ..Settings::default() };
    let db = open_on(Lent::new(medium.open()?.backend, false), settings)?;
    Ok((medium, db))
}

fn read(db: &Database) -> Result<BTreeMap<Vec<u8>, Vec<u8>>, Failure> {
    let mut rows = BTreeMap::new();
    for row in db.begin_read()?.open_table(ROWS)?.iter()? {
        let (key, value) = row?;
        rows.insert(key.value().to_vec(), value.value().to_vec());
    }
    Ok(rows)
}

fn write(db: &Database, edits: &[(Vec<u8>, Option<Vec<u8>>)]) -> Result<(), Failure> {
    let mut transaction = db.begin_write()?;
    transaction.set_two_phase_commit(true);
    {
        let mut table = transaction.open_table(ROWS)?;
        for (key, value) in edits {
            match value {
                Some(value) => table.insert(key.as_slice(), value.as_slice())?,
                None => table.remove(key.as_slice())?,
            };
        }
    }
    Ok(transaction.commit()?)
}
