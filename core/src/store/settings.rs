//! How a store is to be run.

use std::time::Duration;

/// How a store is to be run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// How much of the file redb keeps in memory.
    pub cache_bytes: usize,
    /// How long an act waits for its turn.
    pub patience: Duration,
    /// Whether the whole file is read and verified when it is opened. Where it is not, each commit also keeps
    /// what redb repairs a file with that was not closed, instead of finding it out by reading the file.
    pub verify: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { cache_bytes: 16 << 20, patience: Duration::from_secs(5), verify: true }
    }
}
