//! `docs/bench/results.json`, and how its figures are written.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test's, whole")]

use std::fs;

use serde_json::Value;

use crate::source::root;

/// The figures of one part.
#[derive(Clone, Copy)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
    pub(crate) worst: f64,
    pub(crate) rounds: u64,
}

/// The results of the last whole run of the benchmarks.
pub(crate) struct Results(Value);

impl Results {
    pub(crate) fn read() -> Self {
        let text = fs::read_to_string(root().join("docs/bench/results.json")).unwrap();
        Self(serde_json::from_str(&text).unwrap())
    }

    /// Name, title and unit of every family.
    pub(crate) fn families(&self) -> impl Iterator<Item = [&str; 3]> {
        list(&self.0, "families")
            .iter()
            .map(|family| ["family", "title", "unit"].map(|member| text(family, member)))
    }

    pub(crate) fn parts(&self, family: &str) -> impl Iterator<Item = (&str, Spread)> {
        let found = list(&self.0, "families").iter().find(|of| text(of, "family") == family);
        let found = found.unwrap_or_else(|| panic!("results.json has no family {family}"));
        list(found, "parts").iter().map(|part| {
            let [median, low, high, worst] =
                ["median", "p10", "p90", "p99"].map(|member| number(part, member));
            let rounds = number(part, "rounds") as u64;
            (text(part, "part"), Spread { median, low, high, worst, rounds })
        })
    }

    pub(crate) fn find(&self, family: &str, part: &str) -> Option<Spread> {
        self.parts(family).find(|(name, _)| *name == part).map(|(_, spread)| spread)
    }

    pub(crate) fn part(&self, family: &str, part: &str) -> Spread {
        let found = self.find(family, part);
        found.unwrap_or_else(|| panic!("results.json has no {part:?} of {family}: measure all again"))
    }

    /// What was compared, the aim (empty if there is none), and the spread that was reached.
    pub(crate) fn aims(&self) -> impl Iterator<Item = (&str, &str, Spread)> {
        list(&self.0, "aims").iter().map(|aim| {
            let [median, low, high] = ["reached", "p10", "p90"].map(|member| number(aim, member));
            (text(aim, "what"), text(aim, "aim"), Spread { median, low, high, worst: high, rounds: 0 })
        })
    }

    pub(crate) fn reached(&self, what: &str) -> f64 {
        let found = self.aims().find(|(name, ..)| *name == what);
        found.unwrap_or_else(|| panic!("results.json does not compare {what:?}: measure all again")).2.median
    }

    pub(crate) fn notes(&self) -> impl Iterator<Item = &str> {
        list(&self.0, "notes").iter().map(|note| note.as_str().unwrap())
    }

    pub(crate) fn cores(&self) -> f64 {
        number(&self.0["machine"], "cores")
    }

    pub(crate) fn machine(&self) -> String {
        let machine = &self.0["machine"];
        format!("{}, {} cores", text(machine, "processor"), machine["cores"])
    }
}

fn list<'a>(of: &'a Value, member: &str) -> &'a [Value] {
    of[member].as_array().unwrap()
}

fn text<'a>(of: &'a Value, member: &str) -> &'a str {
    of[member].as_str().unwrap()
}

fn number(of: &Value, member: &str) -> f64 {
    of[member].as_f64().unwrap()
}

/// Formats with up to three significant digits: `0.29`, `1.08`, `27.9`, `5,010`.
pub(crate) fn counted(figure: f64) -> String {
    let places = 2 - figure.abs().max(1e-6).log10().floor() as i32;
    if let Ok(places) = usize::try_from(places) {
        return format!("{figure:.places$}");
    }
    let unit = 10_f64.powi(-places);
    grouped(((figure / unit).round() * unit) as u64)
}

/// Formats a whole number with separated thousands.
pub(crate) fn grouped(number: u64) -> String {
    let (rest, last) = (number / 1000, number % 1000);
    if rest == 0 { last.to_string() } else { format!("{},{last:03}", grouped(rest)) }
}

/// Formats microseconds in a suitable unit.
pub(crate) fn took(micros: f64) -> String {
    match micros {
        1e6.. => format!("{} s", counted(micros / 1e6)),
        1e3.. => format!("{} ms", counted(micros / 1e3)),
        _ => format!("{} µs", counted(micros)),
    }
}

/// The checker itself.
mod checker {
    use super::*;

    #[test]
    fn figures_have_three_digits_and_the_unit_that_suits_them() {
        for (figure, written) in [
            (0.2945, "0.294"),
            (1.0835, "1.08"),
            (27.86, "27.9"),
            (998.2, "998"),
            (5008.35, "5,010"),
            (1_295_695.9, "1,300,000"),
        ] {
            assert_eq!(counted(figure), written);
        }
        for (micros, written) in
            [(0.5, "0.500 µs"), (626.65, "627 µs"), (1170.2, "1.17 ms"), (4_900_551.2, "4.90 s")]
        {
            assert_eq!(took(micros), written);
        }
    }
}
