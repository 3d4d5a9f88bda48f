//! Identity providers and what they say of a person.

use selfsame::{
    Algorithm, Assertion, AssertionKind, FlowId, HostStatement, IdTokenRules, Provider, ProviderId, Secret,
};

/// X. It issues no ID token: the host states subject and handle after its own OAuth exchange.
#[uniffi::export]
pub fn provider_x() -> Provider {
    Provider::x()
}

/// Google, which knows the application by these client ids. It is the authority for gmail.com and for the
/// domain of an organisation that it keeps the mailboxes of (its claim `hd`).
#[uniffi::export]
pub fn provider_google(audiences: Vec<String>) -> Provider {
    Provider::google(audiences)
}

/// Apple, which knows the application by these bundle and service ids. It is the authority for the addresses
/// of its relay and for those that it gives out itself.
#[uniffi::export]
pub fn provider_apple(audiences: Vec<String>) -> Provider {
    Provider::apple(audiences)
}

/// An identity provider that policy accepts.
#[uniffi::remote(Record)]
pub struct Provider {
    /// Its short name.
    pub id: ProviderId,
    /// The issuer of its identities; with the subject it names a person for ever (OpenID Connect Core 5.7).
    pub issuer: String,
    /// Domains that it is the authority for: an email there counts as proven when the provider says so.
    /// Empty for most.
    #[uniffi(default)]
    pub authority_for: Vec<String>,
    /// How its word reaches the engine.
    pub assertion_kind: AssertionKind,
    /// Where people manage their account there, which nobody else can.
    #[uniffi(default)]
    pub manage_url: Option<String>,
}

/// How a provider's word reaches the engine; it is taken in no other way.
#[uniffi::remote(Enum)]
pub enum AssertionKind {
    /// It issues no ID token: the host states what it said.
    HostStated,
    /// By an ID token that it signed for the application.
    IdToken(IdTokenRules),
}

/// What policy asks of a provider's ID tokens.
#[uniffi::remote(Record)]
pub struct IdTokenRules {
    /// The names that the provider knows the application by (client ids); a token is for one of them.
    pub audiences: Vec<String>,
    /// How the provider may sign.
    pub algorithms: Vec<Algorithm>,
    /// Other spellings of the issuer that its tokens may have, and that mean the same.
    #[uniffi(default)]
    pub also_issued_as: Vec<String>,
    /// Whether `email_verified` may be the text "true" instead of the JSON value.
    #[uniffi(default)]
    pub verified_may_be_text: bool,
    /// Whether the provider is the authority for the domain in its claim `hd`: that of an organisation
    /// whose mailboxes it keeps.
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

/// What a host states after it has spoken with a provider that issues no ID token.
#[uniffi::remote(Record)]
pub struct HostStatement {
    /// The flow that the statement is made for.
    pub flow: FlowId,
    /// The provider.
    pub provider: ProviderId,
    /// The provider's name for the person, 1 to 255 bytes, that never changes hands.
    pub subject: String,
    /// What the person is called there, for display only.
    #[uniffi(default)]
    pub handle: Option<String>,
    /// The person's email there, if the provider gave one.
    #[uniffi(default)]
    pub email: Option<String>,
    /// Whether the provider says that it has verified the email. It counts only where policy makes the
    /// provider the authority for the domain.
    #[uniffi(default)]
    pub email_verified: bool,
}

/// What proves a federated identity.
#[uniffi::remote(Enum)]
pub enum Assertion {
    /// The host's word, for providers that policy has state by the host.
    Stated(HostStatement),
    /// A provider's signed assertion_kind: an ID token in the compact form, with the nonce of the step.
    IdToken(Secret),
}
