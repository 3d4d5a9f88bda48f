//! Deletion, and the purge that ends it (SPEC 9).

use super::Engine;
use super::account::AccountHandle;
use crate::error::Error;
use crate::records::deletion::Deletion;
use crate::records::purge::{PurgeReport, Purged, Remains};
use crate::records::verdict::{Change, Verdict};
use crate::rules::purge::ROWS_AT_ONCE;
use crate::rules::{deletion, purge};

/// Reminders that one call turns into messages, so that its act stays within a store's limits.
const REMINDED_AT_ONCE: usize = 4;
/// Accounts that one call purges, and acts that it needs for them, at most.
const PURGED_AT_ONCE: usize = 256;
const ACTS_AT_ONCE: usize = 1_024;

impl AccountHandle {
    /// Asks for the account's deletion: all its sessions end, every verified address is told, and it can be
    /// restored by signing in until the time that is returned (SPEC 9.1). The proof of the first factor is
    /// enough, so that who lost the second can leave too (SPEC 9.7).
    ///
    /// # Errors
    /// [`Refusal::ReauthenticationRequired`](crate::Refusal::ReauthenticationRequired) when the session's
    /// proof is older than policy's `fresh_for`.
    pub fn request_deletion(&self) -> Result<Deletion, Error> {
        self.act_fresh(|_, ctx, fresh| Ok(deletion::request(fresh, ctx)))
    }
}

impl Engine {
    /// Purges up to `limit` accounts (256 at once) whose time to be restored is over, in acts of a bounded
    /// size. It can be cut off at any point and called again: what was begun goes on, nothing is done
    /// twice (SPEC 9.4).
    ///
    /// What is due is looked at twice, a day apart: an account goes in a call that comes 24 hours or more
    /// after one that saw it due. Call it once a day, or as the report says.
    ///
    /// # Errors
    /// [`Error`] from the store.
    pub fn purge_due(&self, limit: usize) -> Result<PurgeReport, Error> {
        self.purge(limit, ACTS_AT_ONCE)
    }

    /// The same in at most so many acts, for tests that cut a purge off.
    ///
    /// # Errors
    /// As [`Self::purge_due`].
    #[cfg(feature = "testing")]
    pub fn purge_due_within(&self, limit: usize, acts: usize) -> Result<PurgeReport, Error> {
        self.purge(limit, acts)
    }

    fn purge(&self, limit: usize, acts: usize) -> Result<PurgeReport, Error> {
        self.act(|view, ctx| {
            let sightings = view.meta()?.sightings;
            let unseen = view.is_due_since(sightings.iter().max().copied())?;
            let sighted = purge::sighted(&sightings, unseen, ctx);
            Ok(Verdict::done((), sighted.map(Change::Sightings).into_iter().collect()))
        })?;
        let mut receipts = Vec::new();
        for _ in 0..acts {
            if receipts.len() >= limit.min(PURGED_AT_ONCE) {
                break;
            }
            let purged = self.act(|view, ctx| {
                let sightings = view.meta()?.sightings;
                let due = view.first_due()?;
                let Some(due) = due.filter(|due| purge::is_ripe(due.purge_at, &sightings, ctx)) else {
                    return Ok(Verdict::done(None, Vec::new()));
                };
                let account = view.stored(due.account)?;
                let remains = match &account {
                    Some(account) => view.remains(account, ROWS_AT_ONCE)?,
                    None => Remains::default(),
                };
                Ok(purge::step(due, account.as_ref(), remains, ctx).map(Some))
            })?;
            match purged {
                Some(Purged::Gone(receipt)) => receipts.push(receipt),
                Some(Purged::Going | Purged::Stale) => {}
                None => break,
            }
        }
        self.look(|view, ctx| {
            let sightings = view.meta()?.sightings;
            let due = view.first_due()?.map(|due| due.purge_at);
            let more = due.is_some_and(|purge_at| purge::is_ripe(purge_at, &sightings, ctx));
            let next_look = if more {
                Some(ctx.now)
            } else {
                purge::next_look(due, view.first_coming()?, &sightings, ctx)
            };
            Ok(Ok(PurgeReport { receipts: receipts.clone(), more, next_look }))
        })
    }

    /// Reminders that are due become messages (SPEC 9.1).
    pub(super) fn remind(&self) -> Result<(), Error> {
        self.act(|view, ctx| {
            let mut due = Vec::new();
            for reminder in view.reminders_due(REMINDED_AT_ONCE)? {
                due.push((reminder, view.account(reminder.account)?));
            }
            Ok(deletion::remind(due, ctx))
        })
    }
}
