//! The process that opens damaged files and reports the outcome of each.

use std::any::Any;
use std::fs;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use selfsame::Error;
use selfsame::testing::MemoryMedium;

use crate::kinds::{Dice, KINDS};
use crate::samples::{Sample, samples};
use crate::{Counts, MOST_MEMORY_KIB, TOLD, seed};

/// The name under which it reports how many panics of redb the store turned into an error.
pub(crate) const PANICS: &str = "panics";

static PANICKED: AtomicUsize = AtomicUsize::new(0);

pub(crate) fn opens(slice: Range<usize>) {
    let samples = samples();
    set_hook(Box::new(|_| {
        PANICKED.fetch_add(1, Ordering::SeqCst);
    }));
    let mut counts = Counts::new();
    let mut failed = 0;
    for number in slice {
        println!("\n{TOLD}at;{number}");
        let kind = number % KINDS.len();
        let sample = &samples[number / KINDS.len() % samples.len()];
        let (name, damage) = KINDS[kind];
        let before = PANICKED.load(Ordering::SeqCst);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let mut dice = Dice::new(seed() << 32 | number as u64);
            let mut bytes = sample.bytes.clone();
            while bytes == sample.bytes {
                bytes = damage(&mut dice, bytes, &sample.older);
            }
            trusted(sample, &bytes)?;
            judged(sample, &bytes)
        }));
        let panics = PANICKED.load(Ordering::SeqCst) - before;
        let outcome = match most_memory_kib() {
            Some(kib) if kib > MOST_MEMORY_KIB => Err(format!("{kib} KiB of memory")),
            _ => outcome.unwrap_or_else(|panic| Err(format!("a panic: {}", message(&*panic)))),
        };
        let outcome = outcome.unwrap_or_else(|why| {
            failed += 1;
            println!("{TOLD}failure;seed {}, file {number}, {name}, {}: {why}", seed(), sample.name);
            "failed"
        });
        *counts.entry((kind, outcome.to_owned())).or_default() += 1;
        *counts.entry((kind, PANICS.to_owned())).or_default() += panics;
    }
    for ((kind, outcome), count) in counts {
        println!("{TOLD}{kind};{outcome};{count}");
    }
    if let Some(kib) = most_memory_kib() {
        println!("{TOLD}memory;{kib}");
    }
    assert_eq!(failed, 0);
}

/// Opens the file with an engine. Returns the name of the refusal, or of the state that the file holds.
fn judged(sample: &Sample, bytes: &[u8]) -> Result<&'static str, String> {
    let medium = Arc::new(MemoryMedium::holding(bytes.to_vec()));
    let engine = match sample.open(medium.clone(), true) {
        Ok(engine) => engine,
        Err(error) if !sample.may_be(&error, bytes) => return Err(format!("refused with {error:?}")),
        Err(_) if medium.bytes() != bytes => return Err("refused, but changed".to_owned()),
        Err(error) => return Ok(error.code()),
    };
    let failed = |error: Error| format!("opened, but then {error:?}");
    let rows = engine.dump().map_err(failed)?;
    let state = sample.state(&rows, bytes).ok_or("opened with wrong rows")?;
    // If damage makes used pages look free, the next act overwrites them.
    let account = engine.account(&sample.token).map_err(failed)?;
    for name in ["Augusta", "Ada"] {
        account.set_display_name(Some(name)).map_err(failed)?;
    }
    let rows = engine.dump().map_err(failed)?;
    engine.suspend().map_err(failed)?;
    if engine.dump().map_err(failed)? == rows {
        Ok(state)
    } else {
        Err("the next act damages the file".to_owned())
    }
}

/// Opens the file with an engine that does not verify it. The engine may answer anything, but `verify_store` must
/// accept only true rows.
fn trusted(sample: &Sample, bytes: &[u8]) -> Result<(), String> {
    let Ok(engine) = sample.open(Arc::new(MemoryMedium::holding(bytes.to_vec())), false) else {
        return Ok(());
    };
    let name = engine.account(&sample.token).and_then(|account| Ok(account.view()?.display_name));
    if engine.verify_store().is_err() {
        return Ok(());
    }
    let rows = engine.dump().map_err(|error| format!("verified, but then {error:?}"))?;
    let is_true = name.as_ref().is_ok_and(|name| name.as_deref() == Some("Ada Lovelace"));
    if !sample.has_been(&rows) {
        Err("verified with rows that never existed".to_owned())
    } else if sample.is_now(&rows) && !is_true {
        Err(format!("verified, but then {name:?}"))
    } else {
        Ok(())
    }
}

fn message(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned())).unwrap_or_default()
}

/// The peak memory of this process, if the system tells it.
fn most_memory_kib() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix("kB")?.trim().parse().ok())
}
