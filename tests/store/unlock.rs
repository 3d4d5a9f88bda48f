//! Unlocking a store: keys that are wrong, locked, lost or changed, and a change of the key.

use std::path::Path;
use std::sync::{Arc, Mutex};

use selfsame::{
    Client, Engine, Environment, Error, HashCost, HashFailed, Hasher, HostKey, Keystore, KeystoreProblem,
    OpenProblem, Policy, Unlock,
};
use selfsame_world::{World, signed_in};

const PASSWORD: &str = "correct horse battery staple";

/// A keystore that gives a set answer and counts the calls.
struct Chest(Mutex<(Result<HostKey, KeystoreProblem>, usize)>);

impl Chest {
    fn with(byte: u8) -> Arc<Self> {
        Arc::new(Self(Mutex::new((Ok(HostKey::from_bytes([byte; 32])), 0))))
    }

    fn set(&self, answer: Result<u8, KeystoreProblem>) {
        self.0.lock().unwrap().0 = answer.map(|byte| HostKey::from_bytes([byte; 32]));
    }

    fn asked(&self) -> usize {
        self.0.lock().unwrap().1
    }
}

impl Keystore for Chest {
    fn load(&self) -> Result<HostKey, KeystoreProblem> {
        let mut chest = self.0.lock().unwrap();
        chest.1 += 1;
        chest.0.clone()
    }
}

const PROBLEMS: [(KeystoreProblem, OpenProblem); 3] = [
    (KeystoreProblem::Locked, OpenProblem::KeyLocked),
    (KeystoreProblem::Lost, OpenProblem::KeyLost),
    (KeystoreProblem::Changed, OpenProblem::KeyChanged),
];
const WRONG: Error = Error::Open(OpenProblem::WrongKey);

fn host_key(byte: u8) -> Unlock {
    Unlock::HostKey(HostKey::from_bytes([byte; 32]))
}

fn phrase(text: &str) -> Unlock {
    Unlock::Passphrase(text.into())
}

fn policy() -> Policy {
    World::policy().build().unwrap()
}

fn environment() -> Environment {
    World::new().environment()
}

fn open(path: &Path, unlock: &Unlock) -> Result<Engine, Error> {
    Engine::options(unlock.clone()).policy(policy()).environment(environment()).open(path)
}

/// Checks the error, and that no file was created or changed.
fn refused(path: &Path, unlock: &Unlock, why: OpenProblem) {
    let before = std::fs::read(path).unwrap();
    assert_eq!(open(path, unlock).err(), Some(Error::Open(why)));
    assert!(std::fs::read(path).unwrap() == before, "{why:?} changed the file");
}

#[test]
fn a_wrong_locked_lost_or_changed_key_has_its_own_error() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let chest = Chest::with(1);
    let unlock = Unlock::Keystore(chest.clone());
    drop(Engine::options(unlock.clone()).policy(policy()).environment(environment()).create(&path).unwrap());
    refused(&path, &host_key(2), OpenProblem::WrongKey);
    refused(&path, &phrase("a phrase"), OpenProblem::WrongKey);
    for (problem, why) in PROBLEMS {
        chest.set(Err(problem));
        refused(&path, &unlock, why);
        let other = folder.path().join("other");
        let answer =
            Engine::options(unlock.clone()).policy(policy()).environment(environment()).create(&other).err();
        assert_eq!(answer, Some(Error::Open(why)));
        assert!(!other.exists(), "{why:?} left a file");
    }
    chest.set(Ok(2));
    refused(&path, &unlock, OpenProblem::WrongKey);
    // A keystore's key is a host key. A host with a copy of it can open the store.
    open(&path, &host_key(1)).unwrap();
}

#[test]
fn a_keystore_is_asked_only_when_the_file_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let chest = Chest::with(1);
    let engine = Engine::options(Unlock::Keystore(chest.clone()))
        .policy(policy())
        .environment(environment())
        .create(&path)
        .unwrap();
    assert_eq!(chest.asked(), 1);
    engine.health().unwrap();
    engine.sign_up("ada@example.org", &PASSWORD.into(), &Client::on("phone")).unwrap();
    assert_eq!(chest.asked(), 1);
    for (problem, why) in PROBLEMS {
        engine.suspend().unwrap();
        chest.set(Err(problem));
        for _ in 0..2 {
            assert_eq!(engine.health().err(), Some(Error::Open(why)));
            let answer = engine.sign_in("ada@example.org", &PASSWORD.into(), &Client::on("phone"));
            assert_eq!(answer.err(), Some(Error::Open(why)));
        }
        chest.set(Ok(1));
        let before = chest.asked();
        assert_eq!(engine.health().unwrap().waiting_flows, 1);
        engine.messages(10).unwrap();
        assert_eq!(chest.asked(), before + 1);
    }
    engine.suspend().unwrap();
    chest.set(Ok(2));
    assert_eq!(engine.health().err(), Some(WRONG));
}

#[test]
fn a_passphrase_is_hashed_once_and_reopens_a_suspended_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let world = World::new();
    drop(
        Engine::options(phrase("a phrase"))
            .policy(policy())
            .environment(world.environment())
            .create(&path)
            .unwrap(),
    );
    let engine = Engine::options(phrase("a phrase"))
        .policy(policy())
        .environment(world.environment())
        .open(&path)
        .unwrap();
    assert_eq!(world.hashes(), 2);
    engine.suspend().unwrap();
    engine.health().unwrap();
    assert_eq!(world.hashes(), 2, "a passphrase was hashed again");
    drop(engine);
    refused(&path, &phrase("another"), OpenProblem::WrongKey);
    refused(&path, &host_key(1), OpenProblem::WrongKey);
}

/// Notes the cost of every hash.
#[derive(Default)]
struct Noting(Mutex<Vec<HashCost>>);

impl Hasher for Noting {
    fn derive(
        &self,
        cost: HashCost,
        password: &[u8],
        _: &[u8; 16],
        _: &[u8; 32],
    ) -> Result<[u8; 32], HashFailed> {
        self.0.lock().unwrap().push(cost);
        Ok([u8::try_from(password.len()).unwrap(); 32])
    }
}

/// Even if the policy makes passwords cheaper or dearer.
#[test]
fn a_passphrase_costs_64_mib_and_three_passes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let hasher = Arc::new(Noting::default());
    let options = |text| Engine::options(phrase(text)).environment(environment().with_hasher(hasher.clone()));
    let engine = options("a phrase").create(&path).unwrap();
    engine.change_key(&phrase("another phrase")).unwrap();
    engine.rekey(&phrase("a third one")).unwrap();
    drop(engine);
    options("a third one").open(&path).unwrap();
    assert_eq!(*hasher.0.lock().unwrap(), [HashCost::new(65_536, 3, 1); 4]);
}

#[test]
fn a_passphrase_that_is_empty_or_unassigned_locks_no_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let options = |unlock: Unlock| Engine::options(unlock).policy(policy()).environment(environment());
    let invalid = Some(Error::Open(OpenProblem::InvalidPassphrase));
    for bad in ["", "a phrase \u{378}", "\u{ffff}"] {
        assert_eq!(options(phrase(bad)).create(&path).err(), invalid, "{bad:?}");
        assert!(!path.exists(), "{bad:?} left a file");
        let engine = options(phrase("a phrase")).create(&path).unwrap();
        assert_eq!(engine.change_key(&phrase(bad)).err(), invalid, "{bad:?}");
        assert_eq!(engine.rekey(&phrase(bad)).err(), invalid, "{bad:?}");
        drop(engine);
        // No store has an invalid passphrase, so it counts as a wrong one.
        refused(&path, &phrase(bad), OpenProblem::WrongKey);
        drop(open(&path, &phrase("a phrase")).unwrap());
        std::fs::remove_file(&path).unwrap();
    }
    // Bytes that are not text have no normal form to change.
    drop(options(Unlock::Passphrase(selfsame::Secret::from(vec![0xff]))).create(&path).unwrap());
}

#[test]
fn a_changed_key_opens_the_store_and_leaves_the_accounts_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let world = World::builder().file(&path).build();
    let ada = world.ada();
    let chest = Chest::with(3);
    let mut earlier = world.unlock();
    let kinds: [fn(&Arc<Chest>) -> Unlock; 4] = [
        |_| host_key(2),
        |_| phrase("a phrase"),
        |chest| Unlock::Keystore(chest.clone()),
        |_| phrase("another phrase"),
    ];
    let mut engine = world.engine().clone();
    for kind in kinds {
        let unlock = kind(&chest);
        let before = engine.dump().unwrap();
        engine.change_key(&unlock).unwrap();
        let after = engine.dump().unwrap();
        let changed = after.iter().filter(|(key, value)| before.get(*key) != Some(*value)).count();
        assert_eq!((after.len(), changed), (before.len(), 2), "only the header and the stamp change");
        // The same engine continues to work, even after it was suspended.
        engine.resolve(&ada.token).unwrap();
        engine.suspend().unwrap();
        engine.resolve(&ada.token).unwrap();
        engine.suspend().unwrap();
        refused(&path, &earlier, OpenProblem::WrongKey);
        engine = open(&path, &unlock).unwrap();
        engine.resolve(&ada.token).unwrap();
        let signed = engine.sign_in("ada@example.org", &PASSWORD.into(), &Client::on("phone")).unwrap();
        signed_in(signed);
        earlier = unlock;
    }
}

#[test]
fn a_keystore_that_fails_changes_no_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let world = World::builder().file(&path).build();
    let before = world.engine().dump().unwrap();
    for (problem, why) in PROBLEMS {
        let chest = Chest::with(9);
        chest.set(Err(problem));
        let unlock = Unlock::Keystore(chest);
        assert_eq!(world.engine().change_key(&unlock).err(), Some(Error::Open(why)));
        assert_eq!(world.engine().rekey(&unlock).err(), Some(Error::Open(why)));
    }
    assert!(world.engine().dump().unwrap() == before);
    world.engine().suspend().unwrap();
    open(&path, &world.unlock()).unwrap();
}

/// What an application still holds of a closed engine does not open the file behind its back.
#[test]
fn a_closed_engine_and_all_that_it_has_given_out_refuse() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store");
    let keystore = Chest::with(1);
    let world = World::builder().file(&path).build();
    let token = world.ada().token;
    let engine = world.engine().clone();
    engine.change_key(&Unlock::Keystore(keystore.clone())).unwrap();
    let (account, desk, clone) =
        (engine.account(&token).unwrap(), engine.support("grace").unwrap(), engine.clone());
    engine.suspend().unwrap();
    assert_eq!(account.view().unwrap().methods.len(), 1, "a suspended engine opens the file again");

    engine.close().unwrap();
    let asked = keystore.asked();
    assert_eq!(account.view().err(), Some(Error::Closed));
    assert_eq!(desk.find("ada@example.org").err(), Some(Error::Closed));
    assert_eq!(clone.suspend(), Err(Error::Closed));
    assert_eq!(clone.rekey(&host_key(2)), Err(Error::Closed));
    assert_eq!(clone.vacuum(), Err(Error::Closed));
    assert_eq!(clone.purge_due(1).err(), Some(Error::Closed));
    assert_eq!(clone.close(), Ok(()));
    assert_eq!(keystore.asked(), asked, "the keystore was asked");

    let options = Engine::options(Unlock::Keystore(keystore));
    let again = options.environment(world.environment()).open(&path).unwrap();
    assert_eq!(again.account(&token).unwrap().view().unwrap().methods.len(), 1);
}
