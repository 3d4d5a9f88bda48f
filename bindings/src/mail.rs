//! Messages for the host to deliver.

use selfsame::{Message, MessageKind, MethodKind, ProviderId, Secret, Timestamp};

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
}
