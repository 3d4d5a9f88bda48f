//! The commands. Each opens the store, does one thing and closes the store.

mod data;
mod entry;
mod host;
mod import;
mod mfa;
mod page;
mod products;
mod ways;

pub(crate) use self::entry::Who;
use std::path::PathBuf;

use selfsame::{
    Accepted, AccountHandle, Engine, Error, Flow, OpenProblem, Policy, Revealed, Session, Step, Unlock,
};
use selfsame_world::render;
use serde_json::Value;

use crate::arguments::Place;
use crate::confirm::Asking;
use crate::state::StateFile;
use crate::tell::Report;
use crate::trouble::Trouble;
use crate::{key, policy, words};

type Reported = Result<Report, Trouble>;

/// The path of a store, its options, and the files beside it.
pub(crate) struct Store {
    path: PathBuf,
    key_file: Option<PathBuf>,
    flow: StateFile,
    session: StateFile,
    known: StateFile,
    show_tokens: bool,
    asking: Asking,
    policy: Policy,
}

/// The account of the kept session.
struct SignedIn {
    account: AccountHandle,
    session: Session,
}

impl Store {
    pub(crate) fn at(place: &Place) -> Result<Self, Trouble> {
        let store = place.store.clone().filter(|store| !store.as_os_str().is_empty()).ok_or_else(|| {
            Trouble::Unusable("no store is given; use --store FILE, or set SELFSAME_STORE".into())
        })?;
        Ok(Self {
            flow: StateFile::named(place.flow_file.as_deref(), &store, ".flow"),
            session: StateFile::named(place.session_file.as_deref(), &store, ".session"),
            known: StateFile::named(None, place.session_file.as_deref().unwrap_or(&store), ".known"),
            key_file: place.key_file.clone(),
            show_tokens: place.show_tokens,
            asking: Asking { json: place.json },
            policy: policy::of(&place.providers)?,
            path: store,
        })
    }

    /// Checks, before the person types a password, that the store and the key exist and that the files in `kept` can
    /// be written.
    fn ready(&self, kept: &[&StateFile]) -> Result<Unlock, Trouble> {
        let unlock = key::find(self.key_file.as_deref())?;
        if self.path.symlink_metadata().is_err() {
            return Err(Error::Open(OpenProblem::NotFound).into());
        }
        kept.iter().try_for_each(|file| file.check_writable())?;
        Ok(unlock)
    }

    fn open(&self, unlock: &Unlock) -> Result<Engine, Trouble> {
        Ok(Engine::options(unlock.clone()).policy(self.policy.clone()).open(&self.path)?)
    }

    /// Opens the account of the kept session, and extends the session.
    fn signed_in(&self) -> Result<SignedIn, Trouble> {
        let unlock = self.ready(&[])?;
        let token = self.session.session()?;
        let engine = self.open(&unlock)?;
        let session = engine.touch(&token)?;
        Ok(SignedIn { account: engine.account(&token)?, session })
    }

    /// Opens the account after the person confirms `what`. The question comes before the store is opened, because an
    /// open store blocks every other process.
    fn sure(&self, is_confirmed: bool, what: &str) -> Result<SignedIn, Trouble> {
        self.ready(&[])?;
        self.session.session()?;
        self.asking.confirm(is_confirmed, what)?;
        self.signed_in()
    }

    /// Keeps the tokens for the next call, and reports the step.
    fn came_to(&self, flow: &Flow) -> Reported {
        let value = if self.show_tokens { render::shown(&Revealed(flow)) } else { render::shown(flow) };
        let mut report = Report::of(value).then(words::hints(&flow.step));
        if let Some(nonce) = nonce_to_sign(&flow.step) {
            report.said.more.push(format!("nonce for the ID token: {nonce}"));
        }
        if self.show_tokens {
            if let Some(token) = &flow.token {
                report.said.more.push(format!("flow token: {}", token.reveal()));
            }
            if let Step::SignedIn { session } = &flow.step {
                report.said.more.push(format!("session token: {}", session.token.reveal()));
            }
        }
        let kept = match (&flow.step, &flow.token) {
            // Only the flow of this call has ended. Another open flow stays open.
            (Step::SignedIn { session }, token) => self
                .session
                .keep_session(&session.token)
                .and_then(|()| match &session.recognition {
                    Some(recognition) => self.known.keep_recognition(recognition),
                    None => Ok(()),
                })
                .and_then(|()| if token.is_some() { self.flow.remove() } else { Ok(()) }),
            (Step::AlreadySignedIn { .. } | Step::Done { .. } | Step::Ended, _) => self.flow.remove(),
            (_, Some(token)) => self.flow.keep_flow(token, flow.number),
            (_, None) => Ok(()),
        };
        if let Step::LinkOrCreate { blocked, .. } = &flow.step {
            // The commands to choose an account already describe it.
            report.said.more = match blocked {
                Some(blocked) => vec![format!("you cannot create a new account: {}", blocked.code())],
                None => Vec::new(),
            };
        }
        Ok(report.but(kept))
    }
}

/// Returns the nonce of the step if an ID token can answer it.
fn nonce_to_sign(step: &Step) -> Option<&str> {
    match step {
        Step::PresentAssertion { provider, nonce, .. } if policy::signs(provider) => Some(nonce),
        Step::ProveOwnership { accepted, nonce, .. }
            if accepted.iter().any(
                |proof| matches!(proof, Accepted::Federated { provider } if policy::signs(provider)),
            ) =>
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
