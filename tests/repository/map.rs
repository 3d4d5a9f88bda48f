//! tests/README.md is a map of the folder `tests`. It lists exactly the folder's entries.

use std::collections::BTreeSet;
use std::fs;

use crate::source::root;

#[test]
fn the_map_of_the_tests_lists_exactly_the_entries() {
    let folder = root().join("tests");
    let map = fs::read_to_string(folder.join("README.md")).unwrap();
    let named: BTreeSet<_> = entries(&map).collect();
    let names = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let there: BTreeSet<_> = names.filter(|name| !name.starts_with('.') && name != "README.md").collect();
    assert_eq!(named, there, "tests/README.md (left) and tests/ (right)");
}

/// The first cells of its tables that name something in the folder.
fn entries(map: &str) -> impl Iterator<Item = String> {
    let links = map.lines().filter_map(|line| Some(line.strip_prefix("| [")?.split_once("](")?.1));
    links
        .filter_map(|link| link.split(')').next())
        .filter(|entry| !entry.starts_with(".."))
        .map(str::to_owned)
}
