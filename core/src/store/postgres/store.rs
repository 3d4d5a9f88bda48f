//! The store. Each act is a transaction of its own on a connection of its own: PostgreSQL orders acts and shares
//! its commits between them.

use std::ops::ControlFlow;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};
use std::time::Duration;

use tokio::time::Instant;

use super::connection::{ANSWERS_WITHIN, Failed};
use super::database::Database;
use super::pool::Pool;
use super::schema;
use super::sql::{self, Act};
#[cfg(any(test, feature = "testing"))]
use super::transaction::Asked;
use super::transaction::{Ended, Transaction};
use crate::crypto::entropy::SystemEntropy;
use crate::ground::entropy::Entropy;
use crate::store::inside::Entrance;
use crate::store::open::Keyring;
use crate::store::port::{Decide, Read, Row, Store, StoreError, Want, Write};
use crate::store::stage::admit;

/// How often an act runs if others overtake it or its connection is lost.
const RUNS: u32 = 20;
/// The longest pause before an act runs again.
const LONGEST_PAUSE: Duration = Duration::from_millis(200);
/// How long the ids of acts are kept, in hours. No claim comes later than the longest wait after an act began.
const KEPT: u64 = 24;

/// A store on PostgreSQL.
pub struct PostgresStore {
    pool: Pool,
    entrance: Entrance,
    keyring: Arc<dyn Keyring>,
    /// Calls hold the lock, so that [`Store::suspend`] and [`Store::close`] wait for them.
    state: RwLock<State>,
    /// The hour in which this process last removed old ids of acts.
    pruned: AtomicU64,
    #[cfg(any(test, feature = "testing"))]
    asked: Asked,
}

/// Whether the keyring has the keys.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// The next call asks for the keys.
    Released,
    /// The host has closed the store for good.
    Closed,
}

impl PostgresStore {
    /// Connects to a database, which holds the tables of a store afterwards. Does not need the keys yet.
    ///
    /// # Errors
    /// Returns [`StoreError`] if the database cannot be reached or refuses, or if a newer release made its tables.
    pub fn connect(database: &Database, keyring: Arc<dyn Keyring>) -> Result<Self, StoreError> {
        let pool = database.pool()?;
        let ready = pool.take()?.connection().and_then(schema::ready);
        ready.map_err(StoreError::from)?;
        Ok(Self {
            pool,
            entrance: Entrance::new(),
            keyring,
            state: RwLock::new(State::Released),
            pruned: AtomicU64::new(0),
            #[cfg(any(test, feature = "testing"))]
            asked: Asked::default(),
        })
    }

    /// Replaces the keyring, which is asked for the keys at the next call.
    pub fn with_keyring(self, keyring: Arc<dyn Keyring>) -> Self {
        Self { keyring, state: RwLock::new(State::Released), ..self }
    }

    /// Returns whether there is no row. Needs no keys.
    ///
    /// # Errors
    /// Returns [`StoreError`] from the database.
    pub fn is_empty(&self) -> Result<bool, StoreError> {
        let mut is_empty = true;
        self.looks(&mut |read| {
            is_empty = holds_nothing(read)?;
            Ok(())
        })?;
        Ok(is_empty)
    }

    /// Writes the first rows of a store.
    ///
    /// # Errors
    /// Returns [`StoreError::AlreadyExists`] if there is a row already.
    pub fn create(&self, first_rows: &[Row]) -> Result<(), StoreError> {
        self.write(&mut |read| {
            if holds_nothing(read)? { Ok(first_rows.to_vec()) } else { Err(StoreError::AlreadyExists) }
        })
    }

    /// Sends a text of SQL to a database, for tests.
    ///
    /// # Errors
    /// Returns [`StoreError`] from the database.
    #[cfg(any(test, feature = "testing"))]
    pub fn told(database: &Database, text: &str) -> Result<Vec<String>, StoreError> {
        let pool = database.pool()?;
        let rows = pool.take()?.connection().and_then(|connection| connection.ask(text.to_owned()))?;
        Ok(rows.iter().filter_map(|row| row.get(0).map(str::to_owned)).collect())
    }

    /// How often a caller has waited for an answer of the database.
    #[cfg(any(test, feature = "testing"))]
    pub fn round_trips(&self) -> u64 {
        self.asked.round_trips.load(Ordering::Relaxed)
    }

    /// How often an act ran again because another overtook it.
    #[cfg(any(test, feature = "testing"))]
    pub fn runs_again(&self) -> u64 {
        self.asked.runs_again.load(Ordering::Relaxed)
    }

    /// Runs work that needs the keys.
    fn open<T>(&self, run: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError> {
        loop {
            let state = self.state()?;
            if *state == State::Open {
                return run();
            }
            drop(state);
            let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
            if *state == State::Released {
                self.looks(&mut |read| self.keyring.open(read).map(|_| ()))
                    .inspect_err(|_| self.keyring.close())?;
                *state = State::Open;
            }
        }
    }

    /// Keeps the store from being released, or refuses if it is closed.
    fn state(&self) -> Result<RwLockReadGuard<'_, State>, StoreError> {
        let state = self.state.read().unwrap_or_else(PoisonError::into_inner);
        if *state == State::Closed { Err(StoreError::Closed) } else { Ok(state) }
    }

    /// Waits for running acts, forgets the keys and closes the connections. Returns what the store was before.
    fn release(&self, to: State) -> Result<State, StoreError> {
        let mut state = self.state.write().unwrap_or_else(PoisonError::into_inner);
        self.pool.close_idle()?;
        self.keyring.close();
        let before = *state;
        if before != State::Closed {
            *state = to;
        }
        Ok(before)
    }

    fn transaction(&self, begin: &'static str) -> Result<Transaction<'_>, StoreError> {
        Transaction::new(
            &self.pool,
            begin,
            #[cfg(any(test, feature = "testing"))]
            &self.asked,
        )
    }

    fn looks(&self, look: &mut dyn FnMut(&dyn Read) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.runs(|| {
            let transaction = self.transaction(sql::LOOK).map_err(Failed::Refused)?;
            let answer = look(&transaction);
            if let Some(why) = transaction.failure() {
                return Err(why);
            }
            transaction.looked();
            answer.map_err(Failed::Refused)
        })
    }

    /// Runs an act until nothing is in the way.
    fn runs(&self, mut run: impl FnMut() -> Result<(), Failed>) -> Result<(), StoreError> {
        let mut why = Failed::Overtaken;
        for before in 0..RUNS {
            match run() {
                Ok(()) => return Ok(()),
                Err(Failed::Refused(error)) => return Err(error),
                Err(again) => why = again,
            }
            #[cfg(any(test, feature = "testing"))]
            self.asked.runs_again.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(pause(before)?);
        }
        Err(why.into())
    }

    fn run(&self, decide: Decide<'_>) -> Result<(), Failed> {
        let mut transaction = self.transaction(sql::ACT).map_err(Failed::Refused)?;
        let staged = decide(&transaction).and_then(|rows| {
            transaction.need(&checked(&rows))?;
            admit(rows, &transaction)
        });
        if let Some(why) = transaction.failure() {
            return Err(why);
        }
        let changes = staged.map_err(Failed::Refused)?;
        if changes.is_empty() {
            return match transaction.nothing_written() {
                // It read and wrote nothing that could be lost.
                Err(Failed::Lost) => Err(Failed::Overtaken),
                ended => ended,
            };
        }
        let mut act = Act { hour: transaction.hour().map_err(Failed::Refused)?, id: [0; 16] };
        SystemEntropy.fill(&mut act.id).map_err(|_| Failed::Refused(StoreError::NoEntropy))?;
        match transaction.commit(&changes, &act) {
            Ended::Done => {
                self.prune(transaction, act.hour);
                Ok(())
            }
            Ended::NotDone(why) => Err(why),
            Ended::Uncertain => {
                // Gives the connection back, or the pool might have none for the claim.
                drop(transaction);
                if self.claim(&act)? { Ok(()) } else { Err(Failed::Overtaken) }
            }
        }
    }

    /// Finds out whether the act was made. If it was not, it never will be: whoever claims its id first decides.
    fn claim(&self, act: &Act) -> Result<bool, Failed> {
        let until = Instant::now() + ANSWERS_WITHIN;
        let mut before = 0;
        while Instant::now() < until {
            if before > 0 {
                std::thread::sleep(pause(before).map_err(Failed::Refused)?);
            }
            before += 1;
            #[cfg(any(test, feature = "testing"))]
            self.asked.round_trips.fetch_add(1, Ordering::Relaxed);
            let Ok(mut lease) = self.pool.take() else { continue };
            let Ok(connection) = lease.connection() else { continue };
            connection.hush();
            let claimed = connection.ask(sql::claim(act));
            let made = claimed.ok().and_then(|rows| rows.first()?.get(0).map(|made| made == "t"));
            if let Some(made) = made.filter(|_| !connection.has_warned()) {
                return Ok(made);
            }
        }
        Err(Failed::Refused(StoreError::Unknown))
    }

    fn prune(&self, mut transaction: Transaction<'_>, hour: u64) {
        let before = self.pruned.fetch_max(hour, Ordering::Relaxed);
        if before < hour {
            transaction.told(&sql::prune(hour.saturating_sub(KEPT)));
        }
    }
}

impl Store for PostgresStore {
    fn read(&self, look: &mut dyn FnMut(&dyn Read) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        self.open(|| self.looks(look))
    }

    fn write(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        self.open(|| self.runs(|| self.run(decide)))
    }

    fn commit_stamp(&self) -> Result<u64, StoreError> {
        let _inside = self.entrance.enter()?;
        self.number("SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM selfsame_commits")
    }

    fn size(&self) -> Result<Option<u64>, StoreError> {
        self.number("SELECT pg_total_relation_size('selfsame_rows')").map(Some)
    }

    fn suspend(&self) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        if self.release(State::Released)? == State::Closed { Err(StoreError::Closed) } else { Ok(()) }
    }

    fn close(&self) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        self.release(State::Closed).map(|_| ())
    }
}

impl PostgresStore {
    fn number(&self, query: &str) -> Result<u64, StoreError> {
        let _state = self.state()?;
        let mut number = None;
        self.runs(|| {
            let mut lease = self.pool.take().map_err(Failed::Refused)?;
            let rows = lease.connection()?.ask(query.to_owned())?;
            number = rows.first().and_then(|row| row.get(0)?.parse().ok());
            Ok(())
        })?;
        number.ok_or(StoreError::NotAStore)
    }
}

fn holds_nothing(read: &dyn Read) -> Result<bool, StoreError> {
    let mut holds_nothing = true;
    read.scan(&[], &[u8::MAX; 64], 1, &mut |_, _| {
        holds_nothing = false;
        ControlFlow::Break(())
    })?;
    Ok(holds_nothing)
}

/// The rows that an act may write only if they are as it says.
fn checked(rows: &[Row]) -> Vec<Want> {
    let is_checked = |row: &&Row| matches!(row.write, Write::Claim(_) | Write::Guarded { .. });
    rows.iter().filter(is_checked).map(|row| Want::Row(row.key.clone())).collect()
}

/// The pause before an act runs again: longer each time, and by chance, so that two acts do not meet again.
fn pause(before: u32) -> Result<Duration, StoreError> {
    let mut chance = [0; 1];
    SystemEntropy.fill(&mut chance).map_err(|_| StoreError::NoEntropy)?;
    let longest = Duration::from_millis(1 << before.min(8)).min(LONGEST_PAUSE);
    Ok(longest * u32::from(chance[0]) / 256)
}

impl From<Failed> for StoreError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Overtaken => Self::Busy { retry_after: Duration::from_millis(100) },
            Failed::Lost => Self::Io(std::io::ErrorKind::NotConnected),
            Failed::Refused(error) => error,
        }
    }
}
