//! A completely full disk.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::Command;

use selfsame::{Client, Engine, Error, Refusal};
use selfsame_world::{Person, World, refused};

use crate::servant::{DONE, Servant, open, serve};
use crate::small_disk::{can_be_mounted, in_a_name_space, is_mounted};
use crate::{Process, is_process, say};

const PASSWORD: &str = "correct horse battery staple";
const FULL: Error = Error::Storage { kind: ErrorKind::StorageFull };
/// The number of people before the disk is full.
const PEOPLE: usize = 20;

type Act = (&'static str, fn(&Engine, &Person) -> Result<(), Error>);

/// Acts that must work on a full disk.
const WORKS: [Act; 6] = [
    ("sign-out", |engine, ada| engine.account(&ada.token)?.sign_out()),
    ("end of a session", |engine, ada| engine.account(&ada.token)?.end_session(ada.session)),
    ("end of all others", |engine, ada| engine.account(&ada.token)?.end_other_sessions()),
    ("deletion", |engine, ada| engine.account(&ada.token)?.request_deletion().map(drop)),
    ("deletion by support", |engine, ada| {
        engine.support("Sam")?.start_deletion(ada.account, "4711").map(drop)
    }),
    ("a password that others know", |engine, ada| {
        let method = engine.account(&ada.token)?.view()?.methods[0].id;
        engine.mark_compromised(ada.account, method)
    }),
];

/// Acts that fail on a full disk.
const FAILS: [Act; 5] = [
    ("sign-up", |engine, _| engine.sign_up("new@example.org", &PASSWORD.into(), &client()).map(drop)),
    ("sign-in", |engine, ada| engine.sign_in(&ada.email, &PASSWORD.into(), &client()).map(drop)),
    ("a guess", |engine, ada| match engine.sign_in(&ada.email, &"another".into(), &client()) {
        Err(Error::Refused(_)) => Ok(()),
        other => other.map(drop),
    }),
    ("a code asked for", |engine, ada| engine.reset_password(&ada.email, &client()).map(drop)),
    ("rename", |engine, ada| engine.account(&ada.token)?.set_display_name(Some("Ada"))),
];

/// Acts that only read.
const LOOKS: [Act; 4] = [
    ("a session", |engine, ada| engine.resolve(&ada.token).map(drop)),
    ("the account page", |engine, ada| engine.account(&ada.token)?.view().map(drop)),
    ("the audit chain", |engine, ada| engine.account(&ada.token)?.verify_audit().map(|holds| assert!(holds))),
    ("health", |engine, _| engine.health().map(drop)),
];

fn client() -> Client {
    Client::on("laptop")
}

fn looks_go_on(world: &World, ada: &Person) {
    for (name, look) in LOOKS {
        assert_eq!(look(world.engine(), ada), Ok(()), "{name}");
    }
}

/// A file that fills the rest of the disk.
struct Ballast(PathBuf);

impl Ballast {
    fn beside(store: &Path) -> Self {
        let path = store.with_file_name("ballast");
        let mut ballast = OpenOptions::new().create(true).append(true).open(&path).unwrap();
        for size in [1 << 16, 1] {
            let full = std::iter::repeat_with(|| ballast.write_all(&vec![1; size])).find_map(Result::err);
            assert_eq!(full.unwrap().kind(), ErrorKind::StorageFull);
        }
        Self(path)
    }
}

impl Drop for Ballast {
    fn drop(&mut self) {
        fs::remove_file(&self.0).unwrap();
    }
}

fn made(store: &Path) -> World {
    _ = fs::remove_file(store);
    World::builder().real_entropy().file(store).build()
}

/// Returns Ada's store, suspended and without a free page, because redb gives unused pages back when it closes.
fn asleep(store: &Path) -> (World, Person) {
    let world = made(store);
    let ada = world.ada();
    world.engine().suspend().unwrap();
    (world, ada)
}

fn works(store: &Path, (name, act): Act) {
    let (mut world, ada) = asleep(store);
    let full = Ballast::beside(store);
    assert_eq!(act(world.engine(), &ada), Ok(()), "{name}");
    let commits = world.engine().commits().unwrap();
    assert!(!world.engine().health().unwrap().has_reserve, "{name} did not use the reserve");
    assert_eq!(FAILS[0].1(world.engine(), &ada), Err(FULL), "an act that can wait used the reserve");
    drop(full);
    crate::goes_on(&world);
    assert!(world.engine().health().unwrap().has_reserve, "the reserve was not restored");
    world.reopen(None).unwrap();
    assert!(world.engine().commits().unwrap() > commits, "{name} was acknowledged but is lost");
    crate::goes_on(&world);
}

fn fails(store: &Path, (name, act): Act) {
    let (mut world, ada) = asleep(store);
    let full = Ballast::beside(store);
    looks_go_on(&world, &ada);
    let commits = world.engine().commits().unwrap();
    for again in 0..2 {
        assert_eq!(act(world.engine(), &ada), Err(FULL), "{name}, {again}");
        looks_go_on(&world, &ada);
    }
    assert_eq!(world.engine().commits().unwrap(), commits, "{name} was refused but committed");
    drop(full);
    assert_eq!(act(world.engine(), &ada), Ok(()), "{name} with room");
    crate::goes_on(&world);
    world.reopen(None).unwrap();
    crate::goes_on(&world);
}

/// Lets people sign in until the disk is full, and then leave. When there is room again, every acknowledged act holds.
fn until_it_is_full(store: &Path) -> (usize, usize) {
    let mut world = made(store);
    let people: Vec<_> = (0..PEOPLE).map(|at| world.person(&format!("{at}@example.org"), PASSWORD)).collect();
    let full = Ballast::beside(store);
    let mut signed_in: Vec<Person> = Vec::new();
    let failed = loop {
        let person = &people[signed_in.len() % PEOPLE];
        match world.sign_in(&person.email, PASSWORD) {
            Ok(done) => {
                let token = selfsame_world::signed_in(done).token;
                signed_in.push(Person { token, ..person.clone() });
            }
            Err(error) => break error,
        }
    };
    assert_eq!(failed, FULL);
    for person in people.iter().chain(&signed_in) {
        assert!(world.account(person).verify_audit().unwrap());
    }
    // Everybody can leave, those who came last first.
    let mut ended = 0;
    for person in signed_in.iter().chain(&people[..PEOPLE / 2]) {
        world.account(person).sign_out().unwrap();
        ended += 1;
    }
    for person in &people[PEOPLE / 2..] {
        world.account(person).request_deletion().unwrap();
        ended += 1;
    }
    drop(full);
    world.reopen(None).unwrap();
    for person in people.iter().chain(&signed_in) {
        assert_eq!(refused(world.engine().resolve(&person.token)), Refusal::SessionEnded);
    }
    crate::goes_on(&world);
    (signed_in.len(), ended)
}

/// The file of a killed process opens on a full disk, for reading and for leaving.
fn killed(store: &Path) {
    let (_, ada) = asleep(store);
    let mut servant = Servant::of(TEST, store);
    assert_eq!(servant.does("open"), DONE);
    assert_eq!(servant.does(&format!("rename {} Ada", ada.token.reveal())), DONE);
    servant.kill();
    let full = Ballast::beside(store);
    let world = open(store).unwrap();
    looks_go_on(&world, &ada);
    assert_eq!(world.account(&ada).view().unwrap().display_name.as_deref(), Some("Ada"));
    world.account(&ada).sign_out().unwrap();
    drop(full);
    crate::goes_on(&world);
}

const TEST: &str = "full::on_a_full_disk_leaving_and_reading_work_and_all_else_fails_closed";

#[test]
#[cfg_attr(no_small_disk, ignore = "needs unshare, mount, and permission to create a namespace")]
fn on_a_full_disk_leaving_and_reading_work_and_all_else_fails_closed() {
    match is_process() {
        None => {}
        Some(store) if store.is_file() => return serve(&store),
        Some(disk) => {
            assert!(is_mounted(Command::new("mount"), &disk), "no disk was mounted");
            let store = disk.join("store");
            WORKS.into_iter().for_each(|act| works(&store, act));
            FAILS.into_iter().for_each(|act| fails(&store, act));
            killed(&store);
            let (told, ended) = until_it_is_full(&store);
            return say(&format!(
                "{} kinds of acts worked, {} failed and left nothing; {told} sign-ins were told of before the \
                 disk was full and are there; all of {ended} sign-outs and deletions worked after that",
                WORKS.len(),
                FAILS.len()
            ));
        }
    }
    let disk = tempfile::tempdir().unwrap();
    let program = in_a_name_space(std::env::current_exe().unwrap());
    let mut process = Process::run(Process::command_by(program, TEST, disk.path()));
    let figures = process.hear();
    let status = process.child.wait().unwrap();
    assert!(status.success(), "the process on the small disk: {status}");
    println!("on a full disk {}", figures.unwrap());
}

#[test]
fn the_build_s_answer_about_small_disks_still_holds() {
    let folder = tempfile::tempdir().unwrap();
    let can = can_be_mounted(folder.path());
    assert_eq!(can, !cfg!(no_small_disk), "touch tests/build.rs, and run the tests again");
}
