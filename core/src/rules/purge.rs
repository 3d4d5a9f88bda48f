//! The purge: what is left of an account goes, in acts of a bounded size, after a second look (SPEC 9.4).

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::account::{Account, Identifier, Status};
use super::mail::{Body, Outgoing};
use super::provider::Identity;
use super::verdict::{Change, Context, Verdict};
use crate::ground::codec::Record;
use crate::ground::id::AccountId;
use crate::ground::time::Timestamp;

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// Rows that one act removes at most: with its messages it stays within a store's limits.
pub(crate) const ROWS_AT_ONCE: usize = 200;

/// What a call of `purge_due` came to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PurgeReport {
    /// One for each account that is gone now.
    pub receipts: Vec<PurgeReceipt>,
    /// Whether there is more to do at once: call again.
    pub more: bool,
    /// When it is worth to call again, where nothing is left for now; nothing where no deletion waits.
    pub next_look: Option<Timestamp>,
}

/// What was removed of an account (SPEC 9.4).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PurgeReceipt {
    /// The account.
    pub account: AccountId,
    /// From when on it was absent.
    pub purge_at: Timestamp,
    /// When the last of its rows went.
    pub purged_at: Timestamp,
    /// How many rows of which tables, in the order of their names.
    pub removed: Vec<RemovedRows>,
}

/// Rows of one table.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RemovedRows {
    /// The table's name in [`TABLES`](crate::TABLES).
    pub table: String,
    /// How many of its rows.
    pub rows: u32,
}

/// How far a purge has come: stored, so that one that was cut off goes on with the same receipt.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Purging {
    pub(crate) removed: Vec<RemovedRows>,
}

impl Record for Purging {
    const VERSION: u8 = 1;
}

/// All that stays of an account (SPEC 1.1).
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub(crate) struct Tombstone {
    pub(crate) account: AccountId,
    pub(crate) at: Timestamp,
}

impl Record for Tombstone {
    const VERSION: u8 = 1;
}

/// A purge that is due.
pub(crate) struct DuePurge {
    pub(crate) purge_at: Timestamp,
    pub(crate) account: AccountId,
    pub(crate) progress: Purging,
}

/// What is left of an account, as far as one act can remove it.
#[derive(Default)]
pub(crate) struct Remains {
    /// Table and key of each row.
    pub(crate) rows: Vec<(&'static str, Vec<u8>)>,
    /// Whether that is all but the account itself.
    pub(crate) is_all: bool,
    /// The identities that nobody else has taken over meanwhile.
    pub(crate) grants: Vec<Identity>,
}

/// What one act of a purge came to.
pub(crate) enum Purged {
    /// The account is gone.
    Gone(PurgeReceipt),
    /// There is more of it.
    Going,
    /// It is not to be purged then.
    Stale,
}

/// Whether the second look at this deletion has come: it was seen due a day ago or earlier, by a clock
/// that does not stand before that sighting now.
pub(crate) fn is_ripe(purge_at: Timestamp, sightings: &[Timestamp], ctx: &Context<'_>) -> bool {
    sightings.iter().any(|seen| purge_at <= *seen && ctx.now >= *seen + DAY && ctx.wall >= *seen)
}

/// The sightings with a new one, where something is due that none of them saw: one a day at most. Of
/// those that are a day old the latest says all.
pub(crate) fn sighted(sightings: &[Timestamp], unseen: bool, ctx: &Context<'_>) -> Option<Vec<Timestamp>> {
    let today = ctx.now.day();
    if !unseen || sightings.iter().any(|seen| seen.day() == today) {
        return None;
    }
    let latest_old = sightings.iter().filter(|seen| ctx.now >= **seen + DAY).max();
    let recent = sightings.iter().filter(|seen| ctx.now < **seen + DAY);
    Some(latest_old.into_iter().chain(recent).copied().chain([ctx.now]).collect())
}

/// When looking again is worth it: `due` is the first purge that is due and not ripe, `coming` the first
/// that is not due.
pub(crate) fn next_look(
    due: Option<Timestamp>,
    coming: Option<Timestamp>,
    sightings: &[Timestamp],
    ctx: &Context<'_>,
) -> Option<Timestamp> {
    let due = due.map(|purge_at| {
        let seen = sightings.iter().filter(|seen| purge_at <= **seen).min();
        seen.map_or_else(|| ctx.now.next_day(), |seen| *seen + DAY)
    });
    due.into_iter().chain(coming).min()
}

/// One act of a purge.
pub(crate) fn step(
    due: DuePurge,
    account: Option<&Account>,
    remains: Remains,
    ctx: &Context<'_>,
) -> Verdict<Purged> {
    let DuePurge { purge_at, account: id, mut progress } = due;
    let pending = account.filter(
        |account| matches!(account.status, Status::PendingDeletion { purge_at: at, .. } if at == purge_at),
    );
    let Some(account) = pending else {
        return Verdict::done(Purged::Stale, vec![Change::DeletionUnscheduled { account: id, purge_at }]);
    };
    for (table, _) in &remains.rows {
        progress.count(table);
    }
    let keys = remains.rows.into_iter().map(|(_, key)| key).collect();
    let mut changes = vec![Change::RowsPurged(keys)];
    if !remains.is_all {
        changes.push(Change::Purging { account: id, purge_at, progress });
        return Verdict::done(Purged::Going, changes);
    }
    progress.count("account");
    progress.count("purge");
    changes.extend(remains.grants.into_iter().map(|Identity { provider, subject, .. }| {
        // For the host itself: it speaks with the providers.
        Change::Send(Outgoing::new("", Body::RevokeGrant { provider, subject }, "", ctx.now))
    }));
    changes.push(Change::DeletionUnscheduled { account: id, purge_at });
    let tombstone = Tombstone { account: id, at: ctx.now };
    changes.push(Change::Buried { tombstone, revision: account.revision });
    let receipt = PurgeReceipt { account: id, purge_at, purged_at: ctx.now, removed: progress.removed };
    Verdict::done(Purged::Gone(receipt), changes)
}

impl Purging {
    fn count(&mut self, table: &str) {
        match self.removed.binary_search_by(|removed| removed.table.as_str().cmp(table)) {
            Ok(at) => {
                if let Some(removed) = self.removed.get_mut(at) {
                    removed.rows = removed.rows.saturating_add(1);
                }
            }
            Err(at) => self.removed.insert(at, RemovedRows { table: table.to_owned(), rows: 1 }),
        }
    }
}

impl Account {
    /// Everything that the account may be claimed by.
    pub(crate) fn identifiers(&self) -> impl Iterator<Item = Identifier> {
        let customers = self.memberships.iter().filter_map(|membership| {
            membership.billing.as_ref().map(|billing| Identifier::Customer(billing.customer.clone()))
        });
        let external = self.origin.iter().map(|origin| Identifier::External(origin.external_id.clone()));
        self.ways.identifiers().chain(customers).chain(external)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::draw::Draw;
    use crate::crypto::entropy::SeededEntropy;
    use crate::rules::decisions::Bench;

    fn at(hours: u64) -> Timestamp {
        Timestamp::from_millis(hours * 60 * 60 * 1_000)
    }

    /// Runs with engine time and wall clock at these hours.
    fn when<T>(now: u64, wall: u64, run: impl FnOnce(&Context<'_>) -> T) -> T {
        let (bench, draw) = (Bench::new(), Draw::new(&SeededEntropy::new(1)).unwrap());
        run(&Context { now: at(now), wall: at(wall), ..bench.context(&draw) })
    }

    #[test]
    fn r9_4_a_purge_waits_a_day_after_its_sighting_and_for_a_clock_that_is_past_it() {
        for (purge_at, seen, now, wall, ripe) in [
            (10, 12, 36, 36, true),
            (12, 12, 36, 36, true),
            (13, 12, 36, 36, false),
            (10, 12, 35, 35, false),
            (10, 12, 36, 11, false),
            (10, 12, 36, 12, true),
        ] {
            let is = when(now, wall, |ctx| is_ripe(at(purge_at), &[at(seen)], ctx));
            assert_eq!(is, ripe, "{purge_at} {seen} {now} {wall}");
        }
        assert!(!when(36, 36, |ctx| is_ripe(at(1), &[], ctx)));
    }

    #[test]
    fn r9_4_there_is_one_sighting_a_day_and_few_are_kept() {
        let sighted = |sightings: &[u64], unseen, now| {
            let sightings: Vec<_> = sightings.iter().map(|hours| at(*hours)).collect();
            when(now, now, |ctx| sighted(&sightings, unseen, ctx))
        };
        assert_eq!(sighted(&[], false, 30), None);
        assert_eq!(sighted(&[], true, 30), Some(vec![at(30)]));
        assert_eq!(sighted(&[30], true, 47), None, "the same day");
        assert_eq!(sighted(&[30], true, 48), Some(vec![at(30), at(48)]));
        assert_eq!(sighted(&[10, 30, 48], true, 72), Some(vec![at(48), at(72)]));
    }

    #[test]
    fn r9_4_the_next_look_is_when_something_can_happen() {
        let next = |due: Option<u64>, coming: Option<u64>, sightings: &[u64]| {
            let sightings: Vec<_> = sightings.iter().map(|hours| at(*hours)).collect();
            when(50, 50, |ctx| next_look(due.map(at), coming.map(at), &sightings, ctx))
        };
        assert_eq!(next(None, None, &[]), None);
        assert_eq!(next(None, Some(60), &[]), Some(at(60)));
        assert_eq!(next(Some(40), Some(60), &[49]), Some(at(60)));
        assert_eq!(next(Some(40), None, &[49]), Some(at(73)));
        assert_eq!(next(Some(50), None, &[49]), Some(at(72)), "seen tomorrow at the earliest");
    }
}
