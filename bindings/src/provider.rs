//! Identity providers and what they say of a person.

use selfsame::{
    Algorithm, Assertion, AssertionKind, FlowId, HostStatement, IdTokenRules, Provider, ProviderId, Secret,
};

/// Returns X. It issues no ID token: the host states subject and handle after its own OAuth exchange.
#[uniffi::export]
pub fn provider_x() -> Provider {
    Provider::x()
}

/// Returns Google. `audiences` are the client ids that Google knows the application by. Google is the
/// authority for gmail.com, and for the domain of an organisation whose mailboxes it keeps (its claim `hd`).
#[uniffi::export]
pub fn provider_google(audiences: Vec<String>) -> Provider {
    Provider::google(audiences)
}

/// Returns Apple. `audiences` are the bundle and service ids that Apple knows the application by. Apple is
/// the authority for the addresses of its relay and for those that it gives out itself.
#[uniffi::export]
pub fn provider_apple(audiences: Vec<String>) -> Provider {
    Provider::apple(audiences)
}

/// An identity provider that the policy accepts.
#[uniffi::remote(Record)]
pub struct Provider {
    /// The provider's short name.
    pub id: ProviderId,
    /// The issuer of its identities. Issuer and subject name a person for ever (OpenID Connect Core 5.7).
    pub issuer: String,
    /// The domains that the provider is the authority for. An email in one of them counts as proven if the
    /// provider says so. Empty for most providers.
    #[uniffi(default)]
    pub authority_for: Vec<String>,
    /// How the provider's assertions reach the engine.
    pub assertion_kind: AssertionKind,
    /// The page where people manage their account at the provider. Nobody else can.
    #[uniffi(default)]
    pub manage_url: Option<String>,
}

/// How a provider's assertions reach the engine, which accepts them in no other way.
#[uniffi::remote(Enum)]
pub enum AssertionKind {
    /// The provider issues no ID token. The host states what the provider said.
    HostStated,
    /// The provider signs an ID token for the application.
    IdToken {
        /// The policy's rules for the token.
        rules: IdTokenRules,
    },
}

/// The policy's rules for a provider's ID tokens.
#[uniffi::remote(Record)]
pub struct IdTokenRules {
    /// The client ids that the provider knows the application by. A token must be for one of them.
    pub audiences: Vec<String>,
    /// The algorithms that the provider may sign with.
    pub algorithms: Vec<Algorithm>,
    /// Other spellings of the issuer that its tokens may have, with the same meaning.
    #[uniffi(default)]
    pub also_issued_as: Vec<String>,
    /// Whether `email_verified` may be the text "true" instead of the JSON value.
    #[uniffi(default)]
    pub verified_may_be_text: bool,
    /// Whether the provider is the authority for the domain in its claim `hd`. This is the domain of an
    /// organisation whose mailboxes the provider keeps.
    #[uniffi(default)]
    pub hosted_domain_counts: bool,
}

/// How a provider signs (RFC 7518 section 3.1, RFC 8037).
#[uniffi::remote(Enum)]
pub enum Algorithm {
    /// RSASSA-PKCS1-v1_5 with SHA-256, the modulus of 2,048 bits or more.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// EdDSA on Ed25519.
    EdDsa,
}

/// A host's statement after it has spoken with a provider that issues no ID token.
#[uniffi::remote(Record)]
pub struct HostStatement {
    /// The flow that the statement is made for.
    pub flow_id: FlowId,
    /// The provider.
    pub provider: ProviderId,
    /// The provider's identifier for the person: 1 to 255 bytes. It never passes to another person.
    pub subject: String,
    /// The person's handle at the provider, for display only. The engine removes what cannot be shown, and keeps
    /// 64 characters.
    #[uniffi(default)]
    pub handle: Option<String>,
    /// The person's email at the provider, if the provider gave one.
    #[uniffi(default)]
    pub email: Option<String>,
    /// Whether the provider says that it has verified the email. This counts only if the policy makes the
    /// provider the authority for the domain.
    #[uniffi(default)]
    pub email_verified: bool,
}

/// A proof of a federated identity.
#[uniffi::remote(Enum)]
pub enum Assertion {
    /// A host's statement, for providers whose `assertion_kind` is `HostStated`.
    Stated(HostStatement),
    /// An ID token that the provider signed, in the compact form and with the nonce of the step.
    IdToken(Secret),
}
