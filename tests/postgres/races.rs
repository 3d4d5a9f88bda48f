//! Forced races: another act commits between the decision and the commit of one (SPEC 1.3, 2.4, 6.1, 12.5).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use selfsame::testing::{PostgresStore, Row, Store, StoreError, Write};
use selfsame::{Answer, Client, Engine, Intent, Refusal, Secret, Step};
use selfsame_world::{Identity, World, days, minutes, refused, signed_in};

use crate::between::Meanwhile;
use crate::server::{database, keyring};

const PASSWORD: &str = "correct horse battery staple";
const EMAIL: &str = "ada@example.org";

fn stage() -> (World, Meanwhile) {
    let meanwhile = Meanwhile::default();
    let around = meanwhile.clone();
    (World::builder().database(database()).around(move |below| around.around(below)).build(), meanwhile)
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
fn r6_1_a_session_that_ends_while_it_is_touched_is_over_on_postgresql() {
    for _ in 0..5 {
        let (world, meanwhile) = stage();
        let engine = world.engine().clone();
        let ada = signed_up(&engine);
        world.later(days(1));
        engine.health().unwrap();
        let account = engine.account(&ada.token).unwrap();
        meanwhile.run(move || account.sign_out().unwrap());
        assert_eq!(refused(engine.touch(&ada.token)), Refusal::SessionEnded);
        assert_eq!(refused(engine.resolve(&ada.token)), Refusal::SessionEnded);
    }
}

#[test]
fn r2_4_of_two_newcomers_with_one_email_on_postgresql_the_second_is_asked() {
    for _ in 0..5 {
        let (world, meanwhile) = stage();
        let engine = world.engine().clone();
        let by_password = engine.sign_up(EMAIL, &PASSWORD.into(), &Client::on("laptop")).unwrap();
        let first = code(&engine);
        world.later(minutes(2));
        let begun = engine.begin_federated(&"x".parse().unwrap(), &Client::on("laptop")).unwrap();
        let word = Identity::at("x", "1").with_email(EMAIL).assertion(&begun);
        let by_identity = engine.continue_with(&begun, &word, Intent::SignUp).unwrap();
        let second = code(&engine);
        engine.health().unwrap();

        let other = engine.clone();
        meanwhile.run(move || drop(signed_in(other.answer(&by_identity, Answer::Code(second)).unwrap())));
        let asked = engine.answer(&by_password, Answer::Code(first)).unwrap();
        let Step::LinkOrCreate { candidates, .. } = asked.step else { panic!("{asked:?}") };
        assert_eq!(candidates.len(), 1);
        assert_eq!(engine.health().unwrap().accounts, 1);
    }
}

#[test]
fn r12_5_a_wrong_code_that_meets_another_is_counted_on_postgresql() {
    let (world, meanwhile) = stage();
    let engine = world.engine().clone();
    let asked = engine.sign_up(EMAIL, &PASSWORD.into(), &Client::on("laptop")).unwrap();
    let right = code(&engine);
    let wrong = || Answer::Code("00000000".into());
    for _ in 0..3 {
        assert_eq!(refused(engine.answer(&asked, wrong())), Refusal::InvalidCode);
    }
    let (other, of) = (engine.clone(), asked.clone());
    meanwhile.run(move || assert_eq!(refused(other.answer(&of, wrong())), Refusal::InvalidCode));
    assert_eq!(refused(engine.answer(&asked, wrong())), Refusal::InvalidCode);
    assert_eq!(refused(engine.answer(&asked, Answer::Code(right))), Refusal::InvalidCode, "five were wrong");
}

#[test]
fn an_act_that_is_overtaken_every_time_ends_in_busy_and_leaves_nothing() {
    let (store, rival) = {
        let database = database();
        let store = || PostgresStore::connect(&database, keyring()).unwrap();
        (store(), store())
    };
    let put = |value: u64| Row { key: b"row".to_vec(), write: Write::Put(value.to_be_bytes().to_vec()) };
    store.write(&mut |_| Ok(vec![put(0)])).unwrap();
    let runs = AtomicU64::new(0);
    let answer = store.write(&mut |read| {
        read.get(b"row")?;
        let run = runs.fetch_add(1, Ordering::SeqCst) + 1;
        rival.write(&mut |_| Ok(vec![put(run)])).unwrap();
        Ok(vec![put(1000)])
    });
    assert!(matches!(answer, Err(StoreError::Busy { .. })), "{answer:?}");
    let runs = runs.load(Ordering::SeqCst);
    assert!((2..=64).contains(&runs), "{runs} runs");
    let mut left = None;
    store.read(&mut |read| read.get(b"row").map(|row| left = row)).unwrap();
    assert_eq!(left.as_deref(), Some(runs.to_be_bytes().as_slice()));
}

#[test]
fn a_caller_that_gets_no_connection_in_time_is_told_to_come_back() {
    let store = Arc::new(PostgresStore::connect(&database().connections(1), keyring()).unwrap());
    let other = store.clone();
    let mut answer = Ok(());
    store
        .read(&mut |_| {
            answer = std::thread::scope(|scope| scope.spawn(|| other.read(&mut |_| Ok(()))).join().unwrap());
            Ok(())
        })
        .unwrap();
    assert!(matches!(answer, Err(StoreError::Busy { .. })), "{answer:?}");
    store.read(&mut |_| Ok(())).unwrap();
}

#[test]
fn several_engines_that_begin_at_once_make_one_store() {
    let database = database();
    let world = World::new();
    let ids: Vec<_> = std::thread::scope(|scope| {
        let begin = || {
            let engine = world.options().connect(&database).unwrap();
            engine.health().unwrap();
            engine.dump().unwrap().into_iter().next().unwrap()
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(begin)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(ids.iter().all(|header| *header == ids[0]), "the engines have different headers");
}
