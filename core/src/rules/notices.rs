//! Notices to the addresses of an account (SPEC 1.12).

use crate::records::account::Account;
use crate::records::context::Context;
use crate::records::message::{Body, Outgoing};
use crate::records::verdict::Change;

/// A message to every verified address of the account.
pub(crate) fn told(account: &Account, body: &Body, device: &str, ctx: &Context<'_>) -> Vec<Change> {
    account
        .verified()
        .map(|email| {
            let message = Outgoing::new(email.as_typed(), body.clone(), device, ctx.now);
            Change::Send(message.about(account.id))
        })
        .collect()
}
