//! Policy that requires a second factor (SPEC 5.9), and the sessions that end with their hold.

use std::time::Duration;

use selfsame::{
    Aal, Amr, Answer, Client, EmailProof, Flow, Intent, MessageKind, MfaPolicy, PasswordRule, Policy, QrCode,
    Refusal, Secret, SignInOutcome, SignedIn, Step,
};
use selfsame_world::{
    Authenticator, DONE, Identity, Person, World, days, hours, minutes, refused, signed_in, totp,
};

pub(crate) const PASSWORD: &str = "correct horse battery staple";
pub(crate) const NEW: &str = "another horse battery staple";
pub(crate) const MOMENT: Duration = Duration::from_millis(1);

pub(crate) fn required() -> Policy {
    World::policy().mfa(MfaPolicy::Required).build().unwrap()
}

/// A world whose policy requires a second factor.
fn world() -> World {
    World::builder().policy(required()).build()
}

/// A world in which Ada has an account from before policy required a second factor.
pub(crate) fn with_old_account() -> (World, Person) {
    with_old_account_under(required())
}

fn with_old_account_under(policy: Policy) -> (World, Person) {
    let mut world = World::new();
    let ada = world.ada();
    world.later(minutes(10));
    world.mailbox().clear();
    world.reopen(policy).unwrap();
    (world, ada)
}

fn secret_of(flow: &Flow) -> Secret {
    match &flow.step {
        Step::EnrollSecondFactor { secret, .. } => secret.clone(),
        other => panic!("an enrolment was expected, not {}", other.code()),
    }
}

/// Gives the app's first code. Returns the flow at its recovery codes, and the app.
pub(crate) fn confirmed(world: &World, flow: &Flow) -> (Flow, Authenticator) {
    let secret = secret_of(flow);
    let shown = world.totp(&secret).unwrap();
    let flow = world.answer(flow, Answer::Totp(shown)).unwrap();
    let Step::SaveRecoveryCodes { codes } = &flow.step else { panic!("{:?}", flow.step) };
    let recovery_codes = codes.codes.clone();
    (flow, Authenticator { secret, recovery_codes })
}

/// Enrols a second factor in a flow that asks for it.
pub(crate) fn enrolled(world: &World, flow: &Flow) -> (SignedIn, Authenticator) {
    let (flow, app) = confirmed(world, flow);
    (signed_in(world.answer(&flow, Answer::Saved).unwrap()), app)
}

fn kinds(world: &World) -> Vec<String> {
    world.mailbox().all().iter().map(|message| message.kind.code().to_owned()).collect()
}

pub(crate) fn is_at_aal2(done: &SignedIn, amr: &[Amr]) -> bool {
    done.aal == Aal::Aal2 && !done.recovered && done.amr == amr
}

#[test]
fn r5_9_a_sign_up_enrols_a_second_factor_before_its_session_opens() {
    let world = world();
    let flow = world.prove(&world.sign_up("ada@example.org", PASSWORD), "ada@example.org");
    assert_eq!(kinds(&world), ["VerifyEmail"], "a new account proves its address once");
    let secret = secret_of(&flow);
    assert!(flow.clone().signed_in().is_err());
    let (saving, app) = confirmed(&world, &flow);
    assert_eq!(app.recovery_codes.len(), 10);
    assert_eq!(secret.reveal(), app.secret.reveal());
    let done = signed_in(world.answer(&saving, Answer::Saved).unwrap());
    assert_eq!(done.outcome, SignInOutcome::Created);
    assert!(is_at_aal2(&done, &[Amr::Pwd, Amr::Otp, Amr::Mfa]), "{done:?}");
    assert_eq!(done.auth_time, world.now());

    let view = world.engine().account(&done.token).unwrap().view().unwrap();
    assert_eq!(view.mfa.map(|mfa| mfa.recovery_codes_left), Some(10));
    assert_eq!(kinds(&world), ["VerifyEmail", "MfaTurnedOn"]);
    assert!(world.mailbox().undo("ada@example.org").is_some(), "it can be undone");

    // The next sign-in asks for the factor as it does under any policy.
    world.later(minutes(1));
    let asked = world.sign_in("ada@example.org", PASSWORD).unwrap();
    let again = signed_in(world.answer(&asked, world.shown_by(&app)).unwrap());
    assert!(is_at_aal2(&again, &[Amr::Pwd, Amr::Otp, Amr::Mfa]));
    world.later(minutes(1));
    let asked = world.sign_in("ada@example.org", PASSWORD).unwrap();
    let by_code = world.answer(&asked, Answer::RecoveryCode(app.recovery_codes[0].clone())).unwrap();
    assert!(signed_in(by_code).recovered);
}

#[test]
fn r5_9_an_account_that_was_left_without_a_factor_opens_only_with_one() {
    let world = world();
    let flow = world.prove(&world.sign_up("ada@example.org", PASSWORD), "ada@example.org");
    assert_eq!(world.answer(&flow, Answer::Cancel).unwrap().step, Step::Ended);
    world.later(minutes(20));
    // The account is older than this flow, so its contact is proven first.
    let asked = world.sign_in("ada@example.org", PASSWORD).unwrap();
    assert_eq!(asked.step, Step::VerifyEmail { to: "a…@example.org".into(), can_skip: false, send_at: None });
    let (done, _) = enrolled(&world, &world.prove(&asked, "ada@example.org"));
    assert_eq!(done.outcome, SignInOutcome::SignedIn);
}

#[test]
fn r5_9_a_sign_in_with_a_password_proves_the_contact_and_enrols() {
    let (world, ada) = with_old_account();
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    assert_eq!(asked.step, Step::VerifyEmail { to: "a…@example.org".into(), can_skip: false, send_at: None });
    assert_eq!(kinds(&world), ["EnrollSecondFactor"], "the message names what the code is for");
    let elsewhere = Answer::CorrectAddress("mallory@example.net".into());
    assert_eq!(refused(world.answer(&asked, elsewhere)), Refusal::NotOffered);
    assert_eq!(refused(world.answer(&asked, Answer::Skip)), Refusal::NotOffered);
    assert_eq!(refused(world.answer(&asked, Answer::Code("00000000".into()))), Refusal::InvalidCode);
    world.later(minutes(1));
    let asked = world.answer(&asked, Answer::Resend).unwrap();
    let flow = world.prove(&asked, &ada.email);
    world.mailbox().clear();
    world.engine().resolve(&ada.token).unwrap();
    world.later(minutes(1));
    let (saving, _) = confirmed(&world, &flow);
    world.later(minutes(1));
    world.engine().resolve(&ada.token).unwrap();
    let done = signed_in(world.answer(&saving, Answer::Saved).unwrap());
    assert!(is_at_aal2(&done, &[Amr::Pwd, Amr::Otp, Amr::Mfa]));
    assert_eq!(world.now().since(done.auth_time), minutes(3), "the older of the two proofs");
    assert_eq!(
        refused(world.engine().resolve(&ada.token)),
        Refusal::SessionEnded,
        "all other sessions have ended"
    );
    assert_eq!(kinds(&world), ["MfaTurnedOn", "NewSignIn"]);
}

#[test]
fn r5_9_a_federated_sign_in_proves_the_contact_and_enrols() {
    let mut world = World::new();
    let x = Identity::at("x", "1").with_email("fed@example.org");
    signed_in(world.prove(&world.federated(&x), "fed@example.org"));
    world.later(minutes(10));
    world.reopen(required()).unwrap();
    let asked = world.present(&x, Intent::SignIn).unwrap();
    assert_eq!(asked.step.code(), "VerifyEmail");
    let (done, _) = enrolled(&world, &world.prove(&asked, "fed@example.org"));
    assert!(is_at_aal2(&done, &[Amr::Otp, Amr::Mfa]));
}

#[test]
fn r5_9_a_federated_sign_up_enrols_and_without_a_contact_no_code_is_asked_for() {
    let world = world();
    let x = Identity::at("x", "1");
    let (done, app) = enrolled(&world, &world.federated(&x));
    assert_eq!((done.outcome, done.aal), (SignInOutcome::Created, Aal::Aal2));
    assert_eq!(world.engine().health().unwrap().outbox, 0, "the account has no address to notify");
    world.later(minutes(1));
    let asked = world.present(&x, Intent::SignIn).unwrap();
    assert_eq!(signed_in(world.answer(&asked, world.shown_by(&app)).unwrap()).account, done.account);

    // The same for an account that has no contact and is older than the flow.
    let y = Identity::at("x", "2");
    let left = world.federated(&y);
    world.answer(&left, Answer::Cancel).unwrap();
    world.later(minutes(1));
    let (done, _) = enrolled(&world, &world.present(&y, Intent::SignIn).unwrap());
    assert_eq!(done.outcome, SignInOutcome::SignedIn);
}

/// Resets Ada's password.
fn reset(world: &World, ada: &Person) -> Flow {
    let asked = world.engine().reset_password(&ada.email, &Client::on("phone")).unwrap();
    let asked = world.prove(&asked, &ada.email);
    world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap()
}

#[test]
fn r5_9_on_hold_the_session_opens_without_a_factor_does_nothing_of_6_4_and_ends_with_the_hold() {
    let (world, ada) = with_old_account();
    let by_reset = signed_in(reset(&world, &ada));
    let until = world.now() + days(1);
    world.later(hours(1));
    // A sign-in during the hold has the same result as the reset.
    let by_password = signed_in(world.sign_in(&ada.email, NEW).unwrap());
    for done in [&by_reset, &by_password] {
        assert_eq!((done.aal, done.recovered), (Aal::Aal1, false));
        assert_eq!(world.engine().resolve(&done.token).unwrap().ends_at, Some(until));
    }
    let account = world.engine().account(&by_password.token).unwrap();
    let new = Secret::from("yet another horse battery");
    let method = account.view().unwrap().methods[0].id;
    for (act, refusal) in [
        ("enroll_totp", refused(account.enroll_totp())),
        ("change_password", refused(account.change_password(&NEW.into(), &new))),
        ("change_email", refused(account.change_email("new@example.org"))),
        ("remove_method", refused(account.remove_method(method))),
        ("begin_add", refused(account.begin_add(&"x".parse().unwrap()))),
        ("export", refused(account.export())),
        ("regenerate_recovery_codes", refused(account.regenerate_recovery_codes())),
        ("request_deletion", refused(account.request_deletion())),
    ] {
        assert_eq!(refusal, Refusal::OnHold { until }, "{act}");
    }
    // More proof would not help either.
    let flow = account.reauthenticate().unwrap();
    let again = signed_in(world.answer(&flow, Answer::Password(NEW.into())).unwrap());
    let account = world.engine().account(&again.token).unwrap();
    assert_eq!(refused(account.enroll_totp()), Refusal::OnHold { until });
    // Acts that need no fresh proof still work.
    assert_eq!(account.sessions().unwrap().len(), 2);

    world.later_until(until).unwrap();
    for token in [&by_reset.token, &again.token] {
        assert_eq!(refused(world.engine().resolve(token)), Refusal::SessionEnded);
    }
    let asked = world.sign_in(&ada.email, NEW).unwrap();
    let (done, _) = enrolled(&world, &world.prove(&asked, &ada.email));
    assert_eq!(done.aal, Aal::Aal2);
}

#[test]
fn r5_9_without_a_hold_a_reset_enrols_too() {
    let policy = World::policy().mfa(MfaPolicy::Required).hold(days(0)).build().unwrap();
    let (world, ada) = with_old_account_under(policy);
    let asked = reset(&world, &ada);
    assert_eq!(asked.step.code(), "VerifyEmail");
    let asked = world.prove(&asked, &ada.email);
    world.mailbox().clear();
    let (done, _) = enrolled(&world, &asked);
    assert_eq!((done.outcome, done.aal), (SignInOutcome::Reset, Aal::Aal2));
    assert_eq!(world.engine().resolve(&done.token).unwrap().ends_at, None);
    assert_eq!(kinds(&world), ["PasswordReset", "MfaTurnedOn"]);
}

#[test]
fn r5_9_an_undo_opens_without_a_factor_on_hold_and_without_a_hold_leads_to_a_sign_in() {
    for (hold, opens) in [(days(1), true), (days(0), false)] {
        let mut world = World::new();
        let ada = world.ada();
        world.move_to(&world.account(&ada), "new@example.net");
        let code = world.undo_code(&ada.email);
        world.later(minutes(10));
        world.reopen(World::policy().mfa(MfaPolicy::Required).hold(hold).build().unwrap()).unwrap();
        let undone = world.undo(&code).unwrap();
        let undone = world.answer(&undone, Answer::NewPassword(NEW.into())).unwrap();
        if opens {
            let done = signed_in(undone);
            let until = Some(world.now() + days(1));
            assert_eq!(world.engine().resolve(&done.token).unwrap().ends_at, until);
        } else {
            assert_eq!(undone.step, DONE);
            let asked = world.sign_in(&ada.email, NEW).unwrap();
            let (done, _) = enrolled(&world, &world.prove(&asked, &ada.email));
            assert_eq!(done.aal, Aal::Aal2);
        }
    }
}

#[test]
fn r5_9_an_undo_of_the_enrolment_starts_a_hold_and_the_next_sign_in_after_it_enrols_again() {
    let world = world();
    let flow = world.prove(&world.sign_up("ada@example.org", PASSWORD), "ada@example.org");
    enrolled(&world, &flow);
    let undone = world.undo(&world.undo_code("ada@example.org")).unwrap();
    let done = signed_in(world.answer(&undone, Answer::NewPassword(NEW.into())).unwrap());
    assert_eq!(done.aal, Aal::Aal1);
    world.later(days(1));
    assert_eq!(refused(world.engine().resolve(&done.token)), Refusal::SessionEnded);
    let asked = world.sign_in("ada@example.org", NEW).unwrap();
    let (done, _) = enrolled(&world, &world.prove(&asked, "ada@example.org"));
    assert_eq!(done.aal, Aal::Aal2);
}

#[test]
fn r5_9_five_wrong_codes_end_the_enrolment_and_count_on_nothing_else() {
    let (world, ada) = with_old_account();
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let flow = world.prove(&asked, &ada.email);
    for _ in 0..2 {
        assert_eq!(refused(world.answer(&flow, Answer::Totp("12345".into()))), Refusal::InvalidCode);
        let recovery = Answer::RecoveryCode("ABCD-EFGH-JKMN-PQRS-TVWX-YZ23".into());
        assert_eq!(refused(world.answer(&flow, recovery)), Refusal::NotOffered);
    }
    for _ in 0..5 {
        let right = totp(&secret_of(&flow), world.now() + hours(1)).unwrap();
        assert_eq!(refused(world.answer(&flow, Answer::Totp(right))), Refusal::InvalidCode);
    }
    let right = world.totp(&secret_of(&flow)).unwrap();
    assert_eq!(world.answer(&flow, Answer::Totp(right)).unwrap().step, Step::Ended);
    // The next sign-in enrols another secret without any wait.
    world.later(minutes(1));
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let again = world.prove(&asked, &ada.email);
    assert_ne!(secret_of(&again).reveal(), secret_of(&flow).reveal());
    enrolled(&world, &again);
}

#[test]
fn r5_9_the_secret_and_the_codes_are_shown_again_within_their_time_and_open_one_session() {
    let world = world();
    let flow = world.prove(&world.sign_up("ada@example.org", PASSWORD), "ada@example.org");
    let token = flow.token.clone().unwrap();
    assert_eq!(world.engine().resume(&token).unwrap(), flow);
    let Step::EnrollSecondFactor { uri, expires_at, .. } = &flow.step else { panic!() };
    assert_eq!(*expires_at, world.now() + minutes(15));
    assert!(uri.reveal().starts_with(b"otpauth://totp/Field%20Notes:ada%40example.org?secret="));
    assert!(QrCode::of(uri).size() > 20);
    world.later(minutes(15) - MOMENT);
    let (saving, _) = confirmed(&world, &flow);
    let Step::SaveRecoveryCodes { codes } = &saving.step else { panic!() };
    assert_eq!(codes.shown_until, world.now() + minutes(15));
    assert_eq!(
        refused(world.sign_in("ada@example.org", "wrong horse battery staple")),
        Refusal::InvalidCredentials
    );
    world.later(minutes(15) - MOMENT);
    assert_eq!(world.engine().resume(&token).unwrap(), saving);
    let again = world.answer(&flow, Answer::Totp("000000".into())).unwrap();
    assert_eq!(again, saving, "a repeated answer gets the current step");
    let done = signed_in(world.answer(&saving, Answer::Saved).unwrap());
    assert_eq!(world.answer(&saving, Answer::Saved).unwrap().step.code(), "AlreadySignedIn");
    assert_eq!(world.engine().account(&done.token).unwrap().sessions().unwrap().len(), 1);

    let flow = world.prove(&world.sign_up("eve@example.org", PASSWORD), "eve@example.org");
    let (saving, _) = confirmed(&world, &flow);
    world.later(minutes(15));
    assert_eq!(refused(world.answer(&saving, Answer::Saved)), Refusal::FlowExpired);
    assert_eq!(refused(world.engine().resume(&saving.token.clone().unwrap())), Refusal::FlowExpired);
}

#[test]
fn r5_9_a_proof_that_no_longer_holds_enrols_nothing() {
    let (world, ada) = with_old_account();
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let flow = world.prove(&asked, &ada.email);
    let (saving, _) = confirmed(&world, &flow);
    // Ada notices, and changes her password in a session of hers.
    let renewed = world.account(&ada).reauthenticate().unwrap();
    let renewed = signed_in(world.answer(&renewed, Answer::Password(PASSWORD.into())).unwrap());
    let account = world.engine().account(&renewed.token).unwrap();
    account.change_password(&PASSWORD.into(), &NEW.into()).unwrap();
    assert_eq!(refused(world.answer(&saving, Answer::Saved)), Refusal::FlowExpired);
    assert!(account.view().unwrap().mfa.is_none());
}

#[test]
fn r5_9_if_another_flow_has_enrolled_this_one_asks_for_that_factor() {
    let (world, ada) = with_old_account();
    let one = world.sign_in(&ada.email, PASSWORD).unwrap();
    let one = world.prove(&one, &ada.email);
    let (one, lost) = confirmed(&world, &one);
    world.later(minutes(2));
    let other = world.sign_in(&ada.email, PASSWORD).unwrap();
    let (_, app) = enrolled(&world, &world.prove(&other, &ada.email));
    let asked = world.answer(&one, Answer::Saved).unwrap();
    assert_eq!(asked.step.code(), "SecondFactor");
    world.later(minutes(1));
    assert_eq!(refused(world.answer(&asked, world.shown_by(&lost))), Refusal::InvalidCode);
    assert_eq!(signed_in(world.answer(&asked, world.shown_by(&app)).unwrap()).aal, Aal::Aal2);
}

#[test]
fn r5_9_a_hold_that_begins_meanwhile_stops_the_enrolment() {
    let mut world = World::new();
    let x = Identity::at("x", "1").with_email("ada@example.org");
    let ada = world.ada();
    world.add(&world.account(&ada), &x).unwrap();
    world.later(minutes(10));
    world.reopen(required()).unwrap();
    let asked = world.present(&x, Intent::SignIn).unwrap();
    let flow = world.prove(&asked, &ada.email);
    let (saving, _) = confirmed(&world, &flow);
    signed_in(reset(&world, &ada));
    let done = signed_in(world.answer(&saving, Answer::Saved).unwrap());
    let session = world.engine().resolve(&done.token).unwrap();
    assert_eq!((done.aal, session.ends_at), (Aal::Aal1, Some(world.now() + days(1))));
    assert!(world.engine().account(&done.token).unwrap().view().unwrap().mfa.is_none());
}

#[test]
fn r5_9_a_password_may_have_eight_code_points_and_must_not_be_common() {
    let world = world();
    let tried =
        |password: &str| world.engine().sign_up("ada@example.org", &password.into(), &Client::on("phone"));
    for (password, rule) in [("7 chars", PasswordRule::TooShort), ("Password1", PasswordRule::Common)] {
        assert_eq!(refused(tried(password)), Refusal::InvalidPassword { rule }, "{password}");
    }
    let flow = tried("8 chars.").unwrap();
    enrolled(&world, &world.prove(&flow, "ada@example.org"));
    let optional = World::new();
    let rule = PasswordRule::TooShort;
    let refusal =
        refused(optional.engine().sign_up("ada@example.org", &"8 chars.".into(), &Client::on("phone")));
    assert_eq!(refusal, Refusal::InvalidPassword { rule });
}

#[test]
fn r5_9_a_factor_is_replaced_and_never_turned_off_by_recovery_neither() {
    let world = world();
    let flow = world.prove(&world.sign_up("ada@example.org", PASSWORD), "ada@example.org");
    let (done, _) = enrolled(&world, &flow);
    let account = world.engine().account(&done.token).unwrap();
    assert_eq!(refused(account.turn_off_mfa()), Refusal::LastFactor);
    world.later(minutes(1));
    let app = world.turn_mfa_on(&account);

    world.later(minutes(1));
    let asked = world.sign_in("ada@example.org", PASSWORD).unwrap();
    let by_code = Answer::RecoveryCode(app.recovery_codes[0].clone());
    let recovered = signed_in(world.answer(&asked, by_code).unwrap());
    assert!(recovered.recovered);
    let account = world.engine().account(&recovered.token).unwrap();
    assert_eq!(refused(account.turn_off_mfa()), Refusal::LastFactor);
    let app = world.turn_mfa_on(&account);
    assert_eq!(world.engine().resolve(&recovered.token).unwrap().aal, Aal::Aal2);

    // On a hold that keeps MFA on, the refusal is still `LastFactor`, because the policy remains after the hold.
    world.later(minutes(1));
    let asked = world.engine().reset_password("ada@example.org", &Client::on("phone")).unwrap();
    let asked = world.prove(&asked, "ada@example.org");
    let by_code = Answer::RecoveryCode(app.recovery_codes[0].clone());
    let asked = world.answer(&asked, by_code).unwrap();
    let recovered = signed_in(world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap());
    let account = world.engine().account(&recovered.token).unwrap();
    assert_eq!(refused(account.turn_off_mfa()), Refusal::LastFactor);
}

#[test]
fn r5_9_a_store_opened_under_another_policy_follows_it_from_the_next_sign_in_on() {
    let (mut world, ada) = with_old_account();
    // A session from before the new policy goes on, and its owner can enrol a factor in it.
    let renewed = world.account(&ada).reauthenticate().unwrap();
    let renewed = signed_in(world.answer(&renewed, Answer::Password(PASSWORD.into())).unwrap());
    let account = world.engine().account(&renewed.token).unwrap();
    world.turn_mfa_on(&account);
    assert_eq!(refused(account.turn_off_mfa()), Refusal::LastFactor);
    world.reopen(World::policy().build().unwrap()).unwrap();
    let account = world.engine().account(&renewed.token).unwrap();
    account.turn_off_mfa().unwrap();
    signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
}

#[test]
fn r5_9_an_address_that_is_proven_later_gets_its_code_when_the_session_opens() {
    let policy = World::policy().mfa(MfaPolicy::Required).email_proof(EmailProof::Later).build().unwrap();
    let world = World::builder().policy(policy).build();
    let flow = world.sign_up("ada@example.org", PASSWORD);
    assert!(kinds(&world).is_empty());
    let (done, _) = enrolled(&world, &flow);
    assert_eq!((done.outcome, done.aal), (SignInOutcome::Created, Aal::Aal2));
    let sent = world.mailbox().all();
    assert!(
        matches!(sent.as_slice(), [only] if matches!(only.kind, MessageKind::VerifyEmail { .. })),
        "{sent:?}"
    );
    let account = world.engine().account(&done.token).unwrap();
    world.prove_address(&account, "ada@example.org").unwrap();
}
