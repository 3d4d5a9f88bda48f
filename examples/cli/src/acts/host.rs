//! The tasks of the host: creating the store, delivering messages, setting keys and billing.

use std::path::Path;

use selfsame::{
    AccountId, Billing, Engine, Error, MessageId, MethodId, OpenProblem, ProviderId, Refusal, Revealed,
    Secret,
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
        // Check this first, so that no unused key is created.
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
        let mut report = Report::done(value, format!("created the store {}", self.path.display()));
        if let (true, Some(key_file)) = (made, key_file) {
            report.said.more.push(format!("the key is in {key_file}; keep it away from the store"));
        }
        Ok(report.then(vec![
            hint("selfsame sign-up EMAIL", "create an account with a password"),
            hint("selfsame begin-federated x", "create an account with X"),
        ]))
    }

    pub(crate) fn set_keys(&self, provider: &str, file: Option<&Path>) -> Reported {
        let unlock = self.ready(&[])?;
        let provider = provider.parse::<ProviderId>().map_err(|_| Refusal::UnknownProvider)?;
        let keys = input::key_set(file)?;
        self.open(&unlock)?.set_keys(&provider, &keys)?;
        let line = format!(
            "the keys of {} are set, and valid for {}",
            words::called(provider.as_str()),
            calendar::span(self.policy.max_key_set_age())
        );
        Ok(Report::done(json!({ "keys_of": provider.as_str() }), line))
    }

    pub(crate) fn messages(&self, delivered: Option<MessageId>) -> Reported {
        let unlock = self.ready(&[])?;
        let engine = self.open(&unlock)?;
        if let Some(id) = delivered {
            engine.delivered(id)?;
            return Ok(Report::done(
                json!({ "delivered": id.to_string() }),
                format!("message {id} is marked as delivered"),
            ));
        }
        let (mut values, mut rows) = (Vec::new(), Vec::new());
        for message in engine.messages(usize::MAX)? {
            // The host needs the codes to deliver the message.
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
            false => vec![hint("selfsame messages --delivered ID", "confirm that a message was delivered")],
        };
        let more = table(&["ID", "TO", "TEXT", "DEVICE"], rows);
        Ok(Report::telling(json!({ "messages": values }), Tone::Tells, line, more).then(next))
    }

    pub(crate) fn picker(&self) -> Reported {
        let unlock = self.ready(&[])?;
        let entries = self.open(&unlock)?.picker()?;
        let hints = match entries.is_empty() {
            true => Vec::new(),
            false => vec![
                hint("selfsame sign-in --account ID", "sign in with its password"),
                hint("selfsame remove-from-picker ID", "remove an account from the picker"),
            ],
        };
        Ok(Report::of(json!({ "accounts": render::shown(&entries) })).then(hints))
    }

    pub(crate) fn remove_from_picker(&self, account: AccountId) -> Reported {
        let unlock = self.ready(&[])?;
        let engine = self.open(&unlock)?;
        // The kept session may have ended, or belong to another store.
        let token = self.session.session().ok();
        let session = token.and_then(|token| engine.resolve(&token).ok());
        engine.remove_from_picker(account)?;
        let is_over = session.is_some_and(|session| session.account == account);
        let value = json!({ "removed": account.to_string() });
        Ok(Report::done(value, "removed from the picker; the account itself stays")
            .but(self.session.remove_if(is_over)))
    }

    pub(crate) fn set_billing(&self, account: AccountId, product: &str, bill: &Bill) -> Reported {
        let unlock = self.ready(&[])?;
        let product = named(product)?;
        let customer = bill.customer.parse().map_err(|_| {
            Trouble::Unusable("the customer reference must have 1 to 255 bytes; nothing was done".into())
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
        Ok(Report::done(value, format!("the billing of {product} is set for this account")))
    }

    pub(crate) fn mark_compromised(
        &self,
        account: AccountId,
        method: MethodId,
        confirmed: &Confirmed,
    ) -> Reported {
        let unlock = self.ready(&[])?;
        let what = "This ends all sessions that the password opened, and the next sign-in requires a new one";
        self.asking.confirm(confirmed.yes, what)?;
        self.open(&unlock)?.mark_compromised(account, method).map_err(page::no_password)?;
        let value = json!({ "account": account.to_string(), "compromised": method.to_string() });
        Ok(Report::done(value, "the next sign-in with the password requires a new one"))
    }

    pub(crate) fn renumber(
        &self,
        provider: &ProviderId,
        old: &str,
        new: &str,
        confirmed: &Confirmed,
    ) -> Reported {
        let unlock = self.ready(&[])?;
        let what = "Who signs in at the provider with the new subject gets into the account";
        self.asking.confirm(confirmed.yes, what)?;
        let account = self.open(&unlock)?.renumber(provider, old, new)?;
        let value = json!({ "account": account.to_string(), "provider": provider.as_str() });
        Ok(Report::done(value, format!("account {account} has the new subject; its owner is told")))
    }

    pub(crate) fn health(&self) -> Reported {
        let unlock = self.ready(&[])?;
        let health = self.open(&unlock)?.health()?;
        Ok(Report::of(render::shown(&health)))
    }
}
