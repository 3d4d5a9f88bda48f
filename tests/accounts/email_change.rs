//! The account's email, and the proof of addresses (SPEC 3.7, 7.1, 7.2).

use std::time::Duration;

use selfsame::{AccountHandle, AddressSource, AddressStep, Answer, Refusal, SignedIn, Step};
use selfsame_world::{ADDRESS_DONE, Identity, Person, World, days, hours, minutes, refused, signed_in};

const NEW: &str = "new@example.net";
const MOMENT: Duration = Duration::from_millis(1);

/// Signs up with an X identity whose email is never proven.
fn unproven(world: &World, subject: &str, email: &str) -> SignedIn {
    signed_in(world.answer(&world.x_identity(subject, Some(email)), Answer::Skip).unwrap())
}

fn account_of(world: &World, done: SignedIn) -> AccountHandle {
    world.engine().account(&done.token).unwrap()
}

#[test]
fn r7_1_nothing_changes_before_the_code() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let before = account.view().unwrap();
    let asked = account.change_email(NEW).unwrap();
    assert_eq!(asked, AddressStep::ProveAddress { to: "n…@example.net".to_owned(), send_at: None });
    assert_eq!(account.view().unwrap(), before);
    assert_eq!(world.mailbox().all().last().unwrap().kind.code(), "ChangeEmail");
    assert_eq!(refused(account.prove_address(&"00000000".into())), Refusal::InvalidCode);
    assert_eq!(account.view().unwrap(), before);

    assert_eq!(world.prove_address(&account, NEW).unwrap(), ADDRESS_DONE);
    let after = account.view().unwrap();
    assert_eq!(after.contact.as_deref(), Some(NEW));
    assert_eq!(after.methods[0].email.as_deref(), Some(NEW), "the password's email changes too");
    assert_eq!(after.addresses.len(), 1, "the account no longer has the old address");
    signed_in(world.sign_in(NEW, &ada.password).unwrap());
    assert_eq!(refused(world.sign_in(&ada.email, &ada.password)), Refusal::InvalidCredentials);
    let again = world.mailbox().code(NEW).unwrap();
    assert_eq!(refused(account.prove_address(&again)), Refusal::InvalidCode, "a code works once");
}

#[test]
fn r7_3_a_change_of_email_leaves_a_password_with_another_email() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let at_home = Identity::at("example", "1").with_email("ada@provider.example");
    world.add(&account, &at_home).unwrap();
    account.set_contact("ada@provider.example").unwrap();
    world.move_to(&account, NEW);
    signed_in(world.sign_in(&ada.email, &ada.password).unwrap());
    let after = account.view().unwrap();
    assert_eq!(after.contact.as_deref(), Some(NEW));
    assert_eq!(after.addresses.len(), 3, "a method's email stays an address of the account");
}

#[test]
fn r6_5_a_change_of_email_ends_all_other_sessions() {
    let world = World::new();
    let ada = world.ada();
    let other = world.fresh(&ada);
    let account = world.account(&ada);
    world.move_to(&account, NEW);
    assert_eq!(refused(other.view()), Refusal::SessionEnded);
    assert_eq!(account.sessions().unwrap().len(), 1);
}

#[test]
fn r7_1_an_email_change_is_confirmed_only_in_the_session_that_requested_it() {
    let world = World::new();
    let ada = world.ada();
    let other = world.fresh(&ada);
    let account = world.account(&ada);
    account.change_email(NEW).unwrap();
    let code = world.mailbox().code(NEW).unwrap();
    assert_eq!(refused(other.prove_address(&code)), Refusal::InvalidCode);
    let bob = world.account(&world.person("bob@example.org", "bob's very own password"));
    assert_eq!(refused(bob.prove_address(&code)), Refusal::InvalidCode);
    // Nor is the code accepted in a flow.
    let asked = world.sign_up(NEW, "a newcomer's password");
    assert_eq!(refused(world.answer(&asked, Answer::Code(code.clone()))), Refusal::InvalidCode);
    assert_eq!(account.prove_address(&code).unwrap(), ADDRESS_DONE);
}

#[test]
fn r7_1_a_newer_email_change_replaces_the_pending_one() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    account.change_email("first@example.net").unwrap();
    let first = world.mailbox().code("first@example.net").unwrap();
    account.change_email("second@example.net").unwrap();
    assert_eq!(refused(account.prove_address(&first)), Refusal::InvalidCode);
    world.prove_address(&account, "second@example.net").unwrap();
    assert_eq!(account.view().unwrap().contact.as_deref(), Some("second@example.net"));
    // This also holds for a change in another session.
    let ada = Person { email: "second@example.net".to_owned(), ..ada };
    let account = world.fresh(&ada);
    account.change_email("third@example.net").unwrap();
    let third = world.mailbox().code("third@example.net").unwrap();
    let other = world.fresh(&ada);
    other.change_email("fourth@example.net").unwrap();
    assert_eq!(refused(account.prove_address(&third)), Refusal::InvalidCode);
}

#[test]
fn r7_1_a_pending_email_change_is_void_after_another_security_change() {
    type Act = fn(&World, &AccountHandle, &str);
    let acts: [(&str, Act); 7] = [
        ("a password change", |_, account, password| {
            account.change_password(&password.into(), &"another long password".into()).unwrap();
        }),
        ("an added method", |world, account, _| {
            world.add(account, &Identity::at("x", "2")).unwrap();
        }),
        ("a removed method", |_, account, _| {
            let x = account.view().unwrap().methods[1].id;
            account.remove_method(x).unwrap();
        }),
        ("a second factor", |world, account, _| {
            world.turn_mfa_on(account);
        }),
        ("the end of its session", |_, account, _| account.sign_out().unwrap()),
        ("deletion", |_, account, _| {
            account.request_deletion().unwrap();
        }),
        ("an undo", |world, _, _| {
            let asked = world.undo(&world.undo_code("ada@example.org")).unwrap();
            world.answer(&asked, Answer::NewPassword("another long password".into())).unwrap();
        }),
    ];
    for (what, act) in acts {
        let world = World::new();
        let ada = world.ada();
        let account = world.account(&ada);
        world.add(&account, &Identity::at("x", "1")).unwrap();
        account.change_email(NEW).unwrap();
        let code = world.mailbox().code(NEW).unwrap();
        act(&world, &account, &ada.password);
        let refusal = refused(account.prove_address(&code));
        assert!(matches!(refusal, Refusal::InvalidCode | Refusal::SessionEnded), "{what}: {refusal:?}");
    }
}

#[test]
fn r7_1_what_a_sign_in_records_does_not_void_an_email_change() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    world.add(&account, &Identity::at("x", "1")).unwrap();
    account.change_email(NEW).unwrap();
    signed_in(world.x_identity("1", Some("seen@example.org")));
    signed_in(world.sign_in(&ada.email, &ada.password).unwrap());
    assert_eq!(world.prove_address(&account, NEW).unwrap(), ADDRESS_DONE);
}

#[test]
fn r7_1_an_email_change_needs_fresh_proof() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    world.later(minutes(5));
    for outcome in [account.change_email(NEW), account.verify_address(&ada.email)] {
        assert!(matches!(refused(outcome), Refusal::ReauthenticationRequired { .. }));
    }
}

#[test]
fn r7_2_only_the_proven_owner_of_the_mailbox_learns_of_a_collision() {
    let world = World::new();
    let (ada, bob) = (world.ada(), world.person("bob@example.org", "bob's very own password"));
    world.later(minutes(1));
    let account = world.fresh(&ada);
    let asked = account.change_email(&bob.email).unwrap();
    assert_eq!(
        asked,
        AddressStep::ProveAddress { to: "b…@example.org".to_owned(), send_at: None },
        "the answer for a free address"
    );
    assert_eq!(refused(account.prove_address(&"12345678".into())), Refusal::InvalidCode);
    let code = world.mailbox().code(&bob.email).unwrap();
    assert_eq!(refused(account.prove_address(&code)), Refusal::IdentifierInUse);
    assert_eq!(refused(account.prove_address(&code)), Refusal::InvalidCode, "the code is void");
    assert_eq!(account.view().unwrap().contact.as_deref(), Some("ada@example.org"));
}

#[test]
fn r7_2_a_collision_between_the_request_and_the_code_is_detected() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    account.change_email(NEW).unwrap();
    let code = world.mailbox().code(NEW).unwrap();
    world.later(minutes(1));
    world.person(NEW, "a newcomer's password");
    assert_eq!(refused(account.prove_address(&code)), Refusal::IdentifierInUse);
    signed_in(world.sign_in(&ada.email, &ada.password).unwrap());

    // A person who proves an email gets it if another account only reserves it for an undo (SPEC 7.6).
    let world = World::new();
    let (ada, bob) = (world.ada(), world.person("bob@example.org", "bob's very own password"));
    world.move_to(&world.account(&bob), "moved@example.org");
    world.later(minutes(1));
    let account = world.fresh(&ada);
    account.change_email(&bob.email).unwrap();
    let moved = world.prove_address(&account, &bob.email).unwrap();
    assert_eq!(moved, AddressStep::Done { was_reserved: true });
    // An email that another account has only by an identity is free for a password.
    let world = World::new();
    let ada = world.ada();
    signed_in(world.prove(&world.x_identity("1", Some(NEW)), NEW));
    world.later(minutes(1));
    world.move_to(&world.account(&ada), NEW);
}

#[test]
fn r1_6_a_ninth_account_cannot_change_to_the_email() {
    let policy = World::policy().max_accounts_per_email(1).build().unwrap();
    let world = World::builder().policy(policy).build();
    let ada = world.ada();
    signed_in(world.prove(&world.x_identity("1", Some(NEW)), NEW));
    world.later(minutes(1));
    let account = world.fresh(&ada);
    account.change_email(NEW).unwrap();
    assert_eq!(refused(world.prove_address(&account, NEW)), Refusal::LimitReached);
}

#[test]
fn r12_5_a_change_code_is_valid_for_ten_minutes_from_the_fetch_and_five_wrong_ones_void_it() {
    for (late, works) in [(MOMENT, true), (Duration::ZERO, false)] {
        let world = World::new();
        let account = world.account(&world.ada());
        account.change_email(NEW).unwrap();
        world.later(hours(5));
        let code = world.mailbox().code(NEW).unwrap();
        world.later(minutes(10) - late);
        assert_eq!(account.prove_address(&code).is_ok(), works);
    }
    let world = World::new();
    let account = world.account(&world.ada());
    account.change_email(NEW).unwrap();
    let code = world.mailbox().code(NEW).unwrap();
    for _ in 0..5 {
        assert_eq!(refused(account.prove_address(&"00000000".into())), Refusal::InvalidCode);
    }
    assert_eq!(refused(account.prove_address(&code)), Refusal::InvalidCode);
}

#[test]
fn r12_5_wrong_and_void_codes_cost_the_same_commits() {
    let world = World::new();
    let account = world.account(&world.ada());
    let commits = |code: &str| {
        let before = world.engine().commits().unwrap();
        assert_eq!(refused(account.prove_address(&code.into())), Refusal::InvalidCode);
        world.engine().commits().unwrap() - before
    };
    let nothing_waits = commits("00000000");
    account.change_email(NEW).unwrap();
    assert_eq!((nothing_waits, commits("00000000")), (1, 1));
}

#[test]
fn r12_5_over_the_rate_limit_the_last_valid_code_stays_valid() {
    let world = World::new();
    let account = world.account(&world.ada());
    account.change_email(NEW).unwrap();
    let first = world.mailbox().code(NEW).unwrap();
    let again = account.change_email(NEW).unwrap();
    assert!(matches!(again, AddressStep::ProveAddress { .. }), "the answer is the same");
    assert_eq!(account.prove_address(&first).unwrap(), ADDRESS_DONE);

    // A newer code voids the older one.
    let world = World::new();
    let account = world.account(&world.ada());
    account.change_email(NEW).unwrap();
    let first = world.mailbox().code(NEW).unwrap();
    world.later(minutes(1));
    account.change_email(NEW).unwrap();
    assert_eq!(refused(account.prove_address(&first)), Refusal::InvalidCode);
    assert_eq!(world.prove_address(&account, NEW).unwrap(), ADDRESS_DONE);
}

#[test]
fn r1_4_the_owner_chooses_the_contact_among_the_verified_addresses() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    world.add(&account, &Identity::at("x", "1").with_email("unproven@example.org")).unwrap();
    assert_eq!(refused(account.set_contact("unproven@example.org")), Refusal::NotOffered);
    assert_eq!(refused(account.set_contact("nobody@example.org")), Refusal::NotOffered);
    assert_eq!(refused(account.set_contact(&ada.email)), Refusal::AlreadyYours);
    account.verify_address("unproven@example.org").unwrap();
    assert_eq!(world.prove_address(&account, "unproven@example.org").unwrap(), ADDRESS_DONE);
    account.set_contact("unproven@example.org").unwrap();
    assert_eq!(account.view().unwrap().contact.as_deref(), Some("unproven@example.org"));
    // The password's identifier does not change.
    signed_in(world.sign_in(&ada.email, &ada.password).unwrap());
}

#[test]
fn r1_4_an_owner_can_take_over_the_newer_email_of_an_identity() {
    let world = World::new();
    let proven = world.prove(&world.x_identity("815", Some("ada@example.org")), "ada@example.org");
    let account = account_of(&world, signed_in(proven));
    let x = account.view().unwrap().methods[0].id;
    assert_eq!(refused(account.take_seen_email(x)), Refusal::NotOffered);
    signed_in(world.x_identity("815", Some("lovelace@example.net")));
    account.take_seen_email(x).unwrap();
    let view = account.view().unwrap();
    assert_eq!(view.methods[0].email.as_deref(), Some("lovelace@example.net"));
    assert_eq!(view.methods[0].seen_email, None);
    assert_eq!(view.contact.as_deref(), Some("ada@example.org"), "the proven contact stays");
    assert_eq!(
        (view.addresses[0].source, view.addresses[0].verified_at.is_some()),
        (AddressSource::Contact, true)
    );
    assert_eq!(
        (view.addresses[1].source, view.addresses[1].verified_at),
        (AddressSource::Method { method: x }, None)
    );
    account.verify_address("lovelace@example.net").unwrap();
    world.prove_address(&account, "lovelace@example.net").unwrap();
    assert!(account.view().unwrap().addresses[1].verified_at.is_some());
}

#[test]
fn r7_4_no_unverified_address_becomes_an_identifier_with_mfa_on_or_off() {
    for mfa in [false, true] {
        let world = World::new();
        let account = account_of(&world, unproven(&world, "1", "ada@example.org"));
        if mfa {
            world.turn_mfa_on(&account);
        }
        let asked = account.add_password("ada@example.org", &"a long enough password".into()).unwrap();
        assert!(matches!(asked, AddressStep::ProveAddress { .. }));
        assert_eq!(account.view().unwrap().methods.len(), 1);
        let unknown = world.sign_in("ada@example.org", "a long enough password");
        assert_eq!(refused(unknown), Refusal::InvalidCredentials);
    }
}

#[test]
fn r3_7_the_first_proven_address_ends_other_sessions_and_asks_for_a_review() {
    let world = World::new();
    // The squatter created the account. The victim signs in to it with an identity of their own.
    let squatter = account_of(&world, unproven(&world, "squatter", "victim@example.org"));
    let own = Identity::at("other", "victim");
    world.add(&squatter, &own).unwrap();
    let victim = account_of(&world, signed_in(world.present(&own, selfsame::Intent::SignIn).unwrap()));
    world.later(minutes(1));
    victim.verify_address("victim@example.org").unwrap();
    let step = world.prove_address(&victim, "victim@example.org").unwrap();
    let AddressStep::ReviewMethods { methods, second_factor, .. } = step else { panic!("{step:?}") };
    assert_eq!((methods.len(), second_factor), (1, false));
    assert_eq!(methods[0].provider.as_ref().unwrap().as_str(), "x");
    assert_eq!(refused(squatter.view()), Refusal::SessionEnded);
    let shut_out = world.present(&Identity::at("x", "squatter"), selfsame::Intent::SignIn);
    assert_eq!(refused(shut_out), Refusal::InvalidCredentials, "a suspended method does not sign in");
    assert!(victim.view().unwrap().methods[0].suspended);

    assert_eq!(
        refused(victim.review(&[], true, None)),
        Refusal::NotOffered,
        "the account has no second factor"
    );
    victim.review(&[], false, None).unwrap();
    let view = victim.view().unwrap();
    assert_eq!(view.methods.len(), 1);
    assert_eq!(view.contact.as_deref(), Some("victim@example.org"), "the owner proved the address");
    assert_eq!(refused(victim.review(&[], false, None)), Refusal::NotOffered, "the review is done");
}

#[test]
fn r3_7_a_method_that_the_owner_keeps_signs_in_again() {
    let world = World::new();
    let account = account_of(&world, unproven(&world, "1", "ada@example.org"));
    let phone = Identity::at("other", "1");
    world.add(&account, &phone).unwrap();
    world.turn_mfa_on(&account);
    world.later(minutes(1));
    account.verify_address("ada@example.org").unwrap();
    let step = world.prove_address(&account, "ada@example.org").unwrap();
    let AddressStep::ReviewMethods { methods, second_factor: true, .. } = step else { panic!("{step:?}") };
    assert!(account.view().unwrap().mfa.is_none(), "the second factor is suspended too");
    account.review(&[methods[0].id], true, None).unwrap();
    let view = account.view().unwrap();
    assert!(view.methods.iter().all(|method| !method.suspended));
    assert!(view.mfa.is_some() && !view.second_factor_suspended);
    let asked = world.present(&phone, selfsame::Intent::SignIn).unwrap();
    assert!(matches!(asked.step, Step::SecondFactor { .. }));
}

#[test]
fn r3_7_neither_a_second_proof_nor_a_single_method_asks_for_a_review() {
    let world = World::new();
    let account = account_of(&world, unproven(&world, "1", "ada@example.org"));
    world.later(minutes(1));
    account.verify_address("ada@example.org").unwrap();
    assert_eq!(world.prove_address(&account, "ada@example.org").unwrap(), ADDRESS_DONE);
    assert_eq!(account.view().unwrap().contact.as_deref(), Some("ada@example.org"));
    assert_eq!(refused(account.verify_address("ada@example.org")), Refusal::AlreadyYours);

    world.add(&account, &Identity::at("other", "1").with_email("second@example.org")).unwrap();
    account.verify_address("second@example.org").unwrap();
    assert_eq!(world.prove_address(&account, "second@example.org").unwrap(), ADDRESS_DONE);
    assert!(account.view().unwrap().methods.iter().all(|method| !method.suspended));
}

/// SPEC 3.7; the fifth class of attacks in Sudhodanan and Paverd, "Pre-hijacked accounts".
#[test]
fn r3_7_unexpired_email_change() {
    let world = World::new();
    // The attacker has an account and requests to change its email to the victim's address.
    let attacker = world.account(&world.person("mallory@example.net", "mallory's own password"));
    attacker.change_email("victim@example.org").unwrap();
    let code = world.mailbox().code("victim@example.org").unwrap();
    world.later(days(1));
    let victim = world.person("victim@example.org", "the victim's own password");
    // The code proves nothing in the victim's session, and the attacker's session has expired.
    assert_eq!(refused(world.account(&victim).prove_address(&code)), Refusal::InvalidCode);
    assert_eq!(refused(attacker.prove_address(&code)), Refusal::InvalidCode);
    signed_in(world.sign_in(&victim.email, &victim.password).unwrap());
}
