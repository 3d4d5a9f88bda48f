//! The time and the memory of one imported hash of each kind, at the highest cost that the engine takes.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;

use selfsame::{
    Client, Engine, Environment, ForeignHash, HashCost, HashFailed, Hasher, ImportOutcome, ImportProblem,
    Policy, Secret,
};

use crate::measure::{Samples, timed};
use crate::report::Report;
use crate::stores::{account, email};

/// A kind of hash, and its text at a cost.
type Kind = (&'static str, fn(u32) -> String);

const KINDS: [Kind; 16] = [
    ("Argon2id, 10 passes, KiB", |cost| format!("$argon2id$v=19$m={cost},t=10,p=1${}${}", b64(22), b64(43))),
    ("scrypt, r 8, p 1, log N", |cost| format!("$scrypt$ln={cost},r=8,p=1${}${}", b64(22), b64(43))),
    ("scrypt, N 16384, r 8, p", |cost| format!("$scrypt$ln=14,r=8,p={cost}${}${}", b64(22), b64(43))),
    ("scrypt, N 2, r 1, p", |cost| format!("$scrypt$ln=1,r=1,p={cost}${}${}", b64(22), b64(43))),
    ("scrypt, N 2, p 1, r", |cost| format!("$scrypt$ln=1,r={cost},p=1${}${}", b64(22), b64(43))),
    ("Firebase's scrypt, r 8, log N", |cost| {
        format!("$firescrypt$ln={cost},r=8,p=1${}${}$Bw${}", b64(22), b64(86), b64(86))
    }),
    ("PBKDF2-SHA-1, iterations", |cost| format!("$pbkdf2-sha1$i={cost}${}${}", b64(22), b64(27))),
    ("PBKDF2-SHA-1 with 40 bytes, iterations", |cost| {
        format!("$pbkdf2-sha1$i={cost}${}${}", b64(22), b64(54))
    }),
    ("PBKDF2-SHA-256, iterations", |cost| format!("pbkdf2_sha256${cost}$seasalt${}=", b64(43))),
    ("PBKDF2-SHA-512, iterations", |cost| format!("pbkdf2:sha512:{cost}$salt${}", "0".repeat(128))),
    ("bcrypt, cost", |cost| format!("$2b${cost:02}${}", ".".repeat(53))),
    ("WordPress's bcrypt, cost", |cost| format!("$wp$2y${cost:02}${}", ".".repeat(53))),
    ("phpass, log of the rounds", |cost| {
        let digit =
            "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".get(cost as usize..=cost as usize).unwrap_or("z");
        format!("$P${digit}{}", ".".repeat(30))
    }),
    ("SHA-256-crypt, rounds", |cost| format!("$5$rounds={cost}${}${}", ".".repeat(16), ".".repeat(43))),
    ("SHA-512-crypt, rounds", |cost| format!("$6$rounds={cost}${}${}", ".".repeat(16), ".".repeat(86))),
    ("passlib's bcrypt-sha256, cost", |cost| {
        format!("$bcrypt-sha256$v=2,t=2b,r={cost}${}${}", ".".repeat(22), ".".repeat(31))
    }),
];

/// The length of the password from which phpass and SHA-crypt at the highest cost match nothing.
const PASSWORD: usize = 72;

pub(crate) fn hashes(report: &mut Report, _: &Path) {
    let (mut times, mut memory) = (Samples::default(), Samples::default());
    for (name, at) in KINDS {
        let measured = Arc::new(Measured::default());
        let environment = Environment::system().with_hasher(measured.clone());
        let engine = Engine::in_memory(Policy::default(), environment).unwrap();
        let highest = highest(&engine, at);
        let name = format!("{name} {highest}");
        let outcome = engine.import_accounts(&[account(0, &at(highest))], false).unwrap();
        assert!(matches!(outcome[..], [ImportOutcome::Imported { .. }]), "{name}: {outcome:?}");
        for round in 0..report.rounds(10).max(2) {
            let client = Client::on(&format!("laptop {round}"));
            engine.sign_in(&email(0), &Secret::from("a".repeat(PASSWORD).as_str()), &client).unwrap_err();
            if let Some((time, kib)) = measured.0.lock().unwrap().take() {
                times.add(&name, time / 1e3);
                memory.add(&name, kib / 1024.0);
            }
        }
    }
    report.family("hashes", "An imported hash at the highest cost", "milliseconds", &times);
    report.family("hash-memory", "The memory of an imported hash at the highest cost", "MiB", &memory);
}

/// Returns the highest cost that the engine takes.
fn highest(engine: &Engine, at: fn(u32) -> String) -> u32 {
    let is_too_costly = |cost: u32| {
        let outcomes = engine.import_accounts(&[account(0, &at(cost))], true).unwrap();
        match outcomes[..] {
            [ImportOutcome::Imported { .. }] => false,
            // A cost that cannot be written, or that the kind does not have.
            [
                ImportOutcome::Refused { reason: ImportProblem::HashTooCostly | ImportProblem::InvalidHash },
            ] => true,
            _ => panic!("{outcomes:?}"),
        }
    };
    let first = (1..u32::MAX).find(|cost| !is_too_costly(cost * cost)).unwrap().pow(2);
    let (mut taken, mut refused) = (first, u32::MAX);
    while refused - taken > 1 {
        let middle = taken + (refused - taken) / 2;
        if is_too_costly(middle) { refused = middle } else { taken = middle }
    }
    taken
}

/// Notes the time and the memory of each imported hash. The engine's own hashes cost nothing.
#[derive(Default)]
struct Measured(Mutex<Option<(f64, f64)>>);

impl Hasher for Measured {
    fn derive(&self, _: HashCost, _: &[u8], _: &[u8; 16], _: &[u8; 32]) -> Result<[u8; 32], HashFailed> {
        Ok([0; 32])
    }

    fn verify_foreign(&self, hash: &ForeignHash, password: &[u8]) -> Result<bool, HashFailed> {
        let before = resident();
        let (time, matches) = timed(|| hash.verify(password));
        *self.0.lock().unwrap() = Some((time, (resident() - before).max(0.0)));
        matches
    }
}

/// Returns the peak of the resident memory since the last call, in KiB. Zero where the system does not tell.
fn resident() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    // Starts the next peak at the present use.
    _ = fs::write("/proc/self/clear_refs", "5");
    line.trim().trim_end_matches("kB").trim().parse().unwrap_or(0.0)
}

fn b64(digits: usize) -> String {
    "A".repeat(digits)
}
