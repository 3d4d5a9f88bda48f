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
    ("answer new-password", FLOW, PASSWORD),
    ("answer restore", FLOW, ""),
    ("answer keep-deleted", FLOW, ""),
    ("answer erase-now", FLOW, YES),
    ("answer resend", FLOW, ""),
    ("answer correct-address", FLOW, ""),
    ("answer cancel", FLOW, ""),
];

/// An answer to a step.
#[derive(Subcommand)]
pub(crate) enum Given {
    /// The code from the message, asked for or read from standard input
    Code,
    /// Leave the address unproven, or go on without the second factor where the step offers that
    Skip,
    /// Make an account
    Confirm,
    /// A new account, separate from the others
    CreateNew,
    /// Link to the account at this place of the list
    Link {
        /// The place, from 1
        place_in_list: u8,
    },
    /// The password of the account to be proven
    Password {
        #[command(flatten)]
        password: PasswordSource,
    },
    /// What a provider says, of the account to be proven
    Assertion {
        /// The file of a statement or an ID token; standard input where it is missing or -
        file: Option<PathBuf>,
    },
    /// What the authenticator app shows now, asked for or read from standard input
    Totp,
    /// A recovery code in the place of the second factor, asked for or read from standard input; it is spent
    RecoveryCode,
    /// The password from now on
    NewPassword {
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Restore the account
    Restore,
    /// Leave the account to be deleted
    KeepDeleted,
    /// Leave the account to be deleted, and leave out the rest of the time to restore it; asks first
    EraseNow {
        #[command(flatten)]
        confirmed: Confirmed,
    },
    /// Send another code
    Resend,
    /// It is another address: begin its proof anew
    CorrectAddress {
        /// The address
        email: String,
    },
    /// Leave the flow
    Cancel,
}

impl Given {
    /// The answer that is meant, asked for where it is not on the command line.
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
            Self::NewPassword { password } => {
                Answer::NewPassword(input::password(password.password_stdin, true)?)
            }
            Self::Restore => Answer::Restore,
            Self::KeepDeleted => Answer::KeepDeleted,
            Self::EraseNow { confirmed } => {
                let what = "This erases the account at once, and nobody can restore it";
                asking.confirm(confirmed.yes, what)?;
                Answer::EraseNow
            }
            Self::Resend => Answer::Resend,
            Self::CorrectAddress { email } => Answer::CorrectAddress(email),
            Self::Cancel => Answer::Cancel,
        })
    }
}
