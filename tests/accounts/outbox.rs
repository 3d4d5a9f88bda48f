//! Messages for the host (SPEC 13.1), their codes and rate limits (SPEC 12.5, 12.7), and runs that repeat exactly
//! from one seed (SPEC 13.6).

use std::time::Duration;

use selfsame::{
    AddressStep, Answer, Client, Flow, Message, MessageKind, RecognitionToken, Refusal, Step, Timestamp,
};
use selfsame_world::{ADDRESS_DONE, Identity, World, days, hours, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";
const ADA: &str = "ada@example.org";
const LEASE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

fn fetch(world: &World) -> Vec<Message> {
    world.engine().messages(32).unwrap()
}

fn reset(world: &World) -> Flow {
    reset_by(world, &Client::on("a stranger's"))
}

fn reset_by(world: &World, client: &Client) -> Flow {
    world.engine().reset_password(ADA, client).unwrap()
}

/// Returns the time at which the message that the flow waits for becomes due.
fn send_at(flow: &Flow) -> Option<Timestamp> {
    match flow.step {
        Step::VerifyEmail { send_at, .. } => send_at,
        ref other => panic!("{other:?}"),
    }
}

/// Returns how many codes for resets are in the mailbox.
fn resets(world: &World) -> usize {
    let messages = world.mailbox().all();
    messages.iter().filter(|message| matches!(message.kind, MessageKind::ResetPassword { .. })).count()
}

#[test]
fn r13_1_a_message_is_committed_with_its_cause_and_leased_until_it_is_delivered() {
    let world = World::new();
    let engine = world.engine();
    let commits = engine.commits().unwrap();
    engine.sign_up(ADA, &PASSWORD.into(), &Client::on("Ada's phone")).unwrap();
    assert_eq!(engine.commits().unwrap(), commits + 1, "the flow and its message share one commit");
    let first = fetch(&world);
    let [message] = &first[..] else { panic!("{first:?}") };
    assert_eq!((message.to.as_str(), message.device.as_str()), (ADA, "Ada's phone"));
    assert!(matches!(&message.kind, MessageKind::VerifyEmail { .. }));
    assert_eq!((message.failures, message.retry_at), (0, world.now() + LEASE));
    assert!(fetch(&world).is_empty(), "another worker gets other messages");
    world.later(LEASE);
    assert_eq!(fetch(&world)[0].id, message.id, "the worker did not report");
    engine.delivered(message.id).unwrap();
    engine.delivered(message.id).unwrap();
    world.later(LEASE);
    assert!(fetch(&world).is_empty());
    assert_eq!(engine.health().unwrap().outbox, 0);
}

#[test]
fn r13_1_a_worker_whose_lease_has_ended_still_reports() {
    let world = World::new();
    world.sign_up(ADA, PASSWORD);
    let slow = fetch(&world).remove(0);
    world.later(LEASE);
    let quick = fetch(&world).remove(0);
    assert_eq!(slow.id, quick.id);
    assert_eq!(world.engine().failed(slow.id).unwrap(), Some(world.now() + minutes(1)));
    world.engine().delivered(quick.id).unwrap();
    assert_eq!(world.engine().failed(slow.id).unwrap(), None, "it is delivered");
    assert_eq!(world.engine().health().unwrap().outbox, 0);
}

#[test]
fn r13_1_fetching_writes_only_if_something_is_due() {
    let world = World::new();
    world.sign_up(ADA, PASSWORD);
    let commits = || world.engine().commits().unwrap();
    let before = commits();
    let id = fetch(&world)[0].id;
    assert_eq!(commits(), before + 1, "one act leases the message and starts its code");
    assert!(fetch(&world).is_empty());
    assert_eq!(commits(), before + 1, "a leased message is not due");
    world.engine().delivered(id).unwrap();
    world.later(hours(1));
    world.catch_up();
    let before = commits();
    assert!(fetch(&world).is_empty());
    assert_eq!(commits(), before, "nothing is due");
}

#[test]
fn r13_1_a_failed_message_keeps_its_id_says_how_often_it_failed_and_blocks_no_others() {
    let world = World::new();
    for n in 0..3 {
        world.sign_up(&format!("person{n}@example.org"), PASSWORD);
    }
    let to = |messages: &[Message]| messages.iter().map(|m| m.to.clone()).collect::<Vec<_>>();
    let first = world.engine().messages(1).unwrap().remove(0);
    assert_eq!(world.engine().failed(first.id).unwrap(), Some(world.now() + minutes(1)));
    assert_eq!(to(&fetch(&world)), ["person1@example.org", "person2@example.org"]);
    world.later(minutes(1) - SECOND);
    assert!(fetch(&world).is_empty());
    world.later(SECOND);
    let again = fetch(&world).into_iter().find(|message| message.id == first.id).unwrap();
    assert_eq!((again.to, again.failures), (first.to, 1));
    assert_eq!(world.engine().failed(again.id).unwrap(), Some(world.now() + minutes(2)));
}

#[test]
fn r13_1_a_message_that_fails_for_three_days_is_dropped_and_counted() {
    let world = World::new();
    let ada = world.person(ADA, PASSWORD);
    world.mailbox();
    world.account(&ada).export().unwrap();
    let began = world.now();
    let mut tries = 0;
    while let Some(message) = fetch(&world).pop() {
        assert_eq!(message.failures, tries);
        tries += 1;
        match world.engine().failed(message.id).unwrap() {
            Some(retry_at) => world.later(retry_at.since(world.now())),
            None => break,
        }
    }
    let took = world.now().since(began);
    assert!(took >= days(3) && took < days(3) + hours(1), "{took:?}");
    let health = world.engine().health().unwrap();
    assert_eq!((health.outbox, health.undelivered), (0, 1));
}

#[test]
fn r12_5_a_message_that_nobody_fetches_for_30_days_is_void() {
    let world = World::new();
    world.sign_up(ADA, PASSWORD);
    world.later(days(30) - SECOND);
    assert_eq!(fetch(&world).len(), 1);

    let world = World::new();
    world.sign_up(ADA, PASSWORD);
    world.later(days(30));
    assert!(fetch(&world).is_empty());
    let health = world.engine().health().unwrap();
    assert_eq!((health.outbox, health.undelivered), (0, 0));
}

#[test]
fn r12_5_the_first_failed_delivery_starts_the_life_of_a_code_again() {
    let world = World::new();
    world.ada();
    let asked = reset(&world);
    let first = fetch(&world).remove(0);
    world.later(minutes(9));
    world.engine().failed(first.id).unwrap();
    world.later(minutes(1));
    let again = fetch(&world).remove(0);
    let code = Answer::Code(again.kind.mailed_code().unwrap().clone());
    world.engine().failed(again.id).unwrap();
    world.later(minutes(2));
    assert_eq!(fetch(&world)[0].id, again.id);
    world.later(minutes(8) - SECOND);
    let wrong = refused(world.answer(&asked, Answer::Code("00000000".into())));
    assert_eq!(wrong, Refusal::InvalidCode);
    assert_eq!(
        world.answer(&asked, code.clone()).unwrap().step,
        Step::NewPassword,
        "10 minutes from the second fetch"
    );
}

#[test]
fn r12_5_the_life_of_a_code_starts_again_only_once() {
    let world = World::new();
    world.ada();
    let asked = reset(&world);
    let mut code = None;
    for wait in [1, 2, 4] {
        let message = fetch(&world).remove(0);
        code = message.kind.mailed_code().cloned();
        assert_eq!(world.engine().failed(message.id).unwrap(), Some(world.now() + minutes(wait)));
        world.later(minutes(wait));
    }
    // The code was fetched again after one minute, and six more have passed.
    world.later(minutes(4));
    assert_eq!(refused(world.answer(&asked, Answer::Code(code.unwrap()))), Refusal::InvalidCode);
    assert!(fetch(&world).is_empty(), "a code that nobody can use is not delivered");
}

#[test]
fn r12_5_no_message_comes_whose_flow_is_over() {
    let world = World::new();
    world.ada();
    let asked = reset(&world);
    let message = fetch(&world).remove(0);
    world.engine().failed(message.id).unwrap();
    world.answer(&asked, Answer::Cancel).unwrap();
    world.later(minutes(1));
    assert!(fetch(&world).is_empty());

    world.later(hours(1));
    reset(&world);
    let message = fetch(&world).remove(0);
    world.later(minutes(15));
    world.engine().failed(message.id).unwrap();
    world.later(minutes(1));
    assert!(fetch(&world).is_empty(), "the flow ended after 15 minutes");
    assert_eq!(world.engine().health().unwrap().outbox, 0);
}

#[test]
fn r12_5_a_second_flow_for_an_address_within_a_minute_says_when_its_code_comes() {
    let world = World::new();
    world.sign_up(ADA, PASSWORD);
    world.mailbox();
    world.later(SECOND * 20);
    let second = world.federated(&Identity::at("x", "9").with_email(ADA));
    let expected = world.now() + SECOND * 40;
    assert_eq!(send_at(&second), Some(expected));
    assert_eq!(world.engine().resume(second.token.as_ref().unwrap()).unwrap(), second);
    assert!(fetch(&world).is_empty());
    world.later(SECOND * 40);
    let resumed = world.engine().resume(second.token.as_ref().unwrap()).unwrap();
    assert_eq!(send_at(&resumed), None, "it is on its way");
    assert!(matches!(world.prove(&second, ADA).step, Step::SignedIn { .. }));
}

#[test]
fn r12_5_the_newest_request_of_a_caller_goes_first() {
    let world = World::new();
    world.ada();
    reset(&world);
    let (second, third) = (reset(&world), reset(&world));
    let resumed = |flow: &Flow| world.engine().resume(flow.token.as_ref().unwrap()).unwrap();
    assert_eq!(send_at(&second), Some(world.now() + minutes(1)));
    assert_eq!(send_at(&third), Some(world.now() + minutes(1)));
    assert_eq!(send_at(&resumed(&second)), Some(world.now() + minutes(2)));
    world.mailbox().clear();
    world.later(minutes(1));
    let code = Answer::Code(world.mailbox().code(ADA).unwrap());
    assert_eq!(refused(world.answer(&second, code.clone())), Refusal::InvalidCode);
    assert_eq!(world.answer(&third, code).unwrap().step, Step::NewPassword);
    assert_eq!(resets(&world), 1);
}

#[test]
fn r12_5_a_message_that_waits_is_dropped_with_its_flow() {
    let world = World::new();
    world.ada();
    reset(&world);
    let second = reset(&world);
    world.answer(&second, Answer::Cancel).unwrap();
    assert_eq!(resets(&world), 1);
    world.later(minutes(1));
    assert_eq!(resets(&world), 1);
    assert_eq!(world.engine().health().unwrap().outbox, 0);
}

#[test]
fn r12_5_a_code_stays_valid_until_the_message_with_the_next_one_goes() {
    let world = World::new();
    world.ada();
    let asked = reset(&world);
    let first = Answer::Code(world.mailbox().code(ADA).unwrap());
    let again = world.answer(&asked, Answer::Resend).unwrap();
    assert_eq!(send_at(&again), Some(world.now() + minutes(1)));
    assert_eq!(world.answer(&again, first).unwrap().step, Step::NewPassword);

    world.later(hours(1));
    let asked = reset(&world);
    let first = Answer::Code(world.mailbox().code(ADA).unwrap());
    let again = world.answer(&asked, Answer::Resend).unwrap();
    world.later(minutes(1));
    let second = Answer::Code(world.mailbox().code(ADA).unwrap());
    assert_eq!(refused(world.answer(&again, first)), Refusal::InvalidCode);
    assert_eq!(world.answer(&again, second).unwrap().step, Step::NewPassword);
}

#[test]
fn r12_5_a_change_of_the_email_says_when_its_code_comes() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let at = |step| match step {
        AddressStep::ProveAddress { send_at, .. } => send_at,
        other => panic!("{other:?}"),
    };
    assert_eq!(at(account.change_email("new@example.net").unwrap()), None);
    assert_eq!(at(account.change_email("other@example.net").unwrap()), None, "another address");
    let again = at(account.change_email("other@example.net").unwrap());
    assert_eq!(again, Some(world.now() + minutes(1)));
    world.later(minutes(1));
    let code = world.mailbox().code("other@example.net").unwrap();
    assert_eq!(account.prove_address(&code).unwrap(), ADDRESS_DONE);
}

#[test]
fn r12_5_an_address_with_a_tag_is_its_mailbox() {
    let world = World::new();
    assert_eq!(send_at(&world.sign_up("ada+work@example.org", PASSWORD)), None);
    assert!(send_at(&world.sign_up("ada+play@example.org", PASSWORD)).is_some());
    assert!(send_at(&world.sign_up(ADA, PASSWORD)).is_some());
    assert_eq!(send_at(&world.sign_up("grace@example.org", PASSWORD)), None);
    let to: Vec<_> = world.mailbox().all().into_iter().map(|message| message.to).collect();
    assert_eq!(to, ["ada+work@example.org", "grace@example.org"], "the message goes to the address itself");
}

#[test]
fn r12_7_a_strangers_requests_delay_no_message_of_a_recognition() {
    let world = World::new();
    let here = Client::on("Ada's phone");
    world.person(ADA, PASSWORD);
    world.later(minutes(1));
    let kept: Vec<RecognitionToken> =
        signed_in(world.engine().sign_in(ADA, &PASSWORD.into(), &here).unwrap())
            .recognition
            .into_iter()
            .collect();
    let hers = here.recognized_by(kept);
    for hour in 0..30 {
        for _ in 0..20 {
            reset(&world);
        }
        assert!(send_at(&reset(&world)).is_some());
        if hour % 3 == 0 {
            world.mailbox().clear();
            let asked = reset_by(&world, &hers);
            assert_eq!(send_at(&asked), None, "hour {hour}");
            let code = Answer::Code(world.mailbox().code(ADA).unwrap());
            assert_eq!(world.answer(&asked, code).unwrap().step, Step::NewPassword);
        }
        world.later(hours(1));
    }
}

#[test]
fn r12_7_a_strangers_requests_delay_no_message_of_a_session() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    for _ in 0..20 {
        world.sign_up("ada@work.example", PASSWORD);
    }
    let step = account.change_email("ada@work.example").unwrap();
    assert!(matches!(step, AddressStep::ProveAddress { send_at: None, .. }), "{step:?}");
}

#[test]
fn r12_7_each_origin_has_a_pace_of_its_own() {
    let world = World::new();
    world.ada();
    let at = |origin: &str| Client::on("phone").at_origin(origin);
    assert_eq!(send_at(&reset_by(&world, &at("203.0.113.0/24"))), None);
    assert!(send_at(&reset_by(&world, &at("203.0.113.0/24"))).is_some());
    assert_eq!(send_at(&reset_by(&world, &at("198.51.100.0/24"))), None);
    assert_eq!(send_at(&reset(&world)), None, "a caller without an origin");
}

#[test]
fn r12_7_from_the_twentieth_wrong_code_the_codes_for_strangers_are_long() {
    let world = World::new();
    world.person(ADA, PASSWORD);
    world.later(minutes(1));
    let session = signed_in(world.engine().sign_in(ADA, &PASSWORD.into(), &Client::on("laptop")).unwrap());
    let hers = Client::on("laptop").recognized_by(session.recognition);
    let code = |flow: Flow| {
        world.later(send_at(&flow).map_or(SECOND, |at| at.since(world.now())));
        let code = world.mailbox().code(ADA).unwrap();
        (flow, code)
    };
    let length = |code: &selfsame::Secret| code.reveal().len();
    let (asked, short) = code(reset(&world));
    assert_eq!(length(&short), 8);
    for _ in 0..19 {
        assert_eq!(refused(world.answer(&asked, Answer::Code("00000000".into()))), Refusal::InvalidCode);
    }
    world.later(hours(1));
    let (asked, nineteenth) = code(reset(&world));
    assert_eq!(length(&nineteenth), 8);
    assert_eq!(refused(world.answer(&asked, Answer::Code("00000000".into()))), Refusal::InvalidCode);

    world.later(hours(1));
    let (asked, long) = code(reset(&world));
    assert_eq!(length(&long), 29, "24 letters and digits in groups of four");
    let typed = long.reveal_text().unwrap().to_lowercase().replace('-', " ");
    assert_eq!(refused(world.answer(&asked, Answer::Code("00000000".into()))), Refusal::InvalidCode);
    assert_eq!(world.answer(&asked, Answer::Code(typed.as_str().into())).unwrap().step, Step::NewPassword);

    assert_eq!(length(&code(reset_by(&world, &hers)).1), 8, "a recognition's codes stay short");
    assert_eq!(length(&code(world.sign_up(ADA, PASSWORD)).1), 8, "another purpose");
    world.later(days(30));
    assert_eq!(length(&code(reset(&world)).1), 8, "the wrong codes were long ago");
}

#[test]
fn r13_1_of_reminders_that_are_due_together_the_last_goes_out() {
    let world = World::new();
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    world.mailbox().clear();
    world.later(days(29) + hours(1));
    world.catch_up();
    let commits = world.engine().commits().unwrap();
    let kinds: Vec<_> = fetch(&world).iter().map(|message| message.kind.code()).collect();
    assert_eq!(kinds, ["DeletionReminder"]);
    assert_eq!(world.engine().commits().unwrap(), commits + 1, "made and fetched in one act");
    world.later(hours(1));
    assert_eq!(fetch(&world).len(), 1, "it is leased, and comes again");
}

#[test]
fn r13_1_messages_come_in_order_and_at_most_the_given_number() {
    let world = World::new();
    for n in 0..40 {
        world.sign_up(&format!("person{n}@example.org"), PASSWORD);
    }
    let mut seen = Vec::new();
    loop {
        let batch = world.engine().messages(7).unwrap();
        if batch.is_empty() {
            break;
        }
        assert!(batch.len() <= 7);
        for message in batch {
            seen.push(message.to);
            world.engine().delivered(message.id).unwrap();
        }
    }
    let expected: Vec<_> = (0..40).map(|n| format!("person{n}@example.org")).collect();
    assert_eq!(seen, expected);
}

#[test]
fn r13_1_a_refused_act_sends_nothing() {
    let world = World::new();
    let ada = world.ada();
    world.mailbox().clear();
    refused(world.sign_in(&ada.email, "a wrong password"));
    refused(world.engine().sign_up("no address", &PASSWORD.into(), &Client::on("laptop")));
    assert!(world.mailbox().all().is_empty());
}

#[test]
fn r9_4_a_purge_of_an_account_with_many_messages_is_bounded_and_complete() {
    let world = World::new();
    let ada = world.ada();
    let grace = world.person("grace@example.org", PASSWORD);
    world.account(&grace).export().unwrap();
    for _ in 0..150 {
        world.account(&ada).export().unwrap();
    }
    assert_eq!(world.engine().health().unwrap().outbox, 151);
    world.account(&ada).request_deletion().unwrap();
    world.later(days(30));
    world.engine().purge_due(1).unwrap();
    world.later(days(1));
    assert_eq!(world.engine().purge_due(1).unwrap().receipts.len(), 1);
    assert_eq!(world.engine().health().unwrap().outbox, 1, "only the message about Grace stays");
}

#[test]
fn r13_6_the_same_seed_clock_and_calls_give_the_same_rows() {
    let rows = |seed| {
        let world = World::builder().seed(seed).build();
        world.ada();
        world.later(minutes(1));
        refused(world.sign_in("ada@example.org", "a wrong password"));
        world.engine().dump().unwrap()
    };
    assert_eq!(rows(1), rows(1));
    assert_ne!(rows(1), rows(2));
}
