//! Rows that say by being there: whose an identifier is, and that something holds at all.

use serde::{Deserialize, Serialize};

use crate::ground::codec::Record;
use crate::ground::id::AccountId;

/// Whose an identifier is.
#[derive(Serialize, Deserialize)]
pub(crate) struct Claim(pub(crate) AccountId);

impl Record for Claim {
    const VERSION: u8 = 1;
}

/// That a row is there says it all; sealed, so that nobody can put one there.
#[derive(Serialize, Deserialize)]
pub(crate) struct Marker;

impl Record for Marker {
    const VERSION: u8 = 1;
}
