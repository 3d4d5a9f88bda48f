//! Messages that the host delivers (SPEC 13.1).

use serde::{Deserialize, Serialize};

use crate::crypto::draw::MailCode;
use crate::ground::codec::Record;
use crate::ground::id::AccountId;
use crate::ground::secret::Secret;
use crate::ground::short_name::ProviderId;
use crate::ground::time::Timestamp;
use crate::records::mailed_code::{CodePurpose, TypedIn, UNFETCHED_LIFE};
use crate::records::method::MethodKind;
use crate::records::undo::UndoCode;

/// A message for the host to deliver.
#[derive(Clone, Debug)]
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

/// A code that takes an act back (SPEC 7.3).
#[derive(Clone, Debug)]
pub struct UndoOffer {
    /// 24 letters and digits in groups of four, to be typed in any way.
    pub code: Secret,
    /// Until when it can be used.
    pub until: Timestamp,
}

/// The notices, each once: what the host reads and what is stored are made of this list. The order is that of
/// the stored form.
macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident $({ $($(#[$about:meta])* $field:ident: $type:ty,)* })?;)*) => {
        /// What a message says.
        #[derive(Clone, Debug)]
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
            $($(#[$doc])* $name $({ $($(#[$about])* $field: $type,)* })?,)*
        }

        impl MessageKind {
            /// The kind's name, the same in every language and release.
            pub fn code(&self) -> &'static str {
                match self {
                    Self::VerifyEmail { .. } => "VerifyEmail",
                    Self::ResetPassword { .. } => "ResetPassword",
                    Self::ChangeEmail { .. } => "ChangeEmail",
                    $(Self::$name { .. } => stringify!($name),)*
                }
            }
        }

        /// What a message says, as it is stored.
        #[derive(Clone, Serialize, Deserialize)]
        pub(crate) enum Body {
            /// `to_nobody` says that it is dropped when it is fetched: it was written so that nobody learns from
            /// its absence (SPEC 4.7).
            Code { purpose: CodePurpose, code: MailCode, typed_in: TypedIn, serial: u32, to_nobody: bool },
            $($name $({ $($field: $type,)* })?,)*
        }

        impl Body {
            fn kind(&self) -> MessageKind {
                match self {
                    Self::Code { purpose, code, .. } => {
                        let code = code.as_str().into();
                        match purpose {
                            CodePurpose::AddressProof => MessageKind::VerifyEmail { code },
                            CodePurpose::EmailChange => MessageKind::ChangeEmail { code },
                            CodePurpose::Reset => MessageKind::ResetPassword { code },
                        }
                    }
                    $(Self::$name $({ $($field,)* })? => MessageKind::$name $({ $($field: $field.clone(),)* })?,)*
                }
            }
        }
    };
}

messages! {
    /// MFA was turned on.
    MfaTurnedOn;
    /// The second factor was replaced by another.
    MfaReplaced;
    /// MFA was turned off.
    MfaTurnedOff;
    /// A password of the account is said to be known to others; the next sign-in asks for a new one.
    PasswordCompromised;
    /// The account has another password.
    PasswordChanged;
    /// The account has another password, set by a mailed code.
    PasswordReset;
    /// A recovery code was used in place of the second factor.
    RecoveryCodeUsed {
        /// How many are left.
        left: u8,
    };
    /// A sign-in method was added to the account.
    MethodAdded {
        /// Its kind.
        kind: MethodKind,
        /// Its provider, if it is a federated identity.
        provider: Option<ProviderId>,
    };
    /// A sign-in method was removed from the account.
    MethodRemoved {
        /// Its kind.
        kind: MethodKind,
        /// Its provider, if it is a federated identity.
        provider: Option<ProviderId>,
    };
    /// The account's owner said which of the ways in are theirs; the others were removed.
    MethodsReviewed;
    /// The account has another address for messages.
    EmailChanged;
    /// A change of the account was taken back by its undo code.
    Undone;
    /// The account will be deleted unless its owner signs in and restores it.
    DeletionRequested {
        /// When.
        purge_at: Timestamp,
    };
    /// The account was restored.
    Restored;
    /// The account will soon be deleted.
    DeletionReminder {
        /// When.
        purge_at: Timestamp,
    };
    /// The account will be erased for a request of its owner's, unless the owner signs in and restores it.
    ErasureAnnounced {
        /// From when on.
        from: Timestamp,
    };
    /// The account is gone, before its time to be restored was over.
    Erased;
    /// Everything that is held about the account was given out, in a session of its owner's.
    Exported;
    /// For the host itself, `to` is empty: revoke what this person has granted at the provider. The account
    /// is gone.
    RevokeGrant {
        /// The provider.
        provider: ProviderId,
        /// The provider's name for the person.
        subject: String,
    };
}

impl MessageKind {
    /// The code that the message carries, if it carries one to be typed.
    pub fn mailed_code(&self) -> Option<&Secret> {
        match self {
            Self::VerifyEmail { code } | Self::ResetPassword { code } | Self::ChangeEmail { code } => {
                Some(code)
            }
            _ => None,
        }
    }
}

/// A message as it is stored.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Outgoing {
    /// Given when it is lowered.
    pub(crate) id: u64,
    /// Which account it is about, where it is about one: it goes with it (SPEC 9.4, 10.1).
    pub(crate) account: Option<AccountId>,
    pub(crate) to: String,
    pub(crate) body: Body,
    pub(crate) device: String,
    pub(crate) created_at: Timestamp,
    /// The code that undoes it, and until when.
    pub(crate) undo: Option<(UndoCode, Timestamp)>,
    pub(crate) fetched_at: Option<Timestamp>,
    pub(crate) failures: u32,
}

impl Record for Outgoing {
    const VERSION: u8 = 1;
}

impl Outgoing {
    pub(crate) fn new(to: &str, body: Body, device: &str, now: Timestamp) -> Self {
        Self {
            id: 0,
            account: None,
            to: to.to_owned(),
            body,
            device: device.to_owned(),
            created_at: now,
            undo: None,
            fetched_at: None,
            failures: 0,
        }
    }

    /// The same, about an account.
    pub(crate) fn about(self, account: AccountId) -> Self {
        Self { account: Some(account), ..self }
    }

    /// Whether nobody has any use for it any more: 30 days unfetched, or fetched and not delivered.
    pub(crate) fn is_void(&self, now: Timestamp) -> bool {
        now >= self.fetched_at.unwrap_or(self.created_at) + UNFETCHED_LIFE
    }

    /// Whether it was written only so that its absence tells nothing (SPEC 4.7).
    pub(crate) fn is_to_nobody(&self) -> bool {
        matches!(self.body, Body::Code { to_nobody: true, .. })
    }

    pub(crate) fn to_message(&self) -> Message {
        Message {
            id: self.id,
            to: self.to.clone(),
            kind: self.body.kind(),
            device: self.device.clone(),
            created_at: self.created_at,
            undo: self.undo.as_ref().map(|(code, until)| UndoOffer { code: code.print(), until: *until }),
        }
    }
}
