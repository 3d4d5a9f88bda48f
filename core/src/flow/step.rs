//! The step that a flow is at.

use crate::crypto::jose;
use crate::flow::facts::Facts;
use crate::flow::prompt;
use crate::records::account::{Account, Status};
use crate::records::context::Context;
use crate::records::flow::{Flow, Newcomer, Purpose, State};
use crate::records::mfa::SecondFactor;
use crate::records::step::{Adding, Candidate, SignedIn, Step};
use crate::records::undo::Asks;
use crate::rules::mfa;

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
            let prompt = prompt::prompt(arrival, facts, ctx);
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

impl Newcomer {
    fn adding(&self) -> Adding {
        match self {
            Self::Password { email, .. } => Adding::Password { email: email.as_typed().to_owned() },
            Self::Federated { identity, handle, .. } => {
                Adding::Federated { provider: identity.provider.clone(), handle: handle.clone() }
            }
        }
    }
}
