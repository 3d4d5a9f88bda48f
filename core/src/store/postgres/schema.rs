//! The tables, and their version.

use tokio_postgres::SimpleQueryRow;

use super::connection::{Connection, Failed};
use crate::store::port::StoreError;

const VERSION: u32 = 1;

const FIND: &str = "SELECT version FROM selfsame_schema";

/// Makes the tables. Of several processes that begin at once, one makes them and the others wait for it. The
/// number of the lock is the text `selfsame`. Values are sealed, so they cannot be compressed.
const MAKE: &str = "BEGIN ISOLATION LEVEL READ COMMITTED;\
    SELECT pg_advisory_xact_lock(8315171474287717733);\
    CREATE TABLE IF NOT EXISTS selfsame_rows(key bytea PRIMARY KEY,value bytea NOT NULL);\
    ALTER TABLE selfsame_rows ALTER COLUMN value SET STORAGE EXTERNAL;\
    CREATE SEQUENCE IF NOT EXISTS selfsame_commits;\
    CREATE TABLE IF NOT EXISTS selfsame_acts(hour bigint,id bytea,made boolean NOT NULL,\
        number bigint NOT NULL DEFAULT nextval('selfsame_commits'),PRIMARY KEY(hour,id));\
    CREATE TABLE IF NOT EXISTS selfsame_schema(version integer PRIMARY KEY);\
    INSERT INTO selfsame_schema SELECT 1 WHERE NOT EXISTS(SELECT FROM selfsame_schema);\
    SELECT version FROM selfsame_schema;\
    COMMIT";

/// Makes the tables unless they are there, and refuses those of a newer release.
pub(super) fn ready(connection: &mut Connection) -> Result<(), Failed> {
    // A role that may only read and write rows finds the tables made.
    let rows = match connection.ask(FIND.to_owned()) {
        Err(Failed::Refused(StoreError::NotAStore)) => connection.ask(MAKE.to_owned())?,
        found => found?,
    };
    let version = rows.iter().filter_map(version).next_back();
    match version {
        Some(VERSION) => Ok(()),
        Some(newer) if newer > VERSION => Err(Failed::Refused(StoreError::NewerFormat)),
        _ => Err(Failed::Refused(StoreError::NotAStore)),
    }
}

fn version(row: &SimpleQueryRow) -> Option<u32> {
    row.get(0)?.parse().ok()
}
