//! Measurements in other processes: similar services, and other languages.
//!
//! A speaker is a program that first prints what it can measure, one line `part NAME` each, and then
//! `ready WHAT IT IS`, or `skip WHY`. For a line `NAME COUNT` it runs that part COUNT times and prints the nanoseconds
//! of each run. It ends at the end of its input.

use std::cell::{Cell, RefCell};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;

use selfsame::{Argon2Hasher, Client, HashCost, Secret};
use selfsame_world::World;

use crate::measure::{Dice, Part, Samples, each, rounds, timed};
use crate::report::Report;
use crate::stores::{
    self, PASSWORD, Survey, email, filled, sign_in, timed_look_up, timed_sign_in, timed_sign_up,
};

const ACCOUNTS: usize = 20_000;
const HASHED: usize = 50;

/// A started program, and the parts that it can measure.
struct Speaker {
    name: String,
    parts: Vec<String>,
    child: Child,
    /// Dropped to make the program end.
    to: Option<ChildStdin>,
    from: BufReader<ChildStdout>,
}

impl Speaker {
    /// Starts the program in this folder. If it is not set up, notes the reason and returns `None`.
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
        let to = child.stdin.take();
        let from = BufReader::new(child.stdout.take().unwrap());
        let mut speaker = Self { name: name.to_owned(), parts: Vec::new(), child, to, from };
        loop {
            let mut line = String::new();
            let length = speaker.from.read_line(&mut line).unwrap();
            assert!(length > 0, "{name} ended before it was ready");
            let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
            match word {
                "part" => speaker.parts.push(rest.to_owned()),
                "note" => report.note(format!("{name}: {rest}")),
                "skip" => {
                    report.note(format!("{name}: skipped, {rest}"));
                    return None;
                }
                "ready" => {
                    report.note(format!("{name}: {rest}"));
                    return Some(speaker);
                }
                // Programs that it runs may print a greeting.
                _ => {}
            }
        }
    }

    /// The mean of this many runs of a part, in microseconds.
    fn ask(&mut self, part: &str, count: usize) -> f64 {
        writeln!(self.to.as_ref().unwrap(), "{part} {count}").unwrap();
        let mut line = String::new();
        self.from.read_line(&mut line).unwrap();
        let times: Vec<f64> = line.split_whitespace().map(|time| time.parse().unwrap()).collect();
        assert_eq!(times.len(), count, "{} answered {line:?} to {part}", self.name);
        times.iter().sum::<f64>() / count as f64 / 1000.0
    }
}

impl Drop for Speaker {
    fn drop(&mut self) {
        // At the end of its input the program removes what it made.
        self.to = None;
        _ = self.child.wait();
    }
}

/// The programs in the folders of `within` that contain a file named by `run`.
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

/// The runs of a part for one figure. A part of less than a tenth of a millisecond runs more often.
fn count_of(part: &str) -> usize {
    match part {
        "session" | "get_email" | "resolve" | "view" | "refused" | "build_id" => 20,
        _ => 1,
    }
}

/// The figure of an act of a system, in words.
fn named(system: &str, act: &str) -> String {
    format!("{}: {}", said(system), said(act))
}

/// The words for a name of the protocol, or of a folder.
fn said(name: &str) -> &str {
    match name {
        "sign_in" => "sign-in",
        "sign_up" => "sign-up",
        "sign_in_bare" => "sign-in without hash",
        "sign_up_bare" => "sign-up without hash",
        "session" | "resolve" => "resolve a session",
        "get_email" => "email look-up",
        "commit" => "commit of one row",
        "floor" => "a request that does nothing",
        "view" => "the account page",
        "rename" => "set the display name",
        "build_id" => "a call that does nothing",
        "refused" => "a call that ends in an error",
        "selfsame" => "Selfsame",
        "better-auth" => "Better Auth",
        "django" => "Django",
        "pocketbase" => "PocketBase",
        "sqlite" => "Selfsame on SQLite",
        "rust" => "Rust",
        "kotlin" => "Kotlin",
        "python" => "Python",
        "swift" => "Swift",
        other => other,
    }
}

/// All that a speaker can do.
fn asked(speaker: &RefCell<Speaker>) -> Vec<Part<'_>> {
    let (name, parts) = (speaker.borrow().name.clone(), speaker.borrow().parts.clone());
    let part = |part: String| {
        Part::new(named(&name, &part), move || speaker.borrow_mut().ask(&part, count_of(&part)))
    };
    parts.into_iter().map(part).collect()
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
    let survey = Survey::of(bare.engine(), ACCOUNTS);
    let number = Cell::new(0);
    let sign_up = |world: &World| timed_sign_up(world, number.replace(number.get() + 1));
    let mut parts = vec![
        Part::new(named("selfsame", "sign_in"), || timed_sign_in(hashing.engine(), dice.below(HASHED))),
        Part::new(named("selfsame", "sign_up"), || sign_up(&hashing)),
        Part::new(named("selfsame", "sign_in_bare"), || timed_sign_in(bare.engine(), dice.below(ACCOUNTS))),
        Part::new(named("selfsame", "sign_up_bare"), || sign_up(&bare)),
        Part::new(named("selfsame", "session"), || {
            each(20, || _ = bare.engine().resolve(&tokens[dice.below(tokens.len())]).unwrap())
        }),
        Part::new(named("selfsame", "get_email"), || timed_look_up(bare.engine(), &survey, &dice)),
    ];
    parts.extend(peers.iter().flat_map(asked));
    let samples = rounds(report.rounds(100), parts);
    report.family("peers", "Other services, measured in the same rounds", "microseconds", &samples);
    for peer in &peers {
        compared(report, &samples, &peer.borrow().name);
    }
}

/// The aims: this engine's time divided by the peer's.
const AIMS: [(&str, &str, f64); 7] = [
    ("sqlite", "get_email", 0.6),
    ("better-auth", "sign_in_bare", 0.2),
    ("better-auth", "sign_up_bare", 0.2),
    ("better-auth", "session", 0.005),
    ("django", "sign_in_bare", 0.04),
    ("django", "sign_up_bare", 0.04),
    ("django", "session", 0.002),
];

/// Compares all parts that both can measure. If a peer is asked over a network, also compares without that cost.
fn compared(report: &mut Report, samples: &Samples, peer: &str) {
    for part in ["sign_in", "sign_up", "sign_in_bare", "sign_up_bare", "session", "get_email"] {
        let (ours, theirs) = (named("selfsame", part), named(peer, part));
        if !samples.has(&theirs) {
            continue;
        }
        let what = format!("{}, Selfsame / {}", said(part), said(peer));
        let ratio = samples.ratio(&ours, &[&theirs]);
        match AIMS.iter().find(|(who, which, _)| (*who, *which) == (peer, part)) {
            Some((_, _, aim)) => report.at_most(&what, *aim, ratio),
            None => report.figure(&what, ratio),
        }
        let floor = named(peer, "floor");
        // A part that runs many times in a row is warm. A floor that runs only once is not.
        if samples.has(&floor) && count_of(part) == count_of("floor") {
            let without = samples.ratio_without(&ours, &theirs, &floor);
            report.figure(&format!("{what} without a request"), without);
        }
    }
}

pub(crate) fn languages(report: &mut Report) {
    let speakers: Vec<_> = all(report, "bindings", "bench").into_iter().map(RefCell::new).collect();
    if speakers.is_empty() {
        return;
    }
    // Uses the same engine as the other languages: the policy of an application, in memory.
    let policy = World::policy().hash_cost(HashCost::default()).build().unwrap();
    let world = stores::world(Arc::new(Argon2Hasher::new(1))).policy(policy).build();
    let (engine, ada, client) = (world.engine(), world.ada(), Client::on("laptop"));
    let (account, password) = (world.account(&ada), Secret::from(PASSWORD));
    // Many sign-ins end a person's older sessions. So Grace signs in here, and Ada keeps hers.
    let grace = world.person("grace@example.org", PASSWORD);
    let mut parts = vec![
        Part::new(named("rust", "resolve"), || each(20, || _ = engine.resolve(&ada.token).unwrap())),
        Part::new(named("rust", "view"), || each(20, || _ = account.view().unwrap())),
        Part::new(named("rust", "rename"), || timed(|| account.set_display_name(Some("Ada")).unwrap()).0),
        Part::new(named("rust", "sign_in"), || {
            timed(|| engine.sign_in(&grace.email, &password, &client).unwrap()).0
        }),
    ];
    parts.extend(speakers.iter().flat_map(asked));
    let samples = rounds(report.rounds(200), parts);
    report.family("languages", "One call, by calling language", "microseconds", &samples);
    for speaker in &speakers {
        let name = &speaker.borrow().name;
        for part in ["resolve", "view", "rename", "sign_in"] {
            let ratio = samples.ratio(&named(name, part), &[&named("rust", part)]);
            report.figure(&format!("{}, {} / Rust", said(part), said(name)), ratio);
        }
    }
}
