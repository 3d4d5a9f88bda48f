//! The figures that an application may choose, within bounds.

use std::fmt;
use std::time::Duration;

use crate::crypto::cost::HashCost;
use crate::ground::short_name::{ProductId, ProviderId};
use crate::ground::time::{DAY, MINUTE};
use crate::records::product::{MOST_PRODUCTS, Product};
use crate::records::provider::{IdTokenRules, Provider};

/// When a sign-up with a password proves its email (SPEC 2.8).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EmailProof {
    /// Before there is an account.
    BeforeAccount,
    /// Any time later, for devices that may be offline: until then the address claims nothing.
    Later,
}

/// The figures that an application may choose. What is not named here is no choice.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Policy {
    realm: String,
    providers: Vec<Provider>,
    products: Vec<Product>,
    hash_cost: HashCost,
    session_idle: Duration,
    session_absolute: Duration,
    fresh_for: Duration,
    hold: Duration,
    email_proof: EmailProof,
    picker: bool,
    keys_for: Duration,
    methods: usize,
    addresses: usize,
    sessions: u16,
    accounts_per_email: usize,
    open_sign_ups: u32,
    verify_at_open: bool,
}

impl Policy {
    /// Starts from the defaults.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder {
            policy: Self {
                realm: "Selfsame".to_owned(),
                providers: vec![Provider::x()],
                products: Vec::new(),
                hash_cost: HashCost::default(),
                session_idle: DAY * 30,
                session_absolute: DAY * 180,
                fresh_for: MINUTE * 5,
                hold: DAY,
                email_proof: EmailProof::BeforeAccount,
                picker: false,
                keys_for: DAY,
                methods: 32,
                addresses: 16,
                sessions: 100,
                accounts_per_email: 8,
                open_sign_ups: 10_000,
                verify_at_open: true,
            },
        }
    }

    /// The name of the service, as its users know it.
    pub fn realm(&self) -> &str {
        &self.realm
    }

    /// The provider of this name.
    pub fn provider(&self, id: &ProviderId) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.id == *id)
    }

    /// The provider whose ID tokens are issued as this.
    pub(crate) fn provider_issuing_as(&self, issuer: &str) -> Option<&Provider> {
        self.providers.iter().find(|provider| provider.issues_as(issuer))
    }

    /// Whether an account may be used from this product.
    pub fn has_product(&self, id: &ProductId) -> bool {
        self.product(id).is_some()
    }

    /// The product of this name.
    pub fn product(&self, id: &ProductId) -> Option<&Product> {
        self.products.iter().find(|product| product.id == *id)
    }

    /// What a password hash costs.
    pub fn hash_cost(&self) -> HashCost {
        self.hash_cost
    }

    /// How long a session lives without use.
    pub fn session_idle(&self) -> Duration {
        self.session_idle
    }

    /// How long a session lives at all.
    pub fn session_absolute(&self) -> Duration {
        self.session_absolute
    }

    /// How long a proof counts as fresh.
    pub fn fresh_for(&self) -> Duration {
        self.fresh_for
    }

    /// How long after a recovery the ways into an account and its contents stay as they are.
    pub fn hold(&self) -> Duration {
        self.hold
    }

    /// When a sign-up with a password proves its email.
    pub fn email_proof(&self) -> EmailProof {
        self.email_proof
    }

    /// Whether the store offers its accounts to choose from.
    pub fn picker(&self) -> bool {
        self.picker || self.email_proof == EmailProof::Later
    }

    /// How long a provider's key set is believed.
    pub fn keys_for(&self) -> Duration {
        self.keys_for
    }

    /// How many methods an account may have.
    pub fn methods(&self) -> usize {
        self.methods
    }

    /// How many addresses an account may have.
    pub fn addresses(&self) -> usize {
        self.addresses
    }

    /// How many sessions an account may have; one more ends the oldest.
    pub fn sessions(&self) -> u16 {
        self.sessions
    }

    /// How many accounts may share a verified email.
    pub fn accounts_per_email(&self) -> usize {
        self.accounts_per_email
    }

    /// How many flows of the whole store may wait for the proof of an address, how many for the code of a
    /// forgotten password, and how many for a provider's word: each has a cap of its own (SPEC 2.10).
    pub fn open_sign_ups(&self) -> u32 {
        self.open_sign_ups
    }

    /// Whether the whole file is read and verified when it is opened.
    pub fn verify_at_open(&self) -> bool {
        self.verify_at_open
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::builder().policy
    }
}

/// Changes the defaults; `build` holds the bounds.
///
/// ```
/// use std::time::Duration;
/// use selfsame::Policy;
///
/// let policy = Policy::builder().realm("Field Notes").session_idle(Duration::from_secs(3_600)).build()?;
/// assert_eq!(policy.realm(), "Field Notes");
/// assert!(Policy::builder().session_idle(Duration::ZERO).build().is_err());
/// # Ok::<(), selfsame::PolicyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PolicyBuilder {
    policy: Policy,
}

impl PolicyBuilder {
    /// The name of the service: 1 to 64 characters. Default "Selfsame".
    pub fn realm(mut self, realm: &str) -> Self {
        realm.clone_into(&mut self.policy.realm);
        self
    }

    /// The providers whose identities are methods. Default: X alone.
    pub fn providers(mut self, providers: Vec<Provider>) -> Self {
        self.policy.providers = providers;
        self
    }

    /// The products that share the accounts: at most 16, each with a name of its own, what people call it
    /// and https addresses. Default: none.
    pub fn products(mut self, products: Vec<Product>) -> Self {
        self.policy.products = products;
        self
    }

    /// The cost of a password hash: Argon2id of at least 19,456 KiB and 2 passes, or what the OWASP
    /// Password Storage Cheat Sheet holds equal to it; at most 256 MiB, 10 passes, 8 lanes.
    pub fn hash_cost(mut self, cost: HashCost) -> Self {
        self.policy.hash_cost = cost;
        self
    }

    /// How long a session lives without use: 5 minutes to 365 days. Default 30 days.
    pub fn session_idle(mut self, idle: Duration) -> Self {
        self.policy.session_idle = idle;
        self
    }

    /// How long a session lives at all: 5 minutes to 365 days. Default 180 days, where NIST SP 800-63B-4
    /// section 2.1.3 wants 30 at most.
    pub fn session_absolute(mut self, absolute: Duration) -> Self {
        self.policy.session_absolute = absolute;
        self
    }

    /// The session limits of NIST SP 800-63B-4 for AAL1: 30 days at all.
    pub fn aal1(self) -> Self {
        self.session_idle(DAY * 30).session_absolute(DAY * 30)
    }

    /// The session limits of NIST SP 800-63B-4 for AAL2: an hour without use, 24 hours at all.
    pub fn aal2(self) -> Self {
        self.session_idle(MINUTE * 60).session_absolute(DAY)
    }

    /// How long a proof counts as fresh: 1 to 15 minutes. Default 5.
    pub fn fresh_for(mut self, fresh_for: Duration) -> Self {
        self.policy.fresh_for = fresh_for;
        self
    }

    /// How long after a recovery, a password reset or an undo the ways into the account and its contents
    /// stay as they are: up to 7 days. Default 24 hours.
    pub fn hold(mut self, hold: Duration) -> Self {
        self.policy.hold = hold;
        self
    }

    /// When a sign-up with a password proves its email. Default before there is an account.
    pub fn email_proof(mut self, email_proof: EmailProof) -> Self {
        self.policy.email_proof = email_proof;
        self
    }

    /// Whether the store offers its accounts to choose from, as an app does on a device; a server does not.
    /// Default no; with [`EmailProof::Later`] always.
    pub fn picker(mut self, picker: bool) -> Self {
        self.policy.picker = picker;
        self
    }

    /// How long a provider's key set is believed after the host gave it: 1 hour to 7 days. Default 24 hours.
    pub fn keys_for(mut self, keys_for: Duration) -> Self {
        self.policy.keys_for = keys_for;
        self
    }

    /// How many methods an account may have: 1 to 32. Default 32.
    pub fn methods(mut self, most: usize) -> Self {
        self.policy.methods = most;
        self
    }

    /// How many addresses an account may have: 1 to 16. Default 16.
    pub fn addresses(mut self, most: usize) -> Self {
        self.policy.addresses = most;
        self
    }

    /// How many sessions an account may have: 1 to 100. Default 100.
    pub fn sessions(mut self, most: u16) -> Self {
        self.policy.sessions = most;
        self
    }

    /// How many accounts may share a verified email: 1 to 8. Default 8.
    pub fn accounts_per_email(mut self, most: usize) -> Self {
        self.policy.accounts_per_email = most;
        self
    }

    /// How many flows of the store may wait for the proof of an address, as many again for the code of a
    /// forgotten password, and for a provider's word: 1 to 1,000,000. Default 10,000.
    pub fn open_sign_ups(mut self, most: u32) -> Self {
        self.policy.open_sign_ups = most;
        self
    }

    /// Whether the whole file is read and verified when it is opened: about half a second for 100,000 accounts.
    /// Default yes.
    ///
    /// Where it is not, a file of any size opens at once, also after the process was killed. What the disk has
    /// lost, or somebody who can write to the file has taken out of it or put back, is then found where it is
    /// read, or by [`Engine::verify_store`](crate::Engine::verify_store), and a commit writes more the larger the file is
    /// (`docs/SCALE.md` has the figures). For a server of many accounts whose disk is trusted.
    pub fn verify_at_open(mut self, verify: bool) -> Self {
        self.policy.verify_at_open = verify;
        self
    }

    /// The policy, if every figure is within its bounds.
    ///
    /// # Errors
    /// [`PolicyError`] names the first figure that is not.
    pub fn build(self) -> Result<Policy, PolicyError> {
        let policy = self.policy;
        let spans = MINUTE * 5..=DAY * 365;
        let unique_issuers = policy.providers.iter().enumerate().all(|(at, provider)| {
            !provider.issuer.is_empty()
                && provider.issuer.len() <= 255
                && provider.id_token_rules().is_none_or(IdTokenRules::is_usable)
                && !policy.providers.iter().skip(at + 1).any(|other| {
                    other.id == provider.id || other.issuers().any(|issuer| provider.issues_as(issuer))
                })
        });
        let unique_products = policy.products.len() <= MOST_PRODUCTS
            && policy.products.iter().enumerate().all(|(at, product)| {
                product.is_usable()
                    && !policy.products.iter().skip(at + 1).any(|other| other.id == product.id)
            });
        for (figure, within) in [
            ("realm", (1..=64).contains(&policy.realm.chars().count())),
            ("providers", unique_issuers),
            ("products", unique_products),
            ("hash_cost", is_strong_enough(policy.hash_cost)),
            ("session_idle", spans.contains(&policy.session_idle)),
            ("session_absolute", spans.contains(&policy.session_absolute)),
            ("fresh_for", (MINUTE..=MINUTE * 15).contains(&policy.fresh_for)),
            ("hold", policy.hold <= DAY * 7),
            ("keys_for", (MINUTE * 60..=DAY * 7).contains(&policy.keys_for)),
            ("methods", (1..=32).contains(&policy.methods)),
            ("addresses", (1..=16).contains(&policy.addresses)),
            ("sessions", (1..=100).contains(&policy.sessions)),
            ("accounts_per_email", (1..=8).contains(&policy.accounts_per_email)),
            ("open_sign_ups", (1..=1_000_000).contains(&policy.open_sign_ups)),
        ] {
            if !within {
                return Err(PolicyError { figure });
            }
        }
        Ok(policy)
    }
}

/// The pairs that the OWASP Password Storage Cheat Sheet holds equal, as least memory for the passes.
fn is_strong_enough(cost: HashCost) -> bool {
    let least_memory = match cost.passes {
        0 => return false,
        1 => 47_104,
        2 => 19_456,
        3 => 12_288,
        4 => 9_216,
        5.. => 7_168,
    };
    cost.memory_kib >= least_memory && cost.within_caps()
}

/// A figure of the policy is out of its bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PolicyError {
    /// The builder's method that tells the bounds.
    pub figure: &'static str,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "policy: {} is out of its bounds", self.figure)
    }
}

impl std::error::Error for PolicyError {}

#[cfg(test)]
mod tests {
    use super::*;

    type Set = fn(PolicyBuilder, u64) -> PolicyBuilder;

    fn seconds(of: u64) -> Duration {
        Duration::from_secs(of)
    }

    #[test]
    fn a_figure_out_of_its_bounds_is_named_and_no_other() {
        let hour = 3_600;
        let day = 24 * hour;
        let bounds: [(&str, Set, u64, u64); 11] = [
            ("realm", |policy, n| policy.realm(&"é".repeat(n as usize)), 1, 64),
            ("session_idle", |policy, n| policy.session_idle(seconds(n)), 300, 365 * day),
            ("session_absolute", |policy, n| policy.session_absolute(seconds(n)), 300, 365 * day),
            ("fresh_for", |policy, n| policy.fresh_for(seconds(n)), 60, 900),
            ("hold", |policy, n| policy.hold(seconds(n)), 0, 7 * day),
            ("keys_for", |policy, n| policy.keys_for(seconds(n)), hour, 7 * day),
            ("methods", |policy, n| policy.methods(n as usize), 1, 32),
            ("addresses", |policy, n| policy.addresses(n as usize), 1, 16),
            ("sessions", |policy, n| policy.sessions(n as u16), 1, 100),
            ("accounts_per_email", |policy, n| policy.accounts_per_email(n as usize), 1, 8),
            ("open_sign_ups", |policy, n| policy.open_sign_ups(n as u32), 1, 1_000_000),
        ];
        for (figure, set, least, most) in bounds {
            let named = |n| set(Policy::builder(), n).build().map(|_| ()).map_err(|error| error.figure);
            assert_eq!((named(least), named(most)), (Ok(()), Ok(())), "{figure}");
            assert_eq!(named(most + 1), Err(figure));
            if let Some(less) = least.checked_sub(1) {
                assert_eq!(named(less), Err(figure));
            }
        }
    }

    #[test]
    fn a_hash_is_as_strong_as_the_cheat_sheet_holds_equal_and_no_more_than_a_phone_bears() {
        for (memory, passes, lanes, is_taken) in [
            (47_104, 1, 1, true),
            (47_103, 1, 1, false),
            (19_456, 2, 1, true),
            (19_455, 2, 1, false),
            (12_288, 3, 1, true),
            (12_287, 3, 1, false),
            (9_216, 4, 1, true),
            (9_215, 4, 1, false),
            (7_168, 5, 1, true),
            (7_167, 5, 1, false),
            (7_168, 10, 8, true),
            (7_168, 11, 1, false),
            (19_456, 2, 9, false),
            (19_456, 2, 0, false),
            (19_456, 0, 1, false),
            (262_144, 1, 1, true),
            (262_145, 1, 1, false),
        ] {
            let built = Policy::builder().hash_cost(HashCost::new(memory, passes, lanes)).build();
            let expected = if is_taken { Ok(()) } else { Err(PolicyError { figure: "hash_cost" }) };
            assert_eq!(built.map(|_| ()), expected, "{memory} KiB, {passes} passes, {lanes} lanes");
        }
    }
}
