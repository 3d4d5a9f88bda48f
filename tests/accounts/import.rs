//! Accounts of another service (SPEC 13.2).

use selfsame::{
    AddressSource, Answer, EmailProof, Error, ImportOutcome, ImportProblem, ImportedAccount,
    ImportedIdentity, ImportedTotp, Intent, InvalidEmail, InvalidName, ProviderId, Refusal, Secret, Step,
    Timestamp, TotpAlgorithm, TotpParameters,
};
use selfsame_world::{Identity, START, World, days, hours, minutes, signed_in};

/// Of the password "U*U", from crypt_blowfish.
const BCRYPT: &str = "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";
/// Of the password "password", from another implementation (argon2-cffi): the very form of the engine's own hashes.
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
fn r13_2_an_imported_account_signs_in_with_its_password_which_is_hashed_anew() {
    let world = World::new();
    let created_at = Timestamp::from_millis(1_577_836_800_000);
    let outcome = only(&world, ImportedAccount { created_at: Some(created_at), ..ada() });
    let ImportOutcome::Imported { account } = outcome else { panic!("{outcome:?}") };
    assert_eq!(world.mailbox().all().len(), 0, "nobody is told");

    let wrong = world.sign_in("ada@example.org", "U*U!").unwrap_err();
    assert_eq!(wrong, Error::from(Refusal::InvalidCredentials));
    let before = world.hashes();
    let session = signed_in(world.sign_in("ada@example.org", "U*U").unwrap());
    assert_eq!(session.account, account);
    assert_eq!(world.hashes(), before + 1, "it is hashed anew");
    signed_in(world.sign_in("ada@example.org", "U*U").unwrap());
    assert_eq!(world.hashes(), before + 2, "and from then on it is the engine's own");

    let view = world.engine().account(&session.token).unwrap().view().unwrap();
    assert_eq!(view.created, created_at);
    assert_eq!(view.display_name.as_deref(), Some("Ada"));
    assert_eq!(view.contact.as_deref(), Some("ada@example.org"));
    assert_eq!(view.addresses[0].source, AddressSource::Import);
    assert_eq!(view.addresses[0].verified_at, Some(START));
    assert_eq!(world.engine().health().unwrap().accounts, 1);
}

/// Taken for the engine's own it would be held against a pepper that it was made without.
#[test]
fn r13_2_a_hash_in_the_engines_own_form_is_one_of_another_service_all_the_same() {
    let world = World::new();
    only(&world, ImportedAccount { password_hash: Some(ARGON2.into()), ..ada() });
    signed_in(world.sign_in("ada@example.org", "password").unwrap());
    signed_in(world.sign_in("ada@example.org", "password").unwrap());
}

#[test]
fn r13_2_an_identity_and_a_second_factor_come_too_and_codes_are_made_at_the_first_sign_in() {
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

    // They were not saved: the next sign-in makes others.
    world.later(hours(1));
    let second = signed_in(world.answer(&present(), code()).unwrap());
    let account = world.engine().account(&second.token).unwrap();
    let codes = account.unsaved_recovery_codes().unwrap().codes;
    account.recovery_codes_saved().unwrap();
    assert_eq!(account.view().unwrap().mfa.unwrap().recovery_codes_left, codes.len());

    world.later(minutes(1));
    let third = signed_in(world.answer(&present(), Answer::RecoveryCode(codes[0].clone())).unwrap());
    let account = world.engine().account(&third.token).unwrap();
    assert_eq!(
        account.unsaved_recovery_codes().err(),
        Some(Error::from(Refusal::FlowExpired)),
        "who has saved codes is made no others"
    );
}

#[test]
fn r13_2_an_account_is_imported_once_and_never_updated() {
    let mut world = World::new();
    let ImportOutcome::Imported { account } = only(&world, ada()) else { panic!("not imported") };
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
        // What would be refused today was not, then.
        ImportedAccount { email_verified: false, ..ada() },
    ] {
        assert_eq!(only(&world, other), again(true));
    }
    assert!(world.engine().dump().unwrap() == rows, "nothing was written");
}

#[test]
fn r13_2_of_two_that_want_one_identifier_the_first_wins() {
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
    let ImportOutcome::Imported { account } = outcomes[0] else { panic!("{outcomes:?}") };
    assert_eq!(outcomes[1], taken);
    assert!(matches!(outcomes[2], ImportOutcome::Imported { .. }));
    assert_eq!(outcomes[3..5], [taken, taken]);
    assert_eq!(outcomes[5], ImportOutcome::AlreadyImported { account, differs: false });
    // So it is with one that was there before.
    assert_eq!(only(&world, named("user-6", "ada@example.org")), taken);
    assert_eq!(world.engine().health().unwrap().accounts, 2);
}

/// A row that is too large for the store would take its neighbours with it.
#[test]
fn r13_2_of_a_handle_the_first_64_characters_count() {
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
fn r13_2_what_is_refused_says_why_and_the_others_are_there() {
    let world = World::new();
    let text = |text: &str| Some(text.to_owned());
    let totp = |secret: &str| {
        let parameters = TotpParameters::default();
        Some(ImportedTotp { secret: secret.into(), parameters })
    };
    let unknown = ImportedIdentity { provider: "nobody".parse().unwrap(), ..at_x("1") };
    let rows = [
        (named("", "a@example.org"), ImportProblem::InvalidExternalId),
        (named(&"x".repeat(256), "a@example.org"), ImportProblem::InvalidExternalId),
        (named("1", "ada"), ImportProblem::InvalidEmail { reason: InvalidEmail::Syntax }),
        (
            ImportedAccount { display_name: text(" "), ..ada() },
            ImportProblem::InvalidName { reason: InvalidName::Empty },
        ),
        (ImportedAccount { password_hash: Some("U*U".into()), ..ada() }, ImportProblem::InvalidHash),
        (
            ImportedAccount { password_hash: Some(BCRYPT.replace("$05$", "$15$").into()), ..ada() },
            ImportProblem::HashTooCostly,
        ),
        (ImportedAccount { totp: totp("GEZDGNBV"), ..ada() }, ImportProblem::InvalidTotp),
        (ImportedAccount { identities: vec![at_x("")], ..ada() }, ImportProblem::InvalidSubject),
        (ImportedAccount { identities: vec![unknown], ..ada() }, ImportProblem::UnknownProvider),
        (ImportedAccount { password_hash: None, ..ada() }, ImportProblem::NoMethod),
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
fn r13_2_an_email_is_shared_by_no_more_accounts_than_policy_allows() {
    let policy = World::policy().accounts_per_email(2).build().unwrap();
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
fn r13_2_a_password_with_an_unproven_email_comes_where_policy_lets_it_be() {
    let policy = World::policy().email_proof(EmailProof::Later).build().unwrap();
    let world = World::builder().policy(policy).build();
    let unproven = |id: &str| ImportedAccount { email_verified: false, ..named(id, "ada@example.org") };
    assert!(matches!(only(&world, unproven("1")), ImportOutcome::Imported { .. }));
    signed_in(world.sign_in("ada@example.org", "U*U").unwrap());
    // An unproven email claims nothing, and then it leads to neither (SPEC 2.8).
    assert!(matches!(only(&world, unproven("2")), ImportOutcome::Imported { .. }));
    assert!(world.sign_in("ada@example.org", "U*U").is_err());
}

#[test]
fn r13_2_a_dry_run_answers_as_the_import_does_and_writes_nothing() {
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
fn r13_2_what_another_service_called_an_account_is_its_owners_to_see_and_goes_with_it() {
    let world = World::new();
    only(&world, ada());
    let token = signed_in(world.sign_in("ada@example.org", "U*U").unwrap()).token;
    let account = world.engine().account(&token).unwrap();
    assert!(account.export().unwrap().contains("\"imported_as\": \"user-1\""));
    let events = account.activity().unwrap();
    assert_eq!(events[0].event.action.code(), "AccountImported");
    account.request_deletion().unwrap();
    assert_eq!(world.run_host(days(31)).unwrap().len(), 1);
    assert!(matches!(only(&world, ada()), ImportOutcome::Imported { .. }), "nothing of it is left");
}

#[test]
fn r13_1_what_is_brought_does_not_show_its_secrets() {
    let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
    let totp = ImportedTotp { secret: secret.into(), parameters: TotpParameters::default() };
    let shown = format!("{:?}", ImportedAccount { totp: Some(totp), ..ada() });
    assert!(!shown.contains(secret) && !shown.contains("$2a$"), "{shown}");
}
