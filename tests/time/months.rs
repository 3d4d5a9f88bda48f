//! Two years of a small service. Daily use does not make the store grow for ever (SPEC 2.10, 6.2, 11.2,
//! 12.5).

use std::collections::BTreeMap;
use std::sync::Arc;

use selfsame::testing::MemoryMedium;
use selfsame::{Client, Table};
use selfsame_world::{Identity, World, days, hours, minutes, signed_in};

const PASSWORD: &str = "correct horse battery staple";
const PEOPLE: usize = 20;
/// The day of the first count: the first events were dropped after 400 days, and the first sessions long
/// before.
const SETTLED: usize = 460;
const END: usize = 730;

/// Returns the number of rows of each kind, and the length of the file.
fn counted(world: &World, medium: &MemoryMedium) -> (BTreeMap<&'static str, usize>, usize) {
    let mut counts = BTreeMap::new();
    for key in world.engine().dump().unwrap().keys() {
        *counts.entry(Table::of(key).unwrap().name).or_default() += 1;
    }
    (counts, medium.bytes().len())
}

/// A day on which some people sign in, some abandon a flow and some guess, and the host does its work.
fn day(world: &World, number: usize) {
    let (engine, phone) = (world.engine(), Client::on("a phone"));
    let person = |step: usize| format!("{}@example.org", (number * step) % PEOPLE);
    for step in [1, 3, 7] {
        let done = signed_in(world.sign_in(&person(step), PASSWORD).unwrap());
        world.later(hours(1));
        let token = done.token;
        engine.touch(&token).unwrap();
        if step == 3 {
            engine.account(&token).unwrap().set_display_name(Some(&format!("Day {number}"))).unwrap();
        }
        if step == 7 {
            engine.account(&token).unwrap().sign_out().unwrap();
        }
    }
    // These flows are abandoned.
    engine.sign_up(&format!("new{number}@example.org"), &PASSWORD.into(), &phone).unwrap();
    engine.reset_password(&person(9), &phone).unwrap();
    world.federated(&Identity::at("x", &format!("x{number}")).with_email(&person(11)));
    drop(world.sign_in(&format!("nobody{number}@example.org"), "a guess"));
    drop(world.sign_in(&person(13), "a guess"));
    world.later(minutes(30));
    world.mailbox().clear();
    engine.purge_due(10).unwrap();
    world.later(days(1) - hours(3) - minutes(30));
}

#[test]
fn r11_2_two_years_of_sessions_flows_and_events_do_not_make_the_store_grow() {
    let medium = Arc::new(MemoryMedium::new());
    let world = World::builder().medium(medium.clone()).build();
    for number in 0..PEOPLE {
        world.person(&format!("{number}@example.org"), PASSWORD);
        world.mailbox().clear();
        world.later(minutes(2));
    }
    let mut settled = None;
    for number in 0..END {
        day(&world, number);
        if number == SETTLED {
            settled = Some(counted(&world, &medium));
        }
    }
    let ((before, bytes_before), (after, bytes)) = (settled.unwrap(), counted(&world, &medium));
    for (table, least) in [("session", 100), ("audit", 2_000), ("flow", 3), ("pace", 3), ("unknown", 400)] {
        assert!(before[table] >= least, "{table}: {before:?}");
    }
    for (table, count) in &after {
        // The slots of unknown identifiers have their own limit, which is set by the size of their hash.
        let most = if *table == "unknown" { 65_536 } else { before[table] + before[table] / 20 + 2 };
        assert!(*count <= most, "{table}: {count} rows, {} before\n{before:?}\n{after:?}", before[table]);
    }
    // The store keeps only a few ended sessions of each person.
    assert!(after["session"] <= 8 * PEOPLE, "{after:?}");
    assert!(bytes <= bytes_before + bytes_before / 10, "{bytes_before} bytes became {bytes}");
}
