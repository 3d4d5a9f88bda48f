//! What a device is told of its accounts: whom it offers, and what they are called (SPEC 1.11).

use crate::records::account::{Account, Owner};
use crate::records::audit::{Action, Event};
use crate::records::context::Context;
use crate::records::verdict::{Change, Verdict};

/// Somebody who was let in is offered from now on, unless they said no.
pub(crate) fn remember(account: &mut Account, wanted: bool, changes: &mut Vec<Change>, ctx: &Context<'_>) {
    if ctx.policy.picker() && wanted && !account.is_remembered {
        account.is_remembered = true;
        changes.push(Change::Remembered { account: account.id, is_remembered: true });
    }
}

/// Whoever holds the device wants the account offered no more: its sessions here end, and nothing is lost.
pub(crate) fn forget(mut account: Account, ctx: &Context<'_>) -> Verdict<()> {
    if !account.is_remembered {
        return Verdict::done((), Vec::new());
    }
    account.is_remembered = false;
    account.no_sessions();
    let event = Event::done(Action::ForgottenHere, None, ctx.now);
    Verdict::done(
        (),
        vec![
            Change::Remembered { account: account.id, is_remembered: false },
            Change::SessionsEnded { account: account.id, except: None },
            Change::account(account, event),
        ],
    )
}

/// The owner chooses what to be called, or nothing. It is shown and finds nobody (SPEC 1.10, 1.11).
pub(crate) fn display_name(owner: &Owner, name: Option<String>, ctx: &Context<'_>) -> Verdict<()> {
    let Owner { session, account } = owner;
    let account = Account { display_name: name, ..account.clone() };
    let event = Event::done(Action::DisplayNameChanged, Some(session.id), ctx.now);
    Verdict::account((), account, event)
}
