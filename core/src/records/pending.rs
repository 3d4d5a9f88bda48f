//! A change of an account that waits for the proof of an address (SPEC 7.1).

use serde::{Deserialize, Serialize};

use crate::crypto::password::StoredPassword;
use crate::ground::codec::Record;
use crate::ground::id::SessionId;
use crate::records::flow::Proving;
use crate::records::mailed_code::CodePurpose;

/// A change that waits for the proof of an address. One an account; it lives and dies with the session that
/// asked for it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) session: SessionId,
    pub(crate) wanted: Wanted,
    pub(crate) proving: Proving,
    /// What the account was when it was asked for: whatever changes there voids it (SPEC 7.1).
    pub(crate) basis: [u8; 32],
}

impl Record for Pending {
    const VERSION: u8 = 1;
}

impl Pending {
    /// One of each kind, for the golden bytes.
    #[cfg(test)]
    pub(crate) fn samples(
        session: SessionId,
        email: &crate::ground::email::EmailAddress,
        password: &StoredPassword,
    ) -> Vec<(&'static str, Self)> {
        let wanted = [
            ("contact", Wanted::Contact { old_is_lost: true }),
            ("proof", Wanted::Proof),
            ("password", Wanted::Password(password.clone())),
        ];
        wanted
            .map(|(name, wanted)| {
                let proving = Proving::new(wanted.purpose(), email.clone());
                (name, Self { session, wanted, proving, basis: [1; 32] })
            })
            .into()
    }
}

/// What the proof is wanted for.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Wanted {
    /// It becomes the contact. `old_is_lost` says that nobody can undo it from the old mailbox.
    Contact { old_is_lost: bool },
    /// It is proven, no more.
    Proof,
    /// A password with it is added.
    Password(StoredPassword),
}

impl Wanted {
    pub(crate) fn purpose(&self) -> CodePurpose {
        match self {
            Self::Contact { .. } => CodePurpose::EmailChange,
            Self::Proof | Self::Password(_) => CodePurpose::AddressProof,
        }
    }
}
