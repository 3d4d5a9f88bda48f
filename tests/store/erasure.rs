//! After a rewrite, the store contains nothing of a purged account (SPEC 10.4).

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use selfsame::testing::{FileMedium, Identity, Medium, MemoryMedium, Opened, StorageBackend, StoreError};
use selfsame::{AccountId, Anchor, AnchorFailed, Client, Engine, Error, HostKey, OpenProblem, Table, Unlock};
use selfsame_world::{Person, World, days, minutes, signed_in};

const PASSWORD: &str = "another horse battery staple";
/// Equal runs of this many bytes cannot be a coincidence.
const WINDOW: usize = 16;

type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

fn new_key() -> Unlock {
    Unlock::HostKey(HostKey::from_bytes([0x77; 32]))
}

/// Every value that the account ever wrote, or that exists only because of it.
struct Traces {
    account: AccountId,
    values: BTreeSet<Vec<u8>>,
    earlier: Rows,
}

impl Traces {
    fn of(world: &World, person: &Person, before: Rows) -> Self {
        let mut traces = Self { account: person.account, values: BTreeSet::new(), earlier: before };
        traces.look(world);
        traces
    }

    /// Adds every value that changed since the last look. An act of the person wrote it.
    fn look(&mut self, world: &World) {
        let now = world.engine().dump().unwrap();
        for (key, value) in &now {
            let table = Table::of(key).unwrap().name;
            if table != "stamp" && table != "header" && self.earlier.get(key) != Some(value) {
                self.values.insert(value.clone());
            }
        }
        self.earlier = now;
    }

    /// Returns how many windows of those values are in the file, except values that are still in a row.
    fn left_in(&self, file: &[u8], rows: &Rows) -> usize {
        let windows: HashSet<&[u8]> = file.windows(WINDOW).collect();
        let living: HashSet<&Vec<u8>> = rows.values().collect();
        let gone = self.values.iter().filter(|value| value.len() >= WINDOW && !living.contains(value));
        gone.flat_map(|value| value.chunks_exact(WINDOW)).filter(|chunk| windows.contains(chunk)).count()
    }
}

/// Creates two accounts and purges one. Returns both people and everything that the purged account wrote.
fn after_a_purge(world: &World) -> (Person, Person, Traces) {
    let mut ada = world.ada();
    let before = world.engine().dump().unwrap();
    let grace = world.person("grace@example.org", PASSWORD);
    let mut traces = Traces::of(world, &grace, before);
    world.turn_on_mfa(&grace.token);
    traces.look(world);
    let account = world.engine().account(&grace.token).unwrap();
    account.set_display_name(Some("Grace the admiral")).unwrap();
    traces.look(world);
    account.request_deletion().unwrap();
    traces.look(world);
    assert_eq!(world.run_host(days(31)).unwrap().len(), 1);
    back(world, &mut ada);
    (ada, grace, traces)
}

/// Signs in again, because the session was idle too long.
fn back(world: &World, person: &mut Person) {
    let again = signed_in(world.sign_in(&person.email, &person.password).unwrap());
    person.token = again.token;
}

fn goes_on(engine: &Engine, ada: &Person) {
    engine.resolve(&ada.token).unwrap();
    let client = Client::on("phone");
    signed_in(engine.sign_in(&ada.email, &ada.password.as_str().into(), &client).unwrap());
    engine.sign_up("new@example.org", &PASSWORD.into(), &client).unwrap();
}

fn open(path: &Path, world: &World, unlock: &Unlock) -> Result<Engine, Error> {
    let policy = World::policy().build().unwrap();
    Engine::options(unlock.clone()).policy(policy).environment(world.environment()).open(path)
}

#[test]
fn r10_4_after_purge_and_rekey_the_file_contains_nothing_of_the_person() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let world = World::builder().file(&path).build();
    for number in 0..42 {
        world.person(&format!("neighbour{number}@example.com"), PASSWORD);
    }
    let (ada, grace, traces) = after_a_purge(&world);
    let purged_at = world.engine().health().unwrap().erasure_pending;
    assert!(purged_at.is_some());
    let before = fs::read(&path).unwrap();
    let rows = world.engine().dump().unwrap();
    let left = traces.left_in(&before, &rows);
    assert!(left > 20, "free pages must still contain deleted values for this test to mean anything: {left}");

    world.engine().rekey(&new_key()).unwrap();
    let engine = world.engine();
    let rows = engine.dump().unwrap();
    let file = fs::read(&path).unwrap();
    assert_eq!(traces.left_in(&file, &rows), 0);
    for text in ["grace", "Grace", "admiral", "example.org"] {
        assert!(!file.windows(text.len()).any(|window| window == text.as_bytes()), "{text}");
    }
    // Only the account's tombstone is left, with the time of the purge.
    let tables: Vec<_> = rows
        .keys()
        .filter(|key| key.windows(16).any(|id| id == grace.account.as_bytes()))
        .map(|key| Table::of(key).unwrap().name)
        .collect();
    assert_eq!(tables, ["account"]);
    assert_eq!(traces.account, grace.account);

    assert_eq!(engine.health().unwrap().erasure_pending, None);
    goes_on(engine, &ada);
    engine.suspend().unwrap();
    assert_eq!(
        fs::read_dir(folder.path()).unwrap().count(),
        2,
        "only the store and its reserve are in the folder"
    );
    // Remains of the old file on the disk open only with the old key.
    fs::write(folder.path().join("remains"), &before).unwrap();
    let remains = folder.path().join("remains");
    assert_eq!(open(&remains, &world, &new_key()).err(), Some(Error::Open(OpenProblem::WrongKey)));
    assert_eq!(open(&path, &world, &world.unlock()).err(), Some(Error::Open(OpenProblem::WrongKey)));
    goes_on(&open(&path, &world, &new_key()).unwrap(), &ada);
}

#[test]
fn r10_4_no_row_of_the_old_file_is_valid_in_the_new_one() {
    let medium = Arc::new(MemoryMedium::new());
    let world = World::builder().medium(medium.clone()).build();
    after_a_purge(&world);
    let before = world.engine().dump().unwrap();
    world.engine().rekey(&new_key()).unwrap();
    let after = world.engine().dump().unwrap();
    let (keys_before, keys_after): (Vec<_>, Vec<_>) = (before.keys().collect(), after.keys().collect());
    assert_eq!(keys_before, keys_after);
    for (key, value) in after.iter().filter(|(_, value)| !value.is_empty()) {
        assert_ne!(before[key], *value, "{}", Table::of(key).unwrap().name);
    }
}

/// A host can rewrite the file under the same key. The key then still opens the old file.
#[test]
fn r10_4_the_same_key_may_open_the_new_file() {
    let world = World::new();
    let (ada, ..) = after_a_purge(&world);
    world.engine().rekey(&world.unlock()).unwrap();
    assert_eq!(world.engine().health().unwrap().erasure_pending, None);
    goes_on(world.engine(), &ada);
    world.engine().suspend().unwrap();
    goes_on(world.engine(), &ada);
}

/// If a rewrite replaced only the link, the link's target would stay, with all deleted data.
#[test]
#[cfg_attr(not(unix), ignore = "needs symbolic links without special rights")]
fn r10_4_a_rekey_through_a_link_rewrites_the_file_itself() {
    let folder = tempfile::tempdir().unwrap();
    let (path, link) = (folder.path().join("store"), folder.path().join("elsewhere").join("link"));
    fs::create_dir(link.parent().unwrap()).unwrap();
    let world = World::builder().file(&path).build();
    let ada = world.ada();
    world.engine().suspend().unwrap();
    link_to(&path, &link);
    let engine = open(&link, &world, &world.unlock()).unwrap();
    engine.rekey(&new_key()).unwrap();
    goes_on(&engine, &ada);
    engine.suspend().unwrap();
    assert!(link.symlink_metadata().unwrap().is_symlink());
    assert_eq!(open(&path, &world, &world.unlock()).err(), Some(Error::Open(OpenProblem::WrongKey)));
    goes_on(&open(&path, &world, &new_key()).unwrap(), &ada);
}

#[cfg(unix)]
fn link_to(path: &Path, link: &Path) {
    std::os::unix::fs::symlink(path, link).unwrap();
}

#[cfg(not(unix))]
fn link_to(_: &Path, _: &Path) {
    panic!("symbolic links need special rights here");
}

#[test]
fn r10_4_vacuum_shrinks_the_file_and_erases_nothing_by_itself() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let world = World::builder().file(&path).build();
    let mut ada = world.ada();
    let size = || fs::metadata(&path).unwrap().len();
    for number in 0..600 {
        world.later(minutes(61));
        let email = format!("person{number}@example.org");
        world.engine().sign_up(&email, &PASSWORD.into(), &Client::on("phone")).unwrap();
    }
    world.later(days(31));
    world.mailbox();
    back(&world, &mut ada);
    world.engine().suspend().unwrap();
    let (before, rows) = (size(), world.engine().dump().unwrap());
    world.engine().vacuum().unwrap();
    let mut after = world.engine().dump().unwrap();
    let stamp = after.first_key_value().map(|(key, _)| key.clone()).unwrap();
    after.insert(stamp.clone(), rows[&stamp].clone());
    assert!(after == rows, "vacuum changed rows");
    world.engine().suspend().unwrap();
    assert!(size() * 3 < before * 2, "{before} bytes became {}", size());
    goes_on(world.engine(), &ada);
    world.engine().suspend().unwrap();
    goes_on(&open(&path, &world, &world.unlock()).unwrap(), &ada);
}

/// Stops the machine at the n-th call to files and anchor, or drops the n-th write to the new file.
struct Dying {
    file: FileMedium,
    left: Arc<AtomicUsize>,
    writes: Arc<AtomicUsize>,
}

fn comes(left: &AtomicUsize) -> io::Result<()> {
    left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1))
        .map(|_| ())
        .map_err(|_| io::ErrorKind::Other.into())
}

impl Dying {
    fn at(path: &Path, left: &Arc<AtomicUsize>) -> Self {
        Self {
            file: FileMedium::new(path),
            left: left.clone(),
            writes: Arc::new(AtomicUsize::new(usize::MAX)),
        }
    }

    fn comes(&self) -> Result<(), StoreError> {
        comes(&self.left).map_err(|error| StoreError::Io(error.kind()))
    }

    fn opened(&self, opened: Opened) -> Opened {
        let (left, writes) = (self.left.clone(), Arc::new(AtomicUsize::new(usize::MAX)));
        Opened { backend: Box::new(DyingBackend { below: opened.backend, left, writes }), ..opened }
    }
}

impl Medium for Dying {
    fn open(&self) -> Result<Opened, StoreError> {
        self.comes()?;
        Ok(self.opened(self.file.open()?))
    }

    fn identity(&self) -> Result<Option<Identity>, StoreError> {
        self.comes()?;
        self.file.identity()
    }

    fn beside(&self) -> Result<Box<dyn Medium>, StoreError> {
        self.comes()?;
        let (left, writes) = (self.left.clone(), self.writes.clone());
        Ok(Box::new(Beside { below: self.file.beside()?, left, writes: Mutex::new(Some(writes)) }))
    }

    fn put_in_place(&self) -> Result<(), StoreError> {
        self.comes()?;
        self.file.put_in_place()?;
        // The process died after the rename.
        self.comes().map_err(|_| StoreError::Unknown)
    }

    fn tidy(&self) -> Result<(), StoreError> {
        self.comes()?;
        self.file.tidy()
    }
}

struct Beside {
    below: Box<dyn Medium>,
    left: Arc<AtomicUsize>,
    /// Applies only to the first opening. Losing data after the file was read back would mean a faulty
    /// disk.
    writes: Mutex<Option<Arc<AtomicUsize>>>,
}

impl Medium for Beside {
    fn open(&self) -> Result<Opened, StoreError> {
        let opened = self.below.open()?;
        let writes = self.writes.lock().unwrap().take();
        let (left, writes) = (self.left.clone(), writes.unwrap_or(Arc::new(AtomicUsize::new(usize::MAX))));
        Ok(Opened { backend: Box::new(DyingBackend { below: opened.backend, left, writes }), ..opened })
    }

    fn identity(&self) -> Result<Option<Identity>, StoreError> {
        self.below.identity()
    }
}

/// Has no locks, because nobody else opens the medium.
#[derive(Debug)]
struct DyingBackend {
    below: Box<dyn StorageBackend>,
    left: Arc<AtomicUsize>,
    writes: Arc<AtomicUsize>,
}

impl StorageBackend for DyingBackend {
    fn len(&self) -> io::Result<u64> {
        comes(&self.left)?;
        self.below.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        comes(&self.left)?;
        self.below.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        comes(&self.left)?;
        self.below.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        comes(&self.left)?;
        self.below.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        comes(&self.left)?;
        // Drops one write and reports success.
        if self.writes.fetch_sub(1, Ordering::SeqCst) == 1 { Ok(()) } else { self.below.write(offset, data) }
    }
}

struct DyingAnchor {
    value: Mutex<Option<Vec<u8>>>,
    left: Arc<AtomicUsize>,
}

impl Anchor for DyingAnchor {
    fn load(&self) -> Result<Option<Vec<u8>>, AnchorFailed> {
        comes(&self.left).map_err(|_| AnchorFailed)?;
        Ok(self.value.lock().unwrap().clone())
    }

    fn store(&self, value: &[u8]) -> Result<(), AnchorFailed> {
        comes(&self.left).map_err(|_| AnchorFailed)?;
        *self.value.lock().unwrap() = Some(value.to_vec());
        comes(&self.left).map_err(|_| AnchorFailed)
    }
}

/// If the machine stops during a rewrite, the old file or the new one is intact. If it is the old one, the
/// next process can start the rewrite again.
#[test]
fn r10_4_a_rekey_stopped_at_any_call_leaves_the_old_or_the_new_file_and_can_start_again() {
    let folder = tempfile::tempdir().unwrap();
    let base = folder.path().join("base");
    let left = Arc::new(AtomicUsize::new(usize::MAX));
    let anchor = |value| Arc::new(DyingAnchor { value: Mutex::new(value), left: left.clone() });
    let first = anchor(None);
    let world = World::builder().file(&base).anchor(first.clone()).build();
    let (ada, ..) = after_a_purge(&world);
    world.engine().suspend().unwrap();
    let anchored = first.value.lock().unwrap().clone();
    let path = folder.path().join("store");
    let policy = || World::policy().build().unwrap();
    let (mut old, mut new) = (0, 0);
    for calls in 0.. {
        fs::copy(&base, &path).unwrap();
        left.store(usize::MAX, Ordering::SeqCst);
        let kept = anchor(anchored.clone());
        let opens = |medium: Arc<dyn Medium>, unlock: &Unlock| {
            Engine::options(unlock.clone())
                .anchor(kept.clone())
                .policy(policy())
                .environment(world.environment())
                .open_on(medium)
        };
        let engine = opens(Arc::new(Dying::at(&path, &left)), &world.unlock()).unwrap();
        left.store(calls, Ordering::SeqCst);
        let answer = engine.rekey(&new_key());
        let died = left.swap(usize::MAX, Ordering::SeqCst) == 0;
        drop(engine);
        let opened = opens(Arc::new(FileMedium::new(&path)), &new_key());
        let is_new = opened.is_ok();
        match &answer {
            Ok(()) => assert!(is_new, "call {calls}: an acknowledged rekey is not in the file"),
            Err(Error::Unknown) => {}
            Err(error) => assert!(!is_new, "call {calls}: {error:?}, although the rekey is done"),
        }
        let engine = match opened {
            Ok(engine) => {
                new += 1;
                engine
            }
            Err(error) => {
                assert_eq!(error, Error::Open(OpenProblem::WrongKey), "call {calls}");
                old += 1;
                let engine = opens(Arc::new(FileMedium::new(&path)), &world.unlock()).unwrap();
                assert!(engine.health().unwrap().erasure_pending.is_some());
                engine.rekey(&new_key()).unwrap();
                engine
            }
        };
        assert_eq!(engine.health().unwrap().erasure_pending, None);
        goes_on(&engine, &ada);
        drop(engine);
        assert_eq!(
            fs::read_dir(folder.path()).unwrap().count(),
            4,
            "call {calls}: there are more files than two stores and their reserves"
        );
        if answer.is_ok() && !died {
            break;
        }
    }
    println!("stopped at each of {} calls: {old} old files, {new} new ones", old + new);
    assert!(old > 50 && new > 1, "{old}, {new}");
}

/// The old file is removed only after the new one was read back.
#[test]
fn r10_4_a_new_file_that_does_not_read_back_replaces_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (base, path) = (folder.path().join("base"), folder.path().join("store"));
    let world = World::builder().file(&base).build();
    let (ada, ..) = after_a_purge(&world);
    world.engine().suspend().unwrap();
    let (mut refused, mut last) = (0, false);
    for write in 1.. {
        fs::copy(&base, &path).unwrap();
        let medium = Dying::at(&path, &Arc::new(AtomicUsize::new(usize::MAX)));
        let writes = medium.writes.clone();
        let policy = World::policy().build().unwrap();
        let engine = Engine::options(world.unlock())
            .policy(policy)
            .environment(world.environment())
            .open_on(Arc::new(medium))
            .unwrap();
        writes.store(write, Ordering::SeqCst);
        match engine.rekey(&new_key()) {
            // The dropped write was repeated later, or its page is free, or there were fewer writes.
            Ok(()) => last = (1..=write).contains(&writes.load(Ordering::SeqCst)),
            Err(error) => {
                assert_eq!(error, Error::Storage { kind: io::ErrorKind::InvalidData }, "write {write}");
                assert!(engine.health().unwrap().erasure_pending.is_some(), "write {write}");
                refused += 1;
            }
        }
        goes_on(&engine, &ada);
        if last {
            break;
        }
    }
    assert!(refused > 2, "{refused}");
}
