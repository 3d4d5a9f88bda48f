//! Signs up on a device that may be offline. The address is proven later (SPEC 2.8).

use selfsame::{AddressStep, Answer, Client, EmailProof, Refusal, SessionToken, SignedIn, Step};
use selfsame_world::{ADDRESS_DONE, Identity, World, days, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";
const ANOTHER: &str = "another horse battery staple";

fn offline() -> World {
    World::builder().policy(World::policy().email_proof(EmailProof::Later).build().unwrap()).build()
}

fn sign_up(world: &World, email: &str, password: &str) -> (SignedIn, SessionToken) {
    let done = world.engine().sign_up(email, &password.into(), &Client::on("tablet")).unwrap();
    assert!(done.token.is_none(), "no flow follows");
    let done = signed_in(done);
    let token = done.token.clone();
    (done, token)
}

fn prove(world: &World, token: &SessionToken, email: &str) -> Result<AddressStep, selfsame::Error> {
    let code = world.mailbox().code(email).unwrap();
    world.engine().account(token).unwrap().prove_address(&code)
}

#[test]
fn r2_8_the_account_exists_at_once_with_its_address_unverified_and_a_code_pending() {
    let world = offline();
    let (done, token) = sign_up(&world, "ada@example.org", PASSWORD);
    let account = world.engine().account(&token).unwrap();
    let view = account.view().unwrap();
    assert_eq!((view.id, &view.contact), (done.account, &None));
    assert_eq!(view.addresses.first().unwrap().verified_at, None);
    world.later(days(20));
    assert_eq!(prove(&world, &token, "ada@example.org").unwrap(), ADDRESS_DONE);
    let view = account.view().unwrap();
    assert_eq!(view.contact.as_deref(), Some("ada@example.org"));
    assert_eq!(view.addresses.first().unwrap().verified_at, Some(world.now()));
    // Once proven, the address is an identifier like any other.
    signed_in(world.sign_in("ada@example.org", PASSWORD).unwrap());
}

#[test]
fn r2_8_an_unverified_address_reserves_nothing() {
    let world = offline();
    let (squatter, _) = sign_up(&world, "ada@example.org", PASSWORD);
    world.later(minutes(1));
    // The account is not a candidate for a link and blocks nothing, so the newcomer gets an account
    // without a prompt.
    let x = signed_in(world.prove(&world.x_identity("1", Some("ada@example.org")), "ada@example.org"));
    assert_ne!(x.account, squatter.account);
    // The unproven email cannot reset the password.
    let world = offline();
    let (_, token) = sign_up(&world, "ada@example.org", PASSWORD);
    world.mailbox().clear();
    let asked = world.engine().reset_password("ada@example.org", &Client::on("phone")).unwrap();
    assert!(matches!(asked.step, Step::VerifyEmail { .. }));
    assert!(world.mailbox().code("ada@example.org").is_none());
    // Two accounts can have the unproven address, each with its own password.
    let (other, _) = sign_up(&world, "Ada@example.org", ANOTHER);
    assert_ne!(other.account, world.engine().resolve(&token).unwrap().account);
}

#[test]
fn r2_8_a_password_works_with_the_account_id_and_with_an_email_that_one_account_has() {
    let world = offline();
    let (ada, _) = sign_up(&world, "ada@example.org", PASSWORD);
    assert_eq!(signed_in(world.sign_in("ada@example.org", PASSWORD).unwrap()).account, ada.account);
    assert_eq!(refused(world.sign_in("ada@example.org", "wrong")), Refusal::InvalidCredentials);
    let (eve, eves) = sign_up(&world, "ada@example.org", ANOTHER);
    for password in [PASSWORD, ANOTHER] {
        assert_eq!(refused(world.sign_in("ada@example.org", password)), Refusal::InvalidCredentials);
    }
    let device = Client::on("tablet");
    for (account, password) in [(ada.account, PASSWORD), (eve.account, ANOTHER)] {
        let done = world.engine().sign_in_to(account, &password.into(), &device).unwrap();
        assert_eq!(signed_in(done).account, account);
    }
    assert_eq!(world.engine().picker().unwrap().len(), 2);
    // The address then finds the account that proved it, and not the other account.
    world.later(minutes(2));
    let account = world.engine().account(&eves).unwrap();
    let begun = account.reauthenticate().unwrap();
    let eves = signed_in(world.answer(&begun, Answer::Password(ANOTHER.into())).unwrap()).token;
    world.engine().account(&eves).unwrap().verify_address("ada@example.org").unwrap();
    prove(&world, &eves, "ada@example.org").unwrap();
    assert_eq!(signed_in(world.sign_in("ada@example.org", ANOTHER).unwrap()).account, eve.account);
    assert_eq!(refused(world.sign_in("ada@example.org", PASSWORD)), Refusal::InvalidCredentials);
}

#[test]
fn r2_8_if_somebody_else_proves_the_address_the_account_stays_and_needs_another() {
    let world = offline();
    let (ada, token) = sign_up(&world, "ada@example.org", PASSWORD);
    world.later(minutes(2));
    let (_, others) = sign_up(&world, "ada@example.org", ANOTHER);
    let account = world.engine().account(&token).unwrap();
    assert!(!account.view().unwrap().needs_address, "nobody has proven it yet");
    prove(&world, &others, "ada@example.org").unwrap();
    assert!(account.view().unwrap().needs_address);
    assert!(
        signed_in(world.engine().sign_in_to(ada.account, &PASSWORD.into(), &Client::on("laptop")).unwrap(),)
            .needs_address
    );
    world.later(minutes(2));
    account.verify_address("ada@example.org").unwrap();
    assert_eq!(refused(prove(&world, &token, "ada@example.org")), Refusal::IdentifierInUse);
    account.change_email("lovelace@example.org").unwrap();
    prove(&world, &token, "lovelace@example.org").unwrap();
    let view = account.view().unwrap();
    assert_eq!(view.methods.first().unwrap().email.as_deref(), Some("lovelace@example.org"));
    assert_eq!(view.addresses.len(), 1, "the unproven address is gone");
    assert!(!view.needs_address);
    assert_eq!(signed_in(world.sign_in("lovelace@example.org", PASSWORD).unwrap()).account, ada.account);
    assert_eq!(refused(world.sign_in("ada@example.org", PASSWORD)), Refusal::InvalidCredentials);
}

#[test]
fn r2_8_other_accounts_with_the_address_are_counted_and_nothing_is_linked() {
    let world = offline();
    let x = Identity::at("x", "1").with_email("ada@example.org");
    signed_in(world.prove(&world.federated(&x), "ada@example.org"));
    world.later(minutes(2));
    let (ada, token) = sign_up(&world, "ada@example.org", PASSWORD);
    let account = world.engine().account(&token).unwrap();
    assert_eq!(
        account.view().unwrap().addresses.first().unwrap().others,
        0,
        "others are counted only after the proof"
    );
    prove(&world, &token, "ada@example.org").unwrap();
    let view = account.view().unwrap();
    assert_eq!((view.id, view.methods.len()), (ada.account, 1));
    assert_eq!(view.addresses.first().unwrap().others, 1);
}

#[test]
fn r1_7_with_later_email_proof_an_unproven_password_counts_as_a_usable_method() {
    let world = offline();
    let (_, token) = sign_up(&world, "ada@example.org", PASSWORD);
    let account = world.engine().account(&token).unwrap();
    let begun = account.begin_add(&"x".parse::<selfsame::ProviderId>().unwrap()).unwrap();
    let assertion = Identity::at("x", "1").assertion(&begun);
    world.engine().continue_with(&begun, &assertion, selfsame::Intent::SignIn).unwrap();
    let methods = account.view().unwrap().methods;
    let [password, x] = methods.as_slice() else { panic!("{methods:?}") };
    account.remove_method(x.id).unwrap();
    assert_eq!(refused(account.remove_method(password.id)), Refusal::LastMethod);
}

#[test]
fn r9_4_an_unverified_address_is_purged_too() {
    let world = offline();
    let (_, token) = sign_up(&world, "ada@example.org", PASSWORD);
    world.engine().account(&token).unwrap().request_deletion().unwrap();
    let receipts = world.run_host(days(31)).unwrap();
    let removed = &receipts.first().unwrap().removed;
    assert!(removed.iter().any(|rows| rows.table == "unproven" && rows.rows == 1), "{removed:?}");
    assert_eq!(refused(world.sign_in("ada@example.org", PASSWORD)), Refusal::InvalidCredentials);
}
