//! What somebody who helps people can do: look, and start a deletion. Nothing else (SPEC 5.6, 9.5).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account::{Account, MethodKind, Status};
use super::audit::{Action, Actor, Event};
use super::deletion::{self, Deletion, RequestedBy};
use super::provider::{ProductId, ProviderId};
use super::refusal::Refusal;
use super::verdict::{Change, Context, Verdict};
use crate::ground::codec::Record;
use crate::ground::id::AccountId;
use crate::ground::time::Timestamp;

/// How long after a restore support starts no other deletion (SPEC 9.5).
const REST: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const LONGEST_NAME: usize = 64;

/// An account as support sees it: enough to be sure which one it is, and nothing to use elsewhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SupportView {
    /// Its name.
    pub id: AccountId,
    /// Whether it can be used.
    pub status: Status,
    /// When it came to be.
    pub created: Timestamp,
    /// The address for messages, masked.
    pub contact: Option<String>,
    /// The kinds of its sign-in methods, in the order they came.
    pub methods: Vec<MethodKind>,
    /// The providers of its federated identities, in the order they came.
    pub providers: Vec<ProviderId>,
    /// The products that it is used with.
    pub products: Vec<ProductId>,
}

/// What support has done to an account. It outlives the account's purge and holds nothing personal
/// (SPEC 9.4).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SupportRecord {
    /// The account.
    pub account: AccountId,
    /// Who.
    pub operator: String,
    /// For which case.
    pub ticket: String,
    /// When.
    pub at: Timestamp,
    /// What.
    pub act: SupportAct,
}

impl Record for SupportRecord {
    const VERSION: u8 = 1;
}

/// What support can do.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum SupportAct {
    /// A deletion was started.
    DeletionStarted,
    /// A deletion was asked for, of an account that was on its way already.
    DeletionAskedAgain,
}

impl SupportAct {
    /// The act's name, the same in every language and release.
    pub fn code(self) -> &'static str {
        match self {
            Self::DeletionStarted => "DeletionStarted",
            Self::DeletionAskedAgain => "DeletionAskedAgain",
        }
    }
}

/// The name of an operator or a ticket: the first 64 characters count.
pub(crate) fn name(text: &str) -> String {
    text.chars().take(LONGEST_NAME).collect()
}

/// Support starts a deletion under the owner's window. Where the account is on its way already nothing
/// changes but that it is recorded who asked.
pub(crate) fn start_deletion(
    mut account: Account,
    operator: &str,
    ticket: &str,
    ctx: &Context<'_>,
) -> Verdict<Deletion> {
    let (operator, ticket) = (name(operator), name(ticket));
    let record = |act| {
        let (operator, ticket) = (operator.clone(), ticket.clone());
        Change::Supported(SupportRecord { account: account.id, operator, ticket, at: ctx.now, act })
    };
    let event = |action| Event::done(action, None, ctx.now).by(Actor::Support);
    if let Status::PendingDeletion { purge_at, .. } = account.status {
        let figures = deletion::figures(&account, purge_at);
        let recorded = record(SupportAct::DeletionAskedAgain);
        let event = event(Action::DeletionAskedAgain);
        return Verdict::done(figures, vec![recorded, Change::Account { account: Box::new(account), event }]);
    }
    if let Some(at) = account.restored_at.map(|restored_at| restored_at + REST).filter(|at| ctx.now < *at) {
        return Verdict::refused(Refusal::TooEarly { at });
    }
    let recorded = record(SupportAct::DeletionStarted);
    let by = RequestedBy::Support { operator: operator.clone(), ticket: ticket.clone() };
    let (figures, mut changes) = deletion::schedule(&mut account, by, "", ctx);
    changes.push(recorded);
    changes.push(Change::Account { account: Box::new(account), event: event(Action::DeletionRequested) });
    Verdict::done(figures, changes)
}

impl Account {
    pub(crate) fn support_view(&self) -> SupportView {
        let mut providers: Vec<_> =
            self.ways.methods.iter().filter_map(|method| method.provider().cloned()).collect();
        providers.dedup();
        SupportView {
            id: self.id,
            status: self.status.clone(),
            created: self.id.made_at(),
            contact: self.ways.contact.as_ref().map(|email| email.masked()),
            methods: self.ways.methods.iter().map(|method| method.kind()).collect(),
            providers,
            products: self.memberships.iter().map(|membership| membership.product.clone()).collect(),
        }
    }
}
