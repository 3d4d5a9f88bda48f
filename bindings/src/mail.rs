//! Messages for the host to deliver.

use selfsame::{Message, MessageKind, MethodKind, ProviderId, Secret, Timestamp, UndoOffer};

/// A message for the host to deliver.
#[uniffi::remote(Record)]
pub struct Message {
    /// Its number; name it when it is delivered.
    pub id: u64,
    /// The address to deliver to.
    pub to: String,
    /// What it says.
    pub kind: MessageKind,
    /// The label of the device that caused it.
    pub device: String,
    /// When it was caused.
    pub created_at: Timestamp,
    /// For the one who may take back what the message tells of.
    pub undo: Option<UndoOffer>,
}

/// A code that takes an act back.
#[uniffi::remote(Record)]
pub struct UndoOffer {
    /// 24 letters and digits in groups of four, to be typed in any way.
    pub code: Secret,
    /// Until when it can be used.
    pub until: Timestamp,
}

/// What a message says.
#[uniffi::remote(Enum)]
pub enum MessageKind {
    /// Somebody who signs up says that this is their address: the code proves it, typed where it was
    /// asked for and nowhere else. Says nothing of accounts.
    VerifyEmail {
        /// 8 digits.
        code: Secret,
    },
    /// Somebody who says that they forgot the password wants to set another: the code lets them, typed
    /// where it was asked for and nowhere else.
    ResetPassword {
        /// 8 digits.
        code: Secret,
    },
    /// The owner of an account wants this address for it: the code proves that it is theirs, typed in the
    /// session where it was asked for and nowhere else.
    ChangeEmail {
        /// 8 digits.
        code: Secret,
    },
    /// MFA was turned on.
    MfaTurnedOn,
    /// The second factor was replaced by another.
    MfaReplaced,
    /// MFA was turned off.
    MfaTurnedOff,
    /// A password of the account is said to be known to others; the next sign-in asks for a new one.
    PasswordCompromised,
    /// The account has another password.
    PasswordChanged,
    /// The account has another password, set by a mailed code.
    PasswordReset,
    /// A recovery code was used in place of the second factor.
    RecoveryCodeUsed {
        /// How many are left.
        left: u8,
    },
    /// A sign-in method was removed from the account.
    MethodRemoved {
        /// Its kind.
        kind: MethodKind,
        /// Its provider, if it is a federated identity.
        provider: Option<ProviderId>,
    },
    /// The account's owner said which of the ways in are theirs; the others were removed.
    MethodsReviewed,
    /// The account has another address for messages.
    EmailChanged,
    /// A change of the account was taken back by its undo code.
    Undone,
    /// A sign-in method was added to the account.
    MethodAdded {
        /// Its kind.
        kind: MethodKind,
        /// Its provider, if it is a federated identity.
        provider: Option<ProviderId>,
    },
    /// The account will be deleted unless its owner signs in and restores it.
    DeletionRequested {
        /// When.
        purge_at: Timestamp,
    },
    /// The account was restored.
    Restored,
    /// The account will soon be deleted.
    DeletionReminder {
        /// When.
        purge_at: Timestamp,
    },
    /// The account will be erased for a request of its owner's, unless the owner signs in and restores it.
    ErasureAnnounced {
        /// From when on.
        from: Timestamp,
    },
    /// The account is gone, before its time to be restored was over.
    Erased,
    /// Everything that is held about the account was given out, in a session of its owner's.
    Exported,
    /// For the host itself, `to` is empty: revoke what this person has granted at the provider. The account
    /// is gone.
    RevokeGrant {
        /// The provider.
        provider: ProviderId,
        /// The provider's name for the person.
        subject: String,
    },
}

/// The code that the message carries, if it carries one to be typed.
#[uniffi::export]
pub fn mailed_code(kind: MessageKind) -> Option<Secret> {
    kind.mailed_code().cloned()
}

/// The kind's name, the same in every language and release.
#[uniffi::export]
pub fn message_code(kind: MessageKind) -> String {
    kind.code().to_owned()
}
