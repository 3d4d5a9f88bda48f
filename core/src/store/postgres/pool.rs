//! The connections of one store. Each act has one to itself, so as many acts run at once as there are connections.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;
use tokio_postgres::Config;
use tokio_postgres_rustls::MakeRustlsConnect;

use super::connection::{Connection, Failed};
use super::wait::Runtime;
use crate::store::port::StoreError;
use crate::store::process::{ForkedProcess, Process};

const RETRY_AFTER: Duration = Duration::from_millis(100);

pub(super) struct Pool {
    config: Config,
    tls: MakeRustlsConnect,
    runtime: Runtime,
    /// The most connections.
    most: usize,
    /// How long a caller waits for a connection.
    patience: Duration,
    state: Mutex<State>,
    returned: Condvar,
    process: Process,
}

#[derive(Default)]
struct State {
    /// Connections that nobody uses. The last one was used last.
    idle: Vec<Connection>,
    /// How many are in use or are being opened.
    taken: usize,
}

impl Pool {
    pub(super) fn new(
        config: Config,
        tls: MakeRustlsConnect,
        most: usize,
        patience: Duration,
    ) -> Result<Self, StoreError> {
        let (runtime, state, returned) = (Runtime::start()?, Mutex::default(), Condvar::new());
        let process = Process::current();
        Ok(Self { config, tls, runtime, most, patience, state, returned, process })
    }

    /// Waits for a connection, at most as long as the pool's patience.
    pub(super) fn take(&self) -> Result<Lease<'_>, StoreError> {
        self.process.check()?;
        let until = Instant::now() + self.patience;
        let left = || until.saturating_duration_since(Instant::now());
        let mut state = self.state();
        while state.taken >= self.most {
            let (relocked, wait) =
                self.returned.wait_timeout(state, left()).unwrap_or_else(PoisonError::into_inner);
            state = relocked;
            if wait.timed_out() && state.taken >= self.most {
                return Err(StoreError::Busy { retry_after: RETRY_AFTER });
            }
        }
        state.taken += 1;
        let mut lease = Lease { pool: self, connection: None };
        let unsound: Vec<_> = state.idle.extract_if(.., |idle| !idle.is_sound()).collect();
        lease.connection = state.idle.pop();
        drop(state);
        drop(unsound);
        while lease.connection.is_none() {
            match Connection::open(&self.config, &self.tls, &self.runtime) {
                Ok(opened) => lease.connection = Some(opened),
                Err(Failed::Refused(error)) => return Err(error),
                // No server that writes may be there just now, during a failover.
                Err(_) if left().is_zero() => return Err(StoreError::Io(std::io::ErrorKind::NotConnected)),
                Err(_) => std::thread::sleep(RETRY_AFTER.min(left())),
            }
        }
        Ok(lease)
    }

    /// Closes the connections that nobody uses.
    pub(super) fn close_idle(&self) -> Result<(), ForkedProcess> {
        self.process.check()?;
        let idle = std::mem::take(&mut self.state().idle);
        drop(idle);
        Ok(())
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Pool {
    /// Lets the connections be in a forked child. They are the parent's, and so is the thread that sends on them: the
    /// child does not have it, and nobody there releases the locks that it held at the fork.
    fn drop(&mut self) {
        if self.process.check().is_err() {
            std::mem::forget(std::mem::take(self.state.get_mut().unwrap_or_else(PoisonError::into_inner)));
            self.runtime.abandon();
        }
    }
}

/// A connection in use. It goes back to the pool if it can be used again.
pub(super) struct Lease<'a> {
    pool: &'a Pool,
    connection: Option<Connection>,
}

impl Lease<'_> {
    pub(super) fn connection(&mut self) -> Result<&mut Connection, Failed> {
        self.connection.as_mut().ok_or(Failed::Lost)
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        let connection = self.connection.take().filter(Connection::is_sound);
        let mut state = self.pool.state();
        state.taken -= 1;
        state.idle.extend(connection);
        drop(state);
        self.pool.returned.notify_one();
    }
}
