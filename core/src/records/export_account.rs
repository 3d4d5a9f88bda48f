//! The account itself in its owner's export (SPEC 10.1).

use serde::Serialize;

use crate::crypto::webauthn::encoded;
use crate::ground::email::EmailAddress;
use crate::ground::time::Timestamp;
use crate::records::account::{Account, Status};
use crate::records::address::AddressSource;
use crate::records::context::Context;
use crate::records::credentials::Credentials;
use crate::records::identifier::Identifier;
use crate::records::method::{Credential, Method};
use crate::records::mfa::Mfa;
use crate::records::product::Membership;
use crate::records::protected::{Acted, Reserved};
use crate::records::provider::Identity;

/// A point in time in the format of RFC 3339.
pub(crate) type Moment = String;

#[derive(Serialize)]
pub(crate) struct AccountPart {
    id: String,
    created_at: Moment,
    revision: u64,
    status: StatusPart,
    restored_at: Option<Moment>,
    display_name: Option<String>,
    #[serde(flatten)]
    credentials: CredentialsPart,
    /// When the enrolments in progress started.
    enrolments_begun_at: Vec<Moment>,
    reserved: Vec<ReservedPart>,
    protected_acts: Vec<ActedPart>,
    failures: FailuresPart,
    hold_until: Option<Moment>,
    is_remembered_here: bool,
    /// The account's id at another service, if it was imported.
    imported_as: Option<String>,
    memberships: Vec<MembershipPart>,
}

/// The sign-in methods, and the addresses that reach the owner.
#[derive(Serialize)]
pub(crate) struct CredentialsPart {
    contact: Option<String>,
    /// The earlier contacts of the last seven days.
    past_contacts: Vec<PastContactPart>,
    addresses: Vec<AddressPart>,
    methods: Vec<MethodPart>,
    mfa: Option<MfaPart>,
    suspended_mfa: Option<MfaPart>,
}

#[derive(Serialize)]
struct ActedPart {
    act: &'static str,
    at: Moment,
    session: Option<String>,
    device: String,
    /// The address that got the undo code, and the time until which the code is valid.
    undo_code_to: Option<String>,
    undo_until: Option<Moment>,
}

#[derive(Serialize)]
struct PastContactPart {
    contact: Option<String>,
    until: Moment,
}

#[derive(Serialize)]
struct ReservedPart {
    kind: &'static str,
    identifier: String,
    until: Moment,
}

#[derive(Serialize)]
struct StatusPart {
    is: &'static str,
    requested_at: Option<Moment>,
    purge_at: Option<Moment>,
    requested_by: Option<&'static str>,
}

#[derive(Serialize)]
struct AddressPart {
    email: String,
    verified_at: Option<Moment>,
    source: &'static str,
    method: Option<String>,
}

#[derive(Serialize)]
struct MethodPart {
    id: String,
    kind: &'static str,
    provider: Option<String>,
    issuer: Option<String>,
    subject: Option<String>,
    handle: Option<String>,
    email: Option<String>,
    seen_email: Option<String>,
    added_at: Moment,
    used_at: Option<Moment>,
    compromised_at: Option<Moment>,
    is_suspended: bool,
    passkey: Option<PasskeyPart>,
}

#[derive(Serialize)]
struct PasskeyPart {
    relying_party: String,
    credential_id: String,
    user_handle: String,
    signature_counter: u32,
    may_be_copied: bool,
    is_copied: bool,
    user_was_verified: bool,
    transports: Vec<String>,
}

#[derive(Serialize)]
struct MfaPart {
    kind: &'static str,
    since: Moment,
    recovery_codes_left: usize,
    has_weak_secret: bool,
}

#[derive(Serialize)]
struct FailuresPart {
    first_factor: u32,
    second_factor: u32,
    reauthentications: u32,
}

#[derive(Serialize)]
struct MembershipPart {
    product: String,
    since: Moment,
    billing: Option<BillingPart>,
}

#[derive(Serialize)]
struct BillingPart {
    customer: String,
    plan: String,
    status: &'static str,
    period_end: Option<Moment>,
    managed_by: &'static str,
}

impl AccountPart {
    pub(crate) fn of(account: &Account, ctx: &Context<'_>) -> Self {
        let shown = |slow: Option<Timestamp>| moment(slow.map(|slow| ctx.shown(slow)));
        Self {
            id: account.id.to_string(),
            created_at: account.id.made_at().rfc3339(),
            revision: account.revision,
            status: StatusPart::of(&account.status.shown(ctx)),
            restored_at: shown(account.restored_at),
            display_name: account.display_name.clone(),
            credentials: CredentialsPart::of(&account.credentials, ctx),
            enrolments_begun_at: account.enrolments.iter().map(|begun| begun.begun_at.rfc3339()).collect(),
            reserved: account.reserved.iter().map(|reserved| ReservedPart::of(reserved, ctx)).collect(),
            protected_acts: account.acts.iter().map(|acted| ActedPart::of(acted, ctx)).collect(),
            failures: FailuresPart {
                first_factor: account.first.failures(),
                second_factor: account.second.failures(),
                reauthentications: account.reauthentications.iter().map(|(_, count)| u32::from(*count)).sum(),
            },
            hold_until: shown(account.hold.map(|hold| hold.until)),
            is_remembered_here: account.is_remembered,
            imported_as: account.origin.as_ref().map(|origin| origin.external_id.clone()),
            memberships: account.memberships.iter().map(MembershipPart::of).collect(),
        }
    }
}

impl CredentialsPart {
    pub(crate) fn of(credentials: &Credentials, ctx: &Context<'_>) -> Self {
        let past = credentials.past_contacts.iter().map(|(contact, until)| PastContactPart {
            contact: contact.as_ref().map(typed),
            until: ctx.shown(*until).rfc3339(),
        });
        Self {
            contact: credentials.contact.as_ref().map(typed),
            past_contacts: past.collect(),
            addresses: credentials
                .addresses
                .iter()
                .map(|address| {
                    let (source, method) = match address.source {
                        AddressSource::Method { method } => ("Method", Some(method.to_string())),
                        AddressSource::Contact => ("Contact", None),
                        AddressSource::Import => ("Import", None),
                    };
                    let (email, verified_at) = (typed(&address.email), moment(address.verified_at));
                    AddressPart { email, verified_at, source, method }
                })
                .collect(),
            methods: credentials.methods.iter().map(MethodPart::of).collect(),
            mfa: credentials.mfa.as_ref().map(MfaPart::of),
            suspended_mfa: credentials.suspended_mfa.as_ref().map(MfaPart::of),
        }
    }
}

impl MfaPart {
    fn of(mfa: &Mfa) -> Self {
        Self {
            kind: "Totp",
            since: mfa.since.rfc3339(),
            recovery_codes_left: mfa.codes.len(),
            has_weak_secret: mfa.secret.is_weak(),
        }
    }
}

impl ActedPart {
    fn of(acted: &Acted, ctx: &Context<'_>) -> Self {
        let until = acted.undo_until(ctx.throttle_clock);
        Self {
            act: acted.act.code(),
            at: acted.at.rfc3339(),
            session: acted.session.map(|session| session.to_string()),
            device: acted.device.clone(),
            undo_code_to: acted.code_to.as_ref().map(typed),
            undo_until: moment(until.map(|until| ctx.shown(until))),
        }
    }
}

impl ReservedPart {
    fn of(reserved: &Reserved, ctx: &Context<'_>) -> Self {
        let (kind, identifier) = match &reserved.identifier {
            Identifier::PasswordEmail(email) => ("PasswordEmail", typed(email)),
            Identifier::Identity(Identity { issuer, subject, .. }) => {
                ("Identity", format!("{issuer} {subject}"))
            }
            Identifier::Passkey(id) => ("Passkey", encoded(id)),
            Identifier::Customer(customer) => ("Customer", customer.to_string()),
            Identifier::External(id) => ("External", id.clone()),
        };
        Self { kind, identifier, until: ctx.shown(reserved.until).rfc3339() }
    }
}

impl StatusPart {
    fn of(status: &Status) -> Self {
        match status {
            Status::Active => Self { is: "Active", requested_at: None, purge_at: None, requested_by: None },
            Status::PendingDeletion { requested_at, purge_at, requested_by } => Self {
                is: "PendingDeletion",
                requested_at: Some(requested_at.rfc3339()),
                purge_at: Some(purge_at.rfc3339()),
                requested_by: Some(requested_by.code()),
            },
        }
    }
}

impl MethodPart {
    fn of(method: &Method) -> Self {
        let mut part = Self {
            id: method.id.to_string(),
            kind: method.kind().code(),
            provider: None,
            issuer: None,
            subject: None,
            handle: None,
            email: None,
            seen_email: None,
            added_at: method.added_at.rfc3339(),
            used_at: moment(method.used_at),
            compromised_at: moment(method.compromised_at),
            is_suspended: method.suspended,
            passkey: None,
        };
        match &method.credential {
            Credential::Password { email, .. } => part.email = Some(typed(email)),
            Credential::Federated { identity, handle, email, seen_email } => {
                part.provider = Some(identity.provider.to_string());
                part.issuer = Some(identity.issuer.clone());
                part.subject = Some(identity.subject.clone());
                part.handle.clone_from(handle);
                part.email = email.as_ref().map(typed);
                part.seen_email = seen_email.as_ref().map(typed);
            }
            Credential::Passkey(passkey) => {
                part.passkey = Some(PasskeyPart {
                    relying_party: passkey.rp_id.clone(),
                    credential_id: encoded(&passkey.credential_id),
                    user_handle: encoded(&passkey.user_handle),
                    signature_counter: passkey.counter,
                    may_be_copied: passkey.backup_eligible,
                    is_copied: passkey.backed_up,
                    user_was_verified: passkey.user_verified,
                    transports: passkey.transports.clone(),
                });
            }
        }
        part
    }
}

impl MembershipPart {
    fn of(membership: &Membership) -> Self {
        Self {
            product: membership.product.to_string(),
            since: membership.since.rfc3339(),
            billing: membership.billing.as_ref().map(|billing| BillingPart {
                customer: billing.customer.to_string(),
                plan: billing.plan.clone(),
                status: billing.status.code(),
                period_end: moment(billing.period_end),
                managed_by: billing.managed_by.code(),
            }),
        }
    }
}

pub(crate) fn moment(at: Option<Timestamp>) -> Option<Moment> {
    at.map(Timestamp::rfc3339)
}

fn typed(email: &EmailAddress) -> String {
    email.as_typed().to_owned()
}
