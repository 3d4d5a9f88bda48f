//! Second factors in an undo: which one it asks for, and which codes stay spent (SPEC 5.4, 7.3, 7.5).

use std::time::Duration;

use selfsame::{Answer, Refusal, Secret, Step};
use selfsame_world::{DONE, Identity, World, days, hours, minutes, refused, signed_in};

use crate::undo::{MOMENT, NEW, account_of, undone};

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
