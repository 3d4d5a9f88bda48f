//! Crashes at many points of a recording, and checks what opens after each.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fmt;
use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use selfsame::testing::MemoryMedium;

use super::disk::{Disk, Op};
use super::image::{Mode, Walk};
use super::kinds::{Again, Rehearsal, goes_on, is_answered, owned};
use super::recording::{Found, Recording};
use crate::acts::Dice;

/// At one in so many points, an engine opens the store and continues.
const WHOLE: usize = 20;
/// How many second crashes one recovery has.
const SECONDS: usize = 4;
const AT_ONCE: usize = 2;

/// The results of the points.
#[derive(Default)]
pub(crate) struct Figures {
    points: usize,
    found: BTreeMap<Found, usize>,
    /// By mode, or by answer.
    by_cause: BTreeMap<&'static str, usize>,
    whole: usize,
    /// How many points left a disk with new content.
    distinct: usize,
    pub(crate) failures: Vec<String>,
}

impl Figures {
    pub(crate) fn points(&self) -> usize {
        self.points
    }

    pub(crate) fn found(&self, found: Found) -> usize {
        self.found.get(&found).copied().unwrap_or(0)
    }

    fn add(&mut self, other: Self) {
        self.points += other.points;
        self.whole += other.whole;
        self.distinct += other.distinct;
        self.failures.extend(other.failures);
        for (found, count) in other.found {
            *self.found.entry(found).or_default() += count;
        }
        for (cause, count) in other.by_cause {
            *self.by_cause.entry(cause).or_default() += count;
        }
    }

    pub(crate) fn note(
        &mut self,
        cause: &'static str,
        judged: Result<Found, String>,
        place: impl FnOnce() -> String,
    ) {
        self.points += 1;
        *self.by_cause.entry(cause).or_default() += 1;
        match judged {
            Ok(found) => *self.found.entry(found).or_default() += 1,
            Err(why) => self.failures.push(format!("{}: {why}", place())),
        }
    }
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = |found| self.found(found);
        write!(
            f,
            "{} points ({} distinct disks): {} with the last acknowledged commit, {} with the next one, {} \
             refused before the first commit, {} failures; {} opened with an engine; {:?}",
            self.points,
            self.distinct,
            found(Found::Acknowledged),
            found(Found::InFlight),
            found(Found::NotMade),
            self.failures.len(),
            self.whole,
            self.by_cause,
        )
    }
}

/// Runs `each` on every item, on several threads, and adds up the results.
pub(crate) fn side_by_side<T: Send + Sync>(items: &[T], each: impl Fn(&T) -> Figures + Sync) -> Figures {
    let next = AtomicUsize::new(0);
    let mut sum = Figures::default();
    thread::scope(|scope| {
        let work = || {
            let mut sum = Figures::default();
            while let Some(item) = items.get(next.fetch_add(1, Ordering::SeqCst)) {
                sum.add(each(item));
            }
            sum
        };
        let threads: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        threads.into_iter().for_each(|thread| sum.add(thread.join().unwrap()));
    });
    sum
}

/// Crashes `points` times in each mode, and `points` times in a recovery from such a crash.
pub(crate) fn crash(
    recording: &Recording,
    points: usize,
    seed: u64,
    rehearsal: Option<&Rehearsal>,
) -> Figures {
    let mut dice = Dice(seed);
    let mut figures = Figures::default();
    let mut drawn: Vec<(usize, Mode, bool)> = Vec::new();
    for mode in Mode::ALL {
        drawn.extend((0..points).map(|_| (place(recording, mode, &mut dice), mode, false)));
    }
    drawn.extend((0..points.div_ceil(SECONDS)).map(|_| {
        let mode = any_mode(&mut dice);
        (place(recording, mode, &mut dice), mode, true)
    }));
    drawn.sort_unstable();
    let mut walk = Walk::new(Vec::new(), &recording.log);
    let mut judged = Judged::default();
    for (number, (at, mode, is_double)) in drawn.into_iter().enumerate() {
        walk.go_to(at);
        let mut dice = Dice(seed ^ ((number as u64 + 1) << 32));
        let image = walk.image(mode, &mut dice);
        let told = |what: &str| {
            format!(
                "{}, seed {seed}, point {number}, {mode:?} at {at} of {}{what}",
                recording.name,
                recording.log.len()
            )
        };
        if is_double {
            for second in 0..SECONDS {
                let found = again(recording, at, &image, &mut dice, &mut judged);
                figures.note("Double", found, || told(&format!(", second crash {second}")));
            }
            continue;
        }
        if let Some(rehearsal) = rehearsal.filter(|_| number % WHOLE == 0 && judged.is_first_whole(&image)) {
            figures.whole += 1;
            if let Err(why) = whole(rehearsal, image.clone()) {
                figures.failures.push(format!("{}: {why}", told(", with an engine")));
            }
        }
        figures.note(mode.name(), judged.of(recording, at, image), || told(""));
    }
    figures.distinct = judged.distinct;
    figures
}

/// The result for each disk, by a hash of its bytes, because many points leave the same bytes.
#[derive(Default)]
struct Judged {
    expected: Option<(u64, u64)>,
    found: HashMap<u64, Result<Found, String>>,
    whole: HashSet<u64>,
    distinct: usize,
}

impl Judged {
    fn of(&mut self, recording: &Recording, at: usize, image: Vec<u8>) -> Result<Found, String> {
        // The result also depends on which commits are acceptable. The points come in the order of their
        // places.
        let expected = recording.range(at);
        if self.expected != expected {
            self.expected = expected;
            self.found.clear();
        }
        let hash = hash(&image);
        if let Some(found) = self.found.get(&hash) {
            return found.clone();
        }
        self.distinct += 1;
        let found = recording.judge(at, recording.opened(image));
        self.found.insert(hash, found.clone());
        found
    }

    fn is_first_whole(&mut self, image: &[u8]) -> bool {
        self.whole.insert(hash(image))
    }
}

fn hash(image: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    hasher.write(image);
    hasher.finish()
}

fn any_mode(dice: &mut Dice) -> Mode {
    Mode::ALL[dice.below(Mode::ALL.len())]
}

/// Returns a place where the mode has an effect: mostly within the acts, sometimes while the store is closed.
fn place(recording: &Recording, mode: Mode, dice: &mut Dice) -> usize {
    let from = recording.from;
    loop {
        let to = if dice.below(4) == 0 { recording.log.len() } else { recording.last_acknowledged() };
        let at = from + dice.below(to - from + 1);
        let is_write = matches!(recording.log.get(at), Some(Op::Write { .. }));
        if is_write || !matches!(mode, Mode::TornByte | Mode::TornSector) {
            return at;
        }
    }
}

/// Recovers the store from the first crash, and crashes again within the recovery.
fn again(
    recording: &Recording,
    at: usize,
    image: &[u8],
    dice: &mut Dice,
    judged: &mut Judged,
) -> Result<Found, String> {
    let disk = Disk::holding(image.to_vec());
    // Crashes without a second one check what this opens with.
    _ = recording.open(Arc::new(disk.clone()), None);
    let log = disk.take_log();
    let mut walk = Walk::new(image.to_vec(), &log);
    walk.go_to(dice.below(log.len() + 1));
    let image = walk.image(any_mode(dice), dice);
    judged.of(recording, at, image)
}

/// Opens an engine after the crash. Checks that the act was done or not, that repeating the call leaves
/// exactly one effect, and that another person's act works.
fn whole(rehearsal: &Rehearsal, image: Vec<u8>) -> Result<(), String> {
    let (low, high) = rehearsal.recording.last_commits();
    let (before, after) = (rehearsal.recording.rows(low), rehearsal.recording.rows(high));
    let environment = rehearsal.opener.environment();
    let opened = rehearsal.opener.open(Arc::new(MemoryMedium::holding(image)), None, environment);
    let engine = opened.map_err(|error| format!("the store does not open: {error}"))?;
    let rows = engine.dump().map_err(|error| error.to_string())?;
    let is_done = rows == *after;
    if !is_done && rows != *before && rehearsal.kind.again != Again::On {
        return Err("only a part of the act is stored".to_owned());
    }
    let answer = (rehearsal.call)(&engine);
    if !is_answered(&answer) || (!is_done && answer != rehearsal.answer) {
        return Err(format!("the repeated call got {answer:?}; the act was stored before: {is_done}"));
    }
    let rows = engine.dump().map_err(|error| error.to_string())?;
    let is_more = rehearsal.kind.again == Again::More && is_done;
    if !is_more && owned(&rows) != owned(after) {
        return Err(format!(
            "the repeated call leaves {:?}, one call leaves {:?}; the act was stored before: {is_done}",
            owned(&rows),
            owned(after)
        ));
    }
    goes_on(&engine)
}
