//! The engine on PostgreSQL. `bash tests/postgres/run` starts a server and runs these tests.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test panics on anything unexpected")]

#[path = "../life.rs"]
mod life;

mod between;
mod proxy;
mod races;
mod reach;
mod round_trips;
mod server;
mod stories;
mod unknown;
