//! A process that is killed at work, and the next process that opens the file.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use selfsame_world::{World, minutes};

use crate::work::{Ledger, Worker, stamp};
use crate::{Process, below, is_process, say};

/// The number of kills, unless `KILLS` says otherwise.
const KILLS: usize = 15;
/// The number of processes that work on the same file in turn.
const ON_ONE_FILE: usize = 50;
/// The most commits of fetching mail: one for each message and two before them. Every other act is one commit. A
/// minute passes before each act, so the engine writes the clock after it.
const FETCH: u64 = 64;
/// The most acts before a process is killed, and the longest time that it then gets.
const ACTS: usize = 8;
const MICROSECONDS: usize = 5_000;

const TEST: &str = "kills::r12_3_a_killed_process_loses_no_acknowledged_act_and_leaves_none_half_done";

/// Opens the store at the time that follows from the ledger.
fn opened(file: &Path, ledger: &Ledger) -> World {
    let world = World::builder().real_entropy().open_file(file).build();
    world.later(minutes(ledger.minutes));
    world
}

#[derive(Default)]
struct Figures {
    acts: usize,
    cut_off: usize,
    whole: usize,
    checked: usize,
    spent: usize,
}

/// One file, and the ledger of everything that processes reported about it.
struct Story {
    folder: tempfile::TempDir,
    ledger: Ledger,
    journal: Vec<String>,
}

impl Story {
    fn file(&self) -> std::path::PathBuf {
        self.folder.path().join("store")
    }

    fn journal_file(file: &Path) -> std::path::PathBuf {
        file.with_extension("journal")
    }

    fn begun() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut story = Self { folder, ledger: Ledger::default(), journal: Vec::new() };
        let world = World::builder().real_entropy().file(&story.file()).build();
        story.work(world, |worker| {
            worker.made();
            worker.new_person();
        });
        story
    }

    /// Works on the file in this process.
    fn work(&mut self, world: World, does: impl FnOnce(&mut Worker<'_>)) {
        let Self { ledger, journal, .. } = self;
        let mut say = |line: &str| journal.push(line.to_owned());
        let mut worker = Worker { world, ledger: std::mem::take(ledger), say: &mut say };
        does(&mut worker);
        *ledger = worker.ledger;
    }

    fn hear(&mut self, line: String) {
        self.ledger.hear(&line);
        self.journal.push(line);
    }

    /// Lets a process work on the file, kills it, and compares the file with the process's report.
    fn round(&mut self, figures: &mut Figures) {
        fs::write(Self::journal_file(&self.file()), self.journal.join("\n")).unwrap();
        let (from, acts) = (self.journal.len(), self.ledger.acts);
        let mut process = Process::run(Process::command(TEST, &self.file()));
        let enough = acts + 1 + below(ACTS);
        while self.ledger.acts < enough {
            let line = process.hear().expect("it works until it is killed");
            self.hear(line);
        }
        // Kills it at a random moment of the next acts.
        thread::sleep(Duration::from_micros(below(MICROSECONDS) as u64));
        process.kill();
        while let Some(line) = process.hear() {
            self.hear(line);
        }
        figures.acts += self.ledger.acts - acts;
        let said = self.journal[from..].to_vec();
        self.check(&said, figures);
    }

    fn check(&mut self, said: &[String], figures: &mut Figures) {
        let world = opened(&self.file(), &self.ledger);
        let (commit, rows) = stamp(world.engine());
        let (last, last_rows) = self.ledger.last;
        let cut_off = self.ledger.will.clone();
        let is_whole = commit > last;
        assert!(is_whole || (commit, rows) == (last, last_rows), "{commit}, {last} was acknowledged");
        let at_most = cut_off.as_ref().map_or(0, |will| if will[0] == "mail" { FETCH } else { 1 });
        assert!(commit <= last + at_most + 1, "{commit}, {last} was acknowledged, then {cut_off:?}");
        if is_whole {
            self.hear(format!("did {commit} {rows} -"));
        }
        self.ledger.will = None;
        figures.cut_off += usize::from(cut_off.is_some());
        figures.whole += usize::from(is_whole);
        self.work(world, |worker| {
            // This must come first, because other acts use up the time of its flow.
            if let Some([kind, who, given @ ..]) = cut_off.as_deref().filter(|_| !is_whole)
                && (kind == "code" || kind == "recover")
            {
                worker.again(kind, who.parse().unwrap(), given);
            }
            // The rows were compared above, so only people whom these acts touched can differ.
            let mut touched: Vec<usize> = Vec::new();
            for line in said {
                let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
                let [told, kind, who, given @ ..] = words.as_slice() else { panic!("{line}") };
                if told != "will" {
                    continue;
                }
                let who = who.parse().unwrap();
                touched.push(who);
                if kind == "code" || kind == "recover" {
                    worker.is_spent(kind, who, given);
                    figures.spent += 1;
                }
            }
            touched.sort_unstable();
            touched.dedup();
            touched.retain(|who| *who != 0);
            touched.iter().for_each(|who| worker.check(*who));
            figures.checked += touched.len();
            worker.new_person();
        });
    }
}

#[test]
fn r12_3_a_killed_process_loses_no_acknowledged_act_and_leaves_none_half_done() {
    if let Some(file) = is_process() {
        let mut ledger = Ledger::default();
        let journal = fs::read_to_string(Story::journal_file(&file)).unwrap();
        journal.lines().for_each(|line| ledger.hear(line));
        let mut worker = Worker { world: opened(&file, &ledger), ledger, say: &mut say };
        loop {
            worker.anything();
        }
    }
    let kills = std::env::var("KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let mut figures = Figures::default();
    let mut story = Story::begun();
    for kill in 1..=kills {
        story.round(&mut figures);
        if kill % ON_ONE_FILE == 0 {
            story = Story::begun();
        }
    }
    let Figures { acts, cut_off, whole, checked, spent } = figures;
    println!(
        "{kills} processes killed: {acts} acts they told of are there, {cut_off} were cut off, {whole} of \
         them are there whole and the others not at all; {checked} people held against it, {spent} codes not \
         used again"
    );
    assert!(acts >= kills && checked >= kills, "{acts}, {checked}");
}
