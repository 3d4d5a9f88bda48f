//! What was recorded of acts on a disk, what was acknowledged when, and what each commit's rows are.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use selfsame::testing::{Medium, MemoryMedium, Read, RedbStore, Settings, Store, StoreError, TallyKey};
use selfsame::{Anchor, Engine};

use super::disk::{Disk, Op};
use super::image::Walk;

pub(crate) type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Acts on a disk that was empty.
#[derive(Default)]
pub(crate) struct Recording {
    pub(crate) name: String,
    pub(crate) log: Vec<Op>,
    /// What the store's rows were held against, from first to last.
    pub(crate) keys: Vec<Arc<TallyKey>>,
    /// How much was recorded when which commit was acknowledged, in order.
    acks: Vec<(usize, u64)>,
    /// The rows after each commit.
    rows: BTreeMap<u64, Rows>,
    /// How many commits may be under way when one is acknowledged.
    ahead: u64,
    /// Crashes before this are of no interest.
    pub(crate) from: usize,
    /// Whether it is opened without being read as a whole, as it was made.
    pub(crate) is_trusted: bool,
}

/// What is found of a commit after a crash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Found {
    /// The last that was acknowledged, and nothing more.
    Acknowledged,
    /// One under way, whole.
    InFlight,
    /// The store does not open, and nobody has been told of it yet.
    NotMade,
}

impl Recording {
    pub(crate) fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Everything that the engine has done is acknowledged.
    pub(crate) fn acknowledge(&mut self, disk: &Disk, engine: &Engine) {
        let stamp = engine.commits().unwrap();
        let key = engine.tally_key().unwrap();
        if self.keys.last().is_none_or(|last| !Arc::ptr_eq(last, &key)) {
            self.keys.push(key);
        }
        if self.acks.last().is_none_or(|(_, last)| *last < stamp) {
            self.rows.insert(stamp, engine.dump().unwrap());
            self.acks.push((disk.recorded(), stamp));
        }
    }

    /// The same while others are at work, so that the rows are to be [filled in](Self::fill).
    pub(crate) fn acknowledge_among_others(&mut self, disk: &Disk, engine: &Engine) {
        let stamp = engine.commits().unwrap();
        self.ahead = 1;
        self.acks.push((disk.recorded(), stamp));
    }

    /// The same, of a store without an engine.
    pub(crate) fn acknowledge_store(&mut self, disk: &Disk, store: &RedbStore) {
        let (stamp, rows) = (store.commit_stamp().unwrap(), rows_of(store).unwrap());
        self.rows.insert(stamp, rows);
        self.acks.push((disk.recorded(), stamp));
    }

    /// The rows of commits that were acknowledged together with later ones, as the undamaged disk has them.
    pub(crate) fn fill(&mut self) {
        let (mut walk, mut found) = (Walk::new(Vec::new(), &self.log), Vec::new());
        for (at, op) in self.log.iter().enumerate() {
            walk.go_to(at);
            let known = |(low, high)| (low..=high).all(|stamp| self.rows.contains_key(&stamp));
            let is_known = self.range(at).is_some_and(known);
            if matches!(op, Op::Sync | Op::Replaced(_)) && !is_known {
                found.extend(self.opened(walk.live()));
            }
        }
        for (stamp, rows) in found {
            self.rows.entry(stamp).or_insert(rows);
        }
    }

    /// The same on a disk that never synced.
    pub(crate) fn without_syncs(&mut self) {
        let place = |at: usize| self.log[..at].iter().filter(|op| **op != Op::Sync).count();
        self.acks = self.acks.iter().map(|(at, stamp)| (place(*at), *stamp)).collect();
        self.from = place(self.from);
        self.log.retain(|op| *op != Op::Sync);
    }

    /// The same with the last commit acknowledged as soon as anything of it was written.
    pub(crate) fn acknowledge_early(&mut self) {
        let from = self.from;
        self.acks.last_mut().unwrap().0 = from + 1;
    }

    /// The last commit acknowledged by then, and the last that may be there.
    pub(crate) fn range(&self, at: usize) -> Option<(u64, u64)> {
        let next = self.acks.partition_point(|(acknowledged, _)| *acknowledged <= at);
        let (_, low) = *self.acks.get(next.checked_sub(1)?)?;
        let later = self.acks[next..].iter().find(|(_, stamp)| *stamp > low);
        Some((low, later.map_or(low, |(_, high)| *high) + self.ahead))
    }

    /// How much was recorded when the last commit was acknowledged.
    pub(crate) fn last_acknowledged(&self) -> usize {
        self.acks.last().unwrap().0
    }

    pub(crate) fn last_commits(&self) -> (u64, u64) {
        let of = |back: usize| self.acks[self.acks.len() - back].1;
        (of(2), of(1))
    }

    pub(crate) fn rows(&self, stamp: u64) -> &Rows {
        &self.rows[&stamp]
    }

    /// Opens what was recorded here as an engine would: its commit stamp and its rows.
    pub(crate) fn opened(&self, image: Vec<u8>) -> Result<(u64, Rows), StoreError> {
        self.open(Arc::new(MemoryMedium::holding(image)), None)
    }

    /// The same on any medium, with what an anchor keeps.
    pub(crate) fn open(
        &self,
        medium: Arc<dyn Medium>,
        anchor: Option<Arc<dyn Anchor>>,
    ) -> Result<(u64, Rows), StoreError> {
        let settings = Settings { cache_bytes: 1 << 20, verify: !self.is_trusted, ..Settings::default() };
        let mut opened = Err(StoreError::Damaged);
        for key in &self.keys {
            let key = Arc::clone(key);
            let keyring = Arc::new(move |_: &dyn Read| Ok(key.clone()));
            opened = RedbStore::open(medium.clone(), settings, anchor.clone(), keyring);
            // Its rows may be held against another.
            if !matches!(opened, Err(StoreError::Damaged)) {
                break;
            }
        }
        let store = opened?;
        Ok((store.commit_stamp()?, rows_of(&store)?))
    }

    /// Holds what a store opened with against what may be there after a crash.
    pub(crate) fn judge(&self, at: usize, opened: Result<(u64, Rows), StoreError>) -> Result<Found, String> {
        let Some((low, high)) = self.range(at) else {
            return match opened {
                Err(StoreError::NotAStore | StoreError::Damaged) => Ok(Found::NotMade),
                Err(error) => Err(format!("before the first commit it does not open: {error:?}")),
                Ok((stamp, rows)) if self.rows.get(&stamp) == Some(&rows) => Ok(Found::InFlight),
                Ok((stamp, _)) => Err(format!("before the first commit it has other rows, stamp {stamp}")),
            };
        };
        let (stamp, rows) = opened.map_err(|error| format!("it does not open: {error:?}"))?;
        if !(low..=high).contains(&stamp) {
            return Err(format!("commit {stamp}, where {low} was acknowledged and {high} was the next"));
        }
        match self.rows.get(&stamp) {
            Some(expected) if *expected == rows => {
                Ok(if stamp == low { Found::Acknowledged } else { Found::InFlight })
            }
            Some(_) => Err(format!("the rows of commit {stamp} are others")),
            None => {
                Err(format!("commit {stamp} is part of an act: {low} was acknowledged, {high} was the next"))
            }
        }
    }
}

fn rows_of(store: &RedbStore) -> Result<Rows, StoreError> {
    let mut rows = Rows::new();
    store.read(&mut |read| {
        read.scan(&[], &[u8::MAX; 64], &mut |key, value| {
            rows.insert(key.to_vec(), value.to_vec());
            ControlFlow::Continue(())
        })
    })?;
    Ok(rows)
}
