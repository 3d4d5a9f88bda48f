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

/// An act that can be explained: of a living session on its own account, and without a password, a code, an
/// assertion or anybody else's identifier in it.
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
    MarkCompromised(MethodId),
    /// `remove_method` of an account, which can be undone.
    RemoveMethod(MethodId),
    /// `take_seen_email` of an account.
    TakeSeenEmail(MethodId),
    /// `open_product` of an account.
    OpenProduct(ProductId),
    /// `end_session` of an account.
    EndSession(SessionId),
    /// `end_other_sessions` of an account.
    EndOtherSessions,
    /// `sign_out` of an account.
    SignOut,
    /// `request_deletion` of an account.
    RequestDeletion,
    /// `export` of an account.
    Export,
}

/// What an act would do if it were asked for now.
#[derive(uniffi::Record)]
pub struct Explanation {
    /// The numbers of the rules that decide it.
    pub rules: Vec<String>,
    /// Why it would not be done; nothing where it would.
    pub refusal: Option<SelfsameError>,
    /// What would change, also where the answer is no.
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

/// One thing that an act would change.
#[derive(uniffi::Enum)]
pub enum Effect {
    /// The account changes, and its history says this.
    Account(Action),
    /// This session goes on, with what the act proves.
    ThisSession,
    /// That session ends.
    SessionEnds(SessionId),
    /// All other sessions end.
    OtherSessionsEnd,
    /// All sessions end, this one too.
    AllSessionsEnd,
    /// An identifier, an address or a place on the device's picker is taken, or becomes free.
    Identifiers,
    /// A message goes out; `message_code` gives the names.
    Message {
        /// What it says.
        kind: String,
    },
}

impl From<selfsame::Effect> for Effect {
    fn from(effect: selfsame::Effect) -> Self {
        match effect {
            selfsame::Effect::Account(action) => Self::Account(action),
            selfsame::Effect::ThisSession => Self::ThisSession,
            selfsame::Effect::SessionEnds(session) => Self::SessionEnds(session),
            selfsame::Effect::OtherSessionsEnd => Self::OtherSessionsEnd,
            selfsame::Effect::AllSessionsEnd => Self::AllSessionsEnd,
            selfsame::Effect::Identifiers => Self::Identifiers,
            selfsame::Effect::Message { kind } => Self::Message { kind: kind.to_owned() },
        }
    }
}
