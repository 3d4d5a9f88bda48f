//! One state of the store and of everybody around it. A state is kept as plain rows, and opened again for each act
//! that is tried on it.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::Arc;
use std::time::Duration;

use selfsame::testing::{BTreeStore, MemoryMedium, Row, Store, Write};
use selfsame::{
    AccountHandle, AccountId, AccountView, Answer, Client, Engine, EngineOptions, Environment, Error, Flow,
    Intent, Message, RecognitionToken, SecondFactor, Secret, Session, SessionToken, SignedIn, Step,
    Timestamp,
};
use selfsame_world::{Authenticator, Hand, Identity, World, totp};

pub(crate) const ADA: &str = "ada@example.org";
pub(crate) const OTHER: &str = "ada@provider.example";
pub(crate) const MALLORY: [&str; 2] = ["mallory@provider.example", "mallory@example.net"];
/// An authenticator app shows a new code after this time.
const NEXT_CODE: Duration = Duration::from_secs(31);

/// Why an act had no effect.
#[derive(Debug)]
pub(crate) struct No(pub(crate) String);

impl From<Error> for No {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

pub(crate) fn no<T>(why: impl Display) -> Result<T, No> {
    Err(No(why.to_string()))
}

/// What a person has and knows.
#[derive(Clone, Default)]
pub(crate) struct Person {
    pub(crate) device: &'static str,
    pub(crate) sessions: Vec<SessionToken>,
    /// Oldest first.
    pub(crate) passwords: Vec<String>,
    pub(crate) identities: Vec<Identity>,
    pub(crate) apps: Vec<Authenticator>,
    pub(crate) recognition: Option<RecognitionToken>,
    pub(crate) flows: Vec<Flow>,
    /// The secret of an enrolment that waits for its first code.
    pub(crate) enrolling: Option<Secret>,
    /// Where their mail goes.
    pub(crate) addresses: Vec<&'static str>,
    /// Until when they read the owner's mail too.
    pub(crate) visits_until: Option<Timestamp>,
    /// How many passwords they have chosen.
    pub(crate) chosen: usize,
}

impl Person {
    pub(crate) fn client(&self) -> Client {
        Client::on(self.device).recognized_by(self.recognition.clone())
    }

    pub(crate) fn choose(&mut self) -> String {
        self.chosen += 1;
        let chosen = format!("{} chose password {}", self.device, self.chosen);
        self.passwords.push(chosen.clone());
        chosen
    }

    fn reads(&self, message: &Message) -> bool {
        let visited = message.to == ADA && self.visits_until.is_some_and(|until| message.created_at < until);
        visited || self.addresses.contains(&message.to.as_str())
    }
}

/// The proof that a request for erasure was made with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Hash)]
pub(crate) enum Proof {
    Stale,
    FirstFactor,
    Full,
}

/// The events and the knowledge that a test must remember.
#[derive(Clone)]
pub(crate) struct Story {
    pub(crate) owner: Person,
    pub(crate) thief: Person,
    pub(crate) mail: Vec<Arc<Message>>,
    /// When the thief came.
    pub(crate) begun: Timestamp,
    /// When the thief's first act was accepted.
    pub(crate) first: Option<Timestamp>,
    /// When the thief turned on a factor of their own. The undo code of that act lives for only 72 hours.
    pub(crate) foreign_factor: Option<Timestamp>,
    /// The strongest proof that a request for erasure was made with.
    pub(crate) erasure: Option<Proof>,
}

/// One state.
#[derive(Clone)]
pub(crate) struct Node {
    pub(crate) rows: BTreeMap<Vec<u8>, Vec<u8>>,
    hand: Arc<Hand>,
    pub(crate) story: Story,
}

/// What all states of one search share.
pub(crate) struct Ground {
    options: EngineOptions,
    environment: Environment,
    medium: Arc<MemoryMedium>,
    pub(crate) account: AccountId,
    /// A session that only the test uses, to read the account, and the row of that session.
    watcher: (SessionToken, Vec<u8>, Vec<u8>),
    /// The account page before the thief came.
    pub(crate) page: AccountView,
}

impl Ground {
    /// Starts from the current state of the world. `watcher` is a session of the owner that nobody uses.
    pub(crate) fn new(
        world: &World,
        medium: Arc<MemoryMedium>,
        before: &BTreeMap<Vec<u8>, Vec<u8>>,
        watcher: SignedIn,
        story: Story,
    ) -> (Self, Node) {
        let mut rows = world.engine().dump().unwrap();
        rows.remove([0; 17].as_slice());
        let hand = Arc::new(world.hand().again());
        let page = world.engine().account(&watcher.token).unwrap().view().unwrap();
        world.engine().suspend().unwrap();
        let mut ground = Self {
            options: world.options(),
            environment: world.environment(),
            medium,
            account: watcher.account,
            watcher: (watcher.token, Vec::new(), Vec::new()),
            page,
        };
        let mut node = Node { rows, hand, story };
        let new: Vec<_> = node.rows.iter().filter(|(key, _)| !before.contains_key(*key)).collect();
        let row = new.into_iter().find_map(|(key, value)| {
            let mut without = node.clone();
            without.rows.remove(key);
            let is_it = ground.open(&without).engine.resolve(&ground.watcher.0).is_err();
            is_it.then(|| (key.clone(), value.clone()))
        });
        let (key, value) = row.unwrap();
        node.rows.remove(&key);
        (ground.watcher.1, ground.watcher.2) = (key, value);
        (ground, node)
    }

    /// Opens a state.
    pub(crate) fn open(&self, node: &Node) -> Scene<'_> {
        let store = Arc::new(BTreeStore::new());
        let put =
            |(key, value): (&Vec<u8>, &Vec<u8>)| Row { key: key.clone(), write: Write::Put(value.clone()) };
        store.write(&mut |_| Ok(node.rows.iter().map(put).collect())).unwrap();
        let hand = Arc::new(node.hand.again());
        let environment = self.environment.clone().with_clock(hand.clone());
        let this: Arc<dyn Store> = store.clone();
        let options = self.options.clone().environment(environment).around(move |_| this.clone());
        let engine = options.open_on(self.medium.clone()).unwrap();
        Scene { ground: self, engine, store, hand, story: node.story.clone() }
    }
}

/// A state that is open.
pub(crate) struct Scene<'a> {
    ground: &'a Ground,
    pub(crate) engine: Engine,
    store: Arc<BTreeStore>,
    pub(crate) hand: Arc<Hand>,
    pub(crate) story: Story,
}

/// How a person goes through a flow.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Plan {
    /// Restores the account if it is pending deletion, and links to an account that is offered.
    Enter,
    /// Erases the account if it is pending deletion.
    Erase,
    /// Creates an account if the flow offers that.
    Create,
    /// Stops where the flow asks for a password or a second factor.
    Begin,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Who {
    Owner,
    Thief,
}

impl Scene<'_> {
    pub(crate) fn who(&mut self, who: Who) -> &mut Person {
        match who {
            Who::Owner => &mut self.story.owner,
            Who::Thief => &mut self.story.thief,
        }
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.hand.wall()
    }

    pub(crate) fn close(self) -> Node {
        let mut rows = self.engine.dump().unwrap();
        rows.remove([0; 17].as_slice());
        Node { rows, hand: self.hand, story: self.story }
    }

    /// Returns whether the rows are unchanged since the state was opened.
    pub(crate) fn is_untouched(&self) -> bool {
        self.store.commit_stamp().unwrap() == 1
    }

    /// Acts for the host: delivers the mail, and answers requests as soon as the rules allow it.
    pub(crate) fn host(&mut self) {
        for open in self.engine.open_requests(10).unwrap() {
            _ = self.engine.announce_erasure(open.account, open.id);
            _ = self.engine.erase(open.account, open.id);
        }
        loop {
            let fetched = self.engine.messages(64).unwrap();
            if fetched.is_empty() {
                return;
            }
            for message in fetched {
                self.engine.delivered(message.id).unwrap();
                self.story.mail.push(Arc::new(message));
            }
        }
    }

    /// Reads the account page, which changes nothing. Returns `None` if the account is gone.
    pub(crate) fn look<T>(&self, look: impl FnOnce(&AccountHandle) -> T) -> Option<T> {
        let found = self.engine.support("test").and_then(|desk| desk.find(&self.ground.account.to_string()));
        if found.unwrap().is_empty() {
            return None;
        }
        let (token, key, value) = &self.ground.watcher;
        let put = |write: Write| {
            self.store.write(&mut |_| Ok(vec![Row { key: key.clone(), write: write.clone() }]))
        };
        put(Write::Put(value.clone())).unwrap();
        let seen = self.engine.account(token).map(|account| look(&account));
        put(Write::Delete).unwrap();
        Some(seen.unwrap())
    }

    pub(crate) fn page(&self) -> Option<AccountView> {
        self.look(|account| account.view().unwrap())
    }

    /// Returns the messages that a person can read or has read, newest first.
    pub(crate) fn mail(&mut self, who: Who) -> Vec<Arc<Message>> {
        let person = self.who(who).clone();
        self.story.mail.iter().rev().filter(|message| person.reads(message)).cloned().collect()
    }

    /// Returns the undo codes that a person can read, newest first. The rules promise the owner only the codes that go
    /// to the standing contact.
    pub(crate) fn undo_codes(&mut self, who: Who) -> Vec<(Timestamp, Secret)> {
        let now = self.now();
        let mail = self.mail(who);
        let counts = |message: &&Arc<Message>| who == Who::Thief || message.to == ADA;
        let living = mail.iter().filter(counts).filter_map(|message| {
            let offer = message.undo.as_ref().filter(|offer| now < offer.until)?;
            Some((message.created_at, offer.code.clone()))
        });
        living.collect()
    }

    /// Returns the newest code to type that has come since then.
    pub(crate) fn code(&mut self, who: Who, since: Timestamp) -> Result<Secret, No> {
        self.host();
        let mail = self.mail(who);
        let mut codes = mail.iter().filter(|message| message.created_at >= since);
        let code = codes.find_map(|message| message.kind.mailed_code().cloned());
        code.ok_or_else(|| No("no code".into()))
    }

    /// Goes through a flow with everything that a person has.
    pub(crate) fn through(&mut self, who: Who, mut flow: Flow, plan: Plan) -> Result<Flow, No> {
        let begun = self.now();
        loop {
            let asks = matches!(flow.step, Step::NewPassword | Step::SecondFactor { .. });
            if asks && plan == Plan::Begin {
                return Ok(flow);
            }
            flow = match &flow.step {
                Step::VerifyEmail { send_at, .. } => {
                    if let (Some(at), Who::Owner) = (send_at, who) {
                        self.hand.later(at.since(self.now()));
                    }
                    let code = self.code(who, begun)?;
                    self.engine.answer(&flow, Answer::Code(code))?
                }
                Step::SecondFactor { accepted, .. } => self.second_factor(who, &flow, accepted)?,
                Step::NewPassword => {
                    let chosen = self.who(who).choose();
                    self.engine.answer(&flow, Answer::NewPassword(chosen.as_str().into()))?
                }
                Step::ConfirmRestore { .. } => {
                    let answer = if plan == Plan::Erase { Answer::EraseNow } else { Answer::Restore };
                    self.engine.answer(&flow, answer)?
                }
                Step::LinkOrCreate { .. } if plan == Plan::Create => {
                    self.engine.answer(&flow, Answer::CreateNew)?
                }
                Step::LinkOrCreate { candidates, .. } => {
                    let Some(first) = candidates.first() else { return no("no candidate") };
                    self.engine.answer(&flow, Answer::LinkTo(first.place))?
                }
                Step::Reauthenticate { .. } | Step::ProveOwnership { .. } => self.first_factor(who, &flow)?,
                Step::SignedIn { .. } | Step::Done { .. } | Step::Ended => return Ok(flow),
                other => return no(other.code()),
            };
        }
    }

    fn second_factor(&mut self, who: Who, flow: &Flow, accepted: &[SecondFactor]) -> Result<Flow, No> {
        for app in self.who(who).apps.clone().iter().rev() {
            self.hand.later(NEXT_CODE);
            let code = totp(&app.secret, self.now()).unwrap();
            if let Ok(flow) = self.engine.answer(flow, Answer::Totp(code)) {
                return Ok(flow);
            }
            let codes = app.recovery_codes.first().filter(|_| accepted.contains(&SecondFactor::RecoveryCode));
            if let Some(code) = codes
                && let Ok(flow) = self.engine.answer(flow, Answer::RecoveryCode(code.clone()))
            {
                return Ok(flow);
            }
        }
        no("no second factor")
    }

    fn first_factor(&mut self, who: Who, flow: &Flow) -> Result<Flow, No> {
        let person = self.who(who).clone();
        if let Some(password) = person.passwords.last()
            && let Ok(flow) = self.engine.answer(flow, Answer::Password(password.as_str().into()))
        {
            return Ok(flow);
        }
        for identity in &person.identities {
            let stated = Answer::Assertion(identity.assertion(flow));
            if let Ok(flow) = self.engine.answer(flow, stated) {
                return Ok(flow);
            }
        }
        no("no first factor")
    }

    /// Presents an identity of a person.
    pub(crate) fn present(&mut self, who: Who, identity: &Identity, plan: Plan) -> Result<Flow, No> {
        let client = self.who(who).client();
        let begun = self.engine.begin_federated(&identity.provider(), &client)?;
        let flow = self.engine.continue_with(&begun, &identity.assertion(&begun), Intent::SignIn)?;
        self.through(who, flow, plan)
    }

    /// Signs in to the owner's account with the newest correct password that a person knows.
    pub(crate) fn sign_in(&mut self, who: Who, plan: Plan) -> Result<Flow, No> {
        let person = self.who(who).clone();
        let emails = [ADA, OTHER].into_iter().chain(MALLORY);
        for email in emails {
            for password in person.passwords.iter().rev().take(2) {
                let password = Secret::from(password.as_str());
                if let Ok(flow) = self.engine.sign_in(email, &password, &person.client()) {
                    return self.through(who, flow, plan);
                }
            }
        }
        no("no password fits")
    }

    /// Keeps the session that a flow has opened on the owner's account.
    pub(crate) fn keep(&mut self, who: Who, flow: Flow) -> Result<(), No> {
        let account = self.ground.account;
        match flow.step {
            Step::SignedIn { session } if session.account == account => {
                let person = self.who(who);
                person.recognition = session.recognition.or(person.recognition.take());
                person.sessions.push(session.token);
                Ok(())
            }
            Step::Done { .. } => Ok(()),
            other => no(other.code()),
        }
    }

    /// Returns the live sessions that a person has on the owner's account, newest first.
    pub(crate) fn sessions(&mut self, who: Who) -> Vec<(Session, AccountHandle)> {
        let account = self.ground.account;
        let tokens = self.who(who).sessions.clone();
        let live = tokens.iter().rev().filter_map(|token| {
            let session = self.engine.resolve(token).ok().filter(|session| session.account == account)?;
            Some((session, self.engine.account(token).ok()?))
        });
        live.collect()
    }
}
