//! A sign-in method (SPEC 1.2).

use serde::{Deserialize, Serialize};

use crate::crypto::password::StoredPassword;
use crate::ground::codec::Record;
use crate::ground::email::EmailAddress;
use crate::ground::id::MethodId;
use crate::ground::named::coded;
use crate::ground::short_name::ProviderId;
use crate::ground::time::Timestamp;
use crate::records::identifier::Identifier;
use crate::records::passkey::{Passkey, PasskeyUse};
use crate::records::provider::Identity;

/// A sign-in method.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Method {
    pub(crate) id: MethodId,
    pub(crate) added_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
    /// Whether the method was set before the account's first address was proven, and nobody has confirmed it
    /// yet (SPEC 3.7).
    pub(crate) suspended: bool,
    /// When the password was reported as known to others. The next sign-in asks for a new one (SPEC 4.10).
    pub(crate) compromised_at: Option<Timestamp>,
    pub(crate) credential: Credential,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Credential {
    Password {
        email: EmailAddress,
        hash: StoredPassword,
        /// How often the password was set, hashed again or marked as known to others. A proof of another version is
        /// stale.
        version: u32,
    },
    Federated {
        identity: Identity,
        handle: Option<String>,
        /// The email at the time when the method was added (SPEC 1.4).
        email: Option<EmailAddress>,
        /// A different email from a later assertion. It changes nothing until the owner takes it over.
        seen_email: Option<EmailAddress>,
    },
    Passkey(Box<Passkey>),
}

/// A made-up password hash of the same kind and cost as an imported one. A refusal hashes against it, so that it
/// takes as long as for an imported password (SPEC 4.2).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Specimen(pub(crate) StoredPassword);

impl Record for Specimen {
    const VERSION: u8 = 1;
}

coded! {
    /// The kind of a sign-in method (SPEC 1.2).
    #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
    #[cfg_attr(feature = "json", derive(schemars::JsonSchema))]
    pub enum MethodKind {
        /// A password with an email as its identifier.
        Password,
        /// A federated identity: issuer and subject.
        Federated,
        /// A passkey (WebAuthn).
        Passkey,
    }
}

impl MethodKind {
    /// Returns whether a method of this kind lets its owner in without a network (SPEC 4.9).
    ///
    /// ```
    /// use selfsame::MethodKind;
    ///
    /// assert!(MethodKind::Password.works_offline());
    /// assert!(!MethodKind::Federated.works_offline());
    /// ```
    pub fn works_offline(self) -> bool {
        match self {
            Self::Password | Self::Passkey => true,
            Self::Federated => false,
        }
    }
}

impl Credential {
    /// Returns the identifier of the method.
    pub(crate) fn identifier(&self) -> Identifier {
        match self {
            Self::Password { email, .. } => Identifier::PasswordEmail(email.clone()),
            Self::Federated { identity, .. } => Identifier::Identity(identity.clone()),
            Self::Passkey(passkey) => Identifier::Passkey(passkey.credential_id.clone()),
        }
    }

    /// Returns the address that the method carries.
    pub(crate) fn email(&self) -> Option<&EmailAddress> {
        match self {
            Self::Password { email, .. } => Some(email),
            Self::Federated { email, .. } => email.as_ref(),
            Self::Passkey(_) => None,
        }
    }
}

impl Method {
    /// Returns a method that was added at this time.
    pub(crate) fn new(id: MethodId, credential: Credential, added_at: Timestamp) -> Self {
        Self { id, added_at, used_at: None, suspended: false, compromised_at: None, credential }
    }

    /// Records that the method was used to sign in, and what a passkey said then.
    pub(crate) fn used(&mut self, answer: Option<&PasskeyUse>, now: Timestamp) {
        self.used_at = Some(now);
        if let (Credential::Passkey(passkey), Some(answer)) = (&mut self.credential, answer) {
            passkey.counter = passkey.counter.max(answer.counter);
            passkey.backed_up = answer.backed_up;
        }
    }

    pub(crate) fn kind(&self) -> MethodKind {
        match self.credential {
            Credential::Password { .. } => MethodKind::Password,
            Credential::Federated { .. } => MethodKind::Federated,
            Credential::Passkey(_) => MethodKind::Passkey,
        }
    }

    pub(crate) fn provider(&self) -> Option<&ProviderId> {
        match &self.credential {
            Credential::Federated { identity, .. } => Some(&identity.provider),
            Credential::Password { .. } | Credential::Passkey(_) => None,
        }
    }

    pub(crate) fn view(&self) -> MethodView {
        let typed = |email: &EmailAddress| email.as_typed().to_owned();
        let (handle, email, seen_email) = match &self.credential {
            Credential::Password { email, .. } => (None, Some(typed(email)), None),
            Credential::Federated { handle, email, seen_email, .. } => {
                (handle.clone(), email.as_ref().map(typed), seen_email.as_ref().map(typed))
            }
            Credential::Passkey(_) => (None, None, None),
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
            synced: match &self.credential {
                Credential::Passkey(passkey) => Some(passkey.backed_up),
                Credential::Password { .. } | Credential::Federated { .. } => None,
            },
        }
    }
}

/// A sign-in method as the account's owner sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct MethodView {
    /// The method's id.
    pub id: MethodId,
    /// The method's kind.
    pub kind: MethodKind,
    /// The provider, if the method is a federated identity.
    pub provider: Option<ProviderId>,
    /// The person's handle at the provider, for display only.
    pub handle: Option<String>,
    /// The identifier of a password, or the email of a federated identity when it was added.
    pub email: Option<String>,
    /// A different email from a later assertion. It changes nothing until the owner takes it over.
    pub seen_email: Option<String>,
    /// When the method was added.
    pub added_at: Timestamp,
    /// When the method was last used to sign in.
    pub used_at: Option<Timestamp>,
    /// When the password was reported as known to others, if it was. The next sign-in asks for a new one.
    pub compromised_at: Option<Timestamp>,
    /// Whether the method is disabled until the owner confirms it (SPEC 3.7).
    pub suspended: bool,
    /// Whether the passkey is copied to other devices. `None` for other methods.
    pub synced: Option<bool>,
}
