//! The tower of DESIGN.md, held by reading the source: imports only go down, and each library is named
//! on its own floor alone.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test, whole")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use crate::source::{Token, files, root, tokens};

/// The floors from the ground up. `error` stands beside the topmost: it looks at all of them, and only
/// that floor names it.
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
/// The face: it may look everywhere, and no floor looks at it.
const FACE: [&str; 3] = ["lib", "testing", "error"];
/// What no value and no rule may reach.
const OUTSIDE_WORLD: [&str; 5] = ["fs", "net", "env", "thread", "process"];
const AMBIENT_CLOCKS: [&str; 2] = ["SystemTime", "Instant"];
/// Where alone each of these libraries is named.
const HOMES: [(&str, &str); 4] = [
    ("bincode", "ground/codec.rs"),
    ("redb", "store/"),
    ("ring", "crypto/"),
    ("serde_json", "crypto/json.rs"),
];
/// The member whose macros write `unsafe` into it: it repeats the workspace's lints, and may set this one.
const CROSSING: [&str; 2] = ["bindings", "bindings/testing"];
const ITS_OWN_LINT: (&str, &str) = ("unsafe_code", "\"allow\"");
const LONGEST_FILE: usize = 600;

#[test]
fn imports_only_go_down_and_each_library_is_named_on_its_own_floor() {
    let core = root().join("core/src");
    let files = files(&core, ".rs");
    assert!(files.len() > 40, "{} files are not the whole core", files.len());
    let problems: Vec<String> = files
        .iter()
        .flat_map(|path| problems(&relative(&core, path), &fs::read_to_string(path).unwrap()))
        .collect();
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn no_file_is_longer_than_one_can_read() {
    let root = root();
    let long: Vec<String> = files(&root, ".rs")
        .iter()
        .filter(|path| is_too_long(&fs::read_to_string(path).unwrap()))
        .map(|path| relative(&root, path))
        .collect();
    assert!(long.is_empty(), "over {LONGEST_FILE} lines: {}", long.join(", "));
}

#[test]
fn every_crate_of_the_workspace_carries_its_lints() {
    let root = root();
    let workspace = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let members: BTreeSet<String> = strings(&entry(&workspace, "workspace", "members").unwrap()).collect();
    let manifests: BTreeSet<String> = files(&root, "Cargo.toml")
        .iter()
        .filter_map(|path| relative(&root, path).strip_suffix("/Cargo.toml").map(str::to_owned))
        .collect();
    let excluded: BTreeSet<String> = strings(&entry(&workspace, "workspace", "exclude").unwrap()).collect();
    let outside = ["tests/fuzz", "tests/peers/sqlite"].map(str::to_owned);
    assert_eq!(excluded, BTreeSet::from(outside), "the fuzzer and a peer stay out, and nothing else");
    let known = members.union(&excluded).cloned().collect();
    assert_eq!(manifests, known, "every other crate here is a member, so every check reaches it");
    for member in members {
        let manifest = fs::read_to_string(root.join(&member).join("Cargo.toml")).unwrap();
        assert!(
            carries_lints(&member, &manifest, &workspace),
            "{member} does not have the workspace's lints"
        );
    }
}

#[test]
fn the_doors_for_tests_open_only_where_they_are_asked_for() {
    let core = fs::read_to_string(root().join("core/Cargo.toml")).unwrap();
    assert!(entry(&core, "features", "testing").is_some(), "there is such a feature");
    assert!(!by_default(&core).contains("testing"));
    // What ships to other languages never asks for it.
    let bindings = fs::read_to_string(root().join("bindings/Cargo.toml")).unwrap();
    for line in bindings.lines().filter(|line| !line.starts_with('#')) {
        assert!(!line.contains("testing"), "bindings: {line}");
    }
}

/// What is wrong with a file of core/src.
fn problems(file: &str, source: &str) -> Vec<String> {
    let modules = modules_of(file);
    let tokens = tokens(source);
    let paths = paths(&tokens);
    let mut found = BTreeSet::new();
    let mut add = |line: usize, what: String| found.insert((line, format!("core/src/{file}:{line}: {what}")));

    let floor = modules.first().map_or("lib", String::as_str);
    let level = level(floor);
    if level.is_none() && !FACE.contains(&floor) {
        add(1, format!("{floor} is no floor"));
    }
    if let Some(level) = level.filter(|_| !FACE.contains(&floor)) {
        for path in &paths {
            let Some(reached) = path.resolved(&modules) else { continue };
            let target = reached.first().map_or("*", String::as_str);
            match self::level(target) {
                Some(other) if other <= level => {}
                Some(_) => _ = add(path.line, format!("{floor} looks up to {target}")),
                None => _ = add(path.line, format!("{floor} looks at the face: crate::{target}")),
            }
        }
    }

    let is_pure = matches!(floor, "ground" | "records" | "rules" | "flow");
    for path in &paths {
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
    for token in tokens.iter().filter(|token| is_pure && AMBIENT_CLOCKS.contains(&token.text.as_str())) {
        add(token.line, format!("{floor} names {}", token.text));
    }
    found.into_iter().map(|(_, problem)| problem).collect()
}

fn level(floor: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == floor).map(|(_, level)| *level)
}

fn is_too_long(source: &str) -> bool {
    source.lines().count() > LONGEST_FILE
}

fn relative(folder: &Path, path: &Path) -> String {
    path.strip_prefix(folder).unwrap().to_string_lossy().replace('\\', "/")
}

/// The module that a file of core/src is, from the crate's root.
fn modules_of(file: &str) -> Vec<String> {
    let name = file.strip_suffix(".rs").unwrap();
    let name = name.strip_suffix("/mod").unwrap_or(name);
    if name == "lib" { Vec::new() } else { name.split('/').map(str::to_owned).collect() }
}

/// A path as it is written, and the inline modules that it is written in.
struct Named {
    segments: Vec<String>,
    within: Vec<String>,
    line: usize,
}

impl Named {
    /// Where a path that begins with `crate`, `self` or `super` leads to.
    fn resolved(&self, modules: &[String]) -> Option<Vec<String>> {
        let mut at: Vec<String> = modules.iter().chain(&self.within).cloned().collect();
        let mut rest = self.segments.as_slice();
        match rest.first()?.as_str() {
            "crate" => {
                at.clear();
                rest = &rest[1..];
            }
            "self" => rest = &rest[1..],
            "super" => {}
            _ => return None,
        }
        while rest.first().is_some_and(|segment| segment == "super") {
            at.pop();
            rest = &rest[1..];
        }
        at.extend(rest.iter().cloned());
        Some(at)
    }
}

/// Every path in the source: those of `use`, groups taken apart, and those in between.
fn paths(tokens: &[Token]) -> Vec<Named> {
    let text = |at: usize| tokens.get(at).map_or("", |token| token.text.as_str());
    let mut found = Vec::new();
    let mut open: Vec<Option<String>> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let line = tokens[at].line;
        let within: Vec<String> = open.iter().flatten().cloned().collect();
        match text(at) {
            "{" => {
                let named = at >= 2 && text(at - 2) == "mod";
                open.push(named.then(|| text(at - 1).to_owned()));
            }
            "}" => _ = open.pop(),
            "use" if text(at + 1) != "<" => {
                let mut leaves = Vec::new();
                at = leaves_of(tokens, at + 1, &[], &mut leaves);
                found.extend(leaves.into_iter().map(|(segments, line)| Named {
                    segments,
                    within: within.clone(),
                    line,
                }));
                continue;
            }
            "extern" if text(at + 1) == "crate" => {
                found.push(Named { segments: vec![text(at + 2).to_owned()], within, line });
                at += 2;
            }
            first if is_name(first) && text(at + 1) == "::" => {
                let mut segments = vec![first.to_owned()];
                while text(at + 1) == "::" && is_name(text(at + 2)) {
                    at += 2;
                    segments.push(text(at).to_owned());
                }
                found.push(Named { segments, within, line });
            }
            _ => {}
        }
        at += 1;
    }
    found
}

/// Reads one branch of a `use` and tells where it ends.
fn leaves_of(
    tokens: &[Token],
    mut at: usize,
    stem: &[String],
    leaves: &mut Vec<(Vec<String>, usize)>,
) -> usize {
    let mut segments = stem.to_vec();
    while let Some(token) = tokens.get(at) {
        match token.text.as_str() {
            "::" => {}
            "{" => {
                at += 1;
                while tokens.get(at).is_some_and(|token| token.text != "}") {
                    at = leaves_of(tokens, at, &segments, leaves);
                    if tokens.get(at).is_some_and(|token| token.text == ",") {
                        at += 1;
                    }
                }
                return at + 1;
            }
            // The thing itself, in a group.
            "self" if !segments.is_empty() => {}
            "as" => at += 1,
            "*" => segments.push("*".to_owned()),
            name if is_name(name) => segments.push(name.to_owned()),
            _ => {
                leaves.push((segments, tokens[at - 1].line));
                return at;
            }
        }
        at += 1;
    }
    at
}

fn is_name(text: &str) -> bool {
    text.starts_with(|c: char| c == '_' || c.is_alphabetic())
}

/// The value of a key in a section of a manifest, over several lines where it is a list.
fn entry(manifest: &str, section: &str, key: &str) -> Option<String> {
    let mut within = false;
    let mut lines = manifest.lines();
    while let Some(line) = lines.next() {
        if let Some(header) = line.strip_prefix('[') {
            within = header.strip_suffix(']') == Some(section);
        } else if within
            && let Some((name, value)) = line.split_once('=')
            && name.trim() == key
        {
            let mut value = value.trim().to_owned();
            while value.starts_with('[') && !value.ends_with(']') {
                value.push_str(lines.next()?.trim());
            }
            return Some(value);
        }
    }
    None
}

/// The keys and values of a section, each on a line.
fn section(manifest: &str, name: &str) -> BTreeMap<String, String> {
    let (_, after) = manifest.split_once(&format!("\n[{name}]\n")).unwrap_or_default();
    let lines = after.lines().take_while(|line| !line.starts_with('['));
    lines
        .filter_map(|line| line.split_once('='))
        .map(|(key, value)| (key.trim().into(), value.trim().into()))
        .collect()
}

#[test]
fn every_record_is_in_the_list_that_golden_bytes_and_the_fuzzer_walk() {
    let core = root().join("core/src");
    let mut records: BTreeSet<String> = BTreeSet::new();
    for path in files(&core, ".rs") {
        let source = fs::read_to_string(path).unwrap();
        records.extend(following(source.split("#[cfg(test)]\nmod ").next().unwrap(), &["Record", "for"]));
    }
    assert!(records.remove("Basis"), "the one that is hashed and never read");
    let list = fs::read_to_string(core.join("records/mod.rs")).unwrap();
    assert_eq!(following(&list, &["::"]), records);
}

/// What follows these tokens, wherever they stand.
fn following(source: &str, before: &[&str]) -> BTreeSet<String> {
    let tokens = tokens(source);
    let found = tokens
        .windows(before.len() + 1)
        .filter(|window| window.iter().zip(before).all(|(a, b)| a.text == *b));
    found.filter_map(|window| window.last()).map(|token| token.text.clone()).collect()
}

/// Whether the lints of a member are those of the workspace.
fn carries_lints(member: &str, manifest: &str, workspace: &str) -> bool {
    if !CROSSING.contains(&member) {
        return entry(manifest, "lints", "workspace").as_deref() == Some("true");
    }
    let (lint, level) = ITS_OWN_LINT;
    let mut wanted = section(workspace, "workspace.lints.rust");
    wanted.insert(lint.to_owned(), level.to_owned());
    section(manifest, "lints.rust") == wanted
        && section(manifest, "lints.clippy") == section(workspace, "workspace.lints.clippy")
}

fn strings(list: &str) -> impl Iterator<Item = String> {
    list.split('"').skip(1).step_by(2).map(str::to_owned)
}

/// The features that a crate has unless told otherwise.
fn by_default(manifest: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut ask = vec!["default".to_owned()];
    while let Some(feature) = ask.pop() {
        if let Some(list) = entry(manifest, "features", &feature) {
            ask.extend(strings(&list).filter(|name| found.insert(name.clone())));
        }
    }
    found
}

/// The checker, on sources that each break one rule and on sources that break none.
mod checker {
    use super::*;

    #[test]
    fn each_forbidden_thing_is_caught() {
        for (file, source, problem) in [
            ("ground/id.rs", "use crate::crypto::seal::SealKey;", "ground looks up to crypto"),
            ("crypto/seal.rs", "use crate::rules::account::Account;", "crypto looks up to rules"),
            ("rules/flow.rs", "use crate::store::view::View;", "rules looks up to store"),
            ("store/view.rs", "use crate::engine::Engine;", "store looks up to engine"),
            ("store/view.rs", "use crate::error::Error;", "store looks up to error"),
            // However it is written.
            ("rules/flow.rs", "use crate::{ground::id, store::{self, view}};", "rules looks up to store"),
            ("rules/flow.rs", "use crate::{store as below};", "rules looks up to store"),
            ("rules/flow.rs", "fn f() { crate::store::view::look() }", "rules looks up to store"),
            ("rules/flow.rs", "fn f(_: <T as crate::store::Read>::Row) {}", "rules looks up to store"),
            ("rules/flow.rs", "macro_rules! m { () => { $crate::store::f() } }", "rules looks up to store"),
            ("rules/flow.rs", "use r#crate::r#store::view;", "rules looks up to store"),
            ("rules/flow.rs", "pub(in crate::engine) fn f() {}", "rules looks up to engine"),
            ("rules/flow.rs", "use super::super::store::view;", "rules looks up to store"),
            ("rules/mod.rs", "use super::store;", "rules looks up to store"),
            ("store/tests/faults.rs", "use super::super::super::engine;", "store looks up to engine"),
            ("rules/flow.rs", "#[cfg(test)] mod tests { use super::super::super::store; }", "to store"),
            ("rules/flow.rs", "#[cfg(test)] mod tests { use crate::store::view; }", "to store"),
            // Through the face.
            ("rules/flow.rs", "use crate::Engine;", "looks at the face: crate::Engine"),
            ("rules/flow.rs", "use crate::*;", "looks at the face: crate::*"),
            ("engine/mod.rs", "use crate::testing::Model;", "looks at the face: crate::testing"),
            ("rules/flow.rs", "use crate as all;", "looks at the face"),
            ("upstairs/mod.rs", "", "upstairs is no floor"),
            // What the pure floors may not reach.
            ("ground/id.rs", "use std::fs;", "ground names std::fs"),
            ("rules/flow.rs", "use std::{fmt, net::IpAddr};", "rules names std::net"),
            ("rules/flow.rs", "fn f() { std::env::var(); }", "rules names std::env"),
            ("rules/flow.rs", "use ::std::thread as t;", "rules names std::thread"),
            ("rules/flow.rs", "#[test] fn f() { std::process::exit(1) }", "rules names std::process"),
            ("rules/flow.rs", "use std as s;", "rules names std::*"),
            ("rules/flow.rs", "use std::*;", "rules names std::*"),
            ("ground/time.rs", "use std::time::SystemTime;", "ground names SystemTime"),
            ("rules/flow.rs", "use std::time::Instant as Clock;", "rules names Instant"),
            ("rules/flow.rs", "fn f(at: time::Instant) {}", "rules names Instant"),
            // Libraries outside their homes.
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
    fn what_is_allowed_is_left_alone() {
        for (file, source) in [
            ("engine/mod.rs", "use crate::{crypto, error::Error, ground::id, rules, store};"),
            ("error.rs", "use crate::engine; use crate::store::port::StoreError;"),
            ("lib.rs", "pub use engine::Engine; pub use crate::store::tables;"),
            ("testing.rs", "pub use crate::store::testing::*;"),
            ("rules/flow.rs", "pub(crate) use super::account::Account; use self::inner::x;"),
            ("rules/flow.rs", "mod inner { use super::super::account; use super::super::super::ground; }"),
            ("store/redb.rs", "use redb::Database; use std::fs::File; use std::time::Instant;"),
            ("engine/mod.rs", "use crate::store::redb::RedbStore;"),
            ("crypto/seal.rs", "use ring::aead::{Aad, AES_256_GCM};"),
            ("ground/codec.rs", "use bincode::config::Configuration;"),
            // Comments, documentation and texts name what they like.
            ("rules/flow.rs", "//! As redb::Database and std::fs.\n/// crate::store::view\n// Instant"),
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
    fn a_problem_is_told_with_its_place() {
        let source = "use std::fmt;\nuse crate::{\n    ground::id,\n    store::view,\n};\n";
        assert_eq!(problems("rules/flow.rs", source), ["core/src/rules/flow.rs:4: rules looks up to store"]);
    }

    #[test]
    fn the_six_hundred_and_first_line_is_one_too_many() {
        assert!(!is_too_long(&"x\n".repeat(600)));
        assert!(is_too_long(&"x\n".repeat(601)));
    }

    #[test]
    fn lints_that_differ_are_caught() {
        let workspace = "\n[workspace.lints.rust]\nunsafe_code = \"forbid\"\nmissing_docs = \"warn\"\n\n\
                         [workspace.lints.clippy]\npanic = \"warn\"\n";
        let own = "\n[lints.rust]\nunsafe_code = \"allow\"\nmissing_docs = \"warn\"\n\n\
                   [lints.clippy]\npanic = \"warn\"\n";
        let shared = "\n[lints]\nworkspace = true\n";
        assert!(carries_lints("bindings", own, workspace));
        assert!(carries_lints("core", shared, workspace));
        assert!(!carries_lints("core", own, workspace), "bindings alone may have its own");
        for (from, to) in [
            ("missing_docs = \"warn\"\n", ""),
            ("missing_docs = \"warn\"", "missing_docs = \"allow\""),
            ("panic = \"warn\"", "panic = \"allow\""),
            ("panic = \"warn\"", "panic = \"warn\"\ntodo = \"allow\""),
            ("[lints.clippy]", "[lints.rustdoc]"),
        ] {
            assert!(!carries_lints("bindings", &own.replace(from, to), workspace), "{from} as {to}");
        }
    }

    #[test]
    fn manifests_are_read() {
        let manifest = "[a]\nx = 1\n[features]\ndefault = [\n  \"one\",\n]\none = [\"two\", \"dep:x\"]\ntwo = []\n\
                        three = []\n[lints]\nworkspace = true\n";
        assert_eq!(entry(manifest, "lints", "workspace").as_deref(), Some("true"));
        assert_eq!(entry(manifest, "a", "workspace"), None);
        let found = by_default(manifest);
        assert!(found.contains("two") && !found.contains("three"), "{found:?}");
    }
}
