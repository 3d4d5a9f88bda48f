//! An account, as its owner sees it and as the link prompt shows it.

use std::sync::Arc;

use selfsame::{
    AccountId, Activity, AddressSource, Candidate, Flow, MethodId, MethodKind, MethodView, MfaView,
    ProtectedActView, ProviderId, RequestedBy, Session, SessionId, SessionToken, Status, Timestamp,
    YearMonth,
};

use crate::engine::Engine;
use crate::error::SelfsameError;
use crate::number::counted;

/// Gives the owner access to an account, through one of the owner's sessions.
///
/// Every call first checks the session. It raises `SessionEnded` if the session has ended, and
/// `ReauthenticationRequired` if the session waits because support started a deletion.
#[derive(uniffi::Object)]
pub struct AccountHandle(selfsame::AccountHandle);

impl AccountHandle {
    pub(crate) fn core(&self) -> &selfsame::AccountHandle {
        &self.0
    }
}

#[uniffi::export]
impl Engine {
    /// Opens the account of the session.
    ///
    /// Raises the errors of `resolve`.
    pub fn account(&self, token: SessionToken) -> Result<Arc<AccountHandle>, SelfsameError> {
        Ok(Arc::new(AccountHandle(self.core().account(&token)?)))
    }
}

#[uniffi::export]
impl AccountHandle {
    /// Returns the account page.
    pub fn view(&self) -> Result<AccountView, SelfsameError> {
        Ok(self.0.view()?.into())
    }

    /// Returns the account's sessions, oldest first.
    pub fn sessions(&self) -> Result<Vec<Session>, SelfsameError> {
        Ok(self.0.sessions()?)
    }

    /// Returns the events of the account, oldest first.
    pub fn activity(&self) -> Result<Vec<Activity>, SelfsameError> {
        Ok(self.0.activity()?)
    }

    /// Returns true if no event of the account was removed, reordered or changed since it was written.
    ///
    /// Raises `Damaged` if an event cannot be decrypted.
    pub fn verify_audit(&self) -> Result<bool, SelfsameError> {
        Ok(self.0.verify_audit()?)
    }

    /// Ends this session.
    pub fn sign_out(&self) -> Result<(), SelfsameError> {
        Ok(self.0.sign_out()?)
    }

    /// Ends one session of the account, this one or another.
    ///
    /// Raises `SessionEnded` also if `session` has ended or belongs to another account; `InvalidId`.
    pub fn end_session(&self, session: SessionId) -> Result<(), SelfsameError> {
        Ok(self.0.end_session(session)?)
    }

    /// Ends all sessions of the account except this one.
    pub fn end_other_sessions(&self) -> Result<(), SelfsameError> {
        Ok(self.0.end_other_sessions()?)
    }

    /// Starts to renew the proof of this session, for acts that require fresh proof: the first factor, then
    /// the second if MFA is on. At the end the session has a new token, and the old one opens nothing. The
    /// fifth failure ends the session.
    pub fn reauthenticate(&self) -> Result<Flow, SelfsameError> {
        Ok(self.0.reauthenticate()?)
    }
}

/// Whether an account can be used.
#[uniffi::remote(Enum)]
pub enum Status {
    /// The account can be used.
    Active,
    /// The account will be purged unless its owner restores it.
    PendingDeletion {
        /// When the deletion was requested.
        requested_at: Timestamp,
        /// When the account becomes absent.
        purge_at: Timestamp,
        /// Who requested the deletion.
        requested_by: RequestedBy,
    },
}

/// The kind of a sign-in method.
#[uniffi::remote(Enum)]
pub enum MethodKind {
    /// A password with an email as its identifier.
    Password,
    /// A federated identity: issuer and subject.
    Federated,
    /// A passkey (WebAuthn).
    Passkey,
}

/// Where an address came from.
#[uniffi::remote(Enum)]
pub enum AddressSource {
    /// A sign-in method carries the address.
    Method {
        /// The method.
        method: MethodId,
    },
    /// The owner gave the address.
    Contact,
    /// The address came with the account from another service.
    Import,
}

/// An account as its owner sees it.
#[derive(uniffi::Record)]
pub struct AccountView {
    /// The account's id.
    pub id: AccountId,
    /// Whether the account can be used.
    pub status: Status,
    /// When the account was created.
    pub created: Timestamp,
    /// The name that the owner chose, if any.
    pub display_name: Option<String>,
    /// The address for notices, if the account has one.
    pub contact: Option<String>,
    /// All addresses, in the order in which they were added.
    pub addresses: Vec<AddressView>,
    /// All sign-in methods, in the order in which they were added.
    pub methods: Vec<MethodView>,
    /// The second factor, if MFA is on.
    pub mfa: Option<MfaView>,
    /// When the hold after a recovery ends, if the account is on hold.
    pub hold_until: Option<Timestamp>,
    /// Whether a second factor is disabled until the owner confirms it.
    pub second_factor_suspended: bool,
    /// Whether the account needs another address: somebody else has proven the address of its password, so
    /// this account can never prove it.
    pub needs_address: bool,
    /// The protected acts of the last 30 days, oldest first, and how each can be undone.
    pub protected_acts: Vec<ProtectedActView>,
}

impl From<selfsame::AccountView> for AccountView {
    fn from(view: selfsame::AccountView) -> Self {
        let selfsame::AccountView {
            id,
            status,
            created,
            display_name,
            contact,
            addresses,
            methods,
            mfa,
            hold_until,
            second_factor_suspended,
            needs_address,
            protected_acts,
        } = view;
        Self {
            id,
            status,
            created,
            display_name,
            contact,
            addresses: addresses.into_iter().map(AddressView::from).collect(),
            methods,
            mfa,
            hold_until,
            second_factor_suspended,
            needs_address,
            protected_acts,
        }
    }
}

/// An address as the account's owner sees it.
#[derive(uniffi::Record)]
pub struct AddressView {
    /// The address as it was typed.
    pub email: String,
    /// When the address was proven, if it was.
    pub verified_at: Option<Timestamp>,
    /// Where the address came from.
    pub source: AddressSource,
    /// The number of other accounts that have proven the address too. Zero until this account has proven it.
    pub others: u64,
}

impl From<selfsame::AddressView> for AddressView {
    fn from(address: selfsame::AddressView) -> Self {
        let selfsame::AddressView { email, verified_at, source, others } = address;
        Self { email, verified_at, source, others: counted(others) }
    }
}

/// The second factor as its owner sees it.
#[uniffi::remote(Record)]
pub struct MfaView {
    /// Since when the second factor is on.
    pub since: Timestamp,
    /// The number of recovery codes left.
    pub recovery_codes_left: u32,
    /// Whether so few are left that the owner should make new ones.
    pub few_recovery_codes: bool,
    /// Whether the app's secret was imported and has fewer than 128 bits. The owner should replace the second factor.
    pub has_weak_secret: bool,
}

/// A sign-in method as the account's owner sees it.
#[uniffi::remote(Record)]
pub struct MethodView {
    /// The method's id.
    pub id: MethodId,
    /// The method's kind.
    pub kind: MethodKind,
    /// The provider, if the method is a federated identity.
    pub provider: Option<ProviderId>,
    /// The person's handle at the provider, for display only.
    pub handle: Option<String>,
    /// The identifier of a password, or the email of a federated identity when it was added.
    pub email: Option<String>,
    /// A different email from a later assertion. It changes nothing until the owner takes it over.
    pub seen_email: Option<String>,
    /// When the method was added.
    pub added_at: Timestamp,
    /// When the method was last used to sign in.
    pub used_at: Option<Timestamp>,
    /// When the password was reported as known to others, if it was. The next sign-in asks for a new one.
    pub compromised_at: Option<Timestamp>,
    /// Whether the method is disabled until the owner confirms it.
    pub suspended: bool,
    /// Whether the passkey is copied to other devices. Absent for other methods.
    pub synced: Option<bool>,
}

/// A candidate account in the link prompt. It shows nothing that the caller has not proven.
#[uniffi::remote(Record)]
pub struct Candidate {
    /// The account's place in the prompt, counted from 1. An answer names the account by this place. The
    /// account's id would reveal when the account was created, and the caller has proven no right to know that.
    pub place: u8,
    /// The kinds of the account's sign-in methods, each once.
    pub methods: Vec<MethodKind>,
    /// The providers of its federated identities, each once.
    pub providers: Vec<ProviderId>,
    /// The month in which the account was created.
    pub created: YearMonth,
    /// Whether choosing the account drops the new password, because the account already has one.
    pub drops_new_password: bool,
}

/// A month of the Gregorian calendar, in UTC. Prints as `2026-01`.
#[uniffi::remote(Record)]
pub struct YearMonth {
    /// The year.
    pub year: u64,
    /// The month, 1 to 12.
    pub month: u8,
}

/// Returns whether a method of this kind lets its owner in without a network.
#[uniffi::export]
pub fn works_offline(kind: MethodKind) -> bool {
    kind.works_offline()
}
