//! Protected acts: what changes the ways into an account is told, and can be undone (SPEC 1.12, 7.3).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account::{Account, Credential, Identifier, Ways};
use super::mail::{Body, Outgoing};
use super::undo::{Undo, UndoCode};
use super::verdict::{Change, Context};
use crate::ground::email::EmailAddress;
use crate::ground::time::Timestamp;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How many identifiers an account can hold back at a time.
const RESERVED_AT_ONCE: usize = 32;

/// What can be undone.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) enum ProtectedAct {
    MethodAdded,
    MethodRemoved,
    MethodsReviewed,
    PasswordChanged,
    ContactChanged,
    MfaTurnedOn,
    MfaTurnedOff,
    MfaReplaced,
}

impl ProtectedAct {
    /// The act's name, the same in every language and release.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::MethodAdded => "MethodAdded",
            Self::MethodRemoved => "MethodRemoved",
            Self::MethodsReviewed => "MethodsReviewed",
            Self::PasswordChanged => "PasswordChanged",
            Self::ContactChanged => "ContactChanged",
            Self::MfaTurnedOn => "MfaTurnedOn",
            Self::MfaTurnedOff => "MfaTurnedOff",
            Self::MfaReplaced => "MfaReplaced",
        }
    }

    /// How long it can be undone. Whoever is locked out by a factor that somebody else turned on shall
    /// not have to wait for a week until nobody but that one can (SPEC 7.3).
    fn undo_life(self) -> Duration {
        match self {
            Self::MfaTurnedOn => DAY * 3,
            _ => DAY * 7,
        }
    }
}

/// An identifier that was taken away from the account by an act that can still be undone.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reserved {
    pub(crate) identifier: Identifier,
    pub(crate) until: Timestamp,
    /// The account's revision before that act: which of two acts was first, also within a millisecond.
    pub(crate) revision: u64,
}

/// A protected act on an account: every one goes through [`Protected::write`].
pub(crate) struct Protected<'a> {
    /// The account as it was.
    pub(crate) before: &'a Account,
    pub(crate) act: ProtectedAct,
    /// What the addresses are told that were verified before the act.
    pub(crate) notice: Body,
    pub(crate) device: &'a str,
    /// Whether there is to be a code that undoes it. Its owner may waive it, so that an identifier is free at
    /// once (SPEC 1.7), or because the mailbox that it would go to is lost (SPEC 7.3).
    pub(crate) can_be_undone: bool,
}

impl Protected<'_> {
    /// What the act comes to beside the account itself, which is returned to be written with its event.
    pub(crate) fn write(self, mut after: Account, changes: &mut Vec<Change>, ctx: &Context<'_>) -> Account {
        let before = self.before;
        let recipient = recipient(before, &after).filter(|_| self.can_be_undone);
        let until = ctx.now + self.act.undo_life();
        let code = UndoCode::draw(ctx);

        after.reserved.retain(|held| ctx.now < held.until && !after.ways.has(&held.identifier));
        if recipient.is_some() {
            after.undo_until = after.undo_until.max(Some(until));
            let revision = before.revision;
            let taken = before.ways.identifiers().filter(|identifier| !after.ways.has(identifier));
            after.reserved.extend(taken.map(|identifier| Reserved { identifier, until, revision }));
            let surplus = after.reserved.len().saturating_sub(RESERVED_AT_ONCE);
            after.reserved.drain(..surplus);
            let undo = Undo {
                act: self.act,
                revision,
                before: before.ways.clone(),
                made_at: ctx.now,
                expires_at: until,
            };
            changes.push(Change::Undoable { account: before.id, hash: code.hash(ctx), undo: Box::new(undo) });
        }
        changes.extend(rows(before, &after, ctx.now));
        changes.push(Change::PendingVoid(before.id));
        for email in before.verified() {
            let message = Outgoing::new(email.as_typed(), self.notice.clone(), self.device, ctx.now);
            let mut message = message.about(before.id);
            message.undo = (recipient == Some(email)).then(|| (code.clone(), until));
            changes.push(Change::Send(message));
        }
        after
    }
}

/// Who may undo the act: the address that it took away, else the contact address before it (SPEC 7.3).
/// Where there was neither nobody can.
fn recipient<'a>(before: &'a Account, after: &Account) -> Option<&'a EmailAddress> {
    let contact = before.ways.contact.as_ref();
    let taken_away = |email: &&EmailAddress| !after.has_verified(email);
    contact.filter(taken_away).or_else(|| before.verified().find(taken_away)).or(contact)
}

/// What others find an account by, from what was to what is: claims and verified addresses.
pub(crate) fn rows(before: &Account, after: &Account, now: Timestamp) -> Vec<Change> {
    let account = after.id;
    let all = |of: &Account| -> Vec<Identifier> {
        of.ways.identifiers().chain(of.reserved.iter().map(|held| held.identifier.clone())).collect()
    };
    let (old, new) = (all(before), all(after));
    let freed = old.iter().filter(|identifier| !new.contains(identifier));
    // What was reserved once may have become another's since.
    let claimed = new.iter().filter(|identifier| !before.claims(identifier, now));
    let hidden = before.verified().filter(|email| !after.has_verified(email));
    let proven = after.verified().filter(|email| !before.has_verified(email));
    let (was_unproven, is_unproven) = (before.ways.unproven_password(), after.ways.unproven_password());
    let unproven =
        [(was_unproven, false), (is_unproven, true)].into_iter().filter_map(|(email, is_found)| {
            let email = email.filter(|_| was_unproven != is_unproven)?.clone();
            Some(Change::FoundUnproven { email, account, is_found })
        });
    freed
        .map(|identifier| Change::Released { identifier: identifier.clone(), account })
        .chain(claimed.map(|identifier| Change::Claimed { identifier: identifier.clone(), account }))
        .chain(hidden.map(|email| Change::Unproven { email: email.clone(), account }))
        .chain(proven.map(|email| Change::Proven { email: email.clone(), account }))
        .chain(unproven)
        .collect()
}

impl Ways {
    /// What the methods are found by, suspended ones included. An email that is not proven claims nothing
    /// (SPEC 2.8).
    pub(crate) fn identifiers(&self) -> impl Iterator<Item = Identifier> {
        self.methods.iter().map(|method| method.credential.identifier()).filter(
            |identifier| !matches!(identifier, Identifier::PasswordEmail(email) if !self.has_proven(email)),
        )
    }

    /// The email of a password that is not proven.
    pub(crate) fn unproven_password(&self) -> Option<&EmailAddress> {
        self.methods.iter().find_map(|method| match &method.credential {
            Credential::Password { email, .. } if !self.has_proven(email) => Some(email),
            _ => None,
        })
    }

    fn has_proven(&self, email: &EmailAddress) -> bool {
        self.addresses.iter().any(|address| address.verified_at.is_some() && address.email == *email)
    }

    /// Whether one of the methods is found by it.
    pub(crate) fn has(&self, identifier: &Identifier) -> bool {
        self.identifiers().any(|own| own == *identifier)
    }
}

impl Account {
    /// Whether nobody else may have the identifier: a method has it, or an undo may put it back.
    pub(crate) fn claims(&self, identifier: &Identifier, now: Timestamp) -> bool {
        self.identifiers().any(|own| own == *identifier)
            || self.reserved.iter().any(|held| held.identifier == *identifier && now < held.until)
    }

    /// Whether the identifier leads in.
    pub(crate) fn is_found_by(&self, identifier: &Identifier) -> bool {
        self.usable().any(|method| method.credential.identifier() == *identifier)
    }
}
