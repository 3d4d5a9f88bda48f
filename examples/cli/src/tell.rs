//! An answer, as people read it and as JSON.

use std::io::{self, BufWriter, IsTerminal, Write};

use anstyle::{AnsiColor, Style};
use selfsame::Secret;
use serde_json::Value;

use crate::next::Hint;
use crate::trouble::Trouble;
use crate::words::{self, Names, Said, Tone};

/// What a command answers.
pub(crate) struct Report {
    /// For programs.
    pub(crate) value: Value,
    /// For people.
    pub(crate) said: Said,
    /// What a terminal draws besides, as it is.
    pub(crate) picture: Option<Secret>,
    /// What is printed instead, however it is asked for.
    pub(crate) document: Option<String>,
    /// What to type next.
    pub(crate) next: Vec<Hint>,
    /// What went wrong although the act was done.
    pub(crate) trouble: Option<Trouble>,
}

impl Report {
    /// What the engine answered, in the words of the stories.
    pub(crate) fn of(value: Value) -> Self {
        let said = words::answer(&value, &Names::new());
        Self { value, said, picture: None, document: None, next: Vec::new(), trouble: None }
    }

    /// A fact, and a table or more lines that belong to it.
    pub(crate) fn telling(value: Value, tone: Tone, line: impl Into<String>, more: Vec<String>) -> Self {
        let said = Said { tone, line: line.into(), more };
        Self { value, said, picture: None, document: None, next: Vec::new(), trouble: None }
    }

    /// A fact.
    pub(crate) fn done(value: Value, line: impl Into<String>) -> Self {
        Self::telling(value, Tone::Done, line, Vec::new())
    }

    pub(crate) fn then(self, next: Vec<Hint>) -> Self {
        Self { next, ..self }
    }

    /// The act is done whatever came after it.
    pub(crate) fn but(self, after: Result<(), Trouble>) -> Self {
        Self { trouble: self.trouble.or(after.err()), ..self }
    }

    /// Writes it to standard output.
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

/// Handles and labels are other people's texts: what would steer the terminal is spelt out.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        let steers = c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
        if steers {
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
    fn what_would_steer_the_terminal_is_spelt_out() {
        assert_eq!(shown("Ada\u{1b}[2J\n\u{202e}x"), "Ada\\u{1b}[2J\\u{a}\\u{202e}x");
        assert_eq!(shown("Ada\u{2019}s Gerät 🦀"), "Ada\u{2019}s Gerät 🦀");
    }
}
