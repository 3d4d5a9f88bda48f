//! The store's data about itself.

use serde::{Deserialize, Serialize};

use crate::ground::codec::Record;
use crate::ground::time::Timestamp;

/// The store's data about itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Meta {
    /// How many messages were dropped because their delivery failed for days (SPEC 13.1).
    pub(crate) undelivered: u64,
    /// Since when the bytes of a purged account wait to be overwritten, if any do (SPEC 10.4).
    pub(crate) erasure_pending: Option<Timestamp>,
}

impl Record for Meta {
    const VERSION: u8 = 1;
}
