//! The server that `tests/postgres/run` has started.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use selfsame::Database;
use selfsame::testing::{Keyring, PostgresStore, Read, TallyKey};

/// Returns the address of the server, without a database.
pub(crate) fn url() -> String {
    std::env::var("SELFSAME_POSTGRES")
        .unwrap_or_else(|_| panic!("call tests/postgres/run, which starts a server"))
}

/// Makes a database, and returns its name.
pub(crate) fn made() -> String {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let name = format!("test_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
    PostgresStore::told(&Database::at(&url()).unwrap(), &format!("CREATE DATABASE {name}")).unwrap();
    name
}

/// Makes a database.
pub(crate) fn database() -> Database {
    named(&made())
}

pub(crate) fn named(name: &str) -> Database {
    Database::at(&format!("{}/{name}", url())).unwrap()
}

/// A keyring for stores of bare rows.
pub(crate) fn keyring() -> Arc<dyn Keyring> {
    Arc::new(|_: &dyn Read| Ok(Arc::new(TallyKey::new(&[1; 32]))))
}
