//! The accounts that a device offers, and their names (SPEC 1.11).

use crate::records::account::{Account, Owner};
use crate::records::audit::{Action, Event};
use crate::records::context::Context;
use crate::records::verdict::{Change, Verdict};

/// Makes the picker offer an account after a sign-in, unless the person declined.
pub(crate) fn remember(account: &mut Account, wanted: bool, changes: &mut Vec<Change>, ctx: &Context<'_>) {
    if ctx.policy.picker() && wanted && !account.is_remembered {
        account.is_remembered = true;
        changes.push(Change::Remembered { account: account.id, is_remembered: true });
    }
}

/// Removes the account from the picker, for anybody who holds the device. Its sessions on the device end, and
/// nothing else changes.
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

/// Sets or removes the display name. It is only shown and finds no account (SPEC 1.10, 1.11).
pub(crate) fn display_name(owner: &Owner, name: Option<String>, ctx: &Context<'_>) -> Verdict<()> {
    let Owner { session, account } = owner;
    let account = Account { display_name: name, ..account.clone() };
    let event = Event::done(Action::DisplayNameChanged, Some(session.id), ctx.now);
    Verdict::account((), account, event)
}
