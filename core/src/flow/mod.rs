//! Floor 4: the flows and the order of their steps.

pub(crate) mod add;
pub(crate) mod arrival;
pub(crate) mod challenge;
pub(crate) mod complete;
#[cfg(test)]
pub(crate) mod decisions;
pub(crate) mod enroll;
pub(crate) mod entry;
pub(crate) mod facts;
pub(crate) mod gate;
pub(crate) mod linking;
pub(crate) mod passkey;
pub(crate) mod prompt;
pub(crate) mod reauthenticate;
pub(crate) mod reset;
pub(crate) mod restore;
pub(crate) mod room;
pub(crate) mod sign_in;
pub(crate) mod sign_up;
pub(crate) mod state;
pub(crate) mod transition;
pub(crate) mod turn;
pub(crate) mod undo;
