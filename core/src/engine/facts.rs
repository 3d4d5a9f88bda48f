//! The facts that the rules need to judge a step of a flow, read from the store.

use crate::flow::facts::{Facts, Input, MailFacts, UndoFacts};
use crate::flow::state::Needs;
use crate::ground::email::EmailAddress;
use crate::ground::id::FlowId;
use crate::records::account::{Account, Status};
use crate::records::caller::{Caller, Share};
use crate::records::context::Context;
use crate::records::flow::{FlowRecord, State};
use crate::records::mailed_code::CodePurpose;
use crate::records::session::{Client, Session};
use crate::records::undo::UndoHash;
use crate::rules::recognition;
use crate::store::ahead::Ahead;
use crate::store::port::StoreError;
use crate::store::view::View;

/// Reads what the flow's state needs from the store, and what the answer to it needs.
pub(super) fn facts(
    view: &View<'_>,
    flow: &FlowRecord,
    input: Option<&Input>,
    ctx: &Context<'_>,
) -> Result<Facts, StoreError> {
    let needs = flow.state.needs(input);
    let mut facts = Facts::default();
    view.ahead(|ahead| facts_ahead(ahead, flow, input))?;
    view.ahead(|ahead| {
        needs.holder.iter().for_each(|identifier| ahead.holder(identifier));
        needs.sharing.iter().for_each(|email| ahead.sharing(email));
    })?;
    if let Some((purpose, to)) = needs.mail {
        facts.mail = mail_facts(view, purpose, to, &flow.caller, Some(flow.id), ctx)?;
        let queued = flow.state.proving().and_then(|proving| proving.queued.as_ref());
        facts.mail.send_at = match queued {
            Some(queued) => view.message(queued.message)?.and_then(|message| message.waits_until(ctx)),
            None => None,
        };
    }
    if let Some(identifier) = &needs.holder {
        facts.holder = view.holder(identifier)?;
        facts.reserver = view.reserver(identifier)?;
    }
    if let Some(email) = needs.sharing {
        facts.sharing = view.sharing(email)?;
    }
    (facts.account, facts.session) = named_facts(view, &needs, ctx)?;
    if let (Some(session), Some(_)) = (&facts.session, input)
        && !matches!(flow.state, State::Adding { .. })
    {
        let earned = recognition::of_session(view.recognitions(session.account)?, session.id);
        facts.acts_known = earned.map(|(_, recognition)| recognition.acts_known);
    }
    if let Some(account) = facts.account.as_ref().or(facts.holder.as_ref()) {
        facts.entrance = entrance(view, account, &flow.caller, Some(flow.id), ctx)?;
    }
    if let (Some(account), Some(code)) = (&facts.account, &needs.undo) {
        facts.undo = undo_facts(view, account, code, ctx)?;
    }
    if let Some(account) = facts.account.as_ref().filter(|account| account.status != Status::Active) {
        facts.requests = view.requests(account.id)?;
    }
    Ok(facts)
}

/// Names the rows that [`facts`] reads.
pub(super) fn facts_ahead(ahead: &mut Ahead<'_>, flow: &FlowRecord, input: Option<&Input>) {
    let needs = flow.state.needs(input);
    named_ahead(ahead, flow);
    if let Some((purpose, to)) = needs.mail {
        ahead.mail(purpose, to, &flow.caller);
        let queued = flow.state.proving().and_then(|proving| proving.queued.as_ref());
        queued.into_iter().for_each(|queued| ahead.message(queued.message));
    }
    needs.holder.iter().for_each(|identifier| ahead.claim(identifier));
    needs.sharing.iter().for_each(|email| ahead.proven(email));
    if let (Some(account), Some(_)) = (needs.account, &needs.undo) {
        ahead.undos(account);
    }
}

/// Names the rows of those whom a flow names.
pub(super) fn named_ahead(ahead: &mut Ahead<'_>, flow: &FlowRecord) {
    let needs = flow.state.needs(None);
    ahead.caller(&flow.caller);
    if let Some(account) = needs.account {
        ahead.account(account);
        needs.session.into_iter().for_each(|session| ahead.session(account, session));
    }
}

/// Names the rows that [`mail_facts`] reads for a client.
pub(super) fn mail_ahead(
    view: &View<'_>,
    purpose: CodePurpose,
    to: &EmailAddress,
    client: &Client,
) -> Result<(), StoreError> {
    view.ahead(|ahead| {
        ahead.client(client);
        ahead.mail(purpose, to, &Caller::presenting(client, view.keys()));
    })
}

/// Reads what the store knows of the address that gets a code before a session opens on the account. Returns no address
/// unless the person must enrol a second factor.
pub(super) fn entrance(
    view: &View<'_>,
    account: &Account,
    caller: &Caller,
    asking: Option<FlowId>,
    ctx: &Context<'_>,
) -> Result<MailFacts, StoreError> {
    let credentials = &account.credentials;
    let to = match (&credentials.contact, credentials.unproven_password()) {
        _ if !account.must_enroll(ctx) => None,
        (Some(contact), _) => Some((CodePurpose::SecondFactor, contact)),
        (None, unproven) => unproven.map(|email| (CodePurpose::AddressProof, email)),
    };
    match to {
        Some((purpose, to)) => mail_facts(view, purpose, to, caller, asking, ctx),
        None => Ok(MailFacts::default()),
    }
}

/// Reads the account and the session that a state names.
pub(super) fn named_facts(
    view: &View<'_>,
    needs: &Needs<'_>,
    ctx: &Context<'_>,
) -> Result<(Option<Account>, Option<Session>), StoreError> {
    let Some(account) = needs.account else { return Ok((None, None)) };
    let Some(account) = view.account(account)? else { return Ok((None, None)) };
    let Some(session) = needs.session else { return Ok((Some(account), None)) };
    let session = match view.owners_session(account.id, session)? {
        Some(living) => Some(living),
        None => view.owners_suspended(account.id, session)?,
    };
    let session = session.filter(|session| session.is_live(ctx.now, ctx.policy));
    // The end of a session ends its reauthentication too.
    Ok((session.is_some().then_some(account), session))
}

/// Reads what the store knows of an address that a message would go to.
pub(super) fn mail_facts(
    view: &View<'_>,
    purpose: CodePurpose,
    to: &EmailAddress,
    caller: &Caller,
    asking: Option<FlowId>,
    ctx: &Context<'_>,
) -> Result<MailFacts, StoreError> {
    let address = purpose.address_hash(to, ctx.keys);
    // A recognition is counted separately only at the addresses of its own account.
    let share = view.proven(to)?.into_iter();
    let share = share.map(|account| caller.share_of(Some(account))).find(|share| *share != Share::Strangers);
    let share = share.unwrap_or(Share::Strangers).key();
    let mut waiting = view.waiting(&address, &share)?;
    waiting.retain(|flow| Some(*flow) != asking);
    let pacing = view.pacing(purpose, to, caller)?;
    Ok(MailFacts { pacing, send_at: None, share, waiting })
}

/// Reads what the store knows of an account's undo codes, and of this one.
pub(super) fn undo_facts(
    view: &View<'_>,
    account: &Account,
    code: &UndoHash,
    ctx: &Context<'_>,
) -> Result<UndoFacts, StoreError> {
    let records = view.undos(account.id)?;
    let mut held_by_others = Vec::new();
    if let Some((_, undo)) = records.iter().find(|(hash, _)| hash == code) {
        for identifier in undo.before.identifiers().chain(undo.before.possible_passwords()) {
            if !view.is_free(&identifier, Some(account.id), ctx)? {
                held_by_others.push(identifier);
            }
        }
    }
    Ok(UndoFacts { records, held_by_others })
}
