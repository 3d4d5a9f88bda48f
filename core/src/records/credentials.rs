//! The credentials of an account, as one value (SPEC 1.7, 7.5).

use serde::{Deserialize, Serialize};

use crate::ground::email::EmailAddress;
use crate::ground::time::Timestamp;
use crate::records::address::Address;
use crate::records::identifier::Identifier;
use crate::records::method::{Credential, Method};
use crate::records::mfa::Mfa;

/// The sign-in methods of an account, and the addresses that reach its owner. An undo restores them as one.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Credentials {
    pub(crate) methods: Vec<Method>,
    pub(crate) addresses: Vec<Address>,
    pub(crate) contact: Option<EmailAddress>,
    /// The contacts that were replaced in the last seven days, each with the time until which it was the contact, on
    /// the slow clock. The first one was the contact seven days ago (SPEC 7.3).
    pub(crate) past_contacts: Vec<(Option<EmailAddress>, Timestamp)>,
    pub(crate) mfa: Option<Mfa>,
    /// A second factor that was set before the account's first address was proven. Nothing asks for it until
    /// the owner confirms it (SPEC 3.7).
    pub(crate) suspended_mfa: Option<Mfa>,
}

impl Credentials {
    /// Returns the identifiers of the sign-in methods, including suspended ones. An unproven email claims
    /// nothing (SPEC 2.8).
    pub(crate) fn identifiers(&self) -> impl Iterator<Item = Identifier> {
        self.methods.iter().map(|method| method.credential.identifier()).filter(
            |identifier| !matches!(identifier, Identifier::PasswordEmail(email) if !self.has_proven(email)),
        )
    }

    /// Returns the email of a password, if it is not proven.
    pub(crate) fn unproven_password(&self) -> Option<&EmailAddress> {
        self.methods.iter().find_map(|method| match &method.credential {
            Credential::Password { email, .. } if !self.has_proven(email) => Some(email),
            _ => None,
        })
    }

    /// Returns the identifiers that a password could have: the verified addresses, the contact first.
    pub(crate) fn possible_passwords(&self) -> impl Iterator<Item = Identifier> {
        let verified = self.addresses.iter().filter(|address| address.verified_at.is_some());
        let others =
            verified.map(|address| &address.email).filter(|email| Some(*email) != self.contact.as_ref());
        self.contact.iter().chain(others).cloned().map(Identifier::PasswordEmail)
    }

    fn has_proven(&self, email: &EmailAddress) -> bool {
        self.addresses.iter().any(|address| address.verified_at.is_some() && address.email == *email)
    }

    /// Returns whether one of the sign-in methods has the identifier.
    pub(crate) fn has(&self, identifier: &Identifier) -> bool {
        self.identifiers().any(|own| own == *identifier)
    }

    /// Returns the email of the password, if the password is not suspended.
    pub(crate) fn password_email(&self) -> Option<&EmailAddress> {
        self.methods.iter().filter(|method| !method.suspended).find_map(|method| match &method.credential {
            Credential::Password { email, .. } => Some(email),
            Credential::Federated { .. } | Credential::Passkey(_) => None,
        })
    }
}
