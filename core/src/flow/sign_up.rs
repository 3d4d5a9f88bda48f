//! Signs up (SPEC 2.1, 2.3, 2.8).

use crate::crypto::mail_code::MailCode;
use crate::crypto::password::StoredPassword;
use crate::flow::arrival;
use crate::flow::facts::Facts;
use crate::flow::turn::{self, Turn};
use crate::ground::email::EmailAddress;
use crate::ground::short_name::ProviderId;
use crate::records::caller::Caller;
use crate::records::context::Context;
use crate::records::flow::{Arrival, Registration, State, Verifying};
use crate::records::refusal::Refusal;
use crate::records::step::{Flow, Step};
use crate::records::verdict::{Change, Verdict};

/// Signs up with a password. The first step asks for proof of the address (SPEC 2.3, 2.7).
pub(crate) fn sign_up(
    email: EmailAddress,
    hash: StoredPassword,
    caller: &Caller,
    facts: Facts,
    ctx: &Context<'_>,
) -> Verdict<Flow> {
    let (turn, token) = Turn::begin(caller, facts, ctx);
    let registration = Registration::Password { email: email.clone(), hash };
    turn::begun(token, turn.verify_email(registration, email))
}

/// Starts a flow that waits for an assertion.
pub(crate) fn begin_federated(provider: ProviderId, caller: &Caller, ctx: &Context<'_>) -> Verdict<Flow> {
    turn::waits(State::Present { provider }, caller, &Facts::default(), ctx)
}

/// Signs up with an email that is proven later. The account exists at once, and the unproven address gives it
/// no rights (SPEC 2.8).
pub(crate) fn at_once(
    email: EmailAddress,
    hash: StoredPassword,
    caller: &Caller,
    facts: Facts,
    ctx: &Context<'_>,
) -> Verdict<Flow> {
    let facts = Facts { entrance: facts.mail, ..Facts::default() };
    let (turn, token) = Turn::begin(caller, facts, ctx);
    let registration = Registration::Password { email, hash };
    turn::begun(token, arrival::create(turn, Arrival::new(registration, None)))
}

pub(crate) fn verify(mut turn: Turn<'_>, mut verifying: Verifying, code: &MailCode) -> Verdict<Step> {
    if !turn.takes(&mut verifying.proving, code) {
        // Wrong, used and unknown codes get one refusal and one commit (SPEC 12.5).
        turn.flow.state = State::VerifyEmail(verifying);
        turn.changes.push(Change::Flow(Box::new(turn.flow.clone())));
        return turn.refuse(Refusal::InvalidCode);
    }
    arrival::proven(turn, verifying)
}
