//! The contacts that an account had, and the one of them that gets the undo codes (SPEC 7.3).

use std::time::Duration;

use crate::ground::email::EmailAddress;
use crate::ground::time::{DAY, Timestamp};
use crate::records::account::Account;

/// How long an address must have been the contact before it gets undo codes (SPEC 7.3).
pub(super) const STANDS_AFTER: Duration = DAY.saturating_mul(7);

impl Account {
    /// Returns the address that gets the undo code of an act: the contact of seven days ago, even if it is no longer on
    /// the account. On a younger account it is the first contact. A thief's address gets the code only after it was the
    /// contact for seven days (SPEC 7.3).
    pub(crate) fn standing_contact(&self, slow: Timestamp) -> Option<&EmailAddress> {
        let credentials = &self.credentials;
        let past = credentials.past_contacts.iter();
        let mut since = past
            .filter(|(_, until)| slow < *until + STANDS_AFTER)
            .map(|(contact, _)| contact.as_ref())
            .chain([credentials.contact.as_ref()]);
        if slow < self.made_at + STANDS_AFTER { since.flatten().next() } else { since.next().flatten() }
    }

    /// Records the contact that the account had until now, if this act replaces it.
    pub(crate) fn note_contact(&mut self, before: &Self, slow: Timestamp) {
        if self.credentials.contact != before.credentials.contact {
            let past = &mut self.credentials.past_contacts;
            past.retain(|(_, until)| slow < *until + STANDS_AFTER);
            past.push((before.credentials.contact.clone(), slow));
        }
    }

    /// Returns the verified addresses, and the standing contact if it is no longer one of them. Notices that must reach
    /// the owner go to all of these, because a thief may have removed the owner's addresses first.
    pub(crate) fn verified_or_standing(&self, slow: Timestamp) -> impl Iterator<Item = &EmailAddress> {
        let standing = self.standing_contact(slow).filter(|email| !self.has_verified(email));
        self.verified().chain(standing)
    }
}
