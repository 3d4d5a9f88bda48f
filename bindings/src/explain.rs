//! What an act would do.

use selfsame::{Action, MethodId, Planned, ProductId, SessionId};

use crate::account::AccountHandle;
use crate::error::SelfsameError;

#[uniffi::export]
impl AccountHandle {
    /// Returns whether an act would succeed now, which rules decide, and what would change. Writes nothing
    /// and counts nothing. If the act itself would be refused, the explanation says so; that is not an error.
    pub fn explain(&self, planned: Planned) -> Result<Explanation, SelfsameError> {
        Ok(self.core().explain(&planned)?.into())
    }
}

/// An act that can be explained. It belongs to a live session on its own account. It contains no password, no
/// code, no assertion and nobody else's identifier.
#[uniffi::remote(Enum)]
pub enum Planned {
    /// `enroll_totp` of an account.
    EnrollTotp,
    /// `recovery_codes_saved` of an account.
    RecoveryCodesSaved,
    /// `regenerate_recovery_codes` of an account.
    RegenerateRecoveryCodes,
    /// `turn_off_mfa` of an account.
    TurnOffMfa,
    /// `mark_compromised` of an account.
    MarkCompromised {
        /// The password.
        method: MethodId,
    },
    /// `remove_method` of an account, which can be undone.
    RemoveMethod {
        /// The method.
        method: MethodId,
    },
    /// `take_seen_email` of an account.
    TakeSeenEmail {
        /// The identity with the newer email.
        method: MethodId,
    },
    /// `open_product` of an account.
    OpenProduct {
        /// The product.
        product: ProductId,
    },
    /// `end_session` of an account.
    EndSession {
        /// The session.
        session: SessionId,
    },
    /// `end_other_sessions` of an account.
    EndOtherSessions,
    /// `sign_out` of an account.
    SignOut,
    /// `request_deletion` of an account.
    RequestDeletion,
    /// `export` of an account.
    Export,
}

/// What an act would do if it were requested now.
#[derive(uniffi::Record)]
pub struct Explanation {
    /// The numbers of the rules that decide the act.
    pub rules: Vec<String>,
    /// Why the act would be refused. Absent if it would be done.
    pub refusal: Option<SelfsameError>,
    /// The changes that the act would make, even if it would be refused.
    pub effects: Vec<Effect>,
}

impl From<selfsame::Explanation> for Explanation {
    fn from(explanation: selfsame::Explanation) -> Self {
        let selfsame::Explanation { rules, outcome, effects } = explanation;
        Self {
            rules: rules.into_iter().map(str::to_owned).collect(),
            refusal: outcome.err().map(SelfsameError::from),
            effects: effects.into_iter().map(Effect::from).collect(),
        }
    }
}

/// One change that an act would make.
#[derive(uniffi::Enum)]
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
    /// A message is sent. `message_name` gives the names.
    Message {
        /// The name of the message's kind.
        kind: String,
    },
}

impl From<selfsame::Effect> for Effect {
    fn from(effect: selfsame::Effect) -> Self {
        match effect {
            selfsame::Effect::Account { action } => Self::Account { action },
            selfsame::Effect::ThisSession => Self::ThisSession,
            selfsame::Effect::SessionEnds { session } => Self::SessionEnds { session },
            selfsame::Effect::OtherSessionsEnd => Self::OtherSessionsEnd,
            selfsame::Effect::AllSessionsEnd => Self::AllSessionsEnd,
            selfsame::Effect::Identifiers => Self::Identifiers,
            selfsame::Effect::Message { kind } => Self::Message { kind: kind.to_owned() },
        }
    }
}
