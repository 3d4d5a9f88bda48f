//! MFA: the second factor and its recovery codes (SPEC 4.3, 5, 12.1).

use std::time::Duration;

use selfsame::{
    Aal, AccountHandle, Amr, Answer, Client, Error, Flow, Refusal, SecondFactor, Secret, SessionToken, Step,
    Timestamp,
};
use selfsame_world::{
    Authenticator, Identity, Person, World, days, hours, minutes, refused, signed_in, totp,
};

const PASSWORD: &str = "correct horse battery staple";

/// Turns Ada's MFA on and waits half a minute, so that the app shows a new code.
fn ada_with_mfa(world: &World) -> (Person, Authenticator) {
    let ada = world.ada();
    let app = world.turn_on_mfa(&ada.token);
    world.later(minutes(1));
    (ada, app)
}

fn asked_for_second(progress: &Flow) {
    let accepted = vec![SecondFactor::Totp, SecondFactor::RecoveryCode];
    assert_eq!(progress.step, Step::SecondFactor { accepted, is_former: false, can_skip: false });
}

fn token(progress: Flow) -> SessionToken {
    signed_in(progress).token
}

fn with_token(world: &World, token: &SessionToken) -> AccountHandle {
    world.engine().account(token).unwrap()
}

fn code(app: &Authenticator, number: usize) -> Answer {
    Answer::RecoveryCode(app.recovery_codes.get(number).unwrap().clone())
}

fn wrong() -> Answer {
    Answer::Totp("000000".into())
}

/// Signs Ada in with her password and her app.
fn full_sign_in(world: &World, app: &Authenticator) -> SessionToken {
    let asked = world.sign_in("ada@example.org", PASSWORD).unwrap();
    let done = world.answer(&asked, world.shown_by(app)).unwrap();
    world.later(minutes(1));
    token(done)
}

/// Returns the kinds of the messages that were sent.
fn told(world: &World) -> Vec<&'static str> {
    let mailbox = world.mailbox();
    let told = mailbox.all().iter().map(|message| message.kind.code()).collect();
    mailbox.clear();
    told
}

#[test]
fn r5_1_an_enrolment_is_proven_by_the_app_and_takes_effect_once_its_codes_are_saved() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let begun = account.enroll_totp().unwrap();
    let uri = begun.uri.reveal_text().unwrap().to_owned();
    assert!(uri.starts_with("otpauth://totp/Field%20Notes:ada%40example.org?secret="), "{uri}");
    assert!(uri.contains(begun.secret.reveal_text().unwrap()));
    assert_eq!(begun.secret.reveal().len(), 32, "160 bits in base32");
    assert_eq!(begun.expires_at, world.now() + minutes(15));
    assert!(begun.qr.size() >= 21 && begun.qr.svg().reveal().starts_with(b"<svg"));

    let codes = account.confirm_totp(&world.totp(&begun.secret).unwrap()).unwrap();
    assert_eq!(account.view().unwrap().mfa, None, "MFA is off until the codes are saved");
    assert!(matches!(world.sign_in(&ada.email, PASSWORD).unwrap().step, Step::SignedIn { .. }));
    assert_eq!(codes.codes.len(), 10);
    account.recovery_codes_saved().unwrap();
    let mfa = account.view().unwrap().mfa.unwrap();
    assert_eq!((mfa.recovery_codes_left, mfa.few_recovery_codes), (10, false));
}

#[test]
fn r5_1_an_enrolment_ends_after_15_minutes_with_its_session_and_at_the_fifth_wrong_code() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let app = account.enroll_totp().unwrap().secret;
    world.later(minutes(15));
    let late = world.totp(&app).unwrap();
    assert_eq!(refused(account.confirm_totp(&late)), Refusal::FlowExpired);

    let again = token(world.sign_in(&ada.email, PASSWORD).unwrap());
    let account = with_token(&world, &again);
    let first = account.enroll_totp().unwrap().secret;
    let second = account.enroll_totp().unwrap().secret;
    let voided = world.totp(&first).unwrap();
    assert_eq!(
        refused(account.confirm_totp(&voided)),
        Refusal::InvalidCode,
        "a newer enrolment voids the older one"
    );
    for _ in 0..4 {
        assert_eq!(refused(account.confirm_totp(&"000000".into())), Refusal::InvalidCode);
    }
    let right = world.totp(&second).unwrap();
    assert_eq!(refused(account.confirm_totp(&right)), Refusal::FlowExpired);
    assert!(
        matches!(world.sign_in(&ada.email, PASSWORD).unwrap().step, Step::SignedIn { .. }),
        "no enrolment is in effect"
    );

    // Another session cannot confirm an enrolment, and the enrolment ends with its session.
    let app = account.enroll_totp().unwrap().secret;
    let other = token(world.sign_in(&ada.email, PASSWORD).unwrap());
    let right = world.totp(&app).unwrap();
    assert_eq!(refused(with_token(&world, &other).confirm_totp(&right)), Refusal::FlowExpired);
    account.sign_out().unwrap();
    assert_eq!(refused(account.confirm_totp(&right)), Refusal::SessionEnded);
}

#[test]
fn r5_1_a_confirmed_enrolment_waits_a_day_for_its_codes_to_be_saved() {
    for (wait, outcome) in
        [(days(1) - Duration::from_millis(1), Ok(())), (days(1), Err(Error::Refused(Refusal::FlowExpired)))]
    {
        let world = World::new();
        let ada = world.ada();
        let account = world.account(&ada);
        let app = account.enroll_totp().unwrap().secret;
        account.confirm_totp(&world.totp(&app).unwrap()).unwrap();
        world.later(wait);
        assert_eq!(account.recovery_codes_saved(), outcome);
        assert_eq!(account.view().unwrap().mfa.is_some(), outcome.is_ok());
    }
}

#[test]
fn r5_2_a_time_step_is_accepted_once_and_none_before_it() {
    let world = World::new();
    let ada = world.ada();
    let app = world.turn_on_mfa(&ada.token);
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    asked_for_second(&asked);
    assert_eq!(
        refused(world.answer(&asked, world.shown_by(&app))),
        Refusal::InvalidCode,
        "the enrolling code"
    );
    world.later(minutes(1));
    let now = world.shown_by(&app);
    signed_in(world.answer(&asked, now.clone()).unwrap());
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    assert_eq!(refused(world.answer(&asked, now.clone())), Refusal::InvalidCode, "a code works once");
    let before = Timestamp::from_millis(world.now().as_millis() - 30_000);
    let before = totp(&app.secret, before).unwrap();
    assert_eq!(refused(world.answer(&asked, Answer::Totp(before))), Refusal::InvalidCode);
    // A code one step ahead is accepted, and all earlier steps are then refused.
    let ahead = totp(&app.secret, world.now() + minutes(1) / 2).unwrap();
    signed_in(world.answer(&asked, Answer::Totp(ahead)).unwrap());
    world.later(minutes(1) / 2);
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    assert_eq!(refused(world.answer(&asked, world.shown_by(&app))), Refusal::InvalidCode);
}

#[test]
fn r5_2_one_code_opens_one_session_even_if_many_use_it_at_once() {
    let world = World::new();
    let (ada, app) = ada_with_mfa(&world);
    let answer = world.shown_by(&app);
    let asked: Vec<_> = (0..8).map(|_| world.sign_in(&ada.email, PASSWORD).unwrap()).collect();
    let opened = std::thread::scope(|scope| {
        let tries: Vec<_> =
            asked.iter().map(|asked| scope.spawn(|| world.answer(asked, answer.clone()).is_ok())).collect();
        tries.into_iter().map(|open| open.join().unwrap()).filter(|opened| *opened).count()
    });
    assert_eq!(opened, 1);
}

#[test]
fn r5_3_new_codes_can_be_shown_again_for_15_minutes_and_make_the_session_aal2() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let proven = world.now();
    world.later(minutes(2));
    let app = account.enroll_totp().unwrap().secret;
    let codes = account.confirm_totp(&world.totp(&app).unwrap()).unwrap();
    world.later(minutes(15) - Duration::from_millis(1));
    let again = account.unsaved_recovery_codes().unwrap();
    let texts = |codes: &[Secret]| -> Vec<_> {
        codes.iter().map(|code| code.reveal_text().unwrap().to_owned()).collect()
    };
    assert_eq!(texts(&again.codes), texts(&codes.codes));
    world.later(Duration::from_millis(1));
    assert_eq!(refused(account.unsaved_recovery_codes()), Refusal::FlowExpired);
    account.recovery_codes_saved().unwrap();
    let session = world.engine().resolve(&ada.token).unwrap();
    assert_eq!((session.aal, session.auth_time), (Aal::Aal2, proven), "auth_time is that of the older proof");
    assert_eq!(session.amr, [Amr::Pwd, Amr::Otp, Amr::Mfa]);
    assert_eq!(refused(account.recovery_codes_saved()), Refusal::FlowExpired, "the codes are saved once");
}

#[test]
fn r5_3_a_recovery_code_works_once_in_any_spelling_and_notifies_the_owner() {
    let world = World::new();
    let (ada, app) = ada_with_mfa(&world);
    told(&world);
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let typed = app.recovery_codes[0].reveal_text().unwrap().to_lowercase().replace('-', " ");
    let done = signed_in(world.answer(&asked, Answer::RecoveryCode(typed.as_str().into())).unwrap());
    assert_eq!((done.aal, done.recovered, done.amr), (Aal::Aal1, true, vec![Amr::Pwd]));
    assert_eq!(told(&world), ["RecoveryCodeUsed"]);
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    assert_eq!(refused(world.answer(&asked, code(&app, 0))), Refusal::InvalidCode);
    signed_in(world.answer(&asked, code(&app, 1)).unwrap());
}

#[test]
fn r4_3_every_path_into_the_account_asks_for_the_second_factor() {
    let world = World::new();
    let ada = world.ada();
    world.later(minutes(1));
    let linked = world.prove(&world.x_identity("1", Some(&ada.email)), &ada.email);
    let chosen = world.answer(&linked, Answer::LinkTo(1)).unwrap();
    signed_in(world.answer(&chosen, Answer::Password(PASSWORD.into())).unwrap());
    let app = world.turn_on_mfa(&ada.token);
    world.later(minutes(2));

    asked_for_second(&world.sign_in(&ada.email, PASSWORD).unwrap());
    asked_for_second(&world.x_identity("1", None));
    let reset = world.engine().reset_password(&ada.email, &Client::on("phone")).unwrap();
    asked_for_second(&world.prove(&reset, &ada.email));
    // A link accepts only the app: a recovery code does not give the highest level.
    world.later(minutes(2));
    let other = Identity::at("other", "9").with_email(&ada.email);
    let asked = world.prove(&world.federated(&other), &ada.email);
    let chosen = world.answer(&asked, Answer::LinkTo(1)).unwrap();
    let proven = world.answer(&chosen, Answer::Password(PASSWORD.into())).unwrap();
    assert_eq!(
        proven.step,
        Step::SecondFactor { accepted: vec![SecondFactor::Totp], is_former: false, can_skip: false }
    );
    assert_eq!(refused(world.answer(&proven, code(&app, 0))), Refusal::NotOffered);
    let linked = signed_in(world.answer(&proven, world.shown_by(&app)).unwrap());
    assert_eq!((linked.account, linked.aal), (ada.account, Aal::Aal2));
    // The second factor comes first; only then does the step offer the restore.
    world.later(minutes(1));
    let token = full_sign_in(&world, &app);
    with_token(&world, &token).request_deletion().unwrap();
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    asked_for_second(&asked);
    let restoring = world.answer(&asked, world.shown_by(&app)).unwrap();
    assert!(matches!(restoring.step, Step::ConfirmRestore { .. }));
    let restored = signed_in(world.answer(&restoring, Answer::Restore).unwrap());
    assert_eq!(restored.aal, Aal::Aal2);
}

#[test]
fn r5_4_new_codes_are_valid_once_they_are_saved_and_the_old_ones_until_then() {
    let world = World::new();
    let (ada, app) = ada_with_mfa(&world);
    let account = with_token(&world, &full_sign_in(&world, &app));
    let made = account.regenerate_recovery_codes().unwrap();
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let unsaved = Answer::RecoveryCode(made.codes[0].clone());
    assert_eq!(refused(world.answer(&asked, unsaved.clone())), Refusal::InvalidCode);
    account.recovery_codes_saved().unwrap();
    assert_eq!(refused(world.answer(&asked, code(&app, 0))), Refusal::InvalidCode);
    signed_in(world.answer(&asked, unsaved.clone()).unwrap());
    // With three codes left, the account page says so.
    for (number, left) in (1..8).zip((2..9).rev()) {
        world.later(days(2));
        let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
        let answer = Answer::RecoveryCode(made.codes[number].clone());
        let account = with_token(&world, &token(world.answer(&asked, answer.clone()).unwrap()));
        let mfa = account.view().unwrap().mfa.unwrap();
        assert_eq!((mfa.recovery_codes_left, mfa.few_recovery_codes), (left, left <= 3));
    }
}

#[test]
fn r5_4_new_codes_need_a_fresh_second_factor() {
    let world = World::new();
    let (ada, app) = ada_with_mfa(&world);
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let recovered = with_token(&world, &token(world.answer(&asked, code(&app, 0)).unwrap()));
    assert!(matches!(
        refused(recovered.regenerate_recovery_codes()),
        Refusal::ReauthenticationRequired { .. }
    ));
    let account = with_token(&world, &full_sign_in(&world, &app));
    world.later(minutes(5));
    assert!(matches!(refused(account.regenerate_recovery_codes()), Refusal::ReauthenticationRequired { .. }));
}

#[test]
fn r5_5_a_recovered_session_can_replace_or_turn_off_mfa_and_ends_earlier_sessions() {
    let world = World::new();
    let (ada, app) = ada_with_mfa(&world);
    let before = full_sign_in(&world, &app);
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let recovered = token(world.answer(&asked, code(&app, 0)).unwrap());
    assert_eq!(refused(world.engine().resolve(&before)), Refusal::SessionEnded);
    let account = with_token(&world, &recovered);
    assert_eq!(account.view().unwrap().hold_until, Some(world.now() + days(1)));

    let replacement = world.turn_on_mfa(&recovered);
    assert_eq!(told(&world).last(), Some(&"MfaReplaced"));
    world.later(minutes(1));
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    assert_eq!(refused(world.answer(&asked, world.shown_by(&app))), Refusal::InvalidCode);
    assert_eq!(
        refused(world.answer(&asked, code(&app, 1))),
        Refusal::InvalidCode,
        "the old recovery codes are void too"
    );
    signed_in(world.answer(&asked, world.shown_by(&replacement)).unwrap());

    world.later(minutes(1));
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let recovered = token(world.answer(&asked, code(&replacement, 0)).unwrap());
    with_token(&world, &recovered).turn_off_mfa().unwrap();
    assert!(matches!(world.sign_in(&ada.email, PASSWORD).unwrap().step, Step::SignedIn { .. }));
    assert_eq!(refused(with_token(&world, &recovered).turn_off_mfa()), Refusal::NotOffered);
}

#[test]
fn r5_5_only_a_second_factor_or_a_recovery_code_turns_mfa_off() {
    let world = World::new();
    let (_, app) = ada_with_mfa(&world);
    let account = with_token(&world, &full_sign_in(&world, &app));
    world.later(minutes(5));
    let required = refused(account.turn_off_mfa());
    assert!(matches!(required, Refusal::ReauthenticationRequired { .. }));
    assert!(matches!(refused(account.enroll_totp()), Refusal::ReauthenticationRequired { .. }));
    // The first factor alone is not enough for this.
    let asked = account.reauthenticate().unwrap();
    let asked = world.answer(&asked, Answer::Password(PASSWORD.into())).unwrap();
    let first_only = token(world.answer(&asked, Answer::Skip).unwrap());
    let account = with_token(&world, &first_only);
    assert!(matches!(refused(account.turn_off_mfa()), Refusal::ReauthenticationRequired { .. }));
    assert!(account.view().unwrap().mfa.is_some());
}

#[test]
fn r5_7_the_highest_level_is_aal2_exactly_if_mfa_is_on() {
    let world = World::new();
    let ada = world.ada();
    let level = |progress: Flow| signed_in(progress).aal;
    assert_eq!(level(world.sign_in(&ada.email, PASSWORD).unwrap()), Aal::Aal1);
    let app = world.turn_on_mfa(&ada.token);
    world.later(minutes(1));
    let token = full_sign_in(&world, &app);
    assert_eq!(world.engine().resolve(&token).unwrap().aal, Aal::Aal2);
    with_token(&world, &token).turn_off_mfa().unwrap();
    assert_eq!(level(world.sign_in(&ada.email, PASSWORD).unwrap()), Aal::Aal1);
}

#[test]
fn r6_5_turning_mfa_on_replacing_it_and_turning_it_off_end_all_other_sessions() {
    let world = World::new();
    let ada = world.ada();
    let other = token(world.sign_in(&ada.email, PASSWORD).unwrap());
    let app = world.turn_on_mfa(&ada.token);
    assert_eq!(refused(world.engine().resolve(&other)), Refusal::SessionEnded);
    world.later(minutes(1));
    let other = full_sign_in(&world, &app);
    let replaced = world.turn_on_mfa(&ada.token);
    assert_eq!(refused(world.engine().resolve(&other)), Refusal::SessionEnded);
    world.later(minutes(1));
    let other = full_sign_in(&world, &replaced);
    with_token(&world, &ada.token).turn_off_mfa().unwrap();
    assert_eq!(refused(world.engine().resolve(&other)), Refusal::SessionEnded);
    world.engine().resolve(&ada.token).unwrap();
    let mut told = told(&world);
    told.retain(|kind| *kind != "NewSignIn");
    assert_eq!(told[1..], ["MfaTurnedOn", "MfaReplaced", "MfaTurnedOff"]);
}

#[test]
fn r12_1_only_a_second_factor_clears_the_second_counter() {
    let world = World::new();
    let (ada, app) = ada_with_mfa(&world);
    for _ in 0..3 {
        let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
        assert_eq!(refused(world.answer(&asked, wrong())), Refusal::InvalidCode);
    }
    // A right password in between does not clear the counter, in any flow.
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    assert_eq!(refused(world.answer(&asked, wrong())), Refusal::InvalidCode);
    assert_eq!(refused(world.answer(&asked, wrong())), Refusal::InvalidCode);
    let retry_at = Some(world.now() + minutes(1));
    assert_eq!(refused(world.answer(&asked, wrong())), Refusal::Throttled { retry_at });
    let right = world.shown_by(&app);
    assert_eq!(
        refused(world.answer(&asked, right.clone())),
        Refusal::Throttled { retry_at },
        "right and wrong codes get the same answer"
    );
    assert_eq!(refused(world.answer(&asked, code(&app, 0))), Refusal::Throttled { retry_at });
    world.later(minutes(1));
    signed_in(world.answer(&asked, world.shown_by(&app)).unwrap());
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    for _ in 0..5 {
        assert_eq!(refused(world.answer(&asked, wrong())), Refusal::InvalidCode, "the counter started again");
    }
}

#[test]
fn r12_1_a_hundred_failures_lock_the_app_and_a_recovery_code_replaces_it() {
    let world = World::new();
    let (ada, app) = ada_with_mfa(&world);
    for _ in 0..100 {
        world.later(hours(1));
        let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
        assert_eq!(refused(world.answer(&asked, wrong())), Refusal::InvalidCode);
    }
    world.later(days(30));
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let locked = Refusal::Throttled { retry_at: None };
    assert_eq!(refused(world.answer(&asked, world.shown_by(&app))), locked);
    let recovered = token(world.answer(&asked, code(&app, 0)).unwrap());
    let replacement = world.turn_on_mfa(&recovered);
    world.later(minutes(1));
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    signed_in(world.answer(&asked, world.shown_by(&replacement)).unwrap());
}

#[test]
fn r12_1_recovery_codes_are_rate_limited_and_never_locked() {
    let world = World::new();
    let (ada, app) = ada_with_mfa(&world);
    let nonsense = Answer::RecoveryCode("0000-0000-0000-0000-0000-0000".into());
    for _ in 0..101 {
        world.later(hours(1));
        let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
        assert_eq!(refused(world.answer(&asked, nonsense.clone())), Refusal::InvalidCode);
    }
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let retry_at = Some(world.now() + hours(1));
    assert_eq!(refused(world.answer(&asked, code(&app, 0))), Refusal::Throttled { retry_at });
    world.later(hours(1));
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    signed_in(world.answer(&asked, code(&app, 0)).unwrap());
}

#[test]
fn r12_3_parallel_guesses_at_the_second_factor_stay_within_the_limit() {
    let world = World::new();
    let (ada, _) = ada_with_mfa(&world);
    let asked: Vec<_> = (0..24).map(|_| world.sign_in(&ada.email, PASSWORD).unwrap()).collect();
    let answers = std::thread::scope(|scope| {
        let tries: Vec<_> =
            asked.iter().map(|asked| scope.spawn(|| refused(world.answer(asked, wrong())))).collect();
        tries.into_iter().map(|answer| answer.join().unwrap()).collect::<Vec<_>>()
    });
    let told = answers.iter().filter(|answer| **answer == Refusal::InvalidCode).count();
    assert_eq!(told, 5, "{answers:?}");
}

#[test]
fn r5_6_a_second_factor_that_was_turned_off_meanwhile_is_not_asked_for() {
    let world = World::new();
    let (ada, app) = ada_with_mfa(&world);
    let waiting = world.sign_in(&ada.email, PASSWORD).unwrap();
    let token = full_sign_in(&world, &app);
    with_token(&world, &token).turn_off_mfa().unwrap();
    signed_in(world.answer(&waiting, wrong()).unwrap());
}

#[test]
fn r4_6_a_password_change_between_the_factors_ends_the_flow() {
    let world = World::new();
    let (ada, app) = ada_with_mfa(&world);
    let waiting = world.sign_in(&ada.email, PASSWORD).unwrap();
    let reset = world.engine().reset_password(&ada.email, &Client::on("phone")).unwrap();
    let asked = world.prove(&reset, &ada.email);
    let asked = world.answer(&asked, world.shown_by(&app)).unwrap();
    signed_in(world.answer(&asked, Answer::NewPassword("another horse battery staple".into())).unwrap());
    world.later(minutes(1));
    assert_eq!(refused(world.answer(&waiting, world.shown_by(&app))), Refusal::FlowExpired);
}

#[test]
fn no_message_and_no_debug_text_shows_a_secret() {
    let world = World::new();
    let ada = world.ada();
    let begun = world.account(&ada).enroll_totp().unwrap();
    let codes = world.account(&ada).confirm_totp(&world.totp(&begun.secret).unwrap()).unwrap();
    let shown = format!("{begun:?} {codes:?} {:?}", world.mailbox().all());
    assert!(!shown.contains(begun.secret.reveal_text().unwrap()));
    assert!(codes.codes.iter().all(|code| !shown.contains(code.reveal_text().unwrap())));
}
