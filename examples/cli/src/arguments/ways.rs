//! Sign-in methods, addresses, and undoing a change to them.

use clap::Subcommand;
use selfsame::MethodId;

use super::{Confirmed, Device, PasswordSource, Place};

/// The commands for sign-in methods and addresses.
#[derive(Subcommand)]
pub(crate) enum Ways {
    /// List, add and remove sign-in methods
    #[command(after_help = "\
Examples:
  selfsame methods
  selfsame methods add x
  selfsame methods remove 019ab0c4-7d41-7b2a-8c6f-0a1b2c3d4e5f")]
    Methods {
        #[command(subcommand)]
        what: Option<Methods>,
        #[command(flatten)]
        place: Place,
    },
    /// Change the password, add one, or report that others may know it
    #[command(after_help = "\
Examples:
  selfsame password change
  selfsame password add ada@example.org")]
    Password {
        #[command(subcommand)]
        what: Password,
        #[command(flatten)]
        place: Place,
    },
    /// Change the email address, and verify addresses
    #[command(after_help = "\
Examples:
  selfsame email change ada@example.net
  selfsame messages
  selfsame email verify")]
    Email {
        #[command(subcommand)]
        what: Email,
        #[command(flatten)]
        place: Place,
    },
    /// Set the display name. It is not unique, and nobody can sign in with it
    #[command(after_help = "\
Examples:
  selfsame name \"Ada Lovelace\"
  selfsame name --remove")]
    Name {
        /// 1 to 64 characters
        #[arg(required_unless_present = "remove", conflicts_with = "remove")]
        name: Option<String>,
        /// Remove the display name
        #[arg(long)]
        remove: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Send messages to another verified address
    ///
    /// All other sessions end. Requires fresh proof. Can be undone.
    #[command(after_help = "\
Example:
  selfsame contact ada@example.net")]
    Contact {
        /// The address
        email: String,
        #[command(flatten)]
        place: Place,
    },
    /// Confirm that you know of the changes to the account up to this number
    ///
    /// Each sign-in lists the changes of the last 30 days that were made elsewhere, until you confirm them. To undo a
    /// change that is not yours, use `selfsame undo`.
    #[command(after_help = "\
Example:
  selfsame confirm-changes 7")]
    ConfirmChanges {
        /// The number of the newest change that you know of, from `selfsame account`
        number: u64,
        #[command(flatten)]
        place: Place,
    },
    /// Undo a change with the undo code from the message about it
    ///
    /// Restores the addresses, sign-in methods and second factor from before the change, and removes everything that
    /// was added since. The undo leaves out an email or identity that another account has taken in the meantime. All
    /// sessions end, and the account is on hold for a day. If the account has a second factor that is three days old,
    /// or had one before the change, the program asks for it. If the account had a password, the program asks for a new
    /// one.
    #[command(after_help = "\
Example:
  selfsame undo")]
    Undo {
        #[command(flatten)]
        device: Device,
        #[command(flatten)]
        place: Place,
    },
}

/// The commands for sign-in methods.
#[derive(Subcommand)]
pub(crate) enum Methods {
    /// List the sign-in methods, oldest first
    #[command(after_help = "\
Example:
  selfsame methods list --json")]
    List,
    /// Start adding an identity; finish with `selfsame continue`
    ///
    /// Requires fresh proof. Can be undone.
    #[command(after_help = "\
Example:
  selfsame methods add work")]
    Add {
        /// x or work; google, apple or oidc if an option enables it
        provider: String,
    },
    /// Remove a sign-in method, unless it is the last usable one; all other sessions end
    ///
    /// The owner can undo the removal for 7 days. Until then, anyone who proves the removed identifier elsewhere can
    /// sign in to this account instead. Requires fresh proof.
    #[command(after_help = "\
Example:
  selfsame methods remove 019ab0c4-7d41-7b2a-8c6f-0a1b2c3d4e5f")]
    Remove {
        /// The method's id, from `selfsame methods`
        method: MethodId,
    },
    /// Add the email address that a provider now reports for an identity, as an unverified address
    #[command(after_help = "\
Example:
  selfsame methods adopt-email 019ab0c4-7d41-7b2a-8c6f-0a1b2c3d4e5f")]
    AdoptEmail {
        /// The identity's id, from `selfsame methods`
        method: MethodId,
    },
    /// Choose which suspended sign-in methods to keep after the account verifies its first address
    ///
    /// Asks for confirmation, and removes each suspended method that you do not keep. If you keep a suspended
    /// password, the program asks for a new one.
    #[command(after_help = "\
Examples:
  selfsame methods review --yes
  selfsame methods review --keep 019ab0c4-7d41-7b2a-8c6f-0a1b2c3d4e5f --keep-second-factor")]
    Review {
        /// The id of a method to keep, from `selfsame methods`; repeat the option for more
        #[arg(long, value_name = "ID")]
        keep: Vec<MethodId>,
        /// Keep the second factor too
        #[arg(long)]
        keep_second_factor: bool,
        #[command(flatten)]
        password: PasswordSource,
        #[command(flatten)]
        confirmed: Confirmed,
    },
}

/// The commands for the password.
#[derive(Subcommand)]
pub(crate) enum Password {
    /// Set a new password; all other sessions end. Requires fresh proof. Can be undone
    #[command(after_help = "\
Examples:
  selfsame password change
  printf '%s\\n%s\\n' \"$OLD\" \"$NEW\" | selfsame password change --password-stdin")]
    Change {
        /// Read two lines from standard input instead of asking: the current password, then the new one
        #[arg(long)]
        password_stdin: bool,
    },
    /// Add a password to an account that has none. The address gets a code unless it is verified. Requires fresh proof
    #[command(after_help = "\
Example:
  selfsame password add ada@example.org")]
    Add {
        /// The email address to sign in with
        email: String,
        #[command(flatten)]
        password: PasswordSource,
    },
    /// Report that others may know the password: the next sign-in requires a new one
    ///
    /// Asks for confirmation. All sessions that the password opened end. If it opened this session, this one ends too.
    #[command(after_help = "\
Example:
  selfsame password report-compromised")]
    ReportCompromised {
        /// The password's id, from `selfsame account` [default: the password of the account]
        method: Option<MethodId>,
        #[command(flatten)]
        confirmed: Confirmed,
    },
}

/// The commands for addresses.
#[derive(Subcommand)]
pub(crate) enum Email {
    /// Start a change of the address: the new one gets a code, and `selfsame email verify` makes the change
    ///
    /// The new address then receives all messages. If the old address was the one to sign in with, the new one
    /// replaces it. The old mailbox gets an undo code. Requires fresh proof.
    #[command(after_help = "\
Example:
  selfsame email change ada@example.net")]
    Change {
        /// The new address
        email: String,
    },
    /// Send a code to an unverified address of the account. Requires fresh proof
    #[command(after_help = "\
Example:
  selfsame email send-code ada@example.net")]
    SendCode {
        /// The address
        email: String,
    },
    /// Type the code from the message: the change that waits in this session is made
    #[command(after_help = "\
Example:
  selfsame email verify")]
    Verify,
}
