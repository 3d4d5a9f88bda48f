#![doc = include_str!("transition.md")]

use std::time::Duration;

use super::account::{Account, Candidate, MethodKind, Status};
use super::arrival;
use super::deletion;
use super::flow::{
    Accepted, Adding, Arrival, Flow, Intent, Newcomer, Progress, SignedIn, State, Step, Verifying,
};
use super::linking;
use super::mail::{ADDRESS_PROOF_LIFE, CodeSlot, Pace, UnknownAddress};
use super::provider::{Asserted, ProviderId};
use super::refusal::{AssertionProblem, Refusal};
use super::session::{Aal, Client};
use super::sign_in::PasswordProof;
use super::verdict::{Change, Context, Verdict};
use crate::crypto::jose;
use crate::crypto::password::StoredPassword;
use crate::crypto::token::FlowToken;
use crate::ground::email::EmailAddress;
use crate::ground::id::FlowId;
use crate::ground::secret::Secret;

const FLOW_LIFE: Duration = Duration::from_secs(15 * 60);
const ASSERTION_LIFE: Duration = Duration::from_secs(10 * 60);
const WAITING_FLOWS: usize = 3;

/// An answer in the form that a rule can judge: what had to be hashed or checked was.
#[derive(Clone)]
pub(crate) enum Input {
    Present {
        asserted: Box<Asserted>,
        intent: Intent,
    },
    Code(Secret),
    Skip,
    Confirm,
    CreateNew,
    LinkTo(u8),
    /// Nothing where a throttle, or an account that has no password or is gone, made the hash needless.
    Password(Option<PasswordProof>),
    Identity(Box<Asserted>),
    /// A token of this issuer, signed by a key that its set does not name.
    UnknownKey(String),
    Restore,
    KeepDeleted,
    Resend,
    CorrectAddress(EmailAddress),
    Cancel,
    /// What no step takes, found out before the act.
    NotOffered,
}

/// What the store knows that the step may need. Accounts that are absent (SPEC 9.3) are not in it.
#[derive(Default)]
pub(crate) struct Facts {
    /// Who holds the newcomer's identifier.
    pub(crate) holder: Option<Account>,
    /// The accounts that have the newcomer's address verified, earliest first.
    pub(crate) sharing: Vec<Account>,
    /// The account that the state names.
    pub(crate) account: Option<Account>,
    /// The address that a message would go to, and what went there already.
    pub(crate) mail: MailFacts,
}

/// What is known of an address that a code would go to.
#[derive(Default)]
pub(crate) struct MailFacts {
    pub(crate) address: UnknownAddress,
    pub(crate) pace: Pace,
    /// The flows that wait for its proof, oldest first.
    pub(crate) waiting: Vec<FlowId>,
    /// How many flows of the store wait for a proof.
    pub(crate) all_waiting: u32,
}

/// A new flow at its first step, and the token that names it.
pub(crate) fn begin(state: State, client: &Client, ctx: &Context<'_>) -> (Flow, FlowToken) {
    let id = ctx.draw.flow(ctx.now);
    let secret = ctx.draw.bytes("flow secret");
    let flow = Flow {
        id,
        secret_hash: secret_hash(id, &secret, ctx),
        number: 1,
        client: client.clone(),
        expires_at: ctx.now + life(&state, ctx),
        asked_for_keys: false,
        state,
    };
    (flow, FlowToken::new(id, &secret))
}

/// A sign-up with a password: it proves its address before anything else (SPEC 2.3, 2.7).
pub(crate) fn sign_up(
    email: EmailAddress,
    hash: StoredPassword,
    client: &Client,
    facts: Facts,
    ctx: &Context<'_>,
) -> Verdict<Progress> {
    let (flow, token) = begin(State::Ended, client, ctx);
    let turn = Turn { flow: Flow { number: 0, ..flow }, facts, ctx, changes: Vec::new(), signed_in: None };
    let newcomer = Newcomer::Password { email: email.clone(), hash };
    turn.verify_email(newcomer, email).map(|step| Progress { flow: Some(token), number: 1, step })
}

/// A flow that will bring an assertion.
pub(crate) fn begin_federated(provider: ProviderId, client: &Client, ctx: &Context<'_>) -> Verdict<Progress> {
    let (flow, token) = begin(State::Present { provider }, client, ctx);
    let step = step(&flow, &Facts::default(), ctx);
    let progress = Progress { flow: Some(token), number: flow.number, step };
    Verdict::done(progress, vec![Change::Flow(Box::new(flow))])
}

/// What goes with flows that are over.
pub(crate) fn sweep(over: &[Flow], ctx: &Context<'_>) -> Vec<Change> {
    over.iter()
        .flat_map(|flow| {
            let waiting = match &flow.state {
                State::VerifyEmail(verifying) => Some(Change::Waiting {
                    address: address_hash(&verifying.email, ctx),
                    flow: flow.id,
                    waits: false,
                }),
                _ => None,
            };
            waiting.into_iter().chain([Change::FlowEnded(flow.id)])
        })
        .collect()
}

/// The hash by which a flow knows its token.
pub(crate) fn secret_hash(flow: FlowId, secret: &[u8; 32], ctx: &Context<'_>) -> [u8; 32] {
    ctx.keys.code(&[b"flow", flow.as_bytes(), secret])
}

/// The answer to a step, and what comes of it.
pub(crate) fn answer(flow: Flow, input: Input, facts: Facts, ctx: &Context<'_>) -> Verdict<Step> {
    let state = flow.state.clone();
    let turn = Turn { flow, facts, ctx, changes: Vec::new(), signed_in: None };
    match (state, input) {
        // ── over ──
        (State::SignedIn { .. } | State::Ended, _) => turn.refuse(Refusal::FlowExpired),

        // ── from anywhere ──
        (State::VerifyEmail(verifying), Input::Cancel) => turn.stop_waiting(&verifying).to(State::Ended),
        (_, Input::Cancel) => turn.to(State::Ended),

        // ── from PresentAssertion ──
        (State::Present { .. }, Input::Present { asserted, intent }) => {
            arrival::present(turn, *asserted, intent)
        }

        // ── wherever an assertion is taken ──
        (State::Present { .. } | State::ProveOwnership { .. }, Input::UnknownKey(issuer)) => {
            turn.ask_for_keys(issuer)
        }

        // ── from VerifyEmail ──
        (State::VerifyEmail(verifying), Input::Code(code)) => verify(turn, verifying, &code),
        (State::VerifyEmail(verifying), Input::Skip) if verifying.can_skip() => {
            arrival::skip(turn.stop_waiting(&verifying), verifying)
        }
        (State::VerifyEmail(verifying), Input::Resend) => turn.send_code(verifying),
        (State::VerifyEmail(verifying), Input::CorrectAddress(email)) => {
            let turn = turn.stop_waiting(&verifying);
            turn.verify_email(verifying.newcomer.with_address(&email), email)
        }

        // ── from ConfirmCreate ──
        (State::ConfirmCreate(arrival), Input::Confirm) => arrival::confirmed(turn, arrival),

        // ── from LinkOrCreate ──
        (State::LinkOrCreate { arrival, .. }, Input::CreateNew) => arrival::create_new(turn, arrival),
        (State::LinkOrCreate { arrival, offered }, Input::LinkTo(place)) => {
            linking::choose(turn, arrival, &offered, place)
        }

        // ── from ProveOwnership ──
        (State::ProveOwnership { arrival, .. }, Input::Password(proof)) => {
            linking::prove_by_password(turn, arrival, proof)
        }
        (State::ProveOwnership { arrival, .. }, Input::Identity(asserted)) => {
            linking::prove_by_identity(turn, arrival, &asserted)
        }

        // ── from ConfirmRestore ──
        (State::ConfirmRestore { proof, link, .. }, Input::Restore) => deletion::restore(turn, &proof, link),
        (State::ConfirmRestore { account, link, .. }, Input::KeepDeleted) => {
            deletion::keep_deleted(turn, account, link)
        }

        (_, _) => turn.refuse(Refusal::NotOffered),
    }
}

fn verify(mut turn: Turn<'_>, mut verifying: Verifying, code: &Secret) -> Verdict<Step> {
    let (flow, ctx) = (turn.flow.id, turn.ctx);
    let right = match &mut verifying.code {
        Some(slot) => slot.take(code.reveal(), flow, &verifying.email, ctx),
        None => false,
    };
    if !right {
        // Wrong, void and unknown are one refusal and one commit (SPEC 12.5).
        turn.flow.state = State::VerifyEmail(verifying);
        turn.changes.push(Change::Flow(Box::new(turn.flow.clone())));
        return turn.refuse(Refusal::InvalidCode);
    }
    arrival::proven(turn.stop_waiting(&verifying), verifying)
}

/// One answer being judged: the flow, what is known, and what will be written.
pub(crate) struct Turn<'a> {
    pub(crate) flow: Flow,
    pub(crate) facts: Facts,
    pub(crate) ctx: &'a Context<'a>,
    pub(crate) changes: Vec<Change>,
    pub(crate) signed_in: Option<SignedIn>,
}

impl Turn<'_> {
    /// The flow goes on to this state.
    pub(crate) fn to(mut self, state: State) -> Verdict<Step> {
        self.flow.expires_at = self.ctx.now + life(&state, self.ctx);
        self.flow.state = state;
        self.flow.number = self.flow.number.saturating_add(1);
        self.changes.push(Change::Flow(Box::new(self.flow.clone())));
        let step = match self.signed_in.take() {
            Some(signed_in) => Step::SignedIn(signed_in),
            None => step(&self.flow, &self.facts, self.ctx),
        };
        Verdict::done(step, self.changes)
    }

    /// The flow asks whether to link or to create, and remembers what it offers (SPEC 2.4).
    pub(crate) fn ask(self, arrival: Arrival) -> Verdict<Step> {
        let prompt = arrival::prompt(&arrival, &self.facts, self.ctx);
        let offered = prompt.candidates.iter().map(|account| account.id).collect();
        self.to(State::LinkOrCreate { arrival, offered })
    }

    /// The key may be new: the host is asked for the provider's set, once a flow, so that nobody keeps it
    /// fetching with names of keys that there never were (SPEC 2.9).
    fn ask_for_keys(mut self, issuer: String) -> Verdict<Step> {
        if self.flow.asked_for_keys {
            return self.refuse(Refusal::AssertionRejected { reason: AssertionProblem::UnknownKey });
        }
        self.flow.asked_for_keys = true;
        self.changes.push(Change::Flow(Box::new(self.flow.clone())));
        self.refuse(Refusal::NeedsKeys { issuer })
    }

    /// The answer is no; what was counted by then is written.
    pub(crate) fn refuse(self, refusal: Refusal) -> Verdict<Step> {
        Verdict::counted(refusal, self.changes)
    }

    /// The flow waits for the proof of an address (SPEC 2.10).
    pub(crate) fn verify_email(mut self, newcomer: Newcomer, email: EmailAddress) -> Verdict<Step> {
        if let Some(oldest) = self.facts.mail.waiting.first().copied()
            && self.facts.mail.waiting.len() >= WAITING_FLOWS
        {
            self.changes.push(Change::FlowEnded(oldest));
            self.changes.push(self.waiting(oldest, false));
        } else if self.facts.mail.all_waiting >= self.ctx.policy.open_sign_ups() {
            return Verdict::refused(Refusal::Busy);
        }
        self.changes.push(self.waiting(self.flow.id, true));
        self.send_code(Verifying { newcomer, email, code: None, serial: 0 })
    }

    /// Sends a code as far as the pace allows. Over it the last living code stays usable, and the
    /// answer looks alike (SPEC 12.5).
    fn send_code(mut self, mut verifying: Verifying) -> Verdict<Step> {
        if self.facts.mail.pace.allows(self.ctx.patient) {
            verifying.serial = verifying.serial.saturating_add(1);
            let (slot, message) = CodeSlot::send(
                self.flow.id,
                &verifying.email,
                verifying.serial,
                self.flow.client.device(),
                self.ctx,
            );
            verifying.code = Some(slot);
            let mut pace = std::mem::take(&mut self.facts.mail.pace);
            pace.count(self.ctx.patient);
            self.changes.push(Change::Paced { address: self.facts.mail.address, pace });
            self.changes.push(Change::Send(message));
        }
        self.to(State::VerifyEmail(verifying))
    }

    fn stop_waiting(mut self, verifying: &Verifying) -> Self {
        let address = address_hash(&verifying.email, self.ctx);
        self.changes.push(Change::Waiting { address, flow: self.flow.id, waits: false });
        self
    }

    fn waiting(&self, flow: FlowId, waits: bool) -> Change {
        Change::Waiting { address: self.facts.mail.address, flow, waits }
    }
}

/// The keyed hash that stands for an address in the rows about mail.
pub(crate) fn address_hash(email: &EmailAddress, ctx: &Context<'_>) -> UnknownAddress {
    ctx.keys.code(&[b"address", email.canonical().as_bytes()])
}

fn life(state: &State, ctx: &Context<'_>) -> Duration {
    match state {
        State::Present { .. } => ASSERTION_LIFE,
        // Who waits for a message waits as long as its code lives (SPEC 2.10, 12.5).
        State::VerifyEmail(Verifying { code: Some(slot), .. }) => slot.ends_at().since(ctx.now),
        State::VerifyEmail(Verifying { code: None, .. }) => ADDRESS_PROOF_LIFE,
        _ => FLOW_LIFE,
    }
}

/// The step that a flow is at.
pub(crate) fn step(flow: &Flow, facts: &Facts, ctx: &Context<'_>) -> Step {
    match &flow.state {
        State::Present { provider } => Step::PresentAssertion {
            provider: provider.clone(),
            flow: flow.id,
            nonce: nonce(flow, ctx),
            expires_at: flow.expires_at,
        },
        State::VerifyEmail(verifying) => {
            Step::VerifyEmail { to: verifying.email.masked(), can_skip: verifying.can_skip() }
        }
        State::ConfirmCreate(arrival) => match &arrival.newcomer {
            Newcomer::Federated { identity, handle, .. } => {
                Step::ConfirmCreate { provider: identity.provider.clone(), handle: handle.clone() }
            }
            Newcomer::Password { .. } => Step::Ended,
        },
        State::LinkOrCreate { arrival, offered } => {
            let prompt = arrival::prompt(arrival, facts, ctx);
            Step::LinkOrCreate {
                email: arrival.proven.as_ref().map_or_else(String::new, |email| email.as_typed().to_owned()),
                candidates: (1..)
                    .zip(offered)
                    .filter_map(|(place, id)| {
                        let account = prompt.candidates.iter().find(|account| account.id == *id)?;
                        Some(Candidate::of(account, place, arrival.newcomer.is_password()))
                    })
                    .collect(),
                can_create: prompt.blocked.is_none(),
                blocked: prompt.blocked,
            }
        }
        State::ProveOwnership { arrival, place, .. } => match &facts.account {
            Some(account) => {
                let candidate = Candidate::of(account, *place, arrival.newcomer.is_password());
                Step::ProveOwnership {
                    adding: (!candidate.drops_new_password).then(|| arrival.newcomer.adding()),
                    accepted: accepted(&candidate),
                    nonce: nonce(flow, ctx),
                    candidate,
                }
            }
            None => Step::Ended,
        },
        State::ConfirmRestore { .. } => match facts.account.as_ref().map(|account| account.status) {
            Some(Status::PendingDeletion { requested_at, purge_at }) => {
                Step::ConfirmRestore { requested_at, purge_at }
            }
            _ => Step::Ended,
        },
        State::SignedIn { account, session, proof, outcome } => Step::SignedIn(SignedIn {
            account: *account,
            session: *session,
            token: None,
            aal: Aal::Aal1,
            amr: proof.amr(),
            auth_time: proof.at,
            outcome: *outcome,
        }),
        State::Ended => Step::Ended,
    }
}

/// What an ID token for the step that the flow is at has to carry (SPEC 2.9).
pub(crate) fn nonce(flow: &Flow, ctx: &Context<'_>) -> String {
    jose::nonce(ctx.keys, flow.id, flow.number)
}

fn accepted(candidate: &Candidate) -> Vec<Accepted> {
    let password = candidate.methods.contains(&MethodKind::Password).then_some(Accepted::Password);
    password.into_iter().chain(candidate.providers.iter().cloned().map(Accepted::Federated)).collect()
}

impl Verifying {
    /// An assertion's address may stay unproven; a password's is its identifier and may not (SPEC 2.3).
    pub(crate) fn can_skip(&self) -> bool {
        !self.newcomer.is_password()
    }
}

impl Newcomer {
    pub(crate) fn is_password(&self) -> bool {
        matches!(self, Self::Password { .. })
    }

    fn with_address(self, corrected: &EmailAddress) -> Self {
        match self {
            Self::Password { hash, .. } => Self::Password { email: corrected.clone(), hash },
            federated @ Self::Federated { .. } => federated,
        }
    }

    fn adding(&self) -> Adding {
        match self {
            Self::Password { email, .. } => Adding::Password { email: email.as_typed().to_owned() },
            Self::Federated { identity, handle, .. } => {
                Adding::Federated { provider: identity.provider.clone(), handle: handle.clone() }
            }
        }
    }
}
