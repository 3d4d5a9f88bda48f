//! Fresh proof: what an act demands of the session in which it is requested (SPEC 6.4).
//!
//! A rule that needs fresh proof takes a [`Fresh`] and gets the session and the account only from it. So a rule
//! that forgets to ask does not compile. A [`Fresh`] borrows the facts of one act and cannot outlive the act.

use std::marker::PhantomData;

use crate::ground::time::Timestamp;
use crate::records::account::{Account, Owner};
use crate::records::context::Context;
use crate::records::policy::{MfaPolicy, Policy};
use crate::records::refusal::Refusal;
use crate::records::session::Session;
use crate::rules::recovery::Held;

/// A session whose proof is fresh enough for acts that need `L`. Only this module makes one.
pub(crate) struct Fresh<'facts, L> {
    owner: &'facts Owner,
    level: PhantomData<L>,
}

/// Every factor of the account's highest level must be proven within the policy's `fresh_for`.
pub(crate) struct Everything;

/// [`Everything`], and the account must not be on hold: for email, methods and export (SPEC 5.5).
pub(crate) struct Unheld;

/// [`Everything`], or a recovery code instead of the second factor: to set a second factor. On hold, this can only
/// replace an existing one (SPEC 5.5).
pub(crate) struct ToEnroll;

/// The same as [`ToEnroll`], to turn the second factor off (SPEC 5.5).
pub(crate) struct ToTurnOff;

/// Only the first factor: for deletion after the second is lost (SPEC 9.7).
pub(crate) struct FirstFactor;

/// [`FirstFactor`], and the account must not be on hold: for a request for erasure (SPEC 5.5, 9.7, 10.2).
pub(crate) struct ToErase;

/// The proof that an act can demand.
pub(crate) trait Level {
    /// Refuses an act that no proof can make possible now, because of a hold (SPEC 5.5) or the policy (SPEC 5.9).
    fn allows(_: &Account, _: &Context<'_>) -> Result<(), Refusal> {
        Ok(())
    }

    fn check(owner: &Owner, ctx: &Context<'_>) -> Result<(), Refusal>;
}

impl Level for Everything {
    fn check(owner: &Owner, ctx: &Context<'_>) -> Result<(), Refusal> {
        let Owner { session, account } = owner;
        if session.aal >= account.highest_aal() && is_fresh(session.auth_time, ctx.now, ctx.policy) {
            Ok(())
        } else {
            Err(required(account, ctx))
        }
    }
}

impl Level for Unheld {
    fn allows(account: &Account, ctx: &Context<'_>) -> Result<(), Refusal> {
        account.check_hold(Held::Credentials, ctx)
    }

    fn check(owner: &Owner, ctx: &Context<'_>) -> Result<(), Refusal> {
        Everything::check(owner, ctx)
    }
}

impl Level for ToEnroll {
    fn allows(account: &Account, ctx: &Context<'_>) -> Result<(), Refusal> {
        account.check_hold(account.setting_mfa(), ctx)
    }

    fn check(owner: &Owner, ctx: &Context<'_>) -> Result<(), Refusal> {
        let Owner { session, account } = owner;
        let is_enough = session.recovered || session.aal >= account.highest_aal();
        if is_enough && is_fresh(session.auth_time, ctx.now, ctx.policy) {
            Ok(())
        } else {
            Err(required(account, ctx))
        }
    }
}

impl Level for ToTurnOff {
    fn allows(account: &Account, ctx: &Context<'_>) -> Result<(), Refusal> {
        if ctx.policy.mfa() == MfaPolicy::Required && account.credentials.mfa.is_some() {
            return Err(Refusal::LastFactor);
        }
        account.check_hold(Held::TurnMfaOff, ctx)
    }

    fn check(owner: &Owner, ctx: &Context<'_>) -> Result<(), Refusal> {
        ToEnroll::check(owner, ctx)
    }
}

impl Level for FirstFactor {
    fn check(owner: &Owner, ctx: &Context<'_>) -> Result<(), Refusal> {
        let Owner { session, account } = owner;
        if is_fresh(session.first_at, ctx.now, ctx.policy) { Ok(()) } else { Err(required(account, ctx)) }
    }
}

impl Level for ToErase {
    fn allows(account: &Account, ctx: &Context<'_>) -> Result<(), Refusal> {
        account.check_hold(Held::Data, ctx)
    }

    fn check(owner: &Owner, ctx: &Context<'_>) -> Result<(), Refusal> {
        FirstFactor::check(owner, ctx)
    }
}

impl Owner {
    /// Returns the proof that an act demands, if the session has it.
    pub(crate) fn prove<L: Level>(&self, ctx: &Context<'_>) -> Result<Fresh<'_, L>, Refusal> {
        // These refusals come before the one for too little proof, because more proof would not help.
        self.account.check_factor(ctx)?;
        L::allows(&self.account, ctx)?;
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

/// Whether a proof given at `proven_at` is still fresh (SPEC 6.4).
pub(crate) fn is_fresh(proven_at: Timestamp, now: Timestamp, policy: &Policy) -> bool {
    now < proven_at + policy.fresh_for()
}

fn required(account: &Account, ctx: &Context<'_>) -> Refusal {
    Refusal::ReauthenticationRequired { accepted: account.accepted(ctx.policy) }
}
