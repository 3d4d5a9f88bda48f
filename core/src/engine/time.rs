//! Engine time: it never goes back, and for waits it never runs faster than real time (SPEC 12.4).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ground::time::{Clock, Timestamp};
use crate::records::meta::ClockEvent;
use crate::store::lower::{MARK_STEP, Mark};

/// A wall clock this far behind the high-water mark was set back. A smaller difference is drift between two
/// devices.
const TOLERANCE: Duration = Duration::from_secs(5 * 60);

pub(crate) struct Timekeeper {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    /// The latest time seen, by this process or an earlier one.
    mark: Timestamp,
    /// The part of the mark that is in the store.
    stored: Timestamp,
    /// Engine time and the steady clock when the wall clock was last ahead of the mark.
    kept_up: (Timestamp, u64),
    /// The time for waits and the steady clock when this process began to count it.
    began: (Timestamp, u64),
    /// Whether the store has a record of the present set-back.
    recorded: bool,
}

/// One reading, as the engine uses it.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: Timestamp,
    /// What the wall clock shows.
    pub(crate) wall: Timestamp,
    pub(crate) throttle_clock: Timestamp,
    /// How far the wall clock is behind, if it was set back.
    pub(crate) rolled_back: Option<Duration>,
    mark_due: bool,
    unrecorded: bool,
}

impl Timekeeper {
    pub(crate) fn new(clock: Arc<dyn Clock>, stored: Timestamp) -> Self {
        let reading = clock.read();
        let mark = stored.max(Timestamp::from_millis(reading.wall_ms));
        let now = (mark, reading.elapsed_ms);
        let state = State { mark, stored, kept_up: now, began: now, recorded: false };
        Self { clock, state: Mutex::new(state) }
    }

    pub(crate) fn moment(&self) -> Moment {
        let reading = self.clock.read();
        let wall = Timestamp::from_millis(reading.wall_ms);
        let mut state = self.state();
        state.mark = state.mark.max(wall);
        if state.mark.since(wall) > TOLERANCE {
            // Engine time would stand still until a clock that was set back has caught up, and nothing would
            // expire meanwhile. The steady clock moves it forward (SPEC 12.4).
            let (at, elapsed) = state.kept_up;
            let steady = at + Duration::from_millis(reading.elapsed_ms.saturating_sub(elapsed));
            state.mark = state.mark.max(steady);
        } else {
            state.kept_up = (state.mark, reading.elapsed_ms);
        }
        let now = state.mark;
        let (began, began_elapsed) = state.began;
        let elapsed = Duration::from_millis(reading.elapsed_ms.saturating_sub(began_elapsed));
        let behind = now.since(wall);
        let rolled_back = (behind > TOLERANCE).then_some(behind);
        if rolled_back.is_none() {
            state.recorded = false;
        }
        Moment {
            now,
            wall,
            throttle_clock: began + now.since(began).min(elapsed),
            rolled_back,
            mark_due: now >= state.stored + MARK_STEP,
            unrecorded: rolled_back.is_some() && !state.recorded,
        }
    }

    /// Returns the moment if the host is right about the time. It is never later than the current moment. If
    /// the wall clock is ahead of the host's time, the engine would believe the wall clock again at once. So
    /// the later of the two counts. The time for waits stays, so that no wait gets shorter.
    pub(crate) fn trusted(&self, time: Timestamp) -> Moment {
        let before = self.moment();
        let now = time.max(before.wall).min(before.now);
        let throttle_clock = before.throttle_clock.min(now);
        Moment {
            now,
            wall: before.wall,
            throttle_clock,
            rolled_back: None,
            mark_due: true,
            unrecorded: false,
        }
    }

    /// Continues from a [trusted](Self::trusted) moment once it is in the store. If a wrong clock left the
    /// mark in the future, the mark goes back to this moment.
    pub(crate) fn trust(&self, moment: &Moment) {
        let reading = self.clock.read();
        let mut state = self.state();
        state.mark = moment.now;
        state.stored = moment.now;
        state.kept_up = (moment.now, reading.elapsed_ms);
        state.began = (moment.throttle_clock, reading.elapsed_ms);
    }

    /// Notes that the store now holds what was written with an act.
    pub(crate) fn written(&self, moment: &Moment) {
        let mut state = self.state();
        if moment.mark_due {
            state.stored = state.stored.max(moment.now);
        }
        if moment.unrecorded {
            state.recorded = true;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Moment {
    /// Returns what is to be written with an act.
    pub(crate) fn mark(&self) -> Mark {
        let by = self.rolled_back.filter(|_| self.unrecorded);
        Mark {
            due: self.mark_due,
            forced: false,
            clock_event: by.map(|by| ClockEvent::RolledBack {
                at: self.now,
                by_ms: u64::try_from(by.as_millis()).unwrap_or(u64::MAX),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ground::time::Reading;

    struct Hand(Mutex<Reading>);

    impl Clock for Hand {
        fn read(&self) -> Reading {
            *self.0.lock().unwrap()
        }
    }

    fn keeper(stored: u64, wall: u64) -> (Arc<Hand>, Timekeeper) {
        let hand = Arc::new(Hand(Mutex::new(Reading { wall_ms: wall, elapsed_ms: 50 })));
        (hand.clone(), Timekeeper::new(hand, Timestamp::from_millis(stored)))
    }

    fn turn(hand: &Hand, wall: i64, elapsed: u64) {
        let mut reading = hand.0.lock().unwrap();
        reading.wall_ms = reading.wall_ms.saturating_add_signed(wall);
        reading.elapsed_ms += elapsed;
    }

    #[test]
    fn r12_4_engine_time_never_goes_back() {
        let (hand, keeper) = keeper(1_000_000, 400_000);
        let moment = keeper.moment();
        assert_eq!(moment.now, Timestamp::from_millis(1_000_000));
        assert_eq!(moment.rolled_back, Some(Duration::from_millis(600_000)));
        turn(&hand, 700_000, 700_000);
        let later = keeper.moment();
        assert_eq!((later.now, later.rolled_back), (Timestamp::from_millis(1_100_000), None));
        turn(&hand, -700_000, 1);
        assert_eq!(keeper.moment().now, later.now + Duration::from_millis(1), "the steady clock goes on");
        turn(&hand, -1_000, 0);
        assert_eq!(keeper.moment().now, later.now + Duration::from_millis(1));
    }

    #[test]
    fn r12_4_waits_go_by_the_slower_of_the_two_clocks() {
        let (hand, keeper) = keeper(0, 1_000_000);
        turn(&hand, 3_600_000, 1_000);
        let jumped = keeper.moment();
        assert_eq!(jumped.now, Timestamp::from_millis(4_600_000));
        assert_eq!(jumped.throttle_clock, Timestamp::from_millis(1_001_000));
        turn(&hand, 0, 10_000_000);
        assert_eq!(keeper.moment().throttle_clock, jumped.now, "nor faster than the wall clock");
    }

    #[test]
    fn r12_4_a_set_back_is_recorded_once_and_a_trusted_time_lowers_the_mark() {
        let (_hand, keeper) = keeper(10_000_000, 1_000_000);
        let moment = keeper.moment();
        assert!(matches!(moment.mark().clock_event, Some(ClockEvent::RolledBack { by_ms: 9_000_000, .. })));
        keeper.written(&moment);
        assert_eq!(keeper.moment().mark().clock_event, None);
        keeper.trust(&keeper.trusted(Timestamp::from_millis(1_200_000)));
        assert_eq!(keeper.moment().now, Timestamp::from_millis(1_200_000));
    }
}
