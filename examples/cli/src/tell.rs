//! Answers, as text and as JSON.

use std::io::{self, BufWriter, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use selfsame::Secret;
use serde_json::Value;

use crate::next::Hint;
use crate::trouble::Trouble;
use crate::words::{self, Names, Said, Tone};

/// The answer of a command.
pub(crate) struct Report {
    /// The JSON for programs.
    pub(crate) value: Value,
    /// The text for people.
    pub(crate) said: Said,
    /// A picture that only a terminal shows.
    pub(crate) picture: Option<Secret>,
    /// A document that is printed instead of text and JSON.
    pub(crate) document: Option<String>,
    /// Hints for the next command.
    pub(crate) next: Vec<Hint>,
    /// An error after the action was done.
    pub(crate) trouble: Option<Trouble>,
}

impl Report {
    /// Reports the engine's answer.
    pub(crate) fn of(value: Value) -> Self {
        let said = words::answer(&value, &Names::new());
        Self { value, said, picture: None, document: None, next: Vec::new(), trouble: None }
    }

    /// Reports a fact, with a table or more lines.
    pub(crate) fn telling(value: Value, tone: Tone, line: impl Into<String>, more: Vec<String>) -> Self {
        let said = Said { tone, line: line.into(), more };
        Self { value, said, picture: None, document: None, next: Vec::new(), trouble: None }
    }

    /// Reports a success.
    pub(crate) fn done(value: Value, line: impl Into<String>) -> Self {
        Self::telling(value, Tone::Done, line, Vec::new())
    }

    pub(crate) fn then(self, next: Vec<Hint>) -> Self {
        Self { next, ..self }
    }

    /// Adds an error that came after the action.
    pub(crate) fn but(self, after: Result<(), Trouble>) -> Self {
        Self { trouble: self.trouble.or(after.err()), ..self }
    }

    /// Writes the report to standard output.
    pub(crate) fn print(&self, json: bool) -> io::Result<()> {
        let mut out = BufWriter::new(anstream::stdout().lock());
        if let Some(document) = &self.document {
            writeln!(out, "{document}")?;
        } else if json {
            writeln!(out, "{}", self.value)?;
        } else {
            self.tell(&mut out)?;
        }
        out.flush()
    }

    fn tell(&self, out: &mut impl Write) -> io::Result<()> {
        let (mark, style) = match self.said.tone {
            Tone::Asks => ("\u{2192}", AnsiColor::Cyan.on_default()),
            Tone::Done => ("\u{2713}", AnsiColor::Green.on_default()),
            Tone::Refused => ("\u{2717}", AnsiColor::Red.on_default()),
            Tone::Tells => ("\u{b7}", Style::new()),
        };
        writeln!(out, "{style}{mark} {}{style:#}", shown(&self.said.line))?;
        if let Some(picture) = self.picture.as_ref().filter(|_| io::stdout().is_terminal()) {
            out.write_all(picture.reveal())?;
        }
        for line in &self.said.more {
            writeln!(out, "{}", shown(&format!("    {line}")).trim_end())?;
        }
        let width = self.next.iter().map(|(command, _)| command.chars().count()).max().unwrap_or(0);
        let (typed, what) = (Style::new().bold(), Style::new().dimmed());
        for (command, does) in &self.next {
            writeln!(out, "  {typed}{command:width$}{typed:#}  {what}{}{what:#}", shown(does))?;
        }
        Ok(())
    }
}

/// Escapes control characters. Handles and labels come from other people and must not control the terminal.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let is_control = c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if is_control {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped() {
        assert_eq!(shown("Ada\u{1b}[2J\n\u{202e}x"), "Ada\\u{1b}[2J\\u{a}\\u{202e}x");
        assert_eq!(shown("Ada\u{2019}s Gerät 🦀"), "Ada\u{2019}s Gerät 🦀");
    }
}
