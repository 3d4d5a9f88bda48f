//! Signs in with a password (SPEC 4).

use crate::flow::entry;
use crate::flow::facts::Facts;
use crate::flow::turn::{self, Turn};
use crate::records::account::Account;
use crate::records::caller::Caller;
use crate::records::context::Context;
use crate::records::flow::{Entry, Purpose};
use crate::records::proof::PasswordProof;
use crate::records::refusal::Refusal;
use crate::records::step::Flow;
use crate::records::throttle::{LockoutPolicy, UnknownSlot};
use crate::records::verdict::{Change, Verdict};
use crate::rules::first_factor;

/// Signs in with email and password. `holder` is the account whose password has the email, or the failures
/// counted for an unknown email. Both cases give the same answer in the same time (SPEC 4.2).
pub(crate) fn password(
    holder: Result<Account, UnknownSlot>,
    proof: Option<PasswordProof>,
    caller: &mut Caller,
    facts: Facts,
    ctx: &Context<'_>,
) -> Verdict<Flow> {
    let account = match holder {
        Ok(account) => account,
        Err(unknown) => return nobodys(unknown, ctx),
    };
    let (account, proof) = match first_factor::try_password(account, caller, proof, ctx) {
        Ok(proven) => proven,
        Err((refusal, changes)) => return Verdict::counted(refusal, changes),
    };
    let entry = Entry::new(&account, proof, Purpose::SignIn);
    let (turn, token) = Turn::begin(caller, facts, ctx);
    turn::begun(token, entry::enter(turn, account, entry))
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
