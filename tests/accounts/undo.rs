//! Protected acts and how to undo them (SPEC 1.12, 7.3).

use std::time::Duration;

use selfsame::{AccountHandle, Answer, Error, Flow, MethodKind, Refusal, Secret, SignedIn, Status, Step};
use selfsame_world::{DONE, Identity, Person, UNDO_EXPIRED, World, days, hours, minutes, refused, signed_in};

const NEW: &str = "a password that nobody knows";
const MOMENT: Duration = Duration::from_millis(1);

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
fn undone(world: &World, code: &Secret) -> SignedIn {
    let asked = world.undo(code).unwrap();
    assert_eq!(asked.step, Step::NewPassword);
    let done = signed_in(world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap());
    assert_eq!(done.outcome.code(), "Undone");
    done
}

fn account_of(world: &World, done: SignedIn) -> AccountHandle {
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
fn r7_3_an_undo_needs_a_second_factor_from_before_the_act() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let app = world.turn_mfa_on(&account);
    world.later(minutes(1));
    account.turn_off_mfa().unwrap();
    let code = world.undo_code(&ada.email);

    let asked = world.undo(&code).unwrap();
    let asked = world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap();
    assert!(matches!(asked.step, Step::SecondFactor { can_skip: false, .. }), "{asked:?}");
    assert_eq!(refused(world.answer(&asked, Answer::Totp("000000".into()))), Refusal::InvalidCode);
    signed_in(world.sign_in(&ada.email, &ada.password).unwrap());
    let right = world.totp(&app.secret).unwrap();
    let done = signed_in(world.answer(&asked, Answer::Totp(right.clone())).unwrap());
    let account = account_of(&world, done);
    assert!(account.view().unwrap().mfa.is_some(), "the second factor is restored");
    // The TOTP code that the undo took is not accepted again, and the recovery codes are the earlier ones.
    let asked = world.sign_in(&ada.email, NEW).unwrap();
    assert_eq!(refused(world.answer(&asked, Answer::Totp(right))), Refusal::InvalidCode);
    signed_in(world.answer(&asked, Answer::RecoveryCode(app.recovery_codes[0].clone())).unwrap());
}

#[test]
fn r7_3_an_undo_restores_no_used_code() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let app = world.turn_mfa_on(&account);
    world.move_to(&account, "new@example.net");
    let code = world.undo_code(&ada.email);
    // A recovery code is used after the act.
    let asked = world.sign_in("new@example.net", &ada.password).unwrap();
    signed_in(world.answer(&asked, Answer::RecoveryCode(app.recovery_codes[0].clone())).unwrap());

    let asked = world.undo(&code).unwrap();
    let asked = world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap();
    let spent = world.answer(&asked, Answer::RecoveryCode(app.recovery_codes[0].clone()));
    assert_eq!(refused(spent), Refusal::InvalidCode);
    world.later(minutes(1));
    let right = world.totp(&app.secret).unwrap();
    let done = signed_in(world.answer(&asked, Answer::Totp(right)).unwrap());
    let left = account_of(&world, done).view().unwrap().mfa.unwrap().recovery_codes_left;
    assert_eq!(left, 9);
}

#[test]
fn r7_3_turning_mfa_on_can_be_undone_within_72_hours() {
    for (late, works) in [(MOMENT, true), (Duration::ZERO, false)] {
        let world = World::new();
        let ada = world.ada();
        world.turn_mfa_on(&world.account(&ada));
        let code = world.undo_code(&ada.email);
        world.later(hours(72) - late);
        let asked = world.undo(&code);
        assert_eq!(asked.is_ok(), works);
        if let Ok(asked) = asked {
            let done = signed_in(world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap());
            assert!(account_of(&world, done).view().unwrap().mfa.is_none());
        }
    }
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

/// Case: The undo code of turning MFA on lives for 72 hours, but the code of an earlier act lives for 7 days.
#[test]
fn r7_5_after_72_hours_no_code_removes_a_second_factor_without_it() {
    for (age, asks) in [(hours(72) - MOMENT, false), (hours(72), true)] {
        let world = World::new();
        let ada = world.ada();
        let account = world.account(&ada);
        account.change_password(&ada.password.as_str().into(), &"somebody else's password".into()).unwrap();
        let code = world.undo_code(&ada.email);
        world.later(minutes(1));
        let app = world.turn_mfa_on(&account);
        world.later(age);
        let asked = world.answer(&world.undo(&code).unwrap(), Answer::NewPassword(NEW.into())).unwrap();
        if !asks {
            let done = signed_in(asked);
            assert!(account_of(&world, done).view().unwrap().mfa.is_none());
            continue;
        }
        assert!(
            matches!(asked.step, Step::SecondFactor { is_former: false, can_skip: false, .. }),
            "{asked:?}"
        );
        assert_eq!(refused(world.answer(&asked, Answer::Totp("000000".into()))), Refusal::InvalidCode);
        let by_code = Answer::RecoveryCode(app.recovery_codes[0].clone());
        let done = signed_in(world.answer(&asked, by_code).unwrap());
        assert!(
            account_of(&world, done).view().unwrap().mfa.is_none(),
            "the owner has proven it, so the undo removes it"
        );
    }
}

#[test]
fn r7_5_an_undo_of_an_act_before_a_replaced_factor_asks_for_both() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let old = world.turn_mfa_on(&account);
    world.later(days(4));
    let session = world.answer(
        &world.sign_in(&ada.email, &ada.password).unwrap(),
        Answer::Totp(world.totp(&old.secret).unwrap()),
    );
    let account = account_of(&world, signed_in(session.unwrap()));
    account.change_password(&ada.password.as_str().into(), &"somebody else's password".into()).unwrap();
    let code = world.undo_code(&ada.email);
    world.later(minutes(1));
    let new = world.turn_mfa_on(&account);
    world.later(days(4));

    let asked = world.answer(&world.undo(&code).unwrap(), Answer::NewPassword(NEW.into())).unwrap();
    assert!(matches!(asked.step, Step::SecondFactor { is_former: false, .. }), "{asked:?}");
    assert_eq!(
        refused(world.answer(&asked, Answer::RecoveryCode(old.recovery_codes[0].clone()))),
        Refusal::InvalidCode
    );
    let asked = world.answer(&asked, Answer::Totp(world.totp(&new.secret).unwrap())).unwrap();
    assert!(matches!(asked.step, Step::SecondFactor { is_former: true, .. }), "{asked:?}");
    let done = signed_in(world.answer(&asked, Answer::Totp(world.totp(&old.secret).unwrap())).unwrap());
    let back = account_of(&world, done);
    assert_eq!(back.view().unwrap().mfa.unwrap().recovery_codes_left, 10, "the old codes are back");
}

#[test]
fn r5_4_other_recovery_codes_are_told_and_come_back_with_an_undo_without_the_spent_ones() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let app = world.turn_mfa_on(&account);
    let spend = |code: &Secret| {
        let asked = world.sign_in(&ada.email, &ada.password).unwrap();
        signed_in(world.answer(&asked, Answer::RecoveryCode(code.clone())).unwrap())
    };
    spend(&app.recovery_codes[0]);
    world.later(days(2));
    let session = world.answer(
        &world.sign_in(&ada.email, &ada.password).unwrap(),
        Answer::Totp(world.totp(&app.secret).unwrap()),
    );
    let account = account_of(&world, signed_in(session.unwrap()));
    world.mailbox().clear();
    let new = account.regenerate_recovery_codes().unwrap().codes;
    assert!(world.mailbox().all().is_empty(), "the old codes work until the new ones are saved");
    account.recovery_codes_saved().unwrap();
    let told = world.mailbox().take(&ada.email).unwrap();
    assert_eq!((told.kind.code(), told.undo.is_some()), ("RecoveryCodesReplaced", true));
    spend(&new[0]);

    let asked = world.undo(&told.undo.unwrap().code).unwrap();
    let asked = world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap();
    for gone in [&app.recovery_codes[0], &new[0], &new[1]] {
        let wrong = world.answer(&asked, Answer::RecoveryCode(gone.clone()));
        assert_eq!(refused(wrong), Refusal::InvalidCode);
    }
    let done = signed_in(world.answer(&asked, Answer::RecoveryCode(app.recovery_codes[1].clone())).unwrap());
    assert_eq!(account_of(&world, done).view().unwrap().mfa.unwrap().recovery_codes_left, 8);
}

/// The record of a later act tells which codes were spent before that act, even after its undo code has expired.
#[test]
fn r5_4_a_spent_recovery_code_stays_spent_after_the_record_of_its_replacement_expired() {
    let world = World::new();
    let ada = world.ada();
    let other = "somebody else's password";
    let account = world.account(&ada);
    let old = world.turn_mfa_on(&account);
    account.change_password(&ada.password.as_str().into(), &other.into()).unwrap();
    let code = world.undo_code(&ada.email);
    world.later(minutes(1));
    let by_code = Answer::RecoveryCode(old.recovery_codes[0].clone());
    let recovered = world.answer(&world.sign_in(&ada.email, other).unwrap(), by_code.clone());
    let new = world.turn_mfa_on(&account_of(&world, signed_in(recovered.unwrap())));
    world.later(days(4));
    let by_app = |world: &World| Answer::Totp(world.totp(&new.secret).unwrap());
    let session = world.answer(&world.sign_in(&ada.email, other).unwrap(), by_app(&world));
    let account = account_of(&world, signed_in(session.unwrap()));
    assert_eq!(world.add(&account, &Identity::at("x", "7")).unwrap().step, DONE);
    world.later(minutes(1));
    let asked = world.answer(&world.undo(&code).unwrap(), Answer::NewPassword(NEW.into())).unwrap();
    let asked = world.answer(&asked, by_app(&world)).unwrap();
    assert!(matches!(asked.step, Step::SecondFactor { is_former: true, .. }), "{asked:?}");
    assert_eq!(refused(world.answer(&asked, by_code)), Refusal::InvalidCode);
}

#[test]
fn r7_5_while_a_new_factor_is_young_the_settled_one_that_it_replaced_protects_it() {
    for by_code in [false, true] {
        let world = World::new();
        let ada = world.ada();
        let account = world.account(&ada);
        world.add(&account, &Identity::at("x", "1815")).unwrap();
        let code = world.undo_code(&ada.email);
        world.later(minutes(1));
        let old = world.turn_mfa_on(&account);
        world.later(hours(73));
        let asked = world.sign_in(&ada.email, &ada.password).unwrap();
        let session =
            signed_in(world.answer(&asked, Answer::Totp(world.totp(&old.secret).unwrap())).unwrap());
        let new = world.turn_mfa_on(&account_of(&world, session));
        world.later(hours(72) - MOMENT);

        let asked = world.answer(&world.undo(&code).unwrap(), Answer::NewPassword(NEW.into())).unwrap();
        assert!(matches!(asked.step, Step::SecondFactor { is_former: true, .. }), "{asked:?}");
        for wrong in [
            Answer::Totp(world.totp(&new.secret).unwrap()),
            Answer::RecoveryCode(new.recovery_codes[0].clone()),
        ] {
            assert_eq!(refused(world.answer(&asked, wrong)), Refusal::InvalidCode);
        }
        let proof = match by_code {
            false => Answer::Totp(world.totp(&old.secret).unwrap()),
            true => Answer::RecoveryCode(old.recovery_codes[0].clone()),
        };
        world.mailbox().clear();
        let done = signed_in(world.answer(&asked, proof).unwrap());
        assert_eq!(
            (done.aal, done.recovered),
            (selfsame::Aal::Aal1, false),
            "the account has no second factor now"
        );
        assert!(account_of(&world, done).view().unwrap().mfa.is_none());
        assert!(world.mailbox().all().iter().all(|message| message.kind.code() == "Undone"));
    }
}

#[test]
fn r7_5_a_factor_that_was_replaced_while_it_was_young_keeps_no_owner_out() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    world.add(&account, &Identity::at("x", "1815")).unwrap();
    let code = world.undo_code(&ada.email);
    world.later(minutes(1));
    // A thief turns MFA on, and replaces the factor before it is settled.
    let first = world.turn_mfa_on(&account);
    world.later(hours(72) - MOMENT);
    let asked = world.sign_in(&ada.email, &ada.password).unwrap();
    let thief = signed_in(world.answer(&asked, Answer::Totp(world.totp(&first.secret).unwrap())).unwrap());
    world.turn_mfa_on(&account_of(&world, thief));
    world.later(hours(71));
    let done = undone(&world, &code);
    assert!(account_of(&world, done).view().unwrap().mfa.is_none());
}
