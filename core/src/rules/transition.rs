#![doc = include_str!("transition.md")]

use std::time::Duration;

use super::account::{Account, Candidate, Status};
use super::arrival;
use super::deletion;
use super::entry;
use super::flow::{
    Adding, Arrival, Flow, Intent, Newcomer, Progress, Proving, Purpose, Resetting, SecondFactor, SignedIn,
    State, Step, Verifying,
};
use super::fresh::Owner;
use super::linking;
use super::mail::{Body, CodePurpose, CodeSlot, Pace, TypedIn, UnknownAddress};
use super::methods;
use super::mfa::{self, TypedFactor};
use super::provider::{Asserted, ProviderId};
use super::refusal::{AssertionProblem, Refusal};
use super::reset;
use super::session::{Client, Session};
use super::sign_in::PasswordProof;
use super::undo::{self, Asks, UndoFacts};
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
    SecondFactor(TypedFactor),
    NewPassword(StoredPassword),
    Restore,
    KeepDeleted,
    EraseNow,
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
    /// The session that the state names, if it lives.
    pub(crate) session: Option<Session>,
    /// The address that a message would go to, and what went there already.
    pub(crate) mail: MailFacts,
    pub(crate) undo: UndoFacts,
}

/// What is known of an address that a code would go to.
#[derive(Default)]
pub(crate) struct MailFacts {
    pub(crate) address: UnknownAddress,
    pub(crate) pace: Pace,
    /// The flows that wait for its proof, oldest first.
    pub(crate) waiting: Vec<FlowId>,
    /// How many flows of the store wait for a code of that purpose.
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
    let (turn, token) = Turn::begin(client, facts, ctx);
    let newcomer = Newcomer::Password { email: email.clone(), hash };
    turn.verify_email(newcomer, email).map(|step| Progress { flow: Some(token), number: 1, step })
}

/// A flow that will bring an assertion, among so many of its kind (SPEC 2.10).
pub(crate) fn begin_federated(
    provider: ProviderId,
    client: &Client,
    all_waiting: u32,
    ctx: &Context<'_>,
) -> Verdict<Progress> {
    if all_waiting >= ctx.policy.open_sign_ups() {
        return Verdict::refused(Refusal::Busy);
    }
    let (flow, token) = begin(State::Present { provider }, client, ctx);
    let step = step(&flow, &Facts::default(), ctx);
    let progress = Progress { flow: Some(token), number: flow.number, step };
    Verdict::done(progress, vec![Change::Flow(Box::new(flow)), Change::AtProvider { waits: true }])
}

/// A flow that renews the proof of a session (SPEC 6.4).
pub(crate) fn reauthenticate(owner: &Owner, ctx: &Context<'_>) -> Verdict<Progress> {
    let Owner { session, account } = owner;
    let state = State::Reauthenticate { account: account.id, session: session.id };
    let (flow, token) = begin(state, &session.client, ctx);
    let facts = Facts { account: Some(account.clone()), ..Facts::default() };
    let step = step(&flow, &facts, ctx);
    let progress = Progress { flow: Some(token), number: flow.number, step };
    Verdict::done(progress, vec![Change::Flow(Box::new(flow))])
}

/// What goes with flows that are over.
pub(crate) fn sweep(over: &[Flow], ctx: &Context<'_>) -> Vec<Change> {
    over.iter()
        .flat_map(|flow| {
            let waiting = flow.state.proving().map(|proving| Change::Waiting {
                purpose: proving.purpose,
                address: proving.purpose.address_hash(&proving.email, ctx),
                flow: flow.id,
                waits: false,
            });
            let at_provider = flow.state.is_at_provider().then_some(Change::AtProvider { waits: false });
            waiting.into_iter().chain(at_provider).chain([Change::FlowEnded(flow.id)])
        })
        .collect()
}

/// The hash by which a flow knows its token.
pub(crate) fn secret_hash(flow: FlowId, secret: &[u8; 32], ctx: &Context<'_>) -> [u8; 32] {
    ctx.keys.code(&[b"flow", flow.as_bytes(), secret])
}

/// The answer to a step, and what comes of it.
pub(crate) fn answer(flow: Flow, input: Input, facts: Facts, ctx: &Context<'_>) -> Verdict<Step> {
    let was_at_provider = flow.state.is_at_provider();
    let mut verdict = stepped(flow, input, facts, ctx);
    // Whatever the provider's word leads to, it has come; what is refused still waits for it.
    if was_at_provider && verdict.answer.is_ok() {
        verdict.changes.push(Change::AtProvider { waits: false });
    }
    verdict
}

fn stepped(flow: Flow, input: Input, facts: Facts, ctx: &Context<'_>) -> Verdict<Step> {
    let state = flow.state.clone();
    let turn = Turn { flow, facts, ctx, changes: Vec::new(), signed_in: None };
    match (state, input) {
        // ── over ──
        (State::SignedIn { .. } | State::Done | State::Ended, _) => turn.refuse(Refusal::FlowExpired),

        // ── from anywhere ──
        (
            State::VerifyEmail(Verifying { proving, .. }) | State::Reset(Resetting { proving, .. }),
            Input::Cancel,
        ) => turn.stop_waiting(&proving).to(State::Ended),
        (_, Input::Cancel) => turn.to(State::Ended),

        // ── from PresentAssertion ──
        (State::Present { .. }, Input::Present { asserted, intent }) => {
            arrival::present(turn, *asserted, intent)
        }

        // ── wherever an assertion is taken ──
        (
            State::Present { .. }
            | State::Adding { .. }
            | State::ProveOwnership { .. }
            | State::Reauthenticate { .. },
            Input::UnknownKey(issuer),
        ) => turn.ask_for_keys(issuer),

        // ── from VerifyEmail ──
        (State::VerifyEmail(verifying), Input::Code(code)) => verify(turn, verifying, &code),
        (State::VerifyEmail(verifying), Input::Skip) if verifying.can_skip() => {
            arrival::skip(turn.stop_waiting(&verifying.proving), verifying)
        }
        (State::VerifyEmail(Verifying { newcomer, proving }), Input::Resend) => {
            turn.send_code(proving, false, |proving| State::VerifyEmail(Verifying { newcomer, proving }))
        }
        (State::VerifyEmail(verifying), Input::CorrectAddress(email)) => {
            let turn = turn.stop_waiting(&verifying.proving);
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

        // ── from the code of a forgotten password ──
        (State::Reset(resetting), Input::Code(code)) => reset::code(turn, resetting, &code),
        (State::Reset(resetting), Input::Resend) => reset::resend(turn, resetting),
        (State::Reset(resetting), Input::CorrectAddress(email)) => reset::correct(turn, &resetting, email),

        // ── from Reauthenticate ──
        (State::Reauthenticate { session, .. }, Input::Password(proof)) => {
            entry::reauthenticate_by_password(turn, session, proof)
        }
        (State::Reauthenticate { session, .. }, Input::Identity(asserted)) => {
            entry::reauthenticate_by_identity(turn, session, &asserted)
        }

        // ── from SecondFactor ──
        (State::SecondFactor(entry), Input::SecondFactor(given)) => entry::second_factor(turn, entry, &given),
        (State::SecondFactor(entry), Input::Skip) => entry::without_second(turn, entry),

        // ── from NewPassword ──
        (State::NewPassword(entry), Input::NewPassword(new)) => entry::new_password(turn, entry, new),

        // ── from PresentAssertion in a session ──
        (State::Adding { .. }, Input::Identity(asserted)) => methods::add_identity(turn, *asserted),

        // ── from the code of an undo ──
        (State::Undo(undoing), Input::NewPassword(new)) => undo::new_password(turn, undoing, new),
        (State::Undo(undoing), Input::SecondFactor(typed)) => undo::second_factor(turn, undoing, &typed),

        // ── from ConfirmRestore ──
        (State::ConfirmRestore(entry), Input::Restore) => deletion::restore(turn, entry),
        (State::ConfirmRestore(entry), Input::KeepDeleted) => deletion::keep_deleted(turn, entry),
        (State::ConfirmRestore(entry), Input::EraseNow) => deletion::erase_now(turn, entry),

        (_, _) => turn.refuse(Refusal::NotOffered),
    }
}

fn verify(mut turn: Turn<'_>, mut verifying: Verifying, code: &Secret) -> Verdict<Step> {
    if !turn.takes(&mut verifying.proving, code) {
        // Wrong, void and unknown are one refusal and one commit (SPEC 12.5).
        turn.flow.state = State::VerifyEmail(verifying);
        turn.changes.push(Change::Flow(Box::new(turn.flow.clone())));
        return turn.refuse(Refusal::InvalidCode);
    }
    arrival::proven(turn.stop_waiting(&verifying.proving), verifying)
}

/// One answer being judged: the flow, what is known, and what will be written.
pub(crate) struct Turn<'a> {
    pub(crate) flow: Flow,
    pub(crate) facts: Facts,
    pub(crate) ctx: &'a Context<'a>,
    pub(crate) changes: Vec<Change>,
    pub(crate) signed_in: Option<SignedIn>,
}

impl<'a> Turn<'a> {
    /// The first turn of a new flow, and the token that names it.
    pub(crate) fn begin(client: &Client, facts: Facts, ctx: &'a Context<'a>) -> (Self, FlowToken) {
        let (flow, token) = begin(State::Ended, client, ctx);
        let flow = Flow { number: 0, ..flow };
        (Self { flow, facts, ctx, changes: Vec::new(), signed_in: None }, token)
    }

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

    /// The newcomer has to prove the address (SPEC 2.3).
    pub(crate) fn verify_email(self, newcomer: Newcomer, email: EmailAddress) -> Verdict<Step> {
        let proving = Proving::new(CodePurpose::AddressProof, email);
        self.prove(proving, false, |proving| State::VerifyEmail(Verifying { newcomer, proving }))
    }

    /// The flow waits for a code, among so many of its kind (SPEC 2.10).
    pub(crate) fn prove(
        mut self,
        proving: Proving,
        to_nobody: bool,
        state: impl FnOnce(Proving) -> State,
    ) -> Verdict<Step> {
        let MailFacts { address, waiting, all_waiting, .. } = &self.facts.mail;
        let waits =
            |flow, waits| Change::Waiting { purpose: proving.purpose, address: *address, flow, waits };
        if let Some(oldest) = waiting.first().copied()
            && waiting.len() >= WAITING_FLOWS
        {
            self.changes.push(Change::FlowEnded(oldest));
            self.changes.push(waits(oldest, false));
        } else if *all_waiting >= self.ctx.policy.open_sign_ups() {
            return Verdict::refused(Refusal::Busy);
        }
        self.changes.push(waits(self.flow.id, true));
        self.send_code(proving, to_nobody, state)
    }

    /// Sends a code as far as the pace allows. Over it the last living code stays usable, and the
    /// answer looks alike (SPEC 12.5).
    pub(crate) fn send_code(
        mut self,
        mut proving: Proving,
        to_nobody: bool,
        state: impl FnOnce(Proving) -> State,
    ) -> Verdict<Step> {
        if self.facts.mail.pace.allows(self.ctx.patient) {
            proving.serial = proving.serial.saturating_add(1);
            let (slot, mut message) = CodeSlot::send(
                proving.purpose,
                TypedIn::Flow(self.flow.id),
                &proving.email,
                proving.serial,
                self.flow.client.device(),
                self.ctx,
            );
            if let Body::Code { to_nobody: nobodys, .. } = &mut message.body {
                *nobodys = to_nobody;
            }
            proving.code = Some(slot);
            let mut pace = std::mem::take(&mut self.facts.mail.pace);
            pace.count(self.ctx.patient);
            self.changes.push(Change::Paced { address: self.facts.mail.address, pace });
            self.changes.push(Change::Send(message));
        }
        self.to(state(proving))
    }

    /// Whether it is the code that the flow waits for. A wrong one is counted.
    pub(crate) fn takes(&self, proving: &mut Proving, code: &Secret) -> bool {
        let typed_in = TypedIn::Flow(self.flow.id);
        let slot = proving.code.as_mut();
        slot.is_some_and(|slot| slot.take(code.reveal(), typed_in, &proving.email, self.ctx))
    }

    pub(crate) fn stop_waiting(mut self, proving: &Proving) -> Self {
        let address = proving.purpose.address_hash(&proving.email, self.ctx);
        let (purpose, flow) = (proving.purpose, self.flow.id);
        self.changes.push(Change::Waiting { purpose, address, flow, waits: false });
        self
    }
}

fn life(state: &State, ctx: &Context<'_>) -> Duration {
    match state {
        State::Present { .. } | State::Adding { .. } => ASSERTION_LIFE,
        _ => match state.proving() {
            // Who waits for a message waits as long as its code lives (SPEC 2.10, 12.5).
            Some(Proving { code: Some(slot), .. }) => slot.ends_at().since(ctx.now),
            Some(Proving { code: None, purpose, .. }) => purpose.life(),
            None => FLOW_LIFE,
        },
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
            Step::VerifyEmail { to: verifying.proving.email.masked(), can_skip: verifying.can_skip() }
        }
        State::Reset(resetting) => {
            Step::VerifyEmail { to: resetting.proving.email.masked(), can_skip: false }
        }
        State::Reauthenticate { .. } => match &facts.account {
            Some(account) => Step::Reauthenticate { accepted: account.accepted(), nonce: nonce(flow, ctx) },
            None => Step::Ended,
        },
        State::SecondFactor(entry) => Step::SecondFactor {
            accepted: mfa::accepted(&entry.purpose),
            can_skip: matches!(entry.purpose, Purpose::Reauthenticate { .. }),
        },
        State::NewPassword(_) => Step::NewPassword,
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
                    accepted: account.accepted(),
                    nonce: nonce(flow, ctx),
                    candidate,
                }
            }
            None => Step::Ended,
        },
        State::ConfirmRestore(_) => match facts.account.as_ref().map(|account| &account.status) {
            Some(Status::PendingDeletion { requested_at, purge_at, .. }) => {
                Step::ConfirmRestore { requested_at: *requested_at, purge_at: *purge_at }
            }
            _ => Step::Ended,
        },
        State::SignedIn { account, session, proof, outcome } => Step::SignedIn(SignedIn {
            account: *account,
            session: *session,
            token: None,
            aal: proof.aal(),
            recovered: proof.is_recovery(),
            amr: proof.amr(),
            auth_time: proof.auth_time(),
            works_offline: facts.account.as_ref().map_or_else(Vec::new, Account::works_offline),
            outcome: *outcome,
        }),
        State::Adding { provider, .. } => Step::PresentAssertion {
            provider: provider.clone(),
            flow: flow.id,
            nonce: nonce(flow, ctx),
            expires_at: flow.expires_at,
        },
        State::Undo(undoing) => match undoing.asks {
            Asks::NewPassword => Step::NewPassword,
            Asks::SecondFactor => {
                let accepted = vec![SecondFactor::Totp, SecondFactor::RecoveryCode];
                Step::SecondFactor { accepted, can_skip: false }
            }
        },
        State::Done => Step::Done,
        State::Ended => Step::Ended,
    }
}

/// What an ID token for the step that the flow is at has to carry (SPEC 2.9).
pub(crate) fn nonce(flow: &Flow, ctx: &Context<'_>) -> String {
    jose::nonce(ctx.keys, flow.id, flow.number)
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
