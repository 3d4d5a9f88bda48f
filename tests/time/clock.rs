//! The clock, turned by hand in both directions (SPEC 12.4).

use std::time::Duration;

use selfsame::{Error, Refusal, Timestamp};
use selfsame_world::{World, days, hours, minutes, signed_in};

const PASSWORD: &str = "correct horse battery staple";

fn throttled(world: &World, email: &str) -> Option<Option<Timestamp>> {
    match world.sign_in(email, PASSWORD) {
        Err(Error::Refused(Refusal::Throttled { retry_at })) => Some(retry_at),
        Ok(_) => None,
        Err(error) => panic!("{error:?}"),
    }
}

fn five_failures(world: &World, email: &str) {
    for _ in 0..5 {
        world.sign_in(email, "a wrong password").unwrap_err();
    }
}

#[test]
fn r12_4_a_clock_set_back_lengthens_no_session_and_is_reported_and_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::builder().file(&folder.path().join("store")).build();
    let ada = world.ada();
    world.later(days(20));
    world.engine().touch(&ada.token).unwrap();
    world.later(days(31) + hours(1));
    assert!(world.engine().resolve(&ada.token).is_err(), "idle for too long");
    world.hand().set_wall_back(days(40));
    assert!(world.engine().resolve(&ada.token).is_err(), "in this process");
    let health = world.engine().health().unwrap();
    assert_eq!(health.clock_rolled_back_by, Some(days(40)));
    assert_eq!(health.clock_events, 0, "a look writes nothing");
    for _ in 0..2 {
        signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
        assert_eq!(world.engine().health().unwrap().clock_events, 1, "recorded with the next act, once");
    }
    world.reopen(None).unwrap();
    assert!(world.engine().resolve(&ada.token).is_err(), "and in the next");
}

#[test]
fn r12_4_no_clock_that_jumps_shortens_a_wait() {
    let world = World::new();
    let ada = world.ada();
    five_failures(&world, &ada.email);
    world.hand().set_wall_forward(days(365));
    let told = throttled(&world, &ada.email).expect("a jump is no time that passed");
    assert_eq!(told, Some(world.now() + minutes(1)), "what is left is told from the present");
    world.later(minutes(1) - Duration::from_millis(1));
    assert!(throttled(&world, &ada.email).is_some());
    world.later(Duration::from_millis(1));
    assert!(throttled(&world, &ada.email).is_none());
}

#[test]
fn r12_4_no_clock_set_back_shortens_a_wait() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::builder().file(&folder.path().join("store")).build();
    let ada = world.ada();
    five_failures(&world, &ada.email);
    world.hand().set_wall_back(days(3));
    assert!(throttled(&world, &ada.email).is_some());
    world.reopen(None).unwrap();
    assert!(throttled(&world, &ada.email).is_some());
    world.later(days(3) + minutes(1));
    assert!(throttled(&world, &ada.email).is_none());
}

#[test]
fn r12_4_a_trusted_time_brings_a_mark_back_from_the_future_and_waits_stay_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::builder().file(&folder.path().join("store")).build();
    let ada = world.ada();
    let truth = world.now();
    world.hand().set_wall_forward(days(3650));
    signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    world.reopen(None).unwrap();
    five_failures(&world, &ada.email);
    world.hand().set_wall_back(days(3650));
    assert_eq!(world.engine().health().unwrap().clock_rolled_back_by, Some(days(3650)));

    world.engine().set_trusted_time(truth).unwrap();
    let health = world.engine().health().unwrap();
    assert_eq!((health.clock_rolled_back_by, health.clock_events), (None, 1));
    // The failures were dated into the future: their wait begins again, and is no longer than it was.
    assert!(throttled(&world, &ada.email).is_some());
    world.later(minutes(1) - Duration::from_millis(1));
    assert!(throttled(&world, &ada.email).is_some());
    world.later(Duration::from_millis(1));
    assert!(throttled(&world, &ada.email).is_none());
}

#[test]
fn r12_6_what_ends_at_a_time_is_over_at_it() {
    let world = World::new();
    let ada = world.ada();
    let purge_at = world.account(&ada).request_deletion().unwrap().purge_at;
    world.later(days(30));
    assert_eq!(world.now(), purge_at);
    let refused = world.sign_in(&ada.email, PASSWORD).unwrap_err();
    assert_eq!(refused, Error::Refused(Refusal::InvalidCredentials));
}
