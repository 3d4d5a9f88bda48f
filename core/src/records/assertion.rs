//! The proofs of a federated identity (SPEC 2.9).

use std::fmt;

use crate::ground::email::EmailAddress;
use crate::ground::id::FlowId;
#[cfg(feature = "json")]
use crate::ground::member;
use crate::ground::secret::Secret;
use crate::ground::short_name::ProviderId;
use crate::ground::time::Timestamp;
use crate::records::provider::Identity;

/// A host's statement after it has spoken with a provider that issues no ID token (SPEC 2.9).
#[derive(Clone)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct HostStatement {
    /// The flow that the statement is made for.
    pub flow_id: FlowId,
    /// The provider.
    pub provider: ProviderId,
    /// The provider's identifier for the person: 1 to 255 bytes. It never passes to another person.
    pub subject: String,
    /// The person's handle at the provider, for display only. The engine removes what cannot be shown, and
    /// keeps 64 characters (SPEC 1.13).
    pub handle: Option<String>,
    /// The person's email at the provider, if the provider gave one.
    pub email: Option<String>,
    /// Whether the provider says that it has verified the email. This counts only if the policy makes the
    /// provider the authority for the domain.
    #[cfg_attr(feature = "json", serde(default))]
    pub email_verified: bool,
}

impl fmt::Debug for HostStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostStatement")
            .field("flow_id", &self.flow_id)
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

/// A proof of a federated identity.
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(tag = "assertion", remote = "Self")
)]
pub enum Assertion {
    /// A host's statement, for providers whose `assertion_kind` is `HostStated`.
    Stated(HostStatement),
    /// An ID token that the provider signed, in the compact form and with the nonce of the step.
    IdToken(#[cfg_attr(feature = "json", serde(with = "member::Token"))] Secret),
}

/// What an assertion proves, after the engine has checked it.
#[derive(Clone)]
pub(crate) struct Asserted {
    /// How old the proof is: when the person last signed in at the provider, or when the provider issued the
    /// assertion if it does not say so (SPEC 6.4).
    pub(crate) at: Timestamp,
    pub(crate) identity: Identity,
    pub(crate) handle: Option<String>,
    pub(crate) email: Option<EmailAddress>,
    /// Whether the provider is the authority for the email and says that it is verified.
    pub(crate) email_proven: bool,
}

#[cfg(feature = "json")]
crate::ground::json::objects!(Assertion);
