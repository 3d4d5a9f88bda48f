//! No file reaches itself through other files of its crate.
//!
//! One file reaches another if it names what the other defines: in a `use`, in a body, in a type, in a macro. A name
//! that a module only re-exports (`pub use`) counts for the file that defines it. So a parent may declare its children
//! and re-export their names, but a parent and a child that name each other make a circle of two. Methods are not named
//! by a path and do not count. Code that is compiled only for tests may look anywhere.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the whole file serves tests")]

use std::collections::{BTreeMap, BTreeSet};

use crate::paths::{Import, Named, Paths, modules_of, resolved};

/// The most re-exports that one name may go through.
const RE_EXPORTS: u8 = 16;

type Path = Vec<String>;

/// The files of one crate.
#[derive(Default)]
struct Sources {
    /// The file that each module is in, including inline modules.
    files: BTreeMap<Path, String>,
    /// The path that an imported name of a module stands for, as it is written there.
    imports: BTreeMap<(Path, String), Path>,
    /// The files that define each macro.
    macros: BTreeMap<String, BTreeSet<String>>,
    for_tests: BTreeSet<Path>,
}

/// Edges from one file to another, each with the names that make it and a line for each name.
pub(crate) type Edges = BTreeMap<(String, String), BTreeMap<String, usize>>;

/// The circles of a crate whose sources are in `folder`, each as lines of text.
pub(crate) fn circles(folder: &str, sources: &[(String, String)]) -> Vec<String> {
    let edges = edges(sources);
    let reached: BTreeMap<_, _> = edges.keys().map(|(from, _)| (from, reached(from, &edges))).collect();
    let is_back = |from: &String, to: &String| reached.get(to).is_some_and(|reached| reached.contains(from));
    let circle_of = |file: &String| -> BTreeSet<&String> {
        reached[file].iter().copied().filter(|other| is_back(file, other)).collect()
    };
    let circles: BTreeSet<_> =
        reached.keys().map(|file| circle_of(file)).filter(|all| !all.is_empty()).collect();
    circles.iter().map(|circle| told(folder, circle, &edges)).collect()
}

fn told(folder: &str, circle: &BTreeSet<&String>, edges: &Edges) -> String {
    let within = edges.iter().filter(|((from, to), _)| circle.contains(from) && circle.contains(to));
    let mut told = format!("{folder}: a circle of {} files", circle.len());
    for ((from, to), names) in within {
        let names: Vec<_> = names.iter().map(|(name, line)| format!("{name} (line {line})")).collect();
        told.push_str(&format!("\n  {from} -> {to}: {}", names.join(", ")));
    }
    told
}

fn reached<'a>(from: &'a str, edges: &'a Edges) -> BTreeSet<&'a String> {
    let mut found = BTreeSet::new();
    let mut ask = vec![from];
    while let Some(file) = ask.pop() {
        let next = edges.keys().filter(|(from, _)| from == file).map(|(_, to)| to);
        ask.extend(next.filter(|to| found.insert(*to)).map(String::as_str));
    }
    found
}

/// The edges between files: from a file to those whose definitions it names.
pub(crate) fn edges(sources: &[(String, String)]) -> Edges {
    let (read, all) = read(sources);
    let mut edges = Edges::new();
    for (file, modules, paths) in read.iter().filter(|(_, modules, _)| !all.is_for_tests(modules)) {
        for named in paths.found.iter().filter(|named| !named.in_test) {
            let name = named.segments.last().cloned().unwrap_or_default();
            for to in all.reached(modules, named).into_iter().filter(|to| to != file) {
                edges.entry((file.clone(), to)).or_default().entry(name.clone()).or_insert(named.line);
            }
        }
    }
    edges
}

/// The functions of tests with their lines: those in a folder `tests`, and those that are compiled only for tests.
pub(crate) fn functions_of_tests(folder: &str, sources: &[(String, String)]) -> Vec<(String, usize)> {
    let (read, all) = read(sources);
    let mut found = Vec::new();
    for (file, modules, paths) in read {
        let is_whole =
            all.is_for_tests(&modules) || format!("{folder}/{file}").split('/').any(|part| part == "tests");
        let functions = paths.functions.into_iter().filter(|function| is_whole || function.in_test);
        found.extend(
            functions.map(|function| (format!("{folder}/{file}: {}", function.name), function.lines)),
        );
    }
    found
}

fn read(sources: &[(String, String)]) -> (Vec<(String, Path, Paths)>, Sources) {
    let read =
        |(file, source): &(String, String)| (file.clone(), modules_of(file), Paths::of(source).unwrap());
    let read: Vec<_> = sources.iter().map(read).collect();
    let mut all = Sources::default();
    for (file, modules, paths) in &read {
        all.add(file, modules, paths);
    }
    (read, all)
}

impl Sources {
    fn add(&mut self, file: &str, modules: &Path, paths: &Paths) {
        self.files.insert(modules.clone(), file.to_owned());
        for module in &paths.modules {
            let path = [&modules[..], &module.path].concat();
            if module.in_test {
                self.for_tests.insert(path);
            } else if module.is_inline {
                self.files.insert(path, file.to_owned());
            }
        }
        for name in &paths.macros {
            self.macros.entry(name.clone()).or_default().insert(file.to_owned());
        }
        for named in paths.found.iter().filter(|named| !named.in_test) {
            if let Some(Import { name, .. }) = &named.import {
                let scope = [&modules[..], &named.within].concat();
                self.imports.insert((scope, name.clone()), named.segments.clone());
            }
        }
    }

    fn is_for_tests(&self, modules: &Path) -> bool {
        (0..=modules.len()).any(|length| self.for_tests.contains(&modules[..length]))
    }

    /// The files of this crate that define what a path names. A re-export itself does not count.
    fn reached(&self, modules: &Path, named: &Named) -> Vec<String> {
        let scope = [&modules[..], &named.within].concat();
        if let [name] = &named.segments[..]
            && let Some(files) = self.macros.get(name)
        {
            // A file that defines the macro calls its own one.
            let is_own = self.files.get(modules).is_some_and(|file| files.contains(file));
            return files.first().filter(|_| !is_own).cloned().into_iter().collect();
        }
        let Some(path) = self.absolute(&scope, &named.segments, RE_EXPORTS) else { return Vec::new() };
        let mut paths = vec![path.clone()];
        if let Some((_, module)) = path.split_last().filter(|(last, _)| *last == "*") {
            // Everything that the module re-exports.
            let names = self.imports.keys().filter(|(scope, _)| scope == module);
            paths.extend(names.map(|(scope, name)| [&scope[..], std::slice::from_ref(name)].concat()));
        }
        let is_re_exports = |module: &Path| {
            let is_exported = |import: &Import| import.is_exported && import.name != "*";
            module.starts_with(modules) && named.import.as_ref().is_some_and(is_exported)
        };
        let found = paths.iter().filter_map(|path| self.defining(path, RE_EXPORTS));
        let counts = found.filter(|(_, module)| !(self.is_for_tests(module) || is_re_exports(module)));
        counts.map(|(file, _)| file).collect()
    }

    /// The path from the root of this crate.
    fn absolute(&self, scope: &Path, segments: &[String], re_exports: u8) -> Option<Path> {
        let (first, rest) = segments.split_first()?;
        if let Some(path) = resolved(scope, segments) {
            return Some(path);
        }
        let child = [&scope[..], std::slice::from_ref(first)].concat();
        if !rest.is_empty() && self.files.contains_key(&child) {
            return Some([&scope[..], segments].concat());
        }
        let import = self.imports.get(&(scope.clone(), first.clone())).filter(|_| re_exports > 0)?;
        Some([self.absolute(scope, import, re_exports - 1)?, rest.to_vec()].concat())
    }

    /// The file and the module that define what a path names. Returns `None` if the path names a module.
    fn defining(&self, path: &Path, re_exports: u8) -> Option<(String, Path)> {
        let mut at = Path::new();
        for (count, segment) in path.iter().enumerate() {
            let rest = &path[count + 1..];
            let child = [&at[..], std::slice::from_ref(segment)].concat();
            let is_module = self.files.contains_key(&child);
            if (rest.is_empty() || !is_module)
                && re_exports > 0
                && let Some(import) = self.imports.get(&(at.clone(), segment.clone()))
                && let Some(further) = self.absolute(&at, import, re_exports - 1)
            {
                return self.defining(&[further, rest.to_vec()].concat(), re_exports - 1);
            }
            if !is_module {
                return Some((self.files.get(&at)?.clone(), at));
            }
            at = child;
        }
        None
    }
}

/// The checker itself, on sources with and without circles.
mod checker {
    use super::*;

    /// The circles of a crate in one line. `text` holds its files as `@ name`, each followed by its source.
    fn found(text: &str) -> String {
        let files = text.split("@ ").skip(1).filter_map(|file| file.split_once('\n'));
        let sources: Vec<_> = files.map(|(file, source)| (file.to_owned(), source.to_owned())).collect();
        circles("src", &sources).join("; ").replace("\n ", "")
    }

    #[test]
    fn each_circle_is_reported_with_the_names_that_make_it() {
        let two = "src: a circle of 2 files a.rs -> b.rs: B (line 1) b.rs -> a.rs: A (line 1)";
        for (a, b) in [
            ("use crate::b::B;", "use crate::a::A;"),
            ("use crate::{c::C, b::{self, B}};", "use super::a::A;"),
            ("use crate::b; fn f(_: b::B) {}", "use crate::a as x; use std::fmt; impl x::A {}"),
            ("fn f() -> crate::b::B { todo() }", "mod m { use super::super::a::A; }"),
            ("fn f() { assert!(x == crate::b::B) }", "macro_rules! m { () => { $crate::a::A } }"),
            ("fn f() { m!(use crate::{c::C, b::B as D}) }", "#[m(crate::a::A)] struct B;"),
            ("use crate::B;", "use super::A;"),
            ("use crate::d::B;", "pub(crate) use crate::a::A;"),
            ("#[cfg(any(test, feature = \"x\"))] use crate::b::B;", "use crate::a::A;"),
        ] {
            let top = "@ lib.rs\nmod a; mod b; mod c; mod d; pub use a::A; pub use b::B;\n";
            let text = format!("{top}@ a.rs\n{a}\n@ b.rs\n{b}\n@ c.rs\n@ d.rs\npub use super::b::*;");
            let expected = if a.contains("d::") {
                "src: a circle of 3 files a.rs -> d.rs: B (line 1) b.rs -> a.rs: A (line 1) \
                 d.rs -> a.rs: * (line 1) d.rs -> b.rs: * (line 1)"
            } else {
                two
            };
            assert_eq!(found(&text), expected, "{text}");
        }
        let three = "@ a.rs\nuse crate::b::f;\n@ b.rs\nfn f() {\n    super::c::g()\n}\n@ c.rs\nuse crate::a::h;\n\
                     @ d.rs\nuse crate::a::h;\n";
        assert_eq!(
            found(three),
            "src: a circle of 3 files a.rs -> b.rs: f (line 1) b.rs -> c.rs: g (line 2) c.rs -> a.rs: h (line 1)"
        );
        let parent = "@ x/mod.rs\nmod a; pub struct Top; fn f() { a::g() }\n@ x/a.rs\nuse super::Top;";
        let told = "src: a circle of 2 files x/a.rs -> x/mod.rs: Top (line 1) x/mod.rs -> x/a.rs: g (line 1)";
        assert_eq!(found(parent), told);
        assert_eq!(found(&parent.replace("a::g()", "g()").replace("mod a;", "mod a; pub use a::g;")), told);
        let glob = "@ a.rs\nuse crate::x::*;\n@ x/mod.rs\nmod b; pub use b::B;\n@ x/b.rs\nuse crate::a::A;";
        assert!(found(glob).contains("a circle of 2 files a.rs -> x/b.rs: * (line 1)"), "{}", found(glob));
        let macros =
            "@ x/mod.rs\n#[macro_use] mod a; m!();\n@ x/a.rs\nmacro_rules! m { () => {} } use super::Top;";
        assert!(found(macros).contains("x/mod.rs -> x/a.rs: m! (line 1)"), "{}", found(macros));
    }

    #[test]
    fn functions_of_tests_are_found_with_their_lines() {
        let sources = [
            ("lib.rs", "#[cfg(test)] mod all; fn f() {}\n#[test]\nfn g() {\n}"),
            ("all.rs", "impl A {\n fn h() {\n }\n}"),
            ("b.rs", "#[cfg(test)] mod tests { fn i() {} } impl B { fn f() {} #[cfg(test)] fn j() {} }"),
            ("tests/c.rs", "fn k() {}"),
        ];
        let sources = sources.map(|(file, source)| (file.to_owned(), source.to_owned()));
        let told = functions_of_tests("x", &sources);
        let told: Vec<_> = told.iter().map(|(function, lines)| (function.as_str(), *lines)).collect();
        let expected = [
            ("x/lib.rs: g", 2),
            ("x/all.rs: h", 2),
            ("x/b.rs: i", 1),
            ("x/b.rs: j", 1),
            ("x/tests/c.rs: k", 1),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn sources_without_a_circle_pass() {
        for text in [
            "@ a.rs\nuse crate::b::B;\n@ b.rs\nuse std::a::A; use serde::b;",
            // A parent that declares its children and re-exports their names.
            "@ x/mod.rs\nmod a; pub(crate) use a::A; pub struct Top;\n@ x/a.rs\nuse super::Top;",
            "@ lib.rs\nmod a; mod b; pub use a::A;\n@ a.rs\npub struct A;\n@ b.rs\nuse crate::A;",
            // Re-exported names count for the file that defines them.
            "@ x/mod.rs\nmod a; mod b; pub use b::B; fn f(_: a::A) {}\n@ x/a.rs\nuse super::B;\n@ x/b.rs\n",
            // Code for tests only.
            "@ a.rs\nuse crate::b::B;\n@ b.rs\n#[cfg(test)] mod tests { use crate::a::A; }",
            "@ a.rs\nuse crate::b::B;\n@ b.rs\n#[cfg(test)] use crate::a::A; #[test] fn f() { crate::a::A; }",
            "@ a.rs\nuse crate::b::B;\n@ b.rs\n#[cfg(test)] mod tests;\n@ b/tests.rs\nuse crate::{a::A, b::B};",
            "@ a.rs\nuse crate::b::B;\n@ b.rs\n/// As crate::a::A.\nconst A: &str = \"crate::a::A\";",
        ] {
            assert_eq!(found(text), "", "{text}");
        }
    }
}
