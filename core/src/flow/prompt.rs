//! The link prompt: link to an existing account or create a new one (SPEC 2.4, 2.5).

use crate::flow::facts::Facts;
use crate::ground::id::AccountId;
use crate::records::account::Account;
use crate::records::candidate::{Candidate, CreateBlocked};
use crate::records::context::Context;
use crate::records::flow::Arrival;

/// What the link prompt offers.
pub(crate) struct Prompt<'a> {
    pub(crate) candidates: Vec<&'a Account>,
    pub(crate) blocked: Option<CreateBlocked>,
}

/// Returns what the person can choose now (SPEC 2.4, 2.5).
pub(crate) fn prompt<'a>(arrival: &Arrival, facts: &'a Facts, ctx: &Context<'_>) -> Prompt<'a> {
    let offered = |account: &&Account| !arrival.left_out.contains(&account.id);
    // Two passwords cannot have the same email (SPEC 1.3), so only the account that has it can be chosen.
    if arrival.registration.is_password()
        && let Some(holder) = &facts.holder
    {
        return Prompt {
            candidates: Some(holder).into_iter().filter(offered).collect(),
            blocked: Some(CreateBlocked::PasswordTaken),
        };
    }
    let sharing: &[Account] = if arrival.proven.is_some() { &facts.sharing } else { &[] };
    let reserver = facts.reserver.iter().filter(|account| !sharing.iter().any(|it| it.id == account.id));
    let full = sharing.len() >= ctx.policy.max_accounts_per_email();
    Prompt {
        candidates: sharing.iter().chain(reserver).filter(offered).collect(),
        blocked: full.then_some(CreateBlocked::TooManyAccounts),
    }
}

impl<'a> Prompt<'a> {
    /// Returns the candidates with their places. Those that were offered keep theirs, and those that came since,
    /// for example by another flow for the same email, follow.
    pub(crate) fn placed(&self, offered: &[AccountId]) -> Vec<(u8, &'a Account)> {
        let place_of = |account: &Account| offered.iter().position(|id| *id == account.id);
        let (old, new): (Vec<&Account>, Vec<&Account>) =
            self.candidates.iter().copied().partition(|account| place_of(account).is_some());
        let old = old.into_iter().filter_map(|account| Some((place_of(account)?, account)));
        let all = old.chain((offered.len()..).zip(new));
        let mut placed: Vec<_> =
            all.filter_map(|(at, account)| Some((u8::try_from(at + 1).ok()?, account))).collect();
        placed.sort_by_key(|(place, _)| *place);
        placed
    }
}

impl Candidate {
    pub(crate) fn of(account: &Account, place: u8, registers_password: bool) -> Self {
        let methods = account.kinds();
        let mut providers: Vec<_> =
            account.usable().filter_map(|method| method.provider().cloned()).collect();
        providers.sort_unstable();
        providers.dedup();
        Self {
            place,
            methods,
            providers,
            created: account.id.made_at().year_month(),
            drops_new_password: registers_password && account.password().is_some(),
        }
    }
}
