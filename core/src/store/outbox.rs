//! The rows of messages and of their paces.

use std::collections::BTreeMap;

use super::lower::{Lowering, delete, put};
use super::port::StoreError;
use super::range::Range;
use super::tables;
use super::view::View;
use crate::ground::email::EmailAddress;
use crate::ground::id::MessageId;
use crate::ground::time::Timestamp;
use crate::records::caller::{Caller, OriginHash, Share};
use crate::records::identifier::Identifier;
use crate::records::mailed_code::{CodePurpose, Pace, PaceHash, Pacing};
use crate::records::message::{Body, Outgoing};

impl View<'_> {
    /// The pace of a caller's messages to an address. The account that has the address as the email of its
    /// password decides whether the caller is a stranger (SPEC 12.7).
    pub(crate) fn pacing(
        &self,
        purpose: CodePurpose,
        to: &EmailAddress,
        caller: &Caller,
    ) -> Result<Pacing, StoreError> {
        let is_recognized = caller.session.is_some() || !caller.recognitions.is_empty();
        let judged_by = if is_recognized {
            self.claimed_by(&self.claim_hash(&Identifier::PasswordEmail(to.clone())))?
        } else {
            None
        };
        self.pacing_of(purpose, to, caller.share_of(judged_by), caller.origin)
    }

    /// The pace of a share of the messages to an address.
    pub(crate) fn pacing_of(
        &self,
        purpose: CodePurpose,
        to: &EmailAddress,
        share: Share,
        origin: OriginHash,
    ) -> Result<Pacing, StoreError> {
        let is_stranger = share == Share::Strangers;
        let hash = purpose.pace_hash(to, share, self.keys());
        let pace = self.row(&tables::pace(&hash))?.unwrap_or_default();
        let origin = if is_stranger { origin } else { OriginHash::default() };
        Ok(Pacing { hash, origin, is_stranger, pace })
    }

    /// Up to `most` paces by their keys: from this place on, and then from the first on.
    pub(crate) fn some_paces(
        &self,
        place: &PaceHash,
        most: usize,
    ) -> Result<BTreeMap<Vec<u8>, Pace>, StoreError> {
        let mut paces = BTreeMap::new();
        for from in [place, &[0; 32]] {
            self.rows(&tables::paces_from(from), most - paces.len(), |key, sealed| {
                paces.insert(key.to_vec(), self.open_row(key, sealed)?);
                Ok(())
            })?;
        }
        Ok(paces)
    }

    /// The message with this id.
    pub(crate) fn message(&self, id: MessageId) -> Result<Option<Outgoing>, StoreError> {
        self.row(&tables::message(&id))
    }

    /// Up to `most` messages that can be fetched, in the order in which they are due.
    pub(crate) fn messages_due(&self, most: usize) -> Result<Vec<MessageId>, StoreError> {
        self.message_ids(&tables::messages_due(self.now()), most)
    }

    pub(super) fn message_ids(&self, range: &Range, most: usize) -> Result<Vec<MessageId>, StoreError> {
        self.ids(range, most, MessageId::from_bytes)
    }

    /// How many messages there are.
    pub(crate) fn outbox(&self) -> Result<usize, StoreError> {
        let mut count = 0;
        self.rows(&tables::messages(), usize::MAX, |_, _| {
            count += 1;
            Ok(())
        })?;
        Ok(count)
    }
}

impl Lowering<'_> {
    /// Writes a new message. A code keeps the number that its flow knows it by.
    pub(super) fn send(&mut self, message: Outgoing) -> Result<(), StoreError> {
        if matches!(message.body, Body::Code { .. }) {
            return self.message(&message);
        }
        self.sent = self.sent.saturating_add(1);
        self.message(&message.numbered(self.sent, self.ctx))
    }

    pub(super) fn message(&mut self, message: &Outgoing) -> Result<(), StoreError> {
        match self.view.message(message.id)? {
            Some(earlier) => self.rows.push(delete(tables::message_due(earlier.due_at, &message.id))),
            None => {
                let about =
                    message.account.map(|account| put(tables::about(&account, &message.id), Vec::new()));
                self.rows.extend(about);
            }
        }
        self.rows.push(put(tables::message_due(message.due_at, &message.id), Vec::new()));
        self.put_sealed(tables::message(&message.id), message)
    }

    pub(super) fn dropped(&mut self, id: MessageId) -> Result<(), StoreError> {
        if let Some(message) = self.view.message(id)? {
            self.rows.push(delete(tables::message_due(message.due_at, &id)));
            self.rows.extend(message.account.map(|account| delete(tables::about(&account, &id))));
            self.rows.push(delete(tables::message(&id)));
        }
        Ok(())
    }

    /// Drops a message whose delivery failed for days, and counts it.
    pub(super) fn given_up(&mut self, id: MessageId) -> Result<(), StoreError> {
        let meta = self.meta()?;
        meta.undelivered = meta.undelivered.saturating_add(1);
        self.dropped(id)
    }

    pub(super) fn postponed(&mut self, id: MessageId, turn_at: Timestamp) -> Result<(), StoreError> {
        match self.view.message(id)? {
            Some(message) if message.fetched_at.is_none() => {
                self.message(&message.in_turn(turn_at, self.ctx))
            }
            _ => Ok(()),
        }
    }
}
