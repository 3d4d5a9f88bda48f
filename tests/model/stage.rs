//! A world and its model. Every call between them is checked.

use std::collections::{BTreeMap, BTreeSet};

use selfsame::{
    Client, Engine, Error, Message, MessageKind, MethodKind, ProductId, Refusal, SessionToken, Step,
    Timestamp,
};
use selfsame_world::{World, days, minutes};
use serde_json::{Value, json};

use crate::acts::{Act, IDENTITIES, MAILS, NAMES, PRODUCTS, Who, identity, mail};
use crate::model::{Account, Code, Credentials, Flow, Offer, Request, Session, Spent, Want};
use crate::told::{self, Told};
use crate::watch::{self, Broken, Reach, Seen};

/// Who makes the call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum By {
    Person(Who),
    /// Eve, with somebody else's token.
    Thief,
    Support,
    Host,
    Purge,
}

/// What the messages of an act concern.
#[derive(Default)]
pub(crate) struct Acting {
    pub(crate) account: Option<usize>,
    /// The credentials before the act, and whether the model knows them.
    pub(crate) before: Option<(Credentials, bool)>,
}

pub(crate) struct Stage {
    pub(crate) world: World,
    pub(crate) accounts: Vec<Account>,
    pub(crate) sessions: Vec<Session>,
    pub(crate) flows: Vec<Flow>,
    pub(crate) offers: Vec<Offer>,
    pub(crate) spent: Vec<Spent>,
    pub(crate) requests: Vec<Request>,
    pub(crate) acting: Acting,
    pub(crate) calls: usize,
    pub(crate) refusals: usize,
    /// How often acts had each result, so that a run shows what it covered.
    pub(crate) reached: BTreeMap<&'static str, usize>,
    pub(crate) told: Told,
    serial: u32,
    seen: Seen,
    acts: usize,
    ends_at: Timestamp,
    /// The number of commits and the time at the last fetch.
    looked_at: (u64, Timestamp),
}

impl Stage {
    pub(crate) fn new(world: World) -> Result<Self, Broken> {
        let seen = Seen::of(world.engine())?;
        // The run ends before the oldest part of an audit chain is dropped.
        let ends_at = world.now() + days(390);
        Ok(Self {
            world,
            accounts: Vec::new(),
            sessions: Vec::new(),
            flows: Vec::new(),
            offers: Vec::new(),
            spent: Vec::new(),
            requests: Vec::new(),
            acting: Acting::default(),
            calls: 0,
            refusals: 0,
            reached: BTreeMap::new(),
            told: Told::default(),
            serial: 0,
            seen,
            acts: 0,
            ends_at,
            looked_at: (0, Timestamp::from_millis(0)),
        })
    }

    /// Does an act and compares what is observed with the model.
    pub(crate) fn act(&mut self, act: Act) -> Result<(), Broken> {
        self.acting = Acting::default();
        match act {
            Act::SignUp { who, mail } => self.sign_up(who, mail)?,
            Act::SignIn { who, mail, right } => self.sign_in(who, mail, right)?,
            Act::Present { who, identity, claims, signs_up } => {
                self.present(who, identity, claims, signs_up)?
            }
            Act::Forgot { who, mail } => self.forgot(who, mail)?,
            Act::Answer { who, flow, give } => self.answer(who, flow, give)?,
            Act::Does { who, session, does } => self.does(who, session, does)?,
            Act::Undo { who, offer } => self.undo(who, offer)?,
            other => self.around(other)?,
        }
        let is_new = (self.seen.commits, self.now());
        if is_new != self.looked_at {
            self.look_after()?;
        }
        self.looked_at = (self.seen.commits, self.now());
        self.acts += 1;
        if self.acts.is_multiple_of(25) { self.look_around() } else { Ok(()) }
    }

    /// Checks the world after an act that wrote something, or after some time.
    fn look_after(&mut self) -> Result<(), Broken> {
        self.fetch()?;
        let is_gone = |at: usize, stage: &Self| !stage.accounts[at].is_active(stage.now());
        if let Some(account) = self.acting.account.filter(|at| !is_gone(*at, self)) {
            self.look_at(account)?;
        }
        Ok(())
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.world.now()
    }

    pub(crate) fn wait(&mut self, minutes_long: u64) {
        if self.now() + minutes(minutes_long) < self.ends_at {
            self.world.later(minutes(minutes_long));
            self.world.catch_up();
            self.seen.commits = self.world.commits().expect("the store can be read");
            self.told.act(json!({ "do": "wait", "minutes": minutes_long }));
            // The story also contains this call, so that the later acts draw the same randomness.
            self.told.act(json!({ "do": "health" }));
        }
    }

    pub(crate) fn reopen(&mut self) -> Result<(), Broken> {
        self.told.act(json!({ "do": "reopen" }));
        self.world.reopen(None).map_err(|error| format!("the store does not open again: {error}"))?;
        self.seen(By::Host)
    }

    pub(crate) fn reached(&mut self, what: &'static str) {
        *self.reached.entry(what).or_default() += 1;
    }

    /// Returns a new password that no account has.
    pub(crate) fn password(&mut self, who: Who) -> String {
        self.serial += 1;
        format!("password {} made by {}", self.serial, NAMES[who])
    }

    /// Returns a client whose device has the name of the next flow. Its messages then name their flow.
    pub(crate) fn client(&self) -> Client {
        Client::on(&self.next_flow())
    }

    pub(crate) fn call<T>(
        &mut self,
        by: By,
        act: Value,
        run: impl FnOnce(&Engine) -> Result<T, Error>,
    ) -> Result<Result<T, Refusal>, Broken> {
        self.calls += 1;
        self.told.act_of(by, act);
        let outcome = match run(self.world.engine()) {
            Ok(done) => Ok(done),
            Err(Error::Refused(refusal)) => {
                self.refusals += 1;
                *self.reached.entry(refusal.code()).or_default() += 1;
                self.told.says("expect", json!({ "refused": refusal.code() }));
                Err(refusal)
            }
            Err(other) => {
                self.told.says("expect", json!({ "failed": other.code() }));
                return Err(format!("the engine failed: {other}"));
            }
        };
        self.seen(by)?;
        Ok(outcome)
    }

    fn seen(&mut self, by: By) -> Result<(), Broken> {
        let reach = if by == By::Purge { Reach::Purge } else { Reach::Act };
        if self.is_as_seen()? {
            return Ok(());
        }
        let after = Seen::of(self.world.engine())?;
        watch::grows_by_one(&self.seen, &after, reach)?;
        let stranger = match by {
            By::Person(who) => Some(who),
            By::Thief => Some(crate::acts::EVE),
            _ => None,
        };
        for account in self.accounts.iter().filter(|account| stranger.is_some_and(|who| who != account.owner))
        {
            let (Some(was), Some(is)) =
                (self.seen.accounts.get(&account.id), after.accounts.get(&account.id))
            else {
                continue;
            };
            if was == is {
                continue;
            }
            let activity = self.world.engine().support("the watch").unwrap().activity(account.id);
            let newest =
                activity.ok().and_then(|events| events.last().map(|it| (it.event.action, it.event.outcome)));
            watch::only_attempts(was, is, newest, by == By::Thief)?;
        }
        self.seen = after;
        Ok(())
    }

    /// Without a commit nothing was written, so there is nothing to check.
    fn is_as_seen(&self) -> Result<bool, Broken> {
        let commits = self.world.engine().commits().map_err(|error| error.to_string())?;
        Ok(commits == self.seen.commits)
    }

    /// Compares an outcome with the model's prediction.
    pub(crate) fn held<T>(&self, want: Want, outcome: &Result<T, Refusal>, what: &str) -> Result<(), Broken> {
        let now = self.now();
        let waits_for_a_purge = || self.accounts.iter().any(|it| it.is_gone(now) && !it.is_purged);
        match (want, outcome) {
            // The identifiers of an absent account wait for the second look at its deletion (SPEC 9.3).
            (Want::Yes, Err(Refusal::TooEarly { .. })) if waits_for_a_purge() => Ok(()),
            (Want::Yes, Err(refusal)) => {
                Err(format!("{what}: refused with {} although everything was proven", refusal.code()))
            }
            (Want::No, Ok(_)) => Err(format!("{what}: done although it must be refused")),
            _ => Ok(()),
        }
    }

    /// Delivers the messages, and gives people the codes that are sent to them.
    fn fetch(&mut self) -> Result<(), Broken> {
        let messages =
            self.world.fetch_mail().map_err(|error| format!("fetching mail failed: {error}"))?.all();
        if self.is_as_seen()? {
            return Ok(());
        }
        self.told.mail(&messages);
        self.world.mailbox().clear();
        let after = Seen::of(self.world.engine())?;
        watch::grows_by_one(&self.seen, &after, Reach::Mail)?;
        self.seen = after;
        messages.into_iter().try_for_each(|message| self.delivered(message))
    }

    fn delivered(&mut self, message: Message) -> Result<(), Broken> {
        let now = self.now();
        let Some(to) = (0..3 * MAILS).find(|number| mail(*number) == message.to) else { return Ok(()) };
        if let Some(offer) = message.undo {
            let (Some(account), Some((before, was_known))) =
                (self.acting.account, self.acting.before.clone())
            else {
                return Err(format!("an undo code without an act was sent to {}", message.to));
            };
            self.offers.push(Offer {
                account,
                to,
                code: offer.code,
                until: offer.until,
                before,
                was_known,
                is_void: false,
            });
        }
        let Some(secret) = message.kind.mailed_code().cloned() else { return Ok(()) };
        let life =
            if matches!(message.kind, MessageKind::VerifyEmail { .. }) { days(1) } else { minutes(10) };
        let code = Code { secret, to, over_at: now + life, wrong: 0 };
        // A message may come long after it was asked for (SPEC 12.5).
        let named = |at: usize| told::flow(at) == message.device;
        let waits = |flow: &Flow| matches!(flow.step, Step::VerifyEmail { .. }) && flow.mail == Some(to);
        if let Some(flow) = (0..self.flows.len()).find(|at| named(*at) && waits(&self.flows[*at])) {
            self.flows[flow].code = Some(code);
            return Ok(());
        }
        let mut waiting: Vec<_> =
            self.sessions.iter_mut().filter(|session| session.device == message.device).collect();
        if waiting.is_empty() {
            return Err(format!("an unrequested code was sent to {}", message.to));
        }
        let pending = waiting.iter_mut().filter_map(|session| session.pending.as_mut());
        if let Some(pending) = pending.into_iter().find(|pending| pending.mail == to) {
            pending.code = Some(code);
        }
        Ok(())
    }

    /// Returns the account whose password has the email.
    pub(crate) fn by_password(&self, mail: usize) -> Option<usize> {
        let now = self.now();
        self.accounts
            .iter()
            .position(|account| account.credentials.password == Some(mail) && !account.is_gone(now))
    }

    /// Returns the account that an identity signs in to.
    pub(crate) fn by_identity(&self, identity: usize) -> Option<usize> {
        let now = self.now();
        self.accounts
            .iter()
            .position(|account| account.credentials.identities.contains(&identity) && !account.is_gone(now))
    }

    /// Returns whether the model knows the credentials of every account of the person.
    pub(crate) fn knows_all_of(&self, who: Who) -> bool {
        let now = self.now();
        self.accounts.iter().all(|account| account.owner != who || account.is_known || account.is_gone(now))
    }

    /// Returns whether an undo may reserve an identifier.
    pub(crate) fn may_be_reserved(&self, holds: impl Fn(&Credentials) -> bool) -> bool {
        let now = self.now();
        self.offers.iter().any(|offer| now < offer.until && holds(&offer.before))
    }

    pub(crate) fn living(&self) -> usize {
        let now = self.now();
        self.accounts.iter().filter(|account| !account.is_gone(now)).count()
    }

    /// Returns the item at a position, counted from the newest, among those that fit.
    pub(crate) fn nth<T>(list: &[T], place: usize, fits: impl Fn(&T) -> bool) -> Option<usize> {
        let all: Vec<_> = (0..list.len()).rev().filter(|at| list.get(*at).is_some_and(&fits)).collect();
        all.get(place % all.len().max(1)).copied()
    }

    /// Ends all sessions of the account but this one.
    pub(crate) fn sessions_end(&mut self, account: usize, except: Option<usize>) -> Result<(), Broken> {
        // A thief's copy of a token is the same session.
        let kept = except.map(|at| self.sessions[at].id);
        for at in 0..self.sessions.len() {
            let is_other = Some(self.sessions[at].id) != kept;
            if self.sessions[at].account == account && is_other && !self.sessions[at].is_over {
                self.sessions[at].is_over = true;
                self.is_over(at)?;
            }
        }
        Ok(())
    }

    pub(crate) fn is_over(&self, session: usize) -> Result<(), Broken> {
        let session = &self.sessions[session];
        match self.world.engine().resolve(&session.token) {
            Err(Error::Refused(Refusal::SessionEnded)) => Ok(()),
            other => {
                let answer = other.map_or_else(|error| error.to_string(), |_| "the account opens".to_owned());
                Err(format!("an ended session of account {}: {answer}", session.account))
            }
        }
    }

    /// Returns a token of the owner that opens the account now.
    fn token(&self, account: usize) -> Option<SessionToken> {
        let owner = self.accounts[account].owner;
        let own =
            |session: &&Session| session.account == account && session.holder == owner && !session.is_over;
        let mut tokens = self.sessions.iter().rev().filter(own).map(|session| &session.token);
        tokens.find(|token| self.world.engine().resolve(token).is_ok()).cloned()
    }

    /// Compares the model of an account with its page. If the model does not know the credentials, it takes
    /// them from the page.
    pub(crate) fn look_at(&mut self, at: usize) -> Result<Option<selfsame::AccountView>, Broken> {
        let now = self.now();
        let Some(token) = self.token(at) else { return Ok(None) };
        if !self.accounts[at].is_active(now) {
            return Err(format!("account {at} is pending deletion and has a valid session"));
        }
        let failed = |error: Error| format!("the account page does not open: {error}");
        let handle = self.world.engine().account(&token).map_err(failed)?;
        let (view, memberships) = (handle.view().map_err(failed)?, handle.memberships().map_err(failed)?);
        let account = &mut self.accounts[at];
        if !account.is_active(now) || view.id != account.id {
            return Err(format!("account {at} answers as {view:?}"));
        }
        watch::has_usable_method(&view)?;
        watch::contents_stay(
            view.id,
            (&account.name, &view.display_name),
            (&account.memberships, &memberships),
        )?;
        let usable = || view.methods.iter().filter(|method| !method.suspended);
        let password = usable().find(|method| method.kind == MethodKind::Password);
        let password = password.and_then(|method| number_of(method.email.as_deref()?));
        let identities: BTreeSet<_> = usable()
            .filter_map(|method| {
                (0..3 * IDENTITIES).find(|n| Some(&identity(*n).1) == method.handle.as_ref())
            })
            .collect();
        let suspended = view.second_factor_suspended || view.methods.iter().any(|method| method.suspended);
        if account.is_known {
            let model = (
                account.credentials.password,
                &account.credentials.identities,
                account.credentials.mfa.is_some(),
            );
            let seen = (password, &identities, view.mfa.is_some());
            if model != seen || suspended {
                return Err(format!("account {at} has the credentials {seen:?}, not {model:?}"));
            }
        }
        if account.is_held(now) != view.hold_until.is_some_and(|until| now < until) {
            return Err(format!("account {at} is on hold until {:?}", view.hold_until));
        }
        if let (Some(model), Some(mfa)) = (&account.credentials.mfa, &view.mfa)
            && account.is_known
            && mfa.recovery_codes_left as usize != model.codes.len()
        {
            return Err(format!("account {at} has {} recovery codes left", mfa.recovery_codes_left));
        }
        account.credentials.password = password;
        account.credentials.identities = identities;
        if view.mfa.is_none() {
            account.credentials.mfa = None;
        }
        // Nobody in the model can use a factor that the model no longer knows.
        account.is_known = !suspended && view.mfa.is_some() == account.credentials.mfa.is_some();
        let verified = view.addresses.iter().filter(|address| address.verified_at.is_some());
        account.verified = verified.filter_map(|address| number_of(&address.email)).collect();
        account.contact = view.contact.as_deref().and_then(number_of);
        if let Some(foreign) = account.verified.iter().find(|number| **number / MAILS != account.owner) {
            return Err(format!("account {at} has proven {}", mail(*foreign)));
        }
        Ok(Some(view))
    }

    /// Checks everything that must hold at any time.
    pub(crate) fn look_around(&mut self) -> Result<(), Broken> {
        let now = self.now();
        let mut views = Vec::new();
        for at in 0..self.accounts.len() {
            let (id, is_purged) = (self.accounts[at].id, self.accounts[at].is_purged);
            if self.accounts[at].is_gone(now) {
                let tokens = self.sessions.iter().filter(|session| session.account == at);
                let answered = tokens.filter(|it| self.world.engine().resolve(&it.token).is_ok()).count();
                let found = self.world.engine().support("the watch").unwrap().find(&id.to_string());
                let answers = answered + found.map_or(0, |found| found.len());
                if is_purged {
                    watch::is_purged(self.seen.accounts.get(&id), answers)?;
                } else if answers > 0 {
                    return Err(format!("account {at} is purged but answers"));
                }
                continue;
            }
            views.extend(self.look_at(at)?);
            if let Some(token) = self.token(at) {
                let handle = self.world.engine().account(&token).map_err(|error| error.to_string())?;
                if !handle.verify_audit().map_err(|error| error.to_string())? {
                    return Err(format!("the chain of account {at} is broken"));
                }
            }
        }
        for at in 0..self.sessions.len() {
            let ends_at = self.sessions[at].ends_at;
            if self.sessions[at].is_over || ends_at.is_some_and(|end| end <= now) {
                self.is_over(at)?;
            } else if let Ok(session) = self.world.engine().resolve(&self.sessions[at].token)
                && session.ends_at != ends_at
            {
                return Err(format!("a session ends at {:?}, not {ends_at:?}", session.ends_at));
            }
        }
        watch::one_identifier_one_account(&views)
    }
}

fn number_of(email: &str) -> Option<usize> {
    (0..3 * MAILS).find(|number| mail(*number) == email)
}

/// Returns one of the two products.
pub(crate) fn product(number: usize) -> ProductId {
    PRODUCTS[number % PRODUCTS.len()].parse().expect("a short name")
}
