//! The machine's clocks. No other file reads them.

use crate::ground::time::{Clock, Reading};

/// Reads the machine's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn read(&self) -> Reading {
        Reading { wall_ms: wall_ms(), elapsed_ms: elapsed_ms() }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the file that reads the machine's clock")]
fn wall_ms() -> u64 {
    // A clock before 1970 is wrong. The store's high-water mark replaces it (SPEC 12.4).
    let since_1970 = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since_1970.as_millis()).unwrap_or(u64::MAX)
}

/// On Linux `CLOCK_MONOTONIC` stops while the device sleeps. `CLOCK_BOOTTIME` does not.
#[cfg(any(target_os = "linux", target_os = "android"))]
const ELAPSED: rustix::time::ClockId = rustix::time::ClockId::Boottime;

/// Elsewhere `CLOCK_MONOTONIC` counts while the device sleeps.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
const ELAPSED: rustix::time::ClockId = rustix::time::ClockId::Monotonic;

#[cfg(unix)]
fn elapsed_ms() -> u64 {
    let elapsed = rustix::time::clock_gettime(ELAPSED);
    let seconds = u64::try_from(elapsed.tv_sec).unwrap_or(0);
    seconds.saturating_mul(1_000).saturating_add(u64::try_from(elapsed.tv_nsec / 1_000_000).unwrap_or(0))
}

/// `Instant` counts while the device sleeps if it is based on the performance counter.
#[cfg(not(unix))]
#[expect(clippy::disallowed_methods, reason = "this is the file that reads the machine's clock")]
fn elapsed_ms() -> u64 {
    use std::sync::OnceLock;
    use std::time::Instant;
    static START: OnceLock<Instant> = OnceLock::new();
    u64::try_from(START.get_or_init(Instant::now).elapsed().as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machines_clocks_go_forward() {
        let (first, second) = (SystemClock.read(), SystemClock.read());
        assert!(first.wall_ms > 1_700_000_000_000, "the wall clock is this century's");
        assert!(second.elapsed_ms >= first.elapsed_ms);
    }
}
