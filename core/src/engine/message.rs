//! The outbox: the host fetches messages, delivers them and reports the deliveries (SPEC 13.1).

use super::{Engine, room};
use crate::error::Error;
use crate::ground::email::EmailAddress;
use crate::ground::id::MessageId;
use crate::ground::time::Timestamp;
use crate::records::context::Context;
use crate::records::mailed_code::TypedIn;
use crate::records::message::{Body, Message, Outgoing};
use crate::records::verdict::Verdict;
use crate::rules::deletion;
use crate::rules::message::{self, DueMessage, Place};
use crate::store::port::StoreError;
use crate::store::view::View;

/// How many messages one call fetches, and how many reminders become messages in it.
const FETCHED_AT_ONCE: usize = 32;
/// How many messages one act looks at, to find those to deliver.
const SEEN_AT_ONCE: usize = 128;

impl Engine {
    /// Fetches up to `most` messages that are due, in the order in which they are due, at most 32 in one call.
    /// Adds the deletion reminders that are due. The life of a code starts when its message is fetched (SPEC
    /// 12.5).
    ///
    /// Leases each message for 60 seconds, so that several workers can share the outbox. A message comes again
    /// until it is reported as [delivered](Self::delivered). If nothing is due, the call only reads.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// # let send = |_: &selfsame::Message| true;
    /// for message in engine.messages(32)? {
    ///     // `send` is your own mailer.
    ///     if send(&message) {
    ///         engine.delivered(message.id)?;
    ///     } else {
    ///         engine.failed(message.id)?;
    ///     }
    /// }
    /// assert!(engine.messages(32)?.is_empty());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error`] from the store.
    pub fn messages(&self, most: usize) -> Result<Vec<Message>, Error> {
        let most = most.min(FETCHED_AT_ONCE);
        // An act may find only messages without use. It drops them, so the next act sees others.
        while most > 0 && self.look(|view, _| Ok(Ok(is_due(view)?)))? {
            let fetched = self.act(|view, ctx| fetch(view, most, ctx))?;
            if !fetched.is_empty() {
                return Ok(fetched);
            }
        }
        Ok(Vec::new())
    }

    /// Reports a message as delivered and drops it, even if its lease has ended. Has no effect if the message
    /// does not exist, so you can report it twice.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// for message in engine.messages(32)? {
    ///     assert_eq!(message.to, "ada@example.org");
    ///     engine.delivered(message.id)?;
    /// }
    /// assert_eq!(engine.health()?.outbox, 0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error`] from the store.
    pub fn delivered(&self, message: MessageId) -> Result<(), Error> {
        self.act(|view, _| Ok(message::delivered(view.message(message)?)))
    }

    /// Reports that a message could not be delivered. The message keeps its id and comes again after 1, 2, 4 and
    /// up to 60 minutes. Returns that time, or `None` if the engine drops the message, which it does 3 days after
    /// the first failure. [`Health::undelivered`](crate::Health::undelivered) counts those.
    ///
    /// After the first failure, the life of a code starts again when its message is fetched again.
    ///
    /// ```
    /// # let policy = selfsame::Policy::builder().email_proof(selfsame::EmailProof::Later).build()?;
    /// # let engine = selfsame::Engine::in_memory(policy, selfsame::Environment::system())?;
    /// # let password = selfsame::Secret::from("seven green bicycles");
    /// # let client = selfsame::Client::on("laptop");
    /// # let session = engine.sign_up("ada@example.org", &password, &client)?.signed_in()?;
    /// for message in engine.messages(32)? {
    ///     match engine.failed(message.id)? {
    ///         Some(retry_at) => assert!(retry_at > message.created_at),
    ///         None => println!("{} gets no {}", message.to, message.kind.code()),
    ///     }
    /// }
    /// assert!(engine.messages(32)?.is_empty(), "the message comes again in a minute");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`Error`] from the store.
    pub fn failed(&self, message: MessageId) -> Result<Option<Timestamp>, Error> {
        self.act(|view, ctx| {
            let Some(failed) = view.message(message)? else { return Ok(Verdict::done(None, Vec::new())) };
            let place = place(view, &failed, ctx)?;
            Ok(message::failed(failed, place, ctx))
        })
    }
}

/// Returns whether a message or a reminder is due.
fn is_due(view: &View<'_>) -> Result<bool, StoreError> {
    Ok(!view.messages_due(1)?.is_empty() || !view.reminders_due(1)?.is_empty())
}

fn fetch(view: &View<'_>, most: usize, ctx: &Context<'_>) -> Result<Verdict<Vec<Message>>, StoreError> {
    let (mut changes, _) = room::over(view, ctx)?;
    let mut fetched = Vec::new();
    for id in view.messages_due(SEEN_AT_ONCE)? {
        if fetched.len() == most {
            break;
        }
        let message = view.message(id)?.ok_or(StoreError::Damaged)?;
        let place = place(view, &message, ctx)?;
        let sharing = match (&message.body, message.to.parse::<EmailAddress>()) {
            (Body::Code { to_nobody: true, .. }, Ok(email)) => view.sharing(&email)?,
            _ => Vec::new(),
        };
        fetched.extend(message::fetch(DueMessage { message, place, sharing }, &mut changes, ctx));
    }
    let mut due = Vec::new();
    for reminder in view.reminders_due(FETCHED_AT_ONCE)? {
        due.push((reminder, view.account(reminder.account)?));
    }
    fetched.extend(deletion::remind(due, most - fetched.len(), &mut changes, ctx));
    Ok(Verdict::done(fetched, changes))
}

/// Returns the place where the code in the message is typed, if it still waits for the code.
fn place(view: &View<'_>, message: &Outgoing, ctx: &Context<'_>) -> Result<Place, StoreError> {
    let Body::Code { typed_in, .. } = &message.body else { return Ok(Place::None) };
    let found = match typed_in {
        TypedIn::Flow(flow) => {
            let flow = view.flow(*flow)?.filter(|flow| ctx.now < flow.expires_at);
            flow.map(|flow| Place::Flow(Box::new(flow)))
        }
        TypedIn::Session(account, session) => match view.account(*account)? {
            Some(account) => {
                let pending = view.pending(account.id)?.filter(|pending| pending.session == *session);
                pending.map(|pending| Place::Session(Box::new(pending)))
            }
            None => None,
        },
    };
    Ok(found.unwrap_or(Place::None))
}
