//! A sign-in method: one way into an account (SPEC 1.2).

use serde::{Deserialize, Serialize};

use crate::crypto::password::StoredPassword;
use crate::ground::email::EmailAddress;
use crate::ground::id::MethodId;
use crate::ground::named::coded;
use crate::ground::short_name::ProviderId;
use crate::ground::time::Timestamp;
use crate::records::identifier::Identifier;
use crate::records::provider::Identity;

/// One way in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Method {
    pub(crate) id: MethodId,
    pub(crate) added_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
    /// It was set before the account's first address was proven, and nobody has said yet that it stays
    /// (SPEC 3.7).
    pub(crate) suspended: bool,
    /// Since when its secret is said to be known to others: the next sign-in wants a new one (SPEC 4.10).
    pub(crate) compromised_at: Option<Timestamp>,
    pub(crate) credential: Credential,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Credential {
    Password {
        email: EmailAddress,
        hash: StoredPassword,
        /// How often the password was set or hashed anew: a proof made against another is stale.
        version: u32,
    },
    Federated {
        identity: Identity,
        handle: Option<String>,
        /// A snapshot from when the method was added (SPEC 1.4).
        email: Option<EmailAddress>,
        /// A different one in a later assertion; it changes nothing until the owner takes it.
        seen_email: Option<EmailAddress>,
    },
}

coded! {
    /// The kind of a sign-in method (SPEC 1.2).
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
    pub enum MethodKind {
        /// A password with an email as its identifier.
        Password,
        /// A federated identity: issuer and subject.
        Federated,
    }
}

impl MethodKind {
    /// Whether it lets its owner in without a network (SPEC 4.9).
    pub fn works_offline(self) -> bool {
        match self {
            Self::Password => true,
            Self::Federated => false,
        }
    }
}

impl Credential {
    /// What the method is found by.
    pub(crate) fn identifier(&self) -> Identifier {
        match self {
            Self::Password { email, .. } => Identifier::PasswordEmail(email.clone()),
            Self::Federated { identity, .. } => Identifier::Identity(identity.clone()),
        }
    }

    /// The address that the method carries.
    pub(crate) fn email(&self) -> Option<&EmailAddress> {
        match self {
            Self::Password { email, .. } => Some(email),
            Self::Federated { email, .. } => email.as_ref(),
        }
    }
}

impl Method {
    /// A method that was added just now.
    pub(crate) fn new(id: MethodId, credential: Credential, added_at: Timestamp) -> Self {
        Self { id, added_at, used_at: None, suspended: false, compromised_at: None, credential }
    }

    pub(crate) fn kind(&self) -> MethodKind {
        match self.credential {
            Credential::Password { .. } => MethodKind::Password,
            Credential::Federated { .. } => MethodKind::Federated,
        }
    }

    pub(crate) fn provider(&self) -> Option<&ProviderId> {
        match &self.credential {
            Credential::Password { .. } => None,
            Credential::Federated { identity, .. } => Some(&identity.provider),
        }
    }

    pub(crate) fn view(&self) -> MethodView {
        let typed = |email: &EmailAddress| email.as_typed().to_owned();
        let (handle, email, seen_email) = match &self.credential {
            Credential::Password { email, .. } => (None, Some(typed(email)), None),
            Credential::Federated { handle, email, seen_email, .. } => {
                (handle.clone(), email.as_ref().map(typed), seen_email.as_ref().map(typed))
            }
        };
        MethodView {
            id: self.id,
            kind: self.kind(),
            provider: self.provider().cloned(),
            handle,
            email,
            seen_email,
            added_at: self.added_at,
            used_at: self.used_at,
            compromised_at: self.compromised_at,
            suspended: self.suspended,
        }
    }
}

/// A sign-in method as the account's owner sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MethodView {
    /// Its name.
    pub id: MethodId,
    /// Its kind.
    pub kind: MethodKind,
    /// The provider, if it is a federated identity.
    pub provider: Option<ProviderId>,
    /// What the person is called there, for display only.
    pub handle: Option<String>,
    /// The identifier of a password; the snapshot of a federated identity's email.
    pub email: Option<String>,
    /// Another email that a later assertion carried; it changes nothing until the owner takes it.
    pub seen_email: Option<String>,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it was last used to sign in.
    pub used_at: Option<Timestamp>,
    /// Since when its secret is said to be known to others: the next sign-in wants a new one.
    pub compromised_at: Option<Timestamp>,
    /// Whether it leads in no more until its owner has said that it stays (SPEC 3.7).
    pub suspended: bool,
}
