//! The machine's clocks. No other file reads them.

use std::sync::OnceLock;

use crate::ground::time::{Clock, Reading};

/// Reads the machine's clocks. On Linux, Android, macOS and iOS, the steady clock counts from the start of the
/// device, so it also counts between two processes. On Windows it counts within a process: there the engine
/// treats each start of the process like a start of the device.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn read(&self) -> Reading {
        static BOOT: OnceLock<Option<[u8; 16]>> = OnceLock::new();
        Reading { wall_ms: wall_ms(), elapsed_ms: elapsed_ms(), boot: *BOOT.get_or_init(boot) }
    }
}

/// The kernel draws this id at each start. A sandbox may hide it.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn boot() -> Option<[u8; 16]> {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let digits = u128::from_str_radix(&text.trim().replace('-', ""), 16).ok()?;
    Some(digits.to_be_bytes())
}

/// On macOS and iOS, such an id cannot be read without unsafe code.
#[cfg(all(unix, not(any(target_os = "linux", target_os = "android"))))]
fn boot() -> Option<[u8; 16]> {
    None
}

/// The steady clock starts with the process, so each process needs its own id.
#[cfg(not(unix))]
fn boot() -> Option<[u8; 16]> {
    let started = u128::from(wall_ms()) << 32 | u128::from(std::process::id());
    Some(started.to_be_bytes())
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
        assert_eq!(first.boot, second.boot);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn r12_4_linux_names_each_start_of_the_device() {
        assert!(SystemClock.read().boot.is_some());
    }
}
