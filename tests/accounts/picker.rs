//! The accounts that a device offers, and the methods that work offline (SPEC 1.11, 4.9).

use selfsame::{AccountId, Answer, Client, MethodKind, PickerEntry, Refusal};
use selfsame_world::{Person, World, days, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";

fn on_a_device() -> World {
    World::builder().policy(World::policy().picker(true).build().unwrap()).build()
}

fn picked(world: &World) -> Vec<AccountId> {
    world.engine().picker().unwrap().iter().map(|entry| entry.account).collect()
}

#[test]
fn r1_11_the_picker_offers_accounts_that_signed_in_on_the_device_with_masked_addresses() {
    let world = on_a_device();
    let ada = world.ada();
    world.later(minutes(1));
    let x = signed_in(world.x_identity("1", None));
    assert_eq!(
        world.engine().picker().unwrap(),
        [
            PickerEntry {
                display_name: None,
                account: ada.account,
                email: Some("a…@example.org".into()),
                methods: vec![MethodKind::Password],
                needs_network: false,
            },
            PickerEntry {
                display_name: None,
                account: x.account,
                email: None,
                methods: vec![MethodKind::Federated],
                needs_network: true,
            },
        ]
    );
}

#[test]
fn r1_11_an_account_can_opt_out_of_the_picker_and_a_server_has_none() {
    let world = on_a_device();
    let client = Client::on("library").unremembered();
    let asked = world.engine().sign_up("ada@example.org", &PASSWORD.into(), &client).unwrap();
    signed_in(world.prove(&asked, "ada@example.org"));
    assert_eq!(picked(&world), []);
    let done = signed_in(world.sign_in("ada@example.org", PASSWORD).unwrap());
    assert_eq!(picked(&world), [done.account], "the next sign-in without the opt-out adds the account");

    let server = World::new();
    server.ada();
    assert_eq!(picked(&server), []);
}

#[test]
fn r1_11_removal_from_the_picker_ends_the_device_s_sessions_and_deletes_nothing() {
    let world = on_a_device();
    let ada = world.ada();
    world.later(minutes(1));
    let grace = world.person("grace@example.org", PASSWORD);
    world.engine().remove_from_picker(ada.account).unwrap();
    assert_eq!(picked(&world), [grace.account]);
    assert_eq!(refused(world.engine().resolve(&ada.token)), Refusal::SessionEnded);
    world.engine().resolve(&grace.token).unwrap();
    let commits = world.engine().commits().unwrap();
    world.engine().remove_from_picker(ada.account).unwrap();
    assert_eq!(world.engine().commits().unwrap(), commits, "a second removal changes nothing");
    let back = signed_in(world.sign_in("ada@example.org", PASSWORD).unwrap());
    assert_eq!(back.account, ada.account);
    assert_eq!(picked(&world), [ada.account, grace.account]);
}

#[test]
fn r1_11_an_account_pending_deletion_is_not_offered() {
    let world = on_a_device();
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    assert_eq!(picked(&world), []);
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    signed_in(world.answer(&asked, Answer::Restore).unwrap());
    assert_eq!(picked(&world), [ada.account]);
    world.account(&Person { token: token(&world), ..ada }).request_deletion().unwrap();
    world.later(days(30));
    assert_eq!(picked(&world), []);
}

fn token(world: &World) -> selfsame::SessionToken {
    signed_in(world.sign_in("ada@example.org", PASSWORD).unwrap()).token
}

#[test]
fn r1_11_a_password_works_for_the_picked_account_and_failures_count_there() {
    let world = on_a_device();
    let ada = world.ada();
    let device = Client::on("tablet");
    let sign_in = |password: &str| world.engine().sign_in_to(ada.account, &password.into(), &device);
    assert_eq!(signed_in(sign_in(PASSWORD).unwrap()).account, ada.account);
    for _ in 0..5 {
        assert_eq!(refused(sign_in("wrong")), Refusal::InvalidCredentials);
    }
    assert!(matches!(refused(sign_in(PASSWORD)), Refusal::Throttled { .. }));
    assert!(matches!(refused(world.sign_in(&ada.email, PASSWORD)), Refusal::Throttled { .. }));

    let x = signed_in(world.x_identity("1", None)).account;
    let nobody = "01900000-0000-7000-8000-000000000000".parse::<AccountId>().unwrap();
    for absent in [x, nobody] {
        let hashes = world.hashes();
        let answer = world.engine().sign_in_to(absent, &PASSWORD.into(), &device);
        assert_eq!(refused(answer), Refusal::InvalidCredentials);
        assert_eq!(world.hashes() - hashes, 1);
    }
}

#[test]
fn r4_9_a_sign_in_lists_the_methods_that_work_offline() {
    let world = World::new();
    let ada = signed_in(world.sign_in(&world.ada().email, PASSWORD).unwrap());
    assert_eq!(ada.works_offline, [MethodKind::Password]);
    let x = signed_in(world.x_identity("1", None));
    assert!(x.works_offline.is_empty());
}
