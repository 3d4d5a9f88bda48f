//! A damaged file is refused with an error, or gives true rows. Opening it never panics, hangs, aborts, gives a wrong
//! answer, or takes more than 64 MiB of memory.
//!
//! The test damages files in twelve ways and opens them in child processes, so that it sees how each process ends.
//! `DAMAGED_FILES` sets the number of files, and `DAMAGE_SEED` chooses other ones:
//!
//! ```text
//! DAMAGED_FILES=30000 cargo test --release -p selfsame-tests --test damage -- --nocapture
//! ```
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test panics on anything unexpected and prints its figures"
)]

mod child;
mod kinds;
mod samples;

use std::collections::BTreeMap;
use std::env;
use std::io::{BufRead, BufReader};
use std::ops::Range;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use kinds::KINDS;

/// The number of damaged files, unless `DAMAGED_FILES` says otherwise.
const FILES: usize = 6_000;
/// A process that prints nothing for this long hangs.
const PATIENCE: Duration = Duration::from_secs(600);
const MOST_MEMORY_KIB: u64 = 64 * 1024;
/// Tells this test that it is a child process, and which files to open.
const SLICE: &str = "DAMAGE_SLICE";
/// The prefix of a child's lines, because the test harness prints lines of its own.
const TOLD: &str = "told: ";

/// The number of files by kind and outcome.
type Counts = BTreeMap<(usize, String), usize>;

fn number(name: &str, otherwise: usize) -> usize {
    env::var(name).ok().map_or(otherwise, |text| text.parse().expect("a number"))
}

fn seed() -> u64 {
    number("DAMAGE_SEED", 1) as u64
}

#[test]
fn a_damaged_file_is_refused_or_gives_true_rows() {
    if let Ok(slice) = env::var(SLICE) {
        let (from, to) = slice.split_once("..").unwrap();
        return child::opens(from.parse().unwrap()..to.parse().unwrap());
    }
    let files = number("DAMAGED_FILES", FILES);
    let children = thread::available_parallelism().map_or(1, usize::from);
    let cut = |child| files * child / children;
    let slices: Vec<_> = (0..children).map(|child| cut(child)..cut(child + 1)).collect();
    let mut sum = Sum::default();
    thread::scope(|scope| {
        let threads: Vec<_> =
            slices.into_iter().map(|slice| scope.spawn(|| opened_by_a_child(slice))).collect();
        threads.into_iter().for_each(|thread| sum.add(thread.join().unwrap()));
    });
    sum.print();
    assert!(sum.memory_kib.is_some() || !cfg!(target_os = "linux"), "/proc/self/status shows no memory");
    let few: Vec<_> = sum.failures.iter().take(10).cloned().collect();
    assert!(few.is_empty(), "{} failures, among them\n{}", sum.failures.len(), few.join("\n"));
    for (kind, (name, _)) in KINDS.iter().enumerate() {
        assert!(sum.count(kind, "Damaged") > 0, "no file was damaged: {name}");
    }
    assert_eq!(KINDS.iter().enumerate().map(|(kind, _)| sum.tried(kind)).sum::<usize>(), files);
}

#[cfg(not(target_os = "linux"))]
#[test]
#[ignore = "needs Linux, where /proc shows a process's memory"]
fn opening_a_damaged_file_takes_at_most_64_mib() {
    panic!("this system has no /proc");
}

#[derive(Default)]
struct Sum {
    counts: Counts,
    /// The peak memory of a process, if the system tells it.
    memory_kib: Option<u64>,
    failures: Vec<String>,
}

impl Sum {
    fn add(&mut self, other: Self) {
        self.failures.extend(other.failures);
        self.memory_kib = self.memory_kib.max(other.memory_kib);
        for (what, count) in other.counts {
            *self.counts.entry(what).or_default() += count;
        }
    }

    fn count(&self, kind: usize, outcome: &str) -> usize {
        self.counts.get(&(kind, outcome.to_owned())).copied().unwrap_or(0)
    }

    fn tried(&self, kind: usize) -> usize {
        let of_kind = self.counts.iter().filter(|((of, outcome), _)| *of == kind && outcome != child::PANICS);
        of_kind.map(|(_, count)| count).sum()
    }

    fn print(&self) {
        let mut outcomes: Vec<_> = self.counts.keys().map(|(_, outcome)| outcome.as_str()).collect();
        outcomes.sort_unstable();
        outcomes.dedup();
        let line = |name: &str, figures: Vec<String>| {
            println!("{name:24}{}", figures.iter().map(|figure| format!("{figure:>12}")).collect::<String>());
        };
        let heads = ["tried"].iter().chain(&outcomes);
        line("", heads.map(|head| (*head).to_owned()).collect());
        for (kind, (name, _)) in KINDS.iter().enumerate() {
            let counts = outcomes.iter().map(|outcome| self.count(kind, outcome));
            line(name, [self.tried(kind)].into_iter().chain(counts).map(|count| count.to_string()).collect());
        }
        match self.memory_kib {
            Some(most) => println!("seed {}, at most {} MiB of memory", seed(), most.div_ceil(1024)),
            None => println!("seed {}; memory was not measured: this system does not tell", seed()),
        }
    }
}

/// A child process that is killed when the test ends.
struct Killed(Child);

impl Drop for Killed {
    fn drop(&mut self) {
        _ = self.0.kill();
        self.0.wait().unwrap();
    }
}

fn opened_by_a_child(slice: Range<usize>) -> Sum {
    let mut child = Command::new(env::current_exe().unwrap());
    child.args(["--exact", "a_damaged_file_is_refused_or_gives_true_rows", "--nocapture"]);
    child.env(SLICE, format!("{}..{}", slice.start, slice.end)).stdout(Stdio::piped());
    let mut child = Killed(child.spawn().unwrap());
    let out = BufReader::new(child.0.stdout.take().unwrap());
    let (lines, told) = mpsc::channel();
    thread::spawn(move || out.lines().map_while(Result::ok).try_for_each(|line| lines.send(line)));
    let mut sum = Sum::default();
    let mut at = "before the first file".to_owned();
    let why = loop {
        match told.recv_timeout(PATIENCE) {
            Ok(line) => {
                match line.split_once(TOLD).map(|(_, told)| told.split(';').collect::<Vec<_>>()).as_deref() {
                    Some(["at", number]) => at = format!("at file {number}"),
                    Some(["memory", kib]) => sum.memory_kib = kib.parse().ok(),
                    Some(["failure", why]) => sum.failures.push((*why).to_owned()),
                    Some([kind, outcome, count]) => {
                        let kind = kind.parse().unwrap();
                        sum.counts.insert((kind, (*outcome).to_owned()), count.parse().unwrap());
                    }
                    _ => {}
                }
            }
            Err(mpsc::RecvTimeoutError::Timeout) => break Some("hangs".to_owned()),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                let status = child.0.wait().unwrap();
                break (!status.success() && sum.failures.is_empty()).then(|| format!("ended with {status}"));
            }
        }
    };
    sum.failures.extend(why.map(|why| format!("the process {why}, {at}")));
    sum
}
