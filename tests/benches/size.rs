//! What grows with the number of accounts, and what does not.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use rustix::fs::{Advice, fadvise};
use selfsame::testing::MemoryMedium;
use selfsame::{Answer, Client, Engine, Secret, SessionToken};
use selfsame_world::World;

use crate::measure::{Dice, Part, Samples, Spread, rounds, timed};
use crate::report::Report;
use crate::stores::{self, Free, PASSWORD, Survey, filled_on, sign_in, timed_sign_in};

const SIZES: [usize; 3] = [1_000, 100_000, 1_000_000];
/// Tells this program that it is the one whose memory is looked at, and where the store is.
pub(crate) const SERVES: &str = "--serves";
const SERVED: usize = 10_000;
/// What the engine gives redb, in MiB.
const CACHE: f64 = 16.0;

pub(crate) fn size(report: &mut Report, folder: &Path) {
    let sizes = if report.quick { &SIZES[..2] } else { &SIZES[..] };
    let mut loads = Samples::default();
    let stores: Vec<_> = sizes.iter().map(|accounts| Stored::of(folder, *accounts, &mut loads)).collect();
    report.family("load", "An import, by accounts in the store", "accounts a second", &loads);
    warm(report, &stores, sizes);
    cold(report, &stores);
    opening(report, &stores);
    bytes(report, &stores);
}

/// A store of so many accounts in a file.
struct Stored {
    accounts: usize,
    path: PathBuf,
    world: World,
    tokens: Vec<SessionToken>,
    survey: Survey,
    store_bytes: u64,
}

impl Stored {
    fn of(folder: &Path, accounts: usize, loads: &mut Samples) -> Self {
        let path = folder.join(format!("{accounts}-accounts"));
        let world = stores::world(Arc::new(Free)).file(&path).build();
        let took = stores::fill(world.engine(), 0..accounts, stores::HASH);
        loads.add(&named(accounts), accounts as f64 / took * 1e6);
        let survey = Survey::of(world.engine(), accounts);
        world.engine().suspend().unwrap();
        let store_bytes = allocated(&path);
        let dice = Dice::new(4);
        let tokens = (0..500).map(|_| sign_in(world.engine(), dice.below(accounts))).collect();
        Self { accounts, path, world, tokens, survey, store_bytes }
    }

    fn engine(&self) -> &Engine {
        self.world.engine()
    }

    fn sign_in(&self, dice: &Dice) -> f64 {
        timed_sign_in(self.engine(), dice.below(self.accounts))
    }

    fn resolve(&self, dice: &Dice) -> f64 {
        let token = &self.tokens[dice.below(self.tokens.len())];
        timed(|| self.engine().resolve(token).unwrap()).0
    }

    fn page(&self, dice: &Dice) -> f64 {
        let token = &self.tokens[dice.below(self.tokens.len())];
        timed(|| self.engine().account(token).unwrap().view().unwrap()).0
    }

    /// The look-up of an email: its claim and the account behind it, without a hash and without a write.
    fn look_up(&self, dice: &Dice) -> f64 {
        let keys = &self.survey.keys[dice.below(self.survey.keys.len())];
        timed(|| {
            self.engine()
                .look_at(&mut |read| {
                    stores::look_up(read, keys);
                    Ok(())
                })
                .unwrap()
        })
        .0
    }

    /// The two calls of a person who signs up.
    fn sign_up(&self, number: usize) -> f64 {
        let (engine, client) = (self.engine(), Client::on("laptop"));
        let (email, password) = (format!("new{number}@example.org"), Secret::from(PASSWORD));
        let (first, begun) = timed(|| engine.sign_up(&email, &password, &client).unwrap());
        let code = Answer::Code(self.world.mailbox().code(&email).unwrap());
        let (second, _) = timed(|| self.world.answer(&begun, &code).unwrap());
        self.world.mailbox().clear();
        self.world.later(selfsame_world::minutes(1));
        first + second
    }
}

fn named(accounts: usize) -> String {
    match accounts {
        1_000_000.. => "1 million accounts".to_owned(),
        1_000.. => format!("{} thousand accounts", accounts / 1_000),
        _ => format!("{accounts} accounts"),
    }
}

fn warm(report: &mut Report, stores: &[Stored], sizes: &[usize]) {
    let dice = Dice::new(5);
    let number = std::cell::Cell::new(0);
    let in_memory: Vec<_> = [1_000, 100_000]
        .into_iter()
        .map(|accounts| (accounts, filled_on(Arc::new(MemoryMedium::new()), accounts)))
        .collect();
    let mut parts = Vec::new();
    for store in stores {
        let name = named(store.accounts);
        let dice = &dice;
        parts.push(Part::new(format!("sign-in without hash, {name}"), || store.sign_in(dice)));
        let next = || number.replace(number.get() + 1);
        parts.push(Part::new(format!("sign-up without hash, {name}"), move || store.sign_up(next())));
        parts.push(Part::new(format!("resolve a session, {name}"), || store.resolve(dice)));
        parts.push(Part::new(format!("the account page, {name}"), || store.page(dice)));
        parts.push(Part::new(format!("email look-up, {name}"), || {
            (0..20).map(|_| store.look_up(dice)).sum::<f64>() / 20.0
        }));
    }
    for (accounts, world) in &in_memory {
        let (name, dice) = (named(*accounts), &dice);
        parts.push(Part::new(format!("in memory: sign-in without hash, {name}"), || {
            timed_sign_in(world.engine(), dice.below(*accounts))
        }));
    }
    let samples = rounds(report.rounds(150), parts);
    report.family("size", "Acts by the number of accounts, warm", "microseconds", &samples);
    let (least, most) = (named(sizes[0]), named(*sizes.last().unwrap()));
    for (act, aim) in [("email look-up", 2.0), ("sign-in without hash", 2.0), ("resolve a session", 2.0)] {
        report.at_most(
            &format!("{act}, {most} / {least}"),
            aim,
            samples.ratio(&format!("{act}, {most}"), &[&format!("{act}, {least}")]),
        );
    }
}

/// After the machine has forgotten the file: opened without reading it, then the first of each.
fn cold(report: &mut Report, stores: &[Stored]) {
    let dice = Dice::new(6);
    let mut samples = Samples::default();
    for _ in 0..report.rounds(20) {
        for store in stores {
            let name = named(store.accounts);
            store.engine().suspend().unwrap();
            let file = File::open(&store.path).unwrap();
            file.sync_all().unwrap();
            fadvise(&file, 0, None, Advice::DontNeed).unwrap();
            let world = trusting(&store.path);
            let token = &store.tokens[dice.below(store.tokens.len())];
            samples.add(
                &format!("resolve a session, {name}"),
                timed(|| world.engine().resolve(token).unwrap()).0,
            );
            let time = timed_sign_in(world.engine(), dice.below(store.accounts));
            samples.add(&format!("sign-in without hash, {name}"), time);
            world.engine().suspend().unwrap();
        }
    }
    report.family(
        "cold",
        "The first of each after the machine has forgotten the file",
        "microseconds",
        &samples,
    );
}

fn world_of(path: &Path, verify: bool) -> World {
    let policy = World::policy().verify_at_open(verify).build().unwrap();
    stores::world(Arc::new(Free)).policy(policy).open_file(path).build()
}

fn trusting(path: &Path) -> World {
    world_of(path, false)
}

/// Closed and killed, verified and trusted.
fn opening(report: &mut Report, stores: &[Stored]) {
    let mut samples = Samples::default();
    for store in stores {
        let name = named(store.accounts);
        for verify in [true, false] {
            let how = if verify { "verified" } else { "trusted" };
            for _ in 0..report.rounds(if verify { 3 } else { 20 }) {
                store.engine().suspend().unwrap();
                let (time, world) = timed(|| world_of(&store.path, verify));
                samples.add(&format!("closed, {how}, {name}"), time);
                timed_sign_in(world.engine(), 0);
                // What a process leaves that is killed here.
                let killed = store.path.with_extension("killed");
                fs::copy(&store.path, &killed).unwrap();
                File::open(&killed).unwrap().sync_all().unwrap();
                world.engine().suspend().unwrap();
                let (time, world) = timed(|| world_of(&killed, verify));
                samples.add(&format!("killed, {how}, {name}"), time);
                drop(world);
                fs::remove_file(&killed).unwrap();
                if !verify
                    && store.accounts >= 1_000_000
                    && samples.of(&format!("killed, {how}, {name}")).len() >= 5
                {
                    break;
                }
            }
        }
    }
    report.family("open", "Opening a file", "microseconds", &samples);
    let (least, most) = (&stores[0], stores.last().unwrap());
    let median = |state: &str, store: &Stored| {
        Spread::of(samples.of(&format!("{state}, trusted, {}", named(store.accounts))).to_vec()).median
    };
    let growth = Spread::of(vec![median("closed", most) / median("closed", least)]);
    report.at_most(
        &format!("opening, closed and trusted, {} / {}", named(most.accounts), named(least.accounts)),
        2.0,
        growth,
    );
}

fn bytes(report: &mut Report, stores: &[Stored]) {
    let (mut sizes, mut memory) = (Samples::default(), Samples::default());
    for store in stores {
        let (name, accounts) = (named(store.accounts), store.accounts as f64);
        sizes.add(&format!("rows, imported, {name}"), store.survey.payload as f64 / accounts);
        sizes.add(&format!("the file, imported, {name}"), store.store_bytes as f64 / accounts);
        store.engine().suspend().unwrap();
        let most = most_memory(&store.path, store.accounts);
        memory.add(&name, most);
        let payload = Survey::of(store.engine(), store.accounts).payload as f64;
        store.engine().suspend().unwrap();
        let in_use = allocated(&store.path) as f64;
        sizes.add(&format!("rows, after ten thousand sign-ins, {name}"), payload / accounts);
        sizes.add(&format!("the file, after ten thousand sign-ins, {name}"), in_use / accounts);
        let (took, ()) = timed(|| store.engine().vacuum().unwrap());
        store.engine().suspend().unwrap();
        let vacuumed = allocated(&store.path) as f64;
        sizes.add(&format!("the file, written anew, {name}"), vacuumed / accounts);
        if store.accounts == SIZES[2] {
            report.note(format!("written anew at {name} in {:.1} s", took / 1e6));
            let over = most - CACHE;
            report.at_most(
                "memory beside the cache at 1 million accounts, MiB",
                16.0,
                Spread::of(vec![over]),
            );
            report.at_most("file / rows, in use, 1 million", 1.5, Spread::of(vec![in_use / payload]));
            report.at_most(
                "file / rows, written anew, 1 million",
                1.15,
                Spread::of(vec![vacuumed / payload]),
            );
        }
    }
    report.family("bytes", "Bytes of the file", "bytes an account", &sizes);
    report.family("memory", "The most memory of a process that serves 10,000 sign-ins", "MiB", &memory);
}

/// What the file takes up on the disk; redb makes it longer than that.
fn allocated(path: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt as _;
    fs::metadata(path).unwrap().blocks() * 512
}

/// The most memory that a process of its own has had after ten thousand sign-ins, in MiB.
fn most_memory(path: &Path, accounts: usize) -> f64 {
    let run = Command::new(std::env::current_exe().unwrap())
        .arg(SERVES)
        .arg(path)
        .arg(accounts.to_string())
        .output()
        .unwrap();
    let told = String::from_utf8(run.stdout).unwrap();
    let told = told.lines().last().unwrap_or_default().to_owned();
    told.parse().unwrap_or_else(|_| panic!("{told}{}", String::from_utf8_lossy(&run.stderr)))
}

/// The process whose memory is looked at.
pub(crate) fn serves(path: &Path, accounts: usize) {
    let world = trusting(path);
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
