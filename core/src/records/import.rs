//! Accounts of another service, as the host imports them (SPEC 13.2).

use serde::{Deserialize, Serialize};

use crate::crypto::totp::TotpParameters;
use crate::ground::email::InvalidEmail;
use crate::ground::id::AccountId;
use crate::ground::label::TextProblem;
use crate::ground::named::coded;
use crate::ground::secret::Secret;
use crate::ground::short_name::ProviderId;
use crate::ground::time::Timestamp;

/// An account of another service, as the host imports it. The engine believes all of it.
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields, remote = "Self")
)]
pub struct ImportedAccount {
    /// The account's id at the other service: 1 to 255 bytes. Each id is imported once.
    pub external_id: String,
    /// When the account was created there, if known.
    pub created_at: Option<Timestamp>,
    /// The name that the owner chose, if any. A name that the engine does not accept is dropped.
    pub display_name: Option<String>,
    /// The account's email. It becomes the contact and the identifier of a password.
    pub email: Option<String>,
    /// Whether the owner proved the email to the other service.
    #[cfg_attr(feature = "json", serde(default))]
    pub email_verified: bool,
    /// The hash of the account's password. The next sign-in hashes the password again. The formats are:
    ///
    /// - Argon2, scrypt and PBKDF2 (SHA-1, SHA-256, SHA-512) in the PHC string format, and bcrypt;
    /// - SHA-crypt (`$5$`, `$6$`), phpass (`$P$`, `$H$`) and WordPress (`$wp$2y$`);
    /// - what Django, passlib and Werkzeug make of these: `pbkdf2_sha256$…`, `$pbkdf2-sha256$29000$…`,
    ///   `$bcrypt-sha256$…`, `scrypt:32768:8:1$…` and so on;
    /// - Firebase's scrypt as `$firescrypt$ln=…,r=…,p=…$salt$hash$separator$signer key`, in the base64 of either
    ///   export.
    ///
    /// If an account has neither a hash nor an identity, its owner sets a password with
    /// [`Engine::reset_password`](crate::Engine::reset_password).
    pub password_hash: Option<Secret>,
    /// The account's identities at providers.
    #[cfg_attr(feature = "json", serde(default))]
    pub identities: Vec<ImportedIdentity>,
    /// The account's second factor. The first sign-in makes recovery codes, which the owner saves there.
    pub totp: Option<ImportedTotp>,
}

/// A federated identity of an imported account.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(deny_unknown_fields)
)]
pub struct ImportedIdentity {
    /// The provider. The policy must have it.
    pub provider: ProviderId,
    /// The provider's identifier for the person: 1 to 255 bytes. It never passes to another person.
    pub subject: String,
    /// The person's handle at the provider, for display only. The engine removes what cannot be shown, and
    /// keeps 64 characters (SPEC 1.13).
    pub handle: Option<String>,
}

/// The second factor of an imported account.
#[derive(Clone, Debug)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(remote = "Self")
)]
pub struct ImportedTotp {
    /// The secret that the app was given, in base32 (RFC 4648): 80 to 512 bits. One of fewer than 128 bits is
    /// marked as weak ([`MfaView::has_weak_secret`](crate::MfaView::has_weak_secret)).
    pub secret: Secret,
    /// How the app derives codes from the secret.
    #[cfg_attr(feature = "json", serde(flatten))]
    pub parameters: TotpParameters,
}

/// The result of importing one account.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(
    feature = "json",
    derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
    serde(tag = "outcome")
)]
pub enum ImportOutcome {
    /// The account was imported.
    Imported {
        /// The account's id in this store.
        account: AccountId,
        /// What is wrong with the display name, if it was dropped (SPEC 1.13).
        dropped_name: Option<TextProblem>,
        /// Whether the second factor's secret has fewer than 128 bits.
        #[cfg_attr(feature = "json", serde(default))]
        weak_totp: bool,
    },
    /// The account was imported before and stays as it is.
    AlreadyImported {
        /// The account's id in this store.
        account: AccountId,
        /// Whether the account's data was different in the earlier import.
        differs: bool,
    },
    /// The account was not imported.
    Refused {
        /// The reason.
        #[cfg_attr(feature = "json", serde(flatten))]
        reason: ImportProblem,
    },
}

coded! {
    /// Why an account was not imported.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    #[cfg_attr(
        feature = "json",
        derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
        serde(tag = "problem")
    )]
    pub enum ImportProblem {
        /// Its external id is empty or longer than 255 bytes.
        InvalidExternalId,
        /// Its email is invalid.
        InvalidEmail {
            /// What is wrong with the email.
            reason: InvalidEmail,
        },
        /// Its password hash has no supported format.
        InvalidHash,
        /// Its password hash costs so much that a phone would hang. The limits are 256 MiB, and about a second on a
        /// server. Bcrypt reaches the limit at a cost of 14, and PBKDF2-SHA-256 at 6,250,000 iterations. The guide
        /// has the limit of each kind (`docs/guide/cookbook/import.md`).
        HashTooCostly,
        /// Its second factor's secret is not base32 of 80 to 512 bits, or no app makes codes with such
        /// parameters.
        InvalidTotp,
        /// A subject is empty or longer than 255 bytes.
        InvalidSubject,
        /// The policy has no such provider.
        UnknownProvider,
        /// Nobody could sign in to it: it has neither a password hash nor an identity, and no proven email that the
        /// code of a password reset could go to.
        NoMethod,
        /// Its password has no email, or an unproven one although the policy wants the proof before the
        /// account is created.
        UnprovenEmail,
        /// Another account has its password's email or one of its identities. If two imported accounts want
        /// the same one, the first gets it.
        IdentifierInUse,
        /// It has more sign-in methods, or its email has more accounts, than the policy allows.
        LimitReached,
    }
}

/// Where an imported account came from.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    pub(crate) external_id: String,
    /// A keyed hash of everything that was imported.
    pub(crate) brought: [u8; 32],
}

#[cfg(feature = "json")]
crate::ground::json::objects!(ImportedAccount ImportedTotp);
