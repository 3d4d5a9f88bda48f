//! A stranger who knows only an email learns nothing about its account (SPEC 2.7, 4.2, 4.7, 12.1, 12.5).
//!
//! Each email is tested in a new world, made from the same seed with the same accounts. A stranger makes
//! the same calls for each. Neither the answers nor the costs may distinguish the emails.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use selfsame::{
    Answer, Client, Error, Flow, HashCost, HashFailed, Hasher, Intent, ProviderId, Refusal, Secret, Step,
    Table,
};
use selfsame_world::{CountingHasher, Identity, World, days, hours, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";
const WRONG: &str = "a wrong password";

/// All emails have the same length and first letter, so they are masked alike. This account has only a
/// password.
const ADA: &str = "ada@example.org";
/// The account has MFA on.
const AMY: &str = "amy@example.org";
/// The account is pending deletion.
const ANN: &str = "ann@example.org";
/// The account has a compromised password.
const ASA: &str = "asa@example.org";
/// The account has an identity besides the password.
const AIA: &str = "aia@example.org";
/// The account has a verified address and no password.
const ALF: &str = "alf@example.org";
/// The account never verified its address.
const AUD: &str = "aud@example.org";
/// The account was deleted 30 days ago and is not purged yet.
const AVA: &str = "ava@example.org";
/// No account has this email.
const ABE: &str = "abe@example.org";

const WITH_PASSWORD: [&str; 5] = [ADA, AMY, ANN, ASA, AIA];
const EVERYBODY: [&str; 9] = [ADA, AMY, ANN, ASA, AIA, ALF, AUD, AVA, ABE];

/// What a stranger can observe of one call.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Seen {
    told: String,
    commits: u64,
    hashes: Vec<HashCost>,
    rows: Vec<Written>,
}

/// The table of a written row and the row's length, or `None` if the row was deleted.
type Written = (&'static str, Option<usize>);

impl Seen {
    /// Returns the observation without rows: a failure counted on an account also writes an event row.
    fn bare(&self) -> (&str, u64, &[HashCost]) {
        (&self.told, self.commits, &self.hashes)
    }
}

/// Records the cost of each hash.
#[derive(Default)]
struct NotingHasher(CountingHasher, Mutex<Vec<HashCost>>);

impl Hasher for NotingHasher {
    fn derive(
        &self,
        cost: HashCost,
        password: &[u8],
        salt: &[u8; 16],
        pepper: &[u8; 32],
    ) -> Result<[u8; 32], HashFailed> {
        self.1.lock().unwrap().push(cost);
        self.0.derive(cost, password, salt, pepper)
    }
}

/// A world with all the accounts, and what a stranger observes.
struct Stranger {
    world: World,
    hasher: Arc<NotingHasher>,
}

impl Stranger {
    fn new() -> Self {
        let hasher = Arc::new(NotingHasher::default());
        let world = World::builder().hasher(hasher.clone()).build();
        let stranger = Self { world, hasher };
        let world = &stranger.world;
        let ava = world.person(AVA, PASSWORD);
        world.account(&ava).request_deletion().unwrap();
        world.later(days(30));
        world.person(ADA, PASSWORD);
        world.turn_on_mfa(&world.person(AMY, PASSWORD).token);
        world.account(&world.person(ANN, PASSWORD)).request_deletion().unwrap();
        let asa = world.account(&world.person(ASA, PASSWORD));
        asa.mark_compromised(asa.view().unwrap().methods.first().unwrap().id).unwrap();
        world.person(AIA, PASSWORD);
        world.later(minutes(1));
        let asked = world.prove(&world.x_identity("aia", Some(AIA)), AIA);
        let chosen = world.answer(&asked, Answer::LinkTo(1)).unwrap();
        signed_in(world.answer(&chosen, Answer::Password(PASSWORD.into())).unwrap());
        signed_in(world.prove(&world.x_identity("alf", Some(ALF)), ALF));
        signed_in(world.answer(&world.x_identity("aud", Some(AUD)), Answer::Skip).unwrap());
        // The messages to these addresses were sent long ago, and their rate limits have ended.
        world.later(days(2));
        world.engine().sweep().unwrap();
        assert!(rate_limits(world).is_empty());
        world.later(hours(1));
        world.mailbox().clear();
        stranger.settled();
        stranger
    }

    /// Makes a call that is not observed and that writes the clock's high-water mark.
    fn settled(&self) {
        refused(self.world.sign_in("nobody@example.net", WRONG));
    }

    /// Advances the clock.
    fn later(&self, span: Duration) {
        self.world.later(span);
        self.settled();
    }

    /// Makes a call and returns what is observed.
    fn sees<T>(
        &self,
        call: impl FnOnce(&World) -> Result<T, Error>,
        told: fn(&T) -> String,
    ) -> (Option<T>, Seen) {
        let engine = self.world.engine();
        self.hasher.1.lock().unwrap().clear();
        let (commits, before) = (engine.commits().unwrap(), engine.dump().unwrap());
        let answer = call(&self.world);
        let told = match &answer {
            Ok(answer) => told(answer),
            Err(Error::Refused(refusal)) => format!("{refusal:?}"),
            Err(error) => panic!("{error:?}"),
        };
        let seen = Seen {
            told,
            commits: engine.commits().unwrap() - commits,
            hashes: self.hasher.1.lock().unwrap().clone(),
            rows: written(&before, &engine.dump().unwrap()),
        };
        (answer.ok(), seen)
    }

    /// Makes a call that returns a flow at a step.
    fn step(&self, call: impl FnOnce(&World) -> Result<Flow, Error>) -> (Option<Flow>, Seen) {
        self.sees(call, |progress| {
            let has_flow = progress.token.is_some();
            let step = match &progress.step {
                // These steps contain values drawn for this flow alone.
                step @ (Step::SignedIn { .. } | Step::PresentAssertion { .. }) => step.code().to_owned(),
                step => format!("{step:?}"),
            };
            format!("{}, {has_flow}, {step}", progress.number)
        })
    }

    /// Gives a wrong code. The stranger has not read the message.
    fn wrong_code(&self, asked: &Flow) -> Seen {
        self.step(|world| world.answer(asked, Answer::Code("00000000".into()))).1
    }

    /// Tries what a stranger can do with a flow that waits for a code.
    fn tries_the_flow(&self, asked: Flow) -> Vec<Seen> {
        let mut seen = Vec::new();
        for _ in 0..7 {
            seen.push(self.wrong_code(&asked));
        }
        let (again, at_once) = self.step(|world| world.answer(&asked, Answer::Resend));
        seen.push(at_once);
        self.later(minutes(1));
        let (again, resent) = self.step(|world| world.answer(&again.unwrap(), Answer::Resend));
        seen.extend([resent, self.wrong_code(again.as_ref().unwrap())]);
        for answer in [Answer::Totp("000000".into()), Answer::Skip, Answer::Restore] {
            seen.push(self.step(|world| world.answer(again.as_ref().unwrap(), answer.clone())).1);
        }
        let elsewhere = Answer::CorrectAddress("azz@example.org".into());
        let (again, corrected) = self.step(|world| world.answer(&again.unwrap(), elsewhere.clone()));
        seen.extend([corrected, self.wrong_code(again.as_ref().unwrap())]);
        seen.push(self.step(|world| world.answer(&again.unwrap(), Answer::Cancel)).1);
        seen
    }
}

/// Returns the keys of the rows that count the messages to an address.
fn rate_limits(world: &World) -> BTreeSet<Vec<u8>> {
    let is_rate_limit = |key: &Vec<u8>| Table::of(key).unwrap().name == "pace";
    world.engine().dump().unwrap().into_keys().filter(is_rate_limit).collect()
}

/// Returns the rows that a call wrote. Each sealing differs, so a row rewritten with the same content is
/// included.
fn written(before: &BTreeMap<Vec<u8>, Vec<u8>>, after: &BTreeMap<Vec<u8>, Vec<u8>>) -> Vec<Written> {
    let name = |key: &[u8]| Table::of(key).unwrap().name;
    let put = after.iter().filter(|(key, value)| before.get(*key) != Some(value));
    let put = put.map(|(key, value)| (name(key), Some(value.len())));
    let deleted = before.keys().filter(|key| !after.contains_key(*key)).map(|key| (name(key), None));
    let mut rows: Vec<_> = put.chain(deleted).filter(|(name, _)| *name != "stamp").collect();
    rows.sort_unstable();
    rows
}

/// Makes the same calls for each email and compares what is observed with that of the unknown email.
fn alike<T: PartialEq + Debug>(everybody: &[&str], does: impl Fn(&Stranger, &str) -> Vec<T>) -> Vec<T> {
    let nobody = does(&Stranger::new(), ABE);
    for email in everybody {
        let seen = does(&Stranger::new(), email);
        for (at, (somebody, nobody)) in seen.iter().zip(&nobody).enumerate() {
            assert_eq!(somebody, nobody, "{email} differs from the unknown email at call {at}");
        }
        assert_eq!(seen.len(), nobody.len());
    }
    nobody
}

fn client() -> Client {
    Client::on("a stranger's")
}

fn reset(world: &World, email: &str) -> Result<Flow, Error> {
    world.engine().reset_password(email, &client())
}

fn sign_up(world: &World, email: &str) -> Result<Flow, Error> {
    world.engine().sign_up(email, &Secret::from("a stranger's own password"), &client())
}

#[test]
fn r4_2_a_wrong_password_reveals_nothing_of_the_email_before_and_after_the_lock() {
    let seen = alike(&EVERYBODY, |stranger, email| {
        let mut seen = Vec::new();
        for _ in 0..103 {
            for _ in 0..2 {
                let (_, one) = stranger.step(|world| world.sign_in(email, WRONG));
                seen.push((one.told, one.commits, one.hashes));
            }
            stranger.later(hours(1));
        }
        seen
    });
    let cost = HashCost::default();
    assert!(seen.contains(&("InvalidCredentials".to_owned(), 1, vec![cost])));
    assert!(seen.contains(&("Throttled { retry_at: None }".to_owned(), 1, vec![])), "until the lock");
}

#[test]
fn r12_1_during_a_wait_the_right_password_reveals_no_more_than_a_wrong_one() {
    let mut all = Vec::new();
    for email in EVERYBODY {
        let stranger = Stranger::new();
        for _ in 0..5 {
            refused(stranger.world.sign_in(email, WRONG));
        }
        // The first refusal during a wait starts an event row. Later ones are added to its count.
        stranger.step(|world| world.sign_in(email, WRONG));
        let tries = [WRONG, PASSWORD, "", PASSWORD, WRONG]
            .map(|password| stranger.step(|world| world.sign_in(email, password)).1);
        let [first, ..] = &tries;
        assert!(first.told.starts_with("Throttled"), "{}", first.told);
        assert_eq!((first.commits, first.hashes.len()), (1, 0));
        assert!(tries.iter().all(|seen| seen == first), "{email}: rows included: {tries:?}");
        all.push(tries);
    }
    let [first, ..] = all.as_slice() else { panic!("no email was tried") };
    let bare = |tries: &[Seen; 5]| tries.each_ref().map(|seen| format!("{:?}", seen.bare()));
    assert!(all.iter().all(|tries| bare(tries) == bare(first)), "{all:?}");
}

#[test]
fn r4_2_a_right_password_that_leads_to_a_step_costs_what_a_wrong_one_does() {
    for email in [AMY, ANN, ASA] {
        let stranger = Stranger::new();
        let (_, wrong) = stranger.step(|world| world.sign_in(email, WRONG));
        let (asked, right) = stranger.step(|world| world.sign_in(email, PASSWORD));
        assert_eq!((wrong.commits, &wrong.hashes), (right.commits, &right.hashes), "{email}");
        assert!(asked.unwrap().token.is_some(), "{email} gets another step");
    }
}

#[test]
fn r4_2_malformed_passwords_are_refused_alike_for_every_email() {
    let long = "x".repeat(5_000);
    for password in ["", " ", "short", "\u{fdd0}\u{fdd0}", long.as_str()] {
        alike(&EVERYBODY, |stranger, email| {
            let (_, seen) = stranger.step(|world| world.sign_in(email, password));
            vec![(seen.told, seen.commits, seen.hashes)]
        });
    }
}

#[test]
fn r2_7_a_sign_up_answers_costs_and_writes_the_same_for_every_email() {
    let seen = alike(&EVERYBODY, |stranger, email| {
        let (asked, begun) = stranger.step(|world| sign_up(world, email));
        let mut seen = vec![begun];
        seen.extend(stranger.tries_the_flow(asked.unwrap()));
        seen
    });
    let [begun, wrong, ..] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((begun.commits, begun.hashes.len()), (1, 1));
    assert_eq!((wrong.told.as_str(), wrong.commits, wrong.hashes.len()), ("InvalidCode", 1, 0));
}

#[test]
fn r2_7_the_message_of_a_sign_up_is_the_same_for_every_email() {
    alike(&EVERYBODY, |stranger, email| {
        sign_up(&stranger.world, email).unwrap();
        let messages = stranger.world.mailbox().all();
        messages
            .iter()
            .map(|sent| (sent.to == email, sent.device.clone(), format!("{:?}", sent.kind)))
            .collect()
    });
}

#[test]
fn r12_5_over_the_limits_of_an_address_all_emails_look_alike() {
    for begin in [sign_up, reset] {
        let seen = alike(&EVERYBODY, |stranger, email| {
            let mut seen = Vec::new();
            for span in [0, 0, 1, 1, 1, 1, 1, 60, 60, 60].map(minutes) {
                stranger.later(span);
                let (asked, begun) = stranger.step(|world| begin(world, email));
                seen.extend([begun, stranger.wrong_code(&asked.unwrap())]);
            }
            seen
        });
        let asked: Vec<_> = seen.iter().step_by(2).collect();
        let has_message = |seen: &Seen| seen.rows.iter().any(|(table, _)| *table == "outbox");
        assert!(asked.iter().all(|seen| has_message(seen)), "a message that waits is a row too");
        let waits = |seen: &Seen| seen.told.contains("send_at: Some");
        let at_once: Vec<_> = (0..asked.len()).filter(|at| !waits(asked[*at])).collect();
        assert_eq!(at_once, [0, 7, 8, 9], "each of the others waits for a minute or an hour");
    }
}

#[test]
fn r4_7_a_reset_answers_costs_and_writes_the_same_for_every_email() {
    let seen = alike(&EVERYBODY, |stranger, email| {
        let (asked, begun) = stranger.step(|world| reset(world, email));
        let mut seen = vec![begun];
        seen.extend(stranger.tries_the_flow(asked.unwrap()));
        seen
    });
    let [begun, wrong, ..] = seen.as_slice() else { panic!("{seen:?}") };
    assert_eq!((begun.commits, begun.hashes.len()), (1, 0));
    assert!(
        begun.rows.iter().any(|(table, _)| *table == "outbox"),
        "a message without a recipient is a row too"
    );
    assert_eq!((wrong.told.as_str(), wrong.commits), ("InvalidCode", 1));
}

#[test]
fn r4_7_correcting_the_address_in_a_reset_reveals_nothing() {
    alike(&EVERYBODY, |stranger, email| {
        let (asked, begun) = stranger.step(|world| reset(world, "azz@example.org"));
        let (asked, corrected) =
            stranger.step(|world| world.answer(&asked.unwrap(), Answer::CorrectAddress(email.into())));
        let wrong = stranger.wrong_code(asked.as_ref().unwrap());
        vec![begun, corrected, wrong]
    });
}

#[test]
fn r4_7_a_reset_mails_only_accounts_with_a_password() {
    for email in EVERYBODY {
        let stranger = Stranger::new();
        reset(&stranger.world, email).unwrap();
        let is_sent = stranger.world.mailbox().code(email).is_some();
        assert_eq!(is_sent, WITH_PASSWORD.contains(&email), "{email}");
    }
}

#[test]
fn r2_7_an_identity_with_somebody_s_email_reveals_nothing_of_that_email() {
    for intent in [Intent::SignUp, Intent::SignIn] {
        let seen = alike(&EVERYBODY, |stranger, email| {
            let identity = Identity::at("other", "a stranger").with_email(email);
            let provider = "other".parse::<ProviderId>().unwrap();
            let (begun, first) = stranger.step(|world| world.engine().begin_federated(&provider, &client()));
            let flow = begun.unwrap();
            let assertion = identity.assertion(&flow);
            let (asked, presented) =
                stranger.step(|world| world.engine().continue_with(&flow, &assertion, intent));
            let mut asked = asked.unwrap();
            let mut seen = vec![first, presented];
            if intent == Intent::SignIn {
                let (confirmed, one) = stranger.step(|world| world.answer(&asked, Answer::Confirm));
                asked = confirmed.unwrap();
                seen.push(one);
            }
            seen.push(stranger.wrong_code(&asked));
            seen.push(stranger.step(|world| world.answer(&asked, Answer::Skip)).1);
            seen
        });
        let told: Vec<_> = seen.iter().map(|seen| seen.told.as_str()).collect();
        assert!(told.contains(&"InvalidCode"), "{told:?}");
        assert_eq!(told.last().map(|told| told.ends_with("SignedIn")), Some(true), "{told:?}");
    }
}

#[test]
fn r4_2_a_picked_account_id_reveals_as_little_as_an_email() {
    let told = |is_known: bool| {
        let stranger = Stranger::new();
        let known = stranger.world.person("zoe@example.org", PASSWORD).account;
        let unknown = World::builder().seed(2).build().ada().account;
        let account = if is_known { known } else { unknown };
        let mut seen = Vec::new();
        for _ in 0..7 {
            let call = |world: &World| world.engine().sign_in_to(account, &WRONG.into(), &client());
            let (_, one) = stranger.step(call);
            seen.push((one.told, one.commits, one.hashes));
        }
        seen
    };
    assert_eq!(told(true), told(false));
}

#[test]
fn r12_2_a_sign_up_does_not_reveal_earlier_guesses_at_the_email() {
    let stranger = Stranger::new();
    for _ in 0..5 {
        refused(stranger.world.sign_in(ABE, WRONG));
    }
    assert!(matches!(refused(stranger.world.sign_in(ABE, WRONG)), Refusal::Throttled { .. }));
    let (_, after) = stranger.step(|world| sign_up(world, ABE));
    let (_, fresh) = Stranger::new().step(|world| sign_up(world, ABE));
    assert_eq!(after, fresh);
}

#[test]
fn r2_7_a_sign_up_flow_answers_the_same_for_every_email_later_too() {
    alike(&EVERYBODY, |stranger, email| {
        let (asked, begun) = stranger.step(|world| sign_up(world, email));
        let asked = asked.unwrap();
        let mut seen = vec![begun];
        stranger.world.mailbox();
        for span in [minutes(10), hours(24) - minutes(10), days(30)] {
            stranger.later(span);
            let token = asked.token.clone().unwrap();
            seen.push(stranger.step(|world| world.engine().resume(&token)).1);
            seen.push(stranger.wrong_code(&asked));
        }
        seen
    });
}

#[test]
fn r4_7_a_flow_never_reveals_whether_a_message_was_sent() {
    for begin in [sign_up, reset] {
        alike(&EVERYBODY, |stranger, email| {
            let (asked, begun) = stranger.step(|world| begin(world, email));
            let asked = asked.unwrap();
            let mut seen = vec![begun.told];
            stranger.world.mailbox();
            let within = minutes(10) - Duration::from_millis(1);
            for span in [Duration::ZERO, within, Duration::from_millis(1), hours(24), days(30)] {
                stranger.later(span);
                let token = asked.token.clone().unwrap();
                seen.push(stranger.step(|world| world.engine().resume(&token)).1.told);
                seen.push(stranger.wrong_code(&asked).told);
            }
            seen
        });
    }
}

#[test]
fn r4_2_a_hash_with_weaker_parameters_is_not_refused_faster() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let weak = HashCost::new(12_288, 3, 1);
    let before =
        World::builder().policy(World::policy().hash_cost(weak).build().unwrap()).file(&path).build();
    before.person(ADA, PASSWORD);
    drop(before);
    let hasher = Arc::new(NotingHasher::default());
    let stranger = Stranger { world: World::builder().hasher(hasher.clone()).file(&path).build(), hasher };
    let [known, unknown] = [ADA, ABE].map(|email| stranger.step(|world| world.sign_in(email, WRONG)).1);
    let cost = HashCost::default();
    assert_eq!(unknown.hashes, [cost]);
    assert!(known.hashes.contains(&cost), "at least one hash has policy's parameters: {:?}", known.hashes);
}

#[test]
fn r13_1_messages_without_a_recipient_block_no_others() {
    let world = World::new();
    for n in 0..40 {
        reset(&world, &format!("nobody{n}@example.org")).unwrap();
    }
    sign_up(&world, ABE).unwrap();
    let fetched = world.engine().messages(10).unwrap();
    assert!(!fetched.is_empty(), "a message waits");
}
