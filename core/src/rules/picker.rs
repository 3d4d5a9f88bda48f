//! The accounts that a device offers to choose from (SPEC 1.11).

use super::account::{Account, MethodKind, Status};
use super::audit::{Action, Event};
use super::verdict::{Change, Context, Verdict};
use crate::ground::id::AccountId;

/// An account that a device offers to sign in to, as whoever holds the device sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PickerEntry {
    /// Its name, to sign in with.
    pub account: AccountId,
    /// What its owner wants to be called.
    pub display_name: Option<String>,
    /// The contact address, masked: first character and domain.
    pub email: Option<String>,
    /// The kinds of its methods, each once.
    pub methods: Vec<MethodKind>,
    /// Whether no way in works without a network: offer a password (SPEC 4.9).
    pub needs_network: bool,
}

impl PickerEntry {
    pub(crate) fn of(account: &Account) -> Self {
        Self {
            account: account.id,
            display_name: account.display_name.clone(),
            email: account.ways.contact.as_ref().map(|email| email.masked()),
            methods: account.kinds(),
            needs_network: account.works_offline().is_empty(),
        }
    }
}

/// Whether the device offers the account.
pub(crate) fn is_offered(account: &Account) -> bool {
    account.is_remembered && account.status == Status::Active
}

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
            Change::Account { account: Box::new(account), event },
        ],
    )
}

impl Account {
    /// The kinds of its usable methods, each once.
    pub(crate) fn kinds(&self) -> Vec<MethodKind> {
        let mut kinds: Vec<_> = self.usable().map(|method| method.kind()).collect();
        kinds.sort_unstable();
        kinds.dedup();
        kinds
    }

    /// The kinds of methods that work without a network (SPEC 4.9).
    pub(crate) fn works_offline(&self) -> Vec<MethodKind> {
        let mut kinds = self.kinds();
        kinds.retain(|kind| kind.works_offline());
        kinds
    }
}
