//! Protected acts, and the identifiers that they hold back (SPEC 1.12, 7.3).

use serde::{Deserialize, Serialize};

use crate::ground::named::coded;
use crate::ground::time::Timestamp;
use crate::records::identifier::Identifier;

coded! {
    /// What can be undone.
    #[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
    pub(crate) enum ProtectedAct {
        MethodAdded,
        MethodRemoved,
        MethodsReviewed,
        PasswordChanged,
        ContactChanged,
        MfaTurnedOn,
        MfaTurnedOff,
        MfaReplaced,
    }
}

/// An identifier that was taken away from the account by an act that can still be undone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reserved {
    pub(crate) identifier: Identifier,
    pub(crate) until: Timestamp,
    /// The account's revision before that act: which of two acts was first, also within a millisecond.
    pub(crate) revision: u64,
}
