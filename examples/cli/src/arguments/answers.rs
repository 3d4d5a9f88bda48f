//! Answers to steps.

use std::path::PathBuf;

use clap::Subcommand;

use super::{Confirmed, PasswordSource};

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
