//! A clock that a test turns by hand.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use selfsame::{Clock, Reading, Timestamp};

/// A clock that stands still until it is turned.
#[derive(Debug)]
pub struct Hand(Mutex<Reading>);

impl Hand {
    /// A clock whose wall shows `wall`; the steady one has counted nothing yet.
    pub fn at(wall: Timestamp) -> Self {
        Self(Mutex::new(Reading { wall_ms: wall.as_millis(), elapsed_ms: 0 }))
    }

    /// Time passes, on both clocks.
    pub fn later(&self, span: Duration) {
        let mut reading = self.reading();
        reading.wall_ms = reading.wall_ms.saturating_add(millis(span));
        reading.elapsed_ms = reading.elapsed_ms.saturating_add(millis(span));
    }

    /// Somebody sets the wall clock forward; no time passes.
    pub fn set_wall_forward(&self, span: Duration) {
        let mut reading = self.reading();
        reading.wall_ms = reading.wall_ms.saturating_add(millis(span));
    }

    /// Somebody sets the wall clock back; no time passes.
    pub fn set_wall_back(&self, span: Duration) {
        let mut reading = self.reading();
        reading.wall_ms = reading.wall_ms.saturating_sub(millis(span));
    }

    /// What the wall clock shows.
    pub fn wall(&self) -> Timestamp {
        Timestamp::from_millis(self.reading().wall_ms)
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Clock for Hand {
    fn read(&self) -> Reading {
        *self.reading()
    }
}

/// So many days.
pub const fn days(count: u64) -> Duration {
    Duration::from_secs(count * 24 * 60 * 60)
}

/// So many hours.
pub const fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 60 * 60)
}

/// So many minutes.
pub const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
