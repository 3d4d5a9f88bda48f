//! The identity providers that the policy accepts, and the keys that they sign with.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::crypto::algorithm::Algorithm;
use crate::crypto::jwk::KeySet;
use crate::ground::codec::Record;
use crate::ground::email::EmailAddress;
use crate::ground::short_name::ProviderId;
use crate::ground::time::Timestamp;

/// An identity provider that the policy accepts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Provider {
    /// The provider's short name.
    pub id: ProviderId,
    /// The issuer of its identities. Issuer and subject name a person for ever (OpenID Connect Core 5.7).
    pub issuer: String,
    /// The domains that the provider is the authority for. An email in one of them counts as proven if the
    /// provider says so. Empty for most providers (SPEC 2.3).
    pub authority_for: Vec<String>,
    /// How the provider's assertions reach the engine.
    pub assertion_kind: AssertionKind,
    /// The page where people manage their account at the provider. Nobody else can (SPEC 8.5).
    pub manage_url: Option<String>,
}

/// How a provider's assertions reach the engine, which accepts them in no other way (SPEC 2.9).
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AssertionKind {
    /// The provider issues no ID token. The host states what the provider said.
    HostStated,
    /// The provider signs an ID token for the application.
    IdToken {
        /// The policy's rules for the token.
        rules: IdTokenRules,
    },
}

impl Provider {
    /// Returns X. It issues no ID token: the host states subject and handle after its own OAuth exchange.
    ///
    /// ```
    /// use selfsame::{AssertionKind, Provider};
    ///
    /// let x = Provider::x();
    /// assert_eq!((x.id.as_str(), x.assertion_kind), ("x", AssertionKind::HostStated));
    /// ```
    pub fn x() -> Self {
        let x = Self::named("x", "https://x.com", &[], AssertionKind::HostStated);
        Self { manage_url: Some("https://x.com/settings/account".to_owned()), ..x }
    }

    /// Returns Google. `audiences` are the client ids that Google knows the application by. Google is the
    /// authority for gmail.com, and for the domain of an organisation whose mailboxes it keeps (its claim
    /// `hd`).
    ///
    /// ```
    /// use selfsame::{Policy, Provider};
    ///
    /// let google = Provider::google(vec!["1234.apps.googleusercontent.com".to_owned()]);
    /// let policy = Policy::builder().providers(vec![google]).build()?;
    /// let issuer = policy.provider(&"google".parse()?).map(|google| google.issuer.as_str());
    /// assert_eq!(issuer, Some("https://accounts.google.com"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn google(audiences: Vec<String>) -> Self {
        let rules = IdTokenRules {
            // Both spellings are in use: "always https://accounts.google.com or accounts.google.com for
            // Google ID tokens" (Google's reference of OpenID Connect).
            also_issued_as: vec!["accounts.google.com".to_owned()],
            hosted_domain_counts: true,
            ..IdTokenRules::new(audiences, vec![Algorithm::Rs256])
        };
        let google = Self::named(
            "google",
            "https://accounts.google.com",
            &["gmail.com"],
            AssertionKind::IdToken { rules },
        );
        Self { manage_url: Some("https://myaccount.google.com".to_owned()), ..google }
    }

    /// Returns Apple. `audiences` are the bundle and service ids that Apple knows the application by. Apple
    /// is the authority for the addresses of its relay and for those that it gives out itself.
    ///
    /// ```
    /// use selfsame::{Policy, Provider};
    ///
    /// let apple = Provider::apple(vec!["org.example.notes".to_owned()]);
    /// let policy = Policy::builder().providers(vec![apple]).build()?;
    /// let issuer = policy.provider(&"apple".parse()?).map(|apple| apple.issuer.as_str());
    /// assert_eq!(issuer, Some("https://appleid.apple.com"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn apple(audiences: Vec<String>) -> Self {
        let domains = ["privaterelay.appleid.com", "icloud.com", "me.com", "mac.com"];
        let rules = IdTokenRules {
            verified_may_be_text: true,
            ..IdTokenRules::new(audiences, vec![Algorithm::Rs256])
        };
        let apple =
            Self::named("apple", "https://appleid.apple.com", &domains, AssertionKind::IdToken { rules });
        Self { manage_url: Some("https://account.apple.com".to_owned()), ..apple }
    }

    fn named(id: &str, issuer: &str, authority_for: &[&str], assertion_kind: AssertionKind) -> Self {
        Self {
            id: ProviderId::preset(id),
            issuer: issuer.to_owned(),
            authority_for: authority_for.iter().map(|domain| (*domain).to_owned()).collect(),
            assertion_kind,
            manage_url: None,
        }
    }

    /// Returns the identity with this subject at the provider, if the subject has 1 to 255 bytes.
    pub(crate) fn identity(&self, subject: &str) -> Option<Identity> {
        let (provider, issuer) = (self.id.clone(), self.issuer.clone());
        (1..=255).contains(&subject.len()).then(|| Identity { provider, issuer, subject: subject.to_owned() })
    }

    /// Returns whether the provider's assertion about this email is a proof (SPEC 2.3).
    pub(crate) fn proves(&self, email: &EmailAddress) -> bool {
        self.authority_for.iter().any(|domain| domain == email.domain())
    }

    /// Returns the rules for the provider's ID tokens, if it issues any.
    pub(crate) fn id_token_rules(&self) -> Option<&IdTokenRules> {
        match &self.assertion_kind {
            AssertionKind::IdToken { rules } => Some(rules),
            AssertionKind::HostStated => None,
        }
    }

    /// Returns whether this is the provider's issuer, in one of the spellings in the policy.
    pub(crate) fn issues_as(&self, issuer: &str) -> bool {
        self.issuers().any(|known| known == issuer)
    }

    /// Returns every spelling of the provider's issuer.
    pub(crate) fn issuers(&self) -> impl Iterator<Item = &str> {
        let others = self.id_token_rules().map_or(&[][..], |rules| &rules.also_issued_as);
        std::iter::once(&self.issuer).chain(others).map(String::as_str)
    }
}

/// The policy's rules for a provider's ID tokens.
///
/// ```
/// use selfsame::{Algorithm, AssertionKind, IdTokenRules, Policy, Provider};
///
/// let rules = IdTokenRules::new(vec!["field-notes".to_owned()], vec![Algorithm::Es256]);
/// let company = Provider {
///     id: "company".parse()?,
///     issuer: "https://login.example.org".to_owned(),
///     authority_for: vec!["example.org".to_owned()],
///     assertion_kind: AssertionKind::IdToken { rules },
///     manage_url: None,
/// };
/// assert!(Policy::builder().providers(vec![company]).build().is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IdTokenRules {
    /// The client ids that the provider knows the application by. A token must be for one of them.
    pub audiences: Vec<String>,
    /// The algorithms that the provider may sign with.
    pub algorithms: Vec<Algorithm>,
    /// Other spellings of the issuer that its tokens may have, with the same meaning.
    pub also_issued_as: Vec<String>,
    /// Whether `email_verified` may be the text "true" instead of the JSON value.
    pub verified_may_be_text: bool,
    /// Whether the provider is the authority for the domain in its claim `hd`. This is the domain of an
    /// organisation whose mailboxes the provider keeps.
    pub hosted_domain_counts: bool,
}

impl IdTokenRules {
    /// Returns rules for tokens with one of these audiences and one of these algorithms, and no exceptions.
    pub fn new(audiences: Vec<String>, algorithms: Vec<Algorithm>) -> Self {
        Self {
            audiences,
            algorithms,
            also_issued_as: Vec::new(),
            verified_may_be_text: false,
            hosted_domain_counts: false,
        }
    }

    pub(crate) fn is_usable(&self) -> bool {
        let are_names = |names: &[String]| names.iter().all(|name| (1..=255).contains(&name.len()));
        !self.audiences.is_empty()
            && !self.algorithms.is_empty()
            && are_names(&self.audiences)
            && are_names(&self.also_issued_as)
    }
}

/// A provider's key set as the host last set it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct GivenKeys {
    pub(crate) given_at: Timestamp,
    pub(crate) keys: KeySet,
}

impl Record for GivenKeys {
    const VERSION: u8 = 1;
}

impl GivenKeys {
    /// Returns whether the engine may still trust the set. A set from the future is not trusted: the host set
    /// it under a wrong clock, so its age is unknown.
    pub(crate) fn is_fresh(&self, now: Timestamp, max_key_set_age: Duration) -> bool {
        self.given_at <= now && now < self.given_at + max_key_set_age
    }
}

/// A person at a provider: issuer and subject, never an email (SPEC 1.2).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Identity {
    pub(crate) provider: ProviderId,
    pub(crate) issuer: String,
    pub(crate) subject: String,
}
