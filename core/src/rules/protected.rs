//! Protected acts: a change of an account's sign-in methods is notified and can be undone (SPEC 1.12, 7.3).

use std::time::Duration;

use crate::ground::email::EmailAddress;
use crate::ground::time::{DAY, Timestamp};
use crate::records::account::Account;
use crate::records::context::Context;
use crate::records::identifier::Identifier;
use crate::records::message::Body;
use crate::records::protected::{ProtectedAct, Reserved};
use crate::records::undo::{Undo, UndoCode};
use crate::records::verdict::Change;
use crate::rules::notices;

/// The most identifiers that an account can reserve at a time.
const RESERVED_AT_ONCE: usize = 32;

impl ProtectedAct {
    /// How long the act can be undone. Turning MFA on has a shorter time, because until then the undo code alone
    /// defeats the new second factor. The time lets an owner whom a stranger's factor locks out undo it (SPEC 7.3).
    fn undo_life(self) -> Duration {
        match self {
            Self::MfaTurnedOn => DAY * 3,
            _ => DAY * 7,
        }
    }
}

/// A protected act on an account. Every one goes through [`Protected::write`].
pub(crate) struct Protected<'a> {
    /// The account before the act.
    pub(crate) before: &'a Account,
    pub(crate) act: ProtectedAct,
    /// The notice to the addresses that were verified before the act.
    pub(crate) notice: Body,
    pub(crate) device: &'a str,
    /// Whether the act gets an undo code. The owner may waive it to free an identifier at once (SPEC 1.7), or
    /// because the mailbox for the code is lost (SPEC 7.3).
    pub(crate) can_be_undone: bool,
}

impl Protected<'_> {
    /// Adds what the act writes besides the account. Returns the account, which the caller writes with its event.
    pub(crate) fn write(self, mut after: Account, changes: &mut Vec<Change>, ctx: &Context<'_>) -> Account {
        let before = self.before;
        let recipient = recipient(before, &after).filter(|_| self.can_be_undone);
        let until = ctx.throttle_clock + self.act.undo_life();
        let code = UndoCode::draw(ctx.draw);

        after
            .reserved
            .retain(|held| ctx.throttle_clock < held.until && !after.credentials.has(&held.identifier));
        if recipient.is_some() {
            after.undo_until = after.undo_until.max(Some(until));
            let revision = before.revision;
            let taken =
                before.credentials.identifiers().filter(|identifier| !after.credentials.has(identifier));
            after.reserved.extend(taken.map(|identifier| Reserved { identifier, until, revision }));
            let surplus = after.reserved.len().saturating_sub(RESERVED_AT_ONCE);
            after.reserved.drain(..surplus);
            let undo = Undo {
                act: self.act,
                revision,
                before: before.credentials.clone(),
                made_at: ctx.now,
                expires_at: until,
            };
            changes.push(Change::Undoable {
                account: before.id,
                hash: code.hash(ctx.keys),
                undo: Box::new(undo),
            });
        }
        changes.extend(rows(before, &after, ctx.throttle_clock));
        changes.push(Change::PendingVoid(before.id));
        for email in before.verified() {
            let mut message = notices::to(email, before, &self.notice, self.device, ctx);
            message.undo = (recipient == Some(email)).then(|| (code.clone(), ctx.shown(until)));
            changes.push(Change::Send(message));
        }
        after
    }
}

/// The address that gets the undo code: the one that the act removed, otherwise the contact before the act
/// (SPEC 7.3). Without either, nobody can undo the act.
fn recipient<'a>(before: &'a Account, after: &Account) -> Option<&'a EmailAddress> {
    let contact = before.credentials.contact.as_ref();
    let taken_away = |email: &&EmailAddress| !after.has_verified(email);
    contact.filter(taken_away).or_else(|| before.verified().find(taken_away)).or(contact)
}

/// The changes of what others find the account by: claims and verified addresses.
pub(crate) fn rows(before: &Account, after: &Account, slow: Timestamp) -> Vec<Change> {
    let account = after.id;
    let all = |of: &Account| -> Vec<Identifier> {
        of.credentials.identifiers().chain(of.reserved.iter().map(|held| held.identifier.clone())).collect()
    };
    let (old, new) = (all(before), all(after));
    let freed = old.iter().filter(|identifier| !new.contains(identifier));
    // An identifier whose reservation expired may belong to another account now.
    let claimed = new.iter().filter(|identifier| !before.claims(identifier, slow));
    let hidden = before.verified().filter(|email| !after.has_verified(email));
    let proven = after.verified().filter(|email| !before.has_verified(email));
    let (was_unproven, is_unproven) =
        (before.credentials.unproven_password(), after.credentials.unproven_password());
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
