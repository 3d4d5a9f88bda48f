//! Signs in with a password (SPEC 4).

use crate::flow::facts::Facts;
use crate::flow::turn;
use crate::records::account::Account;
use crate::records::audit::Action;
use crate::records::caller::Caller;
use crate::records::context::Context;
use crate::records::flow::{Entry, Purpose};
use crate::records::proof::PasswordProof;
use crate::records::refusal::Refusal;
use crate::records::step::{Flow, SignInOutcome, Step};
use crate::records::throttle::{LockoutPolicy, UnknownSlot};
use crate::records::verdict::{Change, Verdict};
use crate::rules::{first_factor, opening};

/// Signs in with email and password. `holder` is the account whose password has the email, or the failures
/// counted for an unknown email. Both cases give the same answer in the same time (SPEC 4.2).
pub(crate) fn password(
    holder: Result<Account, UnknownSlot>,
    proof: Option<PasswordProof>,
    caller: &mut Caller,
    ctx: &Context<'_>,
) -> Verdict<Flow> {
    let account = match holder {
        Ok(account) => account,
        Err(unknown) => return nobodys(unknown, ctx),
    };
    let (mut account, proof) = match first_factor::try_password(account, caller, proof, ctx) {
        Ok(proven) => proven,
        Err((refusal, changes)) => return Verdict::counted(refusal, changes),
    };
    let entry = Entry::new(&account, proof, Purpose::SignIn);
    if let Some(asking) = entry.missing(&account) {
        let facts = Facts { account: Some(account), ..Facts::default() };
        return turn::waits(asking(entry), caller, &facts, ctx);
    }
    if let Some(rehashed) = entry.proof.rehashed.clone() {
        account.set_password(rehashed);
    }
    let mut changes = Vec::new();
    let signed_in = opening::open_session(
        account,
        &entry.proof,
        caller,
        SignInOutcome::SignedIn,
        Action::SignedIn,
        &mut changes,
        ctx,
    );
    Verdict::done(Flow { token: None, number: 1, step: Step::SignedIn { session: signed_in } }, changes)
}

/// Counts a guess at an email that no password has.
fn nobodys(mut unknown: UnknownSlot, ctx: &Context<'_>) -> Verdict<Flow> {
    let refusal = match unknown.throttle.check(ctx.now, ctx.throttle_clock, LockoutPolicy::Lock) {
        Err(throttled) => {
            unknown.throttle.settle(ctx.throttle_clock);
            unknown.refused = unknown.refused.saturating_add(1);
            throttled
        }
        Ok(()) => {
            unknown.throttle.fail(ctx.throttle_clock);
            Refusal::InvalidCredentials
        }
    };
    Verdict::counted(refusal, vec![Change::Unknown(unknown)])
}
