//! Compares the pictures of docs/ARCHITECTURE.md with the edges in the source and the manifests.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "the whole file serves tests")]

use std::collections::{BTreeMap, BTreeSet};

use cargo_metadata::{DependencyKind, Package};

const PICTURE: &str = "```mermaid\n";
const INDENT: &str = "    ";

/// The edges that a page's picture below a heading lacks, and those that it should not have.
pub(crate) fn differences(page: &str, heading: &str, edges: &BTreeSet<String>) -> Vec<String> {
    let (_, picture, _) = split(page, heading);
    let drawn: BTreeSet<_> =
        picture.lines().filter(|line| is_edge(line)).map(|line| line.trim().into()).collect();
    let missing = edges.difference(&drawn).map(|edge| format!("{heading}: {edge} is not drawn"));
    missing
        .chain(drawn.difference(edges).map(|edge| format!("{heading}: {edge} is drawn but does not exist")))
        .collect()
}

/// Returns the page with these edges in the picture below a heading.
pub(crate) fn drawn(page: &str, heading: &str, edges: &BTreeSet<String>) -> String {
    let (before, picture, after) = split(page, heading);
    let nodes = picture.lines().filter(|line| !is_edge(line)).map(str::to_owned);
    let lines: Vec<String> = nodes.chain(edges.iter().map(|edge| format!("{INDENT}{edge}"))).collect();
    format!("{before}{}\n{after}", lines.join("\n"))
}

fn split<'a>(page: &'a str, heading: &str) -> (&'a str, &'a str, &'a str) {
    let below = page.find(&format!("\n## {heading}\n")).unwrap();
    let begin = below + page[below..].find(PICTURE).unwrap() + PICTURE.len();
    let end = begin + page[begin..].find("```").unwrap();
    (&page[..begin], &page[begin..end], &page[end..])
}

fn is_edge(line: &str) -> bool {
    line.contains("-->") || line.contains("-.->")
}

/// The edges between floors: from a floor to those of `floors` that its files name.
pub(crate) fn floor_edges(
    files: impl Iterator<Item = (String, String)>,
    floors: &[&str],
) -> BTreeSet<String> {
    let floor =
        |file: &str| file.strip_suffix(".rs").unwrap_or(file).split('/').next().unwrap_or("").to_owned();
    let edges = files.map(|(from, to)| (floor(&from), floor(&to)));
    let within =
        edges.filter(|(from, to)| from != to && [from, to].iter().all(|end| floors.contains(&end.as_str())));
    within.map(|(from, to)| format!("{from} --> {to}")).collect()
}

/// The edges between members of the workspace. A dependency only for tests has a dotted line.
pub(crate) fn crate_edges(packages: &BTreeMap<String, Package>) -> BTreeSet<String> {
    let short = |folder: &str| folder.rsplit('/').next().unwrap_or(folder).to_owned();
    let folder_of =
        |name: &str| packages.iter().find(|(_, package)| *package.name == name).map(|(folder, _)| folder);
    let mut edges = BTreeSet::new();
    for (folder, package) in packages {
        for dependency in package.dependencies.iter().filter(|dependency| dependency.path.is_some()) {
            let line = if dependency.kind == DependencyKind::Development { "-.->" } else { "-->" };
            let to = folder_of(&dependency.name).unwrap();
            edges.insert(format!("{} {line} {}", short(folder), short(to)));
        }
    }
    edges
}

/// The checker itself.
mod checker {
    use super::*;

    #[test]
    fn missing_and_needless_edges_are_reported() {
        let page = "# A\n\n## One\n\n```mermaid\nflowchart TD\n    a[\"the a\"]\n    a --> b\n    a --> c\n```\n\n\
                    ## Two\n\n```mermaid\n    x --> y\n```\n";
        let edges = BTreeSet::from(["a --> b".to_owned(), "b --> c".to_owned()]);
        let told = ["One: b --> c is not drawn", "One: a --> c is drawn but does not exist"];
        assert_eq!(differences(page, "One", &edges), told);
        let drawn = drawn(page, "One", &edges);
        assert_eq!(drawn, page.replace("    a --> c\n", "    b --> c\n"));
        assert_eq!(differences(&drawn, "One", &edges), [""; 0]);
        assert_eq!(differences(page, "Two", &BTreeSet::from(["x --> y".to_owned()])), [""; 0]);
    }

    #[test]
    fn edges_of_files_become_edges_of_floors() {
        let files =
            [("b/x.rs", "a/mod.rs"), ("b/x.rs", "b/y.rs"), ("error.rs", "a/z.rs"), ("lib.rs", "a/z.rs")];
        let files = files.map(|(from, to)| (from.to_owned(), to.to_owned())).into_iter();
        assert_eq!(
            floor_edges(files, &["a", "b", "error"]),
            ["b --> a", "error --> a"].map(str::to_owned).into()
        );
    }
}
