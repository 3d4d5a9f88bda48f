//! The settings that an application can choose, within bounds.

use std::time::Duration;

use crate::crypto::cost::HashCost;
use crate::ground::short_name::{ProductId, ProviderId};
use crate::records::passkey::RelyingParty;
use crate::records::product::Product;
use crate::records::provider::Provider;

/// When a sign-up with a password proves its email (SPEC 2.8).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EmailProof {
    /// Before the account is created.
    BeforeAccount,
    /// At any later time, for devices that may be offline. Until then the address claims nothing.
    Later,
}

/// Whether an account needs a second factor (SPEC 5.9).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum MfaPolicy {
    /// The owner decides.
    Optional,
    /// Every account needs one. A person without a second factor enrols one before the next session opens. The factor
    /// can be replaced but not turned off. A password may then have 8 code points.
    Required,
}

/// The settings that an application can choose. Everything else is fixed. [`Policy::builder`] sets them.
///
/// ```
/// use std::time::Duration;
/// use selfsame::{EmailProof, Policy, Provider};
///
/// let policy = Policy::builder().providers(vec![Provider::x()]).build()?;
/// assert!(policy.provider(&"x".parse()?).is_some());
/// assert!(!policy.has_product(&"notes".parse()?));
/// assert!(policy.product(&"notes".parse()?).is_none());
///
/// // What you do not set has its default.
/// assert_eq!(policy.session_idle(), Duration::from_secs(30 * 24 * 60 * 60));
/// assert_eq!(policy.email_proof(), EmailProof::BeforeAccount);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    pub(super) realm: String,
    pub(super) providers: Vec<Provider>,
    pub(super) products: Vec<Product>,
    pub(super) relying_party: Option<RelyingParty>,
    pub(super) hash_cost: HashCost,
    pub(super) session_idle: Duration,
    pub(super) session_absolute: Duration,
    pub(super) fresh_for: Duration,
    pub(super) hold: Duration,
    pub(super) email_proof: EmailProof,
    pub(super) mfa: MfaPolicy,
    pub(super) picker: bool,
    pub(super) sign_in_notices: bool,
    pub(super) max_key_set_age: Duration,
    pub(super) max_methods: usize,
    pub(super) max_addresses: usize,
    pub(super) max_sessions: u16,
    pub(super) max_accounts_per_email: usize,
    pub(super) max_open_sign_ups: u32,
    pub(super) verify_at_open: bool,
}

impl Policy {
    /// Returns the name of the service, as its users know it.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// Returns the provider with this short name.
    pub fn provider(&self, id: &ProviderId) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.id == *id)
    }

    /// Returns the provider that issues ID tokens under this issuer.
    pub(crate) fn provider_issuing_as(&self, issuer: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.issues_as(issuer))
    }

    /// Returns whether an account may be used from this product.
    pub fn has_product(&self, id: &ProductId) -> bool {
        self.product(id).is_some()
    }

    /// Returns the product with this short name.
    pub fn product(&self, id: &ProductId) -> Option<&Product> {
        self.products.iter().find(|product| product.id == *id)
    }

    /// Returns the service as passkeys know it. Without one, the engine takes no passkeys.
    pub fn relying_party(&self) -> Option<&RelyingParty> {
        self.relying_party.as_ref()
    }

    /// Returns the cost of a password hash.
    pub fn hash_cost(&self) -> HashCost {
        self.hash_cost
    }

    /// Returns how long a session lives without use.
    pub fn session_idle(&self) -> Duration {
        self.session_idle
    }

    /// Returns the longest life of a session.
    pub fn session_absolute(&self) -> Duration {
        self.session_absolute
    }

    /// Returns how long a proof counts as fresh.
    pub fn fresh_for(&self) -> Duration {
        self.fresh_for
    }

    /// Returns how long the sign-in methods and contents of an account stay as they are after a recovery.
    pub fn hold(&self) -> Duration {
        self.hold
    }

    /// Returns when a sign-up with a password proves its email.
    pub fn email_proof(&self) -> EmailProof {
        self.email_proof
    }

    /// Returns whether an account needs a second factor.
    pub fn mfa(&self) -> MfaPolicy {
        self.mfa
    }

    /// Returns whether the store offers its accounts to choose from.
    pub fn picker(&self) -> bool {
        self.picker || self.email_proof == EmailProof::Later
    }

    /// Returns whether the engine sends the owner a message about a sign-in from a new place.
    pub fn sign_in_notices(&self) -> bool {
        self.sign_in_notices
    }

    /// Returns how long the engine trusts a provider's key set.
    pub fn max_key_set_age(&self) -> Duration {
        self.max_key_set_age
    }

    /// Returns how many sign-in methods an account may have.
    pub fn max_methods(&self) -> usize {
        self.max_methods
    }

    /// Returns how many addresses an account may have.
    pub fn max_addresses(&self) -> usize {
        self.max_addresses
    }

    /// Returns how many sessions an account may have. One more ends the oldest.
    pub fn max_sessions(&self) -> u16 {
        self.max_sessions
    }

    /// Returns how many accounts may share a verified email.
    pub fn max_accounts_per_email(&self) -> usize {
        self.max_accounts_per_email
    }

    /// Returns how many sign-ups of the whole store may be open. Sign-ins, resets and undos have the same limit
    /// each. A tenth of each is reserved for sessions and recognitions (SPEC 2.10, 12.7).
    pub fn max_open_sign_ups(&self) -> u32 {
        self.max_open_sign_ups
    }

    /// Returns whether the engine verifies the whole file when it opens it.
    pub fn verify_at_open(&self) -> bool {
        self.verify_at_open
    }
}
