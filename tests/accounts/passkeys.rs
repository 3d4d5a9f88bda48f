//! Passkeys as sign-in methods (SPEC 5.8).

use selfsame::{
    Aal, AccountHandle, Action, Amr, Answer, Error, Flow, MethodKind, Outcome, PasskeyProblem, Policy,
    Refusal, SignInOutcome, SignedIn, Step,
};
use selfsame_world::{DONE, Device, Person, World, days, minutes, refused, signed_in};
use serde_json::Value;

fn options(flow: &Flow) -> &str {
    match &flow.step {
        Step::PresentPasskey { options } | Step::CreatePasskey { options } => options,
        Step::Reauthenticate { passkey: Some(options), .. }
        | Step::ProveOwnership { passkey: Some(options), .. } => options,
        other => panic!("{other:?}"),
    }
}

fn add(world: &World, account: &AccountHandle, device: &mut Device) -> Result<Flow, Error> {
    let begun = account.begin_add_passkey()?;
    world.engine().answer(&begun, device.create(options(&begun)))
}

fn sign_in(world: &World, device: &mut Device) -> Result<Flow, Error> {
    let begun = world.engine().sign_in_with_passkey(None, &selfsame::Client::on("laptop"))?;
    world.engine().answer(&begun, device.get(options(&begun)))
}

/// Returns a person whose account has the passkey of the device.
fn with(world: &World, device: &mut Device) -> Person {
    let ada = world.ada();
    assert_eq!(add(world, &world.account(&ada), device).unwrap().step, DONE);
    ada
}

/// Removes the password.
fn without_password(world: &World, ada: &Person) {
    let account = world.fresh(ada);
    let password = account.view().unwrap().methods[0].id;
    account.remove_method(password).unwrap();
}

fn latest(account: &AccountHandle) -> (Action, Outcome) {
    let event = account.activity().unwrap().last().unwrap().event.clone();
    (event.action, event.outcome)
}

#[test]
fn r5_8_a_passkey_that_is_added_in_a_session_signs_in() {
    for mut device in [Device::new(1), Device::es256(1), Device::new(1).synced()] {
        let world = World::new();
        let ada = with(&world, &mut device);
        assert_eq!(world.mailbox().take(&ada.email).unwrap().kind.code(), "MethodAdded");
        let account = world.fresh(&ada);
        let methods = account.view().unwrap().methods;
        let made = methods.iter().find(|method| method.kind == MethodKind::Passkey).unwrap();
        assert_eq!((made.used_at, made.synced), (None, Some(device.backed_up)));
        world.later(days(1));
        let SignedIn { account: id, amr, aal, outcome, .. } =
            signed_in(sign_in(&world, &mut device).unwrap());
        assert_eq!((id, aal, outcome), (ada.account, Aal::Aal2, SignInOutcome::SignedIn));
        assert_eq!(amr, [Amr::Pop, Amr::Mfa]);
        let methods = world.fresh(&ada).view().unwrap().methods;
        assert_eq!(methods[1].used_at, Some(world.now()));
    }
}

#[test]
fn r5_8_registration_asks_for_a_discoverable_passkey_without_attestation() {
    let world = World::new();
    let mut device = Device::new(1);
    let account = world.account(&with(&world, &mut device));
    let asked: Value = serde_json::from_str(options(&account.begin_add_passkey().unwrap())).unwrap();
    assert_eq!(asked["rp"]["id"], "notes.example");
    assert_eq!(asked["attestation"], "none");
    assert_eq!(asked["authenticatorSelection"]["residentKey"], "required");
    assert_eq!(asked["timeout"], 300_000);
    let algorithms: Vec<_> = asked["pubKeyCredParams"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["alg"].as_i64().unwrap())
        .collect();
    assert_eq!(algorithms, [-8, -7, -35, -257]);
    assert_eq!(asked["excludeCredentials"][0]["transports"][1], "hybrid");
    let handle = asked["user"]["id"].as_str().unwrap();
    assert_eq!(handle.len(), 43, "32 random bytes");
    let again: Value = serde_json::from_str(options(&account.begin_add_passkey().unwrap())).unwrap();
    assert_eq!(again["user"]["id"], handle, "an account has one user handle");
    assert_ne!(again["challenge"], asked["challenge"]);
}

#[test]
fn r5_8_a_challenge_lives_five_minutes_and_opens_one_session() {
    let world = World::new();
    let mut device = Device::new(1);
    with(&world, &mut device);
    let begun = world.engine().sign_in_with_passkey(None, &selfsame::Client::on("laptop")).unwrap();
    let answer = device.get(options(&begun));
    world.later(minutes(5));
    assert_eq!(refused(world.engine().answer(&begun, answer)), Refusal::InvalidCredentials);
    // The flow still lives, and shows a newer challenge.
    let now = world.engine().resume(begun.token.as_ref().unwrap()).unwrap();
    assert_ne!(options(&now), options(&begun));
    let answer = device.get(options(&now));
    signed_in(world.engine().answer(&now, answer.clone()).unwrap());
    assert_eq!(world.engine().answer(&now, answer.clone()).unwrap().step.code(), "AlreadySignedIn");
    let another = world.engine().sign_in_with_passkey(None, &selfsame::Client::on("laptop")).unwrap();
    let replayed = world.engine().answer(&another, answer);
    assert_eq!(refused(replayed), Refusal::InvalidCredentials, "a challenge belongs to its flow");
}

#[test]
fn r5_8_a_refused_answer_tells_only_the_owner_why() {
    type Change = fn(&mut Device);
    let cases: [(&str, Change, Action); 7] = [
        ("another origin", |it| it.origin = "https://evil.example".to_owned(), Action::PasskeyTried),
        ("another relying party", |it| it.rp_id = "evil.example".to_owned(), Action::PasskeyTried),
        ("nobody there", |it| it.user_present = false, Action::PasskeyTried),
        ("another user", |it| it.user = Some(vec![0; 32]), Action::PasskeyTried),
        ("no user", |it| it.user = None, Action::PasskeyTried),
        ("a copied device", |it| it.counter = 1, Action::PasskeyCounterWentBack),
        ("no copy, and copied", |it| it.backed_up = true, Action::PasskeyTried),
    ];
    for (name, change, action) in cases {
        let world = World::new();
        let mut device = Device::new(1);
        device.counter = 5;
        let account = world.account(&with(&world, &mut device));
        change(&mut device);
        assert_eq!(refused(sign_in(&world, &mut device)), Refusal::InvalidCredentials, "{name}");
        assert_eq!(latest(&account), (action, Outcome::Refused), "{name}");
        assert!(account.verify_audit().unwrap());
    }
    let world = World::new();
    with(&world, &mut Device::new(1));
    let mut unknown = Device::new(2);
    unknown.user = Some(vec![0; 32]);
    assert_eq!(refused(sign_in(&world, &mut unknown)), Refusal::InvalidCredentials);
}

#[test]
fn r5_8_a_changed_backup_eligibility_has_its_own_reason() {
    let world = World::new();
    let mut device = Device::new(1);
    let ada = with(&world, &mut device);
    device.backup_eligible = true;
    let reason = PasskeyProblem::BackupEligibility;
    assert_eq!(refused(sign_in(&world, &mut device)), Refusal::PasskeyRejected { reason });
    let account = world.account(&ada);
    assert_eq!(latest(&account), (Action::PasskeyEligibilityChanged, Outcome::Refused));
    // After another factor, the owner removes it and registers anew.
    let account = world.fresh(&ada);
    let old = account.view().unwrap().methods[1].id;
    account.remove_method(old).unwrap();
    let account = world.fresh(&ada);
    assert_eq!(add(&world, &account, &mut device).unwrap().step, DONE);
    signed_in(sign_in(&world, &mut device).unwrap());
}

#[test]
fn r12_1_a_wrong_passkey_is_not_counted() {
    let world = World::new();
    let mut device = Device::new(1);
    let ada = with(&world, &mut device);
    device.origin = "https://evil.example".to_owned();
    for _ in 0..20 {
        assert_eq!(refused(sign_in(&world, &mut device)), Refusal::InvalidCredentials);
    }
    signed_in(world.sign_in(&ada.email, &ada.password).unwrap());
}

#[test]
fn r1_3_a_passkey_belongs_to_one_account() {
    let world = World::new();
    let mut device = Device::new(1);
    let ada = with(&world, &mut device);
    assert_eq!(refused(add(&world, &world.account(&ada), &mut device)), Refusal::AlreadyYours);
    let bob = world.person("bob@example.org", "correct horse battery staple");
    let account = world.account(&bob);
    assert_eq!(refused(add(&world, &account, &mut device)), Refusal::IdentifierInUse);
    // Two flows that begin before either ends.
    let (first, second) =
        (account.begin_add_passkey().unwrap(), world.fresh(&ada).begin_add_passkey().unwrap());
    let mut new = Device::new(2);
    let [for_bob, for_ada] = [&first, &second].map(|flow| new.create(options(flow)));
    assert_eq!(world.engine().answer(&first, for_bob).unwrap().step, DONE);
    assert_eq!(refused(world.engine().answer(&second, for_ada)), Refusal::IdentifierInUse);
}

#[test]
fn r5_8_the_engine_says_why_it_does_not_register_a_passkey() {
    type Change = fn(&mut Device);
    let cases: [(Change, PasskeyProblem); 3] = [
        (|it| it.origin = "https://evil.example".to_owned(), PasskeyProblem::Origin),
        (|it| it.rp_id = "evil.example".to_owned(), PasskeyProblem::RelyingParty),
        (|it| it.user_present = false, PasskeyProblem::UserPresence),
    ];
    let world = World::new();
    let account = world.account(&world.ada());
    for (change, reason) in cases {
        let mut device = Device::new(1);
        change(&mut device);
        assert_eq!(refused(add(&world, &account, &mut device)), Refusal::PasskeyRejected { reason });
    }
    let begun = account.begin_add_passkey().unwrap();
    let reason = PasskeyProblem::Malformed;
    let outcome = world.engine().answer(&begun, Answer::Passkey("{}".to_owned()));
    assert_eq!(refused(outcome), Refusal::PasskeyRejected { reason });
    assert_eq!(account.view().unwrap().methods.len(), 1);
}

#[test]
fn r5_8_an_android_app_signs_in_with_its_own_origin() {
    let world = World::new();
    let origin = "android:apk-key-hash:Ce2p2U3dnI7dGCMoEZUZYxuZpkIsM1iBO4RNEIvFtSQ".to_owned();
    let mut device = Device::new(1);
    device.origin = origin;
    with(&world, &mut device);
    signed_in(sign_in(&world, &mut device).unwrap());
}

#[test]
fn r5_8_only_a_recognised_caller_learns_the_passkeys_of_an_email() {
    let world = World::new();
    let mut device = Device::new(1);
    let ada = with(&world, &mut device);
    let listed = |email: &str, client: &selfsame::Client| {
        let begun = world.engine().sign_in_with_passkey(Some(email), client).unwrap();
        let asked: Value = serde_json::from_str(options(&begun)).unwrap();
        (asked["allowCredentials"].as_array().unwrap().len(), begun)
    };
    assert_eq!(listed(&ada.email, &selfsame::Client::on("library")).0, 0);
    assert_eq!(listed("nobody@example.org", &ada.laptop()).0, 0);
    let (count, begun) = listed(&ada.email, &ada.laptop());
    assert_eq!(count, 1);
    // A named passkey need not name its user.
    device.user = None;
    let done = world.engine().answer(&begun, device.get(options(&begun))).unwrap();
    assert_eq!(signed_in(done).account, ada.account);
}

#[test]
fn r5_7_a_passkey_counts_as_both_factors_only_if_the_user_was_verified_both_times() {
    for (at_first, now, is_both) in [(true, true, true), (true, false, false), (false, true, false)] {
        let world = World::new();
        let mut device = Device::new(1);
        device.user_verified = at_first;
        let ada = with(&world, &mut device);
        device.user_verified = now;
        let aal = if is_both { Aal::Aal2 } else { Aal::Aal1 };
        assert_eq!(signed_in(sign_in(&world, &mut device).unwrap()).aal, aal);
        let app = world.turn_mfa_on(&world.fresh(&ada));
        let flow = sign_in(&world, &mut device).unwrap();
        if is_both {
            assert_eq!(signed_in(flow).aal, Aal::Aal2);
        } else {
            assert_eq!(flow.step.code(), "SecondFactor");
            world.later(minutes(1));
            let done = world.engine().answer(&flow, Answer::Totp(world.totp(&app.secret).unwrap())).unwrap();
            let session = signed_in(done);
            assert_eq!((session.aal, session.amr), (Aal::Aal2, vec![Amr::Pop, Amr::Otp, Amr::Mfa]));
        }
    }
}

#[test]
fn r6_4_a_passkey_renews_the_proof_of_a_session() {
    let world = World::new();
    let mut device = Device::new(1);
    let ada = with(&world, &mut device);
    without_password(&world, &ada);
    let session = signed_in(sign_in(&world, &mut device).unwrap());
    world.later(minutes(5));
    let account = world.engine().account(&session.token).unwrap();
    let wants = refused(account.begin_add_passkey());
    let accepted = vec![selfsame::Accepted::Passkey];
    assert_eq!(wants, Refusal::ReauthenticationRequired { accepted });
    let begun = world.engine().reauthenticate(&session.token).unwrap();
    let mut other = Device::new(2);
    other.user.clone_from(&device.user);
    let wrong = world.engine().answer(&begun, other.get(options(&begun)));
    assert_eq!(refused(wrong), Refusal::InvalidCredentials);
    let done = signed_in(world.engine().answer(&begun, device.get(options(&begun))).unwrap());
    assert_eq!((done.session, done.outcome), (session.session, SignInOutcome::Reauthenticated));
    let account = world.engine().account(&done.token).unwrap();
    assert_eq!(add(&world, &account, &mut Device::new(3)).unwrap().step, DONE);
}

#[test]
fn r3_3_a_passkey_of_the_candidate_proves_that_a_link_is_wanted() {
    let world = World::new();
    let mut device = Device::new(1);
    let ada = with(&world, &mut device);
    let x = selfsame_world::Identity::at("x", "1815").with_email(&ada.email);
    world.later(minutes(1));
    let asked = world.prove(&world.federated(&x), &ada.email);
    let prove = world.engine().answer(&asked, Answer::LinkTo(1)).unwrap();
    let wrong = world.engine().answer(&prove, Device::new(2).get(options(&prove)));
    assert_eq!(refused(wrong), Refusal::InvalidCredentials);
    let done = signed_in(world.engine().answer(&prove, device.get(options(&prove))).unwrap());
    assert_eq!((done.account, done.outcome), (ada.account, SignInOutcome::Linked));
}

#[test]
fn r1_7_a_passkey_is_a_first_factor_only_for_the_relying_party_of_policy() {
    let mut world = World::new();
    let mut device = Device::new(1);
    let ada = with(&world, &mut device);
    let moved = selfsame::RelyingParty {
        id: "elsewhere.example".to_owned(),
        origins: vec!["https://elsewhere.example".to_owned()],
        top_origins: Vec::new(),
    };
    world.reopen(World::policy().relying_party(moved).build().unwrap()).unwrap();
    let account = world.fresh(&ada);
    let password = account.view().unwrap().methods[0].id;
    assert_eq!(refused(account.remove_method(password)), Refusal::LastMethod);
    assert_eq!(refused(sign_in(&world, &mut device)), Refusal::InvalidCredentials);
}

#[test]
fn r7_3_a_removed_passkey_comes_back_with_an_undo() {
    let world = World::new();
    let mut device = Device::new(1);
    let ada = with(&world, &mut device);
    let account = world.fresh(&ada);
    let passkey = account.view().unwrap().methods[1].id;
    account.remove_method(passkey).unwrap();
    assert_eq!(refused(sign_in(&world, &mut device)), Refusal::InvalidCredentials);
    let flow = world.undo(&world.undo_code(&ada.email)).unwrap();
    let new = Answer::NewPassword("a new password after all".into());
    signed_in(world.engine().answer(&flow, new).unwrap());
    assert_eq!(signed_in(sign_in(&world, &mut device).unwrap()).account, ada.account);
}

#[test]
fn r7_3_an_undo_takes_no_signature_counter_back() {
    let world = World::new();
    let mut device = Device::new(1);
    device.counter = 5;
    let ada = with(&world, &mut device);
    add(&world, &world.fresh(&ada), &mut Device::new(2)).unwrap();
    let code = world.undo_code(&ada.email);
    let copied = device.counter;
    for _ in 0..2 {
        signed_in(sign_in(&world, &mut device).unwrap());
    }
    let flow = world.undo(&code).unwrap();
    signed_in(world.engine().answer(&flow, Answer::NewPassword("a new password after all".into())).unwrap());
    let newest = std::mem::replace(&mut device.counter, copied);
    assert_eq!(refused(sign_in(&world, &mut device)), Refusal::InvalidCredentials);
    device.counter = newest;
    signed_in(sign_in(&world, &mut device).unwrap());
}

#[test]
fn r5_8_a_sign_in_makes_no_hash_and_each_of_its_two_calls_one_commit() {
    let world = World::new();
    let mut device = Device::new(1);
    with(&world, &mut device);
    let (hashes, before) = (world.hashes(), world.commits().unwrap());
    let begun = world.engine().sign_in_with_passkey(None, &selfsame::Client::on("laptop")).unwrap();
    assert_eq!(world.commits().unwrap(), before + 1);
    signed_in(world.engine().answer(&begun, device.get(options(&begun))).unwrap());
    assert_eq!((world.hashes(), world.commits().unwrap()), (hashes, before + 2));
}

#[test]
fn r5_8_without_a_relying_party_no_passkey_is_offered() {
    let policy = Policy::builder().build().unwrap();
    let world = World::builder().policy(policy).build();
    let account = world.account(&world.ada());
    assert_eq!(refused(account.begin_add_passkey()), Refusal::NotOffered);
    let begun = world.engine().sign_in_with_passkey(None, &selfsame::Client::on("laptop"));
    assert_eq!(refused(begun), Refusal::NotOffered);
}

#[test]
fn r10_1_a_passkey_is_in_the_export() {
    let world = World::new();
    let mut device = Device::new(1);
    let ada = with(&world, &mut device);
    let export: Value = serde_json::from_str(&world.fresh(&ada).export().unwrap()).unwrap();
    let passkey = &export["account"]["methods"][1]["passkey"];
    assert_eq!(passkey["relying_party"], "notes.example");
    assert_eq!(passkey["signature_counter"], 0);
}
