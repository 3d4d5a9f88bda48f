//! Identifiers that an undo may put back, and that other people prove in the meantime (SPEC 7.6).

use std::time::Duration;

use selfsame::{
    AccountHandle, Adding, AddressStep, Answer, Intent, MethodKind, Refusal, SignInOutcome, Step,
};
use selfsame_world::{DONE, Identity, Person, World, days, minutes, refused, signed_in};

const NEW: &str = "a password that nobody knows";
const MOMENT: Duration = Duration::from_millis(1);
const RESERVED: Step = Step::Done { was_reserved: true, left_out: Vec::new() };

/// Creates Ada's account, adds an X identity and removes it again.
fn ada_without_x(world: &World) -> (Person, AccountHandle, Identity) {
    let ada = world.ada();
    let x = Identity::at("x", "1815");
    let account = world.account(&ada);
    assert_eq!(world.add(&account, &x).unwrap().step, DONE);
    remove_x(&account);
    (ada, account, x)
}

fn remove_x(account: &AccountHandle) {
    let methods = account.view().unwrap().methods;
    let x = methods.iter().find(|method| method.kind == MethodKind::Federated).unwrap().id;
    account.remove_method(x).unwrap();
}

fn x_of_ada() -> Adding {
    Adding::Federated { provider: "x".parse().unwrap(), handle: None }
}

#[test]
fn r7_6_whoever_proves_a_reserved_identity_gets_its_account_as_a_candidate_beside_going_on() {
    for intent in [Intent::SignIn, Intent::SignUp] {
        let world = World::new();
        let (ada, _, x) = ada_without_x(&world);
        let asked = world.present(&x, intent).unwrap();
        let Step::LinkOrCreate { email: None, candidates, can_create: true, blocked: None } = &asked.step
        else {
            panic!("{asked:?}")
        };
        assert_eq!(candidates.len(), 1);
        // A person who signs in to that account gets the identity back there.
        let chosen = world.answer(&asked, Answer::LinkTo(1)).unwrap();
        let done = signed_in(world.answer(&chosen, Answer::Password(ada.password.as_str().into())).unwrap());
        assert_eq!((done.account, done.outcome), (ada.account, SignInOutcome::Linked));
        assert_eq!(signed_in(world.present(&x, Intent::SignIn).unwrap()).account, ada.account);
    }
}

#[test]
fn r7_6_where_they_go_on_the_identity_is_theirs_and_the_undo_leaves_it_out_and_says_so() {
    let world = World::new();
    let (ada, account, x) = ada_without_x(&world);
    let of_removing = world.undo_code(&ada.email);
    let asked = world.present(&x, Intent::SignIn).unwrap();
    let anew = signed_in(world.answer(&asked, Answer::CreateNew).unwrap());
    assert_ne!(anew.account, ada.account);

    let asked = world.undo(&of_removing).unwrap();
    let back = signed_in(world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap());
    assert_eq!(back.left_out, [x_of_ada()]);
    assert_eq!(world.engine().account(&back.token).unwrap().view().unwrap().methods.len(), 1);
    assert_eq!(signed_in(world.present(&x, Intent::SignIn).unwrap()).account, anew.account);
    assert_eq!(account.view().unwrap_err(), selfsame::Error::Refused(Refusal::SessionEnded));
}

#[test]
fn r7_6_in_a_session_the_answer_says_so_and_goes_on() {
    let world = World::new();
    let (ada, account, x) = ada_without_x(&world);
    let bob = world.person("bob@example.org", "bob's very own password");
    assert_eq!(world.add(&world.account(&bob), &x).unwrap().step, RESERVED);
    assert_eq!(signed_in(world.present(&x, Intent::SignIn).unwrap()).account, bob.account);
    assert_eq!(refused(world.add(&account, &x)), Refusal::IdentityInUse, "Bob has the identity now");

    // Ada's next act does not touch Bob's claim.
    account.change_password(&ada.password.as_str().into(), &NEW.into()).unwrap();
    assert_eq!(signed_in(world.present(&x, Intent::SignIn).unwrap()).account, bob.account);

    // The same with an email: Ada moves, and Bob takes her old address for his password.
    world.move_to(&account, "new@example.net");
    let of_moving = world.undo_code(&ada.email);
    world.later(minutes(2));
    let bobs = world.fresh(&bob);
    bobs.change_email(&ada.email).unwrap();
    let moved = world.prove_address(&bobs, &ada.email).unwrap();
    assert_eq!(moved, AddressStep::Done { was_reserved: true });
    // The password was Ada's only sign-in method before, and the undo finds no address for a new one.
    assert_eq!(refused(world.undo(&of_moving)), Refusal::LastMethod);
}

#[test]
fn r7_6_a_reservation_ends_with_its_undo_code() {
    let world = World::new();
    let (ada, account, x) = ada_without_x(&world);
    let bob = world.person("bob@example.org", "bob's very own password");
    // The account itself can add the identity again.
    assert_eq!(world.add(&account, &x).unwrap().step, DONE);
    remove_x(&account);
    world.later(days(7) - MOMENT);
    let reserved = world.present(&x, Intent::SignIn).unwrap();
    assert!(matches!(reserved.step, Step::LinkOrCreate { .. }), "{reserved:?}");
    world.later(MOMENT);
    let free = world.present(&x, Intent::SignIn).unwrap();
    assert!(matches!(free.step, Step::ConfirmCreate { .. }), "{free:?}");
    assert_eq!(world.add(&world.fresh(&bob), &x).unwrap().step, DONE);
    world.fresh(&ada).change_password(&ada.password.as_str().into(), &NEW.into()).unwrap();
    assert_eq!(signed_in(world.present(&x, Intent::SignIn).unwrap()).account, bob.account);
}

#[test]
fn r7_6_a_reserved_email_lets_its_prover_sign_up_or_sign_in_where_it_came_from() {
    let world = World::new();
    let ada = world.ada();
    world.move_to(&world.account(&ada), "new@example.net");
    let code = world.undo_code(&ada.email);
    world.later(minutes(2));
    let asked = world.prove(&world.sign_up(&ada.email, "a newcomer's password"), &ada.email);
    let Step::LinkOrCreate { candidates, can_create, blocked, .. } = &asked.step else { panic!("{asked:?}") };
    assert_eq!((candidates.len(), *can_create, *blocked), (1, true, None));
    let anew = signed_in(world.answer(&asked, Answer::CreateNew).unwrap());
    assert_ne!(anew.account, ada.account);

    // The undo would leave no usable sign-in method, and it finds no address for a new password.
    assert_eq!(refused(world.undo(&code)), Refusal::LastMethod);
    let still = signed_in(world.sign_in("new@example.net", &ada.password).unwrap());
    assert_eq!(still.account, ada.account, "nothing has changed");
}

#[test]
fn r7_6_where_no_way_in_would_stay_the_undo_asks_for_a_password() {
    let world = World::new();
    let x = Identity::at("x", "1815").with_email("ada@example.org");
    let ada = signed_in(world.prove(&world.federated(&x), "ada@example.org"));
    let account = world.engine().account(&ada.token).unwrap();
    world.add(&account, &Identity::at("other", "mallory")).unwrap();
    let code = world.undo_code("ada@example.org");
    let thief = signed_in(world.present(&Identity::at("other", "mallory"), Intent::SignIn).unwrap());
    remove_x(&world.engine().account(&thief.token).unwrap());
    // Ada signs up anew with her identity before she finds the message.
    world.later(minutes(2));
    let asked = world.present(&x, Intent::SignUp).unwrap();
    let asked = world.prove(&asked, "ada@example.org");
    let anew = signed_in(world.answer(&asked, Answer::CreateNew).unwrap());

    let asked = world.undo(&code).unwrap();
    assert_eq!(asked.step, Step::NewPassword);
    let back = signed_in(world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap());
    assert_eq!((back.account, back.left_out), (ada.account, vec![x_of_ada()]));
    assert_eq!(signed_in(world.sign_in("ada@example.org", NEW).unwrap()).account, ada.account);
    assert_eq!(signed_in(world.present(&x, Intent::SignIn).unwrap()).account, anew.account);
    let mallory = world.present(&Identity::at("other", "mallory"), Intent::SignIn).unwrap();
    assert!(matches!(mallory.step, Step::ConfirmCreate { .. }), "the thief is out: {mallory:?}");
}

#[test]
fn r7_6_an_identifier_that_was_taken_twice_belongs_to_the_last() {
    let world = World::new();
    let (ada, _, x) = ada_without_x(&world);
    let adas = world.undo_code(&ada.email);
    let bob = world.person("bob@example.org", "bob's very own password");
    let bobs = world.account(&bob);
    assert_eq!(world.add(&bobs, &x).unwrap().step, RESERVED);
    remove_x(&bobs);
    // Bob may take it back with his own code, so Ada's undo leaves it out.
    let asked = world.undo(&adas).unwrap();
    let back = signed_in(world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap());
    assert_eq!(back.left_out, [x_of_ada()]);
    let asked = world.undo(&world.undo_code(&bob.email)).unwrap();
    signed_in(world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap());
    assert_eq!(signed_in(world.present(&x, Intent::SignIn).unwrap()).account, bob.account);
}

/// An identifier that an account takes back must lead to that account again, although another account may have taken
/// over the claim.
#[test]
fn r7_6_an_identity_that_comes_back_leads_to_the_account_again() {
    let give_back: [fn(&World, &AccountHandle, &Person); 2] = [
        |_, bobs, _| remove_x(bobs),
        |world, _, bob| {
            let asked = world.undo(&world.undo_code(&bob.email)).unwrap();
            signed_in(world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap());
        },
    ];
    for gives_back in give_back {
        let world = World::new();
        let (ada, account, x) = ada_without_x(&world);
        let bob = world.person("bob@example.org", "bob's very own password");
        let bobs = world.account(&bob);
        assert_eq!(world.add(&bobs, &x).unwrap().step, RESERVED);
        gives_back(&world, &bobs, &bob);
        world.add(&account, &x).unwrap();
        assert_eq!(signed_in(world.present(&x, Intent::SignIn).unwrap()).account, ada.account);
        let carol = world.person("carol@example.org", "carol's very own password");
        assert_eq!(refused(world.add(&world.account(&carol), &x)), Refusal::IdentityInUse);
    }
}

#[test]
fn r7_5_an_undone_removal_leads_to_the_account_again_after_the_taker_let_go() {
    // The account that took the identity undid that act.
    let world = World::new();
    let (ada, _, x) = ada_without_x(&world);
    let adas = world.undo_code(&ada.email);
    let bob = world.person("bob@example.org", "bob's very own password");
    assert_eq!(world.add(&world.account(&bob), &x).unwrap().step, RESERVED);
    for code in [world.undo_code(&bob.email), adas] {
        let asked = world.undo(&code).unwrap();
        let back = signed_in(world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap());
        assert!(back.left_out.is_empty());
    }
    assert_eq!(signed_in(world.present(&x, Intent::SignIn).unwrap()).account, ada.account);

    // The same with the email of a password.
    let world = World::new();
    let ada = world.ada();
    world.move_to(&world.account(&ada), "mallory@example.net");
    let adas = world.undo_code(&ada.email);
    world.later(minutes(2));
    let bob = world.person("bob@example.org", "bob's very own password");
    world.move_to(&world.fresh(&bob), &ada.email);
    for code in [world.undo_code(&bob.email), adas] {
        let asked = world.undo(&code).unwrap();
        signed_in(world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap());
    }
    assert_eq!(signed_in(world.sign_in(&ada.email, NEW).unwrap()).account, ada.account);

    // The account that took the identity was purged.
    let world = World::new();
    let (ada, _, x) = ada_without_x(&world);
    let code = world.undo_code(&ada.email);
    let asked = world.present(&x, Intent::SignIn).unwrap();
    let anew = signed_in(world.answer(&asked, Answer::CreateNew).unwrap());
    world.engine().account(&anew.token).unwrap().request_deletion().unwrap();
    world.later(days(3));
    world.answer(&world.present(&x, Intent::SignIn).unwrap(), Answer::EraseNow).unwrap();
    assert_eq!(world.run_host(days(2)).unwrap().len(), 1);
    let asked = world.undo(&code).unwrap();
    signed_in(world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap());
    assert_eq!(signed_in(world.present(&x, Intent::SignIn).unwrap()).account, ada.account);
}

#[test]
fn r9_3_an_expired_reservation_of_an_absent_account_blocks_nobody() {
    let world = World::new();
    let (ada, _, x) = ada_without_x(&world);
    world.later(days(8));
    world.fresh(&ada).request_deletion().unwrap();
    world.later(days(30));
    let free = world.present(&x, Intent::SignIn).unwrap();
    assert_ne!(signed_in(world.answer(&free, Answer::Confirm).unwrap()).account, ada.account);
}

#[test]
fn r1_6_a_password_of_an_undo_takes_the_place_of_a_suspended_one() {
    let policy = World::policy().email_proof(selfsame::EmailProof::Later).build().unwrap();
    let world = World::builder().policy(policy).build();
    let sign_up = |email: &str, password: &str| {
        let client = selfsame::Client::on("tablet");
        let done = signed_in(world.engine().sign_up(email, &password.into(), &client).unwrap());
        world.engine().account(&done.token).unwrap()
    };
    let x = Identity::at("x", "1815");
    assert_eq!(world.add(&sign_up("ada@example.org", "the squatter's password"), &x).unwrap().step, DONE);
    let account = signed_in(world.present(&x, Intent::SignIn).unwrap());
    let account = world.engine().account(&account.token).unwrap();
    account.verify_address("ada@example.org").unwrap();
    world.prove_address(&account, "ada@example.org").unwrap();
    let methods = account.view().unwrap().methods;
    let password = methods.iter().find(|method| method.kind == MethodKind::Password).unwrap().id;
    account.review(&[password], false, Some(&"the reviewed password".into())).unwrap();
    let code = world.undo_code("ada@example.org");
    remove_x(&account);
    assert_eq!(world.add(&sign_up("bob@example.org", "bob's very own password"), &x).unwrap().step, RESERVED);

    let asked = world.undo(&code).unwrap();
    let back = signed_in(world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap());
    let account = world.engine().account(&back.token).unwrap();
    let methods = account.view().unwrap().methods;
    assert_eq!(methods.iter().filter(|method| method.kind == MethodKind::Password).count(), 1);
    account.change_password(&NEW.into(), &"the owner's changed password".into()).unwrap();
    signed_in(world.sign_in("ada@example.org", "the owner's changed password").unwrap());
}

#[test]
fn r7_6_an_undo_that_restores_the_account_says_what_it_left_out() {
    let world = World::new();
    let (ada, account, x) = ada_without_x(&world);
    let code = world.undo_code(&ada.email);
    let asked = world.present(&x, Intent::SignIn).unwrap();
    signed_in(world.answer(&asked, Answer::CreateNew).unwrap());
    account.request_deletion().unwrap();

    let asked = world.answer(&world.undo(&code).unwrap(), Answer::NewPassword(NEW.into())).unwrap();
    assert!(matches!(asked.step, Step::ConfirmRestore { .. }), "{asked:?}");
    // The program may have been restarted in between.
    let asked = world.engine().resume(asked.token.as_ref().unwrap()).unwrap();
    let back = signed_in(world.answer(&asked, Answer::Restore).unwrap());
    assert_eq!((back.account, back.left_out), (ada.account, vec![x_of_ada()]));
}

#[test]
fn r7_6_an_account_that_took_the_identity_and_is_absent_but_not_purged_counts_as_its_holder() {
    let world = World::new();
    let (ada, _, x) = ada_without_x(&world);
    let code = world.undo_code(&ada.email);
    let asked = world.present(&x, Intent::SignIn).unwrap();
    let anew = signed_in(world.answer(&asked, Answer::CreateNew).unwrap());
    world.engine().account(&anew.token).unwrap().request_deletion().unwrap();
    world.later(days(3));
    world.answer(&world.present(&x, Intent::SignIn).unwrap(), Answer::EraseNow).unwrap();
    // The purge waits for its second look, and the owner need not wait for the purge.
    let asked = world.undo(&code).unwrap();
    let back = signed_in(world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap());
    assert_eq!((back.account, back.left_out), (ada.account, vec![x_of_ada()]));
}
