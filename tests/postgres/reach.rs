//! How a database is reached: over several hosts, encrypted, and for the one that takes writes.

use std::io::ErrorKind;

use selfsame::testing::{PostgresStore, Store, StoreError};
use selfsame::{Database, Engine, Error, HostKey, OpenProblem, SystemEntropy, Unlock};
use selfsame_world::World;

use crate::server::{keyring, made, named, url};

/// The address of the server, and the user before it.
fn parts() -> (String, String) {
    let url = url();
    let (user, at) = url.rsplit_once('@').unwrap();
    (user.to_owned(), at.to_owned())
}

#[test]
fn of_several_hosts_the_one_that_takes_writes_is_used() {
    let ((user, at), name) = (parts(), made());
    // Nothing listens at the first.
    let several = Database::at(&format!("{user}@127.0.0.1:1,{at}/{name}")).unwrap();
    let store = PostgresStore::connect(&several, keyring()).unwrap();
    store.write(&mut |_| Ok(Vec::new())).unwrap();

    PostgresStore::told(
        &named(&name),
        &format!("ALTER DATABASE {name} SET default_transaction_read_only=on"),
    )
    .unwrap();
    let refused = PostgresStore::connect(&several, keyring()).err();
    assert_eq!(refused, Some(StoreError::Io(ErrorKind::NotConnected)), "it takes no writes");
}

#[test]
fn a_connection_is_encrypted_for_the_authority_that_is_trusted_and_no_other() {
    let (user, at) = parts();
    let database = || Database::at(&format!("{user}@{at}/{}?sslmode=require", made())).unwrap();
    let authority = std::fs::read(std::env::var("SELFSAME_POSTGRES_AUTHORITY").unwrap()).unwrap();
    let trusted = database().trusting(&authority).unwrap();
    let encrypted = PostgresStore::told(&trusted, "SELECT ssl FROM pg_stat_ssl WHERE pid=pg_backend_pid()");
    assert_eq!(encrypted, Ok(vec!["t".to_owned()]));
    assert!(PostgresStore::connect(&database(), keyring()).is_err(), "nobody is trusted");
    assert!(database().trusting(b"no certificate").is_err());
}

#[test]
fn a_store_in_a_database_is_created_and_opened_with_its_key_alone() {
    let (world, database) = (World::new(), named(&made()));
    let engine = world.options().connect(&database).unwrap();
    assert_eq!(engine.health().unwrap().accounts, 0);
    engine.suspend().unwrap();
    assert_eq!(engine.health().unwrap().accounts, 0, "the next call opens it again");
    engine.close().unwrap();
    assert_eq!(engine.health().err(), Some(Error::Closed));
    drop(world.options().connect(&database).unwrap());
    let other = Engine::options(Unlock::HostKey(HostKey::generate(&SystemEntropy).unwrap()));
    assert!(matches!(other.connect(&database), Err(Error::Open(OpenProblem::WrongKey))));
}

#[test]
fn a_newer_release_s_tables_are_refused() {
    let database = named(&made());
    drop(PostgresStore::connect(&database, keyring()).unwrap());
    PostgresStore::told(&database, "UPDATE selfsame_schema SET version=2").unwrap();
    assert_eq!(PostgresStore::connect(&database, keyring()).err(), Some(StoreError::NewerFormat));
}

#[test]
fn a_role_without_the_right_to_make_tables_uses_those_that_are_made() {
    let ((_, at), name) = (parts(), made());
    drop(PostgresStore::connect(&named(&name), keyring()).unwrap());
    let role = format!("app_{name}");
    PostgresStore::told(
        &named(&name),
        &format!(
            "CREATE ROLE {role} LOGIN; REVOKE CREATE ON SCHEMA public FROM PUBLIC; \
             GRANT SELECT,INSERT,UPDATE,DELETE ON selfsame_rows,selfsame_acts TO {role}; \
             GRANT SELECT ON selfsame_schema,selfsame_commits TO {role}; GRANT USAGE ON selfsame_commits TO {role}"
        ),
    )
    .unwrap();
    let engine =
        World::new().options().connect(&Database::at(&format!("postgres://{role}@{at}/{name}")).unwrap());
    assert_eq!(engine.unwrap().health().unwrap().accounts, 0);
}
