//! An import of accounts with ten kinds of hashes: its time, its memory, and a sign-in with each kind (SPEC 13.2).
//!
//! A million accounts, as in docs/SCALE.md:
//!
//!     ACCOUNTS=1000000 cargo test --release -p selfsame-tests --test store ten_kinds -- --nocapture

use std::fs;
use std::time::{Duration, Instant};

use selfsame::{
    Client, Engine, Error, HostKey, ImportOutcome, ImportedAccount, Refusal, Secret, SystemEntropy, Unlock,
};

/// How many accounts are imported if nothing says otherwise.
const ACCOUNTS: usize = 10_000;
/// The number of accounts in one call.
const AT_A_TIME: usize = 8 * 1024;
/// How many accounts of each kind sign in.
const SIGNING_IN: usize = 2;

/// The kind, the password and its hash, from the authors' tests (core/src/crypto/foreign_tests.rs).
const KINDS: [(&str, &str, &str); 10] = [
    (
        "Argon2id",
        "password",
        "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHRzb21lc2FsdA$yrdGtGIZk/3JHsUHh5gLQUqQppLwvGjf4Z+cJbPLqew",
    ),
    (
        "scrypt (passlib)",
        "nacl",
        "$scrypt$ln=1,r=4,p=2$yhnD+J+Tci4lZCwFgHCuVQ$fAsEWmxSHuC0cHKMwKVFPzrQukgvK09Sj+NueTSxKds",
    ),
    (
        "PBKDF2-SHA-256 (passlib)",
        "password",
        "$pbkdf2-sha256$1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ",
    ),
    ("bcrypt", "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"),
    (
        "scrypt (Firebase)",
        "user1password",
        "$firescrypt$ln=14,r=8,p=1$42xEC-ixf3L2lw==$lSrfV15cpx95_sZS2W9c9Kp6i_LVgQNDNC_qzrCnh1SAyZvqmZqAjTdn3aoItz-VHjoZilo78198JAdRuid5lQ==$Bw==$jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==",
    ),
    ("phpass", "test12345", "$P$9IQRaTwmfeRo7ud9Fh4E2PdI0S3r.L0"),
    (
        "bcrypt (WordPress)",
        "correct horse",
        "$wp$2y$05$G0VSsY1QqJvrs1D/smEzjuFvW5eUAEK0UGhusCX5lHZt429xg9UuW",
    ),
    (
        "SHA-512-crypt",
        "Hello world!",
        "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjl/O817G3uBnIFNjnQJuesI68u4OTLiBFdcbYEdFCoEOfaS35inz1",
    ),
    (
        "PBKDF2-SHA-1 (Django)",
        "not a password",
        "pbkdf2_sha1$10000$wz5B6WkasRoF$atJmJ1o+XfJxKq1+Nu1f1i57Z5I=",
    ),
    (
        "scrypt (Werkzeug)",
        "lètmein",
        "scrypt:1024:8:1$nntZRECK$24ec5a4495a4a8f9e4462217eb34d676f2622ab0aacdc4109578b7864bf6a7d230d63abc2260b150f5f33e58444e47bf9967ec851dda0e6cdc3c6fa7f945121f",
    ),
];

fn email(number: usize) -> String {
    format!("user{number}@example.org")
}

fn account(number: usize) -> ImportedAccount {
    let (_, _, hash) = KINDS[number % KINDS.len()];
    ImportedAccount {
        external_id: format!("user-{number}"),
        created_at: None,
        display_name: Some(format!("User {number}")),
        email: Some(email(number)),
        email_verified: true,
        password_hash: Some(Secret::from(hash)),
        identities: Vec::new(),
        totp: None,
    }
}

#[test]
fn r13_2_accounts_of_ten_kinds_of_hashes_are_imported_and_every_kind_signs_in() {
    let accounts = std::env::var("ACCOUNTS").map_or(ACCOUNTS, |count| count.parse().unwrap());
    // The disk of the build, because a temporary folder may be in memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("accounts.selfsame");
    let key = HostKey::generate(&SystemEntropy).unwrap();
    let engine = Engine::options(Unlock::HostKey(key)).create(&path).unwrap();

    let took = timed(|| {
        for from in (0..accounts).step_by(AT_A_TIME) {
            let batch: Vec<_> = (from..(from + AT_A_TIME).min(accounts)).map(account).collect();
            let outcomes = engine.import_accounts(&batch, false).unwrap();
            assert!(outcomes.iter().all(|outcome| matches!(outcome, ImportOutcome::Imported { .. })));
        }
    });
    println!("{accounts} accounts imported in {:.1} s, {} MiB resident at most", took.as_secs_f64(), peak());
    assert_eq!(engine.health().unwrap().accounts, accounts as u64);
    println!("the file has {} MiB", fs::metadata(&path).unwrap().len() >> 20);

    let client = Client::on("laptop");
    for (kind, (name, password, _)) in KINDS.iter().enumerate() {
        let step = accounts / KINDS.len() / SIGNING_IN * KINDS.len();
        for number in (0..SIGNING_IN).map(|turn| kind + turn * step) {
            let sign_in = |password: &str| engine.sign_in(&email(number), &Secret::from(password), &client);
            if number == kind {
                let wrong = sign_in("not the password");
                assert_eq!(wrong, Err(Error::Refused(Refusal::InvalidCredentials)), "{name}");
            }
            let mut times = [Duration::ZERO; 2];
            for time in &mut times {
                // The second time, the hash is the engine's own.
                *time = timed(|| drop(sign_in(password).unwrap().signed_in().unwrap()));
            }
            if number == kind {
                println!("{name:26} signs in, after {:.0} ms", times[0].as_secs_f64() * 1e3);
            }
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "a measurement reads the machine's clock")]
fn timed(work: impl FnOnce()) -> Duration {
    let began = Instant::now();
    work();
    began.elapsed()
}

/// The peak of the resident memory of this process, in MiB. Zero where the system does not tell.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.trim().trim_end_matches("kB").trim().parse::<u64>().unwrap_or(0) >> 10
}
