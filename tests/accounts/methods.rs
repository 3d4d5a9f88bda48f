//! Sign-in methods that an owner adds and removes, and the password (SPEC 1.5 to 1.8, 4.8).

use selfsame::{
    AccountHandle, AddressSource, AddressStep, Answer, Intent, MethodId, MethodKind, Refusal, TextField,
    TextProblem,
};
use selfsame_world::{ADDRESS_DONE, DONE, Identity, World, days, minutes, refused, signed_in};

const NEW: &str = "another long password";

fn method_of(account: &AccountHandle, kind: MethodKind) -> MethodId {
    account.view().unwrap().methods.iter().find(|method| method.kind == kind).unwrap().id
}

/// Creates an account with an X identity and this proven email.
fn by_x(world: &World, email: &str) -> (AccountHandle, Identity) {
    let x = Identity::at("x", email).with_email(email);
    let done = signed_in(world.prove(&world.federated(&x), email));
    (world.engine().account(&done.token).unwrap(), x)
}

#[test]
fn r1_6_an_identity_added_in_a_session_signs_in() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let x = Identity::at("x", "1815").called("ada").with_email("unproven@example.org");
    world.mailbox().clear();
    assert_eq!(world.add(&account, &x).unwrap().step, DONE);
    let view = account.view().unwrap();
    assert_eq!((view.methods.len(), view.methods[1].handle.as_deref()), (2, Some("ada")));
    assert_eq!(view.addresses[1].verified_at, None, "X is not the authority for the address");
    assert_eq!(world.mailbox().take(&ada.email).unwrap().kind.code(), "MethodAdded");
    assert_eq!(signed_in(world.present(&x, Intent::SignIn).unwrap()).account, ada.account);
    assert!(world.engine().resolve(&ada.token).is_ok(), "adding ends no session");
    assert!(account.verify_audit().unwrap());
}

#[test]
fn r1_6_an_identity_that_any_account_has_is_not_added() {
    let world = World::new();
    let account = world.account(&world.ada());
    let (bob, bobs) = by_x(&world, "bob@example.org");
    let x = Identity::at("x", "1815");
    world.add(&account, &x).unwrap();
    let before = account.view().unwrap();
    assert_eq!(refused(world.add(&account, &x)), Refusal::AlreadyYours);
    assert_eq!(refused(world.add(&account, &bobs)), Refusal::IdentityInUse);
    assert_eq!(account.view().unwrap(), before);
    assert_eq!(bob.view().unwrap().methods.len(), 1);
    let unknown = "nobody".parse::<selfsame::ProviderId>().unwrap();
    assert_eq!(refused(account.begin_add(&unknown)), Refusal::UnknownProvider);
}

#[test]
fn r1_6_an_addition_ends_with_its_session() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let x = Identity::at("x", "1815");
    let provider = "x".parse::<selfsame::ProviderId>().unwrap();
    let begun = account.begin_add(&provider).unwrap();
    let assertion = x.assertion(&begun);
    account.sign_out().unwrap();
    let late = world.engine().continue_with(&begun, &assertion, Intent::SignUp);
    assert_eq!(refused(late), Refusal::SessionEnded);
    // Starting an addition needs fresh proof.
    let account = world.fresh(&ada);
    world.later(minutes(5));
    let stale = refused(account.begin_add(&provider));
    assert!(matches!(stale, Refusal::ReauthenticationRequired { .. }));
}

#[test]
fn r1_6_an_authoritative_provider_proves_an_added_address_but_not_the_first() {
    let world = World::new();
    let account = world.account(&world.ada());
    let at_home = Identity::at("example", "1").with_email("ada@provider.example");
    world.add(&account, &at_home).unwrap();
    assert!(account.view().unwrap().addresses[1].verified_at.is_some());

    let unproven = signed_in(world.x_identity("2", None)).token;
    let account = world.engine().account(&unproven).unwrap();
    let at_home = Identity::at("example", "2").with_email("bob@provider.example");
    world.add(&account, &at_home).unwrap();
    let view = account.view().unwrap();
    assert_eq!(
        (view.contact, view.addresses[0].verified_at),
        (None, None),
        "the first proof must come with a review (SPEC 3.7)"
    );
}

#[test]
fn r1_6_a_password_is_added_at_once_with_a_verified_email_and_otherwise_after_its_proof() {
    let world = World::new();
    let (account, _) = by_x(&world, "ada@example.org");
    let done = account.add_password("ada@example.org", &NEW.into()).unwrap();
    assert_eq!(done, ADDRESS_DONE);
    signed_in(world.sign_in("ada@example.org", NEW).unwrap());
    let second = account.add_password("ada@example.org", &NEW.into());
    assert_eq!(refused(second), Refusal::NotOffered, "an account has at most one password");

    let (account, _) = by_x(&world, "bob@example.org");
    let asked = account.add_password("bob@example.net", &NEW.into()).unwrap();
    assert!(matches!(asked, AddressStep::ProveAddress { .. }));
    assert_eq!(refused(world.sign_in("bob@example.net", NEW)), Refusal::InvalidCredentials);
    assert_eq!(world.prove_address(&account, "bob@example.net").unwrap(), ADDRESS_DONE);
    signed_in(world.sign_in("bob@example.net", NEW).unwrap());
    assert_eq!(account.view().unwrap().contact.as_deref(), Some("bob@example.org"), "the contact stays");
}

#[test]
fn r1_6_a_password_for_another_account_s_email_is_refused_only_after_the_proof() {
    let world = World::new();
    let ada = world.ada();
    let (account, _) = by_x(&world, "bob@example.org");
    world.later(minutes(1));
    let asked = account.add_password(&ada.email, &NEW.into()).unwrap();
    assert!(matches!(asked, AddressStep::ProveAddress { .. }));
    assert_eq!(refused(world.prove_address(&account, &ada.email)), Refusal::IdentifierInUse);
    // The password rules apply here too.
    let guessable =
        account.add_password("bob-the-builder@example.org", &"bob-the-builder@example.org".into());
    assert!(matches!(refused(guessable), Refusal::InvalidPassword { .. }));
}

#[test]
fn r1_6_limits_of_methods_and_addresses_apply_to_additions() {
    let policy = World::policy().max_methods(2).max_addresses(2).build().unwrap();
    let world = World::builder().policy(policy).build();
    let account = world.account(&world.ada());
    world.add(&account, &Identity::at("x", "1").with_email("one@example.org")).unwrap();
    assert_eq!(refused(world.add(&account, &Identity::at("x", "2"))), Refusal::LimitReached);
    let policy = World::policy().max_addresses(1).build().unwrap();
    let world = World::builder().policy(policy).build();
    let account = world.account(&world.ada());
    let outcome = world.add(&account, &Identity::at("x", "1").with_email("one@example.org"));
    assert_eq!(refused(outcome), Refusal::LimitReached);
    world.move_to(&account, "moved@example.org");
}

#[test]
fn r1_7_the_last_usable_first_factor_cannot_be_removed() {
    let world = World::new();
    let account = world.account(&world.ada());
    let password = method_of(&account, MethodKind::Password);
    assert_eq!(refused(account.remove_method(password)), Refusal::LastMethod);
    assert_eq!(refused(account.remove_method(password)), Refusal::LastMethod);
    world.turn_mfa_on(&account);
    let last = account.remove_method(password);
    assert_eq!(refused(last), Refusal::LastMethod, "neither TOTP nor recovery codes are first factors");
    world.add(&account, &Identity::at("x", "1")).unwrap();
    account.remove_method(password).unwrap();
    assert_eq!(account.view().err().map(|error| error.code()), Some("SessionEnded"));
}

#[test]
fn r1_7_a_locked_password_does_not_count_as_a_usable_method() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    world.add(&account, &Identity::at("x", "1")).unwrap();
    for _ in 0..100 {
        assert!(world.sign_in(&ada.email, "a wrong password").is_err());
        world.later(minutes(60));
    }
    let own = signed_in(world.present(&Identity::at("x", "1"), Intent::SignIn).unwrap());
    // A sign-in with another method unlocks the password (SPEC 12.1), so it counts again.
    let account = world.engine().account(&own.token).unwrap();
    for _ in 0..100 {
        world.later(minutes(60));
        assert!(world.sign_in(&ada.email, "a wrong password").is_err());
    }
    let step = account.reauthenticate().unwrap();
    let shown = Identity::at("x", "1").assertion(&step);
    let renewed = signed_in(world.answer(&step, Answer::Assertion(shown)).unwrap());
    let account = world.engine().account(&renewed.token).unwrap();
    let x = method_of(&account, MethodKind::Federated);
    assert_eq!(refused(account.remove_method(x)), Refusal::LastMethod);
}

#[test]
fn r1_7_a_method_of_another_account_cannot_be_removed() {
    let world = World::new();
    let account = world.account(&world.ada());
    let (bob, _) = by_x(&world, "bob@example.org");
    let bobs = method_of(&bob, MethodKind::Federated);
    assert_eq!(refused(account.remove_method(bobs)), Refusal::NotOffered);
}

#[test]
fn r6_5_removing_a_method_ends_all_other_sessions_and_the_one_it_proved() {
    let world = World::new();
    let ada = world.ada();
    let (account, other) = (world.account(&ada), world.fresh(&ada));
    let x = Identity::at("x", "1");
    world.add(&account, &x).unwrap();
    account.remove_method(method_of(&account, MethodKind::Federated)).unwrap();
    assert_eq!(refused(other.view()), Refusal::SessionEnded);
    assert!(account.view().is_ok(), "the password proved this session");

    world.add(&account, &x).unwrap();
    account.remove_method(method_of(&account, MethodKind::Password)).unwrap();
    assert_eq!(refused(account.view()), Refusal::SessionEnded);
    assert_eq!(refused(world.sign_in(&ada.email, &ada.password)), Refusal::InvalidCredentials);
    assert_eq!(signed_in(world.present(&x, Intent::SignIn).unwrap()).account, ada.account);
}

#[test]
fn r1_8_if_the_contact_s_method_is_removed_the_earliest_verified_address_follows() {
    let world = World::new();
    let (account, _) = by_x(&world, "ada@example.org");
    for (subject, email) in [("1", "second@provider.example"), ("2", "third@provider.example")] {
        world.later(minutes(1));
        world.add(&account, &Identity::at("example", subject).with_email(email)).unwrap();
    }
    account.set_contact("third@provider.example").unwrap();
    let third = account.view().unwrap().methods[2].id;
    account.remove_method(third).unwrap();
    let view = account.view().unwrap();
    assert_eq!(view.contact.as_deref(), Some("ada@example.org"));
    assert_eq!(view.addresses.len(), 2);
    // An address stays if another method also has it.
    assert_eq!(account.add_password("second@provider.example", &NEW.into()).unwrap(), ADDRESS_DONE);
    let second = account.view().unwrap().methods[1].id;
    account.remove_method(second).unwrap();
    let view = account.view().unwrap();
    let password = method_of(&account, MethodKind::Password);
    assert_eq!(view.addresses[1].source, AddressSource::Method { method: password });
    signed_in(world.sign_in("second@provider.example", NEW).unwrap());
}

#[test]
fn r1_8_an_account_that_loses_its_only_address_has_no_contact() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let x = Identity::at("x", "1");
    world.add(&account, &x).unwrap();
    account.remove_method(method_of(&account, MethodKind::Password)).unwrap();
    let own = signed_in(world.present(&x, Intent::SignIn).unwrap()).token;
    let view = world.engine().account(&own).unwrap().view().unwrap();
    assert_eq!((view.contact, view.addresses.len()), (None, 0));
    // The account no longer has the address, so a new sign-up gets no prompt. The account's own email is
    // still reserved.
    world.later(minutes(2));
    let anew = signed_in(world.prove(&world.x_identity("2", Some(&ada.email)), &ada.email));
    assert_ne!(anew.account, ada.account);
}

#[test]
fn r1_5_a_method_moves_by_removal_and_addition() {
    let world = World::new();
    let ada = world.ada();
    let (bob, x) = by_x(&world, "bob@example.org");
    let from = bob.view().unwrap().id;
    let only = method_of(&bob, MethodKind::Federated);
    assert_eq!(refused(bob.remove_method(only)), Refusal::LastMethod, "the last method cannot be moved");
    bob.add_password("bob@example.org", &NEW.into()).unwrap();
    let bob = signed_in(world.sign_in("bob@example.org", NEW).unwrap()).token;
    let bob = world.engine().account(&bob).unwrap();
    bob.remove_method(only).unwrap();
    world.add(&world.account(&ada), &x).unwrap();
    assert_eq!(signed_in(world.present(&x, Intent::SignIn).unwrap()).account, ada.account);
    assert_eq!(bob.view().unwrap().id, from, "the account itself does not change");
}

#[test]
fn r4_8_a_password_change_needs_the_current_one_and_ends_all_other_sessions() {
    let world = World::new();
    let ada = world.ada();
    let (account, other) = (world.account(&ada), world.fresh(&ada));
    let wrong = account.change_password(&"a wrong password".into(), &NEW.into());
    assert_eq!(refused(wrong), Refusal::InvalidCredentials);
    account.change_password(&ada.password.as_str().into(), &NEW.into()).unwrap();
    assert_eq!(refused(other.view()), Refusal::SessionEnded);
    assert!(account.view().is_ok());
    assert_eq!(refused(world.sign_in(&ada.email, &ada.password)), Refusal::InvalidCredentials);
    signed_in(world.sign_in(&ada.email, NEW).unwrap());
}

#[test]
fn r4_8_a_wrong_current_password_counts_on_the_session() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    for _ in 0..4 {
        let wrong = account.change_password(&"a wrong password".into(), &NEW.into());
        assert_eq!(refused(wrong), Refusal::InvalidCredentials);
    }
    // Strangers' guesses elsewhere do not keep the owner from the right answer here.
    for _ in 0..5 {
        assert_eq!(refused(world.sign_in(&ada.email, "a wrong password")), Refusal::InvalidCredentials);
    }
    account.change_password(&ada.password.as_str().into(), &NEW.into()).unwrap();
}

#[test]
fn r4_8_a_password_change_follows_the_password_rules_and_needs_fresh_proof() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let hashes = world.hashes();
    let short = account.change_password(&ada.password.as_str().into(), &"short".into());
    assert!(matches!(refused(short), Refusal::InvalidPassword { .. }));
    world.later(minutes(5));
    let stale = account.change_password(&ada.password.as_str().into(), &NEW.into());
    assert!(matches!(refused(stale), Refusal::ReauthenticationRequired { .. }));
    assert_eq!(world.hashes(), hashes, "without fresh proof nothing is hashed");
    let (by_x, _) = by_x(&world, "bob@example.org");
    assert_eq!(refused(by_x.change_password(&"none".into(), &NEW.into())), Refusal::NotOffered);
}

#[test]
fn r1_11_a_display_name_is_shown_and_finds_no_account() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    account.set_display_name(Some("  Ada\u{a0} Lovelace ")).unwrap();
    assert_eq!(account.view().unwrap().display_name.as_deref(), Some("Ada Lovelace"));
    // Names need not be unique and may look like an email. A name never signs in (SPEC 1.10).
    let grace = world.account(&world.person("grace@example.org", "grace's own password"));
    grace.set_display_name(Some("ada@example.org")).unwrap();
    assert_eq!(signed_in(world.sign_in(&ada.email, &ada.password).unwrap()).account, ada.account);
    let bad = refused(account.set_display_name(Some("Ada\u{202e}")));
    assert!(matches!(
        bad,
        Refusal::InvalidText { field: TextField::DisplayName, reason: TextProblem::Character }
    ));
    assert_eq!(account.view().unwrap().display_name.as_deref(), Some("Ada Lovelace"));
    account.set_display_name(None).unwrap();
    assert_eq!(account.view().unwrap().display_name, None);
    assert!(account.verify_audit().unwrap());
}

#[test]
fn r1_7_removing_a_password_reserves_its_email_for_a_week() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let x = Identity::at("x", "1");
    world.add(&account, &x).unwrap();
    account.remove_method(method_of(&account, MethodKind::Password)).unwrap();
    world.later(days(7));
    // When the undo expires, the email is free.
    let anew = world.person(&ada.email, NEW);
    assert_ne!(anew.account, ada.account);
    assert_eq!(signed_in(world.present(&x, Intent::SignIn).unwrap()).account, ada.account);
}
