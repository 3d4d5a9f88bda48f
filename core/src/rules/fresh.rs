//! Fresh proof: what an act wants of the session that it is asked for in (SPEC 6.4).
//!
//! A rule behind such proof takes a [`Fresh`] and finds session and account in it, so that forgetting to
//! ask does not compile. It borrows the facts of one act, and so cannot leave it.

use std::marker::PhantomData;

use crate::ground::time::Timestamp;
use crate::records::account::{Account, Owner};
use crate::records::context::Context;
use crate::records::policy::Policy;
use crate::records::refusal::Refusal;
use crate::records::session::Session;

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
        if highest && is_fresh(session.auth_time, ctx.now, ctx.policy) {
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
        if is_enough && is_fresh(session.auth_time, ctx.now, ctx.policy) {
            Ok(())
        } else {
            Err(required(account))
        }
    }
}

impl Level for FirstFactor {
    fn check(owner: &Owner, ctx: &Context<'_>) -> Result<(), Refusal> {
        let Owner { session, account } = owner;
        if is_fresh(session.first_at, ctx.now, ctx.policy) { Ok(()) } else { Err(required(account)) }
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

/// Whether a proof given at `proven_at` is fresh enough for an act that wants that (SPEC 6.4).
pub(crate) fn is_fresh(proven_at: Timestamp, now: Timestamp, policy: &Policy) -> bool {
    now < proven_at + policy.fresh_for()
}

fn required(account: &Account) -> Refusal {
    Refusal::ReauthenticationRequired { accepted: account.accepted() }
}
