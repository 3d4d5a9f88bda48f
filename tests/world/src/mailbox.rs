//! Where the engine's messages arrive.

use std::sync::{Mutex, MutexGuard, PoisonError};

use selfsame::{Engine, Error, Message, Secret};

const FETCHED_AT_ONCE: usize = 64;

/// Every message that was fetched and not yet taken out, in the order they came.
#[derive(Debug, Default)]
pub struct Mailbox(Mutex<Vec<Message>>);

impl Mailbox {
    /// Fetches what waits in the engine's outbox and says that it was delivered.
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

    /// Takes the newest message to an address out.
    pub fn take(&self, to: &str) -> Option<Message> {
        let mut messages = self.messages();
        let newest = messages.iter().rposition(|message| is_to(message, to))?;
        Some(messages.remove(newest))
    }

    /// The newest code that was sent to an address.
    pub fn code(&self, to: &str) -> Option<Secret> {
        self.messages()
            .iter()
            .rev()
            .filter(|message| is_to(message, to))
            .find_map(|message| message.kind.mailed_code().cloned())
    }

    /// The newest undo code that was sent to an address.
    pub fn undo(&self, to: &str) -> Option<Secret> {
        let messages = self.messages();
        let mut sent = messages.iter().rev().filter(|message| is_to(message, to));
        sent.find_map(|message| message.undo.as_ref().map(|offer| offer.code.clone()))
    }

    /// All messages that are here, oldest first.
    pub fn all(&self) -> Vec<Message> {
        self.messages().clone()
    }

    /// Throws all messages away.
    pub fn clear(&self) {
        self.messages().clear();
    }

    fn messages(&self) -> MutexGuard<'_, Vec<Message>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Mail systems tell upper from lower case in no address that a test uses.
fn is_to(message: &Message, to: &str) -> bool {
    message.to.eq_ignore_ascii_case(to)
}
