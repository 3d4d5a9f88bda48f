//! What can be typed.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use selfsame::{Intent, SessionId};

use crate::policy::Providers;
use crate::trouble;

/// Accounts, sign-in and sessions in one sealed file
///
/// Every call opens the store, does one thing and lets go. The next step is told in words. The program
/// stands where an application would: it keeps the key, hands out the messages, and brings what a
/// provider said. Its policy is the realm "Selfsame tour" and the providers x and work (the authority for
/// example.org), for which it states what they said. Options let in google, apple and oidc, whose ID
/// tokens the engine checks.
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

/// On which device.
#[derive(Args)]
pub(crate) struct Device {
    /// What the device is called in the list of sessions
    #[arg(long, value_name = "LABEL", default_value = "terminal")]
    pub(crate) device: String,
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
    /// Sign in with email and password
    #[command(after_help = "\
Example:
  selfsame sign-in ada@example.org --device \"Ada's desk\"")]
    SignIn {
        /// The address that the password goes with
        email: String,
        #[command(flatten)]
        password: PasswordSource,
        #[command(flatten)]
        device: Device,
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
    /// Show the account
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
    /// Ask for the account's deletion; for 30 days signing in offers to restore it
    #[command(after_help = "\
Example:
  selfsame delete")]
    Delete {
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
    /// Print what a shell needs to complete the commands
    #[command(after_help = "\
Example:
  source <(selfsame completions bash)")]
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// An answer to a step.
#[derive(Subcommand)]
pub(crate) enum Given {
    /// The code from the message, asked for or read from standard input
    Code,
    /// Leave the address unproven
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
    /// Restore the account
    Restore,
    /// Leave the account to be deleted
    KeepDeleted,
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

/// What is done with sessions.
#[derive(Subcommand)]
pub(crate) enum Sessions {
    /// List them, oldest first
    List,
    /// End one
    End {
        /// Its id, from the list
        #[arg(value_parser = session_id)]
        id: SessionId,
    },
    /// End all but this one
    EndOthers,
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

/// The whole command line; every help ends with the exit codes.
pub(crate) fn command() -> clap::Command {
    with_codes(Arguments::command())
}

fn with_codes(command: clap::Command) -> clap::Command {
    let help = match command.get_after_help() {
        Some(help) => format!("{help}\n\n{}", trouble::CODES),
        None => trouble::CODES.to_owned(),
    };
    command.after_help(help).mut_subcommands(with_codes)
}

fn session_id(text: &str) -> Result<SessionId, selfsame::InvalidId> {
    text.parse()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_help_has_the_exit_codes_and_every_command_an_example() {
        let mut whole = command();
        whole.build();
        assert!(whole.get_subcommands().count() > 14);
        for one in whole.get_subcommands().filter(|one| one.get_name() != "help") {
            let help = one.clone().render_long_help().to_string();
            assert!(help.contains("Example"), "{}", one.get_name());
            for deep in std::iter::once(one).chain(one.get_subcommands()) {
                if deep.get_name() != "help" {
                    let help = deep.clone().render_long_help().to_string();
                    assert!(help.contains("5  busy"), "{}: {help}", deep.get_name());
                }
            }
        }
        whole.debug_assert();
    }
}
