//! What a rule may look at besides its facts.

use crate::crypto::draw::Draw;
use crate::crypto::keys::Keys;
use crate::ground::time::Timestamp;
use crate::records::policy::Policy;

/// What every rule may look at besides its facts: drawn outside, so that running it again gives the
/// same verdict.
#[derive(Clone, Copy)]
pub(crate) struct Context<'a> {
    /// Engine time: the later of the wall clock and the store's high-water mark (SPEC 12.4).
    pub(crate) now: Timestamp,
    /// What the wall clock shows, for codes that another device counts out by its own (SPEC 12.4).
    pub(crate) wall: Timestamp,
    /// The slower of the two clocks, for what must not come early (SPEC 12.4).
    pub(crate) throttle_clock: Timestamp,
    pub(crate) policy: &'a Policy,
    pub(crate) draw: &'a Draw,
    pub(crate) keys: &'a Keys,
}
