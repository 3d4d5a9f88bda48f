page!("anchor");

use selfsame::{HostKey, OpenProblem};
use selfsame_world::World;

#[test]
fn an_older_copy_is_refused_and_a_person_can_accept_it() {
    let folder = tempfile::tempdir().unwrap();
    let (store, copy) = (folder.path().join("store"), folder.path().join("copy"));
    let options = options(Unlock::HostKey(HostKey::from_bytes([7; 32])), folder.path().join("anchor"));
    let engine = options.create(&store).unwrap();
    assert!(engine.health().unwrap().rollback_protected);
    engine.suspend().unwrap();
    fs::copy(&store, &copy).unwrap();
    let mail = World::new().ada().email;
    engine.sign_up(&mail, &super::PASSWORD.into(), &selfsame::Client::on("laptop")).unwrap();
    drop(engine);

    fs::rename(copy, &store).unwrap();
    assert_eq!(options.open(&store).err(), Some(Error::Open(OpenProblem::RolledBack)));
    assert_eq!(adopt(&options, &store).unwrap().health().unwrap().outbox, 0);
}
