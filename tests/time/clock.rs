//! A clock that is set forward and back (SPEC 12.4).

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
fn r12_4_a_clock_set_back_extends_no_session_and_is_reported_and_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::builder().file(&folder.path().join("store")).build();
    let ada = world.ada();
    world.later(days(20));
    world.engine().touch(&ada.token).unwrap();
    world.later(days(31) + hours(1));
    assert!(world.engine().resolve(&ada.token).is_err(), "idle for too long");
    world.hand().set_wall_back(days(40));
    assert!(world.engine().resolve(&ada.token).is_err(), "the set-back revives no session in this process");
    let health = world.engine().health().unwrap();
    assert_eq!(health.clock_rolled_back_by, Some(days(40)));
    assert_eq!(health.clock_events, 1, "a read records the set-back");
    for _ in 0..2 {
        signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
        assert_eq!(world.engine().health().unwrap().clock_events, 1, "once");
    }
    world.reopen(None).unwrap();
    assert!(world.engine().resolve(&ada.token).is_err(), "nor does it in the next process");
}

#[test]
fn r12_4_a_clock_that_jumps_shortens_no_wait() {
    let world = World::new();
    let ada = world.ada();
    five_failures(&world, &ada.email);
    world.hand().set_wall_forward(days(365));
    let told = throttled(&world, &ada.email).expect("a jump does not count as elapsed time");
    assert_eq!(told, Some(world.now() + minutes(1)), "the rest of the wait counts from the present");
    world.later(minutes(1) - Duration::from_millis(1));
    assert!(throttled(&world, &ada.email).is_some());
    world.later(Duration::from_millis(1));
    assert!(throttled(&world, &ada.email).is_none());
}

#[test]
fn r12_4_a_clock_set_back_shortens_no_wait() {
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
fn r12_4_a_trusted_time_lowers_a_future_mark_and_shortens_no_wait() {
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
    assert_eq!((health.clock_rolled_back_by, health.clock_events), (None, 2));
    // The wait goes by the slow clock, which did not jump.
    assert!(throttled(&world, &ada.email).is_some());
    world.later(minutes(1) - Duration::from_millis(1));
    assert!(throttled(&world, &ada.email).is_some());
    world.later(Duration::from_millis(1));
    assert!(throttled(&world, &ada.email).is_none());
}

#[test]
fn r12_6_what_ends_at_a_time_has_ended_at_that_time() {
    let world = World::new();
    let ada = world.ada();
    let purge_at = world.account(&ada).request_deletion().unwrap().purge_at;
    world.later(days(30));
    assert_eq!(world.now(), purge_at);
    let refused = world.sign_in(&ada.email, PASSWORD).unwrap_err();
    assert_eq!(refused, Error::Refused(Refusal::InvalidCredentials));
}
