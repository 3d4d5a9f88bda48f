//! How an application chooses its settings, and the bounds of each.

use std::fmt;
use std::time::Duration;

use crate::crypto::cost::HashCost;
use crate::ground::label::is_label;
use crate::ground::time::{DAY, MINUTE};
use crate::records::passkey::RelyingParty;
use crate::records::policy::{EmailProof, MfaPolicy, Policy};
use crate::records::product::{MOST_PRODUCTS, Product};
use crate::records::provider::{IdTokenRules, Provider};

impl Policy {
    /// Returns a builder that starts from the defaults.
    pub fn builder() -> PolicyBuilder {
        PolicyBuilder {
            policy: Self {
                realm: "Selfsame".to_owned(),
                providers: Vec::new(),
                products: Vec::new(),
                relying_party: None,
                hash_cost: HashCost::default(),
                session_idle: DAY * 30,
                session_absolute: DAY * 180,
                fresh_for: MINUTE * 5,
                hold: DAY,
                email_proof: EmailProof::BeforeAccount,
                mfa: MfaPolicy::Optional,
                picker: false,
                sign_in_notices: true,
                max_key_set_age: DAY,
                max_methods: 32,
                max_addresses: 16,
                max_sessions: 100,
                max_accounts_per_email: 8,
                max_open_sign_ups: 10_000,
                verify_at_open: true,
            },
        }
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self::builder().policy
    }
}

/// Builds a policy from the defaults. `build` checks the bounds.
///
/// ```
/// use std::time::Duration;
/// use selfsame::{EmailProof, Policy, Provider};
///
/// let policy = Policy::builder()
///     .realm("Field Notes")
///     .providers(vec![Provider::google(vec!["client-id".to_owned()]), Provider::x()])
///     .email_proof(EmailProof::Later)
///     .session_idle(Duration::from_secs(7 * 24 * 60 * 60))
///     .build()?;
/// assert_eq!(policy.realm(), "Field Notes");
///
/// let refused = Policy::builder().session_idle(Duration::ZERO).build();
/// assert_eq!(refused.map_err(|error| error.setting), Err("session_idle"));
/// # Ok::<(), selfsame::PolicyError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PolicyBuilder {
    policy: Policy,
}

impl PolicyBuilder {
    /// Sets the name of the service: 1 to 64 characters, none of them invisible (SPEC 1.13), in NFC and without
    /// blanks at the ends. The default is "Selfsame".
    pub fn realm(mut self, realm: &str) -> Self {
        realm.clone_into(&mut self.policy.realm);
        self
    }

    /// Sets the providers whose identities can be sign-in methods. The default is none.
    pub fn providers(mut self, providers: Vec<Provider>) -> Self {
        self.policy.providers = providers;
        self
    }

    /// Sets the products that share the accounts: at most 16, each with its own short name, a display name
    /// and https addresses. The default is none.
    pub fn products(mut self, products: Vec<Product>) -> Self {
        self.policy.products = products;
        self
    }

    /// Sets the service as passkeys know it: a domain, 1 to 16 origins and at most 16 top origins, of 1 to 255 bytes
    /// each. The default is none, and then the engine takes no passkeys. If you change the domain, the passkeys of the
    /// old one sign nobody in.
    pub fn relying_party(mut self, relying_party: RelyingParty) -> Self {
        self.policy.relying_party = Some(relying_party);
        self
    }

    /// Sets the cost of a password hash with Argon2id. The minimum is 19,456 KiB and 2 passes, or a cost that
    /// the OWASP Password Storage Cheat Sheet rates as equal. The maximum is 256 MiB, 10 passes and 8 lanes.
    pub fn hash_cost(mut self, cost: HashCost) -> Self {
        self.policy.hash_cost = cost;
        self
    }

    /// Sets how long a session lives without use: 5 minutes to 365 days. The default is 30 days.
    pub fn session_idle(mut self, idle: Duration) -> Self {
        self.policy.session_idle = idle;
        self
    }

    /// Sets the longest life of a session: 5 minutes to 365 days. The default is 180 days, where NIST
    /// SP 800-63B-4 section 2.1.3 asks for 30 at most.
    pub fn session_absolute(mut self, absolute: Duration) -> Self {
        self.policy.session_absolute = absolute;
        self
    }

    /// Sets the session limits of NIST SP 800-63B-4 for AAL1: 30 days in all.
    pub fn aal1(self) -> Self {
        self.session_idle(DAY * 30).session_absolute(DAY * 30)
    }

    /// Sets the session limits of NIST SP 800-63B-4 for AAL2: an hour without use, 24 hours in all.
    pub fn aal2(self) -> Self {
        self.session_idle(MINUTE * 60).session_absolute(DAY)
    }

    /// Sets how long a proof counts as fresh: 1 to 15 minutes. The default is 5 minutes.
    pub fn fresh_for(mut self, fresh_for: Duration) -> Self {
        self.policy.fresh_for = fresh_for;
        self
    }

    /// Sets how long the sign-in methods and contents of an account stay as they are after a recovery, a
    /// password reset or an undo: up to 7 days. The default is 24 hours.
    pub fn hold(mut self, hold: Duration) -> Self {
        self.policy.hold = hold;
        self
    }

    /// Sets when a sign-up with a password proves its email. The default is before the account is created.
    pub fn email_proof(mut self, email_proof: EmailProof) -> Self {
        self.policy.email_proof = email_proof;
        self
    }

    /// Sets whether an account needs a second factor. The default is [`MfaPolicy::Optional`]. If you open an existing
    /// store with another policy, the new policy applies from each person's next sign-in (SPEC 5.9).
    pub fn mfa(mut self, mfa: MfaPolicy) -> Self {
        self.policy.mfa = mfa;
        self
    }

    /// Sets whether the store offers its accounts to choose from. Use it on a device, not on a server.
    /// The default is no. With [`EmailProof::Later`] the store always offers them.
    pub fn picker(mut self, picker: bool) -> Self {
        self.policy.picker = picker;
        self
    }

    /// Sets whether the engine sends a message to the verified addresses of an account after a sign-in without a
    /// [recognition](crate::RecognitionToken) (SPEC 12.8). The default is yes. If the store has a
    /// [picker](Self::picker), a sign-in to an account that the picker offers sends none, because the account has
    /// signed in there before.
    pub fn sign_in_notices(mut self, tell: bool) -> Self {
        self.policy.sign_in_notices = tell;
        self
    }

    /// Sets how long the engine trusts a provider's key set after the host set it: 1 hour to 7 days. The
    /// default is 24 hours.
    pub fn max_key_set_age(mut self, age: Duration) -> Self {
        self.policy.max_key_set_age = age;
        self
    }

    /// Sets how many sign-in methods an account may have: 1 to 32. The default is 32.
    pub fn max_methods(mut self, most: usize) -> Self {
        self.policy.max_methods = most;
        self
    }

    /// Sets how many addresses an account may have: 1 to 16. The default is 16.
    pub fn max_addresses(mut self, most: usize) -> Self {
        self.policy.max_addresses = most;
        self
    }

    /// Sets how many sessions an account may have: 1 to 100. The default is 100.
    pub fn max_sessions(mut self, most: u16) -> Self {
        self.policy.max_sessions = most;
        self
    }

    /// Sets how many accounts may share a verified email: 1 to 8. The default is 8.
    pub fn max_accounts_per_email(mut self, most: usize) -> Self {
        self.policy.max_accounts_per_email = most;
        self
    }

    /// Sets how many sign-ups of the store may be open: 1 to 1,000,000. Sign-ins, resets and undos have
    /// the same limit each. A tenth of each is reserved for sessions and recognitions. The default is 10,000.
    pub fn max_open_sign_ups(mut self, most: u32) -> Self {
        self.policy.max_open_sign_ups = most;
        self
    }

    /// Sets whether the engine reads and verifies the whole file when it opens it, which takes about half a
    /// second for 100,000 accounts. The default is yes.
    ///
    /// If off, a file of any size opens at once, even after the process was killed. The engine then finds damage
    /// only when it reads the damaged part, or with [`Engine::verify_store`](crate::Engine::verify_store). Damage
    /// also includes data that somebody with write access has removed or replaced with older data. The larger the
    /// file is, the more a commit writes (`docs/SCALE.md` has the figures). Choose this for a server of many
    /// accounts with a disk that you trust.
    pub fn verify_at_open(mut self, verify: bool) -> Self {
        self.policy.verify_at_open = verify;
        self
    }

    /// Returns the policy if every setting is within its bounds.
    ///
    /// # Errors
    /// Returns [`PolicyError`], which names the first setting that is out of bounds.
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
        for (setting, within) in [
            ("realm", is_label(&policy.realm)),
            ("providers", unique_issuers),
            ("products", unique_products),
            ("relying_party", policy.relying_party.as_ref().is_none_or(RelyingParty::is_usable)),
            ("hash_cost", policy.hash_cost.is_strong_enough()),
            ("session_idle", spans.contains(&policy.session_idle)),
            ("session_absolute", spans.contains(&policy.session_absolute)),
            ("fresh_for", (MINUTE..=MINUTE * 15).contains(&policy.fresh_for)),
            ("hold", policy.hold <= DAY * 7),
            ("max_key_set_age", (MINUTE * 60..=DAY * 7).contains(&policy.max_key_set_age)),
            ("max_methods", (1..=32).contains(&policy.max_methods)),
            ("max_addresses", (1..=16).contains(&policy.max_addresses)),
            ("max_sessions", (1..=100).contains(&policy.max_sessions)),
            ("max_accounts_per_email", (1..=8).contains(&policy.max_accounts_per_email)),
            ("max_open_sign_ups", (1..=1_000_000).contains(&policy.max_open_sign_ups)),
        ] {
            if !within {
                return Err(PolicyError { setting });
            }
        }
        Ok(policy)
    }
}

/// A setting of the policy is out of bounds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PolicyError {
    /// The method of the builder that documents the bounds.
    pub setting: &'static str,
}

impl fmt::Display for PolicyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "policy: {} is out of bounds", self.setting)
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
    fn an_error_names_only_the_setting_that_is_out_of_its_bounds() {
        let hour = 3_600;
        let day = 24 * hour;
        let bounds: [(&str, Set, u64, u64); 11] = [
            ("realm", |policy, n| policy.realm(&"é".repeat(n as usize)), 1, 64),
            ("session_idle", |policy, n| policy.session_idle(seconds(n)), 300, 365 * day),
            ("session_absolute", |policy, n| policy.session_absolute(seconds(n)), 300, 365 * day),
            ("fresh_for", |policy, n| policy.fresh_for(seconds(n)), 60, 900),
            ("hold", |policy, n| policy.hold(seconds(n)), 0, 7 * day),
            ("max_key_set_age", |policy, n| policy.max_key_set_age(seconds(n)), hour, 7 * day),
            ("max_methods", |policy, n| policy.max_methods(n as usize), 1, 32),
            ("max_addresses", |policy, n| policy.max_addresses(n as usize), 1, 16),
            ("max_sessions", |policy, n| policy.max_sessions(n as u16), 1, 100),
            ("max_accounts_per_email", |policy, n| policy.max_accounts_per_email(n as usize), 1, 8),
            ("max_open_sign_ups", |policy, n| policy.max_open_sign_ups(n as u32), 1, 1_000_000),
        ];
        for (figure, set, least, most) in bounds {
            let named = |n| set(Policy::builder(), n).build().map(|_| ()).map_err(|error| error.setting);
            assert_eq!((named(least), named(most)), (Ok(()), Ok(())), "{figure}");
            assert_eq!(named(most + 1), Err(figure));
            if let Some(less) = least.checked_sub(1) {
                assert_eq!(named(less), Err(figure));
            }
        }
    }

    #[test]
    fn a_hash_cost_is_at_least_the_cheat_sheet_s_and_at_most_what_a_phone_bears() {
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
            let expected = if is_taken { Ok(()) } else { Err(PolicyError { setting: "hash_cost" }) };
            assert_eq!(built.map(|_| ()), expected, "{memory} KiB, {passes} passes, {lanes} lanes");
        }
    }
}
