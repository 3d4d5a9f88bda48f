//! A thief who acts at random for weeks, against the ways back into an account (SPEC 1.12, 7.3, 7.5, 7.6).
//!
//! The thieves, their acts and the promises to the owner are those of `tests/search`, which tries every short sequence.
//! Here each thief goes on for longer than a search can. Every state is checked: a mailbox alone never removes a second
//! factor that is 72 hours old, a person who was removed never gets in again, and within seven days of the thief's first
//! act the owner can come back and shut the thief out.

use std::thread;

use crate::acts::Dice;
use crate::search::acts::{ACTS, JUMPS};
use crate::search::adversaries::{self, ALL, Adversary};
use crate::search::promises;
use crate::search::scene::{Ground, Node, Story};
use crate::shrink::shrink;
use crate::watch::Broken;

/// The runs of each thief, and the acts of each run.
const RUNS: u64 = 30;
const IN_ONE_RUN: usize = 14;
/// The most jumps of time in a run. After 30 days, the session that reads the account page has ended.
const MOST_JUMPS: usize = 3;

/// A thief at the owner's account.
struct Thief {
    ground: Ground,
    first: Node,
    adversary: Adversary,
}

impl Thief {
    /// Returns the thief at the beginning. `gift` changes what the thief and the owner have. `None` if the thief is the
    /// same without MFA.
    fn new(adversary: Adversary, mfa: bool, gift: fn(&mut Story)) -> Option<Self> {
        let (ground, mut first) = adversaries::begin(adversary, mfa)?;
        gift(&mut first.story);
        Some(Self { ground, first, adversary })
    }

    /// Lets the thief act, and checks each state. Returns how many of the thief's acts were accepted.
    fn run(&self, choices: &[usize]) -> Result<usize, (Broken, Path)> {
        let (mut node, mut path) = (self.first.clone(), Path::new());
        for choice in choices {
            let Some((name, next)) = self.step(&node, *choice) else { continue };
            node = next;
            path.push(name);
            if let Some(broken) = promises::broken(&self.ground, &node, self.adversary).into_iter().next() {
                return Err((broken, path));
            }
        }
        Ok(path.iter().filter(|name| JUMPS.iter().all(|(jump, _)| jump != *name)).count())
    }

    /// Lets time jump, or tries the thief's acts from the chosen one on until one is accepted.
    fn step(&self, node: &Node, choice: usize) -> Option<(&'static str, Node)> {
        if let Some((name, span)) = JUMPS.get(choice) {
            let mut scene = self.ground.open(node);
            scene.hand.later(*span);
            scene.host();
            return Some((name, scene.close()));
        }
        let mut open = None;
        for act in ACTS.iter().cycle().skip(choice).take(ACTS.len()) {
            let mut scene = open.take().unwrap_or_else(|| self.ground.open(node));
            if !(act.may)(&mut scene) {
                open = Some(scene);
            } else if (act.run)(&mut scene).is_ok() {
                promises::note(&self.ground, &mut scene);
                scene.host();
                return Some((act.name, scene.close()));
            } else if scene.is_untouched() {
                scene.story = node.story.clone();
                open = Some(scene);
            }
        }
        None
    }
}

/// The acts that a run led through.
type Path = Vec<&'static str>;

/// Returns the choices of a run: some of them jumps of time, the others the thief's acts.
fn choices(seed: u64) -> Vec<usize> {
    let (mut dice, mut jumps) = (Dice(seed), 0);
    let choice = |_| {
        if dice.below(5) == 0 && jumps < MOST_JUMPS {
            jumps += 1;
            dice.below(JUMPS.len())
        } else {
            JUMPS.len() + dice.below(ACTS.len())
        }
    };
    (0..IN_ONE_RUN).map(choice).collect()
}

/// Runs the thief from each seed. Returns how many acts were accepted, or the first broken promise with the fewest acts
/// that lead to it.
fn runs(thief: &Thief) -> Result<usize, String> {
    let mut accepted = 0;
    for seed in 1..=RUNS {
        let choices = choices(seed);
        match thief.run(&choices) {
            Ok(more) => accepted += more,
            Err(_) => {
                let few = shrink(&choices, |few| thief.run(few).is_err());
                return Err(format!("{:?}, seed {seed}: {:#?}", thief.adversary, thief.run(&few)));
            }
        }
    }
    Ok(accepted)
}

#[test]
fn r7_3_no_thief_who_goes_on_for_weeks_keeps_the_owner_out() {
    let cases: Vec<_> =
        ALL.into_iter().flat_map(|adversary| [(adversary, false), (adversary, true)]).collect();
    thread::scope(|scope| {
        for part in cases.chunks(cases.len() / 2) {
            scope.spawn(move || {
                for (adversary, mfa) in part {
                    let Some(thief) = Thief::new(*adversary, *mfa, |_| ()) else { continue };
                    match runs(&thief) {
                        Ok(accepted) => {
                            println!("{adversary:?}, MFA {mfa}: {accepted} acts accepted");
                            assert!(accepted > RUNS as usize, "{adversary:?} did too little");
                        }
                        Err(broken) => panic!("MFA {mfa}: {broken}"),
                    }
                }
            });
        }
    });
}

/// Proves that the model can fail: each promise is broken where a person has something that its rule withholds.
#[test]
fn a_broken_promise_to_the_owner_is_detected() {
    type Gift = fn(&mut Story);
    let broken: [(&str, Adversary, Gift); 4] = [
        ("(a)", Adversary::EightDays, |story| story.thief.apps = story.owner.apps.clone()),
        ("(b)", Adversary::Removed, |story| {
            story.thief.apps = story.owner.apps.clone();
            story.thief.visits_until = Some(story.begun + selfsame_world::days(1));
        }),
        ("(c)", Adversary::FreshFactor, |story| story.owner.addresses.clear()),
        ("(d)", Adversary::FreshFactor, |story| story.owner.addresses.clear()),
    ];
    for (promise, adversary, gift) in broken {
        let thief = Thief::new(adversary, true, gift).unwrap();
        let is_found = (1..=500).any(|seed| {
            let run = thief.run(&choices(seed));
            run.is_err_and(|(broken, _)| broken.starts_with(promise))
        });
        assert!(is_found, "{promise}");
    }
}
