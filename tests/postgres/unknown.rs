//! Commits whose answer is lost: each act is done once or not at all, and the caller learns which.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use selfsame::Database;
use selfsame::testing::{PostgresStore, Row, Store, StoreError, Write};

use crate::proxy::{Fate, Proxy};
use crate::server::{keyring, made, named};

struct Stage {
    proxy: Arc<Proxy>,
    name: String,
    store: PostgresStore,
}

fn stage() -> Stage {
    let (proxy, name) = (Proxy::start(), made());
    let database = Database::at(&proxy.url(&name)).unwrap();
    Stage { store: PostgresStore::connect(&database, keyring()).unwrap(), proxy, name }
}

/// Adds one to a row, so that the row shows how often the act was done.
fn add_one(store: &PostgresStore, key: &[u8]) -> Result<(), StoreError> {
    store.write(&mut |read| {
        let before = number(read.get(key)?);
        Ok(vec![Row { key: key.to_vec(), write: Write::Put((before + 1).to_be_bytes().to_vec()) }])
    })
}

fn number(row: Option<Vec<u8>>) -> u64 {
    row.map_or(0, |row| u64::from_be_bytes(row.try_into().unwrap()))
}

fn count(store: &PostgresStore, key: &[u8]) -> u64 {
    let mut count = 0;
    store.read(&mut |read| read.get(key).map(|row| count = number(row))).unwrap();
    count
}

#[test]
fn a_commit_that_is_lost_or_whose_answer_is_lost_is_done_exactly_once() {
    let Stage { proxy, store, .. } = stage();
    for round in 0..20_u64 {
        let fate = if round % 2 == 0 { Fate::AnswerLost } else { Fate::LostOnTheWay };
        proxy.next(fate);
        add_one(&store, b"row").unwrap();
        assert_eq!(proxy.cut.load(Ordering::SeqCst), round + 1, "the proxy cut no commit");
        assert_eq!(count(&store, b"row"), round + 1, "{fate:?}");
    }
}

#[test]
fn a_commit_that_reaches_the_server_after_its_id_was_claimed_does_nothing() {
    let Stage { proxy, store, .. } = stage();
    add_one(&store, b"row").unwrap();
    for round in 1..6 {
        proxy.next(Fate::Late);
        // The first run's commit is on its way when its id is claimed. The act runs again.
        add_one(&store, b"row").unwrap();
        assert_eq!(proxy.deliver_late(), 1);
        assert_eq!(count(&store, b"row"), round + 1, "the late commit was done too");
    }
}

#[test]
fn a_success_with_a_warning_is_claimed_before_anybody_is_answered() {
    let Stage { store, name, .. } = stage();
    add_one(&store, b"row").unwrap();
    // As when the wait for a standby is cancelled, the commit succeeds and warns.
    PostgresStore::told(
        &named(&name),
        "CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN \
           IF NEW.made THEN RAISE WARNING 'committed locally'; END IF; RETURN NEW; END$$; \
         CREATE TRIGGER warn BEFORE INSERT ON selfsame_acts FOR EACH ROW EXECUTE FUNCTION warn()",
    )
    .unwrap();
    let before = store.round_trips();
    add_one(&store, b"row").unwrap();
    assert_eq!(store.round_trips() - before, 3, "a read, a commit and a claim");
    assert_eq!(count(&store, b"row"), 2);
}

#[test]
fn an_act_nobody_can_tell_of_is_unknown_and_the_store_goes_on() {
    let Stage { store, name, .. } = stage();
    add_one(&store, b"row").unwrap();
    let there = named(&name);
    // Every answer is doubtful, the claims' too: as with a standby that is gone for good.
    PostgresStore::told(
        &there,
        "CREATE FUNCTION warn() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN \
           RAISE WARNING 'no standby'; RETURN NEW; END$$; \
         CREATE TRIGGER warn BEFORE INSERT ON selfsame_acts FOR EACH ROW EXECUTE FUNCTION warn()",
    )
    .unwrap();
    assert_eq!(add_one(&store, b"row"), Err(StoreError::Unknown));
    PostgresStore::told(&there, "DROP TRIGGER warn ON selfsame_acts").unwrap();
    assert_eq!(count(&store, b"row"), 2, "the act was made, as Unknown allows");
    add_one(&store, b"row").unwrap();
    assert_eq!(count(&store, b"row"), 3);
}

#[test]
#[expect(clippy::disallowed_methods, reason = "the wait is the machine's own")]
fn a_commit_that_takes_too_long_ends_in_unknown_by_the_client_s_own_deadline() {
    let Stage { store, name, .. } = stage();
    add_one(&store, b"row").unwrap();
    // A commit that waits, as for a standby. The claim waits for it too.
    PostgresStore::told(
        &named(&name),
        "CREATE FUNCTION hang() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN PERFORM pg_sleep(30); RETURN NULL; END$$; \
         CREATE CONSTRAINT TRIGGER hang AFTER INSERT ON selfsame_acts DEFERRABLE INITIALLY DEFERRED \
           FOR EACH ROW WHEN (NEW.made) EXECUTE FUNCTION hang()",
    )
    .unwrap();
    let begun = std::time::Instant::now();
    assert_eq!(add_one(&store, b"row"), Err(StoreError::Unknown));
    let waited = begun.elapsed().as_secs();
    assert!((9..30).contains(&waited), "{waited} s");
    assert_eq!(count(&store, b"row"), 1, "the store reads on");
}

#[test]
fn connections_that_the_server_ends_are_replaced() {
    let Stage { store, name, .. } = stage();
    for round in 0..10 {
        add_one(&store, b"row").unwrap();
        let end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                   WHERE datname=current_database() AND pid<>pg_backend_pid()";
        let ended = PostgresStore::told(&named(&name), end).unwrap();
        assert_ne!(ended, ["0"], "no connection was ended");
        assert_eq!(count(&store, b"row"), round + 1);
    }
}

#[test]
fn the_ids_of_acts_are_kept_for_a_day() {
    let Stage { store, name, .. } = stage();
    add_one(&store, b"row").unwrap();
    let there = named(&name);
    let told = |text: &str| PostgresStore::told(&there, text).unwrap();
    // As if this process had last removed ids an hour ago: a new one removes at its first act.
    told("UPDATE selfsame_acts SET hour=hour-24");
    told("INSERT INTO selfsame_acts SELECT hour-1,'\\x01',true FROM selfsame_acts LIMIT 1");
    let store = PostgresStore::connect(&there, keyring()).unwrap();
    add_one(&store, b"row").unwrap();
    // On the same connection, and so after the removal.
    count(&store, b"row");
    assert_eq!(told("SELECT count(*) FROM selfsame_acts"), ["2"], "the id of 25 hours ago is still there");
}
