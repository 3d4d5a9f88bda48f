//! Files that the engine must not open. Each gets its own error and stays unchanged.

use std::fs;
use std::path::Path;

use selfsame::testing::with_raw_rows;
use selfsame::{Client, Engine, EngineOptions, Error, HostKey, OpenProblem, Secret, Unlock};
use selfsame_world::{World, signed_in};

const PASSWORD: &str = "correct horse battery staple";

fn options(unlock: &Unlock) -> EngineOptions {
    let options = Engine::options(unlock.clone()).policy(World::policy().build().unwrap());
    options.environment(World::new().environment())
}

fn open(path: &Path, unlock: &Unlock) -> Result<Engine, Error> {
    options(unlock).open(path)
}

/// Returns the error, and checks that the file is unchanged.
fn refused(path: &Path, unlock: &Unlock) -> Error {
    let before = fs::read(path).ok();
    let error = open(path, unlock).err().expect("a stranger's file does not open");
    assert_eq!(fs::read(path).ok(), before, "{error:?} changed the file");
    error
}

fn a_store(path: &Path) -> World {
    let world = World::builder().file(path).build();
    world.ada();
    world
}

#[test]
fn a_wrong_key_is_refused_and_creates_no_new_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let world = a_store(&path);
    let right = world.unlock();
    drop(world);
    for wrong in [Unlock::HostKey(HostKey::from_bytes([1; 32])), Unlock::Passphrase(Secret::from("a phrase"))]
    {
        assert_eq!(refused(&path, &wrong), Error::Open(OpenProblem::WrongKey));
    }
    let engine = open(&path, &right).unwrap();
    assert!(engine.sign_in("ada@example.org", &PASSWORD.into(), &Client::on("laptop")).is_ok());
}

#[test]
fn a_passphrase_opens_the_store_that_it_created() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let phrase = |text: &str| Unlock::Passphrase(Secret::from(text));
    drop(options(&phrase("four words of mine")).create(&path).unwrap());
    assert!(open(&path, &phrase("four words of mine")).is_ok());
    assert_eq!(refused(&path, &phrase("four other words")), Error::Open(OpenProblem::WrongKey));
    // One keyboard composes a letter, another types the letter and its mark.
    let path = folder.path().join("composed");
    drop(options(&phrase("Gr\u{fc}\u{df}e aus K\u{f6}ln")).create(&path).unwrap());
    assert!(open(&path, &phrase("Gru\u{308}\u{df}e aus Ko\u{308}ln")).is_ok());
    assert_eq!(refused(&path, &World::new().unlock()), Error::Open(OpenProblem::WrongKey));
}

#[test]
fn a_file_that_is_not_a_store_and_a_missing_file_have_their_own_errors() {
    let folder = tempfile::tempdir().unwrap();
    let unlock = World::new().unlock();
    let path = |name: &str| folder.path().join(name);
    assert_eq!(refused(&path("absent"), &unlock), Error::Open(OpenProblem::NotFound));
    fs::write(path("text"), "dear diary".repeat(1000)).unwrap();
    assert_eq!(refused(&path("text"), &unlock), Error::Open(OpenProblem::NotAStore));
    fs::write(path("empty"), "").unwrap();
    assert_eq!(refused(&path("empty"), &unlock), Error::Open(OpenProblem::NotAStore));
    assert!(open(folder.path(), &unlock).is_err(), "a folder");

    drop(a_store(&path("store")));
    let create = |at: &Path| {
        Engine::options(World::new().unlock()).environment(World::new().environment()).create(at).err()
    };
    let before = fs::read(path("store")).unwrap();
    assert_eq!(create(&path("store")), Some(Error::Open(OpenProblem::AlreadyExists)));
    assert_eq!(fs::read(path("store")).unwrap(), before);
}

#[test]
fn a_second_opener_gets_an_error_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let world = a_store(&path);
    let second = open(&path, &world.unlock()).err();
    assert_eq!(second, Some(Error::Open(OpenProblem::AlreadyOpen)));
    world.engine().suspend().unwrap();
    let other = open(&path, &world.unlock()).unwrap();
    let asleep = world.sign_in("ada@example.org", PASSWORD).err();
    assert_eq!(
        asleep,
        Some(Error::Open(OpenProblem::AlreadyOpen)),
        "the file stays locked until the other opener drops it"
    );
    drop(other);
    signed_in(world.sign_in("ada@example.org", PASSWORD).unwrap());
}

#[test]
fn a_newer_header_and_a_missing_one_have_their_own_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let world = a_store(&path);
    let unlock = world.unlock();
    drop(world);
    let header_key = [vec![0; 16], vec![1]].concat();
    let change = |value: Option<Vec<u8>>| {
        let file = fs::read(&path).unwrap();
        fs::write(&path, with_raw_rows(file, &[(header_key.clone(), value)]).unwrap()).unwrap();
    };
    change(Some(vec![2, 0, 0]));
    assert_eq!(refused(&path, &unlock), Error::Open(OpenProblem::NewerFormat));
    change(Some(vec![1, 0xff]));
    assert_eq!(refused(&path, &unlock), Error::Damaged);
    change(None);
    assert_eq!(refused(&path, &unlock), Error::Damaged);
}

#[test]
fn a_file_cut_to_any_length_or_with_a_zeroed_page_is_refused_or_opens_intact() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let world = a_store(&path);
    let unlock = world.unlock();
    // Copied while the store is open, as a crash leaves it.
    let killed = fs::read(&path).unwrap();
    drop(world);
    let closed = fs::read(&path).unwrap();
    let copy = folder.path().join("copy");
    let mut opened = 0;
    let mut judge = |bytes: &[u8], what: &str| {
        fs::write(&copy, bytes).unwrap();
        match open(&copy, &unlock) {
            Ok(engine) => {
                let known = engine.sign_in("ada@example.org", &PASSWORD.into(), &Client::on("laptop"));
                assert!(known.is_ok(), "{what} opened without Ada's account: {known:?}");
                opened += 1;
            }
            Err(Error::Damaged | Error::Open(OpenProblem::NotAStore | OpenProblem::NewerFormat)) => {
                assert_eq!(fs::read(&copy).unwrap(), bytes, "{what} was refused and changed");
            }
            Err(other) => panic!("{what}: {other:?}"),
        }
    };
    for (image, state) in [(&closed, "closed"), (&killed, "killed")] {
        judge(image, state);
        let cuts = (0..512).step_by(37).chain((512..image.len()).step_by(image.len() / 60));
        for length in cuts {
            judge(&image[..length], &format!("{state}, cut to {length}"));
        }
        for page in (0..image.len()).step_by(4096) {
            let mut zeroed = image.clone();
            let end = (page + 4096).min(zeroed.len());
            zeroed[page..end].fill(0);
            judge(&zeroed, &format!("{state}, zeroed at {page}"));
        }
    }
    assert!(opened >= 2, "the undamaged files open");
}

#[test]
fn the_system_environment_works_on_a_real_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let unlock = Unlock::HostKey(HostKey::from_bytes([7; 32]));
    drop(Engine::options(unlock.clone()).create(&path).unwrap());
    let engine = Engine::options(unlock.clone()).open(&path).unwrap();
    assert_eq!(engine.health().unwrap().clock_rolled_back_by, None);
}
