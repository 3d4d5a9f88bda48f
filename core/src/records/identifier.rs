//! The identifiers of an account (SPEC 1.3).

use serde::{Deserialize, Serialize};

use crate::ground::email::EmailAddress;
use crate::records::product::CustomerRef;
use crate::records::provider::Identity;

/// The identifier of a sign-in method. It belongs to at most one account (SPEC 1.3). Identifiers of different
/// kinds never match (SPEC 1.10).
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Identifier {
    /// The email of a password method.
    PasswordEmail(EmailAddress),
    /// A federated identity.
    Identity(Identity),
    /// The credential id of a passkey.
    Passkey(Vec<u8>),
    /// A biller's customer, of one product of one account (SPEC 8.3).
    Customer(CustomerRef),
    /// The id of an imported account at the other service (SPEC 13.2).
    External(String),
}

/// Compares identities by issuer and subject, whatever the policy calls the provider (SPEC 1.2).
impl PartialEq for Identifier {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::PasswordEmail(one), Self::PasswordEmail(other)) => one == other,
            (Self::Identity(one), Self::Identity(other)) => {
                one.issuer == other.issuer && one.subject == other.subject
            }
            (Self::Passkey(one), Self::Passkey(other)) => one == other,
            (Self::Customer(one), Self::Customer(other)) => one == other,
            (Self::External(one), Self::External(other)) => one == other,
            _ => false,
        }
    }
}

impl Eq for Identifier {}
