//! What the owner of a session does on the account page.

use std::path::PathBuf;

use clap::Subcommand;
use selfsame::SessionId;

use super::Confirmed;

/// What is done with sessions.
#[derive(Subcommand)]
pub(crate) enum Sessions {
    /// List them, oldest first
    #[command(after_help = "\
Example:
  selfsame sessions list --json")]
    List,
    /// End one
    #[command(after_help = "\
Example:
  selfsame sessions end 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e")]
    End {
        /// Its id, from the list
        id: SessionId,
    },
    /// End all but this one
    #[command(after_help = "\
Example:
  selfsame sessions end-others")]
    EndOthers,
}

/// What is done with the second factor.
#[derive(Subcommand)]
pub(crate) enum Mfa {
    /// Say whether MFA is on, and how many recovery codes are left
    #[command(after_help = "\
Example:
  selfsame mfa show --json")]
    Show,
    /// Begin to turn MFA on, or to replace the authenticator app: shows what the app scans, once
    ///
    /// On a terminal the QR code is drawn; the secret and the URI in it are shown as text too. Whoever sees
    /// them has the second factor. The enrolment waits 15 minutes for the app's first code and ends with the
    /// session; one that is begun takes its place. Wants fresh proof.
    #[command(after_help = "\
Examples:
  selfsame mfa enroll
  selfsame mfa enroll --svg qr.svg")]
    Enroll {
        /// Draw the QR code in this new file, which its owner alone can read
        #[arg(long, value_name = "FILE")]
        svg: Option<PathBuf>,
    },
    /// Give the app's first code, and get the recovery codes to be saved
    #[command(after_help = "\
Example:
  selfsame mfa confirm")]
    Confirm,
    /// Show the recovery codes again that wait to be saved, for 15 minutes
    #[command(after_help = "\
Example:
  selfsame mfa codes")]
    Codes,
    /// The recovery codes are saved: MFA is on, or has the other app or codes
    ///
    /// All other sessions end where the factor changed, and recovery codes from before work no more.
    #[command(after_help = "\
Example:
  selfsame mfa saved")]
    Saved,
    /// Make other recovery codes; those from before end once these are saved
    ///
    /// Asks first. Wants fresh proof of the second factor.
    #[command(after_help = "\
Examples:
  selfsame mfa new-codes
  selfsame mfa new-codes --yes --json")]
    NewCodes {
        #[command(flatten)]
        confirmed: Confirmed,
    },
    /// Turn MFA off: app and recovery codes are no factor any more, and all other sessions end
    ///
    /// Asks first. Wants fresh proof of the second factor, or a session that a recovery code opened.
    #[command(after_help = "\
Examples:
  selfsame mfa off
  selfsame mfa off --yes")]
    Off {
        #[command(flatten)]
        confirmed: Confirmed,
    },
}
