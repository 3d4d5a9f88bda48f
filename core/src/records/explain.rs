//! What an act of the owner would do (SPEC 13.5).

use std::fmt;

use crate::ground::id::{MethodId, SessionId};
#[cfg(feature = "json")]
use crate::ground::json;
use crate::ground::named::coded;
use crate::ground::short_name::ProductId;
use crate::records::audit::Action;
use crate::records::refusal::Refusal;

coded! {
    /// An act that can be explained. It belongs to a live session on its own account. It contains no
    /// password, no code, no assertion and nobody else's identifier.
    #[derive(Clone, PartialEq, Eq, Debug)]
    #[cfg_attr(
        feature = "json",
        derive(serde::Serialize, serde::Deserialize, schemars::JsonSchema),
        serde(tag = "planned")
    )]
    pub enum Planned {
        /// [`AccountHandle::enroll_totp`](crate::AccountHandle::enroll_totp).
        EnrollTotp,
        /// [`AccountHandle::recovery_codes_saved`](crate::AccountHandle::recovery_codes_saved).
        RecoveryCodesSaved,
        /// [`AccountHandle::regenerate_recovery_codes`](crate::AccountHandle::regenerate_recovery_codes).
        RegenerateRecoveryCodes,
        /// [`AccountHandle::turn_off_mfa`](crate::AccountHandle::turn_off_mfa).
        TurnOffMfa,
        /// [`AccountHandle::mark_compromised`](crate::AccountHandle::mark_compromised).
        MarkCompromised {
            /// The password.
            method: MethodId,
        },
        /// [`AccountHandle::remove_method`](crate::AccountHandle::remove_method), which can be undone.
        RemoveMethod {
            /// The method.
            method: MethodId,
        },
        /// [`AccountHandle::take_seen_email`](crate::AccountHandle::take_seen_email).
        TakeSeenEmail {
            /// The identity with the newer email.
            method: MethodId,
        },
        /// [`AccountHandle::open_product`](crate::AccountHandle::open_product).
        OpenProduct {
            /// The product.
            product: ProductId,
        },
        /// [`AccountHandle::end_session`](crate::AccountHandle::end_session).
        EndSession {
            /// The session.
            session: SessionId,
        },
        /// [`AccountHandle::end_other_sessions`](crate::AccountHandle::end_other_sessions).
        EndOtherSessions,
        /// [`AccountHandle::sign_out`](crate::AccountHandle::sign_out).
        SignOut,
        /// [`AccountHandle::request_deletion`](crate::AccountHandle::request_deletion).
        RequestDeletion,
        /// [`AccountHandle::export`](crate::AccountHandle::export).
        Export,
    }
}

impl Planned {
    /// Returns the numbers of the rules that decide the act. docs/RULES.md has their text.
    pub(crate) fn rules(&self) -> &'static [&'static str] {
        match self {
            Self::EnrollTotp => &["5.1", "5.5", "6.4"],
            Self::RecoveryCodesSaved => &["1.12", "5.3", "5.4", "6.5"],
            Self::RegenerateRecoveryCodes => &["5.4", "6.4"],
            Self::TurnOffMfa => &["1.12", "4.7", "5.5", "5.9", "6.4", "6.5"],
            Self::MarkCompromised { .. } => &["4.10"],
            Self::RemoveMethod { .. } => &["1.7", "1.8", "1.12", "5.5", "6.4", "6.5", "7.3"],
            Self::TakeSeenEmail { .. } => &["1.4", "5.5", "6.4"],
            Self::OpenProduct { .. } => &["8.1", "8.2"],
            Self::EndSession { .. } | Self::EndOtherSessions | Self::SignOut => &["6.3"],
            Self::RequestDeletion => &["6.4", "9.1", "9.7"],
            Self::Export => &["1.12", "5.5", "6.4", "10.1"],
        }
    }
}

/// What an act would do if it were requested now.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, schemars::JsonSchema))]
pub struct Explanation {
    /// The numbers of the rules that decide the act.
    pub rules: Vec<&'static str>,
    /// Whether the act would be done, or why not.
    #[cfg_attr(
        feature = "json",
        serde(rename = "would", serialize_with = "would"),
        schemars(with = "Would")
    )]
    pub outcome: Result<(), Refusal>,
    /// The changes that the act would make, even if it would be refused.
    #[cfg_attr(
        feature = "json",
        serde(serialize_with = "json::each_said"),
        schemars(with = "Vec<json::Said<Effect>>")
    )]
    pub effects: Vec<Effect>,
}

/// What would come of an act.
#[cfg(feature = "json")]
#[derive(serde::Serialize, schemars::JsonSchema)]
#[serde(untagged)]
enum Would {
    Be { be: Done },
    Refuse(Refusal),
}

#[cfg(feature = "json")]
#[derive(serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Done {
    Done,
}

#[cfg(feature = "json")]
fn would<S: serde::Serializer>(outcome: &Result<(), Refusal>, serializer: S) -> Result<S::Ok, S::Error> {
    let would = match outcome {
        Ok(()) => Would::Be { be: Done::Done },
        Err(refusal) => Would::Refuse(refusal.clone()),
    };
    serde::Serialize::serialize(&would, serializer)
}

/// One change that an act would make.
#[derive(Clone, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "json", derive(serde::Serialize, schemars::JsonSchema), serde(tag = "effect"))]
pub enum Effect {
    /// The account changes, and its history records this act.
    Account {
        /// The act.
        action: Action,
    },
    /// This session goes on, with the proof that the act gives.
    ThisSession,
    /// The session with this id ends.
    SessionEnds {
        /// The session.
        session: SessionId,
    },
    /// All other sessions end.
    OtherSessionsEnd,
    /// All sessions end, including this one.
    AllSessionsEnd,
    /// An identifier, an address or a place on the device's picker is taken or becomes free.
    Identifiers,
    /// A message is sent. [`MessageKind::code`](crate::MessageKind::code) gives the names.
    Message {
        /// The name of the message's kind.
        kind: &'static str,
    },
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account { action } => write!(f, "the account changes: {action}"),
            Self::ThisSession => f.write_str("this session goes on with other proof"),
            Self::SessionEnds { session } => write!(f, "session {session} ends"),
            Self::OtherSessionsEnd => f.write_str("all other sessions end"),
            Self::AllSessionsEnd => f.write_str("all sessions end"),
            Self::Identifiers => f.write_str("an identifier is taken or becomes free"),
            Self::Message { kind } => write!(f, "a message goes out: {kind}"),
        }
    }
}
