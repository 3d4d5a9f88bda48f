//! What is measured in other processes: other services of the kind, and other languages.
//!
//! A speaker is a program that says what it can do, `part NAME` a line, and then `ready WHAT IT IS`, or
//! `skip WHY`. Asked `NAME COUNT` it does that so many times and answers the nanoseconds of each.

use std::cell::RefCell;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use selfsame::{Argon2Hasher, Client, HashCost, Secret};
use selfsame_world::World;

use crate::measure::{Dice, Part, Samples, rounds, timed};
use crate::report::Report;
use crate::stores::{self, Free, PASSWORD, Survey, email, filled, sign_in, timed_sign_in};

const ACCOUNTS: usize = 20_000;
const HASHED: usize = 50;

/// A program that was started, and what it can do.
struct Speaker {
    name: String,
    parts: Vec<String>,
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Speaker {
    /// Starts what stands in this folder; nothing where it is not set up, and the reason is noted.
    fn start(report: &mut Report, name: &str, run: &Path) -> Option<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut child = Command::new("bash")
            .arg(run)
            .current_dir(root)
            .env("SELFSAME_PEER_ACCOUNTS", ACCOUNTS.to_string())
            .env("TMPDIR", env!("CARGO_TARGET_TMPDIR"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let to = child.stdin.take().unwrap();
        let from = BufReader::new(child.stdout.take().unwrap());
        let mut speaker = Self { name: name.to_owned(), parts: Vec::new(), child, to, from };
        loop {
            let mut line = String::new();
            if speaker.from.read_line(&mut line).unwrap() == 0 {
                report.note(format!("{name}: it ended before it was ready"));
                return None;
            }
            match line.trim().split_once(' ') {
                Some(("part", part)) => speaker.parts.push(part.to_owned()),
                Some(("note", note)) => report.note(format!("{name}: {note}")),
                Some(("skip", why)) => {
                    report.note(format!("{name}: skipped, {why}"));
                    return None;
                }
                Some(("ready", what)) => {
                    report.note(format!("{name}: {what}"));
                    return Some(speaker);
                }
                _ => {}
            }
        }
    }

    /// The microseconds of one, as the mean of so many.
    fn ask(&mut self, part: &str, count: usize) -> f64 {
        writeln!(self.to, "{part} {count}").unwrap();
        self.to.flush().unwrap();
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        let times: Vec<f64> = line.split_whitespace().map(|time| time.parse().unwrap()).collect();
        assert_eq!(times.len(), count, "{} answered {line:?} to {part}", self.name);
        times.iter().sum::<f64>() / count as f64 / 1000.0
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// The programs in the folders of `within` that have a `run` of this name.
fn all(report: &mut Report, within: &str, run: &str) -> Vec<Speaker> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(within);
    let mut names: Vec<_> = fs::read_dir(&folder)
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.join(run).is_file())
        .collect();
    names.sort();
    let start = |path: &std::path::PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        Speaker::start(report, &name, &path.join(run))
    };
    names.iter().filter_map(start).collect()
}

/// How often a part is done for one figure: what takes less than a tenth of a millisecond more often.
fn count_of(part: &str) -> usize {
    match part {
        "session" | "get_email" | "resolve" | "view" | "refused" | "build_id" => 20,
        _ => 1,
    }
}

pub(crate) fn peers(report: &mut Report, folder: &Path) {
    let peers: Vec<_> = all(report, "tests/peers", "run").into_iter().map(RefCell::new).collect();
    if peers.is_empty() {
        return;
    }
    let bare = filled(&folder.join("peers-bare"), ACCOUNTS);
    let policy = World::policy().hash_cost(HashCost::default()).build().unwrap();
    let hashing = stores::world(Arc::new(Argon2Hasher::new(1)))
        .policy(policy)
        .file(&folder.join("peers-hashing"))
        .build();
    for number in 0..HASHED {
        hashing.person(&email(number), PASSWORD);
        hashing.mailbox().clear();
    }
    let dice = Dice::new(8);
    let tokens: Vec<_> = (0..200).map(|_| sign_in(bare.engine(), dice.below(ACCOUNTS))).collect();
    let keys = Survey::of(bare.engine(), ACCOUNTS).keys;
    let numbers = RefCell::new(0);
    let sign_up = |world: &World| {
        let number = numbers.replace_with(|number| *number + 1);
        let (client, password) = (Client::on("laptop"), Secret::from(PASSWORD));
        let email = format!("new{number}@example.org");
        let (first, begun) = timed(|| world.engine().sign_up(&email, &password, &client).unwrap());
        let code = selfsame::Answer::Code(world.mailbox().code(&email).unwrap());
        let (second, _) = timed(|| world.answer(&begun, &code).unwrap());
        world.mailbox().clear();
        world.later(selfsame_world::minutes(1));
        first + second
    };
    let mut parts = vec![
        Part::new("selfsame: sign_in", || timed_sign_in(hashing.engine(), dice.below(HASHED))),
        Part::new("selfsame: sign_up", || sign_up(&hashing)),
        Part::new("selfsame: sign_in_bare", || timed_sign_in(bare.engine(), dice.below(ACCOUNTS))),
        Part::new("selfsame: sign_up_bare", || sign_up(&bare)),
        Part::new("selfsame: session", || {
            let token = &tokens[dice.below(tokens.len())];
            crate::measure::each(20, || drop(bare.engine().resolve(token).unwrap()))
        }),
        Part::new("selfsame: get_email", || {
            crate::measure::each(20, || {
                let keys = &keys[dice.below(keys.len())];
                bare.engine()
                    .look_at(&mut |read| {
                        stores::look_up(read, keys);
                        Ok(())
                    })
                    .unwrap();
            })
        }),
    ];
    for peer in &peers {
        let (name, own) = (peer.borrow().name.clone(), peer.borrow().parts.clone());
        for part in own {
            parts.push(Part::new(format!("{name}: {part}"), move || {
                peer.borrow_mut().ask(&part, count_of(&part))
            }));
        }
    }
    let samples = rounds(report.rounds(100), parts);
    report.family("peers", "Other services, in the same rounds", "microseconds", &samples);
    for (peer, part, aim) in [
        ("sqlite", "get_email", 0.6),
        ("better-auth", "sign_in_bare", 0.2),
        ("better-auth", "sign_up_bare", 0.2),
        ("better-auth", "session", 0.005),
        ("django", "sign_in_bare", 0.04),
        ("django", "sign_up_bare", 0.04),
        ("django", "session", 0.002),
    ] {
        compared(report, &samples, peer, part, aim);
    }
}

fn compared(report: &mut Report, samples: &Samples, peer: &str, part: &str, aim: f64) {
    let theirs = format!("{peer}: {part}");
    if samples.has(&theirs) {
        let ratio = samples.ratio(&format!("selfsame: {part}"), &[&theirs]);
        report.at_most(&format!("{part}, selfsame / {peer}"), aim, ratio);
    }
}

pub(crate) fn languages(report: &mut Report) {
    let speakers: Vec<_> = all(report, "bindings", "bench").into_iter().map(RefCell::new).collect();
    if speakers.is_empty() {
        return;
    }
    let world = stores::world(Arc::new(Free)).build();
    let ada = world.ada();
    let account = world.account(&ada);
    let mut parts = vec![
        Part::new("rust: resolve", || {
            crate::measure::each(20, || drop(world.engine().resolve(&ada.token).unwrap()))
        }),
        Part::new("rust: view", || crate::measure::each(20, || drop(account.view().unwrap()))),
    ];
    for speaker in &speakers {
        let (name, own) = (speaker.borrow().name.clone(), speaker.borrow().parts.clone());
        for part in own {
            parts.push(Part::new(format!("{name}: {part}"), move || {
                speaker.borrow_mut().ask(&part, count_of(&part))
            }));
        }
    }
    let samples = rounds(report.rounds(200), parts);
    report.family("languages", "One call, by the language that it comes from", "microseconds", &samples);
}
