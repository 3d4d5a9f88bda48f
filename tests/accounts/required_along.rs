//! The second factor that policy requires, enrolled in a flow that also does something else (SPEC 5.9).

use selfsame::{Aal, Amr, Answer, Refusal, RequestKind, RequestStatus, SignInOutcome, Step};
use selfsame_world::{DONE, Identity, World, days, hours, minutes, refused, signed_in};

use crate::required::{MOMENT, NEW, PASSWORD, confirmed, enrolled, is_at_aal2, required, with_old_account};

#[test]
fn r5_9_a_link_enrols_and_one_undo_code_takes_both_back() {
    let (world, ada) = with_old_account();
    let asked = world.prove(&world.x_identity("1", Some(&ada.email)), &ada.email);
    let asked = world.answer(&asked, Answer::LinkTo(1)).unwrap();
    let asked = world.answer(&asked, Answer::Password(PASSWORD.into())).unwrap();
    assert_eq!(asked.step.code(), "VerifyEmail", "the candidate proves its contact");
    assert_eq!(world.account(&ada).view().unwrap().methods.len(), 1, "nothing has changed yet");
    let asked = world.prove(&asked, &ada.email);
    world.mailbox().clear();
    let (done, _) = enrolled(&world, &asked);
    assert_eq!((done.outcome, done.account), (SignInOutcome::Linked, ada.account));
    let told = world.mailbox().all();
    let told: Vec<_> = told.iter().map(|it| (it.kind.code(), it.undo.is_some())).collect();
    assert_eq!(told, [("MethodAdded", true), ("MfaTurnedOn", false)]);
    let acts = world.engine().account(&done.token).unwrap().view().unwrap().protected_acts;
    let acts: Vec<_> = acts.iter().map(|it| (it.act.code(), it.undo.as_ref())).collect();
    let [("MethodAdded", Some(undo)), ("MfaTurnedOn", None)] = acts[..] else { panic!("{acts:?}") };
    assert_eq!(undo.until, world.now() + days(7));
    assert_eq!(
        undo.second_factor_from,
        Some(world.now() + hours(72)),
        "the factor was set together with the link"
    );

    let undone = world.undo(&world.undo_code(&ada.email)).unwrap();
    let done = signed_in(world.answer(&undone, Answer::NewPassword(NEW.into())).unwrap());
    let view = world.engine().account(&done.token).unwrap().view().unwrap();
    assert_eq!((view.methods.len(), view.mfa.is_some()), (1, false));
}

#[test]
fn r5_9_a_link_that_enrols_expires_fifteen_minutes_after_the_choice() {
    let (world, ada) = with_old_account();
    let asked = world.prove(&world.x_identity("1", Some(&ada.email)), &ada.email);
    let asked = world.answer(&asked, Answer::LinkTo(1)).unwrap();
    world.later(minutes(10));
    let asked = world.answer(&asked, Answer::Password(PASSWORD.into())).unwrap();
    let asked = world.prove(&asked, &ada.email);
    let (saving, _) = confirmed(&world, &asked);
    world.later(minutes(5));
    assert_eq!(refused(world.answer(&saving, Answer::Saved)), Refusal::FlowExpired);
    assert!(world.account(&ada).view().unwrap().mfa.is_none());
}

#[test]
fn r5_9_a_restore_enrols_before_anything_is_restored() {
    let mut world = World::new();
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    world.later(days(1));
    world.reopen(required()).unwrap();
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    assert_eq!(asked.step.code(), "ConfirmRestore", "a person who keeps the account deleted enrols nothing");
    let asked = world.answer(&asked, Answer::Restore).unwrap();
    assert_eq!(asked.step.code(), "VerifyEmail");
    let asked = world.prove(&asked, &ada.email);
    let waits = world.sign_in(&ada.email, PASSWORD).unwrap();
    assert_eq!(waits.step.code(), "ConfirmRestore", "the account is still pending deletion");
    let (done, _) = enrolled(&world, &asked);
    assert_eq!((done.outcome, done.aal), (SignInOutcome::Restored, Aal::Aal2));
}

#[test]
fn r5_9_a_restore_that_enrols_ends_the_sessions_that_support_suspended() {
    let mut world = World::new();
    let ada = world.ada();
    world.engine().support("Grace").unwrap().start_deletion(ada.account, "ticket 1").unwrap();
    world.later(minutes(10));
    world.reopen(required()).unwrap();
    let asked = world.answer(&world.sign_in(&ada.email, PASSWORD).unwrap(), Answer::Restore).unwrap();
    let (done, _) = enrolled(&world, &world.prove(&asked, &ada.email));
    assert_eq!(done.outcome, SignInOutcome::Restored);
    assert_eq!(refused(world.engine().resolve(&ada.token)), Refusal::SessionEnded);
    assert_eq!(world.engine().account(&done.token).unwrap().sessions().unwrap().len(), 1);
}

#[test]
fn r5_9_a_restore_that_enrols_withdraws_the_request_for_erasure() {
    let mut world = World::new();
    let ada = world.ada();
    world.account(&ada).request_privacy(RequestKind::Erasure).unwrap();
    world.later(days(1));
    world.reopen(required()).unwrap();
    let asked = world.answer(&world.sign_in(&ada.email, PASSWORD).unwrap(), Answer::Restore).unwrap();
    let (done, _) = enrolled(&world, &world.prove(&asked, &ada.email));
    let requests = world.engine().account(&done.token).unwrap().privacy_requests().unwrap();
    assert_eq!(requests[0].status, RequestStatus::Withdrawn { at: world.now() });
}

#[test]
fn r5_9_whoever_erases_now_enrols_nothing() {
    let mut world = World::new();
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    world.later(days(3));
    world.reopen(required()).unwrap();
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    assert_eq!(world.answer(&asked, Answer::EraseNow).unwrap().step, Step::Ended);
    assert_eq!(refused(world.sign_in(&ada.email, PASSWORD)), Refusal::InvalidCredentials);
}

#[test]
fn r5_9_a_known_password_is_replaced_before_the_enrolment_and_one_undo_code_takes_both_back() {
    let (world, ada) = with_old_account();
    let password = world.account(&ada).view().unwrap().methods[0].id;
    world.engine().mark_compromised(ada.account, password).unwrap();
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    assert_eq!(asked.step, Step::NewPassword);
    let asked = world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap();
    let asked = world.prove(&asked, &ada.email);
    assert_eq!(
        refused(world.sign_in(&ada.email, NEW)),
        Refusal::InvalidCredentials,
        "nothing has changed yet"
    );
    world.mailbox().clear();
    let (done, _) = enrolled(&world, &asked);
    assert!(is_at_aal2(&done, &[Amr::Pwd, Amr::Otp, Amr::Mfa]));
    let told = world.mailbox().all();
    let told: Vec<_> = told.iter().map(|it| (it.kind.code(), it.undo.is_some())).collect();
    assert_eq!(told, [("PasswordChanged", true), ("MfaTurnedOn", false), ("NewSignIn", false)]);
    let undone = world.undo(&world.undo_code(&ada.email)).unwrap();
    let done = signed_in(world.answer(&undone, Answer::NewPassword("a third good password".into())).unwrap());
    assert!(world.engine().account(&done.token).unwrap().view().unwrap().mfa.is_none());
}

#[test]
fn r5_9_an_account_without_room_for_an_undo_code_enrols_without_one() {
    let mut world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let password = account.view().unwrap().methods[0].id;
    let x = Identity::at("x", "1");
    for number in 0..32 {
        if number % 2 == 0 {
            assert_eq!(world.add(&account, &x).unwrap().step, DONE);
        } else {
            let methods = account.view().unwrap().methods;
            let added = methods.iter().find(|method| method.id != password).unwrap();
            account.remove_method(added.id).unwrap();
        }
        world.later(MOMENT);
    }
    world.later(minutes(10));
    world.reopen(required()).unwrap();
    // If the link would be refused, the flow does not ask for an enrolment.
    let linking = world.prove(&world.x_identity("2", Some(&ada.email)), &ada.email);
    let linking = world.answer(&linking, Answer::LinkTo(1)).unwrap();
    let early = refused(world.answer(&linking, Answer::Password(PASSWORD.into())));
    assert!(matches!(early, Refusal::TooEarly { .. }), "{early:?}");

    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let asked = world.prove(&asked, &ada.email);
    world.mailbox().clear();
    let (done, _) = enrolled(&world, &asked);
    assert_eq!((done.outcome, done.aal), (SignInOutcome::SignedIn, Aal::Aal2));
    let told = world.mailbox().all();
    let told: Vec<_> = told.iter().map(|it| (it.kind.code(), it.undo.is_some())).collect();
    assert_eq!(told, [("MfaTurnedOn", false), ("NewSignIn", false)]);
    let acts = world.engine().account(&done.token).unwrap().view().unwrap().protected_acts;
    let last = acts.last().unwrap();
    assert_eq!((acts.len(), last.act.code(), &last.undo), (33, "MfaTurnedOn", &None));
}
