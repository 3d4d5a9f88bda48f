//! Flows that lead to a session, step by step.

use selfsame::{Answer, Intent, ProviderId, Secret, Step, Timestamp};
use selfsame_world::Identity;
use serde_json::json;

use crate::acts::{ACCOUNTS, EVE, Give, MAILS, Who, identity, mail};
use crate::answers::{Missed, Taken};
use crate::model::{Account, Flow, Kind, Spent, Want};
use crate::stage::{By, Stage};
use crate::told;
use crate::watch::{self, Broken};

fn account_owner(flow: &Flow, accounts: &[Account]) -> Option<Who> {
    flow.account.map(|at| accounts[at].owner)
}

impl Stage {
    fn flow(who: Who, progress: &selfsame::Flow, kind: Kind, now: Timestamp) -> Flow {
        Flow {
            who,
            token: progress.token.clone(),
            number: progress.number,
            step: progress.step.clone(),
            kind,
            mail: None,
            code: None,
            account: None,
            version: 0,
            since: now,
            first_at: None,
            shown_at: None,
            second_at: None,
            by_password: false,
            recovered: false,
            skipped: false,
            restored: false,
            new_password: None,
            left_out: Vec::new(),
            proven: None,
        }
    }

    /// Keeps a new flow and checks its first step.
    pub(crate) fn begun(&mut self, flow: Flow, progress: selfsame::Flow) -> Result<(), Broken> {
        self.flows.push(flow);
        self.stepped(self.flows.len() - 1, progress)
    }

    pub(crate) fn begin(&self, who: Who, progress: &selfsame::Flow, kind: Kind) -> Flow {
        Self::flow(who, progress, kind, self.now())
    }

    pub(crate) fn sign_up(&mut self, who: Who, to: usize) -> Result<(), Broken> {
        let password = self.password(who);
        let (client, given) = (self.client(), Secret::from(password.as_str()));
        let act = json!({ "do": "sign_up", "device": client.device(), "email": mail(to), "password": password, "flow": self.next_flow() });
        let begun = self.call(By::Person(who), act, |engine| engine.sign_up(&mail(to), &given, &client))?;
        self.held(Want::Yes, &begun, "a sign-up")?;
        let Ok(progress) = begun else { return Ok(()) };
        let mut flow = self.begin(who, &progress, Kind::SignUp { mail: to, password });
        flow.mail = Some(to);
        self.begun(flow, progress)
    }

    pub(crate) fn sign_in(&mut self, who: Who, to: usize, right: bool) -> Result<(), Broken> {
        let now = self.now();
        let target = self.by_password(to);
        let is_known = self.knows_all_of(to / MAILS);
        let text = target.filter(|_| right).and_then(|at| self.knows_password(who, at));
        let is_right = text.is_some();
        let given = Secret::from(text.unwrap_or_else(|| "not the password".to_owned()).as_str());
        let waits = target.is_some_and(|at| self.accounts[at].first.waits(now));
        let want = Want::of(is_known && is_right, is_known && (!is_right || waits));
        let (client, flow, text) = (self.client(), self.next_flow(), told::text(&given));
        let act = json!({ "do": "sign_in", "device": client.device(), "email": mail(to), "password": text, "flow": flow });
        let begun = self.call(By::Person(who), act, |engine| engine.sign_in(&mail(to), &given, &client))?;
        self.held(want, &begun, "sign-in with a password")?;
        match begun {
            Ok(progress) => {
                let mut flow = self.begin(who, &progress, Kind::SignIn);
                flow.account = target;
                flow.version = target.map_or(0, |at| self.accounts[at].version);
                flow.first_at = Some(now);
                flow.by_password = true;
                self.begun(flow, progress)
            }
            Err(_) => {
                if let Some(at) = target.filter(|_| !waits) {
                    self.accounts[at].first.fail(now);
                }
                Ok(())
            }
        }
    }

    /// Returns the password if the person has it and may use it. Eve uses a leaked password only if it is one
    /// factor of two.
    pub(crate) fn knows_password(&self, who: Who, at: usize) -> Option<String> {
        let account = &self.accounts[at];
        let leaked = who == EVE && account.leaked && account.is_known && account.credentials.mfa.is_some();
        (account.owner == who || leaked).then(|| account.text.clone())
    }

    pub(crate) fn assertion(
        of: usize,
        claims: Option<usize>,
        flow: &selfsame::FlowToken,
    ) -> selfsame::Assertion {
        let (provider, subject) = identity(of);
        let mut known = Identity::at(provider, &subject).called(&subject);
        if let Some(claims) = claims {
            known = known.with_email(&mail(claims));
        }
        known.statement(flow.flow()).expect("a short name")
    }

    pub(crate) fn provider(of: usize) -> ProviderId {
        identity(of).0.parse().expect("a short name")
    }

    pub(crate) fn present(
        &mut self,
        who: Who,
        of: usize,
        claims: Option<usize>,
        signs_up: bool,
    ) -> Result<(), Broken> {
        let holder = self.by_identity(of);
        let is_known = self.knows_all_of(who);
        let may_be_reserved = self.may_be_reserved(|credentials| credentials.identities.contains(&of));
        let client = self.client();
        let act = json!({ "do": "begin_federated", "device": client.device(), "provider": identity(of).0, "flow": self.next_flow() });
        let begun =
            self.call(By::Person(who), act, |engine| engine.begin_federated(&Self::provider(of), &client))?;
        self.held(Want::Yes, &begun, "start of a federated flow")?;
        let Ok(begun) = begun else { return Ok(()) };
        let token = begun.token.as_ref().ok_or("a flow has a token")?;
        let assertion = Self::assertion(of, claims, token);
        let intent = if signs_up { Intent::SignUp } else { Intent::SignIn };
        // Once there are as many accounts as the model allows, nobody signs up.
        if holder.is_none() && self.living() >= ACCOUNTS {
            return Ok(());
        }
        let act = json!({
            "do": "continue_with", "flow": self.next_flow(), "identity": told::identity(&assertion),
            "intent": if signs_up { "SignUp" } else { "SignIn" },
        });
        let brought =
            self.call(By::Person(who), act, |engine| engine.continue_with(&begun, &assertion, intent))?;
        let want = Want::of(is_known && (holder.is_some() || !may_be_reserved), false);
        self.held(want, &brought, "assertion of an identity")?;
        let Ok(progress) = brought else { return Ok(()) };
        let mut flow = self.begin(who, &progress, Kind::Federated { identity: of, claims });
        flow.mail = claims;
        flow.proven = claims.filter(|claim| Self::is_authority(of, *claim));
        flow.shown_at = Some(self.now());
        if let Some(at) = holder {
            flow.account = Some(at);
            flow.version = self.accounts[at].version;
            flow.first_at = Some(self.now());
        }
        self.begun(flow, progress)
    }

    fn is_authority(of: usize, claim: usize) -> bool {
        identity(of).0 == "example" && claim % MAILS == 2
    }

    pub(crate) fn forgot(&mut self, who: Who, to: usize) -> Result<(), Broken> {
        let client = self.client();
        let act = json!({ "do": "reset_password", "device": client.device(), "email": mail(to), "flow": self.next_flow() });
        let begun = self.call(By::Person(who), act, |engine| engine.reset_password(&mail(to), &client))?;
        self.held(Want::Yes, &begun, "password reset")?;
        let Ok(progress) = begun else { return Ok(()) };
        let mut flow = self.begin(who, &progress, Kind::Reset);
        flow.mail = Some(to);
        flow.account = self.by_password(to);
        self.begun(flow, progress)
    }

    /// Answers the current step of one of the person's flows.
    pub(crate) fn answer(&mut self, who: Who, place: usize, give: Give) -> Result<(), Broken> {
        let is_open = |flow: &Flow| {
            flow.who == who
                && flow.token.is_some()
                && (give == Give::Again
                    || !matches!(flow.step, Step::SignedIn { .. } | Step::Done { .. } | Step::Ended))
        };
        let Some(at) = Self::nth(&self.flows, place, is_open) else { return Ok(()) };
        if give == Give::Again {
            return self.again(at);
        }
        if self.living() >= ACCOUNTS && self.may_create(at, give) {
            return Ok(());
        }
        let Some((answer, want, taken, missed)) = self.prepared(at, give) else { return Ok(()) };
        let now = self.now();
        let flow = &self.flows[at];
        let asked = flow.asked();
        self.acting.account = flow.account;
        self.acting.before = flow
            .account
            .map(|account| (self.accounts[account].credentials.clone(), self.accounts[account].is_known));
        let what = format!("{give:?} to {} of {:?}", flow.step.code(), flow.kind);
        let by = match (&flow.kind, account_owner(flow, &self.accounts)) {
            (Kind::Reauthenticate { .. }, Some(owner)) if owner != who => By::Thief,
            _ => By::Person(who),
        };
        let act = json!({ "do": "answer", "flow": told::flow(at), "give": self.give(&answer) });
        let stepped = self.call(by, act, |engine| engine.answer(&asked, answer.clone()))?;
        self.held(want, &stepped, &what)?;
        if give == Give::Spent {
            watch::accepted_once(true, stepped.is_ok())?;
        }
        match stepped {
            Ok(progress) => {
                self.taken(at, taken, now);
                self.stepped(at, progress)
            }
            Err(refusal) => {
                let is_counted = matches!(refusal.code(), "InvalidCode" | "InvalidCredentials");
                let flow = &mut self.flows[at];
                match (missed, flow.account) {
                    _ if !is_counted => {}
                    (Missed::Code, _) => flow.code.iter_mut().for_each(|code| code.wrong += 1),
                    (Missed::First, Some(account)) => self.accounts[account].first.fail(now),
                    (Missed::Second, Some(account)) => self.accounts[account].second.fail(now),
                    _ => {}
                }
                Ok(())
            }
        }
    }

    /// Checks that repeating the answer to the first step has no second effect and gives no second token.
    fn again(&mut self, at: usize) -> Result<(), Broken> {
        let flow = &self.flows[at];
        let first = selfsame::Flow { number: 1, ..flow.asked() };
        if flow.number <= 1 {
            return Ok(());
        }
        let (who, step) = (flow.who, flow.step.code());
        let commits = self.world.engine().commits().map_err(|error| error.to_string())?;
        let act = json!({ "do": "answer", "flow": told::flow(at), "give": "Cancel", "number": 1 });
        let again = self.call(By::Person(who), act, |engine| engine.answer(&first, Answer::Cancel))?;
        let after = self.world.engine().commits().map_err(|error| error.to_string())?;
        let opened = matches!(&again, Ok(selfsame::Flow { step: Step::SignedIn { .. }, .. }));
        watch::accepted_once(true, opened || commits != after)?;
        match again {
            Ok(progress)
                if progress.step.code() != step
                    && (step, progress.step.code()) != ("SignedIn", "AlreadySignedIn")
                    && step != "LinkOrCreate"
                    && step != "ProveOwnership" =>
            {
                Err(format!("the step is {} and was {step}", progress.step.code()))
            }
            _ => Ok(()),
        }
    }

    fn taken(&mut self, at: usize, taken: Taken, now: Timestamp) {
        let flow = &mut self.flows[at];
        let account = flow.account;
        match taken {
            Taken::Nothing => {}
            Taken::Code(code) => {
                self.spent.push(Spent::Mailed(code));
                flow.code = None;
                flow.proven = flow.mail;
                if flow.kind == Kind::Reset {
                    flow.first_at = Some(now);
                    flow.by_password = true;
                    flow.proven = None;
                    flow.version = account.map_or(0, |account| self.accounts[account].version);
                }
            }
            Taken::First { by_password } => {
                flow.first_at = Some(now);
                flow.by_password = by_password;
            }
            Taken::Totp(code, step) => {
                flow.second_at = Some(now);
                if let Some(account) = account {
                    self.spent.push(Spent::Totp(account, code, step));
                    // In a session, the counter of strangers stays as it is.
                    if !matches!(flow.kind, Kind::Reauthenticate { .. }) {
                        self.accounts[account].second.clear();
                    }
                    if let Some(mfa) = &mut self.accounts[account].credentials.mfa {
                        mfa.last_step = mfa.last_step.max(step);
                    }
                    if let Kind::Undo { offer } = self.flows[at].kind
                        && let Some(mfa) = &mut self.offers[offer].before.mfa
                    {
                        mfa.last_step = mfa.last_step.max(step);
                    }
                }
            }
            Taken::Recovery(code) => {
                flow.second_at = Some(now);
                flow.recovered = true;
                if let Some(account) = account {
                    self.accounts[account].second.clear();
                    let offer = if let Kind::Undo { offer } = flow.kind { Some(offer) } else { None };
                    let of_offer = offer.and_then(|offer| self.offers[offer].before.mfa.as_mut());
                    for mfa in self.accounts[account].credentials.mfa.iter_mut().chain(of_offer) {
                        mfa.codes.retain(|other| other.reveal() != code.reveal());
                    }
                    self.spent.push(Spent::Recovery(account, code));
                }
            }
            Taken::SkippedSecond => flow.skipped = true,
            Taken::NewPassword(text) => flow.new_password = Some(text),
            Taken::Chosen(account) => {
                flow.account = Some(account);
                flow.version = self.accounts[account].version;
            }
            Taken::Restored => flow.restored = true,
            Taken::LeftOut => {
                flow.left_out.extend(account);
                flow.account = None;
            }
            Taken::Erased => {
                if let Some(account) = account {
                    self.accounts[account].pending = Some((now, now));
                }
            }
            Taken::Moved(to) => {
                flow.mail = Some(to);
                flow.code = None;
                if flow.kind == Kind::Reset {
                    self.flows[at].account = self.by_password(to);
                }
            }
            Taken::Added => self.added(at),
        }
    }

    /// Applies the addition of an identity to the model.
    fn added(&mut self, flow: usize) {
        let flow = &self.flows[flow];
        if let (Some(account), Kind::Add { identity, .. }) = (flow.account, &flow.kind) {
            _ = self.accounts[account].credentials.identities.insert(*identity);
            *self.reached.entry("an identity added").or_default() += 1;
            self.accounts[account].version += 1;
        }
    }

    /// Checks where the flow is now.
    fn stepped(&mut self, at: usize, progress: selfsame::Flow) -> Result<(), Broken> {
        let now = self.now();
        self.told.says("expect", json!({ "step": progress.step.code() }));
        self.acting.account = self.acting.account.or(self.flows[at].account);
        let flow = &mut self.flows[at];
        (flow.number, flow.since) = (progress.number, now);
        flow.step = progress.step.clone();
        match progress.step {
            Step::SignedIn { session: signed_in } => self.arrived(at, signed_in),
            Step::LinkOrCreate { candidates, .. } => {
                flow.account = None;
                flow.first_at = None;
                flow.second_at = None;
                let foreign = flow.proven.is_some_and(|proven| proven / MAILS != flow.who);
                if foreign && !candidates.is_empty() {
                    return Err(
                        "the prompt shows the accounts of an address that the person does not own".to_owned()
                    );
                }
                Ok(())
            }
            Step::Done { .. } => self.undone_without_password(at),
            // An undo is applied before the restore that follows it (SPEC 7.3).
            Step::ConfirmRestore { .. } => self.undone_while_pending(at),
            _ => Ok(()),
        }
    }
}
