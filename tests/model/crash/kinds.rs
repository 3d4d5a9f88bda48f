//! One act of each kind, prepared up to the call, so that the call can be made on any opening of the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use selfsame::testing::{Medium, SeededEntropy};
use selfsame::{
    Anchor, Answer, Client, Engine, Entropy, Environment, Error, Flow, Hasher, Intent, MethodKind, Policy,
    Secret, SessionToken, Step, Table, Unlock,
};
use selfsame_world::{CountingHasher, Hand, Identity, World, days, minutes, signed_in};

use super::disk::Disk;
use super::recording::{Recording, Rows};

const ADA: &str = "ada@example.org";
const PASSWORD: &str = "correct horse battery staple";
const ANOTHER: &str = "another horse battery staple";
const NEW: &str = "new@example.net";

/// A call with its arguments.
pub(crate) type Call = Box<dyn Fn(&Engine) -> Result<(), Error> + Send + Sync>;

/// One kind of act.
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    /// The effect of repeating the call.
    pub(crate) again: Again,
    pub(crate) prepare: fn(&World) -> Call,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Again {
    /// The second call has no effect.
    Once,
    /// The second call does the act again.
    More,
    /// The second call continues where the first was interrupted, because the act has several commits.
    On,
}

fn kind(name: &'static str, again: Again, prepare: fn(&World) -> Call) -> Kind {
    Kind { name, again, prepare }
}

pub(crate) fn kinds() -> Vec<Kind> {
    let mut kinds = of_ways_in();
    kinds.extend(of_accounts());
    kinds
}

/// Sign-ups, sign-ins, and changes of sign-in methods.
fn of_ways_in() -> Vec<Kind> {
    use Again::{More, Once};
    vec![
        kind("sign-up", More, |_| {
            Box::new(|engine| engine.sign_up(NEW, &ANOTHER.into(), &client()).map(drop))
        }),
        kind("code", Once, |world| {
            let asked = world.sign_up(ADA, PASSWORD);
            answers(asked, Answer::Code(world.mailbox().code(ADA).unwrap()))
        }),
        kind("sign-in, right", More, |world| {
            world.ada();
            Box::new(|engine| engine.sign_in(ADA, &PASSWORD.into(), &client()).map(drop))
        }),
        kind("sign-in, wrong", More, |world| {
            world.ada();
            Box::new(|engine| engine.sign_in(ADA, &ANOTHER.into(), &client()).map(drop))
        }),
        kind("link", Once, |world| {
            world.ada();
            world.later(minutes(1));
            let asked = world.prove(&world.x_identity("1815", Some(ADA)), ADA);
            let chosen = world.answer(&asked, Answer::LinkTo(1)).unwrap();
            answers(chosen, Answer::Password(PASSWORD.into()))
        }),
        kind("change of email", Once, |world| {
            let token = world.ada().token;
            world.engine().account(&token).unwrap().change_email(NEW).unwrap();
            let code = world.mailbox().code(NEW).unwrap();
            Box::new(move |engine| engine.account(&token)?.prove_address(&code).map(drop))
        }),
        kind("TOTP, enrolled", More, |world| {
            let token = world.ada().token;
            Box::new(move |engine| engine.account(&token)?.enroll_totp().map(drop))
        }),
        kind("TOTP, confirmed", Once, |world| {
            let token = world.ada().token;
            let secret = world.engine().account(&token).unwrap().enroll_totp().unwrap().secret;
            let code = world.totp(&secret).unwrap();
            Box::new(move |engine| engine.account(&token)?.confirm_totp(&code).map(drop))
        }),
        kind("TOTP, saved", Once, |world| {
            let token = world.ada().token;
            let account = world.engine().account(&token).unwrap();
            let secret = account.enroll_totp().unwrap().secret;
            account.confirm_totp(&world.totp(&secret).unwrap()).unwrap();
            Box::new(move |engine| engine.account(&token)?.recovery_codes_saved())
        }),
        kind("TOTP, a step", Once, |world| {
            let app = world.turn_on_mfa(&world.ada().token);
            world.later(minutes(1));
            answers(world.sign_in(ADA, PASSWORD).unwrap(), world.shown_by(&app))
        }),
        kind("recovery code", Once, |world| {
            let app = world.turn_on_mfa(&world.ada().token);
            let code = app.recovery_codes.first().unwrap().clone();
            answers(world.sign_in(ADA, PASSWORD).unwrap(), Answer::RecoveryCode(code))
        }),
        kind("undo", Once, |world| {
            let ada = world.ada();
            world.move_to(&world.account(&ada), NEW);
            let asked = world.undo(&world.undo_code(ADA)).unwrap();
            answers(asked, Answer::NewPassword(ANOTHER.into()))
        }),
        kind("removal", Once, |world| {
            let token = with_x(world);
            let methods = world.engine().account(&token).unwrap().view().unwrap().methods;
            let method = methods.iter().find(|method| method.kind != MethodKind::Password).unwrap().id;
            Box::new(move |engine| engine.account(&token)?.remove_method(method))
        }),
    ]
}

/// Acts on an account, its data and its store.
fn of_accounts() -> Vec<Kind> {
    use Again::{More, On, Once};
    vec![
        kind("deletion", Once, |world| {
            let token = world.ada().token;
            Box::new(move |engine| engine.account(&token)?.request_deletion().map(drop))
        }),
        kind("deletion by support", More, |world| {
            let account = world.ada().account;
            Box::new(move |engine| engine.support("grace")?.start_deletion(account, "7").map(drop))
        }),
        kind("restore", Once, |world| {
            let ada = world.ada();
            world.account(&ada).request_deletion().unwrap();
            world.later(days(3));
            answers(world.sign_in(ADA, PASSWORD).unwrap(), Answer::Restore)
        }),
        kind("purge", On, |world| {
            let ada = world.ada();
            world.person(NEW, PASSWORD);
            world.account(&ada).request_deletion().unwrap();
            world.later(days(31));
            world.engine().purge_due(100).unwrap();
            world.later(days(1));
            Box::new(|engine| engine.purge_due(100).map(drop))
        }),
        kind("export", More, |world| {
            let token = with_x(world);
            Box::new(move |engine| engine.account(&token)?.export().map(drop))
        }),
        kind("reset", Once, |world| {
            world.ada();
            world.later(minutes(2));
            let asked = world.engine().reset_password(ADA, &client()).unwrap();
            answers(world.prove(&asked, ADA), Answer::NewPassword(ANOTHER.into()))
        }),
        kind("change of password", Once, |world| {
            let token = world.ada().token;
            Box::new(move |engine| engine.account(&token)?.change_password(&PASSWORD.into(), &ANOTHER.into()))
        }),
        kind("sign-out", Once, |world| {
            let token = world.ada().token;
            Box::new(move |engine| engine.account(&token)?.sign_out())
        }),
        kind("fetch of mail", Once, |world| {
            world.sign_up(NEW, ANOTHER);
            Box::new(|engine| engine.messages(8).map(drop))
        }),
        kind("mail", On, |world| {
            world.ada();
            world.sign_up(NEW, ANOTHER);
            // A fetched message is leased, so a worker that comes again does not fetch it again.
            let fetched = world.engine().messages(8).unwrap();
            Box::new(move |engine| fetched.iter().try_for_each(|message| engine.delivered(message.id)))
        }),
        kind("suspend and wake", More, |world| {
            let token = world.ada().token;
            Box::new(move |engine| {
                engine.suspend()?;
                engine.account(&token)?.set_display_name(Some("Ada"))
            })
        }),
    ]
}

fn answers(to: Flow, answer: Answer) -> Call {
    Box::new(move |engine| engine.answer(&to, answer.clone()).map(drop))
}

/// Creates Ada's account and adds an X identity.
fn with_x(world: &World) -> SessionToken {
    let ada = world.ada();
    let x = Identity::at("x", "1815");
    assert_eq!(
        world.add(&world.account(&ada), &x).unwrap().step,
        Step::Done { was_reserved: false, left_out: Vec::new() }
    );
    ada.token
}

fn client() -> Client {
    Client::on("laptop")
}

/// What is needed to open the store of a world.
pub(crate) struct Opener {
    unlock: Unlock,
    policy: Policy,
    hand: Hand,
}

impl Opener {
    pub(crate) fn of(world: &World) -> Self {
        Self { unlock: world.unlock(), policy: World::policy().build().unwrap(), hand: world.hand().again() }
    }

    /// Returns the clock, hasher and randomness that every new process of this test has.
    pub(crate) fn environment(&self) -> Environment {
        self.with(Arc::new(SeededEntropy::new(7)), Arc::new(CountingHasher::default()))
    }

    pub(crate) fn with(&self, entropy: Arc<dyn Entropy>, hasher: Arc<dyn Hasher>) -> Environment {
        let clock = Arc::new(self.hand.again());
        Environment::system().with_clock(clock).with_hasher(hasher).with_entropy(entropy)
    }

    pub(crate) fn open(
        &self,
        medium: Arc<dyn Medium>,
        anchor: Option<Arc<dyn Anchor>>,
        environment: Environment,
    ) -> Result<Engine, Error> {
        let options =
            Engine::options(self.unlock.clone()).policy(self.policy.clone()).environment(environment);
        match anchor {
            Some(anchor) => options.anchor(anchor).open_on(medium),
            None => options.open_on(medium),
        }
    }
}

/// An act that was prepared, done and recorded.
pub(crate) struct Rehearsal {
    pub(crate) kind: Kind,
    pub(crate) call: Call,
    pub(crate) opener: Opener,
    pub(crate) recording: Recording,
    /// The answer to the call.
    pub(crate) answer: Result<(), Error>,
    /// The bytes of the closed store before the act.
    pub(crate) before: Vec<u8>,
}

impl Rehearsal {
    pub(crate) fn of(kind: Kind) -> Self {
        let prepared = || {
            let disk = Disk::new();
            let world = World::builder().medium(Arc::new(disk.clone())).build();
            let call = (kind.prepare)(&world);
            // The act is then the only commit.
            world.catch_up();
            (disk, world, call)
        };
        let (disk, world, _) = prepared();
        world.engine().suspend().unwrap();
        let before = disk.bytes();
        let (disk, world, call) = prepared();
        let mut recording = Recording::named(kind.name);
        recording.from = disk.recorded();
        recording.acknowledge(&disk, world.engine());
        let answer = call(world.engine());
        assert!(is_answered(&answer), "{}: {answer:?}", kind.name);
        recording.acknowledge(&disk, world.engine());
        let opener = Opener::of(&world);
        drop(world);
        recording.log = disk.take_log();
        if kind.again == Again::On {
            recording.fill();
        }
        Self { kind, call, opener, recording, answer, before }
    }
}

/// Returns whether the answer came from the rules and not from a failed machine.
pub(crate) fn is_answered(answer: &Result<(), Error>) -> bool {
    matches!(answer, Ok(()) | Err(Error::Refused(_)))
}

/// Returns the number of rows per table, for tables that would have more rows if an act were done twice.
pub(crate) fn owned(rows: &Rows) -> BTreeMap<&'static str, usize> {
    const OWNED: [&str; 12] = [
        "account",
        "claim",
        "email",
        "undo-code",
        "session",
        "suspended",
        "undo",
        "outbox",
        "purge",
        "reminder",
        "support",
        "request",
    ];
    let mut counts = BTreeMap::new();
    for table in rows.keys().filter_map(|key| Table::of(key)).filter(|table| OWNED.contains(&table.name)) {
        *counts.entry(table.name).or_default() += 1;
    }
    counts
}

/// Checks that the engine is intact by acts of another person.
pub(crate) fn goes_on(engine: &Engine) -> Result<(), String> {
    let failed = |error: Error| format!("the next act: {error}");
    let email = "next@example.com";
    let asked = engine.sign_up(email, &PASSWORD.into(), &client()).map_err(failed)?;
    let mut code: Option<Secret> = None;
    for message in engine.messages(32).map_err(failed)? {
        engine.delivered(message.id).map_err(failed)?;
        if message.to == email {
            code = message.kind.mailed_code().cloned();
        }
    }
    let code = Answer::Code(code.ok_or("no code was sent")?);
    let token = signed_in(engine.answer(&asked, code.clone()).map_err(failed)?).token;
    let account = engine.account(&token).map_err(failed)?;
    if !account.verify_audit().map_err(failed)? {
        return Err("the chain is broken".to_owned());
    }
    match engine.answer(&asked, code.clone()) {
        Ok(_) | Err(Error::Refused(_)) => {}
        Err(error) => return Err(format!("the same answer again: {error}")),
    }
    let begun = engine.begin_federated(&"x".parse().expect("a short name"), &client()).map_err(failed)?;
    let assertion = Identity::at("x", "next").assertion(&begun);
    engine.continue_with(&begun, &assertion, Intent::SignUp).map(drop).map_err(failed)
}
