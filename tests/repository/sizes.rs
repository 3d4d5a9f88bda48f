//! Limits on the length of files and test functions.

#![expect(clippy::indexing_slicing, reason = "the whole file serves tests")]

use std::collections::BTreeMap;

/// The most lines of a file.
const LONGEST_FILE: usize = 600;
/// The most lines of a file of a floor, that is in `core/src` or in the sources of the bindings.
const LONGEST_OF_A_FLOOR: usize = 450;
/// The highest median of the lines of a floor's files.
const MEDIAN: usize = 200;
/// The most lines of a test function.
pub(crate) const LONGEST_TEST: usize = 120;

/// The floor of a file. The files at the top of `core/src` form one floor.
pub(crate) fn floor_of(file: &str) -> Option<String> {
    let (member, inside) = file.split_once("/src/")?;
    match (member, inside.split_once('/')) {
        ("core", Some((floor, _))) => Some(floor.to_owned()),
        ("core", None) => Some("face".to_owned()),
        _ => member.starts_with("bindings").then(|| member.to_owned()),
    }
}

pub(crate) fn is_too_long(file: &str, lines: usize) -> bool {
    lines > if floor_of(file).is_some() { LONGEST_OF_A_FLOOR } else { LONGEST_FILE }
}

/// A table of the files and lines of each floor, and the floors whose median is too high.
pub(crate) fn table(lines: &[(String, usize)]) -> (String, Vec<String>) {
    let mut floors: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (file, lines) in lines {
        floors.entry(floor_of(file).unwrap_or_else(|| "elsewhere".to_owned())).or_default().push(*lines);
    }
    let mut table = format!("{:<18}{:>6}{:>8}{:>8}{:>9}\n", "floor", "files", "lines", "median", "largest");
    let mut high = Vec::new();
    for (floor, mut lines) in floors {
        lines.sort_unstable();
        let (median, largest) = (lines[lines.len() / 2], lines[lines.len() - 1]);
        let sum: usize = lines.iter().sum();
        table.push_str(&format!("{floor:<18}{:>6}{sum:>8}{median:>8}{largest:>9}\n", lines.len()));
        if median > MEDIAN && floor != "elsewhere" {
            high.push(format!("{floor}: {median}"));
        }
    }
    (table, high)
}

/// The checker itself.
mod checker {
    use super::*;

    #[test]
    fn one_line_over_the_limit_is_too_long() {
        for (file, lines) in [
            ("core/src/rules/fresh.rs", 450),
            ("core/src/lib.rs", 450),
            ("bindings/src/flow.rs", 450),
            ("bindings/testing/src/lib.rs", 450),
            ("core/tests/api.rs", 600),
            ("tests/floors.rs", 600),
            ("examples/cli/src/main.rs", 600),
        ] {
            assert!(!is_too_long(file, lines) && is_too_long(file, lines + 1), "{file}");
        }
    }

    #[test]
    fn a_floor_is_judged_by_its_median() {
        let files = [("rules/a", 10), ("rules/b", 201), ("rules/c", 300), ("flow/a", 200), ("flow/b", 100)];
        let files = files.map(|(file, lines)| (format!("core/src/{file}.rs"), lines));
        let (table, high) = table(&files);
        assert_eq!(high, ["rules: 201"]);
        assert!(table.contains("rules                  3     511     201      300\n"), "{table}");
    }
}
