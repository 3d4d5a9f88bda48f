//! Spells Rust's names as Swift does.

use std::collections::BTreeSet;

use super::source::{Item, Result, camel, lower};

/// Claims of an ID token, which keep their spelling in comments.
const CLAIMS: [&str; 2] = ["auth_time", "email_verified"];

/// Functions that become members of a type, as they are in Rust: the function, the type, the member.
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

/// The names that comments may use.
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

    /// Spells a name of Rust as Swift does. If `is_thrown`, the name is looked up among the errors
    /// first.
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
