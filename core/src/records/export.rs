//! The owner's export: everything that the store holds about the account, except secrets (SPEC 10.1).
//!
//! `core/schema/export.schema.json` defines the document's shape. The catalogue says which member holds which
//! table of the store.

use serde::Serialize;

use super::export_account::{AccountPart, CredentialsPart, Moment, moment};
use crate::ground::email::EmailAddress;
use crate::records::account::Account;
use crate::records::audit::{Actor, Outcome};
use crate::records::caller::Recognition;
use crate::records::chain::Activity;
use crate::records::context::Context;
use crate::records::message::Outgoing;
use crate::records::privacy::{PrivacyRequest, RequestStatus};
use crate::records::session::{Aal, Session};
use crate::records::support::SupportRecord;
use crate::records::undo::Undo;

/// The JSON Schema (draft 2020-12) of the document that
/// [`AccountHandle::export`](crate::AccountHandle::export) returns.
pub const EXPORT_SCHEMA: &str = include_str!("../../schema/export.schema.json");

/// The data about an account in rows other than its own.
pub(crate) struct Holdings {
    pub(crate) sessions: Vec<Session>,
    pub(crate) suspended: Vec<Session>,
    pub(crate) recognitions: Vec<Recognition>,
    pub(crate) activity: Vec<Activity>,
    pub(crate) messages: Vec<Outgoing>,
    pub(crate) undo: Vec<Undo>,
    pub(crate) requests: Vec<PrivacyRequest>,
    pub(crate) support: Vec<SupportRecord>,
}

#[derive(Serialize)]
pub(crate) struct Document {
    format: &'static str,
    version: u8,
    realm: String,
    exported_at: Moment,
    account: AccountPart,
    sessions: Vec<SessionPart>,
    recognitions: Vec<RecognitionPart>,
    activity: Vec<ActivityPart>,
    messages: Vec<MessagePart>,
    undo: Vec<UndoPart>,
    requests: Vec<RequestPart>,
    support: Vec<SupportPart>,
}

#[derive(Serialize)]
struct UndoPart {
    act: &'static str,
    made_at: Moment,
    expires_at: Moment,
    /// The credentials that the undo puts back.
    before: CredentialsPart,
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
    /// Whether the session waits for the account to be restored.
    is_waiting: bool,
    auth_time: Moment,
    first_factor_at: Moment,
    created_at: Moment,
    used_at: Moment,
    ends_at: Option<Moment>,
}

#[derive(Serialize)]
struct RecognitionPart {
    /// The last sessions that were opened with it.
    sessions: Vec<String>,
    used_at: Moment,
    first_factor_failures: u32,
    second_factor_failures: u32,
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
    withdrawn_at: Option<Moment>,
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
            account: AccountPart::of(account, ctx),
            sessions: living.chain(waiting).collect(),
            recognitions: holdings.recognitions.iter().map(RecognitionPart::of).collect(),
            activity: holdings.activity.iter().map(ActivityPart::of).collect(),
            messages: holdings.messages.iter().map(MessagePart::of).collect(),
            undo: holdings.undo.iter().map(|undo| UndoPart::of(undo, ctx)).collect(),
            requests: holdings.requests.iter().map(RequestPart::of).collect(),
            support: holdings.support.iter().map(SupportPart::of).collect(),
        }
    }
}

impl UndoPart {
    /// Leaves out the code, which is secret.
    fn of(undo: &Undo, ctx: &Context<'_>) -> Self {
        Self {
            act: undo.act.code(),
            made_at: undo.made_at.rfc3339(),
            expires_at: ctx.shown(undo.expires_at).rfc3339(),
            before: CredentialsPart::of(&undo.before, ctx),
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
            ends_at: session.ends_at.map(|end| end.rfc3339()),
        }
    }
}

impl RecognitionPart {
    /// Leaves out the hash, which names a secret.
    fn of(recognition: &Recognition) -> Self {
        Self {
            sessions: recognition.sessions.iter().map(ToString::to_string).collect(),
            used_at: recognition.used_at.rfc3339(),
            first_factor_failures: recognition.first.failures(),
            second_factor_failures: recognition.second.failures(),
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
    /// Leaves out the text, which may be secret. The kind, the masked address and the times stay.
    fn of(message: &Outgoing) -> Self {
        Self {
            kind: message.body.kind().code(),
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
                RequestStatus::Closed { at } => Some(at.rfc3339()),
                RequestStatus::Open | RequestStatus::Withdrawn { .. } => None,
            },
            withdrawn_at: match request.status {
                RequestStatus::Withdrawn { at } => Some(at.rfc3339()),
                RequestStatus::Open | RequestStatus::Closed { .. } => None,
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
