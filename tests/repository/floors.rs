//! The floors of DESIGN.md, checked against the source: imports only go down, each library is named only on its own
//! floor, no file reaches itself, and the pictures in docs/ARCHITECTURE.md match the source.
//!
//! `cargo test -p selfsame-tests --test repository circle` prints every circle with the names that make it, and
//! `UPDATE=1 cargo test -p selfsame-tests --test repository picture` draws the edges of the pictures again.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the whole file is a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use cargo_metadata::{MetadataCommand, Package};
use toml::{Table, Value};

use crate::paths::{Paths, modules_of, resolved};
use crate::source::{files, root, words};
use crate::{circles, picture, sizes};

/// The floors from the ground up. `error` is beside the topmost one: it uses all floors, and only the topmost uses it.
const FLOORS: [(&str, u8); 8] = [
    ("ground", 0),
    ("crypto", 1),
    ("records", 2),
    ("rules", 3),
    ("flow", 4),
    ("store", 5),
    ("engine", 6),
    ("error", 6),
];
/// The floors of values and decisions, which may not name files, clocks or other parts of the outside world.
const PURE: [&str; 4] = ["ground", "records", "rules", "flow"];
/// The modules of the public API. They may use every floor, and no floor uses them.
const FACE: [&str; 3] = ["lib", "testing", "error"];
const OUTSIDE_WORLD: [&str; 5] = ["fs", "net", "env", "thread", "process"];
/// The only files of the store that open, make, rename or remove files.
const OPENERS: [&str; 2] = ["store/place.rs", "store/process.rs"];
const AMBIENT_CLOCKS: [&str; 2] = ["SystemTime", "Instant"];
/// The only place that may name each of these libraries.
const HOMES: [(&str, &str); 8] = [
    ("bincode", "ground/codec.rs"),
    ("redb", "store/"),
    ("ring", "crypto/"),
    ("rustls", "store/postgres/"),
    ("serde_json", "crypto/json.rs"),
    ("tokio", "store/postgres/"),
    ("tokio_postgres", "store/postgres/"),
    ("tokio_postgres_rustls", "store/postgres/"),
];
/// The members into which macros write `unsafe`. They repeat the workspace's lints and may set this one.
const CROSSING: [&str; 2] = ["bindings", "bindings/testing"];
const ITS_OWN_LINT: (&str, &str) = ("unsafe_code", "allow");

#[test]
fn imports_only_go_down_and_each_library_is_named_only_on_its_floor() {
    let files = sources(&root().join("core/src"));
    assert!(files.len() > 40, "{} files are not the whole core", files.len());
    let built: BTreeSet<_> =
        files.iter().filter_map(|(file, _)| modules_of(file).into_iter().next()).collect();
    for (floor, _) in FLOORS {
        assert!(built.contains(floor), "{floor} has no file");
    }
    let problems: Vec<String> = files.iter().flat_map(|(file, source)| problems(file, source)).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_crate_of_the_workspace_carries_its_lints() {
    let root = root();
    let workspace = manifest("");
    let members: BTreeSet<String> = packages().keys().cloned().collect();
    let manifests: BTreeSet<String> = files(&root, "Cargo.toml")
        .iter()
        .filter_map(|path| relative(&root, path).strip_suffix("/Cargo.toml").map(str::to_owned))
        .collect();
    let excluded = ["tests/fuzz", "tests/peers/sqlite"];
    let outside = workspace["workspace"]["exclude"].as_array().unwrap();
    assert_eq!(*outside, excluded.map(Value::from), "only the fuzzer and a peer are outside the workspace");
    let known = members.iter().cloned().chain(excluded.map(str::to_owned)).collect();
    assert_eq!(manifests, known, "every other crate must be a member, so that every check reaches it");
    for member in members {
        assert!(
            carries_lints(&member, &manifest(&member), &workspace),
            "{member} does not have the workspace's lints"
        );
    }
}

#[test]
fn the_testing_feature_is_off_by_default() {
    let packages = packages();
    let features = &packages["core"].features;
    assert!(features.contains_key("testing"), "there is no such feature");
    assert!(!by_default(features).contains("testing"));
    // The packages for other languages never turn it on.
    let bindings = fs::read_to_string(root().join("bindings/Cargo.toml")).unwrap();
    for line in bindings.lines().filter(|line| !line.starts_with('#')) {
        assert!(!line.contains("testing"), "bindings: {line}");
    }
}

#[test]
fn no_circle_of_files_exists() {
    let root = root();
    let circles: Vec<String> = packages()
        .keys()
        .filter(|member| *member == "core" || member.starts_with("bindings"))
        .flat_map(|member| {
            circles::circles(&format!("{member}/src"), &sources(&root.join(member).join("src")))
        })
        .collect();
    assert!(circles.is_empty(), "{} circles\n{}", circles.len(), circles.join("\n"));
}

#[test]
fn the_pictures_match_the_source() {
    let path = root().join("docs/ARCHITECTURE.md");
    let page = fs::read_to_string(&path).unwrap();
    let files = circles::edges(&sources(&root().join("core/src"))).into_keys();
    let floors = picture::floor_edges(files, &FLOORS.map(|(floor, _)| floor));
    let pictures = [("The floors of the core", floors), ("The crates", picture::crate_edges(&packages()))];
    if std::env::var_os("UPDATE").is_some() {
        let drawn = |page: String, (heading, edges): &(&str, _)| picture::drawn(&page, heading, edges);
        fs::write(&path, pictures.iter().fold(page, drawn)).unwrap();
    } else {
        let stale: Vec<_> = pictures
            .iter()
            .flat_map(|(heading, edges)| picture::differences(&page, heading, edges))
            .collect();
        assert!(stale.is_empty(), "{}: run this test with UPDATE=1\n{}", path.display(), stale.join("\n"));
    }
}

#[test]
fn no_file_is_too_long() {
    let files = sources(&root());
    let lines: Vec<_> = files.iter().map(|(file, source)| (file.clone(), source.lines().count())).collect();
    let long = lines.iter().filter(|(file, lines)| sizes::is_too_long(file, *lines));
    let long: Vec<_> = long.map(|(file, lines)| format!("{file}: {lines}")).collect();
    let (table, high) = sizes::table(&lines);
    println!("{table}");
    assert!(long.is_empty() && high.is_empty(), "too long:\n{}\n{}", long.join("\n"), high.join("\n"));
}

#[test]
fn no_function_of_a_test_is_too_long() {
    let root = root();
    let functions = ["bindings", "core", "examples", "tests"]
        .map(|folder| circles::functions_of_tests(folder, &sources(&root.join(folder))));
    let long = functions.iter().flatten().filter(|(_, lines)| *lines > sizes::LONGEST_TEST);
    let long: Vec<_> = long.map(|(function, lines)| format!("{function}: {lines}")).collect();
    assert!(long.is_empty(), "{} are over {} lines:\n{}", long.len(), sizes::LONGEST_TEST, long.join("\n"));
}

/// The path of a file relative to `folder`.
fn relative(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/")
}

/// Every file in `folder`: its relative path and its source.
fn sources(folder: &Path) -> Vec<(String, String)> {
    let files = files(folder, ".rs");
    files.iter().map(|path| (relative(folder, path), fs::read_to_string(path).unwrap())).collect()
}

/// The members of the workspace by folder.
fn packages() -> BTreeMap<String, Package> {
    let root = root().canonicalize().unwrap();
    let metadata = MetadataCommand::new().current_dir(&root).no_deps().exec().unwrap();
    let folder = |package: &Package| relative(&root, package.manifest_path.parent().unwrap().as_std_path());
    metadata.packages.into_iter().map(|package| (folder(&package), package)).collect()
}

fn manifest(folder: &str) -> Table {
    fs::read_to_string(root().join(folder).join("Cargo.toml")).unwrap().parse().unwrap()
}

/// What is wrong with a file of core/src.
fn problems(file: &str, source: &str) -> Vec<String> {
    let modules = modules_of(file);
    let paths = match Paths::of(source) {
        Ok(paths) => paths.found,
        Err(problem) => return vec![format!("core/src/{file} is not Rust: {problem}")],
    };
    let mut found = BTreeSet::new();
    let mut add = |line: usize, what: String| found.insert((line, format!("core/src/{file}:{line}: {what}")));

    let floor = modules.first().map_or("lib", String::as_str);
    let level = level(floor);
    if level.is_none() && !FACE.contains(&floor) {
        add(1, format!("{floor} is not a floor"));
    }
    if let Some(level) = level.filter(|_| !FACE.contains(&floor)) {
        for path in &paths {
            let scope = [&modules[..], &path.within].concat();
            let Some(reached) = resolved(&scope, &path.segments) else { continue };
            let target = reached.first().map_or("*", String::as_str);
            match self::level(target) {
                Some(other) if other <= level => {}
                Some(_) => _ = add(path.line, format!("{floor} looks up to {target}")),
                None => _ = add(path.line, format!("{floor} uses the public API: crate::{target}")),
            }
        }
    }

    let is_pure = PURE.contains(&floor);
    for path in paths.iter().filter(|path| path.segments.len() > 1 || path.import.is_some()) {
        let first = path.segments.first().map_or("", String::as_str);
        let second = path.segments.get(1).map_or("*", String::as_str);
        if is_pure && first == "std" && (OUTSIDE_WORLD.contains(&second) || second == "*") {
            add(path.line, format!("{floor} names std::{second}"));
        }
        for (library, home) in HOMES {
            if first == library && !file.starts_with(home) {
                add(path.line, format!("{library} is named outside {home}"));
            }
        }
    }
    let opens_none =
        file.starts_with("store/") && !file.starts_with("store/tests/") && !OPENERS.contains(&file);
    for path in paths.iter().filter(|path| opens_none && !path.in_test && opens(&path.segments)) {
        add(path.line, format!("a file is opened outside {}", OPENERS[0]));
    }
    for path in paths.iter().filter(|_| is_pure) {
        for clock in path.segments.iter().filter(|name| AMBIENT_CLOCKS.contains(&name.as_str())) {
            add(path.line, format!("{floor} names {clock}"));
        }
    }
    found.into_iter().map(|(_, problem)| problem).collect()
}

/// Returns whether a path names more of `std::fs` than a type for a file that is open.
fn opens(path: &[String]) -> bool {
    let path: Vec<_> = path.iter().map(String::as_str).collect();
    match path[..] {
        ["std", "fs", "File" | "Metadata"] | ["File"] => false,
        ["std", "fs", ..] | ["fs" | "File" | "OpenOptions", ..] => true,
        _ => false,
    }
}

fn level(floor: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == floor).map(|(_, level)| *level)
}

#[test]
fn every_record_is_in_the_list_for_golden_bytes_and_the_fuzzer() {
    let core = root().join("core/src");
    let mut records: BTreeSet<String> = BTreeSet::new();
    for (_, source) in sources(&core) {
        records.extend(following(source.split("#[cfg(test)]\nmod ").next().unwrap(), &["Record", "for"]));
    }
    assert!(records.remove("Basis"), "Basis, which is hashed and never read, is gone");
    let list = fs::read_to_string(core.join("records/mod.rs")).unwrap();
    assert_eq!(following(&list, &[":", ":"]), records);
}

/// The words that follow these words anywhere in the source.
fn following(source: &str, before: &[&str]) -> BTreeSet<String> {
    let words = words(source);
    let found =
        words.windows(before.len() + 1).filter(|window| window.iter().zip(before).all(|(a, b)| a == b));
    found.filter_map(|window| window.last()).cloned().collect()
}

/// Whether the lints of a member are those of the workspace.
fn carries_lints(member: &str, manifest: &Table, workspace: &Table) -> bool {
    let mut wanted = workspace["workspace"]["lints"].clone();
    if CROSSING.contains(&member) {
        let (lint, level) = ITS_OWN_LINT;
        wanted["rust"].as_table_mut().unwrap().insert(lint.into(), level.into());
    } else {
        wanted = Table::from_iter([("workspace".to_owned(), true.into())]).into();
    }
    manifest.get("lints") == Some(&wanted)
}

/// The default features of a crate.
fn by_default(features: &BTreeMap<String, Vec<String>>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut ask = vec!["default"];
    while let Some(feature) = ask.pop() {
        let brought = features.get(feature).into_iter().flatten();
        ask.extend(brought.map(String::as_str).filter(|name| found.insert((*name).to_owned())));
    }
    found
}

/// The checker itself, on sources that break one rule each and on sources that break none.
mod checker {
    use super::*;

    #[test]
    fn each_forbidden_name_is_caught() {
        for (file, source, problem) in [
            ("ground/id.rs", "use crate::crypto::seal::SealKey;", "ground looks up to crypto"),
            ("crypto/seal.rs", "use crate::rules::account::Account;", "crypto looks up to rules"),
            ("rules/flow.rs", "use crate::store::view::View;", "rules looks up to store"),
            ("records/session.rs", "use crate::rules::fresh::Fresh;", "records looks up to rules"),
            ("records/session.rs", "use crate::flow::turn::Turn;", "records looks up to flow"),
            ("rules/fresh.rs", "use crate::flow::turn::Turn;", "rules looks up to flow"),
            ("flow/turn.rs", "use crate::store::view::View;", "flow looks up to store"),
            ("store/view.rs", "use crate::engine::Engine;", "store looks up to engine"),
            ("store/view.rs", "use crate::error::Error;", "store looks up to error"),
            // Every way to write it.
            ("rules/flow.rs", "use crate::{ground::id, store::{self, view}};", "rules looks up to store"),
            ("rules/flow.rs", "use crate::{store as below};", "rules looks up to store"),
            ("rules/flow.rs", "fn f() { crate::store::view::look() }", "rules looks up to store"),
            ("rules/flow.rs", "fn f(_: <T as crate::store::Read>::Row) {}", "rules looks up to store"),
            ("rules/flow.rs", "macro_rules! m { () => { $crate::store::f() } }", "rules looks up to store"),
            ("rules/flow.rs", "use crate::r#store::view;", "rules looks up to store"),
            ("rules/flow.rs", "use r#crate::r#store::view;", "is not Rust"),
            (
                "rules/flow.rs",
                "fn f() { m!(a, crate::{ground::id, store::{self as s}}) }",
                "rules looks up to store",
            ),
            ("rules/flow.rs", "#[m(with = crate::store::f)] fn f() {}", "rules looks up to store"),
            ("rules/flow.rs", "pub(in crate::engine) fn f() {}", "rules looks up to engine"),
            ("rules/flow.rs", "use super::super::store::view;", "rules looks up to store"),
            ("rules/mod.rs", "use super::store;", "rules looks up to store"),
            ("store/tests/faults.rs", "use super::super::super::engine;", "store looks up to engine"),
            ("rules/flow.rs", "#[cfg(test)] mod tests { use super::super::super::store; }", "to store"),
            ("rules/flow.rs", "#[cfg(test)] mod tests { use crate::store::view; }", "to store"),
            // Through the public API.
            ("rules/flow.rs", "use crate::Engine;", "uses the public API: crate::Engine"),
            ("rules/flow.rs", "use crate::*;", "uses the public API: crate::*"),
            ("engine/mod.rs", "use crate::testing::Model;", "uses the public API: crate::testing"),
            ("rules/flow.rs", "use crate as all;", "uses the public API"),
            ("upstairs/mod.rs", "", "upstairs is not a floor"),
            // Names that the pure floors must not use.
            ("ground/id.rs", "use std::fs;", "ground names std::fs"),
            ("rules/flow.rs", "use std::{fmt, net::IpAddr};", "rules names std::net"),
            ("rules/flow.rs", "fn f() { std::env::var(); }", "rules names std::env"),
            ("rules/flow.rs", "use ::std::thread as t;", "rules names std::thread"),
            ("rules/flow.rs", "#[test] fn f() { std::process::exit(1) }", "rules names std::process"),
            ("rules/flow.rs", "use std as s;", "rules names std::*"),
            ("rules/flow.rs", "use std::*;", "rules names std::*"),
            ("records/session.rs", "use std::fs;", "records names std::fs"),
            ("flow/turn.rs", "m! { use std as s; }", "flow names std::*"),
            ("flow/turn.rs", "fn f() { assert!(Instant::now() > at) }", "flow names Instant"),
            ("ground/time.rs", "use std::time::SystemTime;", "ground names SystemTime"),
            ("rules/flow.rs", "use std::time::Instant as Clock;", "rules names Instant"),
            ("rules/flow.rs", "fn f(at: time::Instant) {}", "rules names Instant"),
            // Files that are opened outside their place.
            ("store/file.rs", "use std::fs::OpenOptions;", "opened outside store/place.rs"),
            ("store/file.rs", "fn f() { std::fs::remove_file(path) }", "opened outside store/place.rs"),
            ("store/create.rs", "use std::fs; fn f() {}", "opened outside store/place.rs"),
            ("store/create.rs", "fn f() { File::open(path) }", "opened outside store/place.rs"),
            // Libraries outside their places.
            ("rules/flow.rs", "use redb::Database;", "redb is named outside store/"),
            ("engine/mod.rs", "fn f() { ::redb::open() }", "redb is named outside store/"),
            ("testing.rs", "extern crate redb as r;", "redb is named outside store/"),
            ("ground/entropy.rs", "use ring::rand;", "ring is named outside crypto/"),
            ("store/view.rs", "use {serde::Serialize, ring::aead};", "ring is named outside crypto/"),
            ("ground/id.rs", "use bincode::config;", "bincode is named outside ground/codec.rs"),
            ("lib.rs", "pub use bincode;", "bincode is named outside ground/codec.rs"),
            ("crypto/jose.rs", "use serde_json::Value;", "serde_json is named outside crypto/json.rs"),
        ] {
            let problems = problems(file, source).join("\n");
            assert!(problems.contains(problem), "{file}: {source}\nfound: {problems}");
        }
    }

    #[test]
    fn allowed_names_pass() {
        for (file, source) in [
            ("engine/mod.rs", "use crate::{crypto, error::Error, flow, ground::id, records, rules, store};"),
            ("flow/turn.rs", "use crate::{crypto, records::session::Session, rules::fresh};"),
            ("error.rs", "use crate::engine; use crate::store::port::StoreError;"),
            ("lib.rs", "pub use engine::Engine; pub use crate::store::tables;"),
            ("testing.rs", "pub use crate::store::testing::*;"),
            ("rules/flow.rs", "pub(crate) use super::account::Account; use self::inner::x;"),
            ("rules/flow.rs", "mod inner { use super::super::account; use super::super::super::ground; }"),
            ("store/redb.rs", "use redb::Database; use std::fs::File; use std::time::Instant;"),
            ("engine/mod.rs", "use crate::store::redb::RedbStore;"),
            ("store/place.rs", "use std::fs::OpenOptions; fn f() { std::fs::rename(from, to) }"),
            ("store/file.rs", "use std::fs::{File, Metadata}; #[cfg(test)] mod tests { use std::fs; }"),
            ("crypto/seal.rs", "use ring::aead::{Aad, AES_256_GCM};"),
            ("ground/codec.rs", "use bincode::config::Configuration;"),
            // Comments, documentation and texts may name anything.
            (
                "rules/flow.rs",
                "//! As redb::Database and std::fs.\n/// crate::store::view\n// Instant\nfn f() {}",
            ),
            ("rules/flow.rs", "/* std::fs /* ring::rand */ SystemTime */ fn f() {}"),
            (
                "rules/flow.rs",
                r##"const A: &str = "std::fs"; const B: &str = r#"crate::store::" Instant"#;"##,
            ),
            ("rules/flow.rs", r#"const A: &[u8] = b"\"crate::store::x"; const B: char = '"';"#),
            ("rules/flow.rs", "fn f<'std>(_: &'std str) -> impl Sized + use<'std> {}"),
            ("rules/flow.rs", "use std::fmt; fn ring(redb: u8) -> u8 { redb + std::mem::take(redb) }"),
        ] {
            assert_eq!(problems(file, source), [""; 0], "{file}: {source}");
        }
    }

    #[test]
    fn a_problem_is_reported_with_its_place() {
        let source = "use std::fmt;\nuse crate::{\n    ground::id,\n    store::view,\n};\n";
        assert_eq!(problems("rules/flow.rs", source), ["core/src/rules/flow.rs:4: rules looks up to store"]);
    }

    #[test]
    fn lints_that_differ_are_caught() {
        let workspace = "[workspace.lints.rust]\nunsafe_code = \"forbid\"\nmissing_docs = \"warn\"\n\
                         [workspace.lints.clippy]\npanic = \"warn\"\n";
        let own = "[lints.rust]\nunsafe_code = \"allow\"\nmissing_docs = \"warn\"\n\
                   [lints.clippy]\npanic = \"warn\"\n";
        let carries = |member: &str, manifest: &str| {
            carries_lints(member, &manifest.parse().unwrap(), &workspace.parse().unwrap())
        };
        assert!(carries("bindings", own));
        assert!(carries("core", "[lints]\nworkspace = true\n"));
        assert!(!carries("core", own), "only bindings may have lints of its own");
        for (from, to) in [
            ("missing_docs = \"warn\"\n", ""),
            ("missing_docs = \"warn\"", "missing_docs = \"allow\""),
            ("panic = \"warn\"", "panic = \"allow\""),
            ("panic = \"warn\"", "panic = \"warn\"\ntodo = \"allow\""),
            ("[lints.clippy]", "[lints.rustdoc]"),
        ] {
            assert!(!carries("bindings", &own.replace(from, to)), "{from} as {to}");
        }
    }

    #[test]
    fn features_that_enable_others_are_followed() {
        let features = "default = [\n  \"one\",\n]\none = [\"two\", \"dep:x\"]\ntwo = []\nthree = []\n";
        let found = by_default(&toml::from_str(features).unwrap());
        assert!(found.contains("two") && !found.contains("three"), "{found:?}");
    }
}
