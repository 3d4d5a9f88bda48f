//! An attacker who sets the clock, restarts the program and restarts the device at random, as often as they
//! like (SPEC 12.4, 9.4). Time really passes too. The test knows how much, and what the engine may conclude.

use std::time::Duration;

use selfsame::{Error, Refusal, Secret, Step};
use selfsame_world::{Identity, Person, World, days, hours, minutes};

const WORLDS: u64 = 30;
const STEPS: usize = 60;
const WINDOW: Duration = days(30);
const DAY: Duration = days(1);

/// Spans of time, either to let pass or to set the clock by.
const SPANS: [Duration; 8] =
    [Duration::from_secs(1), minutes(1), hours(1), hours(12), days(1), days(7), days(20), days(4000)];

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % sides as u64).unwrap()
    }

    fn span(&mut self, most: usize) -> Duration {
        SPANS.get(self.roll(most)).copied().unwrap()
    }
}

/// The time that really passed since something began.
#[derive(Clone, Copy, Default)]
struct Passed {
    /// All time, with the device on or off.
    all: Duration,
    /// The time with the device on.
    steady: Duration,
    reboots: usize,
}

/// Something that ends after a while. Without a reboot it must not end early. Once ended, it stays ended.
struct Ends {
    what: &'static str,
    after: Duration,
    since: Passed,
    is_over: bool,
}

impl Ends {
    fn new(what: &'static str, after: Duration) -> Self {
        Self { what, after, since: Passed::default(), is_over: false }
    }

    fn check(&mut self, is_over: bool) -> Result<(), String> {
        let Self { what, after, since, .. } = self;
        if is_over && since.reboots == 0 && since.all < *after {
            return Err(format!("{what} ends after {:?} without a reboot", since.all));
        }
        if self.is_over && !is_over {
            return Err(format!("{what} lives again"));
        }
        if !is_over && since.reboots == 0 && since.all >= *after {
            return Err(format!("{what} has not ended after {:?}", since.all));
        }
        self.is_over = is_over;
        Ok(())
    }
}

struct Stage {
    world: World,
    dice: Dice,
    /// Ada has asked for deletion, and can restore the account for 30 days.
    ada: Person,
    window: Ends,
    is_purged: bool,
    /// Bob can undo an act, and has a session.
    undo_code: Secret,
    undo: Ends,
    session: Person,
    session_is_over: bool,
    /// Carol's account is on hold.
    carol: Person,
    hold: Ends,
    /// A stranger guesses at Dora's password.
    failures: u32,
    guessed: Passed,
}

fn stage(seed: u64) -> Stage {
    let world = World::builder().seed(seed).build();
    let dice = Dice(seed);
    if seed.is_multiple_of(2) {
        world.hand().hide_boots();
    }
    let [ada, bob, carol, _] = ["ada", "bob", "carol", "dora"]
        .map(|name| world.person(&format!("{name}@example.org"), "a password of theirs"));
    world.add(&world.account(&bob), &Identity::at("x", "815")).unwrap();
    let undo_code = world.undo_code(&bob.email);
    let asked = world.engine().reset_password(&carol.email, &selfsame::Client::on("laptop")).unwrap();
    let asked = world.prove(&asked, &carol.email);
    world.answer(&asked, selfsame::Answer::NewPassword("another of hers".into())).unwrap();
    world.account(&ada).request_deletion().unwrap();
    Stage {
        world,
        dice,
        ada,
        window: Ends::new("the restore window", WINDOW),
        is_purged: false,
        undo_code,
        undo: Ends::new("the undo", days(7)),
        session: bob,
        session_is_over: false,
        carol,
        hold: Ends::new("the hold", DAY),
        failures: 0,
        guessed: Passed::default(),
    }
}

impl Stage {
    fn passes(&mut self, span: Duration, is_on: bool) {
        for passed in [&mut self.window.since, &mut self.undo.since, &mut self.hold.since, &mut self.guessed]
        {
            passed.all += span;
            if is_on {
                passed.steady += span;
            } else {
                passed.reboots += 1;
            }
        }
    }

    fn step(&mut self) -> Result<String, String> {
        let told = match self.dice.roll(8) {
            0 | 1 => {
                let span = self.dice.span(7);
                self.world.later(span);
                self.passes(span, true);
                format!("{span:?} pass")
            }
            2 | 3 => {
                let span = self.dice.span(8);
                self.world.hand().set_wall_forward(span);
                format!("forward by {span:?}")
            }
            4 | 5 => {
                let span = self.dice.span(8);
                self.world.hand().set_wall_back(span);
                format!("back by {span:?}")
            }
            6 => {
                // A killed process does not write the clock.
                let is_killed = self.dice.roll(2) == 0;
                self.world.fail_commits(u64::from(is_killed));
                self.world.reopen(None).map_err(|error| format!("{error:?}"))?;
                self.world.fail_commits(0);
                format!("a new process, after a kill: {is_killed}")
            }
            _ => {
                if self.dice.roll(4) > 0 {
                    return Ok("nothing".to_owned());
                }
                let span = self.dice.span(7);
                self.world.reboot(span).map_err(|error| format!("{error:?}"))?;
                self.passes(span, false);
                format!("a reboot, off for {span:?}")
            }
        };
        self.check().map_err(|why| format!("{told}; {why}"))?;
        Ok(told)
    }

    fn check(&mut self) -> Result<(), String> {
        for _ in 0..2 {
            self.purges()?;
        }
        let asked = self.world.sign_in(&self.ada.email, &self.ada.password);
        let is_gone = match asked {
            Ok(flow) if matches!(flow.step, Step::ConfirmRestore { .. }) => false,
            // Ada's password is right, so only guesses at an identifier that nobody holds are throttled.
            Err(Error::Refused(Refusal::InvalidCredentials | Refusal::Throttled { .. })) => true,
            other => return Err(format!("{other:?}")),
        };
        self.window.check(is_gone)?;

        let undone = match self.world.engine().undo(&self.undo_code, &selfsame::Client::on("laptop")) {
            Ok(_) => false,
            Err(Error::Refused(Refusal::UndoExpired)) => true,
            other => return Err(format!("{other:?}")),
        };
        self.undo.check(undone)?;

        let lives = self.world.engine().resolve(&self.session.token).is_ok();
        if lives && self.session_is_over {
            return Err("the session is valid again".to_owned());
        }
        if lives && self.window.since.steady >= days(31) {
            return Err("the session is valid after 31 days without use".to_owned());
        }
        self.session_is_over = !lives;

        let token = selfsame_world::signed_in(
            self.world.sign_in(&self.carol.email, "another of hers").map_err(|error| format!("{error:?}"))?,
        )
        .token;
        let exported = self.world.engine().account(&token).and_then(|account| account.export());
        let is_free = !matches!(exported, Err(Error::Refused(Refusal::OnHold { .. })));
        self.hold.check(is_free)?;
        self.guesses()
    }

    fn purges(&mut self) -> Result<(), String> {
        let report = self.world.engine().purge_due(10).map_err(|error| format!("{error:?}"))?;
        if report.receipts.is_empty() {
            return Ok(());
        }
        let Passed { all, steady, reboots } = self.window.since;
        if self.is_purged {
            return Err("purged twice".to_owned());
        }
        self.is_purged = true;
        if steady < DAY {
            return Err(format!("purged after {steady:?} of steady time"));
        }
        if reboots == 0 && all < WINDOW + DAY {
            return Err(format!("purged after {all:?} without a reboot"));
        }
        Ok(())
    }

    /// Guesses until the engine no longer answers.
    fn guesses(&mut self) -> Result<(), String> {
        loop {
            match self.world.sign_in("dora@example.org", "a guess at the password") {
                Err(Error::Refused(Refusal::Throttled { .. })) => return Ok(()),
                Err(Error::Refused(Refusal::InvalidCredentials)) => {}
                other => return Err(format!("{other:?}")),
            }
            let waits = minutes(1 << (self.failures.max(5) - 5).min(6)).min(hours(1));
            let Passed { all, reboots, .. } = self.guessed;
            if self.failures >= 5 && all < waits && reboots == 0 {
                return Err(format!("guess {} is answered {all:?} after the last", self.failures + 1));
            }
            self.failures += 1;
            self.guessed = Passed::default();
        }
    }
}

#[test]
fn r12_4_who_sets_the_clock_and_restarts_brings_nothing_about_early_and_nothing_back() {
    let (mut over, mut purged, mut ended) = ([0; 3], 0, 0);
    for seed in 1..=WORLDS {
        let mut stage = stage(seed);
        let mut told = Vec::new();
        for _ in 0..STEPS {
            match stage.step() {
                Ok(step) => told.push(step),
                Err(why) => panic!("seed {seed}: {told:#?}\n{why}"),
            }
        }
        for (count, ends) in over.iter_mut().zip([&stage.window, &stage.undo, &stage.hold]) {
            *count += usize::from(ends.is_over);
        }
        purged += usize::from(stage.is_purged);
        ended += usize::from(stage.session_is_over);
    }
    println!("over: {over:?}, purged: {purged}, sessions ended: {ended}");
    // The worlds are so long that something ends in most of them, but not in all.
    assert!(over.iter().all(|count| *count > 10) && purged > 10 && ended > 10, "{over:?} {purged} {ended}");
}
