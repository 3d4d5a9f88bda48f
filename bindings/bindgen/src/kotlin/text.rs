//! The generated text, as lines and as declarations of the top level.

/// A declaration of the top level with the comments and annotations before it.
pub(super) struct Item {
    pub(super) lines: Vec<String>,
}

/// Cuts a file after each brace that closes a declaration of the top level.
pub(super) fn items(text: &str) -> Vec<Item> {
    let mut items = vec![Item { lines: Vec::new() }];
    let mut calls = false;
    for line in text.lines() {
        if let Some(item) = items.last_mut() {
            item.lines.push(line.trim_end().to_owned());
        }
        // A brace at the left edge may also end a call of the library.
        if line.starts_with('}') && !calls {
            items.push(Item { lines: Vec::new() });
        }
        calls = line.ends_with("_status)");
    }
    items
}

impl Item {
    /// Returns the class that this interface belongs to. An interface that the application implements
    /// has no class.
    pub(super) fn interface(&self) -> Option<String> {
        let header = self.lines.iter().find_map(|line| line.strip_prefix("public interface "))?;
        word(header).strip_suffix("Interface").map(str::to_owned)
    }

    /// The class with a handle, without `Impl`, and what it implements.
    pub(super) fn object(&self) -> Option<(String, String)> {
        let header = self.lines.iter().find_map(|line| line.strip_prefix("open class "))?;
        let (class, implements) = header.split_once(": Disposable, AutoCloseable, ")?;
        Some((class.trim_end_matches("Impl").to_owned(), word(implements)))
    }

    /// Returns the lines before the documentation of an interface, and the documentation.
    pub(super) fn introduction(&self) -> (Vec<String>, Vec<String>) {
        let header =
            self.lines.iter().position(|line| line.starts_with("public interface ")).unwrap_or_default();
        let before: Vec<String> = self.lines.iter().take(header).cloned().collect();
        let docs = before.iter().rposition(|line| line.trim() == "/**").unwrap_or(header);
        (before.iter().take(docs).cloned().collect(), before.into_iter().skip(docs).collect())
    }
}

/// The name and the target of an alias.
pub(super) fn alias(line: &str) -> Option<(String, String)> {
    let (alias, of) = line.strip_prefix("public typealias ")?.split_once(" = ")?;
    Some((alias.to_owned(), of.to_owned()))
}

/// Returns the name at the beginning of a text.
pub(super) fn word(text: &str) -> String {
    text.trim_start_matches('`').chars().take_while(|letter| is_of_name(*letter)).collect()
}

/// Replaces a whole word.
pub(super) fn with_word(line: &str, old: &str, new: &str) -> String {
    let mut replaced = String::with_capacity(line.len());
    let mut rest = line;
    while let Some((before, after)) = rest.split_once(old) {
        let begins = !before.ends_with(is_of_name) && (!before.is_empty() || !replaced.ends_with(is_of_name));
        replaced.push_str(before);
        replaced.push_str(if begins && !after.starts_with(is_of_name) { new } else { old });
        rest = after;
    }
    replaced + rest
}

pub(super) fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

/// `MethodId` as `methodId`.
pub(super) fn lower_camel(name: &str) -> String {
    let mut letters = name.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
