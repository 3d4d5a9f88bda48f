//! Every public function of the core has an example that runs, or the example of its type shows it.
//!
//! The example of a type also counts for its getters and setters. A getter takes only `self` and cannot fail. A
//! setter takes one value and returns the changed `self`. `cargo test -p selfsame --doc` runs the examples.

use std::collections::BTreeSet;

use crate::api::{Api, Shape, api};

/// Functions without an example, by the end of their paths, each with a reason.
const WITHOUT: [(&str, &str); 2] = [
    (
        "::code",
        "gives the name of a variant in every enum alike; the example of `Refusal` shows how to use it",
    ),
    ("Entropy::stir", "the engine calls it, and a true source of randomness ignores it"),
];

/// Code that an example must not contain.
const SHORTCUTS: [&str; 4] = [".unwrap()", ".expect(", ".ok_or", "unsafe"];

/// The lines of all blocks of Rust that a reader sees.
fn examples(docs: &str) -> Vec<&str> {
    let mut shown = Vec::new();
    let mut language = None;
    for line in docs.lines().map(str::trim) {
        match (line.strip_prefix("```"), language) {
            (Some(begun), None) => language = Some(begun),
            (Some(_), Some(_)) => language = None,
            (None, Some("")) if line != "#" && !line.starts_with("# ") => shown.push(line),
            (None, _) => {}
        }
    }
    shown
}

/// Whether an example calls the function or shows how to write it.
fn shows(example: &[&str], function: &str) -> bool {
    let calls = [".", "::", "fn "].map(|before| format!("{before}{function}("));
    example.iter().any(|line| calls.iter().any(|call| line.contains(call)))
}

/// Whether a function is a getter or a setter.
fn is_plain(shape: &Shape) -> bool {
    match shape.parameters.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["self"] => !shape.gives.contains("Result"),
        ["self", _] => shape.gives_self,
        _ => false,
    }
}

fn problems(api: &Api) -> Vec<String> {
    let mut found = Vec::new();
    let mut used = BTreeSet::new();
    for (path, item) in api {
        let own = examples(&item.docs);
        let shortcuts = SHORTCUTS.iter().filter(|shortcut| own.iter().any(|line| line.contains(*shortcut)));
        found.extend(shortcuts.map(|shortcut| format!("the example of {path} has `{shortcut}`")));
        let Some(shape) = &item.shape else { continue };
        let (of, name) = path.rsplit_once("::").unwrap_or(("", path));
        let of_type = api.get(of).map(|item| examples(&item.docs)).unwrap_or_default();
        let by_type = shows(&of_type, name) || (!of_type.is_empty() && is_plain(shape));
        if by_type || shows(&own, name) {
            continue;
        }
        match WITHOUT.iter().find(|(end, _)| path.ends_with(end)) {
            Some((end, _)) => _ = used.insert(*end),
            None if own.is_empty() => found.push(format!("{path} has no example")),
            None => found.push(format!("the example of {path} does not call it")),
        }
    }
    let needless = WITHOUT.iter().filter(|(end, _)| !used.contains(end));
    found.extend(needless.map(|(end, _)| format!("{end} needs no exception")));
    found
}

#[test]
fn every_public_function_has_an_example_or_a_reason() {
    let api = api();
    let functions = api.values().filter(|item| item.shape.is_some()).count();
    assert!(functions > 150, "{functions} functions are not the whole API");
    let problems = problems(api);
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// The checker itself.
mod checker {
    use super::*;
    use crate::api::Item;

    fn item(docs: &str, parameters: &[&str], gives: &str) -> Item {
        let shape = Shape {
            parameters: parameters.iter().map(|name| (*name).to_owned()).collect(),
            gives: [gives.to_owned()].into(),
            gives_self: gives == "Self",
            ..Shape::default()
        };
        Item { docs: docs.to_owned(), shape: Some(shape) }
    }

    fn found(of_type: &str, function: Item) -> Vec<String> {
        let of_type = Item { docs: of_type.to_owned(), shape: None };
        let api = Api::from([("Door".to_owned(), of_type), ("Door::open".to_owned(), function)]);
        let needed = |problem: &String| !problem.ends_with("needs no exception");
        problems(&api).into_iter().filter(needed).collect()
    }

    #[test]
    fn an_example_of_the_function_or_of_its_type_is_found() {
        let none = [""; 0];
        for (of_type, docs, parameters, gives) in [
            ("", "Opens it.\n\n```\ndoor.open()?;\n```", &["self"][..], "Result"),
            ("", "```\nlet door = Door::open(key);\n```", &["key"], "Self"),
            ("```\ndoor.open()?;\n```", "Opens it.", &["self"], "Result"),
            ("```\nimpl Door for Mine {\n    fn open(&self) {}\n}\n```", "", &["self", "key"], "Result"),
            ("```\nDoor::new();\n```", "A getter.", &["self"], "bool"),
            ("```\nDoor::new();\n```", "A setter.", &["self", "key"], "Self"),
        ] {
            assert_eq!(found(of_type, item(docs, parameters, gives)), none, "{of_type} {docs}");
        }
    }

    #[test]
    fn a_missing_a_foreign_and_a_careless_example_are_found() {
        for (of_type, docs, parameters, gives, problem) in [
            ("", "Opens it.", &["self"][..], "Result", "Door::open has no example"),
            ("", "A getter.", &["self"], "bool", "Door::open has no example"),
            ("```\nDoor::new();\n```", "Opens it.", &["self"], "Result", "Door::open has no example"),
            ("```\nDoor::new();\n```", "Opens it.", &["self", "key"], "bool", "Door::open has no example"),
            ("", "```text\ndoor.open()\n```", &["self"], "Result", "Door::open has no example"),
            ("", "```no_run\ndoor.open()\n```", &["self"], "Result", "Door::open has no example"),
            (
                "",
                "```\n# door.open()\ndoor.close()\n```",
                &["self"],
                "Result",
                "the example of Door::open does not call it",
            ),
            (
                "",
                "```\ndoor.open().unwrap();\n```",
                &["self"],
                "Result",
                "the example of Door::open has `.unwrap()`",
            ),
        ] {
            assert_eq!(found(of_type, item(docs, parameters, gives)), [problem], "{of_type} {docs}");
        }
        assert!(problems(&Api::new()).contains(&"Entropy::stir needs no exception".to_owned()));
    }
}
