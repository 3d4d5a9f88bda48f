//! A clock that is ten years wrong, for a moment or permanently (SPEC 12.4). Whatever time it shows,
//! nothing outlives its limit, no wait gets shorter, no code is accepted twice and nothing is lost.

use std::time::Duration;

use selfsame::{Answer, Client, Error, Flow, Refusal, Secret, SessionToken, Step, Timestamp};
use selfsame_world::{Authenticator, World, days, hours, minutes, refused, signed_in, totp};

const PASSWORD: &str = "correct horse battery staple";
const ADA: &str = "ada@example.org";
const TEN_YEARS: Duration = days(3652);
const A_MOMENT: Duration = Duration::from_millis(1);

/// How the wall clock jumps. No real time passes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Jump {
    /// The clock is right.
    None,
    /// Ten years forward and back, before the engine reads it.
    ForwardUnseen,
    /// Ten years forward, an act, and back.
    Forward,
    /// Like `Forward`, and then a new process.
    ForwardReopened,
    /// Like `Forward`, and then the host sets a trusted time in the same process.
    ForwardTrusted,
    /// Ten years back, an act, and forward.
    BackForAMoment,
    /// Ten years back, an act in another process, and forward.
    BackForAMomentReopened,
    /// Ten years back, permanently.
    Back,
    /// Like `Back`, and then a new process.
    BackReopened,
    /// Like `Back`, and then the host sets a trusted time.
    BackTrusted,
}

const JUMPS: [Jump; 10] = [
    Jump::None,
    Jump::ForwardUnseen,
    Jump::Forward,
    Jump::ForwardReopened,
    Jump::ForwardTrusted,
    Jump::BackForAMoment,
    Jump::BackForAMomentReopened,
    Jump::Back,
    Jump::BackReopened,
    Jump::BackTrusted,
];

impl Jump {
    fn take(self, world: &mut World) {
        let truth = world.now();
        match self {
            Self::None => {}
            Self::ForwardUnseen => {
                world.hand().set_wall_forward(TEN_YEARS);
                world.hand().set_wall_back(TEN_YEARS);
            }
            Self::Forward | Self::ForwardReopened | Self::ForwardTrusted => {
                world.hand().set_wall_forward(TEN_YEARS);
                act(world);
                world.hand().set_wall_back(TEN_YEARS);
            }
            Self::BackForAMoment | Self::BackForAMomentReopened => {
                world.hand().set_wall_back(TEN_YEARS);
                if self == Self::BackForAMomentReopened {
                    world.reopen(None).unwrap();
                }
                act(world);
                world.hand().set_wall_forward(TEN_YEARS);
            }
            Self::Back | Self::BackReopened | Self::BackTrusted => world.hand().set_wall_back(TEN_YEARS),
        }
        match self {
            Self::ForwardReopened | Self::BackReopened => world.reopen(None).unwrap(),
            Self::ForwardTrusted | Self::BackTrusted => world.engine().set_trusted_time(truth).unwrap(),
            _ => {}
        }
    }

    /// Returns whether the engine keeps a mark in the future.
    fn leaves_a_late_mark(self) -> bool {
        matches!(self, Self::Forward | Self::ForwardReopened)
    }

    /// Returns whether the wall clock stays ten years behind.
    fn stays_back(self) -> bool {
        matches!(self, Self::Back | Self::BackReopened | Self::BackTrusted)
    }
}

/// Makes a call that writes, so that the store records the clock.
fn act(world: &World) {
    world.sign_in("nobody@example.net", "a wrong password").unwrap_err();
}

/// Runs the check after every chosen jump, and collects the failures.
fn over(is_meant: impl Fn(&Jump) -> bool, check: impl Fn(Jump) -> Result<(), String>) {
    let meant: Vec<_> = JUMPS.into_iter().filter(is_meant).collect();
    assert!(
        meant.contains(&Jump::None),
        "a right clock must be among the jumps, so that the check is known to pass"
    );
    let wrong: Vec<_> =
        meant.into_iter().filter_map(|jump| Some(format!("{jump:?}: {}", check(jump).err()?))).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn hold(is_so: bool, otherwise: &str) -> Result<(), String> {
    if is_so { Ok(()) } else { Err(otherwise.to_owned()) }
}

fn lives(world: &World, token: &SessionToken) -> bool {
    match world.engine().resolve(token) {
        Ok(_) => true,
        Err(Error::Refused(Refusal::SessionEnded)) => false,
        Err(error) => panic!("{error:?}"),
    }
}

fn is_throttled(world: &World) -> bool {
    matches!(world.sign_in(ADA, PASSWORD), Err(Error::Refused(Refusal::Throttled { .. })))
}

fn reset(world: &World) -> Flow {
    world.engine().reset_password(ADA, &Client::on("phone")).unwrap()
}

fn takes(world: &World, asked: &Flow, code: &Secret) -> bool {
    world.answer(asked, Answer::Code(code.clone())).is_ok()
}

/// Turns Ada's MFA on. Returns the app and a code that was accepted.
fn ada_with_mfa(world: &World) -> (Authenticator, Answer) {
    let app = world.turn_on_mfa(&world.ada().token);
    world.later(minutes(1));
    let taken = world.shown_by(&app);
    signed_in(world.answer(&world.sign_in(ADA, PASSWORD).unwrap(), taken.clone()).unwrap());
    (app, taken)
}

fn an_unused_session_ends(jump: Jump) -> Result<(), String> {
    let mut world = World::new();
    let ada = world.ada();
    world.later(days(1));
    jump.take(&mut world);
    // The idle time counts from the last use, rounded up to the next write (SPEC 6.2).
    world.later(days(29) + hours(1) - A_MOMENT);
    hold(jump != Jump::None || lives(&world, &ada.token), "an unused session ended early")?;
    world.later(A_MOMENT);
    hold(!lives(&world, &ada.token), "a session is valid after 30 days without use")
}

fn a_used_session_ends(jump: Jump) -> Result<(), String> {
    let mut world = World::new();
    let ada = world.ada();
    for _ in 0..90 {
        world.later(days(1));
        world.engine().touch(&ada.token).unwrap();
    }
    jump.take(&mut world);
    for _ in 0..89 {
        world.later(days(1));
        let lives = world.engine().touch(&ada.token).is_ok();
        hold(jump != Jump::None || lives, "a used session ended early")?;
    }
    world.later(days(1));
    hold(!lives(&world, &ada.token), "a session is valid 180 days after it was opened")
}

fn a_code_ends(jump: Jump) -> Result<(), String> {
    let code = |world: &World, email| world.mailbox().code(email).unwrap();
    for early in [A_MOMENT, Duration::ZERO] {
        let mut world = World::new();
        world.ada();
        let (asked, new) = (reset(&world), world.sign_up("bob@example.org", PASSWORD));
        let (reset_code, new_code) = (code(&world, ADA), code(&world, "bob@example.org"));
        jump.take(&mut world);
        world.later(minutes(10) - early);
        let is_taken = takes(&world, &asked, &reset_code);
        hold(jump != Jump::None || is_taken == (early == A_MOMENT), "a reset code has the wrong lifetime")?;
        hold(!early.is_zero() || !is_taken, "a reset code is valid 10 minutes after the fetch")?;
        world.later(hours(24) - minutes(10));
        let is_taken = takes(&world, &new, &new_code);
        hold(jump != Jump::None || is_taken == (early == A_MOMENT), "a sign-up code has the wrong lifetime")?;
        hold(!early.is_zero() || !is_taken, "a sign-up code is valid 24 hours after the fetch")?;
    }
    Ok(())
}

fn no_wait_is_shortened(jump: Jump) -> Result<(), String> {
    for (failures, wait) in [(5, minutes(1)), (8, minutes(8)), (11, hours(1))] {
        let mut world = World::new();
        world.ada();
        for _ in 0..failures {
            while is_throttled_wrong(&world) {
                world.later(minutes(1));
            }
        }
        world.later(wait / 4);
        jump.take(&mut world);
        hold(is_throttled(&world), "a wait ended with the jump")?;
        world.later(wait - wait / 4 - A_MOMENT);
        hold(is_throttled(&world), "a wait ended early")?;
        world.later(A_MOMENT);
        hold(!is_throttled(&world), "a wait is too long")?;
    }
    Ok(())
}

/// Tries a wrong password. Returns whether the account is throttled; otherwise the failure counts.
fn is_throttled_wrong(world: &World) -> bool {
    matches!(world.sign_in(ADA, "a wrong password"), Err(Error::Refused(Refusal::Throttled { .. })))
}

fn no_wait_for_mail_is_shortened(jump: Jump) -> Result<(), String> {
    let mut world = World::new();
    world.ada();
    reset(&world);
    world.mailbox().clear();
    jump.take(&mut world);
    world.later(minutes(1) - A_MOMENT);
    reset(&world);
    hold(world.mailbox().all().is_empty(), "a second message was sent within the minute")?;
    world.later(A_MOMENT);
    reset(&world);
    hold(!world.mailbox().all().is_empty(), "no message is sent any more")
}

fn no_step_is_taken_twice(jump: Jump) -> Result<(), String> {
    let mut world = World::new();
    let (app, taken) = ada_with_mfa(&world);
    let truth = world.now();
    jump.take(&mut world);
    let asked = world.sign_in(ADA, PASSWORD).unwrap();
    let earlier = Timestamp::from_millis(truth.as_millis() - 30_000);
    let of_the_wall = world.shown_by(&app);
    for answer in [taken, Answer::Totp(totp(&app.secret, earlier).unwrap()), of_the_wall] {
        hold(world.answer(&asked, answer).is_err(), "a used or earlier code was accepted")?;
    }
    world.later(minutes(1));
    let next = world.answer(&asked, world.shown_by(&app)).is_ok();
    hold(
        next != jump.stays_back(),
        "the code of the wall clock's time must be accepted unless its time step is too early",
    )
}

fn a_deleted_account_can_be_restored_for_thirty_days(jump: Jump) -> Result<(), String> {
    let mut world = World::new();
    let purge_at = world.account(&world.ada()).request_deletion().unwrap().purge_at;
    jump.take(&mut world);
    world.later(days(30) - A_MOMENT);
    let asked =
        world.sign_in(ADA, PASSWORD).map_err(|error| format!("the account is gone too early: {error:?}"))?;
    let Step::ConfirmRestore { purge_at: told, .. } = asked.step else {
        return Err(format!("{:?}", asked.step));
    };
    // The engine shows the remaining time from engine time on.
    let late = if jump.leaves_a_late_mark() { TEN_YEARS } else { Duration::ZERO };
    hold(told == purge_at + late, "the purge date moved")?;
    signed_in(world.answer(&asked, Answer::Restore).map_err(|error| format!("{error:?}"))?);
    Ok(())
}

fn a_deleted_account_is_absent_after_thirty_days(jump: Jump) -> Result<(), String> {
    let mut world = World::new();
    world.account(&world.ada()).request_deletion().unwrap();
    jump.take(&mut world);
    world.later(days(30));
    hold(
        refused(world.sign_in(ADA, PASSWORD)) == Refusal::InvalidCredentials,
        "the account can still be restored",
    )
}

#[test]
fn r12_4_a_clock_that_jumped_and_returned_extends_no_session_or_code() {
    over(|_| true, an_unused_session_ends);
    over(|_| true, a_used_session_ends);
    over(|_| true, a_code_ends);
}

#[test]
fn r12_4_a_jump_of_ten_years_shortens_no_wait_and_lengthens_none() {
    over(|_| true, no_wait_is_shortened);
    over(|_| true, no_wait_for_mail_is_shortened);
}

#[test]
fn r12_4_after_a_jump_of_ten_years_no_totp_code_is_accepted_twice() {
    over(|_| true, no_step_is_taken_twice);
}

#[test]
fn r12_4_after_a_future_totp_code_no_earlier_one_is_accepted_until_the_time_is_trusted() {
    let world = World::new();
    let (app, earlier) = ada_with_mfa(&world);
    world.later(minutes(1));
    let truth = world.now();
    let enter = |answer: Answer| {
        let asked = world.sign_in(ADA, PASSWORD).unwrap();
        world.answer(&asked, answer)
    };
    world.hand().set_wall_forward(TEN_YEARS);
    let future = world.shown_by(&app);
    signed_in(enter(future.clone()).unwrap());
    world.hand().set_wall_back(TEN_YEARS);
    assert_eq!(refused(enter(world.shown_by(&app))), Refusal::InvalidCode);

    world.engine().set_trusted_time(truth).unwrap();
    let present = world.shown_by(&app);
    signed_in(enter(present.clone()).unwrap());
    for taken in [present, earlier] {
        assert_eq!(refused(enter(taken)), Refusal::InvalidCode);
    }
    // The code of the later step, which was accepted before, stays used.
    world.hand().set_wall_forward(TEN_YEARS);
    assert_eq!(refused(enter(future)), Refusal::InvalidCode);
    world.later(minutes(1));
    signed_in(enter(world.shown_by(&app)).unwrap());
}

#[test]
fn r12_4_a_jump_of_ten_years_does_not_shorten_the_restore_window() {
    over(|_| true, a_deleted_account_can_be_restored_for_thirty_days);
}

#[test]
fn r9_4_a_purge_in_the_wrong_decade_purges_nothing() {
    for purges_again_after in [Duration::ZERO, hours(24) - A_MOMENT] {
        let world = World::new();
        world.account(&world.ada()).request_deletion().unwrap();
        world.later(minutes(1));
        world.hand().set_wall_forward(TEN_YEARS);
        for span in [Duration::ZERO, purges_again_after] {
            world.later(span);
            assert_eq!(world.engine().purge_due(10).unwrap().receipts.len(), 0, "{span:?}");
        }
        world.hand().set_wall_back(TEN_YEARS);
        world.engine().set_trusted_time(world.now()).unwrap();
        assert_eq!(world.engine().purge_due(10).unwrap().receipts.len(), 0);
        let asked = world.sign_in(ADA, PASSWORD).unwrap();
        signed_in(world.answer(&asked, Answer::Restore).unwrap());
    }
}

#[test]
fn r9_3_a_deleted_account_is_absent_after_thirty_days_once_the_clock_is_right() {
    over(|_| true, a_deleted_account_is_absent_after_thirty_days);
}

#[test]
fn r12_4_a_trusted_time_lowers_the_mark_and_later_jumps_count_from_it() {
    let mut world = World::new();
    world.ada();
    for number in 1..=3 {
        Jump::Forward.take(&mut world);
        let late = world.engine().health().unwrap();
        assert_eq!(late.clock_rolled_back_by, Some(TEN_YEARS));
        world.engine().set_trusted_time(world.now()).unwrap();
        let health = world.engine().health().unwrap();
        // Each set-back is recorded, and each trusted time.
        assert_eq!((health.clock_rolled_back_by, health.clock_events), (None, 2 * number));
        let token = signed_in(world.sign_in(ADA, PASSWORD).unwrap()).token;
        let session = world.engine().resolve(&token).unwrap();
        assert_eq!((session.created_at, session.auth_time), (world.now(), world.now()));
    }
}

#[test]
fn r12_4_a_trusted_time_ten_years_ago_or_ahead_ends_no_wait() {
    for ahead in [false, true] {
        let world = World::new();
        world.ada();
        for _ in 0..5 {
            assert!(!is_throttled_wrong(&world));
        }
        let now = world.now().as_millis();
        let years = u64::try_from(TEN_YEARS.as_millis()).unwrap();
        let told = Timestamp::from_millis(if ahead { now + years } else { now - years });
        let before = world.engine().health().unwrap().clock_events;
        world.engine().set_trusted_time(told).unwrap();
        assert_eq!(world.engine().health().unwrap().clock_events, before + 1, "the trusted time is recorded");
        assert!(is_throttled(&world), "{ahead}");
        world.later(minutes(1) - A_MOMENT);
        assert!(is_throttled(&world), "{ahead}");
    }
}
