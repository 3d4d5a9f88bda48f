//! Concurrent acts in a store whose plain writes never conflict: claims and guards are enough (SPEC 1.3, 2.4,
//! 6.1).

use std::sync::{Arc, Mutex, MutexGuard};

use selfsame::testing::{Changes, Decide, Read, Store, StoreError, admit};
use selfsame::{Answer, Client, Engine, Flow, Intent, Refusal, Secret, Step};
use selfsame_world::{Identity, World, days, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";
const EMAIL: &str = "ada@example.org";

/// A store that decides over a snapshot and then checks only claims and guards. Between the two, it runs another
/// act once.
#[derive(Default)]
struct Loose {
    rows: Mutex<(Changes, u64)>,
    between: Mutex<Option<Box<dyn FnOnce() + Send>>>,
}

impl Loose {
    fn rows(&self) -> MutexGuard<'_, (Changes, u64)> {
        self.rows.lock().unwrap()
    }

    /// Runs this once, after the next act that writes has decided and before it commits.
    fn meanwhile(&self, run: impl FnOnce() + Send + 'static) {
        *self.between.lock().unwrap() = Some(Box::new(run));
    }
}

impl Store for Loose {
    fn read(&self, look: &mut dyn FnMut(&dyn Read) -> Result<(), StoreError>) -> Result<(), StoreError> {
        let before = self.rows().0.clone();
        look(&before)
    }

    fn write(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        let before = self.rows().0.clone();
        let rows = decide(&before)?;
        if !rows.is_empty() {
            let between = self.between.lock().unwrap().take();
            between.into_iter().for_each(|run| run());
        }
        let mut now = self.rows();
        let changes = admit(rows, &now.0)?;
        now.1 += u64::from(!changes.is_empty());
        now.0.extend(changes);
        now.0.retain(|_, value| value.is_some());
        Ok(())
    }

    fn commit_stamp(&self) -> Result<u64, StoreError> {
        Ok(self.rows().1)
    }

    fn suspend(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn close(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

fn stage() -> (World, Arc<Loose>, Engine) {
    let (world, store) = (World::new(), Arc::new(Loose::default()));
    let engine = world.options().create_in(store.clone()).unwrap();
    (world, store, engine)
}

fn code(engine: &Engine) -> Secret {
    let mail = engine.messages(32).unwrap();
    let code = mail.iter().rev().find_map(|message| message.kind.mailed_code().cloned());
    mail.iter().for_each(|message| engine.delivered(message.id).unwrap());
    code.unwrap()
}

fn signed_up(engine: &Engine) -> selfsame::SignedIn {
    let asked = engine.sign_up(EMAIL, &PASSWORD.into(), &Client::on("laptop")).unwrap();
    signed_in(engine.answer(&asked, Answer::Code(code(engine))).unwrap())
}

#[test]
fn r2_4_of_two_newcomers_who_prove_one_email_at_once_the_second_is_asked() {
    let (world, store, engine) = stage();
    let by_password = engine.sign_up(EMAIL, &PASSWORD.into(), &Client::on("laptop")).unwrap();
    let first = code(&engine);
    world.later(minutes(2));
    let begun = engine.begin_federated(&"x".parse().unwrap(), &Client::on("laptop")).unwrap();
    let word = Identity::at("x", "1").with_email(EMAIL).assertion(&begun);
    let by_identity: Flow = engine.continue_with(&begun, &word, Intent::SignUp).unwrap();
    let second = code(&engine);

    let other = engine.clone();
    store.meanwhile(move || drop(signed_in(other.answer(&by_identity, Answer::Code(second)).unwrap())));
    let asked = engine.answer(&by_password, Answer::Code(first)).unwrap();
    let Step::LinkOrCreate { candidates, .. } = asked.step else { panic!("{asked:?}") };
    assert_eq!(candidates.len(), 1);
    assert_eq!(engine.health().unwrap().accounts, 1);
}

#[test]
fn r6_1_a_session_that_ends_while_it_is_touched_is_over() {
    let (world, store, engine) = stage();
    let ada = signed_up(&engine);
    world.later(days(1));
    let account = engine.account(&ada.token).unwrap();
    store.meanwhile(move || account.sign_out().unwrap());
    assert_eq!(refused(engine.touch(&ada.token)), Refusal::SessionEnded);
    assert_eq!(refused(engine.resolve(&ada.token)), Refusal::SessionEnded);
}

#[test]
fn r12_5_a_wrong_code_that_meets_another_is_counted() {
    let (_world, store, engine) = stage();
    let asked = engine.sign_up(EMAIL, &PASSWORD.into(), &Client::on("laptop")).unwrap();
    let right = code(&engine);
    let wrong = || Answer::Code("00000000".into());
    for _ in 0..3 {
        assert_eq!(refused(engine.answer(&asked, wrong())), Refusal::InvalidCode);
    }
    let (other, of) = (engine.clone(), asked.clone());
    store.meanwhile(move || assert_eq!(refused(other.answer(&of, wrong())), Refusal::InvalidCode));
    assert_eq!(refused(engine.answer(&asked, wrong())), Refusal::InvalidCode);
    assert_eq!(refused(engine.answer(&asked, Answer::Code(right))), Refusal::InvalidCode, "five were wrong");
}
