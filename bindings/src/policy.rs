//! The figures that an application may choose.

use std::time::Duration;

use selfsame::{EmailProof, HashCost, PolicyBuilder, Product, Provider};

use crate::error::SelfsameError;

/// The figures that an application may choose; what is left out keeps its default. One that is out of its
/// bounds raises `InvalidPolicy` where the policy is used.
#[derive(Default, uniffi::Record)]
pub struct Policy {
    /// The name of the service: 1 to 64 characters. Default "Selfsame".
    #[uniffi(default)]
    pub realm: Option<String>,
    /// The providers whose identities are methods. Default: X alone.
    #[uniffi(default)]
    pub providers: Option<Vec<Provider>>,
    /// The products that share the accounts: at most 16, each with a name of its own, what people call it
    /// and https addresses. Default: none.
    #[uniffi(default)]
    pub products: Option<Vec<Product>>,
    /// The cost of a password hash: at least 19,456 KiB and 2 passes, or what the OWASP Password Storage
    /// Cheat Sheet holds equal to it; at most 256 MiB, 10 passes, 8 lanes. Default 19,456 KiB, 2 passes, 1 lane.
    #[uniffi(default)]
    pub hash_cost: Option<HashCost>,
    /// How long a session lives without use: 5 minutes to 365 days. Default 30 days.
    #[uniffi(default)]
    pub session_idle: Option<Duration>,
    /// How long a session lives at all: 5 minutes to 365 days. Default 180 days, where NIST SP 800-63B-4
    /// section 2.1.3 wants 30 at most.
    #[uniffi(default)]
    pub session_absolute: Option<Duration>,
    /// How long a proof counts as fresh: 1 to 15 minutes. Default 5.
    #[uniffi(default)]
    pub fresh_for: Option<Duration>,
    /// How long after a recovery, a password reset or an undo the ways into the account and its contents
    /// stay as they are: up to 7 days. Default 24 hours.
    #[uniffi(default)]
    pub hold: Option<Duration>,
    /// Whether the store offers its accounts to choose from, as an app does on a device; a server does not.
    /// Default no; with `EmailProof.Later` always.
    #[uniffi(default)]
    pub picker: Option<bool>,
    /// When a sign-up with a password proves its email. Default before there is an account.
    #[uniffi(default)]
    pub email_proof: Option<EmailProof>,
    /// How long a provider's key set is believed after the host gave it: 1 hour to 7 days. Default 24 hours.
    #[uniffi(default)]
    pub keys_for: Option<Duration>,
    /// How many methods an account may have: 1 to 32. Default 32.
    #[uniffi(default)]
    pub methods: Option<u16>,
    /// How many addresses an account may have: 1 to 16. Default 16.
    #[uniffi(default)]
    pub addresses: Option<u16>,
    /// How many sessions an account may have: 1 to 100. Default 100.
    #[uniffi(default)]
    pub sessions: Option<u16>,
    /// How many accounts may share a verified email: 1 to 8. Default 8.
    #[uniffi(default)]
    pub accounts_per_email: Option<u16>,
    /// How many flows of the store may wait for the proof of an address: 1 to 1,000,000. Default 10,000.
    #[uniffi(default)]
    pub open_sign_ups: Option<u32>,
    /// Whether the whole file is read and verified when it is opened: about half a second for 100,000 accounts.
    /// Default yes. Where it is not, a file of any size opens at once, and what the disk has lost, or somebody has
    /// taken out of the file or put back, is found where it is read, or by `verify_store`: for a server of many
    /// accounts whose disk is trusted.
    #[uniffi(default)]
    pub verify_at_open: Option<bool>,
}

impl Policy {
    /// The policy as the core has it.
    ///
    /// # Errors
    /// `InvalidPolicy` names the figure that is out of its bounds.
    pub fn build(self) -> Result<selfsame::Policy, SelfsameError> {
        let builder = selfsame::Policy::builder();
        let builder = set(builder, self.realm, |builder, realm| builder.realm(&realm));
        let builder = set(builder, self.providers, PolicyBuilder::providers);
        let builder = set(builder, self.products, PolicyBuilder::products);
        let builder = set(builder, self.hash_cost, PolicyBuilder::hash_cost);
        let builder = set(builder, self.session_idle, PolicyBuilder::session_idle);
        let builder = set(builder, self.session_absolute, PolicyBuilder::session_absolute);
        let builder = set(builder, self.fresh_for, PolicyBuilder::fresh_for);
        let builder = set(builder, self.hold, PolicyBuilder::hold);
        let builder = set(builder, self.picker, PolicyBuilder::picker);
        let builder = set(builder, self.email_proof, PolicyBuilder::email_proof);
        let builder = set(builder, self.keys_for, PolicyBuilder::keys_for);
        let builder = set(builder, self.methods.map(usize::from), PolicyBuilder::methods);
        let builder = set(builder, self.addresses.map(usize::from), PolicyBuilder::addresses);
        let builder = set(builder, self.sessions, PolicyBuilder::sessions);
        let builder =
            set(builder, self.accounts_per_email.map(usize::from), PolicyBuilder::accounts_per_email);
        let builder = set(builder, self.open_sign_ups, PolicyBuilder::open_sign_ups);
        let builder = set(builder, self.verify_at_open, PolicyBuilder::verify_at_open);
        built(builder)
    }
}

/// The session limits of NIST SP 800-63B-4 for AAL1: 30 days at all. All else is left to be chosen.
#[uniffi::export]
pub fn policy_aal1() -> Result<Policy, SelfsameError> {
    limits(selfsame::Policy::builder().aal1())
}

/// The session limits of NIST SP 800-63B-4 for AAL2: an hour without use, 24 hours at all. All else is left
/// to be chosen.
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
    builder.build().map_err(|error| SelfsameError::InvalidPolicy { figure: error.figure.to_owned() })
}

fn set<T>(
    builder: PolicyBuilder,
    figure: Option<T>,
    set: impl FnOnce(PolicyBuilder, T) -> PolicyBuilder,
) -> PolicyBuilder {
    match figure {
        Some(figure) => set(builder, figure),
        None => builder,
    }
}

/// When a sign-up with a password proves its email.
#[uniffi::remote(Enum)]
pub enum EmailProof {
    /// Before there is an account.
    BeforeAccount,
    /// Any time later, for devices that may be offline: until then the address claims nothing.
    Later,
}

/// What one password hash costs (Argon2id, RFC 9106 section 3.1).
#[uniffi::remote(Record)]
pub struct HashCost {
    /// Memory, in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
    /// Lanes, which an attacker may compute side by side and this engine computes in turn.
    pub lanes: u32,
}
