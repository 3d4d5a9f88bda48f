//! Codes and notices that the host delivers (SPEC 12.5, 13.1).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account::MethodKind;
use super::provider::ProviderId;
use super::undo::UndoCode;
use super::verdict::Context;
use crate::crypto::draw::MailCode;
use crate::crypto::keys::same;
use crate::ground::codec::Record;
use crate::ground::email::EmailAddress;
use crate::ground::id::{AccountId, FlowId, SessionId};
use crate::ground::secret::Secret;
use crate::ground::time::Timestamp;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long a message waits to be fetched, and then to be delivered.
pub(crate) const UNFETCHED_LIFE: Duration = Duration::from_secs(30 * 24 * 60 * 60);
const WRONG_CODES: u8 = 5;

/// What a mailed code is for; it serves nothing else (SPEC 12.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum CodePurpose {
    AddressProof,
    EmailChange,
    Reset,
}

impl CodePurpose {
    /// How long a code lives once its message was fetched.
    pub(crate) fn life(self) -> Duration {
        match self {
            Self::AddressProof => DAY,
            Self::EmailChange | Self::Reset => Duration::from_secs(10 * 60),
        }
    }

    fn label(self) -> &'static [u8] {
        match self {
            Self::AddressProof => b"verify-email",
            Self::EmailChange => b"change-email",
            Self::Reset => b"reset-password",
        }
    }

    /// The keyed hash that stands for an address in the rows about mail of this purpose.
    pub(crate) fn address_hash(self, email: &EmailAddress, ctx: &Context<'_>) -> UnknownAddress {
        ctx.keys.code(&[b"address", self.label(), email.canonical().as_bytes()])
    }
}

/// Where a mailed code is typed, and nowhere else (SPEC 12.5).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum TypedIn {
    /// In the flow that asked for it.
    Flow(FlowId),
    /// In the session that asked for it.
    Session(AccountId, SessionId),
}

/// The keyed hash of an address that may be nobody's.
pub(crate) type UnknownAddress = [u8; 32];

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

    /// The kind's name, the same in every language and release.
    pub fn code(&self) -> &'static str {
        match self {
            Self::VerifyEmail { .. } => "VerifyEmail",
            Self::ResetPassword { .. } => "ResetPassword",
            Self::ChangeEmail { .. } => "ChangeEmail",
            Self::MfaTurnedOn => "MfaTurnedOn",
            Self::MfaReplaced => "MfaReplaced",
            Self::MfaTurnedOff => "MfaTurnedOff",
            Self::PasswordCompromised => "PasswordCompromised",
            Self::PasswordChanged => "PasswordChanged",
            Self::PasswordReset => "PasswordReset",
            Self::RecoveryCodeUsed { .. } => "RecoveryCodeUsed",
            Self::MethodRemoved { .. } => "MethodRemoved",
            Self::MethodsReviewed => "MethodsReviewed",
            Self::EmailChanged => "EmailChanged",
            Self::Undone => "Undone",
            Self::MethodAdded { .. } => "MethodAdded",
            Self::DeletionRequested { .. } => "DeletionRequested",
            Self::Restored => "Restored",
            Self::DeletionReminder { .. } => "DeletionReminder",
            Self::ErasureAnnounced { .. } => "ErasureAnnounced",
            Self::Erased => "Erased",
            Self::Exported => "Exported",
            Self::RevokeGrant { .. } => "RevokeGrant",
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

#[derive(Clone, Serialize, Deserialize)]
pub(crate) enum Body {
    /// `to_nobody` says that it is dropped when it is fetched: it was written so that nobody learns from
    /// its absence (SPEC 4.7).
    Code {
        purpose: CodePurpose,
        code: MailCode,
        typed_in: TypedIn,
        serial: u32,
        to_nobody: bool,
    },
    MfaTurnedOn,
    MfaReplaced,
    MfaTurnedOff,
    PasswordCompromised,
    PasswordChanged,
    PasswordReset,
    RecoveryCodeUsed {
        left: u8,
    },
    MethodAdded {
        kind: MethodKind,
        provider: Option<ProviderId>,
    },
    MethodRemoved {
        kind: MethodKind,
        provider: Option<ProviderId>,
    },
    MethodsReviewed,
    EmailChanged,
    Undone,
    DeletionRequested {
        purge_at: Timestamp,
    },
    Restored,
    DeletionReminder {
        purge_at: Timestamp,
    },
    ErasureAnnounced {
        from: Timestamp,
    },
    Erased,
    Exported,
    RevokeGrant {
        provider: ProviderId,
        subject: String,
    },
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
        let kind = match &self.body {
            Body::Code { purpose, code, .. } => {
                let code = code.as_str().into();
                match purpose {
                    CodePurpose::AddressProof => MessageKind::VerifyEmail { code },
                    CodePurpose::EmailChange => MessageKind::ChangeEmail { code },
                    CodePurpose::Reset => MessageKind::ResetPassword { code },
                }
            }
            Body::MfaTurnedOn => MessageKind::MfaTurnedOn,
            Body::MfaReplaced => MessageKind::MfaReplaced,
            Body::MfaTurnedOff => MessageKind::MfaTurnedOff,
            Body::PasswordCompromised => MessageKind::PasswordCompromised,
            Body::PasswordChanged => MessageKind::PasswordChanged,
            Body::PasswordReset => MessageKind::PasswordReset,
            Body::RecoveryCodeUsed { left } => MessageKind::RecoveryCodeUsed { left: *left },
            Body::MethodRemoved { kind, provider } => {
                MessageKind::MethodRemoved { kind: *kind, provider: provider.clone() }
            }
            Body::MethodsReviewed => MessageKind::MethodsReviewed,
            Body::EmailChanged => MessageKind::EmailChanged,
            Body::Undone => MessageKind::Undone,
            Body::MethodAdded { kind, provider } => {
                MessageKind::MethodAdded { kind: *kind, provider: provider.clone() }
            }
            Body::DeletionRequested { purge_at } => MessageKind::DeletionRequested { purge_at: *purge_at },
            Body::Restored => MessageKind::Restored,
            Body::DeletionReminder { purge_at } => MessageKind::DeletionReminder { purge_at: *purge_at },
            Body::ErasureAnnounced { from } => MessageKind::ErasureAnnounced { from: *from },
            Body::Erased => MessageKind::Erased,
            Body::Exported => MessageKind::Exported,
            Body::RevokeGrant { provider, subject } => {
                MessageKind::RevokeGrant { provider: provider.clone(), subject: subject.clone() }
            }
        };
        Message {
            id: self.id,
            to: self.to.clone(),
            kind,
            device: self.device.clone(),
            created_at: self.created_at,
            undo: self.undo.as_ref().map(|(code, until)| UndoOffer { code: code.print(), until: *until }),
        }
    }
}

/// A living code: only its keyed hash, bound to its purpose, where it is typed, and the address.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct CodeSlot {
    purpose: CodePurpose,
    hash: [u8; 32],
    /// Which of the codes asked for there it is; a newer one voids it.
    pub(crate) serial: u32,
    sent_at: Timestamp,
    pub(crate) fetched_at: Option<Timestamp>,
    wrong: u8,
}

impl CodeSlot {
    /// A new code, and the message that carries it.
    pub(crate) fn send(
        purpose: CodePurpose,
        typed_in: TypedIn,
        to: &EmailAddress,
        serial: u32,
        device: &str,
        ctx: &Context<'_>,
    ) -> (Self, Outgoing) {
        let code = ctx.draw.code();
        let slot = Self {
            purpose,
            hash: hash(code.as_str().as_bytes(), purpose, typed_in, to, ctx),
            serial,
            sent_at: ctx.now,
            fetched_at: None,
            wrong: 0,
        };
        // The proof goes to the address that will be compared, not to how it was typed (SPEC 1.9).
        let body = Body::Code { purpose, code, typed_in, serial, to_nobody: false };
        (slot, Outgoing::new(to.canonical(), body, device, ctx.now))
    }

    /// Whether `typed` is the code and the code still lives. A wrong one is counted.
    pub(crate) fn take(
        &mut self,
        typed: &[u8],
        typed_in: TypedIn,
        to: &EmailAddress,
        ctx: &Context<'_>,
    ) -> bool {
        let right = same(&self.hash, &hash(typed.trim_ascii(), self.purpose, typed_in, to, ctx));
        if right && self.wrong < WRONG_CODES && ctx.now < self.ends_at() {
            return true;
        }
        self.wrong = self.wrong.saturating_add(1);
        false
    }

    /// When the code ends: its life after the host fetched it, or when the message is void.
    pub(crate) fn ends_at(&self) -> Timestamp {
        match self.fetched_at {
            Some(fetched_at) => fetched_at + self.purpose.life(),
            None => self.sent_at + UNFETCHED_LIFE,
        }
    }
}

fn hash(
    code: &[u8],
    purpose: CodePurpose,
    typed_in: TypedIn,
    to: &EmailAddress,
    ctx: &Context<'_>,
) -> [u8; 32] {
    let (place, session) = match &typed_in {
        TypedIn::Flow(flow) => (flow.as_bytes(), None),
        TypedIn::Session(account, session) => (account.as_bytes(), Some(session)),
    };
    let session = session.map_or(&[][..], |session| session.as_bytes());
    ctx.keys.code(&[purpose.label(), place, session, to.canonical().as_bytes(), code])
}

/// When messages of one purpose went to one address, known or not: 1 a minute, 5 an hour, 10 a day.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Pace {
    sent: Vec<Timestamp>,
}

impl Pace {
    /// Whether one more may go now. The times are on the patient clock.
    pub(crate) fn allows(&self, patient: Timestamp) -> bool {
        [(1, 60), (5, 60 * 60), (10, 24 * 60 * 60)].into_iter().all(|(most, seconds)| {
            let span = Duration::from_secs(seconds);
            self.sent.iter().filter(|sent| patient < **sent + span).count() < most
        })
    }

    /// One more went now.
    pub(crate) fn count(&mut self, patient: Timestamp) {
        self.sent.retain(|sent| patient < *sent + DAY);
        self.sent.push(patient);
    }

    /// Whether there is nothing left to remember.
    pub(crate) fn is_over(&self, patient: Timestamp) -> bool {
        self.sent.iter().all(|sent| patient >= *sent + DAY)
    }
}

impl Record for Pace {
    const VERSION: u8 = 1;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn r12_5_one_message_a_minute_five_an_hour_ten_a_day() {
        let mut pace = Pace::default();
        let mut sent = Vec::new();
        for minute in 0..(25 * 60) {
            let now = Timestamp::from_millis(minute * 60_000);
            if pace.allows(now) {
                pace.count(now);
                sent.push(minute);
                assert!(!pace.allows(now + Duration::from_millis(59_999)), "a second within the minute");
            }
        }
        assert_eq!(sent, [0, 1, 2, 3, 4, 60, 61, 62, 63, 64, 1440, 1441, 1442, 1443, 1444]);
    }
}
