//! Sign-in with a password, and its throttle (SPEC 4, 12.1 to 12.3).

use std::sync::Arc;

use selfsame::{Aal, Amr, Answer, Argon2Hasher, Engine, HashCost, Refusal, Step};
use selfsame_world::{Identity, Person, World, days, hours, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";
const WRONG: &str = "a wrong password";

/// Links the X identity "1" to Ada's account, as a second method.
fn link_x(world: &World, ada: &Person) {
    world.later(minutes(1));
    let asked = world.prove(&world.x_identity("1", Some(&ada.email)), &ada.email);
    let chosen = world.answer(&asked, Answer::LinkTo(1)).unwrap();
    signed_in(world.answer(&chosen, Answer::Password(PASSWORD.into())).unwrap());
}

#[test]
fn r4_1_a_sign_in_ends_in_a_session_or_asks_for_more() {
    let world = World::new();
    let ada = world.ada();
    assert!(matches!(world.sign_in(&ada.email, PASSWORD).unwrap().step, Step::SignedIn { .. }));
    world.account(&ada).request_deletion().unwrap();
    assert!(matches!(world.sign_in(&ada.email, PASSWORD).unwrap().step, Step::ConfirmRestore { .. }));
}

#[test]
fn r4_2_unknown_email_wrong_password_and_no_password_get_one_refusal_at_one_cost() {
    let world = World::new();
    let ada = world.ada();
    // An account with a verified email and no password.
    let identity = Identity::at("x", "815").with_email("fed@example.org");
    signed_in(world.prove(&world.federated(&identity), "fed@example.org"));
    let mut seen = Vec::new();
    for email in [ada.email.as_str(), "fed@example.org", "nobody@example.org"] {
        for attempt in 0..6 {
            let (commits, hashes) = (world.engine().commits().unwrap(), world.hashes());
            let refusal = refused(world.sign_in(email, WRONG));
            let cost = (world.engine().commits().unwrap() - commits, world.hashes() - hashes);
            seen.push((attempt, refusal, cost));
        }
    }
    assert_eq!(seen[0], (0, Refusal::InvalidCredentials, (1, 1)));
    assert_eq!(seen[5], (5, Refusal::Throttled { retry_at: Some(world.now() + minutes(1)) }, (1, 0)));
    assert_eq!(seen[..6], seen[6..12]);
    assert_eq!(seen[..6], seen[12..]);
}

#[test]
fn r4_2_a_malformed_password_fails_like_a_wrong_one() {
    let world = World::new();
    let ada = world.ada();
    for password in ["", &"x".repeat(5000)] {
        let hashes = world.hashes();
        assert_eq!(refused(world.sign_in(&ada.email, password)), Refusal::InvalidCredentials);
        assert_eq!(world.hashes() - hashes, 1);
    }
}

#[test]
fn r4_4_a_session_records_how_and_when_it_was_proven() {
    let world = World::new();
    let ada = world.ada();
    world.later(days(1));
    let done = signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    assert_eq!((done.aal, done.amr, done.auth_time), (Aal::Aal1, vec![Amr::Pwd], world.now()));
    let federated = signed_in(world.x_identity("1", None));
    assert_eq!((federated.aal, federated.amr), (Aal::Aal1, vec![]));
}

#[test]
fn r4_5_the_next_sign_in_replaces_a_weaker_hash() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let weak = World::policy().hash_cost(HashCost::new(12_288, 3, 1)).build().unwrap();
    let world = World::builder().policy(weak).file(&path).build();
    let ada = world.ada();
    drop(world);
    let world = World::builder().file(&path).build();
    for hashes_of_this_sign_in in [2, 1] {
        let before = world.hashes();
        signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
        assert_eq!(world.hashes() - before, hashes_of_this_sign_in);
    }
    assert_eq!(refused(world.sign_in(&ada.email, WRONG)), Refusal::InvalidCredentials);
}

#[test]
fn r4_6_a_sign_in_is_one_durable_commit_and_one_hash() {
    let world = World::new();
    let ada = world.ada();
    let (commits, hashes) = (world.engine().commits().unwrap(), world.hashes());
    signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    assert_eq!((world.engine().commits().unwrap() - commits, world.hashes() - hashes), (1, 1));
}

#[test]
fn r12_1_after_the_fifth_failure_right_passwords_also_wait_a_minute() {
    let world = World::new();
    let ada = world.ada();
    for _ in 0..5 {
        assert_eq!(refused(world.sign_in(&ada.email, WRONG)), Refusal::InvalidCredentials);
    }
    let retry_at = world.now() + minutes(1);
    world.later(minutes(1) - std::time::Duration::from_millis(1));
    for password in [PASSWORD, WRONG, PASSWORD] {
        let refusal = refused(world.sign_in(&ada.email, password));
        assert_eq!(
            refusal,
            Refusal::Throttled { retry_at: Some(retry_at) },
            "attempts during the wait do not lengthen it"
        );
    }
    world.later(std::time::Duration::from_millis(1));
    signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    for _ in 0..4 {
        assert_eq!(refused(world.sign_in(&ada.email, WRONG)), Refusal::InvalidCredentials);
    }
    signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
}

#[test]
fn r12_1_a_sign_in_clears_only_the_counter_of_the_factor_that_it_used() {
    let world = World::new();
    let ada = world.ada();
    link_x(&world, &ada);
    for _ in 0..5 {
        refused(world.sign_in(&ada.email, WRONG));
    }
    signed_in(world.x_identity("1", None));
    assert!(matches!(refused(world.sign_in(&ada.email, PASSWORD)), Refusal::Throttled { .. }));
}

#[test]
fn r12_1_a_hundred_failures_lock_the_password_until_another_method_signs_in() {
    let world = World::new();
    let ada = world.ada();
    link_x(&world, &ada);
    for _ in 0..100 {
        assert_eq!(refused(world.sign_in(&ada.email, WRONG)), Refusal::InvalidCredentials);
        world.later(hours(1));
    }
    world.later(days(400));
    assert_eq!(refused(world.sign_in(&ada.email, PASSWORD)), Refusal::Throttled { retry_at: None });
    signed_in(world.x_identity("1", None));
    signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
}

#[test]
fn r12_2_success_clears_one_account_and_each_unknown_identifier_has_its_own_throttle() {
    let world = World::new();
    let ada = world.ada();
    let grace = world.person("grace@example.org", PASSWORD);
    for email in [&ada.email, &grace.email, "nobody@example.org"] {
        for _ in 0..5 {
            refused(world.sign_in(email, WRONG));
        }
    }
    world.later(minutes(1));
    signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    refused(world.sign_in(&grace.email, WRONG));
    let two_minutes = Refusal::Throttled { retry_at: Some(world.now() + minutes(2)) };
    assert_eq!(refused(world.sign_in(&grace.email, PASSWORD)), two_minutes);
    assert_eq!(refused(world.sign_in("nobody@example.org", WRONG)), Refusal::InvalidCredentials);
    assert_eq!(refused(world.sign_in("nobody@example.org", WRONG)), two_minutes);
    assert_eq!(refused(world.sign_in("someone@example.org", WRONG)), Refusal::InvalidCredentials);
}

#[test]
fn r12_2_guesses_at_unknown_identifiers_use_bounded_space() {
    let world = World::new();
    let rows = |engine: &Engine| {
        engine.dump().unwrap().keys().filter(|key| key.len() == 19 && key[16] == 0x40).count()
    };
    for guess in 0..300 {
        refused(world.sign_in(&format!("nobody{guess}@example.org"), WRONG));
    }
    let many = rows(world.engine());
    assert!((250..=300).contains(&many), "{many} of 65,536 slots");
    refused(world.sign_in("nobody7@example.org", WRONG));
    assert_eq!(rows(world.engine()), many, "each identifier has one slot");
}

#[test]
fn r12_5_a_code_is_void_after_five_wrong_ones_and_all_refusals_cost_the_same() {
    let world = World::new();
    let asked = world.sign_up("ada@example.org", PASSWORD);
    let code = world.mailbox().code("ada@example.org").unwrap();
    assert_eq!(code.reveal().len(), 8);
    assert!(code.reveal().iter().all(u8::is_ascii_digit));
    let mut costs = Vec::new();
    let wrong = if code.reveal() == b"00000000" { "00000001" } else { "00000000" };
    for _ in 0..5 {
        let before = world.engine().commits().unwrap();
        assert_eq!(refused(world.answer(&asked, Answer::Code(wrong.into()))), Refusal::InvalidCode);
        costs.push(world.engine().commits().unwrap() - before);
    }
    let before = world.engine().commits().unwrap();
    assert_eq!(
        refused(world.answer(&asked, Answer::Code(code.clone()))),
        Refusal::InvalidCode,
        "the code is void"
    );
    costs.push(world.engine().commits().unwrap() - before);
    assert_eq!(costs, [1; 6]);
    world.later(minutes(1));
    let resent = world.answer(&asked, Answer::Resend).unwrap();
    assert_eq!(
        refused(world.answer(&resent, Answer::Code(code))),
        Refusal::InvalidCode,
        "a newer code voids the older one"
    );
    signed_in(world.prove(&resent, "ada@example.org"));
}

#[test]
fn r12_5_a_code_is_accepted_only_in_the_flow_that_sent_it() {
    let world = World::new();
    let mine = world.sign_up("ada@example.org", PASSWORD);
    let my_code = world.mailbox().code("ada@example.org").unwrap();
    world.later(minutes(2));
    let theirs = world.sign_up("ada@example.org", "the attacker's password");
    assert_eq!(refused(world.answer(&theirs, Answer::Code(my_code.clone()))), Refusal::InvalidCode);
    // Another flow's code voids nothing in this flow.
    signed_in(world.answer(&mine, Answer::Code(my_code)).unwrap());
}

#[test]
fn r12_5_over_the_rate_limit_no_message_is_sent_and_the_last_code_stays_valid() {
    let world = World::new();
    let mut asked = world.sign_up("ada@example.org", PASSWORD);
    let code = world.mailbox().code("ada@example.org").unwrap();
    world.mailbox().clear();
    asked = world.answer(&asked, Answer::Resend).unwrap();
    assert!(matches!(asked.step, Step::VerifyEmail { .. }), "the answer is the same");
    assert!(world.mailbox().all().is_empty(), "one message per minute");
    signed_in(world.answer(&asked, Answer::Code(code)).unwrap());
}

#[test]
fn r12_5_a_code_is_valid_for_a_day_from_the_fetch_and_an_unfetched_message_for_thirty() {
    let world = World::new();
    let asked = world.sign_up("ada@example.org", PASSWORD);
    world.later(days(29));
    let code = world.mailbox().code("ada@example.org").unwrap();
    world.later(hours(23));
    signed_in(world.answer(&asked, Answer::Code(code)).unwrap());

    world.sign_up("bob@example.org", PASSWORD);
    world.later(days(30));
    assert!(world.mailbox().code("bob@example.org").is_none(), "the code is void");
    assert_eq!(world.engine().health().unwrap().outbox, 0);
}

#[test]
fn sign_in_works_with_the_default_hasher() {
    let world = World::builder().hasher(Arc::new(Argon2Hasher::new(1))).build();
    let ada = world.ada();
    signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
    assert_eq!(refused(world.sign_in(&ada.email, WRONG)), Refusal::InvalidCredentials);
}
