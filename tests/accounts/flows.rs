//! Limits of open flows, counted separately for strangers and for others, and the removal of ended flows (SPEC
//! 2.10, 12.7).

use std::collections::BTreeMap;

use selfsame::{Answer, Client, Flow, FlowToken, ProviderId, RecognitionToken, Refusal, Table};
use selfsame_world::{Identity, World, days, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";

fn world(most: u32) -> World {
    World::builder().policy(World::policy().max_open_sign_ups(most).build().unwrap()).build()
}

fn token(flow: &Flow) -> &FlowToken {
    flow.token.as_ref().unwrap()
}

fn is_open(world: &World, flow: &Flow) -> bool {
    world.engine().resume(token(flow)).is_ok()
}

fn sign_up(world: &World, email: &str, client: &Client) -> Flow {
    world.engine().sign_up(email, &PASSWORD.into(), client).unwrap()
}

/// Signs Ada in on a device that presents her recognition from now on.
fn recognized(world: &World) -> (Client, RecognitionToken) {
    let ada = world.ada();
    let done = signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    let recognition = done.recognition.unwrap();
    (Client::on("laptop").recognized_by([recognition.clone()]), recognition)
}

fn rows(world: &World) -> BTreeMap<&'static str, usize> {
    let mut rows = BTreeMap::new();
    for key in world.engine().dump().unwrap().keys() {
        *rows.entry(Table::of(key).unwrap().name).or_default() += 1;
    }
    rows
}

fn flow_rows(world: &World) -> [usize; 5] {
    let rows = rows(world);
    ["flow", "flow-due", "open-flow", "waiting", "pace"]
        .map(|name| rows.get(name).copied().unwrap_or_default())
}

#[test]
fn r2_10_a_full_store_ends_the_oldest_sign_up_and_is_busy_for_nobody() {
    let world = world(2);
    let ada = world.ada();
    let [b, c, d] = ["b", "c", "d"].map(|name| {
        world.later(minutes(1));
        world.sign_up(&format!("{name}@example.org"), PASSWORD)
    });
    assert_eq!([&b, &c, &d].map(|flow| is_open(&world, flow)), [false, true, true]);
    signed_in(world.prove(&d, "d@example.org"));
    // Each kind of flow has its own limit.
    let x = "x".parse::<ProviderId>().unwrap();
    let begun = [(); 3].map(|()| {
        world.later(minutes(1));
        world.engine().begin_federated(&x, &Client::on("laptop")).unwrap()
    });
    assert_eq!(begun.each_ref().map(|flow| is_open(&world, flow)), [false, true, true]);
    let reset = world.engine().reset_password(&ada.email, &Client::on("laptop")).unwrap();
    assert!(is_open(&world, &c) && is_open(&world, &reset) && is_open(&world, &begun[2]));
    signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    signed_in(world.x_identity("1", None));
}

#[test]
fn r2_10_an_arrival_at_a_provider_that_becomes_a_sign_up_counts_as_one() {
    let world = world(1);
    let first = world.sign_up("b@example.org", PASSWORD);
    let arrived = world.x_identity("1", Some("ada@example.org"));
    assert_eq!(arrived.step.code(), "VerifyEmail");
    assert!(!is_open(&world, &first));
    world.sign_up("c@example.org", PASSWORD);
    assert!(!is_open(&world, &arrived));
}

#[test]
fn r2_10_a_flow_that_is_over_or_left_makes_room() {
    let world = world(2);
    let [b, c] = ["b", "c"].map(|name| world.sign_up(&format!("{name}@example.org"), PASSWORD));
    world.answer(&b, Answer::Cancel).unwrap();
    world.sign_up("d@example.org", PASSWORD);
    assert!(is_open(&world, &c));
    world.later(days(31));
    let e = world.sign_up("e@example.org", PASSWORD);
    world.sign_up("f@example.org", PASSWORD);
    assert!(is_open(&world, &e), "the flows that had ended were removed first");
}

#[test]
fn r2_10_another_engine_that_opens_the_store_counts_what_is_there() {
    let mut world = world(2);
    let [b, c] = ["b", "c"].map(|name| world.sign_up(&format!("{name}@example.org"), PASSWORD));
    world.reopen(None).unwrap();
    world.sign_up("d@example.org", PASSWORD);
    assert_eq!([&b, &c].map(|flow| is_open(&world, flow)), [false, true]);
}

#[test]
fn r12_7_a_crowd_from_one_origin_ends_no_flow_of_another() {
    let world = world(20);
    let owner = sign_up(&world, "ada@example.org", &Client::on("laptop").at_origin("198.51.100.0/24"));
    let unnamed = sign_up(&world, "bob@example.org", &Client::on("phone"));
    let crowd: Vec<_> = (0..60)
        .map(|number| {
            let client = Client::on("laptop").at_origin("203.0.113.0/24");
            sign_up(&world, &format!("nobody{number}@example.net"), &client)
        })
        .collect();
    assert!(is_open(&world, &owner) && is_open(&world, &unnamed));
    assert_eq!(crowd.iter().filter(|flow| is_open(&world, flow)).count(), 16);
    assert!(is_open(&world, &crowd[59]), "the newest stay");
}

#[test]
fn r12_7_strangers_end_no_flow_of_a_recognition_or_a_session() {
    let world = world(20);
    let (client, _) = recognized(&world);
    let ada = signed_in(world.sign_in("ada@example.org", PASSWORD).unwrap());
    let account = world.engine().account(&ada.token).unwrap();
    let x = "x".parse::<ProviderId>().unwrap();
    world.later(minutes(2));
    let reset = world.engine().reset_password("ada@example.org", &client).unwrap();
    let adding = account.begin_add(&x).unwrap();
    // In each share, three flows wait at one address.
    for _ in 0..4 {
        world.engine().reset_password("ada@example.org", &Client::on("laptop")).unwrap();
    }
    for number in 0..60 {
        world.engine().reset_password(&format!("nobody{number}@example.net"), &Client::on("laptop")).unwrap();
        world.engine().begin_federated(&x, &Client::on("laptop")).unwrap();
    }
    assert!(is_open(&world, &reset) && is_open(&world, &adding));
}

#[test]
fn r12_7_a_recognition_counts_apart_only_at_addresses_of_its_account() {
    let world = World::new();
    let (eves, _) = recognized(&world);
    world.person("bob@example.org", PASSWORD);
    let mut flows = Vec::new();
    for client in [&Client::on("laptop"), &eves, &eves, &eves] {
        world.later(minutes(1));
        flows.push(world.engine().reset_password("bob@example.org", client).unwrap());
    }
    assert_eq!(flows.iter().filter(|flow| is_open(&world, flow)).count(), 3, "one share for all of them");
}

#[test]
fn r12_7_a_recognition_with_too_many_open_flows_is_busy_alone() {
    let world = world(100);
    let (client, _) = recognized(&world);
    let x = "x".parse::<ProviderId>().unwrap();
    let begin = || world.engine().begin_federated(&x, &client);
    let flows = [(); 3].map(|()| begin().unwrap());
    let commits = world.commits().unwrap();
    assert_eq!(refused(begin()), Refusal::Busy);
    assert_eq!(world.commits().unwrap(), commits, "a refusal writes nothing");
    world.engine().begin_federated(&x, &Client::on("laptop")).unwrap();
    world.engine().sign_up("bob@example.org", &PASSWORD.into(), &client).unwrap();
    world.answer(&flows[0], Answer::Cancel).unwrap();
    let fourth = begin().unwrap();
    assert_eq!(refused(begin()), Refusal::Busy);
    let word = Identity::at("x", "1").assertion(&fourth);
    signed_in(world.engine().continue_with(&fourth, &word, selfsame::Intent::SignUp).unwrap());
    begin().unwrap();
}

#[test]
fn r2_10_what_is_over_is_removed_by_the_host_s_due_calls() {
    type Call = fn(&World);
    let calls: [(&str, Call); 3] = [
        ("messages", |world| drop(world.engine().messages(32).unwrap())),
        ("purge_due", |world| drop(world.engine().purge_due(1).unwrap())),
        ("sweep", |world| assert!(!world.engine().sweep().unwrap())),
    ];
    for (name, call) in calls {
        let world = World::new();
        let ada = world.ada();
        world.sign_up("bob@example.org", PASSWORD);
        world.x_identity("1", Some("carl@example.org"));
        world.engine().reset_password(&ada.email, &Client::on("laptop")).unwrap();
        world.engine().begin_federated(&"x".parse().unwrap(), &Client::on("laptop")).unwrap();
        let open = flow_rows(&world);
        assert_eq!(open[2..4], [4, 3], "{name}");
        call(&world);
        let [flows, .., open, waiting, _] = flow_rows(&world);
        assert_eq!((open, waiting), (4, 3), "{name} ends no open flow");
        assert!(flows >= 4);
        world.later(days(31));
        call(&world);
        assert_eq!(flow_rows(&world), [0; 5], "{name}");
    }
}

#[test]
fn r2_10_an_act_removes_nothing_of_others_and_a_poll_without_due_work_only_reads() {
    let world = World::new();
    world.ada();
    for name in ["b", "c", "d", "e", "f"] {
        world.sign_up(&format!("{name}@example.org"), PASSWORD);
    }
    world.fetch_mail().unwrap();
    let commits = world.commits().unwrap();
    assert!(world.engine().messages(32).unwrap().is_empty());
    assert_eq!(world.commits().unwrap(), commits);
    world.later(days(31));
    let before = flow_rows(&world)[2];
    world.sign_up("g@example.org", PASSWORD);
    world.engine().reset_password("h@example.org", &Client::on("laptop")).unwrap();
    assert_eq!(flow_rows(&world)[2], before + 2);
}

#[test]
fn r2_10_one_call_removes_a_bounded_number_of_flows() {
    let world = World::new();
    let x = "x".parse::<ProviderId>().unwrap();
    for _ in 0..300 {
        world.engine().begin_federated(&x, &Client::on("laptop")).unwrap();
    }
    world.later(minutes(10));
    assert!(world.engine().sweep().unwrap());
    assert_eq!(flow_rows(&world)[..3], [44, 44, 44]);
    assert!(!world.engine().sweep().unwrap());
    assert_eq!(flow_rows(&world)[..3], [0; 3]);
}
