//! A change of an account that waits for the proof of an address (SPEC 7.1).

use serde::{Deserialize, Serialize};

use crate::crypto::password::StoredPassword;
use crate::ground::codec::Record;
use crate::ground::id::SessionId;
use crate::records::flow::Proving;
use crate::records::mailed_code::CodePurpose;

/// A change that waits for the proof of an address. An account has at most one. It ends with the session that
/// asked for it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    pub(crate) session: SessionId,
    pub(crate) wanted: Wanted,
    pub(crate) proving: Proving,
    /// The state of the account when the change was requested. A change of this state voids the pending
    /// change (SPEC 7.1).
    pub(crate) basis: [u8; 32],
}

impl Record for Pending {
    const VERSION: u8 = 1;
}

impl Pending {
    /// Returns one of each kind, for the golden bytes.
    #[cfg(test)]
    pub(crate) fn samples(
        session: SessionId,
        email: &crate::ground::email::EmailAddress,
        password: &StoredPassword,
    ) -> Vec<(&'static str, Self)> {
        let wanted = [
            ("contact", Wanted::Contact),
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

/// The change that the proof completes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Wanted {
    /// The address becomes the contact.
    Contact,
    /// The address becomes verified, and nothing else changes.
    Proof,
    /// The account gets a password with this address.
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
