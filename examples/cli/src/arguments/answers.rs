//! Answers to steps.

use std::path::PathBuf;

use clap::Subcommand;
use selfsame::{Answer, FlowId};

use super::help::{FILE, FLOW, HIDDEN, PASSWORD, Reads, YES};
use super::{Confirmed, PasswordSource};
use crate::confirm::Asking;
use crate::trouble::Trouble;
use crate::{assertion, input};

/// What each answer reads.
pub(super) const READS: &[Reads] = &[
    ("answer", FLOW, ""),
    ("answer code", FLOW, "the code, from the terminal or standard input"),
    ("answer skip", FLOW, ""),
    ("answer confirm", FLOW, ""),
    ("answer create-new", FLOW, ""),
    ("answer link", FLOW, ""),
    ("answer password", FLOW, PASSWORD),
    ("answer assertion", FLOW, FILE),
    ("answer totp", FLOW, HIDDEN),
    ("answer recovery-code", FLOW, HIDDEN),
    ("answer saved", FLOW, ""),
    ("answer new-password", FLOW, PASSWORD),
    ("answer restore", FLOW, ""),
    ("answer decline-restore", FLOW, ""),
    ("answer erase-now", FLOW, YES),
    ("answer resend", FLOW, ""),
    ("answer correct-address", FLOW, ""),
    ("answer cancel", FLOW, ""),
];

/// An answer to a step.
#[derive(Subcommand)]
pub(crate) enum Given {
    /// Type the code from the message; asks for it, or reads standard input
    Code,
    /// Leave the address unverified, or continue without the second factor if the step offers it
    Skip,
    /// Create an account
    Confirm,
    /// Create a new, separate account
    CreateNew,
    /// Link to an account from the list
    Link {
        /// The number of the account in the list, from 1
        place_in_list: u8,
    },
    /// Prove with its password that the account is yours
    Password {
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Prove with a statement or an ID token from its provider that the account is yours
    Assertion {
        /// The file with a statement or an ID token; standard input if it is missing or -
        file: Option<PathBuf>,
    },
    /// Type the code from the authenticator app; asks for it, or reads standard input
    Totp,
    /// Use up a recovery code as the second factor; asks for it, or reads standard input
    RecoveryCode,
    /// Confirm that the recovery codes are saved
    Saved,
    /// Set the new password
    NewPassword {
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Restore the account
    Restore,
    /// Do not restore the account; its deletion continues
    DeclineRestore,
    /// Erase the account now instead of at the end of the 30 days; asks for confirmation
    EraseNow {
        #[command(flatten)]
        confirmed: Confirmed,
    },
    /// Send another code
    Resend,
    /// Send the code to a corrected address
    CorrectAddress {
        /// The corrected address
        email: String,
    },
    /// Cancel the flow
    Cancel,
}

impl Given {
    /// Builds the answer, and asks for secrets, which are never on the command line.
    pub(crate) fn answer(self, flow: FlowId, asking: Asking) -> Result<Answer, Trouble> {
        Ok(match self {
            Self::Code => Answer::Code(input::code()?),
            Self::Skip => Answer::Skip,
            Self::Confirm => Answer::Confirm,
            Self::CreateNew => Answer::CreateNew,
            Self::Link { place_in_list } => Answer::LinkTo(place_in_list),
            Self::Password { password } => Answer::Password(input::password(password.password_stdin, false)?),
            Self::Assertion { file } => {
                let text = input::assertion(file.as_deref())?;
                Answer::Assertion(assertion::read(text, flow)?)
            }
            Self::Totp => Answer::Totp(input::totp()?),
            Self::RecoveryCode => Answer::RecoveryCode(input::long_code("Recovery code")?),
            Self::Saved => Answer::Saved,
            Self::NewPassword { password } => {
                Answer::NewPassword(input::password(password.password_stdin, true)?)
            }
            Self::Restore => Answer::Restore,
            Self::DeclineRestore => Answer::KeepDeleted,
            Self::EraseNow { confirmed } => {
                let what = "This erases the account now, and nobody can restore it";
                asking.confirm(confirmed.yes, what)?;
                Answer::EraseNow
            }
            Self::Resend => Answer::Resend,
            Self::CorrectAddress { email } => Answer::CorrectAddress(email),
            Self::Cancel => Answer::Cancel,
        })
    }
}
