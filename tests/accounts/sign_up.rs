//! Sign-up, up to the link prompt (SPEC 2).

use selfsame::{Answer, Client, Flow, FlowToken, Intent, PasswordRule, ProviderId, Refusal, Secret, Step};
use selfsame_world::{Identity, World, days, hours, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";

#[test]
fn r2_1_a_known_identity_signs_in_with_either_intent() {
    let world = World::new();
    let identity = Identity::at("x", "815");
    let first = signed_in(world.federated(&identity));
    for intent in [Intent::SignIn, Intent::SignUp] {
        assert_eq!(signed_in(world.present(&identity, intent).unwrap()).account, first.account);
    }
}

#[test]
fn r2_1_an_unknown_identity_with_intent_to_sign_in_is_asked_first() {
    let world = World::new();
    let asked = world.present(&Identity::at("x", "815").called("@ada"), Intent::SignIn).unwrap();
    let Step::ConfirmCreate { provider, handle } = &asked.step else { panic!("{asked:?}") };
    assert_eq!((provider.as_str(), handle.as_deref()), ("x", Some("@ada")));
    signed_in(world.answer(&asked, Answer::Confirm).unwrap());
}

#[test]
fn r2_1_the_link_prompt_replaces_the_question_whether_to_create() {
    let world = World::new();
    world.person("ada@provider.example", PASSWORD);
    let identity = Identity::at("example", "1").with_email("ada@provider.example");
    let asked = world.present(&identity, Intent::SignIn).unwrap();
    assert!(matches!(asked.step, Step::LinkOrCreate { .. }), "{asked:?}");
}

#[test]
fn r2_2_a_password_that_breaks_a_rule_is_refused_with_that_rule() {
    let world = World::new();
    let before = world.engine().commits().unwrap();
    for (password, rule) in [
        ("short", PasswordRule::TooShort),
        ("grace.hopper.1906", PasswordRule::Guessable),
        (&"x".repeat(1025), PasswordRule::TooLong),
    ] {
        let outcome = world.engine().sign_up(
            "grace.hopper.1906@example.org",
            &Secret::from(password),
            &Client::on("laptop"),
        );
        assert_eq!(refused(outcome), Refusal::InvalidPassword { rule });
    }
    assert_eq!((world.engine().commits().unwrap(), world.hashes()), (before, 0));
}

#[test]
fn r2_2_no_part_of_a_long_password_is_dropped() {
    let world = World::new();
    let long = "x".repeat(1023);
    world.person("ada@example.org", &format!("{long}a"));
    assert!(world.sign_in("ada@example.org", &format!("{long}a")).is_ok());
    assert_eq!(refused(world.sign_in("ada@example.org", &format!("{long}b"))), Refusal::InvalidCredentials);
}

#[test]
fn r2_2_the_same_text_in_another_unicode_form_is_the_same_password() {
    let world = World::new();
    world.person("ada@example.org", "caf\u{e9} correct horse");
    assert!(world.sign_in("ada@example.org", "cafe\u{301} correct horse").is_ok());
}

#[test]
fn r2_3_a_password_sign_up_must_prove_its_address() {
    let world = World::new();
    let asked = world.sign_up("ada@example.org", PASSWORD);
    assert_eq!(
        asked.step,
        Step::VerifyEmail { to: "a…@example.org".to_owned(), can_skip: false, send_at: None }
    );
    assert_eq!(refused(world.answer(&asked, Answer::Skip)), Refusal::NotOffered);
    signed_in(world.prove(&asked, "ada@example.org"));
}

#[test]
fn r2_3_a_provider_proves_an_email_only_if_it_is_the_authority() {
    let world = World::new();
    for (identity, is_proof) in [
        (Identity::at("example", "1").with_email("a@provider.example"), true),
        (Identity::at("example", "2").with_email("b@elsewhere.example"), false),
        (Identity::at("example", "3").with_email("c@sub.provider.example"), false),
        (Identity::at("x", "4").with_email("d@provider.example"), false),
        (
            Identity {
                email_verified: false,
                ..Identity::at("example", "5").with_email("e@provider.example")
            },
            false,
        ),
    ] {
        let step = world.federated(&identity).step;
        match step {
            Step::SignedIn { .. } => assert!(is_proof, "{identity:?}"),
            Step::VerifyEmail { can_skip, .. } => assert!(!is_proof && can_skip, "{identity:?}"),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn r2_3_skipping_creates_an_account_with_the_address_unverified() {
    let world = World::new();
    let ada = world.ada();
    let asked = world.x_identity("815", Some(&ada.email));
    let token = signed_in(world.answer(&asked, Answer::Skip).unwrap()).token;
    let account = world.engine().account(&token).unwrap().view().unwrap();
    assert_ne!(account.id, ada.account);
    assert_eq!((account.addresses[0].verified_at, account.contact), (None, None));
}

#[test]
fn r2_4_the_prompt_comes_after_the_proof_and_shows_several_candidates() {
    let world = World::new();
    let ada = world.ada();
    world.later(days(40));
    let asked = world.prove(&world.x_identity("1", Some(&ada.email)), &ada.email);
    signed_in(world.answer(&asked, Answer::CreateNew).unwrap());
    world.later(days(1));
    let asked = world.prove(&world.federated(&Identity::at("other", "2").with_email(&ada.email)), &ada.email);
    let Step::LinkOrCreate { email, candidates, can_create, blocked } = &asked.step else {
        panic!("{asked:?}")
    };
    assert_eq!((email.as_deref(), *can_create, *blocked), (Some("ada@example.org"), true, None));
    let shown: Vec<_> = candidates
        .iter()
        .map(|candidate| {
            let kinds: Vec<_> = candidate.methods.iter().map(|kind| kind.code()).collect();
            let providers: Vec<_> = candidate.providers.iter().map(ToString::to_string).collect();
            (kinds.join(" "), providers.join(" "), candidate.created.to_string())
        })
        .collect();
    let expected = [("Password", "", "2026-01"), ("Federated", "x", "2026-02")];
    assert_eq!(shown, expected.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned())));
}

#[test]
fn r2_4_with_no_other_account_the_account_is_created() {
    let world = World::new();
    let done = world.prove(&world.sign_up("ada@example.org", PASSWORD), "ada@example.org");
    assert_eq!(signed_in(done).outcome.code(), "Created");
}

#[test]
fn r2_5_a_second_password_for_an_email_signs_in_to_its_holder_and_is_dropped() {
    let world = World::new();
    let ada = world.ada();
    world.later(days(1));
    let asked = world.prove(&world.sign_up(&ada.email, "another long password"), &ada.email);
    let Step::LinkOrCreate { candidates, can_create, blocked, .. } = &asked.step else { panic!("{asked:?}") };
    assert_eq!((candidates.len(), *can_create, blocked.unwrap().code()), (1, false, "PasswordTaken"));
    assert!(candidates[0].drops_new_password, "the step says so in advance");
    let chosen = world.answer(&asked, Answer::LinkTo(1)).unwrap();
    assert!(matches!(&chosen.step, Step::ProveOwnership { adding: None, .. }), "{chosen:?}");
    let done = world.answer(&chosen, Answer::Password(PASSWORD.into())).unwrap();
    let signed_in = signed_in(done);
    assert_eq!((signed_in.account, signed_in.outcome.code()), (ada.account, "SignedIn"));
    assert!(world.sign_in(&ada.email, "another long password").is_err());
    assert!(world.sign_in(&ada.email, PASSWORD).is_ok());
    assert_eq!(world.account(&ada).view().unwrap().methods.len(), 1);
}

#[test]
fn r2_6_only_a_candidate_of_the_prompt_can_be_chosen() {
    let world = World::new();
    let ada = world.ada();
    world.person("grace@example.org", PASSWORD);
    world.later(minutes(1));
    let asked = world.prove(&world.x_identity("1", Some(&ada.email)), &ada.email);
    for place in [0, 2, u8::MAX] {
        assert_eq!(refused(world.answer(&asked, Answer::LinkTo(place))), Refusal::NotOffered);
    }
    let chosen = world.answer(&asked, Answer::LinkTo(1)).unwrap();
    assert!(matches!(chosen.step, Step::ProveOwnership { .. }));
}

#[test]
fn r2_7_a_known_address_answers_and_costs_like_an_unknown_one() {
    let world = World::new();
    let ada = world.ada();
    world.mailbox().clear();
    let mut seen = Vec::new();
    for email in [ada.email.as_str(), "bob@example.org"] {
        world.later(days(1));
        world.catch_up();
        let (commits, hashes) = (world.engine().commits().unwrap(), world.hashes());
        let asked = world.sign_up(email, "another long password");
        let cost = (world.engine().commits().unwrap() - commits, world.hashes() - hashes);
        let message = world.mailbox().take(email).unwrap();
        assert!(matches!(asked.step, Step::VerifyEmail { can_skip: false, .. }));
        let wrong = refused(world.answer(&asked, Answer::Code("00000000".into())));
        seen.push((cost, message.kind.code(), message.to.len() - email.len(), asked.number, wrong));
    }
    assert_eq!(seen[0], seen[1]);
    assert_eq!(seen[0].0, (1, 1));
}

#[test]
fn r2_10_an_answer_given_twice_has_no_second_effect_and_a_token_is_handed_out_once() {
    let world = World::new();
    let asked = world.sign_up("ada@example.org", PASSWORD);
    let code = world.mailbox().code("ada@example.org").unwrap();
    let first = signed_in(world.answer(&asked, Answer::Code(code.clone())).unwrap());
    let commits = world.engine().commits().unwrap();
    let again = world.answer(&asked, Answer::Code(code)).unwrap().step;
    let Step::AlreadySignedIn { account, session, .. } = again else { panic!("{again:?}") };
    assert_eq!((account, session), (first.account, first.session));
    assert_eq!(world.engine().commits().unwrap(), commits);
}

#[test]
fn r2_10_a_flow_survives_the_process() {
    let folder = tempfile::tempdir().unwrap();
    let mut world = World::builder().file(&folder.path().join("store")).build();
    let asked = world.sign_up("ada@example.org", PASSWORD);
    world.reopen(None).unwrap();
    let current = world.engine().resume(asked.token.as_ref().unwrap()).unwrap();
    assert_eq!((current.number, &current.step), (asked.number, &asked.step));
    signed_in(world.prove(&asked, "ada@example.org"));
}

#[test]
fn r2_10_a_flow_ends_exactly_15_minutes_after_its_last_step() {
    let world = World::new();
    let ada = world.ada();
    world.later(minutes(1));
    let asked = world.prove(&world.x_identity("1", Some(&ada.email)), &ada.email);
    world.later(minutes(15) - std::time::Duration::from_millis(1));
    world.engine().resume(asked.token.as_ref().unwrap()).unwrap();
    world.later(std::time::Duration::from_millis(1));
    assert_eq!(refused(world.answer(&asked, Answer::CreateNew)), Refusal::FlowExpired);
}

#[test]
fn r2_10_a_flow_that_waits_for_a_code_ends_a_day_after_the_fetch() {
    let world = World::new();
    let asked = world.sign_up("ada@example.org", PASSWORD);
    world.later(days(3));
    let code = world.mailbox().code("ada@example.org").unwrap();
    world.later(hours(24) - std::time::Duration::from_millis(1));
    world.engine().resume(asked.token.as_ref().unwrap()).unwrap();
    world.later(std::time::Duration::from_millis(1));
    assert_eq!(refused(world.answer(&asked, Answer::Code(code))), Refusal::FlowExpired);
}

#[test]
fn r2_10_a_token_with_another_flow_s_parts_is_refused() {
    let world = World::new();
    let ada = world.sign_up("ada@example.org", PASSWORD);
    let other = World::builder().seed(2).build();
    let stranger = other.sign_up("ada@example.org", PASSWORD);
    assert_eq!(refused(world.answer(&stranger, Answer::Cancel)), Refusal::FlowExpired);
    // The right flow id with another secret: the last 42 characters of a token are only the secret.
    let text = ada.token.as_ref().unwrap().reveal().to_owned();
    let other_secret = text.chars().take(30).chain(std::iter::repeat_n('A', 34)).collect::<String>();
    let forged = other_secret.parse::<FlowToken>().unwrap();
    assert_eq!(forged.flow(), ada.token.as_ref().unwrap().flow());
    let forged = Flow { token: Some(forged), ..ada.clone() };
    assert_eq!(refused(world.answer(&forged, Answer::Cancel)), Refusal::FlowExpired);
    world.engine().resume(ada.token.as_ref().unwrap()).unwrap();
}

#[test]
fn r2_10_a_fourth_sign_up_for_an_address_ends_the_oldest() {
    let world = World::new();
    let flows: Vec<_> = (0..4)
        .map(|_| {
            world.later(minutes(2));
            world.sign_up("ada@example.org", PASSWORD)
        })
        .collect();
    assert_eq!(refused(world.answer(&flows[0], Answer::Resend)), Refusal::FlowExpired);
    assert_eq!(world.engine().health().unwrap().waiting_flows, 3);
    signed_in(world.prove(&flows[3], "ada@example.org"));
    world.later(days(32));
    world.sign_up("bob@example.org", PASSWORD);
    assert_eq!(
        world.engine().health().unwrap().waiting_flows,
        3,
        "an act on another account removes nothing"
    );
    assert!(!world.engine().sweep().unwrap());
    assert_eq!(world.engine().health().unwrap().waiting_flows, 1, "ended flows are removed");
}

#[test]
fn r2_10_resend_correct_address_and_cancel() {
    let world = World::new();
    let asked = world.sign_up("ada@exmaple.org", PASSWORD);
    let old = world.mailbox().code("ada@exmaple.org").unwrap();
    let corrected = world.answer(&asked, Answer::CorrectAddress("ada@example.org".to_owned())).unwrap();
    assert_eq!(
        corrected.step,
        Step::VerifyEmail { to: "a…@example.org".to_owned(), can_skip: false, send_at: None }
    );
    assert_eq!(refused(world.answer(&corrected, Answer::Code(old))), Refusal::InvalidCode);
    let first = world.mailbox().code("ada@example.org").unwrap();
    world.later(minutes(1));
    let resent = world.answer(&corrected, Answer::Resend).unwrap();
    assert_eq!(refused(world.answer(&resent, Answer::Code(first))), Refusal::InvalidCode);
    let done = signed_in(world.prove(&resent, "ada@example.org"));
    let view = world.engine().account(&done.token).unwrap().view().unwrap();
    assert_eq!(view.contact.as_deref(), Some("ada@example.org"));
    assert!(world.sign_in("ada@example.org", PASSWORD).is_ok());

    let left = world.sign_up("bob@example.org", PASSWORD);
    let ended = world.answer(&left, Answer::Cancel).unwrap();
    assert_eq!(ended.step, Step::Ended);
    assert_eq!(refused(world.answer(&ended, Answer::Resend)), Refusal::FlowExpired);
    assert_eq!(world.engine().health().unwrap().waiting_flows, 0);
}

#[test]
fn r2_10_an_answer_that_the_step_does_not_offer_is_refused_and_changes_nothing() {
    let world = World::new();
    world.ada();
    let asked = world.sign_up("bob@example.org", PASSWORD);
    let commits = world.engine().commits().unwrap();
    for answer in [
        Answer::Skip,
        Answer::Confirm,
        Answer::CreateNew,
        Answer::LinkTo(1),
        Answer::Password(PASSWORD.into()),
        Answer::Restore,
        Answer::KeepDeleted,
    ] {
        assert_eq!(refused(world.answer(&asked, answer.clone())), Refusal::NotOffered, "{answer:?}");
    }
    let ahead = Flow { number: asked.number + 1, ..asked.clone() };
    assert_eq!(refused(world.answer(&ahead, Answer::Resend)), Refusal::NotOffered);
    assert_eq!(world.engine().commits().unwrap(), commits);
}

#[test]
fn r2_9_an_assertion_names_its_flow_and_its_provider() {
    let world = World::new();
    let x = "x".parse::<ProviderId>().unwrap();
    let begin = || world.engine().begin_federated(&x, &Client::on("laptop")).unwrap();
    let (mine, other) = (begin(), begin());
    let identity = Identity::at("x", "815");
    for (assertion, reason) in [
        (identity.assertion(&other), "OtherFlow"),
        (Identity::at("other", "815").assertion(&mine), "OtherProvider"),
        (Identity::at("x", "").assertion(&mine), "Subject"),
        (Identity::at("x", &"s".repeat(256)).assertion(&mine), "Subject"),
    ] {
        match refused(world.engine().continue_with(&mine, &assertion, Intent::SignUp)) {
            Refusal::AssertionRejected { reason: why } => assert_eq!(why.code(), reason),
            refusal => panic!("{refusal:?}"),
        }
    }
    // An invalid address counts as no email (SPEC 1.4).
    let right = identity.clone().with_email("no address").assertion(&mine);
    signed_in(world.engine().continue_with(&mine, &right, Intent::SignUp).unwrap());
    // The same assertion again has no second effect.
    let again = world.engine().continue_with(&mine, &right, Intent::SignUp).unwrap();
    assert_eq!(again.step.code(), "AlreadySignedIn");
    let unknown = "nobody".parse::<ProviderId>().unwrap();
    let outcome = world.engine().begin_federated(&unknown, &Client::on("laptop"));
    assert_eq!(refused(outcome), Refusal::UnknownProvider);
    world.later(minutes(10));
    let late = identity.assertion(&other);
    assert_eq!(refused(world.engine().continue_with(&other, &late, Intent::SignUp)), Refusal::FlowExpired);
}

#[test]
fn r3_7_an_identity_s_address_is_proven_only_in_the_flow_that_sent_the_code() {
    let world = World::new();
    let mine = world.x_identity("mine", Some("ada@example.org"));
    let code = world.mailbox().code("ada@example.org").unwrap();
    let theirs = world.x_identity("theirs", Some("ada@example.org"));
    assert_eq!(refused(world.answer(&theirs, Answer::Code(code.clone()))), Refusal::InvalidCode);
    signed_in(world.answer(&mine, Answer::Code(code)).unwrap());
}
