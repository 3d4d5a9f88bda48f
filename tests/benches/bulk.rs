//! An import, compared with redb's fastest way to load the same rows.

use std::path::Path;
use std::sync::Arc;

use crate::measure::{Samples, timed};
use crate::report::Report;
use crate::stores::{self, Free};

const ACCOUNTS: usize = 100_000;

pub(crate) fn bulk(report: &mut Report, folder: &Path) {
    let accounts = if report.quick { ACCOUNTS / 10 } else { ACCOUNTS };
    let mut samples = Samples::default();
    for round in 0..3 {
        let path = folder.join(format!("bulk-{round}"));
        let world = stores::world(Arc::new(Free)).file(&path).build();
        let import = stores::fill(world.engine(), 0..accounts, stores::HASH);
        let rows = stores::rows(&world);
        let (again, ()) = timed(|| {
            let same: Vec<_> = (0..accounts).map(|number| stores::account(number, stores::HASH)).collect();
            world.engine().import_accounts(&same, true).unwrap();
        });
        let raw = stores::load_raw(&folder.join(format!("bulk-raw-{round}")), &rows);
        samples.add("import", accounts as f64 / import * 1e6);
        samples.add("the same rows with a redb cursor", accounts as f64 / raw * 1e6);
        samples.add("second import: all accounts known, nothing written", accounts as f64 / again * 1e6);
    }
    report.family("bulk", "An import of 100,000 accounts", "accounts a second", &samples);
    let ratio = samples.ratio("import", &["the same rows with a redb cursor"]);
    report.at_least("import / the same rows with a redb cursor", 0.6, ratio);
}
