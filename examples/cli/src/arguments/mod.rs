//! What can be typed.

mod answers;
mod data;
mod help;
mod host;
mod page;
mod ways;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use selfsame::{AccountId, Intent, MethodId};

pub(crate) use self::answers::Given;
pub(crate) use self::data::{Data, Explained, Privacy, Support};
pub(crate) use self::help::command;
pub(crate) use self::host::Bill;
pub(crate) use self::page::{Mfa, Sessions};
pub(crate) use self::ways::{Email, Methods, Password, Ways};
use crate::policy::Providers;

/// Accounts, sign-in and sessions in one sealed file
///
/// Every call opens the store, does one thing and lets go. The next step is told in words. The program
/// stands where an application would: it keeps the key, hands out the messages, and brings what a
/// provider said. Its policy is the realm "Selfsame tour", the products grok and api, and the providers x
/// and work (the authority for example.org), for which it states what they said. Options let in google,
/// apple and oidc, whose ID tokens the engine checks.
///
/// Between two calls the open flow and the session last in two files beside the store, which their owner
/// alone can read. They are written after the act. One that is lost is recovered by beginning again.
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

/// Where everything is, and how it is shown.
#[derive(Args)]
pub(crate) struct Place {
    /// The store's file
    #[arg(long, value_name = "FILE", env = "SELFSAME_STORE", global = true, help_heading = "Place")]
    pub(crate) store: Option<PathBuf>,
    /// The file of the store's key, which its owner alone can read. Without it the key is taken from the
    /// environment variable SELFSAME_KEY, as 64 hexadecimal digits
    #[arg(long, value_name = "FILE", env = "SELFSAME_KEY_FILE", global = true, help_heading = "Place")]
    pub(crate) key_file: Option<PathBuf>,
    /// Where the open flow is kept between two calls; one that is begun takes its place [default: the store's path and ".flow"]
    #[arg(long, value_name = "FILE", global = true, help_heading = "Place")]
    pub(crate) flow_file: Option<PathBuf>,
    /// Where the session is kept between two calls [default: the store's path and ".session"]
    #[arg(long, value_name = "FILE", global = true, help_heading = "Place")]
    pub(crate) session_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) providers: Providers,
    /// Print one line of JSON; times are milliseconds since 1970
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) json: bool,
    /// Print the tokens of flow and session. Whoever has one can act with it
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) show_tokens: bool,
}

/// On which device, and with what.
#[derive(Args)]
pub(crate) struct Device {
    /// What the device is called in the list of sessions
    #[arg(long, value_name = "LABEL", default_value = "terminal")]
    pub(crate) device: String,
    /// The product that is used there, grok or api: its first use makes the membership
    #[arg(long, value_name = "PRODUCT")]
    pub(crate) product: Option<String>,
    /// Do not offer the account in the picker from now on
    #[arg(long)]
    pub(crate) no_remember: bool,
}

/// That somebody has said yes to what cannot be undone.
#[derive(Args)]
pub(crate) struct Confirmed {
    /// Do it without asking. Needed where there is no terminal to ask on, and with --json
    #[arg(long)]
    pub(crate) yes: bool,
}

/// Where a password comes from: never from the arguments, which every process can read.
#[derive(Args)]
pub(crate) struct PasswordSource {
    /// Read the password from standard input instead of asking for it; one line's end is not part of it
    #[arg(long)]
    pub(crate) password_stdin: bool,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a new store, and a key file unless there is one
    #[command(after_help = "\
Keep the key away from the store: whoever has both reads everything, and without the key nobody does.

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
        /// The address; a code will be sent to it
        email: String,
        #[command(flatten)]
        password: PasswordSource,
        #[command(flatten)]
        device: Device,
        #[command(flatten)]
        place: Place,
    },
    /// Sign in with email and password, or to an account of the picker with its password
    #[command(after_help = "\
Examples:
  selfsame sign-in ada@example.org --device \"Ada's desk\"
  selfsame sign-in --account 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e")]
    SignIn {
        /// The address that the password goes with
        #[arg(required_unless_present = "account", conflicts_with = "account")]
        email: Option<String>,
        /// The account instead, by its id from `selfsame picker`
        #[arg(long, value_name = "ID")]
        account: Option<AccountId>,
        #[command(flatten)]
        password: PasswordSource,
        #[command(flatten)]
        device: Device,
        #[command(flatten)]
        place: Place,
    },
    /// Begin the way back in for who forgot the password: a code goes to the address
    ///
    /// The answer is the same whether or not the address is anybody's. The code, the second factor where MFA
    /// is on, and a new password open a session; all others end.
    #[command(after_help = "\
Example:
  selfsame reset-password ada@example.org")]
    ResetPassword {
        /// The address that the password goes with
        email: String,
        #[command(flatten)]
        device: Device,
        #[command(flatten)]
        place: Place,
    },
    /// Renew the proof of the session, for what wants it fresh
    ///
    /// Methods, MFA, email, password and deletion want a proof of the last 5 minutes. The session goes on with
    /// another token; the fifth failure ends it.
    #[command(after_help = "\
Example:
  selfsame reauthenticate")]
    Reauthenticate {
        #[command(flatten)]
        place: Place,
    },
    /// Begin to sign up or in with a provider
    #[command(after_help = "\
Example:
  selfsame begin-federated x --device \"Ada's phone\"")]
    BeginFederated {
        /// x, work, or what an option lets in: google, apple, oidc
        provider: String,
        #[command(flatten)]
        device: Device,
        #[command(flatten)]
        place: Place,
    },
    /// Bring what the provider said, to the flow that was begun for it
    #[command(after_help = "\
Of x and work it is a statement, which an application makes of what it learnt from them; handle, email
and email_verified are optional. Of google, apple and oidc it is the ID token as they signed it, for the
nonce of the step.

Examples:
  selfsame continue ada.json --intent sign-up
  selfsame continue ada.jwt --oidc https://id.example.com,field-notes
  echo '{\"provider\": \"x\", \"subject\": \"1815\", \"handle\": \"ada\"}' | selfsame continue")]
    Continue {
        /// The file of a statement or an ID token; standard input where it is missing or -
        file: Option<PathBuf>,
        /// What the person wants, where nobody is known by the identity
        #[arg(long, value_enum, default_value_t = Wanted::SignIn)]
        intent: Wanted,
        #[command(flatten)]
        place: Place,
    },
    /// Give the engine the public keys that a provider signs ID tokens with; they are believed for 24 hours
    #[command(after_help = "\
The set is what the provider publishes: its OpenID Connect configuration names the place as jwks_uri.

Examples:
  selfsame set-keys oidc keys.json --oidc https://id.example.com,field-notes
  curl -s https://www.googleapis.com/oauth2/v3/certs | selfsame set-keys google")]
    SetKeys {
        /// google, apple or oidc
        provider: String,
        /// The file of the key set (JWK set, RFC 7517); standard input where it is missing or -
        file: Option<PathBuf>,
        #[command(flatten)]
        place: Place,
    },
    /// Show the step that the open flow is at
    #[command(after_help = "\
Example:
  selfsame step")]
    Step {
        #[command(flatten)]
        place: Place,
    },
    /// Answer the step that the open flow is at
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
    /// Show the account: ways in, addresses, MFA, hold and products
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
    /// End the session
    #[command(after_help = "\
Example:
  selfsame sign-out")]
    SignOut {
        #[command(flatten)]
        place: Place,
    },
    #[command(flatten)]
    Ways(Ways),
    /// Turn MFA on and off, and look after the recovery codes
    #[command(after_help = "\
Examples:
  selfsame mfa
  selfsame mfa enroll
  selfsame mfa confirm
  selfsame mfa saved")]
    Mfa {
        #[command(subcommand)]
        what: Option<Mfa>,
        #[command(flatten)]
        place: Place,
    },
    /// Say that others may know the password: the next sign-in asks for a new one
    ///
    /// Asks first. The password's sessions end, this one too if it is one.
    #[command(after_help = "\
Example:
  selfsame compromised")]
    Compromised {
        /// The password's id, from `selfsame account` [default: the account's one password]
        method: Option<MethodId>,
        #[command(flatten)]
        confirmed: Confirmed,
        #[command(flatten)]
        place: Place,
    },
    /// List the products that the account is used with, and what each costs
    #[command(after_help = "\
Example:
  selfsame products")]
    Products {
        #[command(flatten)]
        place: Place,
    },
    /// Use a product: the first time makes the account's membership
    #[command(after_help = "\
Example:
  selfsame open-product grok")]
    OpenProduct {
        /// grok or api
        product: String,
        #[command(flatten)]
        place: Place,
    },
    /// Say where what a product costs is managed: at the product, or at the store that sold it
    #[command(after_help = "\
Example:
  selfsame billing grok")]
    Billing {
        /// grok or api
        product: String,
        #[command(flatten)]
        place: Place,
    },
    /// Say where the account is managed, or where a provider's own account is
    #[command(after_help = "\
Examples:
  selfsame manage api
  selfsame manage x")]
    Manage {
        /// A product (grok, api) or a provider (x, work, google, apple, oidc)
        place_to_manage: String,
        #[command(flatten)]
        place: Place,
    },
    #[command(flatten)]
    Data(Data),
    /// Ask for the account's deletion; for 30 days signing in offers to restore it
    ///
    /// Asks first. All sessions end. Wants fresh proof of the first factor.
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
    /// List the accounts that this device remembers, to sign in to
    #[command(after_help = "\
Example:
  selfsame picker")]
    Picker {
        #[command(flatten)]
        place: Place,
    },
    /// Take an account off the picker and end its sessions in this store; nothing of it is deleted
    #[command(after_help = "\
Example:
  selfsame remove-from-picker 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e")]
    RemoveFromPicker {
        /// Its id, from `selfsame picker`
        account: AccountId,
        #[command(flatten)]
        place: Place,
    },
    /// Fetch the messages that wait to be delivered, as the host that delivers them
    #[command(after_help = "\
Fetching starts the life of a code. A message comes again until it is said to be delivered.

Examples:
  selfsame messages
  selfsame messages --delivered 1")]
    Messages {
        /// The message of this number was delivered: drop it
        #[arg(long, value_name = "ID")]
        delivered: Option<u64>,
        #[command(flatten)]
        place: Place,
    },
    /// Say what a product costs an account, as the host that the biller told
    ///
    /// No other product's profile and no other account changes.
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
    /// Say that others may know an account's password, as the host with evidence of a breach
    ///
    /// Asks first. The password's sessions end, and the next sign-in with it asks for a new one.
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
    /// Show what happened to the account, and whether that history is whole
    #[command(after_help = "\
Example:
  selfsame audit")]
    Audit {
        #[command(flatten)]
        place: Place,
    },
    /// Show how the store is
    #[command(after_help = "\
Example:
  selfsame health")]
    Health {
        #[command(flatten)]
        place: Place,
    },
    /// Play a story: who does what, and what the engine answers
    #[command(after_help = "\
Example:
  selfsame play faq")]
    Play {
        /// A story's file, or `faq` for the one that comes with the program
        story: String,
        /// Keep the store in this new file. Its key comes from the story's seed, so it protects nothing
        #[arg(long, value_name = "FILE")]
        store: Option<PathBuf>,
        /// Print the transcript as JSON, one act a line
        #[arg(long)]
        json: bool,
    },
    /// Print a man page, or write them all
    #[command(after_help = "\
Examples:
  selfsame man | man -l -
  selfsame man mfa enroll
  selfsame man --to /usr/local/share/man/man1")]
    Man {
        /// The command that the page is of; the program itself where none is named
        #[arg(value_name = "COMMAND", conflicts_with = "to")]
        of: Vec<String>,
        /// Write the page of every command into this directory, in place of what has its name there
        #[arg(long, value_name = "DIRECTORY")]
        to: Option<PathBuf>,
    },
    /// Print what a shell needs to complete the commands
    #[command(after_help = "\
Example:
  source <(selfsame completions bash)")]
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// What the person wants with an identity.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Wanted {
    /// Their account; a new one only when they say so
    SignIn,
    /// An account, new if need be
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
