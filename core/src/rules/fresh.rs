//! Fresh proof: what an act wants of the session that it is asked for in (SPEC 6.4).
//!
//! A rule behind such proof takes a [`Fresh`] and finds session and account in it, so that forgetting to
//! ask does not compile. It borrows the facts of one act, and so cannot leave it.

use std::marker::PhantomData;

use super::account::Account;
use super::flow::Accepted;
use super::refusal::Refusal;
use super::session::{self, Aal, Session};
use super::verdict::Context;
use crate::ground::time::Timestamp;

/// A living session and its account, as one act sees them.
pub(crate) struct Owner {
    pub(crate) session: Session,
    pub(crate) account: Account,
}

/// A session whose proof is fresh enough for acts that want `L`. Made here alone.
pub(crate) struct Fresh<'facts, L> {
    owner: &'facts Owner,
    level: PhantomData<L>,
}

/// Every factor of the account's highest level, proven within policy's `fresh_for`.
pub(crate) struct Everything;

/// [`Everything`], and the account is not on hold: for email, methods, export and erasing (SPEC 5.5).
pub(crate) struct Unheld;

/// [`Everything`], or a recovery code in the second factor's place: for the second factor itself (SPEC 5.5).
pub(crate) struct FactorOrCode;

/// The first factor alone: for deletion when the second is lost (SPEC 9.7).
pub(crate) struct FirstFactor;

/// What an act can want.
pub(crate) trait Level {
    fn check(owner: &Owner, ctx: &Context<'_>) -> Result<(), Refusal>;
}

impl Level for Everything {
    fn check(owner: &Owner, ctx: &Context<'_>) -> Result<(), Refusal> {
        let Owner { session, account } = owner;
        let highest = session.aal >= account.highest_aal();
        if highest && session::is_fresh(session.auth_time, ctx.now, ctx.policy) {
            Ok(())
        } else {
            Err(required(account))
        }
    }
}

impl Level for Unheld {
    fn check(owner: &Owner, ctx: &Context<'_>) -> Result<(), Refusal> {
        // The hold is told also to a session that could not prove everything: it would prove in vain.
        owner.account.check_hold(ctx.now)?;
        Everything::check(owner, ctx)
    }
}

impl Level for FactorOrCode {
    fn check(owner: &Owner, ctx: &Context<'_>) -> Result<(), Refusal> {
        let Owner { session, account } = owner;
        let is_enough = session.recovered || session.aal >= account.highest_aal();
        if is_enough && session::is_fresh(session.auth_time, ctx.now, ctx.policy) {
            Ok(())
        } else {
            Err(required(account))
        }
    }
}

impl Level for FirstFactor {
    fn check(owner: &Owner, ctx: &Context<'_>) -> Result<(), Refusal> {
        let Owner { session, account } = owner;
        if session::is_fresh(session.first_at, ctx.now, ctx.policy) { Ok(()) } else { Err(required(account)) }
    }
}

impl Owner {
    /// The proof that an act wants, if the session has it.
    pub(crate) fn prove<L: Level>(&self, ctx: &Context<'_>) -> Result<Fresh<'_, L>, Refusal> {
        L::check(self, ctx)?;
        Ok(Fresh { owner: self, level: PhantomData })
    }
}

impl<'facts, L> Fresh<'facts, L> {
    pub(crate) fn owner(&self) -> &'facts Owner {
        self.owner
    }

    pub(crate) fn session(&self) -> &'facts Session {
        &self.owner.session
    }

    pub(crate) fn account(&self) -> &'facts Account {
        &self.owner.account
    }
}

fn required(account: &Account) -> Refusal {
    Refusal::ReauthenticationRequired { accepted: account.accepted() }
}

impl Account {
    /// What the first factor can be proven with: its password, its identities.
    pub(crate) fn accepted(&self) -> Vec<Accepted> {
        let password = self.password().filter(|(method, ..)| method.compromised_at.is_none());
        let password = password.map(|_| Accepted::Password);
        let mut providers: Vec<_> = self.usable().filter_map(|method| method.provider().cloned()).collect();
        providers.sort_unstable();
        providers.dedup();
        password.into_iter().chain(providers.into_iter().map(Accepted::Federated)).collect()
    }

    /// The level that a session has with every factor of the account proven (SPEC 5.7).
    pub(crate) fn highest_aal(&self) -> Aal {
        if self.ways.mfa.is_some() { Aal::Aal2 } else { Aal::Aal1 }
    }

    /// Refuses what has to wait after a recovery (SPEC 5.5).
    pub(crate) fn check_hold(&self, now: Timestamp) -> Result<(), Refusal> {
        match self.hold {
            Some(hold) if now < hold.until => Err(Refusal::OnHold { until: hold.until }),
            _ => Ok(()),
        }
    }
}
