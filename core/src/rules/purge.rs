//! The purge: acts of bounded size remove what remains of an account, after a second look (SPEC 9.4).

use std::time::Duration;

use crate::ground::time::{DAY, Timestamp};
use crate::records::account::{Account, Status};
use crate::records::clock::{Sighting, StoredClock};
use crate::records::context::Context;
use crate::records::message::{Body, Outgoing};
use crate::records::provider::Identity;
use crate::records::purge::{DuePurge, PurgeReceipt, Purged, Remains, Tombstone};
use crate::records::verdict::{Change, Verdict};

/// The most rows that one act removes. With its messages, the act stays within a store's limits.
pub(crate) const ROWS_AT_ONCE: usize = 200;

/// Whether the second look at this deletion is possible: the purge was seen to be due at least a day of steady
/// time ago, and the wall clock does not show a time before that sighting.
pub(crate) fn is_ripe(purge_at: Timestamp, sightings: &[Sighting], ctx: &Context<'_>) -> bool {
    sightings
        .iter()
        .any(|seen| purge_at <= seen.slow && left(seen, ctx.steady).is_zero() && ctx.wall >= seen.wall)
}

/// Adds a sighting if a purge is due that none of them saw, at most one a day. Of those that are a day old,
/// only the latest is kept, because it covers the others.
pub(crate) fn sighted(clock: &StoredClock, wall: Timestamp, unseen: bool) -> Option<Vec<Sighting>> {
    let time = &clock.time;
    if !unseen || clock.sightings.iter().any(|seen| seen.slow.day() == time.slow.day()) {
        return None;
    }
    let is_old = |seen: &Sighting| left(seen, time.steady()).is_zero();
    let latest_old = clock.sightings.iter().copied().filter(is_old).max_by_key(|seen| seen.slow);
    let recent = clock.sightings.iter().copied().filter(|seen| !is_old(seen));
    let new = Sighting { wall, slow: time.slow, steady_ms: time.steady_ms };
    Some(latest_old.into_iter().chain(recent).chain([new]).collect())
}

/// When the next look is useful. `due` is the first purge that is due but not ripe, `coming` the first that is
/// not due.
pub(crate) fn next_call_at(
    due: Option<Timestamp>,
    coming: Option<Timestamp>,
    sightings: &[Sighting],
    ctx: &Context<'_>,
) -> Option<Timestamp> {
    let due = due.map(|purge_at| {
        ripens(purge_at, sightings, ctx).unwrap_or_else(|| ctx.shown(ctx.throttle_clock.next_day()))
    });
    due.into_iter().chain(coming.map(|coming| ctx.shown(coming))).min()
}

/// When this purge can be carried out, if it was seen to be due.
pub(crate) fn ripens(purge_at: Timestamp, sightings: &[Sighting], ctx: &Context<'_>) -> Option<Timestamp> {
    let seen = sightings.iter().filter(|seen| purge_at <= seen.slow).min_by_key(|seen| seen.slow)?;
    Some(ctx.now + left(seen, ctx.steady))
}

/// How much of the day after a sighting is left.
fn left(seen: &Sighting, steady: Duration) -> Duration {
    (Duration::from_millis(seen.steady_ms) + DAY).saturating_sub(steady)
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
    for email in remains.proven {
        progress.count("email");
        changes.push(Change::Unproven { email, account: id });
    }
    if !remains.is_all {
        changes.push(Change::Purging { account: id, purge_at, progress });
        return Verdict::done(Purged::Going, changes);
    }
    progress.count("account");
    progress.count("purge");
    changes.extend(remains.grants.into_iter().map(|Identity { provider, subject, .. }| {
        // This message is for the host itself, which talks to the providers.
        Change::Send(Outgoing::new("", Body::RevokeGrant { provider, subject }, "", ctx))
    }));
    changes.push(Change::DeletionUnscheduled { account: id, purge_at });
    let tombstone = Tombstone { account: id, at: ctx.now };
    changes.push(Change::Buried { tombstone, revision: account.revision });
    let receipt = PurgeReceipt {
        account: id,
        purge_at: ctx.shown(purge_at),
        purged_at: ctx.now,
        removed: progress.removed,
    };
    Verdict::done(Purged::Gone(receipt), changes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::crypto::draw::Draw;
    use crate::crypto::entropy::SeededEntropy;
    use crate::ground::time::Reading;
    use crate::records::clock::Timeline;
    use crate::rules::bench::Bench;

    fn at(hours: u64) -> Timestamp {
        Timestamp::from_millis(hours * 60 * 60 * 1_000)
    }

    fn seen(hours: &[u64]) -> Vec<Sighting> {
        hours
            .iter()
            .map(|hours| Sighting { wall: at(*hours), slow: at(*hours), steady_ms: at(*hours).as_millis() })
            .collect()
    }

    /// Runs with the slow clock and steady time at `now`, and the wall clock at `wall`.
    fn when<T>(now: u64, wall: u64, run: impl FnOnce(&Context<'_>) -> T) -> T {
        let (bench, draw) = (Bench::new(), Draw::new(&SeededEntropy::new(1)).unwrap());
        let steady = Duration::from_millis(at(now).as_millis());
        let ctx = bench.context(&draw);
        run(&Context { now: at(now), wall: at(wall), throttle_clock: at(now), steady, ..ctx })
    }

    #[test]
    fn r9_4_a_purge_waits_a_day_after_its_sighting_and_until_the_clock_is_past_it() {
        for (purge_at, sighting, now, wall, ripe) in [
            (10, 12, 36, 36, true),
            (12, 12, 36, 36, true),
            (13, 12, 36, 36, false),
            (10, 12, 35, 35, false),
            (10, 12, 36, 11, false),
            (10, 12, 36, 12, true),
        ] {
            let is = when(now, wall, |ctx| is_ripe(at(purge_at), &seen(&[sighting]), ctx));
            assert_eq!(is, ripe, "{purge_at} {sighting} {now} {wall}");
        }
        assert!(!when(36, 36, |ctx| is_ripe(at(1), &[], ctx)));
    }

    #[test]
    fn r9_4_the_day_after_a_sighting_is_steady_time() {
        // The slow clock counts how long the device was off, and steady time does not.
        for (steady, ripe) in [(35, false), (36, true)] {
            let steady = Duration::from_millis(at(steady).as_millis());
            let is = when(1_000, 1_000, |ctx| is_ripe(at(10), &seen(&[12]), &Context { steady, ..*ctx }));
            assert_eq!(is, ripe);
        }
    }

    #[test]
    fn r9_4_there_is_one_sighting_a_day_and_few_are_kept() {
        let sighted = |sightings: &[u64], unseen, now| {
            let mut time = Timeline::new(Reading { wall_ms: at(now).as_millis(), elapsed_ms: 0, boot: None });
            time.steady_ms = at(now).as_millis();
            sighted(&StoredClock { time, sightings: seen(sightings), events: 0 }, at(now), unseen)
        };
        assert_eq!(sighted(&[], false, 30), None);
        assert_eq!(sighted(&[], true, 30), Some(seen(&[30])));
        assert_eq!(sighted(&[30], true, 47), None, "the same day");
        assert_eq!(sighted(&[30], true, 48), Some(seen(&[30, 48])));
        assert_eq!(sighted(&[10, 30, 48], true, 72), Some(seen(&[48, 72])));
    }

    #[test]
    fn r9_4_the_next_call_is_when_something_can_happen() {
        let next = |due: Option<u64>, coming: Option<u64>, sightings: &[u64]| {
            when(50, 50, |ctx| next_call_at(due.map(at), coming.map(at), &seen(sightings), ctx))
        };
        assert_eq!(next(None, None, &[]), None);
        assert_eq!(next(None, Some(60), &[]), Some(at(60)));
        assert_eq!(next(Some(40), Some(60), &[49]), Some(at(60)));
        assert_eq!(next(Some(40), None, &[49]), Some(at(73)));
        assert_eq!(next(Some(50), None, &[49]), Some(at(72)), "the first sighting is possible tomorrow");
    }
}
