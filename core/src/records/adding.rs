//! A sign-in method that a flow adds or leaves out.

use crate::ground::short_name::ProviderId;
use crate::records::identifier::Identifier;

/// A sign-in method that a link adds to the account, or that an undo leaves out.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(tag = "kind")
)]
pub enum Adding {
    /// A password with this email.
    Password {
        /// The email.
        email: String,
    },
    /// A federated identity.
    Federated {
        /// The provider.
        provider: ProviderId,
        /// The person's handle at the provider, if known.
        handle: Option<String>,
    },
    /// A passkey.
    Passkey,
}

impl Adding {
    /// Describes the sign-in method with this identifier.
    pub(crate) fn of(identifier: &Identifier) -> Option<Self> {
        match identifier {
            Identifier::PasswordEmail(email) => Some(Self::Password { email: email.as_typed().to_owned() }),
            Identifier::Identity(identity) => {
                Some(Self::Federated { provider: identity.provider.clone(), handle: None })
            }
            Identifier::Passkey(_) => Some(Self::Passkey),
            Identifier::Customer(_) | Identifier::External(_) => None,
        }
    }
}
