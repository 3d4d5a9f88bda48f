//! Messages for the host (SPEC 13.1), and runs that repeat exactly from one seed (SPEC 13.6).

use selfsame::{Client, MessageKind};
use selfsame_world::{World, days, minutes, refused};

const PASSWORD: &str = "correct horse battery staple";

#[test]
fn r13_1_a_message_is_committed_with_its_cause_and_fetched_until_it_is_delivered() {
    let world = World::new();
    let engine = world.engine();
    let commits = engine.commits().unwrap();
    engine.sign_up("ada@example.org", &PASSWORD.into(), &Client::on("Ada's phone")).unwrap();
    assert_eq!(engine.commits().unwrap(), commits + 1, "the flow and its message share one commit");
    let first = engine.messages(10).unwrap();
    let again = engine.messages(10).unwrap();
    assert_eq!((first.len(), again.len(), first[0].id), (1, 1, again[0].id));
    assert_eq!((first[0].to.as_str(), first[0].device.as_str()), ("ada@example.org", "Ada's phone"));
    assert!(matches!(&first[0].kind, MessageKind::VerifyEmail { .. }));
    engine.delivered(first[0].id).unwrap();
    engine.delivered(first[0].id).unwrap();
    assert!(engine.messages(10).unwrap().is_empty());
}

#[test]
fn r13_1_a_failed_message_blocks_no_others() {
    let world = World::new();
    for n in 0..3 {
        world.sign_up(&format!("person{n}@example.org"), PASSWORD);
    }
    let to = |messages: Vec<selfsame::Message>| messages.into_iter().map(|m| m.to).collect::<Vec<_>>();
    let first = world.engine().messages(1).unwrap();
    world.engine().failed(first[0].id).unwrap();
    world.engine().failed(first[0].id).unwrap();
    let expected = [1, 2, 0].map(|n| format!("person{n}@example.org"));
    assert_eq!(to(world.engine().messages(10).unwrap()), expected);
}

#[test]
fn r13_1_an_undelivered_message_expires() {
    let world = World::new();
    world.sign_up("ada@example.org", PASSWORD);
    assert_eq!(world.engine().messages(10).unwrap().len(), 1);
    world.later(days(30) - minutes(1));
    assert_eq!(world.engine().messages(10).unwrap().len(), 1);
    world.later(minutes(1));
    assert!(world.engine().messages(10).unwrap().is_empty());
    assert_eq!(world.engine().health().unwrap().outbox, 0);
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
