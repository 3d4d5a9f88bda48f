//! Linking, and the attacks that it must prevent (SPEC 3).

use std::time::Duration;

use selfsame::{
    Accepted, Adding, Answer, Client, CreateBlocked, Error, Flow, Intent, MethodKind, Refusal, SessionToken,
    SignedIn, Step,
};
use selfsame_world::{Identity, Person, World, days, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";

/// Signs in with an X identity that has Ada's address, up to the link prompt.
fn at_the_prompt(world: &World, ada: &Person, subject: &str) -> Flow {
    // At most one message per minute is sent to an address (SPEC 12.5).
    world.later(minutes(1));
    world.prove(&world.x_identity(subject, Some(&ada.email)), &ada.email)
}

/// Signs in with an X identity that has Ada's address, and chooses Ada's account in the link prompt.
fn at_the_proof(world: &World, ada: &Person, subject: &str) -> Flow {
    world.answer(&at_the_prompt(world, ada, subject), Answer::LinkTo(1)).unwrap()
}

fn methods(world: &World, token: &SessionToken) -> usize {
    world.engine().account(token).unwrap().view().unwrap().methods.len()
}

/// Returns the answer that presents the identity as proof.
fn shown(identity: &Identity, to: &Flow) -> Answer {
    Answer::Assertion(identity.assertion(to))
}

#[test]
fn r3_1_no_identity_is_linked_automatically() {
    let world = World::new();
    let ada = world.person("ada@provider.example", PASSWORD);
    let asked = world.federated(&Identity::at("example", "1").with_email("ada@provider.example"));
    assert!(matches!(asked.step, Step::LinkOrCreate { .. }), "{asked:?}");
    assert_eq!(methods(&world, &ada.token), 1);
}

#[test]
fn r3_2_a_proof_counts_only_for_its_flow_identity_and_candidate() {
    let world = World::new();
    let ada = world.ada();
    world.later(days(1));
    let asked = world.prove(&world.x_identity("other account", Some(&ada.email)), &ada.email);
    let bob = signed_in(world.answer(&asked, Answer::CreateNew).unwrap());
    world.later(days(1));

    // Two flows with two identities, each for a different candidate.
    let to_ada = at_the_proof(&world, &ada, "1");
    world.later(minutes(2));
    let to_bob = world.answer(&at_the_prompt(&world, &ada, "2"), Answer::LinkTo(2)).unwrap();
    let bobs = Identity::at("x", "other account");
    // Bob's identity proves Bob's account. An assertion for another flow or another candidate proves nothing.
    let Answer::Assertion(for_the_other_flow) = shown(&bobs, &to_ada) else { unreachable!() };
    let outcome = world.answer(&to_bob, Answer::Assertion(for_the_other_flow));
    assert!(matches!(refused(outcome), Refusal::AssertionRejected { .. }));
    assert_eq!(refused(world.answer(&to_ada, shown(&bobs, &to_ada))), Refusal::NotOffered);
    // Ada's password is not a proof for an account without a password.
    assert_eq!(refused(world.answer(&to_bob, Answer::Password(PASSWORD.into()))), Refusal::NotOffered);
    assert_eq!((methods(&world, &ada.token), methods(&world, &bob.token)), (1, 1));

    world.later(minutes(15));
    let late = world.answer(&to_ada, Answer::Password(PASSWORD.into()));
    assert_eq!(refused(late), Refusal::FlowExpired, "the flow expires as a whole");
}

#[test]
fn r3_3_the_step_shows_what_is_added_and_what_counts_as_proof() {
    let world = World::new();
    let ada = world.ada();
    let Step::ProveOwnership { candidate, adding, accepted, .. } = at_the_proof(&world, &ada, "1").step
    else {
        panic!("the step asks for proof of the chosen account");
    };
    assert_eq!(candidate.methods, [MethodKind::Password]);
    let Some(Adding::Federated { provider, handle }) = adding else { panic!("{adding:?}") };
    assert_eq!((provider.as_str(), handle.as_deref()), ("x", Some("1")));
    assert_eq!(accepted, [Accepted::Password]);
}

#[test]
fn r3_3_the_same_verified_email_is_not_a_proof() {
    let world = World::new();
    let ada = world.ada();
    let asked = at_the_proof(&world, &ada, "1");
    // The identity being linked has Ada's verified email but does not prove Ada's account.
    let itself = Identity::at("x", "1").with_email(&ada.email);
    assert_eq!(refused(world.answer(&asked, shown(&itself, &asked))), Refusal::NotOffered);
    let code = world.mailbox().code(&ada.email).unwrap();
    assert_eq!(refused(world.answer(&asked, Answer::Code(code))), Refusal::NotOffered);
    assert_eq!(methods(&world, &ada.token), 1);
}

#[test]
fn r3_4_the_proof_links_opens_a_session_and_notifies_the_owner_in_one_commit() {
    let world = World::new();
    let ada = world.ada();
    let asked = at_the_proof(&world, &ada, "1");
    world.mailbox().clear();
    let commits = world.engine().commits().unwrap();
    let done = signed_in(world.answer(&asked, Answer::Password(PASSWORD.into())).unwrap());
    assert_eq!(world.engine().commits().unwrap(), commits + 1);
    assert_eq!((done.account, done.outcome.code()), (ada.account, "Linked"));
    assert_eq!(world.mailbox().take(&ada.email).unwrap().kind.code(), "MethodAdded");
    // Now both methods sign in to the same account.
    assert_eq!(signed_in(world.x_identity("1", None)).account, ada.account);
    assert_eq!(signed_in(world.sign_in(&ada.email, PASSWORD).unwrap()).account, ada.account);
    assert!(world.account(&ada).verify_audit().unwrap());
}

#[test]
fn r3_4_proof_by_an_identity_links_a_password() {
    let world = World::new();
    let identity = Identity::at("x", "815").with_email("ada@example.org");
    let first = signed_in(world.prove(&world.federated(&identity), "ada@example.org"));
    world.later(days(1));
    let asked = world.prove(&world.sign_up("ada@example.org", PASSWORD), "ada@example.org");
    let chosen = world.answer(&asked, Answer::LinkTo(1)).unwrap();
    let done = signed_in(world.answer(&chosen, shown(&identity, &chosen)).unwrap());
    assert_eq!((done.account, done.outcome.code()), (first.account, "Linked"));
    assert_eq!(signed_in(world.sign_in("ada@example.org", PASSWORD).unwrap()).account, first.account);
}

#[test]
fn r3_4_a_failed_proof_changes_nothing_and_counts_on_the_candidate() {
    let world = World::new();
    let ada = world.ada();
    let asked = at_the_proof(&world, &ada, "1");
    for _ in 0..5 {
        let outcome = world.answer(&asked, Answer::Password("a wrong password".into()));
        assert_eq!(refused(outcome), Refusal::InvalidCredentials);
    }
    let retry_at = Some(world.now() + minutes(1));
    let outcome = world.answer(&asked, Answer::Password(PASSWORD.into()));
    assert_eq!(refused(outcome), Refusal::Throttled { retry_at }, "the right password gets the same answer");
    assert_eq!(refused(world.sign_in(&ada.email, PASSWORD)), Refusal::Throttled { retry_at });
    assert_eq!(methods(&world, &ada.token), 1);
    world.later(minutes(1));
    signed_in(world.answer(&asked, Answer::Password(PASSWORD.into())).unwrap());
}

#[test]
fn r3_4_a_foreign_identity_counts_nowhere() {
    let world = World::new();
    let ada = world.ada();
    // Ada's account has only a password, so the step does not accept an identity as proof.
    let asked = at_the_proof(&world, &ada, "1");
    let foreign = Identity::at("x", "somebody else");
    for _ in 0..100 {
        assert_eq!(refused(world.answer(&asked, shown(&foreign, &asked))), Refusal::NotOffered);
    }
    signed_in(world.answer(&asked, Answer::Password(PASSWORD.into())).unwrap());

    // Now the account has an identity of the provider. Another identity of the same provider is not a proof.
    world.later(minutes(2));
    let asked = at_the_proof(&world, &ada, "2");
    let commits = world.engine().commits().unwrap();
    for _ in 0..100 {
        assert_eq!(refused(world.answer(&asked, shown(&foreign, &asked))), Refusal::InvalidCredentials);
    }
    assert_eq!(world.engine().commits().unwrap(), commits);
    signed_in(world.sign_in(&ada.email, PASSWORD).unwrap());
}

#[test]
fn r3_2_no_later_step_renews_the_fifteen_minutes_of_a_link() {
    let world = World::new();
    let ada = world.ada();
    let app = world.turn_on_mfa(&ada.token);
    let asked = at_the_proof(&world, &ada, "1");
    world.later(minutes(15) - Duration::from_millis(1));
    let asked = world.answer(&asked, Answer::Password(PASSWORD.into())).unwrap();
    assert_eq!(asked.step.code(), "SecondFactor");
    world.later(Duration::from_millis(1));
    assert_eq!(refused(world.answer(&asked, world.shown_by(&app))), Refusal::FlowExpired);
}

#[test]
fn r2_4_an_account_that_came_meanwhile_is_a_candidate() {
    let world = World::new();
    let x = Identity::at("x", "1").with_email("ada@example.org");
    signed_in(world.prove(&world.federated(&x), "ada@example.org"));
    let sign_up = |password: &str| {
        world.later(minutes(2));
        let flow =
            world.engine().sign_up("ada@example.org", &password.into(), &Client::on("laptop")).unwrap();
        world.prove(&flow, "ada@example.org")
    };
    let (first, second) = (sign_up(PASSWORD), sign_up("nine yellow umbrellas"));
    let made = signed_in(world.answer(&first, Answer::CreateNew).unwrap());

    let asked = world.engine().resume(second.token.as_ref().unwrap()).unwrap();
    let Step::LinkOrCreate { candidates, blocked, .. } = &asked.step else { panic!("{asked:?}") };
    assert_eq!(*blocked, Some(CreateBlocked::PasswordTaken));
    let [candidate] = candidates.as_slice() else { panic!("{candidates:?}") };
    assert!(candidate.drops_new_password);
    let asked = world.answer(&asked, Answer::LinkTo(candidate.place)).unwrap();
    let done = signed_in(world.answer(&asked, Answer::Password(PASSWORD.into())).unwrap());
    assert_eq!(done.account, made.account);
}

#[test]
fn r3_4_the_proof_sees_what_another_device_changed_meanwhile() {
    let world = World::new();
    let ada = world.ada();
    // Two devices present the same identity, and both flows wait for the proof.
    let first = at_the_proof(&world, &ada, "1");
    world.later(minutes(2));
    let second = at_the_proof(&world, &ada, "1");
    signed_in(world.answer(&first, Answer::Password(PASSWORD.into())).unwrap());
    let outcome = world.answer(&second, Answer::Password(PASSWORD.into()));
    assert_eq!(refused(outcome), Refusal::AlreadyYours);

    // Somebody creates an account with another identity while a link with that identity waits for its proof.
    world.later(days(1));
    let slow = at_the_proof(&world, &ada, "2");
    world.later(minutes(2));
    let quick = at_the_prompt(&world, &ada, "2");
    signed_in(world.answer(&quick, Answer::CreateNew).unwrap());
    let outcome = world.answer(&slow, Answer::Password(PASSWORD.into()));
    assert_eq!(refused(outcome), Refusal::IdentityInUse);
    assert_eq!(methods(&world, &ada.token), 2);
}

#[test]
fn r1_12_every_address_verified_before_a_link_is_notified() {
    let world = World::new();
    let ada = world.ada();
    // The first linked identity adds a second, unverified address, which is not notified of later links.
    let link = |identity: &Identity| {
        world.later(minutes(1));
        let asked = world.prove(&world.federated(identity), &ada.email);
        let chosen = world.answer(&asked, Answer::LinkTo(1)).unwrap();
        world.mailbox().clear();
        signed_in(world.answer(&chosen, Answer::Password(PASSWORD.into())).unwrap());
        let mut told: Vec<_> = world.mailbox().all().into_iter().map(|message| message.to).collect();
        told.sort();
        told
    };
    assert_eq!(link(&Identity::at("x", "1").with_email(&ada.email)), ["ada@example.org"]);
    assert_eq!(link(&Identity::at("other", "2").with_email(&ada.email)), ["ada@example.org"]);
}

#[test]
fn r3_5_a_candidate_pending_deletion_is_restored_first_or_left_out() {
    let world = World::new();
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    world.later(days(1));

    let prompt = at_the_prompt(&world, &ada, "1");
    let Step::LinkOrCreate { candidates, .. } = &prompt.step else { panic!("{prompt:?}") };
    assert_eq!(candidates.len(), 1, "the prompt does not show that the account is pending deletion");
    let chosen = world.answer(&prompt, Answer::LinkTo(1)).unwrap();
    let asked = world.answer(&chosen, Answer::Password(PASSWORD.into())).unwrap();
    assert!(matches!(asked.step, Step::ConfirmRestore { .. }), "{asked:?}");
    let back = world.answer(&asked, Answer::KeepDeleted).unwrap();
    let Step::LinkOrCreate { candidates, can_create, .. } = &back.step else { panic!("{back:?}") };
    assert_eq!((candidates.len(), *can_create), (0, true));
    assert_eq!(refused(world.answer(&back, Answer::LinkTo(1))), Refusal::NotOffered);
    signed_in(world.answer(&back, Answer::CreateNew).unwrap());

    world.later(days(1));
    let chosen = at_the_proof(&world, &ada, "2");
    let asked = world.answer(&chosen, Answer::Password(PASSWORD.into())).unwrap();
    world.mailbox().clear();
    let done = signed_in(world.answer(&asked, Answer::Restore).unwrap());
    assert_eq!((done.account, done.outcome.code()), (ada.account, "Linked"));
    let told: Vec<_> = world.mailbox().all().iter().map(|message| message.kind.code()).collect();
    assert_eq!(told, ["Restored", "MethodAdded"]);
    assert_eq!(methods(&world, &done.token), 2);
}

#[test]
fn r3_4_if_the_candidate_is_gone_the_prompt_returns() {
    let world = World::new();
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    world.later(days(30) - minutes(5));
    let asked = at_the_proof(&world, &ada, "1");
    world.later(minutes(5));
    let back = world.answer(&asked, Answer::Password(PASSWORD.into())).unwrap();
    let Step::LinkOrCreate { candidates, can_create, .. } = &back.step else { panic!("{back:?}") };
    assert_eq!((candidates.len(), *can_create), (0, true));
    signed_in(world.answer(&back, Answer::CreateNew).unwrap());
}

#[test]
fn r3_5_a_password_flow_whose_only_candidate_stays_deleted_can_only_be_cancelled() {
    let world = World::new();
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    world.later(days(1));
    let prompt = world.prove(&world.sign_up(&ada.email, "another long password"), &ada.email);
    let chosen = world.answer(&prompt, Answer::LinkTo(1)).unwrap();
    let asked = world.answer(&chosen, Answer::Password(PASSWORD.into())).unwrap();
    let back = world.answer(&asked, Answer::KeepDeleted).unwrap();
    let Step::LinkOrCreate { candidates, can_create, blocked, .. } = &back.step else { panic!("{back:?}") };
    assert_eq!((candidates.len(), *can_create, blocked.unwrap().code()), (0, false, "PasswordTaken"));
    assert_eq!(world.answer(&back, Answer::Cancel).unwrap().step, Step::Ended);
}

#[test]
fn r9_2_only_restore_restores_and_keep_deleted_changes_nothing() {
    let world = World::new();
    let ada = world.ada();
    let purge_at = world.account(&ada).request_deletion().unwrap().purge_at;
    assert_eq!(world.engine().resolve(&ada.token).unwrap_err(), Error::Refused(Refusal::SessionEnded));
    world.later(days(29));
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    assert_eq!(world.answer(&asked, Answer::KeepDeleted).unwrap().step, Step::Ended);
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    assert!(matches!(asked.step, Step::ConfirmRestore { purge_at: shown, .. } if shown == purge_at));
    let done = signed_in(world.answer(&asked, Answer::Restore).unwrap());
    assert_eq!((done.account, done.outcome.code()), (ada.account, "Restored"));
    world.later(days(40));
    assert!(matches!(world.sign_in(&ada.email, PASSWORD).unwrap().step, Step::SignedIn { .. }));
}

#[test]
fn r9_3_at_purge_at_the_account_is_absent_and_after_the_second_look_its_identifiers_are_free() {
    let world = World::new();
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    world.later(days(30) - Duration::from_millis(1));
    let asked = world.sign_in(&ada.email, PASSWORD).unwrap();
    world.later(Duration::from_millis(1));
    assert_eq!(refused(world.answer(&asked, Answer::Restore)), Refusal::FlowExpired);
    assert_eq!(refused(world.sign_in(&ada.email, PASSWORD)), Refusal::InvalidCredentials);
    assert!(world.engine().purge_due(1).unwrap().receipts.is_empty());
    let early = world.sign_up(&ada.email, "another long password");
    let code = world.mailbox().code(&ada.email).unwrap();
    let refusal = refused(world.answer(&early, Answer::Code(code)));
    assert_eq!(refusal, Refusal::TooEarly { at: world.now() + days(1) });
    world.later(days(1));
    let anew = world.person(&ada.email, "another long password");
    assert_ne!(anew.account, ada.account);
    assert_eq!(signed_in(world.sign_in(&ada.email, "another long password").unwrap()).account, anew.account);
}

/// SPEC 3.6, 3.7; Sudhodanan and Paverd, "Pre-hijacked accounts", USENIX Security 2022. The attacker signs up
/// with the victim's address first. `email_change.rs` tests the class with a change of address.
mod pre_hijacking {
    use super::*;

    fn squatter(world: &World) -> SignedIn {
        let asked = world.x_identity("mallory", Some("victim@example.org"));
        signed_in(world.answer(&asked, Answer::Skip).unwrap())
    }

    #[test]
    fn r3_6_classic_federated_merge() {
        let world = World::new();
        // The attacker cannot complete a password sign-up with the victim's address without the mailed code.
        world.sign_up("victim@example.org", "the attacker's password");
        let attacker = squatter(&world);
        world.later(minutes(2));
        let identity = Identity::at("example", "victim").with_email("victim@example.org");
        let victim = signed_in(world.prove(&world.federated(&identity), "victim@example.org"));
        assert_eq!(victim.outcome.code(), "Created", "no account has the address, so no prompt appears");
        assert_ne!(victim.account, attacker.account);
        assert!(world.sign_in("victim@example.org", "the attacker's password").is_err());
        assert_eq!(methods(&world, &victim.token), 1);
    }

    #[test]
    fn r3_6_unexpired_session() {
        let world = World::new();
        let attacker = squatter(&world).token;
        world.later(minutes(2));
        let victim = world.person("victim@example.org", PASSWORD);
        let seen = world.engine().resolve(&attacker).unwrap();
        assert_ne!(seen.account, victim.account, "the attacker's session belongs to the attacker's account");
        assert_eq!(world.account(&victim).sessions().unwrap().len(), 1);
    }

    #[test]
    fn r3_6_trojan_identifier() {
        let world = World::new();
        squatter(&world);
        world.later(minutes(2));
        let victim = world.person("victim@example.org", PASSWORD);
        let account = world.account(&victim).view().unwrap();
        assert_eq!((account.methods.len(), account.addresses.len()), (1, 1));
        let attacker = signed_in(world.present(&Identity::at("x", "mallory"), Intent::SignIn).unwrap());
        assert_ne!(attacker.account, victim.account);
    }

    #[test]
    fn r3_6_non_verifying_identity_provider() {
        let world = World::new();
        let victim = world.person("victim@example.org", PASSWORD);
        // A provider that is not the authority for the address says that the attacker has it.
        let lie = Identity::at("other", "mallory").with_email("victim@example.org");
        let asked = world.federated(&lie);
        assert!(
            matches!(asked.step, Step::VerifyEmail { .. }),
            "the provider's claim proves nothing: {asked:?}"
        );
        let attacker = signed_in(world.answer(&asked, Answer::Skip).unwrap());
        assert_ne!(attacker.account, victim.account);
        // The victim's prompt does not offer an account that never proved the address.
        world.later(days(1));
        let identity = Identity::at("x", "victim").with_email("victim@example.org");
        let asked = world.prove(&world.federated(&identity), "victim@example.org");
        let Step::LinkOrCreate { candidates, .. } = &asked.step else { panic!("{asked:?}") };
        assert_eq!(candidates.len(), 1);
        assert_eq!(candidates[0].methods, [MethodKind::Password], "only the victim's own account is offered");
    }
}
