//! The commands: each opens the store, does one thing and lets go.

use std::path::{Path, PathBuf};

use selfsame::{
    Accepted, AccountHandle, Answer, Client, Engine, Environment, Error, MessageKind, OpenProblem, Policy,
    Progress, ProviderId, Refusal, Secret, Step, Unlock,
};
use selfsame_world::render;
use serde_json::{Value, json};

use crate::arguments::{Device, Given, PasswordSource, Place, Sessions, Wanted};
use crate::next::{self, hint};
use crate::state::StateFile;
use crate::tell::Report;
use crate::trouble::Trouble;
use crate::words::{self, Said, Tone};
use crate::{assertion, calendar, input, key, policy};

type Reported = Result<Report, Trouble>;

/// A store that can be opened, and what lasts beside it.
pub(crate) struct Store {
    path: PathBuf,
    key_file: Option<PathBuf>,
    flow: StateFile,
    session: StateFile,
    show_tokens: bool,
    policy: Policy,
}

impl Store {
    pub(crate) fn at(place: &Place) -> Result<Self, Trouble> {
        let store = place.store.clone().filter(|store| !store.as_os_str().is_empty()).ok_or_else(|| {
            Trouble::Unusable("name the store's file: --store FILE, or SELFSAME_STORE".into())
        })?;
        Ok(Self {
            flow: StateFile::named(place.flow_file.as_deref(), &store, ".flow"),
            session: StateFile::named(place.session_file.as_deref(), &store, ".session"),
            key_file: place.key_file.clone(),
            show_tokens: place.show_tokens,
            policy: policy::of(&place.providers)?,
            path: store,
        })
    }

    pub(crate) fn init(&self) -> Reported {
        // Before a key is made that nothing would need.
        if self.path.symlink_metadata().is_ok() {
            return Err(Error::Open(OpenProblem::AlreadyExists).into());
        }
        let (unlock, made) = key::find_or_make(self.key_file.as_deref())?;
        match Engine::create(&self.path, &unlock, self.policy.clone(), Environment::system()) {
            Err(Error::Open(OpenProblem::NotFound)) => {
                let why = format!("the directory of {} does not exist", self.path.display());
                return Err(Trouble::Unusable(why));
            }
            made => drop(made?),
        }
        let key_file = self.key_file.as_ref().map(|path| path.display().to_string());
        let value =
            json!({ "made": self.path.display().to_string(), "key_file": key_file, "key_made": made });
        let mut report = Report::done(value, format!("a new store is at {}", self.path.display()));
        if let (true, Some(key_file)) = (made, key_file) {
            report.said.more.push(format!("its key is in {key_file}: keep it away from the store"));
        }
        Ok(report.then(vec![
            hint("selfsame sign-up EMAIL", "an account with a password"),
            hint("selfsame begin-federated x", "an account by way of X"),
        ]))
    }

    pub(crate) fn sign_up(&self, email: &str, password: &PasswordSource, device: &Device) -> Reported {
        let unlock = self.ready(&[&self.flow])?;
        let password = input::password(password.password_stdin, true)?;
        let engine = self.open(&unlock)?;
        self.came_to(&engine.sign_up(email, &password, &Client::on(&device.device))?)
    }

    pub(crate) fn sign_in(&self, email: &str, password: &PasswordSource, device: &Device) -> Reported {
        let unlock = self.ready(&[&self.flow, &self.session])?;
        let password = input::password(password.password_stdin, false)?;
        let engine = self.open(&unlock)?;
        self.came_to(&engine.sign_in(email, &password, &Client::on(&device.device))?)
    }

    pub(crate) fn begin_federated(&self, provider: &str, device: &Device) -> Reported {
        let unlock = self.ready(&[&self.flow])?;
        let provider = ProviderId::new(provider).ok_or(Refusal::UnknownProvider)?;
        let engine = self.open(&unlock)?;
        self.came_to(&engine.begin_federated(&provider, &Client::on(&device.device))?)
    }

    pub(crate) fn continue_with(&self, file: Option<PathBuf>, wanted: Wanted) -> Reported {
        let unlock = self.ready(&[&self.flow, &self.session])?;
        let flow = self.flow.flow()?;
        let assertion = assertion::read(input::assertion(file.as_deref())?, flow.token.flow())?;
        let engine = self.open(&unlock)?;
        self.came_to(&engine.continue_with(&flow.token, &assertion, wanted.into())?)
    }

    pub(crate) fn set_keys(&self, provider: &str, file: Option<&Path>) -> Reported {
        let unlock = self.ready(&[])?;
        let provider = ProviderId::new(provider).ok_or(Refusal::UnknownProvider)?;
        let keys = input::key_set(file)?;
        self.open(&unlock)?.set_keys(&provider, &keys)?;
        let line = format!(
            "the keys of {} are here, and believed for {}",
            words::called(provider.as_str()),
            calendar::span(self.policy.keys_for())
        );
        Ok(Report::done(json!({ "keys_of": provider.as_str() }), line))
    }

    pub(crate) fn step(&self) -> Reported {
        let unlock = self.ready(&[&self.flow])?;
        let flow = self.flow.flow()?;
        let engine = self.open(&unlock)?;
        self.came_to(&engine.current_step(&flow.token)?)
    }

    pub(crate) fn answer(&self, given: Given) -> Reported {
        let unlock = self.ready(&[&self.flow, &self.session])?;
        let flow = self.flow.flow()?;
        let answer = match given {
            Given::Code => Answer::Code(input::code()?),
            Given::Skip => Answer::Skip,
            Given::Confirm => Answer::Confirm,
            Given::CreateNew => Answer::CreateNew,
            Given::Link { place_in_list } => Answer::LinkTo(place_in_list),
            Given::Password { password } => {
                Answer::Password(input::password(password.password_stdin, false)?)
            }
            Given::Assertion { file } => {
                let text = input::assertion(file.as_deref())?;
                Answer::Assertion(assertion::read(text, flow.token.flow())?)
            }
            Given::Restore => Answer::Restore,
            Given::KeepDeleted => Answer::KeepDeleted,
            Given::Resend => Answer::Resend,
            Given::CorrectAddress { email } => Answer::CorrectAddress(email),
            Given::Cancel => Answer::Cancel,
        };
        let engine = self.open(&unlock)?;
        self.came_to(&engine.answer(&flow.token, flow.number, &answer)?)
    }

    pub(crate) fn account(&self) -> Reported {
        Ok(Report::of(render::account(&self.signed_in()?.view()?)))
    }

    pub(crate) fn sessions(&self, what: &Sessions) -> Reported {
        let account = self.signed_in()?;
        match what {
            Sessions::List => {
                let sessions: Vec<_> = account.sessions()?.iter().map(render::session).collect();
                Ok(Report::of(json!({ "sessions": sessions })).then(vec![
                    hint("selfsame sessions end ID", "end one"),
                    hint("selfsame sessions end-others", "end all but this one"),
                ]))
            }
            Sessions::End { id } => {
                account.end_session(*id)?;
                Ok(Report::done(json!({ "ended": id.to_string() }), "the session has ended"))
            }
            Sessions::EndOthers => {
                account.end_other_sessions()?;
                Ok(Report::done(json!({ "ended": "others" }), "all sessions but this one have ended"))
            }
        }
    }

    pub(crate) fn sign_out(&self) -> Reported {
        self.signed_in()?.sign_out()?;
        Ok(Report::done(json!({ "ended": "this" }), "signed out").but(self.session.remove()))
    }

    pub(crate) fn delete(&self) -> Reported {
        let purge_at = self.signed_in()?.request_deletion()?.purge_at;
        let report = Report::of(json!({ "purge_at": render::time(purge_at) }));
        Ok(report
            .then(vec![hint("selfsame sign-in EMAIL", "to restore it until then")])
            .but(self.session.remove()))
    }

    pub(crate) fn messages(&self, delivered: Option<u64>) -> Reported {
        let unlock = self.ready(&[])?;
        let engine = self.open(&unlock)?;
        if let Some(id) = delivered {
            engine.delivered(id)?;
            return Ok(Report::done(json!({ "delivered": id }), format!("message {id} is delivered")));
        }
        let (mut values, mut more) = (Vec::new(), Vec::new());
        for message in engine.messages(usize::MAX)? {
            let mut value = render::message(&message);
            let says = match &message.kind {
                kind if kind.mailed_code().is_some() => {
                    let code = kind.mailed_code().and_then(Secret::reveal_text).unwrap_or_default();
                    put(&mut value, "code", json!(code));
                    format!("the code {code}")
                }
                MessageKind::MethodAdded { provider, .. } => {
                    let what = provider.as_ref().map_or("a password".to_owned(), ProviderId::to_string);
                    format!("{what} was added to your account")
                }
                MessageKind::DeletionRequested { purge_at } => {
                    format!("your account will be deleted at {}", calendar::moment(purge_at.as_millis()))
                }
                kind => words::news(kind.code()).to_owned(),
            };
            let mut says = says;
            if let Some(offer) = &message.undo {
                let code = offer.code.reveal_text().unwrap_or_default();
                put(&mut value, "undo", json!(code));
                says = format!("{says}; the undo code {code}");
            }
            put(&mut value, "id", json!(message.id));
            more.push(format!("{}  to {}: {says} (from {})", message.id, message.to, message.device));
            values.push(value);
        }
        let line = match more.len() {
            1 => "1 message to deliver".to_owned(),
            count => format!("{count} messages to deliver"),
        };
        let next = match values.is_empty() {
            true => Vec::new(),
            false => vec![hint("selfsame messages --delivered ID", "once it is delivered")],
        };
        let said = Said { tone: Tone::Tells, line, more };
        Ok(Report { value: json!({ "messages": values }), said, next, trouble: None })
    }

    pub(crate) fn audit(&self) -> Reported {
        let account = self.signed_in()?;
        let events: Vec<_> = account.activity()?.iter().map(render::activity).collect();
        let holds = account.verify_audit()?;
        let mut report = Report::of(json!({ "events": events }));
        put(&mut report.value, "holds", json!(holds));
        let verdict = if holds { "nothing removed, reordered or changed" } else { "the history was changed" };
        report.said.line = format!("{}: {verdict}", report.said.line);
        Ok(if holds { report } else { report.but(Err(Error::Damaged.into())) })
    }

    pub(crate) fn health(&self) -> Reported {
        let unlock = self.ready(&[])?;
        Ok(Report::of(render::health(&self.open(&unlock)?.health()?)))
    }

    /// What can be found out before anybody types a password: that there is a store and a key, and that
    /// the outcome can be kept.
    fn ready(&self, kept: &[&StateFile]) -> Result<Unlock, Trouble> {
        let unlock = key::find(self.key_file.as_deref())?;
        if self.path.symlink_metadata().is_err() {
            return Err(Error::Open(OpenProblem::NotFound).into());
        }
        kept.iter().try_for_each(|file| file.check_writable())?;
        Ok(unlock)
    }

    fn open(&self, unlock: &Unlock) -> Result<Engine, Trouble> {
        Ok(Engine::open(&self.path, unlock, None, self.policy.clone(), Environment::system())?)
    }

    /// The account of the session that is kept. Using a session keeps it alive.
    fn signed_in(&self) -> Result<AccountHandle, Trouble> {
        let unlock = self.ready(&[])?;
        let token = self.session.session()?;
        let engine = self.open(&unlock)?;
        engine.touch(&token)?;
        Ok(engine.account(&token)?)
    }

    /// Keeps what the next call needs, and tells the step.
    fn came_to(&self, progress: &Progress) -> Reported {
        let mut report = Report::of(render::progress(progress)).then(next::at(&progress.step));
        if let Some(nonce) = nonce_to_sign(&progress.step) {
            report.said.more.push(format!("nonce for the ID token: {nonce}"));
        }
        if self.show_tokens {
            if let Some(flow) = &progress.flow {
                put(&mut report.value, "flow_token", json!(flow.reveal()));
                report.said.more.push(format!("flow token: {}", flow.reveal()));
            }
            if let Step::SignedIn(signed_in) = &progress.step
                && let Some(token) = &signed_in.token
            {
                put(&mut report.value, "session_token", json!(token.reveal()));
                report.said.more.push(format!("session token: {}", token.reveal()));
            }
        }
        let kept = match (&progress.step, &progress.flow) {
            (Step::SignedIn(signed_in), flow) => {
                let kept = match &signed_in.token {
                    Some(token) => self.session.keep_session(token),
                    None => Ok(()),
                };
                // Only this flow is over: another that is open stays so.
                kept.and_then(|()| if flow.is_some() { self.flow.remove() } else { Ok(()) })
            }
            (Step::Done | Step::Ended, _) => self.flow.remove(),
            (_, Some(flow)) => self.flow.keep_flow(flow, progress.number),
            (_, None) => Ok(()),
        };
        if let Step::LinkOrCreate { blocked, .. } = &progress.step {
            // The accounts to choose from stand with the commands that choose them.
            report.said.more = match blocked {
                Some(blocked) => vec![format!("no new account can be made: {}", blocked.code())],
                None => Vec::new(),
            };
        }
        Ok(report.but(kept))
    }
}

/// The nonce of the step, where an ID token may answer it.
fn nonce_to_sign(step: &Step) -> Option<&str> {
    match step {
        Step::PresentAssertion { provider, nonce, .. } if policy::signs(provider) => Some(nonce),
        Step::ProveOwnership { accepted, nonce, .. }
            if accepted
                .iter()
                .any(|proof| matches!(proof, Accepted::Federated(provider) if policy::signs(provider))) =>
        {
            Some(nonce)
        }
        _ => None,
    }
}

fn put(value: &mut Value, member: &str, content: Value) {
    if let Value::Object(members) = value {
        members.insert(member.to_owned(), content);
    }
}
