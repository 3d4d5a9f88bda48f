//! How time counts: engine time, which never goes back, and the slow clock, on which nothing comes early
//! (SPEC 12.4).

use std::cmp::Ordering;
use std::time::Duration;

use crate::ground::time::{Reading, Timestamp};
use crate::records::clock::{TimeAnchor, Timeline, TrustedTime};

/// A wall clock this far behind the high-water mark was set back. A smaller difference is drift between two
/// devices.
pub(crate) const TOLERANCE: Duration = Duration::from_secs(5 * 60);

impl Timeline {
    /// Begins to count at a reading.
    pub(crate) fn new(reading: Reading) -> Self {
        let now = Timestamp::from_millis(reading.wall_ms);
        Self {
            mark: now,
            slow: now,
            steady_ms: 0,
            elapsed_ms: reading.elapsed_ms,
            boot: reading.boot,
            correction_ms: 0,
            anchor: TimeAnchor { mark: now, slow: now, steady_ms: 0 },
            trusted: TrustedTime { number: 0, time: Timestamp::from_millis(0) },
        }
    }

    /// Moves the counts on to a reading.
    pub(crate) fn after(self, reading: Reading) -> Self {
        let is_restart = self.is_restart(reading);
        let since = if is_restart { 0 } else { self.elapsed_ms };
        let passed_ms = reading.elapsed_ms.saturating_sub(since);
        let correction_ms = self.correction_after(reading.wall_ms, self.mark + millis(passed_ms));
        let wall = corrected(reading.wall_ms, correction_ms);
        // The device may be another one, to which the file was moved and which started long ago. So if the wall
        // clock can be right, no more counts than it says.
        let steady_ms = if is_restart && wall + TOLERANCE >= self.mark {
            passed_ms.min(whole_millis(wall.since(self.mark)))
        } else {
            passed_ms
        };
        let mark = wall.max(self.mark + millis(steady_ms));
        // Only the wall clock knows how long the device was off.
        let progress = if is_restart { mark.since(self.mark) } else { millis(steady_ms) };
        Self {
            mark,
            slow: self.slow + progress,
            steady_ms: self.steady_ms.saturating_add(steady_ms),
            elapsed_ms: reading.elapsed_ms,
            boot: reading.boot,
            correction_ms,
            ..self
        }
    }

    /// Returns the time of a reading's wall clock, with the correction of a trusted time. The counts were
    /// moved on to the reading.
    pub(crate) fn wall(&self, reading: Reading) -> Timestamp {
        corrected(reading.wall_ms, self.correction_ms)
    }

    /// Whether the steady clock has started anew since it was last read.
    fn is_restart(&self, reading: Reading) -> bool {
        let is_other = self.boot.zip(reading.boot).is_some_and(|(before, now)| before != now);
        is_other || reading.elapsed_ms < self.elapsed_ms
    }

    /// The correction of a trusted time holds as long as the wall clock stays on its course. Once it is nearer to
    /// the time that is expected without a correction, somebody has set it right.
    fn correction_after(&self, wall_ms: u64, expected: Timestamp) -> i64 {
        let half_way = i128::from(expected.as_millis()) - i128::from(self.correction_ms / 2);
        let is_on_course = if self.correction_ms < 0 {
            i128::from(wall_ms) > half_way
        } else {
            i128::from(wall_ms) < half_way
        };
        if is_on_course { self.correction_ms } else { 0 }
    }

    /// Returns the counts after the host has set a trusted time. The trusted time may show that the wall clock
    /// was wrong when the device started, which moves the slow clock back. It never moves the slow clock forward.
    pub(crate) fn trusting(self, time: Timestamp, reading: Reading) -> Self {
        let now = self.after(reading);
        let steady = millis(now.steady_ms.saturating_sub(self.anchor.steady_ms));
        let passed = steady.max(time.since(self.anchor.mark));
        let slow = now.slow.min(self.anchor.slow + passed);
        let correction = i128::from(time.as_millis()) - i128::from(reading.wall_ms);
        Self {
            mark: time,
            slow,
            correction_ms: i64::try_from(correction).unwrap_or(0),
            anchor: TimeAnchor { mark: time, slow, steady_ms: now.steady_ms },
            trusted: TrustedTime { number: self.trusted.number.saturating_add(1), time },
            ..now
        }
    }

    /// Joins the counts of two processes up to the same reading. Both are lower bounds, except that a later
    /// trusted time replaces counts without it.
    pub(crate) fn joined(self, other: Self) -> Self {
        match self.trusted.number.cmp(&other.trusted.number) {
            Ordering::Less => other,
            Ordering::Greater => self,
            Ordering::Equal => Self {
                mark: self.mark.max(other.mark),
                slow: self.slow.max(other.slow),
                steady_ms: self.steady_ms.max(other.steady_ms),
                ..self
            },
        }
    }
}

fn corrected(wall_ms: u64, correction_ms: i64) -> Timestamp {
    Timestamp::from_millis(wall_ms.saturating_add_signed(correction_ms))
}

fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn whole_millis(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::time::DAY;

    const HOUR: Duration = Duration::from_secs(60 * 60);
    const YEAR: Duration = Duration::from_secs(365 * 24 * 60 * 60);

    /// A device with a wall clock, a steady clock and a number of starts.
    struct Device {
        reading: Reading,
        time: Timeline,
    }

    impl Device {
        fn new() -> Self {
            let reading = Reading { wall_ms: 1_767_225_600_000, elapsed_ms: 5_000, boot: Some([0; 16]) };
            Self { reading, time: Timeline::new(reading) }
        }

        fn read(&mut self) -> Timeline {
            self.time = self.time.after(self.reading);
            self.time
        }

        fn later(&mut self, span: Duration) {
            self.reading.wall_ms += whole_millis(span);
            self.reading.elapsed_ms += whole_millis(span);
        }

        fn set(&mut self, forward: Duration) {
            self.reading.wall_ms += whole_millis(forward);
        }

        fn set_back(&mut self, by: Duration) {
            self.reading.wall_ms -= whole_millis(by);
        }

        fn reboot(&mut self, off: Duration) {
            self.reading.wall_ms += whole_millis(off);
            self.reading.elapsed_ms = 0;
            self.reading.boot = self.reading.boot.map(|[first, ..]| [first + 1; 16]);
        }

        fn trust(&mut self, time: Timestamp) {
            self.time = self.time.trusting(time, self.reading);
        }
    }

    fn passed(from: Timeline, to: Timeline) -> [Duration; 3] {
        let steady = millis(to.steady_ms - from.steady_ms);
        [to.mark.since(from.mark), to.slow.since(from.slow), steady]
    }

    #[test]
    fn r12_4_engine_time_never_goes_back_and_goes_on_by_the_steady_clock() {
        let mut device = Device::new();
        let first = device.read();
        device.set_back(YEAR);
        assert_eq!(passed(first, device.read()), [Duration::ZERO; 3]);
        device.later(HOUR);
        assert_eq!(passed(first, device.read()), [HOUR; 3]);
        device.set(YEAR);
        assert_eq!(passed(first, device.read()), [HOUR; 3], "the clock is right again");
    }

    #[test]
    fn r12_4_the_slow_clock_goes_by_the_smaller_progress() {
        let mut device = Device::new();
        let first = device.read();
        device.set(YEAR);
        assert_eq!(passed(first, device.read()), [YEAR, Duration::ZERO, Duration::ZERO]);
        device.later(HOUR);
        assert_eq!(passed(first, device.read()), [YEAR + HOUR, HOUR, HOUR]);
        device.set_back(YEAR);
        device.later(HOUR);
        assert_eq!(passed(first, device.read()), [YEAR + 2 * HOUR, 2 * HOUR, 2 * HOUR]);
    }

    #[test]
    fn r12_4_steady_time_counts_between_two_processes() {
        let mut device = Device::new();
        let stored = device.read();
        device.set(YEAR);
        device.later(HOUR);
        // A new process continues from what is stored.
        assert_eq!(passed(stored, stored.after(device.reading)), [YEAR + HOUR, HOUR, HOUR]);
    }

    #[test]
    fn r12_4_over_a_reboot_wall_progress_counts_once() {
        for hides_boots in [false, true] {
            let mut device = Device::new();
            if hides_boots {
                device.reading.boot = None;
            }
            let first = device.read();
            device.reboot(DAY * 40);
            device.later(Duration::from_secs(2));
            let second = Duration::from_secs(2);
            assert_eq!(passed(first, device.read()), [DAY * 40 + second, DAY * 40 + second, second]);
            device.set(YEAR);
            let jumped = [YEAR + DAY * 40 + second, DAY * 40 + second, second];
            assert_eq!(passed(first, device.read()), jumped, "only over the reboot");
            device.reboot(Duration::ZERO);
            assert_eq!(passed(first, device.read()), jumped, "the year has counted already");
        }
    }

    #[test]
    fn r12_4_a_reboot_without_a_clock_counts_todays_reading() {
        let mut device = Device::new();
        let first = device.read();
        device.set_back(YEAR);
        device.reboot(DAY);
        device.later(HOUR);
        assert_eq!(passed(first, device.read()), [HOUR; 3]);
    }

    #[test]
    fn r12_4_the_boot_id_finds_a_reboot_that_the_reading_hides() {
        let mut device = Device::new();
        let first = device.read();
        device.reboot(DAY);
        device.later(HOUR);
        let long_after = device.reading;
        assert!(long_after.elapsed_ms > first.elapsed_ms);
        assert_eq!(passed(first, first.after(long_after)), [DAY + HOUR, DAY + HOUR, HOUR]);
        let unnamed = Timeline { boot: None, ..first };
        let counted = Duration::from_millis(long_after.elapsed_ms - first.elapsed_ms);
        assert_eq!(passed(unnamed, unnamed.after(long_after)), [DAY + HOUR, counted, counted]);
    }

    #[test]
    fn r12_4_a_file_that_moves_to_another_device_brings_no_time_with_it() {
        let mut device = Device::new();
        let first = device.read();
        device.later(HOUR);
        let elsewhere = Reading { elapsed_ms: whole_millis(YEAR), boot: Some([9; 16]), ..device.reading };
        assert_eq!(passed(first, first.after(elsewhere)), [HOUR; 3]);
    }

    #[test]
    fn r12_4_a_trusted_time_moves_the_mark_both_ways_and_is_no_progress() {
        let mut device = Device::new();
        let truth = device.read();
        device.set(YEAR);
        device.read();
        device.trust(truth.mark);
        assert_eq!(device.read().mark, truth.mark, "the wrong wall clock does not count any more");
        assert_eq!(device.read().wall(device.reading), truth.mark);
        device.later(HOUR);
        assert_eq!(passed(truth, device.read()), [HOUR; 3]);
        device.set_back(YEAR);
        device.later(HOUR);
        assert_eq!(passed(truth, device.read()), [2 * HOUR; 3], "the wall clock is right again and counts");
        assert_eq!(device.time.correction_ms, 0);
        device.trust(truth.mark + YEAR);
        assert_eq!(passed(truth, device.read()), [YEAR, 2 * HOUR, 2 * HOUR]);
        device.set(YEAR);
        assert_eq!(
            passed(truth, device.read()),
            [YEAR + 2 * HOUR, 2 * HOUR, 2 * HOUR],
            "set to the trusted time"
        );
    }

    #[test]
    fn r12_4_a_trusted_time_takes_back_what_a_wrong_clock_counted_over_a_reboot() {
        let mut device = Device::new();
        let first = device.read();
        device.later(HOUR);
        device.reboot(YEAR);
        assert_eq!(passed(first, device.read())[1], HOUR + YEAR);
        device.trust(first.mark + 3 * HOUR);
        assert_eq!(passed(first, device.read())[1], 3 * HOUR);
        device.trust(first.mark);
        assert_eq!(passed(first, device.read())[1], 3 * HOUR, "what passed until a trusted time has passed");
    }

    #[test]
    fn r12_4_two_processes_join_what_they_counted() {
        let mut device = Device::new();
        let stored = device.read();
        device.later(HOUR);
        let ours = device.read();
        device.later(HOUR);
        let theirs = device.read();
        assert_eq!(ours.after(device.reading).joined(theirs), theirs);
        device.trust(stored.mark);
        assert_eq!(theirs.joined(device.time).mark, stored.mark, "a trusted time replaces the mark");
        assert_eq!(device.time.joined(theirs).mark, stored.mark);
    }

    #[test]
    fn r12_4_the_ends_of_time_are_no_panic() {
        let ends = [0, 1, 1_767_225_600_000, u64::MAX];
        let readings: Vec<_> = ends
            .into_iter()
            .flat_map(|wall_ms| ends.map(|elapsed_ms| Reading { wall_ms, elapsed_ms, boot: None }))
            .collect();
        for first in &readings {
            for second in &readings {
                for third in &readings {
                    let time = Timeline::new(*first).after(*second);
                    let trusted = time.trusting(Timestamp::from_millis(third.wall_ms), *third);
                    assert!(trusted.after(*first).mark >= trusted.mark);
                    assert!(time.after(*third).mark >= time.mark);
                    assert!(time.after(*third).slow >= time.slow);
                }
            }
        }
    }
}
