//! Rounds that measure every part once, each in its own order, and the statistics of their results.

use std::time::Instant;

use selfsame::Entropy;
use selfsame::testing::SeededEntropy;

/// The number of rounds that are not counted.
const WARM_UP: usize = 5;

/// Random numbers that are the same in every run.
pub(crate) struct Dice(SeededEntropy);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(SeededEntropy::new(seed))
    }

    pub(crate) fn below(&self, bound: usize) -> usize {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes).unwrap();
        (u64::from_be_bytes(bytes) % bound as u64) as usize
    }

    pub(crate) fn shuffle<T>(&self, of: &mut [T]) {
        for at in (1..of.len()).rev() {
            of.swap(at, self.below(at + 1));
        }
    }
}

/// Runs the work. Returns its time in microseconds, and its result.
#[expect(clippy::disallowed_methods, reason = "a measurement reads the machine's clock")]
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let began = Instant::now();
    let made = work();
    (began.elapsed().as_secs_f64() * 1e6, made)
}

/// The mean time of many runs, for work that is too short for the clock.
pub(crate) fn each(times: usize, mut work: impl FnMut()) -> f64 {
    timed(|| (0..times).for_each(|_| work())).0 / times as f64
}

/// Something to measure. Each run returns its microseconds.
pub(crate) struct Part<'a> {
    name: String,
    run: Box<dyn FnMut() -> f64 + 'a>,
}

impl<'a> Part<'a> {
    pub(crate) fn new(name: impl Into<String>, run: impl FnMut() -> f64 + 'a) -> Self {
        Self { name: name.into(), run: Box::new(run) }
    }
}

/// The results by part and round.
#[derive(Default)]
pub(crate) struct Samples {
    parts: Vec<(String, Vec<f64>)>,
}

/// Runs every part once in each round, so that a slower machine slows all parts alike.
pub(crate) fn rounds(count: usize, parts: Vec<Part<'_>>) -> Samples {
    rounds_after(count, |_| {}, parts)
}

/// The same, with work before each round.
pub(crate) fn rounds_after(count: usize, mut before: impl FnMut(usize), mut parts: Vec<Part<'_>>) -> Samples {
    let dice = Dice::new(1);
    let mut samples =
        Samples { parts: parts.iter().map(|part| (part.name.clone(), Vec::with_capacity(count))).collect() };
    let mut order: Vec<usize> = (0..parts.len()).collect();
    for round in 0..WARM_UP.min(count) + count {
        before(round);
        dice.shuffle(&mut order);
        for at in &order {
            let time = (parts[*at].run)();
            if round >= WARM_UP.min(count) {
                samples.parts[*at].1.push(time);
            }
        }
    }
    samples
}

impl Samples {
    pub(crate) fn add(&mut self, part: &str, time: f64) {
        match self.parts.iter_mut().find(|(name, _)| name == part) {
            Some((_, times)) => times.push(time),
            None => self.parts.push((part.to_owned(), vec![time])),
        }
    }

    pub(crate) fn parts(&self) -> impl Iterator<Item = (&str, Spread)> {
        self.parts.iter().map(|(name, times)| (name.as_str(), Spread::of(times.clone())))
    }

    /// Sorts the parts by the words of their names, then by the numbers.
    pub(crate) fn sorted(mut self) -> Self {
        self.parts.sort_by_cached_key(|(name, _)| {
            let words: String = name.chars().filter(|c| c.is_alphabetic()).collect();
            let numbers: String = name.chars().filter(char::is_ascii_digit).collect();
            (words, numbers.parse::<u64>().unwrap_or(0))
        });
        self
    }

    pub(crate) fn has(&self, part: &str) -> bool {
        self.parts.iter().any(|(name, _)| name == part)
    }

    pub(crate) fn of(&self, part: &str) -> &[f64] {
        let found = self.parts.iter().find(|(name, _)| name == part);
        &found.unwrap_or_else(|| panic!("nothing was measured as {part:?}")).1
    }

    /// For each round, the ratio of one part to the sum of others.
    pub(crate) fn ratio(&self, over: &str, under: &[&str]) -> Spread {
        let sum = |round: usize| under.iter().map(|part| self.of(part)[round]).sum::<f64>();
        Spread::of(self.of(over).iter().enumerate().map(|(round, time)| time / sum(round)).collect())
    }

    /// For each round, the ratio of one part to another less a third. That difference counts as at least a microsecond.
    pub(crate) fn ratio_without(&self, over: &str, under: &str, without: &str) -> Spread {
        let rounds = self.of(over).iter().zip(self.of(under)).zip(self.of(without));
        Spread::of(rounds.map(|((over, under), without)| over / (under - without).max(1.0)).collect())
    }
}

/// The median of many figures, and their spread.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) worst: f64,
    pub(crate) count: usize,
}

impl Spread {
    pub(crate) fn of(mut figures: Vec<f64>) -> Self {
        figures.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| figures[((figures.len() - 1) as f64 * share).round() as usize];
        Self { median: at(0.5), low: at(0.1), high: at(0.9), worst: at(0.99), count: figures.len() }
    }
}

/// Formats a figure with three significant digits, or with all digits before the point.
pub(crate) fn shown(figure: f64) -> String {
    let magnitude = figure.abs().max(1e-6).log10().floor() as i32;
    format!("{figure:.*}", usize::try_from(2 - magnitude).unwrap_or(0))
}
