//! An account: one record that holds all that decides who may be it (SPEC 1).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::audit::Chain;
use super::deletion::RequestedBy;
use super::import::Origin;
use super::mfa::{Enrolment, Mfa, MfaView};
use super::product::{CustomerRef, Membership};
use super::protected::Reserved;
use super::provider::{Identity, ProviderId};
use super::throttle::{AtTheEnd, Throttle};
use super::verdict::{Change, Context};
use crate::crypto::password::StoredPassword;
use crate::ground::codec::Record;
use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, MethodId, SessionId};
use crate::ground::time::{Timestamp, YearMonth};

/// How long after the request a deleted account can be restored (SPEC 9.1).
pub(crate) const WAY_BACK: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// One person's identity in a store.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    /// How often the account was written; nought before its first time.
    pub(crate) revision: u64,
    pub(crate) status: Status,
    /// What the owner wants to be called; found by nobody (SPEC 1.11).
    pub(crate) display_name: Option<String>,
    pub(crate) ways: Ways,
    /// Failures of the first factor (SPEC 12.1).
    pub(crate) first: Throttle,
    /// Failures of the second factor, over all flows (SPEC 12.1).
    pub(crate) second: Throttle,
    pub(crate) hold: Option<Hold>,
    /// Second factors and recovery codes on their way, one a session at most (SPEC 5.1).
    pub(crate) enrolments: Vec<Enrolment>,
    /// Identifiers that an undo may put back; nobody else gets them meanwhile (SPEC 7.3).
    pub(crate) reserved: Vec<Reserved>,
    /// Failed reauthentications of sessions that live (SPEC 6.4).
    pub(crate) reauthentications: Vec<(SessionId, u8)>,
    /// Until when the last of the acts can be undone that can be (SPEC 7.3).
    pub(crate) undo_until: Option<Timestamp>,
    /// The products that it is used with, in the order of their first use (SPEC 8.2).
    pub(crate) memberships: Vec<Membership>,
    /// Whether the picker of the device offers it (SPEC 1.11).
    pub(crate) is_remembered: bool,
    /// When it was last restored from deletion: for a while support starts no other (SPEC 9.5).
    pub(crate) restored_at: Option<Timestamp>,
    /// How many sessions there are, those that wait included.
    pub(crate) sessions: u16,
    pub(crate) chain: Chain,
    /// Where it came from, if it was imported (SPEC 13.2).
    pub(crate) origin: Option<Origin>,
}

/// The ways into an account, and the addresses that reach its owner. An undo puts them back as one.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Ways {
    pub(crate) methods: Vec<Method>,
    pub(crate) addresses: Vec<Address>,
    pub(crate) contact: Option<EmailAddress>,
    pub(crate) mfa: Option<Mfa>,
    /// A second factor that was set before the account's first address was proven: nothing asks for it
    /// until its owner has said that it stays (SPEC 3.7).
    pub(crate) suspended_mfa: Option<Mfa>,
}

/// The time after a recovery in which the account's ways in and contents stay as they are (SPEC 5.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Hold {
    pub(crate) until: Timestamp,
    /// Whether the second factor can be replaced but not turned off: the password was reset, and a
    /// recovery code stood in (SPEC 4.7).
    pub(crate) keeps_mfa: bool,
}

/// Whether an account can be used (SPEC 1.1).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Status {
    /// It can.
    Active,
    /// It will be purged unless its owner restores it.
    PendingDeletion {
        /// When deletion was asked for.
        requested_at: Timestamp,
        /// From when on the account is absent.
        purge_at: Timestamp,
        /// Who asked for it.
        requested_by: RequestedBy,
    },
}

/// One way in.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Method {
    pub(crate) id: MethodId,
    pub(crate) added_at: Timestamp,
    pub(crate) used_at: Option<Timestamp>,
    /// It was set before the account's first address was proven, and nobody has said yet that it stays
    /// (SPEC 3.7).
    pub(crate) suspended: bool,
    /// Since when its secret is said to be known to others: the next sign-in wants a new one (SPEC 4.10).
    pub(crate) compromised_at: Option<Timestamp>,
    pub(crate) credential: Credential,
}

#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Credential {
    Password {
        email: EmailAddress,
        hash: StoredPassword,
        /// How often the password was set or hashed anew: a proof made against another is stale.
        version: u32,
    },
    Federated {
        identity: Identity,
        handle: Option<String>,
        /// A snapshot from when the method was added (SPEC 1.4).
        email: Option<EmailAddress>,
        /// A different one in a later assertion; it changes nothing until the owner takes it.
        seen_email: Option<EmailAddress>,
    },
}

/// The kind of a sign-in method (SPEC 1.2).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub enum MethodKind {
    /// A password with an email as its identifier.
    Password,
    /// A federated identity: issuer and subject.
    Federated,
}

impl MethodKind {
    /// The kind's name, the same in every language and release.
    pub fn code(self) -> &'static str {
        match self {
            Self::Password => "Password",
            Self::Federated => "Federated",
        }
    }

    /// Whether it lets its owner in without a network (SPEC 4.9).
    pub fn works_offline(self) -> bool {
        match self {
            Self::Password => true,
            Self::Federated => false,
        }
    }
}

/// An email of an account.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Address {
    pub(crate) email: EmailAddress,
    pub(crate) verified_at: Option<Timestamp>,
    pub(crate) source: AddressSource,
}

/// Where an address came from (SPEC 1.4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum AddressSource {
    /// A sign-in method carries it.
    Method(MethodId),
    /// The owner gave it.
    Contact,
    /// It came with the account from another service.
    Import,
}

/// What a method is found by. One of a kind belongs to at most one account (SPEC 1.3), and one of one
/// kind never matches one of another (SPEC 1.10).
#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Identifier {
    /// The email of a password method.
    PasswordEmail(EmailAddress),
    /// A federated identity.
    Identity(Identity),
    /// A biller's customer: of one product of one account (SPEC 8.3).
    Customer(CustomerRef),
    /// What another service called an account that was imported (SPEC 13.2).
    External(String),
}

/// An identity is issuer and subject, whatever policy calls the provider (SPEC 1.2).
impl PartialEq for Identifier {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::PasswordEmail(one), Self::PasswordEmail(other)) => one == other,
            (Self::Identity(one), Self::Identity(other)) => {
                one.issuer == other.issuer && one.subject == other.subject
            }
            (Self::Customer(one), Self::Customer(other)) => one == other,
            (Self::External(one), Self::External(other)) => one == other,
            _ => false,
        }
    }
}

impl Eq for Identifier {}

impl Account {
    /// An account that has nothing yet.
    pub(crate) fn new(id: AccountId) -> Self {
        Self {
            id,
            revision: 0,
            status: Status::Active,
            display_name: None,
            ways: Ways::default(),
            first: Throttle::default(),
            second: Throttle::default(),
            hold: None,
            enrolments: Vec::new(),
            reserved: Vec::new(),
            reauthentications: Vec::new(),
            undo_until: None,
            memberships: Vec::new(),
            is_remembered: false,
            restored_at: None,
            sessions: 0,
            chain: Chain::default(),
            origin: None,
        }
    }

    /// Whether every rule has to treat the account as gone (SPEC 9.3).
    pub(crate) fn is_absent(&self, now: Timestamp) -> bool {
        matches!(self.status, Status::PendingDeletion { purge_at, .. } if now >= purge_at)
    }

    /// The methods that lead in.
    pub(crate) fn usable(&self) -> impl Iterator<Item = &Method> {
        self.ways.methods.iter().filter(|method| !method.suspended)
    }

    /// The account's one password method (SPEC 1.6).
    pub(crate) fn password(&self) -> Option<(&Method, &EmailAddress, &StoredPassword, u32)> {
        self.usable().find_map(|method| match &method.credential {
            Credential::Password { email, hash, version } => Some((method, email, hash, *version)),
            Credential::Federated { .. } => None,
        })
    }

    /// The email of the password, suspended or not.
    pub(crate) fn any_password_email(&self) -> Option<&EmailAddress> {
        self.ways.methods.iter().find_map(|method| match &method.credential {
            Credential::Password { email, .. } => Some(email),
            Credential::Federated { .. } => None,
        })
    }

    /// The method that this identity is.
    pub(crate) fn federated(&self, sought: &Identity) -> Option<&Method> {
        self.usable().find(|method| {
            matches!(&method.credential, Credential::Federated { identity, .. }
                if identity.issuer == sought.issuer && identity.subject == sought.subject)
        })
    }

    pub(crate) fn method(&self, id: MethodId) -> Option<&Method> {
        self.ways.methods.iter().find(|method| method.id == id)
    }

    pub(crate) fn method_mut(&mut self, id: MethodId) -> Option<&mut Method> {
        self.ways.methods.iter_mut().find(|method| method.id == id)
    }

    /// Whether the email is a verified address of the account.
    pub(crate) fn has_verified(&self, email: &EmailAddress) -> bool {
        self.verified().any(|verified| verified == email)
    }

    /// Whether the email is an address of the account, proven or not.
    pub(crate) fn has(&self, email: &EmailAddress) -> bool {
        self.ways.addresses.iter().any(|address| address.email == *email)
    }

    /// The verified addresses, earliest first.
    pub(crate) fn verified(&self) -> impl Iterator<Item = &EmailAddress> {
        self.ways
            .addresses
            .iter()
            .filter(|address| address.verified_at.is_some())
            .map(|address| &address.email)
    }

    /// Adds an address or its proof. The first verified one becomes the contact.
    pub(crate) fn take_address(
        &mut self,
        email: &EmailAddress,
        verified_at: Option<Timestamp>,
        source: AddressSource,
    ) {
        match self.ways.addresses.iter_mut().find(|address| address.email == *email) {
            Some(address) => address.verified_at = address.verified_at.or(verified_at),
            None => self.ways.addresses.push(Address { email: email.clone(), verified_at, source }),
        }
        if verified_at.is_some() && self.ways.contact.is_none() {
            self.ways.contact = Some(email.clone());
        }
    }

    /// A session of the account is over.
    pub(crate) fn session_ends(&mut self, session: SessionId) {
        self.sessions = self.sessions.saturating_sub(1);
        self.enrolments.retain(|enrolment| enrolment.session != session);
        self.reauthentications.retain(|(of, _)| *of != session);
    }

    /// All sessions of the account but this one are over.
    pub(crate) fn only_session(&mut self, session: SessionId) {
        self.sessions = 1;
        self.enrolments.retain(|enrolment| enrolment.session == session);
        self.reauthentications.retain(|(of, _)| *of == session);
    }

    /// All sessions of the account are over.
    pub(crate) fn no_sessions(&mut self) {
        self.sessions = 0;
        self.enrolments.clear();
        self.reauthentications.clear();
    }

    /// The account comes back to its owner by other proof than the full: all sessions that lived before
    /// end, and what could take it from them again has to wait (SPEC 5.5).
    pub(crate) fn recover(
        &mut self,
        keeps_mfa: bool,
        except: Option<SessionId>,
        changes: &mut Vec<Change>,
        ctx: &Context<'_>,
    ) {
        self.no_sessions();
        self.sessions = u16::from(except.is_some());
        changes.push(Change::SessionsEnded { account: self.id, except });
        let hold = Hold { until: ctx.now + ctx.policy.hold(), keeps_mfa };
        // A hold that is there already gets neither shorter nor laxer.
        self.hold = Some(match self.hold.filter(|hold| ctx.now < hold.until) {
            Some(earlier) => {
                Hold { until: hold.until.max(earlier.until), keeps_mfa: keeps_mfa || earlier.keeps_mfa }
            }
            None => hold,
        });
    }

    /// What a hundred failures of the first factor lead to: a lock where the owner has another way in,
    /// else one try a day (SPEC 12.1).
    pub(crate) fn end_of_first(&self) -> AtTheEnd {
        let another_way =
            self.usable().any(|method| matches!(method.credential, Credential::Federated { .. }));
        if another_way || self.verified().next().is_some() { AtTheEnd::Lock } else { AtTheEnd::OneTryADay }
    }

    pub(crate) fn view(&self, now: Timestamp) -> AccountView {
        AccountView {
            id: self.id,
            status: self.status.clone(),
            created: self.id.made_at(),
            display_name: self.display_name.clone(),
            contact: self.ways.contact.as_ref().map(|email| email.as_typed().to_owned()),
            addresses: self
                .ways
                .addresses
                .iter()
                .map(|address| AddressView {
                    email: address.email.as_typed().to_owned(),
                    verified_at: address.verified_at,
                    source: address.source,
                    others: 0,
                })
                .collect(),
            methods: self.ways.methods.iter().map(Method::view).collect(),
            mfa: self.ways.mfa.as_ref().map(Mfa::view),
            hold_until: self.hold.map(|hold| hold.until).filter(|until| now < *until),
            second_factor_suspended: self.ways.suspended_mfa.is_some(),
        }
    }
}

impl Record for Account {
    const VERSION: u8 = 1;
}

impl Credential {
    /// What the method is found by.
    pub(crate) fn identifier(&self) -> Identifier {
        match self {
            Self::Password { email, .. } => Identifier::PasswordEmail(email.clone()),
            Self::Federated { identity, .. } => Identifier::Identity(identity.clone()),
        }
    }

    /// The address that the method carries.
    pub(crate) fn email(&self) -> Option<&EmailAddress> {
        match self {
            Self::Password { email, .. } => Some(email),
            Self::Federated { email, .. } => email.as_ref(),
        }
    }
}

impl Method {
    pub(crate) fn kind(&self) -> MethodKind {
        match self.credential {
            Credential::Password { .. } => MethodKind::Password,
            Credential::Federated { .. } => MethodKind::Federated,
        }
    }

    pub(crate) fn provider(&self) -> Option<&ProviderId> {
        match &self.credential {
            Credential::Password { .. } => None,
            Credential::Federated { identity, .. } => Some(&identity.provider),
        }
    }

    pub(crate) fn view(&self) -> MethodView {
        let typed = |email: &EmailAddress| email.as_typed().to_owned();
        let (handle, email, seen_email) = match &self.credential {
            Credential::Password { email, .. } => (None, Some(typed(email)), None),
            Credential::Federated { handle, email, seen_email, .. } => {
                (handle.clone(), email.as_ref().map(typed), seen_email.as_ref().map(typed))
            }
        };
        MethodView {
            id: self.id,
            kind: self.kind(),
            provider: self.provider().cloned(),
            handle,
            email,
            seen_email,
            added_at: self.added_at,
            used_at: self.used_at,
            compromised_at: self.compromised_at,
            suspended: self.suspended,
        }
    }
}

/// An account as its owner sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccountView {
    /// Its name.
    pub id: AccountId,
    /// Whether it can be used.
    pub status: Status,
    /// When it came to be.
    pub created: Timestamp,
    /// What the owner wants to be called.
    pub display_name: Option<String>,
    /// The address for messages, if there is one.
    pub contact: Option<String>,
    /// All addresses, in the order they came.
    pub addresses: Vec<AddressView>,
    /// All ways in, in the order they came.
    pub methods: Vec<MethodView>,
    /// The second factor, if MFA is on.
    pub mfa: Option<MfaView>,
    /// Until when the account is on hold after a recovery, if it is (SPEC 5.5).
    pub hold_until: Option<Timestamp>,
    /// Whether a second factor is asked for no more until its owner has said that it stays (SPEC 3.7).
    pub second_factor_suspended: bool,
}

/// An address as the account's owner sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AddressView {
    /// As it was typed.
    pub email: String,
    /// When it was proven, if it was.
    pub verified_at: Option<Timestamp>,
    /// Where it came from.
    pub source: AddressSource,
    /// How many other accounts have proven it too; nought while this one has not (SPEC 2.8).
    pub others: usize,
}

/// A sign-in method as the account's owner sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MethodView {
    /// Its name.
    pub id: MethodId,
    /// Its kind.
    pub kind: MethodKind,
    /// The provider, if it is a federated identity.
    pub provider: Option<ProviderId>,
    /// What the person is called there, for display only.
    pub handle: Option<String>,
    /// The identifier of a password; the snapshot of a federated identity's email.
    pub email: Option<String>,
    /// Another email that a later assertion carried; it changes nothing until the owner takes it.
    pub seen_email: Option<String>,
    /// When it was added.
    pub added_at: Timestamp,
    /// When it was last used to sign in.
    pub used_at: Option<Timestamp>,
    /// Since when its secret is said to be known to others: the next sign-in wants a new one.
    pub compromised_at: Option<Timestamp>,
    /// Whether it leads in no more until its owner has said that it stays (SPEC 3.7).
    pub suspended: bool,
}

/// An account as the link prompt shows it: nothing that the caller has not proven (SPEC 2.4).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Candidate {
    /// Its place in the prompt, counted from 1: what an answer names it by. The account's own name says
    /// when it was made, which nobody has proven to be theirs to know.
    pub place: u8,
    /// The kinds of its methods, each once.
    pub methods: Vec<MethodKind>,
    /// The providers of its federated identities, each once.
    pub providers: Vec<ProviderId>,
    /// The month it came to be in.
    pub created: YearMonth,
    /// Whether choosing it drops the new password, because the account has one already (SPEC 2.5).
    pub drops_new_password: bool,
}

impl Candidate {
    pub(crate) fn of(account: &Account, place: u8, newcomer_is_password: bool) -> Self {
        let methods = account.kinds();
        let mut providers: Vec<_> =
            account.usable().filter_map(|method| method.provider().cloned()).collect();
        providers.sort_unstable();
        providers.dedup();
        Self {
            place,
            methods,
            providers,
            created: account.id.made_at().year_month(),
            drops_new_password: newcomer_is_password && account.password().is_some(),
        }
    }
}
