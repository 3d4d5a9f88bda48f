//! Rust's names as Swift has them.

use std::collections::BTreeSet;

use super::source::{Item, Result, camel, lower};

/// Names in comments that are not Swift's: claims of an ID token.
const CLAIMS: [&str; 2] = ["auth_time", "email_verified"];

/// Functions that are members of a type: Rust has them there, and UniFFI does not.
pub(crate) const MEMBERS: [(&str, &str, &str); 14] = [
    ("adoptFile", "Engine", "adopt"),
    ("amrValue", "Amr", "value"),
    ("describeAction", "Action", "sentence"),
    ("describeEvent", "Event", "sentence"),
    ("flowOf", "FlowToken", "flow"),
    ("generateHostKey", "HostKey", "generate"),
    ("mailedCode", "MessageKind", "mailedCode"),
    ("messageName", "MessageKind", "name"),
    ("policyAal1", "Policy", "aal1"),
    ("policyAal2", "Policy", "aal2"),
    ("providerApple", "Provider", "apple"),
    ("providerGoogle", "Provider", "google"),
    ("providerX", "Provider", "x"),
    ("worksOffline", "MethodKind", "worksOffline"),
];

/// What comments name.
#[derive(Default)]
pub(crate) struct Names {
    types: BTreeSet<String>,
    cases: BTreeSet<String>,
    errors: BTreeSet<String>,
}

impl Names {
    pub(crate) fn read(&mut self, item: &Item) -> Result<()> {
        let Some((kind, name)) = item.public_type() else { return Ok(()) };
        self.types.insert(name.to_owned());
        if kind == "enum" {
            let cases = if item.is_error() { &mut self.errors } else { &mut self.cases };
            cases.extend(item.cases()?.into_iter().map(|case| case.name));
        }
        Ok(())
    }

    /// A name of Rust's as Swift has it. What is thrown is first of all an error.
    pub(crate) fn spell(&self, word: &str, is_thrown: bool) -> String {
        if let Some((of, case)) = word.split_once('.').filter(|(of, _)| self.types.contains(*of)) {
            return format!("{of}.{}", camel(&lower(case)));
        }
        let (case, is_type) = (lower(word), self.types.contains(word));
        if is_thrown && self.errors.contains(&case) {
            case
        } else if is_type || CLAIMS.contains(&word) {
            word.to_owned()
        } else if self.errors.contains(&case) || self.cases.contains(&case) {
            case
        } else if word.contains(char::is_uppercase) {
            word.to_owned()
        } else {
            let name = camel(word);
            let member = MEMBERS.iter().find(|(function, ..)| *function == name);
            member.map_or(name, |(_, of, member)| format!("{of}.{member}"))
        }
    }

    pub(crate) fn spelled(&self, text: &str, is_thrown: bool) -> String {
        let words = text.split('`').enumerate().map(|(place, word)| match place % 2 {
            0 => word.replace(" raises ", " throws ").replace(" raise ", " throw "),
            _ => self.spell(word, is_thrown),
        });
        words.collect::<Vec<_>>().join("`")
    }
}
