//! One transaction: the rows that an act sees, and how it ends.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::ControlFlow;
#[cfg(any(test, feature = "testing"))]
use std::sync::atomic::{AtomicU64, Ordering};

use super::connection::Failed;
use super::pool::{Lease, Pool};
use super::seen::Seen;
use super::sql::{self, Act, Writes};
use crate::store::port::{Read, StoreError, Visit, Want};
use crate::store::stage::Changes;

/// The most rows that one query asks for.
const PAGE: usize = 1024;

/// What the database was asked, for tests.
#[cfg(any(test, feature = "testing"))]
#[derive(Debug, Default)]
pub(super) struct Asked {
    /// How often somebody waited for an answer.
    pub(super) round_trips: AtomicU64,
    pub(super) runs_again: AtomicU64,
}

/// A transaction. It begins with its first read or write, and is rolled back if it is dropped before its end.
pub(super) struct Transaction<'a> {
    begin: &'static str,
    #[cfg(any(test, feature = "testing"))]
    asked: &'a Asked,
    inner: RefCell<Inner<'a>>,
}

struct Inner<'a> {
    lease: Lease<'a>,
    has_begun: bool,
    seen: Seen,
    /// Why nothing more can be read.
    failed: Option<Failed>,
}

/// How a commit ended.
pub(super) enum Ended {
    Done,
    NotDone(Failed),
    /// There was no answer, or one that a failover may undo.
    Uncertain,
}

impl<'a> Transaction<'a> {
    pub(super) fn new(
        pool: &'a Pool,
        begin: &'static str,
        #[cfg(any(test, feature = "testing"))] asked: &'a Asked,
    ) -> Result<Self, StoreError> {
        let inner = Inner { lease: pool.take()?, has_begun: false, seen: Seen::default(), failed: None };
        Ok(Self {
            begin,
            #[cfg(any(test, feature = "testing"))]
            asked,
            inner: RefCell::new(inner),
        })
    }

    /// Returns why the transaction cannot go on, if it cannot. What was decided in it then does not count.
    pub(super) fn failure(&self) -> Option<Failed> {
        self.inner.borrow().failed.clone()
    }

    /// The database's hour.
    pub(super) fn hour(&self) -> Result<u64, StoreError> {
        Ok(self.inner.borrow_mut().lease.connection().map_err(|_| StoreError::Broken)?.hour())
    }

    /// Ends a look without waiting: what it saw was one moment.
    pub(super) fn looked(mut self) {
        self.told(sql::COMMIT);
    }

    /// Ends an act that writes nothing. What it read counts only if this succeeds.
    pub(super) fn nothing_written(mut self) -> Result<(), Failed> {
        let inner = self.inner.get_mut();
        if !inner.has_begun {
            return Ok(());
        }
        #[cfg(any(test, feature = "testing"))]
        self.asked.round_trips.fetch_add(1, Ordering::Relaxed);
        let ended = inner.lease.connection()?.ask(sql::COMMIT.to_owned()).map(|_| ());
        inner.has_begun = ended.is_err();
        ended
    }

    /// Sends the writes, the act's id and the commit, all at once.
    pub(super) fn commit(&mut self, changes: &Changes, act: &Act) -> Ended {
        let inner = self.inner.get_mut();
        let mut text = String::new();
        if !inner.has_begun {
            text.push_str(self.begin);
        }
        sql::commit(&mut text, &writes(changes, &inner.seen), act);
        let Ok(connection) = inner.lease.connection() else { return Ended::NotDone(Failed::Lost) };
        connection.hush();
        inner.has_begun = true;
        #[cfg(any(test, feature = "testing"))]
        self.asked.round_trips.fetch_add(1, Ordering::Relaxed);
        match connection.ask(text) {
            Ok(_) => {
                inner.has_begun = false;
                if connection.has_warned() { Ended::Uncertain } else { Ended::Done }
            }
            Err(Failed::Lost) => Ended::Uncertain,
            Err(why) => Ended::NotDone(why),
        }
    }

    /// Sends a text that nobody waits for.
    pub(super) fn told(&mut self, text: &str) {
        let inner = self.inner.get_mut();
        if let Ok(connection) = inner.lease.connection()
            && (inner.has_begun || text != sql::COMMIT)
        {
            connection.tell(text);
        }
        inner.has_begun = false;
    }

    /// Fetches those of these rows that are not known yet.
    pub(super) fn need(&self, wants: &[Want]) -> Result<(), StoreError> {
        let mut missing = BTreeSet::new();
        for want in wants {
            let want = match want {
                Want::Rows { from, to, most } => {
                    Want::Rows { from: from.clone(), to: to.clone(), most: (*most).min(PAGE) }
                }
                Want::Row(_) => want.clone(),
            };
            if !self.inner.borrow().seen.has(&want) {
                missing.insert(want);
            }
        }
        if missing.is_empty() { Ok(()) } else { self.fetch(&Vec::from_iter(missing)) }
    }

    fn fetch(&self, wants: &[Want]) -> Result<(), StoreError> {
        let inner = &mut *self.inner.borrow_mut();
        if inner.failed.is_some() {
            return Err(StoreError::Conflict);
        }
        let mut text = String::new();
        if !inner.has_begun {
            text.push_str(self.begin);
        }
        sql::reads(&mut text, wants);
        #[cfg(any(test, feature = "testing"))]
        self.asked.round_trips.fetch_add(1, Ordering::Relaxed);
        let begun = std::mem::replace(&mut inner.has_begun, true);
        match inner.lease.connection().and_then(|connection| connection.read(text)) {
            Ok(found) => {
                inner.seen.note(wants, found);
                Ok(())
            }
            Err(why) => {
                inner.has_begun = begun || why != Failed::Lost;
                inner.failed = Some(why);
                Err(StoreError::Conflict)
            }
        }
    }
}

impl Read for Transaction<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        if self.inner.borrow().seen.get(key).is_none() {
            self.fetch(&[Want::Row(key.to_vec())])?;
        }
        Ok(self.inner.borrow().seen.get(key).flatten().map(<[u8]>::to_vec))
    }

    fn scan(&self, from: &[u8], to: &[u8], most: usize, visit: Visit<'_>) -> Result<(), StoreError> {
        let (mut from, mut left) = (from.to_vec(), most);
        while left > 0 && from.as_slice() < to {
            let most = left.min(PAGE);
            self.need(&[Want::Rows { from: from.clone(), to: to.to_vec(), most }])?;
            let mut page = Vec::new();
            _ = self.inner.borrow().seen.show(&from, to, most, &mut |key, value| {
                page.push((key.to_vec(), value.to_vec()));
                ControlFlow::Continue(())
            });
            for (key, value) in &page {
                if visit(key, value).is_break() {
                    return Ok(());
                }
            }
            let Some((last, _)) = page.pop().filter(|_| page.len() + 1 == most) else { break };
            from = [last.as_slice(), &[0]].concat();
            left -= most;
        }
        Ok(())
    }

    fn prefetch(&self, wants: &dyn Fn() -> Vec<Want>) -> Result<(), StoreError> {
        self.need(&wants())
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        if self.inner.get_mut().has_begun {
            self.told(sql::ROLLBACK);
        }
    }
}

/// Says for each row how it is written, from what the act has seen of it.
fn writes<'a>(changes: &'a Changes, seen: &Seen) -> Writes<'a> {
    let mut writes = Writes::default();
    for (key, value) in changes {
        match (seen.get(key), value) {
            (Some(Some(_)), Some(value)) => writes.updates.push((key, value)),
            (Some(None), Some(value)) => writes.inserts.push((key, value)),
            (None, Some(value)) => writes.puts.push((key, value)),
            (Some(None), None) => {}
            (Some(Some(_)) | None, None) => writes.deletes.push(key),
        }
    }
    writes
}
