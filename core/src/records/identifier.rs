//! What an account is found by (SPEC 1.3).

use serde::{Deserialize, Serialize};

use crate::ground::email::EmailAddress;
use crate::records::product::CustomerRef;
use crate::records::provider::Identity;

/// What a method is found by. One of a kind belongs to at most one account (SPEC 1.3), and one of one
/// kind never matches one of another (SPEC 1.10).
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Identifier {
    /// The email of a password method.
    PasswordEmail(EmailAddress),
    /// A federated identity.
    Identity(Identity),
    /// A biller's customer: of one product of one account (SPEC 8.3).
    Customer(CustomerRef),
    /// What another service called an account that was imported (SPEC 13.2).
    External(String),
}

/// An identity is issuer and subject, whatever policy calls the provider (SPEC 1.2).
impl PartialEq for Identifier {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::PasswordEmail(one), Self::PasswordEmail(other)) => one == other,
            (Self::Identity(one), Self::Identity(other)) => {
                one.issuer == other.issuer && one.subject == other.subject
            }
            (Self::Customer(one), Self::Customer(other)) => one == other,
            (Self::External(one), Self::External(other)) => one == other,
            _ => false,
        }
    }
}

impl Eq for Identifier {}
