//! Accounts that another service had, as the host brings them (SPEC 13.2).

use serde::{Deserialize, Serialize};

use crate::crypto::totp::TotpParameters;
use crate::ground::email::InvalidEmail;
use crate::ground::id::AccountId;
use crate::ground::named::coded;
use crate::ground::nickname::InvalidName;
use crate::ground::secret::Secret;
use crate::ground::short_name::ProviderId;
use crate::ground::time::Timestamp;

/// An account of another service, as the host brings it. All of it is believed.
#[derive(Clone, Debug)]
pub struct ImportedAccount {
    /// The account's name there: 1 to 255 bytes. One is imported once.
    pub external_id: String,
    /// When it came to be there, if that is known.
    pub created_at: Option<Timestamp>,
    /// What its owner wants to be called.
    pub display_name: Option<String>,
    /// Its email: the contact, and what a password is found by.
    pub email: Option<String>,
    /// Whether the other service had its owner prove the email.
    pub email_verified: bool,
    /// The hash of its password: Argon2, scrypt and PBKDF2 (SHA-1, SHA-256, SHA-512) in the PHC string format, bcrypt
    /// as it writes itself, and Firebase's scrypt as `$firescrypt$ln=…,r=…,p=…$salt$hash$separator$signer key`. The
    /// next sign-in hashes it anew.
    pub password_hash: Option<Secret>,
    /// Its identities at providers.
    pub identities: Vec<ImportedIdentity>,
    /// Its second factor. Recovery codes are made at the first sign-in, and wait to be saved there.
    pub totp: Option<ImportedTotp>,
}

/// An identity of an account that is imported.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ImportedIdentity {
    /// The provider, which policy names.
    pub provider: ProviderId,
    /// The provider's name for the person, 1 to 255 bytes, that never changes hands.
    pub subject: String,
    /// What the person is called there, for display only; the first 64 characters count.
    pub handle: Option<String>,
}

/// The second factor of an account that is imported.
#[derive(Clone, Debug)]
pub struct ImportedTotp {
    /// What the app was given, in base32 (RFC 4648): 128 to 512 bits.
    pub secret: Secret,
    /// How it makes codes of it.
    pub parameters: TotpParameters,
}

/// What came of an account that was to be imported.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
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

coded! {
    /// Why an account is not imported.
    #[derive(Clone, Copy, PartialEq, Eq, Debug)]
    pub enum ImportProblem {
        /// Its external id is empty or longer than 255 bytes.
        InvalidExternalId,
        /// Its email is none.
        InvalidEmail {
            /// What is wrong with it.
            reason: InvalidEmail,
        },
        /// Its display name does not do as one.
        InvalidName {
            /// What is wrong with it.
            reason: InvalidName,
        },
        /// Its password's hash is of no kind that is imported.
        InvalidHash,
        /// Its password's hash costs so much that a phone would hang: more than 256 MiB or 10 passes of Argon2, 2,000,000
        /// iterations of PBKDF2, or a cost of 14 of bcrypt.
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
}

/// Where an imported account came from.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Origin {
    pub(crate) external_id: String,
    /// A keyed hash of all that was brought.
    pub(crate) brought: [u8; 32],
}
