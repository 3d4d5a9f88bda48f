//! Personal data: exports, privacy requests, purges, imports and support.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use selfsame::{AccountId, MethodId, Planned, ProductId, RequestId, RequestKind, SessionId};

use super::{Confirmed, Place};

/// The commands for personal data.
#[derive(Subcommand)]
pub(crate) enum Data {
    /// Export everything that the store holds about the account, except secrets, as one JSON document
    ///
    /// The document follows the schema that the engine ships. Every verified address gets a message. Requires
    /// fresh proof.
    #[command(after_help = "\
Examples:
  selfsame export ada.json
  selfsame export | less")]
    Export {
        /// A new file, readable only by you; standard output if it is missing or -
        file: Option<PathBuf>,
        #[command(flatten)]
        place: Place,
    },
    /// Explain what an action would do and which rules decide it, without doing it
    #[command(after_help = "\
Examples:
  selfsame explain delete
  selfsame explain open-product grok")]
    Explain {
        #[command(subcommand)]
        what: Explained,
        #[command(flatten)]
        place: Place,
    },
    /// Request access, erasure or a copy of the data; as the host, answer such requests
    #[command(after_help = "\
Examples:
  selfsame privacy request erasure
  selfsame privacy list
  selfsame privacy list-open")]
    Privacy {
        #[command(subcommand)]
        what: Privacy,
        #[command(flatten)]
        place: Place,
    },
    /// Support: find an account, read its activity, start its deletion
    #[command(after_help = "\
Examples:
  selfsame support find ada@example.org --operator carol
  selfsame support delete 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e --operator carol --ticket T-52 --yes")]
    Support {
        #[command(subcommand)]
        what: Support,
        #[command(flatten)]
        place: Place,
    },
    /// As the host, once a day: purge the accounts that can no longer be restored
    ///
    /// Asks for confirmation. The first call that finds an account due only notes it. A call at least 24 hours
    /// later removes it.
    #[command(after_help = "\
Examples:
  selfsame purge
  selfsame purge --yes --limit 10")]
    Purge {
        /// The maximum number of accounts to remove
        #[arg(long, value_name = "COUNT", default_value_t = 256)]
        limit: usize,
        #[command(flatten)]
        confirmed: Confirmed,
        #[command(flatten)]
        place: Place,
    },
    /// Import accounts from another service, with their password hashes
    ///
    /// Each line of the file is one account, as JSON. `external_id` is required. Optional members are `created_at`
    /// (milliseconds since 1970), `display_name`, `email`, `email_verified`, `password_hash`, `identities` (each
    /// with `provider`, `subject`, `handle`) and `totp` (`secret`; `algorithm` as `Sha1`, `digits`, `period`). An
    /// external id is imported only once, so you can correct a file and import it again.
    #[command(after_help = "\
Examples:
  selfsame import accounts.jsonl --dry-run
  selfsame import accounts.jsonl")]
    Import {
        /// The file
        file: PathBuf,
        /// Check everything and report the result, but write nothing
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Re-encrypt the store under a new key, so that purged data can no longer be read
    ///
    /// Do this within 7 days of a purge. The command creates the new key file if it does not exist. Afterwards only
    /// the new key opens the store. Destroy the old key, because it still opens older copies of the store. If the
    /// command is interrupted, run it again with the same files.
    #[command(after_help = "\
Example:
  selfsame rekey new.key --key-file old.key")]
    Rekey {
        /// The new key file; keep it apart from the store
        new_key: PathBuf,
        #[command(flatten)]
        place: Place,
    },
}

/// The actions that can be explained.
#[derive(Subcommand)]
pub(crate) enum Explained {
    /// `mfa enroll`
    MfaEnroll,
    /// `mfa confirm-saved`
    MfaConfirmSaved,
    /// `mfa new-codes`
    MfaNewCodes,
    /// `mfa off`
    MfaOff,
    /// `password report-compromised`
    PasswordReportCompromised {
        /// The password's id
        method: MethodId,
    },
    /// `open-product`
    OpenProduct {
        /// grok or api
        #[arg(value_parser = product)]
        product: ProductId,
    },
    /// `sessions end`
    SessionEnd {
        /// The session's id
        session: SessionId,
    },
    /// `sessions end-others`
    SessionsEndOthers,
    /// `sign-out`
    SignOut,
    /// `delete`
    Delete,
    /// `export`
    Export,
}

impl From<Explained> for Planned {
    fn from(explained: Explained) -> Self {
        match explained {
            Explained::MfaEnroll => Self::EnrollTotp,
            Explained::MfaConfirmSaved => Self::RecoveryCodesSaved,
            Explained::MfaNewCodes => Self::RegenerateRecoveryCodes,
            Explained::MfaOff => Self::TurnOffMfa,
            Explained::PasswordReportCompromised { method } => Self::MarkCompromised { method },
            Explained::OpenProduct { product } => Self::OpenProduct { product },
            Explained::SessionEnd { session } => Self::EndSession { session },
            Explained::SessionsEndOthers => Self::EndOtherSessions,
            Explained::SignOut => Self::SignOut,
            Explained::Delete => Self::RequestDeletion,
            Explained::Export => Self::Export,
        }
    }
}

/// The commands for privacy requests.
#[derive(Subcommand)]
pub(crate) enum Privacy {
    /// Make a request, due in a month; a second call returns the same request while it is open
    #[command(after_help = "\
Example:
  selfsame privacy request access")]
    Request {
        /// The kind of request
        kind: Kind,
    },
    /// List the requests of the signed-in account, oldest first
    #[command(after_help = "\
Example:
  selfsame privacy list")]
    List,
    /// As the host, list the open requests of all accounts, by due date
    #[command(after_help = "\
Example:
  selfsame privacy list-open --json")]
    ListOpen,
    /// As the host, record that a request was answered
    #[command(after_help = "\
Example:
  selfsame privacy close 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e 019ab0c4-7d42-7a1b-9c3d-4e5f6a7b8c9d \\
    --receipt \"exported on paper\"")]
    Close {
        /// The account's id
        account: AccountId,
        /// The request's id, from `selfsame privacy list-open`
        request: RequestId,
        /// What was done. Include no personal data: the receipt outlives the account
        #[arg(long, value_name = "TEXT")]
        receipt: String,
    },
    /// As the host, announce the erasure that the owner requested; the owner can restore the account for 72 hours
    ///
    /// Asks for confirmation. All sessions end, and every verified address gets a message.
    #[command(after_help = "\
Example:
  selfsame privacy announce 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e 019ab0c4-7d42-7a1b-9c3d-4e5f6a7b8c9d --yes")]
    Announce {
        /// The account's id
        account: AccountId,
        /// The request's id, from `selfsame privacy list-open`
        request: RequestId,
        #[command(flatten)]
        confirmed: Confirmed,
    },
    /// As the host, erase the account for a request, at least 72 hours after the announcement
    ///
    /// Asks for confirmation. Nobody can use or restore the account from then on. `selfsame purge` removes its rows.
    #[command(after_help = "\
Example:
  selfsame privacy erase 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e 019ab0c4-7d42-7a1b-9c3d-4e5f6a7b8c9d --yes")]
    Erase {
        /// The account's id
        account: AccountId,
        /// The request's id, from `selfsame privacy list-open`
        request: RequestId,
        #[command(flatten)]
        confirmed: Confirmed,
    },
}

/// The kinds of request.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// See the data
    Access,
    /// Have the data erased
    Erasure,
    /// Get a copy to take elsewhere
    Portability,
}

impl From<Kind> for RequestKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Access => Self::Access,
            Kind::Erasure => Self::Erasure,
            Kind::Portability => Self::Portability,
        }
    }
}

/// The commands for support.
#[derive(Subcommand)]
pub(crate) enum Support {
    /// Find accounts by id or by exact email address
    #[command(after_help = "\
Example:
  selfsame support find ada@example.org --operator carol")]
    Find {
        /// The id or the email address
        named: String,
        #[command(flatten)]
        who: Operator,
    },
    /// Read the activity of an account, without network details
    #[command(after_help = "\
Example:
  selfsame support activity 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e --operator carol")]
    Activity {
        /// The account's id
        account: AccountId,
        #[command(flatten)]
        who: Operator,
    },
    /// Start an account's deletion; its owner can restore it for 30 days
    ///
    /// Asks for confirmation. Sessions are suspended until the owner gives fresh proof and restores the account.
    #[command(after_help = "\
Example:
  selfsame support delete 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e --operator carol --ticket T-52 --yes")]
    Delete {
        /// The account's id
        account: AccountId,
        /// The support case: 1 to 200 characters
        #[arg(long)]
        ticket: String,
        #[command(flatten)]
        who: Operator,
        #[command(flatten)]
        confirmed: Confirmed,
    },
    /// Read what support did to an account, even after it was erased
    #[command(after_help = "\
Example:
  selfsame support records 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e")]
    Records {
        /// The account's id
        account: AccountId,
    },
}

/// The person who helps.
#[derive(clap::Args)]
pub(crate) struct Operator {
    /// Your name as the host knows it: 1 to 64 characters
    #[arg(long, value_name = "NAME")]
    pub(crate) operator: String,
}

fn product(text: &str) -> Result<ProductId, &'static str> {
    text.parse::<ProductId>().map_err(|_| "the products are grok and api")
}
