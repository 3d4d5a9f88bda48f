//! A yes, before what cannot be undone.

use std::io::{self, IsTerminal};

use crate::input;
use crate::trouble::Trouble;

/// Whether one may be asked, and whether they said so already.
#[derive(Clone, Copy)]
pub(crate) struct Asking {
    /// A program reads the answers: it is asked nothing.
    pub(crate) json: bool,
}

impl Asking {
    /// Goes on only where somebody says yes to this sentence.
    pub(crate) fn confirm(self, is_confirmed: bool, what: &str) -> Result<(), Trouble> {
        if is_confirmed {
            return Ok(());
        }
        if self.json || !io::stdin().is_terminal() {
            let why = if self.json { "with --json" } else { "where there is no terminal to ask on" };
            return Err(Trouble::Unusable(format!("{what}: --yes says so {why}; nothing was done")));
        }
        match input::line(&format!("{what}. Type yes to go on: "))?.trim() {
            "yes" => Ok(()),
            _ => Err(Trouble::Unusable("not confirmed; nothing was done".into())),
        }
    }
}
