//! The settings that an application can choose.

use std::time::Duration;

use selfsame::{EmailProof, HashCost, MfaPolicy, PolicyBuilder, Product, Provider, RelyingParty};

use crate::error::SelfsameError;

/// The settings that an application can choose. A setting that is left out keeps its default. A setting that
/// is out of bounds raises `InvalidPolicy` where the policy is used.
#[derive(Default, uniffi::Record)]
pub struct Policy {
    /// The name of the service: 1 to 64 characters, none of them invisible, in NFC and without blanks at the
    /// ends. The default is "Selfsame".
    #[uniffi(default)]
    pub realm: Option<String>,
    /// The providers whose identities can be sign-in methods. The default is none.
    #[uniffi(default)]
    pub providers: Option<Vec<Provider>>,
    /// The products that share the accounts: at most 16, each with its own short name, a display name and
    /// https addresses. The default is none.
    #[uniffi(default)]
    pub products: Option<Vec<Product>>,
    /// The service as passkeys know it: a domain, 1 to 16 origins and at most 16 top origins, of 1 to 255 bytes each.
    /// The default is none, and then the engine takes no passkeys. If you change the domain, the passkeys of the old one
    /// sign nobody in.
    #[uniffi(default)]
    pub relying_party: Option<RelyingParty>,
    /// The cost of a password hash with Argon2id. The minimum is 19,456 KiB and 2 passes, or a cost that the
    /// OWASP Password Storage Cheat Sheet rates as equal. The maximum is 256 MiB, 10 passes and 8 lanes. The
    /// default is 19,456 KiB, 2 passes and 1 lane.
    #[uniffi(default)]
    pub hash_cost: Option<HashCost>,
    /// How long a session lives without use: 5 minutes to 365 days. The default is 30 days.
    #[uniffi(default)]
    pub session_idle: Option<Duration>,
    /// The longest life of a session: 5 minutes to 365 days. The default is 180 days, where NIST SP 800-63B-4
    /// section 2.1.3 asks for 30 at most.
    #[uniffi(default)]
    pub session_absolute: Option<Duration>,
    /// How long a proof counts as fresh: 1 to 15 minutes. The default is 5 minutes.
    #[uniffi(default)]
    pub fresh_for: Option<Duration>,
    /// How long the sign-in methods and contents of an account stay as they are after a recovery, a password
    /// reset or an undo: up to 7 days. The default is 24 hours.
    #[uniffi(default)]
    pub hold: Option<Duration>,
    /// Whether the store offers its accounts to choose from. Use it on a device, not on a server.
    /// The default is no. With `EmailProof.Later` the store always offers them.
    #[uniffi(default)]
    pub picker: Option<bool>,
    /// Whether the engine sends a message to the verified addresses of an account after a sign-in without a
    /// recognition. The default is yes. If the store has a picker, a sign-in to an account that the picker offers
    /// sends none, because the account has signed in there before.
    #[uniffi(default)]
    pub sign_in_notices: Option<bool>,
    /// When a sign-up with a password proves its email. The default is before the account is created.
    #[uniffi(default)]
    pub email_proof: Option<EmailProof>,
    /// Whether an account needs a second factor. The default is that the owner decides. If you open an existing store
    /// with another policy, the new policy applies from each person's next sign-in.
    #[uniffi(default)]
    pub mfa: Option<MfaPolicy>,
    /// How long the engine trusts a provider's key set after the host set it: 1 hour to 7 days. The default
    /// is 24 hours.
    #[uniffi(default)]
    pub max_key_set_age: Option<Duration>,
    /// How many sign-in methods an account may have: 1 to 32. The default is 32.
    #[uniffi(default)]
    pub max_methods: Option<u16>,
    /// How many addresses an account may have: 1 to 16. The default is 16.
    #[uniffi(default)]
    pub max_addresses: Option<u16>,
    /// How many sessions an account may have: 1 to 100. The default is 100.
    #[uniffi(default)]
    pub max_sessions: Option<u16>,
    /// How many accounts may share a verified email: 1 to 8. The default is 8.
    #[uniffi(default)]
    pub max_accounts_per_email: Option<u16>,
    /// How many sign-ups of the store may be open: 1 to 1,000,000. Sign-ins, resets and undos have the same
    /// limit each. A tenth of each is reserved for sessions and recognitions. The default is 10,000.
    #[uniffi(default)]
    pub max_open_sign_ups: Option<u32>,
    /// Whether the engine reads and verifies the whole file when it opens it, which takes about half a second
    /// for 100,000 accounts. The default is yes.
    ///
    /// If off, a file of any size opens at once. The engine then finds damage only when it reads the damaged
    /// part, or with `verify_store`. Damage also includes data that somebody removed from the file or replaced
    /// with older data. Choose this for a server of many accounts with a disk that you trust.
    #[uniffi(default)]
    pub verify_at_open: Option<bool>,
}

impl Policy {
    /// Builds the policy of the core.
    ///
    /// # Errors
    /// Returns `InvalidPolicy`, which names the setting that is out of bounds.
    pub fn build(self) -> Result<selfsame::Policy, SelfsameError> {
        let builder = selfsame::Policy::builder();
        let builder = set(builder, self.realm, |builder, realm| builder.realm(&realm));
        let builder = set(builder, self.providers, PolicyBuilder::providers);
        let builder = set(builder, self.products, PolicyBuilder::products);
        let builder = set(builder, self.relying_party, PolicyBuilder::relying_party);
        let builder = set(builder, self.hash_cost, PolicyBuilder::hash_cost);
        let builder = set(builder, self.session_idle, PolicyBuilder::session_idle);
        let builder = set(builder, self.session_absolute, PolicyBuilder::session_absolute);
        let builder = set(builder, self.fresh_for, PolicyBuilder::fresh_for);
        let builder = set(builder, self.hold, PolicyBuilder::hold);
        let builder = set(builder, self.picker, PolicyBuilder::picker);
        let builder = set(builder, self.sign_in_notices, PolicyBuilder::sign_in_notices);
        let builder = set(builder, self.email_proof, PolicyBuilder::email_proof);
        let builder = set(builder, self.mfa, PolicyBuilder::mfa);
        let builder = set(builder, self.max_key_set_age, PolicyBuilder::max_key_set_age);
        let builder = set(builder, self.max_methods.map(usize::from), PolicyBuilder::max_methods);
        let builder = set(builder, self.max_addresses.map(usize::from), PolicyBuilder::max_addresses);
        let builder = set(builder, self.max_sessions, PolicyBuilder::max_sessions);
        let builder =
            set(builder, self.max_accounts_per_email.map(usize::from), PolicyBuilder::max_accounts_per_email);
        let builder = set(builder, self.max_open_sign_ups, PolicyBuilder::max_open_sign_ups);
        let builder = set(builder, self.verify_at_open, PolicyBuilder::verify_at_open);
        built(builder)
    }
}

/// Returns a policy with the session limits of NIST SP 800-63B-4 for AAL1: 30 days in all. Every other
/// setting is left out.
#[uniffi::export]
pub fn policy_aal1() -> Result<Policy, SelfsameError> {
    limits(selfsame::Policy::builder().aal1())
}

/// Returns a policy with the session limits of NIST SP 800-63B-4 for AAL2: an hour without use, 24 hours in
/// all. Every other setting is left out.
#[uniffi::export]
pub fn policy_aal2() -> Result<Policy, SelfsameError> {
    limits(selfsame::Policy::builder().aal2())
}

fn limits(builder: PolicyBuilder) -> Result<Policy, SelfsameError> {
    let policy = built(builder)?;
    let (idle, absolute) = (policy.session_idle(), policy.session_absolute());
    Ok(Policy { session_idle: Some(idle), session_absolute: Some(absolute), ..Policy::default() })
}

fn built(builder: PolicyBuilder) -> Result<selfsame::Policy, SelfsameError> {
    builder.build().map_err(|error| SelfsameError::InvalidPolicy { setting: error.setting.to_owned() })
}

fn set<T>(
    builder: PolicyBuilder,
    setting: Option<T>,
    set: impl FnOnce(PolicyBuilder, T) -> PolicyBuilder,
) -> PolicyBuilder {
    match setting {
        Some(setting) => set(builder, setting),
        None => builder,
    }
}

/// When a sign-up with a password proves its email.
#[uniffi::remote(Enum)]
pub enum EmailProof {
    /// Before the account is created.
    BeforeAccount,
    /// At any later time, for devices that may be offline. Until then the address claims nothing.
    Later,
}

/// Whether an account needs a second factor.
#[uniffi::remote(Enum)]
pub enum MfaPolicy {
    /// The owner decides.
    Optional,
    /// Every account needs one. A person without a second factor enrols one before the next session opens. The factor
    /// can be replaced but not turned off. A password may then have 8 code points.
    Required,
}

/// The cost of one password hash (Argon2id, RFC 9106 section 3.1).
#[uniffi::remote(Record)]
pub struct HashCost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
    /// Lanes. An attacker may compute them in parallel. This engine computes them in turn.
    pub lanes: u32,
}
