//! A clock that a test controls.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use selfsame::{Clock, Reading, Timestamp};

/// A clock that moves only when a test moves it.
#[derive(Debug)]
pub struct Hand(Mutex<Reading>);

impl Hand {
    /// Returns a clock whose wall clock shows `wall` and whose steady clock is at zero.
    pub fn at(wall: Timestamp) -> Self {
        Self(Mutex::new(Reading { wall_ms: wall.as_millis(), elapsed_ms: 0, boot: Some([0; 16]) }))
    }

    /// Returns a second clock with the same readings, for another process on the device.
    pub fn again(&self) -> Self {
        Self(Mutex::new(self.read()))
    }

    /// Lets time pass on both clocks.
    pub fn later(&self, span: Duration) {
        let mut reading = self.reading();
        reading.wall_ms = reading.wall_ms.saturating_add(millis(span));
        reading.elapsed_ms = reading.elapsed_ms.saturating_add(millis(span));
    }

    /// Sets the wall clock forward. No time passes.
    pub fn set_wall_forward(&self, span: Duration) {
        let mut reading = self.reading();
        reading.wall_ms = reading.wall_ms.saturating_add(millis(span));
    }

    /// Sets the wall clock back. No time passes.
    pub fn set_wall_back(&self, span: Duration) {
        let mut reading = self.reading();
        reading.wall_ms = reading.wall_ms.saturating_sub(millis(span));
    }

    /// Starts the device anew after it was off for `off`. The steady clock starts at zero.
    pub fn reboot(&self, off: Duration) {
        let mut reading = self.reading();
        reading.wall_ms = reading.wall_ms.saturating_add(millis(off));
        reading.elapsed_ms = 0;
        reading.boot = reading.boot.map(|boot| (u128::from_be_bytes(boot) + 1).to_be_bytes());
    }

    /// Hides the ids of the device's starts from now on, as macOS and iOS do.
    pub fn hide_boots(&self) {
        self.reading().boot = None;
    }

    /// Returns what the wall clock shows.
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

/// Returns a span of this many days.
pub const fn days(count: u64) -> Duration {
    Duration::from_secs(count * 24 * 60 * 60)
}

/// Returns a span of this many hours.
pub const fn hours(count: u64) -> Duration {
    Duration::from_secs(count * 60 * 60)
}

/// Returns a span of this many minutes.
pub const fn minutes(count: u64) -> Duration {
    Duration::from_secs(count * 60)
}

fn millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
