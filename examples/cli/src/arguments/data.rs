//! Data and its end: exports, requests, purges, and who helps people.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};
use selfsame::{AccountId, MethodId, Planned, ProductId, RequestId, RequestKind, SessionId};

use super::{Confirmed, Place};

/// What is done with the data.
#[derive(Subcommand)]
pub(crate) enum Data {
    /// Write everything that the store holds about the account, but secrets, as one JSON document
    ///
    /// The document follows the schema that the engine ships. Every verified address is told. Wants fresh proof.
    #[command(after_help = "\
Examples:
  selfsame export ada.json
  selfsame export | less")]
    Export {
        /// The new file, which its owner alone can read; standard output where it is missing or -
        file: Option<PathBuf>,
        #[command(flatten)]
        place: Place,
    },
    /// Say what an act would do and which rules decide, without doing it
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
    /// Ask for data, for its erasure or for a copy, and answer such requests as the host
    #[command(after_help = "\
Examples:
  selfsame privacy request erasure
  selfsame privacy list
  selfsame privacy open")]
    Privacy {
        #[command(subcommand)]
        what: Privacy,
        #[command(flatten)]
        place: Place,
    },
    /// Help people: find an account, read what happened to it, start its deletion
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
    /// Purge the accounts whose time to be restored is over, as the host does once a day
    ///
    /// Asks first. What is due is looked at twice, a day apart: an account goes in a call that comes 24 hours or
    /// more after one that saw it due.
    #[command(after_help = "\
Examples:
  selfsame purge
  selfsame purge --yes --limit 10")]
    Purge {
        /// How many accounts at most
        #[arg(long, value_name = "COUNT", default_value_t = 256)]
        limit: usize,
        #[command(flatten)]
        confirmed: Confirmed,
        #[command(flatten)]
        place: Place,
    },
    /// Import the accounts of another service, with the hashes of their passwords
    ///
    /// The file has an account a line, as JSON: `external_id`; and if there are any `created_at` (milliseconds since
    /// 1970), `display_name`, `email`, `email_verified`, `password_hash`, `identities` (each `provider`, `subject`,
    /// `handle`) and `totp` (`secret`; `algorithm` as `Sha1`, `digits`, `period`). One is imported once by its external id, so a
    /// file can be imported again when it was mended.
    #[command(after_help = "\
Examples:
  selfsame import accounts.jsonl --dry-run
  selfsame import accounts.jsonl")]
    Import {
        /// The file
        file: PathBuf,
        /// Write nothing, and answer as if it had
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        place: Place,
    },
    /// Write the store anew under a new key, so that nothing of who was purged can be read from it
    ///
    /// It is due within 7 days of a purge. The new key's file is made if it is not there. From then on the store
    /// opens by that alone; destroy the old key, which still opens older copies of the store. Interrupted, it can be
    /// called again with the same files.
    #[command(after_help = "\
Example:
  selfsame rekey new.key --key-file old.key")]
    Rekey {
        /// The new key's file, in another place than the store
        new_key: PathBuf,
        #[command(flatten)]
        place: Place,
    },
}

/// An act that can be explained.
#[derive(Subcommand)]
pub(crate) enum Explained {
    /// `mfa enroll`
    MfaEnroll,
    /// `mfa saved`
    MfaSaved,
    /// `mfa new-codes`
    MfaNewCodes,
    /// `mfa off`
    MfaOff,
    /// `compromised`
    Compromised {
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
        /// Its id
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
            Explained::MfaSaved => Self::RecoveryCodesSaved,
            Explained::MfaNewCodes => Self::RegenerateRecoveryCodes,
            Explained::MfaOff => Self::TurnOffMfa,
            Explained::Compromised { method } => Self::MarkCompromised(method),
            Explained::OpenProduct { product } => Self::OpenProduct(product),
            Explained::SessionEnd { session } => Self::EndSession(session),
            Explained::SessionsEndOthers => Self::EndOtherSessions,
            Explained::SignOut => Self::SignOut,
            Explained::Delete => Self::RequestDeletion,
            Explained::Export => Self::Export,
        }
    }
}

/// What is done with requests.
#[derive(Subcommand)]
pub(crate) enum Privacy {
    /// Ask; it is due in a month, and asking again while it is open gets the same one
    #[command(after_help = "\
Example:
  selfsame privacy request access")]
    Request {
        /// What is asked for
        kind: Kind,
    },
    /// List what the owner of the session asked for, earliest first
    #[command(after_help = "\
Example:
  selfsame privacy list")]
    List,
    /// List what is open in the whole store, as the host, by when it is due
    #[command(after_help = "\
Example:
  selfsame privacy open --json")]
    Open,
    /// Say as the host that a request was answered
    #[command(after_help = "\
Example:
  selfsame privacy close 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e 019ab0c4-7d42-7a1b-9c3d-4e5f6a7b8c9d \\
    --receipt \"exported on paper\"")]
    Close {
        /// The account's id
        account: AccountId,
        /// The request's id, from `selfsame privacy open`
        request: RequestId,
        /// What was done, with nothing personal in it: it outlives the account
        #[arg(long, value_name = "TEXT")]
        receipt: String,
    },
    /// Give notice as the host that the account will be erased for a request; it can be restored for 72 hours
    ///
    /// Asks first: all sessions end, and every verified address is told.
    #[command(after_help = "\
Example:
  selfsame privacy announce 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e 019ab0c4-7d42-7a1b-9c3d-4e5f6a7b8c9d --yes")]
    Announce {
        /// The account's id
        account: AccountId,
        /// The request's id, from `selfsame privacy open`
        request: RequestId,
        #[command(flatten)]
        confirmed: Confirmed,
    },
    /// Erase the account for a request as the host, 72 hours or more after the notice
    ///
    /// Asks first: the account is absent at once and for good, and its rows go with `selfsame purge`.
    #[command(after_help = "\
Example:
  selfsame privacy erase 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e 019ab0c4-7d42-7a1b-9c3d-4e5f6a7b8c9d --yes")]
    Erase {
        /// The account's id
        account: AccountId,
        /// The request's id, from `selfsame privacy open`
        request: RequestId,
        #[command(flatten)]
        confirmed: Confirmed,
    },
}

/// What can be asked for.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Kind {
    /// To see the data
    Access,
    /// To have it erased
    Erasure,
    /// To take it along
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

/// What somebody does who helps people.
#[derive(Subcommand)]
pub(crate) enum Support {
    /// Find the accounts that an id or an exact email names
    #[command(after_help = "\
Example:
  selfsame support find ada@example.org --operator carol")]
    Find {
        /// The id or the email
        named: String,
        #[command(flatten)]
        who: Operator,
    },
    /// Read what happened to an account, without network details
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
    /// Asks first. The sessions wait until their owners give fresh proof and restore the account.
    #[command(after_help = "\
Example:
  selfsame support delete 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e --operator carol --ticket T-52 --yes")]
    Delete {
        /// The account's id
        account: AccountId,
        /// For which case; the first 64 characters count
        #[arg(long)]
        ticket: String,
        #[command(flatten)]
        who: Operator,
        #[command(flatten)]
        confirmed: Confirmed,
    },
    /// Read what support has done to an account, also to one that is gone
    #[command(after_help = "\
Example:
  selfsame support records 019ab0c4-7d40-7c8e-9d1a-5b7f6a1c2d3e")]
    Records {
        /// The account's id
        account: AccountId,
    },
}

/// Who helps.
#[derive(clap::Args)]
pub(crate) struct Operator {
    /// Who helps, as the host knows them; the first 64 characters count
    #[arg(long, value_name = "NAME")]
    pub(crate) operator: String,
}

fn product(text: &str) -> Result<ProductId, &'static str> {
    text.parse::<ProductId>().map_err(|_| "there are grok and api")
}
