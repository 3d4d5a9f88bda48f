//! Plays a story on a world.

mod factors;
mod sessions;
mod step;
mod steps;

use std::collections::BTreeMap;
use std::fmt;

use selfsame::{
    AccountHandle, AccountId, Assertion, Client, Error, Flow, FlowToken, MethodKind, Planned, ProductId,
    ProviderId, RecognitionToken, RecoveryCodes, RequestId, Secret, SessionId, SessionToken, SignedIn, Step,
    Timestamp,
};
use serde::Serialize;
use serde_json::{Value, json};

pub use self::step::Give;
use crate::expect;
use crate::provider::Identity;
use crate::render::{self, plain, told};
use crate::story::{Act, Keep, Scene, Story};
use crate::ways;
use crate::world::World;

/// The result of playing a story.
#[derive(Debug)]
pub struct Performance {
    /// The acts that were played, in order.
    pub played: Vec<Played>,
    /// Where the engine's answer first differed from the story, if it did. The play ends there.
    pub failure: Option<Failure>,
    /// All secrets of the story, so that a test can check that they appear nowhere else.
    pub secrets: Vec<Secret>,
}

/// An act that was played.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Played {
    /// Its number, counted from 1.
    pub number: usize,
    /// What the wall clock showed.
    pub at: Timestamp,
    /// The act's name.
    pub act: &'static str,
    /// What the engine answered.
    pub answer: Value,
}

/// An act whose answer differs from the story.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The number of the act, counted from 1.
    pub act: usize,
    /// What differs.
    pub why: String,
}

/// Plays the story on a world that was made for it.
pub fn play(story: &Story, world: &mut World) -> Performance {
    play_watched(story, world, &mut |_| {})
}

/// Plays the story, and calls `after` after each act.
pub fn play_watched(story: &Story, world: &mut World, after: &mut dyn FnMut(&World)) -> Performance {
    let mut stage = Stage::default();
    let mut played = Vec::with_capacity(story.scenes.len());
    let mut failure = None;
    for (index, scene) in story.scenes.iter().enumerate() {
        let (number, at) = (index + 1, world.now());
        let answer = match stage.act(&scene.act, world) {
            Ok(answer) => answer,
            Err(why) => {
                failure = Some(Failure { act: number, why });
                break;
            }
        };
        after(world);
        let kept = stage.keep(&scene.keep);
        let judged = judge(scene, &answer, &stage).and(kept);
        played.push(Played { number, at, act: scene.act.name(), answer });
        if let Err(why) = judged {
            failure = Some(Failure { act: number, why });
            break;
        }
    }
    Performance { played, failure, secrets: stage.secrets }
}

impl World {
    /// Returns a builder for a world in memory that the story can be played on.
    pub fn of(story: &Story) -> crate::WorldBuilder {
        Self::builder().seed(story.seed).start(story.starts).policy(story.policy.clone())
    }
}

impl Performance {
    /// Returns the transcript, which is the same for the same story wherever it is played.
    pub fn transcript(&self) -> Value {
        let act = |played: &Played| {
            json!({
                "act": played.number,
                "at": played.at,
                "do": played.act,
                "answer": plain(&told(&played.answer)),
            })
        };
        self.played.iter().map(act).collect()
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "act {}: {}", self.act, self.why)
    }
}

/// The things that the names of a story refer to at this point.
#[derive(Default)]
pub(crate) struct Stage {
    flows: BTreeMap<String, Flow>,
    sessions: BTreeMap<String, (SessionId, SessionToken)>,
    recognitions: BTreeMap<String, RecognitionToken>,
    accounts: BTreeMap<String, AccountId>,
    pub(crate) requests: BTreeMap<String, (AccountId, RequestId)>,
    codes: BTreeMap<String, Secret>,
    undos: BTreeMap<String, Secret>,
    apps: BTreeMap<String, Secret>,
    recovery_codes: BTreeMap<String, Vec<Secret>>,
    secrets: Vec<Secret>,
    /// The session that the last act opened.
    opened: Option<SignedIn>,
}

impl Stage {
    /// Plays one act and renders the answer. `Err` says why the story cannot go on.
    fn act(&mut self, act: &Act, world: &mut World) -> Result<Value, String> {
        self.opened = None;
        let engine = world.engine().clone();
        Ok(match act {
            Act::SignUp { .. }
            | Act::BeginFederated { .. }
            | Act::ContinueWith { .. }
            | Act::Answer { .. }
            | Act::Resume { .. }
            | Act::SignIn { .. }
            | Act::SignInTo { .. }
            | Act::ResetPassword { .. }
            | Act::Reauthenticate { .. }
            | Act::BeginAdd { .. }
            | Act::Undo { .. } => self.steps(act, &engine, world)?,
            Act::EnrollTotp { .. }
            | Act::ConfirmTotp { .. }
            | Act::UnsavedRecoveryCodes { .. }
            | Act::RecoveryCodesSaved { .. }
            | Act::RegenerateRecoveryCodes { .. }
            | Act::TurnOffMfa { .. } => self.factors(act, &engine, world)?,
            Act::Resolve { .. }
            | Act::Touch { .. }
            | Act::Account { .. }
            | Act::Sessions { .. }
            | Act::EndSession { .. }
            | Act::EndOtherSessions { .. }
            | Act::SignOut { .. }
            | Act::Activity { .. }
            | Act::VerifyAudit { .. } => self.sessions(act, &engine)?,
            Act::Picker {} => {
                let entries = engine.picker();
                shown(entries.map(|entries| json!({ "accounts": entries })))
            }
            Act::RemoveFromPicker { account } => {
                let account = *self.accounts.get(account).ok_or_else(|| unknown("account", account))?;
                shown(engine.remove_from_picker(account).map(done))
            }
            Act::MarkCompromised { session } => {
                let account = engine.account(self.token(session)?);
                shown(account.and_then(|account| mark_compromised(&account)).map(done))
            }
            Act::AddPassword { session, password, .. } => {
                let password = self.secret(password);
                shown(ways::add_password(act, engine.account(self.token(session)?), &password))
            }
            Act::ChangePassword { session, current, new } => {
                let (current, new) = (self.secret(current), self.secret(new));
                let account = engine.account(self.token(session)?);
                shown(account.and_then(|account| account.change_password(&current, &new)).map(done))
            }
            Act::Review { session, stays, second_factor_stays, new_password } => {
                let new = new_password.as_ref().map(|password| self.secret(password));
                let account = engine.account(self.token(session)?);
                let reviewed = account
                    .and_then(|account| ways::review(&account, stays, *second_factor_stays, new.as_ref()));
                shown(reviewed.map(done))
            }
            Act::ProveAddress { session, code } => {
                let code = self.codes.get(code).cloned().unwrap_or_else(|| code.as_str().into());
                let account = engine.account(self.token(session)?);
                let step = account.and_then(|account| account.prove_address(&code));
                shown(step)
            }
            Act::RemoveMethod { session, .. }
            | Act::TakeSeenEmail { session, .. }
            | Act::ChangeEmail { session, .. }
            | Act::VerifyAddress { session, .. }
            | Act::SetContact { session, .. }
            | Act::ConfirmProtectedActs { session }
            | Act::SetDisplayName { session, .. } => {
                let account = engine.account(self.token(session)?);
                shown(account.and_then(|account| ways::act(&account, act)))
            }
            Act::RequestDeletion { .. }
            | Act::PurgeDue { .. }
            | Act::SupportFind { .. }
            | Act::SupportActivity { .. }
            | Act::SupportDelete { .. }
            | Act::SupportRecords { .. }
            | Act::RequestPrivacy { .. }
            | Act::PrivacyRequests { .. }
            | Act::Export { .. }
            | Act::OpenRequests {}
            | Act::CloseRequest { .. }
            | Act::AnnounceErasure { .. }
            | Act::Erase { .. } => self.ending(act, &engine)?,
            Act::OpenProduct { .. }
            | Act::Memberships { .. }
            | Act::SetBilling { .. }
            | Act::BillingDestination { .. }
            | Act::ManageDestination { .. } => self.products(act, &engine)?,
            Act::Explain { session, planned } => {
                let planned = planned_act(planned)?;
                let account = engine.account(self.token(session)?);
                let explained = account.and_then(|account| account.explain(&planned));
                shown(explained)
            }
            Act::Mail { to, code, undo } => self.mail(to, code.as_ref(), undo.as_ref(), world),
            Act::Wait(span) => {
                world.later(span.duration());
                json!({ "now": world.now() })
            }
            Act::TurnWall { forward, back } => {
                world.hand().set_wall_forward(forward.unwrap_or_default().duration());
                world.hand().set_wall_back(back.unwrap_or_default().duration());
                json!({ "now": world.now() })
            }
            Act::Reopen {} => {
                drop(engine);
                shown(world.reopen(None).map(done))
            }
            Act::Reboot(off) => {
                let restarted = world.reboot(off.duration());
                shown(restarted.map(|()| json!({ "now": world.now() })))
            }
            Act::Rekey {} => shown(engine.rekey(&world.unlock()).map(done)),
            Act::Health {} => shown(engine.health()),
        })
    }

    /// Remembers the step that the flow has reached, and the session that it opened.
    fn arrived(&mut self, name: Option<&String>, flow: Result<Flow, Error>) -> Value {
        let flow = match flow {
            Ok(flow) => flow,
            Err(error) => return render::shown(&error),
        };
        if let Step::SignedIn { session } = &flow.step {
            self.secrets.push(session.token.reveal().into());
            self.secrets.extend(session.recognition.iter().map(|kept| kept.reveal().into()));
            self.opened = Some(session.clone());
        }
        let shown = render::shown(&flow);
        if let Some(name) = name {
            // An app or recovery codes that a flow enrols get the flow's name.
            match &flow.step {
                Step::EnrollSecondFactor { secret, uri, .. } => {
                    self.secrets.extend([secret.clone(), uri.clone()]);
                    self.apps.insert(name.clone(), secret.clone());
                }
                Step::SaveRecoveryCodes { codes } => _ = self.codes_given(name, Ok(codes.clone())),
                _ => {}
            }
            self.secrets.extend(flow.token.iter().map(|token| token.reveal().into()));
            self.flows.insert(name.clone(), flow);
        }
        shown
    }

    fn codes_given(&mut self, name: &str, codes: Result<RecoveryCodes, Error>) -> Value {
        if let Ok(codes) = &codes {
            self.secrets.extend(codes.codes.iter().cloned());
            self.recovery_codes.insert(name.to_owned(), codes.codes.clone());
        }
        shown(codes)
    }

    /// Returns the code that an app shows now.
    fn totp(&mut self, app: &str, world: &World) -> Result<Secret, String> {
        let secret = self.apps.get(app).ok_or_else(|| unknown("app", app))?;
        world.totp(secret).map_err(|error| format!("{app:?}: {error}"))
    }

    fn assertion(&self, flow: &str, identity: &Identity) -> Result<Assertion, String> {
        let flow = self.flow_token(flow)?.flow();
        identity.statement(flow).ok_or_else(|| format!("{:?} is not a valid short name", identity.provider))
    }

    fn mail(&mut self, to: &str, code: Option<&String>, undo: Option<&String>, world: &World) -> Value {
        let taken = world.fetch_mail().map(|mailbox| mailbox.take(to));
        let message = match taken {
            Ok(Some(message)) => message,
            Ok(None) => return json!({ "kind": Value::Null }),
            Err(error) => return render::shown(&error),
        };
        if let Some(sent) = message.kind.mailed_code() {
            self.secrets.push(sent.clone());
            if let Some(name) = code {
                self.codes.insert(name.clone(), sent.clone());
            }
        }
        if let Some(offer) = &message.undo {
            self.secrets.push(offer.code.clone());
            if let Some(name) = undo {
                self.undos.insert(name.clone(), offer.code.clone());
            }
        }
        render::shown(&message)
    }

    /// Names the session that the last act opened, and its account.
    fn keep(&mut self, keep: &Keep) -> Result<(), String> {
        let Some(SignedIn { account, session, token, recognition, .. }) = self.opened.take() else {
            return match (&keep.account, &keep.session) {
                (None, None) => Ok(()),
                _ => Err("the act opened no session to name".to_owned()),
            };
        };
        if let Some(name) = &keep.account {
            self.accounts.insert(name.clone(), account);
        }
        if let Some(name) = &keep.session {
            self.sessions.insert(name.clone(), (session, token));
            self.recognitions.extend(recognition.map(|kept| (name.clone(), kept)));
        }
        Ok(())
    }

    fn flow(&self, name: &str) -> Result<&Flow, String> {
        self.flows.get(name).ok_or_else(|| unknown("flow", name))
    }

    fn flow_token(&self, name: &str) -> Result<&FlowToken, String> {
        let token = self.flow(name)?.token.as_ref();
        token.ok_or_else(|| format!("{name:?} was done at once, without a flow"))
    }

    pub(crate) fn account(&self, name: &str) -> Result<AccountId, String> {
        self.accounts.get(name).copied().ok_or_else(|| unknown("account", name))
    }

    pub(crate) fn token(&self, name: &str) -> Result<&SessionToken, String> {
        self.sessions.get(name).map(|(_, token)| token).ok_or_else(|| unknown("session", name))
    }

    /// The device of an act, with the recognitions that these sessions earned.
    fn client(
        &self,
        device: &Option<String>,
        product: &Option<String>,
        known: &[String],
        origin: &Option<String>,
    ) -> Result<Client, String> {
        let kept = known.iter().map(|name| {
            self.recognitions.get(name).cloned().ok_or_else(|| unknown("session with a recognition", name))
        });
        let mut client = Client::on(device.as_deref().unwrap_or("laptop"))
            .recognized_by(kept.collect::<Result<Vec<_>, _>>()?);
        if let Some(origin) = origin {
            client = client.at_origin(origin);
        }
        match product {
            Some(name) => Ok(client.using(
                name.parse::<ProductId>().map_err(|_| format!("{name:?} is not a valid short name"))?,
            )),
            None => Ok(client),
        }
    }

    fn secret(&mut self, text: &str) -> Secret {
        let secret = Secret::from(text);
        self.secrets.push(secret.clone());
        secret
    }

    fn id(&self, name: &str) -> Option<String> {
        let account = self.accounts.get(name).map(ToString::to_string);
        let session = || self.sessions.get(name).map(|(id, _)| id.to_string());
        let request = || self.requests.get(name).map(|(_, id)| id.to_string());
        account.or_else(session).or_else(request)
    }
}

/// Returns the act without data that has this name.
fn planned_act(name: &str) -> Result<Planned, String> {
    serde_json::from_value(json!({ "planned": name })).map_err(|_| unknown("act to explain", name))
}

/// Reports that others know the account's password. If the account has none, the engine refuses.
fn mark_compromised(account: &AccountHandle) -> Result<(), Error> {
    let methods = account.view()?.methods;
    let password = methods.iter().find(|method| method.kind == MethodKind::Password);
    match password.or(methods.first()) {
        Some(method) => account.mark_compromised(method.id),
        None => Err(Error::Defect),
    }
}

fn judge(scene: &Scene, answer: &Value, stage: &Stage) -> Result<(), String> {
    match &scene.expect {
        Some(expected) => expect::compare(expected, &told(answer), &|name| stage.id(name)),
        None if answer.get("refused").or(answer.get("failed")).is_some() => {
            Err(format!("the answer is {answer}, which nobody expected"))
        }
        None => Ok(()),
    }
}

pub(crate) fn short(provider: &str) -> Result<ProviderId, String> {
    provider.parse::<ProviderId>().map_err(|_| format!("{provider:?} is not a valid short name"))
}

pub(crate) fn unknown(what: &str, name: &str) -> String {
    format!("no {what} is called {name:?}")
}

pub(crate) fn shown(answer: Result<impl Serialize, Error>) -> Value {
    answer.map_or_else(|error| render::shown(&error), |answer| render::shown(&answer))
}

pub(crate) fn done((): ()) -> Value {
    json!({ "done": true })
}
