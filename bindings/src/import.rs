//! Accounts of another service.

use selfsame::{
    AccountId, ImportOutcome, ImportProblem, ImportedAccount, ImportedIdentity, ImportedTotp, ProviderId,
    Secret, TextProblem, Timestamp, TotpAlgorithm, TotpParameters,
};

use crate::engine::Engine;
use crate::error::SelfsameError;
use crate::problem::EmailProblem;

#[uniffi::export]
impl Engine {
    /// Imports accounts from another service in the given order and returns the outcome of each. An account
    /// that was imported before, known by its external id, stays as it is. You can therefore restart an
    /// interrupted import. A dry run writes nothing and returns what the import would return.
    ///
    /// Pass as many accounts in one call as you want to hold in memory. The engine writes them in batches of
    /// thousands. Other acts wait for each batch or raise `Busy`. No owner is notified.
    #[uniffi::method(default(dry_run = false))]
    pub fn import_accounts(
        &self,
        accounts: Vec<ImportedAccount>,
        dry_run: bool,
    ) -> Result<Vec<ImportOutcome>, SelfsameError> {
        Ok(self.core().import_accounts(&accounts, dry_run)?)
    }

    /// Moves an identity to the subject that its provider gave it anew, and returns its account. Call it for each
    /// person if your application gets other subjects from a provider, as when it changes its Apple team. Nothing
    /// proves the new subject to the engine. Every verified address of the account is notified.
    ///
    /// Call it before the first person signs in with a new subject, which would create a new account.
    ///
    /// Raises `UnknownProvider`; `InvalidText` if the new subject is empty or longer than 255 bytes;
    /// `UnknownAccount` if no account has the old one; `AlreadyYours` if the same account has the new one, and
    /// `IdentityInUse` if another has it or reserves it for an undo.
    pub fn renumber(
        &self,
        provider: ProviderId,
        old: String,
        new: String,
    ) -> Result<AccountId, SelfsameError> {
        Ok(self.core().renumber(&provider, &old, &new)?)
    }
}

/// An account of another service, as the host imports it. The engine believes all of it.
#[uniffi::remote(Record)]
pub struct ImportedAccount {
    /// The account's id at the other service: 1 to 255 bytes. Each id is imported once.
    pub external_id: String,
    /// When the account was created there, if known.
    #[uniffi(default)]
    pub created_at: Option<Timestamp>,
    /// The name that the owner chose, if any. A name that the engine does not accept is dropped.
    #[uniffi(default)]
    pub display_name: Option<String>,
    /// The account's email. It becomes the contact and the identifier of a password.
    #[uniffi(default)]
    pub email: Option<String>,
    /// Whether the owner proved the email to the other service.
    #[uniffi(default)]
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
    /// If an account has neither a hash nor an identity, its owner sets a password with `reset_password`.
    #[uniffi(default)]
    pub password_hash: Option<Secret>,
    /// The account's identities at providers.
    #[uniffi(default)]
    pub identities: Vec<ImportedIdentity>,
    /// The account's second factor. The first sign-in makes recovery codes, which the owner saves there.
    #[uniffi(default)]
    pub totp: Option<ImportedTotp>,
}

/// A federated identity of an imported account.
#[uniffi::remote(Record)]
pub struct ImportedIdentity {
    /// The provider. The policy must have it.
    pub provider: ProviderId,
    /// The provider's identifier for the person: 1 to 255 bytes. It never passes to another person.
    pub subject: String,
    /// The person's handle at the provider, for display only. The engine removes what cannot be shown, and keeps
    /// 64 characters.
    #[uniffi(default)]
    pub handle: Option<String>,
}

/// The second factor of an imported account.
#[uniffi::remote(Record)]
pub struct ImportedTotp {
    /// The secret that the app was given, in base32 (RFC 4648): 80 to 512 bits. One of fewer than 128 bits is
    /// marked as weak (`has_weak_secret`).
    pub secret: Secret,
    /// How the app derives codes from the secret.
    pub parameters: TotpParameters,
}

/// How an authenticator app derives codes from a secret.
#[uniffi::remote(Record)]
pub struct TotpParameters {
    /// The hash.
    pub algorithm: TotpAlgorithm,
    /// The digits of a code: 6 to 8.
    #[uniffi(default = 6)]
    pub digits: u8,
    /// The length of a step (RFC 6238 section 4.1), in seconds: 15 to 120.
    #[uniffi(default = 30)]
    pub period: u8,
}

/// The hash of an HMAC-based code (RFC 6238 section 1.2).
#[uniffi::remote(Enum)]
pub enum TotpAlgorithm {
    /// HMAC-SHA-1, which nearly every app uses.
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

/// The result of importing one account.
#[uniffi::remote(Enum)]
pub enum ImportOutcome {
    /// The account was imported.
    Imported {
        /// The account's id in this store.
        account: AccountId,
        /// What is wrong with the display name, if it was dropped.
        dropped_name: Option<TextProblem>,
        /// Whether the second factor's secret has fewer than 128 bits.
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
        reason: ImportProblem,
    },
}

/// Why an account was not imported.
#[uniffi::remote(Enum)]
pub enum ImportProblem {
    /// Its external id is empty or longer than 255 bytes.
    InvalidExternalId,
    /// Its email is invalid.
    InvalidEmail {
        /// What is wrong with the email.
        reason: EmailProblem,
    },
    /// Its password hash has no supported format.
    InvalidHash,
    /// Its password hash costs so much that a phone would hang. The limits are 256 MiB, and about a second on a
    /// server. Bcrypt reaches the limit at a cost of 14, and PBKDF2-SHA-256 at 6,250,000 iterations.
    HashTooCostly,
    /// Its second factor's secret is not base32 of 80 to 512 bits, or no app makes codes with such
    /// parameters.
    InvalidTotp,
    /// A subject is empty or longer than 255 bytes.
    InvalidSubject,
    /// The policy has no such provider.
    UnknownProvider,
    /// Nobody could sign in to it: it has neither a password hash nor an identity, and no proven email that the code
    /// of a password reset could go to.
    NoMethod,
    /// Its password has no email, or an unproven one although the policy wants the proof before the account
    /// is created.
    UnprovenEmail,
    /// Another account has its password's email or one of its identities. If two imported accounts want the
    /// same one, the first gets it.
    IdentifierInUse,
    /// It has more sign-in methods, or its email has more accounts, than the policy allows.
    LimitReached,
}
