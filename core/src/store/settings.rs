//! The settings of a store.

use std::time::Duration;

/// The settings of a store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The bytes of the file that redb keeps in memory.
    pub cache_bytes: usize,
    /// How long an act waits for the ticket.
    pub patience: Duration,
    /// Whether opening reads and verifies the whole file. If not, each commit also stores what redb needs to
    /// repair a file that was not closed, because finding that out would mean reading the whole file.
    pub verify: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { cache_bytes: 16 << 20, patience: Duration::from_secs(5), verify: true }
    }
}
