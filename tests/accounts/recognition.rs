//! Recognitions: strangers cannot lock out a person who has signed in before (SPEC 12.7), and the engine reports a
//! sign-in from a new place to the owner (SPEC 12.8).

use std::time::Duration;

use selfsame::{
    Answer, Client, EmailProof, Flow, Intent, Policy, RecognitionToken, Refusal, Secret, SignedIn, Step,
};
use selfsame_world::{Authenticator, Identity, Person, World, days, hours, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";
const WRONG: &str = "a wrong password";
const LOCKED: Refusal = Refusal::Throttled { retry_at: None };

fn wrong_code() -> Answer {
    Answer::Totp("000000".into())
}

/// Signs in on a device that presents these recognitions, and returns the refusal.
fn on(world: &World, device: &str, kept: &[RecognitionToken], email: &str, password: &str) -> Refusal {
    refused(world.engine().sign_in(email, &password.into(), &client(device, kept)))
}

fn client(device: &str, kept: &[RecognitionToken]) -> Client {
    Client::on(device).recognized_by(kept.iter().cloned())
}

/// Signs in on a new device, and returns the session with the recognition that it earned.
fn on_new(world: &World, ada: &Person, device: &str) -> (SignedIn, RecognitionToken) {
    let flow = world.engine().sign_in(&ada.email, &PASSWORD.into(), &Client::on(device)).unwrap();
    let session = signed_in(flow);
    let kept = session.recognition.clone().unwrap();
    (session, kept)
}

/// Whether the engine knows this recognition. Call it while strangers are locked out, so that an unknown one is
/// refused.
fn is_known(world: &World, ada: &Person, kept: &RecognitionToken) -> bool {
    let client = client("a device", std::slice::from_ref(kept));
    world.engine().sign_in(&ada.email, &PASSWORD.into(), &client).is_ok()
}

/// Strangers of many origins guess until the password is locked for them.
fn lock_out_strangers(world: &World, ada: &Person) {
    for guess in 0..100 {
        let bot = Client::on("a bot").at_origin(&format!("198.51.100.{guess}/32"));
        let refusal = refused(world.engine().sign_in(&ada.email, &WRONG.into(), &bot));
        assert_eq!(refusal, Refusal::InvalidCredentials, "guess {guess}");
        world.later(hours(1));
    }
    assert_eq!(refused(world.sign_in(&ada.email, PASSWORD)), LOCKED, "strangers are locked out");
}

/// Waits until the app shows a code that was not used, and answers with it.
fn shown(world: &World, app: &Authenticator) -> Answer {
    world.later(minutes(1));
    world.shown_by(app)
}

#[test]
fn r12_7_strangers_of_many_origins_neither_delay_nor_lock_out_who_is_recognised() {
    let world = World::new();
    let ada = world.ada();
    for guess in 0..100 {
        let bot = Client::on("a bot").at_origin(&format!("198.51.100.{guess}/32"));
        refused(world.engine().sign_in(&ada.email, &WRONG.into(), &bot));
        // She signs in even while strangers must wait.
        signed_in(world.sign_in_known(&ada, PASSWORD).unwrap());
        world.later(hours(1));
    }
    // A recognised sign-in does not clear the strangers' counter.
    assert_eq!(refused(world.sign_in(&ada.email, PASSWORD)), LOCKED);
    signed_in(world.sign_in_known(&ada, PASSWORD).unwrap());
}

#[test]
fn r12_7_guesses_where_somebody_is_recognised_delay_only_that_place() {
    let world = World::new();
    let ada = world.ada();
    let (_, phone) = on_new(&world, &ada, "phone");
    for guess in 0..5 {
        let refusal = refused(world.sign_in_known(&ada, WRONG));
        assert_eq!(refusal, Refusal::InvalidCredentials, "guess {guess}");
    }
    let retry_at = Some(world.now() + minutes(1));
    assert_eq!(refused(world.sign_in_known(&ada, PASSWORD)), Refusal::Throttled { retry_at });
    assert!(is_known(&world, &ada, &phone), "another place");
    signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    world.later(minutes(1));
    signed_in(world.sign_in_known(&ada, PASSWORD).unwrap());
    // That sign-in cleared the counter of its own recognition.
    for _ in 0..4 {
        refused(world.sign_in_known(&ada, WRONG));
    }
    signed_in(world.sign_in_known(&ada, PASSWORD).unwrap());
}

#[test]
fn r12_7_the_tenth_failure_in_a_row_ends_a_recognition_and_its_holder_is_a_stranger() {
    let world = World::new();
    let ada = world.ada();
    for guess in 0..9 {
        assert_eq!(refused(world.sign_in_known(&ada, WRONG)), Refusal::InvalidCredentials, "guess {guess}");
        world.later(hours(1));
    }
    // A sign-in between the failures starts the row of failures again.
    signed_in(world.sign_in_known(&ada, PASSWORD).unwrap());
    for _ in 0..10 {
        assert_eq!(refused(world.sign_in_known(&ada, WRONG)), Refusal::InvalidCredentials);
        world.later(hours(1));
    }
    lock_out_strangers(&world, &ada);
    assert_eq!(refused(world.sign_in_known(&ada, PASSWORD)), LOCKED);
}

#[test]
fn r12_7_parallel_guesses_where_somebody_is_recognised_stay_within_its_limit() {
    let world = World::new();
    let ada = world.ada();
    let judged = std::thread::scope(|scope| {
        let guesses: Vec<_> =
            (0..32).map(|_| scope.spawn(|| refused(world.sign_in_known(&ada, WRONG)))).collect();
        guesses
            .into_iter()
            .map(|guess| guess.join().unwrap())
            .filter(|refusal| *refusal == Refusal::InvalidCredentials)
            .count()
    });
    assert_eq!(judged, 5);
}

#[test]
fn r12_7_the_second_factor_is_counted_apart_too() {
    let world = World::new();
    let ada = world.ada();
    let app = world.turn_on_mfa(&ada.token);
    for _ in 0..100 {
        world.later(hours(1));
        let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
        assert_eq!(refused(world.answer(&asked, wrong_code())), Refusal::InvalidCode);
    }
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let code = shown(&world, &app);
    assert_eq!(refused(world.answer(&asked, code)), LOCKED, "strangers are locked out");
    let asked = world.sign_in_known(&ada, PASSWORD).unwrap();
    for _ in 0..4 {
        assert_eq!(refused(world.answer(&asked, wrong_code())), Refusal::InvalidCode);
    }
    let code = shown(&world, &app);
    signed_in(world.answer(&asked, code).unwrap());
    // A right code clears its own counter, and not the strangers'.
    let asked = world.sign_in_known(&ada, PASSWORD).unwrap();
    for _ in 0..5 {
        assert_eq!(refused(world.answer(&asked, wrong_code())), Refusal::InvalidCode);
    }
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let code = shown(&world, &app);
    assert_eq!(refused(world.answer(&asked, code)), LOCKED);
    // A recovery code of a recognised owner unlocks the app's codes for everybody.
    let asked = world.sign_in_known(&ada, PASSWORD).unwrap();
    let code = Answer::RecoveryCode(app.recovery_codes[0].clone());
    signed_in(world.answer(&asked, code).unwrap());
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    let code = shown(&world, &app);
    signed_in(world.answer(&asked, code).unwrap());
}

#[test]
fn r12_7_a_live_session_reauthenticates_although_strangers_are_locked_out() {
    let world = World::new();
    let ada = world.ada();
    let app = world.turn_on_mfa(&ada.token);
    for _ in 0..100 {
        world.later(hours(1));
        let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
        refused(world.answer(&asked, wrong_code()));
    }
    lock_out_strangers(&world, &ada);
    let asked = world.account(&ada).reauthenticate().unwrap();
    let asked = world.answer(&asked, Answer::Password(PASSWORD.into())).unwrap();
    let code = shown(&world, &app);
    let renewed = signed_in(world.answer(&asked, code).unwrap());
    assert_eq!(renewed.session, ada.session);
    assert_eq!(renewed.recognition, None, "a renewed session earns none");
}

#[test]
fn r6_4_a_wrong_current_password_counts_in_its_session_and_the_fifth_ends_it() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let new = Secret::from("nine yellow umbrellas");
    for _ in 0..5 {
        assert_eq!(refused(account.change_password(&WRONG.into(), &new)), Refusal::InvalidCredentials);
    }
    assert_eq!(refused(account.change_password(&PASSWORD.into(), &new)), Refusal::SessionEnded);
    for _ in 0..4 {
        refused(world.sign_in(&ada.email, WRONG));
    }
    signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    lock_out_strangers(&world, &ada);
    assert!(
        is_known(&world, &ada, ada.recognition.as_ref().unwrap()),
        "the device stays known after mistypes"
    );
}

#[test]
fn r3_4_a_proof_of_ownership_counts_on_the_share_of_its_caller() {
    let world = World::new();
    let ada = world.ada();
    lock_out_strangers(&world, &ada);
    let asked = |client: &Client| {
        let identity = Identity::at("x", "1").with_email(&ada.email);
        let begun = world.engine().begin_federated(&identity.provider(), client).unwrap();
        let assertion = world.assertion(&identity, &begun).unwrap();
        let flow = world.engine().continue_with(&begun, &assertion, Intent::SignUp).unwrap();
        world.later(minutes(20));
        let flow = world.answer(&flow, Answer::Resend).unwrap();
        let asked = world.prove(&flow, &ada.email);
        world.answer(&asked, Answer::LinkTo(1)).unwrap()
    };
    let strangers = asked(&Client::on("a bot"));
    assert_eq!(refused(world.answer(&strangers, Answer::Password(PASSWORD.into()))), LOCKED);
    let known = asked(&ada.laptop());
    signed_in(world.answer(&known, Answer::Password(PASSWORD.into())).unwrap());
}

#[test]
fn r12_7_one_wrong_password_an_hour_for_a_year_keeps_no_recognised_owner_out() {
    let world = World::new();
    let ada = world.ada();
    for _ in 0..12 {
        refused(world.sign_in(&ada.email, WRONG));
        world.later(hours(1));
    }
    for _ in 0..360 {
        refused(world.sign_in(&ada.email, WRONG));
        world.later(hours(12));
        signed_in(world.sign_in_known(&ada, PASSWORD).unwrap());
        world.later(hours(12));
    }
}

#[test]
fn r12_7_a_sign_in_earns_a_recognition_of_128_bits_unless_one_was_presented() {
    let world = World::new();
    let ada = world.ada();
    let first = ada.recognition.clone().unwrap();
    // 16 bytes of account id and 16 of secret.
    assert_eq!(first.reveal().len(), 43);
    assert_eq!(first.reveal().parse::<RecognitionToken>().unwrap(), first);
    assert_eq!(format!("{first:?}"), "RecognitionToken(…)");
    assert_eq!(signed_in(world.sign_in_known(&ada, PASSWORD).unwrap()).recognition, None);
    let (_, second) = on_new(&world, &ada, "phone");
    assert_ne!(first, second);
    // A recognition of another account does not count.
    let grace = world.person("grace@example.org", PASSWORD);
    let client = client("laptop", std::slice::from_ref(&first));
    let session = signed_in(world.engine().sign_in(&grace.email, &PASSWORD.into(), &client).unwrap());
    assert!(session.recognition.is_some());
    // A recognition with a made-up secret does not count either.
    let forged: String = first.reveal().chars().take(30).chain("AAAAAAAAAAAAA".chars()).collect();
    let forged: RecognitionToken = forged.parse().unwrap();
    lock_out_strangers(&world, &ada);
    assert!(!is_known(&world, &ada, &forged));
    assert!(is_known(&world, &ada, &first));
}

#[test]
fn r12_7_a_host_presents_sixteen_and_the_seventeenth_does_not_count() {
    let world = World::new();
    let people: Vec<_> = (0..17).map(|n| world.person(&format!("p{n}@example.org"), PASSWORD)).collect();
    let kept: Vec<_> = people.iter().filter_map(|person| person.recognition.clone()).collect();
    for person in [&people[0], &people[15], &people[16]] {
        for _ in 0..5 {
            refused(world.sign_in(&person.email, WRONG));
        }
    }
    let tablet = client("tablet", &kept);
    let sign_in = |person: &Person| world.engine().sign_in(&person.email, &PASSWORD.into(), &tablet);
    signed_in(sign_in(&people[0]).unwrap());
    signed_in(sign_in(&people[15]).unwrap());
    assert!(matches!(refused(sign_in(&people[16])), Refusal::Throttled { .. }));
}

#[test]
fn r12_7_an_account_keeps_the_sixteen_last_used() {
    let world = World::new();
    let ada = world.ada();
    let first = ada.recognition.clone().unwrap();
    let mut kept = Vec::new();
    for device in 0..15 {
        world.later(minutes(1));
        kept.push(on_new(&world, &ada, &format!("device {device}")).1);
    }
    // The first recognition is used again, so the second one has been unused for longest.
    world.later(minutes(1));
    signed_in(world.sign_in_known(&ada, PASSWORD).unwrap());
    world.later(minutes(1));
    kept.push(on_new(&world, &ada, "one more").1);
    lock_out_strangers(&world, &ada);
    assert!(is_known(&world, &ada, &first));
    let known = kept.iter().map(|kept| is_known(&world, &ada, kept)).collect::<Vec<_>>();
    assert_eq!(known, [&[false][..], &[true; 15][..]].concat());
}

#[test]
fn r12_7_a_recognition_lives_a_year_from_its_last_use() {
    let world = World::new();
    let ada = world.ada();
    world.later(days(300));
    signed_in(world.sign_in_known(&ada, PASSWORD).unwrap());
    world.later(days(365) - hours(100) - Duration::from_millis(1));
    lock_out_strangers(&world, &ada);
    let kept = ada.recognition.clone().unwrap();
    assert!(is_known(&world, &ada, &kept), "it was renewed");
    world.later(days(365));
    assert!(!is_known(&world, &ada, &kept));
}

#[test]
fn r12_7_ending_a_session_elsewhere_drops_its_recognition_and_signing_out_keeps_it() {
    let world = World::new();
    let ada = world.ada();
    let (_, phone) = on_new(&world, &ada, "phone");
    let (tablet, on_tablet) = on_new(&world, &ada, "tablet");
    // The tablet's recognition has opened another session.
    let again = client("tablet", std::slice::from_ref(&on_tablet));
    let again = signed_in(world.engine().sign_in(&ada.email, &PASSWORD.into(), &again).unwrap());
    world.account(&ada).end_session(again.session).unwrap();
    let library = Client::on("library").unremembered();
    let there = signed_in(world.engine().sign_in(&ada.email, &PASSWORD.into(), &library).unwrap());
    world.engine().account(&there.token).unwrap().sign_out().unwrap();
    world.account(&ada).sign_out().unwrap();
    lock_out_strangers(&world, &ada);
    assert!(is_known(&world, &ada, ada.recognition.as_ref().unwrap()), "she signed out here");
    assert!(is_known(&world, &ada, &phone));
    assert!(!is_known(&world, &ada, &on_tablet), "its session was ended from the laptop");
    assert!(
        !is_known(&world, &ada, &there.recognition.unwrap()),
        "she did not want to be remembered on this device"
    );
    world.engine().resolve(&tablet.token).unwrap();
}

#[test]
fn r12_7_what_ends_all_other_sessions_drops_all_other_recognitions() {
    type Ends = fn(&World, &Person);
    let all: [(&str, Ends); 3] = [
        ("end all others", |world, ada| world.account(ada).end_other_sessions().unwrap()),
        ("another password", |world, ada| {
            world.account(ada).change_password(&PASSWORD.into(), &PASSWORD.to_uppercase().into()).unwrap();
            let back = world.account(ada).change_password(&PASSWORD.to_uppercase().into(), &PASSWORD.into());
            back.unwrap();
        }),
        ("MFA on and off", |world, ada| {
            world.turn_on_mfa(&ada.token);
            world.account(ada).turn_off_mfa().unwrap();
        }),
    ];
    for (what, ends) in all {
        let world = World::new();
        let ada = world.ada();
        let (_, phone) = on_new(&world, &ada, "phone");
        ends(&world, &ada);
        lock_out_strangers(&world, &ada);
        assert!(!is_known(&world, &ada, &phone), "{what}");
        assert!(
            is_known(&world, &ada, ada.recognition.as_ref().unwrap()),
            "{what}: the acting device's own stays"
        );
    }
}

#[test]
fn r12_7_a_reset_drops_every_recognition_and_a_session_on_hold_earns_none() {
    let world = World::new();
    let ada = world.ada();
    let reset = world.engine().reset_password(&ada.email, &ada.laptop()).unwrap();
    let asked = world.prove(&reset, &ada.email);
    let held = signed_in(world.answer(&asked, Answer::NewPassword(PASSWORD.into())).unwrap());
    assert_eq!(held.recognition, None);
    // During the hold, no sign-in earns one.
    assert_eq!(signed_in(world.sign_in_known(&ada, PASSWORD).unwrap()).recognition, None);
    lock_out_strangers(&world, &ada);
    assert_eq!(refused(world.sign_in_known(&ada, PASSWORD)), LOCKED);
}

#[test]
fn r12_7_a_purge_removes_the_recognitions_and_the_export_shows_them_without_the_secret() {
    let mut world = World::new();
    let ada = world.ada();
    refused(world.sign_in_known(&ada, WRONG));
    let document = world.account(&ada).export().unwrap();
    let document: serde_json::Value = serde_json::from_str(&document).unwrap();
    assert_eq!(document["recognitions"][0]["first_factor_failures"], 1);
    assert_eq!(document["recognitions"][0]["sessions"][0], ada.session.to_string());
    let rows = |world: &World| {
        let dump = world.engine().dump().unwrap();
        dump.keys().filter(|key| selfsame::Table::of(key).unwrap().name == "recognition").count()
    };
    assert_eq!(rows(&world), 1);
    world.account(&ada).request_deletion().unwrap();
    assert_eq!(rows(&world), 0, "the deletion ended all sessions");
    world.reopen(None).unwrap();
    assert_eq!(world.run_host(days(32)).unwrap().len(), 1);
}

#[test]
fn r12_7_presented_recognitions_cost_the_same_for_known_and_unknown_emails() {
    let world = World::new();
    let ada = world.ada();
    let cost = |email: &str| {
        let (commits, hashes) = (world.engine().commits().unwrap(), world.hashes());
        assert_eq!(
            on(&world, "laptop", &[ada.recognition.clone().unwrap()], email, WRONG),
            Refusal::InvalidCredentials
        );
        (world.engine().commits().unwrap() - commits, world.hashes() - hashes)
    };
    assert_eq!(cost(&ada.email), (1, 1));
    assert_eq!(cost("nobody@example.org"), (1, 1));
}

/// Takes the kinds of the messages to an address.
fn told(world: &World, email: &str) -> Vec<(&'static str, String)> {
    let mut all = Vec::new();
    while let Some(message) = world.fetch_mail().unwrap().take(email) {
        all.push((message.kind.code(), message.device));
    }
    all
}

#[test]
fn r12_8_a_sign_in_from_a_new_place_is_told_to_the_verified_addresses() {
    let world = World::new();
    let ada = world.ada();
    assert_eq!(told(&world, &ada.email).len(), 1, "a sign-up sends only the code");
    let commits = world.engine().commits().unwrap();
    let (_, phone) = on_new(&world, &ada, "Eve's phone");
    assert_eq!(world.engine().commits().unwrap() - commits, 1, "with the sign-in");
    assert_eq!(told(&world, &ada.email), [("NewSignIn", "Eve's phone".to_owned())]);
    assert!(is_known(&world, &ada, &phone));
    signed_in(world.sign_in_known(&ada, PASSWORD).unwrap());
    assert_eq!(told(&world, &ada.email), []);
}

#[test]
fn r12_8_a_sign_in_with_mfa_and_one_with_an_identity_are_told_too() {
    let world = World::new();
    let ada = world.ada();
    let app = world.turn_on_mfa(&ada.token);
    told(&world, &ada.email);
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    assert_eq!(told(&world, &ada.email), [], "nobody has signed in yet");
    let code = shown(&world, &app);
    signed_in(world.answer(&asked, code).unwrap());
    assert_eq!(told(&world, &ada.email), [("NewSignIn", "laptop".to_owned())]);
    let identity = Identity::at("x", "815").with_email("fed@example.org");
    signed_in(world.prove(&world.federated(&identity), "fed@example.org"));
    told(&world, "fed@example.org");
    signed_in(world.federated(&identity));
    assert_eq!(told(&world, "fed@example.org"), [("NewSignIn", "laptop".to_owned())]);
}

#[test]
fn r12_8_an_act_that_is_told_by_itself_is_not_told_twice() {
    let world = World::new();
    let ada = world.ada();
    told(&world, &ada.email);
    let reset = world.engine().reset_password(&ada.email, &Client::on("phone")).unwrap();
    let asked = world.prove(&reset, &ada.email);
    told(&world, &ada.email);
    signed_in(world.answer(&asked, Answer::NewPassword(PASSWORD.into())).unwrap());
    assert_eq!(told(&world, &ada.email), [("PasswordReset", "phone".to_owned())]);
}

#[test]
fn r12_8_policy_can_turn_it_off_and_a_device_knows_the_accounts_of_its_picker() {
    let cases: [(Policy, Vec<&str>); 3] = [
        (World::policy().build().unwrap(), vec!["NewSignIn"]),
        (World::policy().sign_in_notices(false).build().unwrap(), vec![]),
        (World::policy().picker(true).build().unwrap(), vec![]),
    ];
    for (policy, expected) in cases {
        let world = World::builder().policy(policy).build();
        let ada = world.ada();
        told(&world, &ada.email);
        signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
        let kinds: Vec<_> = told(&world, &ada.email).into_iter().map(|(kind, _)| kind).collect();
        assert_eq!(kinds, expected);
    }
    // A person whom the picker does not offer counts as new there.
    let world = World::builder().policy(World::policy().picker(true).build().unwrap()).build();
    let ada = world.ada();
    world.engine().remove_from_picker(ada.account).unwrap();
    told(&world, &ada.email);
    signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    assert_eq!(told(&world, &ada.email), [("NewSignIn", "laptop".to_owned())]);
}

#[test]
fn r12_8_an_unproven_address_is_told_nothing() {
    let policy = World::policy().email_proof(EmailProof::Later).build().unwrap();
    let world = World::builder().policy(policy).build();
    let Flow { step, .. } = world.sign_up("ada@example.org", PASSWORD);
    let Step::SignedIn { session } = step else { panic!("{step:?}") };
    world.engine().remove_from_picker(session.account).unwrap();
    told(&world, "ada@example.org");
    signed_in(world.sign_in("ada@example.org", PASSWORD).unwrap());
    assert_eq!(told(&world, "ada@example.org"), []);
}
