//! The inputs of a rule besides its facts.

use std::time::Duration;

use crate::crypto::draw::Draw;
use crate::crypto::keys::Keys;
use crate::ground::time::Timestamp;
use crate::records::clock::TrustedTime;
use crate::records::policy::Policy;

/// The most by which the difference of two clocks can vary, because each shows whole milliseconds.
const TREMBLE: Duration = Duration::from_millis(2);

/// The inputs of every rule besides its facts. The caller draws it outside the rule, so that running the rule
/// again gives the same verdict.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// Engine time: the later of the wall clock and the store's high-water mark (SPEC 12.4).
    pub(crate) now: Timestamp,
    /// The wall clock's time, for codes that another device computes from its own clock (SPEC 12.4).
    pub(crate) wall: Timestamp,
    /// The slow clock, for everything that must not come early. It shows no date: a time on it is
    /// [shown](Self::shown) as engine time plus the remaining span (SPEC 12.4).
    pub(crate) throttle_clock: Timestamp,
    /// How much steady time has passed since the store was made (SPEC 9.4).
    pub(crate) steady: Duration,
    /// The last time that the host set (SPEC 12.4).
    pub(crate) trusted: TrustedTime,
    pub(crate) policy: &'a Policy,
    pub(crate) draw: &'a Draw,
    pub(crate) keys: &'a Keys,
}

impl Context<'_> {
    /// Converts a time on the slow clock to the engine time that people see.
    pub(crate) fn shown(&self, slow: Timestamp) -> Timestamp {
        // Each clock is rounded to milliseconds separately, so their difference varies. A time that was shown
        // must not vary.
        let (now, slow_now) = (self.now, self.throttle_clock);
        if now.since(slow_now) <= TREMBLE && slow_now.since(now) <= TREMBLE {
            return slow;
        }
        if slow >= self.throttle_clock {
            self.now + slow.since(self.throttle_clock)
        } else {
            self.now.earlier(self.throttle_clock.since(slow))
        }
    }
}
