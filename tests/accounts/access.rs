//! What the owner sees after a way back: everything else that gives access to the account (SPEC 4.7).

use selfsame::{Answer, Client, Intent, MethodKind, OtherAccess, SignInOutcome, SignedIn, Step};
use selfsame_world::{Authenticator, DONE, Identity, Person, World, days, hours, minutes, signed_in};

const NEW: &str = "a password that nobody knows";

fn new_password() -> Answer {
    Answer::NewPassword(NEW.into())
}

/// Ada with an X identity, and with MFA on for more than 72 hours.
fn ada_with_x_and_app(world: &World) -> (Person, Authenticator) {
    let ada = world.ada();
    assert_eq!(world.add(&world.account(&ada), &Identity::at("x", "1815")).unwrap().step, DONE);
    world.later(minutes(1));
    let app = world.turn_on_mfa(&ada.token);
    world.later(days(4));
    (ada, app)
}

/// Completes a reset with a recovery code in place of the app's code.
fn was_reset(world: &World, ada: &Person, app: &Authenticator) -> SignedIn {
    let asked = world.engine().reset_password(&ada.email, &Client::on("phone")).unwrap();
    let asked = world.prove(&asked, &ada.email);
    let asked = world.answer(&asked, Answer::RecoveryCode(app.recovery_codes[0].clone())).unwrap();
    signed_in(world.answer(&asked, new_password()).unwrap())
}

fn kinds(access: &OtherAccess) -> Vec<MethodKind> {
    access.methods.iter().map(|method| method.kind).collect()
}

#[test]
fn r4_7_the_answer_that_ends_a_reset_lists_everything_else_that_gives_access() {
    let world = World::new();
    let (ada, app) = ada_with_x_and_app(&world);
    let done = was_reset(&world, &ada, &app);
    let access = done.other_access.unwrap();
    let account = world.engine().account(&done.token).unwrap();
    let view = account.view().unwrap();
    let others: Vec<_> = view.methods.into_iter().filter(|it| it.kind == MethodKind::Federated).collect();
    assert_eq!((access.methods, access.mfa), (others, view.mfa), "all but the new password");
    assert_eq!(access.mfa.unwrap().recovery_codes_left, 9);

    // No session, no recognition and no device of the time before is left to list.
    assert_eq!(account.sessions().unwrap().len(), 1);
    let known = Client::on("laptop").recognized_by(ada.recognition);
    world.mailbox().clear();
    let asked = world.engine().sign_in(&ada.email, &NEW.into(), &known).unwrap();
    let shown = selfsame_world::totp(&app.secret, world.now()).unwrap();
    let again = signed_in(world.answer(&asked, Answer::Totp(shown)).unwrap());
    assert_eq!(world.mailbox().all()[0].kind.code(), "NewSignIn", "the recognition has ended");
    assert_eq!(again.other_access, None, "an ordinary sign-in lists nothing");
}

#[test]
fn r4_7_without_other_ways_in_the_list_is_empty_and_present() {
    let world = World::new();
    let ada = world.ada();
    let asked = world.engine().reset_password(&ada.email, &Client::on("phone")).unwrap();
    let asked = world.prove(&asked, &ada.email);
    let done = signed_in(world.answer(&asked, new_password()).unwrap());
    assert_eq!(done.other_access, Some(OtherAccess { methods: Vec::new(), mfa: None }));
}

#[test]
fn r4_7_the_answer_that_ends_an_undo_lists_what_it_has_left_and_restored() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    assert_eq!(world.add(&account, &Identity::at("x", "1815")).unwrap().step, DONE);
    account.change_password(&ada.password.as_str().into(), &"the thief's own password".into()).unwrap();
    let code = world.undo_code(&ada.email);
    assert_eq!(world.add(&account, &Identity::at("other", "mallory")).unwrap().step, DONE);

    let asked = world.undo(&code).unwrap();
    let done = signed_in(world.answer(&asked, new_password()).unwrap());
    let access = done.other_access.unwrap();
    assert_eq!(access.methods.len(), 1, "the method that was added after the undone act is gone");
    assert_eq!(access.methods[0].provider.as_ref().map(|it| it.as_str()), Some("x"));
    assert_eq!(access.mfa, None);
}

#[test]
fn r4_7_so_does_a_reset_or_an_undo_that_restores_the_account() {
    // A reset.
    let world = World::new();
    let ada = world.ada();
    assert_eq!(world.add(&world.account(&ada), &Identity::at("x", "1815")).unwrap().step, DONE);
    let code = world.undo_code(&ada.email);
    let account = world.account(&ada);
    account.change_password(&ada.password.as_str().into(), &"another good password".into()).unwrap();
    let of_change = world.undo_code(&ada.email);
    account.request_deletion().unwrap();
    world.later(hours(1));
    let asked = world.engine().reset_password(&ada.email, &Client::on("phone")).unwrap();
    let asked = world.prove(&asked, &ada.email);
    let asked = world.answer(&asked, new_password()).unwrap();
    let done = signed_in(world.answer(&asked, Answer::Restore).unwrap());
    assert_eq!(kinds(&done.other_access.unwrap()), [MethodKind::Federated]);

    // An undo.
    world.later(days(2));
    let account = world.engine().account(&signed_in(world.sign_in(&ada.email, NEW).unwrap()).token).unwrap();
    account.request_deletion().unwrap();
    for (code, left) in [(of_change, vec![MethodKind::Federated]), (code, vec![])] {
        let asked = world.answer(&world.undo(&code).unwrap(), new_password()).unwrap();
        assert!(matches!(asked.step, Step::ConfirmRestore { .. }), "{asked:?}");
        let done = signed_in(world.answer(&asked, Answer::Restore).unwrap());
        assert_eq!(done.outcome, SignInOutcome::Restored);
        assert_eq!(kinds(&done.other_access.unwrap()), left);
        world.engine().account(&done.token).unwrap().request_deletion().unwrap();
    }
}

#[test]
fn r4_7_no_other_answer_lists_it() {
    let world = World::new();
    let ada = world.ada();
    assert_eq!(world.add(&world.account(&ada), &Identity::at("x", "1815")).unwrap().step, DONE);
    for flow in
        [world.sign_in(&ada.email, &ada.password), world.present(&Identity::at("x", "1815"), Intent::SignIn)]
    {
        assert_eq!(signed_in(flow.unwrap()).other_access, None);
    }
}
