//! Small rows: the account that has an identifier, and presence markers.

use serde::{Deserialize, Serialize};

use crate::ground::codec::Record;
use crate::ground::id::AccountId;

/// The account that has an identifier.
#[derive(Serialize, Deserialize)]
pub(crate) struct Claim(pub(crate) AccountId);

impl Record for Claim {
    const VERSION: u8 = 1;
}

/// The accounts that have an email verified, in the order in which they were made. There is one
/// row for an email, so that the acts of two people who prove it at the same time conflict.
#[derive(Serialize, Deserialize)]
pub(crate) struct ProvenBy(pub(crate) Vec<AccountId>);

impl Record for ProvenBy {
    const VERSION: u8 = 1;
}

/// Presence marker: the row has no content. It is sealed, so that nobody else can write one.
#[derive(Serialize, Deserialize)]
pub(crate) struct Marker;

impl Record for Marker {
    const VERSION: u8 = 1;
}
