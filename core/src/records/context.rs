//! What a rule may read besides its facts.

use crate::crypto::draw::Draw;
use crate::crypto::keys::Keys;
use crate::ground::time::Timestamp;
use crate::records::policy::Policy;

/// What every rule may read besides its facts. The caller draws it outside the rule, so that running the rule
/// again gives the same verdict.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// Engine time: the later of the wall clock and the store's high-water mark (SPEC 12.4).
    pub(crate) now: Timestamp,
    /// The wall clock's time, for codes that another device computes from its own clock (SPEC 12.4).
    pub(crate) wall: Timestamp,
    /// The slower of the two clocks, for acts that must not come early (SPEC 12.4).
    pub(crate) throttle_clock: Timestamp,
    pub(crate) policy: &'a Policy,
    pub(crate) draw: &'a Draw,
    pub(crate) keys: &'a Keys,
}
