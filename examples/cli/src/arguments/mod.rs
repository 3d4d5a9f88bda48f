//! The command line.

mod answers;
mod data;
mod help;
mod host;
mod page;
mod ways;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use selfsame::{AccountId, Intent, MessageId, MethodId, ProviderId};

pub(crate) use self::answers::Given;
pub(crate) use self::data::{Data, Explained, Privacy, Support};
pub(crate) use self::help::command;
pub(crate) use self::host::Bill;
pub(crate) use self::page::{Mfa, Sessions};
pub(crate) use self::ways::{Email, Methods, Password, Ways};
use crate::policy::Providers;

/// Accounts, sign-in and sessions in one sealed file
///
/// Each call opens the store, does one thing, closes the store and says what you can do next. The program plays the
/// part of an application: it keeps the key, prints the messages instead of sending them, and reads a provider's
/// assertions from files. Its policy has the realm "Selfsame tour", the products grok and api, and the providers x
/// and work. For x and work, you give a statement of what the provider said; work is the authority for the domain
/// example.org. Options enable google, apple and oidc. The engine verifies their ID tokens.
///
/// Between calls, two files beside the store keep the open flow and the session. Only their owner can read them. They
/// are written after each action. If you lose one, start the flow again or sign in again.
#[derive(Parser)]
#[command(
    name = "selfsame",
    version,
    about,
    long_about,
    after_help = "\
Example:
  export SELFSAME_STORE=accounts.selfsame SELFSAME_KEY_FILE=$HOME/accounts.key
  selfsame init
  selfsame sign-up ada@example.org
  selfsame messages
  selfsame answer code
  selfsame account"
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Where the files are, and how the output looks.
#[derive(Args)]
pub(crate) struct Place {
    /// The store's file
    #[arg(long, value_name = "FILE", env = "SELFSAME_STORE", global = true, help_heading = "Place")]
    pub(crate) store: Option<PathBuf>,
    /// The key file, readable only by its owner. Without it, the environment variable SELFSAME_KEY must contain the
    /// key as 64 hexadecimal digits
    #[arg(long, value_name = "FILE", env = "SELFSAME_KEY_FILE", global = true, help_heading = "Place")]
    pub(crate) key_file: Option<PathBuf>,
    /// The file that keeps the open flow between calls; a new flow replaces it [default: the store's path and ".flow"]
    #[arg(long, value_name = "FILE", global = true, help_heading = "Place")]
    pub(crate) flow_file: Option<PathBuf>,
    /// The file that keeps the session between calls [default: the store's path and ".session"]. A file beside it with
    /// the ending ".known" shows later that you have signed in here, so that strangers' wrong guesses do not delay you
    #[arg(long, value_name = "FILE", global = true, help_heading = "Place")]
    pub(crate) session_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) providers: Providers,
    /// Print one line of JSON; times are milliseconds since 1970
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) json: bool,
    /// Print the flow token and the session token. Anyone who has one can use it
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) show_tokens: bool,
}

/// The device, and the product that is used on it.
#[derive(Args)]
pub(crate) struct Device {
    /// The name of the device in the list of sessions
    #[arg(long, value_name = "LABEL", default_value = "terminal")]
    pub(crate) device: String,
    /// The product that is used on the device, grok or api; its first use creates the membership
    #[arg(long, value_name = "PRODUCT")]
    pub(crate) product: Option<String>,
    /// Leave the account out of the picker from now on
    #[arg(long)]
    pub(crate) no_remember: bool,
}

/// Confirmation of an action that cannot be undone.
#[derive(Args)]
pub(crate) struct Confirmed {
    /// Do it without asking. Required without a terminal, and with --json
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Where a password comes from. Never from an argument, because every process can read arguments.
#[derive(Args)]
pub(crate) struct PasswordSource {
    /// Read the password from standard input instead of asking for it; one final line break is ignored
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Create a new store, and a key file unless it exists
    #[command(after_help = "\
Keep the key away from the store: anyone who has both can read everything. Without the key, nobody can.

Example:
  selfsame init --store accounts.selfsame --key-file ~/accounts.key")]
    Init {
        #[command(flatten)]
        place: Place,
    },
    /// Sign up with email and password
    #[command(after_help = "\
Examples:
  selfsame sign-up ada@example.org --device \"Ada's laptop\"
  pass accounts/ada | selfsame sign-up ada@example.org --password-stdin")]
    SignUp {
        /// The email address, which gets a code
        email: String,
        #[command(flatten)]
        password: PasswordSource,
        #[command(flatten)]
        device: Device,
        #[command(flatten)]
        place: Place,
    },
    /// Sign in with a password, by email address or by an account from the picker
    #[command(after_help = "\
Examples:
  selfsame sign-in ada@example.org --device \"Ada's desk\"
  selfsame sign-in --account 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e")]
    SignIn {
        /// The email address to sign in with
        #[arg(required_unless_present = "account", conflicts_with = "account")]
        email: Option<String>,
        /// The id of an account from `selfsame picker`, instead of an email address
        #[arg(long, value_name = "ID")]
        account: Option<AccountId>,
        #[command(flatten)]
        password: PasswordSource,
        #[command(flatten)]
        device: Device,
        #[command(flatten)]
        place: Place,
    },
    /// Reset a forgotten password: the address gets a code
    ///
    /// The answer is the same for an address that has no account. To sign in, type the code, the second factor if
    /// MFA is on, and a new password. All other sessions end.
    #[command(after_help = "\
Example:
  selfsame reset-password ada@example.org")]
    ResetPassword {
        /// The email address to sign in with
        email: String,
        #[command(flatten)]
        device: Device,
        #[command(flatten)]
        place: Place,
    },
    /// Give fresh proof of who you are, for actions that require it
    ///
    /// You need proof from the last 5 minutes to change sign-in methods, MFA, the email or the password, to export
    /// the data and to delete the account. The session continues with a new token. The fifth failure ends the session.
    #[command(after_help = "\
Example:
  selfsame reauthenticate")]
    Reauthenticate {
        #[command(flatten)]
        place: Place,
    },
    /// Start signing up or signing in with a provider
    #[command(after_help = "\
Example:
  selfsame begin-federated x --device \"Ada's phone\"")]
    BeginFederated {
        /// x or work; google, apple or oidc if an option enables it
        provider: String,
        #[command(flatten)]
        device: Device,
        #[command(flatten)]
        place: Place,
    },
    /// Continue the open flow with the provider's statement or ID token
    #[command(after_help = "\
For x and work, give a statement: what an application learned from the provider, as JSON. handle, email
and email_verified are optional. For google, apple and oidc, give the ID token that the provider signed
for the nonce of the step.

Examples:
  selfsame continue ada.json --intent sign-up
  selfsame continue ada.jwt --oidc https://id.example.com,field-notes
  echo '{\"provider\": \"x\", \"subject\": \"1815\", \"handle\": \"ada\"}' | selfsame continue")]
    Continue {
        /// The file with a statement or an ID token; standard input if it is missing or -
        file: Option<PathBuf>,
        /// What to do if no account has the identity
        #[arg(long, value_enum, default_value_t = Wanted::SignIn)]
        intent: Wanted,
        #[command(flatten)]
        place: Place,
    },
    /// Give the engine the public keys of a provider of ID tokens; the engine uses them for 24 hours
    #[command(after_help = "\
Use the key set that the provider publishes at the jwks_uri of its OpenID Connect configuration.

Examples:
  selfsame set-keys oidc keys.json --oidc https://id.example.com,field-notes
  curl -s https://www.googleapis.com/oauth2/v3/certs | selfsame set-keys google")]
    SetKeys {
        /// google, apple or oidc
        provider: String,
        /// The file with the key set (JWK set, RFC 7517); standard input if it is missing or -
        file: Option<PathBuf>,
        #[command(flatten)]
        place: Place,
    },
    /// Show the current step of the open flow
    #[command(after_help = "\
Example:
  selfsame step")]
    Step {
        #[command(flatten)]
        place: Place,
    },
    /// Answer the current step of the open flow
    #[command(after_help = "\
Examples:
  selfsame answer code
  selfsame answer link 1
  selfsame answer assertion ada.json")]
    Answer {
        #[command(subcommand)]
        answer: Given,
        #[command(flatten)]
        place: Place,
    },
    /// Show the account: sign-in methods, addresses, MFA, hold, products and recent changes
    #[command(after_help = "\
Example:
  selfsame account --json")]
    Account {
        #[command(flatten)]
        place: Place,
    },
    /// List or end the account's sessions
    #[command(after_help = "\
Examples:
  selfsame sessions
  selfsame sessions end 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e
  selfsame sessions end-others")]
    Sessions {
        #[command(subcommand)]
        what: Option<Sessions>,
        #[command(flatten)]
        place: Place,
    },
    /// Sign out: end this session
    #[command(after_help = "\
Example:
  selfsame sign-out")]
    SignOut {
        #[command(flatten)]
        place: Place,
    },
    #[command(flatten)]
    Ways(Ways),
    /// Turn MFA on and off, and manage the recovery codes
    #[command(after_help = "\
Examples:
  selfsame mfa
  selfsame mfa enroll
  selfsame mfa confirm
  selfsame mfa confirm-saved")]
    Mfa {
        #[command(subcommand)]
        what: Option<Mfa>,
        #[command(flatten)]
        place: Place,
    },
    /// List the products of the account and their billing
    #[command(after_help = "\
Example:
  selfsame products")]
    Products {
        #[command(flatten)]
        place: Place,
    },
    /// Use a product; the first use creates the account's membership
    #[command(after_help = "\
Example:
  selfsame open-product grok")]
    OpenProduct {
        /// grok or api
        product: String,
        #[command(flatten)]
        place: Place,
    },
    /// Show where to manage the billing of a product: at the product, or at the store that sold it
    #[command(after_help = "\
Example:
  selfsame billing grok")]
    Billing {
        /// grok or api
        product: String,
        #[command(flatten)]
        place: Place,
    },
    /// Show where to manage the account at a product or at a provider
    #[command(after_help = "\
Examples:
  selfsame manage api
  selfsame manage x")]
    Manage {
        /// A product (grok, api) or a provider (x, work, google, apple, oidc)
        #[arg(value_name = "PRODUCT_OR_PROVIDER")]
        managed: String,
        #[command(flatten)]
        place: Place,
    },
    #[command(flatten)]
    Data(Data),
    /// Delete the account in 30 days; until then, signing in offers to restore it
    ///
    /// Asks for confirmation. All sessions end. Requires fresh proof of the first factor.
    #[command(after_help = "\
Examples:
  selfsame delete
  selfsame delete --yes")]
    Delete {
        #[command(flatten)]
        confirmed: Confirmed,
        #[command(flatten)]
        place: Place,
    },
    /// List the accounts that this device remembers
    #[command(after_help = "\
Example:
  selfsame picker")]
    Picker {
        #[command(flatten)]
        place: Place,
    },
    /// Remove an account from the picker and end its sessions in this store; the account itself stays
    #[command(after_help = "\
Example:
  selfsame remove-from-picker 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e")]
    RemoveFromPicker {
        /// The account's id, from `selfsame picker`
        account: AccountId,
        #[command(flatten)]
        place: Place,
    },
    /// As the host, fetch the messages to deliver
    #[command(after_help = "\
The lifetime of a code starts when you fetch it. A message comes again after a minute until you confirm its delivery.

Examples:
  selfsame messages
  selfsame messages --delivered 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e")]
    Messages {
        /// Confirm that the message with this id was delivered
        #[arg(long, value_name = "ID")]
        delivered: Option<MessageId>,
        #[command(flatten)]
        place: Place,
    },
    /// As the host, record the billing of a product for an account
    ///
    /// No other product and no other account changes.
    #[command(after_help = "\
Example:
  selfsame set-billing 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e grok \\
    --customer cus_1815 --plan Monthly --paid-until 2027-01-31 --billed-by app-store")]
    SetBilling {
        /// The account's id
        account: AccountId,
        /// grok or api
        product: String,
        #[command(flatten)]
        bill: Bill,
        #[command(flatten)]
        place: Place,
    },
    /// As the host, report that others may know an account's password
    ///
    /// Asks for confirmation. All sessions that the password opened end, and the next sign-in requires a new password.
    #[command(after_help = "\
Example:
  selfsame mark-compromised 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e 019ab0c4-7d41-7b2a-8c6f-0a1b2c3d4e5f --yes")]
    MarkCompromised {
        /// The account's id
        account: AccountId,
        /// The password's id
        method: MethodId,
        #[command(flatten)]
        confirmed: Confirmed,
        #[command(flatten)]
        place: Place,
    },
    /// Enter the new subject that a provider gave an identity
    #[command(after_help = "\
Example:
  selfsame renumber apple 001234.0a1b.1234 001999.4c5d.5678 --yes")]
    Renumber {
        /// The provider's short name
        provider: ProviderId,
        /// The subject that the account has
        old: String,
        /// The subject that the provider gives now
        new: String,
        #[command(flatten)]
        confirmed: Confirmed,
        #[command(flatten)]
        place: Place,
    },
    /// Show the history of the account, and check that nobody changed it
    #[command(after_help = "\
Example:
  selfsame audit")]
    Audit {
        #[command(flatten)]
        place: Place,
    },
    /// Show the state of the store
    #[command(after_help = "\
Example:
  selfsame health")]
    Health {
        #[command(flatten)]
        place: Place,
    },
    /// Play a story: what people do, and how the engine answers
    #[command(after_help = "\
Example:
  selfsame play faq")]
    Play {
        /// The file of a story, or `faq` for the built-in one
        story: String,
        /// Keep the store in this new file. Its key comes from the story's seed, so the file is not protected
        #[arg(long, value_name = "FILE")]
        store: Option<PathBuf>,
        /// Print the transcript as JSON, one action per line
        #[arg(long)]
        json: bool,
    },
    /// Print a man page, or write all of them to a directory
    #[command(after_help = "\
Examples:
  selfsame man | man -l -
  selfsame man mfa enroll
  selfsame man --to /usr/local/share/man/man1")]
    Man {
        /// The command to describe; without it, the program itself
        #[arg(value_name = "COMMAND", conflicts_with = "to")]
        of: Vec<String>,
        /// Write the page of every command to this directory, and replace files of the same name
        #[arg(long, value_name = "DIRECTORY")]
        to: Option<PathBuf>,
    },
    /// Print the completion script for a shell
    #[command(after_help = "\
Example:
  source <(selfsame completions bash)")]
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// What to do with an identity that no account has.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Wanted {
    /// Ask before creating an account
    SignIn,
    /// Create an account
    SignUp,
}

impl From<Wanted> for Intent {
    fn from(wanted: Wanted) -> Self {
        match wanted {
            Wanted::SignIn => Self::SignIn,
            Wanted::SignUp => Self::SignUp,
        }
    }
}
