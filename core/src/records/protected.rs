//! Protected acts, and the identifiers that they reserve (SPEC 1.12, 7.3).

use serde::{Deserialize, Serialize};

use crate::ground::named::coded;
use crate::ground::time::Timestamp;
use crate::records::identifier::Identifier;

coded! {
    /// An act that can be undone.
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

/// An identifier that an act removed from the account, while the act can still be undone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reserved {
    pub(crate) identifier: Identifier,
    /// On the slow clock.
    pub(crate) until: Timestamp,
    /// The account's revision before that act. It orders two acts, even within a millisecond.
    pub(crate) revision: u64,
}
