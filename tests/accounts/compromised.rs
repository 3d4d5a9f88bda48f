//! A password that others may know is replaced, and is not taken again (SPEC 1.12, 4.10, 6.5).

use selfsame::{
    AccountHandle, Answer, Client, Error, Flow, Intent, MethodKind, PasswordRule, Refusal, SignInOutcome,
    Step,
};
use selfsame_world::{DONE, Identity, Person, World, days, minutes, refused, signed_in, totp};

const PASSWORD: &str = "correct horse battery staple";
const ANOTHER: &str = "another horse battery staple";
const THIRD: &str = "a third horse battery staple";

fn mark(world: &World, ada: &Person) {
    let session = signed_in(world.present(&x(), Intent::SignIn).unwrap());
    let methods = world.engine().account(&session.token).unwrap().view().unwrap().methods;
    let password = methods.iter().find(|method| method.kind == MethodKind::Password).unwrap().id;
    world.engine().mark_compromised(ada.account, password).unwrap();
}

/// Marks the password, found through Ada's first session.
fn mark_password(world: &World, ada: &Person) {
    let methods = world.account(ada).view().unwrap().methods;
    let password = methods.iter().find(|method| method.kind == MethodKind::Password).unwrap().id;
    world.engine().mark_compromised(ada.account, password).unwrap();
}

fn x() -> Identity {
    Identity::at("x", "1815")
}

fn by_x(world: &World) -> AccountHandle {
    let session = signed_in(world.present(&x(), Intent::SignIn).unwrap());
    world.engine().account(&session.token).unwrap()
}

/// Ada, whose password others may know, and who has an X identity.
fn ada_with_known_password(world: &World) -> Person {
    let ada = world.ada();
    assert_eq!(world.add(&world.account(&ada), &x()).unwrap().step, DONE);
    mark(world, &ada);
    ada
}

fn new_password(password: &str) -> Answer {
    Answer::NewPassword(password.into())
}

fn is_known<T: std::fmt::Debug>(outcome: Result<T, Error>) -> bool {
    refused(outcome) == Refusal::InvalidPassword { rule: PasswordRule::Compromised }
}

fn reset(world: &World, ada: &Person) -> Flow {
    world.later(minutes(1));
    let asked = world.engine().reset_password(&ada.email, &Client::on("phone")).unwrap();
    world.prove(&asked, &ada.email)
}

#[test]
fn r4_10_a_password_that_others_may_know_is_not_taken_again_at_a_sign_in_a_reset_or_a_change() {
    let world = World::new();
    let ada = ada_with_known_password(&world);
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    assert!(is_known(world.answer(&asked, new_password(PASSWORD))));
    let resetting = reset(&world, &ada);
    assert!(is_known(world.answer(&resetting, new_password(PASSWORD))));
    // A session of another method can change the password too.
    let changed = by_x(&world).change_password(&PASSWORD.into(), &PASSWORD.into());
    assert!(is_known(changed));
    signed_in(world.answer(&asked, new_password(ANOTHER)).unwrap());

    // The password stays marked after another one has replaced it, and after that one is marked too.
    mark(&world, &ada);
    let asked = world.sign_in(&ada.email, ANOTHER).unwrap();
    for known in [PASSWORD, ANOTHER] {
        assert!(is_known(world.answer(&asked, new_password(known))), "{known}");
    }
    signed_in(world.answer(&asked, new_password(THIRD)).unwrap());
    signed_in(world.sign_in(&ada.email, THIRD).unwrap());
}

#[test]
fn r4_10_nor_when_the_password_is_removed_and_added_again() {
    let world = World::new();
    let ada = ada_with_known_password(&world);
    let account = by_x(&world);
    let password = account.view().unwrap().methods[0].id;
    account.remove_method(password).unwrap();
    assert!(is_known(account.add_password(&ada.email, &PASSWORD.into())));
    account.add_password(&ada.email, &ANOTHER.into()).unwrap();
}

#[test]
fn r4_10_nor_after_an_undo_of_its_replacement() {
    let world = World::new();
    let ada = ada_with_known_password(&world);
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    signed_in(world.answer(&asked, new_password(ANOTHER)).unwrap());
    let undoing = world.undo(&world.undo_code(&ada.email)).unwrap();
    assert_eq!(undoing.step, Step::NewPassword);
    assert!(is_known(world.answer(&undoing, new_password(PASSWORD))));
    signed_in(world.answer(&undoing, new_password(THIRD)).unwrap());
    for gone in [PASSWORD, ANOTHER] {
        assert_eq!(refused(world.sign_in(&ada.email, gone)), Refusal::InvalidCredentials);
    }
}

#[test]
fn r4_10_what_was_proven_or_chosen_before_the_mark_does_not_count_after_it() {
    let world = World::new();
    let ada = world.ada();
    assert_eq!(world.add(&world.account(&ada), &x()).unwrap().step, DONE);
    let account = by_x(&world);
    let password = account.view().unwrap().methods[0].id;
    account.request_deletion().unwrap();
    let resetting = reset(&world, &ada);
    let chosen = world.answer(&resetting, new_password(PASSWORD)).unwrap();
    assert!(matches!(chosen.step, Step::ConfirmRestore { .. }), "{chosen:?}");
    let signing_in = world.sign_in(&ada.email, PASSWORD).unwrap();
    world.engine().mark_compromised(ada.account, password).unwrap();
    for flow in [chosen, signing_in] {
        assert_eq!(refused(world.answer(&flow, Answer::Restore)), Refusal::FlowExpired);
    }
}

#[test]
fn r1_12_the_replacement_of_a_known_password_is_told_ends_other_sessions_and_can_be_undone() {
    let world = World::new();
    let ada = ada_with_known_password(&world);
    let other = by_x(&world);
    world.mailbox().clear();
    // A thief who knows the password sets a new one.
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let thief = signed_in(world.answer(&asked, new_password(ANOTHER)).unwrap());
    assert_eq!(refused(other.view()), Refusal::SessionEnded, "6.5");
    let told = world.mailbox().all();
    let changed = told.iter().find(|message| message.kind.code() == "PasswordChanged").unwrap();
    assert!(changed.undo.is_some(), "{told:?}");
    let asked = world.undo(&world.undo_code(&ada.email)).unwrap();
    signed_in(world.answer(&asked, new_password(THIRD)).unwrap());
    assert_eq!(refused(world.engine().resolve(&thief.token)), Refusal::SessionEnded);
    signed_in(world.sign_in(&ada.email, THIRD).unwrap());
}

#[test]
fn r4_10_sessions_that_wait_for_a_restore_end_too() {
    let world = World::new();
    let ada = world.ada();
    let x = Identity::at("x", "1815");
    assert_eq!(world.add(&world.account(&ada), &x).unwrap().step, DONE);
    let thief = signed_in(world.sign_in(&ada.email, &ada.password).unwrap());
    let password = world.engine().resolve(&thief.token).unwrap().method;
    world.engine().support("grace").unwrap().start_deletion(ada.account, "T-1").unwrap();
    world.engine().mark_compromised(ada.account, password).unwrap();
    let asked = world.present(&x, Intent::SignIn).unwrap();
    signed_in(world.answer(&asked, Answer::Restore).unwrap());
    assert_eq!(refused(world.engine().resolve(&thief.token)), Refusal::SessionEnded);
}

/// Each way to set a new password, with the mark between the choice of the password and the end of the flow.
#[test]
fn r4_10_a_password_that_is_marked_after_an_undo_took_it_is_asked_for_again() {
    // The undo asks for the current second factor after the new password.
    let world = World::new();
    let ada = world.ada();
    assert_eq!(world.add(&world.account(&ada), &x()).unwrap().step, DONE);
    let code = world.undo_code(&ada.email);
    world.later(minutes(1));
    let app = world.turn_on_mfa(&ada.token);
    world.later(days(4));
    let asked = world.answer(&world.undo(&code).unwrap(), new_password(PASSWORD)).unwrap();
    assert!(matches!(asked.step, Step::SecondFactor { is_former: false, .. }), "{asked:?}");
    mark_password(&world, &ada);
    let shown = totp(&app.secret, world.now()).unwrap();
    let asked = world.answer(&asked, Answer::Totp(shown.clone())).unwrap();
    assert_eq!(asked.step, Step::NewPassword);
    assert!(is_known(world.answer(&asked, new_password(PASSWORD))));
    let signing_in = world.sign_in(&ada.email, PASSWORD).unwrap();
    assert_eq!(refused(world.answer(&signing_in, Answer::Totp(shown))), Refusal::InvalidCode, "used up");
    signed_in(world.answer(&asked, new_password(ANOTHER)).unwrap());
    signed_in(world.sign_in(&ada.email, ANOTHER).unwrap());

    // The undo asks for the second factor from before the act.
    let world = World::new();
    let ada = world.ada();
    let app = world.turn_on_mfa(&ada.token);
    world.later(minutes(1));
    assert_eq!(world.add(&world.account(&ada), &x()).unwrap().step, DONE);
    let code = world.undo_code(&ada.email);
    let asked = world.answer(&world.undo(&code).unwrap(), new_password(PASSWORD)).unwrap();
    assert!(matches!(asked.step, Step::SecondFactor { is_former: true, .. }), "{asked:?}");
    mark_password(&world, &ada);
    let shown = || Answer::Totp(totp(&app.secret, world.now()).unwrap());
    let asked = world.answer(&asked, shown()).unwrap();
    assert_eq!(asked.step, Step::NewPassword);
    assert!(is_known(world.answer(&asked, new_password(PASSWORD))));
    let asked = world.answer(&asked, new_password(ANOTHER)).unwrap();
    signed_in(world.answer(&asked, shown()).unwrap());
}

#[test]
fn r4_10_a_sign_up_does_not_link_a_password_that_others_may_know() {
    let world = World::new();
    let ada = ada_with_known_password(&world);
    let account = by_x(&world);
    account.remove_method(account.view().unwrap().methods[0].id).unwrap();
    world.later(minutes(2));
    let asked = world.prove(&world.sign_up(&ada.email, PASSWORD), &ada.email);
    let chosen = world.answer(&asked, Answer::LinkTo(1)).unwrap();
    let asked = world.answer(&chosen, Answer::Assertion(x().assertion(&chosen))).unwrap();
    assert_eq!(asked.step, Step::NewPassword, "the account has had such a password");
    assert!(is_known(world.answer(&asked, new_password(PASSWORD))));
    let rule = PasswordRule::Guessable;
    assert_eq!(
        refused(world.answer(&asked, new_password(&ada.email))),
        Refusal::InvalidPassword { rule },
        "the rules know the email"
    );
    let linked = signed_in(world.answer(&asked, new_password(ANOTHER)).unwrap());
    assert_eq!((linked.account, linked.outcome), (ada.account, SignInOutcome::Linked));
    assert_eq!(refused(world.sign_in(&ada.email, PASSWORD)), Refusal::InvalidCredentials);
    assert_eq!(signed_in(world.sign_in(&ada.email, ANOTHER).unwrap()).account, ada.account);
}
