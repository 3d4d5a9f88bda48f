//! How costs grow with the number of accounts.

use std::cell::Cell;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use selfsame::{Engine, SessionToken};
use selfsame_world::World;

use crate::measure::{Dice, Part, Samples, Spread, rounds, timed};
use crate::report::Report;
use crate::stores::{self, Free, Survey, sign_in, timed_look_up, timed_sign_in, timed_sign_up};

const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];
const IN_MEMORY: [usize; 2] = [1_000, 100_000];
/// Tells this program that its memory is measured, and where the store is.
pub(crate) const SERVES: &str = "--serves";
const SERVED: usize = 3_000;
/// The cache that the engine gives redb, in MiB.
const CACHE: f64 = 16.0;
/// The number of openings that read a whole file, or that follow a copy of it.
const LONG_OPENINGS: usize = 2;

pub(crate) fn size(report: &mut Report, folder: &Path) {
    let sizes = if report.quick { &SIZES[..2] } else { &SIZES[..] };
    let mut loads = Samples::default();
    let files: Vec<_> = sizes.iter().map(|accounts| OnDisk::of(folder, *accounts, &mut loads)).collect();
    report.family("load", "An import, by accounts in the store", "accounts a second", &loads);
    warm(report, &files);
    if cfg!(target_os = "linux") {
        cold(report, &files);
    }
    opening(report, &files);
    if cfg!(target_os = "linux") {
        memory(report, &files);
    }
    bytes(report, &files);
}

/// A store of this many accounts, and some of its contents.
struct Stored {
    accounts: usize,
    world: World,
    tokens: Vec<SessionToken>,
    survey: Survey,
}

impl Stored {
    fn of(accounts: usize, world: World) -> Self {
        let dice = Dice::new(4);
        let tokens = (0..500).map(|_| sign_in(world.engine(), dice.below(accounts))).collect();
        let survey = Survey::of(world.engine(), accounts);
        Self { accounts, world, tokens, survey }
    }

    fn in_memory(accounts: usize) -> Self {
        let world = stores::world(Arc::new(Free)).build();
        stores::fill(world.engine(), 0..accounts, stores::HASH);
        Self::of(accounts, world)
    }

    fn named(&self) -> String {
        match self.accounts {
            1_000_000.. => format!("{},000,000 accounts", self.accounts / 1_000_000),
            _ => format!("{},000 accounts", self.accounts / 1_000),
        }
    }

    fn resolve(&self, engine: &Engine, dice: &Dice) -> f64 {
        let token = &self.tokens[dice.below(self.tokens.len())];
        timed(|| engine.resolve(token).unwrap()).0
    }

    fn page(&self, engine: &Engine, dice: &Dice) -> f64 {
        let token = &self.tokens[dice.below(self.tokens.len())];
        timed(|| engine.account(token).unwrap().view().unwrap()).0
    }

    fn parts<'a>(&'a self, place: &str, dice: &'a Dice, number: &'a Cell<usize>) -> Vec<Part<'a>> {
        let (name, engine) = (self.named(), self.world.engine());
        let named = |act: &str| format!("{act}{place}, {name}");
        vec![
            Part::new(named("sign-in without hash"), || timed_sign_in(engine, dice.below(self.accounts))),
            Part::new(named("sign-up without hash"), || {
                timed_sign_up(&self.world, number.replace(number.get() + 1))
            }),
            Part::new(named("resolve a session"), || self.resolve(engine, dice)),
            Part::new(named("the account page"), || self.page(engine, dice)),
            Part::new(named("email look-up"), || timed_look_up(engine, &self.survey, dice)),
        ]
    }
}

/// A store in a file.
struct OnDisk {
    stored: Stored,
    path: PathBuf,
    imported: f64,
}

impl OnDisk {
    fn of(folder: &Path, accounts: usize, loads: &mut Samples) -> Self {
        let path = folder.join(format!("{accounts}-accounts"));
        let world = stores::world(Arc::new(Free)).file(&path).build();
        let took = stores::fill(world.engine(), 0..accounts, stores::HASH);
        world.engine().suspend().unwrap();
        let payload = Survey::of(world.engine(), accounts).payload;
        let imported = allocated(&path) / payload as f64;
        let stored = Stored::of(accounts, world);
        loads.add(&stored.named(), accounts as f64 / took * 1e6);
        Self { stored, path, imported }
    }

    fn engine(&self) -> &Engine {
        self.stored.world.engine()
    }

    /// The bytes of the rows, and of the file.
    fn bytes(&self) -> (f64, f64) {
        let payload = Survey::of(self.engine(), self.stored.accounts).payload;
        self.engine().suspend().unwrap();
        (payload as f64, allocated(&self.path))
    }
}

fn warm(report: &mut Report, files: &[OnDisk]) {
    let (dice, number) = (Dice::new(5), Cell::new(0));
    let in_memory = IN_MEMORY.map(Stored::in_memory);
    let on_disk = files.iter().flat_map(|file| file.stored.parts("", &dice, &number));
    let off_disk = in_memory.iter().flat_map(|stored| stored.parts(" in memory", &dice, &number));
    let samples = rounds(report.rounds(150), on_disk.chain(off_disk).collect()).sorted();
    report.family("size", "Acts by the number of accounts, warm", "microseconds", &samples);
    let [least, .., most] = files else { return };
    let (least, most) = (least.stored.named(), most.stored.named());
    for act in ["sign-in without hash", "sign-up without hash", "resolve a session", "the account page"] {
        let growth = samples.ratio(&format!("{act}, {most}"), &[&format!("{act}, {least}")]);
        report.figure(&format!("{act}, {most} / {least}"), growth);
    }
    report.at_most(
        &format!("email look-up, {most} / {least}"),
        2.0,
        samples.ratio(&format!("email look-up, {most}"), &[&format!("email look-up, {least}")]),
    );
}

/// Measures the first act of a process after the machine's memory has lost the file.
fn cold(report: &mut Report, files: &[OnDisk]) {
    let dice = Dice::new(6);
    let mut parts = Vec::new();
    for file in files {
        let (stored, dice) = (&file.stored, &dice);
        type Act<'a> = Box<dyn Fn(&Engine) -> f64 + 'a>;
        let acts: [(&str, Act<'_>); 4] = [
            ("sign-in without hash", Box::new(|engine| timed_sign_in(engine, dice.below(stored.accounts)))),
            ("resolve a session", Box::new(|engine| stored.resolve(engine, dice))),
            ("the account page", Box::new(|engine| stored.page(engine, dice))),
            (
                "email look-up, mean of the first 20",
                Box::new(|engine| timed_look_up(engine, &stored.survey, dice)),
            ),
        ];
        for (name, act) in acts {
            parts.push(Part::new(format!("{name}, {}", stored.named()), move || {
                file.engine().suspend().unwrap();
                forget(&file.path);
                let world = opened(&file.path, false);
                let time = act(world.engine());
                world.engine().suspend().unwrap();
                time
            }));
        }
    }
    let samples = rounds(report.rounds(20), parts).sorted();
    report.family("cold", "The first act with a cold page cache", "microseconds", &samples);
}

/// Removes the file's pages from the machine's memory.
fn forget(path: &Path) {
    let file = File::open(path).unwrap();
    file.sync_all().unwrap();
    #[cfg(target_os = "linux")]
    rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
}

fn opened(path: &Path, verify: bool) -> World {
    let policy = World::policy().verify_at_open(verify).build().unwrap();
    stores::world(Arc::new(Free)).policy(policy).file(path).build()
}

/// Measures opening files: closed or killed, verified or not.
fn opening(report: &mut Report, files: &[OnDisk]) {
    let dice = Dice::new(12);
    let mut turns: Vec<(usize, bool, bool)> = (0..files.len())
        .flat_map(|at| [(at, false, false), (at, false, true), (at, true, false), (at, true, true)])
        .collect();
    let mut samples = Samples::default();
    for round in 0..report.rounds(20) {
        dice.shuffle(&mut turns);
        for &(at, is_killed, verify) in &turns {
            if (is_killed || verify) && round >= LONG_OPENINGS {
                continue;
            }
            let file = &files[at];
            file.engine().suspend().unwrap();
            let path = if is_killed { killed(file, verify) } else { file.path.clone() };
            let (time, world) = timed(|| opened(&path, verify));
            world.engine().suspend().unwrap();
            samples.add(&opening_named(&file.stored, is_killed, verify), time);
            if is_killed {
                fs::remove_file(&path).unwrap();
            }
        }
    }
    let samples = samples.sorted();
    report.family("open", "Opening a file", "microseconds", &samples);
    let [least, .., most] = files else { return };
    let [over, under] = [most, least].map(|file| opening_named(&file.stored, false, false));
    report.at_most(
        &format!("opening, closed and trusted, {} / {}", most.stored.named(), least.stored.named()),
        2.0,
        samples.ratio(&over, &[&under]),
    );
}

fn opening_named(stored: &Stored, is_killed: bool, verify: bool) -> String {
    let left = if is_killed { "killed" } else { "closed" };
    let how = if verify { "verified" } else { "trusted" };
    format!("{left}, {how}, {}", stored.named())
}

/// Makes the file that a process with this policy leaves if it is killed right after an act.
fn killed(file: &OnDisk, verify: bool) -> PathBuf {
    let path = file.path.with_extension("killed");
    let world = opened(&file.path, verify);
    timed_sign_in(world.engine(), 0);
    fs::copy(&file.path, &path).unwrap();
    world.engine().suspend().unwrap();
    File::open(&path).unwrap().sync_all().unwrap();
    path
}

fn bytes(report: &mut Report, files: &[OnDisk]) {
    let mut samples = Samples::default();
    for file in files {
        let (name, accounts) = (file.stored.named(), file.stored.accounts as f64);
        let (payload, used) = file.bytes();
        let (took, ()) = timed(|| file.engine().vacuum().unwrap());
        let (payload_after, anew) = file.bytes();
        samples.add(&format!("rows, {name}"), payload / accounts);
        samples.add(&format!("the file in use, {name}"), used / accounts);
        samples.add(&format!("the file after vacuum, {name}"), anew / accounts);
        if file.stored.accounts == SIZES[SIZES.len() - 1] {
            report.note(format!("{name}: vacuum took {:.1} s", took / 1e6));
            report.figure(&format!("file / rows, imported, {name}"), Spread::of(vec![file.imported]));
            report.at_most(&format!("file / rows, in use, {name}"), 1.5, Spread::of(vec![used / payload]));
            let anew = Spread::of(vec![anew / payload_after]);
            report.at_most(&format!("file / rows, after vacuum, {name}"), 1.15, anew);
        }
    }
    report.family("bytes", "Bytes of the file", "bytes an account", &samples.sorted());
}

/// The bytes that the file takes up on the disk. Its length is larger.
fn allocated(path: &Path) -> f64 {
    use std::os::unix::fs::MetadataExt as _;
    (fs::metadata(path).unwrap().blocks() * 512) as f64
}

/// Measures the peak memory of a separate process after three thousand sign-ins.
fn memory(report: &mut Report, files: &[OnDisk]) {
    let mut samples = Samples::default();
    for file in files {
        file.engine().suspend().unwrap();
        let run = Command::new(std::env::current_exe().unwrap())
            .arg(SERVES)
            .arg(&file.path)
            .arg(file.stored.accounts.to_string())
            .output()
            .unwrap();
        let told = String::from_utf8(run.stdout).unwrap();
        let most: f64 =
            told.trim().parse().unwrap_or_else(|_| panic!("{told}{}", String::from_utf8_lossy(&run.stderr)));
        samples.add(&file.stored.named(), most);
        if file.stored.accounts == SIZES[SIZES.len() - 1] {
            let what = format!("memory above the cache, {}, MiB", file.stored.named());
            report.at_most(&what, 16.0, Spread::of(vec![most - CACHE]));
        }
    }
    report.family("memory", "Peak memory of a process that serves 3,000 sign-ins", "MiB", &samples);
}

/// Runs as the process whose memory is measured.
pub(crate) fn serves(path: &Path, accounts: usize) {
    let world = opened(path, false);
    let dice = Dice::new(7);
    for _ in 0..SERVED {
        let token = sign_in(world.engine(), dice.below(accounts));
        world.engine().resolve(&token).unwrap();
    }
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse().unwrap();
    println!("{}", kib / 1024.0);
}
