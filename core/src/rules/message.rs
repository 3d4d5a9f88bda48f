//! The outbox: which messages the host gets, and when each comes again (SPEC 13.1).

use std::time::Duration;

use crate::ground::short_name::ProviderId;
use crate::ground::time::Timestamp;
use crate::records::account::Account;
use crate::records::context::Context;
use crate::records::flow::{FlowRecord, Proving};
use crate::records::mailed_code::{TypedIn, UNFETCHED_LIFE};
use crate::records::message::{Body, Message, MessageKind, Outgoing};
use crate::records::method::Credential;
use crate::records::pending::Pending;
use crate::records::verdict::{Change, Verdict};

/// How long a fetched message is leased to the worker that fetched it.
const LEASE: Duration = Duration::from_secs(60);
/// How long the delivery of a message is tried.
const TRIED_FOR: Duration = Duration::from_secs(3 * 24 * 60 * 60);
const LONGEST_WAIT: u64 = 60;

/// A message, and what the store knows of its code.
pub(crate) struct DueMessage {
    pub(crate) message: Outgoing,
    pub(crate) place: Place,
    /// The accounts that have the address verified, if the message's code opens nothing.
    pub(crate) sharing: Vec<Account>,
}

/// The place where the code in a message is typed.
pub(crate) enum Place {
    /// The message has no code, or its place is gone.
    None,
    Flow(Box<FlowRecord>),
    Session(Box<Pending>),
}

/// Leases a message to the host, or drops it if it is no longer useful.
pub(crate) fn fetch(due: DueMessage, changes: &mut Vec<Change>, ctx: &Context<'_>) -> Option<Message> {
    let DueMessage { mut message, place, sharing } = due;
    if let Some(turn) = message.waits_until(ctx) {
        message.due_at = turn;
        changes.push(Change::Message(message));
        return None;
    }
    if message.failed_at.is_some_and(|failed_at| ctx.now >= failed_at + TRIED_FOR) {
        changes.push(Change::GivenUp(message.id));
        return None;
    }
    // Also for a message to nobody: its flow ends like every other (SPEC 4.7).
    let says = if is_void(&message, ctx.now) || !starts(&message, place, changes, ctx.now) {
        None
    } else {
        says(&message, &sharing)
    };
    let Some(kind) = says else {
        changes.push(Change::Dropped(message.id));
        return None;
    };
    Some(lease(&mut message, kind, changes, ctx))
}

/// Leases a message to the host.
pub(crate) fn lease(
    message: &mut Outgoing,
    kind: MessageKind,
    changes: &mut Vec<Change>,
    ctx: &Context<'_>,
) -> Message {
    message.fetched_at.get_or_insert(ctx.now);
    message.turn_at = None;
    message.due_at = ctx.now + LEASE;
    changes.push(Change::Message(message.clone()));
    message.to_message(kind)
}

/// Drops a message that was delivered, if it is still there.
pub(crate) fn delivered(message: Option<Outgoing>) -> Verdict<()> {
    Verdict::done((), message.into_iter().map(|message| Change::Dropped(message.id)).collect())
}

/// Counts a failed delivery. Returns when the message comes again, or `None` if it is given up.
pub(crate) fn failed(mut message: Outgoing, place: Place, ctx: &Context<'_>) -> Verdict<Option<Timestamp>> {
    let failed_at = *message.failed_at.get_or_insert(ctx.now);
    if ctx.now >= failed_at + TRIED_FOR {
        return Verdict::done(None, vec![Change::GivenUp(message.id)]);
    }
    let minutes = 1_u64.checked_shl(message.failures).map_or(LONGEST_WAIT, |wait| wait.min(LONGEST_WAIT));
    message.failures = message.failures.saturating_add(1);
    message.due_at = ctx.now + Duration::from_secs(minutes * 60);
    let due_at = message.due_at;
    let mut changes = Vec::new();
    if message.failures == 1 {
        changed(&message, place, &mut changes, |proving| proving.delivery_failed(message.id));
    }
    changes.push(Change::Message(message));
    Verdict::done(Some(due_at), changes)
}

/// Returns whether nobody fetched the message in 30 days, or delivered it in the 30 days after that.
fn is_void(message: &Outgoing, now: Timestamp) -> bool {
    now >= message.fetched_at.unwrap_or(message.created_at) + UNFETCHED_LIFE
}

/// Starts the life of the code in the message. Returns whether to deliver the message: it has no code, or its
/// code can still be used.
fn starts(message: &Outgoing, place: Place, changes: &mut Vec<Change>, now: Timestamp) -> bool {
    !matches!(message.body, Body::Code { .. })
        || changed(message, place, changes, |proving| proving.fetched(message.id, now))
}

/// Changes what waits for the code in the message, if `change` says that something changed.
fn changed(
    message: &Outgoing,
    place: Place,
    changes: &mut Vec<Change>,
    change: impl FnOnce(&mut Proving) -> bool,
) -> bool {
    match (place, &message.body) {
        (Place::Flow(mut flow), _) => {
            let Some(proving) = flow.state.proving_mut() else { return false };
            if !change(proving) {
                return false;
            }
            flow.expires_at = proving.flow_ends_at(flow.expires_at);
            changes.push(Change::Flow(flow));
            true
        }
        (Place::Session(mut pending), Body::Code { typed_in: TypedIn::Session(account, _), .. }) => {
            let is_changed = change(&mut pending.proving);
            if is_changed {
                changes.push(Change::Pending { account: *account, pending });
            }
            is_changed
        }
        _ => false,
    }
}

/// Returns the content of the message. A code that opens nothing is not sent. If accounts without a password have
/// the address, the message names their sign-in methods instead (SPEC 4.7).
fn says(message: &Outgoing, sharing: &[Account]) -> Option<MessageKind> {
    if !matches!(message.body, Body::Code { to_nobody: true, .. }) {
        return Some(message.body.kind());
    }
    let open = sharing.iter().filter(|account| account.password().is_none());
    let open = open.flat_map(|account| &account.credentials.methods);
    let open: Vec<_> = open.filter(|method| !method.suspended).collect();
    let mut methods: Vec<_> = open.iter().map(|method| method.kind()).collect();
    let mut providers: Vec<ProviderId> = open
        .iter()
        .filter_map(|method| match &method.credential {
            Credential::Federated { identity, .. } => Some(identity.provider.clone()),
            Credential::Password { .. } | Credential::Passkey(_) => None,
        })
        .collect();
    methods.sort_unstable();
    methods.dedup();
    providers.sort_unstable();
    providers.dedup();
    (!methods.is_empty()).then_some(MessageKind::NoPassword { methods, providers })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::draw::Draw;
    use crate::rules::bench::{Bench, NOW};

    #[test]
    fn r13_1_a_failed_message_waits_1_2_4_to_60_minutes_and_is_given_up_after_3_days() {
        let bench = Bench::new();
        let draw = Draw::new(&bench.entropy).unwrap();
        let mut ctx = bench.context(&draw);
        let mut message = Outgoing::new("ada@example.org", Body::EmailChanged, "", &ctx);
        let mut waits = Vec::new();
        loop {
            let Verdict { answer, changes } = failed(message.clone(), Place::None, &ctx);
            let Some(Change::Message(next)) = changes.into_iter().next() else {
                assert_eq!(answer, Ok(None));
                break;
            };
            assert_eq!(answer, Ok(Some(next.due_at)));
            assert_eq!(next.id, message.id, "a message keeps its id");
            waits.push(next.due_at.since(ctx.now).as_secs() / 60);
            ctx.now = next.due_at;
            message = next;
        }
        assert_eq!(waits[..8], [1, 2, 4, 8, 16, 32, 60, 60]);
        assert!(waits[8..].iter().all(|wait| *wait == 60));
        let tried = ctx.now.since(NOW);
        assert!(tried >= TRIED_FOR && tried < TRIED_FOR + Duration::from_secs(60 * 60), "{tried:?}");
        assert_eq!(message.failures as usize, waits.len());
    }
}
