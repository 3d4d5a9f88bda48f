//! The question whether to link or to create, as things stand (SPEC 2.4, 2.5).

use crate::flow::facts::Facts;
use crate::records::account::Account;
use crate::records::context::Context;
use crate::records::flow::Arrival;
use crate::records::step::{Candidate, CreateBlocked};

/// What the link prompt has to offer.
pub(crate) struct Prompt<'a> {
    pub(crate) candidates: Vec<&'a Account>,
    pub(crate) blocked: Option<CreateBlocked>,
}

/// What can be chosen as things stand (SPEC 2.4, 2.5).
pub(crate) fn prompt<'a>(arrival: &Arrival, facts: &'a Facts, ctx: &Context<'_>) -> Prompt<'a> {
    let offered = |account: &&Account| !arrival.left_out.contains(&account.id);
    // Two passwords with one email cannot be (SPEC 1.3): only their holder is left to choose.
    if arrival.registration.is_password()
        && let Some(holder) = &facts.holder
    {
        return Prompt {
            candidates: Some(holder).into_iter().filter(offered).collect(),
            blocked: Some(CreateBlocked::PasswordTaken),
        };
    }
    let full = facts.sharing.len() >= ctx.policy.max_accounts_per_email();
    Prompt {
        candidates: facts.sharing.iter().filter(offered).collect(),
        blocked: full.then_some(CreateBlocked::TooManyAccounts),
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
