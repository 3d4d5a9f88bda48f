//! Confirmation before actions that cannot be undone.

use std::io::{self, IsTerminal};

use crate::input;
use crate::trouble::Trouble;

/// Whether the program can ask for confirmation.
#[derive(Clone, Copy)]
pub(crate) struct Asking {
    /// A program reads the output, so there is nobody to ask.
    pub(crate) json: bool,
}

impl Asking {
    /// Asks the person to confirm `what`, unless `--yes` was given.
    pub(crate) fn confirm(self, is_confirmed: bool, what: &str) -> Result<(), Trouble> {
        if is_confirmed {
            return Ok(());
        }
        if self.json || !io::stdin().is_terminal() {
            let why = if self.json { "with --json" } else { "without a terminal" };
            return Err(Trouble::Unusable(format!("{what}. To confirm {why}, add --yes; nothing was done")));
        }
        match input::line(&format!("{what}. Type yes to continue: "))?.trim() {
            "yes" => Ok(()),
            _ => Err(Trouble::Unusable("not confirmed; nothing was done".into())),
        }
    }
}
