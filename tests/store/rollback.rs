//! Older copies of the file, put back by somebody who can copy it, kill the process and start it again, but
//! cannot write the anchor (SPEC 12.3, 13.4).

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

use selfsame::testing::MemoryMedium;
use selfsame::{Anchor, AnchorFailed, Answer, Client, Engine, Error, OpenProblem, Refusal, Secret, Step};
use selfsame_world::{World, minutes, refused, signed_in};

const PASSWORD: &str = "correct horse battery staple";
/// Wrong answers that void a mailed code (SPEC 12.5).
const BUDGET: usize = 5;

/// What happens when the anchor is to keep a value.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Keeps {
    Well,
    /// It fails, and keeps the old value or the new one.
    Not,
    AndFails,
}

/// A keystore of one value.
struct Keystore {
    value: Mutex<Option<Vec<u8>>>,
    keeps: Mutex<Keeps>,
    /// Calls until it fails, which it then does for good.
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

    /// Fails from the call after `calls` on.
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

/// A new process on this copy of the file.
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
fn r13_4_of_all_copies_of_the_file_the_latest_alone_opens() {
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
    assert_eq!(started(&world, &latest, &keystore).err(), Some(OLDER), "what was the latest is older now");
    started(&world, &medium.bytes(), &keystore).unwrap();
}

/// Two ways from one state have as many commits, and are two states.
#[test]
fn r13_4_a_file_that_went_another_way_is_refused_though_it_has_as_many_commits() {
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
fn r13_4_a_store_that_has_an_anchor_opens_with_none_other() {
    let (medium, keystore) = (Arc::new(MemoryMedium::new()), Keystore::new());
    let world = World::builder().medium(medium.clone()).build();
    world.ada();
    assert!(!world.engine().health().unwrap().rollback_protected);
    world.engine().suspend().unwrap();
    let before = medium.bytes();
    let (engine, medium) = started(&world, &before, &keystore).unwrap();
    assert!(
        engine.health().unwrap().rollback_protected,
        "a store of before takes the anchor that it is given"
    );
    drop(engine);
    let file = medium.bytes();
    assert_eq!(started(&world, &before, &keystore).err(), Some(OLDER));
    let policy = World::policy().build().unwrap();
    let bare = Arc::new(MemoryMedium::holding(file.clone()));
    let answer =
        Engine::options(world.unlock()).policy(policy).environment(world.environment()).open_on(bare).err();
    assert_eq!(answer, Some(Error::Open(OpenProblem::AnchorMissing)));
    let answer = started(&world, &file, &Keystore::new()).err();
    assert_eq!(answer, Some(Error::Open(OpenProblem::AnchorMissing)), "an empty one");
    for value in [&b""[..], b"another value", &[1; 33], &[0; 256]] {
        assert_eq!(started(&world, &file, &Keystore::holding(Some(value.to_vec()))).err(), Some(OLDER));
    }
    started(&world, &file, &keystore).unwrap();
}

#[test]
fn r13_4_a_person_may_take_an_older_copy_for_the_latest() {
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
    assert_eq!(std::fs::read(&path).unwrap(), older, "a refused file was changed");
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

/// How many wrong codes are answered to somebody who puts the file of before back after every other one.
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
fn r12_3_putting_the_file_back_gives_no_guess_back() {
    assert_eq!(guesses(Some(Keystore::new())), 1, "the copy of before the first guess is older");
    assert_eq!(guesses(None), 3 * BUDGET, "without an anchor nobody can tell");
}

/// The process is killed at every call of the anchor of an act, before and after its effect, with the file as
/// it is then: nothing is told, and of what was kept nothing is lost that was told.
#[test]
fn r12_3_killed_at_any_call_of_the_anchor_an_act_is_told_of_once_or_not_at_all() {
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
            // What a killed process leaves: it has not come to close the file.
            let (after, anchored) = (medium.bytes(), keystore.value());
            keystore.heal();
            if answer.is_ok() {
                assert_eq!(call, 2, "reserve and finalise");
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
            // Either copy may be started with as long as nobody was told; whichever is, is the only one then.
            for (first, second) in [(&before, &after), (&after, &before)] {
                let Ok((told, file, anchored)) = use_code(first, anchored.clone()) else { continue };
                let is_done = matches!(told.step, Step::SignedIn { .. } | Step::AlreadySignedIn { .. });
                assert!(is_done, "{keeps:?} at {call}: {told:?}");
                assert_eq!(use_code(second, anchored.clone()).err(), Some(OLDER), "{keeps:?} at {call}");
                let (again, ..) = use_code(&file, anchored).unwrap();
                let step = again.step.code();
                assert_eq!(step, "AlreadySignedIn", "a session's token was handed out twice");
            }
            assert!(use_code(&after, anchored.clone()).is_ok(), "{keeps:?} at {call}: the file is lost");
        }
    }
    assert_eq!(killed, 4);
}

#[test]
fn r12_3_an_anchor_that_fails_stops_acts_and_tells_nothing_that_could_be_taken_back() {
    let (medium, keystore) = (Arc::new(MemoryMedium::new()), Keystore::new());
    let world = a_world(&medium, &keystore);
    let ada = world.ada();
    let rows = world.engine().dump().unwrap();
    for keeps in [Keeps::Not, Keeps::AndFails] {
        keystore.fail_after(0, keeps);
        assert_eq!(world.sign_in("ada@example.org", PASSWORD).err(), Some(Error::Anchor));
        assert_eq!(world.engine().dump().unwrap(), rows, "nothing was done");
        world.account(&ada).view().unwrap();
        keystore.heal();
    }
    keystore.fail_after(1, Keeps::Not);
    assert_eq!(world.sign_in("ada@example.org", PASSWORD).err(), Some(Error::Unknown));
    assert_eq!(world.engine().dump().err(), Some(Error::Anchor), "what is not final is read by nobody");
    keystore.answers.store(false, Ordering::SeqCst);
    assert_eq!(world.engine().dump().err(), Some(Error::Anchor));
    keystore.answers.store(true, Ordering::SeqCst);
    keystore.heal();
    assert_ne!(world.engine().dump().unwrap(), rows, "the act was done and is final now");
    world.later(minutes(1));
    signed_in(world.sign_in("ada@example.org", PASSWORD).unwrap());
    world.engine().suspend().unwrap();
    started(&world, &medium.bytes(), &keystore).unwrap();
}

/// A reader that comes between the commit and its end reads after it.
#[test]
fn r12_3_nobody_reads_a_commit_before_the_anchor_has_it() {
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
        world.later(minutes(1));
        signed_in(world.sign_in("ada@example.org", PASSWORD).unwrap());
    }
    *keystore.called.lock().unwrap() = None;
    let readers = std::mem::take(&mut *readers.lock().unwrap());
    assert_eq!(readers.len(), 20);
    assert!(readers.into_iter().all(|reader| reader.join().unwrap()), "a reader was let in too early");
}
