//! What the host does: a store made, messages delivered, keys and bills told.

use std::path::Path;

use selfsame::{
    AccountId, Billing, Engine, Error, MethodId, OpenProblem, ProviderId, Refusal, Revealed, Secret,
};
use selfsame_world::render;
use serde_json::json;

use super::products::named;
use super::{Reported, Store, page};
use crate::arguments::{Bill, Confirmed};
use crate::next::hint;
use crate::tell::Report;
use crate::trouble::Trouble;
use crate::words::{self, Tone, table};
use crate::{calendar, input, key};

impl Store {
    pub(crate) fn init(&self) -> Reported {
        // Before a key is made that nothing would need.
        if self.path.symlink_metadata().is_ok() {
            return Err(Error::Open(OpenProblem::AlreadyExists).into());
        }
        let (unlock, made) = key::find_or_make(self.key_file.as_deref())?;
        match Engine::options(unlock.clone()).policy(self.policy.clone()).create(&self.path) {
            Err(Error::Open(OpenProblem::NotFound)) => {
                let why = format!("the directory of {} does not exist", self.path.display());
                return Err(Trouble::Unusable(why));
            }
            made => drop(made?),
        }
        let key_file = self.key_file.as_ref().map(|path| path.display().to_string());
        let value =
            json!({ "made": self.path.display().to_string(), "key_file": key_file, "key_made": made });
        let mut report = Report::done(value, format!("a new store is at {}", self.path.display()));
        if let (true, Some(key_file)) = (made, key_file) {
            report.said.more.push(format!("its key is in {key_file}: keep it away from the store"));
        }
        Ok(report.then(vec![
            hint("selfsame sign-up EMAIL", "an account with a password"),
            hint("selfsame begin-federated x", "an account by way of X"),
        ]))
    }

    pub(crate) fn set_keys(&self, provider: &str, file: Option<&Path>) -> Reported {
        let unlock = self.ready(&[])?;
        let provider = provider.parse::<ProviderId>().map_err(|_| Refusal::UnknownProvider)?;
        let keys = input::key_set(file)?;
        self.open(&unlock)?.set_keys(&provider, &keys)?;
        let line = format!(
            "the keys of {} are here, and believed for {}",
            words::called(provider.as_str()),
            calendar::span(self.policy.max_key_set_age())
        );
        Ok(Report::done(json!({ "keys_of": provider.as_str() }), line))
    }

    pub(crate) fn messages(&self, delivered: Option<u64>) -> Reported {
        let unlock = self.ready(&[])?;
        let engine = self.open(&unlock)?;
        if let Some(id) = delivered {
            engine.delivered(id)?;
            return Ok(Report::done(json!({ "delivered": id }), format!("message {id} is delivered")));
        }
        let (mut values, mut rows) = (Vec::new(), Vec::new());
        for message in engine.messages(usize::MAX)? {
            // Whoever delivers a message needs its codes.
            let value = render::shown(&Revealed(&message));
            let mut says = match message.kind.mailed_code().and_then(Secret::reveal_text) {
                Some(code) => format!("the code {code}"),
                None => words::message(&value),
            };
            if let Some(offer) = &message.undo {
                let code = offer.code.reveal_text().unwrap_or_default();
                says = format!("{says}; the undo code {code}");
            }
            rows.push(vec![message.id.to_string(), message.to, says, message.device]);
            values.push(value);
        }
        let line = match rows.len() {
            1 => "1 message to deliver".to_owned(),
            count => format!("{count} messages to deliver"),
        };
        let next = match values.is_empty() {
            true => Vec::new(),
            false => vec![hint("selfsame messages --delivered ID", "once it is delivered")],
        };
        let more = table(&["ID", "TO", "SAYS", "FROM"], rows);
        Ok(Report::telling(json!({ "messages": values }), Tone::Tells, line, more).then(next))
    }

    pub(crate) fn picker(&self) -> Reported {
        let unlock = self.ready(&[])?;
        let entries = self.open(&unlock)?.picker()?;
        let hints = match entries.is_empty() {
            true => Vec::new(),
            false => vec![
                hint("selfsame sign-in --account ID", "with its password"),
                hint("selfsame remove-from-picker ID", "remember it no more"),
            ],
        };
        Ok(Report::of(json!({ "accounts": render::shown(&entries) })).then(hints))
    }

    pub(crate) fn remove_from_picker(&self, account: AccountId) -> Reported {
        let unlock = self.ready(&[])?;
        let engine = self.open(&unlock)?;
        // One that is over already, or another store's, stays as it is.
        let token = self.session.session().ok();
        let session = token.and_then(|token| engine.resolve(&token).ok());
        engine.remove_from_picker(account)?;
        let is_over = session.is_some_and(|session| session.account == account);
        let value = json!({ "forgotten": account.to_string() });
        Ok(Report::done(value, "forgotten on this device; nothing of the account is deleted")
            .but(self.session.remove_if(is_over)))
    }

    pub(crate) fn set_billing(&self, account: AccountId, product: &str, bill: &Bill) -> Reported {
        let unlock = self.ready(&[])?;
        let product = named(product)?;
        let customer = bill.customer.parse().map_err(|_| {
            Trouble::Unusable("a customer's reference has 1 to 255 bytes; nothing was done".into())
        })?;
        let billing = Billing {
            customer,
            plan: bill.plan.clone(),
            status: bill.status.into(),
            period_end: bill.paid_until,
            managed_by: bill.billed_by.into(),
        };
        self.open(&unlock)?.set_billing(account, &product, &billing)?;
        let value = json!({ "account": account.to_string(), "product": product.as_str() });
        Ok(Report::done(value, format!("the account's billing of {product} is set, and no other")))
    }

    pub(crate) fn mark_compromised(
        &self,
        account: AccountId,
        method: MethodId,
        confirmed: &Confirmed,
    ) -> Reported {
        let unlock = self.ready(&[])?;
        let what = "This ends the password's sessions, and its next sign-in has to set a new one";
        self.asking.confirm(confirmed.yes, what)?;
        self.open(&unlock)?.mark_compromised(account, method).map_err(page::no_password)?;
        let value = json!({ "account": account.to_string(), "compromised": method.to_string() });
        Ok(Report::done(value, "the next sign-in with the password asks for a new one"))
    }

    pub(crate) fn health(&self) -> Reported {
        let unlock = self.ready(&[])?;
        let health = self.open(&unlock)?.health()?;
        Ok(Report::of(render::shown(&health)))
    }
}
