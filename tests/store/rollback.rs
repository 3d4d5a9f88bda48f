//! An attacker restores older copies of the file, kills the process and starts it again, but cannot write the
//! anchor (SPEC 12.3, 13.4).

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use selfsame::testing::MemoryMedium;
use selfsame::{Anchor, AnchorFailed, Answer, Client, Engine, Error, OpenProblem, Refusal, Secret, Step};
use selfsame_world::{World, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";
/// The number of wrong answers that void a mailed code (SPEC 12.5).
const BUDGET: usize = 5;

/// What the anchor does when it must store a value.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Keeps {
    Well,
    /// It fails, and keeps the old or the new value.
    Not,
    AndFails,
}

/// A keystore with one value.
struct Keystore {
    value: Mutex<Option<Vec<u8>>>,
    keeps: Mutex<Keeps>,
    /// The number of calls until it fails permanently.
    left: AtomicUsize,
    answers: AtomicBool,
    called: Mutex<Option<Box<dyn Fn() + Send>>>,
}

impl Keystore {
    fn new() -> Arc<Self> {
        Self::holding(None)
    }

    fn holding(value: Option<Vec<u8>>) -> Arc<Self> {
        Arc::new(Self {
            value: Mutex::new(value),
            keeps: Mutex::new(Keeps::Well),
            left: AtomicUsize::new(usize::MAX),
            answers: AtomicBool::new(true),
            called: Mutex::new(None),
        })
    }

    fn value(&self) -> Option<Vec<u8>> {
        self.value.lock().unwrap().clone()
    }

    /// Fails permanently after this many calls.
    fn fail_after(&self, calls: usize, keeps: Keeps) {
        *self.keeps.lock().unwrap() = keeps;
        self.left.store(calls, Ordering::SeqCst);
    }

    fn heal(&self) {
        self.fail_after(usize::MAX, Keeps::Well);
    }
}

impl Anchor for Keystore {
    fn load(&self) -> Result<Option<Vec<u8>>, AnchorFailed> {
        if self.answers.load(Ordering::SeqCst) { Ok(self.value()) } else { Err(AnchorFailed) }
    }

    fn store(&self, value: &[u8]) -> Result<(), AnchorFailed> {
        assert!(value.len() <= 256);
        if let Some(called) = &*self.called.lock().unwrap() {
            called();
        }
        let is_well =
            self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        let keeps = if is_well { Keeps::Well } else { *self.keeps.lock().unwrap() };
        if keeps != Keeps::Not {
            *self.value.lock().unwrap() = Some(value.to_vec());
        }
        if keeps == Keeps::Well { Ok(()) } else { Err(AnchorFailed) }
    }
}

fn a_world(medium: &Arc<MemoryMedium>, keystore: &Arc<Keystore>) -> World {
    World::builder().medium(medium.clone()).anchor(keystore.clone()).build()
}

/// Opens this copy of the file as a new process.
fn started(
    world: &World,
    file: &[u8],
    keystore: &Arc<Keystore>,
) -> Result<(Engine, Arc<MemoryMedium>), Error> {
    let medium = Arc::new(MemoryMedium::holding(file.to_vec()));
    let engine = world.options().anchor(keystore.clone()).open_on(medium.clone())?;
    Ok((engine, medium))
}

const OLDER: Error = Error::Open(OpenProblem::RolledBack);

#[test]
fn r13_4_only_the_latest_copy_of_the_file_opens() {
    let (medium, keystore) = (Arc::new(MemoryMedium::new()), Keystore::new());
    let world = a_world(&medium, &keystore);
    assert!(world.engine().health().unwrap().rollback_protected);
    let mut copies = vec![medium.bytes()];
    world.ada();
    copies.push(medium.bytes());
    refused(world.sign_in("ada@example.org", "incorrect horse battery"));
    copies.push(medium.bytes());
    signed_in(world.sign_in("ada@example.org", PASSWORD).unwrap());
    let latest = medium.bytes();
    for copy in &copies {
        assert_eq!(started(&world, copy, &keystore).err(), Some(OLDER));
    }
    let (engine, medium) = started(&world, &latest, &keystore).unwrap();
    assert!(engine.health().unwrap().rollback_protected);
    engine.sign_in("ada@example.org", &PASSWORD.into(), &Client::on("phone")).unwrap();
    drop(engine);
    assert_eq!(started(&world, &latest, &keystore).err(), Some(OLDER), "the former latest copy is older now");
    started(&world, &medium.bytes(), &keystore).unwrap();
}

/// Two forks of one state have the same number of commits but are different states.
#[test]
fn r13_4_a_diverged_copy_with_as_many_commits_is_refused() {
    let (medium, keystore) = (Arc::new(MemoryMedium::new()), Keystore::new());
    let world = a_world(&medium, &keystore);
    world.ada();
    world.engine().suspend().unwrap();
    let (fork, anchored) = (medium.bytes(), keystore.value());
    let other = Keystore::holding(anchored);
    let (engine, another_way) = started(&world, &fork, &other).unwrap();
    engine.sign_in("ada@example.org", &"incorrect horse battery".into(), &Client::on("phone")).unwrap_err();
    signed_in(world.sign_in("ada@example.org", PASSWORD).unwrap());
    assert_eq!(engine.commits(), world.engine().commits());
    drop(engine);
    assert_eq!(started(&world, &another_way.bytes(), &keystore).err(), Some(OLDER));
}

#[test]
fn r13_4_a_store_with_an_anchor_opens_only_with_that_anchor() {
    let (medium, keystore) = (Arc::new(MemoryMedium::new()), Keystore::new());
    let world = World::builder().medium(medium.clone()).build();
    world.ada();
    assert!(!world.engine().health().unwrap().rollback_protected);
    world.engine().suspend().unwrap();
    let before = medium.bytes();
    let (engine, medium) = started(&world, &before, &keystore).unwrap();
    assert!(engine.health().unwrap().rollback_protected, "a store without an anchor accepts the first one");
    drop(engine);
    let file = medium.bytes();
    assert_eq!(started(&world, &before, &keystore).err(), Some(OLDER));
    let policy = World::policy().build().unwrap();
    let bare = Arc::new(MemoryMedium::holding(file.clone()));
    let answer =
        Engine::options(world.unlock()).policy(policy).environment(world.environment()).open_on(bare).err();
    assert_eq!(answer, Some(Error::Open(OpenProblem::AnchorMissing)));
    let answer = started(&world, &file, &Keystore::new()).err();
    assert_eq!(answer, Some(Error::Open(OpenProblem::AnchorMissing)), "an empty anchor");
    for value in [&b""[..], b"another value", &[1; 33], &[0; 256]] {
        assert_eq!(started(&world, &file, &Keystore::holding(Some(value.to_vec()))).err(), Some(OLDER));
    }
    started(&world, &file, &keystore).unwrap();
}

#[test]
fn r13_4_a_missing_file_that_the_anchor_knows_is_not_made_anew() {
    let folder = tempfile::tempdir().unwrap();
    let (path, elsewhere) = (folder.path().join("accounts"), folder.path().join("elsewhere"));
    let keystore = Keystore::new();
    let world = World::builder().file(&path).anchor(keystore.clone()).build();
    world.ada();
    world.engine().suspend().unwrap();
    std::fs::rename(&path, &elsewhere).unwrap();
    let options = world.options().anchor(keystore.clone());
    assert_eq!(options.open_or_create(&path).err(), Some(Error::Open(OpenProblem::NotFound)));
    std::fs::rename(&elsewhere, &path).unwrap();
    assert_eq!(options.open_or_create(&path).unwrap().health().unwrap().accounts, 1);
}

#[test]
fn r13_4_an_operator_can_accept_an_older_copy_as_the_latest() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("accounts");
    let keystore = Keystore::new();
    let world = World::builder().file(&path).anchor(keystore.clone()).build();
    world.ada();
    world.engine().suspend().unwrap();
    let older = std::fs::read(&path).unwrap();
    signed_in(world.sign_in("ada@example.org", PASSWORD).unwrap());
    world.engine().suspend().unwrap();
    let latest = std::fs::read(&path).unwrap();
    std::fs::write(&path, &older).unwrap();
    let open = || world.options().open(&path);
    assert_eq!(open().err(), Some(OLDER));
    assert_eq!(std::fs::read(&path).unwrap(), older, "the refused file was changed");
    let wrong = World::builder().seed(2).build().unlock();
    let adopt = |unlock| {
        Engine::options(unlock).anchor(keystore.clone()).environment(world.environment()).adopt(&path)
    };
    assert_eq!(adopt(wrong), Err(Error::Open(OpenProblem::WrongKey)));
    assert_eq!(open().err(), Some(OLDER));
    adopt(world.unlock()).unwrap();
    drop(open().unwrap());
    std::fs::write(&path, &latest).unwrap();
    assert_eq!(open().err(), Some(OLDER));
}

/// Returns how many wrong codes are answered if the attacker restores the earlier file after every second
/// one.
fn guesses(keystore: Option<Arc<Keystore>>) -> usize {
    let medium = Arc::new(MemoryMedium::new());
    let mut builder = World::builder().medium(medium.clone());
    if let Some(keystore) = &keystore {
        builder = builder.anchor(keystore.clone());
    }
    let world = builder.build();
    let flow = world.sign_up("ada@example.org", PASSWORD);
    let right = world.mailbox().code("ada@example.org").unwrap();
    world.engine().suspend().unwrap();
    let first = medium.bytes();
    let mut file = first.clone();
    let mut answered = 0;
    let wrong = if right.reveal() == b"00000000" { "00000001" } else { "00000000" };
    for _ in 0..3 * BUDGET {
        let at = Arc::new(MemoryMedium::holding(file.clone()));
        match world.options().open_on(at.clone()) {
            Ok(engine) => {
                let answer = engine.answer(&flow, Answer::Code(Secret::from(wrong)));
                assert_eq!(refused(answer), Refusal::InvalidCode);
                answered += 1;
                drop(engine);
                file = if answered % 2 == 1 { first.clone() } else { at.bytes() };
            }
            Err(error) => {
                assert_eq!(error, OLDER);
                return answered;
            }
        }
    }
    answered
}

#[test]
fn r12_3_restoring_an_older_file_restores_no_guesses() {
    assert_eq!(guesses(Some(Keystore::new())), 1, "the copy from before the first guess is refused");
    assert_eq!(guesses(None), 3 * BUDGET, "without an anchor the copy opens");
}

/// Kills the process at every call of the anchor during an act, before and after the call's effect. A killed
/// process acknowledges nothing, and what was acknowledged is never lost.
#[test]
fn r12_3_a_kill_at_any_call_of_the_anchor_acknowledges_an_act_once_or_not_at_all() {
    let mut killed = 0;
    for keeps in [Keeps::Not, Keeps::AndFails] {
        for call in 0.. {
            let (medium, keystore) = (Arc::new(MemoryMedium::new()), Keystore::new());
            let world = a_world(&medium, &keystore);
            let flow = world.sign_up("ada@example.org", PASSWORD);
            let code = world.mailbox().code("ada@example.org").unwrap();
            let before = medium.bytes();
            keystore.fail_after(call, keeps);
            let answer = world.engine().answer(&flow, Answer::Code(code.clone()));
            // A killed process does not close the file.
            let (after, anchored) = (medium.bytes(), keystore.value());
            keystore.heal();
            if answer.is_ok() {
                assert_eq!(call, 2, "the calls are reserve and finalise");
                break;
            }
            killed += 1;
            let use_code = |file: &[u8], anchored: Option<Vec<u8>>| {
                let keystore = Keystore::holding(anchored);
                let (engine, medium) = started(&world, file, &keystore)?;
                let told = engine.answer(&flow, Answer::Code(code.clone()))?;
                drop(engine);
                Ok::<_, Error>((told, medium.bytes(), keystore.value()))
            };
            // Until an act is acknowledged, either copy may open. After one has opened, only that one may.
            for (first, second) in [(&before, &after), (&after, &before)] {
                let Ok((told, file, anchored)) = use_code(first, anchored.clone()) else { continue };
                let is_done = matches!(told.step, Step::SignedIn { .. } | Step::AlreadySignedIn { .. });
                assert!(is_done, "{keeps:?} at {call}: {told:?}");
                assert_eq!(use_code(second, anchored.clone()).err(), Some(OLDER), "{keeps:?} at {call}");
                let (again, ..) = use_code(&file, anchored).unwrap();
                let step = again.step.code();
                assert_eq!(step, "AlreadySignedIn", "a session's token was given twice");
            }
            assert!(use_code(&after, anchored.clone()).is_ok(), "{keeps:?} at {call}: the file is lost");
        }
    }
    assert_eq!(killed, 4);
}

#[test]
fn r12_3_a_failing_anchor_stops_acts_and_reveals_nothing_that_could_be_reverted() {
    let (medium, keystore) = (Arc::new(MemoryMedium::new()), Keystore::new());
    let world = a_world(&medium, &keystore);
    let ada = world.ada();
    let rows = world.engine().dump().unwrap();
    for keeps in [Keeps::Not, Keeps::AndFails] {
        keystore.fail_after(0, keeps);
        assert_eq!(world.sign_in("ada@example.org", PASSWORD).err(), Some(Error::Anchor));
        assert_eq!(world.engine().dump().unwrap(), rows, "the act was not done");
        world.account(&ada).view().unwrap();
        keystore.heal();
    }
    keystore.fail_after(1, Keeps::Not);
    assert_eq!(world.sign_in("ada@example.org", PASSWORD).err(), Some(Error::Unknown));
    assert_eq!(world.engine().dump().err(), Some(Error::Anchor), "a commit that is not final cannot be read");
    keystore.answers.store(false, Ordering::SeqCst);
    assert_eq!(world.engine().dump().err(), Some(Error::Anchor));
    keystore.answers.store(true, Ordering::SeqCst);
    keystore.heal();
    assert_ne!(world.engine().dump().unwrap(), rows, "the act is done and final");
    world.later(minutes(1));
    signed_in(world.sign_in("ada@example.org", PASSWORD).unwrap());
    world.engine().suspend().unwrap();
    started(&world, &medium.bytes(), &keystore).unwrap();
}

/// A reader that starts between the commit and its finalisation reads after it.
#[test]
fn r12_3_no_call_reads_a_commit_before_the_anchor_has_it() {
    let (medium, keystore) = (Arc::new(MemoryMedium::new()), Keystore::new());
    let world = a_world(&medium, &keystore);
    let ada = world.ada();
    let (calls, readers) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Vec::new())));
    let finals = Arc::new(AtomicUsize::new(0));
    let (engine, token) = (world.engine().clone(), ada.token.clone());
    let (their_calls, their_readers, their_finals) = (calls.clone(), readers.clone(), finals.clone());
    *keystore.called.lock().unwrap() = Some(Box::new(move || {
        // Every second call is the one after the commit.
        if their_calls.fetch_add(1, Ordering::SeqCst) % 2 == 0 {
            return;
        }
        let (engine, token, finals) = (engine.clone(), token.clone(), their_finals.clone());
        let is_asking = Arc::new(AtomicBool::new(false));
        let asks = is_asking.clone();
        let of = finals.load(Ordering::SeqCst);
        their_readers.lock().unwrap().push(thread::spawn(move || {
            asks.store(true, Ordering::SeqCst);
            engine.account(&token).unwrap().sessions().unwrap();
            finals.load(Ordering::SeqCst) > of
        }));
        while !is_asking.load(Ordering::SeqCst) {
            thread::yield_now();
        }
        for _ in 0..200 {
            thread::yield_now();
        }
        their_finals.fetch_add(1, Ordering::SeqCst);
    }));
    for _ in 0..20 {
        // Less than a minute in all, so that no call writes the clock.
        world.later(std::time::Duration::from_secs(1));
        signed_in(world.sign_in("ada@example.org", PASSWORD).unwrap());
    }
    *keystore.called.lock().unwrap() = None;
    let readers = std::mem::take(&mut *readers.lock().unwrap());
    assert_eq!(readers.len(), 20);
    assert!(readers.into_iter().all(|reader| reader.join().unwrap()), "a reader read too early");
}
