//! The parts of a world that the tests of an application use.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test stops at what it did not expect")]

use std::io::ErrorKind;
use std::time::Duration;

use selfsame::{
    Answer, Assertion, Client, Error, Intent, MessageKind, ProviderId, Refusal, Secret, Step, Timestamp,
};
use selfsame_world::{
    CodeKind, Identity, START, World, WorldError, days, hours, minutes, refused, signed_in,
};

const ADA: &str = "ada@example.org";
const NEW: &str = "ada@example.net";

fn laptop() -> Client {
    Client::on("laptop")
}

fn kinds(world: &World) -> Vec<&'static str> {
    world.mailbox().all().iter().map(|message| message.kind.code()).collect()
}

fn begin(world: &World, provider: &str) -> selfsame::Flow {
    world.engine().begin_federated(&provider.parse::<ProviderId>().unwrap(), &laptop()).unwrap()
}

/// The claims of an ID token, which nobody has verified.
fn claims(assertion: &Assertion) -> serde_json::Value {
    use base64ct::{Base64UrlUnpadded, Encoding};
    let Assertion::IdToken(token) = assertion else { panic!("an ID token was expected, not {assertion:?}") };
    let claims = token.reveal_text().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(claims).unwrap()).unwrap()
}

#[test]
fn a_code_is_found_by_its_kind_and_by_its_time() {
    let world = World::new();
    let ada = world.ada();
    world.later(hours(1));
    let since = world.now();
    world.engine().reset_password(ADA, &laptop()).unwrap();
    world.later(minutes(1));
    world.fresh(&ada).change_email(NEW).unwrap();
    let code = |to: &str, kind: Option<CodeKind>, since: Option<Timestamp>| {
        world.mailed_code(to, kind, since).map(|code| code.reveal_text().unwrap().to_owned())
    };
    let verify = code(ADA, Some(CodeKind::VerifyEmail), None);
    let reset = code(ADA, Some(CodeKind::ResetPassword), None);
    let change = code(NEW, Some(CodeKind::ChangeEmail), Some(since));
    assert!(verify.is_some() && reset.is_some() && change.is_some());
    assert!(verify != reset && reset != change);

    assert_eq!(code(ADA, None, None), reset, "the newest of all kinds");
    assert_eq!(code(ADA, Some(CodeKind::VerifyEmail), Some(since)), None, "it was caused before");
    assert_eq!(code(ADA, None, Some(since)), reset, "a message of this very moment counts");
    assert_eq!(code(ADA, None, Some(since + Duration::from_millis(1))), None);
    assert_eq!(code(ADA, Some(CodeKind::ChangeEmail), None), None, "it went to the new address");
}

#[test]
fn an_authenticator_shows_what_the_engine_takes() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let secret = account.enroll_totp().unwrap().secret;
    account.confirm_totp(&world.totp(&secret).unwrap()).unwrap();
    account.recovery_codes_saved().unwrap();
    world.later(minutes(1));
    let asked = world.sign_in(&ada.email, &ada.password).unwrap();
    signed_in(world.answer(&asked, Answer::Totp(world.totp(&secret).unwrap())).unwrap());

    let wrong = world.totp(&Secret::from("no base32!")).unwrap_err();
    assert_eq!(wrong, WorldError::NotBase32);
    assert!(wrong.to_string().starts_with("the secret is not base32"));
}

#[test]
fn a_store_opens_again_with_another_policy_or_with_the_same() {
    let mut world = World::new();
    let ada = world.ada();
    let before = world.engine().clone();
    let short = World::policy().session_idle(minutes(5)).build().unwrap();
    world.reopen(short).unwrap();
    assert!(before.health().is_err(), "the earlier engine no longer works");
    world.reopen(None).unwrap();
    world.engine().resolve(&ada.token).unwrap();
    world.later(minutes(6));
    let ended = refused(world.engine().resolve(&ada.token));
    assert_eq!(ended, Refusal::SessionEnded, "the second engine has the policy of the first");
}

#[test]
fn a_world_on_a_path_is_created_and_then_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts");
    let world = World::builder().file(&path).build();
    let ada = world.ada();
    assert!(world.engine().health().unwrap().file_size > Some(0));
    drop(world);
    let world = World::builder().file(&path).build();
    assert_eq!(world.engine().resolve(&ada.token).unwrap().account, ada.account);
    // Although the seed is the same, ids are not drawn a second time.
    assert_ne!(world.person("grace@example.org", "another battery").account, ada.account);
    let other = World::builder().seed(2).file(&path).try_build();
    assert_eq!(other.err().map(|error| error.code()), Some("AlreadyOpen"));
    drop(world);
    let other = World::builder().seed(2).file(&path).try_build();
    assert_eq!(other.err().map(|error| error.code()), Some("WrongKey"));
}

#[test]
fn a_sign_in_with_google_is_three_lines() {
    let world = World::new();
    let ada = Identity::at("google", "1815").with_email("ada@gmail.com").called("Ada");
    let begun = begin(&world, "google");
    let done = world.engine().continue_with(&begun, &world.assertion(&ada, &begun).unwrap(), Intent::SignUp);
    let first = signed_in(done.unwrap());
    let view = world.engine().account(&first.token).unwrap().view().unwrap();
    assert_eq!(view.contact.as_deref(), Some("ada@gmail.com"), "Google is the authority for the address");
    // Each call sets the key set again, so an old one does not fail.
    world.later(days(9));
    assert_eq!(signed_in(world.present(&ada, Intent::SignIn).unwrap()).account, first.account);
}

#[test]
fn google_and_apple_issue_the_claims_that_they_are_known_for() {
    let world = World::new();
    let now = START.as_millis() / 1_000;
    let ada = |provider| Identity::at(provider, "1815").called("Ada").hosted_by("corp.example");
    let shown = |identity: &Identity| {
        let begun = begin(&world, &identity.provider);
        let Step::PresentAssertion { nonce, .. } = begun.step.clone() else { panic!("{begun:?}") };
        let assertion = world.assertion(identity, &begun).unwrap();
        let claims = claims(&assertion);
        assert_eq!(claims["nonce"], nonce);
        let step = world.engine().continue_with(&begun, &assertion, Intent::SignUp).unwrap().step;
        (claims, step.code())
    };
    let (google, step) = shown(&ada("google").with_email("ada@corp.example"));
    assert_eq!(step, "SignedIn", "the organisation's domain is proven by `hd`");
    assert_eq!(
        google,
        serde_json::json!({
            "iss": "https://accounts.google.com", "aud": "field-notes", "azp": "field-notes", "sub": "1815",
            "email": "ada@corp.example", "email_verified": true, "hd": "corp.example", "name": "Ada",
            "nonce": google["nonce"], "iat": now, "exp": now + 3_600,
        })
    );
    let (apple, step) = shown(&ada("apple").with_email("x7k@privaterelay.appleid.com"));
    assert_eq!(step, "SignedIn");
    assert_eq!(
        apple,
        serde_json::json!({
            "iss": "https://appleid.apple.com", "aud": "field-notes", "sub": "1815", "auth_time": now,
            "email": "x7k@privaterelay.appleid.com", "email_verified": "true", "is_private_email": "true",
            "nonce": apple["nonce"], "nonce_supported": true, "iat": now, "exp": now + 86_400,
        })
    );
    let bob = Identity::at("apple", "1816").with_email("bob@icloud.com");
    let unverified = Identity { email_verified: false, ..bob };
    let (claims, step) = shown(&unverified);
    assert_eq!((&claims["email_verified"], step), (&"false".into(), "VerifyEmail"));
    let (claims, _) = shown(&ada("oidc").with_email("ada@tokens.example"));
    assert_eq!(
        (&claims["email_verified"], claims.get("hd")),
        (&true.into(), None),
        "as most providers issue it"
    );
}

#[test]
fn an_application_that_fetches_keys_itself_gets_the_world_s() {
    let world = World::new();
    let google = "google".parse::<ProviderId>().unwrap();
    let begun = begin(&world, "google");
    let Step::PresentAssertion { nonce, .. } = &begun.step else { panic!("{begun:?}") };
    let token = Assertion::IdToken(world.id_token(&Identity::at("google", "1815"), nonce).unwrap());
    let present = || world.engine().continue_with(&begun, &token, Intent::SignUp);
    assert!(matches!(refused(present()), Refusal::NeedsKeys { .. }));
    world.engine().set_keys(&google, &world.jwks()).unwrap();
    signed_in(present().unwrap());
    let nobodys = world.id_token(&Identity::at("x", "1815"), nonce);
    assert_eq!(refused(nobodys), Refusal::UnknownProvider, "X issues no ID tokens");
}

#[test]
fn an_assertion_is_for_a_flow_that_asks_for_one() {
    let world = World::new();
    let done = world.sign_up(ADA, "correct horse battery staple");
    let google = Identity::at("google", "1815");
    assert_eq!(refused(world.assertion(&google, &done)), Refusal::NotOffered);
    let begun = begin(&world, "x");
    let Assertion::Stated(stated) = world.assertion(&Identity::at("x", "1815"), &begun).unwrap() else {
        panic!("the host speaks for X")
    };
    assert_eq!(stated.flow_id, begun.token.unwrap().flow());
}

#[test]
fn commits_fail_as_often_as_the_test_says() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let before = world.commits().unwrap();
    world.fail_commits(2);
    for _ in 0..2 {
        let failed = account.set_display_name(Some("Ada"));
        assert_eq!(failed, Err(Error::Storage { kind: ErrorKind::Other }));
    }
    assert_eq!((world.commits().unwrap(), world.failed_commits()), (before, 2));
    assert_eq!(account.view().unwrap().display_name, None, "nothing was done");
    account.set_display_name(Some("Ada")).unwrap();
    assert_eq!(world.commits().unwrap(), before + 1);

    world.fail_commits(1);
    account.view().unwrap();
    assert_eq!(world.failed_commits(), 2, "a call that writes nothing does not fail");
    assert!(world.engine().rekey(&world.unlock()).is_err(), "a rewrite is a commit");
    world.fail_commits(1);
    world.fail_commits(0);
    account.set_display_name(None).unwrap();
    assert_eq!(world.failed_commits(), 3);
    world.engine().verify_store().unwrap();
}

#[test]
fn the_clock_goes_to_a_point_in_time_but_not_back() {
    let world = World::new();
    let ada = world.ada();
    let new_year = Timestamp::from_millis(1_798_761_600_000);
    world.later_until(new_year).unwrap();
    assert_eq!(world.now(), new_year);
    assert_eq!(refused(world.engine().resolve(&ada.token)), Refusal::SessionEnded, "time has passed");
    world.later_until(new_year).unwrap();
    assert_eq!(world.later_until(START), Err(WorldError::InThePast));
    assert_eq!(world.now(), new_year);
}

#[test]
fn a_host_that_works_delivers_and_purges_while_time_passes() {
    let world = World::new();
    let ada = world.ada();
    let deletion = world.account(&ada).request_deletion().unwrap();
    world.mailbox().clear();
    let begun = world.now();
    let receipts = world.run_host(days(31)).unwrap();
    assert_eq!(world.now(), begun + days(31));
    let reminders = world.mailbox().all();
    let came: Vec<_> = reminders.iter().map(|message| message.created_at).collect();
    assert_eq!(came, [begun + days(23), begun + days(29)], "a week and a day before the purge");
    assert!(reminders.iter().all(|message| matches!(message.kind, MessageKind::DeletionReminder { .. })));
    let [receipt] = receipts.as_slice() else { panic!("{receipts:?}") };
    assert_eq!((receipt.account, receipt.purge_at), (ada.account, deletion.purge_at));
    assert_eq!(refused(world.sign_in(&ada.email, &ada.password)), Refusal::InvalidCredentials);
}

#[test]
fn a_host_fetches_at_once_and_nobody_works_while_a_test_waits() {
    let world = World::new();
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    world.later(days(31));
    assert_eq!(kinds(&world), ["VerifyEmail"], "the mail of a month ago is gone");

    let world = World::new();
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    assert_eq!(world.run_host(minutes(90)).unwrap(), []);
    assert_eq!(world.now(), START + minutes(90));
    assert_eq!(kinds(&world), ["VerifyEmail", "DeletionRequested"]);
    world.fail_commits(1);
    world.run_host(days(23)).unwrap_err();
    assert!(world.now() < START + days(24), "the clock shows the time at which the host failed");
    world.run_host(days(23)).unwrap();
    assert_eq!(kinds(&world).last(), Some(&"DeletionReminder"));
}
