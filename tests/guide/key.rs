page!("key");

#[test]
fn a_keystore_has_the_key_of_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let (keys, store) = (folder.path().join("key"), folder.path().join("store"));
    keep_a_key(&keys).unwrap();
    let kept = fs::read(&keys).unwrap();
    keep_a_key(&keys).unwrap();
    assert_eq!(fs::read(&keys).unwrap(), kept);
    let engine = open(keys.clone(), store.clone()).unwrap();
    assert_eq!(engine.health().unwrap().accounts, 0);
    drop(engine);
    fs::remove_file(&keys).unwrap();
    assert_eq!(open(keys, store).err().as_deref(), Some("The key is lost."));
}
