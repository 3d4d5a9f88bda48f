//! The owner's export: everything that the store holds about the account, but no secret (SPEC 10.1).
//!
//! The document's shape is `core/schema/export.schema.json`; a table of the store stands in it at the
//! member that the catalogue says.

use serde::Serialize;

use crate::ground::email::EmailAddress;
use crate::ground::time::Timestamp;
use crate::records::account::{Account, Status};
use crate::records::address::AddressSource;
use crate::records::audit::{Actor, Outcome};
use crate::records::chain::Activity;
use crate::records::context::Context;
use crate::records::deletion::RequestedBy;
use crate::records::identifier::Identifier;
use crate::records::message::Outgoing;
use crate::records::method::{Credential, Method};
use crate::records::mfa::Mfa;
use crate::records::privacy::{PrivacyRequest, RequestStatus};
use crate::records::product::Membership;
use crate::records::protected::Reserved;
use crate::records::provider::Identity;
use crate::records::session::{Aal, Session};
use crate::records::support::SupportRecord;
use crate::records::undo::Undo;
use crate::records::ways::Ways;

/// The JSON Schema (draft 2020-12) of what [`AccountHandle::export`](crate::AccountHandle::export) gives.
pub const EXPORT_SCHEMA: &str = include_str!("../../schema/export.schema.json");

/// What the store holds about an account beside the account.
pub(crate) struct Holdings {
    pub(crate) sessions: Vec<Session>,
    pub(crate) suspended: Vec<Session>,
    pub(crate) activity: Vec<Activity>,
    pub(crate) messages: Vec<Outgoing>,
    pub(crate) undo: Vec<Undo>,
    pub(crate) requests: Vec<PrivacyRequest>,
    pub(crate) support: Vec<SupportRecord>,
}

/// A point in time as RFC 3339 writes it.
type Moment = String;

#[derive(Serialize)]
pub(crate) struct Document {
    format: &'static str,
    version: u8,
    realm: String,
    exported_at: Moment,
    account: AccountPart,
    sessions: Vec<SessionPart>,
    activity: Vec<ActivityPart>,
    messages: Vec<MessagePart>,
    undo: Vec<UndoPart>,
    requests: Vec<RequestPart>,
    support: Vec<SupportPart>,
}

#[derive(Serialize)]
struct AccountPart {
    id: String,
    created_at: Moment,
    revision: u64,
    status: StatusPart,
    restored_at: Option<Moment>,
    display_name: Option<String>,
    #[serde(flatten)]
    ways: WaysPart,
    /// When second factors or recovery codes were begun that are not on yet.
    enrolments_begun_at: Vec<Moment>,
    reserved: Vec<ReservedPart>,
    undo_until: Option<Moment>,
    failures: FailuresPart,
    hold_until: Option<Moment>,
    is_remembered_here: bool,
    /// What another service called it, if it came from there.
    imported_as: Option<String>,
    memberships: Vec<MembershipPart>,
}

/// The ways in, and the addresses that reach the owner.
#[derive(Serialize)]
struct WaysPart {
    contact: Option<String>,
    addresses: Vec<AddressPart>,
    methods: Vec<MethodPart>,
    mfa: Option<MfaPart>,
    suspended_mfa: Option<MfaPart>,
}

#[derive(Serialize)]
struct ReservedPart {
    kind: &'static str,
    identifier: String,
    until: Moment,
}

#[derive(Serialize)]
struct UndoPart {
    act: &'static str,
    made_at: Moment,
    expires_at: Moment,
    /// What the undo puts back.
    before: WaysPart,
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
}

#[derive(Serialize)]
struct MfaPart {
    kind: &'static str,
    since: Moment,
    recovery_codes_left: usize,
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

#[derive(Serialize)]
struct SessionPart {
    id: String,
    device: String,
    product: Option<String>,
    method: String,
    kind: &'static str,
    amr: Vec<&'static str>,
    aal: u8,
    is_recovered: bool,
    is_remembered: bool,
    /// It goes on when the account is restored.
    is_waiting: bool,
    auth_time: Moment,
    first_factor_at: Moment,
    created_at: Moment,
    used_at: Moment,
}

#[derive(Serialize)]
struct ActivityPart {
    sequence: u64,
    first_at: Moment,
    last_at: Moment,
    count: u32,
    actor: &'static str,
    session: Option<String>,
    action: &'static str,
    is_done: bool,
}

#[derive(Serialize)]
struct MessagePart {
    kind: &'static str,
    to: String,
    device: String,
    created_at: Moment,
    fetched_at: Option<Moment>,
}

#[derive(Serialize)]
struct RequestPart {
    id: String,
    kind: &'static str,
    made_at: Moment,
    due_at: Moment,
    told_at: Option<Moment>,
    closed_at: Option<Moment>,
    receipt: Option<String>,
}

#[derive(Serialize)]
struct SupportPart {
    operator: String,
    ticket: String,
    at: Moment,
    act: &'static str,
}

impl Document {
    pub(crate) fn of(account: &Account, holdings: &Holdings, ctx: &Context<'_>) -> Self {
        let living = holdings.sessions.iter().map(|session| SessionPart::of(session, false));
        let waiting = holdings.suspended.iter().map(|session| SessionPart::of(session, true));
        Self {
            format: "selfsame-export",
            version: 1,
            realm: ctx.policy.realm().to_owned(),
            exported_at: ctx.now.rfc3339(),
            account: AccountPart::of(account),
            sessions: living.chain(waiting).collect(),
            activity: holdings.activity.iter().map(ActivityPart::of).collect(),
            messages: holdings.messages.iter().map(MessagePart::of).collect(),
            undo: holdings.undo.iter().map(UndoPart::of).collect(),
            requests: holdings.requests.iter().map(RequestPart::of).collect(),
            support: holdings.support.iter().map(SupportPart::of).collect(),
        }
    }
}

impl AccountPart {
    fn of(account: &Account) -> Self {
        Self {
            id: account.id.to_string(),
            created_at: account.id.made_at().rfc3339(),
            revision: account.revision,
            status: StatusPart::of(&account.status),
            restored_at: moment(account.restored_at),
            display_name: account.display_name.clone(),
            ways: WaysPart::of(&account.ways),
            enrolments_begun_at: account.enrolments.iter().map(|begun| begun.begun_at.rfc3339()).collect(),
            reserved: account.reserved.iter().map(ReservedPart::of).collect(),
            undo_until: moment(account.undo_until),
            failures: FailuresPart {
                first_factor: account.first.failures(),
                second_factor: account.second.failures(),
                reauthentications: account.reauthentications.iter().map(|(_, count)| u32::from(*count)).sum(),
            },
            hold_until: moment(account.hold.map(|hold| hold.until)),
            is_remembered_here: account.is_remembered,
            imported_as: account.origin.as_ref().map(|origin| origin.external_id.clone()),
            memberships: account.memberships.iter().map(MembershipPart::of).collect(),
        }
    }
}

impl WaysPart {
    fn of(ways: &Ways) -> Self {
        Self {
            contact: ways.contact.as_ref().map(typed),
            addresses: ways
                .addresses
                .iter()
                .map(|address| {
                    let (source, method) = match address.source {
                        AddressSource::Method(method) => ("Method", Some(method.to_string())),
                        AddressSource::Contact => ("Contact", None),
                        AddressSource::Import => ("Import", None),
                    };
                    let (email, verified_at) = (typed(&address.email), moment(address.verified_at));
                    AddressPart { email, verified_at, source, method }
                })
                .collect(),
            methods: ways.methods.iter().map(MethodPart::of).collect(),
            mfa: ways.mfa.as_ref().map(MfaPart::of),
            suspended_mfa: ways.suspended_mfa.as_ref().map(MfaPart::of),
        }
    }
}

impl MfaPart {
    fn of(mfa: &Mfa) -> Self {
        Self { kind: "Totp", since: mfa.since.rfc3339(), recovery_codes_left: mfa.codes.len() }
    }
}

impl ReservedPart {
    fn of(reserved: &Reserved) -> Self {
        let (kind, identifier) = match &reserved.identifier {
            Identifier::PasswordEmail(email) => ("PasswordEmail", typed(email)),
            Identifier::Identity(Identity { issuer, subject, .. }) => {
                ("Identity", format!("{issuer} {subject}"))
            }
            Identifier::Customer(customer) => ("Customer", customer.to_string()),
            Identifier::External(id) => ("External", id.clone()),
        };
        Self { kind, identifier, until: reserved.until.rfc3339() }
    }
}

impl UndoPart {
    /// The code is a secret; what it puts back is not.
    fn of(undo: &Undo) -> Self {
        Self {
            act: undo.act.code(),
            made_at: undo.made_at.rfc3339(),
            expires_at: undo.expires_at.rfc3339(),
            before: WaysPart::of(&undo.before),
        }
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
                requested_by: Some(RequestedBy::code(requested_by)),
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

impl SessionPart {
    fn of(session: &Session, is_waiting: bool) -> Self {
        Self {
            id: session.id.to_string(),
            device: session.client.device().to_owned(),
            product: session.client.product().map(ToString::to_string),
            method: session.method.to_string(),
            kind: session.kind.code(),
            amr: session.amr.iter().map(|amr| amr.as_str()).collect(),
            aal: if session.aal == Aal::Aal2 { 2 } else { 1 },
            is_recovered: session.recovered,
            is_remembered: session.client.is_remembered(),
            is_waiting,
            auth_time: session.auth_time.rfc3339(),
            first_factor_at: session.first_at.rfc3339(),
            created_at: session.created_at.rfc3339(),
            used_at: session.used_at.rfc3339(),
        }
    }
}

impl ActivityPart {
    fn of(kept: &Activity) -> Self {
        let event = &kept.event;
        Self {
            sequence: kept.sequence,
            first_at: event.first.rfc3339(),
            last_at: event.last.rfc3339(),
            count: event.count,
            actor: match event.actor {
                Actor::Owner => "Owner",
                Actor::Support => "Support",
                Actor::Host => "Host",
                Actor::System => "System",
            },
            session: event.session.map(|session| session.to_string()),
            action: event.action.code(),
            is_done: event.outcome == Outcome::Done,
        }
    }
}

impl MessagePart {
    /// What it says may be a secret: its kind, where it goes and when are not.
    fn of(message: &Outgoing) -> Self {
        Self {
            kind: message.to_message().kind.code(),
            to: EmailAddress::parse(&message.to).map_or_else(|_| String::new(), |email| email.masked()),
            device: message.device.clone(),
            created_at: message.created_at.rfc3339(),
            fetched_at: moment(message.fetched_at),
        }
    }
}

impl RequestPart {
    fn of(request: &PrivacyRequest) -> Self {
        Self {
            id: request.id.to_string(),
            kind: request.kind.code(),
            made_at: request.made_at.rfc3339(),
            due_at: request.due_at.rfc3339(),
            told_at: moment(request.told_at),
            closed_at: match request.status {
                RequestStatus::Open => None,
                RequestStatus::Closed { at } => Some(at.rfc3339()),
            },
            receipt: request.receipt.clone(),
        }
    }
}

impl SupportPart {
    fn of(record: &SupportRecord) -> Self {
        Self {
            operator: record.operator.clone(),
            ticket: record.ticket.clone(),
            at: record.at.rfc3339(),
            act: record.act.code(),
        }
    }
}

fn moment(at: Option<Timestamp>) -> Option<Moment> {
    at.map(Timestamp::rfc3339)
}

fn typed(email: &EmailAddress) -> String {
    email.as_typed().to_owned()
}
