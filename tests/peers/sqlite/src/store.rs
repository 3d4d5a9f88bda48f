//! The store's port on SQLite: one table of keys and values, and one durable transaction for each act.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, Transaction, TransactionBehavior, params};
use selfsame::testing::{Decide, Entrance, Read, Store, StoreError, Visit, admit};

/// The rows and the number of commits in one file, with a write-ahead log that is synced at every commit.
pub struct SqliteStore {
    connection: Mutex<Connection>,
    entrance: Entrance,
    closed: AtomicBool,
}

const STAMP: &[u8] = &[0; 17];

fn failed(_: rusqlite::Error) -> StoreError {
    StoreError::Io(std::io::ErrorKind::Other)
}

impl SqliteStore {
    /// Makes a store in a new file.
    pub fn create(path: &Path) -> Result<Self, rusqlite::Error> {
        let connection = Connection::open(path)?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        connection.pragma_update(None, "cache_size", -16_384)?;
        connection
            .execute_batch("CREATE TABLE rows (key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID")?;
        let (connection, closed) = (Mutex::new(connection), AtomicBool::new(false));
        Ok(Self { connection, entrance: Entrance::new(), closed })
    }

    pub fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) -> Result<MutexGuard<'_, Connection>, StoreError> {
        let connection = self.connection();
        if self.closed.load(Ordering::Acquire) { Err(StoreError::Closed) } else { Ok(connection) }
    }
}

/// The rows that a transaction sees.
pub struct Rows<'a>(pub &'a Transaction<'a>);

impl Read for Rows<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        let mut get = self.0.prepare_cached("SELECT value FROM rows WHERE key = ?1").map_err(failed)?;
        get.query_row([key], |row| row.get(0)).optional().map_err(failed)
    }

    fn scan(&self, from: &[u8], to: &[u8], most: usize, visit: Visit<'_>) -> Result<(), StoreError> {
        let all = "SELECT key, value FROM rows WHERE key >= ?1 AND key < ?2 ORDER BY key LIMIT ?3";
        let mut scan = self.0.prepare_cached(all).map_err(failed)?;
        let mut rows = scan.query(params![from, to, i64::try_from(most).unwrap_or(i64::MAX)]).map_err(failed)?;
        while let Some(row) = rows.next().map_err(failed)? {
            let key = row.get_ref(0).and_then(|key| Ok(key.as_blob()?)).map_err(failed)?;
            let value = row.get_ref(1).and_then(|value| Ok(value.as_blob()?)).map_err(failed)?;
            if visit(key, value) == ControlFlow::Break(()) {
                break;
            }
        }
        Ok(())
    }
}

impl Store for SqliteStore {
    fn read(&self, look: &mut dyn FnMut(&dyn Read) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        let mut connection = self.open()?;
        let transaction = connection.transaction().map_err(failed)?;
        look(&Rows(&transaction))
    }

    fn write(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        let mut connection = self.open()?;
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(failed)?;
        let there = Rows(&transaction);
        let changes = admit(decide(&there)?, &there)?;
        if changes.is_empty() {
            return Ok(());
        }
        {
            let put =
                "INSERT INTO rows VALUES (?1, ?2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
            let mut put = transaction.prepare_cached(put).map_err(failed)?;
            let mut delete = transaction.prepare_cached("DELETE FROM rows WHERE key = ?1").map_err(failed)?;
            for (key, value) in &changes {
                match value {
                    Some(value) => put.execute([key, value]),
                    None => delete.execute([key]),
                }
                .map_err(failed)?;
            }
            let stamp =
                there.get(STAMP)?.and_then(|stamp| stamp.try_into().ok()).map_or(0, u64::from_be_bytes);
            put.execute(params![STAMP, (stamp + 1).to_be_bytes().as_slice()]).map_err(failed)?;
        }
        transaction.commit().map_err(failed)
    }

    fn commit_stamp(&self) -> Result<u64, StoreError> {
        let mut stamp = 0;
        self.read(&mut |read| {
            stamp = read.get(STAMP)?.and_then(|stamp| stamp.try_into().ok()).map_or(0, u64::from_be_bytes);
            Ok(())
        })?;
        Ok(stamp)
    }

    fn suspend(&self) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        self.open().map(|_| ())
    }

    fn close(&self) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        let _connection = self.connection();
        self.closed.store(true, Ordering::Release);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn the_sqlite_store_conforms() {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let folder = std::env::temp_dir().join(format!("selfsame-peer-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        selfsame::testing::conformance(&|| {
            let path = folder.join(NUMBER.fetch_add(1, Ordering::Relaxed).to_string());
            Arc::new(SqliteStore::create(&path).unwrap())
        });
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
