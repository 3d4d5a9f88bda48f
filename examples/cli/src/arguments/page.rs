//! What an account owner does on the account page.

use std::path::PathBuf;

use clap::Subcommand;
use selfsame::SessionId;

use super::Confirmed;

/// The commands for sessions.
#[derive(Subcommand)]
pub(crate) enum Sessions {
    /// List the sessions, oldest first
    #[command(after_help = "\
Example:
  selfsame sessions list --json")]
    List,
    /// End one session
    #[command(after_help = "\
Example:
  selfsame sessions end 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e")]
    End {
        /// The session's id, from `selfsame sessions`
        id: SessionId,
    },
    /// End all sessions except this one
    #[command(after_help = "\
Example:
  selfsame sessions end-others")]
    EndOthers,
}

/// The commands for the second factor.
#[derive(Subcommand)]
pub(crate) enum Mfa {
    /// Show whether MFA is on, and how many recovery codes are left
    #[command(after_help = "\
Example:
  selfsame mfa show --json")]
    Show,
    /// Start turning MFA on, or replacing the authenticator app: shows the secret for the app, once
    ///
    /// A terminal shows the QR code, and the secret and its URI as text. Anyone who sees them has the second
    /// factor. The enrolment waits 15 minutes for the app's first code, and ends with the session. A new
    /// enrolment replaces it. Requires fresh proof.
    #[command(after_help = "\
Examples:
  selfsame mfa enroll
  selfsame mfa enroll --svg qr.svg")]
    Enroll {
        /// Write the QR code to this new file, readable only by you
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
    },
    /// Type the app's first code, and get the recovery codes to save
    #[command(after_help = "\
Example:
  selfsame mfa confirm")]
    Confirm,
    /// Show the unsaved recovery codes again, for 15 minutes
    #[command(after_help = "\
Example:
  selfsame mfa codes")]
    Codes,
    /// Confirm that you saved the recovery codes: MFA is then on, or uses the new app or codes
    ///
    /// If the second factor changed, all other sessions end. Earlier recovery codes stop working.
    #[command(after_help = "\
Example:
  selfsame mfa confirm-saved")]
    ConfirmSaved,
    /// Create new recovery codes; the old ones work until you save the new ones
    ///
    /// Asks for confirmation. Requires fresh proof of the second factor.
    #[command(after_help = "\
Examples:
  selfsame mfa new-codes
  selfsame mfa new-codes --yes --json")]
    NewCodes {
        #[command(flatten)]
        confirmed: Confirmed,
    },
    /// Turn MFA off: the app and the recovery codes stop working, and all other sessions end
    ///
    /// Asks for confirmation. Requires fresh proof of the second factor, or a session that a recovery code opened.
    #[command(after_help = "\
Examples:
  selfsame mfa off
  selfsame mfa off --yes")]
    Off {
        #[command(flatten)]
        confirmed: Confirmed,
    },
}
