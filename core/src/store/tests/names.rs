//! The names beside a store, which others may have made; and the owner of its file.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::Command;

use super::files::{made, names, open};
use super::*;
use crate::store::place::Place;

/// Puts something that leads to `victim` at `name`.
type Lead = fn(victim: &Path, name: &Path);

const LEADS: [Lead; 2] =
    [|victim, name| symlink(victim, name).unwrap(), |victim, name| fs::hard_link(victim, name).unwrap()];

fn pipe(name: &Path) {
    assert!(Command::new("mkfifo").arg(name).status().unwrap().success());
}

#[test]
fn opening_a_store_leaves_alone_what_a_name_beside_it_leads_to() {
    // As long as a reserve, shorter, and longer.
    for size in [256 << 10, 75, 1 << 20] {
        for lead in LEADS {
            let directory = tempfile::tempdir().unwrap();
            let elsewhere = tempfile::tempdir().unwrap();
            let (path, store) = made(directory.path(), "new");
            drop(store);
            let victim = elsewhere.path().join("precious");
            fs::write(&victim, vec![7; size]).unwrap();
            for name in [".new.reserve", ".new.anew"] {
                let name = directory.path().join(name);
                _ = fs::remove_file(&name);
                lead(&victim, &name);
            }
            let store = open(&path).unwrap();
            assert!(store.has_reserve());
            store.rewrite(&mut |_, value| Ok(value.to_vec()), None).unwrap();
            assert_eq!(value(&store, b"header").unwrap().as_deref(), Some(b"new".as_slice()));
            drop(store);
            assert!(fs::read(&victim).unwrap() == vec![7; size], "the file elsewhere was written to");
            assert_eq!(fs::metadata(&victim).unwrap().nlink(), 1, "the name still leads there");
            assert_eq!(names(directory.path()), [".new.reserve", "new"]);
            let reserve = fs::symlink_metadata(directory.path().join(".new.reserve")).unwrap();
            assert_eq!((reserve.is_file(), reserve.nlink(), reserve.len()), (true, 1, 256 << 10));
        }
    }
}

#[test]
fn a_link_to_nowhere_makes_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let (path, store) = made(directory.path(), "new");
    drop(store);
    let victim = elsewhere.path().join("new file");
    let reserve = directory.path().join(".new.reserve");
    fs::remove_file(&reserve).unwrap();
    symlink(&victim, &reserve).unwrap();
    assert!(open(&path).unwrap().has_reserve());
    assert!(!victim.exists());
    // A folder cannot be replaced, so there is no reserve.
    fs::remove_file(&reserve).unwrap();
    fs::create_dir(&reserve).unwrap();
    assert!(!open(&path).unwrap().has_reserve());
}

#[test]
fn creating_a_store_follows_no_link() {
    for lead in LEADS {
        let directory = tempfile::tempdir().unwrap();
        let elsewhere = tempfile::tempdir().unwrap();
        let victim = elsewhere.path().join("precious");
        fs::write(&victim, b"precious").unwrap();
        let path = directory.path().join("new");
        let temporary = directory.path().join(".new.0707070707070707.new");
        lead(&victim, &temporary);
        let create =
            || RedbStore::create_file(&path, Settings::default(), Vec::new(), [7; 8], None, Arc::new(accept));
        assert_eq!(create().err(), Some(StoreError::Io(std::io::ErrorKind::AlreadyExists)));
        fs::remove_file(&temporary).unwrap();
        // The store's own name is taken too, by a link.
        symlink(elsewhere.path().join("nothing"), &path).unwrap();
        assert_eq!(create().err(), Some(StoreError::AlreadyExists));
        assert_eq!(fs::read(&victim).unwrap(), b"precious");
        assert_eq!(fs::read_dir(elsewhere.path()).unwrap().count(), 1);
    }
}

#[test]
fn a_name_beside_a_store_opens_only_as_a_file_with_one_name() {
    let directory = tempfile::tempdir().unwrap();
    let (path, victim) = (directory.path().join("store"), directory.path().join("precious"));
    let name = directory.path().join(".store.anew");
    let place = Place::new(&path);
    let others: [Lead; 4] =
        [LEADS[0], LEADS[1], |_, name| pipe(name), |_, name| fs::create_dir(name).unwrap()];
    fs::write(&path, b"store").unwrap();
    fs::write(&victim, b"precious").unwrap();
    for other in others {
        other(&victim, &name);
        assert!(place.reopen("anew").is_err());
        assert!(place.replace("anew").is_err());
        assert_eq!(fs::read(&path).unwrap(), b"store");
        fs::remove_file(&name).or_else(|_| fs::remove_dir(&name)).unwrap();
    }
    fs::write(&name, b"").unwrap();
    assert!(place.reopen("anew").is_ok());
}

/// A crash can leave creation's second name.
#[test]
fn a_store_with_a_second_name_or_behind_a_link_opens() {
    let directory = tempfile::tempdir().unwrap();
    let (path, store) = made(directory.path(), "new");
    drop(store);
    fs::hard_link(&path, directory.path().join(".new.0707070707070707.new")).unwrap();
    let linked = directory.path().join("linked");
    symlink(&path, &linked).unwrap();
    let store = open(&linked).unwrap();
    store.rewrite(&mut |_, value| Ok(value.to_vec()), None).unwrap();
    assert!(fs::symlink_metadata(&linked).unwrap().is_symlink(), "the link was replaced");
    assert_eq!(fs::metadata(&path).unwrap().nlink(), 1, "the file behind the link was not replaced");
}

#[test]
fn a_rewritten_file_keeps_the_owner_and_the_mode() {
    let directory = tempfile::tempdir().unwrap();
    let (path, store) = made(directory.path(), "new");
    let kept = |path: &Path| {
        let found = fs::metadata(path).unwrap();
        (found.uid(), found.gid(), found.mode())
    };
    let made = fs::metadata(&path).unwrap().ino();
    // Only root may give a file away. Anybody else keeps it.
    _ = chown(&path, Some(1_234), Some(2_345));
    for mode in [0o640, 0o666, 0o600] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let before = kept(&path);
        store.rewrite(&mut |_, value| Ok(value.to_vec()), None).unwrap();
        assert_eq!(kept(&path), before);
    }
    assert_ne!(fs::metadata(&path).unwrap().ino(), made, "the file was not rewritten");
}
