//! Checks each new session: its owner, and the proofs that were given for it.

use selfsame::{SignInOutcome, SignedIn, Timestamp};

use serde_json::json;

use crate::model::{Account, Credentials, Flow, Kind, Session, Throttle};
use crate::stage::Stage;
use crate::told;
use crate::watch::{self, Broken};

impl Stage {
    /// Checks that the new session is the owner's, and that every factor of the account was given.
    pub(crate) fn arrived(&mut self, at: usize, signed_in: SignedIn) -> Result<(), Broken> {
        let now = self.now();
        let flow = self.flows[at].clone();
        let known = self.accounts.iter().position(|account| account.id == signed_in.account);
        let Some(account) = known else {
            if signed_in.outcome != SignInOutcome::Created {
                return Err(format!("a session of an unknown account: {:?}", signed_in.outcome));
            }
            let account = self.created(&flow, signed_in.account);
            self.acting.account = Some(account);
            return self.opened(at, account, signed_in, now);
        };
        self.acting.account = Some(account);
        let model = &self.accounts[account];
        watch::only_the_owner(model.owner, flow.who)?;
        if flow.account.is_some_and(|expected| expected != account)
            || signed_in.outcome == SignInOutcome::Created
        {
            return Err(format!("flow {:?} opened account {account}", flow.kind));
        }
        if model.is_gone(now) || (model.pending.is_some() && !flow.restored) {
            return Err(format!("account {account} was opened while pending deletion"));
        }
        let wants_second = model.is_known && model.credentials.mfa.is_some() && !flow.skipped;
        let has_proof = flow.first_at.is_some() || matches!(flow.kind, Kind::Undo { .. });
        if !has_proof || (wants_second && flow.second_at.is_none() && !matches!(flow.kind, Kind::Undo { .. }))
        {
            return Err(format!("account {account} was opened without its factors"));
        }
        self.opened(at, account, signed_in, now)
    }

    fn created(&mut self, flow: &Flow, id: selfsame::AccountId) -> usize {
        let (password, text, identities) = match &flow.kind {
            Kind::SignUp { password, .. } => (flow.mail, password.clone(), Vec::new()),
            Kind::Federated { identity, .. } => (None, String::new(), vec![*identity]),
            _ => (None, String::new(), Vec::new()),
        };
        self.accounts.push(Account {
            id,
            owner: flow.who,
            credentials: Credentials { password, identities: identities.into_iter().collect(), mfa: None },
            is_known: true,
            text,
            leaked: false,
            stolen: false,
            compromised: false,
            verified: flow.proven.into_iter().collect(),
            contact: flow.proven,
            name: None,
            memberships: Vec::new(),
            first: Throttle::default(),
            second: Throttle::default(),
            hold_until: None,
            pending: None,
            is_purged: false,
            version: 1,
        });
        self.accounts.len() - 1
    }

    fn opened(
        &mut self,
        at: usize,
        account: usize,
        signed_in: SignedIn,
        now: Timestamp,
    ) -> Result<(), Broken> {
        let flow = self.flows[at].clone();
        self.reached(signed_in.outcome.code());
        let names =
            json!({ "account": told::account(account), "session": told::session(self.sessions.len()) });
        self.told.says("keep", names);
        if flow.recovered {
            self.reached("by a recovery code");
        }
        if flow.second_at.is_some() {
            self.reached("by two factors");
        }
        let renews = if let Kind::Reauthenticate { session } = flow.kind { Some(session) } else { None };
        let model = &mut self.accounts[account];
        if (flow.by_password && renews.is_none()) || model.first.failures >= 100 {
            model.first.clear();
        }
        if flow.restored {
            model.pending = None;
            model.version += 1;
            for request in self.requests.iter_mut().filter(|request| request.account == account) {
                request.is_withdrawn = true;
            }
        }
        let mut ends_others = flow.recovered && !matches!(flow.kind, Kind::Undo { .. });
        if signed_in.outcome == SignInOutcome::Linked {
            model.version += 1;
            match flow.kind {
                Kind::SignUp { mail, .. } if model.credentials.password.is_none() => {
                    model.credentials.password = flow.mail.or(Some(mail));
                    if let Kind::SignUp { password, .. } = &flow.kind {
                        model.text.clone_from(password);
                    }
                }
                Kind::Federated { identity, .. } => _ = model.credentials.identities.insert(identity),
                _ => {}
            }
        }
        if let Some(text) = &flow.new_password {
            (model.text, model.leaked, model.compromised) = (text.clone(), false, false);
            model.version += 1;
            ends_others = true;
        }
        if flow.recovered || flow.kind == Kind::Reset {
            model.recover(now);
            ends_others = true;
        }
        if let Kind::Undo { offer } = flow.kind
            && signed_in.outcome == SignInOutcome::Undone
        {
            self.undo_done(offer)?;
            ends_others = true;
        }
        let mailed = matches!(flow.kind, Kind::Reset | Kind::Undo { .. });
        let (first_at, second_at) = (flow.first_at.or(flow.shown_at).unwrap_or(now), flow.second_at);
        let mut session = Session {
            device: told::flow(at),
            holder: flow.who,
            account,
            id: signed_in.session,
            token: signed_in.token,
            first_at,
            proven_at: second_at.map_or(first_at, |second| second.min(first_at)),
            has_second: second_at.is_some() && !flow.recovered,
            recovered: flow.recovered,
            ends_at: mailed.then_some(self.accounts[account].hold_until).flatten(),
            is_over: false,
            enrolment: None,
            unsaved: None,
            pending: None,
        };
        let Some(old) = renews else {
            self.sessions.push(session);
            return if ends_others {
                self.sessions_end(account, Some(self.sessions.len() - 1))
            } else {
                Ok(())
            };
        };
        let before = self.sessions[old].clone();
        if flow.skipped {
            session.proven_at = before.proven_at;
            (session.has_second, session.recovered) = (before.has_second, before.recovered);
        }
        (session.enrolment, session.unsaved, session.pending, session.device, session.ends_at) =
            (before.enrolment, before.unsaved, before.pending, before.device, before.ends_at);
        // The old token is no longer valid, whoever holds it.
        let token = self.sessions[old].token.clone();
        for at in 0..self.sessions.len() {
            if self.sessions[at].token == token {
                self.sessions[at].is_over = true;
                self.is_over(at)?;
            }
        }
        self.sessions.push(session);
        if ends_others { self.sessions_end(account, Some(self.sessions.len() - 1)) } else { Ok(()) }
    }
}
