//! Identity providers, played: they say whatever a test wants them to say.
#![expect(clippy::expect_used, reason = "a test world stops the test")]

use selfsame::{Assertion, AssertionKind, Flow, FlowId, HostStatement, Provider, ProviderId};
use serde::Deserialize;

use crate::tokens::{AUDIENCE, ISSUER, token_rules};

/// The providers of every world: `x`, `example`, the authority for the domain provider.example, and
/// `other`, the authority for none, of which the host states what they said; and `oidc`, the authority
/// for the domain tokens.example, `google` and `apple`, which sign ID tokens (see
/// [`TokenProvider`](crate::TokenProvider) and [`World::assertion`](crate::World::assertion)). Google and Apple
/// know the application as `field-notes`.
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
            assertion_kind: AssertionKind::IdToken(token_rules()),
            ..provider("oidc", ISSUER, &["tokens.example"])
        },
        Provider::google(vec![AUDIENCE.to_owned()]),
        Provider::apple(vec![AUDIENCE.to_owned()]),
    ]
}

/// A person as a provider knows them.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Identity {
    /// The provider's short name.
    pub provider: String,
    /// The provider's name for the person, which never changes.
    pub subject: String,
    /// What the person is called there.
    #[serde(default)]
    pub handle: Option<String>,
    /// The email that the provider gives out.
    #[serde(default)]
    pub email: Option<String>,
    /// Whether the provider says that it has verified the email.
    #[serde(default)]
    pub email_verified: bool,
    /// The domain of the organisation whose Google account the person has, as in `ada@corp.example`'s
    /// `corp.example`. Google alone gives it out, as its claim `hd`.
    #[serde(default)]
    pub hosted_domain: Option<String>,
}

impl Identity {
    /// The person whom the provider calls `subject`, and of whom it tells nothing else.
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

    /// The same person, with an email that the provider calls verified.
    pub fn with_email(self, email: &str) -> Self {
        Self { email: Some(email.to_owned()), email_verified: true, ..self }
    }

    /// The same person, with what they are called there.
    pub fn called(self, handle: &str) -> Self {
        Self { handle: Some(handle.to_owned()), ..self }
    }

    /// The same person, with the organisation whose Google account they have.
    pub fn hosted_by(self, domain: &str) -> Self {
        Self { hosted_domain: Some(domain.to_owned()), ..self }
    }

    /// The provider's short name.
    pub fn provider(&self) -> ProviderId {
        short_name(&self.provider)
    }

    /// What the host states for this flow, after the person was at the provider.
    pub fn assertion(&self, flow: &Flow) -> Assertion {
        let token = flow.token.as_ref().expect("a flow that asks for an assertion has a token");
        self.statement(token.flow()).expect("a test names its providers by short names")
    }

    /// What the host states for the flow with this id. Nothing if the provider's name is not a short name.
    pub fn statement(&self, flow: FlowId) -> Option<Assertion> {
        Some(Assertion::Stated(HostStatement {
            flow,
            provider: self.provider.parse().ok()?,
            subject: self.subject.clone(),
            handle: self.handle.clone(),
            email: self.email.clone(),
            email_verified: self.email_verified,
        }))
    }
}

fn short_name(text: &str) -> ProviderId {
    text.parse().expect("a test names its providers by short names")
}
