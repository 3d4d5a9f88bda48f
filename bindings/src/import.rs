//! Accounts of another service.

use selfsame::{
    AccountId, ImportOutcome, ImportProblem, ImportedAccount, ImportedIdentity, ImportedTotp, ProviderId,
    Secret, Timestamp, TotpAlgorithm, TotpParameters,
};

use crate::engine::Engine;
use crate::error::{EmailProblem, NameProblem, SelfsameError};

#[uniffi::export]
impl Engine {
    /// Imports accounts of another service in the given order and returns the outcome of each. An account
    /// that was imported before, known by its external id, stays as it is. You can therefore restart an
    /// interrupted import. A dry run writes nothing and returns what the import would return.
    ///
    /// Pass as many accounts in one call as you want to hold in memory. The engine writes them by thousands.
    /// Other acts wait for each thousand or raise `Busy`. No owner is notified.
    #[uniffi::method(default(dry_run = false))]
    pub fn import_accounts(
        &self,
        accounts: Vec<ImportedAccount>,
        dry_run: bool,
    ) -> Result<Vec<ImportOutcome>, SelfsameError> {
        Ok(self.core().import_accounts(&accounts, dry_run)?)
    }
}

/// An account of another service, as the host brings it. All of it is believed.
#[uniffi::remote(Record)]
pub struct ImportedAccount {
    /// The account's name there: 1 to 255 bytes. One is imported once.
    pub external_id: String,
    /// When it came to be there, if that is known.
    #[uniffi(default)]
    pub created_at: Option<Timestamp>,
    /// What its owner wants to be called.
    #[uniffi(default)]
    pub display_name: Option<String>,
    /// Its email: the contact, and what a password is found by.
    #[uniffi(default)]
    pub email: Option<String>,
    /// Whether the other service had its owner prove the email.
    #[uniffi(default)]
    pub email_verified: bool,
    /// The hash of its password: Argon2, scrypt and PBKDF2 (SHA-1, SHA-256, SHA-512) in the PHC string format,
    /// bcrypt as it writes itself, and Firebase's scrypt as
    /// `$firescrypt$ln=…,r=…,p=…$salt$hash$separator$signer key`. The next sign-in hashes it anew.
    #[uniffi(default)]
    pub password_hash: Option<Secret>,
    /// Its identities at providers.
    #[uniffi(default)]
    pub identities: Vec<ImportedIdentity>,
    /// Its second factor. Recovery codes are made at the first sign-in, and wait to be saved there.
    #[uniffi(default)]
    pub totp: Option<ImportedTotp>,
}

/// An identity of an account that is imported.
#[uniffi::remote(Record)]
pub struct ImportedIdentity {
    /// The provider, which policy names.
    pub provider: ProviderId,
    /// The provider's name for the person, 1 to 255 bytes, that never changes hands.
    pub subject: String,
    /// What the person is called there, for display only; the first 64 characters count.
    #[uniffi(default)]
    pub handle: Option<String>,
}

/// The second factor of an account that is imported.
#[uniffi::remote(Record)]
pub struct ImportedTotp {
    /// What the app was given, in base32 (RFC 4648): 128 to 512 bits.
    pub secret: Secret,
    /// How it makes codes of it.
    pub parameters: TotpParameters,
}

/// How an authenticator app makes codes of a secret.
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

/// What came of an account that was to be imported.
#[uniffi::remote(Enum)]
pub enum ImportOutcome {
    /// It is there.
    Imported {
        /// Its name here.
        account: AccountId,
    },
    /// It was imported before, and stays as it is.
    AlreadyImported {
        /// Its name here.
        account: AccountId,
        /// Whether it was otherwise then.
        differs: bool,
    },
    /// It is not there, and nothing of it.
    Refused {
        /// Why.
        reason: ImportProblem,
    },
}

/// Why an account is not imported.
#[uniffi::remote(Enum)]
pub enum ImportProblem {
    /// Its external id is empty or longer than 255 bytes.
    InvalidExternalId,
    /// Its email is none.
    InvalidEmail {
        /// What is wrong with it.
        reason: EmailProblem,
    },
    /// Its display name does not do as one.
    InvalidName {
        /// What is wrong with it.
        reason: NameProblem,
    },
    /// Its password's hash is of no kind that is imported.
    InvalidHash,
    /// Its password's hash costs so much that a phone would hang: more than 256 MiB or 10 passes of Argon2,
    /// 2,000,000 iterations of PBKDF2, or a cost of 14 of bcrypt.
    HashTooCostly,
    /// Its second factor's secret is no base32 of 128 to 512 bits, or no app makes such codes.
    InvalidTotp,
    /// A subject is empty or longer than 255 bytes.
    InvalidSubject,
    /// Policy names no such provider.
    UnknownProvider,
    /// It has no way in: neither a password nor an identity.
    NoMethod,
    /// Its password has no email, or one that nobody has proven where policy wants it proven before there is an
    /// account.
    UnprovenEmail,
    /// Another account has its password's email or an identity of it: of two that want one, the first wins.
    IdentifierInUse,
    /// It has more methods, or its email more accounts, than policy allows.
    LimitReached,
}
