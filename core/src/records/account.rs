//! An account: one record with everything that decides who may sign in to it (SPEC 1).

use serde::{Deserialize, Serialize};

use crate::crypto::password::StoredPassword;
use crate::ground::codec::Record;
use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, MethodId, SessionId};
use crate::ground::named::two_forms;
use crate::ground::short_name::ProductId;
use crate::ground::time::Timestamp;
use crate::records::address::{Address, AddressSource};
use crate::records::chain::Chain;
use crate::records::context::Context;
use crate::records::credentials::Credentials;
use crate::records::deletion::RequestedBy;
use crate::records::identifier::Identifier;
use crate::records::import::Origin;
use crate::records::method::{Credential, Method, MethodKind};
use crate::records::mfa::{Enrolment, Generations};
use crate::records::passkey::Passkey;
use crate::records::policy::Policy;
use crate::records::product::Membership;
use crate::records::proof::{Accepted, NewPassword};
use crate::records::protected::{Acted, Reserved};
use crate::records::provider::Identity;
use crate::records::session::{Aal, Session};
use crate::records::throttle::Throttle;

/// The number of failed reauthentications that end a session (SPEC 6.4).
const REAUTHENTICATIONS: u8 = 5;

/// One person's identity in a store.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) id: AccountId,
    /// How often the account was written. Zero before the first time.
    pub(crate) revision: u64,
    /// When the account was made, on the slow clock. The id has the engine time, from which the slow clock may differ
    /// (SPEC 12.4).
    pub(crate) made_at: Timestamp,
    pub(crate) status: Status,
    /// The name that the owner chose. Nobody can find the account by it (SPEC 1.11).
    pub(crate) display_name: Option<String>,
    pub(crate) credentials: Credentials,
    /// Strangers' failures of the first factor (SPEC 12.1, 12.7).
    pub(crate) first: Throttle,
    /// Strangers' failures of the second factor, over all flows (SPEC 12.1, 12.7).
    pub(crate) second: Throttle,
    /// Tells which proofs by a second factor are still valid (SPEC 5.10).
    pub(crate) generations: Generations,
    pub(crate) hold: Option<Hold>,
    /// The last passwords that were marked as known to others. The account does not accept them as new passwords
    /// (SPEC 4.10).
    pub(crate) compromised: Vec<StoredPassword>,
    /// How many passwords were marked so far.
    pub(crate) marked: u32,
    /// Enrolments of second factors and recovery codes in progress, at most one for each session (SPEC 5.1).
    pub(crate) enrolments: Vec<Enrolment>,
    /// Identifiers that an undo may put back. Nobody else can take them meanwhile (SPEC 7.3).
    pub(crate) reserved: Vec<Reserved>,
    /// Failures in live sessions (SPEC 6.4).
    pub(crate) reauthentications: Vec<(SessionId, u8)>,
    /// The protected acts of the last 30 days, oldest first (SPEC 1.12).
    pub(crate) acts: Vec<Acted>,
    /// The products that the account is used with, in the order of their first use (SPEC 8.2).
    pub(crate) memberships: Vec<Membership>,
    /// Whether the device's picker offers the account (SPEC 1.11).
    pub(crate) is_remembered: bool,
    /// When the account was last restored from deletion, on the slow clock. Support cannot start another
    /// deletion for a while (SPEC 9.5).
    pub(crate) restored_at: Option<Timestamp>,
    /// Whether the pending erasure was requested with the first factor alone (SPEC 9.7, 10.2).
    pub(crate) by_first_factor: bool,
    /// When the host last announced that it will erase the account, on the slow clock (SPEC 10.3).
    pub(crate) announced_at: Option<Timestamp>,
    /// The number of sessions, including those that wait for a restore.
    pub(crate) sessions: u16,
    pub(crate) chain: Chain,
    /// Where the account came from, if it was imported (SPEC 13.2).
    pub(crate) origin: Option<Origin>,
}

/// The time after a recovery in which the account's sign-in methods and contents stay as they are (SPEC 5.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Hold {
    /// On the slow clock.
    pub(crate) until: Timestamp,
    /// Whether the second factor can be replaced but not turned off, because the password was reset and a
    /// recovery code stood in for the second factor (SPEC 4.7).
    pub(crate) keeps_mfa: bool,
}

two_forms! {
    json(tag = "is")
    /// Whether an account can be used (SPEC 1.1).
    #[derive(Clone, PartialEq, Eq, Debug)]
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
            #[json(flatten)]
            requested_by: RequestedBy,
        },
    }
}

impl Status {
    /// Returns the status with a date for people: `purge_at` is kept on the slow clock.
    pub(crate) fn shown(&self, ctx: &Context<'_>) -> Self {
        let mut shown = self.clone();
        if let Self::PendingDeletion { purge_at, .. } = &mut shown {
            *purge_at = ctx.shown(*purge_at);
        }
        shown
    }
}

impl Account {
    /// Returns an account that has nothing yet.
    pub(crate) fn new(id: AccountId, made_at: Timestamp) -> Self {
        Self {
            id,
            revision: 0,
            made_at,
            status: Status::Active,
            display_name: None,
            credentials: Credentials::default(),
            first: Throttle::default(),
            second: Throttle::default(),
            generations: Generations::default(),
            hold: None,
            compromised: Vec::new(),
            marked: 0,
            enrolments: Vec::new(),
            reserved: Vec::new(),
            reauthentications: Vec::new(),
            acts: Vec::new(),
            memberships: Vec::new(),
            is_remembered: false,
            restored_at: None,
            by_first_factor: false,
            announced_at: None,
            sessions: 0,
            chain: Chain::default(),
            origin: None,
        }
    }

    /// Returns whether every rule must treat the account as gone (SPEC 9.3).
    pub(crate) fn is_absent(&self, slow: Timestamp) -> bool {
        matches!(self.status, Status::PendingDeletion { purge_at, .. } if slow >= purge_at)
    }

    /// Returns the sign-in methods that are not suspended.
    pub(crate) fn usable(&self) -> impl Iterator<Item = &Method> {
        self.credentials.methods.iter().filter(|method| !method.suspended)
    }

    /// Returns the account's only password method (SPEC 1.6).
    pub(crate) fn password(&self) -> Option<(&Method, &EmailAddress, &StoredPassword, u32)> {
        self.usable().find_map(|method| match &method.credential {
            Credential::Password { email, hash, version } => Some((method, email, hash, *version)),
            Credential::Federated { .. } | Credential::Passkey(_) => None,
        })
    }

    /// Returns the email of the password, suspended or not.
    pub(crate) fn any_password_email(&self) -> Option<&EmailAddress> {
        self.credentials.methods.iter().find_map(|method| match &method.credential {
            Credential::Password { email, .. } => Some(email),
            Credential::Federated { .. } | Credential::Passkey(_) => None,
        })
    }

    /// Returns the usable passkeys of the policy's relying party.
    pub(crate) fn passkeys<'a>(
        &'a self,
        policy: &'a Policy,
    ) -> impl Iterator<Item = (MethodId, &'a Passkey)> {
        self.usable().filter_map(|method| match &method.credential {
            Credential::Passkey(passkey)
                if policy.relying_party().is_some_and(|rp| rp.id == passkey.rp_id) =>
            {
                Some((method.id, &**passkey))
            }
            _ => None,
        })
    }

    /// Returns the sign-in method with this identity.
    pub(crate) fn federated(&self, sought: &Identity) -> Option<&Method> {
        self.usable().find(|method| {
            matches!(&method.credential, Credential::Federated { identity, .. }
                if identity.issuer == sought.issuer && identity.subject == sought.subject)
        })
    }

    pub(crate) fn method(&self, id: MethodId) -> Option<&Method> {
        self.credentials.methods.iter().find(|method| method.id == id)
    }

    pub(crate) fn method_mut(&mut self, id: MethodId) -> Option<&mut Method> {
        self.credentials.methods.iter_mut().find(|method| method.id == id)
    }

    /// Returns whether the email is a verified address of the account.
    pub(crate) fn has_verified(&self, email: &EmailAddress) -> bool {
        self.verified().any(|verified| verified == email)
    }

    /// Returns whether the email is an address of the account, proven or not.
    pub(crate) fn has(&self, email: &EmailAddress) -> bool {
        self.credentials.addresses.iter().any(|address| address.email == *email)
    }

    /// Returns the verified addresses, earliest first.
    pub(crate) fn verified(&self) -> impl Iterator<Item = &EmailAddress> {
        self.credentials
            .addresses
            .iter()
            .filter(|address| address.verified_at.is_some())
            .map(|address| &address.email)
    }

    /// Adds an address, or the proof of one. The first verified address becomes the contact.
    pub(crate) fn take_address(
        &mut self,
        email: &EmailAddress,
        verified_at: Option<Timestamp>,
        source: AddressSource,
    ) {
        match self.credentials.addresses.iter_mut().find(|address| address.email == *email) {
            Some(address) => address.verified_at = address.verified_at.or(verified_at),
            None => self.credentials.addresses.push(Address { email: email.clone(), verified_at, source }),
        }
        if verified_at.is_some() && self.credentials.contact.is_none() {
            self.credentials.contact = Some(email.clone());
        }
    }

    /// Records that a session of the account has ended.
    pub(crate) fn session_ends(&mut self, session: SessionId) {
        self.sessions = self.sessions.saturating_sub(1);
        self.enrolments.retain(|enrolment| enrolment.session != session);
        self.reauthentications.retain(|(of, _)| *of != session);
    }

    /// Records that all sessions of the account but this one have ended.
    pub(crate) fn only_session(&mut self, session: SessionId) {
        self.sessions = 1;
        self.enrolments.retain(|enrolment| enrolment.session == session);
        self.reauthentications.retain(|(of, _)| *of == session);
    }

    /// Records that all sessions of the account have ended.
    pub(crate) fn no_sessions(&mut self) {
        self.sessions = 0;
        self.enrolments.clear();
        self.reauthentications.clear();
    }

    /// Returns when the hold ends, if the account is on hold.
    pub(crate) fn hold_until(&self, ctx: &Context<'_>) -> Option<Timestamp> {
        self.hold.filter(|hold| ctx.throttle_clock < hold.until).map(|hold| ctx.shown(hold.until))
    }

    /// Removes sign-in methods, and the addresses that no other method carries. If the contact goes, the
    /// earliest verified address left replaces it (SPEC 1.8). With `keeps_proven`, verified addresses stay
    /// even if no method carries them.
    pub(crate) fn drop_methods(&mut self, keeps_proven: bool, gone: impl Fn(&Method) -> bool) {
        let (gone, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.credentials.methods).into_iter().partition(gone);
        self.credentials.methods = kept;
        for method in gone {
            let addresses = std::mem::take(&mut self.credentials.addresses);
            for mut address in addresses {
                if address.source == (AddressSource::Method { method: method.id }) {
                    address.source = match self.carrier(&address.email) {
                        Some(heir) => AddressSource::Method { method: heir },
                        None if keeps_proven && address.verified_at.is_some() => AddressSource::Contact,
                        None => continue,
                    };
                }
                self.credentials.addresses.push(address);
            }
        }
        self.settle_contact();
    }

    /// Returns the sign-in method that carries the address.
    pub(crate) fn carrier(&self, email: &EmailAddress) -> Option<MethodId> {
        let carries = |method: &&Method| method.credential.email() == Some(email);
        self.credentials.methods.iter().find(carries).map(|method| method.id)
    }

    /// Replaces a removed contact with the earliest verified address.
    fn settle_contact(&mut self) {
        if self.credentials.contact.as_ref().is_some_and(|contact| self.has_verified(contact)) {
            return;
        }
        let verified = self.credentials.addresses.iter().filter(|address| address.verified_at.is_some());
        let earliest = verified.min_by_key(|address| address.verified_at);
        self.credentials.contact = earliest.map(|address| address.email.clone());
    }

    /// Replaces the password. Earlier proofs of a password are stale from here on.
    pub(crate) fn set_password(&mut self, new: StoredPassword) {
        for method in &mut self.credentials.methods {
            if let Credential::Password { hash, version, .. } = &mut method.credential {
                *hash = new;
                *version = version.saturating_add(1);
                method.compromised_at = None;
                return;
            }
        }
    }

    /// Returns a new password that was just compared with the marked ones.
    pub(crate) fn compared(&self, hash: StoredPassword) -> NewPassword {
        NewPassword { hash, marked: self.marked }
    }

    /// Returns whether no password was marked since the new one was compared. Otherwise the new one must be given again,
    /// because its hash cannot be compared (SPEC 4.10).
    pub(crate) fn takes(&self, new: &NewPassword) -> bool {
        new.marked == self.marked
    }

    /// Counts a failed reauthentication of a session. Returns whether the session must end.
    pub(crate) fn failed_to_reauthenticate(&mut self, session: SessionId) -> bool {
        let failures = match self.reauthentications.iter_mut().find(|(of, _)| *of == session) {
            Some((_, failures)) => {
                *failures = failures.saturating_add(1);
                *failures
            }
            None => {
                self.reauthentications.push((session, 1));
                1
            }
        };
        failures >= REAUTHENTICATIONS
    }

    /// Returns the kinds of the usable sign-in methods, each once.
    pub(crate) fn kinds(&self) -> Vec<MethodKind> {
        let mut kinds: Vec<_> = self.usable().map(|method| method.kind()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// Returns the kinds of usable sign-in methods that work without a network (SPEC 4.9).
    pub(crate) fn works_offline(&self) -> Vec<MethodKind> {
        let mut kinds = self.kinds();
        kinds.retain(|kind| kind.works_offline());
        kinds
    }

    /// Returns the accepted proofs of the first factor: the password, the identities and the passkeys.
    pub(crate) fn accepted(&self, policy: &Policy) -> Vec<Accepted> {
        let password = self.password().filter(|(method, ..)| method.compromised_at.is_none());
        let password = password.map(|_| Accepted::Password);
        let mut providers: Vec<_> = self.usable().filter_map(|method| method.provider().cloned()).collect();
        providers.sort_unstable();
        providers.dedup();
        password
            .into_iter()
            .chain(providers.into_iter().map(|provider| Accepted::Federated { provider }))
            .chain(self.passkeys(policy).next().map(|_| Accepted::Passkey))
            .collect()
    }

    /// Returns the level of a session in which every factor of the account is proven (SPEC 5.7).
    pub(crate) fn highest_aal(&self) -> Aal {
        if self.credentials.mfa.is_some() { Aal::Aal2 } else { Aal::Aal1 }
    }

    pub(crate) fn membership(&self, product: &ProductId) -> Option<&Membership> {
        self.memberships.iter().find(|membership| membership.product == *product)
    }

    /// Returns every identifier that the account may claim.
    pub(crate) fn identifiers(&self) -> impl Iterator<Item = Identifier> {
        let customers = self.memberships.iter().filter_map(|membership| {
            membership.billing.as_ref().map(|billing| Identifier::Customer(billing.customer.clone()))
        });
        let external = self.origin.iter().map(|origin| Identifier::External(origin.external_id.clone()));
        self.credentials.identifiers().chain(customers).chain(external)
    }

    /// Returns whether the account has the identifier. No other account can then have it.
    pub(crate) fn owns(&self, identifier: &Identifier) -> bool {
        self.identifiers().any(|own| own == *identifier)
    }

    /// Returns whether an undo may put the identifier back, unless another account takes it first (SPEC 7.6).
    pub(crate) fn reserves(&self, identifier: &Identifier, slow: Timestamp) -> bool {
        self.reserved.iter().any(|held| held.identifier == *identifier && slow < held.until)
    }

    /// Returns whether somebody can sign in with the identifier.
    pub(crate) fn is_found_by(&self, identifier: &Identifier) -> bool {
        self.usable().any(|method| method.credential.identifier() == *identifier)
    }

    /// Returns the protected acts of the last 30 days (SPEC 1.12).
    pub(crate) fn recent_acts(&self, ctx: &Context<'_>) -> impl Iterator<Item = &Acted> {
        let slow = ctx.throttle_clock;
        self.acts.iter().filter(move |acted| acted.is_recent(slow))
    }

    /// Returns until when an act can be undone, if one can (SPEC 7.3). The account cannot be erased before.
    pub(crate) fn has_live_undo(&self, slow: Timestamp) -> Option<Timestamp> {
        self.acts.iter().filter_map(|acted| acted.undo_until(slow)).max()
    }
}

impl Record for Account {
    const VERSION: u8 = 1;
}

/// A live session and its account, as one act sees them.
pub(crate) struct Owner {
    pub(crate) session: Session,
    pub(crate) account: Account,
}
