//! Acts of several kinds. A worker announces each before it and acknowledges it after it, and a ledger keeps what the
//! file must then hold.

use std::collections::BTreeMap;

use selfsame::{Answer, Client, Engine, Error, Flow, Refusal, Secret, SessionToken, Step};
use selfsame_world::{World, minutes};

use crate::below;

const PASSWORD: &str = "correct horse battery staple";
/// Stands for a token that the killed process did not report.
const UNTOLD: &str = "-";
/// The most sessions that a person has at once.
const SESSIONS: usize = 6;

/// The expected state of a person's account.
#[derive(Clone, Default)]
pub(crate) struct Person {
    pub(crate) exists: bool,
    /// The kinds of acts so far.
    acts: Vec<String>,
    name: Option<String>,
    sessions: Vec<String>,
    ended: Vec<String>,
    /// The secret of the authenticator app.
    secret: Option<String>,
    is_mfa_on: bool,
    recovery_codes: Vec<String>,
    leaves: bool,
}

/// What a person sees: the name, the number of sessions, and the number of recovery codes if MFA is on.
type Seen = (Option<String>, usize, Option<usize>);

/// The expected state of the file after the lines that processes have printed.
#[derive(Clone, Default)]
pub(crate) struct Ledger {
    pub(crate) people: BTreeMap<usize, Person>,
    /// The act that was announced but not acknowledged.
    pub(crate) will: Option<Vec<String>>,
    /// The number of the last acknowledged commit, and the rows after it.
    pub(crate) last: (u64, u64),
    pub(crate) acts: usize,
    /// The number of minutes that have passed, one before each act.
    pub(crate) minutes: u64,
}

impl Ledger {
    /// Reads a line: `will <kind> <who> <arguments>` before an act, `did <commit> <rows> <result>` after it.
    pub(crate) fn hear(&mut self, line: &str) {
        let mut words = line.split(' ').map(str::to_owned);
        match words.next().as_deref() {
            Some("will") => {
                let will: Vec<_> = words.collect();
                self.minutes += u64::from(will[0] == "tick");
                let person = self.people.entry(will[1].parse().unwrap()).or_default();
                person.acts.push(will[0].clone());
                self.will = Some(will);
            }
            Some("did") => {
                let mut number = || words.next().unwrap().parse().unwrap();
                self.last = (number(), number());
                self.acts += 1;
                self.done(&words.next().unwrap());
            }
            _ => panic!("{line}"),
        }
    }

    fn done(&mut self, told: &str) {
        let will = self.will.take().unwrap();
        let (kind, who, given) = (will[0].as_str(), will[1].parse().unwrap(), &will[2..]);
        let person = self.people.entry(who).or_default();
        let opened = |person: &mut Person| person.sessions.push(told.to_owned());
        match kind {
            "code" => {
                person.exists = true;
                opened(person);
            }
            "sign-in" => opened(person),
            "sign-out" => {
                person.sessions.retain(|token| *token != given[0]);
                person.ended.push(given[0].clone());
            }
            "rename" => person.name = Some(given[0].clone()),
            "enroll" => person.secret = Some(told.to_owned()),
            "confirm" => person.recovery_codes = told.split(',').map(str::to_owned).collect(),
            "save" => {
                person.is_mfa_on = true;
                let (stays, ends) = person.sessions.drain(..).partition(|token| *token == given[0]);
                person.sessions = stays;
                person.ended.extend::<Vec<_>>(ends);
            }
            "recover" => {
                person.recovery_codes.retain(|code| *code != given[2]);
                person.ended.append(&mut person.sessions);
                opened(person);
            }
            "leave" => {
                person.leaves = true;
                person.ended.append(&mut person.sessions);
            }
            "restore" => {
                person.leaves = false;
                opened(person);
            }
            // Requests, guesses and mail change nothing that a person sees.
            _ => {}
        }
    }

    fn at_random(&self, fits: impl Fn(&Person) -> bool) -> Option<usize> {
        let fitting: Vec<_> =
            self.people.iter().filter(|(_, person)| person.exists && fits(person)).collect();
        (!fitting.is_empty()).then(|| *fitting[below(fitting.len())].0)
    }
}

/// Does acts on a store and reports them.
pub(crate) struct Worker<'a> {
    pub(crate) world: World,
    pub(crate) ledger: Ledger,
    pub(crate) say: &'a mut dyn FnMut(&str),
}

impl Worker<'_> {
    /// Does an act, announces it before and acknowledges it after.
    fn act<T>(&mut self, will: &str, call: impl FnOnce(&World) -> (T, String)) -> T {
        self.world.later(minutes(1));
        // Writes the time in a commit of its own, so that the act's is the only one after its announcement.
        self.tell("will tick 0");
        self.world.catch_up();
        let (commit, rows) = stamp(self.world.engine());
        self.tell(&format!("did {commit} {rows} {UNTOLD}"));
        self.tell(&format!("will {will}"));
        let (value, told) = call(&self.world);
        let (commit, rows) = stamp(self.world.engine());
        self.tell(&format!("did {commit} {rows} {told}"));
        value
    }

    fn tell(&mut self, line: &str) {
        (self.say)(line);
        self.ledger.hear(line);
    }

    /// Does an act whose answer is its result.
    fn does<T: ToString>(&mut self, will: &str, call: impl FnOnce(&World) -> T) -> T {
        self.act(will, |world| {
            let value = call(world);
            let told = value.to_string();
            (value, told)
        })
    }

    /// Fills a new store.
    pub(crate) fn made(&mut self) {
        self.does("make 0", |_| UNTOLD);
    }

    pub(crate) fn anything(&mut self) {
        let ledger = &self.ledger;
        let able = |person: &Person| !person.leaves && person.sessions.len() < SESSIONS;
        let simple = |person: &Person| able(person) && !person.is_mfa_on;
        let in_session = |person: &Person| person.sessions.iter().any(|token| token != UNTOLD);
        let with_codes =
            |person: &Person| able(person) && person.is_mfa_on && person.recovery_codes.len() > 1;
        let chosen = match below(14) {
            0..=2 => None,
            3..=4 => ledger.at_random(simple).map(|who| (Self::sign_in as fn(&mut Self, usize) -> _, who)),
            5 => ledger.at_random(in_session).map(|who| (Self::sign_out as _, who)),
            6..=7 => ledger.at_random(in_session).map(|who| (Self::rename as _, who)),
            8 => ledger.at_random(simple).map(|who| (Self::turn_mfa_on as _, who)),
            9..=10 => ledger.at_random(with_codes).map(|who| (Self::recover as _, who)),
            11 => ledger.at_random(simple).map(|who| (Self::leave as _, who)),
            12 => ledger
                .at_random(|person| person.leaves && !person.is_mfa_on)
                .map(|who| (Self::restore as _, who)),
            _ => ledger.at_random(|_| true).map(|who| (Self::forget as _, who)),
        };
        match chosen {
            Some((does, who)) => does(self, who),
            None => self.new_person(),
        }
    }

    pub(crate) fn new_person(&mut self) {
        let who = 1 + self.ledger.people.keys().max().unwrap();
        let sign_up = |world: &World| Told(world.sign_up(&email(who), PASSWORD));
        let asked = self.does(&format!("sign-up {who}"), sign_up);
        let code = self.does("mail 0", |world| text(&world.mailbox().code(&email(who)).unwrap()));
        self.does(&format!("code {who} {asked} {code}"), |world| {
            token(answer(world.engine(), &asked.to_string(), Answer::Code(code.as_str().into())).unwrap())
        });
    }

    fn sign_in(&mut self, who: usize) {
        self.does(&format!("sign-in {who}"), |world| token(world.sign_in(&email(who), PASSWORD).unwrap()));
    }

    fn sign_out(&mut self, who: usize) {
        let session = self.session_of(who);
        self.does(&format!("sign-out {who} {session}"), |world| {
            in_session(world, &session).sign_out().unwrap();
            UNTOLD
        });
    }

    fn rename(&mut self, who: usize) {
        let (session, name) = (self.session_of(who), format!("Ada{}", below(1 << 20)));
        self.does(&format!("rename {who} {name}"), |world| {
            in_session(world, &session).set_display_name(Some(&name)).unwrap();
            UNTOLD
        });
    }

    fn turn_mfa_on(&mut self, who: usize) {
        self.sign_in(who);
        let session = self.session_of(who);
        let secret = self.does(&format!("enroll {who}"), |world| {
            text(&in_session(world, &session).enroll_totp().unwrap().secret)
        });
        self.does(&format!("confirm {who}"), |world| {
            let shown = world.totp(&secret.as_str().into()).unwrap();
            let codes = in_session(world, &session).confirm_totp(&shown).unwrap().codes;
            codes.iter().map(text).collect::<Vec<_>>().join(",")
        });
        self.does(&format!("save {who} {session}"), |world| {
            in_session(world, &session).recovery_codes_saved().unwrap();
            UNTOLD
        });
    }

    fn recover(&mut self, who: usize) {
        let asked = self.ask(who);
        let code = self.ledger.people[&who].recovery_codes[0].clone();
        self.does(&format!("recover {who} {asked} {code}"), |world| {
            token(answer(world.engine(), &asked, Answer::RecoveryCode(code.as_str().into())).unwrap())
        });
    }

    fn leave(&mut self, who: usize) {
        self.sign_in(who);
        let session = self.session_of(who);
        self.does(&format!("leave {who}"), |world| {
            in_session(world, &session).request_deletion().unwrap();
            UNTOLD
        });
    }

    fn restore(&mut self, who: usize) {
        let asked = self.ask(who);
        self.does(&format!("restore {who} {asked}"), |world| {
            token(answer(world.engine(), &asked, Answer::Restore).unwrap())
        });
    }

    /// Starts a password reset for a person, and guesses wrongly at another person's password.
    fn forget(&mut self, who: usize) {
        self.does(&format!("forget {who}"), |world| {
            Told(world.engine().reset_password(&email(who), &client()).unwrap())
        });
        self.does("guess 0", |world| {
            world.sign_in(&email(0), "a password of nobody's").unwrap_err();
            UNTOLD
        });
    }

    /// Starts a sign-in that asks for more.
    fn ask(&mut self, who: usize) -> String {
        self.does(&format!("ask {who}"), |world| Told(world.sign_in(&email(who), PASSWORD).unwrap()))
            .to_string()
    }

    /// The newest session whose token is known.
    fn session_of(&self, who: usize) -> String {
        let known = self.ledger.people[&who].sessions.iter().rev().find(|token| *token != UNTOLD);
        known.unwrap().clone()
    }

    /// Checks that the answer in `given` opens nothing again, and neither does its recovery code in another flow.
    pub(crate) fn is_spent(&mut self, kind: &str, who: usize, given: &[String]) {
        match answer(self.world.engine(), &given[..2].join(" "), code_for(kind, &given[2])) {
            Ok(Flow { step: Step::AlreadySignedIn { .. }, .. }) | Err(Error::Refused(_)) => {}
            other => panic!("{kind} again: {other:?}"),
        }
        if kind == "recover" && !self.ledger.people[&who].leaves {
            let asked = self.ask(who);
            self.does(&format!("reuse {who}"), |world| {
                let refused = answer(world.engine(), &asked, code_for(kind, &given[2])).unwrap_err();
                assert_eq!(refused, Error::Refused(Refusal::InvalidCode), "{who}");
                UNTOLD
            });
        }
    }

    /// Repeats an act that was announced but is not in the file. Now it must have its effect.
    pub(crate) fn again(&mut self, kind: &str, who: usize, given: &[String]) {
        let call = format!("{kind} {who} {}", given.join(" "));
        self.does(&call, |world| {
            token(answer(world.engine(), &given[..2].join(" "), code_for(kind, &given[2])).unwrap())
        });
    }

    /// Compares what a person sees with what must be true.
    pub(crate) fn check(&mut self, who: usize) {
        let person = self.ledger.people[&who].clone();
        let engine = self.world.engine();
        let resolved = |token: &String| engine.resolve(&token.parse::<SessionToken>().unwrap());
        for token in person.sessions.iter().filter(|token| *token != UNTOLD) {
            resolved(token)
                .unwrap_or_else(|error| panic!("a session of {who} after {:?}: {error}", person.acts));
        }
        for token in person.ended.iter().filter(|token| *token != UNTOLD) {
            assert_eq!(resolved(token).unwrap_err(), Error::Refused(Refusal::SessionEnded), "{who}");
        }
        let expected = person.is_mfa_on.then_some(person.recovery_codes.len());
        let expected = (person.name.clone(), person.sessions.len(), expected);
        let known = person.sessions.iter().find(|token| *token != UNTOLD);
        let seen = match known {
            Some(token) => Some(see(&self.world, token)),
            None => self.see_by_signing_in(who, &person),
        };
        match seen {
            Some(seen) => {
                assert!(person.exists && !person.leaves && seen == expected, "{who}: {seen:?}, {expected:?}")
            }
            None => assert!(!person.exists || person.leaves, "{who} is gone"),
        }
    }

    /// Sees through a new sign-in, for a person without a known session. Returns `None` if there is no account, or if
    /// it is pending deletion.
    fn see_by_signing_in(&mut self, who: usize, person: &Person) -> Option<Seen> {
        self.act(&format!("see {who}"), |world| (seen_by_signing_in(world, who, person), UNTOLD.to_owned()))
    }
}

fn seen_by_signing_in(world: &World, who: usize, person: &Person) -> Option<Seen> {
    let asked = match world.sign_in(&email(who), PASSWORD) {
        Err(Error::Refused(Refusal::InvalidCredentials)) => {
            assert!(!person.exists, "the account of {who} is gone");
            return None;
        }
        asked => asked.unwrap(),
    };
    assert!(person.exists, "{who} should have no account");
    let asked = match asked.step {
        Step::SecondFactor { .. } => {
            assert!(person.is_mfa_on, "{who} should have no second factor");
            let secret = person.secret.as_deref().unwrap();
            world.answer(&asked, Answer::Totp(world.totp(&secret.into()).unwrap())).unwrap()
        }
        _ => asked,
    };
    if let Step::ConfirmRestore { .. } = asked.step {
        assert!(person.leaves, "{who} should not be pending deletion");
        return None;
    }
    let token = token(asked);
    let (name, sessions, codes) = see(world, &token);
    in_session(world, &token).sign_out().unwrap();
    Some((name, sessions - 1, codes))
}

fn see(world: &World, token: &str) -> Seen {
    let account = in_session(world, token);
    assert!(account.verify_audit().unwrap(), "the audit chain is broken");
    let view = account.view().unwrap();
    (
        view.display_name,
        account.sessions().unwrap().len(),
        view.mfa.map(|mfa| mfa.recovery_codes_left as usize),
    )
}

fn email(who: usize) -> String {
    format!("p{who}@example.org")
}

fn client() -> Client {
    Client::on("laptop")
}

fn in_session(world: &World, token: &str) -> selfsame::AccountHandle {
    world.engine().account(&token.parse::<SessionToken>().unwrap()).unwrap()
}

fn token(progress: Flow) -> String {
    selfsame_world::signed_in(progress).token.reveal().to_owned()
}

fn text(secret: &Secret) -> String {
    secret.reveal_text().unwrap().to_owned()
}

/// A step of a flow, as a worker's line describes it.
struct Told(Flow);

impl std::fmt::Display for Told {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.0.token.as_ref().unwrap().reveal(), self.0.number)
    }
}

/// Answers a step that a worker's line describes.
fn answer(engine: &Engine, told: &str, answer: Answer) -> Result<Flow, Error> {
    let (token, number) = told.split_once(' ').unwrap();
    let flow = engine.resume(&token.parse().unwrap())?;
    engine.answer(&Flow { number: number.parse().unwrap(), ..flow }, answer)
}

fn code_for(kind: &str, code: &str) -> Answer {
    if kind == "code" { Answer::Code(code.into()) } else { Answer::RecoveryCode(code.into()) }
}

/// The number of the last commit, and a hash of all rows.
pub(crate) fn stamp(engine: &Engine) -> (u64, u64) {
    let mut all = ring::digest::Context::new(&ring::digest::SHA256);
    for (key, value) in engine.dump().unwrap() {
        for part in [key, value] {
            all.update(&(part.len() as u64).to_be_bytes());
            all.update(&part);
        }
    }
    let digest: [u8; 8] = all.finish().as_ref()[..8].try_into().unwrap();
    (engine.commits().unwrap(), u64::from_be_bytes(digest))
}
