//! The store on PostgreSQL: one table of keys and values in a database that other people run.

mod connection;
pub(crate) mod database;
mod pool;
mod schema;
mod seen;
mod sql;
pub(crate) mod store;
#[cfg(test)]
mod tests;
mod transaction;
mod wait;
