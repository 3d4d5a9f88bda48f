//! The mailbox that receives the engine's messages.

use std::sync::{Mutex, MutexGuard, PoisonError};

use selfsame::{EmailAddress, Engine, Error, Message, MessageKind, Secret, Timestamp};

const FETCHED_AT_ONCE: usize = 64;

/// All messages that were fetched and not taken yet, oldest first.
#[derive(Debug, Default)]
pub struct Mailbox(Mutex<Vec<Message>>);

impl Mailbox {
    /// Fetches all messages in the engine's outbox and confirms their delivery.
    pub(crate) fn fetch(&self, engine: &Engine) -> Result<(), Error> {
        loop {
            let fetched = engine.messages(FETCHED_AT_ONCE)?;
            if fetched.is_empty() {
                return Ok(());
            }
            for message in fetched {
                engine.delivered(message.id)?;
                self.messages().push(message);
            }
        }
    }

    /// Takes the newest message to an address.
    pub fn take(&self, to: &str) -> Option<Message> {
        let mut messages = self.messages();
        let newest = messages.iter().rposition(|message| is_to(message, to))?;
        Some(messages.remove(newest))
    }

    /// Returns the newest code that was sent to an address.
    pub fn code(&self, to: &str) -> Option<Secret> {
        self.code_of(to, None, None)
    }

    /// Returns the newest code that was sent to an address. `kind` selects one kind of code; `since` leaves out
    /// messages that were caused earlier.
    pub fn code_of(&self, to: &str, kind: Option<CodeKind>, since: Option<Timestamp>) -> Option<Secret> {
        self.messages()
            .iter()
            .rev()
            .filter(|message| is_to(message, to))
            .filter(|message| since.is_none_or(|since| message.created_at >= since))
            .filter(|message| kind.is_none_or(|kind| CodeKind::of(&message.kind) == Some(kind)))
            .find_map(|message| message.kind.mailed_code().cloned())
    }

    /// Returns the newest undo code that was sent to an address.
    pub fn undo(&self, to: &str) -> Option<Secret> {
        let messages = self.messages();
        let mut sent = messages.iter().rev().filter(|message| is_to(message, to));
        sent.find_map(|message| message.undo.as_ref().map(|offer| offer.code.clone()))
    }

    /// Returns all messages in the mailbox, oldest first.
    pub fn all(&self) -> Vec<Message> {
        self.messages().clone()
    }

    /// Discards all messages.
    pub fn clear(&self) {
        self.messages().clear();
    }

    fn messages(&self) -> MutexGuard<'_, Vec<Message>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a mailed code is for. Each kind is the kind of message with the same name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CodeKind {
    /// Proves an address, for example at sign-up.
    VerifyEmail,
    /// Lets a person who forgot the password set a new one.
    ResetPassword,
    /// Proves the new address of an account.
    ChangeEmail,
    /// Lets a person enrol the second factor that policy requires.
    EnrollSecondFactor,
}

impl CodeKind {
    fn of(kind: &MessageKind) -> Option<Self> {
        match kind {
            MessageKind::VerifyEmail { .. } => Some(Self::VerifyEmail),
            MessageKind::ResetPassword { .. } => Some(Self::ResetPassword),
            MessageKind::ChangeEmail { .. } => Some(Self::ChangeEmail),
            MessageKind::EnrollSecondFactor { .. } => Some(Self::EnrollSecondFactor),
            _ => None,
        }
    }
}

/// Returns whether the message goes to the address. A message may have a normal form of it, while a test names
/// the address as it was typed.
fn is_to(message: &Message, to: &str) -> bool {
    let same = || Some(message.to.parse::<EmailAddress>().ok()? == to.parse().ok()?);
    message.to == to || same().unwrap_or(false)
}
