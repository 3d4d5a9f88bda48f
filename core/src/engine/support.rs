//! What somebody who helps people can do (SPEC 9.5): look, and start a deletion.

use super::Engine;
use crate::error::Error;
use crate::ground::email::EmailAddress;
use crate::ground::id::AccountId;
use crate::records::chain::Activity;
use crate::records::deletion::Deletion;
use crate::records::identifier::Identifier;
use crate::records::refusal::Refusal;
use crate::records::support::{SupportRecord, SupportView};
use crate::records::verdict::Verdict;
use crate::rules::support;

impl Engine {
    /// The desk of an operator, whom the host has made sure of; the first 64 characters of the name count.
    pub fn support(&self, operator: &str) -> SupportDesk {
        SupportDesk { engine: self.clone(), operator: support::name(operator) }
    }

    /// What support has done to an account, earliest first, also to one that is gone.
    ///
    /// # Errors
    /// [`Error`] from the store.
    pub fn support_records(&self, account: AccountId) -> Result<Vec<SupportRecord>, Error> {
        self.look(|view, _| Ok(Ok(view.support_records(account)?)))
    }
}

/// Where an operator works. There is nothing here that changes a method, an address or a factor, and
/// nothing that opens an account.
#[derive(Clone)]
pub struct SupportDesk {
    engine: Engine,
    operator: String,
}

impl SupportDesk {
    /// The accounts that an id or an exact email names: whose password it goes with, then who has it
    /// verified, earliest first.
    ///
    /// # Errors
    /// [`Refusal::InvalidEmail`] for a text that is neither.
    pub fn find(&self, named: &str) -> Result<Vec<SupportView>, Error> {
        if let Ok(id) = named.trim().parse::<AccountId>() {
            return self.engine.look(|view, _| {
                let account = view.account(id)?;
                Ok(Ok(account.iter().map(|account| account.support_view()).collect()))
            });
        }
        let email = EmailAddress::parse(named).map_err(|reason| Refusal::InvalidEmail { reason })?;
        self.engine.look(|view, _| {
            let holder = view.holder(&Identifier::PasswordEmail(email.clone()))?;
            let mut found: Vec<_> = holder.iter().map(|account| account.support_view()).collect();
            for account in view.sharing(&email)? {
                if !found.iter().any(|view| view.id == account.id) {
                    found.push(account.support_view());
                }
            }
            Ok(Ok(found))
        })
    }

    /// What happened to an account, oldest first, without network details (SPEC 11.3).
    ///
    /// # Errors
    /// [`Refusal::UnknownAccount`].
    pub fn activity(&self, account: AccountId) -> Result<Vec<Activity>, Error> {
        self.engine.look(|view, _| match view.account(account)? {
            Some(account) => Ok(Ok(view.events(account.id, 0, usize::MAX)?)),
            None => Ok(Err(Refusal::UnknownAccount)),
        })
    }

    /// Starts a deletion, under the window that an owner's has. The sessions wait instead of ending: each
    /// goes on when its owner gives fresh proof and restores the account. Where the account is on its way
    /// already, the figures are those of the first request, and this one is recorded.
    ///
    /// # Errors
    /// [`Refusal::UnknownAccount`]; [`Refusal::TooEarly`] within 30 days of a restore.
    pub fn start_deletion(&self, account: AccountId, ticket: &str) -> Result<Deletion, Error> {
        self.engine.act(|view, ctx| match view.account(account)? {
            Some(account) => Ok(support::start_deletion(account, &self.operator, ticket, ctx)),
            None => Ok(Verdict::refused(Refusal::UnknownAccount)),
        })
    }
}
