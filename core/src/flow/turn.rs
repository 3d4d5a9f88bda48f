//! The judgement of one answer, and the flow's next state.

use std::time::Duration;

use crate::crypto::mail_code::MailCode;
use crate::crypto::token::FlowToken;
use crate::flow::facts::{Facts, MailFacts};
use crate::flow::{prompt, state};
use crate::ground::email::EmailAddress;
use crate::ground::id::FlowId;
use crate::records::account::Account;
use crate::records::caller::Caller;
use crate::records::context::Context;
use crate::records::flow::{Arrival, FLOW_LIFE, FlowRecord, Proving, Registration, State, Verifying};
use crate::records::identifier::Identifier;
use crate::records::mailed_code::{CodePurpose, TypedIn};
use crate::records::message::Body;
use crate::records::mfa::NewFactor;
use crate::records::refusal::{AssertionProblem, Refusal};
use crate::records::step::{Flow, SignedIn, Step};
use crate::records::verdict::{Change, Verdict};
use crate::rules::mailed_code::Asking;
use crate::rules::notices;

const ASSERTION_LIFE: Duration = Duration::from_secs(10 * 60);
const WAITING_FLOWS: usize = 3;

/// One answer being judged: the flow, the facts, and the changes to write.
pub(crate) struct Turn<'a> {
    pub(crate) flow: FlowRecord,
    pub(crate) facts: Facts,
    pub(crate) ctx: &'a Context<'a>,
    pub(crate) changes: Vec<Change>,
    pub(crate) signed_in: Option<SignedIn>,
    /// The second factor that the person has enrolled in the flow.
    pub(crate) factor: Option<NewFactor>,
    /// The identifiers that an undo in this turn left out (SPEC 7.6).
    pub(crate) left_out: Vec<Identifier>,
}

impl<'a> Turn<'a> {
    pub(crate) fn new(flow: FlowRecord, facts: Facts, ctx: &'a Context<'a>) -> Self {
        Self { flow, facts, ctx, changes: Vec::new(), signed_in: None, factor: None, left_out: Vec::new() }
    }

    /// Returns the first turn of a new flow, and the token that names it.
    pub(crate) fn begin(caller: &Caller, facts: Facts, ctx: &'a Context<'a>) -> (Self, FlowToken) {
        let (flow, token) = begin(State::Ended, caller, ctx);
        let flow = FlowRecord { number: 0, ..flow };
        (Self::new(flow, facts, ctx), token)
    }

    /// Moves the flow to this state.
    pub(crate) fn to(mut self, state: State) -> Verdict<Step> {
        self.flow.expires_at = self.ctx.now + life(&state, self.ctx);
        self.flow.state = state;
        self.flow.number = self.flow.number.saturating_add(1);
        self.changes.push(Change::Flow(Box::new(self.flow.clone())));
        let step = match self.signed_in.take() {
            Some(session) => Step::SignedIn { session },
            None => state::step(&self.flow, &self.facts, self.ctx),
        };
        Verdict::done(step, self.changes)
    }

    /// Asks whether to link or to create. The flow keeps the accounts that it offers (SPEC 2.4).
    pub(crate) fn ask(self, mut arrival: Arrival) -> Verdict<Step> {
        arrival.link_until = None;
        let prompt = prompt::prompt(&arrival, &self.facts, self.ctx);
        let offered = prompt.candidates.iter().map(|account| account.id).collect();
        self.to(State::LinkOrCreate { arrival, offered })
    }

    /// Asks the host for the provider's key set, because the key may be new. Does so once per flow, so that
    /// invented key names cannot make the host fetch again and again (SPEC 2.9).
    pub(crate) fn ask_for_keys(mut self, issuer: String) -> Verdict<Step> {
        if self.flow.asked_for_keys {
            return self.refuse(Refusal::AssertionRejected { reason: AssertionProblem::UnknownKey });
        }
        self.flow.asked_for_keys = true;
        self.changes.push(Change::Flow(Box::new(self.flow.clone())));
        self.refuse(Refusal::NeedsKeys { issuer })
    }

    /// Refuses the answer, and still writes what was counted before.
    pub(crate) fn refuse(self, refusal: Refusal) -> Verdict<Step> {
        Verdict::counted(refusal, self.changes)
    }

    /// Asks the person who registers to prove the address (SPEC 2.3).
    pub(crate) fn verify_email(self, registration: Registration, email: EmailAddress) -> Verdict<Step> {
        let proving = Proving::new(CodePurpose::AddressProof, email);
        self.prove(proving, false, |proving| State::VerifyEmail(Verifying { registration, proving }))
    }

    /// Makes the flow wait for a mailed code. If too many flows of the caller's share wait at the address, the
    /// oldest of them ends (SPEC 2.10, 12.7).
    pub(crate) fn prove(
        mut self,
        mut proving: Proving,
        to_nobody: bool,
        state: impl FnOnce(Proving) -> State,
    ) -> Verdict<Step> {
        let MailFacts { waiting, share, .. } = &self.facts.mail;
        let surplus = (waiting.len() + 1).saturating_sub(WAITING_FLOWS);
        self.changes.extend(waiting.iter().take(surplus).copied().map(Change::FlowEnded));
        proving.share = *share;
        self.send_code(proving, to_nobody, state)
    }

    /// Sends a code when the pace allows. Until its message goes, the last valid code stays valid. The step says
    /// when (SPEC 12.5).
    pub(crate) fn send_code(
        mut self,
        mut proving: Proving,
        to_nobody: bool,
        state: impl FnOnce(Proving) -> State,
    ) -> Verdict<Step> {
        let device = self.flow.caller.client.device();
        let asking = Asking { typed_in: TypedIn::Flow(self.flow.id), device, to_nobody };
        let pacing = std::mem::take(&mut self.facts.mail.pacing);
        self.facts.mail.send_at = proving.send(&asking, pacing, &mut self.changes, self.ctx);
        self.to(state(proving))
    }

    /// Returns whether this is the code that the flow waits for. Counts a wrong code.
    pub(crate) fn takes(&mut self, proving: &mut Proving, code: &MailCode) -> bool {
        let is_right = proving.takes(code, TypedIn::Flow(self.flow.id), self.ctx);
        if !is_right {
            let pacing = std::mem::take(&mut self.facts.mail.pacing);
            self.changes.extend(pacing.guessed(self.ctx.throttle_clock));
        }
        is_right
    }

    /// Tells every verified address of the account.
    pub(crate) fn tell(&mut self, account: &Account, body: &Body) {
        self.changes.extend(notices::to_verified(account, body, self.flow.caller.client.device(), self.ctx));
    }
}

/// Returns a new flow at its first step, and the token that names it.
pub(crate) fn begin(state: State, caller: &Caller, ctx: &Context<'_>) -> (FlowRecord, FlowToken) {
    let id = ctx.draw.flow(ctx.now);
    let secret = ctx.draw.bytes("flow secret");
    let flow = FlowRecord {
        id,
        secret_hash: secret_hash(id, &secret, ctx),
        number: 1,
        caller: caller.clone(),
        expires_at: ctx.now + life(&state, ctx),
        asked_for_keys: false,
        state,
    };
    (flow, FlowToken::new(id, &secret))
}

fn life(state: &State, ctx: &Context<'_>) -> Duration {
    match state {
        State::Present { .. } | State::Adding { .. } => ASSERTION_LIFE,
        State::ProveOwnership { arrival: Arrival { link_until: Some(until), .. }, .. } => {
            until.since(ctx.now)
        }
        State::SecondFactor(entry)
        | State::NewPassword(entry)
        | State::ConfirmRestore(entry)
        | State::Enroll { entry, .. }
            if entry.link_until().is_some() || state.proving().is_none() =>
        {
            entry.link_until().map_or(FLOW_LIFE, |until| until.since(ctx.now))
        }
        _ => match state.proving() {
            Some(proving) => proving.flow_ends_at(ctx.now).since(ctx.now),
            None => FLOW_LIFE,
        },
    }
}

/// Returns the flow that began with this turn. A flow that is already complete is not stored.
pub(crate) fn begun(token: FlowToken, verdict: Verdict<Step>) -> Verdict<Flow> {
    let Verdict { answer, mut changes } = verdict;
    let is_over = matches!(answer, Ok(Step::SignedIn { .. }));
    if is_over {
        changes.retain(|change| !matches!(change, Change::Flow(_)));
    }
    let token = Some(token).filter(|_| !is_over);
    Verdict { answer: answer.map(|step| Flow { token, number: 1, step }), changes }
}

/// Returns a new flow that waits in this state. Nothing else is written.
pub(crate) fn waits(state: State, caller: &Caller, facts: &Facts, ctx: &Context<'_>) -> Verdict<Flow> {
    let (flow, token) = begin(state, caller, ctx);
    let step = state::step(&flow, facts, ctx);
    let at = Flow { token: Some(token), number: flow.number, step };
    Verdict::done(at, vec![Change::Flow(Box::new(flow))])
}

/// Returns the hash by which a flow recognises its token.
pub(crate) fn secret_hash(flow: FlowId, secret: &[u8; 32], ctx: &Context<'_>) -> [u8; 32] {
    ctx.keys.code(&[b"flow", flow.as_bytes(), secret])
}
