//! What the steps of a flow ask a passkey: options with a challenge (SPEC 5.8).

use crate::crypto::webauthn;
use crate::records::account::Account;
use crate::records::context::Context;
use crate::records::flow::FlowRecord;
use crate::records::passkey::{self, UserHandle};

/// Returns the options for one of the account's passkeys, or for any passkey. `None` if there can be none.
pub(crate) fn request(account: Option<&Account>, flow: &FlowRecord, ctx: &Context<'_>) -> Option<String> {
    let rp = ctx.policy.relying_party()?;
    let allowed = account.into_iter().flat_map(|account| account.passkeys(ctx.policy)).map(|(_, own)| own);
    Some(passkey::request_options(rp, &challenge(flow, ctx), allowed))
}

/// Returns the options for a new passkey of the account.
pub(crate) fn creation(
    account: &Account,
    user_handle: UserHandle,
    flow: &FlowRecord,
    ctx: &Context<'_>,
) -> Option<String> {
    let rp = ctx.policy.relying_party()?;
    let email = account.credentials.contact.as_ref().map(|contact| contact.as_typed());
    let name = email.or(account.display_name.as_deref()).unwrap_or(ctx.policy.realm());
    let known = account.passkeys(ctx.policy).map(|(_, own)| own);
    let realm = ctx.policy.realm();
    Some(passkey::creation_options(rp, realm, (user_handle, name), &challenge(flow, ctx), known))
}

fn challenge(flow: &FlowRecord, ctx: &Context<'_>) -> Vec<u8> {
    webauthn::challenge(ctx.keys, flow.id, flow.number, ctx.now)
}

/// Whether the flow's step has shown this challenge, and not too long ago.
pub(crate) fn is_challenge(given: &[u8], flow: &FlowRecord, ctx: &Context<'_>) -> bool {
    webauthn::is_challenge(given, ctx.keys, flow.id, flow.number, ctx.now)
}
