//! Opens a file without changing it: reads go through to the file, and writes stay in memory.

use std::collections::BTreeMap;
use std::io;
use std::ops::{Bound, Range};
use std::sync::{Mutex, MutexGuard, PoisonError};

use redb::{BackendError, StorageBackend};

use super::in_memory::past_the_end;
use super::medium::delegate_locks;

const PAGE: u64 = 4096;

/// A backend whose writes never reach the backend below. It takes the locks of the backend below, so that nobody
/// writes there meanwhile.
#[derive(Debug)]
pub(crate) struct Trial<B> {
    below: B,
    kept: Mutex<Option<Kept>>,
}

/// The pages that were written.
#[derive(Debug)]
struct Kept {
    len: u64,
    /// The length up to which the backend below is still visible. A part that was cut off once reads as zeros.
    seen: u64,
    pages: BTreeMap<u64, Vec<u8>>,
}

impl<B: StorageBackend> Trial<B> {
    pub(crate) fn over(below: B) -> Self {
        Self { below, kept: Mutex::new(None) }
    }

    fn kept(&self) -> MutexGuard<'_, Option<Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Calls `change` with what was written so far.
    fn change(&self, change: impl FnOnce(&mut Kept) -> io::Result<()>) -> io::Result<()> {
        let mut kept = self.kept();
        match kept.as_mut() {
            Some(kept) => change(kept),
            None => {
                let len = self.below.len()?;
                change(kept.insert(Kept { len, seen: len, pages: BTreeMap::new() }))
            }
        }
    }

    fn read_below(&self, seen: u64, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let there = seen.saturating_sub(offset).min(out.len() as u64);
        let (old, new) = out.split_at_mut(there as usize);
        new.fill(0);
        if old.is_empty() { Ok(()) } else { self.below.read(offset, old) }
    }
}

impl<B: StorageBackend> StorageBackend for Trial<B> {
    fn len(&self) -> io::Result<u64> {
        match &*self.kept() {
            Some(kept) => Ok(kept.len),
            None => self.below.len(),
        }
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let kept = self.kept();
        let Some(kept) = kept.as_ref() else {
            return self.below.read(offset, out);
        };
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > kept.len) {
            return Err(past_the_end());
        }
        self.read_below(kept.seen, offset, out)?;
        for (page, within, span) in pages_of(offset, out.len()) {
            let written = kept.pages.get(&page).and_then(|bytes| bytes.get(within));
            if let (Some(written), Some(place)) = (written, out.get_mut(span)) {
                place.copy_from_slice(written);
            }
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.change(|kept| {
            if len < kept.len {
                kept.seen = kept.seen.min(len);
                kept.pages.retain(|page, _| page * PAGE < len);
                if let Some(last) = kept.pages.get_mut(&(len / PAGE)) {
                    last.truncate((len % PAGE) as usize);
                    last.resize(PAGE as usize, 0);
                }
            }
            kept.len = len;
            Ok(())
        })
    }

    fn sync_data(&self) -> io::Result<()> {
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.change(|kept| {
            if offset.checked_add(data.len() as u64).is_none_or(|end| end > kept.len) {
                return Err(past_the_end());
            }
            for (page, within, span) in pages_of(offset, data.len()) {
                if !kept.pages.contains_key(&page) {
                    let mut bytes = vec![0; PAGE as usize];
                    self.read_below(kept.seen, page * PAGE, &mut bytes)?;
                    kept.pages.insert(page, bytes);
                }
                let place = kept.pages.get_mut(&page).and_then(|bytes| bytes.get_mut(within));
                if let (Some(place), Some(written)) = (place, data.get(span)) {
                    place.copy_from_slice(written);
                }
            }
            Ok(())
        })
    }

    delegate_locks!(self, self.below);
}

/// The pages that `len` bytes at `offset` touch: number, range within the page, range within the bytes.
fn pages_of(offset: u64, len: usize) -> impl Iterator<Item = (u64, Range<usize>, Range<usize>)> {
    let mut done = 0;
    std::iter::from_fn(move || {
        let at = offset + done as u64;
        let within = (at % PAGE) as usize;
        let count = (PAGE as usize - within).min(len - done);
        let span = done..done + count;
        done += count;
        (count > 0).then_some((at / PAGE, within..within + count, span))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::in_memory::MemoryMedium;
    use crate::store::medium::Medium;

    /// Makes the same random calls on a trial and on plain memory and compares the bytes.
    #[test]
    fn a_trial_behaves_like_its_backend_and_leaves_it_unchanged() {
        let original: Vec<u8> = (0..20_000_u32).map(|at| (at % 251) as u8).collect();
        let below = MemoryMedium::holding(original.clone());
        let trial = Trial::over(crate::store::medium::Lent::new(below.open().unwrap().backend, false));
        let plain = MemoryMedium::holding(original.clone());
        let plain_backend = plain.open().unwrap().backend;
        let mut state = 1_u64;
        let mut draw = |most: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % most
        };
        for step in 0..2_000_u32 {
            let (offset, len) = (draw(30_000), draw(9_000) as usize);
            match draw(8) {
                0 => {
                    trial.set_len(offset).unwrap();
                    plain_backend.set_len(offset).unwrap();
                }
                1..=3 => {
                    let data = vec![step as u8; len];
                    assert_eq!(
                        trial.write(offset, &data).is_ok(),
                        plain_backend.write(offset, &data).is_ok(),
                        "{step}"
                    );
                }
                _ => {
                    let (mut one, mut other) = (vec![1; len], vec![1; len]);
                    let read = trial.read(offset, &mut one);
                    assert_eq!(read.is_ok(), plain_backend.read(offset, &mut other).is_ok(), "{step}");
                    assert!(read.is_err() || one == other, "{step}: {offset} {len}");
                }
            }
            assert_eq!(trial.len().unwrap(), plain_backend.len().unwrap());
        }
        assert!(below.bytes() == original, "a trial wrote to its backend");
    }
}
