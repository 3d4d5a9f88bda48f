//! Writing a store anew, in place of itself.

use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::anchor;
use super::medium::Identity;
use super::open::Open;
use super::port::{Read, Recast, StoreError};
use super::redb::{RedbStore, State};
use crate::crypto::tally::TallyKey;

impl RedbStore {
    /// As the port's `rewrite`.
    pub(super) fn write_anew(
        &self,
        recast: Recast<'_>,
        key: Option<Arc<TallyKey>>,
    ) -> Result<(), StoreError> {
        let _inside = self.entrance.enter()?;
        let _turn = self.line.take(None)?;
        self.settle();
        self.heal()?;
        self.with_open(|_| Ok(()))?;
        let mut state = self.state_mut();
        let State::Open(open) = &*state else { return Err(StoreError::Broken) };
        let (place, key, keeps_key) = match key {
            Some(key) => (self.rewritten(open, recast, &key), key, false),
            None => (self.rewritten(open, recast, &open.key), Arc::clone(&open.key), true),
        };
        let is_final = match place {
            Ok(Rewritten { identity, is_final }) => {
                self.commits.fetch_add(1, Ordering::AcqRel);
                let released = State::Released(identity, keeps_key.then_some(key));
                if let State::Open(earlier) = std::mem::replace(&mut *state, released) {
                    // Nobody will read it again.
                    _ = earlier.close();
                }
                is_final
            }
            Err(StoreError::Unknown) => {
                *state = State::Broken;
                false
            }
            Err(error) => {
                // It was not done for `error`; what is left beside is removed by the next that looks.
                _ = self.medium.tidy();
                return Err(error);
            }
        };
        if !keeps_key {
            self.keyring.close();
        }
        if is_final { Ok(()) } else { Err(StoreError::Unknown) }
    }

    /// Writes all of it beside, reads that back, and puts it in its place: reserve, put in place, finalise.
    fn rewritten(
        &self,
        open: &Open,
        recast: Recast<'_>,
        key: &Arc<TallyKey>,
    ) -> Result<Rewritten, StoreError> {
        if open.identity.is_some() && self.medium.identity()? != open.identity {
            return Err(StoreError::Broken);
        }
        let (cache_bytes, anchor) = (self.settings.cache_bytes, self.anchor.as_deref());
        let beside = self.medium.beside()?;
        let next = open.write_anew(beside.open()?, cache_bytes, recast, key, anchor.is_some())?;
        let known = {
            let key = Arc::clone(key);
            move |_: &dyn Read| Ok(Arc::clone(&key))
        };
        if Open::looked_at(&*beside, cache_bytes, &known)? != next {
            return Err(StoreError::Io(ErrorKind::InvalidData));
        }
        let identity = beside.identity()?;
        if let Some(anchor) = anchor {
            anchor::reserve(anchor, &open.stamp(), &next)?;
        }
        self.medium.put_in_place()?;
        let is_final = anchor.is_none_or(|anchor| anchor::finalise(anchor, &next).is_ok());
        Ok(Rewritten { identity, is_final })
    }
}

/// What was written anew and lies in its place.
struct Rewritten {
    identity: Option<Identity>,
    /// Whether the anchor knows; if not, the next opening tells it.
    is_final: bool,
}
