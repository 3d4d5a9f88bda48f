//! Protected acts and how to undo them (SPEC 1.12, 7.3).

use std::time::Duration;

use selfsame::{AccountHandle, Answer, Error, Flow, MethodKind, Refusal, Secret, SignedIn, Status, Step};
use selfsame_world::{DONE, Identity, Person, UNDO_EXPIRED, World, days, hours, minutes, refused, signed_in};

pub(crate) const NEW: &str = "a password that nobody knows";
pub(crate) const MOMENT: Duration = Duration::from_millis(1);

/// Creates Ada's account and adds an X identity.
fn ada_with_x(world: &World) -> (Person, AccountHandle, Identity) {
    let ada = world.ada();
    let x = Identity::at("x", "1815");
    let account = world.account(&ada);
    assert_eq!(world.add(&account, &x).unwrap().step, DONE);
    (ada, account, x)
}

/// Changes Ada's email to new@example.net. Returns the undo code that was sent to the old address.
fn ada_moved(world: &World) -> (Person, Secret) {
    let ada = world.ada();
    world.move_to(&world.account(&ada), "new@example.net");
    let code = world.undo_code(&ada.email);
    (ada, code)
}

fn method_of(account: &AccountHandle, kind: MethodKind) -> selfsame::MethodId {
    account.view().unwrap().methods.iter().find(|method| method.kind == kind).unwrap().id
}

/// Completes the undo with a new password.
pub(crate) fn undone(world: &World, code: &Secret) -> SignedIn {
    let asked = world.undo(code).unwrap();
    assert_eq!(asked.step, Step::NewPassword);
    let done = signed_in(world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap());
    assert_eq!(done.outcome.code(), "Undone");
    done
}

pub(crate) fn account_of(world: &World, done: SignedIn) -> AccountHandle {
    world.engine().account(&done.token).unwrap()
}

fn ended(progress: &Flow) -> bool {
    progress.step == Step::Ended
}

#[test]
fn r4_7_the_session_of_an_undo_ends_with_its_hold() {
    let world = World::new();
    let (_, code) = ada_moved(&world);
    let done = undone(&world, &code);
    let end = world.now() + days(1);
    let session = world.engine().resolve(&done.token).unwrap();
    assert_eq!(
        (session.ends_at, account_of(&world, done.clone()).view().unwrap().hold_until),
        (Some(end), Some(end))
    );
    world.later(days(1) - MOMENT);
    world.engine().touch(&done.token).unwrap();
    world.later(MOMENT);
    assert_eq!(refused(world.engine().resolve(&done.token)), Refusal::SessionEnded);
}

#[test]
fn r4_7_the_session_of_an_undo_that_restores_the_account_ends_with_its_hold() {
    let world = World::new();
    let (ada, code) = ada_moved(&world);
    world.account(&ada).request_deletion().unwrap();
    let asked = world.answer(&world.undo(&code).unwrap(), Answer::NewPassword(NEW.into())).unwrap();
    let end = world.now() + days(1);
    world.later(minutes(1));
    let done = signed_in(world.answer(&asked, Answer::Restore).unwrap());
    assert_eq!(done.outcome.code(), "Restored");
    assert_eq!(world.engine().resolve(&done.token).unwrap().ends_at, Some(end));
}

#[test]
fn r7_3_an_email_change_is_undone_from_the_old_mailbox() {
    let world = World::new();
    let ada = world.ada();
    let before = world.account(&ada).view().unwrap();
    // A thief has Ada's session and password.
    world.move_to(&world.account(&ada), "mallory@example.net");
    assert_eq!(refused(world.sign_in(&ada.email, &ada.password)), Refusal::InvalidCredentials);
    assert!(world.sign_in("mallory@example.net", &ada.password).is_ok());

    let code = world.undo_code(&ada.email);
    world.mailbox().clear();
    world.later(days(6));
    let account = account_of(&world, undone(&world, &code));
    let after = account.view().unwrap();
    assert_eq!((after.contact, after.addresses), (before.contact, before.addresses));
    assert_eq!(refused(world.sign_in("mallory@example.net", &ada.password)), Refusal::InvalidCredentials);
    assert_eq!(refused(world.sign_in(&ada.email, &ada.password)), Refusal::InvalidCredentials);
    assert_eq!(account.sessions().unwrap().len(), 1, "all other sessions have ended");
    let mut told: Vec<_> = world.mailbox().all().into_iter().map(|m| (m.to, m.kind.code())).collect();
    told.sort_unstable();
    assert_eq!(
        told,
        [("ada@example.org".to_owned(), "Undone"), ("mallory@example.net".to_owned(), "Undone")],
        "either owner may not have wanted the undo"
    );
    assert!(account.verify_audit().unwrap());
    signed_in(world.sign_in(&ada.email, NEW).unwrap());
}

#[test]
fn r7_3_an_undo_restores_a_removed_method_and_drops_those_added_since() {
    let world = World::new();
    let (ada, account, x) = ada_with_x(&world);
    account.remove_method(method_of(&account, MethodKind::Federated)).unwrap();
    let code = world.undo_code(&ada.email);
    let thief = Identity::at("x", "mallory").with_email("mallory@example.net");
    assert_eq!(world.add(&account, &thief).unwrap().step, DONE);
    signed_in(world.present(&thief, selfsame::Intent::SignIn).unwrap());

    let account = account_of(&world, undone(&world, &code));
    let view = account.view().unwrap();
    assert_eq!(view.methods.len(), 2);
    assert_eq!(view.addresses.len(), 1, "the dropped method's address is gone too");
    assert_eq!(signed_in(world.present(&x, selfsame::Intent::SignIn).unwrap()).account, ada.account);
    let anew = signed_in(world.answer(&world.federated(&thief), Answer::Skip).unwrap());
    assert_ne!(anew.account, ada.account, "the identity is free");
}

#[test]
fn r7_3_after_an_undone_password_change_neither_password_signs_in() {
    let world = World::new();
    let ada = world.ada();
    let stolen = "the thief's own password";
    world.account(&ada).change_password(&ada.password.as_str().into(), &stolen.into()).unwrap();
    undone(&world, &world.undo_code(&ada.email));
    for old in [ada.password.as_str(), stolen] {
        assert_eq!(refused(world.sign_in(&ada.email, old)), Refusal::InvalidCredentials);
    }
    signed_in(world.sign_in(&ada.email, NEW).unwrap());
}

#[test]
fn r7_3_an_undo_voids_what_was_proven_with_the_old_password() {
    let world = World::new();
    let ada = world.ada();
    world
        .account(&ada)
        .change_password(&ada.password.as_str().into(), &"the thief's own".repeat(2).as_str().into())
        .unwrap();
    let code = world.undo_code(&ada.email);
    // The thief proved the password and waits at the restore.
    let thief = world.sign_in(&ada.email, &"the thief's own".repeat(2)).unwrap();
    let thief = world.engine().account(&signed_in(thief).token).unwrap();
    thief.request_deletion().unwrap();
    let restoring = world.sign_in(&ada.email, &"the thief's own".repeat(2)).unwrap();
    assert!(matches!(restoring.step, Step::ConfirmRestore { .. }));

    let asked = world.undo(&code).unwrap();
    world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap();
    assert_eq!(refused(world.answer(&restoring, Answer::Restore)), Refusal::FlowExpired);
}

#[test]
fn r7_3_an_undo_code_works_once() {
    let world = World::new();
    let (ada, code) = ada_moved(&world);
    // Two flows use the code. The second comes too late.
    let (first, second) = (world.undo(&code).unwrap(), world.undo(&code).unwrap());
    signed_in(world.answer(&first, Answer::NewPassword(NEW.into())).unwrap());
    let late = world.answer(&second, Answer::NewPassword("the second one's password".into()));
    assert_eq!(late.unwrap_err(), UNDO_EXPIRED);
    assert_eq!(world.undo(&code).unwrap_err(), UNDO_EXPIRED);
    signed_in(world.sign_in(&ada.email, NEW).unwrap());
    // Repeating the answer has no second effect.
    let again = world.answer(&first, Answer::NewPassword("another".repeat(3).as_str().into())).unwrap();
    assert_eq!(again.step.code(), "AlreadySignedIn");
}

#[test]
fn r7_3_an_undo_code_expires_after_exactly_seven_days() {
    for (late, works) in [(MOMENT, true), (Duration::ZERO, false)] {
        let world = World::new();
        let (_, code) = ada_moved(&world);
        world.later(days(7) - late);
        assert_eq!(world.undo(&code).is_ok(), works);
    }
    // A flow that began before the code expired does not extend the code's life.
    let world = World::new();
    let (ada, code) = ada_moved(&world);
    world.later(days(7) - MOMENT);
    let asked = world.undo(&code).unwrap();
    world.later(MOMENT);
    let outcome = world.answer(&asked, Answer::NewPassword(NEW.into()));
    assert_eq!(outcome.unwrap_err(), UNDO_EXPIRED);
    signed_in(world.sign_in("new@example.net", &ada.password).unwrap());
}

#[test]
fn r7_3_all_invalid_undo_codes_are_refused_alike() {
    let world = World::new();
    let (_, code) = ada_moved(&world);
    let printed = code.reveal_text().unwrap();
    assert_eq!((printed.len(), printed.matches('-').count()), (29, 5), "24 characters in groups of four");
    let mut other: Vec<_> = printed.chars().collect();
    other[0] = if other[0] == '0' { '1' } else { '0' };
    let other: String = other.into_iter().collect();
    for wrong in ["", "no code", "12345678", other.as_str()] {
        assert_eq!(world.undo(&wrong.into()).unwrap_err(), UNDO_EXPIRED, "{wrong:?}");
    }
    // The code is accepted as people type it.
    let typed = printed.to_lowercase().replace('-', " ");
    assert_eq!(world.undo(&typed.as_str().into()).unwrap().step, Step::NewPassword);
    assert!(!format!("{:?}", world.mailbox().all()).contains(printed));
}

#[test]
fn r7_3_an_undo_voids_later_codes_and_leaves_earlier_ones() {
    let world = World::new();
    let (ada, account, x) = ada_with_x(&world);
    let of_adding = world.undo_code(&ada.email);
    account.remove_method(method_of(&account, MethodKind::Federated)).unwrap();
    let of_removing = world.undo_code(&ada.email);
    world.move_to(&account, "later@example.net");
    let of_moving = world.undo_code(&ada.email);

    undone(&world, &of_removing);
    assert_eq!(world.undo(&of_moving).unwrap_err(), UNDO_EXPIRED);
    let account = world.account(&Person { token: token(&world, &ada, NEW), ..ada.clone() });
    assert_eq!(account.view().unwrap().methods.len(), 2);
    assert_eq!(account.view().unwrap().contact.as_deref(), Some("ada@example.org"));

    undone(&world, &of_adding);
    let asked = world.present(&x, selfsame::Intent::SignIn).unwrap();
    assert!(matches!(asked.step, Step::ConfirmCreate { .. }), "no account has the identity");
    assert_eq!(world.undo(&of_removing).unwrap_err(), UNDO_EXPIRED);
}

fn token(world: &World, ada: &Person, password: &str) -> selfsame::SessionToken {
    signed_in(world.sign_in(&ada.email, password).unwrap()).token
}

#[test]
fn r7_3_an_undo_starts_a_hold_of_one_day() {
    let world = World::new();
    let ada = world.ada();
    world.move_to(&world.account(&ada), "new@example.net");
    let account = account_of(&world, undone(&world, &world.undo_code(&ada.email)));
    let until = world.now() + hours(24);
    assert_eq!(account.view().unwrap().hold_until, Some(until));
    let held = Refusal::OnHold { until };
    assert_eq!(refused(account.change_email("again@example.net")), held);
    assert_eq!(refused(world.add(&account, &Identity::at("x", "1"))), held);
    world.later(hours(24) - MOMENT);
    let signed = world.engine().account(&token(&world, &ada, NEW)).unwrap();
    assert_eq!(refused(signed.change_email("again@example.net")), held);
    world.later(MOMENT);
    assert!(signed.change_email("again@example.net").is_ok());
}

#[test]
fn r7_3_an_undo_during_a_pending_deletion_leads_to_the_restore() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    account.change_password(&ada.password.as_str().into(), &"the thief's own password".into()).unwrap();
    let code = world.undo_code(&ada.email);
    account.request_deletion().unwrap();
    let asked = world.undo(&code).unwrap();
    let asked = world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap();
    assert!(matches!(asked.step, Step::ConfirmRestore { .. }), "{asked:?}");
    let done = signed_in(world.answer(&asked, Answer::Restore).unwrap());
    assert_eq!(done.account, ada.account);
    assert_eq!(account_of(&world, done).view().unwrap().status, Status::Active);

    // If the account stays deleted, the change is undone all the same.
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    account.change_password(&ada.password.as_str().into(), &"the thief's own password".into()).unwrap();
    let code = world.undo_code(&ada.email);
    account.request_deletion().unwrap();
    let asked = world.answer(&world.undo(&code).unwrap(), Answer::NewPassword(NEW.into())).unwrap();
    assert!(ended(&world.answer(&asked, Answer::KeepDeleted).unwrap()));
    assert!(matches!(world.sign_in(&ada.email, NEW).unwrap().step, Step::ConfirmRestore { .. }));
    // At the end of the restore window, every code fails because the account is absent.
    world.later(days(30));
    assert_eq!(world.undo(&code).unwrap_err(), UNDO_EXPIRED);
}

#[test]
fn r7_3_without_a_password_the_owner_signs_in_with_a_restored_method() {
    let world = World::new();
    let x = Identity::at("x", "1815").with_email("ada@example.org");
    let ada = signed_in(world.prove(&world.federated(&x), "ada@example.org"));
    let id = ada.account;
    let account = account_of(&world, ada);
    let thief = Identity::at("other", "mallory");
    world.add(&account, &thief).unwrap();
    let thiefs = signed_in(world.present(&thief, selfsame::Intent::SignIn).unwrap());
    let thiefs = account_of(&world, thiefs);
    let own = thiefs.view().unwrap().methods[0].id;
    thiefs.remove_method(own).unwrap();
    let known = world.present(&x, selfsame::Intent::SignIn).unwrap();
    assert!(matches!(known.step, Step::LinkOrCreate { email: None, .. }), "{known:?}");

    let done = world.undo(&world.undo_code("ada@example.org")).unwrap();
    assert_eq!(done.step, DONE, "access to the mailbox alone opens no session");
    assert_eq!(thiefs.view().unwrap_err(), Error::Refused(Refusal::SessionEnded));
    assert_eq!(signed_in(world.present(&x, selfsame::Intent::SignIn).unwrap()).account, id);
}

#[test]
fn r7_3_a_linked_method_can_be_undone_like_an_added_one() {
    let world = World::new();
    let ada = world.ada();
    world.later(minutes(1));
    let asked = world.prove(&world.x_identity("1", Some(&ada.email)), &ada.email);
    let chosen = world.answer(&asked, Answer::LinkTo(1)).unwrap();
    signed_in(world.answer(&chosen, Answer::Password(ada.password.as_str().into())).unwrap());
    undone(&world, &world.undo_code(&ada.email));
    let x = Identity::at("x", "1");
    let asked = world.present(&x, selfsame::Intent::SignIn).unwrap();
    assert!(matches!(asked.step, Step::ConfirmCreate { .. }));
}

#[test]
fn r1_12_every_address_verified_before_a_protected_act_is_notified_and_one_gets_the_undo_code() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let at_home = Identity::at("example", "1").with_email("ada@provider.example");
    world.mailbox().clear();
    world.add(&account, &at_home).unwrap();
    let told = |kind: &str| {
        let mut told: Vec<_> = world
            .mailbox()
            .all()
            .into_iter()
            .filter(|message| message.kind.code() == kind)
            .map(|message| (message.to, message.undo.is_some()))
            .collect();
        world.mailbox().clear();
        told.sort();
        told
    };
    let (first, second) = ("ada@example.org".to_owned(), "ada@provider.example".to_owned());
    assert_eq!(told("MethodAdded"), [(first.clone(), true)]);
    account.change_password(&ada.password.as_str().into(), &NEW.into()).unwrap();
    assert_eq!(told("PasswordChanged"), [(first.clone(), true), (second.clone(), false)]);
    account.set_contact(&second).unwrap();
    assert_eq!(told("EmailChanged"), [(first.clone(), true), (second.clone(), false)]);
    // Within a week, codes still go to the address that was the contact before.
    account.remove_method(method_of(&account, MethodKind::Federated)).unwrap();
    assert_eq!(told("MethodRemoved"), [(first, true), (second, false)], "the removed address gets no code");
}

#[test]
fn r13_6_no_row_contains_an_undo_code() {
    let world = World::new();
    let (_, code) = ada_moved(&world);
    let plain = code.reveal_text().unwrap().replace('-', "");
    for (key, value) in world.engine().dump().unwrap() {
        for secret in [code.reveal(), plain.as_bytes()] {
            let has = |bytes: &[u8]| bytes.windows(secret.len()).any(|window| window == secret);
            assert!(!has(&key) && !has(&value));
        }
    }
}
