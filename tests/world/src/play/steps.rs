//! The acts of a story that begin or continue a flow.

use selfsame::{Engine, Flow};
use serde_json::Value;

use super::{Stage, short, unknown};
use crate::story::Act;
use crate::world::World;

impl Stage {
    pub(super) fn steps(&mut self, act: &Act, engine: &Engine, world: &World) -> Result<Value, String> {
        Ok(match act {
            Act::SignUp { email, password, flow, device, product, known, origin } => {
                let (password, client) =
                    (self.secret(password), self.client(device, product, known, origin)?);
                self.arrived(Some(flow), engine.sign_up(email, &password, &client))
            }
            Act::BeginFederated { provider, flow, device, product, known, origin } => {
                let client = self.client(device, product, known, origin)?;
                self.arrived(Some(flow), engine.begin_federated(&short(provider)?, &client))
            }
            Act::ContinueWith { flow, identity, intent, made_for } => {
                let assertion = self.assertion(made_for.as_ref().unwrap_or(flow), identity)?;
                // An assertion answers the first step, even if the story gives it again later.
                let first = Flow { number: 1, ..self.flow(flow)?.clone() };
                self.arrived(Some(flow), engine.continue_with(&first, &assertion, *intent))
            }
            Act::Answer { flow, give, number } => {
                let answer = self.answer(flow, give, world)?;
                let at = self.flow(flow)?.clone();
                let at = Flow { number: number.unwrap_or(at.number), ..at };
                self.arrived(Some(flow), engine.answer(&at, answer))
            }
            Act::Resume { flow } => {
                let token = self.flow_token(flow)?.clone();
                self.arrived(Some(flow), engine.resume(&token))
            }
            Act::SignIn { email, password, flow, device, product, known, origin } => {
                let (password, client) =
                    (self.secret(password), self.client(device, product, known, origin)?);
                self.arrived(flow.as_ref(), engine.sign_in(email, &password, &client))
            }
            Act::SignInTo { account, password, flow, device, known, origin } => {
                let (password, client) = (self.secret(password), self.client(device, &None, known, origin)?);
                let account = *self.accounts.get(account).ok_or_else(|| unknown("account", account))?;
                self.arrived(flow.as_ref(), engine.sign_in_to(account, &password, &client))
            }
            Act::ResetPassword { email, flow, device, product, known, origin } => {
                let client = self.client(device, product, known, origin)?;
                self.arrived(Some(flow), engine.reset_password(email, &client))
            }
            Act::Reauthenticate { session, flow } => {
                let begun = engine.reauthenticate(self.token(session)?);
                self.arrived(Some(flow), begun)
            }
            Act::BeginAdd { session, provider, flow } => {
                let provider = short(provider)?;
                let begun =
                    engine.account(self.token(session)?).and_then(|account| account.begin_add(&provider));
                self.arrived(Some(flow), begun)
            }
            Act::Undo { undo, flow, device, product, known, origin } => {
                let code = self.undos.get(undo).cloned().unwrap_or_else(|| undo.as_str().into());
                self.arrived(Some(flow), engine.undo(&code, &self.client(device, product, known, origin)?))
            }
            other => return Err(format!("{} is not an act of a flow", other.name())),
        })
    }
}
