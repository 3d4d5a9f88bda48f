//! The ways in, the addresses, and taking such a change back.

use clap::Subcommand;
use selfsame::MethodId;

use super::{Confirmed, Device, PasswordSource, Place};

/// What is done with ways in and addresses.
#[derive(Subcommand)]
pub(crate) enum Ways {
    /// List the ways in, add to them, remove them
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
    /// Change the password, or add one
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
    /// Change the email, and prove addresses
    #[command(after_help = "\
Examples:
  selfsame email change ada@example.net
  selfsame messages
  selfsame email prove")]
    Email {
        #[command(subcommand)]
        what: Email,
        #[command(flatten)]
        place: Place,
    },
    /// Say what you want to be called; it finds no account, and need not be your own
    #[command(after_help = "\
Examples:
  selfsame name \"Ada Lovelace\"
  selfsame name --remove")]
    Name {
        /// At most 64 characters
        #[arg(required_unless_present = "remove", conflicts_with = "remove")]
        name: Option<String>,
        /// Be called nothing
        #[arg(long)]
        remove: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Have messages sent to another of the verified addresses
    ///
    /// All other sessions end. Wants fresh proof; can be undone.
    #[command(after_help = "\
Example:
  selfsame contact ada@example.net")]
    Contact {
        /// The address
        email: String,
        #[command(flatten)]
        place: Place,
    },
    /// Take a change back, with the undo code of the message about it
    ///
    /// The account gets its addresses, ways in and second factor back as they were before, what was added since
    /// is dropped, all sessions end, and for a day nothing of it can be changed again. On the way a factor of
    /// that time is asked for, and a new password is set where there was one.
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

/// What is done with the ways in.
#[derive(Subcommand)]
pub(crate) enum Methods {
    /// List them, in the order they came
    #[command(after_help = "\
Example:
  selfsame methods list --json")]
    List,
    /// Begin to add an identity; `selfsame continue` brings what the provider says
    ///
    /// Wants fresh proof; can be undone.
    #[command(after_help = "\
Example:
  selfsame methods add work")]
    Add {
        /// x, work, or what an option lets in: google, apple, oidc
        provider: String,
    },
    /// Remove one, but not the last that leads in; all other sessions end
    ///
    /// It can be undone for 7 days, and nobody else gets its identifier until then. With --waive-undo, which
    /// asks first, the identifier is free at once. Wants fresh proof.
    #[command(after_help = "\
Examples:
  selfsame methods remove 019ab0c4-7d41-7b2a-8c6f-0a1b2c3d4e5f
  selfsame methods remove 019ab0c4-7d41-7b2a-8c6f-0a1b2c3d4e5f --waive-undo --yes")]
    Remove {
        /// Its id, from the list
        method: MethodId,
        /// Never undo it: its identifier can be added to another account at once
        #[arg(long)]
        waive_undo: bool,
        #[command(flatten)]
        confirmed: Confirmed,
    },
    /// Take the email that an identity now has at its provider, as an address that is not proven yet
    #[command(after_help = "\
Example:
  selfsame methods take-email 019ab0c4-7d41-7b2a-8c6f-0a1b2c3d4e5f")]
    TakeEmail {
        /// The identity's id, from the list
        method: MethodId,
    },
    /// Say which ways in stay that were there before the account's first proven address
    ///
    /// Asks first: what is not kept is removed. A password is kept only with a new one, which is asked for.
    #[command(after_help = "\
Examples:
  selfsame methods review --yes
  selfsame methods review --keep 019ab0c4-7d41-7b2a-8c6f-0a1b2c3d4e5f --keep-second-factor")]
    Review {
        /// The id of one that stays, from the list; once for each
        #[arg(long, value_name = "ID")]
        keep: Vec<MethodId>,
        /// The second factor stays too
        #[arg(long)]
        keep_second_factor: bool,
        #[command(flatten)]
        password: PasswordSource,
        #[command(flatten)]
        confirmed: Confirmed,
    },
}

/// What is done with the password.
#[derive(Subcommand)]
pub(crate) enum Password {
    /// Set another; all other sessions end. Wants fresh proof; can be undone
    #[command(after_help = "\
Examples:
  selfsame password change
  printf '%s\\n%s\\n' \"$NOW\" \"$NEW\" | selfsame password change --password-stdin")]
    Change {
        /// Read two lines from standard input instead of asking: the password of now, and the new one
        #[arg(long)]
        password_stdin: bool,
    },
    /// Add one to an account without; a code goes to the address unless it is proven. Wants fresh proof
    #[command(after_help = "\
Example:
  selfsame password add ada@example.org")]
    Add {
        /// The address that it goes with
        email: String,
        #[command(flatten)]
        password: PasswordSource,
    },
}

/// What is done with addresses.
#[derive(Subcommand)]
pub(crate) enum Email {
    /// Change it: a code goes to the new address, and nothing changes before `selfsame email prove`
    ///
    /// Messages go to the new address then, and the password goes with it where it went with the old one. The
    /// old mailbox gets a code that undoes it. Wants fresh proof.
    #[command(after_help = "\
Examples:
  selfsame email change ada@example.net
  selfsame email change ada@example.net --old-is-lost --yes")]
    Change {
        /// The new address
        email: String,
        /// The old mailbox is lost: no undo code goes there. Asks first, and wants a second factor proven
        #[arg(long)]
        old_is_lost: bool,
        #[command(flatten)]
        confirmed: Confirmed,
    },
    /// Have a code sent to an address of the account that is not proven yet. Wants fresh proof
    #[command(after_help = "\
Example:
  selfsame email verify ada@example.net")]
    Verify {
        /// The address
        email: String,
    },
    /// Type the code that was sent for what waits in this session
    #[command(after_help = "\
Example:
  selfsame email prove")]
    Prove,
}
