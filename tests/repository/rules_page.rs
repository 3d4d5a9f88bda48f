//! docs/RULES.md, the stories and the tests agree: every rule that a story or a test names is on the page, and the page
//! names every story and every test of a rule.
//!
//! `UPDATE=1 cargo test -p selfsame-tests --test repository rules_page` writes these names into the page.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the whole file is a test")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use crate::source::{files, root, words};

const PAGE: &str = "docs/RULES.md";
/// Rules below this heading may have no test yet.
const IN_PART: &str = "## Held in part";
const NONE_YET: &str = "(to come)";
/// Rules that no story can show: the making and storing of hashes, concurrent calls, the import, and the fact that a
/// story always gives the same results.
const UNTOLD: [&str; 5] = ["4.5", "4.6", "12.3", "13.2", "13.6"];

/// The stories or the tests that name each rule.
type Named = BTreeMap<String, BTreeSet<String>>;

#[test]
fn the_page_names_every_test_of_a_rule() {
    let path = root().join(PAGE);
    let page = fs::read_to_string(&path).unwrap();
    let tests = tests_of_the_repository();
    let written = rewritten(&page, &stories(), &tests);
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, &written).unwrap();
    } else {
        for (is, should) in page.lines().zip(written.lines()) {
            assert_eq!(is, should, "{PAGE} is stale: run this test with UPDATE=1");
        }
    }
}

#[test]
fn every_test_that_names_a_rule_names_one_of_the_page() {
    let page = fs::read_to_string(root().join(PAGE)).unwrap();
    let rules: Vec<_> = rows(&page).map(|row| row.rule).collect();
    let unique: BTreeSet<_> = rules.iter().collect();
    assert_eq!(unique.len(), rules.len(), "a rule has two rows");
    for (rule, tests) in tests_of_the_repository() {
        assert!(unique.contains(&rule.as_str()), "{PAGE} has no row for {rule}, which {tests:?} names");
    }
}

#[test]
fn every_story_that_names_a_rule_names_one_of_the_page() {
    let page = fs::read_to_string(root().join(PAGE)).unwrap();
    let rules: BTreeSet<_> = rows(&page).map(|row| row.rule).collect();
    for (rule, stories) in stories() {
        assert!(rules.contains(rule.as_str()), "{PAGE} has no row for {rule}, which {stories:?} names");
    }
}

#[test]
fn every_rule_that_is_held_is_told_by_a_story() {
    let page = fs::read_to_string(root().join(PAGE)).unwrap();
    let stories = stories();
    let (held, _) = page.split_once(IN_PART).unwrap();
    let is_told = |rule: &str| stories.contains_key(rule);
    let untold: Vec<_> = rows(held).map(|row| row.rule).filter(|rule| !is_told(rule)).collect();
    assert_eq!(untold, UNTOLD, "no story names these rules (left)");
}

#[test]
fn every_story_that_the_faq_names_exists() {
    let page = fs::read_to_string(root().join("docs/FAQ.md")).unwrap();
    let told: Vec<_> = page.split("](../").skip(1).map(|rest| rest.split(')').next().unwrap()).collect();
    let missing: Vec<_> = told.iter().filter(|path| !root().join(path).is_file()).collect();
    assert!(missing.is_empty() && told.len() >= 16, "{missing:?}");
}

#[test]
fn every_rule_that_is_held_has_a_test() {
    let page = fs::read_to_string(root().join(PAGE)).unwrap();
    let tests = tests_of_the_repository();
    let (held, _) = page.split_once(IN_PART).unwrap();
    let bare: Vec<_> = rows(held).map(|row| row.rule).filter(|rule| !tests.contains_key(*rule)).collect();
    assert!(bare.is_empty(), "no test names these rules: {}", bare.join(", "));
}

struct Row<'a> {
    rule: &'a str,
    says: &'a str,
}

fn rows(page: &str) -> impl Iterator<Item = Row<'_>> {
    page.lines().filter_map(row)
}

/// A line of the table: `| 2.4 | what it says | stories | tests |`.
fn row(line: &str) -> Option<Row<'_>> {
    let mut cells = line.strip_prefix("| ")?.splitn(3, " | ");
    let (rule, says) = (cells.next()?, cells.next()?);
    let (section, number) = rule.split_once('.')?;
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    (is_number(section) && is_number(number)).then_some(Row { rule, says })
}

/// The page with the third and fourth column filled from the stories and the tests.
fn rewritten(page: &str, stories: &Named, tests: &Named) -> String {
    let mut written = String::new();
    for line in page.lines() {
        match row(line) {
            Some(Row { rule, says }) => {
                let told = match stories.get(rule) {
                    Some(names) => listed(names, |name| format!("[{name}](../tests/stories/{name}.json)")),
                    None => "—".to_owned(),
                };
                let held = match tests.get(rule) {
                    Some(names) => listed(names, |name| format!("`{name}`")),
                    None => NONE_YET.to_owned(),
                };
                written.push_str(&format!("| {rule} | {says} | {told} | {held} |"));
            }
            None => written.push_str(line),
        }
        written.push('\n');
    }
    written
}

fn listed(names: &BTreeSet<String>, shown: impl Fn(&String) -> String) -> String {
    names.iter().map(shown).collect::<Vec<_>>().join("<br>")
}

/// The rules that each story says it shows.
fn stories() -> Named {
    let mut found = Named::new();
    for entry in fs::read_dir(root().join("tests/stories")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json") {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let story: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            for rule in story["rules"].as_array().unwrap() {
                found.entry(rule.as_str().unwrap().to_owned()).or_default().insert(name.clone());
            }
        }
    }
    found
}

fn tests_of_the_repository() -> Named {
    let mut found = Named::new();
    for path in files(&root(), ".rs") {
        for (rule, name) in tests_of(&fs::read_to_string(path).unwrap()) {
            found.entry(rule).or_default().insert(name);
        }
    }
    found
}

/// The rule and the name of every `fn r2_4_…`.
fn tests_of(source: &str) -> Vec<(String, String)> {
    words(source)
        .windows(2)
        .filter(|pair| pair[0] == "fn")
        .filter_map(|pair| Some((rule_of(&pair[1])?, pair[1].clone())))
        .collect()
}

fn rule_of(name: &str) -> Option<String> {
    let (section, rest) = name.strip_prefix('r')?.split_once('_')?;
    let (number, _) = rest.split_once('_')?;
    let (section, number): (u8, u8) = (section.parse().ok()?, number.parse().ok()?);
    Some(format!("{section}.{number}"))
}

/// The checker itself.
mod checker {
    use super::*;

    #[test]
    fn names_of_tests_are_read_as_rules() {
        for (name, rule) in [
            ("r2_4_the_prompt", Some("2.4")),
            ("r12_10_x", Some("12.10")),
            ("r2_4", None),
            ("read_2_4_x", None),
            ("r2_x_4", None),
        ] {
            assert_eq!(rule_of(name).as_deref(), rule, "{name}");
        }
        let source = "// fn r1_1_a() {}\nfn r1_2_b() {} const A: &str = \"fn r1_3_c()\";";
        assert_eq!(tests_of(source), [("1.2".to_owned(), "r1_2_b".to_owned())]);
    }

    #[test]
    fn only_two_columns_are_written() {
        let page = "# Rules\n| rule | what | story | test |\n|---|---|---|---|\n\
                    | 1.2 | `a` \\| b. | stale | stale |\n| 1.3 | c. | x |\n";
        let named = |names: &[&str]| BTreeSet::from_iter(names.iter().map(|name| (*name).to_owned()));
        let tests = Named::from([("1.2".to_owned(), named(&["r1_2_second", "r1_2_first"]))]);
        let stories = Named::from([("1.3".to_owned(), named(&["told"]))]);
        let written = rewritten(page, &stories, &tests);
        assert_eq!(
            written,
            "# Rules\n| rule | what | story | test |\n|---|---|---|---|\n\
             | 1.2 | `a` \\| b. | — | `r1_2_first`<br>`r1_2_second` |\n\
             | 1.3 | c. | [told](../tests/stories/told.json) | (to come) |\n"
        );
        assert_eq!(rewritten(&written, &stories, &tests), written, "writing the page again changed it");
    }
}
