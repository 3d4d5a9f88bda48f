//! A store that notes what each act reads and writes.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, MutexGuard};

use selfsame::Table;
use selfsame::testing::{Decide, Read, Row, Store, StoreError, Visit, Write};

/// The rows that an act read and wrote.
#[derive(Clone, Debug, Default)]
pub(super) struct Footprint {
    read: BTreeSet<Vec<u8>>,
    pub(super) ranges: Vec<Range>,
    pub(super) written: BTreeSet<Vec<u8>>,
    /// Rows that were read and then written without a guard.
    pub(super) unguarded: BTreeSet<Vec<u8>>,
}

/// A run of keys that an act has read.
#[derive(Clone, Debug)]
pub(super) struct Range {
    pub(super) from: Vec<u8>,
    to: Vec<u8>,
}

impl Range {
    /// Whether the range covers more than one account or one hash.
    pub(super) fn is_everybodys(&self) -> bool {
        let same = self.from.iter().zip(&self.to).take_while(|(one, other)| one == other).count();
        // A range of one account or hash differs in the byte after its kind, or in the hash's last bytes.
        let is_nobodys = self.from.starts_with(&[0; 16]);
        same < if is_nobodys { 17 + 15 } else { 16 }
    }
}

impl Footprint {
    pub(super) fn has_read(&self, key: &[u8]) -> bool {
        let in_range = |range: &Range| range.from.as_slice() <= key && key < range.to.as_slice();
        self.read.contains(key) || self.ranges.iter().any(in_range)
    }
}

/// The notes of the current act, between `start` and `stop`.
#[derive(Default)]
pub(super) struct Notes(Mutex<Option<Footprint>>);

impl Notes {
    pub(super) fn start(&self) {
        *self.lock() = Some(Footprint::default());
    }

    pub(super) fn stop(&self) -> Footprint {
        self.lock().take().expect("an act was noted")
    }

    pub(super) fn are_taken(&self) -> bool {
        self.lock().is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Footprint>> {
        self.0.lock().unwrap()
    }
}

pub(super) struct NotedStore {
    pub(super) below: Arc<dyn Store>,
    pub(super) notes: Arc<Notes>,
}

struct NotedRead<'a> {
    below: &'a dyn Read,
    footprint: &'a Mutex<Footprint>,
    is_act: bool,
    /// The rows that are long enough for a guard.
    seen: Mutex<BTreeMap<Vec<u8>, bool>>,
}

impl NotedRead<'_> {
    fn see(&self, key: &[u8], value: Option<&[u8]>) {
        let can_be_guarded = value.is_none_or(|value| value.len() >= 8);
        self.seen.lock().unwrap().insert(key.to_vec(), can_be_guarded);
    }
}

impl Read for NotedRead<'_> {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.footprint.lock().unwrap().read.insert(key.to_vec());
        let value = self.below.get(key)?;
        self.see(key, value.as_deref());
        Ok(value)
    }

    fn scan(&self, from: &[u8], to: &[u8], most: usize, visit: Visit<'_>) -> Result<(), StoreError> {
        let (mut end, mut left) = (to.to_vec(), most);
        if most == 0 {
            return Ok(());
        }
        self.below.scan(from, to, most, &mut |key, value| {
            let flow = visit(key, value);
            left -= 1;
            if flow.is_break() {
                end = key.to_vec();
            } else {
                self.see(key, Some(value));
                if left == 0 {
                    // The act does not depend on the rows after its last one.
                    end = [key, &[0]].concat();
                }
            }
            flow
        })?;
        // Open flows are counted outside of acts if a limit may be reached. No decision depends on these rows.
        if self.is_act || table(from) != "open-flow" {
            self.footprint.lock().unwrap().ranges.push(Range { from: from.to_vec(), to: end });
        }
        Ok(())
    }
}

impl NotedStore {
    fn noted<T>(&self, run: impl FnOnce(&Mutex<Footprint>) -> T) -> T {
        let footprint = Mutex::new(Footprint::default());
        let ended = run(&footprint);
        if let Some(notes) = &mut *self.notes.lock() {
            let new = footprint.into_inner().unwrap();
            notes.read.extend(new.read);
            notes.ranges.extend(new.ranges);
            notes.written.extend(new.written);
            notes.unguarded.extend(new.unguarded);
        }
        ended
    }
}

impl Store for NotedStore {
    fn read(&self, look: &mut dyn FnMut(&dyn Read) -> Result<(), StoreError>) -> Result<(), StoreError> {
        self.noted(|footprint| {
            self.below.read(&mut |below| {
                look(&NotedRead { below, footprint, is_act: false, seen: Mutex::default() })
            })
        })
    }

    fn write(&self, decide: Decide<'_>) -> Result<(), StoreError> {
        self.noted(|footprint| {
            self.below.write(&mut |below| {
                let read = NotedRead { below, footprint, is_act: true, seen: Mutex::default() };
                let rows = decide(&read)?;
                let mut seen = read.seen.into_inner().unwrap();
                let mut notes = footprint.lock().unwrap();
                for Row { key, write } in &rows {
                    notes.written.insert(key.clone());
                    let is_plain = matches!(write, Write::Put(_) | Write::Delete);
                    // Only the first write of a row can be guarded by the value that was read.
                    if seen.remove(key) == Some(true) && is_plain {
                        notes.unguarded.insert(key.clone());
                    }
                }
                Ok(rows)
            })
        })
    }

    fn commit_stamp(&self) -> Result<u64, StoreError> {
        self.below.commit_stamp()
    }

    fn suspend(&self) -> Result<(), StoreError> {
        self.below.suspend()
    }

    fn close(&self) -> Result<(), StoreError> {
        self.below.close()
    }
}

/// The name of the table that a key belongs to.
pub(super) fn table(key: &[u8]) -> &'static str {
    // The first key of a range may be only a prefix.
    let padded = |length: usize| [key, &vec![0; length]].concat();
    let found = (0..=80).find_map(|length| Table::of(&padded(length)));
    found.map_or("unknown", |table| table.name)
}

/// Collects all keys of a store.
pub(super) fn keys(read: &dyn Read) -> Result<BTreeSet<Vec<u8>>, StoreError> {
    let mut keys = BTreeSet::new();
    read.scan(&[], &[u8::MAX; 64], usize::MAX, &mut |key, _| {
        keys.insert(key.to_vec());
        ControlFlow::Continue(())
    })?;
    Ok(keys)
}
