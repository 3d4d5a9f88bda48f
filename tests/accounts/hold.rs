//! The acts that an account on hold refuses and allows (SPEC 5.5).

use selfsame::{AccountHandle, Answer, Client, Error, Refusal};
use selfsame_world::{Authenticator, Identity, Person, World, days, hours, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";

type Act = fn(&AccountHandle) -> Result<(), Error>;

/// Every act of an owner that a hold stops.
const STOPPED: [(&str, Act); 10] = [
    ("change_email", |account| account.change_email("new@example.net").map(drop)),
    ("verify_address", |account| account.verify_address("ada@example.org").map(drop)),
    ("set_contact", |account| account.set_contact("ada@example.org")),
    ("begin_add", |account| account.begin_add(&"x".parse().unwrap()).map(drop)),
    ("add_password", |account| account.add_password("ada@example.org", &PASSWORD.into()).map(drop)),
    ("remove_method", |account| account.remove_method(method(account))),
    ("take_seen_email", |account| account.take_seen_email(method(account))),
    ("review", |account| account.review(&[], false, None)),
    ("enroll_totp", |account| account.enroll_totp().map(drop)),
    ("export", |account| account.export().map(drop)),
];

fn method(account: &AccountHandle) -> selfsame::MethodId {
    account.view().unwrap().methods[0].id
}

fn reset(world: &World, ada: &Person) -> AccountHandle {
    let asked = world.engine().reset_password(&ada.email, &Client::on("laptop")).unwrap();
    let asked = world.prove(&asked, &ada.email);
    let done = world.answer(&asked, Answer::NewPassword(PASSWORD.into())).unwrap();
    world.engine().account(&signed_in(done).token).unwrap()
}

fn undone(world: &World, ada: &Person) -> AccountHandle {
    world.account(ada).change_password(&PASSWORD.into(), &"a thief's own password".into()).unwrap();
    let asked = world.undo(&world.undo_code(&ada.email)).unwrap();
    let done = world.answer(&asked, Answer::NewPassword(PASSWORD.into())).unwrap();
    world.engine().account(&signed_in(done).token).unwrap()
}

fn recovered(world: &World, ada: &Person) -> (AccountHandle, Authenticator) {
    let app = world.turn_on_mfa(&ada.token);
    world.later(minutes(1));
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let code = Answer::RecoveryCode(app.recovery_codes[0].clone());
    let done = signed_in(world.answer(&asked, code).unwrap());
    (world.engine().account(&done.token).unwrap(), app)
}

#[test]
fn r5_5_a_hold_stops_every_act_of_its_list_in_every_session_until_it_ends() {
    let recovered_and_off: fn(&World, &Person) -> AccountHandle = |world, ada| {
        let (account, _) = recovered(world, ada);
        account.turn_off_mfa().unwrap();
        account
    };
    for begins in [reset, undone, recovered_and_off] {
        let world = World::new();
        let ada = world.ada();
        let account = begins(&world, &ada);
        let until = world.now() + days(1);
        let another = world.sign_in(&ada.email, PASSWORD).unwrap();
        let another = world.engine().account(&signed_in(another).token).unwrap();
        for (name, act) in STOPPED {
            assert_eq!(refused(act(&account)), Refusal::OnHold { until }, "{name}");
            assert_eq!(refused(act(&another)), Refusal::OnHold { until }, "{name}");
        }
        // A session whose proof is too old gets `OnHold` first, because more proof would not help.
        world.later(hours(23));
        for (name, act) in STOPPED {
            assert_eq!(refused(act(&account)), Refusal::OnHold { until }, "{name}");
        }
        world.later(hours(1));
        let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
        let account = world.engine().account(&signed_in(asked).token).unwrap();
        for (name, act) in STOPPED {
            assert!(!matches!(act(&account), Err(Error::Refused(Refusal::OnHold { .. }))), "{name}");
        }
    }
}

#[test]
fn r5_5_on_hold_a_recovered_session_replaces_the_factor_or_turns_it_off_and_ends_other_sessions() {
    let world = World::new();
    let ada = world.ada();
    let (account, _) = recovered(&world, &ada);
    account.end_other_sessions().unwrap();
    world.turn_mfa_on(&account);
    account.turn_off_mfa().unwrap();
    let until = account.view().unwrap().hold_until.unwrap();
    assert_eq!(
        refused(account.enroll_totp()),
        Refusal::OnHold { until },
        "MFA stays off until the hold ends"
    );
}

#[test]
fn r5_5_an_enrolment_from_before_the_hold_turns_nothing_on() {
    let world = World::new();
    let ada = world.ada();
    let before = world.account(&ada);
    let app = before.enroll_totp().unwrap().secret;
    before.confirm_totp(&world.totp(&app).unwrap()).unwrap();
    let account = reset(&world, &ada);
    assert_eq!(refused(before.recovery_codes_saved()), Refusal::SessionEnded);
    assert_eq!(refused(account.recovery_codes_saved()), Refusal::FlowExpired);
    assert_eq!(account.view().unwrap().mfa, None);
}

#[test]
fn r5_5_an_addition_that_began_before_the_hold_adds_nothing() {
    let world = World::new();
    let ada = world.ada();
    let x = Identity::at("x", "1815");
    let begun = world.account(&ada).begin_add(&x.provider()).unwrap();
    let account = reset(&world, &ada);
    let presented = world.assertion(&x, &begun).unwrap();
    let added = world.engine().continue_with(&begun, &presented, selfsame::Intent::SignUp);
    assert_eq!(refused(added), Refusal::SessionEnded);
    assert_eq!(account.view().unwrap().methods.len(), 1);
}

#[test]
fn r2_5_on_hold_a_link_that_drops_the_new_password_still_signs_in() {
    let world = World::new();
    let ada = world.ada();
    let asked = world.engine().reset_password(&ada.email, &Client::on("laptop")).unwrap();
    let asked = world.prove(&asked, &ada.email);
    let new = "a password that nobody knows";
    signed_in(world.answer(&asked, Answer::NewPassword(new.into())).unwrap());
    world.later(minutes(2));
    let asked = world.prove(&world.sign_up(&ada.email, "a newcomer's password"), &ada.email);
    let asked = world.answer(&asked, Answer::LinkTo(1)).unwrap();
    let done = world.answer(&asked, Answer::Password(new.into())).unwrap();
    assert_eq!(signed_in(done).account, ada.account);
}
