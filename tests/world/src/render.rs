//! The engine's answers as JSON: what a transcript is made of, in every language.
//!
//! One function for each type. Members are in the order of their names. Ids are text, variants their
//! codes, times milliseconds since 1970, spans milliseconds, what is not there null. A password, a code
//! and a token never appear: that a token was handed out is `true`.

use std::time::Duration;

use selfsame::{
    Aal, Accepted, AccountView, Activity, Actor, Adding, AddressSource, AddressStep, AddressView, Amr,
    Candidate, Deletion, Destination, Error, Explanation, Flow, Grant, Health, Membership, Message,
    MessageKind, MethodView, Outcome, PickerEntry, PrivacyRequest, ProviderId, PurgeReceipt, PurgeReport,
    RecoveryCodes, Refusal, RequestStatus, Session, Status, StillBilled, SupportRecord, SupportView,
    Timestamp, TotpEnrolment,
};
use serde_json::{Value, json};

pub use crate::play::step;

/// A refusal or another failure: its code, and what it says besides.
pub fn error(error: &Error) -> Value {
    let Error::Refused(refusal) = error else {
        return json!({ "failed": error.code() });
    };
    let mut shown = json!({ "refused": refusal.code() });
    let more = match refusal {
        Refusal::AssertionRejected { reason } => Some(("reason", json!(reason.code()))),
        Refusal::InvalidEmail { reason } => Some(("reason", json!(reason.code()))),
        Refusal::InvalidName { reason } => Some(("reason", json!(reason.code()))),
        Refusal::InvalidKeys { reason } => Some(("reason", json!(reason.code()))),
        Refusal::NeedsKeys { issuer } => Some(("issuer", json!(issuer))),
        Refusal::InvalidPassword { rule } => Some(("rule", json!(rule.code()))),
        Refusal::OnHold { until } => Some(("until", json!(time(*until)))),
        Refusal::ReauthenticationRequired { accepted } => {
            Some(("accepted", json!(accepted.iter().map(self::accepted).collect::<Vec<_>>())))
        }
        Refusal::TooEarly { at } => Some(("at", json!(time(*at)))),
        Refusal::Throttled { retry_at } => Some(("retry_at", json!(retry_at.map(time)))),
        _ => None,
    };
    if let (Some((name, value)), Value::Object(members)) = (more, &mut shown) {
        members.insert(name.to_owned(), value);
    }
    shown
}

/// Where a flow is. A sign-in that is done at once has no flow.
pub fn flow(flow: &Flow) -> Value {
    let mut shown = step(&flow.step);
    if let Value::Object(members) = &mut shown {
        members.insert("in_flow".to_owned(), json!(flow.token.is_some()));
        members.insert("number".to_owned(), json!(flow.number));
    }
    shown
}

/// An account in the link prompt.
pub fn candidate(candidate: &Candidate) -> Value {
    json!({
        "place": candidate.place,
        "methods": candidate.methods.iter().map(|kind| kind.code()).collect::<Vec<_>>(),
        "providers": candidate.providers.iter().map(ProviderId::as_str).collect::<Vec<_>>(),
        "created": candidate.created.to_string(),
        "drops_new_password": candidate.drops_new_password,
    })
}

/// The account page.
pub fn account(account: &AccountView) -> Value {
    json!({
        "id": account.id.to_string(),
        "status": status(&account.status),
        "created": time(account.created),
        "display_name": account.display_name,
        "contact": account.contact,
        "addresses": account.addresses.iter().map(address).collect::<Vec<_>>(),
        "methods": account.methods.iter().map(method).collect::<Vec<_>>(),
        "mfa": account.mfa.as_ref().map(|mfa| json!({
            "since": time(mfa.since),
            "recovery_codes_left": mfa.recovery_codes_left,
            "few_recovery_codes": mfa.few_recovery_codes,
        })),
        "hold_until": account.hold_until.map(time),
        "second_factor_suspended": account.second_factor_suspended,
    })
}

/// What an account has with a product.
pub fn membership(membership: &Membership) -> Value {
    json!({
        "product": membership.product.as_str(),
        "since": time(membership.since),
        "billing": membership.billing.as_ref().map(|billing| json!({
            "customer": billing.customer.as_str(),
            "plan": billing.plan,
            "status": billing.status.code(),
            "period_end": billing.period_end.map(time),
            "managed_by": billing.managed_by.code(),
        })),
    })
}

/// A deletion that was asked for.
pub fn deletion(deletion: &Deletion) -> Value {
    let billed = |billed: &StillBilled| {
        json!({
            "product": billed.product.as_str(),
            "managed_by": billed.managed_by.code(),
            "url": billed.url,
        })
    };
    let grant = |grant: &Grant| json!({ "provider": grant.provider.as_str(), "handle": grant.handle });
    json!({
        "purge_at": time(deletion.purge_at),
        "still_billed": deletion.still_billed.iter().map(billed).collect::<Vec<_>>(),
        "grants": deletion.grants.iter().map(grant).collect::<Vec<_>>(),
    })
}

/// What a purge came to.
pub fn purge(report: &PurgeReport) -> Value {
    let receipt = |receipt: &PurgeReceipt| {
        let removed: serde_json::Map<_, _> =
            receipt.removed.iter().map(|removed| (removed.table.clone(), json!(removed.rows))).collect();
        json!({
            "account": receipt.account.to_string(),
            "purge_at": time(receipt.purge_at),
            "purged_at": time(receipt.purged_at),
            "removed": removed,
        })
    };
    json!({
        "receipts": report.receipts.iter().map(receipt).collect::<Vec<_>>(),
        "more": report.more,
        "next_look": report.next_look.map(time),
    })
}

/// An account as support sees it.
pub fn support_view(view: &SupportView) -> Value {
    json!({
        "id": view.id.to_string(),
        "status": status(&view.status),
        "created": time(view.created),
        "contact": view.contact,
        "methods": view.methods.iter().map(|kind| kind.code()).collect::<Vec<_>>(),
        "providers": view.providers.iter().map(ProviderId::as_str).collect::<Vec<_>>(),
        "products": view.products.iter().map(|product| product.as_str()).collect::<Vec<_>>(),
    })
}

/// What support has done.
pub fn support_record(record: &SupportRecord) -> Value {
    json!({
        "account": record.account.to_string(),
        "operator": record.operator,
        "ticket": record.ticket,
        "at": time(record.at),
        "act": record.act.code(),
    })
}

/// A request about data.
pub fn request(request: &PrivacyRequest) -> Value {
    let (is, closed_at) = match request.status {
        RequestStatus::Open => ("Open", None),
        RequestStatus::Closed { at } => ("Closed", Some(time(at))),
    };
    json!({
        "id": request.id.to_string(),
        "account": request.account.to_string(),
        "kind": request.kind.code(),
        "made_at": time(request.made_at),
        "due_at": time(request.due_at),
        "told_at": request.told_at.map(time),
        "is": is,
        "closed_at": closed_at,
        "receipt": request.receipt,
    })
}

/// Where to send the person.
pub fn destination(destination: &Destination) -> Value {
    let (store, url) = match destination {
        Destination::Product { url } => (None, Some(url)),
        Destination::Store { store, url } => (Some(store.code()), Some(url)),
        Destination::ManagedElsewhere { url } => (None, url.as_ref()),
    };
    json!({ "to": destination.code(), "store": store, "url": url })
}

/// What an act would do.
pub fn explanation(explanation: &Explanation) -> Value {
    json!({
        "rules": explanation.rules,
        "would": explanation.outcome.as_ref().map_or_else(
            |refusal| error(&Error::Refused(refusal.clone())),
            |()| json!({ "be": "done" }),
        ),
        "effects": explanation.effects.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// An account that a device offers.
pub fn picker_entry(entry: &PickerEntry) -> Value {
    json!({
        "account": entry.account.to_string(),
        "display_name": entry.display_name,
        "email": entry.email,
        "methods": entry.methods.iter().map(|kind| kind.code()).collect::<Vec<_>>(),
        "needs_network": entry.needs_network,
    })
}

/// What an act on an account's addresses has come to.
pub fn address_step(step: &AddressStep) -> Value {
    match step {
        AddressStep::Done => json!({ "comes_to": "Done" }),
        AddressStep::ProveAddress { to } => json!({ "comes_to": "ProveAddress", "to": to }),
        AddressStep::ReviewMethods { methods, second_factor } => json!({
            "comes_to": "ReviewMethods",
            "methods": methods.iter().map(method).collect::<Vec<_>>(),
            "second_factor": second_factor,
        }),
    }
}

/// A session.
pub fn session(session: &Session) -> Value {
    json!({
        "id": session.id.to_string(),
        "account": session.account.to_string(),
        "device": session.client.device(),
        "product": session.client.product().map(|product| product.as_str()),
        "method": session.method.to_string(),
        "kind": session.kind.code(),
        "amr": amr(&session.amr),
        "aal": aal(session.aal),
        "recovered": session.recovered,
        "auth_time": time(session.auth_time),
        "first_at": time(session.first_at),
        "created_at": time(session.created_at),
        "used_at": time(session.used_at),
    })
}

/// An event of the account's history.
pub fn activity(activity: &Activity) -> Value {
    let event = &activity.event;
    json!({
        "sequence": activity.sequence,
        "first": time(event.first),
        "last": time(event.last),
        "count": event.count,
        "session": event.session.map(|session| session.to_string()),
        "actor": match event.actor {
            Actor::Owner => "Owner",
            Actor::Support => "Support",
            Actor::Host => "Host",
            Actor::System => "System",
        },
        "action": event.action.code(),
        "says": event.to_string(),
        "done": event.outcome == Outcome::Done,
    })
}

/// A message, without the code in it.
pub fn message(message: &Message) -> Value {
    let mut shown = json!({
        "kind": message.kind.code(),
        "to": message.to,
        "device": message.device,
        "created_at": time(message.created_at),
        "undo_until": message.undo.as_ref().map(|offer| time(offer.until)),
    });
    if let Value::Object(members) = &mut shown {
        match &message.kind {
            MessageKind::MethodAdded { kind, provider } | MessageKind::MethodRemoved { kind, provider } => {
                members.insert("method".to_owned(), json!(kind.code()));
                members.insert("provider".to_owned(), json!(provider.as_ref().map(ProviderId::as_str)));
            }
            MessageKind::DeletionRequested { purge_at } | MessageKind::DeletionReminder { purge_at } => {
                members.insert("purge_at".to_owned(), json!(time(*purge_at)));
            }
            MessageKind::ErasureAnnounced { from } => {
                members.insert("from".to_owned(), json!(time(*from)));
            }
            MessageKind::RevokeGrant { provider, subject } => {
                members.insert("provider".to_owned(), json!(provider.as_str()));
                members.insert("subject".to_owned(), json!(subject));
            }
            MessageKind::RecoveryCodeUsed { left } => {
                members.insert("left".to_owned(), json!(left));
            }
            _ => {}
        }
    }
    shown
}

/// How the store is.
pub fn health(health: &Health) -> Value {
    json!({
        "schema_version": health.schema_version,
        "accounts": health.accounts,
        "erasure_pending": health.erasure_pending.map(time),
        "rollback_protected": health.rollback_protected,
        "clock_rolled_back_by": health.clock_rolled_back_by.map(span),
        "clock_events": health.clock_events,
        "outbox": health.outbox,
        "due_purges": health.due_purges,
        "waiting_flows": health.waiting_flows,
    })
}

/// What an authenticator app was given, without what is secret in it.
pub fn enrolment(enrolment: &TotpEnrolment) -> Value {
    json!({ "expires_at": time(enrolment.expires_at) })
}

/// Recovery codes, by how many there are.
pub fn recovery_codes(codes: &RecoveryCodes) -> Value {
    json!({ "recovery_codes": codes.codes.len(), "shown_until": time(codes.shown_until) })
}

/// Milliseconds since 1970.
pub fn time(at: Timestamp) -> u64 {
    at.as_millis()
}

pub(crate) fn adding(adding: &Adding) -> Value {
    match adding {
        Adding::Password { email } => json!({ "kind": "Password", "email": email }),
        Adding::Federated { provider, handle } => {
            json!({ "kind": "Federated", "provider": provider.as_str(), "handle": handle })
        }
    }
}

pub(crate) fn accepted(accepted: &Accepted) -> Value {
    match accepted {
        Accepted::Password => json!("Password"),
        Accepted::Federated { provider } => json!(format!("Federated {provider}")),
    }
}

fn status(status: &Status) -> Value {
    match status {
        Status::Active => json!({ "is": "Active" }),
        Status::PendingDeletion { requested_at, purge_at, requested_by } => json!({
            "is": "PendingDeletion",
            "requested_at": time(*requested_at),
            "purge_at": time(*purge_at),
            "requested_by": requested_by.code(),
        }),
    }
}

fn address(address: &AddressView) -> Value {
    json!({
        "email": address.email,
        "verified_at": address.verified_at.map(time),
        "source": match address.source {
            AddressSource::Method(_) => "Method",
            AddressSource::Contact => "Contact",
            AddressSource::Import => "Import",
        },
        "others": address.others,
    })
}

fn method(method: &MethodView) -> Value {
    json!({
        "id": method.id.to_string(),
        "kind": method.kind.code(),
        "provider": method.provider.as_ref().map(ProviderId::as_str),
        "handle": method.handle,
        "email": method.email,
        "seen_email": method.seen_email,
        "added_at": time(method.added_at),
        "used_at": method.used_at.map(time),
        "compromised_at": method.compromised_at.map(time),
        "suspended": method.suspended,
    })
}

pub(crate) fn amr(used: &[Amr]) -> Vec<&'static str> {
    used.iter().map(|amr| amr.as_str()).collect()
}

pub(crate) fn aal(level: Aal) -> &'static str {
    match level {
        Aal::Aal1 => "Aal1",
        Aal::Aal2 => "Aal2",
    }
}

fn span(span: Duration) -> u64 {
    u64::try_from(span.as_millis()).unwrap_or(u64::MAX)
}
