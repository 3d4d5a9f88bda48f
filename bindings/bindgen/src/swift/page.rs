//! Writes the lines of a module and its comments.

use std::collections::BTreeSet;

use super::names::Names;
use super::source::{Item, upper};

/// The facts about the end of a call that its comment adds.
#[derive(Clone, Copy, PartialEq)]
pub(crate) enum Ends<'a> {
    Plainly,
    /// Throws this error.
    Throwing(&'a str),
    Blocking,
    Async,
}

pub(crate) struct Writer<'a> {
    pub(crate) names: &'a Names,
    /// The entries of the tables of names that were used.
    pub(crate) named: BTreeSet<String>,
    pub(crate) out: String,
}

impl Writer<'_> {
    pub(crate) fn line(&mut self, line: &str) {
        self.out.push_str(line.trim_end());
        self.out.push('\n');
    }

    pub(crate) fn lines(&mut self, item: &Item, indent: usize, change: impl Fn(&str) -> String) {
        for line in &item.lines {
            self.line(&format!("{:indent$}{}", "", change(line)));
        }
    }

    pub(crate) fn comment(&mut self, indent: usize, doc: &[String], ends: Ends<'_>) {
        let mut throws = match ends {
            Ends::Plainly => None,
            Ends::Throwing(error) => Some(format!("`{error}`.")),
            Ends::Blocking | Ends::Async => Some("`SelfsameError`.".to_owned()),
        };
        let mut paragraphs = Vec::new();
        for paragraph in doc.split(String::is_empty) {
            let text = paragraph.join(" ");
            match text.strip_prefix("Raises ").or_else(|| text.strip_prefix("Raise ")) {
                Some(what) => throws = Some(self.names.spelled(what, true)),
                None => paragraphs.push(self.names.spelled(&text, false)),
            }
        }
        if ends == Ends::Blocking {
            paragraphs.push(
                "- Note: Blocks its thread. Async code gets the `async` method of this name.".to_owned(),
            );
        }
        if let Some(throws) = throws {
            let throws = upper(&throws);
            let cancelled = " `CancellationError` if the task is cancelled before the call begins.";
            paragraphs
                .push(format!("- Throws: {throws}{}", if ends == Ends::Async { cancelled } else { "" }));
        }
        paragraphs.retain(|paragraph| !paragraph.is_empty());
        for (place, paragraph) in paragraphs.iter().enumerate() {
            if place > 0 {
                self.line(&format!("{:indent$}///", ""));
            }
            self.wrapped(&format!("{:indent$}/// ", ""), paragraph);
        }
    }

    /// Wraps a paragraph at 120 characters. The lines of a list item are indented.
    pub(crate) fn wrapped(&mut self, margin: &str, paragraph: &str) {
        let hangs = if paragraph.trim_start().starts_with("- ") { "  " } else { "" };
        let mut line = margin.to_owned();
        for word in paragraph.split(' ') {
            if line.len() + word.len() > 119 {
                self.line(&line);
                line = format!("{margin}{hangs}");
            }
            line.push_str(word);
            line.push(' ');
        }
        self.line(&line);
    }
}
