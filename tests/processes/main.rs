//! Real processes on real files: killed, stopped, competing for a file, after the file is moved away, without
//! permission to write it, and on a full disk (SPEC 3.4, 12.3, 13.1).
//!
//! A process is this test binary, run again for one test. It reports what it does in lines of its standard output that
//! begin with `> `.
//!
//! ```text
//! KILLS=1000 cargo test --release -p selfsame-tests --test processes -- --nocapture kills
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test panics on anything unexpected and prints its figures"
)]

#[cfg(unix)]
mod creation;
#[cfg(unix)]
mod full;
#[cfg(unix)]
mod kills;
#[cfg(unix)]
mod names;
#[cfg(unix)]
mod permissions;
#[cfg(unix)]
mod process;
#[cfg(unix)]
mod servant;
#[cfg(unix)]
mod small_disk;
#[cfg(unix)]
mod stops;
#[cfg(unix)]
mod turns;
#[cfg(unix)]
mod work;

#[cfg(unix)]
use process::{Process, below, goes_on, is_process, say};

#[cfg(not(unix))]
#[test]
#[ignore = "needs the processes, signals and permissions of Unix"]
fn processes_that_are_killed_stopped_and_refused() {
    panic!("this system is not Unix");
}
