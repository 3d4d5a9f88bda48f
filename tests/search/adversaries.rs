//! The adversaries, and the account that they attack. The account is 30 days old and has two sign-in methods. Four days
//! before the thief comes, the owner changed the password and, one hour later, turned MFA on.

use std::sync::Arc;

use selfsame::testing::MemoryMedium;
use selfsame::{AccountHandle, Answer, Client, Flow, SessionToken, SignedIn, Timestamp};
use selfsame_world::{Authenticator, Identity, World, days, hours, minutes, signed_in};

use super::acts::removing;
use super::scene::{ADA, Ground, MALLORY, Node, OTHER, Person, Story};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Adversary {
    /// Has a session whose first factor was proven just now.
    Session,
    /// Has a session whose factors were all proven just now.
    FreshFactor,
    /// Reads the owner's mail for ten minutes.
    TenMinutes,
    /// Reads the owner's mail for eight days.
    EightDays,
    /// Knows the password.
    Password,
    /// Had an identity, a session, the password and the app, and was removed an hour ago.
    Removed,
}

pub(crate) const ALL: [Adversary; 6] = [
    Adversary::Session,
    Adversary::FreshFactor,
    Adversary::TenMinutes,
    Adversary::EightDays,
    Adversary::Password,
    Adversary::Removed,
];

impl Adversary {
    pub(crate) fn is_visitor(self) -> bool {
        matches!(self, Self::TenMinutes | Self::EightDays)
    }
}

const FIRST: &str = "correct horse battery staple";
const SECOND: &str = "an entirely new long password";
const THIRD: &str = "a password after the removal";

/// The owner, while the account gets its history.
struct History {
    world: World,
    password: &'static str,
    app: Option<Authenticator>,
}

impl History {
    fn begin_sign_in(&self, device: &str) -> Flow {
        self.world.engine().sign_in(ADA, &self.password.into(), &Client::on(device)).unwrap()
    }

    fn sign_in(&self, device: &str) -> SignedIn {
        let flow = self.begin_sign_in(device);
        signed_in(match &self.app {
            Some(app) => {
                self.world.later(minutes(1));
                self.world.answer(&flow, self.world.shown_by(app)).unwrap()
            }
            None => flow,
        })
    }

    fn account(&self, token: &SessionToken) -> AccountHandle {
        self.world.engine().account(token).unwrap()
    }

    fn add(&self, token: &SessionToken, identity: &Identity) {
        self.world.add(&self.account(token), identity).unwrap();
    }

    fn change_password(&mut self, token: &SessionToken, new: &'static str) {
        self.account(token).change_password(&self.password.into(), &new.into()).unwrap();
        self.password = new;
    }

    fn turn_on_mfa(&mut self, token: &SessionToken) {
        self.world.later(minutes(1));
        self.app = Some(self.world.turn_on_mfa(token));
    }
}

/// The state in which the adversary comes. `None` where MFA makes no difference.
pub(crate) fn begin(adversary: Adversary, mfa: bool) -> Option<(Ground, Node)> {
    if adversary == Adversary::FreshFactor && !mfa {
        return None;
    }
    let medium = Arc::new(MemoryMedium::new());
    let world = World::builder().medium(medium.clone()).build();
    let token = world.person(ADA, FIRST).token;
    let mut past = History { world, password: FIRST, app: None };
    let own = Identity::at("example", "ada").called("ada").with_email(OTHER);
    let theirs = Identity::at("example", "mallory").called("mallory").with_email(MALLORY[0]);
    let arriving = Identity::at("x", "mallory").called("mallory at x").with_email(ADA);
    past.add(&token, &own);
    let mut thief = Person { device: "mallory", addresses: MALLORY.to_vec(), ..Person::default() };
    thief.identities = vec![theirs.clone(), arriving];
    if adversary == Adversary::Removed {
        past.add(&token, &theirs);
    }
    past.world.later(days(30));
    let token = past.sign_in("laptop").token;
    past.change_password(&token, SECOND);
    if mfa {
        past.world.later(hours(1));
        let token = past.sign_in("laptop").token;
        past.turn_on_mfa(&token);
    }
    past.world.later(days(4));
    if adversary == Adversary::Removed {
        remove(&mut past, &mut thief);
    }
    let before = past.world.engine().dump().unwrap();
    let watcher = past.sign_in("watcher");
    past.world.later(minutes(1));
    let session = past.sign_in("laptop");
    arm(adversary, &past, &session, &mut thief);

    let mut owner = Person { device: "laptop", addresses: vec![ADA, OTHER], ..Person::default() };
    owner.identities = vec![own];
    owner.passwords = vec![past.password.to_owned()];
    owner.apps = past.app.iter().cloned().collect();
    owner.recognition = session.recognition.clone();
    owner.sessions = vec![session.token];
    let begun: Timestamp = past.world.now();
    let mail = past.world.mailbox().all().into_iter().map(Arc::new).collect();
    let story = Story { owner, thief, mail, begun, first: None, foreign_factor: None, erasure: None };
    Some(Ground::new(&past.world, medium, &before, watcher, story))
}

/// The owner removes a thief: removes the identity of the thief, and replaces the password and the factor that the
/// thief knows.
fn remove(past: &mut History, thief: &mut Person) {
    thief.sessions.push(past.sign_in("mallory").token);
    thief.passwords.push(past.password.to_owned());
    thief.apps.extend(past.app.clone());
    // The flows that the thief began before the removal.
    let engine = past.world.engine();
    thief
        .flows
        .push(engine.begin_federated(&thief.identities[0].provider(), &Client::on("mallory")).unwrap());
    thief.flows.push(past.account(&thief.sessions[0]).begin_add(&"x".parse().unwrap()).unwrap());
    thief.flows.push(past.begin_sign_in("mallory"));
    thief.flows.retain(|flow| flow.step.code() != "SignedIn");
    let token = past.sign_in("laptop").token;
    let account = past.account(&token);
    account.remove_method(removing(&account, selfsame::MethodKind::Federated, "mallory").unwrap()).unwrap();
    past.change_password(&token, THIRD);
    if past.app.is_some() {
        past.turn_on_mfa(&token);
    }
}

fn arm(adversary: Adversary, past: &History, session: &SignedIn, thief: &mut Person) {
    let now = past.world.now();
    match adversary {
        // The second factor was given an hour ago, the first one just now.
        Adversary::Session if past.app.is_some() => {
            let old = past.sign_in("phone").token;
            past.world.later(hours(1));
            let flow = past.account(&old).reauthenticate().unwrap();
            let flow = past.world.answer(&flow, Answer::Password(past.password.into())).unwrap();
            thief.sessions.push(signed_in(past.world.answer(&flow, Answer::Skip).unwrap()).token);
        }
        Adversary::Session | Adversary::FreshFactor => thief.sessions.push(session.token.clone()),
        Adversary::TenMinutes => thief.visits_until = Some(now + minutes(10)),
        Adversary::EightDays => thief.visits_until = Some(now + days(8)),
        Adversary::Password => thief.passwords.push(past.password.to_owned()),
        Adversary::Removed => {}
    }
}
