//! The address that gets the undo codes, and the places where the owner sees the protected acts (SPEC 1.12, 7.3).

use std::time::Duration;

use selfsame::{AccountHandle, Answer, MethodKind, Refusal, SignedIn, Step, Timestamp};
use selfsame_world::{DONE, Identity, World, days, hours, minutes, refused, signed_in};

const NEW: &str = "a password that nobody knows";
const MOMENT: Duration = Duration::from_millis(1);

fn method_of(account: &AccountHandle, kind: MethodKind) -> selfsame::MethodId {
    account.view().unwrap().methods.iter().find(|method| method.kind == kind).unwrap().id
}

fn account_of(world: &World, done: SignedIn) -> AccountHandle {
    world.engine().account(&done.token).unwrap()
}

/// Completes the undo with a new password.
fn undone(world: &World, code: &selfsame::Secret) -> SignedIn {
    let asked = world.undo(code).unwrap();
    assert_eq!(asked.step, Step::NewPassword);
    signed_in(world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap())
}

/// Case: a thief's identity was added, and weeks later its removal handed the thief an undo code.
#[test]
fn r7_3_the_code_goes_to_the_standing_contact_and_never_to_a_thiefs_address() {
    let world = World::new();
    let ada = world.ada();
    let mallory = Identity::at("example", "mallory").with_email("mallory@provider.example");
    world.add(&world.account(&ada), &mallory).unwrap();
    world.later(days(21));
    let account = world.fresh(&ada);
    assert!(account.view().unwrap().addresses.iter().any(|it| it.email.starts_with("mallory")));
    world.mailbox().clear();
    account.remove_method(method_of(&account, MethodKind::Federated)).unwrap();
    account.change_password(&ada.password.as_str().into(), &NEW.into()).unwrap();
    let codes: Vec<_> =
        world.mailbox().all().into_iter().filter(|it| it.undo.is_some()).map(|it| it.to).collect();
    assert_eq!(codes, [ada.email.as_str(), ada.email.as_str()]);
}

#[test]
fn r7_3_the_standing_contact_is_the_contact_of_seven_days_ago() {
    let world = World::new();
    let ada = world.ada();
    let sent_to = |act: &dyn Fn()| {
        world.mailbox().clear();
        act();
        world.mailbox().all().into_iter().filter(|it| it.undo.is_some()).map(|it| it.to).collect::<Vec<_>>()
    };
    world.later(days(10));
    let account = world.fresh(&ada);
    assert_eq!(sent_to(&|| world.move_to(&account, "second@example.net")), ["ada@example.org"]);
    let mut password = ada.password.clone();
    let mut change = |email: &str, at: Duration, to: &str| {
        world.later(at);
        let session = signed_in(world.sign_in(email, &password).unwrap());
        let account = account_of(&world, session);
        let next = format!("{password}!");
        let got = sent_to(&|| {
            account.change_password(&password.as_str().into(), &next.as_str().into()).unwrap();
        });
        password = next;
        assert_eq!(got, [to], "although the address is no longer on the account");
    };
    change("second@example.net", minutes(1), "ada@example.org");
    change("second@example.net", days(7) - minutes(1) - MOMENT, "ada@example.org");
    change("second@example.net", MOMENT, "second@example.net");
}

#[test]
fn r7_3_an_undo_puts_the_standing_contact_back_too() {
    let world = World::new();
    let ada = world.ada();
    world.later(days(10));
    world.move_to(&world.fresh(&ada), "mallory@example.net");
    world.later(days(6));
    let done = undone(&world, &world.undo_code(&ada.email));
    world.later(days(2));
    // If the undo kept the past contacts, the thief's address would now get the codes.
    let account = account_of(&world, signed_in(world.sign_in(&ada.email, NEW).unwrap()));
    assert_eq!(account.view().unwrap().id, done.account);
    world.mailbox().clear();
    account.change_password(&NEW.into(), &"yet another good password".into()).unwrap();
    let codes: Vec<_> =
        world.mailbox().all().into_iter().filter(|it| it.undo.is_some()).map(|it| it.to).collect();
    assert_eq!(codes, [ada.email]);
}

#[test]
fn r7_3_without_a_standing_contact_there_is_no_code() {
    let world = World::new();
    let ada =
        signed_in(world.answer(&world.federated(&Identity::at("x", "1815")), Answer::Skip).unwrap_or_else(
            |_| world.present(&Identity::at("x", "1815"), selfsame::Intent::SignUp).unwrap(),
        ));
    let account = account_of(&world, ada);
    world.later(days(10));
    let account = {
        let again = signed_in(world.present(&Identity::at("x", "1815"), selfsame::Intent::SignIn).unwrap());
        assert_eq!(again.account, account.view().unwrap().id);
        account_of(&world, again)
    };
    account.change_email("ada@example.org").unwrap();
    world.prove_address(&account, "ada@example.org").unwrap();
    world.mailbox().clear();
    world.add(&account, &Identity::at("other", "1815")).unwrap();
    let told = world.mailbox().take("ada@example.org").unwrap();
    assert_eq!(
        (told.kind.code(), told.undo.is_none()),
        ("MethodAdded", true),
        "the address became the contact only a moment ago"
    );
    let acts = account.view().unwrap().protected_acts;
    assert!(acts.iter().all(|act| act.undo.is_none()), "{acts:?}");
}

/// Case: where the clock had once been ahead, an account looked young for as long, and a thief's address got the codes.
#[test]
fn r7_3_a_clock_that_was_wrong_changes_no_account_s_age() {
    let codes = |world: &World, account: &AccountHandle| {
        world.mailbox().clear();
        world.add(account, &Identity::at("other", "1")).unwrap();
        let all = world.mailbox().all().into_iter();
        all.filter(|it| it.undo.is_some()).map(|it| it.to).collect::<Vec<_>>()
    };
    let ada = Identity::at("x", "ada");
    let owner = |world: &World| account_of(world, signed_in(world.federated(&ada)));

    let world = World::new();
    world.hand().set_wall_forward(days(365));
    world.federated(&ada);
    world.later(days(60));
    world.move_to(&owner(&world), "mallory@example.net");
    world.later(days(1));
    assert!(codes(&world, &owner(&world)).is_empty(), "no address was the contact seven days ago");

    let world = World::new();
    let a_year_ago = world.now().as_millis() - u64::try_from(days(365).as_millis()).unwrap();
    world.engine().set_trusted_time(Timestamp::from_millis(a_year_ago)).unwrap();
    world.federated(&ada);
    world.move_to(&owner(&world), "ada@example.org");
    assert_eq!(codes(&world, &owner(&world)), ["ada@example.org"], "a young account has its first contact");
}

#[test]
fn r7_3_at_most_32_undo_codes_live_on_an_account() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let first = world.now();
    for number in 0..32 {
        let x = Identity::at("x", &number.to_string());
        if number % 2 == 0 {
            assert_eq!(world.add(&account, &x).unwrap().step, DONE);
        } else {
            account.remove_method(method_of(&account, MethodKind::Federated)).unwrap();
        }
        world.later(MOMENT);
    }
    let at = first + days(7);
    let flow = account.begin_add(&"x".parse().unwrap()).unwrap();
    let early = Refusal::TooEarly { at };
    assert_eq!(refused(world.add(&account, &Identity::at("x", "32"))), early);
    assert_eq!(refused(account.change_password(&ada.password.as_str().into(), &NEW.into())), early);
    assert_eq!(flow.step.code(), "PresentAssertion");
    assert_eq!(account.view().unwrap().protected_acts.len(), 32);
    world.later(at.since(world.now()));
    let account = world.fresh(&ada);
    account.change_password(&ada.password.as_str().into(), &NEW.into()).unwrap();
}

#[test]
fn r7_3_the_account_page_lists_what_can_be_undone_until_when_and_where_the_code_went() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    account.change_password(&ada.password.as_str().into(), &NEW.into()).unwrap();
    let changed_at = world.now();
    world.later(minutes(1));
    world.turn_mfa_on(&account);
    let page = account.view().unwrap().protected_acts;
    let shown: Vec<_> = page
        .iter()
        .map(|act| {
            let undo = act.undo.as_ref().unwrap();
            (act.act.code(), act.at, undo.sent_to.as_str(), undo.until, undo.second_factor_from)
        })
        .collect();
    let settles = changed_at + minutes(1) + hours(72);
    assert_eq!(
        shown,
        [
            ("PasswordChanged", changed_at, "a…@example.org", changed_at + days(7), Some(settles)),
            ("MfaTurnedOn", changed_at + minutes(1), "a…@example.org", settles, None),
        ]
    );
    world.later(days(8));
    let account = {
        let asked = world.sign_in(&ada.email, NEW).unwrap();
        drop(account);
        asked
    };
    assert_eq!(account.step.code(), "SecondFactor");
}

#[test]
fn r1_12_a_sign_in_lists_other_sessions_acts_until_this_caller_confirmed_them() {
    let world = World::new();
    let ada = world.ada();
    let known = signed_in(world.sign_in(&ada.email, &ada.password).unwrap());
    let here = selfsame::Client::on("Ada's phone").recognized_by(known.recognition);
    let engine = world.engine();
    let sign_in = |client: &selfsame::Client, password: &str| {
        signed_in(engine.sign_in(&ada.email, &password.into(), client).unwrap())
    };
    let acts = |session: &SignedIn| session.unconfirmed.iter().map(|act| act.act.code()).collect::<Vec<_>>();
    let account = engine.account(&known.token).unwrap();
    account.change_password(&ada.password.as_str().into(), &NEW.into()).unwrap();
    world.add(&account, &Identity::at("x", "1815")).unwrap();
    let both = ["PasswordChanged", "MethodAdded"];
    assert_eq!(
        refused(account.confirm_protected_acts(u64::MAX)),
        Refusal::NotOffered,
        "the session did these acts itself"
    );

    // A thief confirms them in another place. Sign-ins where Ada is recognised still list them.
    let thief = sign_in(&selfsame::Client::on("elsewhere"), NEW);
    assert_eq!(acts(&thief), both);
    let last = thief.unconfirmed.last().unwrap().number;
    engine.account(&thief.token).unwrap().confirm_protected_acts(last).unwrap();
    assert!(acts(&sign_in(&selfsame::Client::on("nowhere"), NEW)).is_empty());

    let session = sign_in(&here, NEW);
    assert_eq!(acts(&session), both);
    let mine = engine.account(&session.token).unwrap();
    mine.confirm_protected_acts(session.unconfirmed[0].number).unwrap();
    assert_eq!(acts(&sign_in(&here, NEW)), ["MethodAdded"]);
    mine.confirm_protected_acts(last).unwrap();
    assert!(acts(&sign_in(&here, NEW)).is_empty());
    assert_eq!(
        refused(
            world
                .account(&world.person("bob@example.org", "bob's very own password"))
                .confirm_protected_acts(7)
        ),
        Refusal::NotOffered
    );

    // A reauthentication is judged by the recognition that opened the session.
    let reauthenticated = |session: &SignedIn| {
        let asked = engine.reauthenticate(&session.token).unwrap();
        signed_in(world.answer(&asked, Answer::Password(NEW.into())).unwrap())
    };
    let elsewhere = sign_in(&selfsame::Client::on("nowhere"), NEW);
    world.later(minutes(1));
    world.add(&engine.account(&elsewhere.token).unwrap(), &Identity::at("other", "1815")).unwrap();
    let session = sign_in(&here, NEW);
    let thief = sign_in(&selfsame::Client::on("somewhere else"), NEW);
    assert_eq!((acts(&session), acts(&thief)), (vec!["MethodAdded"], vec!["MethodAdded"]));
    let last = thief.unconfirmed[0].number;
    engine.account(&thief.token).unwrap().confirm_protected_acts(last).unwrap();
    let session = reauthenticated(&session);
    assert_eq!(acts(&session), ["MethodAdded"], "the thief's confirmation does not count here");
    engine.account(&session.token).unwrap().confirm_protected_acts(last).unwrap();
    assert!(acts(&reauthenticated(&session)).is_empty());

    // A session does not list its own acts, and no sign-in lists an act after 30 days.
    let x = method_of(&mine, MethodKind::Federated);
    let fresh = sign_in(&here, NEW);
    engine.account(&fresh.token).unwrap().remove_method(x).unwrap();
    let again = signed_in(
        world.answer(&engine.reauthenticate(&fresh.token).unwrap(), Answer::Password(NEW.into())).unwrap(),
    );
    assert!(acts(&again).is_empty());
    world.later(days(30) - MOMENT);
    assert_eq!(acts(&sign_in(&here, NEW)), ["MethodRemoved"]);
    world.later(MOMENT);
    assert!(acts(&sign_in(&here, NEW)).is_empty());
}

/// Case: a thief changes the email first, to be the only person who gets the notice of the deletion.
#[test]
fn r9_1_the_standing_contact_hears_of_a_deletion_and_of_an_erasure() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    world.move_to(&account, "mallory@example.net");
    world.mailbox().clear();
    let request = account.request_privacy(selfsame::RequestKind::Erasure).unwrap();
    world.engine().announce_erasure(ada.account, request.id).unwrap();
    let told = |to: &str| {
        let all = world.mailbox().all().into_iter().filter(|message| message.to == to);
        all.map(|message| message.kind.code()).collect::<Vec<_>>()
    };
    let both = ["DeletionRequested", "ErasureAnnounced"];
    assert_eq!(told("mallory@example.net"), both);
    assert_eq!(told(&ada.email), both);
    world.later(days(7));
    world.mailbox().clear();
    world.engine().erase(ada.account, request.id).unwrap();
    assert_eq!(told("mallory@example.net"), ["Erased"]);
    assert!(told(&ada.email).is_empty(), "it is no longer the contact");
}

#[test]
fn r7_3_a_thief_who_makes_all_32_codes_keeps_no_owner_out() {
    let world = World::new();
    let ada = world.ada();
    let thief = world.account(&ada);
    for number in 0..32 {
        if number % 2 == 0 {
            world.add(&thief, &Identity::at("x", "mallory")).unwrap();
        } else {
            thief.remove_method(method_of(&thief, MethodKind::Federated)).unwrap();
        }
        world.later(MOMENT);
    }
    thief.mark_compromised(method_of(&thief, MethodKind::Password)).unwrap();
    world.mailbox().clear();
    let asked = world.sign_in(&ada.email, &ada.password).unwrap();
    signed_in(world.answer(&asked, Answer::NewPassword(NEW.into())).unwrap());
    let told = world.mailbox().all();
    assert!(told.iter().any(|message| message.kind.code() == "PasswordChanged"));
    assert!(told.iter().all(|message| message.undo.is_none()), "there are 32 codes already");
}

#[test]
fn r10_3_an_act_with_a_living_code_is_never_forgotten() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    account.change_password(&ada.password.as_str().into(), &NEW.into()).unwrap();
    world.later(days(5));
    let account = account_of(&world, signed_in(world.sign_in(&ada.email, NEW).unwrap()));
    for number in 0..31 {
        if number % 2 == 0 {
            world.add(&account, &Identity::at("x", "1815")).unwrap();
        } else {
            account.remove_method(method_of(&account, MethodKind::Federated)).unwrap();
        }
    }
    let acts = account.view().unwrap().protected_acts;
    assert_eq!(acts.iter().filter(|act| act.undo.is_some()).count(), 32);
}

/// The guesses in an undo have a counter of their own. A thief who knows the password and guesses delays only other
/// strangers.
#[test]
fn r12_7_a_thiefs_guesses_at_the_second_factor_delay_no_undo() {
    let world = World::new();
    let ada = world.ada();
    let account = world.account(&ada);
    let old = world.turn_mfa_on(&account);
    world.later(minutes(1));
    world.turn_mfa_on(&account);
    let code = world.undo_code(&ada.email);
    let asked = world.sign_in(&ada.email, &ada.password).unwrap();
    let wrong = || world.answer(&asked, Answer::RecoveryCode("0000-0000-0000-0000-0000-0000".into()));
    for _ in 0..5 {
        assert_eq!(refused(wrong()), Refusal::InvalidCode);
    }
    assert!(matches!(refused(wrong()), Refusal::Throttled { .. }));
    let asked = world.answer(&world.undo(&code).unwrap(), Answer::NewPassword(NEW.into())).unwrap();
    for _ in 0..5 {
        let guess = Answer::RecoveryCode("1111-1111-1111-1111-1111-1111".into());
        assert_eq!(refused(world.answer(&asked, guess)), Refusal::InvalidCode);
    }
    let right = Answer::RecoveryCode(old.recovery_codes[0].clone());
    assert!(
        matches!(refused(world.answer(&asked, right.clone())), Refusal::Throttled { .. }),
        "the undo has a wait of its own"
    );
    world.later(minutes(1));
    signed_in(world.answer(&asked, right).unwrap());
}
