//! Password reset, compromised passwords, and renewing a session's proof (SPEC 4.7, 4.10, 6.4).

use selfsame::{
    Aal, Accepted, AccountHandle, Answer, AssertionProblem, Client, Flow, Intent, MessageKind, MethodKind,
    PasswordRule, ProviderId, Refusal, SessionToken, Step,
};
use selfsame_world::{Identity, Person, TokenProvider, World, days, hours, minutes, refused, signed_in};
use serde_json::{Value, json};

const PASSWORD: &str = "correct horse battery staple";
const ANOTHER: &str = "another horse battery staple";

fn reset(world: &World, email: &str) -> Flow {
    world.engine().reset_password(email, &Client::on("phone")).unwrap()
}

fn token(progress: Flow) -> SessionToken {
    signed_in(progress).token
}

fn with_token(world: &World, token: &SessionToken) -> AccountHandle {
    world.engine().account(token).unwrap()
}

fn new_password(password: &str) -> Answer {
    Answer::NewPassword(password.into())
}

/// Links the X identity "1" to Ada's account.
fn link_x(world: &World, ada: &Person) {
    world.later(minutes(1));
    let asked = world.prove(&world.x_identity("1", Some(&ada.email)), &ada.email);
    let chosen = world.answer(&asked, Answer::LinkTo(1)).unwrap();
    signed_in(world.answer(&chosen, Answer::Password(PASSWORD.into())).unwrap());
}

#[test]
fn r4_7_a_mailed_code_and_a_new_password_end_every_other_session() {
    let world = World::new();
    let ada = world.ada();
    let asked = reset(&world, "ADA@example.org");
    assert_eq!(asked.step, Step::VerifyEmail { to: "a…@example.org".into(), can_skip: false, send_at: None });
    let asked = world.prove(&asked, &ada.email);
    assert_eq!(asked.step, Step::NewPassword);
    world.engine().resolve(&ada.token).unwrap();
    world.mailbox().clear();
    let done = signed_in(world.answer(&asked, new_password(ANOTHER)).unwrap());
    assert_eq!((done.account, done.aal, done.recovered), (ada.account, Aal::Aal1, false));
    assert_eq!(refused(world.engine().resolve(&ada.token)), Refusal::SessionEnded);
    assert_eq!(refused(world.sign_in(&ada.email, PASSWORD)), Refusal::InvalidCredentials);
    signed_in(world.sign_in(&ada.email, ANOTHER).unwrap());
    let told: Vec<_> = world.mailbox().all().iter().map(|message| message.kind.code()).collect();
    assert_eq!(told, ["PasswordReset", "NewSignIn"]);
    let view = with_token(&world, &done.token).view().unwrap();
    assert_eq!(view.hold_until, Some(world.now() + days(1)));
}

/// Resets Ada's password. Returns the session of the reset.
fn was_reset(world: &World, ada: &Person) -> SessionToken {
    let asked = world.prove(&reset(world, &ada.email), &ada.email);
    token(world.answer(&asked, new_password(ANOTHER)).unwrap())
}

#[test]
fn r4_7_the_session_of_a_reset_ends_with_its_hold() {
    let world = World::new();
    let ada = world.ada();
    let session = was_reset(&world, &ada);
    let end = world.now() + days(1);
    let account = with_token(&world, &session);
    assert_eq!(account.view().unwrap().hold_until, Some(end));
    assert_eq!(world.engine().resolve(&session).unwrap().ends_at, Some(end));
    let other = token(world.sign_in(&ada.email, ANOTHER).unwrap());
    assert_eq!(world.engine().resolve(&other).unwrap().ends_at, None);

    // Neither a use nor a new proof extends the session.
    world.later(hours(23));
    world.engine().touch(&session).unwrap();
    let session =
        token(world.answer(&account.reauthenticate().unwrap(), Answer::Password(ANOTHER.into())).unwrap());
    let account = with_token(&world, &session);
    let asked = account.reauthenticate().unwrap();
    world.later_until(end).unwrap();
    for refusal in [
        refused(world.engine().resolve(&session)),
        refused(world.engine().touch(&session)),
        refused(world.engine().reauthenticate(&session)),
        refused(account.view()),
        refused(world.answer(&asked, Answer::Password(ANOTHER.into()))),
    ] {
        assert!(matches!(refusal, Refusal::SessionEnded | Refusal::FlowExpired), "{refusal:?}");
    }
    let left = with_token(&world, &other);
    assert_eq!(left.view().unwrap().hold_until, None, "the session and the hold end at the same moment");
    assert_eq!(left.sessions().unwrap().len(), 1);
}

#[test]
fn r4_7_the_session_of_a_reset_lives_until_the_last_moment_of_its_hold() {
    let world = World::new();
    let ada = world.ada();
    let session = was_reset(&world, &ada);
    world.later(days(1) - std::time::Duration::from_millis(1));
    assert!(with_token(&world, &session).view().unwrap().hold_until.is_some());
    world.later(std::time::Duration::from_millis(1));
    assert_eq!(refused(world.engine().resolve(&session)), Refusal::SessionEnded);
}

#[test]
fn r4_7_without_a_hold_the_session_of_a_reset_is_an_ordinary_one() {
    let policy = World::policy().hold(days(0)).build().unwrap();
    let world = World::builder().policy(policy).build();
    let ada = world.ada();
    let session = was_reset(&world, &ada);
    assert_eq!(world.engine().resolve(&session).unwrap().ends_at, None);
    world.later(days(20));
    world.engine().resolve(&session).unwrap();
}

#[test]
fn r4_7_known_and_unknown_emails_answer_and_cost_alike_and_only_the_known_gets_a_message() {
    let world = World::new();
    let ada = world.ada();
    // An account with this address and no password answers like an unknown email.
    let x = Identity::at("x", "9").with_email("fed@example.org");
    signed_in(world.prove(&world.federated(&x), "fed@example.org"));
    world.mailbox().clear();
    let mut seen = Vec::new();
    for email in ["ada@example.org", "fed@example.org", "eve@example.org"] {
        let before = world.engine().dump().unwrap();
        let (commits, hashes) = (world.engine().commits().unwrap(), world.hashes());
        let step = reset(&world, email).step;
        let Step::VerifyEmail { to, can_skip: false, send_at: None } = step else { panic!("{step:?}") };
        let after = world.engine().dump().unwrap();
        let mut rows: Vec<_> = after
            .iter()
            .filter(|(key, _)| !before.contains_key(*key))
            .map(|(key, value)| (key.len(), value.len()))
            .collect();
        rows.sort_unstable();
        seen.push((to.len(), rows, world.engine().commits().unwrap() - commits, world.hashes() - hashes));
    }
    assert_eq!(seen[1], seen[2]);
    assert_eq!(seen[0], seen[1]);
    assert!(world.mailbox().code("fed@example.org").is_none());
    assert!(world.mailbox().code("eve@example.org").is_none());
    assert!(world.mailbox().code(&ada.email).is_some());
    assert_eq!(world.engine().health().unwrap().outbox, 0, "messages without a recipient are dropped");
}

#[test]
fn r4_7_for_an_unknown_email_no_code_is_right_and_wrong_codes_void_the_right_one() {
    let world = World::new();
    let ada = world.ada();
    let asked = reset(&world, "eve@example.org");
    for _ in 0..3 {
        assert_eq!(refused(world.answer(&asked, Answer::Code("12345678".into()))), Refusal::InvalidCode);
    }
    let asked = reset(&world, &ada.email);
    let code = world.mailbox().code(&ada.email).unwrap();
    for _ in 0..5 {
        assert_eq!(refused(world.answer(&asked, Answer::Code("00000000".into()))), Refusal::InvalidCode);
    }
    assert_eq!(refused(world.answer(&asked, Answer::Code(code))), Refusal::InvalidCode);
}

#[test]
fn r12_5_text_that_does_not_have_the_form_of_a_code_is_refused_and_counts_nowhere() {
    let world = World::new();
    let ada = world.ada();
    let app = world.turn_on_mfa(&ada.token);
    world.later(minutes(1));
    let (known, unknown) = (reset(&world, &ada.email), reset(&world, "eve@example.org"));
    let code = world.mailbox().code(&ada.email).unwrap();
    let commits = world.engine().commits().unwrap();
    for typed in ["", "1234567", "123456789", "1234567a", "1".repeat(1 << 16).as_str()] {
        for asked in [&known, &unknown] {
            let refusal = refused(world.answer(asked, Answer::Code(typed.into())));
            assert_eq!(refusal, Refusal::InvalidCode, "{typed:.20}");
        }
    }
    // Each of these guesses would have been the code's last try.
    let (first, second) = code.reveal_text().unwrap().split_at(4);
    let typed = format!(" {first}\u{a0}{second}");
    let asked = world.answer(&known, Answer::Code(typed.as_str().into())).unwrap();
    assert_eq!(world.engine().commits().unwrap(), commits + 1);
    for typed in ["12345", "123456789", "12345x"] {
        for answer in [Answer::Totp(typed.into()), Answer::RecoveryCode(typed.into())] {
            assert_eq!(refused(world.answer(&asked, answer)), Refusal::InvalidCode);
        }
    }
    assert_eq!(world.engine().commits().unwrap(), commits + 1, "nothing was counted");
    let shown = world.totp(&app.secret).unwrap();
    let in_arabic: String = shown
        .reveal_text()
        .unwrap()
        .chars()
        .map(|digit| char::from_u32(digit as u32 + 0x630).unwrap())
        .collect();
    let asked = world.answer(&asked, Answer::Totp(in_arabic.as_str().into())).unwrap();
    assert_eq!(asked.step, Step::NewPassword);
}

#[test]
fn r12_5_a_reset_code_is_valid_for_ten_minutes_from_the_fetch_and_only_in_its_flow() {
    let world = World::new();
    let ada = world.ada();
    let asked = reset(&world, &ada.email);
    world.later(hours(2));
    let code = Answer::Code(world.mailbox().code(&ada.email).unwrap());
    world.later(minutes(10) - std::time::Duration::from_millis(1));
    let other = reset(&world, &ada.email);
    assert_eq!(refused(world.answer(&other, code.clone())), Refusal::InvalidCode);
    let sign_up = world.sign_up("new@example.org", PASSWORD);
    assert_eq!(refused(world.answer(&sign_up, code.clone())), Refusal::InvalidCode);
    assert_eq!(world.answer(&asked, code.clone()).unwrap().step, Step::NewPassword);

    let asked = reset(&world, "grace@example.org");
    drop(asked);
    world.later(hours(1));
    let asked = reset(&world, &ada.email);
    let code = Answer::Code(world.mailbox().code(&ada.email).unwrap());
    world.later(minutes(10));
    assert_eq!(refused(world.answer(&asked, code.clone())), Refusal::InvalidCode);
}

#[test]
fn r4_7_the_flow_of_a_reset_outlives_its_code_and_sends_another() {
    let world = World::new();
    let ada = world.ada();
    let asked = reset(&world, &ada.email);
    world.later(minutes(1));
    let code = Answer::Code(world.mailbox().code(&ada.email).unwrap());
    world.later(minutes(10));
    assert_eq!(refused(world.answer(&asked, code.clone())), Refusal::InvalidCode, "eleven minutes later");
    let asked = world.answer(&asked, Answer::Resend).unwrap();
    let asked = world.prove(&asked, &ada.email);
    assert_eq!(asked.step, Step::NewPassword);

    world.later(hours(1));
    let asked = reset(&world, &ada.email);
    let code = Answer::Code(world.mailbox().code(&ada.email).unwrap());
    world.later(minutes(15) - std::time::Duration::from_millis(1));
    assert_eq!(refused(world.answer(&asked, code.clone())), Refusal::InvalidCode);
    world.later(std::time::Duration::from_millis(1));
    assert_eq!(refused(world.answer(&asked, code)), Refusal::FlowExpired, "15 minutes from its last step");
}

#[test]
fn r4_7_an_email_of_accounts_without_a_password_gets_a_message_that_says_how_they_are_entered() {
    let world = World::new();
    for provider in ["x", "other"] {
        let identity = Identity::at(provider, "9").with_email("fed@example.org");
        let asked = world.prove(&world.federated(&identity), "fed@example.org");
        if matches!(asked.step, Step::LinkOrCreate { .. }) {
            signed_in(world.answer(&asked, Answer::CreateNew).unwrap());
        }
        world.later(minutes(2));
    }
    world.mailbox().clear();
    let asked = reset(&world, "fed@example.org");
    let messages = world.mailbox().all();
    let [message] = &messages[..] else { panic!("{messages:?}") };
    assert_eq!(message.to, "fed@example.org");
    assert!(message.kind.mailed_code().is_none());
    let MessageKind::NoPassword { methods, providers } = &message.kind else { panic!("{message:?}") };
    assert_eq!(methods[..], [MethodKind::Federated]);
    assert_eq!(providers.iter().map(ToString::to_string).collect::<Vec<_>>(), ["other", "x"]);
    assert_eq!(refused(world.answer(&asked, Answer::Code("12345678".into()))), Refusal::InvalidCode);
}

#[test]
fn r4_7_the_new_password_follows_the_rules_and_a_reset_never_skips_mfa() {
    let world = World::new();
    let ada = world.ada();
    let app = world.turn_on_mfa(&ada.token);
    world.later(minutes(1));
    let asked = world.prove(&reset(&world, &ada.email), &ada.email);
    assert!(matches!(asked.step, Step::SecondFactor { .. }), "a reset does not skip MFA");
    assert_eq!(refused(world.answer(&asked, new_password(ANOTHER))), Refusal::NotOffered);
    assert_eq!(refused(world.answer(&asked, Answer::Skip)), Refusal::NotOffered);
    let asked = world.answer(&asked, world.shown_by(&app)).unwrap();
    assert_eq!(
        refused(world.answer(&asked, new_password("ada@example.org"))),
        Refusal::InvalidPassword { rule: PasswordRule::Guessable }
    );
    let done = signed_in(world.answer(&asked, new_password(ANOTHER)).unwrap());
    assert_eq!((done.aal, done.recovered), (Aal::Aal2, false));
    world.later(minutes(1));
    let asked = world.sign_in(&ada.email, ANOTHER).unwrap();
    signed_in(world.answer(&asked, world.shown_by(&app)).unwrap());
}

#[test]
fn r4_7_with_a_recovery_code_mfa_can_be_replaced_but_not_turned_off_until_the_hold_ends() {
    let world = World::new();
    let ada = world.ada();
    let app = world.turn_on_mfa(&ada.token);
    let asked = world.prove(&reset(&world, &ada.email), &ada.email);
    let asked = world.answer(&asked, Answer::RecoveryCode(app.recovery_codes[0].clone())).unwrap();
    let recovered = token(world.answer(&asked, new_password(ANOTHER)).unwrap());
    let until = world.now() + days(1);
    let account = with_token(&world, &recovered);
    assert_eq!(refused(account.turn_off_mfa()), Refusal::OnHold { until });
    // Another recovered session cannot turn MFA off either, although its own hold would allow it.
    world.later(hours(1));
    let asked = world.sign_in(&ada.email, ANOTHER).unwrap();
    let answer = Answer::RecoveryCode(app.recovery_codes[1].clone());
    let again = token(world.answer(&asked, answer.clone()).unwrap());
    let until = world.now() + days(1);
    assert_eq!(refused(with_token(&world, &again).turn_off_mfa()), Refusal::OnHold { until });
    let replacement = world.turn_on_mfa(&again);
    world.later(days(1));
    let asked = world.sign_in(&ada.email, ANOTHER).unwrap();
    let full = token(world.answer(&asked, world.shown_by(&replacement)).unwrap());
    with_token(&world, &full).turn_off_mfa().unwrap();
}

#[test]
fn r4_7_a_reset_of_an_account_pending_deletion_restores_it_or_changes_nothing() {
    let world = World::new();
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    let asked = world.prove(&reset(&world, &ada.email), &ada.email);
    let asked = world.answer(&asked, new_password(ANOTHER)).unwrap();
    assert!(matches!(asked.step, Step::ConfirmRestore { .. }));
    assert_eq!(world.answer(&asked, Answer::KeepDeleted).unwrap().step, Step::Ended);
    assert!(matches!(world.sign_in(&ada.email, PASSWORD).unwrap().step, Step::ConfirmRestore { .. }));
    assert_eq!(refused(world.sign_in(&ada.email, ANOTHER)), Refusal::InvalidCredentials);

    world.later(minutes(1));
    let asked = world.prove(&reset(&world, &ada.email), &ada.email);
    let asked = world.answer(&asked, new_password(ANOTHER)).unwrap();
    signed_in(world.answer(&asked, Answer::Restore).unwrap());
    signed_in(world.sign_in(&ada.email, ANOTHER).unwrap());
}

#[test]
fn r12_1_a_reset_unlocks_the_password() {
    let world = World::new();
    let ada = world.ada();
    for _ in 0..100 {
        world.later(hours(1));
        assert_eq!(refused(world.sign_in(&ada.email, "wrong")), Refusal::InvalidCredentials);
    }
    world.later(days(30));
    assert_eq!(refused(world.sign_in(&ada.email, PASSWORD)), Refusal::Throttled { retry_at: None });
    let asked = world.prove(&reset(&world, &ada.email), &ada.email);
    signed_in(world.answer(&asked, new_password(ANOTHER)).unwrap());
    signed_in(world.sign_in(&ada.email, ANOTHER).unwrap());
}

#[test]
fn r2_10_waiting_sign_ups_do_not_block_resets() {
    let policy = World::policy().max_open_sign_ups(1).build().unwrap();
    let world = World::builder().policy(policy).build();
    let ada = world.ada();
    let eve = world.sign_up("eve@example.org", PASSWORD);
    world.sign_up("mallory@example.org", PASSWORD);
    assert_eq!(refused(world.answer(&eve, Answer::Cancel)), Refusal::FlowExpired);
    let asked = world.prove(&reset(&world, &ada.email), &ada.email);
    assert_eq!(asked.step, Step::NewPassword);
}

#[test]
fn r4_10_a_compromised_password_ends_its_sessions_and_is_replaced_after_the_second_factor() {
    let world = World::new();
    let ada = world.ada();
    link_x(&world, &ada);
    let by_x = token(world.x_identity("1", None));
    let app = world.turn_on_mfa(&ada.token);
    assert_eq!(refused(world.engine().resolve(&by_x)), Refusal::SessionEnded);
    world.later(minutes(1));
    let by_x = token(world.answer(&world.x_identity("1", None), world.shown_by(&app)).unwrap());
    let account = with_token(&world, &by_x);
    let methods = account.view().unwrap().methods;
    let [password, x] = [MethodKind::Password, MethodKind::Federated]
        .map(|kind| methods.iter().find(|method| method.kind == kind).unwrap().id);
    assert_eq!(refused(account.mark_compromised(x)), Refusal::NotOffered, "an identity has no password here");
    account.mark_compromised(password).unwrap();
    assert_eq!(refused(world.engine().resolve(&ada.token)), Refusal::SessionEnded);
    world.engine().resolve(&by_x).unwrap();
    world.later(minutes(1));

    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    assert!(matches!(asked.step, Step::SecondFactor { .. }), "the second factor stays");
    let asked = world.answer(&asked, world.shown_by(&app)).unwrap();
    assert_eq!(asked.step, Step::NewPassword);
    signed_in(world.answer(&asked, new_password(ANOTHER)).unwrap());
    assert_eq!(refused(world.sign_in(&ada.email, PASSWORD)), Refusal::InvalidCredentials);
    world.later(minutes(1));
    let asked = world.sign_in(&ada.email, ANOTHER).unwrap();
    signed_in(world.answer(&asked, world.shown_by(&app)).unwrap());
}

#[test]
fn r4_10_a_compromised_password_proves_nothing_else() {
    let world = World::new();
    let ada = world.ada();
    let password = world.account(&ada).view().unwrap().methods[0].id;
    world.engine().mark_compromised(ada.account, password).unwrap();
    world.later(minutes(1));
    let asked = world.prove(&world.x_identity("1", Some(&ada.email)), &ada.email);
    let chosen = world.answer(&asked, Answer::LinkTo(1)).unwrap();
    assert!(matches!(&chosen.step, Step::ProveOwnership { accepted, .. } if accepted.is_empty()));
    assert_eq!(refused(world.answer(&chosen, Answer::Password(PASSWORD.into()))), Refusal::NotOffered);
}

#[test]
fn r6_4_a_reauthentication_renews_the_proof_and_changes_the_token() {
    let world = World::new();
    let ada = world.ada();
    world.later(hours(1));
    let account = world.account(&ada);
    let accepted = vec![Accepted::Password];
    assert_eq!(
        refused(account.enroll_totp()),
        Refusal::ReauthenticationRequired { accepted: accepted.clone() }
    );
    let asked = account.reauthenticate().unwrap();
    assert!(matches!(&asked.step, Step::Reauthenticate { accepted: offered, .. } if *offered == accepted));
    let done = signed_in(world.answer(&asked, Answer::Password(PASSWORD.into())).unwrap());
    assert_eq!((done.session, done.auth_time), (ada.session, world.now()));
    assert_eq!(refused(world.engine().resolve(&ada.token)), Refusal::SessionEnded);
    let renewed = done.token;
    with_token(&world, &renewed).enroll_totp().unwrap();
    // The session keeps its flows and its age.
    assert_eq!(world.engine().resolve(&renewed).unwrap().id, ada.session);
    let again = world.answer(&asked, Answer::Cancel).unwrap();
    assert_eq!(again.step.code(), "AlreadySignedIn", "a token is given only once");
}

#[test]
fn r6_4_a_reauthentication_asks_for_every_factor_of_the_highest_level() {
    let world = World::new();
    let ada = world.ada();
    link_x(&world, &ada);
    let app = world.turn_on_mfa(&ada.token);
    world.later(hours(1));
    let account = world.account(&ada);
    let asked = account.reauthenticate().unwrap();
    let x = "x".parse::<ProviderId>().unwrap();
    let accepted = vec![Accepted::Password, Accepted::Federated { provider: x }];
    assert!(matches!(&asked.step, Step::Reauthenticate { accepted: offered, .. } if *offered == accepted));
    let identity = Identity::at("x", "1").assertion(&asked);
    let asked = world.answer(&asked, Answer::Assertion(identity)).unwrap();
    assert!(matches!(asked.step, Step::SecondFactor { can_skip: true, .. }));
    let done = signed_in(world.answer(&asked, world.shown_by(&app)).unwrap());
    assert_eq!(done.aal, Aal::Aal2);
    with_token(&world, &done.token).turn_off_mfa().unwrap();
}

#[test]
fn r6_4_the_fifth_failure_ends_the_session_and_does_not_lock_the_account() {
    let world = World::new();
    let ada = world.ada();
    let app = world.turn_on_mfa(&ada.token);
    world.later(minutes(1));
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let other = token(world.answer(&asked, world.shown_by(&app)).unwrap());
    let account = world.account(&ada);
    for _ in 0..2 {
        let asked = account.reauthenticate().unwrap();
        let wrong = world.answer(&asked, Answer::Password("wrong".into()));
        assert_eq!(refused(wrong), Refusal::InvalidCredentials);
    }
    for _ in 0..2 {
        let asked = account.reauthenticate().unwrap();
        let asked = world.answer(&asked, Answer::Password(PASSWORD.into())).unwrap();
        assert_eq!(refused(world.answer(&asked, Answer::Totp("000000".into()))), Refusal::InvalidCode);
    }
    let asked = account.reauthenticate().unwrap();
    let wrong = world.answer(&asked, Answer::Password("wrong".into()));
    assert_eq!(refused(wrong), Refusal::InvalidCredentials);
    assert_eq!(refused(world.engine().resolve(&ada.token)), Refusal::SessionEnded);
    assert_eq!(refused(world.answer(&asked, Answer::Password(PASSWORD.into()))), Refusal::FlowExpired);
    world.engine().resolve(&other).unwrap();
    world.later(minutes(1));
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    signed_in(world.answer(&asked, world.shown_by(&app)).unwrap());
}

#[test]
fn r6_4_five_wrong_current_passwords_end_the_session_and_keep_nobody_out() {
    let world = World::new();
    let ada = world.ada();
    let stolen = token(world.sign_in(&ada.email, PASSWORD).unwrap());
    let account = with_token(&world, &stolen);
    for _ in 0..5 {
        let wrong = account.change_password(&"wrong".into(), &ANOTHER.into());
        assert_eq!(refused(wrong), Refusal::InvalidCredentials);
    }
    assert_eq!(refused(account.view()), Refusal::SessionEnded);
    signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    world.account(&ada).change_password(&PASSWORD.into(), &ANOTHER.into()).unwrap();
}

#[test]
fn r6_4_a_sign_in_is_as_old_as_its_proof_at_the_provider() {
    let world = World::new();
    let provider = TokenProvider::new();
    signed_in(world.present(&Identity::at("oidc", "815"), Intent::SignUp).unwrap());
    let begun = world.engine().begin_federated(&"oidc".parse().unwrap(), &Client::on("laptop")).unwrap();
    let Step::PresentAssertion { nonce, .. } = &begun.step else { panic!("{begun:?}") };
    let long_ago = world.now().as_millis() / 1_000 - 3_000;
    let assertion = provider.token("815", nonce, world.now()).claim("auth_time", json!(long_ago)).assertion();
    let session = signed_in(world.engine().continue_with(&begun, &assertion, Intent::SignIn).unwrap());
    assert_eq!(session.auth_time.as_millis() / 1_000, long_ago);
    let accepted = vec![Accepted::Federated { provider: "oidc".parse().unwrap() }];
    assert_eq!(
        refused(with_token(&world, &session.token).change_email("ada@example.org")),
        Refusal::ReauthenticationRequired { accepted }
    );
}

#[test]
fn r1_4_an_email_that_is_none_keeps_no_known_identity_out() {
    let world = World::new();
    let made = signed_in(world.present(&Identity::at("x", "815"), Intent::SignUp).unwrap());
    for email in ["a..b@docomo.example", "ada", "ada@", "\u{202e}ada@example.org"] {
        let identity = Identity::at("x", "815").with_email(email);
        let again = signed_in(world.present(&identity, Intent::SignIn).unwrap());
        assert_eq!(again.account, made.account);
        let view = with_token(&world, &again.token).view().unwrap();
        assert_eq!(view.methods.first().unwrap().seen_email, None);
    }
}

#[test]
fn r6_4_a_reauthentication_ends_with_its_session() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let asked = account.reauthenticate().unwrap();
    account.sign_out().unwrap();
    let late = world.answer(&asked, Answer::Password(PASSWORD.into()));
    assert_eq!(refused(late), Refusal::SessionEnded);
}

#[test]
fn r9_7_a_fresh_first_factor_is_enough_only_for_a_deletion_request() {
    let world = World::new();
    let ada = world.ada();
    world.turn_on_mfa(&ada.token);
    world.later(hours(1));
    let account = world.account(&ada);
    assert!(matches!(refused(account.request_deletion()), Refusal::ReauthenticationRequired { .. }));
    let asked = account.reauthenticate().unwrap();
    let asked = world.answer(&asked, Answer::Password(PASSWORD.into())).unwrap();
    let done = signed_in(world.answer(&asked, Answer::Skip).unwrap());
    let account = with_token(&world, &done.token);
    assert!(matches!(refused(account.turn_off_mfa()), Refusal::ReauthenticationRequired { .. }));
    account.request_deletion().unwrap();
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    assert!(matches!(asked.step, Step::SecondFactor { can_skip: false, .. }), "a restore needs every factor");
    assert_eq!(refused(world.answer(&asked, Answer::Skip)), Refusal::NotOffered);
}

#[test]
fn r5_5_a_hold_also_stops_links_in_flows_that_began_before() {
    let world = World::new();
    let ada = world.ada();
    world.later(minutes(1));
    let linking = world.prove(&world.x_identity("1", Some(&ada.email)), &ada.email);
    let linking = world.answer(&linking, Answer::LinkTo(1)).unwrap();
    let asked = world.prove(&reset(&world, &ada.email), &ada.email);
    signed_in(world.answer(&asked, new_password(ANOTHER)).unwrap());
    let until = world.now() + days(1);
    let proof = Answer::Password(ANOTHER.into());
    assert_eq!(refused(world.answer(&linking, proof.clone())), Refusal::OnHold { until });
}

#[test]
fn r6_4_an_id_token_with_an_old_auth_time_is_not_fresh_proof() {
    let world = World::new();
    let provider = TokenProvider::new();
    let session = token(world.present(&Identity::at("oidc", "815"), Intent::SignUp).unwrap());
    world.later(hours(1));
    let account = with_token(&world, &session);
    let asked = account.reauthenticate().unwrap();
    let Step::Reauthenticate { nonce, .. } = &asked.step else { panic!("{:?}", asked.step) };
    let at = |ago: u64| world.now().as_millis() / 1_000 - ago;
    let forged = |auth_time: Value| {
        Answer::Assertion(provider.token("815", nonce, world.now()).claim("auth_time", auth_time).assertion())
    };
    let rejected = Refusal::AssertionRejected { reason: AssertionProblem::AuthTime };
    for bad in [json!(at(300)), json!(at(86_400)), json!("just now"), json!(0.5)] {
        assert_eq!(refused(world.answer(&asked, forged(bad))), rejected);
    }
    signed_in(world.answer(&asked, forged(json!(at(299)))).unwrap());
}
