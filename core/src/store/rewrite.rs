//! Rewriting a store in place.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::anchor;
use super::handle::{Handle, State};
use super::open::Open;
use super::port::{Recast, StoreError};
use crate::crypto::tally::TallyKey;

impl Handle {
    /// Does what the port's `rewrite` says. Only the holder of the ticket calls it.
    pub(super) fn rewrite(&self, recast: Recast<'_>, key: Option<Arc<TallyKey>>) -> Result<(), StoreError> {
        self.heal();
        self.with_open(|_| Ok(()))?;
        let mut state = self.state_mut();
        let State::Open(open) = &*state else { return Err(StoreError::Broken) };
        let (rewritten, keeps_key) = match key {
            Some(key) => (self.rewritten(open, recast, &key), false),
            None => (self.rewritten(open, recast, &open.key), true),
        };
        let is_final = match rewritten {
            Ok((now, is_final)) => {
                self.commits.fetch_add(1, Ordering::AcqRel);
                let key = keeps_key.then(|| Arc::clone(&now.key));
                let earlier = std::mem::replace(&mut *state, State::Released(now.identity, key));
                // The new file is durable and nobody reads the old one again, so errors from closing do not matter.
                _ = now.close();
                if let State::Open(earlier) = earlier {
                    _ = earlier.close();
                }
                is_final
            }
            // The path leads to another file, or may lead to the old one again after a power failure.
            Err(error @ (StoreError::Broken | StoreError::Unknown)) => {
                *state = State::Broken;
                self.keyring.close();
                return Err(error);
            }
            Err(error) => {
                // Nothing was replaced. If the leftover cannot be removed now, the next opening or rewrite does it.
                _ = self.medium.tidy();
                return Err(error);
            }
        };
        if !keeps_key {
            self.keyring.close();
        }
        if is_final { Ok(()) } else { Err(StoreError::Unknown) }
    }

    /// Writes the whole store beside the old one, reads it back, and puts it in place: reserve, put in place,
    /// finalise. Keeps the new file open meanwhile, so that nobody else opens and changes it before the anchor
    /// knows it. Also returns whether the anchor knows it; if not, the next opening tells it.
    fn rewritten(
        &self,
        open: &Open,
        recast: Recast<'_>,
        key: &Arc<TallyKey>,
    ) -> Result<(Open, bool), StoreError> {
        if open.identity.is_some() && self.medium.identity()? != open.identity {
            return Err(StoreError::Broken);
        }
        let anchor = self.anchor.as_deref();
        let beside = self.medium.beside()?;
        let now = open.written_anew(&*beside, self.settings, recast, key, anchor.is_some())?;
        if let Some(anchor) = anchor {
            anchor::reserve(anchor, &open.stamp(), &now.stamp())?;
        }
        self.medium.put_in_place()?;
        let is_final = anchor.is_none_or(|anchor| anchor::finalise(anchor, &now.stamp()).is_ok());
        Ok((now, is_final))
    }
}
