//! The pages are true: README.md has two commands, links lead to files and headings, the guide's contents are complete,
//! the files and tests that CONTRIBUTING.md names exist, and every dependency has a reason.

use std::fs;

use crate::source::{files, root, words};

#[test]
fn the_two_commands_are_one_block_of_two_lines() {
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    let (_, section) = readme.split_once("\n## Two commands\n").unwrap();
    let (section, _) = section.split_once("\n## ").unwrap();
    let blocks: Vec<&str> = section.split("```").skip(1).step_by(2).collect();
    assert_eq!(blocks.len(), 1, "there must be one block of commands");
    let commands: Vec<&str> = blocks.iter().flat_map(|block| block.lines().skip(1)).collect();
    assert_eq!(commands, ["cargo run -q -p selfsame-cli -- play faq", "cargo test --workspace"]);
}

#[test]
fn links_between_the_pages_lead_somewhere() {
    let root = root();
    let pages = files(&root, ".md");
    assert!(pages.iter().any(|page| page.ends_with("README.md")));
    for page in pages {
        // A page may be a symbolic link. Its links are relative to its target.
        let page = page.canonicalize().unwrap();
        let text = fs::read_to_string(&page).unwrap();
        for link in text.split("](").skip(1).filter_map(|after| after.split_once(')')).map(|(link, _)| link) {
            if link.contains("://") {
                continue;
            }
            let (file, place) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(file.exists(), "{}: {link}", page.display());
            if !place.is_empty() {
                let there = fs::read_to_string(file).unwrap();
                assert!(places(&there).any(|name| name == place), "{}: {link}: no heading", page.display());
            }
        }
    }
}

/// The names by which links find the headings of a page.
fn places(page: &str) -> impl Iterator<Item = String> {
    page.lines().filter(|line| line.starts_with('#')).map(|line| {
        let heading = line.trim_start_matches('#').trim().to_lowercase();
        let kept = heading.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
        kept.collect::<String>().replace(' ', "-")
    })
}

#[test]
fn every_page_of_the_guide_is_in_its_contents() {
    let folder = root().join("docs/guide");
    let contents = fs::read_to_string(folder.join("README.md")).unwrap();
    for page in files(&folder, ".md") {
        let name = page.strip_prefix(&folder).unwrap().to_string_lossy().into_owned();
        assert!(name == "README.md" || contents.contains(&format!("]({name})")), "{name} has no link");
    }
}

#[test]
fn every_file_and_test_that_contributing_names_exists() {
    let root = root();
    let guide = fs::read_to_string(root.join("docs/CONTRIBUTING.md")).unwrap();
    let all = files(&root, "");
    let is_a_file = |name: &str| root.join(name).exists() || all.iter().any(|path| path.ends_with(name));
    let tests: Vec<_> = files(&root, ".rs").iter().map(|path| fs::read_to_string(path).unwrap()).collect();
    let is_a_test = |name: &str| tests.iter().any(|source| source.contains(&format!("fn {name}()")));
    let quoted = guide.split('`').skip(1).step_by(2).filter(|quoted| !quoted.contains([' ', '\n']));
    let (mut paths, mut named) = (0, 0);
    for quoted in quoted {
        if quoted.contains(['/', '.']) {
            assert!(is_a_file(quoted), "there is no file {quoted}");
            paths += 1;
        } else if quoted.matches('_').count() > 3 {
            assert!(is_a_test(quoted), "there is no test {quoted}");
            named += 1;
        }
    }
    assert!(paths > 60 && named > 8, "{paths} files, {named} tests");
}

#[test]
fn every_dependency_has_a_reason() {
    let root = root();
    let design = fs::read_to_string(root.join("DESIGN.md")).unwrap();
    let manifest = fs::read_to_string(root.join("Cargo.toml")).unwrap();
    let (_, section) = manifest.split_once("[workspace.dependencies]\n").unwrap();
    let (section, _) = section.split_once("\n\n").unwrap();
    for name in section.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name) {
        let has_row = design.lines().any(|line| line.starts_with(&format!("| `{name}` |")));
        assert!(has_row || name.starts_with("selfsame"), "DESIGN.md gives no reason for {name}");
    }
}

#[test]
fn every_example_has_its_entry() {
    let manifest = fs::read_to_string(root().join("examples/Cargo.toml")).unwrap();
    for path in fs::read_dir(root().join("examples")).unwrap().map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".rs") && name != "lib.rs" {
            assert!(manifest.contains(&format!("path = \"{name}\"")), "{name} is in no [[example]]");
            let text = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with("//! How do I "), "{name} does not say which question it answers");
            assert!(words(&text).iter().any(|word| word == "main"), "{name} has no main");
        }
    }
}
