//! Every act of the public API, in a file of 20,000 accounts, with a hash that costs nothing.

use std::path::Path;

use crate::life::{Life, Watch};
use crate::measure::{Samples, timed};
use crate::report::Report;
use crate::stores::filled;

const ACCOUNTS: usize = 20_000;
/// The number of runs that are not measured.
const WARM_UP: usize = 3;

#[derive(Default)]
struct Timed {
    counts: bool,
    samples: Samples,
}

impl Watch for Timed {
    fn act<T>(&mut self, name: &'static str, act: impl FnOnce() -> T) -> T {
        let (time, answer) = timed(act);
        if self.counts {
            self.samples.add(name, time);
        }
        answer
    }
}

pub(crate) fn acts(report: &mut Report, folder: &Path) {
    let world = filled(&folder.join("acts"), ACCOUNTS);
    let mut watch = Timed::default();
    for number in 0..WARM_UP + report.rounds(60) {
        watch.counts = number >= WARM_UP;
        let name = format!("ada{number}");
        Life { engine: world.engine(), world: &world, name, watch: &mut watch }.live();
    }
    report.family("acts", "Every act, without hash, among 20,000 accounts", "microseconds", &watch.samples);
}
