//! What a rule may read besides its facts.

use std::time::Duration;

use crate::crypto::draw::Draw;
use crate::crypto::keys::Keys;
use crate::ground::time::Timestamp;
use crate::records::clock::TrustedTime;
use crate::records::policy::Policy;

/// The most by which the distance of two clocks changes because each shows whole milliseconds.
const TREMBLE: Duration = Duration::from_millis(2);

/// What every rule may read besides its facts. The caller draws it outside the rule, so that running the rule
/// again gives the same verdict.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// Engine time: the later of the wall clock and the store's high-water mark (SPEC 12.4).
    pub(crate) now: Timestamp,
    /// The wall clock's time, for codes that another device computes from its own clock (SPEC 12.4).
    pub(crate) wall: Timestamp,
    /// The slow clock, for everything that must not come early. It shows no date: a time on it is
    /// [shown](Self::shown) as engine time plus what is left (SPEC 12.4).
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
    /// Returns what to show to people for a time on the slow clock.
    pub(crate) fn shown(&self, slow: Timestamp) -> Timestamp {
        // The two clocks are cut to milliseconds apart, so their distance trembles. What was shown once must not.
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
