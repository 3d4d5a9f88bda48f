//! Writes a run as a story, so that a failure can be played again. Things are named and numbered in the order
//! in which they appear: `a1` is an account, `s1` a session, `f1` a flow; `c1`, `u1` and `r1` are a mailed
//! code, an undo code and a set of recovery codes, `p1` is an authenticator app and `q1` a request.
//!
//! Only calls become acts of the story. If Eve learns a password or gets a token, only her later calls show
//! it. An app's code that is no longer current is written as it was in the run, because the story's own app
//! shows a different one.

use std::fs;
use std::path::{Path, PathBuf};

use selfsame::{Answer, Assertion, Message, MethodView, Secret, SessionToken};
use selfsame_world::{START, totp};
use serde_json::{Value, json};

use crate::acts::{EVE, NAMES};
use crate::stage::{By, Stage};

#[derive(Default)]
pub(crate) struct Told {
    acts: Vec<Value>,
    codes: Vec<Secret>,
    undos: Vec<Secret>,
    pub(crate) apps: Vec<Secret>,
    pub(crate) recovery_codes: Vec<Vec<Secret>>,
}

impl Told {
    pub(crate) fn act(&mut self, act: Value) {
        self.acts.push(act);
    }

    pub(crate) fn act_of(&mut self, by: By, mut act: Value) {
        act["who"] = match by {
            By::Person(who) => NAMES[who],
            By::Thief => NAMES[EVE],
            By::Support => "support",
            By::Host | By::Purge => "the host",
        }
        .into();
        self.act(act);
    }

    /// Notes the answer to the last act, or its purpose.
    pub(crate) fn says(&mut self, member: &str, value: Value) {
        if let Some(act) = self.acts.last_mut() {
            act[member] = value;
        }
    }

    /// Takes the newest messages first, as the acts of a story do.
    pub(crate) fn mail(&mut self, messages: &[Message]) {
        let mut acts = Vec::new();
        for message in messages {
            let mut act =
                json!({ "do": "mail", "to": message.to, "expect": { "kind": message.kind.code() } });
            if let Some(code) = message.kind.mailed_code() {
                self.codes.push(code.clone());
                act["code"] = format!("c{}", self.codes.len()).into();
            }
            if let Some(offer) = &message.undo {
                self.undos.push(offer.code.clone());
                act["undo"] = format!("u{}", self.undos.len()).into();
            }
            acts.push(act);
        }
        if acts.is_empty() {
            acts.push(json!({ "do": "mail", "to": "nobody@example.org", "expect": { "kind": null } }));
        }
        self.acts.extend(acts.into_iter().rev());
    }

    pub(crate) fn undo(&self, code: &Secret) -> String {
        name_of(&self.undos, "u", code).unwrap_or_else(|| text(code))
    }

    pub(crate) fn code(&self, code: &Secret) -> String {
        name_of(&self.codes, "c", code).unwrap_or_else(|| text(code))
    }
}

impl Stage {
    /// Returns the name of the next flow.
    pub(crate) fn next_flow(&self) -> String {
        flow(self.flows.len())
    }

    /// Returns the name of the next set of recovery codes.
    pub(crate) fn next_codes(&self) -> String {
        format!("r{}", self.told.recovery_codes.len() + 1)
    }

    /// Returns the name of the first session with this token. A thief's copy has the same name.
    pub(crate) fn session_of(&self, token: &SessionToken) -> String {
        let at = self.sessions.iter().position(|session| session.token == *token);
        session(at.unwrap_or(self.sessions.len()))
    }

    /// Returns the app that shows the code now, or the code itself.
    pub(crate) fn app(&self, code: &Secret) -> String {
        self.app_that_shows(code).unwrap_or_else(|| text(code))
    }

    fn app_that_shows(&self, code: &Secret) -> Option<String> {
        let shows = |app: &Secret| totp(app, self.now()).is_ok_and(|shown| shown.reveal() == code.reveal());
        let at = self.told.apps.iter().rposition(shows)?;
        Some(format!("p{}", at + 1))
    }

    pub(crate) fn give(&self, answer: &Answer) -> Value {
        match answer {
            Answer::Code(code) => match name_of(&self.told.codes, "c", code) {
                Some(name) => json!({ "Code": name }),
                None => json!({ "TypedCode": text(code) }),
            },
            Answer::LinkTo(place) => json!({ "LinkTo": place }),
            Answer::Password(password) => json!({ "Password": text(password) }),
            Answer::NewPassword(password) => json!({ "NewPassword": text(password) }),
            Answer::CorrectAddress(to) => json!({ "CorrectAddress": to }),
            Answer::Assertion(assertion) => json!({ "Assertion": identity(assertion) }),
            Answer::Totp(code) => match self.app_that_shows(code) {
                Some(app) => json!({ "Totp": app }),
                None => json!({ "TypedTotp": text(code) }),
            },
            Answer::RecoveryCode(code) => {
                let mut sets = self.told.recovery_codes.iter().zip(1..);
                let found = sets.find_map(|(set, of)| Some((of, place(set, code)?)));
                match found {
                    Some((of, at)) => json!({ "RecoveryCode": { "of": format!("r{of}"), "number": at + 1 } }),
                    None => json!({ "TypedRecoveryCode": text(code) }),
                }
            }
            // The other answers have no data, and stories use the same names for them.
            other => format!("{other:?}").into(),
        }
    }

    /// Returns the run so far as a story. If the run broke, its last act says so.
    pub(crate) fn story(&mut self, seed: u64, broken: Option<&str>) -> Value {
        if let Some(broken) = broken {
            self.told.says("why", format!("here the model broke: {broken}").into());
        }
        let title = format!("Random acts of seed {seed}");
        json!({
            "title": title, "rules": [], "starts": START.as_millis(), "seed": seed, "acts": self.told.acts,
        })
    }

    /// Writes the run to the folder where the story player finds it.
    pub(crate) fn write_story(&mut self, seed: u64, broken: Option<&str>) -> std::io::Result<PathBuf> {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("model");
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("seed_{seed}.json"));
        fs::write(&path, format!("{:#}\n", self.story(seed, broken)))?;
        Ok(path)
    }
}

pub(crate) fn account(at: usize) -> String {
    format!("a{}", at + 1)
}

pub(crate) fn session(at: usize) -> String {
    format!("s{}", at + 1)
}

pub(crate) fn flow(at: usize) -> String {
    format!("f{}", at + 1)
}

pub(crate) fn request(at: usize) -> String {
    format!("q{}", at + 1)
}

pub(crate) fn identity(assertion: &Assertion) -> Value {
    let Assertion::Stated(stated) = assertion else { return Value::Null };
    json!({
        "provider": stated.provider.as_str(), "subject": stated.subject, "handle": stated.handle,
        "email": stated.email, "email_verified": stated.email_verified,
    })
}

fn place(all: &[Secret], one: &Secret) -> Option<usize> {
    all.iter().rposition(|other| other.reveal() == one.reveal())
}

fn name_of(all: &[Secret], kind: &str, one: &Secret) -> Option<String> {
    Some(format!("{kind}{}", place(all, one)? + 1))
}

pub(crate) fn text(secret: &Secret) -> String {
    secret.reveal_text().unwrap_or_default().to_owned()
}

/// Returns an act without data.
pub(crate) fn bare_act(what: &str) -> Value {
    json!({ "do": what })
}

/// Returns the name of a method in stories: its name at the provider, because an account can have several of
/// one provider.
pub(crate) fn method_name(method: &MethodView) -> String {
    method.handle.clone().unwrap_or_else(|| "Password".to_owned())
}
