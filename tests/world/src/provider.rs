//! Identity providers that assert whatever a test needs.
#![expect(clippy::expect_used, reason = "a test world panics on anything unexpected")]

use selfsame::{Assertion, AssertionKind, Flow, FlowId, HostStatement, Provider, ProviderId};
use serde::Deserialize;

use crate::tokens::{AUDIENCE, ISSUER, token_rules};

/// Returns the providers of every world. The host states the identities of `x`, `example` and `other`. The
/// providers `oidc`, `google` and `apple` sign ID tokens (see [`TokenProvider`](crate::TokenProvider) and
/// [`World::assertion`](crate::World::assertion)). `example` is the authority for the domain provider.example,
/// `oidc` for tokens.example, and `x` and `other` for no domain. Google and Apple know the application as
/// `field-notes`.
pub fn providers() -> Vec<Provider> {
    let provider = |id: &str, issuer: &str, authority_for: &[&str]| Provider {
        id: short_name(id),
        issuer: issuer.to_owned(),
        authority_for: authority_for.iter().map(|domain| (*domain).to_owned()).collect(),
        assertion_kind: AssertionKind::HostStated,
        manage_url: None,
    };
    vec![
        Provider::x(),
        provider("example", "https://id.provider.example", &["provider.example"]),
        provider("other", "https://id.other.example", &[]),
        Provider {
            assertion_kind: AssertionKind::IdToken { rules: token_rules() },
            ..provider("oidc", ISSUER, &["tokens.example"])
        },
        Provider::google(vec![AUDIENCE.to_owned()]),
        Provider::apple(vec![AUDIENCE.to_owned()]),
    ]
}

/// A person, as a provider knows them.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The short name of the provider.
    pub provider: String,
    /// The provider's id of the person, which never changes.
    pub subject: String,
    /// The person's handle at the provider.
    #[serde(default)]
    pub handle: Option<String>,
    /// The email that the provider asserts.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether the provider says that it has verified the email.
    #[serde(default)]
    pub email_verified: bool,
    /// The domain of the organisation whose Google account the person has: `corp.example` for
    /// `ada@corp.example`. Only Google asserts it, in its claim `hd`.
    #[serde(default)]
    pub hosted_domain: Option<String>,
}

impl Identity {
    /// Returns the person with this `subject` at the provider, without other data.
    pub fn at(provider: &str, subject: &str) -> Self {
        Self {
            provider: provider.to_owned(),
            subject: subject.to_owned(),
            handle: None,
            email: None,
            email_verified: false,
            hosted_domain: None,
        }
    }

    /// Adds an email that the provider calls verified.
    pub fn with_email(self, email: &str) -> Self {
        Self { email: Some(email.to_owned()), email_verified: true, ..self }
    }

    /// Adds a handle.
    pub fn called(self, handle: &str) -> Self {
        Self { handle: Some(handle.to_owned()), ..self }
    }

    /// The same person, with the organisation whose Google account they have.
    pub fn hosted_by(self, domain: &str) -> Self {
        Self { hosted_domain: Some(domain.to_owned()), ..self }
    }

    /// Returns the short name of the provider.
    pub fn provider(&self) -> ProviderId {
        short_name(&self.provider)
    }

    /// Returns the host's assertion for this flow, after the person was at the provider.
    pub fn assertion(&self, flow: &Flow) -> Assertion {
        let token = flow.token.as_ref().expect("a flow that takes an assertion has a token");
        self.statement(token.flow()).expect("the provider's name is a valid short name")
    }

    /// Returns the host's assertion for the flow with this id. Returns `None` if the provider's name is not a
    /// valid short name.
    pub fn statement(&self, flow: FlowId) -> Option<Assertion> {
        Some(Assertion::Stated(HostStatement {
            flow_id: flow,
            provider: self.provider.parse().ok()?,
            subject: self.subject.clone(),
            handle: self.handle.clone(),
            email: self.email.clone(),
            email_verified: self.email_verified,
        }))
    }
}

fn short_name(text: &str) -> ProviderId {
    text.parse().expect("the provider's name is a valid short name")
}
