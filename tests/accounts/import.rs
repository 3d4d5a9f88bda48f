//! Imports accounts of another service (SPEC 13.2).

use std::sync::Arc;

use selfsame::{
    Action, Actor, AddressSource, Answer, Client, EmailProof, Error, ImportOutcome, ImportProblem,
    ImportedAccount, ImportedIdentity, ImportedTotp, Intent, InvalidEmail, ProviderId, Refusal, Secret, Step,
    Table, TextField, TextProblem, Timestamp, TotpAlgorithm, TotpParameters,
};
use selfsame_world::{CountingHasher, Identity, START, World, days, hours, minutes, signed_in};

/// The bcrypt hash of "U*U", from crypt_blowfish.
const BCRYPT: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
/// The Argon2id hash of "password", from argon2-cffi. The engine's own hashes have the same form.
const ARGON2: &str =
    "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$yrdGtGIZk/3JHsUHh5gLQUqQppLwvGjf4Z+cJbPLqew";

fn ada() -> ImportedAccount {
    ImportedAccount {
        external_id: "user-1".to_owned(),
        created_at: None,
        display_name: Some("Ada".to_owned()),
        email: Some("ada@example.org".to_owned()),
        email_verified: true,
        password_hash: Some(BCRYPT.into()),
        identities: Vec::new(),
        totp: None,
    }
}

fn named(external_id: &str, email: &str) -> ImportedAccount {
    ImportedAccount { external_id: external_id.to_owned(), email: Some(email.to_owned()), ..ada() }
}

fn at_x(subject: &str) -> ImportedIdentity {
    let provider = "x".parse::<ProviderId>().unwrap();
    ImportedIdentity { provider, subject: subject.to_owned(), handle: Some("@ada".to_owned()) }
}

fn import(world: &World, accounts: &[ImportedAccount]) -> Vec<ImportOutcome> {
    world.engine().import_accounts(accounts, false).unwrap()
}

fn only(world: &World, account: ImportedAccount) -> ImportOutcome {
    import(world, &[account])[0]
}

fn refused(reason: ImportProblem) -> ImportOutcome {
    ImportOutcome::Refused { reason }
}

#[test]
fn r13_2_an_imported_password_signs_in_and_is_hashed_again() {
    let world = World::new();
    let created_at = Timestamp::from_millis(1_577_836_800_000);
    let outcome = only(&world, ImportedAccount { created_at: Some(created_at), ..ada() });
    let ImportOutcome::Imported { account, .. } = outcome else { panic!("{outcome:?}") };
    assert_eq!(world.mailbox().all().len(), 0, "an import sends no message");

    let wrong = world.sign_in("ada@example.org", "U*U!").unwrap_err();
    assert_eq!(wrong, Error::from(Refusal::InvalidCredentials));
    let before = world.hashes();
    let session = signed_in(world.sign_in("ada@example.org", "U*U").unwrap());
    assert_eq!(session.account, account);
    assert_eq!(world.hashes(), before + 1, "the password is hashed again");
    signed_in(world.sign_in("ada@example.org", "U*U").unwrap());
    assert_eq!(world.hashes(), before + 2, "the hash now has the engine's own format");

    let view = world.engine().account(&session.token).unwrap().view().unwrap();
    assert_eq!(view.created, created_at);
    assert_eq!(view.display_name.as_deref(), Some("Ada"));
    assert_eq!(view.contact.as_deref(), Some("ada@example.org"));
    assert_eq!(view.addresses[0].source, AddressSource::Import);
    assert_eq!(view.addresses[0].verified_at, Some(START));
    assert_eq!(world.engine().health().unwrap().accounts, 1);
}

/// Systems differ in how they give a password with accents to the program that hashes it.
#[test]
fn r13_2_a_typed_password_is_tried_in_nfc_as_typed_and_in_nfd() {
    // Hashes by bcrypt's authors' library of one password in three forms, the last with one accent composed.
    let [nfc, nfd, mixed] = ["\u{e9}t\u{e9}", "e\u{301}te\u{301}", "\u{e9}te\u{301}"];
    for (hashed, hash) in [
        (nfc, "$2b$04$abcdefghijklmnopqrstuuqJbFBQPmEuBpYWIGZrYwVfOkXZdOhCm"),
        (nfd, "$2b$04$abcdefghijklmnopqrstuuGlN4mIyzNlqQmu2HGioI6X0mSSKOk0S"),
        (mixed, "$2b$04$abcdefghijklmnopqrstuujkV0I5XouY6udIzjte0klkLYSFW9L2m"),
    ] {
        for typed in [nfc, nfd, mixed] {
            let hasher = Arc::new(CountingHasher::default());
            let world = World::builder().hasher(hasher.clone()).build();
            only(&world, ImportedAccount { password_hash: Some(hash.into()), ..ada() });
            let matches = hashed != mixed || typed == mixed;
            assert_eq!(
                world.sign_in("ada@example.org", typed).is_ok(),
                matches,
                "{hashed:?} typed {typed:?}"
            );
            assert!((1..=3).contains(&hasher.foreign_hashes()), "{} hashes", hasher.foreign_hashes());
        }
    }
    // The number of forms follows from what is typed, not from the account.
    let hasher = Arc::new(CountingHasher::default());
    let world = World::builder().hasher(hasher.clone()).build();
    let own = world.ada();
    only(&world, named("user-1", "carl@example.org"));
    for (typed, forms) in [("summer", 1), (nfc, 2), (nfd, 2), (mixed, 3)] {
        for email in ["carl@example.org", "nobody@example.org"] {
            let before = (hasher.hashes(), hasher.foreign_hashes());
            assert_eq!(world.sign_in(email, typed), Err(Refusal::InvalidCredentials.into()));
            let made = (hasher.hashes() - before.0, hasher.foreign_hashes() - before.1);
            assert_eq!(made, (1, forms), "{email} typed {typed:?}");
        }
    }
    // The engine's own hash takes NFC alone, and a person who is let in waits for no other hash.
    let before = (hasher.hashes(), hasher.foreign_hashes());
    signed_in(world.sign_in(&own.email, &own.password).unwrap());
    assert_eq!((hasher.hashes() - before.0, hasher.foreign_hashes() - before.1), (1, 0));
}

#[test]
fn r13_2_an_account_without_a_hash_is_entered_by_a_reset() {
    let hasher = Arc::new(CountingHasher::default());
    let world = World::builder().hasher(hasher.clone()).build();
    let outcome = only(&world, ImportedAccount { password_hash: None, ..ada() });
    let ImportOutcome::Imported { account, .. } = outcome else { panic!("{outcome:?}") };
    for password in ["", "unset", "U*U"] {
        for email in ["ada@example.org", "nobody@example.org"] {
            let before = hasher.hashes();
            assert_eq!(world.sign_in(email, password), Err(Refusal::InvalidCredentials.into()), "{password}");
            assert_eq!(hasher.hashes() - before, 1, "{email}");
        }
    }
    let flow = world.engine().reset_password("ada@example.org", &Client::on("laptop")).unwrap();
    let code = world.mailbox().code("ada@example.org").unwrap();
    let flow = world.answer(&flow, Answer::Code(code)).unwrap();
    let new = Answer::NewPassword("nine yellow umbrellas".into());
    assert_eq!(signed_in(world.answer(&flow, new).unwrap()).account, account);
    signed_in(world.sign_in("ada@example.org", "nine yellow umbrellas").unwrap());
}

#[test]
fn r13_2_a_short_secret_is_imported_and_marked_weak() {
    let world = World::new();
    let import = |id: &str, secret: &str| {
        let totp = ImportedTotp { secret: secret.into(), parameters: TotpParameters::default() };
        let identities = vec![at_x(id)];
        only(
            &world,
            ImportedAccount {
                password_hash: None,
                identities,
                totp: Some(totp),
                ..named(id, &format!("{id}@example.org"))
            },
        )
    };
    // 80, 120 and 128 bits.
    for (id, secret, is_weak) in [
        ("1", "GEZDGNBVGY3TQOJQ", true),
        ("2", "GEZDGNBVGY3TQOJQGEZDGNBV", true),
        ("3", "GEZDGNBVGY3TQOJQGEZDGNBVGY", false),
    ] {
        let outcome = import(id, secret);
        assert!(
            matches!(outcome, ImportOutcome::Imported { weak_totp, .. } if weak_totp == is_weak),
            "{outcome:?}"
        );
        let asked = world.present(&Identity::at("x", id), Intent::SignIn).unwrap();
        let code = Answer::Totp(world.totp(&secret.into()).unwrap());
        let session = signed_in(world.answer(&asked, code).unwrap());
        let account = world.engine().account(&session.token).unwrap();
        assert_eq!(account.view().unwrap().mfa.unwrap().has_weak_secret, is_weak, "{secret}");
        assert!(account.export().unwrap().contains(&format!("\"has_weak_secret\": {is_weak}")), "{secret}");
    }
    assert_eq!(import("4", "GEZDGNBVGY3TQO"), refused(ImportProblem::InvalidTotp));
}

#[test]
fn r13_2_renumber_moves_an_identity_to_its_new_subject_and_tells_the_owner() {
    let world = World::new();
    let x = "x".parse::<ProviderId>().unwrap();
    let renumber = |old: &str, new: &str| world.engine().renumber(&x, old, new);
    let account =
        |id: &str| ImportedAccount { identities: vec![at_x(id)], ..named(id, &format!("{id}@example.org")) };
    let outcomes = import(&world, &[account("1"), account("2")]);
    let ImportOutcome::Imported { account: ada, .. } = outcomes[0] else { panic!("{outcomes:?}") };

    for (old, new, refusal) in [
        ("1", "2", Refusal::IdentityInUse),
        ("1", "1", Refusal::AlreadyYours),
        ("3", "4", Refusal::UnknownAccount),
        ("", "4", Refusal::UnknownAccount),
        ("1", "", Refusal::InvalidText { field: TextField::Subject, reason: TextProblem::Empty }),
        (
            "1",
            &"9".repeat(256),
            Refusal::InvalidText { field: TextField::Subject, reason: TextProblem::TooLong },
        ),
    ] {
        assert_eq!(renumber(old, new), Err(refusal.into()), "{old} {new}");
    }
    let unknown = "nowhere".parse().unwrap();
    assert_eq!(world.engine().renumber(&unknown, "1", "9"), Err(Refusal::UnknownProvider.into()));
    assert!(world.mailbox().all().is_empty(), "a refusal tells nobody");

    let before = signed_in(world.federated(&Identity::at("x", "1")));
    assert_eq!(renumber("1", "9"), Ok(ada));
    let mail = world.mailbox().all();
    let told = mail.iter().find(|message| message.kind.code() == "IdentityRenumbered").unwrap();
    assert_eq!((told.to.as_str(), told.undo.is_none()), ("1@example.org", true));
    let page = world.engine().account(&before.token).unwrap();
    let events = page.activity().unwrap();
    let event = events.iter().find(|it| it.event.action == Action::IdentityRenumbered).unwrap();
    assert_eq!(event.event.actor, Actor::Host);
    assert!(page.verify_audit().is_ok());
    assert_eq!(signed_in(world.federated(&Identity::at("x", "9"))).account, ada);
    // The old subject is free, and a stranger at the provider may have it.
    let stranger = world.present(&Identity::at("x", "1"), Intent::SignIn).unwrap();
    assert!(matches!(stranger.step, Step::ConfirmCreate { .. }), "{}", stranger.step.code());
    assert_eq!(renumber("1", "9"), Err(Refusal::UnknownAccount.into()), "it was moved already");
}

/// Otherwise an undo would put a subject back with which nobody can sign in.
#[test]
fn r13_2_renumber_reaches_what_an_undo_restores() {
    let mut world = World::new();
    let x = "x".parse::<ProviderId>().unwrap();
    let outcome = only(&world, ImportedAccount { identities: vec![at_x("1")], ..ada() });
    let ImportOutcome::Imported { account, .. } = outcome else { panic!("{outcome:?}") };
    world.later(days(8));
    let session = signed_in(world.sign_in("ada@example.org", "U*U").unwrap());
    let page = world.engine().account(&session.token).unwrap();
    let identity = page.view().unwrap().methods.iter().find(|it| it.provider.is_some()).unwrap().id;
    page.remove_method(identity).unwrap();
    let removed = world.mailbox().all().into_iter().rev().find(|it| it.undo.is_some()).unwrap();

    // The account only reserves the subject now, and the reservation moves too.
    assert_eq!(world.engine().renumber(&x, "1", "9"), Ok(account));
    assert_eq!(world.engine().renumber(&x, "9", "9"), Err(Refusal::IdentityInUse.into()));
    world.reopen(None).unwrap();
    let flow = world.engine().undo(&removed.undo.unwrap().code, &Client::on("laptop")).unwrap();
    signed_in(world.answer(&flow, Answer::NewPassword("nine yellow umbrellas".into())).unwrap());
    assert_eq!(signed_in(world.federated(&Identity::at("x", "9"))).account, account);
    let old = world.present(&Identity::at("x", "1"), Intent::SignIn).unwrap();
    assert!(matches!(old.step, Step::ConfirmCreate { .. }), "{}", old.step.code());
}

/// If the engine mistook this hash for one of its own, it would add its pepper, and the right password
/// would fail.
#[test]
fn r13_2_an_imported_hash_in_the_engine_s_own_form_is_still_foreign() {
    let world = World::new();
    only(&world, ImportedAccount { password_hash: Some(ARGON2.into()), ..ada() });
    signed_in(world.sign_in("ada@example.org", "password").unwrap());
    signed_in(world.sign_in("ada@example.org", "password").unwrap());
}

#[test]
fn r13_2_identities_and_totp_are_imported_and_the_first_sign_in_makes_recovery_codes() {
    let world = World::new();
    let secret = Secret::from("GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    let parameters = TotpParameters { algorithm: TotpAlgorithm::Sha1, digits: 6, period: 30 };
    let factor = ImportedTotp { secret: secret.clone(), parameters };
    let account =
        ImportedAccount { password_hash: None, identities: vec![at_x("17")], totp: Some(factor), ..ada() };
    assert!(matches!(only(&world, account), ImportOutcome::Imported { .. }));

    let present = || world.present(&Identity::at("x", "17"), Intent::SignIn).unwrap();
    let code = || Answer::Totp(world.totp(&secret).unwrap());
    let asked = present();
    assert!(matches!(asked.step, Step::SecondFactor { .. }), "{:?}", asked.step.code());
    let first = signed_in(world.answer(&asked, code()).unwrap());
    let account = world.engine().account(&first.token).unwrap();
    assert_eq!(account.view().unwrap().mfa.unwrap().recovery_codes_left, 0);

    // The owner did not save them, so the next sign-in makes new ones.
    world.later(hours(1));
    let second = signed_in(world.answer(&present(), code()).unwrap());
    let account = world.engine().account(&second.token).unwrap();
    let codes = account.unsaved_recovery_codes().unwrap().codes;
    account.recovery_codes_saved().unwrap();
    assert_eq!(account.view().unwrap().mfa.unwrap().recovery_codes_left as usize, codes.len());

    world.later(minutes(1));
    let third = signed_in(world.answer(&present(), Answer::RecoveryCode(codes[0].clone())).unwrap());
    let account = world.engine().account(&third.token).unwrap();
    assert_eq!(
        account.unsaved_recovery_codes().err(),
        Some(Error::from(Refusal::FlowExpired)),
        "no new codes are made after the owner saved some"
    );
}

#[test]
fn r13_2_an_account_is_imported_once_and_never_updated() {
    let mut world = World::new();
    let ImportOutcome::Imported { account, .. } = only(&world, ada()) else { panic!("not imported") };
    let again = |differs| ImportOutcome::AlreadyImported { account, differs };
    let rows = world.engine().dump().unwrap();
    assert_eq!(only(&world, ada()), again(false));
    world.reopen(None).unwrap();
    assert_eq!(only(&world, ada()), again(false));
    for other in [
        ImportedAccount { display_name: None, ..ada() },
        ImportedAccount { email: Some("grace@example.org".to_owned()), ..ada() },
        ImportedAccount { password_hash: Some(ARGON2.into()), ..ada() },
        ImportedAccount { identities: vec![at_x("17")], ..ada() },
        ImportedAccount { created_at: Some(START), ..ada() },
        // A row that would be refused as a new import is still recognised.
        ImportedAccount { email_verified: false, ..ada() },
    ] {
        assert_eq!(only(&world, other), again(true));
    }
    assert!(world.engine().dump().unwrap() == rows, "nothing was written");
}

#[test]
fn r13_2_the_first_of_two_accounts_with_one_identifier_wins() {
    let world = World::new();
    let taken = refused(ImportProblem::IdentifierInUse);
    let federated = |id: &str, subject: &str| ImportedAccount {
        password_hash: None,
        identities: vec![at_x(subject)],
        ..named(id, &format!("{id}@example.org"))
    };
    let outcomes = import(
        &world,
        &[
            ada(),
            named("user-2", "ADA@example.org"),
            federated("user-3", "17"),
            federated("user-4", "17"),
            ImportedAccount { identities: vec![at_x("18"), at_x("18")], ..named("user-5", "e@example.org") },
            ada(),
        ],
    );
    let ImportOutcome::Imported { account, .. } = outcomes[0] else { panic!("{outcomes:?}") };
    assert_eq!(outcomes[1], taken);
    assert!(matches!(outcomes[2], ImportOutcome::Imported { .. }));
    assert_eq!(outcomes[3..5], [taken, taken]);
    assert_eq!(outcomes[5], ImportOutcome::AlreadyImported { account, differs: false });
    // The same holds for an account that existed before the import.
    assert_eq!(only(&world, named("user-6", "ada@example.org")), taken);
    assert_eq!(world.engine().health().unwrap().accounts, 2);
}

/// With the uncut text, the row would be too large for the store, and all accounts of the same act would
/// fail.
#[test]
fn r13_2_a_handle_is_cut_to_64_characters() {
    let world = World::new();
    let handle = Some("\u{e4}".repeat(1_000_000));
    let outcomes = import(
        &world,
        &[
            ImportedAccount {
                password_hash: None,
                identities: vec![ImportedIdentity { handle, ..at_x("17") }],
                ..ada()
            },
            named("user-2", "grace@example.org"),
        ],
    );
    assert!(outcomes.iter().all(|outcome| matches!(outcome, ImportOutcome::Imported { .. })), "{outcomes:?}");
    let token = signed_in(world.present(&Identity::at("x", "17"), Intent::SignIn).unwrap()).token;
    let method = world.engine().account(&token).unwrap().view().unwrap().methods.remove(0);
    assert_eq!(method.handle.map(|handle| handle.chars().count()), Some(64));
}

#[test]
fn r13_2_a_display_name_that_cannot_be_shown_is_dropped_and_the_host_is_told() {
    for (name, kept, dropped_name) in [
        ("Ada  Lovelace", Some("Ada Lovelace"), None),
        (" ", None, Some(TextProblem::Empty)),
        ("Ada\u{202e}", None, Some(TextProblem::Character)),
        (&"a".repeat(65), None, Some(TextProblem::TooLong)),
    ] {
        let world = World::new();
        let given = ImportedAccount { display_name: Some(name.to_owned()), ..ada() };
        let tried = world.engine().import_accounts(std::slice::from_ref(&given), true).unwrap();
        assert!(
            matches!(tried[..], [ImportOutcome::Imported { dropped_name: why, .. }] if why == dropped_name)
        );
        let outcome = only(&world, given);
        assert!(matches!(outcome, ImportOutcome::Imported { dropped_name: why, .. } if why == dropped_name));
        let token = signed_in(world.sign_in("ada@example.org", "U*U").unwrap()).token;
        let view = world.engine().account(&token).unwrap().view().unwrap();
        assert_eq!(view.display_name.as_deref(), kept, "{name:?}");
    }
}

#[test]
fn r13_2_a_refused_account_has_a_reason_and_the_others_are_imported() {
    let world = World::new();
    let totp = |secret: &str| {
        let parameters = TotpParameters::default();
        Some(ImportedTotp { secret: secret.into(), parameters })
    };
    let unknown = ImportedIdentity { provider: "nobody".parse().unwrap(), ..at_x("1") };
    let rows = [
        (named("", "a@example.org"), ImportProblem::InvalidExternalId),
        (named(&"x".repeat(256), "a@example.org"), ImportProblem::InvalidExternalId),
        (named("1", "ada"), ImportProblem::InvalidEmail { reason: InvalidEmail::Syntax }),
        (ImportedAccount { password_hash: Some("U*U".into()), ..ada() }, ImportProblem::InvalidHash),
        (
            ImportedAccount { password_hash: Some(BCRYPT.replace("$05$", "$15$").into()), ..ada() },
            ImportProblem::HashTooCostly,
        ),
        (ImportedAccount { totp: totp("GEZDGNBV"), ..ada() }, ImportProblem::InvalidTotp),
        (ImportedAccount { identities: vec![at_x("")], ..ada() }, ImportProblem::InvalidSubject),
        (ImportedAccount { identities: vec![unknown], ..ada() }, ImportProblem::UnknownProvider),
        (ImportedAccount { password_hash: None, email_verified: false, ..ada() }, ImportProblem::NoMethod),
        (ImportedAccount { password_hash: None, email: None, ..ada() }, ImportProblem::NoMethod),
        (ImportedAccount { email: None, ..ada() }, ImportProblem::UnprovenEmail),
        (ImportedAccount { email_verified: false, ..ada() }, ImportProblem::UnprovenEmail),
        (
            ImportedAccount { identities: (0..32).map(|n| at_x(&n.to_string())).collect(), ..ada() },
            ImportProblem::LimitReached,
        ),
    ];
    let (mut accounts, reasons): (Vec<_>, Vec<_>) = rows.into_iter().unzip();
    accounts.push(ada());
    let mut outcomes = import(&world, &accounts);
    assert!(matches!(outcomes.pop(), Some(ImportOutcome::Imported { .. })));
    assert_eq!(outcomes, reasons.into_iter().map(refused).collect::<Vec<_>>());
    assert_eq!(world.engine().health().unwrap().accounts, 1);
}

#[test]
fn r13_2_an_import_keeps_the_limit_of_accounts_per_email() {
    let policy = World::policy().max_accounts_per_email(2).build().unwrap();
    let world = World::builder().policy(policy).build();
    let sharing = |number: usize| ImportedAccount {
        password_hash: None,
        identities: vec![at_x(&number.to_string())],
        ..named(&number.to_string(), "team@example.org")
    };
    let accounts: Vec<_> = (0..3).map(sharing).collect();
    for dry_run in [true, false] {
        let outcomes = world.engine().import_accounts(&accounts, dry_run).unwrap();
        assert_eq!(outcomes[2], refused(ImportProblem::LimitReached));
    }
    assert_eq!(only(&world, sharing(3)), refused(ImportProblem::LimitReached));
}

#[test]
fn r13_2_a_password_with_an_unproven_email_is_imported_if_policy_allows_it() {
    let policy = World::policy().email_proof(EmailProof::Later).build().unwrap();
    let world = World::builder().policy(policy).build();
    let unproven = |id: &str| ImportedAccount { email_verified: false, ..named(id, "ada@example.org") };
    assert!(matches!(only(&world, unproven("1")), ImportOutcome::Imported { .. }));
    signed_in(world.sign_in("ada@example.org", "U*U").unwrap());
    // Unproven emails are not unique. With two accounts, the email signs in to neither (SPEC 2.8).
    assert!(matches!(only(&world, unproven("2")), ImportOutcome::Imported { .. }));
    assert!(world.sign_in("ada@example.org", "U*U").is_err());
}

#[test]
fn r13_2_a_dry_run_answers_like_the_import_and_writes_nothing() {
    let world = World::new();
    let accounts: Vec<_> = (0..200)
        .flat_map(|number| {
            let email = format!("person{}@example.org", number % 150);
            [named(&number.to_string(), &email), named("again", "again@example.org")]
        })
        .collect();
    let rows = world.engine().dump().unwrap();
    let dry = world.engine().import_accounts(&accounts, true).unwrap();
    assert!(world.engine().dump().unwrap() == rows);
    let wet = import(&world, &accounts);
    let kinds = |outcomes: &[ImportOutcome]| -> Vec<_> {
        let kind = |outcome: &ImportOutcome| match outcome {
            ImportOutcome::Imported { .. } => "imported",
            ImportOutcome::AlreadyImported { differs, .. } => {
                if *differs {
                    "differs"
                } else {
                    "already"
                }
            }
            ImportOutcome::Refused { reason } => reason.code(),
        };
        outcomes.iter().map(kind).collect()
    };
    assert_eq!(kinds(&dry), kinds(&wet));
    assert_eq!(world.engine().health().unwrap().accounts, 151);
}

#[test]
fn r13_2_an_external_id_is_exported_to_the_owner_and_purged_with_the_account() {
    let world = World::new();
    only(&world, ada());
    let token = signed_in(world.sign_in("ada@example.org", "U*U").unwrap()).token;
    let account = world.engine().account(&token).unwrap();
    assert!(account.export().unwrap().contains("\"imported_as\": \"user-1\""));
    let events = account.activity().unwrap();
    assert_eq!(events[0].event.action.code(), "AccountImported");
    account.request_deletion().unwrap();
    assert_eq!(world.run_host(days(31)).unwrap().len(), 1);
    assert!(
        matches!(only(&world, ada()), ImportOutcome::Imported { .. }),
        "the account can be imported again"
    );
}

#[test]
fn r4_2_a_refusal_costs_the_same_with_and_without_an_imported_hash() {
    let hasher = Arc::new(CountingHasher::default());
    let world = World::builder().hasher(hasher.clone()).build();
    let bob = ImportedAccount { password_hash: Some(ARGON2.into()), ..named("user-2", "bob@example.org") };
    let own = world.ada().email;
    let work = |email: &str| {
        let before = (hasher.hashes(), hasher.foreign_hashes());
        assert_eq!(world.sign_in(email, "a wrong password"), Err(Refusal::InvalidCredentials.into()));
        (hasher.hashes() - before.0, hasher.foreign_hashes() - before.1)
    };
    let everybody = [own.as_str(), "nobody@example.org", "carl@example.org", "bob@example.org"];
    assert_eq!(everybody.map(work), [(1, 0); 4]);

    import(&world, &[named("user-1", "carl@example.org"), bob]);
    assert_eq!(everybody.map(work), [(1, 2); 4], "one hash of each kind");

    // Carl's hash is replaced when he signs in. Within an hour, the engine notices that no other hash is of
    // its kind.
    signed_in(world.sign_in("carl@example.org", "U*U").unwrap());
    world.later(hours(1));
    assert_eq!(everybody.map(work), [(1, 1); 4]);

    // Bob's hash disappears when his account is purged.
    let token = signed_in(world.sign_in("bob@example.org", "password").unwrap()).token;
    world.engine().account(&token).unwrap().request_deletion().unwrap();
    world.run_host(days(31)).unwrap();
    assert_eq!(everybody.map(work), [(1, 0); 4]);
}

#[test]
fn r9_4_a_purge_removes_what_says_which_hash_was_imported() {
    let world = World::new();
    only(&world, ada());
    let kinds = |world: &World| {
        let rows = world.engine().dump().unwrap();
        rows.keys().filter(|key| Table::of(key).is_some_and(|table| table.name == "specimen")).count()
    };
    assert_eq!(kinds(&world), 1);
    let ImportOutcome::AlreadyImported { account, .. } = only(&world, ada()) else { panic!("known") };
    world.engine().support("Grace").unwrap().start_deletion(account, "ticket 1").unwrap();
    world.run_host(days(31)).unwrap();
    assert_eq!(kinds(&world), 0);
}

#[test]
fn r13_1_debug_text_of_an_import_shows_no_secret() {
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let totp = ImportedTotp { secret: secret.into(), parameters: TotpParameters::default() };
    let shown = format!("{:?}", ImportedAccount { totp: Some(totp), ..ada() });
    assert!(!shown.contains(secret) && !shown.contains("$2a$"), "{shown}");
}
