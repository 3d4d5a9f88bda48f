//! Messages for the host to deliver.

use selfsame::{Message, MessageId, MessageKind, MethodKind, ProviderId, Secret, Timestamp, UndoOffer};

/// A message for the host to deliver.
#[uniffi::remote(Record)]
pub struct Message {
    /// The message's id. Name it when you report the delivery.
    pub id: MessageId,
    /// The address to deliver to.
    pub to: String,
    /// What the message says.
    pub kind: MessageKind,
    /// The label of the device that caused the message.
    pub device: String,
    /// When the message was caused.
    pub created_at: Timestamp,
    /// How often the delivery failed.
    pub failures: u32,
    /// When the message comes again, unless you report its delivery before then.
    pub retry_at: Timestamp,
    /// The undo code, if the receiver may undo the change that the message reports.
    pub undo: Option<UndoOffer>,
}

/// A code that undoes an act.
#[uniffi::remote(Record)]
pub struct UndoOffer {
    /// 24 letters and digits in groups of four. It can be typed in any grouping.
    pub code: Secret,
    /// When the code expires.
    pub until: Timestamp,
}

/// What a message says.
#[uniffi::remote(Enum)]
pub enum MessageKind {
    /// Somebody says that this address is theirs, for example to sign up, and the code proves it. The code
    /// works only where it was asked for. The message says nothing about accounts.
    VerifyEmail {
        /// 8 digits, or 24 letters and digits if somebody guesses codes of this address.
        code: Secret,
    },
    /// Somebody says that they forgot their password, and the code lets them set a new one. The code works
    /// only where it was asked for.
    ResetPassword {
        /// 8 digits, or 24 letters and digits if somebody guesses codes of this address.
        code: Secret,
    },
    /// A person has proven a first factor of an account that needs a second factor. The code lets this person enrol
    /// one. The code works only where it was asked for.
    EnrollSecondFactor {
        /// 8 digits, or 24 letters and digits if somebody guesses codes of this address.
        code: Secret,
    },
    /// The owner of an account wants this address for it, and the code proves that the address is theirs. The
    /// code works only in the session that asked for it.
    ChangeEmail {
        /// 8 digits, or 24 letters and digits if somebody guesses codes of this address.
        code: Secret,
    },
    /// Somebody says that they forgot the password of an account with this address, and no account signs in with
    /// this address and a password. The message names the sign-in methods of the accounts.
    NoPassword {
        /// The kinds of the sign-in methods.
        methods: Vec<MethodKind>,
        /// The providers of the federated identities.
        providers: Vec<ProviderId>,
    },
    /// MFA was turned on.
    MfaTurnedOn,
    /// The second factor was replaced by another.
    MfaReplaced,
    /// MFA was turned off.
    MfaTurnedOff,
    /// A password of the account was reported as known to others. The next sign-in asks for a new one.
    PasswordCompromised,
    /// The password of the account was changed.
    PasswordChanged,
    /// The password of the account was reset with a mailed code.
    PasswordReset,
    /// A recovery code was used in place of the second factor.
    RecoveryCodeUsed {
        /// The number of recovery codes left.
        left: u8,
    },
    /// A sign-in method was removed from the account.
    MethodRemoved {
        /// The kind of the sign-in method.
        kind: MethodKind,
        /// The provider, if the method is a federated identity.
        provider: Option<ProviderId>,
    },
    /// The owner confirmed which sign-in methods are theirs. The others were removed.
    MethodsReviewed,
    /// The account has a new address for notices.
    EmailChanged,
    /// New recovery codes replaced the old ones.
    RecoveryCodesReplaced,
    /// A change of the account was undone with its undo code.
    Undone,
    /// A sign-in method was added to the account.
    MethodAdded {
        /// The kind of the sign-in method.
        kind: MethodKind,
        /// The provider, if the method is a federated identity.
        provider: Option<ProviderId>,
    },
    /// The account will be deleted unless its owner signs in and restores it.
    DeletionRequested {
        /// When the account will be deleted.
        purge_at: Timestamp,
    },
    /// The account was restored.
    Restored,
    /// The account will soon be deleted.
    DeletionReminder {
        /// When the account will be deleted.
        purge_at: Timestamp,
    },
    /// The account will be erased at its owner's request, unless the owner signs in and restores it.
    ErasureAnnounced {
        /// The earliest time of the erasure.
        from: Timestamp,
    },
    /// The account was erased before the time to restore it was over.
    Erased,
    /// The account's data was exported in a session of its owner.
    Exported,
    /// Somebody signed in to the account from a place where nobody had signed in to it before.
    NewSignIn,
    /// A task for the host itself, with `to` empty: revoke what this person has granted at the provider. The
    /// account is gone.
    RevokeGrant {
        /// The provider.
        provider: ProviderId,
        /// The provider's identifier for the person.
        subject: String,
    },
    /// A provider identifies its owner by a new subject now, and the host entered it. The owner signs in as before.
    IdentityRenumbered {
        /// The provider.
        provider: ProviderId,
    },
}

/// Returns the code that the message carries, if it carries one to be typed.
#[uniffi::export]
pub fn mailed_code(kind: MessageKind) -> Option<Secret> {
    kind.mailed_code().cloned()
}

/// Returns the name of the kind, which is the same in every language and release.
#[uniffi::export]
pub fn message_name(kind: MessageKind) -> String {
    kind.code().to_owned()
}
