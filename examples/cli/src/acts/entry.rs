//! Flows: starting and answering them.

use std::path::PathBuf;

use selfsame::{AccountId, Answer, Client, Engine, Flow, ProductId, ProviderId, Refusal};

use super::{Reported, Store};
use crate::arguments::{Device, Given, PasswordSource, Wanted};
use crate::trouble::{self, Trouble};
use crate::{assertion, input};

impl Store {
    pub(crate) fn sign_up(&self, email: &str, password: &PasswordSource, device: &Device) -> Reported {
        let unlock = self.ready(&[&self.flow])?;
        let client = self.client(device)?;
        let password = input::password(password.password_stdin, true)?;
        let engine = self.open(&unlock)?;
        self.came_to(&engine.sign_up(email, &password, &client)?)
    }

    pub(crate) fn sign_in(&self, who: &Who, password: &PasswordSource, device: &Device) -> Reported {
        let unlock = self.ready(&[&self.flow, &self.session])?;
        let client = self.client(device)?;
        let password = input::password(password.password_stdin, false)?;
        let engine = self.open(&unlock)?;
        self.came_to(&match who {
            Who::Email(email) => engine.sign_in(email, &password, &client)?,
            Who::Account(account) => engine.sign_in_to(*account, &password, &client)?,
        })
    }

    pub(crate) fn reset_password(&self, email: &str, device: &Device) -> Reported {
        self.begin(device, |engine, client| Ok(engine.reset_password(email, client)?))
    }

    pub(crate) fn reauthenticate(&self) -> Reported {
        self.ready(&[&self.flow, &self.session])?;
        self.came_to(&self.signed_in()?.account.reauthenticate()?)
    }

    pub(crate) fn begin_federated(&self, provider: &str, device: &Device) -> Reported {
        let provider = provider.parse::<ProviderId>().map_err(|_| Refusal::UnknownProvider)?;
        self.begin(device, |engine, client| Ok(engine.begin_federated(&provider, client)?))
    }

    /// Starts a flow that needs no input.
    fn begin(
        &self,
        device: &Device,
        begin: impl FnOnce(&Engine, &Client) -> Result<Flow, Trouble>,
    ) -> Reported {
        let unlock = self.ready(&[&self.flow])?;
        let client = self.client(device)?;
        let engine = self.open(&unlock)?;
        self.came_to(&begin(&engine, &client)?)
    }

    pub(crate) fn continue_with(&self, file: Option<PathBuf>, wanted: Wanted) -> Reported {
        let unlock = self.ready(&[&self.flow, &self.session])?;
        let flow = self.flow.flow()?;
        let assertion = assertion::read(input::assertion(file.as_deref())?, flow.token.flow())?;
        let engine = self.open(&unlock)?;
        let flow = engine.resume(&flow.token)?;
        self.came_to(&engine.continue_with(&flow, &assertion, wanted.into())?)
    }

    pub(crate) fn step(&self) -> Reported {
        let unlock = self.ready(&[&self.flow])?;
        let flow = self.flow.flow()?;
        let engine = self.open(&unlock)?;
        self.came_to(&engine.resume(&flow.token)?)
    }

    pub(crate) fn answer(&self, given: Given) -> Reported {
        let unlock = self.ready(&[&self.flow, &self.session])?;
        let kept = self.flow.flow()?;
        let answer = given.answer(kept.token.flow(), self.asking)?;
        let advice = match answer {
            Answer::Totp(_) => "type the current code; each code works once",
            Answer::RecoveryCode(_) => "use another recovery code, or selfsame answer totp",
            _ => "selfsame answer resend",
        };
        let engine = self.open(&unlock)?;
        // The stored number identifies the step that the person saw.
        let flow = Flow { number: kept.number, ..engine.resume(&kept.token)? };
        let answered = engine.answer(&flow, answer);
        let is_wrong_code = |refusal: &Refusal| *refusal == Refusal::InvalidCode;
        self.came_to(&answered.map_err(trouble::advising(is_wrong_code, advice))?)
    }

    /// Returns the device that the person named, with the recognitions that are kept here.
    pub(super) fn client(&self, device: &Device) -> Result<Client, Trouble> {
        let mut client = Client::on(&device.device).recognized_by(self.known.recognitions());
        if let Some(product) = &device.product {
            client = client.using(product.parse::<ProductId>().map_err(|_| Refusal::UnknownProduct)?);
        }
        Ok(if device.no_remember { client.unremembered() } else { client })
    }
}

/// The account to sign in to with a password.
pub(crate) enum Who {
    Email(String),
    Account(AccountId),
}
