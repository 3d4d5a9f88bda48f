//! Notices to the addresses of an account (SPEC 1.12).

use crate::ground::email::EmailAddress;
use crate::records::account::Account;
use crate::records::context::Context;
use crate::records::message::{Body, Outgoing};
use crate::records::verdict::Change;

/// Sends a notice about an account to one address, in the form that was proven (SPEC 1.9).
pub(crate) fn to(
    email: &EmailAddress,
    account: &Account,
    body: &Body,
    device: &str,
    ctx: &Context<'_>,
) -> Outgoing {
    Outgoing::new(email.canonical(), body.clone(), device, ctx).about(account.id)
}

/// Sends a notice to every verified address of the account.
pub(crate) fn to_verified(account: &Account, body: &Body, device: &str, ctx: &Context<'_>) -> Vec<Change> {
    account.verified().map(|email| Change::Send(to(email, account, body, device, ctx))).collect()
}

/// Sends a notice of a deletion or an erasure to every verified address, and to the standing contact.
pub(crate) fn of_deletion(account: &Account, body: &Body, device: &str, ctx: &Context<'_>) -> Vec<Change> {
    let told = account.verified_or_standing(ctx.throttle_clock);
    told.map(|email| Change::Send(to(email, account, body, device, ctx))).collect()
}
