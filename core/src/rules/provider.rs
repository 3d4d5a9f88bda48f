//! Identity providers and what they say of a person.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::id_token::IdTokenRules;
use super::refusal::AssertionProblem;
use crate::crypto::jwk::Algorithm;
use crate::ground::email::EmailAddress;
use crate::ground::id::FlowId;
use crate::ground::secret::Secret;
use crate::ground::time::Timestamp;

/// The short name of a provider in policy: 1 to 32 of `a-z`, `0-9` and `-`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ProviderId(String);

/// The short name of a product in policy: 1 to 32 of `a-z`, `0-9` and `-` (SPEC 8.1).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ProductId(String);

macro_rules! short_names {
    ($($name:ident)*) => {$(
        impl $name {
            /// Takes a text that is a short name, else nothing.
            pub fn new(text: &str) -> Option<Self> {
                is_short_name(text).then(|| Self(text.to_owned()))
            }

            /// The name of a preset, which is one by how it is written.
            pub(crate) fn preset(text: &str) -> Self {
                Self(text.to_owned())
            }

            /// The name.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

short_names!(ProviderId ProductId);

fn is_short_name(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// An identity provider that policy accepts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provider {
    /// Its short name.
    pub id: ProviderId,
    /// The issuer of its identities; with the subject it names a person for ever (OpenID Connect Core 5.7).
    pub issuer: String,
    /// Domains that it is the authority for: an email there counts as proven when the provider says so.
    /// Empty for most (SPEC 2.3).
    pub authority_for: Vec<String>,
    /// How its word reaches the engine.
    pub word: Word,
    /// Where people manage their account there, which nobody else can (SPEC 8.5).
    pub manage_url: Option<String>,
}

/// How a provider's word reaches the engine; it is taken in no other way (SPEC 2.9).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Word {
    /// It issues no ID token: the host states what it said.
    HostStated,
    /// By an ID token that it signed for the application.
    IdToken(IdTokenRules),
}

impl Provider {
    /// X. It issues no ID token: the host states subject and handle after its own OAuth exchange.
    pub fn x() -> Self {
        let x = Self::named("x", "https://x.com", &[], Word::HostStated);
        Self { manage_url: Some("https://x.com/settings/account".to_owned()), ..x }
    }

    /// Google, which knows the application by these client ids. It is the authority for gmail.com and for
    /// the domain of an organisation that it keeps the mailboxes of (its claim `hd`).
    pub fn google(audiences: Vec<String>) -> Self {
        let rules = IdTokenRules {
            // Both spellings are in use: "always https://accounts.google.com or accounts.google.com for
            // Google ID tokens" (Google's reference of OpenID Connect).
            also_issued_as: vec!["accounts.google.com".to_owned()],
            hosted_domain_counts: true,
            ..IdTokenRules::new(audiences, vec![Algorithm::Rs256])
        };
        let google =
            Self::named("google", "https://accounts.google.com", &["gmail.com"], Word::IdToken(rules));
        Self { manage_url: Some("https://myaccount.google.com".to_owned()), ..google }
    }

    /// Apple, which knows the application by these bundle and service ids. It is the authority for the
    /// addresses of its relay and for those that it gives out itself.
    pub fn apple(audiences: Vec<String>) -> Self {
        let domains = ["privaterelay.appleid.com", "icloud.com", "me.com", "mac.com"];
        let rules = IdTokenRules {
            verified_may_be_text: true,
            ..IdTokenRules::new(audiences, vec![Algorithm::Rs256])
        };
        let apple = Self::named("apple", "https://appleid.apple.com", &domains, Word::IdToken(rules));
        Self { manage_url: Some("https://account.apple.com".to_owned()), ..apple }
    }

    fn named(id: &str, issuer: &str, authority_for: &[&str], word: Word) -> Self {
        Self {
            id: ProviderId::preset(id),
            issuer: issuer.to_owned(),
            authority_for: authority_for.iter().map(|domain| (*domain).to_owned()).collect(),
            word,
            manage_url: None,
        }
    }

    /// The person of this subject here, if it can be one's: 1 to 255 bytes.
    pub(crate) fn identity(&self, subject: &str) -> Option<Identity> {
        let (provider, issuer) = (self.id.clone(), self.issuer.clone());
        (1..=255).contains(&subject.len()).then(|| Identity { provider, issuer, subject: subject.to_owned() })
    }

    /// Whether the provider's word about this email is a proof (SPEC 2.3).
    pub(crate) fn proves(&self, email: &EmailAddress) -> bool {
        self.authority_for.iter().any(|domain| domain == email.domain())
    }
}

/// What is kept of what a person is called at a provider: it is for display only.
pub(crate) fn shown_handle(handle: &str) -> String {
    handle.chars().take(64).collect()
}

/// A person at a provider: issuer and subject, never an email (SPEC 1.2).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) provider: ProviderId,
    pub(crate) issuer: String,
    pub(crate) subject: String,
}

/// What a host states after it has spoken with a provider that issues no ID token (SPEC 2.9).
#[derive(Clone)]
pub struct HostStatement {
    /// The flow that the statement is made for.
    pub flow: FlowId,
    /// The provider.
    pub provider: ProviderId,
    /// The provider's name for the person, 1 to 255 bytes, that never changes hands.
    pub subject: String,
    /// What the person is called there, for display only.
    pub handle: Option<String>,
    /// The person's email there, if the provider gave one.
    pub email: Option<String>,
    /// Whether the provider says that it has verified the email. It counts only where policy makes the
    /// provider the authority for the domain.
    pub email_verified: bool,
}

impl fmt::Debug for HostStatement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostStatement")
            .field("flow", &self.flow)
            .field("provider", &self.provider)
            .finish_non_exhaustive()
    }
}

/// What proves a federated identity.
#[derive(Clone, Debug)]
pub enum Assertion {
    /// The host's word, for providers that policy has state by the host.
    Stated(HostStatement),
    /// A provider's signed word: an ID token in the compact form, with the nonce of the step.
    IdToken(Secret),
}

/// An assertion that was checked: what it proves.
#[derive(Clone)]
pub(crate) struct Asserted {
    /// When the person last signed in at the provider, if it says so (OpenID Connect Core 2, `auth_time`).
    pub(crate) auth_time: Option<Timestamp>,
    pub(crate) identity: Identity,
    pub(crate) handle: Option<String>,
    pub(crate) email: Option<EmailAddress>,
    /// Whether the provider is the authority for the email and says that it is verified.
    pub(crate) email_proven: bool,
}

impl Asserted {
    /// Checks a host's statement for a flow (SPEC 2.9).
    pub(crate) fn stated(
        statement: &HostStatement,
        flow: FlowId,
        provider: &Provider,
    ) -> Result<Self, AssertionProblem> {
        if statement.flow != flow {
            return Err(AssertionProblem::OtherFlow);
        }
        let identity = provider.identity(&statement.subject).ok_or(AssertionProblem::Subject)?;
        let email = match statement.email.as_deref() {
            None | Some("") => None,
            Some(text) => Some(EmailAddress::parse(text).map_err(|_| AssertionProblem::Email)?),
        };
        let email_proven =
            statement.email_verified && email.as_ref().is_some_and(|email| provider.proves(email));
        let handle = statement.handle.as_deref().map(shown_handle);
        Ok(Self { auth_time: None, identity, handle, email, email_proven })
    }
}
