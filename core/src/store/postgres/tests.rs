//! The store on a server. `tests/postgres/run` starts one and names it in `SELFSAME_POSTGRES`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::database::Database;
use super::store::PostgresStore;
use crate::crypto::tally::TallyKey;
use crate::store::conformance::conformance;
use crate::store::port::{Read, Store, StoreError};
use crate::store::process::in_child;

fn accept(_: &dyn Read) -> Result<Arc<TallyKey>, StoreError> {
    Ok(Arc::new(TallyKey::new(&[1; 32])))
}

/// A database of the test's own on the server.
fn database() -> Database {
    static MADE: AtomicU64 = AtomicU64::new(0);
    let url = std::env::var("SELFSAME_POSTGRES").expect("tests/postgres/run starts a server and sets it");
    let name = format!("core_{}_{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
    let all = Database::at(&url).unwrap().connections(1);
    all.pool().unwrap().take().unwrap().connection().unwrap().ask(format!("CREATE DATABASE {name}")).unwrap();
    Database::at(&format!("{url}/{name}")).unwrap()
}

fn store() -> PostgresStore {
    PostgresStore::connect(&database(), Arc::new(accept)).unwrap()
}

#[test]
fn postgres_conforms() {
    conformance(&|| Arc::new(store()) as Arc<dyn Store>);
}

#[test]
fn a_forked_process_sends_nothing_and_leaves_the_connections_to_the_parent() {
    let database = database();
    let store = PostgresStore::connect(&database, Arc::new(accept)).unwrap();
    let connections = || {
        let query =
            "SELECT pid || ' ' || state_change FROM pg_stat_activity WHERE datname = current_database()
            AND pid <> pg_backend_pid() ORDER BY pid";
        PostgresStore::told(&database, query).unwrap()
    };
    let of_the_parent = connections();
    assert_eq!(of_the_parent.len(), 1);
    in_child(|| {
        let acts = [store.read(&mut |_| Ok(())), store.write(&mut |_| Ok(Vec::new()))];
        let ends = [store.suspend(), store.close()];
        assert_eq!([acts, ends], [const { [const { Err(StoreError::ForkedProcess) }; 2] }; 2]);
        drop(store);
    });
    // What a drop sends takes the thread a moment.
    std::thread::sleep(std::time::Duration::from_millis(200));
    assert_eq!(connections(), of_the_parent);
}
