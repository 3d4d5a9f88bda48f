//! Accounts, their methods and addresses (SPEC 1).

use selfsame::{AddressSource, Answer, Error, Intent, MethodKind, Refusal, Status, Step};
use selfsame_world::{Identity, World, days, minutes, signed_in};

#[test]
fn r1_1_a_new_account_is_active_and_its_id_is_a_uuid_v7_of_its_time() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada).view().unwrap();
    assert_eq!(account.id, ada.account);
    assert_eq!(account.status, Status::Active);
    assert_eq!(account.created, world.now());
    assert_eq!(account.id.to_string().as_bytes()[14], b'7');
}

#[test]
fn r1_1_a_requested_deletion_is_a_status_with_its_times() {
    let world = World::new();
    let ada = world.ada();
    let purge_at = world.account(&ada).request_deletion().unwrap().purge_at;
    assert_eq!(purge_at, world.now() + days(30));
    let Step::ConfirmRestore { requested_at, purge_at: shown } =
        world.sign_in(&ada.email, &ada.password).unwrap().step
    else {
        panic!("an account pending deletion offers the restore");
    };
    assert_eq!((requested_at, shown), (world.now(), purge_at));
}

#[test]
fn r1_2_a_federated_method_is_found_by_issuer_and_subject_and_never_by_email() {
    let world = World::new();
    let first = signed_in(world.x_identity("815", None));
    // The same subject at another issuer is another person, and so is another subject with the same email.
    let elsewhere = signed_in(world.federated(&Identity::at("other", "815")));
    assert_ne!(first.account, elsewhere.account);
    // The same issuer and subject are the same person, whatever else the assertion says.
    let again = Identity::at("x", "815").called("renamed").with_email("new@example.org");
    assert_eq!(signed_in(world.federated(&again)).account, first.account);
    let account = world.engine().account(&first.token).unwrap().view().unwrap();
    assert_eq!(account.methods[0].kind, MethodKind::Federated);
}

#[test]
fn r1_3_a_password_and_an_identity_can_share_an_email_but_two_passwords_cannot() {
    let world = World::new();
    let ada = world.ada();
    world.later(minutes(1));
    let asked = world.prove(&world.x_identity("815", Some(&ada.email)), &ada.email);
    let other = signed_in(world.answer(&asked, Answer::CreateNew).unwrap());
    assert_ne!(other.account, ada.account);

    world.later(minutes(1));
    let asked = world.prove(&world.sign_up(&ada.email, "another long password"), &ada.email);
    assert!(matches!(asked.step, Step::LinkOrCreate { can_create: false, .. }), "{asked:?}");
    assert_eq!(world.answer(&asked, Answer::CreateNew).unwrap_err(), Error::Refused(Refusal::NotOffered));
}

#[test]
fn r1_4_a_newer_email_of_an_identity_is_shown_and_changes_nothing() {
    let world = World::new();
    let proven = world.prove(&world.x_identity("815", Some("Ada@Example.org")), "ada@example.org");
    let token = signed_in(proven).token;
    let before = world.engine().account(&token).unwrap().view().unwrap();
    assert_eq!(before.contact.as_deref(), Some("Ada@Example.org"));
    assert_eq!(before.addresses[0].source, AddressSource::Method { method: before.methods[0].id });
    assert_eq!(before.addresses[0].verified_at, Some(world.now()));

    signed_in(world.x_identity("815", Some("lovelace@example.net")));
    let after = world.engine().account(&token).unwrap().view().unwrap();
    assert_eq!(after.methods[0].seen_email.as_deref(), Some("lovelace@example.net"));
    assert_eq!(after.methods[0].email, before.methods[0].email);
    assert_eq!((after.addresses, after.contact), (before.addresses, before.contact));

    signed_in(world.x_identity("815", Some("ADA@example.org")));
    let back = world.engine().account(&token).unwrap().view().unwrap();
    assert_eq!(back.methods[0].seen_email, None, "the old email is not shown as new");
}

#[test]
fn r1_4_an_identity_without_an_email_creates_an_account_without_a_contact() {
    let world = World::new();
    let token = signed_in(world.x_identity("815", None)).token;
    let account = world.engine().account(&token).unwrap().view().unwrap();
    assert_eq!((account.contact, account.addresses.len()), (None, 0));
}

#[test]
fn r1_5_linking_takes_nothing_from_another_account() {
    let world = World::new();
    let ada = world.ada();
    world.later(minutes(1));
    let asked = world.prove(&world.x_identity("1", Some(&ada.email)), &ada.email);
    let separate = signed_in(world.answer(&asked, Answer::CreateNew).unwrap()).token;
    let before = world.engine().account(&separate).unwrap().view().unwrap();

    world.later(minutes(1));
    let asked = world.prove(&world.x_identity("2", Some(&ada.email)), &ada.email);
    let chosen = world.answer(&asked, Answer::LinkTo(1)).unwrap();
    let linked = world.answer(&chosen, Answer::Password(ada.password.as_str().into())).unwrap();
    assert_eq!(signed_in(linked).account, ada.account);

    assert_eq!(world.engine().account(&separate).unwrap().view().unwrap(), before);
    assert_eq!(world.account(&ada).view().unwrap().methods.len(), 2);
}

#[test]
fn r1_6_an_account_at_its_limit_of_methods_accepts_no_link() {
    let policy = World::policy().max_methods(2).build().unwrap();
    let world = World::builder().policy(policy).build();
    let ada = world.ada();
    let link = |subject: &str| {
        world.later(days(1));
        let asked = world.prove(&world.x_identity(subject, Some(&ada.email)), &ada.email);
        let chosen = world.answer(&asked, Answer::LinkTo(1)).unwrap();
        world.answer(&chosen, Answer::Password(ada.password.as_str().into())).unwrap()
    };
    signed_in(link("1"));
    let back = link("2");
    assert!(matches!(back.step, Step::LinkOrCreate { .. }), "the prompt returns: {back:?}");
    assert_eq!(world.account(&ada).view().unwrap().methods.len(), 2);
}

#[test]
fn r1_6_eight_accounts_can_share_a_verified_email_but_not_nine() {
    let world = World::new();
    for subject in 1..=8 {
        let asked = world.x_identity(&subject.to_string(), Some("ada@example.org"));
        let asked = world.prove(&asked, "ada@example.org");
        if let Step::LinkOrCreate { candidates, can_create, .. } = &asked.step {
            assert_eq!((candidates.len(), *can_create), (subject - 1, true));
            signed_in(world.answer(&asked, Answer::CreateNew).unwrap());
        }
        world.later(days(1));
    }
    let ninth = world.prove(&world.x_identity("9", Some("ada@example.org")), "ada@example.org");
    let Step::LinkOrCreate { candidates, can_create, blocked, .. } = &ninth.step else { panic!("{ninth:?}") };
    assert_eq!((candidates.len(), *can_create), (8, false));
    assert_eq!(blocked.unwrap().code(), "TooManyAccounts");
    assert_eq!(world.answer(&ninth, Answer::CreateNew).unwrap_err(), Error::Refused(Refusal::NotOffered));
}

#[test]
fn r1_6_a_session_over_the_limit_ends_the_oldest() {
    let policy = World::policy().max_sessions(3).build().unwrap();
    let world = World::builder().policy(policy).build();
    let ada = world.ada();
    for _ in 0..3 {
        world.later(days(1));
        signed_in(world.sign_in(&ada.email, &ada.password).unwrap());
    }
    assert_eq!(
        world.engine().resolve(&ada.token).unwrap_err(),
        Error::Refused(Refusal::SessionEnded),
        "the first of four is gone"
    );
    let newest = signed_in(world.sign_in(&ada.email, &ada.password).unwrap());
    let sessions = world.engine().account(&newest.token).unwrap().sessions().unwrap();
    assert_eq!(sessions.len(), 3);
}

#[test]
fn r1_6_expired_sessions_are_removed_before_a_valid_one() {
    let policy = World::policy().max_sessions(3).build().unwrap();
    let world = World::builder().policy(policy).build();
    let ada = world.ada();
    for _ in 0..6 {
        // The desk is used every day. Each phone signs in only once.
        for _ in 0..16 {
            world.later(days(1));
            world.engine().touch(&ada.token).unwrap();
        }
        signed_in(world.sign_in(&ada.email, &ada.password).unwrap());
    }
    let sessions = world.account(&ada).sessions().unwrap();
    assert_eq!(sessions.len(), 3, "the desk and the phones of the last 31 days");
    assert_eq!(world.engine().resolve(&ada.token).unwrap().id, ada.session);
}

#[test]
fn r1_6_a_lower_session_limit_ends_the_oldest_sessions() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts");
    let world = World::builder().file(&path).build();
    let ada = world.ada();
    let mut tokens = vec![ada.token.clone()];
    for _ in 0..9 {
        world.later(days(1));
        tokens.push(signed_in(world.sign_in(&ada.email, &ada.password).unwrap()).token);
    }
    drop(world);
    let policy = World::policy().max_sessions(4).build().unwrap();
    let fewer = World::builder().policy(policy).file(&path).build();
    fewer.later(days(10));
    tokens.push(signed_in(fewer.sign_in(&ada.email, &ada.password).unwrap()).token);
    let lives = |token| fewer.engine().resolve(token).is_ok();
    let living: Vec<_> = tokens.iter().map(lives).collect();
    assert_eq!(living, [[false; 7].as_slice(), &[true; 4]].concat(), "the last four of eleven");
}

#[test]
fn r1_9_every_spelling_of_a_mailbox_is_one_address() {
    let world = World::new();
    let password = "correct horse battery staple";
    let asked = world.sign_up(" Ada@BÜCHER.example ", password);
    let ada = signed_in(world.prove(&asked, "Ada@BÜCHER.example"));
    let again = world.sign_in("ada@xn--bcher-kva.example", password).unwrap();
    assert_eq!(signed_in(again).account, ada.account);
    for other in ["a.da@bücher.example", "ada+x@bücher.example"] {
        let refused = world.sign_in(other, password).unwrap_err();
        assert_eq!(refused, Error::Refused(Refusal::InvalidCredentials), "{other}");
    }
    let view = world.engine().account(&ada.token).unwrap().view().unwrap();
    assert_eq!(view.contact.as_deref(), Some("Ada@BÜCHER.example"), "kept as typed");
    world.turn_on_mfa(&ada.token);
    let messages = world.fetch_mail().unwrap().all();
    assert!(messages.len() >= 2, "a code and a notice");
    for message in messages {
        assert_eq!(message.to, "ada@xn--bcher-kva.example", "{}", message.kind.code());
    }
}

#[test]
fn r1_10_an_email_never_finds_an_identity_with_the_same_text() {
    let world = World::new();
    let by_subject =
        signed_in(world.federated(&Identity::at("x", "ada@example.org").called("ada@example.org")));
    let ada = world.ada();
    assert_ne!(ada.account, by_subject.account);
    // The subject of an identity is the password's email, and no account is found.
    let asked = world.present(&Identity::at("other", "ada@example.org"), Intent::SignIn).unwrap();
    assert!(matches!(asked.step, Step::ConfirmCreate { .. }));
}
