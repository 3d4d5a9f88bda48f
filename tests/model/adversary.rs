//! An attacker who never stops guessing, from many origins and in every flow that takes a guess, against an owner who
//! has a recognition (SPEC 12.7). Only the owner's own failures may make the owner wait.

use std::time::Duration;

use selfsame::{Answer, Client, Error, Flow, RecognitionToken, Refusal, Step, Timestamp};
use selfsame_world::{Identity, Person, World, hours, minutes, refused, signed_in};

use crate::acts::Dice;
use crate::model::Throttle;
use crate::watch::Broken;

const PASSWORD: &str = "correct horse battery staple";
const WRONG: &str = "a wrong password";
const ACTS: usize = 1_500;
const ROW: u32 = 10;

/// The attacker's and the owner's world.
struct Siege {
    world: World,
    ada: Person,
    /// The recognition that the owner presents, until it ends.
    kept: Option<RecognitionToken>,
    /// The owner's own failures since the last sign-in with the recognition.
    own: Throttle,
    /// A link of the attacker that waits for proof of the owner's account.
    link: Option<Flow>,
    /// How often the owner signed in although strangers had to wait.
    passed: usize,
    /// When the owner last asked for a code, and how often.
    asked_at: Option<Timestamp>,
    remembered: usize,
}

/// The attacker's client, at one of many origins.
fn bot(dice: &mut Dice) -> Client {
    Client::on("a bot").at_origin(&format!("198.51.100.{}", dice.below(100_000)))
}

impl Siege {
    fn begin(seed: u64) -> Self {
        let world = World::builder().seed(seed).build();
        let ada = world.ada();
        let kept = ada.recognition.clone();
        Self {
            world,
            ada,
            kept,
            own: Throttle::default(),
            link: None,
            passed: 0,
            asked_at: None,
            remembered: 0,
        }
    }

    fn act(&mut self, dice: &mut Dice) -> Result<(), Broken> {
        match dice.below(15) {
            0..=4 => {
                refused(self.world.engine().sign_in(&self.ada.email, &WRONG.into(), &bot(dice)));
            }
            12..=13 => self.ask(dice),
            14 => self.forget()?,
            5 => self.guess_in_a_link(),
            6..=8 => self.world.later([minutes(1), minutes(20), hours(1)][dice.below(3)]),
            9 => self.mistype()?,
            _ => self.sign_in()?,
        }
        Ok(())
    }

    /// The attacker asks for resets of the owner's password, and fills the store with sign-ups.
    fn ask(&self, dice: &mut Dice) {
        let engine = self.world.engine();
        engine.reset_password(&self.ada.email, &bot(dice)).unwrap();
        let nobody = format!("bot{}@example.org", dice.below(100_000));
        engine.sign_up(&nobody, &PASSWORD.into(), &bot(dice)).unwrap();
    }

    /// The owner asks for a code, at most eight times a day, and remembers the password before it comes.
    fn forget(&mut self) -> Result<(), Broken> {
        let now = self.world.now();
        if self.kept.is_none() || self.asked_at.is_some_and(|at| now < at + hours(3)) {
            return Ok(());
        }
        self.asked_at = Some(now);
        let engine = self.world.engine();
        let asked =
            engine.reset_password(&self.ada.email, &self.device()).map_err(|error| error.to_string())?;
        let Step::VerifyEmail { send_at, .. } = &asked.step else { return Err(format!("{asked:?}")) };
        if send_at.is_some() {
            return Err(format!("the owner's code waits for strangers': {send_at:?}"));
        }
        engine.answer(&asked, Answer::Cancel).map_err(|error| error.to_string())?;
        self.remembered += 1;
        Ok(())
    }

    /// The attacker reads the owner's mail, and guesses where a link asks for proof.
    fn guess_in_a_link(&mut self) {
        let Some(link) = self.link.clone() else {
            self.world.later(minutes(61));
            let identity = Identity::at("x", "666").with_email(&self.ada.email);
            let asked = self.world.prove(&self.world.federated(&identity), &self.ada.email);
            self.link = self.world.answer(&asked, Answer::LinkTo(1)).ok();
            return;
        };
        let guess = self.world.answer(&link, Answer::Password(WRONG.into()));
        if guess == Err(Error::Refused(Refusal::FlowExpired)) {
            self.link = None;
        }
    }

    fn device(&self) -> Client {
        Client::on("Ada's laptop").recognized_by(self.kept.clone())
    }

    fn mistype(&mut self) -> Result<(), Broken> {
        if self.kept.is_none() {
            return Ok(());
        }
        let answer = self.world.engine().sign_in(&self.ada.email, &WRONG.into(), &self.device());
        self.judge(&answer)?;
        if refused(answer) == Refusal::InvalidCredentials {
            self.own.fail(self.world.now());
            if self.own.failures >= ROW {
                (self.kept, self.own) = (None, Throttle::default());
            }
        }
        Ok(())
    }

    fn sign_in(&mut self) -> Result<(), Broken> {
        let answer = self.world.engine().sign_in(&self.ada.email, &PASSWORD.into(), &self.device());
        if self.kept.is_some() {
            self.judge(&answer)?;
        }
        let Ok(flow) = answer else { return Ok(()) };
        if self.kept.is_some() {
            self.own.clear();
            let stranger = Client::on("a bot");
            let waits = refused(self.world.engine().sign_in(&self.ada.email, &WRONG.into(), &stranger));
            self.passed += usize::from(matches!(waits, Refusal::Throttled { .. }));
        } else {
            self.kept = signed_in(flow).recognition;
        }
        Ok(())
    }

    fn judge(&self, answer: &Result<Flow, Error>) -> Result<(), Broken> {
        never_kept_out(&self.own, self.world.now(), answer)
    }
}

/// Checks that the engine answers the owner at once, unless the owner's own failures make them wait.
fn never_kept_out(own: &Throttle, now: Timestamp, answer: &Result<Flow, Error>) -> Result<(), Broken> {
    let waits = matches!(answer, Err(Error::Refused(Refusal::Throttled { .. })));
    match (waits, own.waits(now)) {
        (true, false) => Err(format!("kept out after {} failures of their own: {answer:?}", own.failures)),
        (false, true) => Err(format!("not made to wait after {} failures of their own", own.failures)),
        _ => Ok(()),
    }
}

#[test]
fn r12_7_an_attacker_who_never_stops_keeps_no_recognised_owner_out() {
    let (mut passed, mut remembered) = (0, 0);
    for seed in 1..=8 {
        let mut siege = Siege::begin(seed);
        let mut dice = Dice(seed);
        for act in 0..ACTS {
            if let Err(broken) = siege.act(&mut dice) {
                panic!("seed {seed}, act {act}: {broken}");
            }
        }
        passed += siege.passed;
        remembered += siege.remembered;
    }
    assert!(remembered > 100, "the owner asked for only {remembered} codes");
    assert!(passed > 100, "strangers had to wait at only {passed} of the owner's sign-ins");
}

/// Proves that the model can fail: without a valid recognition, the attacker keeps the owner out.
#[test]
fn an_owner_who_is_kept_out_is_detected() {
    let mut siege = Siege::begin(1);
    let mut dice = Dice(1);
    let forged: RecognitionToken = "A".repeat(43).parse().unwrap();
    siege.kept = Some(forged);
    let broken = (0..ACTS).find_map(|_| siege.act(&mut dice).err()).unwrap();
    assert!(broken.starts_with("kept out"), "{broken}");
}

/// Proves that the model can fail: without a valid recognition, strangers' requests delay the owner's code.
#[test]
fn a_code_that_waits_for_strangers_is_detected() {
    let mut siege = Siege::begin(1);
    let mut dice = Dice(1);
    siege.kept = Some("A".repeat(43).parse().unwrap());
    let broken = (0..ACTS).find_map(|_| {
        siege.ask(&mut dice);
        siege.world.later(minutes(1));
        siege.forget().err()
    });
    let broken = broken.unwrap();
    assert!(broken.starts_with("the owner's code waits"), "{broken}");
}

#[test]
fn an_owner_who_need_not_wait_for_their_own_failures_is_detected() {
    let world = World::new();
    let ada = world.ada();
    let mut own = Throttle::default();
    (0..5).for_each(|_| own.fail(world.now()));
    let answer = world.sign_in_known(&ada, PASSWORD);
    assert!(matches!(answer.as_ref().unwrap().step, Step::SignedIn { .. }));
    assert!(never_kept_out(&own, world.now(), &answer).is_err());
    assert_eq!(never_kept_out(&own, world.now() + Duration::from_secs(60), &answer), Ok(()));
}
