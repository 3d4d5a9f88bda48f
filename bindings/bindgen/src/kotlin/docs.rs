//! Documentation as Kotlin writes it: `@throws`, links to exceptions, and names in Kotlin's spelling.

use std::collections::{BTreeMap, BTreeSet};

use super::members::member;
use super::text::{is_of_name, with_word, word};

/// Claims of ID tokens, which keep the spelling of the token.
const CLAIMS: [&str; 2] = ["auth_time", "email_verified"];

/// The exception of the engine's calls.
const ENGINES: &str = "SelfsameException";

/// The names of the generated code.
pub(super) struct Words {
    /// Functions, parameters and fields.
    names: BTreeSet<String>,
    /// The variants of the exceptions, each after its class.
    errors: BTreeSet<String>,
    /// The flat enums, with their variants.
    enums: BTreeMap<String, BTreeSet<String>>,
}

impl Words {
    pub(super) fn of(texts: &[String]) -> Self {
        let mut words = Self { names: BTreeSet::new(), errors: BTreeSet::new(), enums: BTreeMap::new() };
        let mut within = None;
        for line in texts.iter().flat_map(|text| text.lines()) {
            let code = line.trim_start();
            if code.starts_with('*') && !code.contains("*/") {
                continue;
            }
            words.names.extend(code.split('`').skip(1).step_by(2).map(str::to_owned));
            if let Some((class, variant)) =
                code.strip_prefix("is ").and_then(|is| is.split_once("Exception."))
            {
                words.errors.insert(format!("{class}Exception.{}", word(variant)));
            } else if let Some(name) = line.strip_prefix("enum class ") {
                within = Some(word(name));
            } else if line.starts_with('}') {
                within = None;
            } else if let Some(name) = &within {
                words.enums.entry(name.clone()).or_default().insert(word(code));
            }
        }
        words
    }

    /// Rewrites all comments for documentation.
    pub(super) fn rewritten(&self, lines: Vec<String>) -> Vec<String> {
        let lines: Vec<String> = lines.iter().flat_map(|line| line.split('\n').map(str::to_owned)).collect();
        let mut rewritten = Vec::with_capacity(lines.len());
        let mut block: Option<Vec<String>> = None;
        for line in lines {
            match block.as_mut() {
                None if line.trim() == "/**" => block = Some(vec![line]),
                None => rewritten.push(line),
                Some(lines) => {
                    let ends = line.trim_start().starts_with("*/");
                    lines.push(line);
                    if ends {
                        rewritten.extend(self.block(block.take().unwrap_or_default()));
                    }
                }
            }
        }
        rewritten
    }

    /// Moves the exceptions of a call to the end, because everything after a tag belongs to the tag.
    fn block(&self, lines: Vec<String>) -> Vec<String> {
        let (mut text, mut thrown, mut end) = (Vec::new(), Vec::new(), Vec::new());
        let mut throws = false;
        for line in lines {
            let code = line.trim_start();
            throws = code.starts_with("* Raises ") || throws && code != "*";
            if code.starts_with("*/") {
                end.push(line);
            } else if throws {
                let first = line.split('`').nth(1).and_then(|part| self.exception(part));
                let class = first.map_or(ENGINES.to_owned(), |(class, _)| class);
                let line = line.replacen("* Raises ", &format!("* @throws {class} "), 1);
                thrown.push(self.spelt(&line, true));
            } else {
                let line = with_word(&with_word(&line, "Raise", "Throw"), "raise", "throw");
                text.push(self.spelt(&with_word(&line, "raises", "throws"), false));
            }
        }
        while !thrown.is_empty() && text.last().is_some_and(|line| line.trim() == "*") {
            text.pop();
        }
        if let (Some(first), true) = (thrown.first(), text.len() > 1) {
            text.push(
                first.chars().take_while(|letter| *letter != '@').collect::<String>().trim_end().to_owned(),
            );
        }
        text.into_iter().chain(thrown).chain(end).collect()
    }

    /// Spells the names in a line as Kotlin does. If `throws`, exceptions become links.
    fn spelt(&self, line: &str, throws: bool) -> String {
        let mut spelt = String::with_capacity(line.len());
        for (place, part) in line.split('`').enumerate() {
            match self.exception(part) {
                _ if place % 2 == 0 => spelt.push_str(part),
                Some((class, variant)) if throws => {
                    spelt.push_str(&format!("[{variant}][{class}.{variant}]"))
                }
                _ => spelt.push_str(&format!("`{}`", self.name(part))),
            }
        }
        spelt
    }

    /// The class and the variant of an exception: the engine's, unless the text names the error.
    fn exception(&self, part: &str) -> Option<(String, String)> {
        let (class, variant) = match part.split_once("Error.") {
            Some((error, variant)) => (format!("{error}Exception"), variant),
            None => (ENGINES.to_owned(), part),
        };
        self.errors.contains(&format!("{class}.{variant}")).then(|| (class, variant.to_owned()))
    }

    /// Returns a name in Kotlin's spelling, if the generated code has it.
    fn name(&self, name: &str) -> String {
        if let Some((class, member)) = name.split_once('.') {
            let variant = member.trim_end_matches("()");
            let upper = spaced(variant, |letter| letter.is_uppercase()).join("_").to_uppercase();
            if self.enums.get(class).is_some_and(|variants| variants.contains(&upper)) {
                return format!("{class}.{upper}");
            }
            return match self.exception(name) {
                Some((class, variant)) => format!("{class}.{variant}"),
                None => format!("{class}.{}", self.name(member)),
            };
        }
        let base = name.trim_end_matches("()");
        let mut parts = base.split('_');
        let first = parts.next().unwrap_or_default().to_owned();
        let camel = parts.fold(first, |name, part| {
            let mut letters = part.chars();
            letters.next().map_or(name.clone(), |letter| {
                name + &letter.to_uppercase().chain(letters).collect::<String>()
            })
        });
        if let Some(member) = member(&camel) {
            return member.to_owned();
        }
        let is_ours = self.names.contains(&camel) && !CLAIMS.contains(&base);
        if base.chars().all(is_of_name) && is_ours { camel } else { name.to_owned() }
    }
}

/// Cuts a text before each letter that begins a part.
fn spaced(text: &str, begins: fn(char) -> bool) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for letter in text.chars() {
        match parts.last_mut().filter(|_| !begins(letter)) {
            Some(part) => part.push(letter),
            None => parts.push(letter.to_string()),
        }
    }
    parts
}
