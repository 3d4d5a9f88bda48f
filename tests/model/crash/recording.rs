//! Recordings of acts on a disk: when each commit was acknowledged, and the rows after it.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use selfsame::testing::{Medium, MemoryMedium, Read, RedbStore, Settings, Store, StoreError, TallyKey};
use selfsame::{Anchor, Engine};

use super::disk::{Disk, Op};
use super::image::Walk;

pub(crate) type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Acts on a disk that was empty at first.
#[derive(Default)]
pub(crate) struct Recording {
    pub(crate) name: String,
    pub(crate) log: Vec<Op>,
    /// The keys of the integrity check, in the order of their use.
    pub(crate) keys: Vec<Arc<TallyKey>>,
    /// The length of the recording when each commit was acknowledged, in order.
    acks: Vec<(usize, u64)>,
    /// The rows after each commit.
    rows: BTreeMap<u64, Rows>,
    /// How many unacknowledged commits may exist when one is acknowledged.
    ahead: u64,
    /// Where the crashes begin.
    pub(crate) from: usize,
    /// Whether the store opens without verification, as it was created.
    pub(crate) is_trusted: bool,
}

/// The commit that a store has after a crash.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Found {
    /// The last acknowledged commit.
    Acknowledged,
    /// A complete commit that was not acknowledged yet.
    InFlight,
    /// None: the store does not open, and its creation was not acknowledged yet.
    NotMade,
}

impl Recording {
    pub(crate) fn named(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// Notes that everything the engine has done is acknowledged.
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

    /// Notes an acknowledgement while others act. The rows must be [filled in](Self::fill) later.
    pub(crate) fn acknowledge_among_others(&mut self, disk: &Disk, engine: &Engine) {
        let stamp = engine.commits().unwrap();
        self.ahead = 1;
        self.acks.push((disk.recorded(), stamp));
    }

    /// Notes an acknowledgement of a store without an engine.
    pub(crate) fn acknowledge_store(&mut self, disk: &Disk, store: &RedbStore) {
        let (stamp, rows) = (store.commit_stamp().unwrap(), rows_of(store).unwrap());
        self.rows.insert(stamp, rows);
        self.acks.push((disk.recorded(), stamp));
    }

    /// Reads from the undamaged disk the rows of commits that were acknowledged together with later ones.
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

    /// Changes the recording to one of a disk that never synced.
    pub(crate) fn without_syncs(&mut self) {
        let place = |at: usize| self.log[..at].iter().filter(|op| **op != Op::Sync).count();
        self.acks = self.acks.iter().map(|(at, stamp)| (place(*at), *stamp)).collect();
        self.from = place(self.from);
        self.log.retain(|op| *op != Op::Sync);
    }

    /// Changes the recording so that the last commit is acknowledged once anything of it was written.
    pub(crate) fn acknowledge_early(&mut self) {
        let from = self.from;
        self.acks.last_mut().unwrap().0 = from + 1;
    }

    /// Returns the last acknowledged commit at this point, and the last one that may exist.
    pub(crate) fn range(&self, at: usize) -> Option<(u64, u64)> {
        let next = self.acks.partition_point(|(acknowledged, _)| *acknowledged <= at);
        let (_, low) = *self.acks.get(next.checked_sub(1)?)?;
        let later = self.acks[next..].iter().find(|(_, stamp)| *stamp > low);
        Some((low, later.map_or(low, |(_, high)| *high) + self.ahead))
    }

    /// Returns the length of the recording when the last commit was acknowledged.
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

    /// Opens the store as an engine would. Returns its commit stamp and its rows.
    pub(crate) fn opened(&self, image: Vec<u8>) -> Result<(u64, Rows), StoreError> {
        self.open(Arc::new(MemoryMedium::holding(image)), None)
    }

    /// Opens a store on any medium, with an anchor.
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
            // Another key may fit the rows.
            if !matches!(opened, Err(StoreError::Damaged)) {
                break;
            }
        }
        let store = opened?;
        Ok((store.commit_stamp()?, rows_of(&store)?))
    }

    /// Compares the opened store with the commits that may exist after a crash.
    pub(crate) fn judge(&self, at: usize, opened: Result<(u64, Rows), StoreError>) -> Result<Found, String> {
        let Some((low, high)) = self.range(at) else {
            return match opened {
                Err(StoreError::NotAStore | StoreError::Damaged) => Ok(Found::NotMade),
                Err(error) => Err(format!("before the first commit the store does not open: {error:?}")),
                Ok((stamp, rows)) if self.rows.get(&stamp) == Some(&rows) => Ok(Found::InFlight),
                Ok((stamp, _)) => {
                    Err(format!("before the first commit the store has wrong rows, stamp {stamp}"))
                }
            };
        };
        let (stamp, rows) = opened.map_err(|error| format!("the store does not open: {error:?}"))?;
        if !(low..=high).contains(&stamp) {
            return Err(format!("the store has commit {stamp}; {low} was acknowledged and {high} came next"));
        }
        match self.rows.get(&stamp) {
            Some(expected) if *expected == rows => {
                Ok(if stamp == low { Found::Acknowledged } else { Found::InFlight })
            }
            Some(_) => Err(format!("commit {stamp} has wrong rows")),
            None => Err(format!(
                "commit {stamp} is only a part of an act; {low} was acknowledged and {high} came next"
            )),
        }
    }
}

fn rows_of(store: &RedbStore) -> Result<Rows, StoreError> {
    let mut rows = Rows::new();
    store.read(&mut |read| {
        read.scan(&[], &[u8::MAX; 64], usize::MAX, &mut |key, value| {
            rows.insert(key.to_vec(), value.to_vec());
            ControlFlow::Continue(())
        })
    })?;
    Ok(rows)
}
