//! The ways into an account, as one value (SPEC 1.7, 7.5).

use serde::{Deserialize, Serialize};

use crate::ground::email::EmailAddress;
use crate::records::address::Address;
use crate::records::identifier::Identifier;
use crate::records::method::{Credential, Method};
use crate::records::mfa::Mfa;

/// The ways into an account, and the addresses that reach its owner. An undo puts them back as one.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) methods: Vec<Method>,
    pub(crate) addresses: Vec<Address>,
    pub(crate) contact: Option<EmailAddress>,
    pub(crate) mfa: Option<Mfa>,
    /// A second factor that was set before the account's first address was proven: nothing asks for it
    /// until its owner has said that it stays (SPEC 3.7).
    pub(crate) suspended_mfa: Option<Mfa>,
}

impl Credentials {
    /// What the methods are found by, suspended ones included. An email that is not proven claims nothing
    /// (SPEC 2.8).
    pub(crate) fn identifiers(&self) -> impl Iterator<Item = Identifier> {
        self.methods.iter().map(|method| method.credential.identifier()).filter(
            |identifier| !matches!(identifier, Identifier::PasswordEmail(email) if !self.has_proven(email)),
        )
    }

    /// The email of a password that is not proven.
    pub(crate) fn unproven_password(&self) -> Option<&EmailAddress> {
        self.methods.iter().find_map(|method| match &method.credential {
            Credential::Password { email, .. } if !self.has_proven(email) => Some(email),
            _ => None,
        })
    }

    fn has_proven(&self, email: &EmailAddress) -> bool {
        self.addresses.iter().any(|address| address.verified_at.is_some() && address.email == *email)
    }

    /// Whether one of the methods is found by it.
    pub(crate) fn has(&self, identifier: &Identifier) -> bool {
        self.identifiers().any(|own| own == *identifier)
    }

    /// The identifier of the password that leads in.
    pub(crate) fn password_email(&self) -> Option<&EmailAddress> {
        self.methods.iter().filter(|method| !method.suspended).find_map(|method| match &method.credential {
            Credential::Password { email, .. } => Some(email),
            Credential::Federated { .. } => None,
        })
    }
}
