//! The states of a flow: the facts that each needs from the store, and the step that it shows.

use crate::crypto::jose;
use crate::flow::facts::{Facts, Input};
use crate::flow::{challenge, prompt};
use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, SessionId};
use crate::records::account::{Account, Status};
use crate::records::adding::Adding;
use crate::records::assertion::Asserted;
use crate::records::candidate::Candidate;
use crate::records::context::Context;
use crate::records::flow::{
    Arrival, Enrolling, Entry, FlowRecord, Proving, Purpose, Registration, Resetting, State, Verifying,
};
use crate::records::identifier::Identifier;
use crate::records::mailed_code::CodePurpose;
use crate::records::mfa::SecondFactor;
use crate::records::step::Step;
use crate::records::undo::{Asks, UndoHash};
use crate::rules::mfa;

/// The facts that a state and the answer to it need.
#[derive(Default)]
pub(crate) struct Needs<'a> {
    /// The account that the state names.
    pub(crate) account: Option<AccountId>,
    /// The session of that account. If it ends, the flow ends.
    pub(crate) session: Option<SessionId>,
    /// The identifier whose holder is needed.
    pub(crate) holder: Option<Identifier>,
    /// The address whose verified holders are needed.
    pub(crate) sharing: Option<&'a EmailAddress>,
    /// The purpose and the address of the messages whose facts are needed.
    pub(crate) mail: Option<(CodePurpose, &'a EmailAddress)>,
    /// The undo code whose facts are needed.
    pub(crate) undo: Option<UndoHash>,
}

impl State {
    /// Returns the facts that the state and the answer to it need. No arm covers several states by a
    /// wildcard, so a new state does not compile until its needs are written here.
    pub(crate) fn needs<'a>(&'a self, input: Option<&'a Input>) -> Needs<'a> {
        match self {
            Self::Present { .. } => match input {
                Some(Input::Present { asserted, .. }) => {
                    let mail = asserted.email.as_ref().map(|email| (CodePurpose::AddressProof, email));
                    Needs { mail, ..Needs::of_identity(asserted) }
                }
                _ => Needs::default(),
            },
            Self::Passkey { listed } => Needs { account: *listed, ..Needs::of_passkey(input) },
            Self::AddingPasskey { account, session, .. } => {
                Needs { account: Some(*account), session: Some(*session), ..Needs::of_passkey(input) }
            }
            Self::VerifyEmail(Verifying { registration, proving }) => Needs {
                mail: Some(proving.goes_to(input)),
                sharing: Some(&proving.email),
                ..Needs::of_registration(registration)
            },
            Self::ConfirmCreate(arrival) => {
                let mail = arrival.registration.email().map(|email| (CodePurpose::AddressProof, email));
                Needs { mail, ..Needs::of_arrival(arrival) }
            }
            Self::LinkOrCreate { arrival, .. } => Needs::of_arrival(arrival),
            Self::ProveOwnership { arrival, candidate, .. } => {
                Needs { account: Some(*candidate), ..Needs::of_arrival(arrival) }
            }
            Self::Reset(Resetting { account, proving, .. }) => {
                let holder = match input {
                    Some(Input::CorrectAddress(email)) => Some(Identifier::PasswordEmail(email.clone())),
                    _ => None,
                };
                Needs {
                    account: Some(*account),
                    holder,
                    mail: Some(proving.goes_to(input)),
                    ..Needs::default()
                }
            }
            Self::Reauthenticate { account, session } => {
                Needs { account: Some(*account), session: Some(*session), ..Needs::default() }
            }
            Self::Adding { account, session, .. } => {
                let identity = match input {
                    Some(Input::Identity(asserted)) => Needs::of_identity(asserted),
                    _ => Needs::default(),
                };
                Needs { account: Some(*account), session: Some(*session), ..identity }
            }
            Self::Undo(undoing) => {
                Needs { account: Some(undoing.account), undo: Some(undoing.code), ..Needs::default() }
            }
            Self::SecondFactor(entry) | Self::NewPassword(entry) | Self::ConfirmRestore(entry) => {
                Needs::of_entry(entry)
            }
            Self::Enroll { entry, enrolling } => {
                let mail = match enrolling {
                    Enrolling::Contact(proving) => Some((proving.purpose, &proving.email)),
                    Enrolling::App { .. } | Enrolling::Codes(_) => None,
                };
                Needs { mail, ..Needs::of_entry(entry) }
            }
            Self::SignedIn { .. } | Self::Done { .. } | Self::Ended => Needs::default(),
        }
    }
}

impl<'a> Needs<'a> {
    fn of_identity(asserted: &'a Asserted) -> Self {
        let holder = Some(Identifier::Identity(asserted.identity.clone()));
        Self { holder, sharing: asserted.email.as_ref().filter(|_| asserted.email_proven), ..Self::default() }
    }

    fn of_passkey(input: Option<&Input>) -> Self {
        let id = match input {
            Some(Input::Passkey(answer, _)) => Some(&answer.credential_id),
            Some(Input::NewPasskey(answer)) => Some(&answer.attested.credential_id),
            _ => None,
        };
        Self { holder: id.map(|id| Identifier::Passkey(id.clone())), ..Self::default() }
    }

    fn of_registration(registration: &Registration) -> Self {
        Self { holder: Some(registration.identifier()), ..Self::default() }
    }

    fn of_arrival(arrival: &'a Arrival) -> Self {
        Self { sharing: arrival.proven.as_ref(), ..Self::of_registration(&arrival.registration) }
    }

    fn of_entry(entry: &'a Entry) -> Self {
        let purpose = match &entry.purpose {
            Purpose::Link(arrival) => Self::of_arrival(arrival),
            Purpose::Reauthenticate { session, .. } => Self { session: Some(*session), ..Self::default() },
            Purpose::SignIn | Purpose::Created | Purpose::Reset => Self::default(),
        };
        Self { account: Some(entry.account), ..purpose }
    }
}

impl Proving {
    /// Returns where a code of the flow goes after this answer.
    fn goes_to<'a>(&'a self, input: Option<&'a Input>) -> (CodePurpose, &'a EmailAddress) {
        match input {
            Some(Input::CorrectAddress(corrected)) => (self.purpose, corrected),
            _ => (self.purpose, &self.email),
        }
    }
}

/// Returns the step that a flow is at.
pub(crate) fn step(flow: &FlowRecord, facts: &Facts, ctx: &Context<'_>) -> Step {
    match &flow.state {
        State::Present { provider } | State::Adding { provider, .. } => Step::PresentAssertion {
            provider: provider.clone(),
            flow_id: flow.id,
            nonce: nonce(flow, ctx),
            expires_at: flow.expires_at,
        },
        // Policy may have lost its relying party since the flow began.
        State::Passkey { .. } => challenge::request(facts.account.as_ref(), flow, ctx)
            .map_or(Step::Ended, |options| Step::PresentPasskey { options }),
        State::AddingPasskey { user_handle, .. } => {
            let account = facts.account.as_ref();
            account
                .and_then(|account| challenge::creation(account, *user_handle, flow, ctx))
                .map_or(Step::Ended, |options| Step::CreatePasskey { options })
        }
        State::VerifyEmail(Verifying { proving, .. })
        | State::Reset(Resetting { proving, .. })
        | State::Enroll { enrolling: Enrolling::Contact(proving), .. } => Step::VerifyEmail {
            to: proving.email.masked(),
            can_skip: matches!(&flow.state, State::VerifyEmail(verifying) if verifying.can_skip()),
            send_at: facts.mail.send_at,
        },
        State::Enroll { enrolling: Enrolling::App { secret, .. }, .. } => match &facts.account {
            Some(account) => {
                let (secret, uri) = mfa::for_app(account, secret, ctx);
                Step::EnrollSecondFactor { secret, uri, expires_at: flow.expires_at }
            }
            None => Step::Ended,
        },
        State::Enroll { enrolling: Enrolling::Codes(factor), .. } => {
            Step::SaveRecoveryCodes { codes: mfa::shown(&factor.seed, flow.expires_at) }
        }
        State::Reauthenticate { .. } => match &facts.account {
            Some(account) => Step::Reauthenticate {
                accepted: account.accepted(ctx.policy),
                nonce: nonce(flow, ctx),
                passkey: passkey_of(account, flow, ctx),
            },
            None => Step::Ended,
        },
        State::SecondFactor(entry) => Step::SecondFactor {
            accepted: mfa::accepted(&entry.purpose),
            is_former: false,
            can_skip: matches!(entry.purpose, Purpose::Reauthenticate { .. }),
        },
        State::NewPassword(_) => Step::NewPassword,
        State::ConfirmCreate(arrival) => match &arrival.registration {
            Registration::Federated { identity, handle, .. } => {
                Step::ConfirmCreate { provider: identity.provider.clone(), handle: handle.clone() }
            }
            Registration::Password { .. } => Step::Ended,
        },
        State::LinkOrCreate { arrival, offered } => {
            let prompt = prompt::prompt(arrival, facts, ctx);
            Step::LinkOrCreate {
                email: arrival.proven.as_ref().map(|email| email.as_typed().to_owned()),
                candidates: prompt
                    .placed(offered)
                    .into_iter()
                    .map(|(place, account)| Candidate::of(account, place, arrival.registration.is_password()))
                    .collect(),
                can_create: prompt.blocked.is_none(),
                blocked: prompt.blocked,
            }
        }
        State::ProveOwnership { arrival, place, .. } => match &facts.account {
            Some(account) => {
                let candidate = Candidate::of(account, *place, arrival.registration.is_password());
                Step::ProveOwnership {
                    adding: (!candidate.drops_new_password).then(|| arrival.registration.adding()),
                    accepted: account.accepted(ctx.policy),
                    nonce: nonce(flow, ctx),
                    passkey: passkey_of(account, flow, ctx),
                    candidate,
                }
            }
            None => Step::Ended,
        },
        State::ConfirmRestore(_) => match facts.account.as_ref().map(|account| &account.status) {
            Some(Status::PendingDeletion { requested_at, purge_at, .. }) => {
                Step::ConfirmRestore { requested_at: *requested_at, purge_at: ctx.shown(*purge_at) }
            }
            _ => Step::Ended,
        },
        State::SignedIn { account, session, proof, outcome } => Step::AlreadySignedIn {
            account: *account,
            session: *session,
            aal: proof.aal(),
            outcome: *outcome,
        },
        State::Undo(undoing) => match undoing.asks {
            Asks::NewPassword => Step::NewPassword,
            asks @ (Asks::SecondFactor | Asks::FormerSecondFactor) => Step::SecondFactor {
                accepted: vec![SecondFactor::Totp, SecondFactor::RecoveryCode],
                is_former: asks == Asks::FormerSecondFactor,
                can_skip: false,
            },
        },
        State::Done { was_reserved, left_out } => Step::Done {
            was_reserved: *was_reserved,
            left_out: left_out.iter().filter_map(Adding::of).collect(),
        },
        State::Ended => Step::Ended,
    }
}

/// Returns the nonce that an ID token must carry at the flow's current step (SPEC 2.9).
pub(crate) fn nonce(flow: &FlowRecord, ctx: &Context<'_>) -> String {
    jose::nonce(ctx.keys, flow.id, flow.number)
}

/// Returns the options for the account's passkeys, if it has any.
fn passkey_of(account: &Account, flow: &FlowRecord, ctx: &Context<'_>) -> Option<String> {
    account.passkeys(ctx.policy).next().and_then(|_| challenge::request(Some(account), flow, ctx))
}

impl Registration {
    fn adding(&self) -> Adding {
        match self {
            Self::Password { email, .. } => Adding::Password { email: email.as_typed().to_owned() },
            Self::Federated { identity, handle, .. } => {
                Adding::Federated { provider: identity.provider.clone(), handle: handle.clone() }
            }
        }
    }
}
