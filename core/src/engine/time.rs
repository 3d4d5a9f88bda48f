//! Reads the clock for the calls, and says when the store's clock is to be written (SPEC 12.4).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::ground::time::{Clock, MINUTE, Reading, Timestamp};
use crate::records::clock::{ClockEvent, StoredClock, Timeline};
use crate::rules::time::TOLERANCE;

pub(crate) struct Timekeeper {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

struct State {
    timeline: Timeline,
    /// The timeline in the store, as far as this process knows.
    stored: Timeline,
    /// The mark at the last attempt to write the store's row. If a write fails, the engine does not try again
    /// at every call.
    tried: Timestamp,
    /// Whether the store has a record of the present set-back.
    recorded: bool,
    /// Whether another process may have moved the store's clock on.
    released: bool,
}

/// One reading, as the engine uses it.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) timeline: Timeline,
    /// The time of the wall clock, with the correction of a trusted time.
    pub(crate) wall: Timestamp,
    /// How far the wall clock is behind, if it was set back.
    pub(crate) rolled_back: Option<Duration>,
    /// Whether the engine must write the store's row.
    pub(crate) is_due: bool,
    reading: Reading,
    unrecorded: bool,
}

impl Timekeeper {
    pub(crate) fn new(clock: Arc<dyn Clock>, stored: &StoredClock) -> Self {
        let timeline = stored.time;
        let state =
            State { timeline, stored: timeline, tried: timeline.mark, recorded: false, released: false };
        Self { clock, state: Mutex::new(state) }
    }

    pub(crate) fn moment(&self) -> Moment {
        let reading = self.clock.read();
        let mut state = self.state();
        state.timeline = state.timeline.after(reading);
        let timeline = state.timeline;
        let wall = timeline.wall(reading);
        let behind = timeline.mark.since(wall);
        let rolled_back = (behind > TOLERANCE).then_some(behind);
        if rolled_back.is_none() {
            state.recorded = false;
        }
        let unrecorded = rolled_back.is_some() && !state.recorded;
        let is_due = unrecorded || timeline.mark >= state.tried + MINUTE;
        Moment { timeline, wall, rolled_back, is_due, reading, unrecorded }
    }

    /// Notes that the caller tries to write the store's row, so that nobody else does.
    pub(crate) fn trying(&self, moment: &Moment) {
        let mut state = self.state();
        state.tried = state.tried.max(moment.timeline.mark);
        state.recorded |= moment.unrecorded;
    }

    /// Continues from what the store now holds.
    pub(crate) fn written(&self, stored: &Timeline) {
        let reading = self.clock.read();
        let mut state = self.state();
        state.timeline = stored.after(reading).joined(state.timeline.after(reading));
        state.stored = *stored;
        state.tried = stored.mark;
        state.released = false;
    }

    /// Notes that another process can have the store now.
    pub(crate) fn release(&self) {
        self.state().released = true;
    }

    /// Whether the store holds the counts of this moment.
    pub(crate) fn is_stored(&self, moment: &Moment) -> bool {
        self.state().stored == moment.timeline
    }

    pub(crate) fn is_released(&self) -> bool {
        self.state().released
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Moment {
    /// Engine time.
    pub(crate) fn now(&self) -> Timestamp {
        self.timeline.mark
    }

    /// Returns the counts at this moment if the store's row was `stored`. Another process may have written it
    /// since this one read it.
    pub(crate) fn on(&self, stored: &Timeline) -> Timeline {
        stored.after(self.reading).joined(self.timeline)
    }

    /// Returns the counts from now on if the host is right about the time.
    pub(crate) fn trusting(&self, time: Timestamp, stored: &Timeline) -> Timeline {
        self.on(stored).trusting(time, self.reading)
    }

    /// Returns the event to record with the store's row.
    pub(crate) fn event(&self) -> Option<ClockEvent> {
        let by = self.rolled_back.filter(|_| self.unrecorded)?;
        let by_ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        Some(ClockEvent::RolledBack { at: self.now(), by_ms })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Hand(Mutex<Reading>);

    impl Clock for Hand {
        fn read(&self) -> Reading {
            *self.0.lock().unwrap()
        }
    }

    fn keeper() -> (Arc<Hand>, Timekeeper) {
        let reading = Reading { wall_ms: 10_000_000, elapsed_ms: 50, boot: None };
        let hand = Arc::new(Hand(Mutex::new(reading)));
        let stored = StoredClock { time: Timeline::new(reading), sightings: Vec::new(), events: 0 };
        (hand.clone(), Timekeeper::new(hand, &stored))
    }

    fn turn(hand: &Hand, wall: i64, elapsed: u64) {
        let mut reading = hand.0.lock().unwrap();
        reading.wall_ms = reading.wall_ms.saturating_add_signed(wall);
        reading.elapsed_ms += elapsed;
    }

    #[test]
    fn r12_4_the_row_is_due_once_a_minute() {
        let (hand, keeper) = keeper();
        turn(&hand, 59_999, 59_999);
        assert!(!keeper.moment().is_due);
        turn(&hand, 1, 1);
        let moment = keeper.moment();
        assert!(moment.is_due);
        keeper.trying(&moment);
        assert!(!keeper.moment().is_due, "somebody writes it");
        turn(&hand, 60_000, 0);
        assert!(keeper.moment().is_due, "whether or not the write succeeded");
    }

    #[test]
    fn r12_4_a_set_back_is_recorded_once() {
        let (hand, keeper) = keeper();
        turn(&hand, -9_000_000, 0);
        let moment = keeper.moment();
        assert_eq!(moment.rolled_back, Some(Duration::from_millis(9_000_000)));
        assert!(matches!(moment.event(), Some(ClockEvent::RolledBack { by_ms: 9_000_000, .. })));
        assert!(moment.is_due);
        keeper.trying(&moment);
        assert_eq!(keeper.moment().event(), None);
        turn(&hand, 9_000_000, 0);
        assert_eq!(keeper.moment().rolled_back, None);
        turn(&hand, -9_000_000, 0);
        assert!(keeper.moment().event().is_some(), "the next one is recorded too");
    }

    #[test]
    fn r12_4_what_another_process_stored_counts() {
        let (hand, keeper) = keeper();
        let before = keeper.moment();
        keeper.release();
        turn(&hand, 1_000, 1_000);
        let theirs = keeper.moment().timeline;
        let trusted = keeper.moment().trusting(Timestamp::from_millis(5_000_000), &theirs);
        keeper.written(&trusted);
        assert!(!keeper.is_released());
        let now = keeper.moment();
        assert_eq!(now.now(), Timestamp::from_millis(5_000_000));
        assert_eq!(now.timeline.slow.since(before.timeline.slow), Duration::from_secs(1));
    }
}
