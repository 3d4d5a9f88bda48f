//! Acts of support, the host and thieves, and waits.

use selfsame::{Billing, BillingStatus, ManagedBy};
use selfsame_world::days;
use serde_json::json;

use crate::acts::{Act, EVE};
use crate::model::{FRESH, Want};
use crate::stage::{By, Stage, product};
use crate::told;
use crate::watch::Broken;

impl Stage {
    pub(crate) fn around(&mut self, act: Act) -> Result<(), Broken> {
        let now = self.now();
        match act {
            Act::Leaks { account } => {
                let two = |it: &&mut crate::model::Account| {
                    it.is_known && it.credentials.mfa.is_some() && !it.stolen
                };
                if let Some(account) = self.accounts.get_mut(account).filter(two)
                    && account.owner != EVE
                {
                    account.leaked = true;
                    self.reached("a password leaked");
                }
                Ok(())
            }
            Act::Stolen { session } => {
                let stale = |it: &crate::model::Session| {
                    it.holder != EVE
                        && !it.is_over
                        && now >= it.first_at + FRESH
                        && now >= it.proven_at + FRESH
                };
                if let Some(at) = Self::nth(&self.sessions, session, stale)
                    && !self.accounts[self.sessions[at].account].leaked
                    && self.accounts[self.sessions[at].account].owner != EVE
                {
                    self.reached("a token stolen");
                    self.accounts[self.sessions[at].account].stolen = true;
                    let taken = self.sessions[at].clone();
                    self.sessions.push(crate::model::Session {
                        holder: EVE,
                        enrolment: None,
                        unsaved: None,
                        pending: None,
                        ..taken
                    });
                }
                Ok(())
            }
            Act::SupportLooks { account } => self.support_looks(account),
            Act::SupportDeletes { account } => self.support_deletes(account),
            Act::Bills { account, product: number, figure } => self.bills(account, number, figure),
            Act::Announces { request } => {
                let Some(at) = Self::nth(&self.requests, request, |_| true) else { return Ok(()) };
                let request = self.requests[at];
                let (id, is_gone) =
                    (self.accounts[request.account].id, self.accounts[request.account].is_gone(now));
                let must_not = is_gone || request.is_withdrawn || request.by_first_factor;
                let act = json!({ "do": "announce_erasure", "request": told::request(at) });
                let announced = self.call(By::Host, act, |engine| engine.announce_erasure(id, request.id))?;
                self.held(Want::of(false, must_not), &announced, "notice of an erasure")?;
                if let Ok(deletion) = announced {
                    self.on_its_way(request.account, deletion.purge_at);
                }
                Ok(())
            }
            Act::Erases { request } => {
                let Some(at) = Self::nth(&self.requests, request, |_| true) else { return Ok(()) };
                let request = self.requests[at];
                let model = &self.accounts[request.account];
                let id = model.id;
                let early = model.pending.is_none_or(|(requested, _)| now < requested + days(3));
                let must_not = model.is_gone(now)
                    || model.is_active(now)
                    || early
                    || model.is_held(now)
                    || request.is_withdrawn
                    || request.by_first_factor;
                let act = json!({ "do": "erase", "request": told::request(at) });
                let erased = self.call(By::Host, act, |engine| engine.erase(id, request.id))?;
                self.held(Want::of(false, must_not), &erased, "an erasure")?;
                if erased.is_ok() {
                    self.reached("erased");
                    self.accounts[request.account].pending = Some((now, now));
                }
                Ok(())
            }
            Act::Purges => {
                let report =
                    self.call(By::Purge, json!({ "do": "purge_due" }), |engine| engine.purge_due(100))?;
                for receipt in report.map_err(|refusal| refusal.to_string())?.receipts {
                    let found = self.accounts.iter_mut().find(|account| account.id == receipt.account);
                    let Some(account) = found.filter(|account| account.is_gone(now)) else {
                        return Err(format!("{} was purged too early", receipt.account));
                    };
                    account.is_purged = true;
                    self.reached("purged");
                }
                Ok(())
            }
            Act::Reopens => self.reopen(),
            Act::Waits { minutes } => {
                self.wait(minutes);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn support_looks(&mut self, at: usize) -> Result<(), Broken> {
        let now = self.now();
        let Some(account) = self.accounts.get(at) else { return Ok(()) };
        let (id, is_gone, verified) = (account.id, account.is_gone(now), account.verified.clone());
        let act = json!({ "do": "support_find", "operator": "sue", "named": told::account(at) });
        let found = self.call(By::Support, act, |engine| engine.support("sue")?.find(&id.to_string()))?;
        let found = found.map_err(|refusal| refusal.to_string())?;
        if found.iter().any(|view| view.id != id) || found.len() != usize::from(!is_gone) {
            return Err(format!("support finds {} accounts by the id of account {at}", found.len()));
        }
        let shown = format!("{found:?}");
        if verified.iter().any(|to| shown.contains(&crate::acts::mail(*to))) {
            return Err(format!("support is shown an address of account {at}"));
        }
        Ok(())
    }

    fn support_deletes(&mut self, at: usize) -> Result<(), Broken> {
        let now = self.now();
        let Some(account) = self.accounts.get(at) else { return Ok(()) };
        let (id, is_gone, was) = (account.id, account.is_gone(now), account.pending);
        let act = json!({
            "do": "support_delete", "operator": "sue", "account": told::account(at), "ticket": "a ticket",
        });
        let started =
            self.call(By::Support, act, |engine| engine.support("sue")?.start_deletion(id, "a ticket"))?;
        self.held(Want::of(was.is_some() && !is_gone, is_gone), &started, "deletion by support")?;
        match (started, was) {
            (Ok(deletion), Some((_, purge_at))) if deletion.purge_at != purge_at => {
                Err("support moved the date of a pending purge".to_owned())
            }
            (Ok(deletion), None) if deletion.purge_at != now + days(30) => {
                Err("a deletion by support has a different restore window".to_owned())
            }
            (Ok(deletion), None) => {
                self.on_its_way(at, deletion.purge_at);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn on_its_way(&mut self, at: usize, purge_at: selfsame::Timestamp) {
        let now = self.now();
        let account = &mut self.accounts[at];
        account.pending = account.pending.or(Some((now, purge_at)));
        account.version += 1;
    }

    fn bills(&mut self, at: usize, number: usize, figure: u64) -> Result<(), Broken> {
        let now = self.now();
        let Some(account) = self.accounts.get(at) else { return Ok(()) };
        let (id, is_gone) = (account.id, account.is_gone(now));
        // The customer reference sometimes belongs to another account, which is refused.
        let of = if figure == 3 { 0 } else { at };
        let billing = Billing {
            customer: format!("customer {of} of {number}").parse().expect("a short reference"),
            plan: format!("plan {figure}"),
            status: BillingStatus::Active,
            period_end: Some(now + days(30)),
            managed_by: ManagedBy::Direct,
        };
        let act = json!({
            "do": "set_billing", "account": told::account(at), "product": product(number).as_str(),
            "billing": {
                "customer": billing.customer.as_str(), "plan": billing.plan, "status": "Active",
                "period_end": (now + days(30)).as_millis(), "managed_by": "Direct",
            },
        });
        let set = self.call(By::Host, act, |engine| engine.set_billing(id, &product(number), &billing))?;
        self.held(Want::of(of == at && of != 0 && !is_gone, is_gone), &set, "billing")?;
        if set.is_ok() {
            self.put_billing(at, number, billing, now);
            self.acting.account = Some(at);
        }
        Ok(())
    }

    fn put_billing(&mut self, at: usize, number: usize, billing: Billing, now: selfsame::Timestamp) {
        let memberships = &mut self.accounts[at].memberships;
        match memberships.iter_mut().find(|membership| membership.product == product(number)) {
            Some(membership) => membership.billing = Some(billing),
            None => memberships.push(selfsame::Membership {
                product: product(number),
                since: now,
                billing: Some(billing),
            }),
        }
    }
}
