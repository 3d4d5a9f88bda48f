//! One connection: what is sent on it, what it answers, and what its failures mean.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_postgres::error::{DbError, Severity, SqlState};
use tokio_postgres::{AsyncMessage, Client, Config, Error, SimpleQueryMessage, SimpleQueryRow};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::sql::bytes;
use super::wait::{Pending, Runtime, started, wait};
use crate::store::port::StoreError;

/// How long a connection is used. After a failover, the connections to what is no longer the primary go.
const LIFETIME: Duration = Duration::from_secs(30 * 60);
/// How long a server may take to answer. The server's own limits do not end a commit that waits for a standby.
pub(super) const ANSWERS_WITHIN: Duration = Duration::from_secs(10);

/// Why the database did not do what was asked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Failed {
    /// Another act was in the way. Nothing was written.
    Overtaken,
    /// There is no answer and there will be none. What was asked may have been done.
    Lost,
    /// The database refused. Nothing was written.
    Refused(StoreError),
}

/// The rows of each statement of a message, in their order.
pub(super) type Found = Vec<Vec<(Vec<u8>, Vec<u8>)>>;

pub(super) struct Connection {
    client: Arc<Client>,
    driver: AbortHandle,
    opened: Instant,
    /// The database's time when the connection was opened, in seconds since 1970.
    since: u64,
    warned: Arc<AtomicBool>,
    is_lost: bool,
}

impl Connection {
    pub(super) fn open(config: &Config, tls: &MakeRustlsConnect, runtime: &Runtime) -> Result<Self, Failed> {
        let warned = Arc::<AtomicBool>::default();
        let opening = {
            let (config, tls, warned) = (config.clone(), tls.clone(), warned.clone());
            runtime.handle().spawn(async move {
                let (client, mut connection) = config.connect(tls).await?;
                let driver = tokio::spawn(async move {
                    while let Some(Ok(message)) =
                        std::future::poll_fn(|context| connection.poll_message(context)).await
                    {
                        // A message is seen here before the answer that comes after it is seen by the caller.
                        if let AsyncMessage::Notice(notice) = message
                            && is_warning(&notice)
                        {
                            warned.store(true, Ordering::Release);
                        }
                    }
                });
                Ok::<_, Error>((client, driver.abort_handle()))
            })
        };
        let opened = wait(Box::pin(opening), ANSWERS_WITHIN).ok_or(Failed::Lost)?;
        let (client, driver) = opened.map_err(|_| Failed::Lost)?.map_err(|error| failed(&error))?;
        let (client, opened) = (Arc::new(client), Instant::now());
        let mut made = Self { client, driver, opened, since: 0, warned, is_lost: false };
        let time = made.ask("SELECT extract(epoch FROM clock_timestamp())::bigint".to_owned())?;
        let time = time.iter().find_map(|row| row.get(0)?.parse().ok());
        made.since = time.ok_or(Failed::Refused(StoreError::NotAStore))?;
        Ok(made)
    }

    /// The database's time, in hours since 1970.
    pub(super) fn hour(&self) -> u64 {
        self.since.saturating_add(self.opened.elapsed().as_secs()) / 3600
    }

    /// Sends a text and returns the rows of all its statements.
    pub(super) fn ask(&mut self, text: String) -> Result<Vec<SimpleQueryRow>, Failed> {
        let rows = self.asked(text)?.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some(row),
            _ => None,
        });
        Ok(rows.collect())
    }

    /// Sends a text, and returns the keys and values that each of its queries found.
    pub(super) fn read(&mut self, text: String) -> Result<Found, Failed> {
        let mut found = Found::new();
        for message in self.asked(text)? {
            match message {
                SimpleQueryMessage::RowDescription(_) => found.push(Vec::new()),
                SimpleQueryMessage::Row(row) => {
                    let column = |at| row.get(at).and_then(bytes);
                    let pair = column(0).zip(column(1)).ok_or(Failed::Refused(StoreError::Damaged))?;
                    if let Some(rows) = found.last_mut() {
                        rows.push(pair);
                    }
                }
                _ => {}
            }
        }
        Ok(found)
    }

    fn asked(&mut self, text: String) -> Result<Vec<SimpleQueryMessage>, Failed> {
        let answer = match started(self.sending(text)) {
            Ok(answer) => Some(answer),
            Err(pending) => wait(pending, ANSWERS_WITHIN),
        };
        let answer = answer.map_or(Err(Failed::Lost), |answer| answer.map_err(|error| failed(&error)));
        self.is_lost |= matches!(answer, Err(Failed::Lost));
        answer
    }

    /// Sends a text and does not wait for its answer. What is sent next comes after it.
    pub(super) fn tell(&mut self, text: &str) {
        if let Ok(Err(error)) = started(self.sending(text.to_owned())) {
            self.is_lost |= failed(&error) == Failed::Lost;
        }
    }

    fn sending(&self, text: String) -> Pending<Result<Vec<SimpleQueryMessage>, Error>> {
        let client = self.client.clone();
        Box::pin(async move { client.simple_query(&text).await })
    }

    /// Forgets earlier warnings of the server.
    pub(super) fn hush(&self) {
        self.warned.store(false, Ordering::Release);
    }

    /// Returns whether the server has warned since: what it did may be undone by a failover.
    pub(super) fn has_warned(&self) -> bool {
        self.warned.load(Ordering::Acquire)
    }

    /// Returns whether the connection can be used again.
    pub(super) fn is_sound(&self) -> bool {
        !self.is_lost && !self.client.is_closed() && self.opened.elapsed() < LIFETIME
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // Otherwise the connection stays until it has answered, which may be never.
        if self.is_lost {
            self.driver.abort();
        }
    }
}

fn is_warning(notice: &DbError) -> bool {
    notice.parsed_severity() == Some(Severity::Warning)
}

fn failed(error: &Error) -> Failed {
    match error.as_db_error() {
        Some(error) => meaning(error.code(), error.parsed_severity()),
        None => Failed::Lost,
    }
}

fn meaning(code: &SqlState, severity: Option<Severity>) -> Failed {
    const OVERTAKEN: [SqlState; 3] =
        [SqlState::T_R_SERIALIZATION_FAILURE, SqlState::T_R_DEADLOCK_DETECTED, SqlState::UNIQUE_VIOLATION];
    // What was the primary is now a standby.
    const ELSEWHERE: [SqlState; 2] =
        [SqlState::READ_ONLY_SQL_TRANSACTION, SqlState::T_R_STATEMENT_COMPLETION_UNKNOWN];
    let refused = |kind| Failed::Refused(StoreError::Io(kind));
    match code {
        code if OVERTAKEN.contains(code) => Failed::Overtaken,
        code if ELSEWHERE.contains(code) => Failed::Lost,
        code if code.code().starts_with("28") => refused(ErrorKind::PermissionDenied),
        &SqlState::INSUFFICIENT_PRIVILEGE => refused(ErrorKind::PermissionDenied),
        &SqlState::INVALID_CATALOG_NAME => Failed::Refused(StoreError::NotFound),
        &SqlState::UNDEFINED_TABLE | &SqlState::UNDEFINED_COLUMN => Failed::Refused(StoreError::NotAStore),
        // The connection is over, or was never let in.
        _ if severity != Some(Severity::Error) => Failed::Lost,
        &SqlState::DISK_FULL => refused(ErrorKind::StorageFull),
        &SqlState::DATA_CORRUPTED | &SqlState::INDEX_CORRUPTED => Failed::Refused(StoreError::Damaged),
        &SqlState::QUERY_CANCELED | &SqlState::LOCK_NOT_AVAILABLE => refused(ErrorKind::TimedOut),
        code if code.code().starts_with("08") => Failed::Lost,
        _ => refused(ErrorKind::Other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_server_says_is_told_apart() {
        let (error, fatal) = (Some(Severity::Error), Some(Severity::Fatal));
        for (code, severity, expected) in [
            ("40001", error, Failed::Overtaken),
            ("40P01", error, Failed::Overtaken),
            ("23505", error, Failed::Overtaken),
            ("25006", error, Failed::Lost),
            ("57P01", fatal, Failed::Lost),
            ("57P03", fatal, Failed::Lost),
            ("53300", fatal, Failed::Lost),
            ("28P01", fatal, Failed::Refused(StoreError::Io(ErrorKind::PermissionDenied))),
            ("3D000", fatal, Failed::Refused(StoreError::NotFound)),
            ("42P01", error, Failed::Refused(StoreError::NotAStore)),
            ("53100", error, Failed::Refused(StoreError::Io(ErrorKind::StorageFull))),
            ("57014", error, Failed::Refused(StoreError::Io(ErrorKind::TimedOut))),
            ("XX000", error, Failed::Refused(StoreError::Io(ErrorKind::Other))),
        ] {
            assert_eq!(meaning(&SqlState::from_code(code), severity), expected, "{code}");
        }
    }
}
