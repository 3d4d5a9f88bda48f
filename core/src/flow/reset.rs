//! Resets a forgotten password: a mailed code replaces the password as proof, and nothing else (SPEC 4.7).

use crate::crypto::mail_code::MailCode;
use crate::flow::entry;
use crate::flow::facts::Facts;
use crate::flow::turn::{self, Turn};
use crate::ground::email::EmailAddress;
use crate::records::account::Account;
use crate::records::caller::Caller;
use crate::records::context::Context;
use crate::records::flow::{Entry, Proving, Purpose, Resetting, State};
use crate::records::mailed_code::CodePurpose;
use crate::records::proof::Proof;
use crate::records::refusal::Refusal;
use crate::records::step::{Flow, Step};
use crate::records::verdict::{Change, Verdict};

/// Starts the reset of the password that goes with this email. Whether an account has the email stays secret:
/// the step, the commits and the rows are the same.
pub(crate) fn begin(
    email: EmailAddress,
    holder: Option<&Account>,
    caller: &Caller,
    facts: Facts,
    ctx: &Context<'_>,
) -> Verdict<Flow> {
    let (turn, token) = Turn::begin(caller, facts, ctx);
    turn::begun(token, asked(turn, email, holder))
}

fn asked(turn: Turn<'_>, email: EmailAddress, holder: Option<&Account>) -> Verdict<Step> {
    let served = holder.filter(|account| serves(account, &email)).map(|account| account.id);
    let account = served.unwrap_or_else(|| turn.ctx.draw.account(turn.ctx.now));
    let is_nobody = served.is_none();
    turn.prove(Proving::new(CodePurpose::Reset, email), is_nobody, |proving| {
        State::Reset(Resetting { account, is_nobody, proving })
    })
}

/// Takes the mailed code.
pub(crate) fn code(mut turn: Turn<'_>, mut resetting: Resetting, code: &MailCode) -> Verdict<Step> {
    let is_right = turn.takes(&mut resetting.proving, code);
    let account = turn.facts.account.take().filter(|account| serves(account, &resetting.proving.email));
    match account {
        Some(account) if is_right => {
            let Some((method, .., version)) = account.password() else {
                return turn.refuse(Refusal::InvalidCode);
            };
            let proof = Proof::of_mailed_code(method.id, version, turn.ctx.now);
            let entry = Entry::new(&account, proof, Purpose::Reset);
            entry::enter(turn, account, entry)
        }
        _ => {
            // Wrong codes, used codes, expired codes and codes of unknown emails get one refusal and one
            // commit (SPEC 12.5).
            turn.flow.state = State::Reset(resetting);
            turn.changes.push(Change::Flow(Box::new(turn.flow.clone())));
            turn.refuse(Refusal::InvalidCode)
        }
    }
}

/// Returns whether a reset serves this account: its password has this email, and the email is proven (SPEC
/// 4.7).
fn serves(account: &Account, email: &EmailAddress) -> bool {
    account.password().is_some_and(|(_, identifier, ..)| identifier == email) && account.has_verified(email)
}

/// Sends another code.
pub(crate) fn resend(turn: Turn<'_>, resetting: Resetting) -> Verdict<Step> {
    let Resetting { account, is_nobody, proving } = resetting;
    turn.send_code(proving, is_nobody, |proving| State::Reset(Resetting { account, is_nobody, proving }))
}

/// Corrects the email.
pub(crate) fn correct(mut turn: Turn<'_>, email: EmailAddress) -> Verdict<Step> {
    let holder = turn.facts.holder.take();
    asked(turn, email, holder.as_ref())
}
