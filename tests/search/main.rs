//! Every sequence of a thief's acts, up to a depth, on the real engine. Each state is checked against the promises that
//! the rules make to the owner. States that differ only in ids and nonces count as one.
//!
//! A finding is printed as the shortest sequence that leads to it. `SEARCH_DEPTH` sets the depth.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a test panics on anything unexpected"
)]

mod acts;
mod adversaries;
mod key;
mod promises;
mod scene;
mod walk;

use std::collections::{BTreeMap, HashSet};
use std::thread;

use acts::{ACTS, Act, JUMPS};
use adversaries::{ALL, Adversary};
use promises::broken;
use scene::{Ground, Node};

/// The depth of an ordinary test run.
const DEPTH: usize = 3;

/// The results of one search.
#[derive(Default)]
struct Seen {
    states: usize,
    tried: usize,
    /// Every kind of broken promise, with the shortest sequence that leads to it.
    found: BTreeMap<String, Path>,
}

/// The acts that lead to a state.
type Path = Vec<&'static str>;

/// One search.
struct Search {
    ground: Ground,
    adversary: Adversary,
    known: HashSet<u64>,
    seen: Seen,
}

impl Search {
    fn run(ground: Ground, first: Node, adversary: Adversary, depth: usize) -> Seen {
        let mut search = Self { ground, adversary, known: HashSet::new(), seen: Seen::default() };
        let mut level = vec![(first, Path::new())];
        for left in (0..depth).rev() {
            let mut next = Vec::new();
            for (node, path) in level {
                search.grow(&node, &path, (left > 0).then_some(&mut next));
            }
            level = next;
        }
        search.seen
    }

    /// Tries every act and every jump of time on a state.
    fn grow(&mut self, node: &Node, path: &Path, mut next: Option<&mut Vec<(Node, Path)>>) {
        let ground = &self.ground;
        let mut reached = Vec::new();
        for (name, span) in JUMPS {
            let scene = ground.open(node);
            scene.hand.later(span);
            reached.push((name, scene));
        }
        let mut open = None;
        for Act { name, may, run } in ACTS {
            let mut scene = open.take().unwrap_or_else(|| ground.open(node));
            if !may(&mut scene) {
                open = Some(scene);
                continue;
            }
            self.seen.tried += 1;
            match run(&mut scene) {
                Ok(()) => {
                    promises::note(ground, &mut scene);
                    reached.push((*name, scene));
                }
                Err(_) if scene.is_untouched() => {
                    scene.story = node.story.clone();
                    open = Some(scene);
                }
                Err(_) => {}
            }
        }
        for (name, mut scene) in reached {
            scene.host();
            if !self.known.insert(scene.key()) {
                continue;
            }
            self.seen.states += 1;
            let path: Path = path.iter().copied().chain([name]).collect();
            let node = scene.close();
            for promise in broken(&self.ground, &node, self.adversary) {
                self.seen.found.entry(promise).or_insert_with(|| path.clone());
            }
            if let Some(next) = &mut next {
                next.push((node, path));
            }
        }
    }
}

/// Prints the findings. Leaves out a sequence that contains another sequence for the same promise.
fn report(adversary: Adversary, mfa: bool, seen: &Seen) -> String {
    let mut found: Vec<_> = seen.found.iter().map(|(promise, path)| (path, promise)).collect();
    found.sort_by_key(|(path, _)| path.len());
    let contains = |path: &Path, part: &Path| {
        let mut acts = path.iter();
        part.iter().all(|act| acts.any(|other| other == act))
    };
    let letter = |promise: &str| promise.chars().take(3).collect::<String>();
    let mut fewest: Vec<(&Path, &String)> = Vec::new();
    for (path, promise) in found {
        if !fewest.iter().any(|(part, other)| letter(other) == letter(promise) && contains(path, part)) {
            fewest.push((path, promise));
        }
    }
    let mfa = if mfa { "with MFA" } else { "without MFA" };
    let head = format!("{adversary:?} {mfa}: {} states, {} acts tried", seen.states, seen.tried);
    let told = fewest.iter().map(|(path, promise)| format!("\n  {promise}\n    {}", path.join("\n    ")));
    std::iter::once(head).chain(told).collect()
}

#[test]
fn r7_3_no_thief_keeps_the_owner_out() {
    let depth = std::env::var("SEARCH_DEPTH").ok().and_then(|it| it.parse().ok()).unwrap_or(DEPTH);
    let only = std::env::var("SEARCH_ONLY").unwrap_or_default();
    let cases = ALL.into_iter().flat_map(|adversary| [(adversary, false), (adversary, true)]);
    let cases = cases.filter(|case| format!("{case:?}").contains(&only));
    let (ones, others): (Vec<_>, Vec<_>) = cases.enumerate().partition(|(at, _)| at % 2 == 0);
    let run = |cases: Vec<(usize, (Adversary, bool))>| -> Vec<_> {
        let run = |(_, (adversary, mfa))| {
            let (ground, first) = adversaries::begin(adversary, mfa)?;
            let seen = Search::run(ground, first, adversary, depth);
            println!("{}", report(adversary, mfa, &seen));
            Some(seen)
        };
        cases.into_iter().filter_map(run).collect()
    };
    let seen: Vec<Seen> = thread::scope(|scope| {
        let threads = [ones, others].map(|part| scope.spawn(move || run(part)));
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let states: usize = seen.iter().map(|seen| seen.states).sum();
    println!("{states} states at depth {depth}");
    let found: usize = seen.iter().map(|seen| seen.found.len()).sum();
    assert_eq!(found, 0, "promises are broken; the sequences are above");
}

/// Searches from a state in which a person has something that the rules withhold. Returns whether the search finds that
/// the promise is broken.
fn is_found(
    promise: &str,
    adversary: Adversary,
    mfa: bool,
    depth: usize,
    gift: fn(&mut scene::Story),
) -> bool {
    let (ground, mut first) = adversaries::begin(adversary, mfa).unwrap();
    gift(&mut first.story);
    let seen = Search::run(ground, first, adversary, depth);
    seen.found.keys().any(|found| found.starts_with(promise))
}

#[test]
fn a_mailbox_past_the_factor_is_detected() {
    let with_the_app = |story: &mut scene::Story| story.thief.apps = story.owner.apps.clone();
    assert!(is_found("(a)", Adversary::TenMinutes, true, 1, with_the_app));
}

#[test]
fn somebody_who_comes_back_is_detected() {
    let with_the_mailbox =
        |story: &mut scene::Story| story.thief.visits_until = Some(story.begun + selfsame_world::days(1));
    assert!(is_found("(b)", Adversary::Removed, false, 1, with_the_mailbox));
}

#[test]
fn an_owner_without_the_mail_is_detected() {
    let without_mail = |story: &mut scene::Story| story.owner.addresses.clear();
    assert!(is_found("(c)", Adversary::FreshFactor, true, 1, without_mail));
    assert!(is_found("(d)", Adversary::FreshFactor, true, 2, without_mail));
}
