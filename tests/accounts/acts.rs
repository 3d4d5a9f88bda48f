//! Writes docs/ACTS.md: what each act on an account asks for, which addresses are told of it, and how the owner undoes
//! it. The test measures all of this. It does each act in a separate world, once for each state of the session and of
//! the account.
//!
//! `UPDATE=1 cargo test -p selfsame-tests --test accounts acts` writes the page.

mod rows;
mod stage;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use selfsame::{Error, Refusal};
use selfsame_world::{UNDO_EXPIRED, hours};

use rows::{ACTS, Act, READS, UPKEEP};
use stage::{FIRST, Situation, Stage};

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/ACTS.md");
const TEXT: &str = include_str!("acts/page.txt");
/// Every item of the public API. Another test keeps the list complete.
const API: &str = include_str!("../api.txt");
const MOMENT: Duration = Duration::from_millis(1);
/// An empty cell of the tables.
const NONE: &str = "—";

/// Who does an act.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// The owner, in a session.
    Session,
    /// The person who answers the steps of a flow.
    Flow,
    /// The program that embeds the engine, or support.
    Host,
}

#[test]
fn r1_12_the_page_of_acts_says_what_the_engine_does() {
    let table = |by| ACTS.iter().filter(|act| act.by == by).map(row).collect::<String>();
    let reads = READS.iter().filter_map(|read| read.0.strip_prefix("AccountHandle::"));
    let reads = reads.map(|call| format!("`{call}`"));
    let written = TEXT
        .replace("{session}\n", &table(By::Session))
        .replace("{flow}\n", &table(By::Flow))
        .replace("{host}\n", &table(By::Host))
        .replace("{reads}", &reads.collect::<Vec<_>>().join(", "));
    if std::env::var_os("UPDATE").is_some() {
        fs::write(PAGE, &written).unwrap();
    }
    let page = fs::read_to_string(Path::new(PAGE)).unwrap();
    for (is, should) in page.lines().zip(written.lines()) {
        assert_eq!(is, should, "docs/ACTS.md is stale: run this test with UPDATE=1");
    }
    assert_eq!(page.len(), written.len());
}

#[test]
fn r1_12_every_call_on_an_account_is_on_the_page_of_acts() {
    let acts = ACTS.iter().flat_map(|act| act.calls);
    let listed: BTreeSet<_> = acts.chain(UPKEEP).copied().chain(READS.iter().map(|read| read.0)).collect();
    let of_the_api = |line: &'static str| {
        let (class, path) = line.split_once(' ').unwrap();
        let (of, _) = path.split_once("::")?;
        let acts = matches!(class, "owner" | "flow" | "host" | "support");
        (acts && matches!(of, "AccountHandle" | "Engine" | "SupportDesk")).then_some(path)
    };
    let calls: BTreeSet<_> = API.lines().filter_map(of_the_api).collect();
    assert_eq!(listed, calls, "left: rows.rs, right: the public API");
}

#[test]
fn r1_12_reading_an_account_needs_only_a_session_and_changes_nothing() {
    for (call, read) in READS {
        let mut stage = Stage::new(&ACTS[0], Situation::Stale);
        stage.world.catch_up();
        let commits = stage.world.commits().unwrap();
        assert!(read(&mut stage).is_ok(), "{call} is refused");
        assert_eq!(stage.world.commits().unwrap(), commits, "{call} writes");
    }
}

/// Does the act in a situation.
fn tried(act: &Act, situation: Situation) -> (Stage, Result<(), Refusal>) {
    let mut stage = Stage::new(act, situation);
    stage.begins();
    let outcome = match (act.does)(&mut stage) {
        Ok(()) => Ok(()),
        Err(Error::Refused(refusal)) => Err(refusal),
        Err(other) => panic!("{}: {other}", act.name),
    };
    (stage, outcome)
}

fn done(act: &Act) -> Stage {
    let (stage, outcome) = tried(act, Situation::Fresh);
    assert_eq!(outcome, Ok(()), "{}", act.name);
    stage
}

/// The line of an act.
fn row(act: &Act) -> String {
    let stage = done(act);
    let calls: Vec<_> =
        act.calls.iter().map(|call| format!("`{}`", call.replace("AccountHandle::", ""))).collect();
    let mut line = format!("| {}<br>{} |", act.name, calls.join(", "));
    let mut cell = |text: &str| write!(line, " {text} |").unwrap();
    let steps = stage.asked.join(", then ");
    match act.by {
        By::Session => {
            cell(&if steps.is_empty() { proof(act) } else { format!("{}, then {steps}", proof(act)) });
            cell(&on_hold(act));
        }
        By::Flow => {
            cell(&steps);
            cell(&on_hold(act));
        }
        By::Host => {}
    }
    cell(&notices(&stage));
    let can_undo = stage.told().iter().any(|message| message.undo.is_some());
    match act.by {
        By::Session | By::Flow if can_undo => undo(act).iter().for_each(|text| cell(text)),
        By::Session | By::Flow => [NONE; 2].iter().for_each(|text| cell(text)),
        By::Host => assert!(!can_undo, "{}", act.name),
    }
    line + "\n"
}

/// The proof that an act in a session asks for.
fn proof(act: &Act) -> String {
    let refuses = |situation| match tried(act, situation).1 {
        Ok(()) => false,
        Err(Refusal::ReauthenticationRequired { accepted }) => {
            let stage = Stage::new(act, Situation::Stale);
            assert_eq!(accepted, stage.reauthenticates_with(), "{}", act.name);
            true
        }
        Err(other) => panic!("{}: {other:?}", act.name),
    };
    let proof = match (refuses(Situation::Stale), act.mfa) {
        (false, _) => "a session",
        (true, false) => "all factors",
        (true, true) => match (refuses(Situation::FirstOnly), refuses(Situation::Recovered)) {
            (false, _) => "the first factor",
            (true, false) => "all factors, or a recovery code for the second",
            (true, true) => "all factors",
        },
    };
    proof.to_owned()
}

/// Describes how a hold affects an act.
fn on_hold(act: &Act) -> String {
    let waits = |situation| match tried(act, situation).1 {
        Ok(()) => false,
        Err(Refusal::OnHold { .. }) => true,
        // A recovery code does not replace the second factor for this act, hold or not.
        Err(Refusal::ReauthenticationRequired { .. }) if situation == Situation::ResetWithCode => false,
        Err(other) => panic!("{}: {other:?}", act.name),
    };
    let after_reset = act.mfa && act.has_password && waits(Situation::ResetWithCode);
    match (waits(Situation::OnHold), after_reset) {
        (true, _) => "waits".to_owned(),
        (false, true) => "works, but waits after a reset with a recovery code".to_owned(),
        (false, false) => "works".to_owned(),
    }
}

/// Lists the notices that were sent, and the addresses that got them.
fn notices(stage: &Stage) -> String {
    let mut notices = BTreeMap::<_, BTreeSet<_>>::new();
    for message in stage.told().into_iter().filter(|message| message.kind.mailed_code().is_none()) {
        notices.entry(message.kind.code()).or_default().insert(message.to);
    }
    let told = notices.iter().map(|(kind, to)| format!("`{kind}`: {}", stage.receivers(to)));
    if notices.is_empty() { "nobody".to_owned() } else { told.collect::<Vec<_>>().join("<br>") }
}

/// Returns how long the undo code works, and what else the undo asks for.
fn undo(act: &Act) -> [String; 2] {
    let mut stage = done(act);
    let codes = stage.told().iter().filter(|message| message.undo.is_some()).count();
    let (message, code) = stage.undo_code().unwrap();
    assert_eq!(
        (codes, message.to.as_str()),
        (1, FIRST),
        "{}: the standing contact alone gets a code",
        act.name
    );
    let life = message.undo.unwrap().until.since(message.created_at);
    stage.undo(&code).unwrap();
    let mut asks = vec![stage.asked.join(", then ")];
    asks.retain(|steps| !steps.is_empty());
    for (late, works) in [(MOMENT, true), (Duration::ZERO, false)] {
        let stage = done(act);
        let (message, code) = stage.undo_code().unwrap();
        stage.world.later_until(message.created_at + (life - late)).unwrap();
        assert_eq!(stage.world.undo(&code).err(), (!works).then_some(UNDO_EXPIRED), "{}", act.name);
    }
    // A newer second factor, three days later.
    let mut later = done(act);
    let (_, code) = later.undo_code().unwrap();
    later.enters(Situation::Fresh);
    later.turns_mfa_on().unwrap();
    later.world.later(hours(72));
    match later.undo(&code) {
        Ok(()) => {
            later.asked.retain(|step| !stage.asked.contains(step));
            assert_eq!(later.asked, ["the second factor"], "{}", act.name);
            asks.push("a newer second factor too, once it is 72 hours old".to_owned());
        }
        Err(error) => assert_eq!(error, UNDO_EXPIRED, "{}", act.name),
    }
    let hours = life.as_secs() / 3600;
    [if hours > 72 { format!("{} days", hours / 24) } else { format!("{hours} hours") }, asks.join("; ")]
}
