//! Makes extension functions like `message.kind.mailedCode()`. They are methods in Rust and free functions in
//! UniFFI.

use super::text::word;

/// The function, the type of its only parameter, and its name on that type. The names are the same as in Swift.
const MEMBERS: [(&str, &str, &str); 7] = [
    ("amrValue", "Amr", "value"),
    ("describeAction", "Action", "sentence"),
    ("describeEvent", "Event", "sentence"),
    ("flowOf", "FlowToken", "flow"),
    ("mailedCode", "MessageKind", "mailedCode"),
    ("messageName", "MessageKind", "name"),
    ("worksOffline", "MethodKind", "worksOffline"),
];

/// The name of a function on its type.
pub(super) fn member(function: &str) -> Option<&'static str> {
    MEMBERS.iter().find(|(name, ..)| *name == function).map(|(.., member)| *member)
}

/// Returns the sources with extension functions. Fails if one of the functions is in no source.
pub(super) fn extended(sources: &[String]) -> Result<Vec<String>, String> {
    let mut found = 0;
    let extended = sources.iter().map(|source| {
        let mut parameter = None;
        let lines = source.lines().map(|line| {
            if let Some((header, of)) = header(line) {
                found += 1;
                parameter = Some(format!("lower(`{of}`)"));
                return header;
            }
            let line = parameter.as_ref().map_or(line.to_owned(), |of| line.replace(of, "lower(this)"));
            if line == "    }" {
                parameter = None;
            }
            line
        });
        lines.collect::<Vec<_>>().join("\n") + "\n"
    });
    let extended = extended.collect();
    if found == MEMBERS.len() {
        Ok(extended)
    } else {
        Err("a function of members.rs is not generated".into())
    }
}

/// The head of an extension function, and the name that its receiver has as a parameter.
fn header(line: &str) -> Option<(String, String)> {
    let (before, function) = line.split_once("fun `")?;
    let (_, of, member) = MEMBERS.iter().find(|(name, ..)| *name == word(function))?;
    let (parameter, after) = function.split_once("(`")?.1.split_once("`: ")?;
    let returns = after.strip_prefix(of)?.strip_prefix(')')?;
    Some((format!("{before}fun {of}.`{member}`(){returns}"), parameter.to_owned()))
}
