//! The messages that the host delivers (SPEC 13.1).

use serde::{Deserialize, Serialize};

use crate::crypto::mail_code::MailCode;
use crate::ground::codec::Record;
use crate::ground::id::{AccountId, MessageId};
use crate::ground::secret::Secret;
use crate::ground::short_name::ProviderId;
use crate::ground::time::Timestamp;
use crate::records::context::Context;
use crate::records::mailed_code::{CodePurpose, TypedIn};
use crate::records::method::MethodKind;
use crate::records::undo::UndoCode;

/// A message for the host to deliver.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct Message {
    /// The message's id. Name it when you report the delivery.
    pub id: MessageId,
    /// The address to deliver to.
    pub to: String,
    /// What the message says.
    #[cfg_attr(feature = "json", serde(flatten))]
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

/// A code that undoes an act (SPEC 7.3).
#[derive(Clone, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema))]
pub struct UndoOffer {
    /// 24 letters and digits in groups of four. It can be typed in any grouping.
    pub code: Secret,
    /// When the code expires.
    pub until: Timestamp,
}

/// Defines the notices from one list, as the host reads them and as the store keeps them. The order is that
/// of the stored form.
macro_rules! messages {
    ($($(#[$doc:meta])* $name:ident $({ $($(#[$about:meta])* $field:ident: $type:ty,)* })?;)*) => {
        /// What a message says.
        #[derive(Clone, Debug)]
        #[cfg_attr(
            feature = "json",
            derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
            serde(tag = "kind")
        )]
        pub enum MessageKind {
            /// Somebody says that this address is theirs, for example to sign up, and the code proves it. The
            /// code works only where it was asked for. The message says nothing about accounts.
            VerifyEmail {
                /// 8 digits, or 24 letters and digits if somebody guesses codes of this address.
                code: Secret,
            },
            /// Somebody says that they forgot their password, and the code lets them set a new one. The code
            /// works only where it was asked for.
            ResetPassword {
                /// 8 digits, or 24 letters and digits if somebody guesses codes of this address.
                code: Secret,
            },
            /// The owner of an account wants this address for it, and the code proves that the address is
            /// theirs. The code works only in the session that asked for it.
            ChangeEmail {
                /// 8 digits, or 24 letters and digits if somebody guesses codes of this address.
                code: Secret,
            },
            /// A person has proven a first factor of an account that needs a second factor. The code lets this person
            /// enrol one. The code works only where it was asked for.
            EnrollSecondFactor {
                /// 8 digits, or 24 letters and digits if somebody guesses codes of this address.
                code: Secret,
            },
            /// Somebody says that they forgot the password of an account with this address, and no account signs
            /// in with this address and a password. The message names the sign-in methods of the accounts.
            NoPassword {
                /// The kinds of the sign-in methods.
                methods: Vec<MethodKind>,
                /// The providers of the federated identities.
                providers: Vec<ProviderId>,
            },
            $($(#[$doc])* $name $({ $($(#[$about])* $field: $type,)* })?,)*
        }

        impl MessageKind {
            /// Returns the name of the kind, which is the same in every language and release.
            pub fn code(&self) -> &'static str {
                match self {
                    Self::VerifyEmail { .. } => "VerifyEmail",
                    Self::ResetPassword { .. } => "ResetPassword",
                    Self::ChangeEmail { .. } => "ChangeEmail",
                    Self::EnrollSecondFactor { .. } => "EnrollSecondFactor",
                    Self::NoPassword { .. } => "NoPassword",
                    $(Self::$name { .. } => stringify!($name),)*
                }
            }
        }

        /// What a message says, as it is stored.
        #[derive(Clone, Serialize, Deserialize)]
        pub(crate) enum Body {
            /// `to_nobody` marks a message whose code opens nothing. It was written so that nobody learns
            /// anything from its absence (SPEC 4.7).
            Code { purpose: CodePurpose, code: MailCode, typed_in: TypedIn, to_nobody: bool },
            $($name $({ $($field: $type,)* })?,)*
        }

        impl Body {
            pub(crate) fn kind(&self) -> MessageKind {
                match self {
                    Self::Code { purpose, code, .. } => {
                        let code = code.print();
                        match purpose {
                            CodePurpose::AddressProof => MessageKind::VerifyEmail { code },
                            CodePurpose::EmailChange => MessageKind::ChangeEmail { code },
                            CodePurpose::Reset => MessageKind::ResetPassword { code },
                            CodePurpose::SecondFactor => MessageKind::EnrollSecondFactor { code },
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
    /// A password of the account was reported as known to others. The next sign-in asks for a new one.
    PasswordCompromised;
    /// The password of the account was changed.
    PasswordChanged;
    /// The password of the account was reset with a mailed code.
    PasswordReset;
    /// A recovery code was used in place of the second factor.
    RecoveryCodeUsed {
        /// The number of recovery codes left.
        left: u8,
    };
    /// A sign-in method was added to the account.
    MethodAdded {
        /// The kind of the sign-in method.
        #[cfg_attr(feature = "json", serde(rename = "method"))]
        kind: MethodKind,
        /// The provider, if the method is a federated identity.
        provider: Option<ProviderId>,
    };
    /// A sign-in method was removed from the account.
    MethodRemoved {
        /// The kind of the sign-in method.
        #[cfg_attr(feature = "json", serde(rename = "method"))]
        kind: MethodKind,
        /// The provider, if the method is a federated identity.
        provider: Option<ProviderId>,
    };
    /// The owner confirmed which sign-in methods are theirs. The others were removed.
    MethodsReviewed;
    /// The account has a new address for notices.
    EmailChanged;
    /// New recovery codes replaced the old ones.
    RecoveryCodesReplaced;
    /// A change of the account was undone with its undo code.
    Undone;
    /// The account will be deleted unless its owner signs in and restores it.
    DeletionRequested {
        /// When the account will be deleted.
        purge_at: Timestamp,
    };
    /// The account was restored.
    Restored;
    /// The account will soon be deleted.
    DeletionReminder {
        /// When the account will be deleted.
        purge_at: Timestamp,
    };
    /// The account will be erased at its owner's request, unless the owner signs in and restores it.
    ErasureAnnounced {
        /// The earliest time of the erasure.
        from: Timestamp,
    };
    /// The account was erased before the time to restore it was over.
    Erased;
    /// The account's data was exported in a session of its owner.
    Exported;
    /// Somebody signed in to the account from a place where nobody had signed in to it before (SPEC 12.8).
    NewSignIn;
    /// A task for the host itself, with `to` empty: revoke what this person has granted at the provider. The
    /// account is gone.
    RevokeGrant {
        /// The provider.
        provider: ProviderId,
        /// The provider's identifier for the person.
        subject: String,
    };
    /// A provider identifies its owner by a new subject now, and the host entered it. The owner signs in as before.
    IdentityRenumbered {
        /// The provider.
        provider: ProviderId,
    };
}

impl MessageKind {
    /// Returns the code that the message carries, if it carries one to be typed.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// for message in engine.messages(32)? {
    ///     match message.kind.mailed_code() {
    ///         Some(code) => assert_eq!(code.reveal().len(), 8, "a message with a code"),
    ///         None => println!("a notice: {}", message.kind.code()),
    ///     }
    /// }
    /// # assert_eq!(engine.health()?.outbox, 1);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn mailed_code(&self) -> Option<&Secret> {
        match self {
            Self::VerifyEmail { code }
            | Self::ResetPassword { code }
            | Self::ChangeEmail { code }
            | Self::EnrollSecondFactor { code } => Some(code),
            _ => None,
        }
    }
}

/// A message as it is stored.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Outgoing {
    pub(crate) id: MessageId,
    /// The account that the message is about, if any. The message is purged with it (SPEC 9.4, 10.1).
    pub(crate) account: Option<AccountId>,
    pub(crate) to: String,
    pub(crate) body: Body,
    pub(crate) device: String,
    pub(crate) created_at: Timestamp,
    /// When the message can be fetched: its turn, the end of its lease, or the next try.
    pub(crate) due_at: Timestamp,
    /// When its turn in the pace of its address comes, on the slow clock, if it had to wait.
    pub(crate) turn_at: Option<Timestamp>,
    /// The code that undoes the change, and when the code expires.
    pub(crate) undo: Option<(UndoCode, Timestamp)>,
    /// When it was first fetched.
    pub(crate) fetched_at: Option<Timestamp>,
    /// When its delivery first failed.
    pub(crate) failed_at: Option<Timestamp>,
    pub(crate) failures: u32,
}

impl Record for Outgoing {
    const VERSION: u8 = 1;
}

impl Outgoing {
    /// Returns a message that is due now. It is the first of its act until it gets another number.
    pub(crate) fn new(to: &str, body: Body, device: &str, ctx: &Context<'_>) -> Self {
        Self {
            id: ctx.draw.message(ctx.now, 0),
            account: None,
            to: to.to_owned(),
            body,
            device: device.to_owned(),
            created_at: ctx.now,
            due_at: ctx.now,
            turn_at: None,
            undo: None,
            fetched_at: None,
            failed_at: None,
            failures: 0,
        }
    }

    /// Returns the message with this number among those of its act. Their ids sort by their numbers.
    pub(crate) fn numbered(self, number: u16, ctx: &Context<'_>) -> Self {
        Self { id: ctx.draw.message(ctx.now, number), ..self }
    }

    /// Returns the message with its turn in the pace of its address, on the slow clock.
    pub(crate) fn in_turn(self, at: Timestamp, ctx: &Context<'_>) -> Self {
        let turn_at = Some(at).filter(|at| ctx.throttle_clock < *at);
        Self { due_at: ctx.shown(at), turn_at, ..self }
    }

    /// Returns when its turn comes, if it still waits for it. A wall clock that was set forward brings no turn nearer
    /// (SPEC 12.4).
    pub(crate) fn waits_until(&self, ctx: &Context<'_>) -> Option<Timestamp> {
        self.turn_at.map(|at| ctx.shown(at)).filter(|at| ctx.now < *at)
    }

    /// Returns the message, marked as about an account.
    pub(crate) fn about(self, account: AccountId) -> Self {
        Self { account: Some(account), ..self }
    }

    /// Returns the message as the host gets it, with what it says.
    pub(crate) fn to_message(&self, kind: MessageKind) -> Message {
        Message {
            id: self.id,
            to: self.to.clone(),
            kind,
            device: self.device.clone(),
            created_at: self.created_at,
            failures: self.failures,
            retry_at: self.due_at,
            undo: self.undo.as_ref().map(|(code, until)| UndoOffer { code: code.print(), until: *until }),
        }
    }
}
