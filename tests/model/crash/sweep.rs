//! Lets every call to the machine fail in turn, once or permanently. No act may panic or give a false answer,
//! and the store must be usable again once the fault is gone.
//!
//! `Effect::Lost` is a sync that fails as on Linux, after which the disk reads back data that is not durable.
//! The machine is the disk ([`Fault`]), randomness, the hasher, and the anchor if the store has one. The
//! clock cannot fail.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use selfsame::testing::{MemoryMedium, SeededEntropy};
use selfsame::{Anchor, AnchorFailed, Engine, Entropy, EntropyFailed, Error, HashCost, HashFailed, Hasher};
use selfsame_world::CountingHasher;

use super::crashes::{Figures, side_by_side};
use super::disk::{Disk, EIO, ENOSPC, Effect, Fault, Op};
use super::image::{Mode, Walk};
use super::kinds::{Again, Rehearsal, goes_on, is_answered, kinds, owned};
use super::recording::{Found, Rows};
use crate::acts::Dice;

/// A limit that is higher than the calls of any act.
const MOST: usize = 5_000;
/// The number of crashes after each failed sync.
const CRASHES: usize = 60;

/// The part of the machine that fails.
#[derive(Clone, Copy, Debug)]
enum Machine {
    /// The disk. `call` is that of the fault.
    Disk(Fault),
    Entropy {
        call: usize,
        for_good: bool,
    },
    Hasher {
        call: usize,
        for_good: bool,
        failed: HashFailed,
    },
    Anchor {
        call: usize,
        for_good: bool,
        /// Whether it stores the value despite the failure.
        keeps: bool,
    },
}

/// Counts calls and decides which of them fail.
struct Turn {
    calls: AtomicUsize,
    fails: AtomicUsize,
    for_good: bool,
}

impl Turn {
    /// Lets no call fail until `set` is called.
    fn new(for_good: bool) -> Self {
        Self { calls: AtomicUsize::new(0), fails: AtomicUsize::new(usize::MAX), for_good }
    }

    fn set(&self, fails: usize) {
        self.calls.store(0, Ordering::SeqCst);
        self.fails.store(fails, Ordering::SeqCst);
    }

    fn is_struck(&self) -> bool {
        self.calls.load(Ordering::SeqCst) >= self.fails.load(Ordering::SeqCst)
    }

    fn comes(&self) -> bool {
        let (call, fails) =
            (self.calls.fetch_add(1, Ordering::SeqCst) + 1, self.fails.load(Ordering::SeqCst));
        call == fails || (self.for_good && call > fails)
    }
}

struct FailingEntropy(SeededEntropy, Turn);

impl Entropy for FailingEntropy {
    fn fill(&self, out: &mut [u8]) -> Result<(), EntropyFailed> {
        if self.1.comes() { Err(EntropyFailed) } else { self.0.fill(out) }
    }

    fn stir(&self, commit_stamp: u64) {
        self.0.stir(commit_stamp);
    }
}

struct FailingHasher(CountingHasher, Turn, HashFailed);

impl Hasher for FailingHasher {
    fn derive(
        &self,
        cost: HashCost,
        password: &[u8],
        salt: &[u8; 16],
        pepper: &[u8; 32],
    ) -> Result<[u8; 32], HashFailed> {
        if self.1.comes() { Err(self.2) } else { self.0.derive(cost, password, salt, pepper) }
    }
}

/// An anchor that fails on demand.
struct FailingAnchor {
    value: Mutex<Option<Vec<u8>>>,
    turn: Turn,
    keeps: bool,
}

impl FailingAnchor {
    fn holding(value: Option<Vec<u8>>, for_good: bool, keeps: bool) -> Self {
        Self { value: Mutex::new(value), turn: Turn::new(for_good), keeps }
    }

    fn value(&self) -> Option<Vec<u8>> {
        self.value.lock().unwrap().clone()
    }
}

impl Anchor for FailingAnchor {
    fn load(&self) -> Result<Option<Vec<u8>>, AnchorFailed> {
        if self.turn.comes() { Err(AnchorFailed) } else { Ok(self.value()) }
    }

    fn store(&self, value: &[u8]) -> Result<(), AnchorFailed> {
        let fails = self.turn.comes();
        if !fails || self.keeps {
            *self.value.lock().unwrap() = Some(value.to_vec());
        }
        if fails { Err(AnchorFailed) } else { Ok(()) }
    }
}

impl Machine {
    fn at(self, call: usize) -> Self {
        match self {
            Self::Disk(fault) => Self::Disk(Fault { call, ..fault }),
            Self::Entropy { for_good, .. } => Self::Entropy { call, for_good },
            Self::Hasher { for_good, failed, .. } => Self::Hasher { call, for_good, failed },
            Self::Anchor { for_good, keeps, .. } => Self::Anchor { call, for_good, keeps },
        }
    }

    fn is_for_good(self) -> bool {
        match self {
            Self::Disk(Fault { for_good, .. })
            | Self::Entropy { for_good, .. }
            | Self::Hasher { for_good, .. }
            | Self::Anchor { for_good, .. } => for_good,
        }
    }
}

fn machines() -> Vec<Machine> {
    let mut machines = Vec::new();
    for for_good in [false, true] {
        for errno in [ENOSPC, EIO] {
            for effect in [Effect::Nothing, Effect::Half, Effect::All, Effect::Lost] {
                machines.push(Machine::Disk(Fault { call: 1, errno, effect, for_good }));
            }
        }
        machines.push(Machine::Entropy { call: 1, for_good });
        let busy = HashFailed::Busy { retry_after: Duration::from_millis(100) };
        for failed in [HashFailed::Unusable, busy] {
            machines.push(Machine::Hasher { call: 1, for_good, failed });
        }
        for keeps in [false, true] {
            machines.push(Machine::Anchor { call: 1, for_good, keeps });
        }
    }
    machines
}

/// What the act leaves if nothing fails.
struct Reference {
    before: Rows,
    before_stamp: u64,
    after: Rows,
    after_stamp: u64,
    answer: Result<(), Error>,
}

/// The store before the act, with its disk and everything else that can fail.
struct Trial {
    disk: Disk,
    entropy: Arc<FailingEntropy>,
    hasher: Arc<FailingHasher>,
    /// Set only if the anchor's calls fail. Otherwise the store has no anchor.
    anchor: Option<Arc<FailingAnchor>>,
    engine: Engine,
}

impl Trial {
    fn of(act: &Rehearsal, machine: Machine) -> Self {
        let disk = Disk::holding(act.before.clone());
        let for_good = machine.is_for_good();
        let failed = match machine {
            Machine::Hasher { failed, .. } => failed,
            _ => HashFailed::Unusable,
        };
        let entropy = Arc::new(FailingEntropy(SeededEntropy::new(7), Turn::new(for_good)));
        let hasher = Arc::new(FailingHasher(CountingHasher::default(), Turn::new(for_good), failed));
        let anchor = match machine {
            Machine::Anchor { keeps, .. } => Some(Arc::new(FailingAnchor::holding(None, for_good, keeps))),
            Machine::Disk(_) | Machine::Entropy { .. } | Machine::Hasher { .. } => None,
        };
        let environment = act.opener.with(entropy.clone(), hasher.clone());
        let given = anchor.clone().map(|anchor| anchor as Arc<dyn Anchor>);
        let engine = act.opener.open(Arc::new(disk.clone()), given, environment).unwrap();
        Self { disk, entropy, hasher, anchor, engine }
    }

    /// Returns the anchor for the next process.
    fn kept(&self) -> Option<Arc<dyn Anchor>> {
        let value = self.anchor.as_ref()?.value();
        Some(Arc::new(FailingAnchor::holding(value, false, false)))
    }

    fn set(&self, machine: Machine) {
        match machine {
            Machine::Disk(fault) => self.disk.set(Some(fault)),
            Machine::Entropy { call, .. } => self.entropy.1.set(call),
            Machine::Hasher { call, .. } => self.hasher.1.set(call),
            Machine::Anchor { call, .. } => self.anchor.iter().for_each(|anchor| anchor.turn.set(call)),
        }
    }

    fn is_struck(&self) -> bool {
        let anchor = self.anchor.as_ref().is_some_and(|anchor| anchor.turn.is_struck());
        anchor || self.disk.struck() || self.entropy.1.is_struck() || self.hasher.1.is_struck()
    }

    fn clear(&self) {
        self.disk.set(None);
        self.entropy.1.set(usize::MAX);
        self.hasher.1.set(usize::MAX);
        self.anchor.iter().for_each(|anchor| anchor.turn.set(usize::MAX));
    }
}

/// A store has one more commit after it has met its anchor.
fn reference(act: &Rehearsal, is_anchored: bool) -> Reference {
    let machine = match is_anchored {
        true => Machine::Anchor { call: 1, for_good: false, keeps: false },
        false => Machine::Entropy { call: 1, for_good: false },
    };
    let trial = Trial::of(act, machine);
    let (before, before_stamp) = (trial.engine.dump().unwrap(), trial.engine.commits().unwrap());
    let answer = (act.call)(&trial.engine);
    let (after, after_stamp) = (trial.engine.dump().unwrap(), trial.engine.commits().unwrap());
    Reference { before, before_stamp, after, after_stamp, answer }
}

/// Does the act with the fault. Returns `None` if the act makes fewer calls; otherwise the name of the answer
/// and whether the act was stored.
fn tried(
    act: &Rehearsal,
    machine: Machine,
    sleeps: bool,
    reference: &Reference,
) -> Result<Option<(&'static str, Found)>, String> {
    let trial = Trial::of(act, machine);
    if sleeps {
        trial.engine.suspend().map_err(|error| error.to_string())?;
    }
    trial.set(machine);
    let answer = catch_unwind(AssertUnwindSafe(|| (act.call)(&trial.engine))).map_err(|_| "it panics")?;
    if !trial.is_struck() {
        return Ok(None);
    }
    // Checks what a new process finds, and what would be left after a power failure.
    let mut log = trial.disk.take_log();
    let mut walk = Walk::new(act.before.clone(), &log);
    walk.go_to(log.len());
    let look = |image, when| {
        let opened = act.recording.open(Arc::new(MemoryMedium::holding(image)), trial.kept());
        let opened = opened.map_err(|error| format!("the store does not open {when}: {error:?}"));
        opened.and_then(|(stamp, rows)| {
            truth(act, machine, &answer, stamp, &rows, reference).map_err(|why| format!("{why} {when}"))
        })
    };
    look(walk.synced(), "after a power failure")?;
    let found = look(trial.disk.bytes(), "")?;
    trial.clear();
    let (disk, anchor) = (trial.disk.clone(), trial.anchor.clone());
    let rows = usable(act, trial, &answer, found, reference)?;
    log.extend(disk.take_log());
    let mut walk = Walk::new(act.before.clone(), &log);
    walk.go_to(log.len());
    let kept = anchor.map(|anchor| anchor as Arc<dyn Anchor>);
    match act.recording.open(Arc::new(MemoryMedium::holding(walk.synced())), kept) {
        Ok((_, lasting)) if lasting == rows => {}
        Ok(_) => {
            return Err(format!("after {answer:?} and a power failure, completed acts are missing"));
        }
        Err(error) => return Err(format!("after {answer:?} and a later power failure: {error:?}")),
    }
    let answer = answer.as_ref().map_or_else(Error::code, |()| "Ok");
    Ok(Some((answer, found)))
}

/// Checks that the answer agrees with the file.
fn truth(
    act: &Rehearsal,
    machine: Machine,
    answer: &Result<(), Error>,
    stamp: u64,
    rows: &Rows,
    reference: &Reference,
) -> Result<Found, String> {
    let is_undone = *rows == reference.before;
    // A second run of the same act has different nonces, so only the sizes are compared.
    let is_done = stamp == reference.after_stamp && sizes(rows) == sizes(&reference.after);
    let found = if is_undone { Found::Acknowledged } else { Found::InFlight };
    let is_whole = is_undone || is_done || act.kind.again == Again::On;
    if !is_whole || !(reference.before_stamp..=reference.after_stamp).contains(&stamp) {
        return Err(format!("answered {answer:?}, and only a part of the act is stored: commit {stamp}"));
    }
    let lie = match answer {
        answer if is_answered(answer) => {
            if *answer != reference.answer {
                return Err(format!("answered {answer:?}, not {:?}", reference.answer));
            }
            !is_done
        }
        // After a single failure, the engine can find out whether the act was stored.
        Err(Error::Unknown) => !machine.is_for_good(),
        Err(Error::Storage { .. } | Error::Busy { .. } | Error::Broken | Error::Machine | Error::Anchor) => {
            !is_undone && act.kind.again != Again::On
        }
        _ => return Err(format!("answered {answer:?}")),
    };
    if lie {
        Err(format!("answered {answer:?}; stored: {is_done}, not stored: {is_undone}"))
    } else {
        Ok(found)
    }
}

/// Checks that the act can be done now, or is not done twice, after the fault is gone. Returns the final
/// rows.
fn usable(
    act: &Rehearsal,
    trial: Trial,
    answer: &Result<(), Error>,
    found: Found,
    reference: &Reference,
) -> Result<Rows, String> {
    let must_reopen = matches!(answer, Err(Error::Unknown | Error::Broken));
    let Trial { disk, engine, entropy, hasher, anchor } = trial;
    let engine = if must_reopen || matches!(engine.commits(), Err(Error::Broken)) {
        drop(engine);
        let environment = act.opener.with(entropy, hasher);
        let anchor = anchor.map(|anchor| anchor as Arc<dyn Anchor>);
        let opened = act.opener.open(Arc::new(disk), anchor, environment);
        opened.map_err(|error| format!("after {answer:?} the store does not open: {error}"))?
    } else {
        engine
    };
    let repeated = (act.call)(&engine);
    let is_first = found == Found::Acknowledged && reference.after_stamp > reference.before_stamp;
    if !is_answered(&repeated) || (is_first && repeated != reference.answer) {
        return Err(format!("after {answer:?} the repeated call got {repeated:?}"));
    }
    let rows = engine.dump().map_err(|error| error.to_string())?;
    let is_more = act.kind.again == Again::More && !is_first;
    if !is_more && owned(&rows) != owned(&reference.after) {
        return Err(format!("after {answer:?} the repeated call leaves {:?}", owned(&rows)));
    }
    goes_on(&engine)?;
    engine.dump().map_err(|error| error.to_string())
}

fn sizes(rows: &Rows) -> Vec<(&[u8], usize)> {
    rows.iter().map(|(key, value)| (key.as_slice(), value.len())).collect()
}

/// Lets every call of one kind of act fail in turn.
fn sweep(act: &Rehearsal, machines: &[Machine]) -> Figures {
    let references = [reference(act, false), reference(act, true)];
    let mut figures = Figures::default();
    for sleeps in [false, true] {
        for machine in machines {
            let reference = &references[usize::from(matches!(machine, Machine::Anchor { .. }))];
            for call in 1.. {
                assert!(call < MOST, "{} never stops making calls", act.kind.name);
                let (answer, found) = match tried(act, machine.at(call), sleeps, reference) {
                    Ok(None) => break,
                    Ok(Some((answer, found))) => (answer, Ok(found)),
                    Err(why) => ("failed", Err(why)),
                };
                figures.note(answer, found, || {
                    format!("{}, asleep {sleeps}, {:?}", act.kind.name, machine.at(call))
                });
            }
        }
    }
    figures
}

#[test]
fn r12_3_whichever_call_fails_answers_are_true_and_the_store_becomes_usable_again() {
    let acts: Vec<_> = kinds().into_iter().map(Rehearsal::of).collect();
    let machines = machines();
    let figures = side_by_side(&acts, |act| sweep(act, &machines));
    super::told("calls that fail", &figures);
    assert!(figures.points() > 5_000, "{figures}");
}

/// Proves that the sweep can fail.
#[test]
fn a_disk_that_reports_success_and_does_nothing_is_detected() {
    let act = Rehearsal::of(kinds().into_iter().find(|kind| kind.name == "code").unwrap());
    let silence = Fault { call: 1, errno: EIO, effect: Effect::Silence, for_good: true };
    let figures = sweep(&act, &[Machine::Disk(silence)]);
    assert!(!figures.failures.is_empty(), "{figures}");
}

/// Crashes after a failed sync. The unsynced writes are lost, and the store writes its file again.
fn lost(act: &Rehearsal, seed: u64) -> Figures {
    let reference = reference(act, false);
    let mut figures = Figures::default();
    let mut dice = Dice(seed);
    for call in 1.. {
        let fault = Fault { call, errno: EIO, effect: Effect::Lost, for_good: false };
        let trial = Trial::of(act, Machine::Disk(fault));
        trial.disk.set(Some(fault));
        // The sweep checks whether the answer agrees with the file.
        _ = (act.call)(&trial.engine);
        if !trial.is_struck() {
            return figures;
        }
        let log = trial.disk.take_log();
        let Some(from) = log.iter().position(|op| *op == Op::Lost) else { continue };
        for point in 0..CRASHES {
            let at = from + 1 + dice.below(log.len() - from);
            let mode = [Mode::Subset, Mode::Reordered][dice.below(2)];
            let mut walk = Walk::new(act.before.clone(), &log);
            walk.go_to(at);
            let judged = match act.recording.opened(walk.image(mode, &mut dice)) {
                Ok((_, rows)) if rows == reference.before => Ok(Found::Acknowledged),
                Ok((_, rows)) if sizes(&rows) == sizes(&reference.after) => Ok(Found::InFlight),
                Ok((stamp, _)) if act.kind.again == Again::On && stamp <= reference.after_stamp => {
                    Ok(Found::InFlight)
                }
                other => Err(format!("{:?}", other.map(|(stamp, _)| stamp))),
            };
            figures.note(mode.name(), judged, || {
                format!("{}, call {call}, point {point}, at {at} of {}", act.kind.name, log.len())
            });
        }
    }
    figures
}

#[test]
fn a_crash_while_a_file_is_rewritten_keeps_the_act_completely_or_not_at_all() {
    let acts: Vec<_> = kinds().into_iter().map(Rehearsal::of).collect();
    let figures = side_by_side(&acts, |act| lost(act, super::seed()));
    super::told("crashes after a failed sync", &figures);
}
