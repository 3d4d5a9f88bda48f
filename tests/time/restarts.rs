//! Clocks that are set between two processes or two starts of the device (SPEC 12.4).

use std::time::Duration;

use selfsame::{Answer, Client, EmailProof, Error, Intent, MessageKind, Refusal, Secret, Step};
use selfsame_world::{Identity, Person, World, days, hours, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";
const A_MOMENT: Duration = Duration::from_millis(1);

/// Starts a new process after the last one was killed, so that nobody wrote the clock.
fn killed(world: &mut World) {
    world.fail_commits(1);
    world.reopen(None).unwrap();
    world.fail_commits(0);
}

fn is_throttled(world: &World, email: &str) -> bool {
    match world.sign_in(email, "a wrong password it is") {
        Err(Error::Refused(Refusal::Throttled { .. })) => true,
        Err(Error::Refused(Refusal::InvalidCredentials)) => false,
        other => panic!("{other:?}"),
    }
}

/// Sets the clock forward and restarts whenever the engine makes a guess wait. Returns how many guesses are
/// answered.
fn guesses(world: &mut World, email: &str, forward: Duration, tries: usize) -> usize {
    let mut answered = 0;
    for _ in 0..tries {
        if is_throttled(world, email) {
            world.hand().set_wall_forward(forward);
            killed(world);
        } else {
            answered += 1;
        }
    }
    answered
}

#[test]
fn r12_4_a_clock_set_forward_and_a_restart_bring_no_more_guesses() {
    let mut world = World::new();
    let ada = world.ada();
    assert_eq!(guesses(&mut world, &ada.email, hours(1), 99), 5);

    let policy = World::policy().email_proof(EmailProof::Later).build().unwrap();
    let mut world = World::builder().policy(policy).build();
    signed_in(world.sign_up("bob@example.org", PASSWORD));
    assert_eq!(guesses(&mut world, "bob@example.org", days(1), 200), 5, "nor against an unproven address");
}

#[test]
fn r12_4_a_reboot_lets_in_one_try() {
    let mut world = World::new();
    let ada = world.ada();
    while !is_throttled(&world, &ada.email) {}
    for _ in 0..3 {
        world.reboot(Duration::ZERO).unwrap();
        assert!(is_throttled(&world, &ada.email), "no time has passed by the wall clock");
        world.reboot(hours(2)).unwrap();
        assert!(!is_throttled(&world, &ada.email));
        assert!(is_throttled(&world, &ada.email), "one try");
        world.hand().set_wall_forward(hours(2));
        assert!(is_throttled(&world, &ada.email), "the clock counts only across the reboot");
    }
}

#[test]
fn r12_4_the_time_between_two_processes_counts() {
    let mut world = World::new();
    let ada = world.ada();
    while !is_throttled(&world, &ada.email) {}
    killed(&mut world);
    world.hand().set_wall_back(days(3));
    world.later(minutes(1) - A_MOMENT);
    killed(&mut world);
    assert!(is_throttled(&world, &ada.email));
    world.later(A_MOMENT);
    assert!(!is_throttled(&world, &ada.email));
}

#[test]
fn r9_4_two_settings_of_the_clock_and_two_calls_purge_nothing() {
    let mut world = World::new();
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    for forward in [days(30), days(1), days(1)] {
        world.hand().set_wall_forward(forward);
        assert!(world.engine().purge_due(100).unwrap().receipts.is_empty());
        killed(&mut world);
        assert!(world.engine().purge_due(100).unwrap().receipts.is_empty());
    }
    world.hand().set_wall_back(days(32));
    let asked = world.sign_in(&ada.email, &ada.password).unwrap();
    signed_in(world.answer(&asked, Answer::Restore).unwrap());
}

#[test]
fn r9_4_a_reboot_brings_no_purge_before_a_day_of_steady_time() {
    let mut world = World::new();
    world.account(&world.ada()).request_deletion().unwrap();
    world.reboot(days(31)).unwrap();
    for _ in 0..5 {
        assert!(world.engine().purge_due(100).unwrap().receipts.is_empty());
        world.reboot(days(2)).unwrap();
    }
    world.later(days(1) - A_MOMENT);
    assert!(world.engine().purge_due(100).unwrap().receipts.is_empty());
    world.hand().set_wall_back(days(12));
    world.later(A_MOMENT);
    assert!(world.engine().purge_due(100).unwrap().receipts.is_empty(), "the clock is before the sighting");
    world.hand().set_wall_forward(days(12));
    assert_eq!(world.engine().purge_due(100).unwrap().receipts.len(), 1);
}

#[test]
fn r7_3_a_clock_set_forward_ends_no_undo_code() {
    let mut world = World::new();
    let ada = world.ada();
    world.add(&world.account(&ada), &Identity::at("x", "mallory")).unwrap();
    let code = world.undo_code(&ada.email);
    world.hand().set_wall_forward(days(7));
    assert!(!is_throttled(&world, "nobody@example.org"));
    killed(&mut world);
    world.hand().set_wall_back(days(7));
    assert!(matches!(world.undo(&code).unwrap().step, Step::NewPassword));
    world.later(days(7) - A_MOMENT);
    assert!(world.undo(&code).is_ok());
    world.later(A_MOMENT);
    assert_eq!(refused(world.undo(&code)), Refusal::UndoExpired);
}

/// Case: whoever set the clock forward before each fetch got as many messages as they asked for.
#[test]
fn r12_4_a_clock_set_forward_brings_no_message_early() {
    let codes = |world: &World| {
        let all = world.mailbox().all();
        all.iter().filter(|message| matches!(message.kind, MessageKind::ResetPassword { .. })).count()
    };
    for forward in [minutes(1), minutes(61), hours(25)] {
        let mut world = World::new();
        let ada = world.ada();
        let ask = |world: &World| world.engine().reset_password(&ada.email, &Client::on("phone")).unwrap();
        ask(&world);
        assert_eq!(codes(&world), 1);
        for round in 0..20 {
            let asked = ask(&world);
            let Step::VerifyEmail { send_at: Some(_), .. } = asked.step else { panic!("{asked:?}") };
            world.hand().set_wall_forward(forward);
            if round % 2 == 0 {
                killed(&mut world);
            }
            assert_eq!(codes(&world), 1, "{forward:?}, round {round}");
            let Step::VerifyEmail { send_at, .. } =
                world.engine().resume(&asked.token.unwrap()).unwrap().step
            else {
                panic!("another step")
            };
            assert_eq!(send_at, Some(world.now() + minutes(1)), "the remaining time is shown");
        }
        world.later(minutes(1));
        assert_eq!(codes(&world), 2, "the newest request goes first");
    }
}

/// Case: codes that were asked for before the right time was known waited for as long as the clock had been wrong.
#[test]
fn r12_5_after_a_wrong_clock_at_a_start_the_next_code_comes_at_once() {
    let mut world = World::new();
    let ada = world.ada();
    world.later(hours(2));
    let truth = world.now();
    let ask = |world: &World| world.engine().reset_password(&ada.email, &Client::on("phone")).unwrap();
    world.reboot(days(365)).unwrap();
    for _ in 0..3 {
        ask(&world);
    }
    world.hand().set_wall_back(days(365));
    world.engine().set_trusted_time(truth).unwrap();
    world.later(minutes(1));
    let asked = ask(&world);
    assert!(matches!(asked.step, Step::VerifyEmail { send_at: None, .. }), "{asked:?}");
    assert!(matches!(world.prove(&asked, &ada.email).step, Step::NewPassword));
}

fn reset(world: &World, ada: &Person) -> selfsame::AccountHandle {
    let asked = world.engine().reset_password(&ada.email, &Client::on("laptop")).unwrap();
    let asked = world.prove(&asked, &ada.email);
    let done = world.answer(&asked, Answer::NewPassword(Secret::from("another of Ada's"))).unwrap();
    world.engine().account(&signed_in(done).token).unwrap()
}

#[test]
fn r5_5_a_clock_set_forward_ends_no_hold() {
    let world = World::new();
    let ada = world.ada();
    reset(&world, &ada);
    world.hand().set_wall_forward(hours(25));
    let until = world.now() + hours(24);
    let fresh =
        || world.engine().account(&signed_in(world.sign_in(&ada.email, "another of Ada's").unwrap()).token);
    assert_eq!(refused(fresh().unwrap().export()), Refusal::OnHold { until }, "the remaining time is shown");
    assert_eq!(fresh().unwrap().view().unwrap().hold_until, Some(until));
    world.later(hours(24));
    assert!(fresh().unwrap().export().is_ok());
}

#[test]
fn r10_3_a_clock_set_forward_erases_nothing_at_once() {
    let world = World::new();
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    world.hand().set_wall_forward(hours(72));
    let early = Refusal::TooEarly { at: world.now() + hours(72) };
    let asked = world.sign_in(&ada.email, &ada.password).unwrap();
    assert_eq!(refused(world.answer(&asked, Answer::EraseNow)), early);

    let grace = world.person("grace@example.org", PASSWORD);
    let kind = selfsame::RequestKind::Erasure;
    let request = world.account(&grace).request_privacy(kind).unwrap();
    world.engine().announce_erasure(request.account, request.id).unwrap();
    world.hand().set_wall_forward(days(10));
    let early = Refusal::TooEarly { at: world.now() + hours(72) };
    assert_eq!(refused(world.engine().erase(request.account, request.id)), early);
    world.later(hours(72));
    world.engine().erase(request.account, request.id).unwrap();
}

#[test]
fn r12_4_a_session_that_a_read_saw_end_is_over_for_good() {
    for passes in [false, true] {
        let mut world = World::new();
        let ada = world.ada();
        if passes {
            world.later(days(31));
        } else {
            world.hand().set_wall_forward(days(31));
        }
        assert_eq!(refused(world.engine().resolve(&ada.token)), Refusal::SessionEnded);
        world.hand().set_wall_back(days(30));
        killed(&mut world);
        assert_eq!(refused(world.engine().resolve(&ada.token)), Refusal::SessionEnded);
        world.reboot(Duration::ZERO).unwrap();
        assert_eq!(refused(world.engine().resolve(&ada.token)), Refusal::SessionEnded);
    }
}

#[test]
fn r12_4_a_read_answers_even_if_the_clock_cannot_be_written() {
    let mut world = World::new();
    let ada = world.ada();
    world.later(minutes(2));
    world.fail_commits(1);
    assert!(world.engine().resolve(&ada.token).is_ok());
    assert_eq!(world.failed_commits(), 1, "the engine tried to write the clock");
    let commits = world.commits().unwrap();
    assert!(world.engine().resolve(&ada.token).is_ok());
    assert_eq!(world.commits().unwrap(), commits, "the engine does not try again at every call");
    world.later(minutes(1));
    assert!(world.engine().resolve(&ada.token).is_ok());
    assert_eq!(world.commits().unwrap(), commits + 1);
    killed(&mut world);
    assert!(world.engine().resolve(&ada.token).is_ok());
}

#[test]
fn r12_4_suspending_writes_the_clock() {
    let mut world = World::new();
    let ada = world.ada();
    // The session ends after 30 days, counted from the next hour.
    world.later(days(30) + hours(1) - Duration::from_secs(30));
    assert!(world.engine().resolve(&ada.token).is_ok());
    world.later(Duration::from_secs(30));
    assert_eq!(refused(world.engine().resolve(&ada.token)), Refusal::SessionEnded);
    // The mark has moved by less than a minute.
    world.engine().suspend().unwrap();
    world.hand().set_wall_back(days(30));
    world.hand().reboot(Duration::ZERO);
    world.reopen(None).unwrap();
    assert_eq!(refused(world.engine().resolve(&ada.token)), Refusal::SessionEnded);
}

#[test]
fn r9_3_a_newcomer_and_the_old_owner_never_both_have_the_email() {
    let mut world = World::new();
    let ada = world.ada();
    world.account(&ada).request_deletion().unwrap();
    world.later(days(30) - Duration::from_secs(3));
    let restoring = world.sign_in(&ada.email, &ada.password).unwrap();
    world.later(Duration::from_secs(4));
    let asked = world.sign_up(&ada.email, "a newcomer's password");
    let code = world.mailbox().code(&ada.email).unwrap();
    let early = world.answer(&asked, Answer::Code(code));
    assert_eq!(refused(early), Refusal::TooEarly { at: world.now() + days(1) });
    // Five seconds back, with the device restarted. The account is absent all the same.
    world.hand().set_wall_back(Duration::from_secs(5));
    world.reboot(Duration::ZERO).unwrap();
    assert_eq!(refused(world.answer(&restoring, Answer::Restore)), Refusal::FlowExpired);
}

/// A wrong clock makes an account absent, and somebody takes its email after the second look. Then the time is
/// corrected, and the old owner's account exists again.
#[test]
fn r9_3_a_restore_is_refused_if_another_account_has_taken_an_identifier() {
    let mut world = World::new();
    let (ada, x) = (world.ada(), Identity::at("x", "815"));
    world.add(&world.account(&ada), &x).unwrap();
    let again = signed_in(world.sign_in(&ada.email, &ada.password).unwrap());
    world.engine().account(&again.token).unwrap().request_deletion().unwrap();
    let requested = world.now();
    world.reboot(days(31)).unwrap();
    assert!(world.engine().purge_due(100).unwrap().receipts.is_empty());
    world.later(days(1));
    let newcomer = world.person(&ada.email, "a newcomer's password");
    world.engine().set_trusted_time(requested + days(1)).unwrap();

    let asked = world.present(&x, Intent::SignIn).unwrap();
    assert!(matches!(asked.step, Step::ConfirmRestore { .. }), "{asked:?}");
    assert_eq!(refused(world.answer(&asked, Answer::Restore)), Refusal::IdentifierInUse);
    let signed = signed_in(world.sign_in(&ada.email, "a newcomer's password").unwrap());
    assert_eq!(signed.account, newcomer.account);
}

#[test]
fn r12_4_two_processes_that_take_turns_share_one_clock() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let world = World::builder().file(&path).build();
    let ada = world.ada();
    world.engine().suspend().unwrap();
    let other = world.options().open(&path).unwrap();
    world.hand().set_wall_forward(days(31));
    assert_eq!(refused(other.resolve(&ada.token)), Refusal::SessionEnded);
    other.suspend().unwrap();
    world.hand().set_wall_back(days(31));
    assert_eq!(refused(world.engine().resolve(&ada.token)), Refusal::SessionEnded);
    world.engine().set_trusted_time(world.now()).unwrap();
    world.engine().suspend().unwrap();
    assert!(other.resolve(&ada.token).is_ok(), "a trusted time counts in both");
}
